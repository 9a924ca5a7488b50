"""All that was done to an image is taken back: nobody has annotated it, and no file says that it is empty."""

from __future__ import annotations

import json

import pytest

from detector.datasets.annotation import Annotation
from detector.datasets.stores import make_store
from tests.helpers.annotating import CONTROL, Annotator, Key
from tests.helpers.app_windows import IMAGE_HW, forget_edits, open_window, wait_settled, write_image

NEW = (5.0, 60.0, 45.0, 100.0)
KINDS = ["voc", "yolo", "coco"]


@pytest.fixture
def images(tmp_path):
    """Another image has an annotation of its own."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    return [write_image(folder / f"image_{number}.png", number, annotated=False) for number in range(2)]


@pytest.fixture
def person(qtbot, images):
    with open_window(qtbot) as (window, controller):
        controller.start([images[0]])
        wait_settled(qtbot, controller, "image_0.png")
        yield Annotator(qtbot, window, controller)
        forget_edits(controller)
        window.show_to_ask(0)


def place_of(images, kind):
    folder = images[0].parent
    return {"voc": folder, "yolo": folder / "labels", "coco": folder / "all.json"}[kind]


def draw(person):
    person.state.annotating.label = "cat"
    person.draw(NEW)


def save(person):
    person.press(Key.Key_S, CONTROL)
    person.wait_saved()
    person.wait(lambda: not person.controller.saves._asked)


def read(images, kind, number=0):
    return make_store(kind, place_of(images, kind)).read(images[number], IMAGE_HW).annotation


def count(images, kind, number=0):
    annotation = read(images, kind, number)
    return None if annotation is None else len(annotation.ground_truth)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_made_goes_and_comes_back_with_redo(person, images, kind):
    person.controller.places.choose(images[0].parent, kind, place_of(images, kind))
    person.wait(lambda: not person.controller.images.is_reading and person.state.document is not None)
    person.go(Key.Key_D, "image_1.png")
    draw(person)
    save(person)
    person.go(Key.Key_A, "image_0.png")
    for _ in range(2):
        draw(person)
        save(person)
        assert count(images, kind) == 1
        person.undo()
        save(person)
        assert (count(images, kind), count(images, kind, 1)) == (None, 1)
        person.redo()
        save(person)
        assert count(images, kind) == 1
        person.undo()
        save(person)
    assert person.question is None
    if kind == "coco":
        content = json.loads(place_of(images, kind).read_text())
        assert [each["file_name"] for each in content["images"]] == ["image_1.png"]
    if kind != "voc":  # the place is named beside, with nothing of the image
        assert "image_0" not in "".join(path.read_text() for path in images[0].parent.rglob("*.json"))


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_there_before_stays(person, images, kind):
    store = make_store(kind, place_of(images, kind), ("cat",))
    store.write(images[0], IMAGE_HW, Annotation.empty(), None)
    person.controller.places.choose(images[0].parent, kind, place_of(images, kind))
    person.wait(lambda: person.state.document is not None and person.edit.is_annotated)
    draw(person)
    save(person)
    person.undo()
    save(person)
    assert count(images, kind) == 0


def test_verified_without_a_box_is_something_that_is_said(person, images):
    person.controller.places.choose(images[0].parent, "voc", images[0].parent)
    person.wait(lambda: not person.controller.images.is_reading and person.state.document is not None)
    draw(person)
    save(person)
    person.undo()
    person.controller.edits.verify()
    save(person)
    assert count(images, "voc") == 0


def test_another_programs_file_that_one_has_overwritten_stays(person, images):
    xml = images[0].with_suffix(".xml")
    person.controller.places.choose(images[0].parent, "voc", images[0].parent)
    person.wait(lambda: not person.controller.images.is_reading and person.state.document is not None)
    draw(person)
    make_store("voc", images[0].parent).write(images[0], IMAGE_HW, Annotation.empty(), None)
    person.press(Key.Key_S, CONTROL)
    person.wait(lambda: person.question is not None)
    (button,) = [each for each in person.window.save_bar.buttons if "mine" in each.text()]
    button.click()
    person.wait_saved()
    person.undo()
    save(person)
    assert xml.exists()


def test_undone_while_an_older_place_has_it_is_undone_there_too(person, images, tmp_path):
    """The new place says that there is no object any more: else the older one would have it back."""
    person.controller.places.choose(images[0].parent, "voc", images[0].parent)
    person.wait(lambda: not person.controller.images.is_reading and person.state.document is not None)
    draw(person)
    save(person)
    person.window.actions_by_id["autosave"].setChecked(False)
    person.draw((100.0, 100.0, 130.0, 130.0))
    person.controller.places.choose(images[0].parent, "coco", place_of(images, "coco"))
    save(person)
    assert count(images, "coco") == 2
    person.undo()
    person.undo()
    save(person)
    assert count(images, "coco") == 0
