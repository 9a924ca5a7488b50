"""When and where the files say what a person has done, in the real window with the real threads and the real files."""

from __future__ import annotations

import errno
import os
import threading

import pytest
from PySide6.QtWidgets import QFileDialog

from app.changed_on_disk import changed_since
from app.save_questions import ChangedOnDisk, NotWritten, WhereToSave
from detector.datasets import voc_store
from detector.datasets.annotation import stamp_of
from detector.datasets.stores import find_store
from detector.datasets.voc_store import VocStore
from tests.helpers.annotating import CONTROL, FILE, LEFT, NEW, OTHER, Annotator, Key, person_at
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
    return write_folder(tmp_path / "set" / "pictures")


@pytest.fixture
def unannotated(tmp_path):
    folder = tmp_path / "set" / "pictures"
    folder.mkdir(parents=True)
    return [write_image(folder / f"image_{number}.png", number, annotated=False) for number in range(2)]


def start(qtbot, window, controller, path):
    controller.start([path])
    wait_settled(qtbot, controller)
    return Annotator(qtbot, window, controller)


@pytest.fixture
def person(qtbot, files):
    with person_at(qtbot) as at:
        yield at(files[0])


def stored(path, store=None):
    """What a store by itself finds in the files of an image; None where nobody annotated it."""
    store = store or find_store(path.parent)
    annotation = None if store is None else store.read(path, IMAGE_HW).annotation
    if annotation is None:
        return None
    truth = annotation.ground_truth
    return [
        (label, tuple(round(v, 3) for v in box)) for label, box in zip(truth.labels, truth.boxes.tolist(), strict=True)
    ]


def answer(person, words):
    """Press the button of the bar that says so."""
    (button,) = [each for each in person.window.save_bar.buttons if words in each.text()]
    button.click()


# When


def test_an_edit_is_saved_by_itself(person, files):
    person.draw(NEW, Key.Key_2)
    assert stored(files[0]) == FILE
    assert person.controller.saves.autosave.timer.isActive()
    person.wait(lambda: person.window.images.model.is_unsaved(0))
    person.tick()
    person.wait_saved()
    assert stored(files[0]) == [*FILE, ("dog", NEW)]
    person.wait(lambda: not person.window.images.model.is_unsaved(0))
    assert person.question is None


def test_an_edit_is_saved_when_its_image_is_left(person, files):
    person.draw(NEW, Key.Key_1)
    person.go(Key.Key_D, "image_1.png")
    person.wait_saved()
    assert stored(files[0]) == [*FILE, ("cat", NEW)]
    assert stored(files[1]) == FILE


def test_images_left_quickly_one_after_the_other_are_all_saved(person, files):
    """Nothing is waited for between an edit and the next image but that this is on show."""
    for number in range(3):
        person.wait(lambda number=number: person.state.document.name == f"image_{number}.png")
        person.draw((5.0, 60.0, 45.0 + number, 100.0), Key.Key_2)
        person.press(Key.Key_D)
    person.press(Key.Key_A)
    person.wait_saved()
    for number, path in enumerate(files):
        assert stored(path) == [*FILE, ("dog", (5.0, 60.0, 45.0 + number, 100.0))]


def test_with_autosave_off_only_ctrl_s_saves(person, files):
    actions = person.window.actions_by_id
    actions["autosave"].setChecked(False)
    person.draw(NEW, Key.Key_1)
    assert not person.controller.saves.autosave.timer.isActive()
    person.go(Key.Key_D, "image_1.png")
    person.go(Key.Key_A, "image_0.png")
    assert stored(files[0]) == FILE
    assert person.objects == [*FILE, ("cat", NEW)]
    person.press(Key.Key_S, CONTROL)
    person.wait_saved()
    assert person.told == "Saved: pictures/image_0.xml."
    assert stored(files[0]) == [*FILE, ("cat", NEW)]


def test_nothing_is_saved_during_a_drag(person, files):
    person.draw(NEW, Key.Key_1)
    autosave = person.controller.saves.autosave
    person.move(*NEW[2:])
    person.mouse_down(*NEW[2:])
    with person.qtbot.waitSignal(person.canvas.box_dragged):
        person.move(60, 120, LEFT)
    person.tick()
    assert not person.controller.saves._asked
    person.mouse_up(60, 120)
    assert person.objects[-1] == ("cat", (5, 60, 60, 120))
    if autosave.timer.isActive():
        person.tick()
    person.wait_saved()
    assert stored(files[0])[-1] == ("cat", (5, 60, 60, 120))


