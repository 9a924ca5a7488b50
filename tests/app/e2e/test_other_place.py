"""Another place for the annotations of a folder, which has some of its images already."""

from __future__ import annotations

import json
import threading

import pytest

from app.save_questions import ChangedOnDisk, WhereToSave
from detector.datasets import write_voc
from detector.datasets.coco import CocoStore
from detector.datasets.voc_store import VocStore
from detector.ground_truth import GroundTruth
from tests.helpers.annotating import CONTROL, FILE, NEW, OTHER, Key, person_at
from tests.helpers.app_windows import (
    IMAGE_HW,
    write_folder,
    write_image,
)

MINE = NEW
THEIRS = [("cat", (10.0 * k, 10.0, 10.0 * k + 30, 40.0)) for k in range(5)]


@pytest.fixture
def image(tmp_path):
    folder = tmp_path / "set" / "pictures"
    folder.mkdir(parents=True)
    return write_image(folder / "image_0.png", 0, annotated=False)


@pytest.fixture
def open_person(qtbot):
    with person_at(qtbot) as at:

        def start(path):
            person = at(path)
            person.state.annotating.label = "cat"
            return person

        yield start


def json_with(place, objects, name="image_0.png"):
    place.parent.mkdir(exist_ok=True)
    classes = sorted({label for label, _ in objects})
    annotations = [
        {
            "id": 100 + k,
            "image_id": 7,
            "category_id": 1 + classes.index(label),
            "bbox": [x1, y1, x2 - x1, y2 - y1],
            "note": f"number {k}",
        }
        for k, (label, (x1, y1, x2, y2)) in enumerate(objects)
    ]
    content = {
        "images": [{"id": 7, "file_name": name, "width": IMAGE_HW[1], "height": IMAGE_HW[0]}],
        "annotations": annotations,
        "categories": [{"id": k, "name": each} for k, each in enumerate(classes, start=1)],
    }
    place.write_text(json.dumps(content))
    return place


def said(place):
    """The id and the note of each annotation of a json."""
    return [(each["id"], each.get("note")) for each in json.loads(place.read_text())["annotations"]]


def choose(person, kind, place, folder=None):
    person.controller.places.choose(folder or person.state.document.path.parent, kind, place)


def answer(person, words):
    (button,) = [each for each in person.window.save_bar.buttons if words in each.text()]
    button.click()


@pytest.fixture
def asked(open_person, image, tmp_path):
    """A box was drawn, and the place chosen has five others of the image; the json."""
    place = json_with(tmp_path / "far" / "instances.json", THEIRS)
    before = place.read_bytes()
    person = open_person(image)
    person.draw(MINE)
    assert person.question == WhereToSave.beside(image.parent)
    choose(person, "coco", place)
    person.wait(lambda: person.question == ChangedOnDisk(place, (image,), is_other=True))
    assert person.window.save_bar.told.text() == "'instances.json' has other boxes of image_0.png already."
    assert place.read_bytes() == before
    return person, place, before


def test_what_a_place_has_of_the_image_is_not_overwritten_unasked(asked):
    person, place, before = asked
    person.draw(OTHER)
    person.tick()
    person.press(Key.Key_S, CONTROL)
    assert person.question is not None
    assert place.read_bytes() == before
    assert person.objects == [("cat", MINE), ("cat", OTHER)]
    assert person.controller.saves.num_to_ask == 1  # closing would leave it in no file
    (kept,) = [person.controller.saves.journal.read(person.state.document.path)]
    assert kept.meets(CocoStore(place).read(person.state.document.path)) == "changed"  # nor does the next start


def test_theirs_of_another_place(asked):
    person, place, before = asked
    answer(person, "Load those")
    person.wait(lambda: person.objects == THEIRS)
    assert place.read_bytes() == before
    person.undo()
    person.tick()
    person.wait_saved()
    assert person.objects == [("cat", MINE)]
    assert said(place) == [(105, None)]


def test_mine_in_another_place(asked):
    person, place, _ = asked
    answer(person, "Keep mine")
    person.wait_saved()
    assert said(place) == [(105, None)]
    person.draw(OTHER)
    person.tick()
    person.wait_saved()
    assert person.question is None
    assert len(said(place)) == 2


def test_both_in_another_place(asked):
    person, place, _ = asked
    answer(person, "Keep both")
    person.wait(lambda: person.objects == [*THEIRS, ("cat", MINE)])
    person.tick()
    person.wait_saved()
    assert said(place) == [*((100 + k, f"number {k}") for k in range(5)), (105, None)]
    person.undo()
    assert person.objects == [("cat", MINE)]


def test_a_question_that_was_closed_is_asked_again_with_the_next_edit(asked):
    person, place, before = asked
    person.window.save_bar.cross.click()
    assert person.question is None
    person.draw(OTHER)
    person.tick()
    person.wait(lambda: person.question == ChangedOnDisk(place, (person.state.document.path,), is_other=True))
    assert place.read_bytes() == before


