"""The numbers behind every cause, all that its sentence needs, and the other lines that hold.

Rows are numbered by hand: objectness falls from row to row, so that proposal i is that of anchor i unless one before it
falls; each kept proposal has two detection rows, the cat's and the dog's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from detector.causes import FACTS
from detector.coverage import Coverage
from detector.ground_truth import GroundTruth
from detector.pipeline import follow
from detector.trace import Cause, Outcome
from tests.helpers.evidence import make_evidence, make_first, make_head
from tests.helpers.judged import AWAY, OBJECT, also, evidence, facts, only_cause, settings, traced

NOBODY = [1.0, 0.0, 0.0]


def told(detection: int, score: float, iou: float, anchor: int, proposal: int | None = None) -> dict[str, Any]:
    """What is told of every detection row."""
    proposal = anchor if proposal is None else proposal
    return {"detection": detection, "score": score, "iou": iou, "proposal": proposal, "anchor": anchor}


def cats(*rows: tuple[float, list[float]], **more: Any):
    """Evidence of one proposal a row, each a box around everything, and the cat's score and box."""
    boxes = [[[*box], AWAY] for _, box in rows]
    found = [
        (0.9 - place / 100, OBJECT, [1 - score, score, 0.0], boxes[place]) for place, (score, _) in enumerate(rows)
    ]
    return evidence(found, **more)


ALL_KEPT = {"proposals__nms_iou": 1.0}


def test_unknown_class() -> None:
    trace = traced(cats((0.8, OBJECT)), [OBJECT], ["horse"])
    assert only_cause(trace) is Cause.UNKNOWN_CLASS
    assert facts(trace) == {"label": "horse", "known": ["cat", "dog"]}
    assert also(trace) == []


def test_over_limit() -> None:
    # Past NMS come a cat at 0.9, a dog at 0.8 and the object's own at 0.7; the cat at 0.85 fell to the first.
    free, twin = [0, 60, 20, 80], [60, 60, 80, 79]
    found = evidence(
        [
            (0.9, AWAY, [0.1, 0.9, 0.0], [AWAY, AWAY]),
            (0.8, twin, [0.15, 0.85, 0.0], [twin, twin]),
            (0.7, free, [0.2, 0.0, 0.8], [free, free]),
            (0.6, OBJECT, [0.3, 0.7, 0.0], [OBJECT, OBJECT]),
        ]
    )
    trace = traced(found, [OBJECT], ["cat"], detections__max_detections=2, **ALL_KEPT)
    assert only_cause(trace) is Cause.OVER_LIMIT
    assert facts(trace) == pytest.approx(told(6, 0.7, 1, 3) | {"rank": 3, "limit": 2})


def test_nms() -> None:
    # 20 x 20 boxes 8 px apart: they share 12 x 20 = 240 of 560 px, 0.43 > 0.3. So do the objects.
    beside = [8, 0, 28, 20]
    found = cats((0.9, OBJECT), (0.8, [8, 0, 28, 18]))
    # The second box is 20 x 18: with its object 360 / 400, with the first box 12 * 18 = 216 of 400 + 360 - 216.
    trace = traced(found, [OBJECT, beside], ["cat", "cat"], **ALL_KEPT)
    assert only_cause(trace, 1) is Cause.NMS
    assert facts(trace, 1) == pytest.approx(
        told(2, 0.8, 0.9, 1)
        | {"suppressor": 0, "suppressor_score": 0.9, "suppressor_iou": 216 / 544, "threshold": 0.3}
        | {"suppressor_object": 0, "objects_iou": 240 / 560}
    )


