"""Classes renamed, merged and deleted over the whole folder in the real window; every file comes back byte by byte."""

from __future__ import annotations

import json
import os
import shutil

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog

from app import class_work
from app.dialogs import NON_NATIVE_VARIABLE
from app.panels.class_change_dialog import ClassChangeDialog
from app.panels.waiting_dialog import WaitingDialog
from detector.datasets import write_voc
from detector.datasets.coco import CocoStore
from detector.datasets.voc_store import VocStore
from detector.datasets.yolo import YoloStore
from detector.ground_truth import GroundTruth
from tests.helpers.app_windows import IMAGE_HW, LABELS, OBJECTS, WAIT_MS, open_window, wait_settled, write_image

NUM = 5
YAML = "# pets\nnames:\n  0: 'cat'\n  1: dog\n  2: cow\ntrain: images\n"


def _voc(root):
    for path in root.glob("*.png"):
        write_voc(path.with_suffix(".xml"), IMAGE_HW, path.name, GroundTruth(OBJECTS, LABELS))


def _yolo(root):
    labels = root.parent / "labels"
    labels.mkdir()
    (root.parent / "data.yaml").write_text(YAML)
    for path in root.glob("*.png"):
        # Numbers as no program of ours writes them: what is not changed must come out as it was.
        lines = ["0 0.1354 0.16250 .16667 0.2", "1 0.479 0.325 0.3333 0.4", "0 0.5520 0.7250 0.1667 0.2000"]
        (labels / f"{path.stem}.txt").write_text("\r\n".join(lines) + "\n")


def _coco(root):
    images = [{"id": n, "file_name": f"image_{n}.png", "width": 192, "height": 160} for n in range(NUM)]
    boxes = (OBJECTS - np.pad(OBJECTS[:, :2], ((0, 0), (2, 0)))).tolist()
    document = {
        "categories": [{"id": 3, "name": "cat"}, {"id": 1, "name": "dog"}, {"id": 2, "name": "cow"}],
        "images": images,
        "annotations": [
            {"id": 10 * n + k, "image_id": n, "category_id": {"cat": 3, "dog": 1}[label], "bbox": box, "score": 1.50}
            for n in range(NUM)
            for k, (box, label) in enumerate(zip(boxes, LABELS, strict=True))
        ],
    }
    (root / "annotations.json").write_text(json.dumps(document, indent=1))


FORMATS = {"voc": _voc, "yolo": _yolo, "coco": _coco}


def store_of(name, root):
    """As another program would look at it: nothing of what the window has in memory."""
    places = {"voc": root, "yolo": root.parent / "labels", "coco": root / "annotations.json"}
    return {"voc": VocStore, "yolo": YoloStore, "coco": CocoStore}[name](places[name])


def labels_in(name, root):
    store = store_of(name, root)
    return [store.read(path).annotation.ground_truth.labels for path in sorted(root.glob("*.png"))]


def bytes_in(root):
    """Of every annotation file. In a COCO file that was saved since, deleted objects come back last in its list."""
    found = {
        path: path.read_bytes()
        for path in root.parent.rglob("*")
        if path.is_file() and path.suffix in (".xml", ".txt", ".yaml", ".json")
    }
    for path in found.keys() & {root / "annotations.json"}:
        objects = json.loads(found[path])
        objects["annotations"].sort(key=lambda each: each["id"])
        found[path] = json.dumps(objects).encode()
    return found


@pytest.fixture(params=FORMATS)
def kind(request):
    return request.param


@pytest.fixture
def root(tmp_path, kind):
    folder = tmp_path / "set" / "images"
    folder.mkdir(parents=True)
    for number in range(NUM):
        write_image(folder / f"image_{number}.png", number, annotated=False)
    FORMATS[kind](folder)
    return folder


@pytest.fixture
def opened(qtbot, root):
    with open_window(qtbot) as (window, controller):
        controller.start([root])
        wait_settled(qtbot, controller, "image_0.png")
        window.actions_by_id["workspace"].setChecked(True)
        qtbot.waitUntil(lambda: controller.scans.totals["cat"] == 2 * NUM, timeout=WAIT_MS)
        yield window, controller


