from __future__ import annotations

import numpy as np
import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.boxes import iou
from detector.nms import nms, nms_by_class


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