def test_nms_by_a_box_that_belongs_to_nothing_and_is_itself_over_the_limit() -> None:
    beside = [8, 0, 28, 20]  # with the object 240 / 560 < 0.5, so that its own fate does not speak
    trace = traced(
        cats((0.95, AWAY), (0.9, beside), (0.8, OBJECT)), [OBJECT], ["cat"], detections__max_detections=1, **ALL_KEPT
    )
    assert only_cause(trace) is Cause.NMS
    assert facts(trace) == pytest.approx(
        told(4, 0.8, 1, 2)
        | {"suppressor": 2, "suppressor_score": 0.9, "suppressor_iou": 240 / 560, "threshold": 0.3}
        | {"suppressor_object": None}
    )
    (row,) = trace.to_dict()["ground_truth"]
    assert (row["detail"]["detection"], row["detail"]["suppressor"]) == (None, None)  # neither is in the list of rows


def test_detection_top_n_counts_what_has_a_score_and_of_equal_scores_the_lower_row_first() -> None:
    found = evidence(
        [
            (0.9, AWAY, [0.2, 0.75, 0.05], [AWAY, AWAY]),  # the dog's 0.05 is not above 0.05
            (0.8, OBJECT, [0.25, 0.75, 0.0], [OBJECT, OBJECT]),
        ]
    )
    trace = traced(found, [OBJECT], ["cat"], detections__top_n=1)
    assert only_cause(trace) is Cause.DETECTION_TOP_N
    assert facts(trace) == pytest.approx(told(2, 0.75, 1, 1) | {"rank": 2, "limit": 1})


def test_detection_too_small_in_image_pixels() -> None:
    # Image 80 x 30 px (h x w), network 40 x 60: the box of 20 x 15 px there is 10 x 30 px in the image.
    box = [4, 10, 24, 25]
    found = evidence([(0.9, box, [0.1, 0.9, 0.0], [box, box])], image_hw=(80, 30), network_hw=(40, 60))
    trace = traced(found, [[2, 20, 12, 50]], ["cat"], detections__min_side=12.0)
    assert only_cause(trace) is Cause.DETECTION_TOO_SMALL
    assert facts(trace) == pytest.approx(told(0, 0.9, 1, 0) | {"width": 10, "height": 30, "minimum": 12})


def test_duplicate_matched() -> None:
    # The one detection [0, 0, 20, 18]: with the first object 18 / 20, with the second, [0, 0, 20, 14], 14 / 18.
    trace = traced(cats((0.8, [0, 0, 20, 18])), [OBJECT, [0, 0, 20, 14]], ["cat", "cat"])
    assert only_cause(trace, 1) is Cause.DUPLICATE_MATCHED
    assert facts(trace, 1) == pytest.approx(told(0, 0.8, 14 / 18, 0) | {"matched_object": 0, "matched_iou": 0.9})


def test_wrong_class_tells_of_the_proposal_on_which_the_other_class_passed() -> None:
    # The first proposal has the higher score for cat; only on the second, [0, 0, 20, 18], the dog passed.
    found = evidence(
        [
            (0.9, OBJECT, [0.2, 0.4, 0.4], [OBJECT, OBJECT]),
            (0.8, [0, 0, 20, 18], [0.1, 0.2, 0.7], [[0, 0, 20, 19], [0, 0, 20, 16]]),
        ]
    )
    trace = traced(found, [OBJECT], ["cat"], **ALL_KEPT)
    assert only_cause(trace) is Cause.WRONG_CLASS
    expected = told(2, 0.2, 0.95, 1) | {"proposal_iou": 0.9, "minimum": 0.5, "top_label": "dog", "top_score": 0.7}
    other = {"other_detection": 3, "other_label": "dog", "other_score": 0.7, "other_iou": 0.8}
    assert facts(trace) == pytest.approx(expected | other)


@pytest.mark.parametrize(
    ("working", "least", "minimum"), [(0.5, 0.05, 0.5), (0.3, 0.6, 0.6)], ids=["working score", "minimum score"]
)
def test_background(working: float, least: float, minimum: float) -> None:
    # cat 0.4 lies under the higher of both scores, whichever that is
    found = evidence([(0.9, [0, 0, 20, 16], [0.45, 0.4, 0.15], [[0, 0, 20, 18], OBJECT])])
    trace = traced(found, [OBJECT], ["cat"], matching__working_score=working, detections__min_score=least)
    assert only_cause(trace) is Cause.BACKGROUND
    expected = {"proposal_iou": 0.8, "minimum": minimum, "top_label": "background", "top_score": 0.45}
    assert facts(trace) == pytest.approx(told(0, 0.4, 0.9, 0) | expected)


