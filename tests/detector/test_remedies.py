"""What would have found a missed object: hand-worked for each setting, and against every step of every setting."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from detector import remedy_scans, remedy_trials
from detector.config import Settings, setting_info
from detector.evidence import HeadOutputs
from detector.ground_truth import GroundTruth
from detector.pipeline import Cancelled, follow
from detector.remedies import REMEDY_KEYS, Remedy, Search, apply, cheapest_first, named_by, search_remedies
from detector.trace import Cause, DetectionOutcome, Outcome
from tests.helpers.evidence import make_evidence, make_first, make_head

LEFT, MIDDLE, RIGHT = [0, 0, 40, 40], [10, 0, 50, 40], [60, 0, 100, 40]
"""IoU of LEFT and MIDDLE: 30 * 40 / (2 * 1,600 - 1,200) = 0.6, in float32 a little more."""

CALM = {
    "proposals.min_side": 1.0,
    "proposals.nms_iou": 0.95,
    "detections.nms_iou": 0.95,
    "matching.iou": 0.7,
}
"""Nothing that is not asked for gets in the way."""


class Image:
    """Proposals with what the head says of each, and objects; all boxes are their own anchors and refined boxes.

    Attributes:
        asked: the anchor rows that `complete` was asked about, one list a call.
    """

    def __init__(self, proposals, objects, refined=None, seen=None):
        boxes, objectness, scores = zip(*proposals, strict=True)
        self.first = make_first(boxes, objectness)
        rows = [[1 - cat, cat, 0.0] if isinstance(cat, float) else [1 - sum(cat), *cat] for cat in scores]
        own = boxes if refined is None else refined
        self.head = make_head(range(len(boxes)), rows, [[box] * 2 for box in own])
        known = self.head if seen is None else part_of(self.head, np.arange(seen))
        self.evidence = make_evidence(self.first, known)
        self.truth = GroundTruth(np.array(objects, np.float32), ["cat"] * len(objects))
        self.asked = []

    def trace(self, **changes):
        settings = Settings()
        for key, value in (CALM | {key.replace("__", "."): value for key, value in changes.items()}).items():
            settings = settings.with_value(key, value)
        return follow(self.evidence, settings, self.truth)

    def complete(self, evidence, rows):
        self.asked.append(rows.tolist())
        return evidence.with_head(part_of(self.head, rows), 0.0)


def part_of(head, rows):
    at = head.find(np.sort(np.asarray(rows, np.int64)))
    return HeadOutputs(head.rows[at], head.scores[at], head.boxes[at])


def searched(trace, number, complete=None):
    return {search.key: search for search in search_remedies(trace, number, complete)}


def found_at(trace, number, key, value):
    then = follow(trace.evidence, trace.settings.with_value(key, value), trace.ground_truth)
    return then.judgement.objects[number].outcome is Outcome.FOUND


def only(searches):
    """The values of the settings that would do."""
    return {key: search.remedy.value for key, search in searches.items() if search.remedy is not None}


TWO = [(LEFT, 0.9, 0.9), (MIDDLE, 0.8, 0.8)]


@pytest.mark.parametrize(
    ("changes", "cause", "key", "value"),
    [
        ({"detections__nms_iou": 0.5}, Cause.NMS, "detections.nms_iou", 0.61),
        # its score is 0.8, and has to be above the limit
        ({"matching__working_score": 0.85}, Cause.BACKGROUND, "matching.working_score", 0.79),
        ({"detections__min_score": 0.85}, Cause.BACKGROUND, "detections.min_score", 0.79),
        ({"detections__max_detections": 1}, Cause.OVER_LIMIT, "detections.max_detections", 2),
        ({"detections__top_n": 1}, Cause.DETECTION_TOP_N, "detections.top_n", 2),
        ({"proposals__post_nms_top_n": 1}, Cause.PROPOSAL_LIMIT, "proposals.post_nms_top_n", 2),
        ({"proposals__pre_nms_top_n": 1}, Cause.TOP_N, "proposals.pre_nms_top_n", 2),
        ({"proposals__nms_iou": 0.5}, Cause.PROPOSAL_NMS, "proposals.nms_iou", 0.61),
        # 0.8 is not under 0.8
        ({"proposals__min_score": 0.85}, Cause.PROPOSAL_SCORE, "proposals.min_score", 0.8),
    ],
    ids=lambda value: str(value) if isinstance(value, Cause) else "",
)
def test_the_limit_that_the_box_did_not_pass(changes, cause, key, value):
    trace = Image(TWO, [LEFT, MIDDLE]).trace(**changes)
    assert trace.judgement.objects[1].cause is cause
    searches = searched(trace, 1)
    named = named_by(cause)
    assert key in named
    assert tuple(searches)[: len(named)] == named  # what the cause names comes first
    assert set(searches) == set(REMEDY_KEYS)
    remedy = searches[key].remedy
    (before,) = changes.values()
    assert (remedy.key, remedy.value, remedy.before) == (key, value, before)
    assert type(remedy.value) is type(setting_info(key).default)
    assert found_at(trace, 1, key, value)
    info = setting_info(key)
    assert remedy.share == pytest.approx(abs(value - before) / (info.high - info.low))
    assert all(search.exhaustive and not search.needs_network for search in searches.values())
    assert apply(trace.settings, remedy) == trace.settings.with_value(key, value)


@pytest.mark.parametrize(
    ("stage", "cause"), [("proposals", Cause.TOO_SMALL), ("detections", Cause.DETECTION_TOO_SMALL)]
)
def test_a_box_that_is_too_small_is_let_through_at_its_own_side(stage, cause):
    image = Image([(LEFT, 0.9, 0.9), ([60, 0, 72, 30], 0.8, 0.8)], [LEFT, [60, 0, 72, 30]])
    trace = image.trace(**{f"{stage}__min_side": 20.0})
    assert trace.judgement.objects[1].cause is cause
    # 12 is not under 12
    assert only(searched(trace, 1)) == {f"{stage}.min_side": 12.0}


def test_another_box_suppresses_next():
    # IoU of the object's box with LEFT: 28 / 52 = 0.538, with the box between them: 35 / 45 = 0.778
    image = Image(
        [(LEFT, 0.9, 0.9), ([17, 0, 57, 40], 0.8, 0.85), ([12, 0, 52, 40], 0.7, 0.8)], [LEFT, [12, 0, 52, 40]]
    )
    trace = image.trace(detections__nms_iou=0.5, matching__iou=0.8)
    assert trace.judgement.objects[1].detail["suppressor_iou"] == pytest.approx(0.538, abs=1e-3)
    # At a match IoU of 0.77 the box between them would do for it.
    assert only(searched(trace, 1)) == {"detections.nms_iou": 0.78, "matching.iou": 0.77}


def test_the_box_that_finds_it_is_named():
    # Its own box comes back at 0.61.
    remedy = searched(Image(TWO, [LEFT, MIDDLE]).trace(detections__nms_iou=0.5), 1)["detections.nms_iou"].remedy
    assert (remedy.anchor, remedy.is_own) == (1, True)
    assert (remedy.score, remedy.iou) == (pytest.approx(0.8), 1)
    # Between LEFT and the object lie its own box, 2 px from it at 38 / 42 = 0.905, and a lower one, 10 px from LEFT at
    # 30 / 50 = 0.6 and 2 px from the object on the other side. Own and LEFT overlap at 34 / 46 = 0.739 > 0.61.
    own, other, wanted = [6, 0, 46, 40], [10, 0, 50, 40], [8, 0, 48, 40]
    trace = Image([(LEFT, 0.9, 0.9), (own, 0.8, 0.8), (other, 0.7, 0.7)], [LEFT, wanted]).trace(
        detections__nms_iou=0.5, matching__iou=0.8
    )
    assert trace.judgement.objects[1].detail["anchor"] == 1
    remedy = searched(trace, 1)["detections.nms_iou"].remedy
    assert (remedy.value, remedy.anchor, remedy.is_own) == (0.61, 2, False)
    assert remedy.iou == pytest.approx(38 / 42)


def test_only_a_lower_nms_frees_the_object_where_the_limit_counts():
    # A and B overlap at IoU 24 / 56 = 0.429; B and the object's box at 32 / 48 = 0.667; A and the object's at 0.25
    a, b, own = [0, 0, 40, 40], [16, 0, 56, 40], [24, 0, 64, 40]
    trace = Image([(a, 0.9, 0.9), (b, 0.8, 0.8), (own, 0.7, 0.7)], [a, own]).trace(
        detections__nms_iou=0.5, detections__max_detections=2
    )
    assert trace.judgement.objects[1].cause is Cause.NMS
    remedies = only(searched(trace, 1))
    # From 0.67 on all three survive, and the third is over the limit. Under 0.429 A drops B, and own is second.
    assert remedies["detections.nms_iou"] == 0.42
    assert found_at(trace, 1, "detections.nms_iou", 0.42)
    assert not any(found_at(trace, 1, "detections.nms_iou", step / 100) for step in range(43, 101))


def test_a_lower_proposal_nms_frees_an_object_as_well():
    # The same three as proposals; the head sees two.
    a, b, own = [0, 0, 40, 40], [16, 0, 56, 40], [24, 0, 64, 40]
    trace = Image([(a, 0.9, 0.9), (b, 0.8, 0.8), (own, 0.7, 0.7)], [a, own]).trace(
        proposals__nms_iou=0.5, proposals__post_nms_top_n=2
    )
    assert trace.judgement.objects[1].cause is Cause.PROPOSAL_NMS
    assert only(searched(trace, 1))["proposals.nms_iou"] == 0.42


def test_of_two_equally_near_the_cheaper_one():
    # At 0.50 B drops own. Up from 0.55 on: IoU 0.546 of B and own; down to 0.45: IoU 0.455 of A and B.
    a, b, own = [0, 0, 44, 40], [16, 0, 58, 40], [29, 0, 71, 40]
    # A, B: 28 / 58 = 0.483; B, own: 29 / 55 = 0.527: both one way and the other by three steps
    trace = Image([(a, 0.9, 0.9), (b, 0.8, 0.8), (own, 0.7, 0.7)], [a, own]).trace(
        detections__nms_iou=0.505, matching__iou=0.9
    )
    remedy = searched(trace, 1)["detections.nms_iou"].remedy
    up, down = (found_at(trace, 1, "detections.nms_iou", value) for value in (0.53, 0.48))
    assert (up, down) == (True, True)
    # both are 0.025 away; B is a false positive, and goes where the NMS is lower
    assert (remedy.value, remedy.before, remedy.false_positives, remedy.lost) == (0.48, 0.505, -1, 0)


def test_scores_and_overlaps_that_lie_on_a_step():
    def score_needs(score):
        trace = Image([(LEFT, 0.9, score)], [LEFT]).trace(matching__working_score=0.9)
        return only(searched(trace, 0))["matching.working_score"]

    # In float32 0.8 is 0.800000012 on both sides; above it is the next number up.
    assert score_needs(0.8) == 0.79
    assert score_needs(float(np.nextafter(np.float32(0.8), np.float32(1)))) == 0.8

    def overlap_needs(shift):
        boxes = [LEFT, [shift, 0, 40 + shift, 40]]
        trace = Image([(boxes[0], 0.9, 0.9), (boxes[1], 0.8, 0.8)], boxes).trace(
            detections__nms_iou=0.3, matching__iou=0.9
        )
        return only(searched(trace, 1))["detections.nms_iou"]

    # 30 / 50 is 0.60000002 in float32 and over 0.60; 15 / 65 ... 20 / 60 = 0.3333; 24 / 56 = 0.42857
    assert overlap_needs(10) == 0.61
    assert overlap_needs(16) == 0.43
    # Two boxes of 40 x 40 and 40 x 20, one in the other: exactly 0.5, which is not over 0.50.
    half = [0, 0, 40, 20]
    trace = Image([(LEFT, 0.9, 0.9), (half, 0.8, 0.8)], [LEFT, half]).trace(detections__nms_iou=0.4, matching__iou=0.9)
    assert only(searched(trace, 1))["detections.nms_iou"] == 0.5


def test_a_match_iou_that_no_box_reaches():
    # IoU of the only box with the object: 30 / 50 = 0.6
    trace = Image([(LEFT, 0.9, 0.9)], [MIDDLE]).trace(matching__iou=0.75)
    assert trace.judgement.objects[0].cause is Cause.NO_ANCHOR
    searches = searched(trace, 0)
    assert only(searches) == {"matching.iou": 0.6}
    assert all(search.exhaustive for search in searches.values())


def test_nothing_finds_an_object_of_which_the_head_says_nothing():
    trace = Image([(LEFT, 0.9, 0.9), (RIGHT, 0.8, 0.0)], [LEFT, RIGHT]).trace()
    searches = searched(trace, 1)
    assert only(searches) == {}
    assert all(search.exhaustive and not search.needs_network for search in searches.values())
    assert sum(search.tries for search in searches.values()) < 10  # the rest is known without


def test_a_score_under_both_limits_has_no_single_setting():
    trace = Image(TWO, [LEFT, MIDDLE]).trace(matching__working_score=0.85, detections__min_score=0.82)
    searches = searched(trace, 1)
    assert list(searches)[:2] == ["matching.working_score", "detections.min_score"]
    assert only(searches) == {}


def test_all_candidates_let_through_may_be_nearer_than_enough_of_them():
    boxes = [[x, 0, x + 8, 8] for x in range(0, 96, 12)]
    proposals = [(box, 0.9 - at / 100, 0.9 - at / 100) for at, box in enumerate(boxes)]
    # Rank 8 of 8; from 3 up to 8 are 5 steps, down to 0, which lets all through, 3.
    assert only(searched(Image(proposals, boxes).trace(detections__top_n=3), 7)) == {"detections.top_n": 0}
    # From 6 up to 8 are 2 steps.
    assert only(searched(Image(proposals, boxes).trace(detections__top_n=6), 7)) == {"detections.top_n": 8}


def test_a_value_off_the_steps_is_where_it_is():
    trace = Image(TWO, [LEFT, MIDDLE]).trace(detections__nms_iou=0.605, matching__working_score=0.805)
    # Nothing is suppressed at 0.605; the score 0.8 needs less than 0.8.
    remedy = searched(trace, 1)["matching.working_score"].remedy
    assert (remedy.before, remedy.value) == (0.805, 0.79)
    trace = Image(TWO, [LEFT, MIDDLE]).trace(detections__nms_iou=0.595)
    assert only(searched(trace, 1)) == {"detections.nms_iou": 0.61}


def test_the_price_is_that_of_the_whole_image():
    # Three boxes beside each other. Below the working score 0.8: MIDDLE finds the second object (0.7), RIGHT is on
    # background (0.75), and the last one finds another object (0.72).
    last = [60, 50, 100, 90]
    image = Image([(LEFT, 0.9, 0.9), (MIDDLE, 0.8, 0.7), (RIGHT, 0.7, 0.75), (last, 0.6, 0.72)], [LEFT, MIDDLE, last])
    remedy = searched(image.trace(matching__working_score=0.8), 1)["matching.working_score"].remedy
    assert (remedy.value, remedy.false_positives, remedy.lost, remedy.gained) == (0.69, 1, 0, 1)


def test_an_object_that_is_lost_in_exchange_is_counted():
    # One detection is allowed. Without the larger, better box the smaller one is the first.
    small, large = [0, 0, 20, 40], [40, 0, 90, 40]
    trace = Image([(large, 0.9, 0.9), (small, 0.8, 0.8)], [large, small]).trace(detections__max_detections=1)
    remedies = only(searched(trace, 1))
    assert remedies == {"detections.max_detections": 2}
    # Turned round: the small one is in the way, and a minimum side of 21 px takes it away.
    trace = Image([(small, 0.9, 0.9), (large, 0.8, 0.8)], [small, large]).trace(detections__max_detections=1)
    remedy = searched(trace, 1)["detections.min_side"].remedy
    assert (remedy.value, remedy.false_positives, remedy.lost, remedy.gained) == (21.0, 0, 1, 0)


WAITING = [(LEFT, 0.9, 0.9), ([0, 60, 20, 80], 0.8, 0.1), (RIGHT, 0.7, 0.8)]


def test_the_head_is_asked_about_what_is_new():
    image = Image(WAITING, [LEFT, RIGHT], seen=1)
    trace = image.trace(proposals__post_nms_top_n=1)
    searches = searched(trace, 1, image.complete)
    assert only(searches) == {"proposals.post_nms_top_n": 3}
    assert all(search.exhaustive and not search.needs_network for search in searches.values())
    asked = list(itertools.chain(*image.asked))
    assert sorted(asked) == sorted(set(asked))  # nothing twice: what was learnt is carried on


def test_without_a_network_nothing_is_claimed_of_what_is_new():
    trace = Image(WAITING, [LEFT, RIGHT], seen=1).trace(proposals__post_nms_top_n=1)
    searches = searched(trace, 1)
    assert only(searches) == {}
    left_out = {key for key, search in searches.items() if search.needs_network}
    assert left_out == {"proposals.post_nms_top_n"}
    assert {key for key, search in searches.items() if not search.exhaustive} == left_out


def test_without_a_network_a_value_still_counts_where_the_head_knows_enough():
    # The head has seen the first three; the limit lets one through. Up to 3 all is known.
    image = Image([*WAITING, ([0, 85, 12, 97], 0.6, 0.1)], [LEFT, RIGHT], seen=3)
    searches = searched(image.trace(proposals__post_nms_top_n=1), 1)
    assert searches["proposals.post_nms_top_n"].remedy.value == 3


def test_what_waits_now_is_settled_first():
    image = Image(WAITING, [LEFT, RIGHT, [0, 60, 20, 80]], seen=1)
    trace = image.trace(matching__working_score=0.85)
    # The objects at the waiting proposals are pending, the first one is found: none is missed.
    assert [each.outcome for each in trace.judgement.objects] == [Outcome.FOUND, Outcome.PENDING, Outcome.PENDING]
    # An object that no waiting proposal touches is missed; the head may still find it with one.
    far = dataclasses.replace(image.truth, boxes=np.array([LEFT, [0, 50, 40, 90], [50, 50, 90, 90]], np.float32))
    image = Image([(LEFT, 0.9, 0.9), (RIGHT, 0.8, 0.9)], far.boxes, refined=[LEFT, [50, 50, 90, 90]], seen=1)
    trace = image.trace()
    assert trace.judgement.objects[2].outcome is Outcome.MISSED
    assert len(trace.detections.waiting) == 1
    unknown = list(search_remedies(trace, 2))
    assert len(unknown) == len(REMEDY_KEYS)
    assert all(s.needs_network and not s.exhaustive and s.remedy is None and s.tries == 0 for s in unknown)
    assert list(search_remedies(trace, 2, image.complete)) == []
    silent = list(search_remedies(trace, 2, lambda evidence, rows: evidence))
    assert not any(search.exhaustive or search.needs_network for search in silent)


def test_a_head_that_does_not_answer_is_not_asked_for_ever():
    trace = Image(WAITING, [LEFT, RIGHT], seen=1).trace(proposals__post_nms_top_n=1)
    searches = searched(trace, 1, lambda evidence, rows: evidence)
    assert only(searches) == {}
    assert not searches["proposals.post_nms_top_n"].exhaustive


def test_too_many_tries_are_not_called_exhaustive(monkeypatch):
    # Every step up lets one more cat through, none of which is the object's; the last one would find it.
    boxes = [[x, 0, x + 8, 8] for x in range(0, 96, 12)]
    proposals = [(box, 0.9 - at / 100, 0.9) for at, box in enumerate(boxes)]
    image = Image(proposals, [boxes[0], boxes[7]], refined=[*boxes[:7], boxes[7]])
    trace = image.trace(proposals__post_nms_top_n=1)
    assert only(searched(trace, 1)) == {"proposals.post_nms_top_n": 8}
    # A row that could find it from the second on, if the limit of one detection did not stop it.
    refined = [boxes[0]] + [boxes[7]] * 7
    limited = Image(proposals, [boxes[0], boxes[7]], refined=refined)
    trace = limited.trace(proposals__post_nms_top_n=1, detections__max_detections=1)
    search = searched(trace, 1)["proposals.post_nms_top_n"]
    assert (search.remedy, search.exhaustive) == (None, True)
    assert search.tries == 7
    monkeypatch.setattr(remedy_scans, "MAX_TRIES", 3)
    search = searched(trace, 1)["proposals.post_nms_top_n"]
    assert (search.remedy, search.exhaustive, search.needs_network) == (None, False, False)
    assert search.tries == 3


def test_too_many_proposals_for_the_head_are_not_called_exhaustive(monkeypatch):
    monkeypatch.setattr(remedy_trials, "HEAD_ROWS", 1)
    image = Image(WAITING, [LEFT, RIGHT], seen=1)
    search = searched(image.trace(proposals__post_nms_top_n=1), 1, image.complete)["proposals.post_nms_top_n"]
    assert (search.remedy, search.exhaustive, search.needs_network) == (None, False, False)


def test_the_head_is_asked_in_batches(monkeypatch):
    monkeypatch.setattr(remedy_trials, "HEAD_BATCH", 2)
    boxes = [[x, 0, x + 8, 8] for x in range(0, 96, 12)]
    image = Image([(box, 0.9 - at / 100, 0.9) for at, box in enumerate(boxes)], boxes, seen=1)
    searches = searched(image.trace(proposals__post_nms_top_n=1), 7, image.complete)
    assert only(searches) == {"proposals.post_nms_top_n": 8}
    assert max(len(rows) for rows in image.asked) == 2


def test_it_can_be_cancelled_between_tries():
    trace = Image(TWO, [LEFT, MIDDLE]).trace(detections__nms_iou=0.5)
    calls = 0

    def check():
        nonlocal calls
        calls += 1
        if calls == 5:
            raise Cancelled

    search = search_remedies(trace, 1, check=check)
    with pytest.raises(Cancelled):
        list(search)
    assert calls == 5


def test_answers_come_one_by_one():
    trace = Image(TWO, [LEFT, MIDDLE]).trace(detections__nms_iou=0.5)
    calls = []
    search = search_remedies(trace, 1, check=lambda: calls.append(1))
    assert calls == []
    assert next(search).key == "detections.nms_iou"
    first = len(calls)
    assert next(search).key != "detections.nms_iou"
    assert len(calls) > first > 0


def test_a_search_goes_on_with_the_settings_that_are_not_known_yet():
    trace = Image(TWO, [LEFT, MIDDLE]).trace(detections__nms_iou=0.5)
    whole = [each.key for each in search_remedies(trace, 1)]
    assert sorted(whole) == sorted(REMEDY_KEYS)
    assert [each.key for each in search_remedies(trace, 1, known=whole[:5])] == whole[5:]


def test_only_of_a_missed_object_is_anything_said():
    image = Image(TWO, [LEFT, MIDDLE])
    with pytest.raises(ValueError, match="Object 0 is found, not missed"):
        search_remedies(image.trace(detections__nms_iou=0.5), 0)
    for number in (2, -1):
        with pytest.raises(IndexError, match=f"no object {number}; there are 2"):
            search_remedies(image.trace(), number)
    with pytest.raises(ValueError, match="Without ground truth"):
        search_remedies(follow(image.evidence, Settings()), 0)
    image.truth = dataclasses.replace(image.truth, difficult=[True, True])
    with pytest.raises(ValueError, match="is ignored"):
        search_remedies(image.trace(detections__nms_iou=0.5), 1)
    image.truth = GroundTruth(image.truth.boxes, ["cat", "zebra"])
    trace = image.trace()
    assert trace.judgement.objects[1].cause is Cause.UNKNOWN_CLASS
    assert list(search_remedies(trace, 1)) == []


def test_the_cheapest_comes_first():
    def search(key, *price):
        return Search(key, Remedy(key, 1, 2, *price, 0, 0.9, 0.8, True), 1, exhaustive=True, needs_network=False)

    found = [
        search("matching.iou", 0, 0, 3, 0.3),
        search("matching.working_score", -1, 4, 0, 0.9),
        search("detections.top_n", 0, 0, 0, 0.1),
        search("proposals.nms_iou", 0, 0, 0, 0.3),
        search("proposals.min_side", 0, 1, 9, 0.0),
        Search("detections.min_score", None, 3, exhaustive=True, needs_network=False),
    ]
    assert [each.key for each in cheapest_first(found)] == [
        "matching.working_score",
        "detections.top_n",
        "proposals.nms_iou",
        "matching.iou",
        "proposals.min_side",
    ]


def test_every_live_setting_of_inference_is_looked_at():
    live = {"proposals", "detections", "matching"}
    infos = [setting_info(key) for key in REMEDY_KEYS]
    assert all(info.group in live and not info.evidence and not info.training for info in infos)
    groups = [(name, each.name) for name in live for each in dataclasses.fields(getattr(Settings(), name))]
    wanted = {f"{group}.{name}" for group, name in groups if not setting_info(f"{group}.{name}").training}
    assert set(REMEDY_KEYS) == wanted


# -- against a look at every value -------------------------------------------------------------------------------------


def random_image(seed):
    """A few objects of two classes near to each other, proposals around them, scores and sides on the steps."""
    random = np.random.default_rng(seed)
    count, num_objects = int(random.integers(4, 16)), int(random.integers(2, 5))
    corners = random.integers(0, 20, (num_objects, 2)) * 2
    objects = np.concatenate([corners, corners + random.integers(5, 14, (num_objects, 2)) * 2], axis=1)
    around = objects[random.integers(0, num_objects, count)]
    boxes = np.clip(around + random.integers(-3, 4, (count, 4)), 0, 100)
    boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 2)
    refined = np.clip(around[:, None] + random.integers(-2, 3, (count, 2, 4)), 0, 100)
    refined[..., 2:] = np.maximum(refined[..., 2:], refined[..., :2] + 2)
    cat = random.integers(0, 20, count)
    dog = random.integers(0, 20 - cat)
    scores = np.stack([20 - cat - dog, cat, dog], axis=1) / 20
    head = make_head(range(count), scores, refined)
    first = make_first(boxes, random.integers(1, 20, count) / 20)
    labels = [("cat", "cat", "dog")[at] for at in random.integers(0, 3, num_objects)]
    truth = GroundTruth(objects.astype(np.float32), labels, difficult=random.random(num_objects) < 0.1)
    settings = Settings()
    # The first value is lenient; the others are in the way of something.
    choices = {
        "proposals.min_side": (0.0, 8.0, 12.5),
        "proposals.min_score": (0.0, 0.3, 0.455),
        "proposals.pre_nms_top_n": (6000, 3, 8),
        "proposals.nms_iou": (0.7, 0.5, 0.655),
        "proposals.post_nms_top_n": (300, 2, 5),
        "detections.min_score": (0.05, 0.4),
        "detections.top_n": (0, 2, 6),
        "detections.min_side": (0.0, 12.0),
        "detections.nms_iou": (0.45, 0.2, 0.7),
        "detections.max_detections": (100, 1, 3),
        "matching.iou": (0.5, 0.7, 0.85),
        "matching.working_score": (0.1, 0.3, 0.6),
    }
    for key, values in choices.items():
        is_strict = random.random() < 0.2
        settings = settings.with_value(key, values[int(random.integers(1, len(values))) if is_strict else 0])
    return first, head, truth, settings


def all_values(key, before, count):
    """Every step that can differ from its neighbours: no count above those of the rows, no side above the boxes'."""
    info = setting_info(key)
    if isinstance(info.default, int):
        return range(int(info.low), 2 * count + 2)
    if key.endswith("min_side"):
        return [float(side) for side in range(102)]
    steps = [round(step * 0.01, 2) for step in range(101)]
    return [step for step in steps if step >= info.low and step != before]


