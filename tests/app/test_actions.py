import re

import pytest
from PySide6.QtWidgets import QMenuBar, QWidget

from app.actions import COMMANDS, MENUS, build_actions, key_text
from app.keymap import Keymap
from app.menus import fill_menus
from app.panels.cheat_sheet import CheatSheet, lines


@pytest.fixture
def window(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


@pytest.fixture
def actions(window):
    return build_actions(window)


def in_menus(menu):
    for action in menu.actions():
        below = action.menu()
        if below is not None:
            yield from in_menus(below)
        elif not action.isSeparator():
            yield action


def test_every_command_is_in_exactly_one_menu(window, actions):
    bar = QMenuBar(window)
    fill_menus(bar, actions, window)
    found = [action for top in bar.actions() for action in in_menus(top.menu())]
    assert sorted(action.objectName() for action in found) == sorted(actions)
    assert [top.text() for top in bar.actions()] == list(MENUS)


def test_ids_are_unique_and_no_key_means_two_things_at_a_time():
    named = [command for command in COMMANDS if command.id]
    assert len({command.id for command in named}) == len(named)
    assert all(len(set(command.keys)) == len(command.keys) for command in named)
    assert Keymap().conflicts() == {}


def test_every_shortcut_is_one_that_qt_knows(actions):
    for command in COMMANDS:
        if command.keys:
            shown = [keys.toString() for keys in actions[command.id].shortcuts()]
            assert shown == list(command.keys)


def test_no_shortcut_is_shift_and_a_digit():
    keys = [key for command in COMMANDS for key in command.keys]
    assert not [key for key in keys if re.fullmatch(r"(.*\+)?Shift\+\d", key)]


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("open_image", ["Ctrl+O"]),
        ("open_folder", ["Ctrl+U"]),
        ("previous_image", ["A"]),
        ("next_image", ["D"]),
        ("go_to_image", ["Ctrl+G"]),
        ("search_images", ["Ctrl+F"]),
        ("stage_proposals", ["4"]),
        ("at_proposals", ["Alt+4"]),
        ("workspace", ["I"]),
        ("draw", ["W", "N", "R"]),
        ("draw_more", ["Shift+W"]),
        ("class_1", ["1"]),
        ("class_0", ["0"]),
        ("change_class", ["Ctrl+E"]),
        ("copy_box", ["Ctrl+C"]),
        ("paste_box", ["Ctrl+V"]),
        ("duplicate_box", ["Ctrl+D"]),
        ("paste_previous", ["Ctrl+Shift+V"]),
        ("delete_box", ["Del", "Backspace"]),
        ("nudge_left", ["Left"]),
        ("nudge_down_far", ["Shift+Down"]),
        ("next_unverified", ["Ctrl+Shift+D"]),
        ("accept", ["Enter", "Return"]),
        ("accept_all", ["Ctrl+Enter", "Ctrl+Return"]),
        ("save", ["Ctrl+S"]),
        ("undo", ["Ctrl+Z"]),
        ("redo", ["Ctrl+Y", "Ctrl+Shift+Z"]),
        ("previous_stage", ["Q"]),
        ("next_stage", ["E"]),
        ("fit", ["F"]),
        ("actual_size", ["Ctrl+0"]),
        ("isolate", ["G"]),
        ("selection_back", ["Alt+Left"]),
        ("selection_forward", ["Alt+Right"]),
        ("hide_boxes", ["H"]),
        ("hide_labels", ["L"]),
        ("detect", ["F5"]),
        ("cancel", ["Shift+F5"]),
        ("next_wrong", ["M"]),
        ("previous_wrong", ["Shift+M"]),
        ("restore_settings", ["Ctrl+Shift+R"]),
        ("shortcuts", ["F1", "?"]),
    ],
)
def test_the_keys_people_know(actions, name, keys):
    assert [each.toString() for each in actions[name].shortcuts()] == keys


def test_the_cheat_sheet_has_every_command_with_a_key(qtbot, actions):
    said = [line for menu in MENUS for line in lines(actions, menu)]
    with_keys = [command for command in COMMANDS if command.keys]
    assert len(said) == len(with_keys)
    assert (key_text(actions["detect"]), "Detect") in said
    sheet = CheatSheet(actions)
    qtbot.addWidget(sheet)
    assert sheet.windowTitle() == "Keyboard shortcuts"
