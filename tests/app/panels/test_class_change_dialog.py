"""Asking before a class changes in the whole dataset."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from app.class_change import ClassUse, FileCount
from app.panels.class_change_dialog import ClassChangeDialog
from app.theme import dark_theme, light_theme

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

NAMES = ("RBC", "WBC", "Platelets")
USE = ClassUse(343, (FileCount("Annotations/a.xml", 4000), FileCount("Annotations/b.xml", 155)), 364, 364)


@pytest.fixture
def make(qtbot):
    def made(change, name="RBC", names=NAMES, use=USE):
        dialog = ClassChangeDialog(change, name, names)
        qtbot.addWidget(dialog)
        dialog.set_theme(dark_theme())
        dialog.show_use(use)
        dialog.show()
        dialog.heard = []
        dialog.confirmed.connect(lambda *values: dialog.heard.append(values))
        dialog.stopped.connect(lambda: dialog.heard.append("stopped"))
        return dialog

    return made


def test_renaming(make, qtbot):
    dialog = make("rename")
    assert dialog.new_field.selectedText() == "RBC"
    assert dialog.told.text() == "Rename “RBC”?"
    assert dialog.note.text() == "Type another name than “RBC”."
    assert not dialog.do_button.isEnabled()
    qtbot.keyClicks(dialog.new_field, " Red  cell ")
    assert dialog.told.text() == "Rename “RBC” to “Red cell” in 343 images (4,155 boxes)?"
    assert dialog.note.text().startswith("Can be undone with ")
    assert dialog.files_title.text() == "Files: 2"
    assert dialog.model.index(0).data() == "Annotations/a.xml, 4,000 boxes"
    qtbot.keyClick(dialog.new_field, Qt.Key.Key_Return)
    assert dialog.heard == [("rename", "Red cell")]


def test_renaming_to_a_class_that_is_there_is_a_merge(make, qtbot):
    dialog = make("rename")
    dialog.new_field.setText("WBC")
    assert dialog.told.text() == "Merge “RBC” into “WBC” in 343 images (4,155 boxes)?"
    assert dialog.note.text() == "“WBC” is there already: the two become one class."
    assert dialog.do_button.text() == "Merge"
    dialog.do_button.click()
    assert dialog.heard == [("merge", "WBC")]


def test_merging(make):
    dialog = make("merge", "WBC")
    assert [dialog.target.itemText(at) for at in range(dialog.target.count())] == ["RBC", "Platelets"]
    dialog.target.setCurrentText("Platelets")
    assert dialog.told.text() == "Merge “WBC” into “Platelets” in 343 images (4,155 boxes)?"
    dialog.do_button.click()
    assert dialog.heard == [("merge", "Platelets")]
    alone = make("merge", "RBC", ("RBC",))
    assert not alone.do_button.isEnabled()
    assert alone.note.text() == "There is no other class to merge it into."


def test_deleting_needs_more_than_enter(make, qtbot):
    dialog = make("delete")
    assert dialog.told.text() == "Delete “RBC” with its boxes in 343 images (4,155 boxes)?"
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert dialog.heard == []
    assert not dialog.isVisible()
    again = make("delete")
    qtbot.mouseClick(again.do_button, Qt.MouseButton.LeftButton)
    assert again.heard == [("delete", "")]


def test_nothing_is_done_before_all_is_counted(make):
    dialog = make("delete", use=ClassUse(3, USE.files[:1], 120, 364))
    assert not dialog.do_button.isEnabled()
    assert dialog.state.text() == "Counting: 120 of 364 images"
    assert dialog.progress.isVisible()
    assert dialog.model.rowCount() == 1
    dialog.show_use(USE)
    assert dialog.do_button.isEnabled()
    assert not dialog.progress.isVisible()
    assert dialog.model.rowCount() == 2


def test_leaving_while_it_counts_stops_the_counting(make):
    dialog = make("delete", use=ClassUse(0, (), 1, 364))
    dialog.cancel_button.click()
    assert dialog.heard == ["stopped"]
    assert not dialog.isVisible()


def test_while_it_runs_it_says_how_far_and_can_be_stopped(make):
    dialog = make("rename")
    dialog.new_field.setText("Red")
    dialog.show_progress(17, 343)
    assert dialog.state.text() == "17 of 343 files"
    assert (dialog.progress.value(), dialog.progress.maximum()) == (17, 343)
    assert not dialog.do_button.isEnabled()
    assert not dialog.new_field.isEnabled()
    assert dialog.cancel_button.text() == "Stop"
    dialog.cancel_button.click()
    assert dialog.heard == ["stopped"]
    assert dialog.isVisible()  # until what was begun has come to an end
    dialog.finish()
    assert not dialog.isVisible()


def test_ten_thousand_files(make):
    files = tuple(FileCount(f"Annotations/{n:06}.xml", n) for n in range(10_000))
    dialog = make("delete", use=ClassUse(10_000, files[:100], 100, 10_000))
    dialog.show_use(ClassUse(10_000, files, 10_000, 10_000))
    assert dialog.model.rowCount() == 10_000
    assert dialog.model.index(9_999).data() == "Annotations/009999.xml, 9,999 boxes"
    dialog.set_theme(light_theme())
    assert not dialog.grab().isNull()


@pytest.mark.parametrize("change", ["rename", "merge", "delete"])
def test_what_can_be_used_has_a_name(make, change):
    dialog = make(change)
    parts = (dialog.new_field, dialog.target, dialog.view, dialog.progress)
    assert all(part.accessibleName() for part in parts)
    assert dialog.new_field.isVisible() == (change == "rename")
    assert dialog.target.isVisible() == (change == "merge")