def test_undo_after_a_save_is_saved_again(person, files):
    before = files[0].with_suffix(".xml").read_bytes()
    person.draw(NEW, Key.Key_1)
    person.press(Key.Key_S, CONTROL)
    person.wait_saved()
    person.undo()
    assert person.state.session.is_unsaved
    person.press(Key.Key_S, CONTROL)
    person.wait_saved()
    assert stored(files[0]) == FILE
    assert files[0].with_suffix(".xml").read_bytes() == before
    person.redo()
    person.press(Key.Key_S, CONTROL)
    person.wait_saved()
    assert stored(files[0]) == [*FILE, ("cat", NEW)]


@pytest.fixture
def slow(monkeypatch):
    """Files are written only once this is set; a second event says that one is about to be."""
    go_on, begun, write = threading.Event(), threading.Event(), VocStore.write

    def wait_and_write(*arguments):
        begun.set()
        assert go_on.wait(20)
        return write(*arguments)

    monkeypatch.setattr(VocStore, "write", wait_and_write)
    yield go_on, begun
    go_on.set()


def test_what_is_undone_while_it_is_being_written_is_undone_in_the_file(person, files, slow):
    go_on, begun = slow
    person.draw(NEW, Key.Key_1)
    person.press(Key.Key_S, CONTROL)
    person.wait(begun.is_set)
    person.undo()
    go_on.set()
    person.wait_saved()
    person.wait(lambda: stored(files[0]) == FILE)


def test_what_is_undone_while_it_is_being_written_is_undone_also_if_the_window_closes(qtbot, files, slow):
    go_on, begun = slow
    with open_window(qtbot) as (window, controller):
        person = start(qtbot, window, controller, files[0])
        person.draw(NEW, Key.Key_1)
        person.press(Key.Key_S, CONTROL)
        person.wait(begun.is_set)
        person.undo()
        go_on.set()
        window.close()
    assert stored(files[0]) == FILE


def test_edits_while_a_file_is_being_written_are_written_after_it(person, files, slow):
    go_on, begun = slow
    person.draw(NEW, Key.Key_1)
    person.press(Key.Key_S, CONTROL)
    person.wait(begun.is_set)
    person.draw(OTHER, Key.Key_2)
    person.press(Key.Key_S, CONTROL)
    go_on.set()
    person.wait_saved()
    assert stored(files[0]) == [*FILE, ("cat", NEW), ("dog", OTHER)]
    assert person.question is None
    # All answers have come: what others do to the file is noticed again.
    person.wait(lambda: not person.controller.saves._asked)


def test_closing_right_after_an_edit_saves_it(qtbot, files):
    with open_window(qtbot) as (window, controller):
        person = start(qtbot, window, controller, files[0])
        person.draw(NEW, Key.Key_2)
        assert stored(files[0]) == FILE
        window.close()
    assert stored(files[0]) == [*FILE, ("dog", NEW)]


# Where


PLACES = {
    ("voc", "pictures"): ["Annotations/image_0.xml"],
    ("coco", "pictures"): ["annotations.json"],
    ("yolo", "pictures"): ["classes.txt", "image_0.txt"],
    ("yolo", "images"): ["../labels/classes.txt", "../labels/image_0.txt"],
}


@pytest.mark.parametrize(("kind", "name"), PLACES)
def test_where_no_annotations_are_one_is_asked_once(qtbot, tmp_path, kind, name):
    folder, words = tmp_path / "set" / name, kind.upper()
    folder.mkdir(parents=True)
    paths = [write_image(folder / f"image_{number}.png", number, annotated=False) for number in range(2)]
    with open_window(qtbot) as (window, controller):
        person = start(qtbot, window, controller, paths[0])
        assert person.question is None  # not before something is to be saved
        type_class(qtbot, person, "cat", NEW)
        assert person.objects == [("cat", NEW)]
        assert person.question == WhereToSave.beside(folder)
        person.press(Key.Key_S, CONTROL)
        assert person.told == "Choose above where the boxes of this folder are to be saved."
        assert new_files(folder) == []
        answer(person, words)
        assert person.question is None
        assert words in window.header.source.text()
        person.tick()
        person.wait_saved()
        assert new_files(folder) == PLACES[kind, name]
        person.go(Key.Key_D, "image_1.png")
        person.draw(OTHER)
        assert person.question is None
        window.close()
    # Whoever knows nothing of the choice finds it, too.
    assert len(stored(paths[1])) == 1
    # The next window asks nothing.
    with open_window(qtbot) as (window, controller):
        person = start(qtbot, window, controller, paths[0])
        assert [label for label, _ in person.objects] == ["cat"]
        assert person.objects[0][1] == pytest.approx(NEW, abs=1e-3)
        assert words in window.header.source.text()
        person.draw(OTHER, Key.Key_1)
        assert person.question is None
        window.close()
    assert len(stored(paths[0])) == 2


