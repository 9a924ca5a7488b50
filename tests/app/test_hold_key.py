"""A tap switches for good, holding only while the key is down."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QMainWindow, QPushButton, QVBoxLayout, QWidget

from app.hold_key import TAP_SECONDS, HoldKey


@pytest.fixture
def lever(qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setCentralWidget(QWidget())
    window.part, window.field = QPushButton("a part"), QLineEdit()
    layout = QVBoxLayout(window.centralWidget())
    layout.addWidget(window.part)
    layout.addWidget(window.field)
    window.action = QAction("Hide", window, checkable=True, shortcut="H")
    window.addAction(window.action)
    window.now = 0.0
    window.hold = HoldKey(window.action, window, clock=lambda: window.now)
    window.show()
    window.activateWindow()
    window.part.setFocus()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def press(lever, qtbot, seconds):
    qtbot.keyPress(lever.part, Qt.Key.Key_H)
    held = lever.action.isChecked()
    lever.now += seconds
    qtbot.keyRelease(lever.part, Qt.Key.Key_H)
    return held


def test_a_tap_toggles(lever, qtbot):
    assert press(lever, qtbot, TAP_SECONDS / 2)
    assert lever.action.isChecked()
    press(lever, qtbot, TAP_SECONDS / 2)
    assert not lever.action.isChecked()


def test_held_it_goes_back_with_the_key(lever, qtbot):
    assert press(lever, qtbot, 2 * TAP_SECONDS)
    assert not lever.action.isChecked()


@pytest.mark.parametrize("let_go_first", ["key", "modifier"])
def test_a_key_with_a_modifier_can_be_held_too(lever, qtbot, let_go_first):
    lever.action.setShortcut("Ctrl+H")
    control, none = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier
    qtbot.keyPress(lever.part, Qt.Key.Key_H, control)
    assert lever.action.isChecked()
    lever.now += 2 * TAP_SECONDS
    qtbot.keyRelease(lever.part, Qt.Key.Key_1)
    assert lever.action.isChecked()
    qtbot.keyRelease(lever.part, Qt.Key.Key_H, control if let_go_first == "key" else none)
    assert not lever.action.isChecked()


def test_held_while_switched_it_shows_for_the_moment(lever, qtbot):
    lever.action.setChecked(True)
    assert not press(lever, qtbot, 2 * TAP_SECONDS)
    assert lever.action.isChecked()


def test_the_keyboard_s_repetition_is_one_press(lever, qtbot):
    qtbot.keyPress(lever.part, Qt.Key.Key_H)
    assert not lever.action.autoRepeat()  # Qt would trigger it again and again
    lever.now += 2 * TAP_SECONDS
    repeated = QKeyEvent(QEvent.Type.KeyRelease, Qt.Key.Key_H, Qt.KeyboardModifier.NoModifier, "h", True)
    QApplication.sendEvent(lever.part, repeated)
    assert lever.action.isChecked()


def test_another_key_or_a_menu_does_not_count(lever, qtbot):
    lever.action.trigger()
    lever.now += 2 * TAP_SECONDS
    lever.field.setFocus()
    qtbot.keyClick(lever.field, Qt.Key.Key_H)  # only typed
    assert lever.action.isChecked()
    lever.part.setFocus()
    qtbot.keyPress(lever.part, Qt.Key.Key_H)
    lever.now += 2 * TAP_SECONDS
    qtbot.keyClick(lever.part, Qt.Key.Key_J)
    assert not lever.action.isChecked()


def test_a_window_that_is_left_lets_go(lever, qtbot):
    qtbot.keyPress(lever.part, Qt.Key.Key_H)
    lever.now += 2 * TAP_SECONDS
    QApplication.sendEvent(lever, QEvent(QEvent.Type.WindowDeactivate))
    assert not lever.action.isChecked()
