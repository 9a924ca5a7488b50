"""What the last window left in the journal is back in the next one."""

from __future__ import annotations

import json
import threading

import pytest

from app.document import read_document
from app.edit import Edit
from app.journal import Journal
from app.save_questions import ChangedOnDisk, NotSaved
from app.scene import Ref
from app.sentences import say
from app.session import Session
from detector.datasets.annotation import stamp_of
from detector.datasets.coco import CocoStore
from detector.datasets.voc_store import VocStore
from tests.helpers.app_windows import (
    IMAGE_HW,
    LABELS,
    WAIT_MS,
    annotate,
    open_window,
    wait_settled,
    write_folder,
    write_image,
)

BOX = (3.0, 4.0, 30.0, 40.0)


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "images")


def wait_asked(qtbot, window):
    qtbot.waitUntil(lambda: isinstance(window.save_bar.question, NotSaved), timeout=WAIT_MS)


def leave(path, change, store=None):
    """What a program that was killed after an edit has left; how it is left is the journal's own test."""
    document = read_document(path, store=store or VocStore(path.parent))
    session = Session.begin(document)
    edit: Edit = change(session.edit)
    journal = Journal()
    assert journal.keep(path, edit, session.stored, stamp_of(path), session.records) is None
    journal.close()
    return edit


def test_changes_are_offered_and_saved_once_they_are_wanted(qtbot, folder):
    path = folder[1]
    before = path.with_suffix(".xml").read_bytes()
    leave(path, lambda edit: edit.with_objects([BOX], ["cat"]).without([0]))
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller, "image_0.png")
        qtbot.waitUntil(lambda: window.save_bar.question == NotSaved(1), timeout=WAIT_MS)
        assert path.with_suffix(".xml").read_bytes() == before
        window.save_bar.restore_wanted.emit()
        qtbot.waitUntil(lambda: path.with_suffix(".xml").read_bytes() != before, timeout=WAIT_MS)
        qtbot.waitUntil(lambda: controller.state.edits == {}, timeout=WAIT_MS)
        assert controller.saves.journal.pending() == []
        window.images.go_to("image_1")
        wait_settled(qtbot, controller, "image_1.png")
        assert controller.state.document.ground_truth.labels == (*LABELS[1:], "cat")
        # it is a step of the image, and what the file said of the deleted object comes back whole
        window.actions_by_id["workspace"].setChecked(True)
        window.actions_by_id["undo"].trigger()
        qtbot.waitUntil(lambda: path.with_suffix(".xml").read_bytes() == before, timeout=WAIT_MS)


def test_what_is_discarded_is_not_offered_again(qtbot, folder):
    leave(folder[0], lambda edit: edit.with_objects([BOX], ["cat"]))
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller, "image_0.png")
        wait_asked(qtbot, window)
        window.save_bar.discard_wanted.emit()
        assert controller.state.edits == {}
        assert controller.saves.journal.pending() == []


def test_proposed_objects_come_back_without_a_question(qtbot, folder):
    leave(folder[0], lambda edit: edit.with_objects([BOX], ["cat"], proposed=True))
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller, "image_0.png")
        qtbot.waitUntil(lambda: controller.state.document.proposed == {3}, timeout=WAIT_MS)
        assert window.save_bar.question is None
        assert controller.state.document.objects.truth.boxes[3].tolist() == list(BOX)


def test_a_file_that_somebody_else_has_written_since_is_not_overwritten_unasked(qtbot, folder):
    path = folder[0]
    leave(path, lambda edit: edit.with_objects([BOX], ["cat"]))
    annotate(path, [[1, 2, 50, 60]], ["dog"])
    theirs = path.with_suffix(".xml").read_bytes()
    with open_window(qtbot) as (window, controller):
        controller.start([path])
        wait_settled(qtbot, controller, "image_0.png")
        wait_asked(qtbot, window)
        window.save_bar.buttons[0].click()
        changed = ChangedOnDisk(path.with_suffix(".xml"), (path,))
        qtbot.waitUntil(lambda: window.save_bar.question == changed, timeout=WAIT_MS)
        assert path.with_suffix(".xml").read_bytes() == theirs
        window.save_bar.mine_wanted.emit(path.with_suffix(".xml"))
        qtbot.waitUntil(lambda: path.with_suffix(".xml").read_bytes() != theirs, timeout=WAIT_MS)
        qtbot.waitUntil(lambda: not controller.state.edits, timeout=WAIT_MS)
        assert read_document(path).ground_truth.labels == (*LABELS, "cat")


