"""Sliders for brightness and the rest."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton, QWidget

from app.look import RANGES, Look
from app.panels.adjustments import AdjustmentsPopup
from app.theme import dark_theme, light_theme

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def popup(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    made = AdjustmentsPopup(window)
    made.owner = window
    made.set_theme(dark_theme())
    made.show()
    yield made
    made.close()


@pytest.fixture
def heard(popup):
    found = []
    popup.moved.connect(found.append)
    return found


def test_showing_asks_for_nothing(popup, heard):
    popup.show_look(Look(brightness=0.25, gamma=0.5, fill=0.25, line_width=2.5, label_size=14))
    assert heard == []
    assert [popup.numbers[name].text() for name in RANGES] == ["+25 %", "100 %", "0.50", "2.5 px", "25 %", "14 px"]
    assert popup.sliders["gamma"].number == 0.5
    assert popup.sliders["gamma"].accessibleName() == "Gamma, 0.50"


def test_keys_move_a_slider_by_its_step(popup, heard, qtbot):
    with qtbot.waitSignal(popup.settled):
        qtbot.keyClick(popup.sliders["contrast"], Qt.Key.Key_Left)
    qtbot.keyClick(popup.sliders["line_width"], Qt.Key.Key_Right)
    assert heard == [Look(contrast=0.95), Look(contrast=0.95, line_width=2.5)]
    assert popup.numbers["contrast"].text() == "95 %"


def test_the_mouse_moves_one(popup, heard, qtbot):
    slider = popup.sliders["fill"]
    with qtbot.waitSignal(popup.settled):
        qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() - 1, 10))
    assert heard == [Look(fill=1.0)]


def test_reset_of_one_and_of_all(popup, heard, qtbot):
    assert not popup.reset_button.isEnabled()
    popup.show_look(Look(brightness=0.5, fill=0.5))
    qtbot.mouseDClick(popup.sliders["fill"], Qt.MouseButton.LeftButton)
    assert heard[-1] == Look(brightness=0.5)
    qtbot.mouseClick(popup.reset_button, Qt.MouseButton.LeftButton)
    assert heard[-1] == Look()
    assert not popup.reset_button.isEnabled()


def test_it_opens_below_its_button_within_the_screen_and_esc_closes_it(popup, qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    button = QPushButton("Display", window)
    area = QGuiApplication.primaryScreen().availableGeometry()
    for place in (area.topLeft(), area.bottomRight()):
        window.move(place)
        window.show()
        popup.open_below(button)
        assert area.contains(popup.geometry())
    qtbot.keyClick(popup.sliders["gamma"], Qt.Key.Key_Escape)
    assert not popup.isVisible()


def test_nothing_moves_beside_a_moving_number(popup):
    popup.set_theme(light_theme())
    popup.adjustSize()
    width = popup.width()
    for value in (-1.0, 0.0, 1.0):
        popup.show_look(Look(brightness=value, contrast=1 + value))
        popup.adjustSize()
        assert popup.width() == width
