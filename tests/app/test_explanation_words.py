"""The sentences of explanations: every cause of a miss, and who suppressed its box, with numbers worked out by hand.

t = 0.5 and working score 0.5 unless said otherwise. The object is almost always [0, 0, 20, 20] (400 px); a box
[0, 0, 20, h] overlaps it at h / 20 for h < 20.
"""

import pytest

from app.wording import text
from detector.config import Settings
from detector.explanation import verdict_of
from detector.ground_truth import GroundTruth
from detector.messages import Ref
from detector.pipeline import follow
from detector.trace import Cause
from detector.trace_reader import TraceReader
from tests.helpers.evidence import make_evidence, make_first
from tests.helpers.explained import ALL_KEPT, BESIDE, LOST, NEAR_AND_FAR, TWO_CATS, notes, of_object, row, said, told
from tests.helpers.judged import AWAY, OBJECT, evidence, only_cause, traced


def case(cause):
    """A trace whose first object is missed for that cause, or the second where that is easier; and its number."""
    makers = {
        Cause.UNKNOWN_CLASS: lambda: traced(NEAR_AND_FAR, [OBJECT], ["horse"]),
        Cause.OVER_LIMIT: lambda: traced(NEAR_AND_FAR, [OBJECT], ["cat"], detections__max_detections=1),
        Cause.NMS: lambda: traced(TWO_CATS, [BESIDE, OBJECT], ["cat", "cat"]),
        Cause.DETECTION_TOP_N: lambda: traced(NEAR_AND_FAR, [OBJECT], ["cat"], detections__top_n=1),
        Cause.DETECTION_TOO_SMALL: lambda: traced(NEAR_AND_FAR, [OBJECT], ["cat"], detections__min_side=30.0),
        # the one cat, 20 x 18: with the first object 14 / 18, with the second 18 / 20
        Cause.DUPLICATE_MATCHED: lambda: traced(
            evidence([row(0.9, [0, 0, 20, 18], 0.8)]), [[0, 0, 20, 14], OBJECT], ["cat", "cat"]
        ),
        Cause.WRONG_CLASS: lambda: traced(evidence([row(0.9, [0, 0, 20, 18], 0.2, dog=0.7)]), [OBJECT], ["cat"]),
        Cause.BACKGROUND: lambda: traced(evidence([row(0.9, [0, 0, 20, 16], 0.4)]), [OBJECT], ["cat"]),
        Cause.HEAD_REGRESSION: lambda: traced(
            evidence([row(0.9, [0, 0, 20, 16], 0.8, [0, 0, 20, 8])]), [OBJECT], ["cat"]
        ),
        Cause.PROPOSAL_LIMIT: lambda: traced(evidence(LOST), [OBJECT], ["cat"], proposals__post_nms_top_n=1),
        # 20 x 45 with the object: 400 / 900; 20 x 36: 400 / 720; with each other 720 / 900
        Cause.PROPOSAL_NMS: lambda: traced(
            evidence([row(0.9, [0, 0, 20, 45]), row(0.8, [0, 0, 20, 36])]), [OBJECT], ["cat"]
        ),
        Cause.PROPOSAL_SCORE: lambda: traced(evidence(LOST), [OBJECT], ["cat"], proposals__min_score=0.85),
        Cause.TOP_N: lambda: traced(evidence(LOST), [OBJECT], ["cat"], proposals__pre_nms_top_n=1),
        Cause.TOO_SMALL: lambda: traced(evidence(LOST), [OBJECT], ["cat"], proposals__min_side=30.0),
        # the anchor 20 x 16, the box it proposes 20 x 8
        Cause.RPN_REGRESSION: lambda: traced(
            evidence([row(0.9, [0, 0, 20, 8])], anchors=[[0, 0, 20, 16]]), [OBJECT], ["cat"]
        ),
        Cause.NO_ANCHOR: lambda: traced(
            evidence([row(0.9, AWAY)], anchors=[[0, 0, 20, 8]]), [OBJECT], ["cat"]
        ),
    }  # fmt: skip
    return makers[cause]()


