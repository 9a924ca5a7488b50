"""Keys pressed while something else goes on (a drag, another image on its way, the detector), and what is said then."""

from __future__ import annotations

import pytest

from tests.helpers.annotating import CONTROL, LEFT, SHIFT, Annotator, Key
from tests.helpers.app_windows import annotate, forget_edits, open_window, wait_settled, write_folder

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
