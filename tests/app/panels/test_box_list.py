"""The list of boxes: selected here and on the picture alike, without one answering the other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication

from app.panels.box_list import BoxList
from app.sentences import say
from app.theme import dark_theme, dress, light_theme, style_sheet
from tests.helpers.editing_scenes import box_row, box_rows, editing_scene
from tests.helpers.scenes import make_scene

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
MANY = tuple(box_row(row) for row in range(5000))


@pytest.fixture
def panel(qtbot):
    made = BoxList()
    qtbot.addWidget(made)
    made.resize(300, 560)
    made.show()
    made.show_scene(editing_scene())
    return made


@pytest.fixture
def heard(panel):
    found = []
    panel.rows_chosen.connect(found.append)
    return found


def at(panel, place):
    return panel.view.visualRect(panel.model.index(place)).center()


def click(qtbot, panel, place, modifier=Qt.KeyboardModifier.NoModifier, button=Qt.MouseButton.LeftButton):
    qtbot.mouseClick(panel.view.viewport(), button, modifier, at(panel, place))


def lines(panel):
    return [panel.model.index(place).data() for place in range(panel.model.rowCount())]


def test_what_is_said_of_each(panel):
    said = lines(panel)
    assert said[0] == "RBC #1, 100 × 90 px"
    assert said[2] == "RBC #3, 106 × 92 px, difficult"
    assert said[4] == "RBC #5, 112 × 94 px, difficult, truncated"
    assert said[8] == "WBC #9, 124 × 98 px, locked"
    assert said[17] == "Platelets #18, 151 × 107 px, truncated, proposed"
    assert panel.count.text() == "18"
    assert panel.header.note.text() == "3 proposed"


def test_the_scene_selects_and_nothing_is_asked_for(panel, heard):
    for chosen in ((7,), (1, 2, 3, 9), (), tuple(range(18))):
        panel.show_scene(editing_scene(chosen=chosen))
        assert sorted(panel.chosen_rows()) == sorted(chosen)
    panel.show_scene(editing_scene(chosen=(3,), rows=MANY))
    assert panel.chosen_rows() == [3]
    panel.show_scene(make_scene())
    assert heard == []
    assert panel.model.rowCount() == 0
    assert panel.empty.text() == ""


def test_a_click_selects_and_the_scene_that_follows_changes_nothing(panel, heard, qtbot):
    click(qtbot, panel, 4)
    assert heard == [[4]]
    panel.show_scene(editing_scene(chosen=(4,)))
    assert heard == [[4]]
    assert panel.chosen_rows() == [4]


def test_several_with_control_and_shift_the_last_one_at_the_end(panel, heard, qtbot):
    click(qtbot, panel, 6)
    click(qtbot, panel, 2, CONTROL)
    assert heard[-1] == [6, 2]
    click(qtbot, panel, 5)
    click(qtbot, panel, 3, SHIFT)
    assert heard[-1] == [4, 5, 3]
    click(qtbot, panel, 4, CONTROL)  # off again
    assert heard[-1] == [5, 3] or sorted(heard[-1]) == [3, 5]
    assert panel.count.text() == "2 of 18 selected"


def test_arrows_and_select_all(panel, heard, qtbot):
    panel.show_scene(editing_scene(chosen=(4,)))
    panel.view.setFocus()
    qtbot.keyClick(panel.view, Qt.Key.Key_Down)
    assert heard == [[5]]
    panel.view.selectAll()
    assert sorted(heard[-1]) == list(range(18))


def test_arrows_go_on_from_what_was_selected_on_the_picture(panel, heard, qtbot):
    panel.show_scene(editing_scene(chosen=(12,)))
    panel.view.setFocus()
    qtbot.keyClick(panel.view, Qt.Key.Key_Up)
    assert heard == [[11]]


def test_a_double_click_zooms(panel, qtbot):
    click(qtbot, panel, 3)
    with qtbot.waitSignal(panel.row_activated) as activated:
        qtbot.mouseDClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=at(panel, 3))
    assert activated.args == [3]


class TestMenu:
    def test_the_right_button_selects_first(self, panel, heard, qtbot):
        panel.show_scene(editing_scene(chosen=(0, 1)))
        menus = []
        panel.menu_wanted.connect(menus.append)
        for place in (7, 8):
            click(qtbot, panel, place, button=Qt.MouseButton.RightButton)
            spot = at(panel, place)
            event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, spot, panel.view.viewport().mapToGlobal(spot))
            QApplication.sendEvent(panel.view.viewport(), event)
            assert menus[-1] == panel.view.viewport().mapToGlobal(spot)
        assert heard == [[7], [8]]

    def test_within_the_selection_it_stays(self, panel, heard, qtbot):
        panel.show_scene(editing_scene(chosen=(7, 8)))
        click(qtbot, panel, 8, button=Qt.MouseButton.RightButton)
        assert heard == []

    def test_the_menu_key_opens_it_at_the_line(self, panel, qtbot):
        panel.show_scene(editing_scene(chosen=(5,)))
        with qtbot.waitSignal(panel.menu_wanted) as wanted:
            event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, at(panel, 0), panel.mapToGlobal(at(panel, 0)))
            QApplication.sendEvent(panel.view, event)
        line = panel.view.visualRect(panel.model.index(5))
        assert panel.view.viewport().mapFromGlobal(wanted.args[0]).y() == line.bottom()


def test_other_sizes_keep_selection_and_place(panel, heard):
    panel.show_scene(editing_scene(chosen=(4000,), rows=MANY))
    place = panel.view.verticalScrollBar().value()
    assert place > 0
    panel.view.verticalScrollBar().setValue(place - 500)
    moved = (replace(MANY[0], wh=(1234.0, 5.0)), *MANY[1:])
    panel.show_scene(editing_scene(chosen=(4000,), rows=moved))
    assert panel.view.verticalScrollBar().value() == place - 500
    assert lines(panel)[0] == "RBC #1, 1,234 × 5 px"
    # a box more is no reason to jump either
    panel.show_scene(editing_scene(chosen=(4000,), rows=(*moved, box_row(5000))))
    assert panel.view.verticalScrollBar().value() == place - 500
    assert panel.chosen_rows() == [4000]
    assert heard == []


def test_what_is_selected_on_the_picture_is_scrolled_to(panel):
    panel.show_scene(editing_scene(rows=MANY))
    panel.show_scene(editing_scene(chosen=(3210,), rows=MANY))
    assert panel.view.visualRect(panel.model.index(3210)).intersects(panel.view.viewport().rect())


def test_without_boxes_it_says_how_to_begin(panel):
    panel.show_scene(editing_scene(rows=()))
    assert panel.empty.isVisible()
    assert panel.empty.text().startswith("No boxes. Press ")
    scene = editing_scene(rows=())
    panel.show_scene(replace(scene, editing=replace(scene.editing, refused=say("annotate.cannot"))))
    assert panel.empty.text().startswith("The annotation file of this image cannot be read")
    assert not panel.view.isVisible()


@settings(max_examples=30, deadline=None)
@given(chosen=st.sets(st.integers(0, 299)))
def test_any_selection_is_shown_as_it_is(qapp, chosen):
    panel = BoxList()
    panel.show_scene(editing_scene(chosen=tuple(chosen), rows=MANY[:300]))
    assert sorted(panel.chosen_rows()) == sorted(chosen)
    panel.deleteLater()


@pytest.mark.parametrize("width", [150, 240, 400])
@pytest.mark.parametrize("theme", [dark_theme(), light_theme()], ids=["dark", "light"])
def test_what_gives_way_in_a_narrow_panel(panel, width, theme):
    dress(theme)
    panel.setStyleSheet(style_sheet(theme))
    panel.set_theme(theme)
    panel.resize(width, 300)
    assert (panel._delegate.size_width(width) > 0) == (width > 150)
    assert panel.minimumSizeHint().width() <= 150
    assert panel.header.note.isVisible() == (width > 150)
    assert not panel.grab().isNull()


def test_flags_become_letters_where_there_is_no_room(panel):
    row = box_rows()[4]
    assert panel._delegate.chips(row, 400) == ["difficult", "truncated"]
    assert panel._delegate.chips(row, 50) == ["D", "T"]
    assert panel._delegate.chips(row, 10) == []
