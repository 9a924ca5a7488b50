"""Anchors and objects that the benchmarks of the detector and those of the canvas share."""

from __future__ import annotations

import numpy as np

from detector.anchors import AnchorGrid, anchor_grid
from detector.boxes import frozen
from detector.config import AnchorSettings, Settings

OBJECTS = np.array([[30, 20, 500, 400], [400, 300, 600, 500]], np.float32)
SETTINGS = Settings()
RATIOS = SETTINGS.anchors.ratios


def classic_grid() -> tuple[AnchorGrid, tuple[int, int]]:
    """22,500 anchors on 800 x 800."""
    return anchor_grid(SETTINGS.anchors, (50, 50)), (800, 800)


def pyramid_grid() -> tuple[AnchorGrid, tuple[int, int]]:
    """217,413 anchors on 1088 x 800: those of five levels, one after the other as if they were one row of cells."""
    levels = [
        anchor_grid(AnchorSettings((8.0 * stride,), RATIOS, stride), (-(-800 // stride), -(-1088 // stride))).boxes
        for stride in (4, 8, 16, 32, 64)
    ]
    boxes = frozen(np.concatenate(levels))
    return AnchorGrid(boxes, AnchorSettings((32.0,), RATIOS, 4), (1, len(boxes) // 3)), (800, 1088)
