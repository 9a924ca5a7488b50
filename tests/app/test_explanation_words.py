"""The sentences of explanations: every cause, fate and kind of false positive, with numbers worked out by hand.

t = 0.5 and working score 0.5 unless said otherwise. The object is almost always [0, 0, 20, 20] (400 px); a box
[0, 0, 20, h] overlaps it at h / 20 for h < 20.
"""

import numpy as np
import pytest

from app.panels.details_text import details_plain
from app.wording import text
from detector.config import Settings
from detector.explanation import explain, explain_unknown, verdict_of
from detector.ground_truth import GroundTruth
from detector.messages import Ref
from detector.pipeline import follow, inspect
from detector.trace import Cause, DetectionFate, DetectionOutcome, Outcome, ProposalFate
from detector.trace_reader import TraceReader
from tests.helpers.evidence import make_evidence, make_first
from tests.helpers.judged import AWAY, OBJECT, evidence, only_cause, traced
from tests.helpers.networks import FakeNetwork
from tests.helpers.traces import messages_told

ALL_KEPT = {"proposals__nms_iou": 1.0}
NOBODY = [0.9, 0.1, 0.0]


def row(objectness, box, cat=0.0, refined=None, dog=0.0):
    """A proposal whose cat's and dog's boxes are one."""
    refined = box if refined is None else refined
    return objectness, box, [1 - cat - dog, cat, dog], [refined, refined]


def told(trace, ref):
    return explain(TraceReader(trace), ref)


def of_object(trace, number=0):
    return told(trace, Ref("object", number))


def said(messages):
    return " ".join(text(each) for each in messages)


BESIDE = [8, 0, 28, 20]  # with the object 12 x 20 = 240 of 560 px: 0.429
TWO_CATS = evidence([row(0.9, OBJECT, 0.9), row(0.8, BESIDE, 0.8)])
NEAR_AND_FAR = evidence([row(0.9, AWAY, 0.9), row(0.8, OBJECT, 0.8)])
LOST = [row(0.9, [50, 50, 90, 90]), row(0.8, OBJECT, 0.8)]


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


def notes(trace, number=0):
    return said(of_object(trace, number).notes)


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


# -- the other outcomes ------------------------------------------------------------------------------------------------


def test_found():
    explained = of_object(traced(evidence([row(0.9, [0, 0, 20, 16], 0.8)]), [OBJECT], ["cat"]))
    assert text(explained.outcome) == "Found"
    assert text(explained.verdict.sentence) == "Detection 1, score 0.800, IoU 0.800."
    assert [fact.mark for fact in explained.facts] == [True] * 6
    assert text(explained.facts[-2].value) == "kept as detection 1; suppressed no other"
    assert text(explained.facts[-1].value) == "cat #1, IoU 0.800"


@pytest.mark.parametrize("flag", ["difficult", "crowd"])
def test_not_counted(flag):
    trace = traced(evidence([row(0.9, OBJECT, 0.8)]), [OBJECT], ["cat"], **{flag: [True]})
    explained = of_object(trace)
    assert text(explained.outcome) == "Not counted"
    word = {"difficult": "difficult", "crowd": "a crowd"}[flag]
    assert text(explained.headline) == f"Marked as {word} in the annotations: found or not, it does not count."
    detection = told(trace, Ref("detection", 0))
    assert text(detection.outcome) == "Not counted"
    assert text(detection.headline) == "Matched to cat #1 (IoU 1.000), which does not count: neither right nor wrong."


def test_not_known_yet():
    trace = traced(make_evidence(make_first([OBJECT], [0.9])), [OBJECT], ["cat"])
    explained = of_object(trace)
    assert trace.judgement.objects[0].outcome is Outcome.PENDING
    assert text(explained.outcome) == "Not known yet"
    assert text(explained.verdict.sentence) == "The box head has not seen proposal 1 yet."
    assert text(explained.facts[-1].value) == "the box head has not seen it yet"
    assert explained.scores == ()
    waiting = told(trace, Ref("detection", 0))
    assert text(waiting.outcome) == "Waiting"
    assert text(waiting.geometry) == "its box is not known yet"
    assert "overlaps" not in [section.id for section in waiting.sections]
    assert text(told(trace, Ref("proposal", 0)).outcome) == "Waiting"


