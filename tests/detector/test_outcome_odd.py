"""Odd images and a network gone wrong: nothing crashes, nothing untrue is said, and the JSON stays JSON."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from detector.case_json import trace_content
from detector.config import Settings
from detector.ground_truth import GroundTruth
from detector.pipeline import follow, inspect
from detector.trace import Cause, DetectionFate, DetectionOutcome, Outcome, ProposalFate
from tests.helpers.evidence import make_evidence, make_first, make_head
from tests.helpers.judged import AWAY, OBJECT, also, evidence, facts, only_cause, settings, traced
from tests.helpers.networks import FakeNetwork

NAN = float("nan")
CAT = [0.1, 0.8, 0.1]


def plain(trace):
    """The JSON as it is written, by `inspect` and into a case: strictly JSON, and with counts that add up."""
    written = json.loads(json.dumps(trace.to_dict(), allow_nan=False))
    fates = ("too_small", "below_score", "below_top_n", "suppressed", "over_limit", "kept")
    assert written["proposals"]["decoded"] == sum(written["proposals"][each] for each in fates)
    fates = ("low_score", "below_top_n", "too_small", "suppressed", "over_limit", "kept")
    assert written["detections"]["candidates"] == sum(written["detections"][each] for each in fates)
    assert len(written["detections"]["rows"]) == written["detections"]["kept"]
    json.dumps(trace_content(trace), allow_nan=False)
    if written["ground_truth"] is not None:
        assert all((row["outcome"] == "missed") == (row["cause"] is not None) for row in written["ground_truth"])
    return written


def test_without_ground_truth_nothing_is_judged():
    trace = follow(evidence([(0.9, OBJECT, CAT, [OBJECT, OBJECT])]), settings())
    assert trace.judgement is None
    written = plain(trace)
    assert written["ground_truth"] is None
    assert [row["outcome"] for row in written["detections"]["rows"]] == [None, None]


def test_ground_truth_without_objects_makes_every_judged_detection_background():
    trace = follow(evidence([(0.9, OBJECT, CAT, [OBJECT, OBJECT])]), settings(), GroundTruth.empty())
    assert trace.judgement.detections == (DetectionOutcome.BACKGROUND, DetectionOutcome.NOT_JUDGED)
    assert plain(trace)["ground_truth"] == []


def test_only_classes_the_model_does_not_know():
    trace = traced(evidence([(0.9, OBJECT, CAT, [OBJECT, OBJECT])]), [OBJECT, AWAY, AWAY], ["horse", "Cat", ""])
    assert [only_cause(trace, number) for number in range(3)] == [Cause.UNKNOWN_CLASS] * 3
    assert trace.judgement.detections[0] is DetectionOutcome.CLASS  # it says cat of a horse
    plain(trace)


OBJECTS = np.array([[10, 10, 42, 42], [60, 20, 124, 84], [90, 100, 122, 132]], np.float32)
IMAGE = np.random.default_rng(0).integers(0, 255, (160, 192, 3)).astype(np.uint8)


def inspected(truth, **changes):
    network = FakeNetwork(OBJECTS, (1, 2, 1))
    made = network.settings
    for key, value in changes.items():
        made = made.with_value(key.replace("__", "."), value)
    return inspect(network, IMAGE, truth, made)


def test_no_proposal_is_kept():
    trace = inspected(GroundTruth(OBJECTS, ("cat", "dog", "cat")), proposals__min_side=200.0)
    assert set(trace.proposals.fate.tolist()) == {ProposalFate.TOO_SMALL}
    assert len(trace.detections.fate) == 0
    assert [only_cause(trace, number) for number in range(3)] == [Cause.TOO_SMALL] * 3
    assert all(facts(trace, number)["minimum"] == 200 for number in range(3))
    assert plain(trace)["detections"]["kept"] == 0


def test_no_anchor_lies_inside_the_image():
    trace = inspected(GroundTruth(OBJECTS, ("cat", "dog", "cat")), anchors__sizes=(512.0,))
    assert trace.to_dict()["anchors"]["outside"] == len(trace.evidence.first.grid)
    written = plain(trace)
    assert written["anchors"]["positive"] == written["anchors"]["negative"] == 0
    assert {row["positive_anchors"] for row in written["ground_truth"]} == {0}
    assert {row["outcome"] for row in written["ground_truth"]} <= {"found", "missed"}


def test_no_anchor_at_all():
    trace = follow(make_evidence(make_first([], [])), settings(), GroundTruth([OBJECT], ["cat"]))
    assert only_cause(trace) is Cause.NO_ANCHOR
    detail = facts(trace)
    assert "anchor" not in detail
    assert (detail["anchors"], detail["anchor_iou"], detail["iou"]) == (0, 0, 0)
    plain(trace)


@pytest.mark.parametrize("limit", [1, 100])
def test_all_scores_are_equal(limit):
    # Forty cats of one score and objectness in a row: the lower row goes first, everywhere.
    boxes = [[x, 0, x + 20, 20] for x in range(40)]
    found = evidence([(0.5, box, [0.25, 0.75, 0.0], [box, box]) for box in boxes])
    trace = traced(
        found, [boxes[0], boxes[39]], ["cat", "cat"], detections__max_detections=limit, proposals__nms_iou=1.0
    )
    # IoU over 0.3 up to 10 px apart ((20 - 10) / (20 + 10) = 0.33): rows 0, 11, 22 and 33 stay.
    assert trace.detections.kept.tolist() == [0, 22, 44, 66][:limit]
    assert trace.judgement.objects[0].detection == 0
    # At 39 px lies only what fell to the cat at 33 px; that one overlaps the object at (20 - 6) / (20 + 6) = 0.54.
    last = trace.judgement.objects[1]
    assert last.detection == 66 if limit == 100 else last.cause is Cause.OVER_LIMIT
    plain(trace)


def test_hundreds_of_objects():
    random = np.random.default_rng(1)
    corner = random.integers(0, 150, (300, 2))
    objects = np.hstack([corner, corner + random.integers(2, 60, (300, 2))]).astype(np.float32)
    labels = random.choice(["cat", "dog", "horse"], 300).tolist()
    flags = {"difficult": random.random(300) < 0.1, "crowd": random.random(300) < 0.1}
    trace = inspected(GroundTruth(objects, labels, **flags))
    written = plain(trace)
    outcomes = [row["outcome"] for row in written["ground_truth"]]
    assert len(outcomes) == outcomes.count("found") + outcomes.count("missed") + outcomes.count("ignored") == 300
    assert outcomes.count("ignored") == int((flags["difficult"] | flags["crowd"]).sum())
    assert outcomes.count("found") == [row["outcome"] for row in written["detections"]["rows"]].count("true_positive")
    assert len({row["cause"] for row in written["ground_truth"]}) > 4


@pytest.mark.parametrize(
    "box",
    [
        pytest.param([300, 300, 400, 400], id="outside"),
        pytest.param([-400, 10, -300, 60], id="outside, left"),
        pytest.param([30, 30, 30, 90], id="no width"),
        pytest.param([30, 30, 30, 30], id="a point"),
        pytest.param([192, 10, 400, 60], id="touches the border from outside"),
        pytest.param([90, 90, 30, 30], id="inverted"),
        pytest.param([90, 30, 30, 90], id="inverted along one side"),
    ],
)
def test_an_object_that_covers_nothing_of_the_image_fits_no_anchor(box):
    trace = inspected(GroundTruth([box, OBJECTS[0]], ["cat", "cat"]))
    assert only_cause(trace) is Cause.NO_ANCHOR
    assert (facts(trace)["anchor_iou"], facts(trace)["iou"], also(trace)) == (0, 0, [])
    assert trace.judgement.objects[1].outcome is Outcome.FOUND  # what is beside it is judged as ever
    assert min(facts(trace)["width"], facts(trace)["height"]) == 0
    plain(trace)


def test_an_object_larger_than_the_image_is_the_image():
    whole = [0, 0, 100, 100]
    trace = traced(evidence([(0.9, whole, CAT, [whole, whole])]), [[-1000, -50, 5000, 7000]], ["cat"])
    assert trace.judgement.objects[0].outcome is Outcome.FOUND
    assert trace.judgement.objects[0].detail["iou"] == 1
    plain(trace)


# --- a network gone wrong --------------------------------------------------------------------------------------------


def test_a_score_that_is_no_number_is_low_and_not_waiting():
    found = evidence([(0.9, OBJECT, [NAN, NAN, NAN], [OBJECT, OBJECT])])
    trace = traced(found, [OBJECT], ["cat"], detections__min_score=0.0, matching__working_score=0.0)
    assert trace.detections.fate.tolist() == [DetectionFate.LOW_SCORE] * 2
    assert len(trace.detections.waiting) == 0
    assert only_cause(trace) is Cause.BACKGROUND
    assert np.isnan(facts(trace)["score"])
    written = plain(trace)
    assert written["detections"]["low_score"] == 2
    assert "waiting" not in written["detections"]
    detail = written["ground_truth"][0]["detail"]
    assert (detail["score"], detail["top_score"]) == (None, None)


def test_beside_a_score_that_is_no_number_the_others_are_told():
    # The cat's is no number on the first proposal and 0.1 on the second: the second speaks, and its dog is the highest.
    found = evidence([(0.9, OBJECT, [0.4, NAN, 0.6], [OBJECT, AWAY]), (0.8, OBJECT, [NAN, 0.1, 0.3], [OBJECT, AWAY])])
    trace = traced(found, [OBJECT], ["cat"], proposals__nms_iou=1.0)
    assert only_cause(trace) is Cause.BACKGROUND
    detail = facts(trace)
    assert (detail["detection"], detail["top_label"]) == (2, "dog")
    assert (detail["score"], detail["top_score"]) == pytest.approx((0.1, 0.3))
    plain(trace)


def test_an_objectness_that_is_no_number_never_passes():
    found = evidence([(NAN, OBJECT, CAT, [OBJECT, OBJECT]), (0.5, AWAY, CAT, [AWAY, AWAY])])
    trace = traced(found, [OBJECT], ["cat"], proposals__min_score=0.0)
    assert trace.proposals.fate.tolist() == [ProposalFate.BELOW_SCORE, ProposalFate.KEPT]
    assert trace.proposals.rank.tolist() == [1, 0]
    assert only_cause(trace) is Cause.PROPOSAL_SCORE
    assert plain(trace)["ground_truth"][0]["detail"]["objectness"] is None
    # behind a number at the top-n too, of which it is the second
    trace = traced(found, [OBJECT], ["cat"], proposals__pre_nms_top_n=1)
    assert (only_cause(trace), facts(trace)["rank"]) == (Cause.TOP_N, 2)


@pytest.mark.parametrize("min_side", [0.0, 4.0])
def test_a_box_that_is_no_box_is_too_small(min_side):
    nowhere = [NAN] * 4
    found = evidence([(0.9, nowhere, CAT, [OBJECT, OBJECT]), (0.8, OBJECT, CAT, [nowhere, [0, NAN, 20, 20]])])
    trace = traced(found, [OBJECT], ["cat"], proposals__min_side=min_side, detections__min_side=min_side)
    assert trace.proposals.fate.tolist() == [ProposalFate.TOO_SMALL, ProposalFate.KEPT]
    assert trace.detections.fate.tolist() == [DetectionFate.TOO_SMALL] * 2
    assert only_cause(trace) is Cause.HEAD_REGRESSION  # its box reaches it at 0
    assert facts(trace)["iou"] == 0
    plain(trace)


@pytest.mark.parametrize("part", ["scores", "boxes", "objectness", "decoded", "all"])
def test_everything_is_no_number(part):
    whole = inspected(GroundTruth(OBJECTS, ("cat", "dog", "cat")))
    first, head = whole.evidence.first, whole.evidence.head
    if part in ("objectness", "all"):
        first = dataclasses.replace(first, objectness=np.full_like(first.objectness, np.nan))
    if part in ("decoded", "all"):
        first = dataclasses.replace(first, boxes=np.full_like(first.boxes, np.nan))
    if part in ("scores", "all"):
        head = dataclasses.replace(head, scores=np.full_like(head.scores, np.nan))
    if part in ("boxes", "all"):
        head = dataclasses.replace(head, boxes=np.full_like(head.boxes, np.nan))
    evidence_gone_wrong = dataclasses.replace(whole.evidence, first=first, head=head)
    trace = follow(evidence_gone_wrong, whole.settings, whole.ground_truth)
    expected = {
        "scores": {Cause.BACKGROUND},
        "boxes": {Cause.HEAD_REGRESSION},
        "objectness": {Cause.PROPOSAL_SCORE},
        "decoded": {Cause.RPN_REGRESSION},
        "all": {Cause.RPN_REGRESSION},
    }
    assert {each.cause for each in trace.judgement.objects} == expected[part]
    written = plain(trace)
    assert written["detections"]["rows"] == []
    assert "waiting" not in written["detections"]


class DivergedNetwork(FakeNetwork):
    """Says NaN of everything, as one does whose training diverged."""

    def rpn(self, features, settings):
        said = super().rpn(features, settings)
        return said._replace(logits=said.logits * np.float32(NAN), deltas=said.deltas * np.float32(NAN))


def test_a_network_whose_training_diverged():
    trace = inspect(DivergedNetwork(OBJECTS, (1, 2, 1)), IMAGE, GroundTruth(OBJECTS, ("cat", "dog", "cat")))
    assert len(trace.proposals.kept) == len(trace.detections.waiting) == 0
    assert {each.cause for each in trace.judgement.objects} == {Cause.RPN_REGRESSION}
    plain(trace)


def test_nan_scores_of_the_rows_seen_do_not_hide_those_that_wait():
    first = make_first([OBJECT, AWAY, [0, 0, 20, 19]], [0.9, 0.8, 0.7])
    head = make_head([0], [[NAN] * 3], [[OBJECT, OBJECT]])
    trace = follow(
        make_evidence(first, head), settings(proposals__nms_iou=1.0), GroundTruth([OBJECT, AWAY], ["cat", "cat"])
    )
    assert trace.detections.fate.tolist() == [DetectionFate.LOW_SCORE] * 2 + [DetectionFate.WAITING] * 4
    assert trace.detections.waiting.tolist() == [1, 2]
    assert [each.outcome for each in trace.judgement.objects] == [Outcome.PENDING] * 2
    plain(trace)


def test_settings_at_their_ends():
    found = evidence([(0.9, OBJECT, CAT, [OBJECT, OBJECT]), (0.8, [0, 0, 20, 12], CAT, [[0, 0, 20, 12], OBJECT])])
    truth = GroundTruth([OBJECT, AWAY, [0, 0, 0, 0]], ["cat", "dog", "cat"])
    for iou in (0.05, 1.0):
        for value in (0.0, 1.0):
            made = Settings()
            for key in ("proposals.min_score", "proposals.nms_iou", "detections.min_score", "detections.nms_iou"):
                made = made.with_value(key, value)
            made = made.with_value("matching.working_score", value).with_value("matching.iou", iou)
            trace = follow(found, made, truth)
            plain(trace)
            assert (trace.judgement.objects[0].outcome is Outcome.FOUND) == (value == 0)
