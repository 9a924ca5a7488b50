"""A check box whose box can be seen in both themes; styles draw it from colours that nearly vanish on dark grey."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QWidget

from app.panels.glyphs import paint_focus
from app.theme import SMALL_PX, Theme, dark_theme, scaled, ui_font

_SIDE = 15


class TickBox(QCheckBox):
    """On: the accent with a tick; off: an outline."""

    def __init__(self, words: str, parent: QWidget | None = None) -> None:
        super().__init__(words, parent)
        self._theme = dark_theme()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """Box and words."""
        return QSize(QFontMetrics(ui_font(SMALL_PX)).horizontalAdvance(self.text()) + _SIDE + 14, scaled(22))

    def minimumSizeHint(self) -> QSize:
        """The words may be cut off, the box may not."""
        return QSize(_SIDE + 40, scaled(22))

    def hitButton(self, place: QPointF) -> bool:  # type: ignore[override]  # noqa: N802  # Qt's name; any point will do
        """All of the line can be clicked."""
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        """Box, tick, words."""
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(1.5, (self.height() - _SIDE) / 2 + 0.5, _SIDE - 1, _SIDE - 1)
        painter.setPen(QPen(theme.accent if self.isChecked() else theme.muted, 1.0))
        painter.setBrush(theme.accent if self.isChecked() else theme.field)
        painter.drawRoundedRect(box, 3, 3)
        if self.isChecked():
            painter.setPen(QPen(theme.on_accent, 1.8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            x, y = box.left(), box.top()
            painter.drawPolyline([QPointF(x + 3.2, y + 7.2), QPointF(x + 6, y + 10), QPointF(x + 10.8, y + 4.2)])
        painter.setFont(ui_font(SMALL_PX))
        painter.setPen(theme.text if self.isEnabled() else theme.muted)
        words = self.rect().adjusted(_SIDE + 8, 0, 0, 0)
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), self.text())
        if self.hasFocus():
            paint_focus(painter, QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), theme, 4)
