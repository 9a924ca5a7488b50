"""Whatever happens to files, folders and windows at the worst moment: what a person did is in a file, on the screen or
in the journal, and what others did is not overwritten unasked.
"""

from __future__ import annotations

import errno
import os
import shutil
import threading

import pytest
from PIL import Image

from app.journal import Journal
from app.save_questions import ChangedOnDisk, NotSaved, NotWritten
from detector.datasets import voc_store
from detector.datasets.stores import find_store
from detector.datasets.voc_store import VocStore
from tests.helpers.annotating import CONTROL, FILE, NEW, OTHER, Annotator, Key, person_at
from tests.helpers.app_windows import (
    IMAGE_HW,
    LABELS,
    OBJECTS,
    annotate,
    forget_edits,
    open_window,
    wait_settled,
    write_folder,
    write_image,
)


@pytest.fixture
def files(tmp_path):
    return write_folder(tmp_path / "pictures")


def start(qtbot, window, controller, path):
    controller.start([path])
    wait_settled(qtbot, controller, path.name)
    return Annotator(qtbot, window, controller)


@pytest.fixture
def person(qtbot, files):
    with person_at(qtbot) as at:
        yield at(files[0])


@pytest.fixture
def full_disk(monkeypatch):
    """No annotation can be written while there is something in it."""
    trouble, write = [], voc_store.write_atomic

    def write_or_fail(path, *arguments, **more):
        if trouble:
            raise OSError(errno.ENOSPC, trouble[0], str(path))
        return write(path, *arguments, **more)

    monkeypatch.setattr(voc_store, "write_atomic", write_or_fail)
    return trouble


@pytest.fixture
def slow(monkeypatch):
    """Files are written only while the first event is set; the second says that one is about to be."""
    go_on, begun, write = threading.Event(), threading.Event(), VocStore.write

    def wait_and_write(*arguments):
        begun.set()
        assert go_on.wait(20)
        return write(*arguments)

    go_on.set()
    monkeypatch.setattr(VocStore, "write", wait_and_write)
    yield go_on, begun
    go_on.set()


def stored(path):
    store = find_store(path.parent)
    annotation = None if store is None else store.read(path, IMAGE_HW).annotation
    if annotation is None:
        return None
    truth = annotation.ground_truth
    return [
        (label, tuple(round(v, 2) for v in box)) for label, box in zip(truth.labels, truth.boxes.tolist(), strict=True)
    ]


def kept():
    """What a program that is started now finds in the journal."""
    journal = Journal()
    try:
        return {each.path: len(each.edit) for each in journal.pending()}
    finally:
        journal.close()


def answer(person, words):
    (button,) = [each for each in person.window.save_bar.buttons if words in each.text()]
    button.click()


def save(person):
    person.press(Key.Key_S, CONTROL)


def open_again(person, path):
    person.window.paths_opened.emit([path])
    person.wait(lambda: person.state.document is not None and person.state.document.path == path)
    wait_settled(person.qtbot, person.controller, path.name)


# Closing


def test_a_disk_that_is_full_only_as_the_window_closes_leaves_the_edit_to_the_journal(qtbot, files, full_disk):
    with open_window(qtbot) as (window, controller):
        person = start(qtbot, window, controller, files[0])
        person.draw(NEW, Key.Key_1)
        full_disk.append("there is no space left")
        window.close()  # nobody knows of it yet: nothing is asked
    assert stored(files[0]) == FILE
    full_disk.clear()
    with open_window(qtbot) as (window, controller):
        person = start(qtbot, window, controller, files[1])
        person.wait(lambda: person.question == NotSaved(1))
        answer(person, "Restore")
        person.wait(lambda: stored(files[0]) == [*FILE, ("cat", NEW)])
        person.wait_saved()
    assert kept() == {}


def test_closing_with_a_failure_asks_and_quitting_all_the_same_loses_nothing(qtbot, files, full_disk):
    with open_window(qtbot) as (window, controller):
        person = start(qtbot, window, controller, files[0])
        full_disk.append("there is no space left")
        person.draw(NEW, Key.Key_1)
        save(person)
        person.wait(lambda: isinstance(person.question, NotWritten))
        window.close()
        assert window.isVisible()
        window.dialogs.discard_agreed.emit()
        assert not window.isVisible()
    assert kept() == {files[0]: 4}


