from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision import ops

from detector.boxes import iou
from detector.config import ProposalSettings
from detector.proposals import follow_proposals
from detector.trace import ProposalFate as Fate
from tests.helpers.evidence import make_first

APART = [[0, 0, 20, 20], [40, 0, 60, 20], [0, 40, 20, 60], [40, 40, 60, 60]]


def test_each_fate_by_hand() -> None:
    first = make_first(
        boxes=[
            [0, 0, 20, 20],  # 0: 0.90, kept
            [2, 0, 22, 20],  # 1: 0.80, IoU with 0: 18 / 22 = 0.82 > 0.7, suppressed
            [40, 0, 60, 20],  # 2: 0.70, kept
            [0, 40, 20, 60],  # 3: 0.60, third after NMS, over the limit of 2
            [40, 40, 60, 60],  # 4: 0.50, sixth of those still in, below the top 5: it never meets the minimum 0.58
            [70, 70, 90, 90],  # 5: 0.55, fifth of those still in, but under the minimum 0.58
            [0, 0, 15, 90],  # 6: 0.99, 15 px wide, under 16 px
        ],
        objectness=[0.9, 0.8, 0.7, 0.6, 0.5, 0.55, 0.99],
    )
    limits = ProposalSettings(min_score=0.58, pre_nms_top_n=5, post_nms_top_n=2)
    found = follow_proposals(first, limits, (1.0, 1.0))
    assert found.fate.tolist() == [
        Fate.KEPT, Fate.SUPPRESSED, Fate.KEPT, Fate.OVER_LIMIT, Fate.BELOW_TOP_N, Fate.BELOW_SCORE, Fate.TOO_SMALL,
    ]  # fmt: skip
    assert found.suppressed_by.tolist() == [-1, 0, -1, -1, -1, -1, -1]
    assert found.kept.tolist() == [0, 2]
    assert found.rank.tolist() == [1, 2, 3, 4, 6, 5, 0]


def test_minimum_side_is_in_image_pixels_and_scales_with_the_image() -> None:
    # Network pixels are half the image's: 10 network px are 20 image px.
    first = make_first([[0, 0, 10, 10]], [0.9])
    assert follow_proposals(first, ProposalSettings(min_side=16), (0.5, 0.5)).fate[0] == Fate.KEPT
    assert follow_proposals(first, ProposalSettings(min_side=16), (1.0, 1.0)).fate[0] == Fate.TOO_SMALL
    # each side by its own factor
    assert follow_proposals(first, ProposalSettings(min_side=16), (0.5, 1.0)).fate[0] == Fate.TOO_SMALL


def test_minimum_side_and_score_include_what_they_say() -> None:
    first = make_first([[0, 0, 16, 16]], [0.25])
    assert follow_proposals(first, ProposalSettings(min_side=16, min_score=0.25), (1.0, 1.0)).fate[0] == Fate.KEPT


def test_equal_objectness_goes_by_the_lower_row_at_every_rank() -> None:
    first = make_first(APART, [0.5] * 4)
    found = follow_proposals(first, ProposalSettings(pre_nms_top_n=3, post_nms_top_n=1), (1.0, 1.0))
    assert found.fate.tolist() == [Fate.KEPT, Fate.OVER_LIMIT, Fate.OVER_LIMIT, Fate.BELOW_TOP_N]
    assert found.rank.tolist() == [0, 1, 2, 3]


def test_what_is_no_number_goes_no_further() -> None:
    # A network gone wrong: an objectness, all of a box, one side of a box.
    nan = float("nan")
    first = make_first([APART[0], [nan] * 4, [0, 40, 20, nan], APART[3]], [nan, 0.8, 0.7, 0.6])
    found = follow_proposals(first, ProposalSettings(min_side=0, min_score=0), (1.0, 1.0))
    assert found.fate.tolist() == [Fate.BELOW_SCORE, Fate.TOO_SMALL, Fate.TOO_SMALL, Fate.KEPT]
    assert found.rank.tolist() == [3, 0, 1, 2]