def test_not_run():
    explained = explain_unknown("cat", 2, (1.0, 2.0, 11.0, 22.0))
    assert details_plain(explained) == (
        "cat #3  NOT RUN\nThe detector has not run on this image.\n\n[1, 2, 11, 22]   10 x 20 px\n"
    )


def test_what_else_held_it_back_is_counted():
    # Both boxes that cover it lie over the limit or below the top-n; see the causes' own tests.
    found = evidence([row(0.9, AWAY), row(0.8, OBJECT), row(0.7, [0, 0, 20, 14]), row(0.6, [0, 0, 20, 13])])
    trace = traced(found, [OBJECT], ["cat"], proposals__pre_nms_top_n=2, proposals__post_nms_top_n=1)
    (section,) = [each for each in of_object(trace).sections if each.id == "also"]
    assert [(text(fact.name), text(fact.value)) for fact in section.facts] == [
        ("Below pre-NMS top-n", "2 boxes covering it, below top-n")
    ]


def test_what_the_head_moved_away_does_not_count_what_it_left_there():
    # Three kept proposals cover it: of two the cat box does not, of the third it does, with too low a score.
    rows = [row(0.9, OBJECT, 0.1), row(0.8, [0, 0, 20, 14], 0.1, AWAY), row(0.7, [0, 0, 20, 13], 0.1, AWAY)]
    trace = traced(evidence(rows), [OBJECT], ["cat"], **ALL_KEPT)
    assert only_cause(trace) is Cause.BACKGROUND
    (section,) = [each for each in of_object(trace).sections if each.id == "also"]
    assert [text(fact.value) for fact in section.facts] == ["2 boxes covering it, moved away by the box head"]


# -- false positives ---------------------------------------------------------------------------------------------------

