"""Outcomes, causes and kinds of false positives in words."""

import dataclasses

import numpy as np

from app.document import Document
from app.lesson import first_lesson
from app.scene import Ref, Role, ViewOptions
from app.scene_builder import build_scene
from app.sentences import SENTENCES
from app.wording import text
from detector.config import Settings
from detector.ground_truth import GroundTruth
from detector.pipeline import follow
from detector.trace import Cause, DetectionFate, DetectionOutcome, ProposalFate
from tests.helpers.evidence import make_evidence, make_first, make_head
from tests.helpers.traces import IMAGE, NEIGHBOURS, OBJECTS, all_texts, neighbours_document, neighbours_trace


def test_every_code_has_its_sentences():
    for cause in Cause:
        assert f"cause.{cause}" in SENTENCES
        assert f"cause.{cause}.label" in SENTENCES
        assert cause is Cause.UNKNOWN_CLASS or f"list.missed.{cause}" in SENTENCES
    for fate in ProposalFate:
        assert f"fate.proposal.{fate.name.lower()}.label" in SENTENCES
    for fate in DetectionFate:
        assert f"fate.detection.{fate.name.lower()}.label" in SENTENCES
    for kind in list(DetectionOutcome)[1:-1]:
        assert f"false_positive.{kind}" in SENTENCES
        assert f"list.false_positive.{kind}" in SENTENCES


def test_suppressed_by_the_neighbour():
    trace = neighbours_trace()
    scene = build_scene(neighbours_document(), trace, ViewOptions(selected=Ref("object", 1)))
    # overlap of the boxes: 30 * 40 = 1200 of 2 * 1600 - 1200 = 2000: IoU 0.6
    assert text(scene.details.explanation.verdict.sentence) == (
        "Its cat box (score 0.800, IoU 1.000) was suppressed by detection 1 (score 0.900), IoU between them "
        "0.600 > 0.50."
    )
    told = scene.details.explanation
    assert text(told.headline) == "Suppressed in detection NMS by the box of its neighbour, cat #1."
    assert [text(note) for note in told.notes] == [
        "Detection 1 is right: it is cat #1 (IoU 1.000).",
        "The two objects themselves overlap at IoU 0.600, above the NMS limit 0.50: at this setting even perfect "
        "boxes could not both stay.",
    ]
    assert text(scene.details.explanation.verdict.label) == "Missed · Suppressed in detection NMS"
    assert [text(arrow.label) for arrow in scene.arrows] == ["suppresses, IoU 0.600 > 0.50"]
    assert [fact.mark for fact in scene.details.explanation.facts][:5] == [True, True, True, True, False]
    assert [(text(row.name), text(row.verdict), row.wrong) for row in scene.objects] == [
        ("cat #2", "missed · suppressed in detection NMS", True),
        ("cat #1", "found 0.90", False),
    ]
    assert first_lesson(trace) == Ref("object", 1)


def test_class_score_too_low():
    trace = neighbours_trace(matching__working_score=0.85, detections__nms_iou=0.7, matching__iou=0.7)
    scene = build_scene(neighbours_document(), trace, ViewOptions(selected=Ref("object", 1)))
    assert text(scene.details.explanation.verdict.sentence) == (
        "Proposal 2 covers it (IoU 1.000), but the box head gives cat 0.800, working score 0.85; no other class scores "
        "higher."
    )
    assert text(scene.objects[0].verdict) == "missed · class score too low (0.80)"


def test_a_detection_that_another_object_has():
    # IoU 0.6 with both objects, 0.5 asked for: each detection takes the object it overlaps most
    for scores, sentence in (
        ((0.9, 0.3), "The only cat detection here (score 0.900, IoU 0.600) was matched to cat #1, IoU 1.000."),
        ((0.9, 0.8), "found"),
    ):
        boxes = [[0, 0, 40, 40], [10, 0, 50, 40]]
        first = make_first(boxes, [0.9, 0.8])
        head = make_head([0, 1], [[0.1 - s / 10, s, 0.9 - s * 0.9] for s in scores], [[b] * 2 for b in boxes])
        settings = Settings().with_value("proposals.min_side", 1.0).with_value("detections.nms_iou", 0.9)
        trace = follow(make_evidence(first, head), settings, NEIGHBOURS)
        scene = build_scene(neighbours_document(), trace, ViewOptions(selected=Ref("object", 1)))
        said = text(scene.details.explanation.verdict.sentence)
        assert said == sentence if sentence != "found" else said.startswith("Detection 2")