def type_class(qtbot, person, name, box):
    """The first box of all: its class is asked for."""
    person.press(Key.Key_W)
    person.drag(box[:2], box[2:])
    picker = person.window.class_picker
    person.wait(picker.isVisible)
    qtbot.keyClicks(picker.field, name)
    while picker.isVisible():  # a class that is not there yet is asked about
        person.press(Key.Key_Return, widget=picker.field)
    person.come_back()


def new_files(folder):
    """All around the images but themselves."""
    found = [path for path in folder.parent.rglob("*") if path.is_file() and path.suffix != ".png"]
    return sorted(os.path.relpath(path, folder).replace(os.sep, "/") for path in found)


def test_a_place_chosen_for_one_folder_saves_what_waited_there(qtbot, unannotated, tmp_path):
    """What was drawn in a folder without a place is still to be saved after another folder was open."""
    others = write_folder(tmp_path / "others", 1)
    folder = unannotated[0].parent
    with open_window(qtbot) as (window, controller):
        person = start(qtbot, window, controller, unannotated[0])
        type_class(qtbot, person, "cat", NEW)
        window.paths_opened.emit([others[0]])
        wait_settled(qtbot, controller, others[0].name)
        person.wait(lambda: controller.state.document.path == others[0])
        window.paths_opened.emit([unannotated[0]])
        person.wait(lambda: controller.state.document is not None and controller.state.document.path == unannotated[0])
        answer(person, "VOC")
        person.press(Key.Key_S, CONTROL)
        person.wait_saved()
        assert new_files(folder) == ["Annotations/image_0.xml"]
        assert stored(unannotated[0]) == [("cat", NEW)]


def test_nobody_is_asked_again_who_wants_to_decide_later(qtbot, unannotated):
    with open_window(qtbot) as (window, controller):
        person = start(qtbot, window, controller, unannotated[0])
        type_class(qtbot, person, "cat", NEW)
        window.save_bar.cross.click()
        assert person.question is None
        person.press(Key.Key_S, CONTROL)  # asks again
        assert person.question == WhereToSave.beside(unannotated[0].parent)
        person.undo()
        forget_edits(controller)
        window.show_to_ask(0)


# What others do


def test_a_file_that_another_program_wrote_is_not_overwritten(person, files):
    person.draw(NEW, Key.Key_1)
    annotate(files[0], OBJECTS[:1], LABELS[:1])
    person.press(Key.Key_S, CONTROL)
    xml = files[0].with_suffix(".xml")
    person.wait(lambda: person.question == ChangedOnDisk(xml, (files[0],)))
    assert stored(files[0]) == FILE[:1]
    assert person.objects == [*FILE, ("cat", NEW)]
    assert person.state.session.is_unsaved
    # Mine.
    answer(person, "Keep mine")
    person.wait_saved()
    assert stored(files[0]) == [*FILE, ("cat", NEW)]
    assert person.question is None


def test_their_work_is_loaded_if_that_is_wanted(person, files):
    person.draw(NEW, Key.Key_1)
    annotate(files[0], OBJECTS[:1], LABELS[:1])
    person.press(Key.Key_S, CONTROL)
    person.wait(lambda: isinstance(person.question, ChangedOnDisk))
    answer(person, "Load theirs")
    person.wait(lambda: person.objects == FILE[:1])
    assert person.state.edits == {}
    # It is a step: what was done here is not lost, and not saved unless one wants it back.
    person.window.actions_by_id["undo"].trigger()
    assert person.objects == [*FILE, ("cat", NEW)]
    person.window.actions_by_id["redo"].trigger()
    person.wait_saved()
    assert stored(files[0]) == FILE[:1]
    # One goes on from there.
    wait_settled(person.qtbot, person.controller, "image_0.png")
    person.draw(OTHER, Key.Key_2)
    person.press(Key.Key_S, CONTROL)
    person.wait_saved()
    assert stored(files[0]) == [*FILE[:1], ("dog", OTHER)]