def test_head_regression_tells_of_the_kept_proposal_that_speaks() -> None:
    # Two proposals with the same objectness cover it at 0.8 and 1: the second speaks. Its cat box reaches 0.4.
    found = evidence(
        [
            (0.9, [0, 0, 20, 16], NOBODY, [AWAY, AWAY]),
            (0.9, OBJECT, [0.2, 0.8, 0.0], [[0, 0, 20, 8], OBJECT]),
        ]
    )
    trace = traced(found, [OBJECT], ["cat"], **ALL_KEPT)
    assert only_cause(trace) is Cause.HEAD_REGRESSION
    assert facts(trace) == pytest.approx(told(2, 0.8, 0.4, 1) | {"proposal_iou": 1, "match_iou": 0.5})
    assert also(trace) == []


def lost(objectness: float, iou: float, **more: float) -> dict[str, Any]:
    return {"anchor": 2, "iou": iou, "objectness": objectness} | more


FALLING = [
    (0.9, AWAY, NOBODY, [AWAY, AWAY]),
    (0.8, [60, 60, 80, 79], NOBODY, [AWAY, AWAY]),
    (0.7, [0, 0, 20, 18], NOBODY, [OBJECT, OBJECT]),
]
"""The second falls to the first (IoU 0.95); the third overlaps the object at 0.9."""


@pytest.mark.parametrize(
    ("changes", "cause", "numbers"),
    [
        # past NMS it is the second, after the first; before the top-n all three count
        ({"proposals__post_nms_top_n": 1}, Cause.PROPOSAL_LIMIT, {"rank": 2, "limit": 1}),
        ({"proposals__min_score": 0.75}, Cause.PROPOSAL_SCORE, {"rank": 3, "minimum": 0.75}),
        ({"proposals__pre_nms_top_n": 2}, Cause.TOP_N, {"rank": 3, "limit": 2}),
        # the second, 19 px high, is too small and not counted
        ({"proposals__pre_nms_top_n": 1, "proposals__min_side": 18.0}, Cause.TOP_N, {"rank": 3, "limit": 1}),
        ({"proposals__min_side": 18.5}, Cause.TOO_SMALL, {"rank": 3, "width": 20, "height": 18, "minimum": 18.5}),
    ],
)
def test_lost_in_the_first_stage(changes: dict[str, Any], cause: Cause, numbers: dict[str, Any]) -> None:
    trace = traced(evidence(FALLING), [OBJECT], ["cat"], **changes)
    assert only_cause(trace) is cause
    assert facts(trace) == pytest.approx(lost(0.7, 0.9, **numbers))


def test_the_rank_at_the_top_n_leaves_out_what_was_too_small() -> None:
    # 0.9 is 3 px wide: of the boxes that reach the top-n of 1, the object's is the second.
    found = evidence(
        [
            (0.9, [0, 0, 3, 20], NOBODY, [AWAY, AWAY]),
            (0.8, AWAY, NOBODY, [AWAY, AWAY]),
            (0.7, [0, 0, 20, 18], NOBODY, [OBJECT, OBJECT]),
        ]
    )
    trace = traced(found, [OBJECT], ["cat"], proposals__pre_nms_top_n=1)
    assert only_cause(trace) is Cause.TOP_N
    assert facts(trace) == pytest.approx(lost(0.7, 0.9, rank=2, limit=1))


def test_proposal_nms() -> None:
    # [0, 0, 20, 45] overlaps the object at 400 / 900 < 0.5, [0, 0, 20, 36] at 400 / 720; between them 720 / 900 > 0.7.
    tall, lower = [0, 0, 20, 45], [0, 0, 20, 36]
    trace = traced(
        evidence([(0.9, tall, NOBODY, [tall, tall]), (0.8, lower, NOBODY, [lower, lower])]), [OBJECT], ["cat"]
    )
    assert only_cause(trace) is Cause.PROPOSAL_NMS
    assert facts(trace) == pytest.approx(
        {"anchor": 1, "iou": 400 / 720, "objectness": 0.8, "rank": 2, "threshold": 0.7}
        | {"suppressor": 0, "suppressor_score": 0.9, "suppressor_iou": 0.8, "suppressor_object_iou": 400 / 900}
    )


