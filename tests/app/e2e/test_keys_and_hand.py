"""Keys pressed while something else goes on (a drag, another image on its way, the detector), and what is said then."""

from __future__ import annotations

import pytest

from tests.helpers.annotating import CONTROL, LEFT, SHIFT, Annotator, Key
from tests.helpers.app_windows import LABELS, OBJECTS, annotate, forget_edits, open_window, wait_settled, write_folder

# Images are 160 x 192 (h x w).
BEFORE = [(5.0, 60.0, 45.0, 100.0), (130.0, 20.0, 170.0, 60.0)]
HERE = (60.0, 110.0, 90.0, 140.0)


@pytest.fixture
def folder(tmp_path):
    """image_0 has a cat and a dog, image_1 a cat elsewhere."""
    paths = write_folder(tmp_path / "pictures", 2)
    annotate(paths[0], BEFORE, ("cat", "dog"))
    annotate(paths[1], [HERE], ("cat",))
    return paths


@pytest.fixture
def person(qtbot, folder):
    """At image_1."""
    with open_window(qtbot) as (window, controller):
        controller.start([folder[1]])
        wait_settled(qtbot, controller, "image_1.png")
        yield Annotator(qtbot, window, controller)
        forget_edits(controller)


def propose_previous(person):
    person.press(Key.Key_V, CONTROL | SHIFT)
    person.wait(lambda: len(person.edit.proposed) == 2)


def by_id(person):
    return dict(zip(person.edit.ids, person.objects, strict=True))


@pytest.mark.parametrize("key", [Key.Key_Return, Key.Key_1])
def test_a_key_that_moves_the_rows_ends_a_drag(person, key):
    propose_previous(person)
    person.click(150, 21)
    before = by_id(person)
    person.mouse_down(150, 21)
    person.move(150, 36, LEFT)
    person.press(key)
    assert person.edit.proposed_rows == {2}
    person.move(150, 52, LEFT)
    person.mouse_up(150, 52)
    assert {each: box for each, (_, box) in by_id(person).items()} == {each: box for each, (_, box) in before.items()}


def test_undo_while_a_box_is_dragged_moves_no_other_box(person):
    propose_previous(person)
    person.click(150, 21)
    person.press(Key.Key_Return)  # stands before the cat now, which is still proposed
    before = by_id(person)
    person.click(25, 61)
    person.mouse_down(25, 61)
    person.move(25, 80, LEFT)
    person.undo()
    person.move(25, 81, LEFT)
    person.mouse_up(25, 81)
    assert by_id(person) == before
    assert len(person.edit.proposed) == 2


def leave(person, folder, place):
    """D: the image is still there, the next one is on its way."""
    person.window.images.image_chosen.emit(folder[place])
    assert person.controller.images.is_reading


def test_undo_is_not_about_the_image_that_is_being_left(person, folder):
    person.draw((5, 20, 45, 60), Key.Key_1)
    leave(person, folder, 0)
    person.undo()
    assert person.told == "Not done: another image is being opened."
    person.wait(lambda: person.state.document.name == "image_0.png")
    assert len(person.state.sessions[folder[1]].edit) == 2
    person.go(Key.Key_D, "image_1.png")
    person.undo()
    leave(person, folder, 0)
    person.redo()
    person.window.annotate.history.step_wanted.emit(1)
    person.wait(lambda: person.state.document.name == "image_0.png")
    assert len(person.state.sessions[folder[1]].edit) == 1


def test_enter_is_not_about_the_image_that_is_being_left(qtbot, folder):
    annotate(folder[1], OBJECTS[[0, 2]], (LABELS[0], LABELS[2]))
    with open_window(qtbot) as (window, controller):
        controller.start([folder[1]])
        wait_settled(qtbot, controller, "image_1.png")
        person = Annotator(qtbot, window, controller, annotates=False)
        (row,) = [row for row in controller.state.scene.objects if row.kind.startswith("false_positive")]
        window.objects.picked.emit(row.ref)
        person.wait(lambda: controller.state.scene.selected == row.ref)
        leave(person, folder, 0)
        person.press(Key.Key_Return)
        window.details.accept_requested.emit(row.ref)
        assert person.told == "Not done: another image is being opened."
        person.wait(lambda: person.state.document.name == "image_0.png")
        assert folder[1] not in controller.state.sessions


def test_only_what_was_done_can_be_taken_back(person):
    person.draw((5, 20, 45, 60), Key.Key_1)
    assert person.told == "cat #2 drawn. Ctrl+Z takes it back."
    person.press(Key.Key_1)  # the class that it has
    assert person.told == "Nothing is changed."
    person.press(Key.Key_Right)
    assert person.told == "cat #2 moved. Ctrl+Z takes it back."
    person.press(Key.Key_Left)  # of the same gesture: it is where it was
    assert person.told == "Nothing is changed."
    person.press(Key.Key_Left, SHIFT)
    person.press(Key.Key_Left)  # at the edge of the image, but the gesture has moved it
    assert person.told == "cat #2 moved. Ctrl+Z takes it back."
    person.controller.undo.end_gesture()
    person.press(Key.Key_Left)
    assert person.told == "Nothing is changed."
    steps, standing = person.controller.undo.image_steps
    assert (len(steps), standing) == (2, 2)


def test_boxes_of_the_image_before_come_once(person):
    propose_previous(person)
    person.press(Key.Key_V, CONTROL | SHIFT)
    person.wait(lambda: person.told == "All boxes of 'image_0.png' are here already.")
    person.press(Key.Key_Return, CONTROL)
    person.click(25, 61)
    person.press(Key.Key_Delete)
    person.press(Key.Key_V, CONTROL | SHIFT)
    person.wait(lambda: bool(person.edit.proposed))
    assert sorted(box for _, box in person.objects) == sorted([*BEFORE, HERE])
    assert person.told.startswith("1 box of 'image_0.png', proposed")


def test_hidden_boxes_are_not_selected_together(person):
    person.window.actions_by_id["hide_boxes"].setChecked(True)
    person.press(Key.Key_A, CONTROL)
    assert person.told == "Nothing is selected: boxes are hidden, H shows them."
    person.press(Key.Key_Delete)
    person.window.annotate.classes.select_all_wanted.emit("cat")
    person.press(Key.Key_Delete)
    assert person.objects == [("cat", HERE)]
    person.window.actions_by_id["hide_boxes"].setChecked(False)
    person.press(Key.Key_A, CONTROL)
    person.press(Key.Key_Delete)
    assert person.objects == []


def test_a_locked_box_is_refused_as_a_whole_and_told(person):
    person.controller.state.annotating.use("dog")
    person.press(Key.Key_A, CONTROL)
    person.controller.edits.toggle_lock()
    locked = "cat #1 is locked. "
    person.press(Key.Key_1)
    assert person.told.startswith(locked)
    assert person.state.annotating.label == "dog"  # of the next box
    person.window.status.show_message(None)
    person.drag((75, 111), (85, 121))
    assert person.told.startswith(locked)
    assert person.objects == [("cat", HERE)]
    person.window.status.show_message(None)
    person.drag((20, 20), (30, 30))
    assert not person.told.startswith(locked)


def test_accepting_all_says_that_the_detector_still_looks(person):
    person.press(Key.Key_2)
    person.press(Key.Key_W)
    person.drag((140, 100), (170, 130))
    person.press(Key.Key_Return, CONTROL)
    assert person.told.startswith("The detector is still looking at this image")
