"""Curved arrows from one box to another."""

from __future__ import annotations

import math
from typing import NamedTuple

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from app.canvas.placement import Place
from app.canvas.plain import Rect, device_point
from app.canvas.transform import ViewTransform
from app.roles import CASING, role_style
from app.scene import Arrow

HEAD_POINTS = 10.0
"""Length of the head, in widget points."""

LINE_POINTS, LINE_SPOTS = 4.0, 12
"""The line as so many spots of this reach."""


class ArrowShape(NamedTuple):
    """An arrow on the canvas, device pixels: a curve by its two ends and the point that bends it, and its head."""

    start: QPointF
    control: QPointF
    end: QPointF
    head: QPolygonF


def shape_of(arrow: Arrow, view: ViewTransform) -> ArrowShape:
    """Where an arrow lies in a view."""
    start, end = QPointF(*device_point(arrow.start, view)), QPointF(*device_point(arrow.end, view))
    control = _curve(start, end, view.ratio)[1]
    return ArrowShape(start, control, end, _head(control, end, HEAD_POINTS * view.ratio))


def draw_arrow(painter: QPainter, arrow: Arrow, view: ViewTransform) -> None:
    """The line with its head, cased; the text is a tag at `bend_of`."""
    shape = shape_of(arrow, view)
    path = QPainterPath(shape.start)
    path.quadTo(shape.control, shape.end)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    color = QColor(role_style(arrow.role).on_dark)
    for ink, width in ((QColor(CASING), 4.5), (color, 2.0)):
        pen = QPen(ink, width * view.ratio)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
        painter.setPen(QPen(ink, max(1.0, (width - 1.5) * view.ratio)))
        painter.setBrush(color)
        painter.drawPolygon(shape.head)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def bend_of(arrow: Arrow, view: ViewTransform) -> Rect:
    """The middle of the curve as a small box, at which the text is placed."""
    start, end = QPointF(*device_point(arrow.start, view)), QPointF(*device_point(arrow.end, view))
    middle = _curve(start, end, view.ratio)[2]
    x, y, reach = round(middle.x()), round(middle.y()), round(4 * view.ratio)
    return x - reach, y - reach, x + reach, y + reach


def covered_by(arrow: Arrow, view: ViewTransform) -> list[Place]:
    """What the head and the line cover: no text should lie there."""
    start, end = QPointF(*device_point(arrow.start, view)), QPointF(*device_point(arrow.end, view))
    path = _curve(start, end, view.ratio)[0]
    spots = [(path.pointAtPercent(step / LINE_SPOTS), LINE_POINTS) for step in range(LINE_SPOTS)]
    return [_around(spot, round(reach * view.ratio)) for spot, reach in [(end, HEAD_POINTS), *spots]]


def _around(spot: QPointF, reach: int) -> Place:
    x, y = round(spot.x()), round(spot.y())
    return Place(x - reach, y - reach, x + reach, y + reach)


def _curve(start: QPointF, end: QPointF, ratio: float) -> tuple[QPainterPath, QPointF, QPointF]:
    """A bow from start to end, the point that its tip comes from, and its middle."""
    dx, dy = end.x() - start.x(), end.y() - start.y()
    length = math.hypot(dx, dy) or 1.0
    # Short arrows bow out far, so that they can be seen at all; long ones a little.
    bow = max(0.28 * length, min(36.0 * ratio, 0.9 * length + 12.0 * ratio))
    normal_x, normal_y = dy / length, -dx / length
    if normal_y > 0:
        # Upward: the text of the arrow stands above it.
        normal_x, normal_y = -normal_x, -normal_y
    control = QPointF((start.x() + end.x()) / 2 + 2 * bow * normal_x, (start.y() + end.y()) / 2 + 2 * bow * normal_y)
    path = QPainterPath(start)
    path.quadTo(control, end)
    middle = path.pointAtPercent(0.5)
    return path, control, middle


def _head(control: QPointF, end: QPointF, size: float) -> QPolygonF:
    """The arrow's head along the end of the curve."""
    angle = math.atan2(end.y() - control.y(), end.x() - control.x())
    corners = [end]
    for turn in (math.pi - 0.42, math.pi + 0.42):
        corners.append(QPointF(end.x() + size * math.cos(angle + turn), end.y() + size * math.sin(angle + turn)))
    return QPolygonF(corners)
