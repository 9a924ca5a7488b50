"""Signs of the panels of Annotate: the colour of a class, a key, a lock, a chip with a word."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QIcon, QPainter, QPen, QPixmap

from app.theme import SMALL_PX, Theme, text_scale, ui_font

SWATCH = 11
"""Side of a swatch, before large text."""

_CENTRED = int(Qt.AlignmentFlag.AlignCenter)


def paint_color(painter: QPainter, area: QRectF, color: str, theme: Theme, dashed: bool = False) -> None:
    """The colour of a class: full; of a box that is only proposed the outline, broken as on the picture."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colour, inner = QColor(color), area.adjusted(0.75, 0.75, -0.75, -0.75)
    if dashed:
        pen = QPen(colour, 1.8)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        pen.setDashPattern([1.6, 1.1])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(inner)
    else:
        # The edge is for pale colours on white and for dark ones on grey.
        painter.setPen(QPen(_edge(colour, theme), 1.0))
        painter.setBrush(colour)
        painter.drawRoundedRect(inner, 2.5, 2.5)
    painter.restore()


def _edge(colour: QColor, theme: Theme) -> QColor:
    return colour.lighter(135) if theme.is_dark else colour.darker(130)


def chip_width(words: str) -> float:
    """How wide `paint_chip` draws a word."""
    return QFontMetrics(ui_font(SMALL_PX - 1)).horizontalAdvance(words) + 9.0 * text_scale()


def paint_chip(painter: QPainter, area: QRectF, words: str, theme: Theme) -> None:
    """A word in a rounded frame: a flag of a box, the key of a class."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.edge, 1.0))
    painter.setBrush(theme.field)
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
    painter.setFont(ui_font(SMALL_PX - 1))
    painter.setPen(theme.muted)
    painter.drawText(area, _CENTRED, words)
    painter.restore()


def paint_lock(painter: QPainter, centre: QPointF, colour: QColor) -> None:
    """A padlock."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(centre)
    painter.scale(text_scale(), text_scale())
    painter.setPen(QPen(colour, 1.3))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawArc(QRectF(-2.6, -5.2, 5.2, 6.4), 0, 180 * 16)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(QRectF(-4, -1.6, 8, 6.4), 1.3, 1.3)
    painter.restore()


def color_icon(color: str, theme: Theme) -> QIcon:
    """A swatch for a menu."""
    pixmap = QPixmap(36, 36)
    pixmap.setDevicePixelRatio(2.0)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    paint_color(painter, QRectF(3, 3, 12, 12), color, theme)
    painter.end()
    return QIcon(pixmap)