def test_a_folder_of_xml_files_asks_the_same(open_person, image, tmp_path):
    place = tmp_path / "far"
    place.mkdir()
    write_voc(place / "image_0.xml", IMAGE_HW, image.name, GroundTruth([[1, 2, 30, 40], [50, 60, 70, 80]], ("a", "b")))
    before = (place / "image_0.xml").read_bytes()
    person = open_person(image)
    person.draw(MINE)
    choose(person, "voc", place)
    person.wait(lambda: person.question == ChangedOnDisk(place / "image_0.xml", (image,), is_other=True))
    assert (place / "image_0.xml").read_bytes() == before
    answer(person, "Keep both")
    person.wait(lambda: len(person.objects) == 3)
    person.tick()
    person.wait_saved()
    assert len(VocStore(place).read(image, IMAGE_HW).annotation.ground_truth) == 3


@pytest.mark.parametrize("is_listed", [True, False])
def test_where_nothing_would_be_lost_nobody_is_asked(open_person, image, tmp_path, is_listed):
    place = json_with(tmp_path / "far" / "all.json", [], image.name if is_listed else "other.png")
    person = open_person(image)
    person.draw(MINE)
    choose(person, "coco", place)
    person.press(Key.Key_S, CONTROL)
    person.wait_saved()
    assert person.question is None
    assert "Saved" in person.told
    assert said(place) == [(1, None)]


def test_the_same_boxes_keep_what_the_place_says_of_them(open_person, tmp_path):
    """They were read from XML files; the json has them with ids and notes of its own."""
    files = write_folder(tmp_path / "pictures", 1)
    place = json_with(tmp_path / "far" / "all.json", list(reversed(FILE)))
    person = open_person(files[0])
    person.window.actions_by_id["autosave"].setChecked(False)
    person.draw(MINE, Key.Key_1)
    choose(person, "coco", place)
    person.wait(lambda: not person.state.session.moving)
    person.window.actions_by_id["autosave"].setChecked(True)
    person.tick()
    person.wait_saved()
    assert person.question is None
    assert sorted(said(place)) == [(100, "number 0"), (101, "number 1"), (102, "number 2"), (103, None)]


@pytest.fixture
def held_up(monkeypatch):
    """A json is read by the saving thread only once the first event is set; the second says that one is about to be."""
    go_on, begun, read = threading.Event(), threading.Event(), CocoStore.read

    def wait_and_read(store, path, *more):
        assert threading.current_thread() is not threading.main_thread()
        begun.set()
        assert go_on.wait(20)
        return read(store, path, *more)

    monkeypatch.setattr(CocoStore, "read", wait_and_read)
    yield go_on, begun
    go_on.set()


def test_the_window_does_not_wait_for_the_file_and_nothing_is_written_meanwhile(open_person, image, tmp_path, held_up):
    go_on, begun = held_up
    place = json_with(tmp_path / "far" / "all.json", THEIRS)
    before = place.read_bytes()
    person = open_person(image)
    person.draw(MINE)
    choose(person, "coco", place)
    person.wait(begun.is_set)
    person.draw(OTHER)
    person.press(Key.Key_S, CONTROL)
    person.tick()
    assert person.controller.saves.num_to_ask == 1
    go_on.set()
    person.wait(lambda: isinstance(person.question, ChangedOnDisk))
    assert place.read_bytes() == before
    assert person.objects == [("cat", MINE), ("cat", OTHER)]


def test_an_answer_about_a_place_that_was_left_again_is_none(open_person, image, tmp_path, held_up):
    go_on, begun = held_up
    place = json_with(tmp_path / "far" / "all.json", THEIRS)
    before = place.read_bytes()
    person = open_person(image)
    person.draw(MINE)
    choose(person, "coco", place)
    person.wait(begun.is_set)
    choose(person, "voc", tmp_path / "new")
    go_on.set()
    person.press(Key.Key_S, CONTROL)
    person.wait_saved()
    assert person.question is None
    assert place.read_bytes() == before
    assert (tmp_path / "new" / "image_0.xml").read_text().count("<object>") == 1


def test_what_was_undone_meanwhile_is_as_the_place_says(open_person, image, tmp_path, held_up):
    go_on, begun = held_up
    place = json_with(tmp_path / "far" / "all.json", THEIRS)
    person = open_person(image)
    person.draw(MINE)
    choose(person, "coco", place)
    person.wait(begun.is_set)
    person.undo()
    go_on.set()
    person.wait(lambda: person.state.document is not None and person.objects == THEIRS)
    assert person.question is None


def test_of_two_images_in_one_json_the_bar_names_the_one_that_is_not_settled(open_person, image, tmp_path):
    other = write_image(image.parent / "image_1.png", 1, annotated=False)
    place = tmp_path / "far" / "all.json"
    json_with(place, THEIRS)
    content = json.loads(place.read_text())
    content["images"].append(content["images"][0] | {"id": 8, "file_name": other.name})
    content["annotations"].append(content["annotations"][0] | {"id": 200, "image_id": 8})
    place.write_text(json.dumps(content))
    person = open_person(image)
    person.draw(MINE)
    person.go(Key.Key_D, other.name)
    person.draw(MINE)
    choose(person, "coco", place)
    person.wait(lambda: person.question == ChangedOnDisk(place, (image, other), is_other=True))
    person.controller.saves.save_again(image, overwrite=True)
    person.wait(lambda: person.question == ChangedOnDisk(place, (other,), is_other=True))
    answer(person, "Keep mine")
    person.wait_saved()
    assert person.question is None
    assert said(place) == [(201, None), (202, None)]
