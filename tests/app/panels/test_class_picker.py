"""Changing the class by typing."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from app.panels.class_picker import ClassPicker
from app.theme import light_theme
from tests.helpers.editing_scenes import class_rows

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

PLACE = QPoint(100, 80)
ENTER, DOWN, UP, ESC = Qt.Key.Key_Return, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Escape


@pytest.fixture
def picker(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    made = ClassPicker(window)
    made.owner = window
    made.open_at(PLACE, class_rows(), ("WBC",), "RBC")
    yield made
    made.close()


@pytest.fixture
def picked(picker):
    found = []
    picker.picked.connect(lambda name, is_new: found.append((name, is_new)))
    return found


def lines(picker):
    return [picker.model.index(place).data() for place in range(picker.model.rowCount())]


def keys(qtbot, picker, words, *others):
    qtbot.keyClicks(picker.field, words)
    for key in others:
        qtbot.keyClick(picker.field, key)


def test_last_used_first_and_enter_takes_it(picker, picked, qtbot):
    assert lines(picker) == ["WBC", "RBC", "Platelets"]
    keys(qtbot, picker, "", ENTER)
    assert picked == [("WBC", False)]
    assert not picker.isVisible()


def test_a_few_letters_and_enter(picker, picked, qtbot):
    keys(qtbot, picker, "pl", ENTER)
    assert picked == [("Platelets", False)]


def test_arrows_walk_and_stay_within_the_list(picker, picked, qtbot):
    keys(qtbot, picker, "", UP, DOWN, DOWN, DOWN, DOWN, UP, ENTER)
    assert picked == [("RBC", False)]


def test_a_click_takes(picker, picked, qtbot):
    place = picker.view.visualRect(picker.model.index(2)).center()
    qtbot.mouseClick(picker.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert picked == [("Platelets", False)]


def test_esc_takes_nothing_and_says_so(picker, picked, qtbot):
    with qtbot.waitSignal(picker.given_up):
        keys(qtbot, picker, "wb", ESC)
    assert picked == []
    assert not picker.isVisible()


class TestNewName:
    def test_one_that_is_like_no_other_is_added_at_once(self, picker, picked, qtbot):
        keys(qtbot, picker, "tumour  cell", ENTER)
        assert picked == [("tumour cell", True)]
        assert not picker.isVisible()

    def test_a_slip_leads_to_the_class_that_was_meant(self, picker, picked, qtbot):
        keys(qtbot, picker, "Platlets", ENTER)
        assert picker.note.text() == "Platlets is new. Add it, or did you mean Platelets?"
        assert lines(picker) == ["Platelets", "Add “Platlets”"]
        keys(qtbot, picker, "", ENTER)
        assert picked == [("Platelets", False)]

    def test_one_that_only_looks_like_a_slip_is_added(self, picker, picked, qtbot):
        keys(qtbot, picker, "Platlets", ENTER, DOWN, ENTER)
        assert picked == [("Platlets", True)]

    def test_a_name_within_another_is_reached_below_it(self, picker, picked, qtbot):
        keys(qtbot, picker, "RB", DOWN)
        assert lines(picker) == ["RBC", "Add “RB”"]
        keys(qtbot, picker, "", ENTER)
        assert picker.note.text() == "RB is new. Add it, or did you mean RBC?"
        keys(qtbot, picker, "", ENTER)
        assert picked == [("RB", True)]

    def test_typing_on_withdraws_the_question(self, picker, picked, qtbot):
        keys(qtbot, picker, "Platlets", ENTER)
        keys(qtbot, picker, "x")
        assert not picker.note.isVisible()
        picker.field.setText("pl")
        keys(qtbot, picker, "", ENTER)
        assert picked == [("Platelets", False)]

    def test_a_click_on_it_is_plain_enough(self, picker, picked, qtbot):
        keys(qtbot, picker, "tumour")
        place = picker.view.visualRect(picker.model.index(0)).center()
        qtbot.mouseClick(picker.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert picked == [("tumour", True)]

    def test_with_no_classes_yet(self, picker, picked, qtbot):
        picker.open_at(PLACE, ())
        assert lines(picker) == []
        keys(qtbot, picker, "", ENTER)
        assert picked == []
        keys(qtbot, picker, "RBC", ENTER)
        assert picked == [("RBC", True)]


def test_spaces_take_nothing(picker, picked, qtbot):
    keys(qtbot, picker, "   ", Qt.Key.Key_Return)
    assert picked == []
    assert picker.isVisible()


class TestDigits:
    def test_one_takes_its_class(self, picker, picked, qtbot):
        picker.open_at(PLACE, class_rows(), ("Platelets",))
        keys(qtbot, picker, "2")
        assert picked == [("WBC", False)]
        assert not picker.isVisible()

    def test_behind_letters_it_is_typed(self, picker, picked, qtbot):
        keys(qtbot, picker, "cell 2", ENTER)
        assert picked == [("cell 2", True)]

    def test_where_classes_begin_with_digits_it_is_typed(self, picker, picked, qtbot):
        picker.open_at(PLACE, class_rows(("1 euro", "2 euro", "50 cent")))
        keys(qtbot, picker, "2")
        assert picked == []
        assert lines(picker)[0] == "2 euro"

    def test_one_that_no_class_has_is_typed(self, picker, picked, qtbot):
        keys(qtbot, picker, "9")
        assert picked == []
        assert picker.field.text() == "9"


def test_it_opens_anew_each_time(picker, qtbot):
    keys(qtbot, picker, "Platlets", ENTER)
    picker.close()
    picker.open_at(PLACE, class_rows(), (), "")
    assert picker.field.text() == ""
    assert not picker.note.isVisible()
    assert lines(picker) == ["RBC", "WBC", "Platelets"]


def test_it_stays_on_the_screen(picker):
    area = QGuiApplication.primaryScreen().availableGeometry()
    for corner in (area.bottomRight(), area.topLeft(), area.bottomLeft() - QPoint(50, 0)):
        picker.open_at(corner, class_rows(tuple(f"class {n}" for n in range(2000))))
        assert area.contains(picker.geometry())
    picker.set_theme(light_theme())
    assert not picker.grab().isNull()
