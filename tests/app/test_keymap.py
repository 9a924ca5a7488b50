"""Which keys commands have: the table, the presets, what the person changed, what meets."""

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QWidget

from app.actions import COMMANDS, Command
from app.keymap import (
    PRESETS,
    Conflict,
    Keymap,
    KeymapError,
    apply,
    canonical,
    read_keymap,
    refusal,
    stored_keymap,
)

NONE, SHIFT, CTRL, KEYPAD = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.KeypadModifier,
)
IDS = [command.id for command in COMMANDS if command.id]

FEW = (
    Command("draw", "Edit", "Draw", ("W", "N"), workspace="annotate"),
    Command("class_1", "Edit", "Class 1", ("1",), workspace="annotate"),
    Command("stage_1", "View", "Stage 1", ("1", "Alt+1"), workspace="inspect"),
    Command("next", "Image", "Next image", ("D",)),
    Command("", "Image"),
    Command("bare", "Image", "Bare"),
)


def few(**changes):
    return Keymap(changes=changes, commands=FEW)


# -- keys --------------------------------------------------------------------------------------------------------------


def test_a_command_has_the_keys_of_the_table_until_somebody_changes_them():
    keymap = few()
    assert keymap.keys_of("draw") == ("W", "N")
    assert keymap.keys_of("bare") == keymap.keys_of("no_such_command") == ()
    changed = keymap.with_keys("draw", ("X", "X"))
    assert changed.keys_of("draw") == ("X",)
    assert changed.is_changed("draw")
    assert keymap.keys_of("draw") == ("W", "N")
    assert changed.restored("draw").changes == {}


def test_the_keys_of_the_preset_are_no_change():
    assert few().with_keys("draw", ("W", "N")).changes == {}
    assert few().with_keys("draw", ()).changes == {"draw": ()}


def test_a_command_can_be_left_without_a_key():
    assert few().without_key("next", "D").keys_of("next") == ()


def test_what_a_person_changed_stays_with_another_preset():
    keymap = Keymap().with_keys("detect", ("Ctrl+Return",)).with_preset("cvat")
    assert keymap.keys_of("detect") == ("Ctrl+Return",)
    assert keymap.keys_of("next_image") == ("F",)
    assert keymap.all_restored().keys_of("detect") == ("F5",)
    assert keymap.with_preset("no such preset").preset == "boxscope"


def test_in_cvat_f_is_the_next_image_and_d_the_previous_one():
    keymap = Keymap("cvat")
    assert (keymap.keys_of("next_image"), keymap.keys_of("previous_image")) == (("F",), ("D",))
    assert "F" not in keymap.keys_of("fit")


# -- conflicts ---------------------------------------------------------------------------------------------------------


def test_two_commands_that_can_be_wanted_together_meet():
    found = few(draw=("D",)).conflicts()
    assert found == {"draw": (Conflict("D", "next"),), "next": (Conflict("D", "draw"),)}


def test_one_key_may_mean_two_things_in_two_workspaces():
    assert few().conflicts() == {}  # 1 is a class in Annotate and a stage in Inspect


def test_a_command_of_all_workspaces_meets_those_of_each():
    found = few(next=("1",)).conflicts()
    assert found["next"] == (Conflict("1", "class_1"), Conflict("1", "stage_1"))
    assert found["class_1"] == (Conflict("1", "next"),)


@pytest.mark.parametrize("preset", PRESETS)
def test_no_preset_gives_a_key_twice(preset):
    assert Keymap(preset).conflicts() == {}


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_speak_of_commands_there_are_and_of_keys_people_can_press(preset):
    assert set(PRESETS[preset]) <= set(IDS)
    for command_id in IDS:
        for key in Keymap(preset).keys_of(command_id):
            assert canonical(key) == key
            assert refusal(key) is None


@pytest.mark.parametrize("preset", [name for name in PRESETS if name != "boxscope"])
def test_a_preset_changes_only_what_differs(preset):
    own = Keymap()
    assert [name for name, keys in PRESETS[preset].items() if keys == own.keys_of(name)] == []


# -- what no command gets ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["Shift+1", "Shift+0", "Ctrl+Shift+7", "!", "Ctrl+(", "§"])
def test_shift_with_a_digit_is_refused(key):
    assert refusal(key).id == "keys.shift_digit"


@pytest.mark.parametrize("key", ["", "Ctrl+", "Shift", "Ctrl+K, Ctrl+C", "no key at all"])
def test_what_is_no_key_is_refused(key):
    assert canonical(key) is None
    assert refusal(key).id == "keys.none"


@pytest.mark.parametrize(
    "key", ["1", "Alt+1", "Shift+A", "Ctrl+Shift+D", "F5", "Space", "Del", "?", "+", "Ctrl++", "Tab"]
)
def test_ordinary_keys_are_not_refused(key):
    assert refusal(key) is None


# -- stored and in files -----------------------------------------------------------------------------------------------

PORTABLE = st.sampled_from(["A", "Ctrl+A", "Ctrl+Shift+Z", "F11", "Space", "Alt+Left", "Del", "7", "Ctrl++", "Return"])