def ask(qtbot, window, wanted, name):
    """The dialog with everything counted."""
    getattr(window.annotate.classes, wanted).emit(name)
    dialog = window.findChild(ClassChangeDialog)
    qtbot.waitUntil(lambda: dialog._use.is_counted, timeout=WAIT_MS)
    return dialog


def press(qtbot, controller, dialog):
    qtbot.mouseClick(dialog.do_button, Qt.MouseButton.LeftButton)
    rest(qtbot, controller)


def rest(qtbot, controller):
    """Nothing runs, and nothing is unsaved."""
    saves = controller.saves

    def is_over():
        return controller.class_changes._job is None and not saves._asked and not saves.autosave.unsaved

    qtbot.waitUntil(is_over, timeout=WAIT_MS)


def change(qtbot, window, controller, what, name="cat", into="lion"):
    dialog = ask(qtbot, window, f"{what}_wanted", name)
    if what == "rename":
        dialog.new_field.setText(into)
    elif what == "merge":
        dialog.target.setCurrentText(into)
    press(qtbot, controller, dialog)


def undo(qtbot, window, controller, key=Qt.Key.Key_Z):
    window.activateWindow()  # a dialog had the keyboard; without a window manager it is not given back
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window.canvas, key, Qt.KeyboardModifier.ControlModifier)
    rest(qtbot, controller)


@pytest.mark.parametrize(
    ("what", "into", "after", "said"),
    [
        ("rename", "lion", ("lion", "dog", "lion"), f"cat renamed to lion in {NUM} images"),
        ("merge", "dog", ("dog", "dog", "dog"), f"cat merged into dog in {NUM} images"),
        ("delete", "", ("dog",), f"cat deleted in {NUM} images"),
    ],
)
def test_a_class_changes_everywhere_and_one_undo_brings_every_byte_back(
    opened, qtbot, root, kind, what, into, after, said
):
    window, controller = opened
    before = bytes_in(root)
    change(qtbot, window, controller, what, into=into)
    assert window.status.message.text() == f"{said}. Ctrl+Z takes it back."
    assert window.actions_by_id["undo"].text() == f"Undo {said}"
    assert labels_in(kind, root) == [after] * NUM
    names = [row.name for row in controller.state.scene.editing.classes]
    listed = {"rename": ["lion", "dog"], "merge": ["dog"], "delete": ["dog"]}[what]
    if kind != "voc":  # a list of classes is never made shorter or put in another order
        listed = ["lion" if what == "rename" else "cat", "dog", "cow"]
        assert list(store_of(kind, root).classes) == listed
    assert names == listed
    undo(qtbot, window, controller)
    assert bytes_in(root) == before
    assert [row.name for row in controller.state.scene.editing.classes][:2] == ["cat", "dog"]
    assert controller.state.document.objects.truth.labels == LABELS
    assert not window.actions_by_id["undo"].isEnabled()
    undo(qtbot, window, controller, Qt.Key.Key_Y)
    assert labels_in(kind, root) == [after] * NUM
    undo(qtbot, window, controller)
    assert bytes_in(root) == before
    assert controller.scans.totals["cat"] == 2 * NUM


def test_nothing_is_done_before_it_is_agreed_to(opened, qtbot, root):
    window, controller = opened
    before = bytes_in(root)
    dialog = ask(qtbot, window, "delete_wanted", "cat")
    assert dialog.told.text() == f"Delete “cat” with its boxes in {NUM} images ({2 * NUM} boxes)?"
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    rest(qtbot, controller)
    assert bytes_in(root) == before
    assert not window.actions_by_id["undo"].isEnabled()