def test_a_file_that_is_gone_is_taken_as_it_is_and_undone(person, files):
    person.draw(NEW, Key.Key_1)
    files[0].with_suffix(".xml").unlink()
    person.press(Key.Key_S, CONTROL)
    person.wait(lambda: isinstance(person.question, ChangedOnDisk))
    answer(person, "Remove mine too")
    person.wait(lambda: person.objects == [])
    person.window.actions_by_id["undo"].trigger()
    person.press(Key.Key_S, CONTROL)
    person.wait_saved()
    assert stored(files[0]) == [*FILE, ("cat", NEW)]


def test_coming_back_to_the_window_shows_what_another_program_wrote(person, files):
    annotate(files[0], OBJECTS[:1], LABELS[:1])
    person.window.activated.emit()
    person.wait(lambda: person.objects == FILE[:1])
    assert person.question is None
    assert person.told == "image_0.xml was changed by another program: what it says now is shown."


def test_coming_back_with_edits_asks_whose_work_counts(person, files):
    person.draw(NEW, Key.Key_1)
    annotate(files[0], OBJECTS[:1], LABELS[:1])
    person.window.activated.emit()
    assert person.question == ChangedOnDisk(files[0].with_suffix(".xml"), (files[0],))
    assert person.objects == [*FILE, ("cat", NEW)]


def test_steps_of_objects_that_are_gone_are_forgotten(person, files):
    """Saved here, then written by another program: what undo would bring back is not what stood there."""
    person.draw(NEW, Key.Key_1)
    person.press(Key.Key_S, CONTROL)
    person.wait_saved()
    annotate(files[0], OBJECTS[1:2], LABELS[1:2])
    person.window.activated.emit()
    person.wait(lambda: person.objects == FILE[1:2])
    assert not person.window.actions_by_id["undo"].isEnabled()
    person.undo()
    assert person.objects == FILE[1:2]
    assert stored(files[0]) == FILE[1:2]


def test_a_save_of_ones_own_is_nobody_elses(person, files):
    person.draw(NEW, Key.Key_1)
    person.press(Key.Key_S, CONTROL)
    person.wait_saved()
    person.draw(OTHER, Key.Key_1)
    person.window.activated.emit()
    assert person.question is None
    assert not changed_since(person.state.session.stored)


def test_saving_one_image_of_a_json_changes_no_other_under_the_hand(qtbot, unannotated):
    """Both are in one file: leaving the first saves it while the second is open already."""
    with open_window(qtbot) as (window, controller):
        person = start(qtbot, window, controller, unannotated[0])
        type_class(qtbot, person, "cat", NEW)
        answer(person, "COCO")
        person.go(Key.Key_D, "image_1.png")
        person.draw(OTHER)
        person.wait(lambda: stamp_of(unannotated[0].parent / "annotations.json") is not None)
        window.activated.emit()
        assert person.question is None
        person.press(Key.Key_S, CONTROL)
        person.wait_saved()
        window.activated.emit()
        assert person.question is None
        assert person.objects == [("cat", OTHER)]
    assert [stored(path) for path in unannotated] == [[("cat", NEW)], [("cat", OTHER)]]


# What cannot be written


@pytest.fixture
def full_disk(monkeypatch):
    """No file can be written; empty it, and it can."""
    trouble, write = ["there is no space left"], voc_store.write_atomic

    def write_or_fail(path, *arguments, **more):
        if trouble:
            raise OSError(errno.ENOSPC, trouble[0], str(path))
        return write(path, *arguments, **more)

    monkeypatch.setattr(voc_store, "write_atomic", write_or_fail)
    return trouble


def test_a_full_disk_keeps_the_edits_and_is_said_once(person, files, full_disk):
    window = person.window
    person.draw(NEW, Key.Key_1)
    person.tick()
    person.wait(lambda: isinstance(person.question, NotWritten))
    assert window.status.is_error
    assert "Your edits are kept here" in person.told
    assert stored(files[0]) == FILE
    person.wait(lambda: window.images.model.is_unsaved(0))
    # The same trouble again is not said again.
    window.save_bar.cross.click()
    person.go(Key.Key_D, "image_1.png")
    person.draw(OTHER, Key.Key_1)
    person.tick()
    person.wait(lambda: not person.controller.saves._asked)
    assert person.question is None
    person.wait(lambda: [window.images.model.is_unsaved(row) for row in range(3)] == [True, True, False])
    # By hand it is.
    person.press(Key.Key_S, CONTROL)
    person.wait(lambda: isinstance(person.question, NotWritten))
    # Once it can be written, everything is.
    full_disk.clear()
    answer(person, "Try again")
    person.go(Key.Key_D, "image_2.png")
    person.wait_saved()
    assert stored(files[0]) == [*FILE, ("cat", NEW)]
    assert stored(files[1]) == [*FILE, ("cat", OTHER)]
    assert person.question is None


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_keeps_the_edits(person, files):
    files[0].parent.chmod(0o500)
    try:
        person.draw(NEW, Key.Key_1)
        person.press(Key.Key_S, CONTROL)
        person.wait(lambda: isinstance(person.question, NotWritten))
        assert person.objects == [*FILE, ("cat", NEW)]
    finally:
        files[0].parent.chmod(0o700)
    answer(person, "Try again")
    person.wait_saved()
    assert stored(files[0]) == [*FILE, ("cat", NEW)]