@pytest.mark.parametrize(
    ("anchor", "iou", "cause"), [([0, 0, 20, 16], 0.8, Cause.RPN_REGRESSION), ([0, 0, 20, 6], 0.3, Cause.NO_ANCHOR)]
)
def test_no_decoded_box_reaches_it(anchor: list[float], iou: float, cause: Cause) -> None:
    # Image 160 x 160 px, network 80 x 80: the object is 40 x 40 px in the image, the anchors of 16 px are 32 px there.
    near = [0, 0, 20, 8]  # the best decoded box reaches 0.4
    found = evidence(
        [(0.9, AWAY, NOBODY, [AWAY, AWAY]), (0.8, near, NOBODY, [AWAY, AWAY])],
        anchors=[AWAY, anchor], image_hw=(160, 160), network_hw=(80, 80),
    )  # fmt: skip
    trace = traced(found, [[0, 0, 40, 40]], ["cat"])
    assert only_cause(trace) is cause
    detail = facts(trace)
    assert detail.pop("ratios") == [1.0]
    assert detail == pytest.approx(
        {"anchor": 1, "anchor_iou": iou, "iou": 0.4, "match_iou": 0.5, "anchors": 2, "smallest": 32, "largest": 32}
        | {"width": 40, "height": 40}
    )


def test_these_are_all_the_causes() -> None:
    assert {Cause.UNKNOWN_CLASS, *FACTS} == set(Cause)


# --- waiting ---------------------------------------------------------------------------------------------------------


def test_pending_names_the_waiting_proposal_that_speaks() -> None:
    # Of four proposals the head has seen the second. The first and the last touch the object, the third does not.
    first = make_first([[0, 0, 20, 4], OBJECT, AWAY, [0, 0, 20, 19]], [0.9, 0.8, 0.7, 0.6])
    found = make_evidence(first, make_head([1], [[0.8, 0.2, 0.0]], [[OBJECT, OBJECT]]))
    trace = traced(found, [OBJECT], ["cat"], **ALL_KEPT)
    assert trace.judgement.objects[0].outcome is Outcome.PENDING
    assert facts(trace) == {"waiting": 2, "proposal": 0, "anchor": 0}  # the one with the higher objectness
    assert trace.to_dict()["ground_truth"][0]["cause"] is None


def test_where_the_best_anchor_s_own_proposal_waits_its_object_waits_too() -> None:
    # The first anchor covers the object and proposes a box away from it, which the head has not seen.
    first = make_first([AWAY, [30, 30, 50, 50]], [0.9, 0.8], anchors=[OBJECT, [30, 30, 50, 50]])
    found = make_evidence(first, make_head([1], [[0.8, 0.2, 0.0]], [[AWAY, AWAY]]))
    trace = traced(found, [OBJECT], ["cat"], **ALL_KEPT)
    assert trace.judgement.objects[0].outcome is Outcome.PENDING
    assert facts(trace) == {"waiting": 1, "proposal": 0, "anchor": 0}
    # once it has, there is a cause; and the waiting of another anchor's proposal would not matter
    seen = make_evidence(first, make_head([0], [[0.8, 0.2, 0.0]], [[AWAY, AWAY]]))
    trace = traced(seen, [OBJECT], ["cat"], **ALL_KEPT)
    assert trace.detections.waiting.tolist() == [1]
    assert only_cause(trace) is Cause.RPN_REGRESSION