def test_what_is_stopped_half_way_leaves_every_byte(opened, qtbot, root, kind, monkeypatch):
    window, controller = opened
    before = bytes_in(root)
    monkeypatch.setattr(class_work, "PIECE_SECONDS", -1.0)  # one image a piece
    dialog = ask(qtbot, window, "merge_wanted", "cat")
    dialog.target.setCurrentText("dog")
    seen = []

    def look(done, of):
        type(dialog).show_progress(dialog, done, of)
        if done == 2 and not seen:
            seen.append(bytes_in(root) != before)
            dialog.reject()

    monkeypatch.setattr(dialog, "show_progress", look)
    press(qtbot, controller, dialog)
    assert seen == [kind != "coco"]  # one file of all images is written at the end
    assert bytes_in(root) == before
    assert window.status.message.text() == "Stopped: all files are as they were."
    assert not window.actions_by_id["undo"].isEnabled()
    assert controller.state.document.objects.truth.labels == LABELS


def test_what_is_half_done_when_the_window_goes_is_taken_back(qtbot, root, monkeypatch):
    before = bytes_in(root)
    monkeypatch.setattr(class_work, "PIECE_SECONDS", -1.0)
    with open_window(qtbot) as (window, controller):
        controller.start([root])
        wait_settled(qtbot, controller, "image_0.png")
        window.actions_by_id["workspace"].setChecked(True)
        dialog = ask(qtbot, window, "delete_wanted", "cat")
        dialog.do_button.click()
        qtbot.waitUntil(lambda: dialog.progress.value() >= 2, timeout=WAIT_MS)
        controller.stop()
        assert bytes_in(root) == before


@pytest.mark.parametrize("kind", ["voc", "yolo"])
def test_a_file_that_cannot_be_written_is_named_and_the_rest_goes_on(qtbot, root, kind, tmp_path):
    # A link out of the folder is refused whoever one is; permissions mean nothing to root.
    file = (root if kind == "voc" else root.parent / "labels") / f"image_2.{'xml' if kind == 'voc' else 'txt'}"
    elsewhere = tmp_path / file.name
    shutil.move(file, elsewhere)
    os.symlink(elsewhere, file)
    before = bytes_in(root)
    with open_window(qtbot) as (window, controller):
        controller.start([root])
        wait_settled(qtbot, controller, "image_0.png")
        window.actions_by_id["workspace"].setChecked(True)
        change(qtbot, window, controller, "merge", into="dog")
        said = window.status.message.text()
        assert said.startswith(f"cat merged into dog in {NUM - 1} images. 1 file was left as it is: '{file}'")
        found = labels_in(kind, root)
        assert found[2] == LABELS
        assert found[:2] + found[3:] == [("dog",) * 3] * (NUM - 1)
        qtbot.waitUntil(lambda: controller.scans.totals["cat"] == 2, timeout=WAIT_MS)
        undo(qtbot, window, controller)
        assert bytes_in(root) == before


def test_images_that_were_worked_on_take_part_and_keep_what_was_done(opened, qtbot, root, kind):
    window, controller = opened
    controller.selects.choose_rows([0])
    controller.edits.delete()
    window.images.go_to("image_1.png")
    wait_settled(qtbot, controller, "image_1.png")
    rest(qtbot, controller)
    before = bytes_in(root)
    change(qtbot, window, controller, "rename", into="lion")
    assert labels_in(kind, root) == [("dog", "lion"), *[("lion", "dog", "lion")] * (NUM - 1)]
    # An image is worked on after the change, before it is taken back.
    window.images.go_to("image_3.png")
    wait_settled(qtbot, controller, "image_3.png")
    controller.selects.choose_rows([1])
    controller.edits.delete()
    rest(qtbot, controller)
    assert labels_in(kind, root)[3] == ("lion", "lion")
    window.images.go_to("image_0.png")
    wait_settled(qtbot, controller, "image_0.png")
    undo(qtbot, window, controller)
    assert labels_in(kind, root) == [("dog", "cat"), *[LABELS] * 2, ("cat", "cat"), LABELS]
    after = bytes_in(root)
    changed = {path.stem for path in before if before[path] != after[path]}
    assert changed == {"annotations" if kind == "coco" else "image_3"}
    # The steps of the image are still there.
    undo(qtbot, window, controller)
    assert labels_in(kind, root)[0] == LABELS


