"""In Inspect no sequence of mouse and keys changes ground truth or writes a file, in the real window."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence, QWheelEvent
from PySide6.QtWidgets import QApplication, QMenu

from app.actions import COMMANDS
from tests.helpers.annotating import Annotator, Key
from tests.helpers.app_windows import OBJECTS, annotate, open_window, wait_settled, write_folder

Modifier, Button = Qt.KeyboardModifier, Qt.MouseButton

NOT_PRESSED = {
    "workspace",  # there ground truth may be changed
    # Windows and dialogs, which wait for an answer; what they do is tested where they are.
    "open_image", "open_folder", "open_case", "save_case", "save_picture", "open_weights", "go_to_image", "shortcuts",
    "edit_shortcuts", "about", "open_log", "filter_objects", "adjust", "move_to_bin", "show_bin",
    "quit", "lesson", "open_samples",
    "copy_picture",  # the clipboard is everybody's
}  # fmt: skip
"""Of the commands with keys."""


def keys_of(command):
    """Each of its shortcuts as a key and modifiers."""
    for keys in command.keys:
        found = QKeySequence(keys)[0]
        yield found.key(), found.keyboardModifiers()


SHORTCUTS = [
    (command.id, *pressed) for command in COMMANDS if command.id not in NOT_PRESSED for pressed in keys_of(command)
]
places = st.tuples(
    st.sampled_from([-5.0, 10.0, 26.0, 42.0, 60.0, 90.0, 122.0, 124.0, 170.0, 230.0]),
    st.sampled_from([-5.0, 10.0, 20.0, 42.0, 52.0, 84.0, 100.0, 132.0, 150.0, 190.0]),
)
modifiers = st.sampled_from(
    [
        Modifier.NoModifier, Modifier.ShiftModifier, Modifier.ControlModifier, Modifier.AltModifier,
        Modifier.ControlModifier | Modifier.ShiftModifier,
    ]
)  # fmt: skip
buttons = st.sampled_from([Button.LeftButton, Button.LeftButton, Button.MiddleButton, Button.RightButton])
steps = st.one_of(
    st.tuples(st.just("click"), places, modifiers, buttons),
    st.tuples(st.just("drag"), places, places, modifiers, buttons),
    st.tuples(st.just("double"), places),
    st.tuples(st.just("wheel"), places, st.sampled_from([-120, 120])),
    st.tuples(st.just("shortcut"), st.sampled_from(SHORTCUTS)),
    st.tuples(st.just("shortcut"), st.sampled_from(SHORTCUTS)),
    st.tuples(st.just("space")),
    st.tuples(st.just("command"), st.sampled_from([each.id for each in COMMANDS if each.workspace == "annotate"])),
)


@pytest.fixture
def folder(tmp_path):
    """In the first image nobody annotated the dog, so that there is a detection to accept."""
    paths = write_folder(tmp_path / "images")
    annotate(paths[0], OBJECTS[[0, 2]], ("cat", "cat"))
    return paths


def contents(folder):
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in sorted(folder.rglob("*")) if path.is_file()}


def confirmed(person):
    """All that a save would write of the open image."""
    annotation = person.edit.confirmed({})
    truth = annotation.ground_truth
    flags = [getattr(truth, each).tolist() for each in ("difficult", "truncated", "crowd")]
    return truth.labels, truth.boxes.tolist(), flags, annotation.verified, person.edit.locked


def take(person, step):
    name, *values = step
    if name == "click":
        person.click(*values[0], values[1], values[2])
    elif name == "drag":
        person.drag(*values)
    elif name == "double":
        person.qtbot.mouseDClick(person.canvas, Button.LeftButton, pos=person.point(*values[0]).toPoint())
        person.mouse_up(*values[0])
    elif name == "wheel":
        at = person.point(*values[0])
        phase = Qt.ScrollPhase.NoScrollPhase
        angle = QPoint(0, values[1])
        QApplication.sendEvent(
            person.canvas,
            QWheelEvent(at, at, QPoint(), angle, Button.NoButton, Modifier.NoModifier, phase, False),
        )
    elif name == "space":
        person.press(Key.Key_Space)
    elif name == "command":
        # As from a menu that was left open; the menus of Inspect do not have it.
        person.window.actions_by_id[values[0]].trigger()
    else:
        _, key, held = values[0]
        person.press(key, held)
    for popup in iter(QApplication.activePopupWidget, None):
        popup.close()


def close_menus(person):
    for menu in person.window.findChildren(QMenu):
        menu.close()


@pytest.fixture
def person(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0].parent])
        wait_settled(qtbot, controller, "image_0.png")
        yield Annotator(qtbot, window, controller, annotates=False)


def test_no_sequence_of_mouse_and_keys_changes_ground_truth(person, folder):
    """The files stay as they are, to the byte and the second; what is confirmed of each image, to the bit.

    Enter makes a *proposed* object of a detection here: it is nobody's ground truth until it is accepted in Annotate.
    A box was drawn in Annotate before, so that there is a step that undo could take back.
    """
    state, place = person.state, folder[0].parent
    person.window.actions_by_id["workspace"].setChecked(True)
    person.press(Key.Key_1)
    person.draw((130.0, 20.0, 170.0, 60.0))
    person.press(Key.Key_S, Modifier.ControlModifier)
    person.wait_saved()
    person.window.actions_by_id["workspace"].setChecked(False)
    person.wait(person.is_up_to_date)
    before = contents(place)
    truths = {}
    pressed = set()

    def look():
        assert state.view.workspace == "inspect"
        assert contents(place) == before
        if state.document is not None:
            name = state.document.name
            assert confirmed(person) == truths.setdefault(name, confirmed(person))
        assert not any(session.is_unsaved for session in state.sessions.values())
        assert person.controller.saves.autosave.unsaved == ()

    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(st.lists(steps, min_size=1, max_size=25))
    def play(taken):
        for step in taken:
            take(person, step)
            pressed.add(step[0] if step[0] != "shortcut" else step[1][0])
            look()
        QApplication.processEvents()
        look()

    look()
    play()
    assert len(pressed) > 20
    close_menus(person)
    person.wait(lambda: not person.controller.images.is_reading)
    look()
    # Every image, as it is in its files.
    for number, path in enumerate(folder):
        person.controller.images.show_image(path)
        wait_settled(person.qtbot, person.controller, path.name)
        assert person.edit.confirmed_ids == (0, 1, 2), number
        look()


def test_no_command_of_annotate_does_anything_in_inspect(person, folder):
    """Neither by its keys nor from anywhere else, with an object selected."""
    before, truth = contents(folder[0].parent), person.edit
    for command in (each for each in COMMANDS if each.workspace == "annotate"):
        action = person.window.actions_by_id[command.id]
        was_on = action.isChecked()
        for key, held in keys_of(command):
            person.press(key, held)
        person.click(26, 10)
        action.trigger()
        action.setChecked(was_on)
        assert person.edit.same_as(truth), command.id
        assert person.state.sessions == {}, command.id
        assert not person.window.class_picker.isVisible(), command.id
        for popup in iter(QApplication.activePopupWidget, None):
            popup.close()
    assert contents(folder[0].parent) == before


def test_the_same_hand_changes_ground_truth_in_annotate(person, folder):
    """So that the tests above test something."""
    person.window.actions_by_id["workspace"].setChecked(True)
    before, files = confirmed(person), contents(folder[0].parent)
    person.click(26, 10)
    person.drag((42, 42), (60, 52))
    assert confirmed(person) != before
    person.press(Key.Key_Delete)
    assert len(person.edit) == 1
    person.press(Key.Key_S, Modifier.ControlModifier)
    person.wait_saved()
    assert contents(folder[0].parent) != files
