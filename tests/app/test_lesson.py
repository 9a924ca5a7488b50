"""What the lesson says, and that moving the setting it names really lets the stage pass the object."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from app.lesson import first_lesson, hints, remedy_of
from app.scene import Ref, ViewOptions
from app.scene_builder import build_scene
from app.wording import text
from detector.config import Settings
from detector.ground_truth import GroundTruth
from detector.pipeline import follow
from detector.trace import Cause, Outcome
from tests.helpers.evidence import make_evidence, make_first, make_head
from tests.helpers.traces import NEIGHBOURS, neighbours_document, neighbours_trace

MISSED = 1


def said(trace, decided=""):
    scene = build_scene(neighbours_document(), trace, ViewOptions(selected=Ref("object", MISSED)))
    return {hint.about: hint for hint in hints(trace, scene, MISSED, remedy_of(trace, MISSED), decided)}


def moved(trace, remedy):
    return follow(trace.evidence, trace.settings.with_value(remedy.key, remedy.value), NEIGHBOURS)


@pytest.mark.parametrize(
    ("changes", "cause", "remedy"),
    [
        # IoU 0.6 as float32 is a little more than 0.60
        ({}, Cause.NMS, ("detections.nms_iou", 0.61)),
        # its score is 0.80, which must be above the limit
        (
            {"matching__working_score": 0.85, "detections__nms_iou": 0.7, "matching__iou": 0.7},
            Cause.BACKGROUND,
            ("matching.working_score", 0.79),
        ),
        (
            {"detections__min_score": 0.85, "detections__nms_iou": 0.7, "matching__iou": 0.7},
            Cause.BACKGROUND,
            ("detections.min_score", 0.79),
        ),
        (
            {"detections__max_detections": 1, "detections__nms_iou": 0.7, "matching__iou": 0.7},
            Cause.OVER_LIMIT,
            ("detections.max_detections", 2),
        ),
        (
            {"proposals__post_nms_top_n": 1, "detections__nms_iou": 0.7, "matching__iou": 0.7},
            Cause.PROPOSAL_LIMIT,
            ("proposals.post_nms_top_n", 2),
        ),
        (
            {"proposals__nms_iou": 0.5, "detections__nms_iou": 0.7, "matching__iou": 0.7},
            Cause.PROPOSAL_NMS,
            ("proposals.nms_iou", 0.61),
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, Cause) else "",
)
def test_the_setting_that_decided_and_where_it_lets_the_object_pass(changes, cause, remedy):
    trace = neighbours_trace(**changes)
    assert trace.judgement.objects[MISSED].cause is cause
    found = remedy_of(trace, MISSED)
    assert (found.key, found.value) == remedy
    assert moved(trace, found).judgement.objects[MISSED].outcome is Outcome.FOUND


def test_a_score_under_both_limits_has_no_single_setting():
    limits = {"matching__working_score": 0.85, "detections__min_score": 0.82}
    trace = neighbours_trace(detections__nms_iou=0.7, matching__iou=0.7, **limits)
    assert trace.judgement.objects[MISSED].cause is Cause.BACKGROUND
    assert remedy_of(trace, MISSED) is None
    assert list(said(trace)) == ["object", "explanation", "rail"]


def test_a_found_object_needs_nothing():
    assert remedy_of(neighbours_trace(), 0) is None


def test_the_numbers_are_those_of_the_scene():
    told = said(neighbours_trace())
    assert list(told) == ["object", "explanation", "setting", "rail"]
    assert text(told["object"].title) == "This cat was missed"
    assert text(told["explanation"].title) == "Suppressed in detection NMS"
    assert text(told["explanation"].body) == (
        "The model had a box for it (score 0.800). NMS dropped that box for the one with the higher score, "
        "of its neighbour cat #1."
    )
    assert text(told["setting"].title) == "Detection NMS IoU 0.50 decided"
    assert text(told["setting"].body) == (
        "The two boxes overlap at IoU 0.600, and over 0.50 one must go. Drag it to 0.61 and watch."
    )
    assert told["setting"].key == "detections.nms_iou"
    assert text(told["rail"].body) == "Press 1 to 5, or click a card: the same cat as each stage sees it."


def test_past_the_value_the_hints_turn_to_found():
    trace = neighbours_trace()
    told = said(moved(trace, remedy_of(trace, MISSED)), decided="detections.nms_iou")
    assert told["object"].is_solved
    assert told["setting"].is_solved
    assert text(told["object"].title) == "Now it is found"
    assert text(told["setting"].body) == "At 0.61 a box on it stays. Double click the slider to go back."


def test_an_object_that_was_found_all_along_is_not_called_solved():
    trace = neighbours_trace(detections__nms_iou=0.7)
    told = said(trace)
    assert list(told) == ["object", "explanation", "rail"]
    assert text(told["object"].title) == "This cat was found"
    assert not told["object"].is_solved


def three_boxes_trace():
    """The object's box overlaps its better neighbour a little, and a box between the two in score a lot."""
    boxes = [[0, 0, 40, 40], [17, 0, 57, 40], [12, 0, 52, 40]]
    truth = GroundTruth(np.array([boxes[0], boxes[2]], np.float32), ("cat", "cat"))
    first = make_first(boxes, [0.9, 0.85, 0.8])
    scores = [[0.05, 0.9, 0.05], [0.1, 0.85, 0.05], [0.15, 0.8, 0.05]]
    head = make_head([0, 1, 2], scores, [[box] * 2 for box in boxes])
    settings = Settings().with_value("proposals.min_side", 1.0).with_value("detections.nms_iou", 0.3)
    settings = settings.with_value("matching.iou", 0.8).with_value("proposals.nms_iou", 0.9)
    return follow(make_evidence(first, head), settings, truth), truth


def test_the_value_is_proven_where_another_box_suppresses_next():
    trace, truth = three_boxes_trace()
    assert trace.judgement.objects[1].cause is Cause.NMS
    remedy = remedy_of(trace, 1)
    found = follow(trace.evidence, trace.settings.with_value(remedy.key, remedy.value), truth)
    assert found.judgement.objects[1].outcome is Outcome.FOUND
    assert remedy.value > 0.7  # past the first box, 0.54 would have been said


def test_the_lesson_is_never_about_an_object_that_does_not_count():
    trace = neighbours_trace()
    found, missed = trace.judgement.objects
    unknown = dataclasses.replace(missed, cause=Cause.UNKNOWN_CLASS)

    def judged(*objects):
        return dataclasses.replace(trace, judgement=dataclasses.replace(trace.judgement, objects=objects))

    assert first_lesson(judged(unknown, found)) == Ref("object", 1)
    assert first_lesson(judged(unknown, unknown)) is None
