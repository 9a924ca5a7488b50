"""The border between numpy and Qt.

QPainter takes numpy's scalars in some calls, converts them slowly in others and crashes on none of the tests one thinks
of: so every coordinate that is painted comes out of this file, as a plain number or, where there are many, as memory
that Qt reads itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter
from shiboken6 import Shiboken

from app.canvas.raster import Columns, Window, edges_in_sight
from app.canvas.transform import ViewTransform

Rect: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom in device pixels, the last two included."""

Rects: TypeAlias = NDArray[np.int32]
"""(n, 4) of them: just what a QRect is in memory."""

BEYOND = 64
"""Boxes this far outside of the canvas still count as in sight: their casing, or half a thick line, may be."""

_FAR = 2**24
"""Whole numbers up to here are exact in float32."""


def outline_rects(
    columns: Columns, transform: ViewTransform, canvas_wh: tuple[int, int]
) -> tuple[Rects, NDArray[np.intp]]:
    """The boxes whose outline is in sight, by the pixel rule, whole; and their places in the columns."""
    x, y = transform.origin
    around = Window(-x - BEYOND, -y - BEYOND, canvas_wh[0] + 2 * BEYOND, canvas_wh[1] + 2 * BEYOND)
    edges, places = edges_in_sight(columns, transform.scale, around)
    rects = np.empty((len(edges[0]), 4), np.int32)
    for column, edge in enumerate(edges):
        rects[:, column] = np.clip(edge - np.float32(BEYOND), -_FAR, _FAR)
    return rects, np.arange(len(rects)) if places is None else places


def device_rects(
    columns: Columns, transform: ViewTransform, canvas_wh: tuple[int, int]
) -> tuple[list[Rect], list[int]]:
    """The same in plain numbers, cut where nothing can be seen any more: for what is placed at boxes."""
    rects, places = outline_rects(columns, transform, canvas_wh)
    low, high = -BEYOND - 2, np.array(canvas_wh * 2, np.int32) + BEYOND + 1
    return [tuple(rect) for rect in np.clip(rects, low, high).tolist()], places.tolist()


def fill_rects(painter: QPainter, rects: Rects) -> None:
    """Draw them with the painter's pen and brush; Qt reads the array's memory, instead of a list of objects."""
    if len(rects):
        memory = np.ascontiguousarray(rects, np.int32)
        # Used up within the call: a wrapper that lived on would be taken for the next array at its address.
        painter.drawRects(cast("QRect", Shiboken.wrapInstance(memory.ctypes.data, QRect)), len(memory))


def columns_of(boxes: Sequence[Sequence[float]]) -> Columns:
    """A few boxes as columns."""
    array = np.ascontiguousarray(np.asarray(boxes, np.float32).reshape(-1, 4).T)
    return array[0], array[1], array[2], array[3]


def device_point(point: Sequence[float], transform: ViewTransform) -> tuple[float, float]:
    """A point of the image in device pixels."""
    x, y = transform.to_device(float(point[0]), float(point[1]))
    return float(x), float(y)