FALSE = {
    # a second cat, 14 / 20 of the object that the first has
    DetectionOutcome.DUPLICATE: (
        [row(0.9, OBJECT, 0.9), row(0.8, [0, 0, 20, 14], 0.8)], 2, "Duplicate.",
        "cat #1 already has detection 1 (0.900); this one overlaps it at IoU 0.700.", "",
    ),
    # a cat at 8 / 20 of it
    DetectionOutcome.LOCALISATION: (
        [row(0.9, [0, 0, 20, 8], 0.8)], 0, "Poorly localised.",
        "Right class, IoU 0.400 with cat #1: between 0.1 and 0.50.", "cat #1 is missed: No anchor fits.",
    ),
    # a dog on it, and a cat that has found it
    DetectionOutcome.CLASS: (
        [row(0.9, [0, 0, 20, 16], dog=0.8), row(0.8, OBJECT, 0.9)], 1, "Wrong class.",
        "Covers cat #1 (IoU 0.800) but says dog.", "cat #1 is found by detection 1.",
    ),
    DetectionOutcome.CLASS_LOCALISATION: (
        [row(0.9, [0, 0, 20, 8], dog=0.8)], 1, "Wrong class, poorly localised.",
        "IoU 0.400 with cat #1, says dog.", "cat #1 is missed: No anchor fits.",
    ),
    # [18, 0, 38, 20] shares 2 x 20 = 40 of 760 px with it
    DetectionOutcome.BACKGROUND: (
        [row(0.9, [18, 0, 38, 20], 0.8)], 0, "On background.",
        "No object at IoU >= 0.1: the nearest is cat #1 at 0.053. Missing label?", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", list(FALSE))
def test_every_kind_of_false_positive_tells_its_numbers(kind):
    rows, number, headline, why, note = FALSE[kind]
    trace = traced(evidence(rows), [OBJECT], ["cat"], proposals__nms_iou=1.0, detections__nms_iou=0.9)
    assert trace.judgement.detections[number] is kind
    explained = told(trace, Ref("detection", number))
    assert text(explained.outcome) == "False positive"
    assert (text(explained.headline), said(explained.why), said(explained.notes)) == (headline, why, note)
    assert explained.may_be_unlabelled == (kind is DetectionOutcome.BACKGROUND)


def test_every_kind_is_tried():
    right = {DetectionOutcome.TRUE_POSITIVE, DetectionOutcome.NOT_JUDGED}
    assert set(FALSE) == set(DetectionOutcome) - right


def test_on_background_of_an_image_without_objects_and_beside_one_that_does_not_count():
    found = evidence([row(0.9, OBJECT, 0.8)])
    assert said(told(traced(found, [], []), Ref("detection", 0)).why) == "It overlaps no object at all. Missing label?"
    assert told(traced(found, [], []), Ref("detection", 0)).may_be_unlabelled


@pytest.mark.parametrize(("flag", "name"), [("difficult", "difficult"), ("crowd", "a crowd")])
def test_where_an_object_lies_that_does_not_count_no_label_is_missing(flag, name):
    # the cat's box is OBJECT; a dog at 12 / 20 of it, which does not count, and a cat that counts at 0
    found = evidence([row(0.9, OBJECT, 0.8)])
    trace = traced(found, [[0, 0, 20, 12], AWAY], ["dog", "cat"], **{flag: [True, False]})
    assert trace.judgement.detections[0] is DetectionOutcome.BACKGROUND
    explained = told(trace, Ref("detection", 0))
    assert said(explained.why) == f"No object that counts at IoU >= 0.1; it overlaps dog #1 at 0.600, marked as {name}."
    assert not explained.may_be_unlabelled
    # 1.9 / 20 = 0.095 is under 0.1, 2 / 20 in float32 is not
    for height, missing in ((1.9, True), (2, False)):
        trace = traced(found, [[0, 0, 20, height]], ["dog"], **{flag: [True]})
        assert told(trace, Ref("detection", 0)).may_be_unlabelled is missing


def test_a_right_detection_and_those_nobody_judges():
    found = evidence([row(0.9, [0, 0, 20, 16], 0.8)])
    right = told(traced(found, [OBJECT], ["cat"]), Ref("detection", 0))
    assert text(right.outcome) == "True positive"
    assert text(right.headline) == "Right: it is cat #1 (cat 0.800, IoU 0.800)."
    low = told(traced(found, [OBJECT], ["cat"], matching__working_score=0.9), Ref("detection", 0))
    assert text(low.outcome) == "Below the working score"
    assert text(low.verdict.sentence) == "cat 0.800, working score 0.90: kept by the model, not judged."
    plain = told(follow(found, Settings().with_value("proposals.min_side", 1.0), None), Ref("detection", 0))
    assert text(plain.headline) == "cat 0.800."
    assert said(plain.why) == "No ground truth for this image: nobody can say whether it is right."
    assert not plain.may_be_unlabelled


# -- fates -------------------------------------------------------------------------------------------------------------

# Objectness falls from row to row. The second box, 20 x 14, falls to the first at 0.7 > 0.65.
STAGE = evidence([row(0.9, OBJECT, 0.9), row(0.8, [0, 0, 20, 14], 0.8), row(0.7, AWAY, 0.7)])
PROPOSALS = {
    ProposalFate.KEPT: ({}, 0, "Kept", "Proposal 1 of 2; goes to the box head."),
    ProposalFate.SUPPRESSED: ({}, 1, "Suppressed", "By proposal 1 (objectness 0.900), IoU 0.700 > 0.65."),
    ProposalFate.OVER_LIMIT: (
        {"proposals__post_nms_top_n": 1}, 2, "Below post-NMS top-n", "Rank 2 after NMS, 1 kept."
    ),
    ProposalFate.BELOW_TOP_N: (
        {"proposals__pre_nms_top_n": 2}, 2, "Below pre-NMS top-n",
        "Objectness 0.700, rank 3; only the first 2 go to NMS.",
    ),
    ProposalFate.BELOW_SCORE: (
        {"proposals__min_score": 0.75}, 2, "Objectness below minimum", "Objectness 0.700, minimum 0.75."
    ),
    ProposalFate.TOO_SMALL: (
        {"proposals__min_side": 15.0}, 1, "Too small", "20.0 x 14.0 px, minimum side 15 px."
    ),
}  # fmt: skip


@pytest.mark.parametrize("fate", list(ProposalFate))
def test_every_fate_of_a_proposal_tells_its_numbers(fate):
    changes, number, label, sentence = PROPOSALS[fate]
    trace = traced(STAGE, [OBJECT], ["cat"], **{"proposals__nms_iou": 0.65} | changes)
    assert trace.proposals.fate[number] == fate
    explained = told(trace, Ref("proposal", number))
    assert (text(explained.outcome), text(explained.verdict.sentence)) == (label, sentence)
    stations = {text(fact.name): fact.mark for fact in explained.facts}
    assert stations["Proposal NMS"] is (fate is ProposalFate.KEPT)


def test_a_rank_before_nms_does_not_count_what_is_too_small():
    # The second box is too small and no longer takes a place: of three boxes the last is the second.
    changes = {"proposals__min_side": 15.0, "proposals__pre_nms_top_n": 1}
    trace = traced(STAGE, [OBJECT], ["cat"], **changes)
    assert text(told(trace, Ref("proposal", 2)).verdict.sentence) == (
        "Objectness 0.700, rank 2; only the first one goes to NMS."
    )


# Rows 0, 2 and 4 are the cats'. The second, 20 x 14, falls to the first: 0.7 > 0.3.
DETECTIONS = {
    DetectionFate.KEPT: ({}, 0, "True positive", "cat 0.900."),
    DetectionFate.LOW_SCORE: ({"detections__min_score": 0.85}, 4, "Score below minimum", "cat 0.700, minimum 0.85."),
    DetectionFate.BELOW_TOP_N: (
        {"detections__top_n": 2}, 4, "Below top-n", "cat 0.700, rank 3; only the first 2 go to NMS."
    ),
    DetectionFate.TOO_SMALL: (
        {"detections__min_side": 15.0}, 2, "Too small", "20.0 x 14.0 px, minimum side 15 px."
    ),
    DetectionFate.SUPPRESSED: ({}, 2, "Suppressed", "By detection 1 (cat 0.900), IoU 0.700 > 0.30."),
    DetectionFate.OVER_LIMIT: ({"detections__max_detections": 1}, 4, "Over the detection limit", "Rank 2, 1 kept."),
}  # fmt: skip


@pytest.mark.parametrize("fate", list(DETECTIONS))
def test_every_fate_of_a_detection_tells_its_numbers(fate):
    changes, number, label, sentence = DETECTIONS[fate]
    trace = traced(STAGE, [OBJECT], ["cat"], **ALL_KEPT | changes)
    assert trace.detections.fate[number] == fate
    explained = told(trace, Ref("detection", number))
    assert (text(explained.outcome), text(explained.verdict.sentence)) == (label, sentence)


def test_a_suppressed_box_stands_by_itself():
    trace = traced(STAGE, [OBJECT], ["cat"], proposals__nms_iou=0.65)
    assert text(told(trace, Ref("proposal", 1)).headline) == (
        "Suppressed by proposal 1 (objectness 0.900), IoU between them 0.700 > 0.65."
    )
    kept = traced(STAGE, [OBJECT], ["cat"], **ALL_KEPT)
    explained = told(kept, Ref("detection", 2))
    assert text(explained.headline) == "Suppressed by detection 1 (cat 0.900), IoU between them 0.700 > 0.30."
    assert said(explained.notes) == "Detection 1 is right: it is cat #1 (IoU 1.000)."


# -- the second explanation of the wording page ------------------------------------------------------------------------

TWO = GroundTruth([[30, 20, 500, 400], [400, 300, 600, 500]], ("cat", "dog"))
CLASSIC = inspect(FakeNetwork(TWO.boxes, (1, 2), Settings()), np.zeros((800, 800, 3), np.uint8), TWO)


def section(explained, name):
    (found,) = [each for each in explained.sections if each.id == name]
    return {text(fact.name): text(fact.value) for fact in found.facts}


def test_the_anchor_that_is_positive_only_as_best():
    explained = told(CLASSIC, Ref("anchor", 11_074))
    assert text(explained.title) == "Anchor 11,074"
    assert text(explained.outcome) == "Positive"
    assert text(explained.headline) == "Positive, only as best for dog #2."
    # centre (30.5 x 16, 24.5 x 16) = (488, 392), half of 256 to each side
    assert text(explained.geometry) == (
        "256 px, h/w 1   cell x 30, y 24 (stride 16)   [360, 264, 616, 520]   256 x 256 px   network 256.0 x 256.0   "
        "inside the image"
    )
    # 200 x 200 lies within 256 x 256. With the cat: (500 - 360) x (400 - 264) = 19,040 of
    # 65,536 + 470 x 380 - 19,040 = 225,096 px.
    assert [text(each) for each in explained.why] == [
        "IoU with dog #2 = 40,000 / 65,536 px = 0.610.",
        "That is under Positive IoU 0.70.",
        "It counts because no anchor overlaps dog #2 more: 16 anchors tie (256 px, h/w 1, cells x 29-32, y 23-26).",
        "IoU with others: cat #1 (0.085).",
    ]


def test_what_training_makes_of_it():
    explained = told(CLASSIC, Ref("anchor", 11_074))
    training = section(explained, "training")
    assert training["In the mini-batch"] == "yes, one of 18 positives and 238 negatives (seed 0)"
    # from (488, 392), side 256, to (500, 400), side 200: 12 / 256, 8 / 256, ln(200 / 256)
    assert training["Target"] == "dog #2: dx +0.047  dy +0.031  dw -0.247  dh -0.247"
    assert section(explained, "positive") == {
        "Positive IoU": "0.70 → 0.61: 16 anchors by overlap (training only)",
        # the nearest centre is (504, 392) or so: 196 x 192 = 37,632 of 80,000 - 37,632 px
        "A new anchor": "200 px, h/w 1: best IoU with dog #2 0.888 (needs retraining)",
    }
    of_dog = section(told(CLASSIC, Ref("object", 1)), "training")
    assert of_dog["Positive anchors"] == "16 anchors, none by overlap: IoU 0.610 at most, under Positive IoU 0.70"
    assert of_dog["Positive IoU"] == "0.70 → 0.61: 16 anchors by overlap (training only)"


def test_what_came_of_it_in_this_image():
    explained = told(CLASSIC, Ref("anchor", 11_074))
    assert text(explained.facts_title) == "In this image"
    facts = {text(fact.name): text(fact.value) for fact in explained.facts}
    objectness = CLASSIC.evidence.first.objectness
    rank = int((objectness > objectness[11_074]).sum()) + 1
    assert facts["RPN"] == f"objectness {objectness[11_074]:.3f}, rank {rank:,} of 22,500"
    x1, y1, x2, y2 = CLASSIC.evidence.first.boxes[11_074].tolist()
    assert facts["Decoded box"].startswith(f"[{x1:.1f}, {y1:.1f}, {x2:.1f}, {y2:.1f}], IoU 0.")
    assert facts["Decoded box"].endswith(" with dog #2")


@pytest.mark.parametrize(
    ("anchor", "headline", "why"),
    [
        # 256 x 256 around (8, 8): all of it but [0, 0, 136, 136] lies outside, 120 px on two sides
        (
            4, "Leaves the image by 120.0 px; takes no part in training.",
            "IoU with cat #1 = 12,296 / 231,840 px = 0.053.",
        ),
        # the same around (792, 792), far from both objects: to the right and below
        (22_495, "Leaves the image by 120.0 px; takes no part in training.", ""),
        # 128 x 128 around (488, 392), all of it within the dog: 16,384 of 40,000. The cat shares 76 x 72 = 5,472 of
        # 16,384 + 178,600 - 5,472 = 189,512.
        (
            11_073, "Highest IoU 0.410 lies between 0.30 and 0.70; gives no loss.",
            "IoU with dog #2 = 16,384 / 40,000 px = 0.410. IoU with others: cat #1 (0.029).",
        ),
    ],
)  # fmt: skip
def test_the_other_labels(anchor, headline, why):
    explained = told(CLASSIC, Ref("anchor", anchor))
    assert explained.headline is None
    assert text(explained.verdict.sentence) == headline
    assert said(explained.why) == why


def test_an_anchor_that_is_positive_by_overlap():
    trace = follow(CLASSIC.evidence, CLASSIC.settings.with_value("assignment.positive_iou", 0.6), TWO)
    explained = told(trace, Ref("anchor", 11_074))
    assert text(explained.headline) == "Positive for dog #2."
    assert text(explained.why[1]) == "That reaches Positive IoU 0.60."
    assert "positive" not in [each.id for each in explained.sections]
    assert "training" not in [each.id for each in told(trace, Ref("object", 1)).sections]


def test_without_ground_truth_nothing_is_said_of_training():
    trace = follow(CLASSIC.evidence, CLASSIC.settings, None)
    explained = told(trace, Ref("anchor", 11_074))
    assert explained.why == ()
    assert not {"training", "positive", "overlaps"} & {each.id for each in explained.sections}
    assert text(explained.verdict.sentence) == "No ground truth for this image: training gives this anchor no label."
    for each in messages_told(explained):
        assert "IoU with" not in text(each)