def test_a_conflict_that_is_left_open_waits_for_the_next_start(qtbot, files):
    with open_window(qtbot) as (window, controller):
        person = start(qtbot, window, controller, files[0])
        person.draw(NEW, Key.Key_1)
        annotate(files[0], OBJECTS[:1], LABELS[:1])
        save(person)
        person.wait(lambda: isinstance(person.question, ChangedOnDisk))
        window.close()
        window.dialogs.discard_agreed.emit()
    assert stored(files[0]) == FILE[:1]
    with open_window(qtbot) as (window, controller):
        person = start(qtbot, window, controller, files[0])
        person.wait(lambda: isinstance(person.question, NotSaved))
        answer(person, "Restore")
        person.wait(lambda: person.objects == [*FILE, ("cat", NEW)])
        person.wait(lambda: isinstance(person.question, ChangedOnDisk))
        assert stored(files[0]) == FILE[:1]
        forget_edits(controller)


def test_where_the_journal_cannot_be_written_either_closing_says_that_it_is_lost(person, files, monkeypatch):
    """Whether the last save succeeds nobody would hear of any more."""

    def fail(*arguments):
        raise OSError(errno.ENOSPC, "there is no space left")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "_replace", fail)
        person.draw(NEW, Key.Key_1)
        person.window.close()
        assert person.window.isVisible()
        assert "will be lost" in person.window.dialogs._discard.text()
        person.window.dialogs._discard.reject()
    save(person)
    person.wait_saved()
    assert stored(files[0]) == [*FILE, ("cat", NEW)]


# The journal


def test_what_is_restored_while_the_journal_cannot_be_written_stays_in_it(qtbot, files, full_disk, monkeypatch):
    with open_window(qtbot) as (window, controller):
        person = start(qtbot, window, controller, files[0])
        person.draw(NEW, Key.Key_1)
        full_disk.append("there is no space left")
        window.close()
    with open_window(qtbot) as (window, controller):
        person = start(qtbot, window, controller, files[1])
        person.wait(lambda: isinstance(person.question, NotSaved))

        def fail(*arguments):
            raise OSError(errno.ENOSPC, "there is no space left")

        with monkeypatch.context() as patch:
            patch.setattr(Journal, "_replace", fail)
            answer(person, "Restore")
            person.wait(lambda: files[0] in controller.state.sessions)
            person.wait(lambda: isinstance(person.question, NotWritten))
            # Killed now, the next start still has it.
            assert len(controller.saves.journal.pending()) == 1
        forget_edits(controller)


# Folders and images that go


def test_a_folder_that_is_renamed_is_not_made_anew_and_takes_the_edit_once_it_is_back(person, files):
    folder = files[0].parent
    person.draw(NEW, Key.Key_1)
    folder.rename(folder.with_name("elsewhere"))
    save(person)
    person.wait(lambda: isinstance(person.question, NotWritten))
    assert not folder.exists()
    assert person.objects == [*FILE, ("cat", NEW)]
    folder.with_name("elsewhere").rename(folder)
    answer(person, "Try again")
    person.wait_saved()
    assert stored(files[0]) == [*FILE, ("cat", NEW)]


def test_an_edit_in_a_folder_that_was_removed_is_kept_until_somebody_decides(qtbot, files, tmp_path):
    others = write_folder(tmp_path / "others", 1)
    with open_window(qtbot) as (window, controller):
        person = start(qtbot, window, controller, files[0])
        person.draw(NEW, Key.Key_1)
        shutil.copytree(files[0].parent, tmp_path / "copy")
        shutil.rmtree(files[0].parent)
        open_again(person, others[0])
        person.wait(lambda: isinstance(person.question, NotWritten))
        window.close()
        window.dialogs.discard_agreed.emit()
    assert kept() == {files[0]: 4}
    (tmp_path / "copy").rename(files[0].parent)
    with open_window(qtbot) as (window, controller):
        person = start(qtbot, window, controller, others[0])
        person.wait(lambda: isinstance(person.question, NotSaved))
        answer(person, "Restore")
        person.wait(lambda: stored(files[0]) == [*FILE, ("cat", NEW)])
        person.wait_saved()


