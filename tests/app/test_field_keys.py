"""Keys that a text field keeps for itself."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDoubleSpinBox, QLineEdit, QMainWindow, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from app.field_keys import FieldKeys

CTRL = Qt.KeyboardModifier.ControlModifier


class Bench(QMainWindow):
    def __init__(self):
        super().__init__()
        page = QWidget()
        layout = QVBoxLayout(page)
        self.line, self.number, self.browser, self.plain = QLineEdit(), QDoubleSpinBox(), QTextBrowser(), QWidget()
        self.button = QPushButton("Detect")
        self.plain.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.browser.setOpenLinks(False)
        self.browser.setHtml('words and <a href="somewhere">a link</a>')
        for widget in (self.line, self.number, self.browser, self.plain, self.button):
            layout.addWidget(widget)
        self.setCentralWidget(page)
        self.heard = []
        for name, keys in (
            ("accept", ["Return", "Enter"]),
            ("undo", ["Ctrl+Z"]),
            ("redo", ["Ctrl+Y", "Ctrl+Shift+Z"]),
            ("back", ["Alt+Left"]),
            ("forward", ["Alt+Right"]),
        ):
            action = QAction(name, self)
            action.setShortcuts([QKeySequence(each) for each in keys])
            action.triggered.connect(lambda checked=False, name=name: self.heard.append(name))
            self.addAction(action)
        self.keys = FieldKeys(self)


@pytest.fixture
def bench(qtbot):
    made = Bench()
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def press(qtbot, widget, key, modifier=Qt.KeyboardModifier.NoModifier):
    widget.setFocus()
    qtbot.keyClick(widget, key, modifier)


@pytest.mark.parametrize("name", ["line", "number", "button"])
def test_enter_ends_what_is_typed_and_is_no_command(bench, qtbot, name):
    field = getattr(bench, name)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
        press(qtbot, field, key)
    assert bench.heard == []
    press(qtbot, bench.plain, Qt.Key.Key_Return)
    assert bench.heard == ["accept"]


def test_the_line_hears_its_enter(bench, qtbot):
    with qtbot.waitSignal(bench.line.returnPressed):
        press(qtbot, bench.line, Qt.Key.Key_Return)


@pytest.mark.parametrize("name", ["line", "number"])
def test_undo_is_of_the_typing_as_long_as_there_is_some(bench, qtbot, name):
    field = getattr(bench, name)
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "12")
    press(qtbot, field, Qt.Key.Key_Z, CTRL)
    assert bench.heard == []


@pytest.mark.parametrize("name", ["line", "number", "browser", "plain"])
def test_without_typing_undo_and_redo_are_commands(bench, qtbot, name):
    field = getattr(bench, name)
    press(qtbot, field, Qt.Key.Key_Z, CTRL)
    press(qtbot, field, Qt.Key.Key_Y, CTRL)
    press(qtbot, field, Qt.Key.Key_Z, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert bench.heard == ["undo", "redo", "redo"]


def test_a_number_that_was_entered_is_no_typing_any_more(bench, qtbot):
    bench.number.setFocus()
    bench.number.selectAll()
    qtbot.keyClicks(bench.number, "12")
    press(qtbot, bench.number, Qt.Key.Key_Return)
    bench.number.setValue(12.0)  # as the window does once the setting has come back
    press(qtbot, bench.number, Qt.Key.Key_Z, CTRL)
    assert bench.heard == ["undo"]


@pytest.mark.parametrize("name", ["line", "number"])
def test_a_selection_is_not_left_by_a_slip_while_typing(bench, qtbot, name):
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
        press(qtbot, getattr(bench, name), key, Qt.KeyboardModifier.AltModifier)
    assert bench.heard == []


@pytest.mark.parametrize("name", ["browser", "plain", "button"])
def test_elsewhere_back_and_forward_are_commands(bench, qtbot, name):
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
        press(qtbot, getattr(bench, name), key, Qt.KeyboardModifier.AltModifier)
    assert bench.heard == ["back", "forward"]


def test_enter_follows_the_link_that_is_in_hand(bench, qtbot):
    press(qtbot, bench.browser, Qt.Key.Key_Return)
    assert bench.heard == ["accept"]
    qtbot.keyClick(bench.browser, Qt.Key.Key_Tab)
    with qtbot.waitSignal(bench.browser.anchorClicked) as clicked:
        qtbot.keyClick(bench.browser, Qt.Key.Key_Return)
    assert clicked.args[0].toString() == "somewhere"
    assert bench.heard == ["accept"]
