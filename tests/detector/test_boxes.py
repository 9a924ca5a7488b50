from __future__ import annotations

import numpy as np
import pytest
import torch
import torchvision
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from detector import boxes as bx


def coordinates(count: int | None = None) -> st.SearchStrategy[np.ndarray]:
    rows = st.integers(1, 20) if count is None else st.just(count)
    return rows.flatmap(lambda n: hnp.arrays(np.float32, (n, 4), elements=st.floats(0, 500, width=32)).map(_ordered))


def _ordered(values: np.ndarray) -> np.ndarray:
    low = np.minimum(values[:, :2], values[:, 2:])
    high = np.maximum(values[:, :2], values[:, 2:])
    return np.concatenate([low, high + 1], axis=1).astype(np.float32)


def test_iou_by_hand() -> None:
    # 10 x 10 and 10 x 10 shifted by (5, 0): intersection 5 * 10 = 50, union 100 + 100 - 50 = 150
    table = bx.iou(bx.as_boxes([[0, 0, 10, 10]]), bx.as_boxes([[5, 0, 15, 10], [20, 20, 30, 30], [0, 0, 10, 10]]))
    np.testing.assert_allclose(table, [[50 / 150, 0, 1]])


def test_width_has_no_plus_one() -> None:
    # With +1 two boxes that only touch would overlap by a column of one pixel.
    assert bx.iou(bx.as_boxes([[0, 0, 10, 10]]), bx.as_boxes([[10, 0, 20, 10]]))[0, 0] == 0
    assert bx.area(bx.as_boxes([[0, 0, 10, 10]]))[0] == 100


def test_iou_of_boxes_without_area_is_zero_and_not_nan() -> None:
    point = bx.as_boxes([[5, 5, 5, 5]])
    assert bx.iou(point, point)[0, 0] == 0
    assert bx.paired_iou(point, point)[0] == 0


@given(coordinates(), coordinates())
def test_iou_equals_torchvision_to_the_bit(a: np.ndarray, b: np.ndarray) -> None:
    expected = torchvision.ops.box_iou(torch.from_numpy(a), torch.from_numpy(b)).numpy()
    found = bx.iou(a, b)
    np.testing.assert_array_equal(found, expected)
    assert ((found >= 0) & (found <= 1)).all()
    np.testing.assert_array_equal(found, bx.iou(b, a).T)


@given(coordinates(7), coordinates(7))
def test_paired_iou_is_the_diagonal(a: np.ndarray, b: np.ndarray) -> None:
    np.testing.assert_array_equal(bx.paired_iou(a, b), np.diagonal(bx.iou(a, b)))


def test_encode_by_hand() -> None:
    # reference: centre (50, 40), 100 x 80; box: centre (60, 60), 50 x 40
    deltas = bx.encode(bx.as_boxes([[0, 0, 100, 80]]), bx.as_boxes([[35, 40, 85, 80]]))
    # dx = 10 / 100, dy = 20 / 80, dw = ln(50 / 100), dh = ln(40 / 80)
    np.testing.assert_allclose(deltas, [[0.1, 0.25, np.log(0.5), np.log(0.5)]], rtol=1e-6)


def test_centres_use_height_for_y_and_width_for_x() -> None:
    # A wide box of 200 x 20: with the width used for both, the centre's y would be 100 instead of 10.
    wide = bx.as_boxes([[0, 0, 200, 20]])
    moved = bx.decode(wide, np.array([[0.0, 0.0, np.log(0.5), 0.0]], np.float32))
    np.testing.assert_allclose(moved, [[50, 0, 150, 20]], atol=1e-4)
    assert bx.encode(wide, bx.as_boxes([[0, 2, 200, 22]]))[0, 1] == pytest.approx(2 / 20)


@given(coordinates(5), coordinates(5))
def test_decode_undoes_encode(references: np.ndarray, targets: np.ndarray) -> None:
    tall = np.maximum(targets[:, 2:] - targets[:, :2], references[:, 2:] - references[:, :2])
    narrow = np.minimum(targets[:, 2:] - targets[:, :2], references[:, 2:] - references[:, :2])
    if (tall / narrow > 60).any():  # decode clamps at 1000 / 16 = 62.5 times the side
        return
    np.testing.assert_allclose(bx.decode(references, bx.encode(references, targets)), targets, atol=1e-3)


def test_wild_deltas_stay_finite() -> None:
    box = bx.decode(bx.as_boxes([[0, 0, 16, 16]]), np.array([[0, 0, 500, 500]], np.float32))
    # 16 px * 1000 / 16 = 1000 px a side around the centre 8
    np.testing.assert_allclose(box, [[8 - 500, 8 - 500, 8 + 500, 8 + 500]], rtol=1e-5)


def test_decode_several_sets_a_reference() -> None:
    references = bx.as_boxes([[0, 0, 10, 10], [20, 20, 40, 60]])
    deltas = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32) * 0.2
    together = bx.decode(references, deltas)
    for k in range(3):
        np.testing.assert_array_equal(together[:, k], bx.decode(references, deltas[:, k]))


def test_clip_and_scale_take_x_from_the_width() -> None:
    clipped = bx.clip(bx.as_boxes([[-5, -5, 300, 300]]), (100, 200))  # height 100, width 200
    np.testing.assert_array_equal(clipped, [[0, 0, 200, 100]])
    np.testing.assert_array_equal(bx.scale(clipped, (0.5, 2.0)), [[0, 0, 100, 200]])
    np.testing.assert_allclose(bx.unscale(bx.scale(clipped, (0.5, 2.0)), (0.5, 2.0)), clipped)


def test_clip_leaves_its_input_alone() -> None:
    boxes = bx.as_boxes([[-5, -5, 300, 300]])
    bx.clip(boxes, (100, 100))
    np.testing.assert_array_equal(boxes, [[-5, -5, 300, 300]])


def test_boxes_of_the_wrong_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(N, 4\)"):
        bx.as_boxes([[1, 2, 3]])
    assert bx.as_boxes([]).shape == (0, 4)
