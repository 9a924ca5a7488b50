"""Opening folders and images in the real window, and walking through them: also what cannot be read."""

from __future__ import annotations

import json
import threading

import pytest

from app import reading
from app.scene import Ref
from app.wording import text
from tests.helpers.app_windows import (
    WAIT_MS,
    WindowNetwork,
    open_window,
    wait_settled,
    write_image,
)


def test_opening_a_folder_detects_in_its_first_image(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0].parent])
        wait_settled(qtbot, controller)
        assert controller.state.document.path == folder[0]
        assert window.images.model.total == 3
        assert [row.wrong for row in controller.state.scene.objects] == [False] * 3
        assert window.windowTitle().startswith("image_0.png")


def test_a_folder_is_opened_again_where_it_was_left(qtbot, folder):
    """From the window; what a command line names is shown, and an image that is gone is not looked for."""
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0].parent])
        wait_settled(qtbot, controller, "image_0.png")
        window.images.image_chosen.emit(folder[2])
        wait_settled(qtbot, controller, "image_2.png")
    with open_window(qtbot) as (window, controller):
        controller.start([write_image(folder[0].parent.parent / "other.png")])
        wait_settled(qtbot, controller, "other.png")
        window.paths_opened.emit([folder[0].parent])
        wait_settled(qtbot, controller, "image_2.png")
        window.paths_opened.emit([folder[1]])
        wait_settled(qtbot, controller, "image_1.png")
        controller.images.open_paths([folder[0].parent])
        wait_settled(qtbot, controller, "image_0.png")
        window.images.image_chosen.emit(folder[2])
        wait_settled(qtbot, controller, "image_2.png")
        folder[2].unlink()
        window.paths_opened.emit([folder[0].parent])
        wait_settled(qtbot, controller, "image_0.png")


def test_a_broken_image_is_one_sentence_and_the_others_open(qtbot, folder):
    broken = folder[0].parent / "image_1.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0].parent])
        wait_settled(qtbot, controller, "image_0.png")
        window.images.image_chosen.emit(broken)
        qtbot.waitUntil(lambda: controller.state.document is None, timeout=WAIT_MS)
        sentence = window.status.message.text()
        assert "image_1.png" in sentence
        assert sentence.count("\n") == 0
        window.images.image_chosen.emit(folder[2])
        wait_settled(qtbot, controller, "image_2.png")


BOMB = '<!DOCTYPE x [<!ENTITY a "1"><!ENTITY b "&a;&a;">]><annotation>&b;</annotation>'
BAD_NUMBER = (
    "<annotation><object><name>cat</name><bndbox><xmin>ten</xmin><ymin>1</ymin><xmax>20</xmax><ymax>20</ymax></bndbox>"
    "</object></annotation>"
)


@pytest.mark.parametrize("broken", ["<annotation><object>", BOMB, BAD_NUMBER])
def test_a_broken_annotation_is_said_and_the_image_opens(qtbot, folder, broken, caplog):
    folder[0].with_suffix(".xml").write_text(broken)
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        assert controller.state.document.ground_truth is None
        assert "image_0.xml" in text(controller.state.scene.warnings[0])
        assert "image_0.xml" in window.status.message.text()
        assert window.status.is_error
        assert window.header.source.text() == "Ground truth cannot be read"
        assert "image_0.xml" in window.header.source.toolTip()
        state = window.images.model.state(0)
        assert state.problem == "boxes unreadable"
        assert state.is_run
        assert any("image_0.xml" in record.getMessage() for record in caplog.records)
        window.images.image_chosen.emit(folder[1])
        wait_settled(qtbot, controller, "image_1.png")
        assert "VOC" in window.header.source.text()
        assert not window.header.source.property("error")


def test_an_empty_folder_is_a_sentence(qtbot, tmp_path):
    with open_window(qtbot) as (window, controller):
        controller.start([tmp_path])
        qtbot.waitUntil(lambda: "no image" in window.status.message.text(), timeout=WAIT_MS)