def test_the_boxes_of_an_image_that_was_moved_away_are_saved_all_the_same(person, files):
    person.draw(NEW, Key.Key_1)
    files[0].rename(files[0].with_name("moved.png"))
    save(person)
    person.wait_saved()
    assert stored(files[0]) == [*FILE, ("cat", NEW)]


def test_an_image_that_was_replaced_keeps_the_unsaved_boxes(person, files, full_disk):
    full_disk.append("there is no space left")
    person.draw(NEW, Key.Key_1)
    person.go(Key.Key_D, "image_1.png")
    person.wait(lambda: isinstance(person.question, NotWritten))
    Image.new("RGB", (300, 200)).save(files[0])
    person.go(Key.Key_A, "image_0.png")
    assert person.objects == [*FILE, ("cat", NEW)]
    assert any("changed by another program" in each for each in person.state.document.warnings)


def test_an_image_goes_into_the_bin_only_once_nothing_of_it_is_being_written(person, files, slow):
    go_on, begun = slow
    go_on.clear()
    person.draw(NEW, Key.Key_1)
    save(person)
    person.wait(begun.is_set)
    person.undo()  # as in the file again, which is about to say something else
    person.controller.bins.move([files[0]])
    assert files[0].exists()
    assert "image_0.png" in person.told
    go_on.set()
    person.wait(lambda: stored(files[0]) == FILE and not person.controller.saves._asked)
    person.wait_saved()
    person.controller.bins.move([files[0]])
    assert not files[0].exists()
    assert not files[0].with_suffix(".xml").exists()


# Between the steps


def test_undone_while_it_is_written_and_opened_again_it_is_undone_in_the_file(person, files, monkeypatch):
    """The image is read again between the writing and its answer, with what nobody here knows of yet."""
    go_on, written, write = threading.Event(), threading.Event(), VocStore.write

    def write_and_wait(*arguments):
        found = write(*arguments)
        written.set()
        assert go_on.wait(20)
        return found

    monkeypatch.setattr(VocStore, "write", write_and_wait)
    person.draw(NEW, Key.Key_1)
    save(person)
    person.wait(written.is_set)
    assert stored(files[0]) == [*FILE, ("cat", NEW)]
    person.undo()
    session = person.state.session
    person.controller.images.show_image(files[0])
    person.wait(lambda: not person.controller.images.is_reading)
    assert person.state.session is session
    assert person.objects == FILE
    assert person.state.document.warnings == ()
    assert person.window.actions_by_id["redo"].isEnabled()
    go_on.set()
    person.wait(lambda: stored(files[0]) == FILE)
    person.wait_saved()
    assert person.question is None


def test_undo_after_a_save_and_somebody_elses_asks_before_it_overwrites(person, files):
    person.draw(NEW, Key.Key_1)
    save(person)
    person.wait_saved()
    annotate(files[0], OBJECTS[:1], LABELS[:1])
    person.undo()
    save(person)
    person.wait(lambda: isinstance(person.question, ChangedOnDisk))
    assert stored(files[0]) == FILE[:1]
    answer(person, "Keep mine")
    person.wait_saved()
    assert stored(files[0]) == FILE


def test_the_other_program_writes_once_more_after_the_question(person, files):
    """What counts is what a person has seen: a second change is taken with "Load theirs", and is over with "Keep"."""
    person.draw(NEW, Key.Key_1)
    annotate(files[0], OBJECTS[:1], LABELS[:1])
    save(person)
    person.wait(lambda: isinstance(person.question, ChangedOnDisk))
    annotate(files[0], OBJECTS[1:], LABELS[1:])
    answer(person, "Load theirs")
    person.wait(lambda: person.objects == FILE[1:])
    annotate(files[0], OBJECTS[:2], LABELS[:2])
    person.draw(OTHER, Key.Key_2)
    save(person)
    person.wait(lambda: isinstance(person.question, ChangedOnDisk))
    assert stored(files[0]) == FILE[:2]
    assert person.objects == [*FILE[1:], ("dog", OTHER)]


