"""Check annotations in the real window with the real threads: found, gone to, fixed, undone, saved."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt

from app.sentences import say
from detector.datasets import read_voc, write_voc
from detector.ground_truth import GroundTruth
from tests.helpers.app_windows import IMAGE_HW, LABELS, OBJECTS, WAIT_MS, annotate, open_window, write_folder

# Images are 160 x 192 (h x w). In image_0 a box is inverted; in image_1 a box is over the edge by 8 px and the first
# one is there twice; image_2 is as it should be; image_3 has a box over the edge by 4 px.
FIRST = [[42, 10, 10, 42], *OBJECTS[1:].tolist()]
SECOND = [*OBJECTS.tolist(), [150, 20, 200, 60], OBJECTS[0].tolist()]
FOURTH = [[20, 100, 60, 164]]


@pytest.fixture
def folder(tmp_path):
    paths = write_folder(tmp_path / "images", 4)
    annotate(paths[0], FIRST, LABELS)
    annotate(paths[1], SECOND, (*LABELS, "dog", "cat"))
    annotate(paths[3], FOURTH, ("cat",))
    return paths


@pytest.fixture
def opened(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0].parent])
        qtbot.waitUntil(lambda: controller.state.document is not None, timeout=WAIT_MS)
        window.actions_by_id["workspace"].setChecked(True)
        yield window, controller
        wait_saved(qtbot, controller)


def wait_saved(qtbot, controller):
    controller.saves.close()
    qtbot.waitUntil(lambda: not controller.saves.autosave.unsaved, timeout=WAIT_MS)


def wait_checked(qtbot, controller):
    flow = controller.checks
    qtbot.waitUntil(lambda: flow._done is not None and not flow._is_running, timeout=WAIT_MS)


def open_checks(qtbot, window, controller):
    window.actions_by_id["check"].trigger()
    wait_checked(qtbot, controller)
    return controller.checks.panel


def shown(panel):
    return dict(panel.kinds_model.kinds)


def choose(panel, kind):
    row = [each for each, _ in panel.kinds_model.kinds].index(kind)
    panel.kinds.setCurrentIndex(panel.kinds_model.index(row))


def click_line(qtbot, panel, row):
    line = panel.view.visualRect(panel.model.index(row))
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=line.center() - QPoint(20, 0))


def press(qtbot, button):
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def file_boxes(path):
    return read_voc(path.with_suffix(".xml")).ground_truth.boxes.tolist()


def is_at(controller, path):
    document = controller.state.document
    return document is not None and document.path == path and not controller.images.is_reading


def test_found_by_kind(opened, qtbot, folder):
    window, controller = opened
    panel = open_checks(qtbot, window, controller)
    assert shown(panel) == {"inverted": 1, "over_edge": 2, "duplicate": 1}
    assert panel.told.text() == "4 findings in 12 boxes, 4 images."
    choose(panel, "over_edge")
    lines = [panel.model.data(panel.model.index(row)) for row in range(2)]
    assert lines == [
        "image_1.png: dog #4 by 8 px over the right edge [150, 20, 200, 60]",
        "image_3.png: cat #1 by 4 px over the bottom edge [20, 100, 60, 164]",
    ]
    assert panel.fix_text.text() == "Fix: cut it to the image."
    assert panel.fix_all.text() == "Fix all 2"


def test_a_click_goes_to_the_image_and_the_box(opened, qtbot, folder):
    window, controller = opened
    panel = open_checks(qtbot, window, controller)
    choose(panel, "over_edge")
    click_line(qtbot, panel, 1)
    qtbot.waitUntil(lambda: is_at(controller, folder[3]), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: controller.state.annotating.chosen == (0,), timeout=WAIT_MS)
    left, top = window.canvas.transform.to_widget(20, 100)
    right, bottom = window.canvas.transform.to_widget(60, 164)
    assert window.canvas.rect().contains(QPoint(round(left), round(top)))
    assert window.canvas.rect().contains(QPoint(round(right), round(bottom)))


def test_one_is_fixed_in_another_image_undone_and_done_again(opened, qtbot, folder):
    window, controller = opened
    panel = open_checks(qtbot, window, controller)
    choose(panel, "over_edge")
    click_line(qtbot, panel, 1)
    qtbot.waitUntil(lambda: is_at(controller, folder[3]), timeout=WAIT_MS)
    press(qtbot, panel.fix)
    qtbot.waitUntil(lambda: shown(panel).get("over_edge") == 1, timeout=WAIT_MS)
    assert controller.state.document.ground_truth.boxes.tolist() == [[20, 100, 60, 160]]
    assert not panel.fix.isEnabled()  # nothing is chosen now
    window.actions_by_id["undo"].trigger()
    qtbot.waitUntil(lambda: shown(panel).get("over_edge") == 2, timeout=WAIT_MS)
    assert controller.state.document.ground_truth.boxes.tolist() == FOURTH
    window.actions_by_id["redo"].trigger()
    qtbot.waitUntil(lambda: shown(panel).get("over_edge") == 1, timeout=WAIT_MS)
    wait_saved(qtbot, controller)
    qtbot.waitUntil(lambda: file_boxes(folder[3]) == [[20, 100, 60, 160]], timeout=WAIT_MS)
    assert file_boxes(folder[1]) == SECOND


def test_all_of_a_kind_are_fixed_in_all_images_each_as_a_step_of_its_own(opened, qtbot, folder):
    window, controller = opened
    panel = open_checks(qtbot, window, controller)
    for kind in ("over_edge", "duplicate", "inverted"):
        choose(panel, kind)
        press(qtbot, panel.fix_all)
        qtbot.waitUntil(lambda kind=kind: kind not in shown(panel), timeout=WAIT_MS)
        qtbot.waitUntil(lambda: not controller.checks._is_running, timeout=WAIT_MS)
    assert panel.told.text() == "Nothing wrong: 11 boxes in 4 images."
    wait_saved(qtbot, controller)
    cut = [*OBJECTS.tolist(), [150, 20, 192, 60]]
    qtbot.waitUntil(lambda: file_boxes(folder[1]) == cut, timeout=WAIT_MS)
    assert file_boxes(folder[0]) == OBJECTS.tolist()
    assert file_boxes(folder[3]) == [[20, 100, 60, 160]]
    before = folder[2].with_suffix(".xml").read_bytes()
    window.images.go_to("image_1")
    qtbot.waitUntil(lambda: is_at(controller, folder[1]), timeout=WAIT_MS)
    assert controller.undo.image_steps[1] == 2
    window.actions_by_id["undo"].trigger()
    window.actions_by_id["undo"].trigger()
    assert controller.state.document.ground_truth.boxes.tolist() == SECOND
    qtbot.waitUntil(lambda: shown(panel) == {"over_edge": 1, "duplicate": 1}, timeout=WAIT_MS)
    wait_saved(qtbot, controller)
    qtbot.waitUntil(lambda: file_boxes(folder[1]) == SECOND, timeout=WAIT_MS)
    assert folder[2].with_suffix(".xml").read_bytes() == before


def test_what_a_hand_changes_is_judged_anew(opened, qtbot, folder):
    window, controller = opened
    panel = open_checks(qtbot, window, controller)
    choose(panel, "inverted")
    click_line(qtbot, panel, 0)
    qtbot.waitUntil(lambda: controller.state.annotating.chosen == (0,), timeout=WAIT_MS)
    controller.edits.delete()
    qtbot.waitUntil(lambda: "inverted" not in shown(panel), timeout=WAIT_MS)


def test_in_inspect_nothing_is_fixed(opened, qtbot, folder):
    window, controller = opened
    window.actions_by_id["workspace"].setChecked(False)
    panel = open_checks(qtbot, window, controller)
    choose(panel, "inverted")
    click_line(qtbot, panel, 0)
    assert not panel.fix.isEnabled()
    assert not panel.fix_all.isEnabled()
    assert "In Inspect ground truth is locked; I goes to Annotate" in panel.fix_text.text()
    panel.fix_all_wanted.emit("inverted")
    assert controller.state.sessions == {}
    assert file_boxes(folder[0]) == FIRST
    window.actions_by_id["workspace"].setChecked(True)
    assert panel.fix_all.isEnabled()


def test_a_locked_box_stays(opened, qtbot, folder):
    window, controller = opened
    panel = open_checks(qtbot, window, controller)
    choose(panel, "inverted")
    click_line(qtbot, panel, 0)
    qtbot.waitUntil(lambda: controller.state.annotating.chosen == (0,), timeout=WAIT_MS)
    controller.edits.toggle_lock()
    press(qtbot, panel.fix_all)
    assert controller.state.document.ground_truth.boxes.tolist() == FIRST
    assert window.status.shown.id == "check.gone"


def test_unsaved_changes_count_not_the_file(opened, qtbot, folder):
    window, controller = opened
    window.actions_by_id["autosave"].setChecked(False)
    controller.selects.choose_rows([0])
    controller.edits.delete()
    panel = open_checks(qtbot, window, controller)
    assert "inverted" not in shown(panel)
    assert file_boxes(folder[0]) == FIRST
    window.actions_by_id["autosave"].setChecked(True)


def test_it_can_be_stopped_and_begun_again(opened, qtbot, folder):
    window, controller = opened
    window.actions_by_id["check"].trigger()
    panel = controller.checks.panel
    press(qtbot, panel.again)  # Stop
    assert panel.told.text().startswith("Stopped.")
    assert shown(panel) == {}
    press(qtbot, panel.again)
    wait_checked(qtbot, controller)
    assert len(shown(panel)) == 3


def test_another_folder_closes_it(opened, qtbot, folder, tmp_path):
    window, controller = opened
    panel = open_checks(qtbot, window, controller)
    other = write_folder(tmp_path / "other", 1)
    controller.images.open_paths([other[0].parent])
    qtbot.waitUntil(lambda: is_at(controller, other[0]), timeout=WAIT_MS)
    assert not panel.isVisible()
    assert shown(open_checks(qtbot, window, controller)) == {}


def test_broken_files_and_annotations_without_image_are_told(qtbot, folder):
    folder[0].with_suffix(".xml").write_text("<annotation><object>")
    folder[3].unlink()
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0].parent])
        qtbot.waitUntil(lambda: is_at(controller, folder[0]), timeout=WAIT_MS)
        panel = open_checks(qtbot, window, controller)
        assert shown(panel) == {"over_edge": 1, "duplicate": 1, "no_image": 1}
        assert "1 image could not be read" in panel.note.text()
        assert "image_0.xml" in panel.note.text()
        choose(panel, "no_image")
        click_line(qtbot, panel, 0)
        assert not panel.fix.isVisible()
        assert is_at(controller, folder[0])


def test_sizes_taken_for_corners_are_put_right_in_all_images_together(qtbot, tmp_path):
    paths = write_folder(tmp_path / "images", 3)
    right = [[100, 90, 140, 120], [110, 20, 130, 70], [60, 100, 90, 150], [120, 60, 180, 80]]
    for path in paths:
        boxes = np.array(right, np.float32)
        boxes[:, 2:] -= boxes[:, :2]
        write_voc(path.with_suffix(".xml"), IMAGE_HW, path.name, GroundTruth(boxes, ["cat"] * 4))
    with open_window(qtbot) as (window, controller):
        controller.start([paths[0].parent])
        qtbot.waitUntil(lambda: is_at(controller, paths[0]), timeout=WAIT_MS)
        window.actions_by_id["workspace"].setChecked(True)
        panel = open_checks(qtbot, window, controller)
        assert shown(panel) == {"size_as_corner": 3}
        assert not panel.fix.isVisible()
        press(qtbot, panel.fix_all)
        qtbot.waitUntil(lambda: len(controller.state.sessions) == 3, timeout=WAIT_MS)
        wait_checked(qtbot, controller)
        assert shown(panel) == {}
        wait_saved(qtbot, controller)
        qtbot.waitUntil(lambda: all(file_boxes(path) == right for path in paths), timeout=WAIT_MS)


SHIFTED = [[30, 30, 193, 161], [50, 60, 193, 161], [20, 90, 193, 161]]
SHIFTED_BACK = [[29, 29, 192, 160], [49, 59, 192, 160], [19, 89, 192, 160]]


@pytest.fixture
def shifted(tmp_path):
    """Six images whose boxes are all one pixel too far right and down."""
    paths = write_folder(tmp_path / "shifted", 6)
    for path in paths:
        annotate(path, SHIFTED, LABELS)
    return paths


@pytest.fixture
def opened_shifted(qtbot, shifted):
    with open_window(qtbot) as (window, controller):
        controller.start([shifted[0]])
        qtbot.waitUntil(lambda: is_at(controller, shifted[0]), timeout=WAIT_MS)
        window.actions_by_id["workspace"].setChecked(True)
        panel = open_checks(qtbot, window, controller)
        assert shown(panel) == {"shifted": 6}
        yield window, controller, panel
        wait_saved(qtbot, controller)


def boxes_in_hand(controller):
    return {path: each.edit.truth.boxes.tolist() for path, each in controller.state.sessions.items()}


def fix_one_and_stop(qtbot, controller, panel):
    """The open image is fixed at once, the files of the others are about to be read."""
    panel.fix_all_wanted.emit("shifted")
    assert SHIFTED_BACK in boxes_in_hand(controller).values()
    panel.stop_wanted.emit()
    wait_checked(qtbot, controller)


def test_a_fix_of_all_images_that_is_stopped_is_taken_back(opened_shifted, qtbot, shifted):
    window, controller, panel = opened_shifted
    fix_one_and_stop(qtbot, controller, panel)
    assert all(boxes == SHIFTED for boxes in boxes_in_hand(controller).values())
    assert controller.undo.image_steps == ((), 0)
    assert window.status.message.text() == ("Stopped. What was fixed so far is taken back: everything is as it was.")
    assert shown(panel) == {"shifted": 6}
    panel.fix_all_wanted.emit("shifted")
    qtbot.waitUntil(lambda: len(controller.state.sessions) == 6, timeout=WAIT_MS)
    wait_checked(qtbot, controller)
    assert list(boxes_in_hand(controller).values()) == [SHIFTED_BACK] * 6
    wait_saved(qtbot, controller)
    qtbot.waitUntil(lambda: all(file_boxes(path) == SHIFTED_BACK for path in shifted), timeout=WAIT_MS)


def test_what_a_person_did_meanwhile_stays_where_a_fix_of_all_images_is_taken_back(opened_shifted, qtbot, shifted):
    _, controller, panel = opened_shifted
    panel.fix_all_wanted.emit("shifted")
    edit = controller.state.document.objects
    moved = edit.with_boxes({edit.ids[1]: (100.0, 100.0, 120.0, 120.0)}).with_objects([[5, 5, 9, 9]], ["cat"])
    controller.gate.change(moved, say("undo.moved", what=say("text", text="dog")))
    panel.stop_wanted.emit()
    wait_checked(qtbot, controller)
    left = [SHIFTED[0], [100, 100, 120, 120], SHIFTED[2], [5, 5, 9, 9]]
    assert boxes_in_hand(controller)[shifted[0]] == left
    assert len(controller.undo.image_steps[0]) == 3


def test_another_folder_takes_a_fix_of_all_images_back(opened_shifted, qtbot, shifted, tmp_path):
    _, controller, panel = opened_shifted
    (other,) = write_folder(tmp_path / "other", 1)
    panel.fix_all_wanted.emit("shifted")
    controller.images.open_paths([other])
    qtbot.waitUntil(lambda: is_at(controller, other), timeout=WAIT_MS)
    wait_saved(qtbot, controller)
    # By then all may have been fixed, or else none is.
    assert len({str(boxes) for path in shifted for boxes in [file_boxes(path)]}) == 1


def test_a_window_that_is_closed_takes_a_fix_of_all_images_back(opened_shifted, qtbot, shifted):
    window, controller, panel = opened_shifted
    panel.fix_all_wanted.emit("shifted")
    window.close_wanted.emit()
    assert list(boxes_in_hand(controller).values()) == [SHIFTED]
    assert controller.undo.next_redo is None


def test_a_fix_of_all_images_in_which_one_cannot_be_read_is_taken_back(opened_shifted, qtbot, shifted):
    window, controller, panel = opened_shifted
    shifted[4].with_suffix(".xml").write_text("<annotation>")
    panel.fix_all_wanted.emit("shifted")
    wait_checked(qtbot, controller)
    assert all(boxes == SHIFTED for boxes in boxes_in_hand(controller).values())
    assert "in all images or in none" in window.status.message.text()
    annotate(shifted[4], SHIFTED, LABELS)


def test_boxes_of_a_picture_before_it_is_turned_are_turned_and_back(qtbot, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (90, 60), "grey").save(tmp_path / "a.jpg", exif=exif)
    entry = {"id": 1, "file_name": "a.jpg", "width": 90, "height": 60}
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 29, 38], "area": 1102, "iscrowd": 0}
    place = tmp_path / "c.json"
    whole = {"images": [entry], "annotations": [box], "categories": [{"id": 1, "name": "cat"}]}
    place.write_text(json.dumps(whole))

    def stated():
        raw = json.loads(place.read_text())
        return raw["images"][0]["width"], raw["images"][0]["height"], raw["annotations"][0]["bbox"]

    with open_window(qtbot) as (window, controller):
        controller.start([tmp_path / "a.jpg"])
        qtbot.waitUntil(lambda: is_at(controller, tmp_path / "a.jpg"), timeout=WAIT_MS)
        window.actions_by_id["workspace"].setChecked(True)
        panel = open_checks(qtbot, window, controller)
        assert shown(panel) == {"exif_swapped": 1}
        press(qtbot, panel.fix_all)
        qtbot.waitUntil(lambda: shown(panel) == {}, timeout=WAIT_MS)
        wait_saved(qtbot, controller)
        # x' = 60 - y, y' = x: [60 - 40, 1, 60 - 2, 30]
        qtbot.waitUntil(lambda: stated() == (60, 90, [20, 1, 38, 29]), timeout=WAIT_MS)
        window.actions_by_id["undo"].trigger()
        qtbot.waitUntil(lambda: shown(panel) == {"exif_swapped": 1}, timeout=WAIT_MS)
        wait_saved(qtbot, controller)
        qtbot.waitUntil(lambda: stated() == (90, 60, [1, 2, 29, 38]), timeout=WAIT_MS)


def test_bccd(qtbot, tmp_path):
    folder = os.environ.get("BOXSCOPE_BCCD")
    if not folder:
        pytest.skip("needs BCCD")
    with open_window(qtbot) as (window, controller):
        controller.start([tmp_path.__class__(folder)])
        qtbot.waitUntil(lambda: controller.state.document is not None, timeout=WAIT_MS)
        panel = open_checks(qtbot, window, controller)
        assert shown(panel) == {"no_area": 2}
        assert panel.told.text() == "2 findings in 4,888 boxes, 364 images."
        assert "625 sides lie at 1" in panel.note.text()


def test_the_next_box_has_no_class_that_was_only_mistyped(qtbot, tmp_path):
    """One "pllatelet" among many: the class of the next box was taken from the image, and follows it."""
    paths = write_folder(tmp_path / "images", 8)
    for path in paths:
        annotate(path, OBJECTS, ("platelet", "platelet", "platelet"))
    annotate(paths[0], OBJECTS, ("pllatelet", "platelet", "platelet"))
    with open_window(qtbot) as (window, controller):
        controller.start([paths[0].parent])
        qtbot.waitUntil(lambda: is_at(controller, paths[0]), timeout=WAIT_MS)
        window.actions_by_id["workspace"].setChecked(True)
        controller.state.annotating.label = "pllatelet"
        panel = open_checks(qtbot, window, controller)
        choose(panel, "class_slip")
        press(qtbot, panel.fix_all)
        qtbot.waitUntil(lambda: "class_slip" not in shown(panel), timeout=WAIT_MS)
        assert controller.state.annotating.label == "platelet"
        wait_saved(qtbot, controller)
