"""The sentences on the fates of anchors, proposals and detections, with numbers worked out by hand."""

import numpy as np
import pytest

from app.wording import text
from detector.config import Settings
from detector.ground_truth import GroundTruth
from detector.messages import Ref
from detector.pipeline import follow, inspect
from detector.trace import DetectionFate, ProposalFate
from tests.helpers.explained import ALL_KEPT, row, said, told
from tests.helpers.judged import AWAY, OBJECT, evidence, traced
from tests.helpers.networks import FakeNetwork
from tests.helpers.traces import messages_told

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
