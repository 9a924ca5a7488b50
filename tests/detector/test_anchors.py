from __future__ import annotations

import numpy as np
import pytest

from detector.anchors import anchor_grid, cell_anchors, crosses_border
from detector.config import AnchorSettings, Settings

CLASSIC = Settings().anchors

# The nine anchors of cell (0, 0) as yxyx, to the precision the classic table is printed with.
CLASSIC_TABLE_YXYX = [
    [-37.254833, -82.50967, 53.254833, 98.50967],
    [-82.50967, -173.01933, 98.50967, 189.01933],
    [-173.01933, -354.03867, 189.01933, 370.03867],
    [-56.0, -56.0, 72.0, 72.0],
    [-120.0, -120.0, 136.0, 136.0],
    [-248.0, -248.0, 264.0, 264.0],
    [-82.50967, -37.254833, 98.50967, 53.254833],
    [-173.01933, -82.50967, 189.01933, 98.50967],
    [-354.03867, -173.01933, 370.03867, 189.01933],
]


def test_first_cell_is_the_classic_table() -> None:
    boxes = anchor_grid(CLASSIC, feature_hw=(50, 50)).boxes
    assert boxes.shape == (22500, 4)
    assert boxes.dtype == np.float32
    np.testing.assert_allclose(boxes[:9][:, [1, 0, 3, 2]], CLASSIC_TABLE_YXYX, rtol=1e-6)


def test_shape_keeps_area_and_ratio() -> None:
    # size 128, ratio h / w = 2: h = 128 * sqrt(2) = 181.02, w = 128 / sqrt(2) = 90.51
    boxes = cell_anchors(AnchorSettings(sizes=(128.0,), ratios=(2.0,)))
    width, height = (boxes[:, 2:] - boxes[:, :2])[0]
    assert height / width == pytest.approx(2)
    assert height * width == pytest.approx(128 * 128, rel=1e-6)


def test_classic_image_has_8940_anchors_inside() -> None:
    inside = ~crosses_border(anchor_grid(CLASSIC, (50, 50)).boxes, (800, 800))
    assert inside.sum() == 8940
    assert [int(inside[k::9].sum()) for k in range(9)] == [1672, 1064, 112, 1764, 1156, 324, 1672, 1064, 112]


def test_rows_run_y_outer_x_inner_anchor_innermost() -> None:
    # Not square: with x and y exchanged row 9 would sit one cell below instead of one to the right.
    grid = anchor_grid(CLASSIC, feature_hw=(3, 5))
    centres = (grid.boxes[:, :2] + grid.boxes[:, 2:]) / 2
    np.testing.assert_allclose(centres[0], [8, 8], atol=1e-4)
    np.testing.assert_allclose(centres[9], [24, 8], atol=1e-4)
    np.testing.assert_allclose(centres[5 * 9], [8, 24], atol=1e-4)


def test_place_and_rows_of_cell_are_inverse() -> None:
    grid = anchor_grid(CLASSIC, feature_hw=(3, 5))
    for row in (0, 8, 9, 44, 45, 134):
        place = grid.place(row)
        assert grid.rows_of_cell(place.cell_x, place.cell_y)[place.shape] == row
        width, height = grid.boxes[row, 2:] - grid.boxes[row, :2]
        assert height / width == pytest.approx(place.ratio, rel=1e-5)
        assert np.sqrt(height * width) == pytest.approx(place.size, rel=1e-5)


def test_known_anchor_of_the_classic_example() -> None:
    place = anchor_grid(CLASSIC, (50, 50)).place(11074)
    assert (place.cell_x, place.cell_y, place.size, place.ratio) == (30, 24, 256.0, 1.0)


def test_nearest_cell_stays_in_the_map() -> None:
    grid = anchor_grid(CLASSIC, feature_hw=(3, 5))
    assert grid.nearest_cell(17, 1) == (1, 0)
    assert grid.nearest_cell(-50, 1000) == (0, 2)


def test_wrong_rows_and_cells_are_named() -> None:
    grid = anchor_grid(CLASSIC, feature_hw=(3, 5))
    with pytest.raises(IndexError, match="135"):
        grid.place(135)
    with pytest.raises(IndexError, match="cell x 5"):
        grid.rows_of_cell(5, 0)


def test_grid_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="read-only"):
        anchor_grid(CLASSIC, (2, 2)).boxes[0, 0] = 1
