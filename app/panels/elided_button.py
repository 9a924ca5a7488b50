"""Buttons that shorten what does not fit: names of classes and of models have any length."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import (
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStyleOptionToolButton,
    QStylePainter,
    QToolButton,
    QWidget,
)

_LEAST = 40


class ElidedButton(QPushButton):
    """May become narrower than its words, which stay whole for a screen reader; "&" is a letter like any other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = ""
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def show_words(self, words: str) -> None:
        """Say this."""
        self._words = words
        self.setText(words.replace("&", "&&"))

    def minimumSizeHint(self) -> QSize:
        """Room for the beginning of the words."""
        hint = self.sizeHint()
        return QSize(min(_LEAST, hint.width()), hint.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """The style's button with the words that fit."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        missing, metrics = self.sizeHint().width() - self.width(), self.fontMetrics()
        if missing > 0:
            room = metrics.horizontalAdvance(self._words) - missing
            option.text = metrics.elidedText(self._words, Qt.TextElideMode.ElideMiddle, room).replace("&", "&&")
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)


class ElidedToolButton(QToolButton):
    """The same with a menu; its text is written as Qt wants it, "&&" for "&"."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """The style's button with the words that fit."""
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        missing, metrics = self.sizeHint().width() - self.width(), self.fontMetrics()
        if missing > 0:
            words = self.text().replace("&&", "&")
            room = metrics.horizontalAdvance(words) - missing
            option.text = metrics.elidedText(words, Qt.TextElideMode.ElideRight, room).replace("&", "&&")
        QStylePainter(self).drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
