"""Small signs painted by hand: fonts differ in which symbols they have, and icons would need files in two colours."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap

from app.roles import role_style
from app.scene import Role
from app.theme import Theme, text_scale


def _pen(colour: QColor, width: float = 1.4) -> QPen:
    return QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


def paint_eye(painter: QPainter, area: QRectF, colour: QColor, is_open: bool) -> None:
    """An eye, or the same crossed out."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(_pen(colour, 1.3))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    left, right, middle = area.left() + 1, area.right() - 1, area.center()
    lid = QPainterPath(QPointF(left, middle.y()))
    lid.quadTo(QPointF(middle.x(), middle.y() - area.height() * 0.62), QPointF(right, middle.y()))
    lid.quadTo(QPointF(middle.x(), middle.y() + area.height() * 0.62), QPointF(left, middle.y()))
    painter.drawPath(lid)
    if is_open:
        painter.setBrush(colour)
        painter.drawEllipse(middle, 1.8 * text_scale(), 1.8 * text_scale())
    else:
        painter.drawLine(QPointF(left + 1.5, area.bottom() - 1), QPointF(right - 1.5, area.top() + 1))
    painter.restore()


def paint_chevron(painter: QPainter, centre: QPointF, colour: QColor, down: bool = False, size: float = 3.5) -> None:
    """A small angle: to the right (closed, or "then"), or down (open)."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(_pen(colour))
    painter.translate(centre)
    if down:
        painter.rotate(90)
    size *= text_scale()
    half = size / 2
    painter.drawPolyline([QPointF(-half, -size), QPointF(half, 0), QPointF(-half, size)])
    painter.restore()


def paint_swatch(painter: QPainter, area: QRectF, role: Role, theme: Theme) -> None:
    """A piece of line as the canvas draws it: colour, dash pattern and width."""
    style = role_style(role)
    # A dashed pattern needs some width to be told from a dotted one at this length.
    pen = QPen(QColor(style.on_dark if theme.is_dark else style.on_light), max(style.width, 1.0) + 0.6)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if style.dash is not None:
        # Shorter than on the canvas: a swatch must hold a few dashes.
        pen.setDashPattern([length * 0.5 for length in style.dash])
    painter.save()
    painter.setPen(pen)
    painter.drawLine(QPointF(area.left(), area.center().y()), QPointF(area.right(), area.center().y()))
    painter.restore()


def paint_dot(painter: QPainter, centre: QPointF, colour: QColor, filled: bool, radius: float = 3.6) -> None:
    """A disc or a ring: done, or not yet."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(_pen(colour, 1.2))
    painter.setBrush(colour if filled else Qt.BrushStyle.NoBrush)
    painter.drawEllipse(centre, radius * text_scale(), radius * text_scale())
    painter.restore()


def paint_focus(painter: QPainter, area: QRectF, theme: Theme, radius: float = 6) -> None:
    """The ring around what has the keyboard."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.accent, 1.0, Qt.PenStyle.DotLine))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(area, radius, radius)
    painter.restore()


def _canvas(side: int, ratio: float) -> tuple[QPixmap, QPainter]:
    pixmap = QPixmap(round(side * ratio), round(side * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    return pixmap, painter


def pin_icon(colour: QColor, is_pinned: bool) -> QIcon:
    """A pin: leaning and empty, or stuck in and filled."""
    pixmap, painter = _canvas(16, 2.0)
    painter.setPen(_pen(colour, 1.3))
    painter.translate(8, 8)
    if is_pinned:
        painter.setBrush(colour)
    else:
        painter.rotate(40)
    head = [QPointF(-2.4, -6), QPointF(2.4, -6), QPointF(2, -1.2), QPointF(4, 1.6), QPointF(-4, 1.6), QPointF(-2, -1.2)]
    painter.drawPolygon(head)
    painter.drawLine(QPointF(0, 2), QPointF(0, 6.2))
    painter.end()
    return QIcon(pixmap)


def reset_icon(colour: QColor) -> QIcon:
    """An arrow that turns back."""
    pixmap, painter = _canvas(16, 2.0)
    painter.setPen(_pen(colour, 1.5))
    painter.drawArc(QRectF(3.2, 3.2, 9.6, 9.6), 135 * 16, -275 * 16)
    painter.drawPolyline([QPointF(4.2, 1.8), QPointF(4.3, 5.2), QPointF(7.7, 5.1)])
    painter.end()
    return QIcon(pixmap)


def undo_icon(colour: QColor, faint: QColor, *, redo: bool = False) -> QIcon:
    """A hooked arrow to the left, or for redo to the right; faint where there is nothing to do."""
    icon = QIcon()
    for mode, ink in ((QIcon.Mode.Normal, colour), (QIcon.Mode.Active, colour), (QIcon.Mode.Disabled, faint)):
        pixmap, painter = _canvas(16, 2.0)
        painter.setPen(_pen(ink, 1.5))
        if redo:
            painter.translate(16, 0)
            painter.scale(-1, 1)
        path = QPainterPath(QPointF(3, 6.2))
        path.lineTo(QPointF(9.2, 6.2))
        path.arcTo(QRectF(5.4, 6.2, 7.4, 7.4), 90, -180)
        path.lineTo(QPointF(6.5, 13.6))
        painter.drawPath(path)
        painter.drawPolyline([QPointF(6.2, 3), QPointF(3, 6.2), QPointF(6.2, 9.4)])
        painter.end()
        icon.addPixmap(pixmap, mode)
    return icon


def search_icon(colour: QColor) -> QIcon:
    """A magnifying glass."""
    pixmap, painter = _canvas(16, 2.0)
    painter.setPen(_pen(colour, 1.5))
    painter.drawEllipse(QPointF(7, 7), 4, 4)
    painter.drawLine(QPointF(10, 10), QPointF(13, 13))
    painter.end()
    return QIcon(pixmap)


def step_icon(colour: QColor, *, back: bool, to_end: bool) -> QIcon:
    """A filled angle, one step on or back; with a bar, all the way."""
    pixmap, painter = _canvas(16, 2.0)
    painter.setPen(_pen(colour, 1.2))
    painter.setBrush(colour)
    if back:
        painter.translate(16, 0)
        painter.scale(-1, 1)
    left = 3.0 if to_end else 5.0
    painter.drawPolygon([QPointF(left, 3.5), QPointF(left + 6.5, 8), QPointF(left, 12.5)])
    if to_end:
        painter.setPen(_pen(colour, 1.8))
        painter.drawLine(QPointF(12, 3.5), QPointF(12, 12.5))
    painter.end()
    return QIcon(pixmap)