def test_what_is_known_anyway_does_not_wait() -> None:
    first = make_first([OBJECT, [0, 0, 20, 19]], [0.9, 0.8])
    found = make_evidence(first, make_head([0], [[0.1, 0.9, 0.0]], [[OBJECT, OBJECT]]))
    truth = GroundTruth([OBJECT] * 4, ["cat", "horse", "dog", "dog"], difficult=[False, False, True, False])
    trace = follow(found, settings(**ALL_KEPT), truth)
    outcomes = [(each.outcome, each.cause) for each in trace.judgement.objects]
    assert outcomes == [
        (Outcome.FOUND, None),
        (Outcome.MISSED, Cause.UNKNOWN_CLASS),
        (Outcome.IGNORED, None),
        (Outcome.PENDING, None),
    ]


# --- the other lines that hold ---------------------------------------------------------------------------------------


def test_a_kept_proposal_whose_box_was_moved_away_is_named_beside_what_was_lost_later() -> None:
    # The cat's box of the first proposal falls to the neighbour's; that of the second, as good a proposal, went away.
    beside = [8, 0, 28, 20]
    found = evidence(
        [
            (0.9, OBJECT, [0.2, 0.8, 0.0], [OBJECT, AWAY]),
            (0.8, OBJECT, [0.7, 0.3, 0.0], [[40, 0, 60, 20], AWAY]),
            (0.7, beside, [0.1, 0.9, 0.0], [beside, AWAY]),
        ]
    )
    trace = traced(found, [OBJECT, beside], ["cat", "cat"], **ALL_KEPT)
    assert only_cause(trace) is Cause.NMS
    assert also(trace) == ["head_regression"]
    # and beside a score that is too low
    trace = traced(found, [OBJECT], ["cat"], matching__working_score=0.95, **ALL_KEPT)
    assert (only_cause(trace), also(trace)) == (Cause.BACKGROUND, ["head_regression"])


def test_where_a_kept_proposal_covers_it_the_first_stage_lost_nothing() -> None:
    # The second proposal covers it and fell to the first, which covers it too and whose cat box does.
    rows = [
        (0.9, OBJECT, [0.8, 0.2, 0.0], [OBJECT, OBJECT]),
        (0.8, [0, 0, 20, 19], NOBODY, [OBJECT, OBJECT]),
    ]
    trace = traced(evidence(rows), [OBJECT], ["cat"])
    assert trace.proposals.suppressed_by[1] == 0
    assert (only_cause(trace), also(trace)) == (Cause.BACKGROUND, [])


FILTERED = [
    (0.80, [0, 0, 38, 20]),  # 400 / 760 = 0.53 of the object; 760 / 880 = 0.86 of the kept one: suppressed over 0.8
    (0.70, [0, 0, 20, 18]),  # 0.9; second after NMS: over the limit of 1
    (0.60, [0, 0, 20, 17]),  # 0.85; fourth of the top four; under the minimum of 0.65
    (0.50, [0, 0, 20, 16]),  # 0.8; fifth of the top four
    (0.95, [0, 0, 20, 11]),  # 0.55; 11 px high, under 12
]
FILTERS = {
    "proposals__nms_iou": 0.8, "proposals__post_nms_top_n": 1, "proposals__min_score": 0.65,
    "proposals__pre_nms_top_n": 4, "proposals__min_side": 12.0,
}  # fmt: skip
ALL_FALLEN = ["proposal_limit", "proposal_nms", "proposal_score", "top_n", "too_small"]