def test_what_we_do_not_understand_survives_a_kill_and_another_program(qtbot, tmp_path):
    """A kill with one box moved and one new; another program moves the third. Asked, a person keeps their own."""
    path, place = write_image(tmp_path / "a.png", annotated=False), tmp_path / "x.json"
    known = [
        {
            "id": 40 + row, "image_id": 1, "category_id": 1, "bbox": [10 + 50 * row, 10, 30, 30], "area": 900,
            "iscrowd": 0, "segmentation": [[10.5, 10, 40, 10, 40, 40]], "attributes": {"who": f"me {row}"},
        }
        for row in range(3)
    ]  # fmt: skip
    content = {
        "images": [{"id": 1, "file_name": "a.png", "width": 192, "height": 160}],
        "annotations": known,
        "categories": [{"id": 1, "name": "cat"}],
    }
    place.write_text(json.dumps(content))

    def change(edit):
        return edit.with_boxes({0: (12.0, 10.0, 42.0, 40.0)}).with_objects([BOX], ["cat"])

    leave(path, change, CocoStore(place))
    known[2]["bbox"][0] += 5
    place.write_text(json.dumps(content))
    theirs = place.read_bytes()
    with open_window(qtbot) as (window, controller):
        controller.start([place])
        wait_settled(qtbot, controller, "a.png")
        wait_asked(qtbot, window)
        window.save_bar.buttons[0].click()
        qtbot.waitUntil(lambda: window.save_bar.question == ChangedOnDisk(place, (path,)), timeout=WAIT_MS)
        assert place.read_bytes() == theirs
        window.save_bar.mine_wanted.emit(place)
        qtbot.waitUntil(lambda: not controller.state.edits, timeout=WAIT_MS)
    now = json.loads(place.read_text())["annotations"]
    assert [each["id"] for each in now] == [40, 41, 42, 43]
    assert [each["bbox"][0] for each in now] == [12, 60, 110, 3]
    assert [each.get("attributes") for each in now] == [{"who": f"me {row}"} for row in range(3)] + [None]
    assert all(each["segmentation"] for each in now[:3])


def test_what_somebody_else_says_of_the_same_boxes_stays_with_them(qtbot, tmp_path):
    """He wrote the json anew, with ids and notes of his own and one box more."""
    image = write_image(tmp_path / "image_0.png", 0, annotated=False)
    place = tmp_path / "all.json"
    content = {
        "images": [{"id": 7, "file_name": image.name, "width": IMAGE_HW[1], "height": IMAGE_HW[0]}],
        "categories": [{"id": 1, "name": "cat"}],
    }
    boxes = [[10, 10, 30, 30], [60, 20, 40, 40]]
    annotations = [{"id": k, "image_id": 7, "category_id": 1, "bbox": box} for k, box in enumerate(boxes)]
    place.write_text(json.dumps(content | {"annotations": annotations}))
    store = CocoStore(place)
    document = read_document(image, store=store)
    session = Session.begin(document)
    journal = Journal()
    journal.keep(image, session.edit.with_objects([BOX], ["cat"]), session.stored, stamp_of(image), session.records)
    journal.close()
    theirs = [
        each | {"id": each["id"] + 100, "note": "theirs"}
        for each in (*annotations, annotations[0] | {"id": 9, "bbox": [90, 90, 9, 9]})
    ]
    place.write_text(json.dumps(content | {"annotations": theirs}))
    with open_window(qtbot) as (window, controller):
        controller.start([image])
        wait_settled(qtbot, controller, "image_0.png")
        wait_asked(qtbot, window)
        window.save_bar.buttons[0].click()
        qtbot.waitUntil(lambda: window.save_bar.question == ChangedOnDisk(place, (image,)), timeout=WAIT_MS)
        window.save_bar.buttons[1].click()
        qtbot.waitUntil(lambda: not controller.state.edits, timeout=WAIT_MS)
    said = [(each["id"], each.get("note")) for each in json.loads(place.read_text())["annotations"]]
    assert said == [(100, "theirs"), (101, "theirs"), (110, None)]


