"""One setting: its name, a mark where it was changed, what edits it, and the way back to the default.

Which editor stands in the row depends on the setting: slider and number box for one number within a range, a check box,
a choice, or a text field for a list of numbers.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, QPointF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QSpinBox,
    QToolButton,
    QWidget,
)

from app.panels.glyphs import paint_dot, pin_icon, reset_icon
from app.panels.tick_box import TickBox
from app.panels.value_slider import Scale, ValueSlider
from app.scene import Histogram
from app.theme import Theme, dark_theme, scaled
from app.translation import tr
from app.wording import group_label, group_mark, number_text, setting_label, setting_mark, setting_tooltip
from detector.config import SettingInfo, Settings, SettingsError, Value

_BUTTON = 20
"""Side of the small buttons at the right of a row."""


def _fit_to_text(box: QAbstractSpinBox) -> None:
    """All number boxes are of one size, whatever number they hold."""
    box.setFixedSize(scaled(62), scaled(24))


class ChangedMark(QWidget):
    """A dot beside the name of a setting that is not at its default."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = dark_theme()
        self.setFixedSize(12, 14)
        self.setAccessibleName(tr("changed"))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        paint_dot(QPainter(self), QPointF(scaled(4), self.height() / 2), self.theme.accent, filled=True, radius=3.2)


class _NumberBox(QDoubleSpinBox):
    """Writes 16, not 16.000, where a setting can be a fraction but hardly ever is."""

    def textFromValue(self, value: float) -> str:  # noqa: N802  # Qt's name
        """The number without needless zeros."""
        return f"{value:g}"


class _WheelGuard(QObject):
    """Lets the wheel scroll the column instead of changing an editor that has not been clicked."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Swallow the wheel over what has not the keyboard."""
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


