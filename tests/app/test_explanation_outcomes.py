"""The sentences on what became of objects and detections: found, not counted, every kind of false positive.

t = 0.5 and working score 0.5 unless said otherwise; the object is almost always [0, 0, 20, 20] (400 px).
"""

import pytest

from app.panels.details_text import details_plain
from app.wording import text
from detector.config import Settings
from detector.explanation import explain_unknown
from detector.messages import Ref
from detector.pipeline import follow
from detector.trace import Cause, DetectionOutcome, Outcome
from tests.helpers.evidence import make_evidence, make_first
from tests.helpers.explained import ALL_KEPT, of_object, row, said, told
from tests.helpers.judged import AWAY, OBJECT, evidence, only_cause, traced


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
