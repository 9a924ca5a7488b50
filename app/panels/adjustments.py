"""The small window with what changes how picture and boxes are shown: brightness, contrast, gamma, lines, labels."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.look import PICTURE, RANGES, Look
from app.panels.value_slider import Scale, ValueSlider
from app.screen_area import screen_area
from app.sentences import say
from app.theme import SMALL_PX, Theme, dark_theme, scaled, ui_font
from app.wording import text

_SLIDER, _TRACK = 150, 18
_FORMATS = {
    "brightness": "adjust.value.signed",
    "contrast": "adjust.value.percent",
    "gamma": "adjust.value.decimals",
    "line_width": "adjust.value.pixels",
    "fill": "adjust.value.percent",
    "label_size": "adjust.value.pixels",
}


def value_text(name: str, value: float) -> str:
    """A number as it is written beside its slider."""
    percent, written = round(100 * value), _FORMATS[name]
    if written == "adjust.value.signed" and percent == 0:
        written = "adjust.value.percent"  # "+0 %" looks like a change
    return text(say(written, value=value, percent=percent))


class AdjustmentsPopup(QFrame):
    """Closes with Esc and with a click beside it; what it shows holds at once.

    Signals:
        moved(object): the `Look` a person has chosen, also while a slider is being dragged.
        settled(): the slider has been let go.
    """

    moved = Signal(object)
    settled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAccessibleName(text(say("adjust.title")))
        self._theme = dark_theme()
        self._look = Look()
        self.sliders: dict[str, ValueSlider] = {}
        self.numbers: dict[str, QLabel] = {}
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._add_group(text(say("adjust.picture")), PICTURE)
        self._add_group(text(say("adjust.boxes")), tuple(name for name in RANGES if name not in PICTURE))
        self.reset_button = QPushButton(text(say("adjust.reset")), self)
        self.reset_button.setProperty("small", True)
        self.reset_button.setToolTip(text(say("adjust.reset.tip")))
        self.reset_button.clicked.connect(self._on_reset)
        below = QHBoxLayout()
        below.addStretch(1)
        below.addWidget(self.reset_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 14, 12)
        layout.setSpacing(8)
        layout.addLayout(self._grid)
        layout.addLayout(below)
        self.show_look(self._look)

    def _add_group(self, title: str, names: tuple[str, ...]) -> None:
        heading = QLabel(title, self)
        heading.setObjectName("panelTitle")
        heading.setContentsMargins(0, 8 if self.sliders else 0, 0, 0)
        self._grid.addWidget(heading, self._grid.rowCount(), 0, 1, 3)
        for name in names:
            low, high, step, default = RANGES[name]
            slider = ValueSlider(Scale(low, high, step, False), default, self)
            # As high as its track: no histogram stands behind it.
            slider.setFixedHeight(_TRACK)
            slider.setMinimumWidth(scaled(_SLIDER))
            slider.moved.connect(self._on_moved)
            slider.settled.connect(self.settled)
            slider.reset_wanted.connect(self._on_reset_one)
            label, number = QLabel(text(say(f"adjust.{name}")), self), QLabel("", self)
            number.setProperty("muted", True)
            number.setProperty("small", True)
            number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            row = self._grid.rowCount()
            for column, widget in enumerate((label, slider, number)):
                self._grid.addWidget(widget, row, column)
            self.sliders[name], self.numbers[name] = slider, number

    # -- showing: none of these emits an intent ------------------------------------------------------------------------

    @property
    def look(self) -> Look:
        """What is on show."""
        return self._look

    def show_look(self, look: Look) -> None:
        """Stand at these numbers."""
        self._look = look
        for name, slider in self.sliders.items():
            value = float(getattr(look, name))
            slider.show_number(value)
            words = value_text(name, value)
            self.numbers[name].setText(words)
            slider.setAccessibleName(text(say("adjust.slider", name=say(f"adjust.{name}"), value=words)))
        self.reset_button.setEnabled(look != Look())

    def open_below(self, anchor: QWidget) -> None:
        """Open below a button, within the screen."""
        self.adjustSize()
        place = anchor.mapToGlobal(QPoint(0, anchor.height() + 4))
        area = screen_area(place)
        x = max(min(place.x(), area.right() - self.width()), area.left())
        y = max(min(place.y(), area.bottom() - self.height()), area.top())
        self.move(x, y)
        self.show()
        self.sliders[PICTURE[0]].setFocus()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours and the size of the text."""
        self._theme = theme
        for name, slider in self.sliders.items():
            slider.set_theme(theme)
            slider.setMinimumWidth(scaled(_SLIDER))
            low, high, _, _ = RANGES[name]
            # No slider moves when the number beside it gets another figure.
            metrics = QFontMetrics(ui_font(SMALL_PX))
            widest = max(metrics.horizontalAdvance(value_text(name, each)) for each in (low, high))
            self.numbers[name].setMinimumWidth(widest + 2)
        self.update()

    # -- what a person does --------------------------------------------------------------------------------------------

    def _change(self, look: Look) -> None:
        if look != self._look:
            self.show_look(look)
            self.moved.emit(look)

    def _name_of_sender(self) -> str:
        sender = self.sender()
        return next(name for name, slider in self.sliders.items() if slider is sender)

    @Slot(float)
    def _on_moved(self, value: float) -> None:
        self._change(self._look.changed(self._name_of_sender(), value))

    @Slot()
    def _on_reset_one(self) -> None:
        name = self._name_of_sender()
        self._change(self._look.changed(name, RANGES[name].default))
        self.settled.emit()

    @Slot()
    def _on_reset(self) -> None:
        self._change(Look())
        self.settled.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes it."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground and its edge."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.window)
        painter.setPen(self._theme.edge)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