def false_positives(trace):
    right = (DetectionOutcome.TRUE_POSITIVE, DetectionOutcome.NOT_JUDGED)
    return sum(outcome not in right for outcome in trace.judgement.detections)


def found_objects(trace):
    return {number for number, each in enumerate(trace.judgement.objects) if each.outcome is Outcome.FOUND}


def check_against_every_value(key, seed):
    """One setting on one image; how many objects were missed, and how many of them it would find."""
    first, head, truth, settings = random_image(seed)
    whole = follow(make_evidence(first, head), settings, truth)
    missed = [number for number, each in enumerate(whole.judgement.objects) if each.outcome is Outcome.MISSED]
    if not missed:
        return 0, 0
    trace = follow(make_evidence(first, part_of(head, whole.proposals.kept)), settings, truth)
    assert len(trace.detections.waiting) == 0
    before, values = settings.value(key), all_values(key, settings.value(key), len(first.boxes))
    then = {value: follow(whole.evidence, settings.with_value(key, value), truth, whole) for value in values}
    now, helped = found_objects(whole), 0
    for number in missed:
        found = searched(trace, number, lambda evidence, rows: evidence.with_head(part_of(head, rows), 0.0))
        search, remedy = found[key], found[key].remedy
        assert search.exhaustive
        assert not search.needs_network
        away = {value: round(abs(value - before), 9) for value in values if number in found_objects(then[value])}
        nearest = [value for value in away if away[value] == min(away.values())]
        prices = {}
        for value in nearest:
            is_found = found_objects(then[value])
            more = false_positives(then[value]) - false_positives(whole)
            prices[value] = (more, len(now - is_found), len(is_found - now - {number}))
        if nearest:
            assert remedy is not None, (number, nearest)
            assert remedy.value in nearest
            assert (remedy.false_positives, remedy.lost, remedy.gained) == prices[remedy.value]
            assert (remedy.false_positives, remedy.lost) == min(price[:2] for price in prices.values())
            assert remedy.before == before
            helped += 1
        else:
            assert remedy is None
    return len(missed), helped


@pytest.mark.parametrize("key", REMEDY_KEYS)
@hypothesis_settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_remedy_is_the_nearest_of_all_values(key, seed):
    check_against_every_value(key, seed)


@pytest.mark.parametrize("key", ["detections.max_detections", "proposals.post_nms_top_n"])
def test_the_random_images_say_something(key):
    missed, helped = np.sum([check_against_every_value(key, seed) for seed in range(25)], axis=0)
    assert missed > 20
    assert helped > 1
