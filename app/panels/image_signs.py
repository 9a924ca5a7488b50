"""The signs of an image's standing in the list. Each has a shape of its own: colour alone tells nobody enough."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from app.image_state import Standing
from app.panels.glyphs import paint_eye
from app.theme import Theme, text_scale

SIGN = 10.0
"""Side of a sign, at the usual size of text."""


def standing_colour(standing: Standing, theme: Theme) -> QColor:
    """Green where a person is done, red where something is wrong, quiet where nothing has been done yet."""
    if standing == "error":
        return theme.error
    if standing in ("verified", "verified_empty"):
        return theme.good
    return theme.text if standing == "annotated" else theme.muted


def paint_standing(painter: QPainter, centre: QPointF, standing: Standing, theme: Theme) -> None:
    """A dash, an eye, a frame, a full frame, a tick, a tick in a frame, or a triangle."""
    colour, half = standing_colour(standing, theme), SIGN / 2 * text_scale()
    area = QRectF(centre.x() - half, centre.y() - half, 2 * half, 2 * half)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    width = 1.3 * text_scale()
    painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    frame = area.adjusted(width, width, -width, -width)
    if standing == "new":
        painter.drawLine(QPointF(area.left() + width, centre.y()), QPointF(area.right() - width, centre.y()))
    elif standing == "looked_at":
        paint_eye(painter, area.adjusted(-1, 0, 1, 0), colour, is_open=True)
    elif standing == "empty":
        painter.drawRect(frame)
    elif standing == "annotated":
        painter.drawRect(frame)
        painter.fillRect(frame.adjusted(width, width, -width, -width), colour)
    elif standing == "verified":
        _paint_tick(painter, area, colour, 1.8 * text_scale())
    elif standing == "verified_empty":
        painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))
        _paint_tick(painter, area.adjusted(half / 2.2, half / 2.2, -half / 2.2, -half / 2.2), colour, width)
    else:
        _paint_warning(painter, area, colour, width)
    painter.restore()


def _paint_tick(painter: QPainter, area: QRectF, colour: QColor, width: float) -> None:
    painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    side = area.width()
    painter.drawPolyline(
        [
            QPointF(area.left() + 0.06 * side, area.top() + 0.55 * side),
            QPointF(area.left() + 0.36 * side, area.top() + 0.86 * side),
            QPointF(area.left() + 0.94 * side, area.top() + 0.16 * side),
        ]
    )


def _paint_warning(painter: QPainter, area: QRectF, colour: QColor, width: float) -> None:
    top, bottom = area.top() + width / 2, area.bottom() - width / 2
    painter.drawPolygon(
        QPolygonF([QPointF(area.center().x(), top), QPointF(area.right(), bottom), QPointF(area.left(), bottom)])
    )
    x, side = area.center().x(), area.height()
    painter.drawLine(QPointF(x, top + 0.38 * side), QPointF(x, top + 0.58 * side))
    painter.drawPoint(QPointF(x, top + 0.76 * side))


def paint_unsaved(painter: QPainter, centre: QPointF, theme: Theme) -> None:
    """A diamond."""
    half = 4.5 * text_scale()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.accent)
    x, y = centre.x(), centre.y()
    painter.drawPolygon(
        QPolygonF([QPointF(x, y - half), QPointF(x + half, y), QPointF(x, y + half), QPointF(x - half, y)])
    )
    painter.restore()
