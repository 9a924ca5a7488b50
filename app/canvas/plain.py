"""The border between numpy and Qt: only plain Python numbers pass.

QPainter takes numpy's scalars in some calls, converts them slowly in others and crashes on none of the tests one thinks
of: so every coordinate that is painted comes out of one of these three functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from app.canvas.raster import Columns, Window, visible_edges
from app.canvas.transform import ViewTransform

Rect: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom in device pixels, the last two included."""

BEYOND = 64
"""Boxes are cut this far outside of the canvas, where no line can show."""


def device_rects(
    columns: Columns, transform: ViewTransform, canvas_wh: tuple[int, int]
) -> tuple[list[Rect], list[int]]:
    """The boxes whose outline is in sight, by the pixel rule, and their places in the columns."""
    x, y = transform.origin
    around = Window(-x - BEYOND, -y - BEYOND, canvas_wh[0] + 2 * BEYOND, canvas_wh[1] + 2 * BEYOND)
    edges, places = visible_edges(columns, transform.scale, around)
    rects = list(zip(*((edge - BEYOND).tolist() for edge in edges), strict=True))
    return rects, list(range(len(rects))) if places is None else places.tolist()


def columns_of(boxes: Sequence[Sequence[float]]) -> Columns:
    """A few boxes as columns."""
    array = np.ascontiguousarray(np.asarray(boxes, np.float32).reshape(-1, 4).T)
    return array[0], array[1], array[2], array[3]


def device_point(point: Sequence[float], transform: ViewTransform) -> tuple[float, float]:
    """A point of the image in device pixels."""
    x, y = transform.to_device(float(point[0]), float(point[1]))
    return float(x), float(y)