def test_an_image_that_takes_long_to_read_is_said_and_the_old_one_goes(qtbot, folder, monkeypatch):
    go_on, read = threading.Event(), reading.read_picture
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        qtbot.wait(100)  # its neighbours have been read ahead
        slow = write_image(folder[0].parent / "slow.png", 7)
        monkeypatch.setattr(reading, "read_picture", lambda path: (go_on.wait(20), read(path))[1])
        window.images.image_chosen.emit(slow)
        qtbot.waitUntil(lambda: window.status.task.text() == "Reading slow.png…", timeout=WAIT_MS)
        assert window.status.task.isVisible()
        assert controller.state.document is None
        assert window.canvas._frame.image is None
        assert window.canvas._frame.error == "Reading slow.png…"
        window.settings.setting_moved.emit("detections.nms_iou", 0.44)
        go_on.set()
        wait_settled(qtbot, controller, "slow.png")
        assert window.canvas._frame.error == ""
        assert not window.status.task.isVisible()


def test_the_end_of_the_list_is_said(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[2]])
        wait_settled(qtbot, controller, "image_2.png")
        window.actions_by_id["next_image"].trigger()
        assert window.status.message.text() == "This is the last image."
        window.actions_by_id["next_wrong"].trigger()
        assert window.status.message.text() == "Nothing missed or false here or further on."
        window.images.image_chosen.emit(folder[0])
        wait_settled(qtbot, controller, "image_0.png")
        window.actions_by_id["previous_image"].trigger()
        assert window.status.message.text() == "This is the first image."


def test_going_back_to_an_image_does_not_run_the_network_again(qtbot, folder):
    network = WindowNetwork()
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0].parent])
        wait_settled(qtbot, controller, "image_0.png")
        window.images.image_chosen.emit(folder[1])
        wait_settled(qtbot, controller, "image_1.png")
        assert network.calls["features"] == 2
        window.images.image_chosen.emit(folder[0])
        wait_settled(qtbot, controller, "image_0.png")
        assert network.calls["features"] == 2


def test_the_sentence_about_a_broken_image_goes_with_it(qtbot, folder):
    folder[1].write_bytes(b"")
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0].parent])
        wait_settled(qtbot, controller, "image_0.png")
        window.images.image_chosen.emit(folder[1])
        qtbot.waitUntil(lambda: "image_1.png" in window.status.message.text(), timeout=WAIT_MS)
        window.images.image_chosen.emit(folder[2])
        wait_settled(qtbot, controller, "image_2.png")
        assert window.status.message.text() == ""


def test_the_sentence_about_a_folder_stays_over_its_first_image(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0], folder[0].parent / "gone"])
        wait_settled(qtbot, controller, "image_0.png")
        assert "gone" in window.status.message.text()


def test_a_coco_json_opens_its_images_with_its_objects(qtbot, tmp_path):
    (tmp_path / "pictures").mkdir()
    paths = [write_image(tmp_path / "pictures" / f"{name}.png", annotated=False) for name in "ab"]
    boxes = [{"id": 4, "image_id": 2, "category_id": 7, "bbox": [10, 20, 30, 40], "iscrowd": 0, "area": 1200}]
    content = {
        "images": [{"id": k + 1, "file_name": path.name, "height": 160, "width": 192} for k, path in enumerate(paths)],
        "annotations": boxes,
        "categories": [{"id": 7, "name": "cat"}],
    }
    place = tmp_path / "pictures" / "things.json"
    place.write_text(json.dumps(content))
    with open_window(qtbot) as (window, controller):
        controller.start([place])
        wait_settled(qtbot, controller, "a.png")
        assert window.images.model.rowCount() == 2
        assert controller.state.document.ground_truth is not None
        assert "COCO json" in window.header.source.text()
        window.images.go_to("b.png")
        wait_settled(qtbot, controller, "b.png")
        assert controller.state.document.ground_truth.boxes.tolist() == [[10, 20, 40, 60]]
        qtbot.waitUntil(lambda: controller.state.annotating.listed == ("cat",), timeout=WAIT_MS)
    assert json.loads(place.read_text()) == content


def test_what_is_pressed_while_another_image_is_opened_changes_none(qtbot, folder, monkeypatch):
    go_on, read = threading.Event(), reading.read_picture
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller, "image_0.png")
        window.actions_by_id["workspace"].setChecked(True)
        controller.selects.choose(Ref("object", 0))
        controller.threads.reading._held.clear()
        monkeypatch.setattr(reading, "read_picture", lambda path: (go_on.wait(20), read(path))[1])
        try:
            window.images.step(1)
            window.actions_by_id["delete_box"].trigger()
            window.canvas.space_tapped.emit()
            assert "another image is being opened" in window.status.message.text()
        finally:
            go_on.set()
        wait_settled(qtbot, controller, "image_1.png")
        assert controller.state.sessions == {}
