"""A slider over a range of numbers, with a histogram behind it and a mark at the default."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QSlider, QWidget

from app.scene import Histogram
from app.theme import Theme, dark_theme
from detector.config import SettingInfo

LOG_FROM = 500
"""Counts whose range is wider than this get a logarithmic slider: 1 to 12,000 has its interest at the lower end."""

_POSITIONS = 1000
_MARGIN = 7
_TRACK_FROM_BELOW = 7
_HEIGHT = 24


@dataclass(frozen=True, slots=True)
class Scale:
    """Which value stands at which position (0 to `top`) of the slider."""

    low: float
    high: float
    step: float
    logarithmic: bool

    @classmethod
    def of(cls, info: SettingInfo) -> Scale:
        """The scale of a setting with a range."""
        low, high, step = info.low or 0.0, info.high or 1.0, info.step or 0.01
        counts = isinstance(info.default, int) and step == 1 and info.name != "seed"
        return cls(low, high, step, counts and high - low > LOG_FROM)

    @property
    def top(self) -> int:
        """The last position."""
        return _POSITIONS if self.logarithmic else round((self.high - self.low) / self.step)

    def share(self, value: float) -> float:
        """Where a value stands, 0 to 1."""
        value = min(max(value, self.low), self.high)
        if self.logarithmic:
            return math.log1p(value - self.low) / math.log1p(self.high - self.low)
        return (value - self.low) / (self.high - self.low)

    def value(self, share: float) -> float:
        """The value at a place from 0 to 1, on a step."""
        share = min(max(share, 0.0), 1.0)
        if self.logarithmic:
            return self._on_step(self.low + math.expm1(share * math.log1p(self.high - self.low)))
        return self._on_step(self.low + share * (self.high - self.low))

    def stepped(self, value: float, steps: int) -> float:
        """A value so many steps on, within the range."""
        return self._on_step(min(max(value + steps * self.step, self.low), self.high))

    def _on_step(self, value: float) -> float:
        # Steps are counted from zero, so that 64..2000 by 8 keeps its multiples of 8; 0.1 + 0.2 must not show.
        return min(max(round(round(value / self.step) * self.step, 6), self.low), self.high)


class ValueSlider(QSlider):
    """Moves by dragging, by arrow keys (a step), Page keys (ten steps) and Home/End; never by the wheel.

    Signals:
        moved(float): a person moves it.
        settled(): the person let go, or pressed a key.
        reset_wanted(): a double click.
    """

    moved = Signal(float)
    settled = Signal()
    reset_wanted = Signal()

    def __init__(self, scale: Scale, default: float, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._scale, self._default, self._number = scale, default, default
        self._histogram: Histogram | None = None
        self._theme = dark_theme()
        self.setRange(0, scale.top)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setValue(round(scale.share(default) * scale.top))

    @property
    def number(self) -> float:
        """The value it stands at."""
        return self._number

    def show_number(self, number: float, default: float | None = None) -> None:
        """Stand at a value; emits nothing."""
        if default is not None:
            self._default = default
        self._number = number
        self.blockSignals(True)
        self.setValue(round(self._scale.share(number) * self._scale.top))
        self.blockSignals(False)
        self.update()

    def show_histogram(self, histogram: Histogram | None) -> None:
        """The values that this threshold cuts, behind the slider."""
        if histogram is not self._histogram:
            self._histogram = histogram
            self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours."""
        self._theme = theme
        self.update()

    def _move(self, number: float) -> None:
        if number != self._number:
            self.show_number(number)
            self.moved.emit(number)

    def _number_at(self, x: float) -> float:
        return self._scale.value((x - _MARGIN) / max(self.width() - 2 * _MARGIN, 1))

    def _x(self, number: float) -> float:
        return _MARGIN + self._scale.share(number) * (self.width() - 2 * _MARGIN)

    def sizeHint(self) -> QSize:
        """As high with a histogram as without: rows of one height are read down like a table."""
        return QSize(120, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """No smaller than this."""
        return QSize(60, _HEIGHT)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go there and follow the hand."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._move(self._number_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the hand."""
        if self.isSliderDown():
            self._move(self._number_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The hand let go."""
        if self.isSliderDown():
            self.setSliderDown(False)
            self.settled.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Back to the default."""
        self.setSliderDown(False)
        self.reset_wanted.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave it to the column."""
        # Scrolling the column must not change what stands under the cursor.
        event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, Page keys, Home, End; Backspace goes back to the default."""
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1,
            Qt.Key.Key_PageDown: -10, Qt.Key.Key_PageUp: 10,
        }  # fmt: skip
        key = Qt.Key(event.key())
        if key in steps and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            self._move(self._scale.stepped(self._number, steps[key]))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._move(self._scale.low if key == Qt.Key.Key_Home else self._scale.high)
        elif key == Qt.Key.Key_Backspace:
            self.reset_wanted.emit()
            return
        else:
            event.ignore()
            return
        # One settle when the key comes up: a key held down is one gesture.
        if not event.isAutoRepeat():
            self._key_is_down = True

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """A key let go ends the gesture."""
        if self._key_is_down and not event.isAutoRepeat():
            self._key_is_down = False
            self.settled.emit()
            return
        super().keyReleaseEvent(event)

    _key_is_down = False

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Losing the keyboard ends the gesture."""
        if self._key_is_down:
            self._key_is_down = False
            self.settled.emit()
        super().focusOutEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, y = self._theme, self.height() - _TRACK_FROM_BELOW - 0.5
        x, left, right = self._x(self._number), float(_MARGIN), float(self.width() - _MARGIN)
        self._paint_histogram(painter, y)
        active = theme.accent if self.isEnabled() else theme.edge
        painter.setPen(QPen(theme.edge, 2.0))
        painter.drawLine(QPointF(left, y), QPointF(right, y))
        painter.setPen(QPen(active, 2.0))
        painter.drawLine(QPointF(left, y), QPointF(x, y))
        mark = self._x(self._default)
        painter.setPen(QPen(theme.muted, 1.5))
        painter.drawLine(QPointF(mark, y - 4), QPointF(mark, y + 4))
        if self.hasFocus():
            painter.setPen(QPen(theme.text, 1.5))
            painter.setBrush(active)
            painter.drawEllipse(QPointF(x, y), 6, 6)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(active)
            painter.drawEllipse(QPointF(x, y), 5, 5)

    def _paint_histogram(self, painter: QPainter, y: float) -> None:
        found = self._histogram
        if found is None or not len(found.counts) or not found.counts.max():
            return
        # Square roots: a few boxes in the tail must be seen beside thousands at the head.
        heights = [math.sqrt(count) for count in found.counts.tolist()]
        tallest, width = max(heights), (found.high - found.low) / len(heights)
        room, shape = y - 2, QPainterPath()
        for bar, height in enumerate(heights):
            low = self._x(found.low + bar * width)
            high = self._x(found.low + (bar + 1) * width)
            tall = room * height / tallest
            shape.addRect(QRectF(low, y - tall, max(high - low, 0.5), tall))
        here, end = self._x(self._number), float(self.width())
        below, above = QRectF(0, 0, here, y), QRectF(here, 0, end - here, y)
        goes_on, cut = (above, below) if found.passes_above else (below, above)
        painter.setPen(Qt.PenStyle.NoPen)
        for part, tone, alpha in ((goes_on, self._theme.accent, 120), (cut, self._theme.muted, 70)):
            colour = QColor(tone)
            colour.setAlpha(alpha)
            painter.setClipRect(part)
            painter.fillPath(shape, colour)
        painter.setClipping(False)
