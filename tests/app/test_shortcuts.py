"""The shortcuts of a window: in force at once, remembered, in files."""

import json

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QPushButton, QWidget

from app.actions import build_actions
from app.key_tips import set_key_tip
from app.keymap import Keymap
from app.panels.cheat_sheet import lines
from app.preferences import Preferences
from app.shortcuts import Shortcuts


class Window(QWidget):
    """As much of the window as its shortcuts need."""

    def __init__(self, path):
        super().__init__()
        self.preferences = Preferences(path)
        self.actions_by_id = build_actions(self)
        self.shortcuts = Shortcuts(QObject(self), self)


@pytest.fixture
def open_window(qtbot, tmp_path):
    def opened():
        window = Window(tmp_path / "boxscope.ini")
        qtbot.addWidget(window)
        return window

    return opened


def keys(window, name):
    return [each.toString() for each in window.actions_by_id[name].shortcuts()]


def test_a_changed_key_is_in_force_at_once_and_at_the_next_start(open_window):
    window = open_window()
    window.shortcuts.take(Keymap().with_keys("detect", ("Ctrl+J",)))
    assert keys(window, "detect") == ["Ctrl+J"]
    assert ("Ctrl+J", "Detect") in lines(window.actions_by_id, "Detector")
    window.preferences.save()
    assert keys(open_window(), "detect") == ["Ctrl+J"]
    window.shortcuts.take(Keymap())


def test_tooltips_follow(open_window):
    window = open_window()
    button = QPushButton(window)
    set_key_tip(button, "Run it ({key[detect]})")
    assert button.toolTip() == "Run it (F5)"
    window.shortcuts.take(Keymap().with_keys("detect", ("F6",)))
    assert button.toolTip() == "Run it (F6)"
    window.shortcuts.take(Keymap())
    assert button.toolTip() == "Run it (F5)"


@pytest.mark.parametrize("stored", ["no json, but text", '{"shortcuts": 1, "keys": {"detect": ["Shift+1"]}}'])
def test_broken_shortcuts_in_the_preferences_are_none(open_window, tmp_path, stored):
    preferences = Preferences(tmp_path / "boxscope.ini")
    preferences.keymap = stored
    preferences.save()
    assert keys(open_window(), "detect") == ["F5"]


def test_shortcuts_go_to_another_machine_in_a_file(open_window, tmp_path):
    window, path = open_window(), tmp_path / "meine Kürzel.json"
    wanted = Keymap("cvat").with_keys("detect", ("Ctrl+J", "F5"))
    window.shortcuts.take(wanted)
    window.shortcuts.export_to(path)
    assert json.loads(path.read_text(encoding="utf-8"))["preset"] == "cvat"
    window.shortcuts.take(Keymap())
    window.shortcuts.import_from(path)
    assert window.shortcuts.keymap == wanted
    assert keys(window, "next_image") == ["F"]
    window.shortcuts.take(Keymap())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "keys.json: no shortcuts can be read from it, it is no JSON."),
        (b"\xff\xfe\x00", "keys.json: no shortcuts can be read from it, it is no JSON."),
        (b"{}", "keys.json: no shortcuts can be read from it, it holds no shortcuts."),
        (None, "keys.json: no shortcuts can be read from it, No such file or directory."),
    ],
)
def test_a_file_without_shortcuts_changes_nothing_and_is_told(open_window, tmp_path, content, told):
    window, path = open_window(), tmp_path / "keys.json"
    if content is not None:
        path.write_bytes(content)
    window.shortcuts.edit()
    editor = window.shortcuts._editor
    window.shortcuts.import_from(path)
    assert editor.told.text() == told
    assert window.shortcuts.keymap == Keymap()
    editor.accept()


def test_a_file_that_cannot_be_written_is_told(open_window, tmp_path):
    window = open_window()
    window.shortcuts.edit()
    editor = window.shortcuts._editor
    window.shortcuts.export_to(tmp_path / "no such folder" / "keys.json")
    assert "cannot be written" in editor.told.text()
    editor.choose("detect")
    editor.give("detect", "F7")
    assert keys(window, "detect") == ["F7"]
    editor.restore_all.click()
    editor.accept()
    assert window.shortcuts._editor is None
