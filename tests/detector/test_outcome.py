"""Outcomes and causes on tiny Evidence; t = 0.5, working score 0.5 unless said otherwise.

The object is almost always [0, 0, 20, 20] (400 px); a box [0, 0, 20, h] with h < 20 overlaps it at h / 20.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from detector.trace import Cause, DetectionFate, DetectionOutcome, Outcome
from tests.helpers.evidence import make_evidence, make_first
from tests.helpers.judged import AWAY, OBJECT, evidence, only_cause, traced


def test_found() -> None:
    trace = traced(evidence([(0.9, OBJECT, [0.1, 0.8, 0.1], [OBJECT, OBJECT])]), [OBJECT], ["cat"])
    outcome = trace.judgement.objects[0]
    assert (outcome.outcome, outcome.cause, outcome.detection) == (Outcome.FOUND, None, 0)
    assert outcome.detail["iou"] == 1
    assert trace.judgement.detections[0] is DetectionOutcome.TRUE_POSITIVE


def test_the_later_of_two_equal_objects_is_taken_first_as_in_coco() -> None:
    trace = traced(evidence([(0.9, OBJECT, [0.1, 0.8, 0.1], [OBJECT, OBJECT])]), [OBJECT, OBJECT], ["cat", "cat"])
    assert [each.outcome for each in trace.judgement.objects] == [Outcome.MISSED, Outcome.FOUND]
    assert only_cause(trace) is Cause.DUPLICATE_MATCHED
    assert trace.judgement.objects[0].detail["matched_object"] == 1


def test_an_iou_at_the_threshold_is_enough_and_a_score_at_the_working_score_is_not() -> None:
    half = [0, 0, 20, 10]  # 10 / 20 = t
    trace = traced(evidence([(0.9, half, [0.25, 0.75, 0.0], [half, half])]), [OBJECT], ["cat"])
    assert trace.judgement.objects[0].outcome is Outcome.FOUND
    less = [0, 0, 20, 9.99]
    assert only_cause(traced(evidence([(0.9, less, [0.2, 0.8, 0.0], [less, less])]), [OBJECT], ["cat"])) is not None
    at_score = traced(evidence([(0.9, OBJECT, [0.5, 0.5, 0.0], [OBJECT, OBJECT])]), [OBJECT], ["cat"])
    assert only_cause(at_score) is Cause.BACKGROUND
    assert at_score.judgement.detections[0] is DetectionOutcome.NOT_JUDGED


def test_a_detection_whose_best_object_is_taken_takes_the_next_best() -> None:
    # Both overlap the first object at 1 and the second at 14 / 20.
    found = evidence(
        [(0.9, OBJECT, [0.1, 0.9, 0.0], [OBJECT, OBJECT]), (0.8, OBJECT, [0.2, 0.8, 0.0], [OBJECT, OBJECT])]
    )
    changes = {"proposals__nms_iou": 1.0, "detections__nms_iou": 1.0}
    trace = traced(found, [OBJECT, [0, 0, 20, 14]], ["cat", "cat"], **changes)
    assert [each.detection for each in trace.judgement.objects] == [0, 2]
    assert trace.judgement.matched.tolist() == [0, -1, 1, -1]


def test_of_equal_scores_the_lower_row_goes_first() -> None:
    lower = [0, 0, 20, 14]
    found = evidence([(0.9, lower, [0.2, 0.8, 0.0], [lower, lower]), (0.8, OBJECT, [0.2, 0.8, 0.0], [OBJECT, OBJECT])])
    trace = traced(found, [OBJECT], ["cat"], proposals__nms_iou=1.0, detections__nms_iou=1.0)
    assert trace.judgement.objects[0].detection == 0
    assert trace.judgement.detections[2] is DetectionOutcome.DUPLICATE


def test_ground_truth_is_clipped_like_the_boxes() -> None:
    whole = [0, 0, 100, 100]
    trace = traced(evidence([(0.9, whole, [0.1, 0.9, 0.0], [whole, whole])]), [[-300, -300, 300, 300]], ["cat"])
    assert trace.judgement.objects[0].detail["iou"] == 1


@pytest.mark.parametrize("flag", ["difficult", "crowd"])
def test_an_ignored_object_takes_any_number_of_detections_the_later_of_equal_ones_first(flag: str) -> None:
    lower = [0, 0, 20, 14]
    found = evidence([(0.9, OBJECT, [0.1, 0.9, 0.0], [OBJECT, OBJECT]), (0.8, lower, [0.2, 0.8, 0.0], [lower, lower])])
    changes = {"proposals__nms_iou": 1.0, "detections__nms_iou": 1.0}
    trace = traced(found, [OBJECT, OBJECT], ["cat", "cat"], **{flag: [True, True]}, **changes)
    assert trace.judgement.matched.tolist() == [1, -1, 1, -1]
    assert set(trace.judgement.detections) == {DetectionOutcome.NOT_JUDGED}
    assert [each.outcome for each in trace.judgement.objects] == [Outcome.IGNORED] * 2
    assert trace.judgement.objects[0].detail == {"reason": flag, "also": []}


@pytest.mark.parametrize("flag", ["difficult", "crowd"])
def test_flagged_objects_are_ignored_and_so_is_their_detection(flag: str) -> None:
    found = evidence([(0.9, OBJECT, [0.1, 0.8, 0.1], [OBJECT, OBJECT])])
    trace = traced(found, [OBJECT], ["cat"], **{flag: [True]})
    assert trace.judgement.objects[0].outcome is Outcome.IGNORED
    assert trace.judgement.detections[0] is DetectionOutcome.NOT_JUDGED


@pytest.mark.parametrize("flag", ["difficult", "crowd"])
def test_an_ordinary_object_is_taken_before_an_ignored_one_that_fits_better(flag: str) -> None:
    # The detection overlaps the flagged object at 1, the ordinary one at 12 / 20 = 0.6.
    found = evidence([(0.9, OBJECT, [0.1, 0.8, 0.1], [OBJECT, OBJECT])])
    trace = traced(found, [OBJECT, [0, 0, 20, 12]], ["cat", "cat"], **{flag: [True, False]})
    assert [each.outcome for each in trace.judgement.objects] == [Outcome.IGNORED, Outcome.FOUND]
    assert trace.judgement.detections[0] is DetectionOutcome.TRUE_POSITIVE
    assert trace.judgement.matched[0] == 1


@pytest.mark.parametrize("flag", ["difficult", "crowd"])
@pytest.mark.parametrize("label", ["cat", "dog"])
def test_a_false_positive_is_never_about_an_ignored_object(flag: str, label: str) -> None:
    # A cat at 8 / 20 = 0.4 of a flagged cat or dog: too little to be matched. An ordinary dog elsewhere is not met.
    part = [0, 0, 20, 8]
    found = evidence([(0.9, part, [0.1, 0.9, 0.0], [part, part])])
    trace = traced(found, [OBJECT, AWAY], [label, "dog"], **{flag: [True, False]})
    assert trace.judgement.detections[0] is DetectionOutcome.BACKGROUND
    assert trace.judgement.matched[0] == -1
    # an ordinary object beside it, at 8 / 30 = 0.27, is what it is about
    trace = traced(found, [OBJECT, [0, 0, 20, 30]], [label, "cat"], **{flag: [True, False]})
    assert trace.judgement.detections[0] is DetectionOutcome.LOCALISATION
    assert trace.judgement.matched[0] == 1


def test_unknown_class() -> None:
    trace = traced(evidence([(0.9, OBJECT, [0.1, 0.8, 0.1], [OBJECT, OBJECT])]), [OBJECT], ["horse"])
    assert only_cause(trace) is Cause.UNKNOWN_CLASS


def test_pending_while_a_row_waits() -> None:
    found = make_evidence(make_first([OBJECT], [0.9]))
    trace = traced(found, [OBJECT, AWAY], ["cat", "cat"])
    assert trace.judgement.objects[0].outcome is Outcome.PENDING
    assert trace.judgement.objects[1].outcome is Outcome.MISSED  # nothing that waits touches it


def test_over_limit() -> None:
    # Two detections apart, 0.9 and 0.8; only one may stay.
    found = evidence([(0.9, AWAY, [0.1, 0.9, 0.0], [AWAY, AWAY]), (0.8, OBJECT, [0.2, 0.8, 0.0], [OBJECT, OBJECT])])
    trace = traced(found, [OBJECT], ["cat"], detections__max_detections=1)
    assert only_cause(trace) is Cause.OVER_LIMIT
    assert trace.judgement.objects[0].detail["rank"] == 2


def test_nms_names_the_suppressor_and_its_object() -> None:
    # Object A [0,0,20,20]; B [8,0,28,20]. IoU of the objects 240 / 560 = 0.43 > 0.3: B's box falls to A's.
    beside = [8, 0, 28, 20]
    found = evidence(
        [(0.9, OBJECT, [0.1, 0.9, 0.0], [OBJECT, OBJECT]), (0.8, beside, [0.2, 0.8, 0.0], [beside, beside])]
    )
    trace = traced(found, [OBJECT, beside], ["cat", "cat"])
    assert only_cause(trace, 1) is Cause.NMS
    detail = trace.judgement.objects[1].detail
    assert (detail["suppressor"], detail["suppressor_object"]) == (0, 0)
    assert detail["suppressor_iou"] == pytest.approx(240 / 560)
    assert detail["objects_iou"] == pytest.approx(240 / 560)


def test_detection_top_n_and_too_small() -> None:
    found = evidence([(0.9, AWAY, [0.1, 0.9, 0.0], [AWAY, AWAY]), (0.8, OBJECT, [0.2, 0.8, 0.0], [OBJECT, OBJECT])])
    assert only_cause(traced(found, [OBJECT], ["cat"], detections__top_n=1)) is Cause.DETECTION_TOP_N
    small = traced(found, [OBJECT], ["cat"], detections__min_side=30.0)
    assert only_cause(small) is Cause.DETECTION_TOO_SMALL
    assert small.judgement.objects[0].detail["width"] == 20


def test_what_came_furthest_after_the_score_is_the_cause_and_the_rest_is_named_too() -> None:
    # Object 0 is OBJECT, object 1 [0,0,20,14]. Each row is a cat's box; the proposals are all one box and never fall.
    rows = [
        (0.95, [0, 0, 20, 14]),  # the only one kept; matched to object 1; IoU with object 0: 14 / 20 = 0.7
        (0.85, [0, 0, 20, 11]),  # 0.55; its height 11 < 12: too small
        (0.80, OBJECT),  # 1; to the first 0.7 < 0.75, so it stays: over the limit of 1
        (0.70, [0, 1, 20, 20]),  # 0.95; falls to the third: 0.95 > 0.75
        (0.60, OBJECT),  # fifth of the top four
    ]
    found = evidence(
        [(0.9 - place / 100, OBJECT, [1 - score, score, 0.0], [box, AWAY]) for place, (score, box) in enumerate(rows)]
    )
    trace = traced(
        found, [OBJECT, [0, 0, 20, 14]], ["cat", "cat"],
        proposals__nms_iou=1.0, detections__nms_iou=0.75, detections__top_n=4, detections__min_side=12.0,
        detections__max_detections=1,
    )  # fmt: skip
    assert trace.detections.fate[::2].tolist() == [
        DetectionFate.KEPT,
        DetectionFate.TOO_SMALL,
        DetectionFate.OVER_LIMIT,
        DetectionFate.SUPPRESSED,
        DetectionFate.BELOW_TOP_N,
    ]
    assert only_cause(trace) is Cause.OVER_LIMIT
    detail = trace.judgement.objects[0].detail
    assert detail["detection"] == 4
    assert detail["also"] == ["nms", "detection_top_n", "detection_too_small", "duplicate_matched"]


@pytest.mark.parametrize(
    ("first", "second", "speaks"),
    [
        ((0.2, OBJECT), (0.3, [0, 0, 20, 14]), 1),  # the higher score, though its IoU is 0.7 and the other's 1
        ((0.3, [0, 0, 20, 14]), (0.2, OBJECT), 0),
        ((0.3, [0, 0, 20, 14]), (0.3, OBJECT), 1),  # of equal scores the higher IoU
        ((0.3, OBJECT), (0.3, OBJECT), 0),  # of equal both the lower row
    ],
)
def test_of_several_rows_of_a_set_one_speaks(first: tuple[float, Any], second: tuple[float, Any], speaks: int) -> None:
    rows = [(0.9, OBJECT, [1 - score, score, 0.0], [box, AWAY]) for score, box in (first, second)]
    trace = traced(evidence(rows), [OBJECT], ["cat"], proposals__nms_iou=1.0)
    assert only_cause(trace) is Cause.BACKGROUND
    detail = trace.judgement.objects[0].detail
    assert detail["detection"] == 2 * speaks  # two classes a proposal, the cat first
    assert detail["score"] == pytest.approx((first, second)[speaks][0])


def test_wrong_class_and_background() -> None:
    # cat 0.2, dog 0.7: the dog passed with its own box on the object
    wrong = evidence([(0.9, OBJECT, [0.1, 0.2, 0.7], [OBJECT, OBJECT])])
    assert only_cause(traced(wrong, [OBJECT], ["cat"])) is Cause.WRONG_CLASS
    # cat 0.2, dog 0.3: nobody passed
    low = evidence([(0.9, OBJECT, [0.5, 0.2, 0.3], [OBJECT, OBJECT])])
    trace = traced(low, [OBJECT], ["cat"])
    assert only_cause(trace) is Cause.BACKGROUND
    assert trace.judgement.objects[0].detail["top_label"] == "background"


def test_a_neighbours_detection_on_the_same_proposal_is_no_wrong_class() -> None:
    # The dog's box is matched to a dog right there; so the cat was not taken for a dog.
    found = evidence([(0.9, OBJECT, [0.1, 0.2, 0.7], [OBJECT, OBJECT])])
    trace = traced(found, [OBJECT, OBJECT], ["cat", "dog"])
    assert trace.judgement.objects[1].outcome is Outcome.FOUND
    assert only_cause(trace) is Cause.BACKGROUND


def test_a_suppressed_neighbours_detection_on_the_same_proposal_is_no_wrong_class() -> None:
    # The dog's box on the cat's proposal fell to the dog's box beside it: 240 / 560 = 0.43 > 0.3. Where that one is
    # matched to a dog of its own, the cat was not taken for a dog; where there is no such dog, it was.
    beside = [8, 0, 28, 20]
    found = evidence(
        [(0.9, OBJECT, [0.1, 0.2, 0.7], [OBJECT, OBJECT]), (0.8, beside, [0.1, 0.0, 0.9], [beside, beside])]
    )
    trace = traced(found, [OBJECT, beside], ["cat", "dog"])
    assert trace.detections.suppressed_by[1] == 3
    assert trace.judgement.objects[1].outcome is Outcome.FOUND
    assert only_cause(trace) is Cause.BACKGROUND
    alone = traced(found, [OBJECT], ["cat"])
    assert only_cause(alone) is Cause.WRONG_CLASS
    assert alone.judgement.objects[0].detail["other_detection"] == 1


def test_head_regression() -> None:
    # The proposal lies on the object, the head's cat box is moved away.
    found = evidence([(0.9, OBJECT, [0.1, 0.8, 0.1], [AWAY, AWAY])])
    trace = traced(found, [OBJECT], ["cat"])
    assert only_cause(trace) is Cause.HEAD_REGRESSION
    assert trace.judgement.objects[0].detail["proposal_iou"] == 1
    assert trace.judgement.detections[0] is DetectionOutcome.BACKGROUND


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"proposals__min_side": 30.0}, Cause.TOO_SMALL),
        ({"proposals__min_score": 0.85}, Cause.PROPOSAL_SCORE),
        ({"proposals__pre_nms_top_n": 1}, Cause.TOP_N),
        ({"proposals__post_nms_top_n": 1}, Cause.PROPOSAL_LIMIT),
    ],
)
def test_lost_in_the_first_stage(changes: dict[str, Any], cause: Cause) -> None:
    big = [50, 50, 90, 90]
    found = evidence([(0.9, big, [0.9, 0.1, 0.0], [big, big]), (0.8, OBJECT, [0.2, 0.8, 0.0], [OBJECT, OBJECT])])
    assert only_cause(traced(found, [OBJECT], ["cat"], **changes)) is cause


def test_proposal_nms() -> None:
    # Box 0 [0,0,20,45] overlaps the object at 400 / 900 = 0.44 < 0.5; box 1 [0,0,20,36] at 400 / 720 = 0.56.
    # Between them 720 / 900 = 0.8 > 0.7: box 1 falls to box 0.
    tall, lower = [0, 0, 20, 45], [0, 0, 20, 36]
    found = evidence([(0.9, tall, [0.9, 0.1, 0.0], [tall, tall]), (0.8, lower, [0.9, 0.1, 0.0], [lower, lower])])
    trace = traced(found, [OBJECT], ["cat"])
    assert only_cause(trace) is Cause.PROPOSAL_NMS
    detail = trace.judgement.objects[0].detail
    assert detail["suppressor"] == 0
    assert detail["suppressor_iou"] == pytest.approx(0.8)
    assert detail["suppressor_object_iou"] == pytest.approx(400 / 900)


def test_of_several_lost_proposals_the_one_that_came_furthest_speaks() -> None:
    # Rows 1 and 2 cover the object: row 1 is over the limit, row 2 below the top-n. The limit comes later.
    found = evidence(
        [
            (0.9, AWAY, [0.9, 0.1, 0.0], [AWAY, AWAY]),
            (0.8, OBJECT, [0.9, 0.1, 0.0], [OBJECT, OBJECT]),
            (0.7, [0, 0, 20, 14], [0.9, 0.1, 0.0], [OBJECT, OBJECT]),
        ]
    )
    trace = traced(found, [OBJECT], ["cat"], proposals__pre_nms_top_n=2, proposals__post_nms_top_n=1)
    assert only_cause(trace) is Cause.PROPOSAL_LIMIT
    assert trace.judgement.objects[0].detail["also"] == ["top_n"]


def test_rpn_regression_and_no_anchor() -> None:
    # The proposed box is far away; the anchor is on the object in the first case, far away in the second.
    rows = [(0.9, AWAY, [0.9, 0.1, 0.0], [AWAY, AWAY])]
    assert only_cause(traced(evidence(rows, anchors=[OBJECT]), [OBJECT], ["cat"])) is Cause.RPN_REGRESSION
    assert only_cause(traced(evidence(rows, anchors=[AWAY]), [OBJECT], ["cat"])) is Cause.NO_ANCHOR


@pytest.mark.parametrize(
    ("box", "scores", "kind"),
    [
        # second cat on the same object
        ([0, 0, 20, 12], [0.1, 0.8, 0.1], DetectionOutcome.DUPLICATE),  # IoU 12 / 20 = 0.6
        ([0, 0, 20, 8], [0.1, 0.8, 0.1], DetectionOutcome.LOCALISATION),  # 0.4
        ([0, 0, 20, 12], [0.1, 0.1, 0.8], DetectionOutcome.CLASS),
        ([0, 0, 20, 8], [0.1, 0.1, 0.8], DetectionOutcome.CLASS_LOCALISATION),
        ([0, 0, 5, 4], [0.1, 0.8, 0.1], DetectionOutcome.BACKGROUND),  # 5 * 4 / 400 = 0.05 < 0.1
    ],
)
def test_kinds_of_false_positives(box: list[float], scores: list[float], kind: DetectionOutcome) -> None:
    found = evidence([(0.9, OBJECT, [0.05, 0.95, 0.0], [OBJECT, OBJECT]), (0.8, box, scores, [box, box])])
    trace = traced(found, [OBJECT], ["cat"], detections__nms_iou=1.0)
    label = 1 if scores[1] > scores[2] else 2
    row = int(np.flatnonzero((trace.detections.proposal == 1) & (trace.detections.label == label))[0])
    assert trace.judgement.detections[row] is kind


@pytest.mark.parametrize(
    ("objects", "labels", "kind", "about"),
    [
        # A cat at [0, 0, 20, 20], and before it the better cat that took the first object.
        ([OBJECT, OBJECT], ["cat", "dog"], DetectionOutcome.DUPLICATE, 0),  # though a dog is covered too
        ([[0, 0, 20, 8], OBJECT], ["cat", "dog"], DetectionOutcome.LOCALISATION, 0),  # 0.4 of a cat before 1 of a dog
        ([AWAY, OBJECT, OBJECT], ["cat", "dog", "dog"], DetectionOutcome.CLASS, 1),  # of two alike the lower number
        ([AWAY, OBJECT], ["cat", "horse"], DetectionOutcome.CLASS, 1),  # also one the model does not know
        ([AWAY, [0, 0, 20, 2]], ["cat", "cat"], DetectionOutcome.LOCALISATION, 1),  # 40 / 400, at 0.1
        ([AWAY, [0, 0, 20, 1.9]], ["cat", "cat"], DetectionOutcome.BACKGROUND, -1),  # under it
        ([AWAY, [0, 0, 20, 2]], ["cat", "dog"], DetectionOutcome.CLASS_LOCALISATION, 1),
        ([], [], DetectionOutcome.BACKGROUND, -1),
    ],
)
def test_what_a_false_positive_is_about(
    objects: list[list[float]], labels: list[str], kind: DetectionOutcome, about: int
) -> None:
    box = objects[0] if objects else AWAY
    better = (0.9, box, [0.1, 0.9, 0.0], [box, box])
    found = evidence([better, (0.8, OBJECT, [0.2, 0.8, 0.0], [OBJECT, OBJECT])])
    trace = traced(found, objects, labels, proposals__min_side=0.0, proposals__nms_iou=1.0, detections__nms_iou=1.0)
    assert trace.judgement.detections[2] is kind
    assert trace.judgement.matched[2] == about
    if objects:
        assert trace.judgement.detections[0] is DetectionOutcome.TRUE_POSITIVE


def test_a_low_match_iou_makes_more_of_them_duplicates_and_wrong_classes() -> None:
    part = [0, 0, 20, 2]  # 0.1 of the object; t = 0.05
    found = evidence([(0.9, OBJECT, [0.1, 0.9, 0.0], [OBJECT, OBJECT]), (0.8, part, [0.1, 0.2, 0.7], [part, part])])
    trace = traced(
        found, [OBJECT], ["cat"],
        proposals__min_side=0.0, detections__nms_iou=1.0, matching__iou=0.05, matching__working_score=0.1,
    )  # fmt: skip
    assert trace.judgement.detections[2] is DetectionOutcome.DUPLICATE
    assert trace.judgement.detections[3] is DetectionOutcome.CLASS


def test_below_the_working_score_is_not_judged_and_finds_nothing() -> None:
    found = evidence([(0.9, OBJECT, [0.6, 0.4, 0.0], [OBJECT, OBJECT])])
    trace = traced(found, [OBJECT], ["cat"])
    assert trace.judgement.detections[0] is DetectionOutcome.NOT_JUDGED
    assert only_cause(trace) is Cause.BACKGROUND
    lower = traced(found, [OBJECT], ["cat"], matching__working_score=0.3)
    assert lower.judgement.objects[0].outcome is Outcome.FOUND


def test_measured_in_network_pixels_with_both_factors() -> None:
    # Image 80 x 30 px (h x w), network 40 x 60: x doubled, y halved. The object [2,20,12,60] is [4,10,24,30] there, off
    # every border. The detection [4,10,24,25] overlaps it at 15 / 20 = 0.75; in image pixels it is [2,20,12,50].
    box = [4, 10, 24, 25]
    found = evidence([(0.9, box, [0.1, 0.9, 0.0], [box, box])], image_hw=(80, 30), network_hw=(40, 60))
    trace = traced(found, [[2, 20, 12, 60]], ["cat"])
    assert trace.judgement.objects[0].detail["iou"] == 0.75
    assert trace.to_dict()["detections"]["rows"][0]["box"] == [2, 20, 12, 50]