@pytest.mark.parametrize(
    ("scores", "cause"),
    [([0.8, 0.2, 0.0], Cause.BACKGROUND), ([0.1, 0.2, 0.7], Cause.WRONG_CLASS), ([0.1, 0.9, 0.0], Cause.NMS)],
)
def test_the_filters_that_dropped_boxes_are_named_where_no_kept_proposal_covers_it(scores: Any, cause: Cause) -> None:
    # The kept proposal [0, 0, 44, 20] overlaps the object at 400 / 880 = 0.45; only the head brought its cat box there.
    kept = (0.9, [0, 0, 44, 20], scores, [OBJECT, [0, 0, 20, 19]])
    found = evidence([kept, *((objectness, box, NOBODY, [AWAY, AWAY]) for objectness, box in FILTERED)])
    truth, labels, changes = [OBJECT], ["cat"], FILTERS
    if cause is Cause.NMS:  # a second kept proposal, away from it, with the neighbour's better cat box
        beside = [8, 0, 28, 20]
        found = evidence(
            [
                (0.99, AWAY, [0.05, 0.95, 0.0], [beside, beside]),
                kept,
                *((objectness, box, NOBODY, [AWAY, AWAY]) for objectness, box in FILTERED),
            ]
        )
        truth, labels = [OBJECT, beside], ["cat", "cat"]
        changes = FILTERS | {"proposals__post_nms_top_n": 2, "proposals__pre_nms_top_n": 5}
    trace = traced(found, truth, labels, **changes)
    assert only_cause(trace) is cause
    assert also(trace) == ALL_FALLEN


def test_beside_the_head_s_regression_the_filters_are_named_too() -> None:
    # The kept proposal [0, 0, 32, 20] covers the object at 400 / 640; its cat box is away. 640 / 760 = 0.84.
    found = evidence(
        [
            (0.9, [0, 0, 32, 20], NOBODY, [AWAY, AWAY]),
            *((objectness, box, NOBODY, [AWAY, AWAY]) for objectness, box in FILTERED),
        ]
    )
    trace = traced(found, [OBJECT], ["cat"], **FILTERS)
    assert only_cause(trace) is Cause.HEAD_REGRESSION
    assert also(trace) == ALL_FALLEN


def test_beside_a_filter_those_before_it() -> None:
    away = (0.9, AWAY, NOBODY, [AWAY, AWAY])
    found = evidence([away, *((objectness, box, NOBODY, [AWAY, AWAY]) for objectness, box in FILTERED)])
    # without [0, 0, 44, 20] the box of 0.80 is the second after NMS and the one of 0.70, at 360 / 760, the third
    trace = traced(found, [OBJECT], ["cat"], **FILTERS)
    assert only_cause(trace) is Cause.PROPOSAL_LIMIT
    assert also(trace) == ["proposal_score", "top_n", "too_small"]


# --- looked up once --------------------------------------------------------------------------------------------------


def test_what_was_looked_up_is_taken_over_while_it_holds() -> None:
    first = make_first([OBJECT, [0, 0, 20, 12], AWAY], [0.9, 0.8, 0.7])
    boxes = np.array([OBJECT, [0, 0, 20, 10]], np.float32)
    before = Coverage(first, boxes, 0.5)
    covering, anchor = before.decoded(0), before.best_anchor(0)
    assert covering.rows.tolist() == [0, 1]
    assert covering.overlap.tolist() == pytest.approx([1, 0.6])
    assert (covering.best_iou, anchor) == (1, (0, 1.0))

    moved = Coverage(first, boxes[::-1], 0.5, before)  # the same object under another number
    assert moved.decoded(1) is covering
    assert moved.best_anchor(1) is anchor
    assert moved.decoded(0).rows.tolist() == [0, 1]  # the other one: 10 / 20 and 10 / 12
    stricter = Coverage(first, boxes, 0.7, before)
    assert stricter.decoded(0).rows.tolist() == [0]
    assert stricter.best_anchor(0) is anchor
    elsewhere = Coverage(make_first([AWAY, AWAY, OBJECT], [0.9, 0.8, 0.7]), boxes, 0.5, before)
    assert elsewhere.decoded(0).rows.tolist() == [2]


def test_a_slider_looks_nothing_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    found = evidence(FALLING)
    truth = GroundTruth([OBJECT, AWAY, [0, 60, 20, 80]], ["cat"] * 3)
    before = follow(found, settings(), truth)
    monkeypatch.setattr(Coverage, "_overlap", None)  # whoever looks something up fails
    after = follow(found, settings(detections__nms_iou=0.7, proposals__post_nms_top_n=1), truth, before)
    assert [str(each.cause) for each in after.judgement.objects] == ["proposal_limit", "background", "no_anchor"]