# What is proposed


def test_proposed_objects_are_in_no_file_but_come_back(qtbot, files):
    annotate(files[1], [], [])
    with open_window(qtbot) as (window, controller):
        person = start(qtbot, window, controller, files[1])
        before = files[1].with_suffix(".xml").read_bytes()
        window.actions_by_id["paste_previous"].trigger()
        person.wait(lambda: person.edit.proposed == {0, 1, 2})
        person.wait(lambda: window.images.model.is_unsaved(1))
        person.press(Key.Key_S, CONTROL)
        assert files[1].with_suffix(".xml").read_bytes() == before
        # One of them is accepted, and that one is saved.
        person.click(*FILE[1][1][:2])
        person.press(Key.Key_Return)
        person.press(Key.Key_S, CONTROL)
        person.wait_saved()
        assert stored(files[1]) == [FILE[1]]
        # Back on the image the others are proposed still.
        person.go(Key.Key_D, "image_2.png")
        person.go(Key.Key_A, "image_1.png")
        assert sorted(person.objects) == sorted(FILE)
        assert len(person.edit.proposed) == 2
        assert not window.findChildren(type(window.save_bar))[0].question
        window.close()
    assert stored(files[1]) == [FILE[1]]
    with open_window(qtbot) as (window, controller):
        person = start(qtbot, window, controller, files[1])
        person.wait(lambda: len(person.objects) == 3)
        assert person.question is None
        assert sorted(person.objects) == sorted(FILE)
        assert {person.objects[row] for row in person.edit.proposed_rows} == {FILE[0], FILE[2]}
        assert stored(files[1]) == [FILE[1]]


# Elsewhere


def test_elsewhere_is_the_place_of_the_folder_that_was_asked_about(person, files, tmp_path, monkeypatch):
    others, write = write_folder(tmp_path / "others", 1), voc_store.write_atomic

    def write_or_fail(path, *arguments, **more):
        if path.parent == files[0].parent:
            raise OSError(errno.ENOSPC, "there is no space left", str(path))
        return write(path, *arguments, **more)

    monkeypatch.setattr(voc_store, "write_atomic", write_or_fail)
    person.draw(NEW, Key.Key_1)
    person.tick()
    person.wait(lambda: isinstance(person.question, NotWritten))
    person.window.paths_opened.emit([others[0]])
    person.wait(lambda: person.state.document is not None and person.state.document.path == others[0])
    answer(person, "elsewhere")
    (dialog,) = person.window.findChildren(QFileDialog)
    (tmp_path / "new").mkdir()
    dialog.selectFile(str(tmp_path / "new"))
    dialog.fileSelected.emit(str(tmp_path / "new"))
    dialog.close()
    person.wait_saved(files[0])
    stores = person.controller.threads.reading.stores
    assert [stores.of(each).place for each in (files[0], others[0])] == [tmp_path / "new", others[0].parent]
    assert (tmp_path / "new" / "image_0.xml").read_text().count("<object>") == 4


@pytest.mark.parametrize(
    ("typed", "name"),
    [("boxes.2026", "boxes.2026.json"), ("boxes", "boxes.json"), ("boxes.JSON", "boxes.JSON")],
)
def test_a_json_keeps_the_name_that_was_typed(person, tmp_path, typed, name):
    person.window.dialogs.ask_place(tmp_path)
    (dialog,) = person.window.findChildren(QFileDialog)
    dialog.selectNameFilter(next(each for each in dialog.nameFilters() if "json" in each))
    heard = []
    person.window.dialogs.place_chosen.disconnect()
    person.window.dialogs.place_chosen.connect(lambda *given: heard.append(given))
    dialog.fileSelected.emit(str(tmp_path / typed))
    dialog.close()
    assert heard == [(tmp_path, "coco", tmp_path / name)]
