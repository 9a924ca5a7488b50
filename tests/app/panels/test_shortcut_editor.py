"""The editor of shortcuts: keys pressed in the table, what meets told in words."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app.actions import Command
from app.keymap import Keymap
from app.panels.chord_edit import ChordEdit
from app.panels.shortcut_editor import ShortcutEditor

SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier

FEW = (
    Command("draw", "Edit", "Draw a box", ("W", "N"), workspace="annotate"),
    Command("class_1", "Edit/Class", "Class 1", ("1",), workspace="annotate"),
    Command("stage_1", "View", "Stage 1", ("1",), workspace="inspect"),
    Command("next", "Image", "Next image", ("D",)),
    Command("", "Image"),
    Command("bare", "Image", "Go to image…"),
)


@pytest.fixture
def editor(qtbot):
    made = ShortcutEditor(Keymap(commands=FEW))
    qtbot.addWidget(made)
    made.heard = []
    made.keymap_changed.connect(made.heard.append)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def press_key(qtbot, editor, command_id, key, modifier=Qt.KeyboardModifier.NoModifier, *, also=False):
    editor.choose(command_id)
    (editor.add if also else editor.press).click()
    (field,) = [each for each in editor.table.findChildren(ChordEdit) if each.isVisible()]
    qtbot.keyClick(field, key, modifier)


def keys_shown(editor, command_id):
    return editor.items[command_id].text(1)


def visible(editor):
    return {name for name, item in editor.items.items() if not item.isHidden() and not item.parent().isHidden()}


def test_every_command_stands_below_its_menu_with_its_keys(editor):
    assert editor.items["draw"].parent().text(0) == "Edit"
    assert keys_shown(editor, "draw") == "W, N"
    assert editor.items["class_1"].text(0) == "Class: Class 1"
    assert editor.items["bare"].text(0) == "Go to image"
    assert editor.told.text() == "No key is given twice."


@pytest.mark.parametrize(
    ("key", "modifier", "written"),
    [
        (Qt.Key.Key_J, Qt.KeyboardModifier.NoModifier, "J"),
        (Qt.Key.Key_J, CTRL | SHIFT, "Ctrl+Shift+J"),
        (Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, "Return"),
        (Qt.Key.Key_Tab, Qt.KeyboardModifier.NoModifier, "Tab"),
        (Qt.Key.Key_F9, Qt.KeyboardModifier.NoModifier, "F9"),
    ],
)
def test_a_pressed_key_is_the_key_of_the_command_at_once(qtbot, editor, key, modifier, written):
    press_key(qtbot, editor, "bare", key, modifier)
    assert [keymap.keys_of("bare") for keymap in editor.heard] == [(written,)]
    assert keys_shown(editor, "bare") == written
    assert editor.table.findChild(ChordEdit) is None or not editor.table.findChild(ChordEdit).isVisible()


def test_a_key_can_be_added_to_those_there_are(qtbot, editor):
    press_key(qtbot, editor, "draw", Qt.Key.Key_R, also=True)
    assert keys_shown(editor, "draw") == "W, N, R"
    press_key(qtbot, editor, "draw", Qt.Key.Key_X)
    assert keys_shown(editor, "draw") == "X"


def test_escape_leaves_the_keys_as_they_were(qtbot, editor):
    press_key(qtbot, editor, "draw", Qt.Key.Key_Escape)
    assert editor.heard == []
    assert editor.isVisible()
    assert keys_shown(editor, "draw") == "W, N"


def test_a_key_given_twice_is_told_in_words_and_can_be_taken_away_there(qtbot, editor):
    press_key(qtbot, editor, "draw", Qt.Key.Key_D)
    assert editor.told.text() == "D is “Next image” too: while both have it, neither works."
    assert editor.items["next"].text(0).startswith("⚠")
    assert editor.take_away.isVisible()
    editor.take_away.click()
    assert keys_shown(editor, "next") == ""
    assert keys_shown(editor, "draw") == "D"
    assert not editor.take_away.isVisible()
    assert editor.told.text() == "No key is given twice."


def test_one_key_in_two_workspaces_is_no_conflict(qtbot, editor):
    press_key(qtbot, editor, "draw", Qt.Key.Key_J)
    press_key(qtbot, editor, "stage_1", Qt.Key.Key_J)
    assert editor.told.text() == "No key is given twice."


@pytest.mark.parametrize("key", [Qt.Key.Key_1, Qt.Key.Key_Exclam])
def test_shift_with_a_digit_is_refused_and_it_is_said_why(qtbot, editor, key):
    press_key(qtbot, editor, "bare", key, SHIFT)
    assert "other keyboards" in editor.told.text()
    assert editor.told.property("error")
    assert editor.heard == []
    editor.choose("draw")
    assert editor.told.text() == "No key is given twice."


def test_keys_are_removed_and_restored_one_by_one_and_all_together(qtbot, editor):
    editor.choose("draw")
    assert not editor.restore.isEnabled()
    editor.clear.click()
    assert keys_shown(editor, "draw") == ""
    press_key(qtbot, editor, "next", Qt.Key.Key_J)
    editor.choose("draw")
    editor.restore.click()
    assert (keys_shown(editor, "draw"), keys_shown(editor, "next")) == ("W, N", "J")
    editor.restore_all.click()
    assert keys_shown(editor, "next") == "D"
    assert not editor.restore_all.isEnabled()


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("image", {"next", "bare"}),
        ("next image", {"next"}),
        ("w", {"draw", "stage_1"}),  # the key W; the menu View
        ("zebra", set()),
        ("", {"draw", "class_1", "stage_1", "next", "bare"}),
    ],
)
def test_the_filter_finds_words_keys_and_menus(editor, typed, found):
    editor.filter.setText(typed)
    assert visible(editor) == found


def test_what_is_not_in_sight_is_not_changed(editor):
    editor.choose("draw")
    assert editor.press.isEnabled()
    editor.filter.setText("zebra")
    assert editor.nothing.isVisible()
    assert not editor.table.isVisible()
    assert editor.chosen == ""
    assert not editor.press.isEnabled()
    editor.filter.setText("")
    assert editor.table.isVisible()
    assert not editor.nothing.isVisible()


def test_the_preset_is_chosen_above(qtbot):
    editor = ShortcutEditor(Keymap())
    qtbot.addWidget(editor)
    with qtbot.waitSignal(editor.keymap_changed) as told:
        editor.presets.setCurrentIndex(editor.presets.findData("cvat"))
    assert told.args[0].preset == "cvat"
    assert keys_shown(editor, "next_image") == "F"


def test_nothing_but_commands_can_be_given_keys(editor):
    editor.table.setCurrentItem(None)
    assert not any(each.isEnabled() for each in (editor.press, editor.add, editor.clear, editor.restore))
    editor.begin()
    QApplication.processEvents()
    assert editor.table.findChild(ChordEdit) is None