@pytest.mark.parametrize("what", ["merge", "delete"])
def test_a_file_that_another_program_changed_since_keeps_that(opened, qtbot, root, kind, what):
    window, controller = opened
    change(qtbot, window, controller, what, into="dog")
    store, path = store_of(kind, root), root / "image_4.png"
    stored = store.read(path)
    boxes = np.concatenate([stored.annotation.ground_truth.boxes, [[1, 1, 9, 9]]]).astype(np.float32)
    labels = (*stored.annotation.ground_truth.labels, "cow")
    records = (*stored.annotation.records, None)
    store.write(path, IMAGE_HW, type(stored.annotation)(GroundTruth(boxes, labels), records), stored)
    undo(qtbot, window, controller)
    found = labels_in(kind, root)
    assert found[:4] == [LABELS] * 4
    assert sorted(found[4]) == ["cat", "cat", "cow", "dog"]


def test_the_status_line_offers_to_take_it_back(opened, qtbot, root):
    window, controller = opened
    before = bytes_in(root)
    change(qtbot, window, controller, "delete")
    assert window.status.offer.text() == "Undo"
    window.status.offer.click()
    assert window.findChild(WaitingDialog) is not None
    rest(qtbot, controller)
    assert bytes_in(root) == before
    assert window.status.message.text() == f"Undone: cat deleted in {NUM} images. Ctrl+Y does it again."


@pytest.mark.parametrize("kind", ["voc"])
def test_in_inspect_no_class_is_changed_and_none_is_taken_back(opened, qtbot, root):
    window, controller = opened
    change(qtbot, window, controller, "delete")
    after = bytes_in(root)
    window.actions_by_id["workspace"].setChecked(False)
    window.annotate.classes.delete_wanted.emit("dog")
    assert controller.class_changes._job is None
    window.actions_by_id["undo"].trigger()
    assert "cat deleted in" not in window.actions_by_id["undo"].text()
    rest(qtbot, controller)
    # Only the open image's own step can be undone there.
    changed = [path.stem for path in after if path.read_bytes() != after[path]]
    assert set(changed) <= {"image_0"}


@pytest.mark.parametrize("kind", ["voc"])
def test_a_colour_holds_everywhere_and_the_next_time(opened, qtbot, root, monkeypatch):
    window, controller = opened
    monkeypatch.setenv(NON_NATIVE_VARIABLE, "1")
    window.annotate.classes.color_wanted.emit("dog")
    dialog = window.findChild(QColorDialog)
    assert dialog.currentColor() == QColor("#56B4E9")  # the second class
    dialog.setCurrentColor(QColor("#123456"))
    dialog.accept()
    rows = {row.name: row.color for row in controller.state.scene.editing.classes}
    assert rows["dog"] == "#123456"
    assert controller.state.scene.editing.colors[1] == "#123456"
    change(qtbot, window, controller, "rename", "dog", "wolf")
    assert {row.name: row.color for row in controller.state.scene.editing.classes}["wolf"] == "#123456"
    with open_window(qtbot) as (_, again):
        again.start([root])
        assert again.state.annotating.colors == {"dog": "#123456", "wolf": "#123456"}


@pytest.mark.parametrize("kind", ["voc"])
def test_what_the_detector_takes_for_a_class_is_proposed(opened, qtbot, root, kind):
    window, controller = opened
    controller.selects.select_all()
    controller.edits.delete()
    state = controller.state
    qtbot.waitUntil(lambda: state.trace.ground_truth is state.document.ground_truth, timeout=WAIT_MS)
    classes = window.annotate.classes
    classes.view.customContextMenuRequested.emit(classes.view.visualRect(classes.model.index(0)).center())
    assert classes.prelabel_action.text() == "Propose the detector's cat"
    classes.prelabel_action.trigger()
    classes.menu.close()
    objects = controller.state.document.objects
    assert set(objects.truth.labels) == {"cat"}
    assert len(objects.proposed) == len(objects) > 0