class SettingRow(QWidget):
    """A line of the settings column.

    Signals:
        moved(str, object): key and value, while a person changes it.
        settled(str): the person is done.
        reset(str): back to the default.
        pin_toggled(str, bool): always at hand, whatever stage is on show, or in its group again.
    """

    moved = Signal(str, object)
    settled = Signal(str)
    reset = Signal(str)
    pin_toggled = Signal(str, bool)

    def __init__(self, info: SettingInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.info = info
        self._theme = dark_theme()
        self._is_pinned = False
        self._value: Value = info.default
        self._default: Value = info.default
        self.label = QLabel(setting_label(info.key), self)
        self.mark = ChangedMark(self)
        self.note = QLabel("", self)
        self.back = QToolButton(self)
        self.pin = QToolButton(self)
        self.error = QLabel("", self)
        self.slider: ValueSlider | None = None
        self.box: QAbstractSpinBox | None = None
        self.check: TickBox | None = None
        self.combo: QComboBox | None = None
        self.field: QLineEdit | None = None
        self._guard = _WheelGuard(self)
        self.setToolTip(setting_tooltip(info.key))
        self._dress()
        self._lay_out()
        self._show()

    # -- showing: none of these emits ----------------------------------------------------------------------------------

    def show_value(self, value: Value, default: Value) -> None:
        """Stand at a value and mark the default."""
        if value == self._value and default == self._default and not self.error.text():
            return
        self._value, self._default = value, default
        self._show()

    def show_histogram(self, histogram: Histogram | None) -> None:
        """The values that this threshold cuts."""
        if self.slider is not None:
            self.slider.show_histogram(histogram)

    def show_pinned(self, pinned: bool) -> None:
        """Say so at the pin; away from its group the row names it."""
        name = setting_label(self.info.key)
        self._is_pinned = pinned
        self.pin.setChecked(pinned)
        words = tr("Put {name} back into its group") if pinned else tr("Keep {name} in view at every stage")
        self.pin.setToolTip(words.format(name=name))
        self.pin.setAccessibleName((tr("Unpin {name}") if pinned else tr("Pin {name}")).format(name=name))
        self._dress_pin()
        mark, group = setting_mark(self.info), group_label(self.info.group)
        # What the group's heading says of all its settings is not said again in each row.
        own = "" if mark == group_mark(self.info.group) else mark
        self.note.setText(group if pinned else own)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours and the size of the text."""
        self._theme = theme
        if self.box is not None:
            _fit_to_text(self.box)
        self.mark.theme = theme
        self.mark.update()
        self._dress_pin()
        self.back.setIcon(reset_icon(theme.muted))
        if self.slider is not None:
            self.slider.set_theme(theme)
        if self.check is not None:
            self.check.set_theme(theme)

    @property
    def is_changed(self) -> bool:
        """Not at the default."""
        return self._value != self._default

    def _show(self) -> None:
        self.mark.setVisible(self.is_changed)
        self.back.setVisible(self.is_changed)
        self._say("")
        editor = self.box or self.check or self.combo or self.field
        if editor is not None:
            editor.blockSignals(True)
            self._fill_editor()
            editor.blockSignals(False)

    def _fill_editor(self) -> None:
        value = self._value
        if self.slider is not None and isinstance(value, int | float) and isinstance(self._default, int | float):
            self.slider.show_number(float(value), float(self._default))
        if isinstance(self.box, QSpinBox) and isinstance(value, int):
            self.box.setValue(value)
        elif isinstance(self.box, QDoubleSpinBox) and isinstance(value, int | float):
            self.box.setValue(float(value))
        elif self.check is not None:
            self.check.setChecked(value is True)
        elif self.combo is not None:
            self.combo.setCurrentText(str(value))
        elif self.field is not None:
            self.field.setText(number_text(self.info, value))

    def _say(self, sentence: str) -> None:
        self.error.setText(sentence)
        self.error.setVisible(bool(sentence))
        if self.field is not None and self.field.property("wrong") != bool(sentence):
            self.field.setProperty("wrong", bool(sentence))
            self.field.style().polish(self.field)

    # -- building ------------------------------------------------------------------------------------------------------

    def _dress(self) -> None:
        self.label.setProperty("small", True)
        self.note.setProperty("small", True)
        self.note.setProperty("muted", True)
        self.error.setProperty("error", True)
        self.error.setProperty("small", True)
        self.error.setWordWrap(True)
        self.back.setIcon(reset_icon(self._theme.muted))
        for button in (self.back, self.pin):
            button.setProperty("flat", True)
            button.setIconSize(QSize(13, 13))
        self.back.setFixedSize(_BUTTON, 16)
        self.pin.setFixedSize(_BUTTON, _BUTTON)
        policy = self.back.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.back.setSizePolicy(policy)
        self.pin.setCheckable(True)
        self.pin.clicked.connect(self._on_pin)
        self.show_pinned(False)
        self.back.setToolTip(tr("Back to the default of {name}").format(name=setting_label(self.info.key)))
        self.back.setAccessibleName(self.back.toolTip())
        self.back.clicked.connect(self._on_reset)

    def _dress_pin(self) -> None:
        pinned = self.pin.isChecked()
        self.pin.setIcon(pin_icon(self._theme.accent if pinned else self._theme.faint, pinned))

    def _lay_out(self) -> None:
        info = self.info
        layout = QGridLayout(self)
        layout.setContentsMargins(12, 2, 6, 4)
        layout.setHorizontalSpacing(6)
        layout.setVerticalSpacing(0)
        layout.setColumnStretch(0, 1)
        if isinstance(info.default, bool):
            self._lay_out_check(layout)
            return
        title = QHBoxLayout()
        title.setSpacing(4)
        for widget in (self.mark, self.label):
            title.addWidget(widget)
        title.addStretch(1)
        title.addWidget(self.note)
        layout.addLayout(title, 0, 0, 1, 2)
        layout.addWidget(self.back, 0, 2)
        if info.is_slider:
            self._lay_out_slider(layout)
        elif info.choices:
            self.combo = QComboBox(self)
            self.combo.addItems(list(info.choices))
            self.combo.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.combo.currentTextChanged.connect(self._on_edited)
            self._place_editor(layout, self.combo)
        else:
            self.field = QLineEdit(self)
            self.field.editingFinished.connect(self._on_field_done)
            self._place_editor(layout, self.field)
        layout.addWidget(self.pin, 1, 2)
        layout.addWidget(self.error, 2, 0, 1, 3)

    def _lay_out_check(self, layout: QGridLayout) -> None:
        self.check = TickBox(self.label.text(), self)
        self.check.setAccessibleName(self.label.text())
        self.check.toggled.connect(self._on_edited)
        self.label.hide()
        self.note.hide()
        self.error.hide()
        line = QHBoxLayout()
        line.setSpacing(4)
        line.addWidget(self.mark)
        line.addWidget(self.check, 1)
        line.addWidget(self.back)
        layout.addLayout(line, 0, 0, 1, 2)
        layout.addWidget(self.pin, 0, 2)

    def _lay_out_slider(self, layout: QGridLayout) -> None:
        info = self.info
        default = float(info.default) if isinstance(info.default, int | float) else 0.0
        self.slider = ValueSlider(Scale.of(info), default, self)
        self.slider.setAccessibleName(setting_label(info.key))
        self.slider.moved.connect(self._on_moved)
        self.slider.settled.connect(self._on_settled)
        self.slider.reset_wanted.connect(self._on_reset)
        self.box = self._number_box()
        self.box.installEventFilter(self._guard)
        self.label.setBuddy(self.box)
        layout.addWidget(self.slider, 1, 0, Qt.AlignmentFlag.AlignBottom)
        layout.addWidget(self.box, 1, 1, Qt.AlignmentFlag.AlignBottom)

    def _number_box(self) -> QAbstractSpinBox:
        info, low, high = self.info, self.info.low or 0.0, self.info.high or 1.0
        box: QSpinBox | QDoubleSpinBox
        if isinstance(info.default, int):
            box = QSpinBox(self)
            box.setRange(int(low), int(high))
            box.setSingleStep(int(info.step or 1))
            box.setGroupSeparatorShown(True)
        else:
            fine = (info.step or 0.01) < 1
            box = QDoubleSpinBox(self) if fine else _NumberBox(self)
            box.setDecimals(2 if fine else 3)
            box.setRange(low, high)
            box.setSingleStep(info.step or 0.01)
        # The style sheet takes the buttons away; with NoButtons and a style sheet Qt leaves no room for the number.
        box.setAlignment(Qt.AlignmentFlag.AlignRight)
        box.setKeyboardTracking(False)
        _fit_to_text(box)
        box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        box.setAccessibleName(tr("{name}, value").format(name=setting_label(info.key)))
        box.valueChanged.connect(self._on_edited)
        return box

    def _place_editor(self, layout: QGridLayout, editor: QWidget) -> None:
        editor.setAccessibleName(setting_label(self.info.key))
        editor.installEventFilter(self._guard)
        self.label.setBuddy(editor)
        layout.setVerticalSpacing(3)
        layout.addWidget(editor, 1, 0, 1, 2)

    # -- what a person does --------------------------------------------------------------------------------------------

    def _take(self, value: Any) -> bool:
        """Check a value as Settings would; show it, or say beside the editor what is wrong."""
        try:
            checked = Settings().with_value(self.info.key, value).value(self.info.key)
        except SettingsError as error:
            self._say(str(error))
            return False
        if checked == self._value:
            self._say("")
            return False
        self._value = checked
        self._show()
        self.moved.emit(self.info.key, checked)
        return True

    @Slot(float)
    def _on_moved(self, number: float) -> None:
        self._take(int(number) if isinstance(self.info.default, int) else number)

    @Slot()
    def _on_settled(self) -> None:
        self.settled.emit(self.info.key)

    @Slot(int)
    @Slot(float)
    @Slot(bool)
    @Slot(str)
    def _on_edited(self, value: Any) -> None:
        if self._take(value):
            self.settled.emit(self.info.key)

    @Slot()
    def _on_field_done(self) -> None:
        words = self.field.text() if self.field is not None else ""
        try:
            changed = Settings().with_text(f"{self.info.key}={words}")
        except SettingsError as error:
            self._say(str(error))
            return
        if self._take(changed.value(self.info.key)):
            self.settled.emit(self.info.key)

    @Slot()
    def _on_reset(self) -> None:
        self.reset.emit(self.info.key)

    @Slot()
    def _on_pin(self) -> None:
        # The mark follows what comes back, not the click.
        wanted = not self._is_pinned
        self.pin.setChecked(self._is_pinned)
        self.pin_toggled.emit(self.info.key, wanted)

    def names(self) -> tuple[tuple[str, str], ...]:
        """What others call this setting, and how the command line writes it: (whose, name)."""
        value = ",".join(f"{each:g}" for each in self._value) if isinstance(self._value, tuple) else str(self._value)
        found = (
            ("torchvision", self.info.torchvision),
            ("detectron2", self.info.detectron2),
            (tr("command line"), f"--set {self.info.key}={value}"),
        )
        return tuple((whose, name) for whose, name in found if name)

    @Slot()
    def _on_copy(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            QGuiApplication.clipboard().setText(str(action.data()))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Back to the default, and the names to copy."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Back to the default"), self._on_reset).setEnabled(self.is_changed)
        menu.addAction(tr("Back into its group") if self._is_pinned else tr("Pin to the top"), self._on_pin)
        menu.addSeparator()
        for whose, name in self.names():
            action = menu.addAction(tr("Copy for {whose}: {name}").format(whose=whose, name=name))
            action.setData(name)
            action.triggered.connect(self._on_copy)
        menu.popup(event.globalPos())