@pytest.mark.parity
@pytest.mark.parametrize("seed", range(20))
def test_fates_equal_torchvisions_filter_on_boxes_with_nan(seed: int) -> None:
    # The same steps in this model's order, by torchvision's own functions.
    generator = np.random.default_rng(seed)
    corner = generator.random((60, 2)) * 80
    boxes = np.concatenate([corner, corner + generator.random((60, 2)) * 40], axis=1).astype(np.float32)
    objectness = generator.random(60).astype(np.float32)
    boxes[generator.random(boxes.shape) < 0.05] = np.nan
    objectness[generator.random(60) < 0.1] = np.nan
    limits = ProposalSettings(min_side=10, min_score=0.2, nms_iou=0.5, pre_nms_top_n=60, post_nms_top_n=15)
    found = follow_proposals(make_first(boxes, objectness), limits, (1.0, 1.0))
    table, scores = torch.from_numpy(boxes), torch.from_numpy(objectness)
    rows = ops.remove_small_boxes(table, 10)
    rows = rows[scores[rows] >= 0.2]
    expected = rows[ops.nms(table[rows], scores[rows], 0.5)][:15]
    assert found.kept.tolist() == expected.tolist()
    assert len(expected) > 5


def test_training_has_its_own_top_n() -> None:
    first = make_first(APART, [0.9, 0.8, 0.7, 0.6])
    limits = ProposalSettings(post_nms_top_n=1, train_post_nms_top_n=3)
    assert len(follow_proposals(first, limits, (1.0, 1.0)).kept) == 1
    assert len(follow_proposals(first, limits, (1.0, 1.0), training=True).kept) == 3


def test_no_anchor_at_all() -> None:
    found = follow_proposals(make_first([], []), ProposalSettings(), (1.0, 1.0))
    assert len(found.fate) == len(found.kept) == 0


@given(st.integers(0, 2**32 - 1), st.integers(1, 120))
@settings(max_examples=60, deadline=None)
def test_every_row_has_one_fate_and_a_suppressor_that_overlaps(seed: int, count: int) -> None:
    generator = np.random.default_rng(seed)
    corner = generator.random((count, 2)) * 100
    boxes = np.concatenate([corner, corner + generator.random((count, 2)) * 60], axis=1).astype(np.float32)
    first = make_first(boxes, np.round(generator.random(count), 1))
    limits = ProposalSettings(
        min_side=float(generator.integers(0, 30)),
        min_score=float(generator.random() * 0.5),
        pre_nms_top_n=int(generator.integers(1, count + 1)),
        nms_iou=float(generator.random()),
        post_nms_top_n=int(generator.integers(1, count + 1)),
    )
    found = follow_proposals(first, limits, (1.0, 1.0))
    assert np.bincount(found.fate, minlength=6).sum() == count
    assert set(found.kept) == set(np.flatnonzero(found.fate == Fate.KEPT))
    assert len(found.kept) <= limits.post_nms_top_n
    assert (np.diff(first.objectness[found.kept]) <= 0).all()
    suppressed = np.flatnonzero(found.fate == Fate.SUPPRESSED)
    for row in suppressed:
        by = found.suppressed_by[row]
        assert found.fate[by] in (Fate.KEPT, Fate.OVER_LIMIT)
        assert first.objectness[by] >= first.objectness[row]
        assert iou(boxes[row : row + 1], boxes[by : by + 1])[0, 0] > limits.nms_iou
    assert (found.suppressed_by[found.fate != Fate.SUPPRESSED] == -1).all()


def test_ranking_uses_the_probability_not_one_logit_of_two() -> None:
    # Two logits (background, object): anchor 0 has the higher object logit, anchor 1 the higher probability.
    from detector.pipeline import softmax

    logits = np.array([[5.0, 4.0], [0.0, 3.0]], np.float32)
    objectness = softmax(logits)[:, 1]
    assert objectness.tolist() == pytest.approx([1 / (1 + np.e), 1 / (1 + np.exp(-3))])
    found = follow_proposals(make_first(APART[:2], objectness), ProposalSettings(), (1.0, 1.0))
    assert found.kept.tolist() == [1, 0]
