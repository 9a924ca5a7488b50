"""Two who write one file: another program, another window, or two images that differ by their suffix only."""

from __future__ import annotations

import os
import threading

import pytest

from app.save_questions import ChangedOnDisk, SharedFile
from detector.datasets.voc_store import VocStore
from tests.helpers.annotating import CONTROL, FILE, NEW, OTHER, Key, person_at
from tests.helpers.app_windows import (
    IMAGE_HW,
    LABELS,
    OBJECTS,
    annotate,
    wait_settled,
    write_folder,
    write_image,
)


@pytest.fixture
def files(tmp_path):
    return write_folder(tmp_path / "pictures")


@pytest.fixture
def open_person(qtbot):
    """Opens a window on an image."""
    with person_at(qtbot) as at:
        yield at


@pytest.fixture
def person(open_person, files):
    return open_person(files[0])


def stored(path):
    annotation = VocStore(path.parent).read(path, IMAGE_HW).annotation
    if annotation is None:
        return None
    truth = annotation.ground_truth
    return [(label, tuple(box)) for label, box in zip(truth.labels, truth.boxes.tolist(), strict=True)]


def answer(person, words):
    (button,) = [each for each in person.window.save_bar.buttons if words in each.text()]
    button.click()


def words(person):
    return [each.text() for each in person.window.save_bar.buttons]


# Another program


def test_a_conflict_of_an_image_that_was_left_names_it_and_leads_there(person, files):
    person.draw(NEW, Key.Key_1)
    annotate(files[0], OBJECTS[:1], LABELS[:1])
    person.go(Key.Key_D, "image_1.png")
    xml = files[0].with_suffix(".xml")
    person.wait(lambda: person.question == ChangedOnDisk(xml, (files[0],)))
    assert person.window.save_bar.told.text() == "'image_0.xml' (boxes of image_0.png) was changed by another program."
    assert words(person) == ["Load theirs", "Keep mine", "Show"]
    answer(person, "Show")
    wait_settled(person.qtbot, person.controller, "image_0.png")
    assert person.objects == [*FILE, ("cat", NEW)]
    assert words(person) == ["Load theirs", "Keep mine"]  # it is open: nobody has to be led there
    assert stored(files[0]) == FILE[:1]
    answer(person, "Load theirs")
    person.wait(lambda: person.objects == FILE[:1])


def test_a_conflict_in_a_folder_that_was_left_leads_back_to_it(person, files, tmp_path):
    others = write_folder(tmp_path / "others", 2)
    person.draw(NEW, Key.Key_1)
    annotate(files[0], OBJECTS[:1], LABELS[:1])
    person.window.paths_opened.emit([others[1]])
    wait_settled(person.qtbot, person.controller, "image_1.png")
    person.wait(lambda: isinstance(person.question, ChangedOnDisk))
    answer(person, "Show")
    person.wait(lambda: person.state.document is not None and person.state.document.path == files[0])
    assert list(person.window.images.model.files) == [str(path) for path in files]
    assert person.objects == [*FILE, ("cat", NEW)]


def test_a_file_that_was_removed_is_said_to_be_removed_and_can_be_written_again(person, files):
    xml = files[0].with_suffix(".xml")
    person.draw(NEW, Key.Key_1)
    xml.unlink()
    person.press(Key.Key_S, CONTROL)
    person.wait(lambda: person.question == ChangedOnDisk(xml, (files[0],), is_gone=True))
    assert "removed by another program" in person.window.save_bar.told.text()
    assert "removed by another program" in person.told
    assert not xml.exists()
    answer(person, "Write it again")
    person.wait_saved()
    assert stored(files[0]) == [*FILE, ("cat", NEW)]


def test_coming_back_to_a_file_that_was_removed_asks_the_same(person, files):
    person.draw(NEW, Key.Key_1)
    files[0].with_suffix(".xml").unlink()
    person.window.activated.emit()
    assert person.question == ChangedOnDisk(files[0].with_suffix(".xml"), (files[0],), is_gone=True)


