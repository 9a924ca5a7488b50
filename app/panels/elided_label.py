"""A label that shortens what does not fit, with "…" and the whole text in the tooltip."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class ElidedLabel(QLabel):
    """One line of plain text that may become narrower than its words; `text()` stays the whole.

    Attributes:
        short: what is said where the whole does not fit, "" for its beginning or end.
    """

    def __init__(self, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._mode = mode
        self.short = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def shown_text(self) -> str:
        """What fits into the label as wide as it is."""
        room = self.contentsRect().width()
        if self.short and self.words_width() > room:
            return self.fontMetrics().elidedText(self.short, Qt.TextElideMode.ElideRight, room)
        return self.fontMetrics().elidedText(self.text(), self._mode, room)

    def words_width(self) -> int:
        """What the whole text would need."""
        return self.fontMetrics().horizontalAdvance(self.text())

    def minimumSizeHint(self) -> QSize:
        """As narrow as one likes."""
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what fits."""
        painter = QPainter(self)
        self.style().drawItemText(
            painter, self.contentsRect(), int(self.alignment()), self.palette(), self.isEnabled(), self.shown_text(),
            self.foregroundRole(),
        )  # fmt: skip
