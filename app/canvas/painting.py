"""Crisp boxes: ground truth, positives, marks, hover; each with its line style, exact to the pixel.

Lines are filled rectangles, not strokes: six times as fast, never blurred, and dashes stay where they are on the box
while it moves through the edge of the canvas.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter

from app.canvas.plain import BEYOND, Rects, fill_rects
from app.roles import CASING, RoleStyle

CASING_ALPHA = 150
"""Dark enough to part a line from a white ground, light enough not to thicken it."""

GAP_ALPHA = 210
"""The same where it fills the gaps of a dashed line: there it is half of the pattern."""


def draw_outlines(
    painter: QPainter,
    rects: Rects,
    style: RoleStyle,
    ratio: float,
    canvas_wh: tuple[int, int],
    *,
    thicker: int = 0,
) -> None:
    """Draw boxes in one style; all casings first, so that no casing cuts a line of its neighbour."""
    if not len(rects):
        return
    line = max(1, round((style.width + thicker) * ratio))
    painter.setPen(Qt.PenStyle.NoPen)
    if style.casing:
        case = max(1, round(ratio))
        color = QColor(CASING)
        color.setAlpha(CASING_ALPHA if style.dash is None else GAP_ALPHA)
        painter.setBrush(color)
        fill_rects(painter, sides(rects + np.array([-case, -case, case, case], np.int32), line + 2 * case))
    painter.setBrush(QColor(style.on_dark))
    if style.dash is None:
        fill_rects(painter, sides(rects, line))
    else:
        on, period = max(1, round(style.dash[0] * line)), max(2, round((style.dash[0] + style.dash[1]) * line))
        fill_rects(painter, dashes(rects, line, on, period, canvas_wh))


def sides(rects: Rects, line: int) -> Rects:
    """Outlines as four filled rectangles each, which grow inward and do not overlap; thin boxes are filled."""
    thin = (rects[:, 2:] - rects[:, :2] + 1 <= 2 * line).any(axis=1)
    left, top, right, bottom = rects[~thin].T
    return np.concatenate(
        [
            rects[thin],
            _stacked(left, top, right, top + line - 1),
            _stacked(left, bottom - line + 1, right, bottom),
            _stacked(left, top + line, left + line - 1, bottom - line),
            _stacked(right - line + 1, top + line, right, bottom - line),
        ]
    )


def dashes(rects: Rects, line: int, on: int, period: int, canvas_wh: tuple[int, int]) -> Rects:
    """The four sides as dashes, spread so that each side begins and ends with a dash."""
    left, top, right, bottom = rects.T
    low, far = np.maximum(bottom - line + 1, top), np.maximum(right - line + 1, left)
    box, begin, end = _runs(left, right, on, period, canvas_wh[0])
    parts = [_stacked(begin, side[box], end, side[box] + line - 1) for side in (top, low)]
    box, begin, end = _runs(top, bottom, on, period, canvas_wh[1])
    parts += [_stacked(side[box], begin, side[box] + line - 1, end) for side in (left, far)]
    return np.concatenate(parts)


def _runs(
    first: NDArray[np.int32], last: NDArray[np.int32], on: int, period: int, canvas: int
) -> tuple[NDArray[np.intp], NDArray[np.int32], NDArray[np.int32]]:
    """The dashes in sight of one side of each box: whose they are, where they begin and end."""
    free = np.maximum(last - first + 1 - on, 0)
    gaps = np.where(free > 0, np.maximum(1, np.rint(free / period)), 0)
    step = np.where(free > 0, free / np.maximum(gaps, 1), 1.0)
    lowest = np.clip(np.ceil((-BEYOND - on - first) / step), 0, gaps + 1)
    highest = np.clip(np.floor((canvas + BEYOND - first) / step), -1, gaps)
    count = np.maximum(highest - lowest + 1, 0).astype(np.intp)
    box = np.repeat(np.arange(len(first)), count)
    number = np.arange(len(box)) - np.repeat(np.cumsum(count) - count, count) + lowest[box]
    begin = (first[box] + np.rint(number * step[box])).astype(np.int32)
    return box, begin, np.minimum(begin + np.int32(on - 1), last[box])


def _stacked(*columns: NDArray[np.int32]) -> Rects:
    return np.stack(columns, axis=1).astype(np.int32, copy=False)
