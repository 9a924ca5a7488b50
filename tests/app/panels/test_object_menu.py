"""The menu of a box."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from app.panels.object_menu import MOST_CLASSES, ObjectMenu
from tests.helpers.editing_scenes import box_row, box_rows, class_rows

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

SIGNALS = (
    "class_chosen", "class_wanted", "flag_toggled", "lock_toggled", "accept_wanted", "duplicate_wanted", "copy_wanted",
    "delete_wanted", "zoom_wanted", "inspect_wanted",
)  # fmt: skip
ROWS = box_rows()


@pytest.fixture
def menu(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    delete, lock = QAction(window), QAction(window)
    delete.setShortcut("Del")
    made = ObjectMenu({"delete_box": delete, "lock_box": lock}, window)
    made.owner = window
    yield made
    made.close()


@pytest.fixture
def heard(menu):
    found = []
    for name in SIGNALS:
        getattr(menu, name).connect(lambda *values, name=name: found.append((name, *values)))
    return found


def lines(menu):
    return [action.text() for action in menu.actions() if not action.isSeparator()]


def line(menu, words):
    return next(action for action in menu.actions() if action.text().split("\t")[0] == words)


def test_the_lines_of_one_box(menu):
    menu.fill(ROWS[:1], class_rows())
    assert lines(menu) == [
        "RBC #1", "Class", "Difficult", "Truncated", "Crowd", "Lock", "Duplicate", "Copy", "Delete\tDel", "Zoom to it",
        "What the detector makes of it (Inspect)",
    ]  # fmt: skip
    assert not menu.actions()[0].isEnabled()
    menu.fill(ROWS[:1], class_rows(), is_missed=True)
    assert lines(menu)[-1] == "Why was this missed? (Inspect)"


def test_classes_with_their_keys(menu, heard):
    menu.fill(ROWS[:1], class_rows())
    assert lines(menu.classes) == ["RBC\t1", "WBC\t2", "Platelets\t3", "Other…"]
    assert [action.font().bold() for action in menu.classes.actions()[:3]] == [True, False, False]
    menu.classes.actions()[1].trigger()
    menu.classes.actions()[-1].trigger()
    assert heard == [("class_chosen", "WBC"), ("class_wanted",)]


def test_of_many_classes_the_first_ones(menu):
    menu.fill(ROWS[:1], class_rows(tuple(f"salt&pepper {n}" for n in range(3000))))
    assert len(lines(menu.classes)) == MOST_CLASSES + 1
    assert lines(menu.classes)[0] == "salt&&pepper 0\t1"


def test_every_line_asks_for_what_it_says(menu, heard):
    menu.fill(ROWS[15:16], class_rows())
    for words in ("Accept", "Duplicate", "Copy", "Delete", "Zoom to it", "What the detector makes of it (Inspect)"):
        line(menu, words).trigger()
    assert [name for name, *_ in heard] == [
        "accept_wanted", "duplicate_wanted", "copy_wanted", "delete_wanted", "zoom_wanted", "inspect_wanted",
    ]  # fmt: skip


def test_flags_are_ticked_where_all_have_them_and_toggled_for_all(menu, heard):
    rows = (ROWS[2], ROWS[4])  # difficult; difficult and truncated
    menu.fill(rows, class_rows())
    assert lines(menu)[0] == "2 boxes"
    assert line(menu, "Difficult").isChecked()
    assert not line(menu, "Truncated").isChecked()
    for words in ("Difficult", "Truncated", "Crowd", "Lock"):
        line(menu, words).trigger()
    assert heard == [
        ("flag_toggled", "difficult", False),
        ("flag_toggled", "truncated", True),
        ("flag_toggled", "crowd", True),
        ("lock_toggled", True),
    ]
    assert "Inspect" not in " ".join(lines(menu))


def test_a_locked_box_cannot_be_deleted_here_but_copied(menu, heard):
    menu.fill((box_row(3, is_locked=True),), class_rows())
    assert line(menu, "Lock").isChecked()
    assert not line(menu, "Delete").isEnabled()
    assert line(menu, "Duplicate").isEnabled()
    line(menu, "Lock").trigger()
    assert heard == [("lock_toggled", False)]


def test_only_a_proposed_box_can_be_accepted(menu):
    menu.fill(ROWS[:15], class_rows())
    assert "Accept" not in lines(menu)
    menu.fill(ROWS, class_rows())
    assert "Accept" in lines(menu)


def test_it_opens_for_boxes_and_not_for_none(menu):
    menu.show_for((), class_rows(), QPoint(50, 50))
    assert not menu.isVisible()
    menu.show_for(ROWS[:2], class_rows(), QPoint(50, 50))
    assert menu.isVisible()