def test_of_an_image_that_is_gone_the_changes_stay_in_the_journal(qtbot, folder):
    leave(folder[2], lambda edit: edit.with_objects([BOX], ["cat"]))
    folder[2].unlink()
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller, "image_0.png")
        wait_asked(qtbot, window)
        window.save_bar.restore_wanted.emit()
        qtbot.waitUntil(lambda: "image_2.png" in window.status.message.text(), timeout=WAIT_MS)
        assert len(controller.saves.journal.pending()) == 1


def test_proposed_objects_of_an_image_that_is_gone_wait(qtbot, folder):
    leave(folder[2], lambda edit: edit.with_objects([BOX], ["cat"], proposed=True))
    folder[2].unlink()
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller, "image_0.png")
        wait_asked(qtbot, window)
        assert controller.state.sessions == {}


@pytest.fixture
def held_up(monkeypatch):
    """Annotations of image_1 are read only once the first event is set; the second says that one is about to be."""
    go_on, begun, read = threading.Event(), threading.Event(), VocStore.read

    def wait_and_read(store, path, *more):
        if path.name == "image_1.png" and threading.current_thread() is not threading.main_thread():
            begun.set()
            assert go_on.wait(20)
        return read(store, path, *more)

    monkeypatch.setattr(VocStore, "read", wait_and_read)
    yield go_on, begun
    go_on.set()


def test_the_window_works_while_the_files_are_looked_at(qtbot, folder, held_up):
    """They may lie far away: what is done meanwhile is done, and the question comes when it comes."""
    go_on, begun = held_up
    leave(folder[1], lambda edit: edit.with_objects([BOX], ["cat"]))
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        qtbot.waitUntil(begun.is_set, timeout=WAIT_MS)
        qtbot.waitUntil(lambda: controller.state.trace is None, timeout=WAIT_MS)
        assert window.save_bar.question is None
        go_on.set()
        wait_asked(qtbot, window)
        window.save_bar.restore_wanted.emit()
        qtbot.waitUntil(lambda: folder[1] in controller.state.sessions, timeout=WAIT_MS)
        assert len(controller.state.sessions[folder[1]].edit) == len(LABELS) + 1


def test_what_was_done_meanwhile_counts_more_and_nothing_is_lost(qtbot, folder):
    """The image was opened and changed before the answer about the last time was given."""
    left = leave(folder[0], lambda edit: edit.with_objects([BOX], ["cat"]))
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller, "image_0.png")
        wait_asked(qtbot, window)
        edit = controller.state.document.objects.without([0])
        controller.undo.change_document(edit, say("undo.recovered"))
        window.save_bar.restore_wanted.emit()
        qtbot.waitUntil(lambda: "other changes of image_0.png" in window.status.message.text(), timeout=WAIT_MS)
        assert len(controller.state.document.objects) == len(LABELS) - 1
        (kept,) = controller.saves.journal.pending()
        assert kept.edit.ids == left.ids


def test_many_are_looked_at_in_pieces(qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr("app.recover_flow.PIECE_SECONDS", 0.0)
    folder = write_folder(tmp_path / "many", 4)
    for path in folder:
        leave(path, lambda edit: edit.with_objects([BOX], ["dog"]))
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        qtbot.waitUntil(lambda: window.save_bar.question == NotSaved(4), timeout=WAIT_MS)
        window.save_bar.restore_wanted.emit()
        qtbot.waitUntil(lambda: len(controller.state.sessions) == 4, timeout=WAIT_MS)
        qtbot.waitUntil(lambda: not controller.state.edits, timeout=WAIT_MS)
    assert [read_document(path).ground_truth.labels[-1] for path in folder] == ["dog"] * 4


def test_a_selection_is_no_change(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller, "image_0.png")
        window.actions_by_id["workspace"].setChecked(True)
        controller.selects.choose(Ref("object", 0))
        assert controller.state.sessions == {}
        assert Journal().pending() == []