def test_theirs_that_cannot_be_read_is_asked_about_again(person, files):
    xml = files[0].with_suffix(".xml")
    person.draw(NEW, Key.Key_1)
    xml.write_text("<annotation><obj")
    person.press(Key.Key_S, CONTROL)
    person.wait(lambda: isinstance(person.question, ChangedOnDisk))
    answer(person, "Load theirs")
    person.wait(lambda: "image_0.xml" in person.told and "removed" not in person.told)
    person.wait(lambda: isinstance(person.question, ChangedOnDisk))
    assert person.objects == [*FILE, ("cat", NEW)]


def test_what_is_drawn_while_theirs_is_read_can_be_undone_to(person, files, held_up):
    """Their work comes as a step after it."""
    go_on, begun = held_up
    person.draw(NEW, Key.Key_1)
    annotate(files[0], OBJECTS[:1], LABELS[:1])
    person.press(Key.Key_S, CONTROL)
    person.wait(lambda: isinstance(person.question, ChangedOnDisk))
    answer(person, "Load theirs")
    person.wait(begun.is_set)
    person.draw(OTHER, Key.Key_2)
    go_on.set()
    person.wait(lambda: person.objects == FILE[:1])
    person.undo()
    assert person.objects == [*FILE, ("cat", NEW), ("dog", OTHER)]


# Two images of one stem


@pytest.fixture
def twins(tmp_path):
    folder = tmp_path / "twins"
    folder.mkdir()
    return [write_image(folder / name, seed, annotated=False) for seed, name in enumerate(("a.jpg", "a.png"))]


def test_two_images_that_share_a_file_are_told_so_and_neither_overwrites_the_other(open_person, twins):
    jpg, png = twins
    xml = jpg.with_suffix(".xml")
    annotate(jpg, OBJECTS[:1], LABELS[:1])
    person = open_person(jpg)
    person.draw(NEW, Key.Key_1)
    person.go(Key.Key_D, "a.png")
    person.wait_saved()
    assert stored(jpg) == [*FILE[:1], ("cat", NEW)]
    before = xml.read_bytes()
    person.draw(OTHER, Key.Key_1)
    person.press(Key.Key_S, CONTROL)
    person.wait(lambda: person.question == SharedFile(xml, png, "a.jpg"))
    assert "share" in person.told
    assert "another program" not in person.told + person.window.save_bar.told.text()
    assert xml.read_bytes() == before
    # The edits stay, also for one who comes back, and there is a way out.
    person.go(Key.Key_A, "a.jpg")
    person.go(Key.Key_D, "a.png")
    assert person.objects[-1] == ("cat", OTHER)
    assert not any("another program" in each for each in person.state.document.warnings)
    person.controller.places.choose(jpg.parent, "coco", jpg.parent / "all.json")
    person.wait_saved()
    assert xml.read_bytes() == before
    assert not isinstance(person.question, SharedFile)


def test_it_is_no_other_program_that_wrote_the_file_of_a_twin_meanwhile(open_person, twins):
    """Both have unsaved boxes, and there was no file when they were drawn."""
    jpg, png = twins
    person = open_person(jpg)
    person.window.actions_by_id["autosave"].setChecked(False)
    person.controller.places.choose(jpg.parent, "voc", jpg.parent)
    person.wait(lambda: not person.controller.images.is_reading)
    person.state.annotating.use("cat")
    person.draw(NEW)
    person.go(Key.Key_D, "a.png")
    person.draw(OTHER)
    person.press(Key.Key_S, CONTROL)
    person.wait(lambda: stored(png) == [("cat", OTHER)])
    person.go(Key.Key_A, "a.jpg")
    person.press(Key.Key_S, CONTROL)
    person.wait(lambda: person.question == SharedFile(jpg.with_suffix(".xml"), jpg, "a.png"))
    assert stored(png) == [("cat", OTHER)]
    assert person.objects == [("cat", NEW)]