def test_another_place_while_a_save_is_under_way_takes_all_that_was_done(person, files, slow):
    go_on, begun = slow
    go_on.clear()
    person.draw(NEW, Key.Key_1)
    save(person)
    person.wait(begun.is_set)
    person.undo()
    person.draw(OTHER, Key.Key_2)
    person.undo()
    person.controller.places.choose(files[0].parent, "coco", files[0].parent / "all.json")
    go_on.set()
    person.wait(lambda: not person.controller.saves._asked)
    person.wait_saved()
    person.wait(lambda: not person.controller.saves._asked)
    store = person.controller.places.store_of(files[0])
    annotation = store.read(files[0], IMAGE_HW).annotation
    assert annotation.ground_truth.labels == LABELS


# Two windows


def test_two_windows_that_change_one_image_ask_and_two_images_do_not(qtbot, files):
    with open_window(qtbot) as one, open_window(qtbot) as two:
        first, second = start(qtbot, *one, files[0]), start(qtbot, *two, files[0])
        second.come_back()
        second.draw(OTHER, Key.Key_2)
        first.come_back()
        first.draw(NEW, Key.Key_1)
        save(first)
        first.wait_saved()
        second.come_back()
        save(second)
        second.wait(lambda: second.question == ChangedOnDisk(files[0].with_suffix(".xml"), (files[0],)))
        assert stored(files[0]) == [*FILE, ("cat", NEW)]
        answer(second, "Load theirs")
        second.wait(lambda: second.objects == [*FILE, ("cat", NEW)])
        second.go(Key.Key_D, "image_1.png")
        second.draw(OTHER, Key.Key_2)
        first.come_back()
        first.draw(OTHER, Key.Key_2)
        save(first)
        second.come_back()
        save(second)
        first.wait_saved()
        second.wait_saved()
    assert stored(files[0]) == [*FILE, ("cat", NEW), ("dog", OTHER)]
    assert stored(files[1]) == [*FILE, ("dog", OTHER)]


@pytest.mark.parametrize("kind", ["coco", "yolo"])
def test_two_windows_of_one_folder_keep_each_others_images_and_classes(qtbot, tmp_path, kind):
    folder = tmp_path / "images"
    folder.mkdir()
    paths = [write_image(folder / f"image_{number}.png", number, annotated=False) for number in range(2)]
    place = {"coco": folder / "all.json", "yolo": tmp_path / "labels"}[kind]
    with open_window(qtbot) as one, open_window(qtbot) as two:
        people = [start(qtbot, *one, paths[0]), start(qtbot, *two, paths[1])]
        for person in people:
            person.controller.places.choose(folder, kind, place)
            person.wait(lambda person=person: not person.controller.images.is_reading)
        for person, name in zip(people, ("cat", "dog"), strict=True):
            person.come_back()
            person.state.annotating.use(name)
            person.draw(NEW)
            assert person.objects == [(name, NEW)]
        for person in people:
            person.controller.saves.save_now()
        for person in people:
            person.wait(lambda person=person: not person.controller.saves._asked)
            if kind == "coco":
                assert person.question is None  # the other one has changed another image
            elif isinstance(person.question, ChangedOnDisk):
                answer(person, "Keep mine")
            person.wait_saved()
    assert [stored(path) for path in paths] == [[("cat", NEW)], [("dog", NEW)]]
    assert os.path.exists(place)


# Classes of the whole folder


def test_a_class_renamed_everywhere_while_an_image_cannot_be_saved(person, files, full_disk):
    full_disk.append("there is no space left")
    person.draw(NEW, Key.Key_1)
    save(person)
    person.wait(lambda: isinstance(person.question, NotWritten))
    full_disk.clear()
    changes = person.controller.class_changes
    changes._ask("rename", "cat")
    person.wait(lambda: changes._job is not None and changes._job.use.done == changes._job.use.of)
    changes._on_confirmed("rename", "tiger")
    person.wait(lambda: changes._job is None)
    assert person.objects[-1] == ("tiger", NEW)
    person.wait_saved()
    renamed = [(name.replace("cat", "tiger"), box) for name, box in FILE]
    assert stored(files[0]) == [*renamed, ("tiger", NEW)]
    assert stored(files[1]) == renamed
    person.controller.undo.undo()
    person.wait(lambda: changes._job is None)
    person.wait_saved()
    assert stored(files[0]) == [*FILE, ("cat", NEW)]
    assert stored(files[1]) == FILE