@given(
    st.sampled_from(sorted(PRESETS)),
    st.dictionaries(st.sampled_from([*IDS, "of_another_version"]), st.lists(PORTABLE, max_size=3, unique=True)),
)
def test_a_keymap_comes_back_from_its_text(preset, changes):
    keymap = Keymap(preset)
    for command_id, keys in changes.items():
        keymap = keymap.with_keys(command_id, keys)
    again = read_keymap(keymap.to_json())
    assert again == keymap


def test_commands_of_another_version_survive():
    text = '{"shortcuts": 1, "preset": "boxscope", "keys": {"from_the_future": ["Ctrl+J"]}}'
    keymap = read_keymap(text).with_keys("detect", ("F6",))
    assert json.loads(keymap.to_json())["keys"] == {"detect": ["F6"], "from_the_future": ["Ctrl+J"]}


def test_keys_are_read_as_people_write_them():
    keymap = read_keymap('{"shortcuts": 1, "keys": {"detect": ["ctrl+shift+j", "Ctrl+Shift+J", "delete"]}}')
    assert keymap.keys_of("detect") == ("Ctrl+Shift+J", "Del")


def test_keys_nobody_can_press_are_left_out_with_a_line_in_the_log(caplog):
    caplog.set_level(logging.WARNING)
    keymap = read_keymap(
        '{"shortcuts": 1, "preset": "emacs", "keys": {"detect": ["Shift+5", "F6"], "fit": ["Shift+1"], "isolate": "G"}}'
    )
    assert keymap.changes == {"detect": ("F6",)}
    assert keymap.preset == "boxscope"
    for word in ("detect", "fit", "isolate", "emacs"):
        assert word in caplog.text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "keys.file.no_json"),
        ("{", "keys.file.no_json"),
        ("[" * 100_000, "keys.file.no_json"),
        ("[1]", "keys.file.no_shortcuts"),
        ('{"keys": []}', "keys.file.no_shortcuts"),
        ('{"shortcuts": 2, "keys": {}}', "keys.file.version"),
        ('{"keys": {}}', "keys.file.version"),
    ],
)
def test_a_text_without_shortcuts_is_told(text, why, caplog):
    with pytest.raises(KeymapError) as told:
        read_keymap(text)
    assert told.value.message.id == why
    caplog.set_level(logging.WARNING)
    assert stored_keymap(text) == Keymap()
    assert ("cannot be read" in caplog.text) == bool(text)


# -- in force ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def bench(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    window.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    heard, actions = [], {}
    for name in ("previous_image", "undo", "redo", "stage_anchors", "next_wrong", "fit", "draw_batch"):
        actions[name] = QAction(name, window)
        actions[name].triggered.connect(lambda checked=False, name=name: heard.append(name))
        window.addAction(actions[name])
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.setFocus()
    apply(Keymap(), actions)

    def press(key, modifiers=NONE, text="", scan_code=0):
        """As a keyboard reports it: Qt's key by what is printed on it, the place of the key apart from that."""
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, key, modifiers, scan_code, 0, 0, text)
            QApplication.sendEvent(window.windowHandle(), event)
        found = list(heard)
        heard.clear()
        return found

    yield actions, press
    apply(Keymap(), actions)


Q_PLACE, A_PLACE, Z_PLACE, Y_PLACE, SEMICOLON_PLACE = 24, 38, 52, 29, 47
"""Places on a keyboard, by what stands there on an American one."""


@pytest.mark.parametrize(
    ("key", "modifiers", "text", "place", "command"),
    [
        (Qt.Key.Key_A, NONE, "a", A_PLACE, "previous_image"),  # QWERTY
        (Qt.Key.Key_A, NONE, "a", Q_PLACE, "previous_image"),  # AZERTY: A stands where Q does
        (Qt.Key.Key_M, NONE, "m", SEMICOLON_PLACE, "next_wrong"),  # AZERTY: M beside L
        (Qt.Key.Key_Z, CTRL, "\x1a", Z_PLACE, "undo"),
        (Qt.Key.Key_Z, CTRL, "\x1a", Y_PLACE, "undo"),  # QWERTZ: Z stands where Y does
        (Qt.Key.Key_Y, CTRL, "\x19", Z_PLACE, "redo"),  # QWERTZ
        (Qt.Key.Key_2, NONE, "2", 11, "stage_anchors"),
        (Qt.Key.Key_2, KEYPAD, "2", 88, "stage_anchors"),  # the numpad's digits count
        (Qt.Key.Key_B, SHIFT, "B", 56, None),  # of no action here
    ],
)
def test_a_letter_is_a_letter_wherever_it_stands(bench, key, modifiers, text, place, command):
    _, press = bench
    assert press(key, modifiers, text, place) == ([] if command is None else [command])


def test_other_keys_are_in_force_at_once(bench):
    actions, press = bench
    apply(Keymap("cvat"), actions)
    assert press(Qt.Key.Key_A, text="a") == []
    assert press(Qt.Key.Key_D, text="d") == ["previous_image"]
    assert press(Qt.Key.Key_F, SHIFT, "F") == ["fit"]
    assert [each.toString() for each in actions["fit"].shortcuts()] == ["Shift+F"]


def test_keys_as_this_platform_writes_them_are_read_back(bench):
    actions, _ = bench
    apply(Keymap().with_keys("undo", ("Ctrl+Alt+Del",)), actions)
    assert actions["undo"].shortcuts() == [QKeySequence("Ctrl+Alt+Del")]