# The image before


@pytest.fixture
def held_up(monkeypatch):
    """Annotations of image_0 are read only once the first event is set; the second says that one is about to be."""
    go_on, begun, read = threading.Event(), threading.Event(), VocStore.read

    def wait_and_read(store, path, *more):
        if path.name == "image_0.png" and threading.current_thread() is not threading.main_thread() and begun.armed:
            begun.set()
            assert go_on.wait(20)
        return read(store, path, *more)

    begun.armed = True
    monkeypatch.setattr(VocStore, "read", wait_and_read)
    yield go_on, begun
    go_on.set()


@pytest.fixture
def at_second(open_person, files, held_up):
    """Nobody reads the image before until it is asked for."""
    go_on, begun = held_up
    go_on.set()
    annotate(files[1], [], [])
    person = open_person(files[1])
    person.wait(lambda: person.controller.scans._is_complete)
    go_on.clear()
    begun.clear()
    return person


def paste_previous(person):
    person.window.actions_by_id["paste_previous"].trigger()


def test_the_boxes_of_the_image_before_come_when_they_are_read(at_second, held_up):
    go_on, begun = held_up
    paste_previous(at_second)
    at_second.wait(begun.is_set)
    assert at_second.objects == []  # nobody waits for them
    at_second.draw(NEW, Key.Key_1)
    go_on.set()
    at_second.wait(lambda: len(at_second.objects) == 4)
    assert at_second.objects == [("cat", NEW), *FILE]
    assert len(at_second.edit.proposed) == 3


def test_boxes_that_come_too_late_come_to_no_other_image(at_second, held_up, files):
    go_on, begun = held_up
    paste_previous(at_second)
    at_second.wait(begun.is_set)
    at_second.go(Key.Key_D, "image_2.png")
    go_on.set()
    at_second.wait(lambda: at_second.controller.threads.saving._waiting is None)
    at_second.draw(NEW, Key.Key_1)
    at_second.press(Key.Key_S, CONTROL)
    at_second.wait_saved()  # the answer came before this one
    assert at_second.objects == [*FILE, ("cat", NEW)]
    at_second.go(Key.Key_A, "image_1.png")
    assert at_second.objects == []


def test_what_cannot_be_read_of_the_image_before_is_said(at_second, held_up, files):
    held_up[0].set()
    files[0].with_suffix(".xml").write_text("<broken")
    paste_previous(at_second)
    at_second.wait(lambda: "image_0.xml" in at_second.told)
    assert at_second.objects == []


def test_a_file_that_was_only_touched_is_no_conflict(person, files):
    """A checkout, a copy, a program that keeps folders the same: another date, the same words."""
    xml = files[0].with_suffix(".xml")
    person.draw(NEW, Key.Key_1)
    person.go(Key.Key_D, "image_1.png")
    person.wait_saved()
    os.utime(xml, (9_999, 9_999))
    person.go(Key.Key_A, "image_0.png")
    person.draw(OTHER, Key.Key_1)
    person.press(Key.Key_S, CONTROL)
    person.wait_saved()
    assert person.question is None
    assert stored(files[0]) == [*FILE, ("cat", NEW), ("cat", OTHER)]


def test_a_question_that_was_closed_is_asked_again(person, files):
    person.draw(NEW, Key.Key_1)
    annotate(files[0], OBJECTS[:1], LABELS[:1])
    person.tick()
    question = ChangedOnDisk(files[0].with_suffix(".xml"), (files[0],))
    person.wait(lambda: person.question == question)
    person.window.save_bar.cross.click()
    assert person.question is None
    person.draw(OTHER, Key.Key_1)
    person.tick()
    person.wait(lambda: person.question == question)
    assert stored(files[0]) == FILE[:1]
