from __future__ import annotations

import numpy as np
import pytest
import torch
import torchvision
from hypothesis import example, given, settings
from hypothesis import strategies as st

from detector import nms as module
from detector.anchors import anchor_grid
from detector.boxes import Columns, iou
from detector.config import AnchorSettings
from detector.nms import nms, nms_by_class, nms_sorted


def random_set(generator: np.random.Generator, count: int, *, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    centre, side = generator.random((count, 2)) * 200, generator.random((count, 2)) * 80
    boxes = np.concatenate([centre - side / 2, centre + side / 2], axis=1).astype(np.float32)
    scores = generator.random(count).astype(np.float32)
    return (np.round(boxes / 8) * 8, np.round(scores * 5) / 5) if ties else (boxes, scores)


@pytest.mark.parity
def test_kept_rows_and_order_equal_torchvision_on_1000_random_sets() -> None:
    generator = np.random.default_rng(0)
    for case in range(1000):
        boxes, scores = random_set(generator, int(generator.integers(0, 300)), ties=case % 2 == 0)
        threshold = float(generator.choice([0.1, 0.3, 0.5, 0.7, 0.9]))
        kept, suppressed_by = nms(boxes, scores, threshold)
        expected = torchvision.ops.nms(
            torch.from_numpy(boxes).float().reshape(-1, 4), torch.from_numpy(scores).float(), threshold
        )
        np.testing.assert_array_equal(kept, expected.numpy())
        check_suppressors(boxes, kept, suppressed_by, threshold)


def check_suppressors(boxes: np.ndarray, kept: np.ndarray, suppressed_by: np.ndarray, threshold: float) -> None:
    """Every suppressed row's suppressor is the first kept box, by score, whose IoU with it exceeds the threshold."""
    assert (suppressed_by[kept] == -1).all()
    dropped = np.setdiff1d(np.arange(len(boxes)), kept)
    if len(dropped) == 0:
        return
    over = iou(boxes[kept], boxes[dropped]).astype(np.float64) > threshold
    assert over.any(axis=0).all()
    np.testing.assert_array_equal(suppressed_by[dropped], kept[over.argmax(axis=0)])


@given(st.integers(0, 2**32 - 1), st.integers(0, 600), st.sampled_from([0.0, 0.2, 0.5, 0.7, 1.0]), st.booleans())
@settings(max_examples=60, deadline=None)
def test_suppressors_over_several_blocks(seed: int, count: int, threshold: float, ties: bool) -> None:
    boxes, scores = random_set(np.random.default_rng(seed), count, ties=ties)
    found = nms(boxes, scores, threshold)
    check_suppressors(boxes.astype(np.float32), found.kept, found.suppressed_by, threshold)


ALIKE = st.tuples(*[st.integers(0, 6)] * 2, *[st.integers(100, 106)] * 2)
"""Overlaps of 0.78 to 1; many are one in the other, where the overlap is the ratio of the areas and not less."""
ANYHOW = st.tuples(*[st.integers(-5, 25)] * 4)
"""Without area, inverted along one axis or both, far apart."""
ODD = st.tuples(*[st.sampled_from([-0.0, 1.0, -3.0, 1e-45, 1e-23, 2e-23, 1e19, 3e38, np.inf, -np.inf, np.nan])] * 4)
BOXES = st.lists(st.one_of(ALIKE, ALIKE, ANYHOW, ODD), max_size=70)
KINDS = st.sampled_from(["any", "an overlap", "just under an overlap"])


@given(BOXES, st.floats(0, 1), KINDS, st.integers(1, 8), st.integers(0, 2**32 - 1))
@example([(0, 0, -3, 3e38), (0, 0, 100, 100), (0, 0, 100, 100)], 0.0, "any", 2, 0)  # an area of minus infinity
@settings(max_examples=150, deadline=None)
def test_equal_to_the_definition_for_boxes_of_any_kind(
    drawn: list, threshold: float, kind: str, block: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    boxes = np.array(drawn, np.float64).astype(np.float32).reshape(-1, 4)
    order = generator.permutation(len(boxes))[: len(boxes) - len(boxes) // 8]
    with np.errstate(all="ignore"), pytest.MonkeyPatch.context() as patch:
        table = Columns(boxes).overlap(Columns(boxes)).astype(np.float64)
        overlaps = table[(table >= 0) & (table <= 1)]
        if kind != "any" and len(overlaps):
            threshold = float(generator.choice(overlaps))
        if kind == "just under an overlap":
            threshold = float(np.nextafter(threshold, 0))
        for name, value in (("BLOCK", block), ("CHUNK", 3), ("PAIRS", 0)):
            patch.setattr(module, name, value)
        found = nms_sorted(boxes, order, threshold)
    kept, suppressed_by = by_definition(table, order, threshold)
    assert found.kept.tolist() == kept
    assert found.suppressed_by.tolist() == suppressed_by


def by_definition(table: np.ndarray, order: np.ndarray, threshold: float) -> tuple[list[int], list[int]]:
    """Best first: dropped by the first of those kept so far that overlaps it by more than the threshold, else kept."""
    kept: list[int] = []
    suppressed_by = [-1] * len(table)
    for row in order.tolist():
        over = [best for best in kept if table[best, row] > threshold]
        if over:
            suppressed_by[row] = over[0]
        else:
            kept.append(row)
    return kept, suppressed_by


def test_one_in_the_other_at_the_very_edge_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    # Their overlap is the ratio of the areas, in float32 rounded up as often as down; the threshold is just under it.
    monkeypatch.setattr(module, "BLOCK", 1)
    generator = np.random.default_rng(5)
    for case in range(300):
        corner, side, share = generator.random(2) * 50, 50 + generator.random(2) * 50, generator.random(2)
        outer, inner = np.concatenate([corner, corner + side]), np.concatenate([corner, corner + side * share])
        boxes = np.array([outer, inner] if case % 2 else [inner, outer], np.float32)
        overlap = iou(boxes[:1], boxes[1:]).item()
        assert nms_sorted(boxes, np.arange(2), float(np.nextafter(overlap, 0))).suppressed_by.tolist() == [-1, 0]
        assert nms_sorted(boxes, np.arange(2), overlap).kept.tolist() == [0, 1]


@pytest.mark.parity
@pytest.mark.parametrize(("threshold", "share"), [(0.3, 0.01), (0.7, 0.15), (0.9, 0.7), (0.95, 0.9), (0.99, 0.99)])
def test_thousands_of_boxes_of_which_few_or_nearly_all_are_kept(threshold: float, share: float) -> None:
    generator = np.random.default_rng(4)
    boxes = anchor_grid(AnchorSettings(), (20, 20)).boxes
    boxes = boxes + generator.normal(0, 4, boxes.shape).astype(np.float32)
    scores = generator.random(len(boxes)).astype(np.float32)
    kept, suppressed_by = nms(boxes, scores, threshold)
    assert len(kept) > len(boxes) * share
    expected = torchvision.ops.nms(torch.from_numpy(boxes), torch.from_numpy(scores), threshold)
    np.testing.assert_array_equal(kept, expected.numpy())
    check_suppressors(boxes, kept, suppressed_by, threshold)


def test_walks_by_score_not_by_row() -> None:
    # Rows 0 and 1 overlap at IoU 90 / 110 = 0.82. Row 1 has the higher score and must win, though it comes later.
    boxes = [[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]]
    kept, suppressed_by = nms(boxes, [0.5, 0.9, 0.7], 0.5)
    assert kept.tolist() == [1, 2]
    assert suppressed_by.tolist() == [1, -1, -1]


def test_suppressed_box_suppresses_nobody() -> None:
    # IoU of neighbours 6 / 14 = 0.43, of the outer two 2 / 18 = 0.11; at 0.3 the middle one falls, the third stays.
    boxes = [[0, 0, 10, 1], [4, 0, 14, 1], [8, 0, 18, 1]]
    kept, suppressed_by = nms(boxes, [0.9, 0.8, 0.7], 0.3)
    assert kept.tolist() == [0, 2]
    assert suppressed_by.tolist() == [-1, 0, -1]


def test_equal_to_the_threshold_is_kept() -> None:
    # IoU 50 / 100 = 0.5 exactly; dropped is only what exceeds the threshold
    boxes = [[0, 0, 10, 10], [0, 0, 10, 5]]
    assert nms(boxes, [0.9, 0.8], 0.5).kept.tolist() == [0, 1]
    assert nms(boxes, [0.9, 0.8], 0.49).kept.tolist() == [0]


def test_threshold_is_compared_in_double_precision() -> None:
    # IoU 3 / 10 in float32 is 0.30000001..., which exceeds the double 0.3: torchvision drops it, and so do we.
    boxes, scores = np.array([[0, 0, 10, 1], [0, 0, 3, 1]], np.float32), np.array([0.9, 0.8], np.float32)
    expected = torchvision.ops.nms(torch.from_numpy(boxes), torch.from_numpy(scores), 0.3).tolist()
    assert nms(boxes, scores, 0.3).kept.tolist() == expected == [0]


def test_width_convention_is_that_of_iou() -> None:
    # Boxes that only touch: with +1 their IoU would be above 0 and a threshold of 0 would drop one.
    assert nms([[0, 0, 10, 10], [10, 0, 20, 10]], [0.9, 0.8], 0.0).kept.tolist() == [0, 1]


def test_ties_go_by_lower_row() -> None:
    kept, suppressed_by = nms([[0, 0, 10, 10]] * 3, [0.5, 0.5, 0.5], 0.5)
    assert kept.tolist() == [0]
    assert suppressed_by.tolist() == [-1, 0, 0]


def test_nothing_in_nothing_out() -> None:
    kept, suppressed_by = nms([], [], 0.5)
    assert len(kept) == 0
    assert len(suppressed_by) == 0


def test_input_is_left_alone_and_must_fit() -> None:
    boxes, scores = random_set(np.random.default_rng(1), 50, ties=False)
    copy = boxes.copy()
    nms(boxes, scores, 0.5)
    np.testing.assert_array_equal(boxes, copy)
    with pytest.raises(ValueError, match="50 boxes need as many scores"):
        nms(boxes, scores[:-1], 0.5)


@pytest.mark.parity
def test_by_class_equals_torchvisions_loop_over_classes() -> None:
    boxes, scores = random_set(np.random.default_rng(2), 1500, ties=False)
    classes = np.random.default_rng(3).integers(1, 5, 1500)
    found = nms_by_class(boxes, scores, classes, 0.4)
    expected = [
        np.flatnonzero(classes == each)[
            torchvision.ops.nms(
                torch.from_numpy(boxes[classes == each]), torch.from_numpy(scores[classes == each]), 0.4
            ).numpy()
        ]
        for each in np.unique(classes)
    ]
    kept = np.concatenate(expected)
    np.testing.assert_array_equal(found.kept, kept[np.argsort(-scores[kept], kind="stable")])
    dropped = found.suppressed_by >= 0
    np.testing.assert_array_equal(classes[dropped], classes[found.suppressed_by[dropped]])
