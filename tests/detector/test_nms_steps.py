"""NMS one box at a time, against a plain greedy loop."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.boxes import iou
from detector.config import DetectionSettings, ProposalSettings
from detector.detections import follow_detections
from detector.nms_steps import detection_steps, proposal_steps
from detector.proposals import follow_proposals
from detector.trace import DetectionFate, ProposalFate
from tests.helpers.evidence import make_first, make_head

# All 10 high, so IoU of two that are d apart is (10 - d) / (10 + d): 1 apart 9/11 = 0.818, 2 apart 8/12 = 0.667,
# 3 apart 7/13 = 0.538, 4 apart 6/14 = 0.429, 5 apart 5/15 = 0.333.
ROW = [[x, 0, x + 10, 10] for x in (0, 2, 5, 40, 41)]
SCORES = [0.9, 0.8, 0.7, 0.6, 0.95]


def proposals_of(boxes, scores, **changes):
    chosen = dataclasses.replace(ProposalSettings(min_side=0.0, nms_iou=0.5), **changes)
    return follow_proposals(make_first(boxes, scores), chosen, (1.0, 1.0))


def detections_of(boxes, scores, **changes):
    """One proposal a box; `scores` (P, K) by class, all classes of a proposal have its box."""
    scores = np.asarray(scores, np.float32)
    with_background = np.concatenate([1 - scores.sum(axis=1, keepdims=True), scores], axis=1)
    head = make_head(range(len(boxes)), with_background, [[box] * scores.shape[1] for box in boxes])
    chosen = dataclasses.replace(DetectionSettings(min_score=0.05, nms_iou=0.5), **changes)
    return follow_detections(head, np.arange(len(boxes)), np.asarray(boxes, np.float32), chosen, (1.0, 1.0))


def told(steps):
    return list(zip(steps.rows.tolist(), steps.keepers.tolist(), strict=True))


def test_proposals_by_hand():
    steps = proposal_steps(proposals_of(ROW, SCORES))
    # Best first: 4 (0.95), 0, 1, 2, 3. Box 4 stays; 3 is 1 from it: falls. Box 0 stays; 1 is 2 from it: falls;
    # 2 is 5 from it and stays, though 3 from box 1 (0.538): that one is gone.
    assert told(steps) == [(4, 4), (3, 4), (0, 0), (1, 0), (2, 2)]
    assert steps.keeps.tolist() == [True, False, True, False, True]
    assert steps.numbers.tolist() == [0, 1, 2, 3, 4]
    assert [steps.place_of(row) for row in range(5)] == [2, 3, 4, 1, 0]


def test_each_class_by_itself_and_all_in_the_order_of_scores():
    # rows are proposal * 2 + class: A and B, first of proposal 0
    steps = detection_steps(detections_of(ROW[:2], [[0.3, 0.6], [0.5, 0.2]]))
    # B 0.6 (row 1) stays, B 0.2 (row 3) falls by it; A 0.5 (row 2) stays, A 0.3 (row 0) falls by it
    assert told(steps) == [(1, 1), (3, 1), (2, 2), (0, 2)]


def test_what_other_filters_dropped_takes_no_part_and_what_the_limit_cuts_does():
    # The lowest, 3, is beyond the first 4; of the three that stay (4, 0, 2) the limit cuts 2.
    found = proposals_of(ROW, SCORES, pre_nms_top_n=4, post_nms_top_n=2)
    steps = proposal_steps(found)
    assert told(steps) == [(4, 4), (0, 0), (1, 0), (2, 2)]
    assert found.fate[2] == ProposalFate.OVER_LIMIT
    assert steps.place_of(3) == -1
    # 0.04 is under the minimum score; of two kept ones the limit of 1 cuts the second
    found = detections_of([ROW[0], ROW[3], ROW[1]], [[0.9], [0.5], [0.04]], max_detections=1)
    assert told(detection_steps(found)) == [(0, 0), (1, 1)]
    assert found.fate.tolist() == [DetectionFate.KEPT, DetectionFate.OVER_LIMIT, DetectionFate.LOW_SCORE]


def test_only_some_boxes_come_with_those_that_suppress_them():
    steps = proposal_steps(proposals_of(ROW, SCORES))
    wanted = np.isin(steps.rows, [1, 2])
    near = steps.among(wanted)
    assert told(near) == [(0, 0), (1, 0), (2, 2)]
    assert near.numbers.tolist() == [2, 3, 4]
    assert len(steps.among(np.zeros(5, bool))) == 0


def test_nothing_to_walk():
    assert len(proposal_steps(proposals_of(ROW, SCORES, min_side=20.0))) == 0
    assert len(detection_steps(detections_of(ROW, [[0.01]] * 5))) == 0


def greedy(boxes, scores, classes, threshold):
    """By hand: the best that is left stays, and all of its class that overlap it by more fall."""
    table = iou(boxes, boxes).astype(np.float64)
    left = sorted(range(len(boxes)), key=lambda row: (-scores[row], row))
    steps = []
    while left:
        best = left.pop(0)
        falls = [row for row in left if classes[row] == classes[best] and table[best, row] > threshold]
        steps += [(best, best), *((row, best) for row in falls)]
        left = [row for row in left if row not in falls]
    return steps


def random_boxes(generator, count):
    """On a grid of 8 px, and scores in steps of 0.1: many ties."""
    corner, side = generator.integers(0, 8, (count, 2)) * 8, generator.integers(1, 6, (count, 2)) * 8
    scores = generator.integers(1, 10, count).astype(np.float32) / 10
    return np.concatenate([corner, corner + side], axis=1).astype(np.float32), scores


@given(st.integers(0, 2**32 - 1), st.integers(0, 120), st.sampled_from([0.0, 0.25, 0.5, 0.7]))
@settings(max_examples=80, deadline=None)
def test_proposals_go_as_in_a_plain_greedy_loop(seed, count, threshold):
    boxes, scores = random_boxes(np.random.default_rng(seed), count)
    found = proposals_of(boxes, scores, nms_iou=threshold, post_nms_top_n=10)
    assert told(proposal_steps(found)) == greedy(boxes, scores, [0] * count, threshold)


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 4), st.sampled_from([0.1, 0.45, 0.7]))
@settings(max_examples=80, deadline=None)
def test_detections_go_as_in_a_plain_greedy_loop(seed, count, num_classes, threshold):
    generator = np.random.default_rng(seed)
    boxes, _ = random_boxes(generator, count)
    scores = np.stack([random_boxes(generator, count)[1] for _ in range(num_classes)], axis=1) / num_classes
    found = detections_of(boxes, scores, nms_iou=threshold, max_detections=5)
    steps = detection_steps(found)
    rows = np.flatnonzero(found.score > np.float32(0.05))
    expected = greedy(found.boxes[rows], found.score[rows], found.label[rows], threshold)
    assert told(steps) == [(int(rows[row]), int(rows[keeper])) for row, keeper in expected]
    # each box once, none before the one that suppresses it
    assert sorted(steps.rows.tolist()) == rows.tolist()
    dropped = np.flatnonzero(found.suppressed_by >= 0)
    assert sorted(steps.rows[~steps.keeps].tolist()) == dropped.tolist()
    np.testing.assert_array_equal(steps.keepers[~steps.keeps], found.suppressed_by[steps.rows[~steps.keeps]])


@pytest.mark.parametrize("near", [0.0, 0.3, 1.0])
def test_a_part_of_the_steps_keeps_their_order(near):
    generator = np.random.default_rng(3)
    boxes, scores = random_boxes(generator, 100)
    steps = proposal_steps(proposals_of(boxes, scores))
    some = steps.among(generator.random(100) < near)
    assert told(some) == [told(steps)[number] for number in some.numbers]
    assert set(some.keepers.tolist()) <= set(some.rows.tolist())
