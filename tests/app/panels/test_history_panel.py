"""The steps of the open image."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt

from app.panels.history_panel import HistoryPanel
from app.theme import light_theme

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

STEPS = ("Draw RBC #1", "Resize RBC #1", "Delete WBC #2")


@pytest.fixture
def panel(qtbot):
    made = HistoryPanel()
    qtbot.addWidget(made)
    made.resize(240, 200)
    made.show()
    return made


def lines(panel):
    return [panel.model.index(row).data() for row in range(panel.model.rowCount())]


def test_the_beginning_then_the_steps_and_where_one_is(panel):
    assert lines(panel) == ["As opened"]
    panel.show_steps(STEPS, 2)
    assert lines(panel) == ["As opened", *STEPS]
    assert panel.view.currentIndex().row() == 2
    assert panel.count.text() == "2 of 3"
    assert panel.model.index(3).data(Qt.ItemDataRole.AccessibleTextRole) == "Delete WBC #2, undone"
    assert panel.model.index(2).data(Qt.ItemDataRole.AccessibleTextRole) == "Resize RBC #1"
    panel.show_steps(STEPS, 3)
    assert panel.count.text() == "3"


def test_showing_asks_for_nothing(panel, qtbot):
    with qtbot.assertNotEmitted(panel.step_wanted):
        for index in (0, 3, 1):
            panel.show_steps(STEPS, index)
        panel.show_steps(STEPS[:1], 1)
        panel.show_steps((), 0)
        panel.show_steps(STEPS, 99)  # more than there are: all
    assert panel.view.currentIndex().row() == 3


def test_a_click_and_the_arrows_go_there(panel, qtbot):
    panel.show_steps(STEPS, 3)
    place = panel.view.visualRect(panel.model.index(0)).center()
    with qtbot.waitSignal(panel.step_wanted) as wanted:
        qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert wanted.args == [0]
    panel.show_steps(STEPS, 0)
    with qtbot.waitSignal(panel.step_wanted) as wanted:
        qtbot.keyClick(panel.view, Qt.Key.Key_Down)
    assert wanted.args == [1]


def test_where_one_is_stays_in_view(panel):
    many = [f"Move RBC #{number}" for number in range(5000)]
    for index in (5000, 0, 2500):
        panel.show_steps(many, index)
        assert panel.view.visualRect(panel.model.index(index)).intersects(panel.view.viewport().rect())
    panel.set_theme(light_theme())
    assert not panel.grab().isNull()


STEP_LISTS = st.lists(st.sampled_from("abc"), max_size=6)


@settings(max_examples=50, deadline=None)
@given(st.lists(STEP_LISTS, min_size=1, max_size=6))
def test_after_any_steps_the_list_is_the_last_one(qapp, shown):
    panel = HistoryPanel()
    for texts in shown:
        panel.show_steps(texts, len(texts))
        assert lines(panel) == ["As opened", *texts]
        assert panel.view.currentIndex().row() == len(texts)
    panel.deleteLater()
