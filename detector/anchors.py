"""The grid of anchors (Faster R-CNN, section 3.1.1).

Shapes: H, W cells of the feature map; R ratios; S sizes; n = R * S anchors a cell; A = H * W * n anchors.
Order:  y outer, x inner, anchor innermost; within a cell the ratio is outer and the size inner. The RPN's output
        (N, n, H, W) flattened as (N, H, W, n) has the same order, so that row i of one is row i of the other.
Centre: the middle of each cell, at stride * (x + 0.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from detector.boxes import Floats, frozen
from detector.config import AnchorSettings


class AnchorPlace(NamedTuple):
    """Where an anchor sits and which shape it has."""

    cell_x: int
    cell_y: int
    shape: int
    size: float
    ratio: float


@dataclass(frozen=True, slots=True, eq=False)
class AnchorGrid:
    """All anchors of one feature map.

    Attributes:
        boxes: (A, 4) float32 xyxy in network pixels, read-only.
        settings: what they were made from.
        feature_hw: (H, W).
    """

    boxes: Floats
    settings: AnchorSettings
    feature_hw: tuple[int, int]

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def shapes_per_cell(self) -> int:
        """Anchors in each cell: ratios x sizes."""
        return len(self.settings.sizes) * len(self.settings.ratios)

    def place(self, row: int) -> AnchorPlace:
        """The cell and the shape of an anchor.

        Raises:
            IndexError: where there is no such row.
        """
        if not 0 <= row < len(self):
            raise IndexError(f"There is no anchor {row}; the grid holds {len(self)}.")
        cell, shape = divmod(row, self.shapes_per_cell)
        cell_y, cell_x = divmod(cell, self.feature_hw[1])
        ratio, size = divmod(shape, len(self.settings.sizes))
        return AnchorPlace(cell_x, cell_y, shape, self.settings.sizes[size], self.settings.ratios[ratio])

    def rows_of_cell(self, cell_x: int, cell_y: int) -> range:
        """The rows of all anchors of one cell.

        Raises:
            IndexError: where there is no such cell.
        """
        height, width = self.feature_hw
        if not (0 <= cell_x < width and 0 <= cell_y < height):
            raise IndexError(f"There is no cell x {cell_x}, y {cell_y}; the map is {width} x {height}.")
        first = (cell_y * width + cell_x) * self.shapes_per_cell
        return range(first, first + self.shapes_per_cell)

    def nearest_cell(self, x: float, y: float) -> tuple[int, int]:
        """(cell_x, cell_y) of the centre nearest to a point in network pixels."""
        height, width = self.feature_hw
        stride = self.settings.stride
        return min(max(int(x // stride), 0), width - 1), min(max(int(y // stride), 0), height - 1)


def cell_anchors(settings: AnchorSettings) -> Floats:
    """The shapes of one cell around the origin, (n, 4) float32 xyxy; ratio outer, size inner."""
    # height * width = size * size and height / width = ratio
    ratios = np.sqrt(np.asarray(settings.ratios, np.float64))[:, None]
    sizes = np.asarray(settings.sizes, np.float64)[None, :]
    half_h = (0.5 * sizes * ratios).ravel()
    half_w = (0.5 * sizes / ratios).ravel()
    return np.stack([-half_w, -half_h, half_w, half_h], axis=1).astype(np.float32)


def anchor_grid(settings: AnchorSettings, feature_hw: tuple[int, int]) -> AnchorGrid:
    """All anchors of a feature map of `feature_hw` = (H, W) cells."""
    height, width = feature_hw
    x = (np.arange(width, dtype=np.float32) + np.float32(0.5)) * settings.stride
    y = (np.arange(height, dtype=np.float32) + np.float32(0.5)) * settings.stride
    centres = np.empty((height, width, 1, 4), np.float32)
    centres[..., 0::2] = x[None, :, None, None]
    centres[..., 1::2] = y[:, None, None, None]
    boxes = (centres + cell_anchors(settings)).reshape(-1, 4)  # (H, W, n, 4) -> (A, 4)
    return AnchorGrid(frozen(boxes), settings, (int(height), int(width)))


def crosses_border(boxes: Floats, image_hw: tuple[int, int]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(N,) True where a box leaves the image."""
    height, width = image_hw
    x1, y1, x2, y2 = np.ascontiguousarray(boxes.T)
    outside: np.ndarray[tuple[int], np.dtype[np.bool_]] = (x1 < 0) | (y1 < 0) | (x2 > width) | (y2 > height)
    return outside