def test_of_two_detections_here_both_are_another_object_s():
    # three objects in one place, two detections: the third object's is not "the only one"
    boxes = np.array([[0, 0, 40, 40], [4, 0, 44, 40], [8, 0, 48, 40]], np.float32)
    truth = GroundTruth(boxes, ("cat",) * 3)
    first = make_first(boxes[:2], [0.9, 0.8])
    head = make_head([0, 1], [[0.05, 0.9, 0.05], [0.1, 0.8, 0.1]], [[box] * 2 for box in boxes[:2].tolist()])
    settings = Settings().with_value("proposals.min_side", 1.0)
    for key, value in (("proposals.nms_iou", 0.95), ("detections.nms_iou", 0.95)):
        settings = settings.with_value(key, value)
    trace = follow(make_evidence(first, head), settings, truth)
    scene = build_scene(Document(OBJECTS, IMAGE, truth), trace, ViewOptions(selected=Ref("object", 2)))
    assert trace.judgement.objects[2].cause is Cause.DUPLICATE_MATCHED
    assert text(scene.details.explanation.verdict.sentence).startswith("Its cat detection (score 0.")
    assert "was matched to cat #" in text(scene.details.explanation.verdict.sentence)


def test_the_first_lesson_is_the_missed_object_that_counts():
    far = np.array([[0, 0, 40, 40], [60, 60, 90, 90], [10, 0, 50, 40]], np.float32)
    evidence = neighbours_trace().evidence
    settings = Settings().with_value("proposals.min_side", 1.0).with_value("detections.nms_iou", 0.5)
    trace = follow(evidence, settings, GroundTruth(far, ("horse", "cat", "cat")))
    assert trace.judgement.objects[1].cause is not None
    lesson = first_lesson(trace)
    assert lesson == Ref("object", 1)  # not the horse, which the model does not know, nor the cat it found
    assert first_lesson(follow(evidence, settings, GroundTruth(far[:1], ("cat",)))) == Ref("object", 0)
    assert first_lesson(follow(evidence, settings)) is None


def test_suppressed_in_proposal_nms():
    trace = neighbours_trace(proposals__nms_iou=0.55, matching__iou=0.7)
    scene = build_scene(neighbours_document(), trace, ViewOptions(selected=Ref("object", 1)))
    assert text(scene.details.explanation.verdict.sentence) == (
        "Its best box (IoU 1.000) was suppressed by proposal 1, which has higher objectness "
        "(0.900 > 0.800) and overlaps it at IoU 0.600 > 0.55, but the object only at 0.600."
    )


def test_over_the_limits():
    trace = neighbours_trace(detections__nms_iou=0.9, detections__max_detections=1)
    scene = build_scene(neighbours_document(), trace, ViewOptions(selected=Ref("object", 1)))
    assert text(scene.details.explanation.verdict.sentence) == (
        "Its cat box (score 0.800) ranks 2; only 1 detection is kept per image."
    )
    trace = neighbours_trace(proposals__post_nms_top_n=1, matching__iou=0.7)
    scene = build_scene(neighbours_document(), trace, ViewOptions(selected=Ref("object", 1)))
    assert (
        text(scene.details.explanation.verdict.sentence)
        == "Its best box (IoU 1.000) came 2nd after NMS; only 1 is kept."
    )


def test_waiting():
    trace = neighbours_trace()
    waiting = follow(
        dataclasses.replace(trace.evidence, head=type(trace.evidence.head).empty(2)), trace.settings, NEIGHBOURS
    )
    scene = build_scene(neighbours_document(), waiting, ViewOptions(selected=Ref("object", 0)))
    assert text(scene.details.explanation.verdict.label) == "Not known yet"
    assert text(scene.cards[4].counts[-1][0]) == "2 waiting"
    all_texts(scene)


def test_not_counted():
    truth = GroundTruth(NEIGHBOURS.boxes, ("cat", "horse"), difficult=np.array([True, False]))
    trace = follow(neighbours_trace().evidence, Settings().with_value("proposals.min_side", 1.0), truth)
    scene = build_scene(Document(OBJECTS, IMAGE, truth), trace, ViewOptions(selected=Ref("object", 1)))
    assert [text(row.verdict) for row in scene.objects if row.ref.kind == "object"] == [
        "not counted · difficult",
        "not counted · unknown class",
    ]
    assert (
        text(scene.details.explanation.verdict.sentence)
        == "The model knows cat, dog; horse cannot be found. Not counted."
    )
    assert any("horse" in text(message) for message in scene.warnings)
    all_texts(scene)


def test_a_duplicate_names_the_better_one():
    truth = GroundTruth(NEIGHBOURS.boxes[:1], ("cat",))
    settings = Settings().with_value("proposals.min_side", 1.0).with_value("detections.nms_iou", 0.7)
    trace = follow(neighbours_trace().evidence, settings, truth)
    row = int(trace.detections.kept[1])
    scene = build_scene(Document(OBJECTS, IMAGE, truth), trace, ViewOptions(selected=Ref("detection", row)))
    assert (
        text(scene.details.explanation.verdict.sentence)
        == "cat #1 already has detection 1 (0.900); this one overlaps it at IoU 0.600."
    )
    assert scene.objects[0].role is Role.FALSE_POSITIVE
    assert scene.details.role is Role.FALSE_POSITIVE