CAUSES = {
    Cause.UNKNOWN_CLASS: (
        "Not a class of this model.", "The model knows cat, dog; horse cannot be found. Not counted."
    ),
    Cause.OVER_LIMIT: (
        "Over the detection limit.", "Its cat box (score 0.800) ranks 2; only 1 detection is kept per image."
    ),
    Cause.NMS: (
        "Suppressed in detection NMS by the box of its neighbour, cat #2.",
        "Its cat box (score 0.800, IoU 1.000) was suppressed by detection 1 (score 0.900), "
        "IoU between them 0.429 > 0.30.",
    ),
    Cause.DETECTION_TOP_N: (
        "Below top-n of the box head's boxes.",
        "Its cat box has the score 0.800, rank 2; only the first one goes to NMS.",
    ),
    Cause.DETECTION_TOO_SMALL: (
        "Its detection is too small.",
        "Its cat box (score 0.800) is 20.0 x 20.0 px; sides under 30 px are dropped.",
    ),
    Cause.DUPLICATE_MATCHED: (
        "One detection, two objects: it went to cat #2.",
        "The only cat detection here (score 0.800, IoU 0.778) was matched to cat #2, IoU 0.900.",
    ),
    Cause.WRONG_CLASS: (
        "Wrong class: scored as dog.",
        "Proposal 1 covers it (IoU 0.900), but is scored dog 0.700; cat 0.200 is not above the working score 0.50.",
    ),
    Cause.BACKGROUND: (
        "Class score too low.",
        "Proposal 1 covers it (IoU 0.800), but the box head gives cat 0.400, working score 0.50; "
        "highest is background 0.600.",
    ),
    Cause.HEAD_REGRESSION: (
        "Lost by box-head regression.",
        "Proposal 1 overlapped it at IoU 0.800; the box head's cat box overlaps at 0.400, under 0.50.",
    ),
    Cause.PROPOSAL_LIMIT: (
        "Below post-NMS top-n.", "Its best box (IoU 1.000) came 2nd after NMS; only 1 is kept."
    ),
    Cause.PROPOSAL_NMS: (
        "Suppressed in proposal NMS by proposal 1.",
        "Its best box (IoU 0.556) was suppressed by proposal 1, which has higher objectness (0.900 > 0.800) and "
        "overlaps it at IoU 0.800 > 0.70, but the object only at 0.444.",
    ),
    Cause.PROPOSAL_SCORE: (
        "Objectness below minimum.", "Its best box (IoU 1.000) has objectness 0.800; the minimum is 0.85."
    ),
    Cause.TOP_N: (
        "Below pre-NMS top-n.",
        "Its best box (IoU 1.000) has objectness 0.800, rank 2; only the first one goes to NMS.",
    ),
    Cause.TOO_SMALL: (
        "Its proposal is too small.",
        "Its best box (IoU 1.000) is 20.0 x 20.0 px; sides under 30 px are dropped.",
    ),
    Cause.RPN_REGRESSION: (
        "Lost by RPN box regression.",
        "Anchor 0 overlapped it at IoU 0.800; after the RPN's deltas the best box has IoU 0.400, under 0.50.",
    ),
    Cause.NO_ANCHOR: (
        "No anchor fits.",
        "The best of 1 anchor overlaps cat #1 at IoU 0.400, and no decoded box reaches 0.50 either. "
        "It is 20 x 20 px; anchors cover 16 px, ratios h/w 1.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_tells_its_numbers(cause):
    trace = case(cause)
    assert only_cause(trace) is cause
    explained = of_object(trace)
    assert (text(explained.headline), said(explained.why)) == CAUSES[cause]
    assert text(explained.outcome) == ("Not counted" if cause is Cause.UNKNOWN_CLASS else "Missed")
    assert verdict_of(TraceReader(trace), Ref("object", 0)) == explained.verdict


def test_a_proposal_that_does_not_cover_it_is_not_said_to():
    # The proposal overlaps it at 8 / 20 = 0.4; its refined boxes, 20 x 18, at 0.9.
    high = traced(evidence([row(0.9, [0, 0, 20, 8], 0.2, [0, 0, 20, 18], dog=0.7)]), [OBJECT], ["cat"])
    assert only_cause(high) is Cause.WRONG_CLASS
    assert said(of_object(high).why) == (
        "Its refined cat box covers it (IoU 0.900, from proposal 1), but the box head gives dog 0.700; "
        "cat 0.200 is not above the working score 0.50."
    )
    low = traced(evidence([row(0.9, [0, 0, 20, 8], 0.4, [0, 0, 20, 18])]), [OBJECT], ["cat"])
    assert only_cause(low) is Cause.BACKGROUND
    assert said(of_object(low).why) == (
        "Its refined cat box covers it (IoU 0.900, from proposal 1), but the box head gives cat 0.400, "
        "working score 0.50; highest is background 0.600."
    )


def test_a_proposal_exactly_at_the_match_iou_covers_it():
    # 14 / 20 is 0.69999999 in float32, and so is the match IoU 0.7 there
    trace = traced(evidence([row(0.9, [0, 0, 20, 14], 0.4)]), [OBJECT], ["cat"], matching__iou=0.7)
    assert said(of_object(trace).why).startswith("Proposal 1 covers it (IoU 0.700), ")


def test_a_score_exactly_at_the_limit_is_not_said_to_be_under_it():
    # cat 0.375 is exact in float32, and does not pass 0.375; of the dog's 0.625 it does
    rows = [row(0.9, OBJECT, 0.375, dog=0.625)]
    trace = traced(evidence(rows), [OBJECT], ["cat"], matching__working_score=0.375)
    assert only_cause(trace) is Cause.WRONG_CLASS
    assert said(of_object(trace).why).endswith("cat 0.375 is not above the working score 0.38.")


def test_a_detection_matched_to_another_object_ends_the_story():
    # see CASES: of the one cat 14 / 18 lies on the first object, 18 / 20 on the second
    trace, ref = case(Cause.DUPLICATE_MATCHED), Ref("object", 0)
    last = told(trace, ref).facts[-1]
    assert (text(last.name), last.mark) == ("Match", False)
    assert text(last.value) == "the detection was matched to cat #2, IoU 0.900"
    assert Ref("object", 1) in last.refs


UNTOUCHED = {
    "no area": (
        [10, 0, 10, 20], "It has no area (0.0 x 20.0 px): no box can overlap it.", "none: the object has no area",
    ),
    "outside": (
        [200, 0, 220, 20], "It lies outside the image: no box can overlap it.",
        "none: the object lies outside the image",
    ),
    # 20 x 20 px, between both boxes
    "untouched": (
        [30, 30, 50, 50],
        "No anchor touches cat #1, and no decoded box reaches 0.50 either. "
        "It is 20 x 20 px; anchors cover 16 px, ratios h/w 1.",
        "none touches the object",
    ),
}  # fmt: skip


@pytest.mark.parametrize("which", list(UNTOUCHED))
def test_an_object_that_no_anchor_touches_has_no_stations(which):
    box, why, station = UNTOUCHED[which]
    found = evidence([row(0.9, OBJECT, 0.9), row(0.8, AWAY, 0.8)])  # in an image of 100 x 100 px
    for flags in ({}, {"difficult": [True]}):
        trace = traced(found, [box], ["cat"], **flags)
        explained = of_object(trace)
        assert [(fact.mark, text(fact.value)) for fact in explained.facts] == [(False, station)]
        assert explained.links == ()
        if not flags:
            assert only_cause(trace) is Cause.NO_ANCHOR
            assert said(explained.why) == why


def test_an_image_without_anchors_says_so():
    trace = follow(make_evidence(make_first([], [])), Settings(), GroundTruth([OBJECT], ("cat",)))
    assert said(of_object(trace).why) == "The image is too small for the grid: it has no anchors."


def test_where_only_a_decoded_box_touches_it_the_story_is_that_box_s():
    # no anchor touches it; the second anchor's decoded box does, at 8 / 20
    rows = [row(0.9, AWAY), row(0.8, [0, 0, 20, 8])]
    trace = traced(evidence(rows, anchors=[AWAY, AWAY]), [OBJECT], ["cat"])
    assert only_cause(trace) is Cause.NO_ANCHOR
    facts = of_object(trace).facts
    assert Ref("anchor", 1) in facts[0].refs
    assert facts[-1].mark is False


# -- who suppressed a missed object's box ------------------------------------------------------------------------------


def test_of_equal_proposals_none_is_said_to_have_the_higher_objectness():
    # Strips of the object: 180 / 400 = 0.45 and 240 / 400 = 0.6 of it; one with the other 180 / 240 = 0.75.
    rows = [row(0.9, [0, 0, 20, 9], refined=AWAY), row(0.9, [0, 0, 20, 12], refined=AWAY)]
    trace = traced(evidence(rows), [OBJECT], ["cat"], proposals__nms_iou=0.5)
    assert only_cause(trace) is Cause.PROPOSAL_NMS
    assert said(of_object(trace).why) == (
        "Its best box (IoU 0.600) was suppressed by proposal 1, which has the same objectness (0.900), stands before "
        "it in the grid and overlaps it at IoU 0.750 > 0.50, but the object only at 0.450."
    )


def test_the_suppressor_is_right_and_the_objects_lie_too_close():
    assert notes(case(Cause.NMS)) == (
        "Detection 1 is right: it is cat #2 (IoU 1.000). The two objects themselves overlap at IoU 0.429, above the "
        "NMS limit 0.30: at this setting even perfect boxes could not both stay."
    )


def test_the_suppressor_is_right_and_perfect_boxes_could_both_stay():
    # The boxes 20 x 20 and 8 px apart overlap at 240 / 560 > 0.4; the second object is 4 px further, 160 / 640 = 0.25.
    trace = traced(TWO_CATS, [[12, 0, 32, 20], OBJECT], ["cat", "cat"], detections__nms_iou=0.4)
    assert only_cause(trace) is Cause.NMS
    assert notes(trace).endswith(
        "The two objects themselves overlap at IoU 0.250, not above the NMS limit 0.40: perfect boxes could both stay."
    )


def test_the_suppressor_is_itself_wrong():
    # Only the second cat is there: the first box, at 240 / 560 with it, suppresses the right one.
    trace = traced(TWO_CATS, [BESIDE], ["cat"])
    assert only_cause(trace) is Cause.NMS
    assert text(of_object(trace).headline) == "Suppressed in detection NMS by detection 1."
    assert notes(trace) == "Detection 1 is itself a false positive: Poorly localised."


def test_the_suppressor_is_matched_to_an_object_that_does_not_count():
    trace = traced(TWO_CATS, [BESIDE, OBJECT], ["cat", "cat"], difficult=[False, True])
    assert notes(trace).startswith("Detection 1 is matched to cat #2 (IoU 1.000), which does not count.")


def test_the_suppressor_is_over_the_limit_and_has_no_number():
    found = evidence([row(0.95, AWAY, 0.95), row(0.9, BESIDE, 0.9), row(0.8, OBJECT, 0.8)])
    trace = traced(found, [OBJECT], ["cat"], detections__max_detections=1, **ALL_KEPT)
    explained = of_object(trace)
    assert text(explained.headline) == "Suppressed in detection NMS by the cat box of proposal 2."
    assert explained.notes == ()
    last = explained.facts[-1]
    assert text(last.value) == (
        "IoU 0.429 with the cat box of proposal 2 (0.900, itself over the detection limit), limit 0.30: suppressed"
    )
