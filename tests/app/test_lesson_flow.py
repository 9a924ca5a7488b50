"""When the lesson comes: at the first start only, never with a path, and again from the Help menu."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from app.scene import Ref
from detector.datasets import write_voc
from detector.ground_truth import GroundTruth
from tests.helpers.app_windows import WAIT_MS, WindowNetwork, open_window, wait_settled

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

# Two dogs side by side: 52 * 64 of 2 * 64 * 64 - 52 * 64, IoU 0.684; the NMS limit of 0.3 leaves one box.
OBJECTS = np.array([[60, 20, 124, 84], [72, 20, 136, 84]], np.float32)


class Dogs(WindowNetwork):
    def __init__(self):
        super().__init__()
        self.objects, self.labels = OBJECTS, (2, 2)


def write_dogs(path):
    Image.fromarray(np.full((160, 192, 3), 90, np.uint8)).save(path)
    write_voc(path.with_suffix(".xml"), (160, 192), path.name, GroundTruth(OBJECTS, ("dog", "dog")))


@pytest.fixture
def samples(tmp_path, monkeypatch):
    folder = tmp_path / "samples"
    folder.mkdir()
    for name in ("dogs", "other"):
        write_dogs(folder / f"{name}.png")
    monkeypatch.setattr("app.controller.SAMPLES", folder)
    monkeypatch.setattr("app.lesson_flow.SAMPLES", folder)
    return folder


def wait_for_lesson(qtbot, window):
    qtbot.waitUntil(lambda: any(each.isVisible() for each in window.lesson.callouts.values()), timeout=WAIT_MS)


def wait_selected(qtbot, controller):
    qtbot.waitUntil(
        lambda: controller.state.scene is not None and controller.state.scene.selected is not None, timeout=WAIT_MS
    )
    wait_settled(qtbot, controller)


def test_it_is_shown_at_the_first_start_only(qtbot, samples):
    with open_window(qtbot, Dogs()) as (window, controller):
        controller.start()
        wait_for_lesson(qtbot, window)
        missed = controller.state.scene.selected
        assert missed.kind == "object"
        assert controller.state.trace.judgement.objects[missed.row].cause == "nms"
        assert window.preferences.lesson_seen
    with open_window(qtbot, Dogs()) as (window, controller):
        controller.start()
        wait_selected(qtbot, controller)
        assert not window.lesson.is_open


def test_a_path_skips_it(qtbot, samples):
    with open_window(qtbot, Dogs()) as (window, controller):
        controller.start([samples / "other.png"])
        wait_settled(qtbot, controller, "other.png")
        assert not window.lesson.is_open
        assert controller.state.view.selection is None
        assert not window.preferences.lesson_seen


def test_opening_something_else_meanwhile_skips_it(qtbot, samples, tmp_path):
    other = tmp_path / "mine.png"
    write_dogs(other)
    with open_window(qtbot, Dogs()) as (window, controller):
        controller.start()
        window.paths_opened.emit([other])
        wait_settled(qtbot, controller, "mine.png")
        assert not window.lesson.is_open
        assert controller.state.view.selection is None


def test_help_brings_it_back_as_it_was(qtbot, samples):
    with open_window(qtbot, Dogs()) as (window, controller):
        controller.start([samples / "other.png"])
        wait_settled(qtbot, controller, "other.png")
        controller.scenes.choose_stage("proposals")
        controller.settings.move("detections.nms_iou", 0.9)
        window.tree.layer_toggled.emit("anchors.all", True)
        window.actions_by_id["hide_labels"].trigger()
        window.actions_by_id["lesson"].trigger()
        wait_for_lesson(qtbot, window)
        view = controller.state.view
        assert controller.state.document.name == "dogs.png"
        assert (view.stage, view.hide_labels, view.shown, view.hidden) == ("detections", False, {}, {})
        assert controller.state.settings == controller.state.defaults


def test_moving_the_setting_past_the_value_is_answered(qtbot, samples):
    with open_window(qtbot, Dogs()) as (window, controller):
        controller.start()
        wait_for_lesson(qtbot, window)
        object_said = window.lesson.callouts["object"]
        assert object_said.title.text() == "This dog was missed"
        controller.settings.move("detections.nms_iou", 0.95)
        qtbot.waitUntil(lambda: object_said.title.text() == "Now it is found", timeout=WAIT_MS)


def test_it_waits_while_something_else_is_selected(qtbot, samples):
    with open_window(qtbot, Dogs()) as (window, controller):
        controller.start()
        wait_for_lesson(qtbot, window)
        taught = controller.state.scene.selected
        controller.scenes.pick(Ref("object", 1 - taught.row))
        qtbot.waitUntil(lambda: not window.lesson.is_open, timeout=WAIT_MS)
        controller.scenes.pick(taught)
        wait_for_lesson(qtbot, window)


def test_a_persons_own_settings_come_back_after_it(qtbot, samples):
    with open_window(qtbot, Dogs()) as (window, controller):
        controller.start([samples / "other.png"])
        wait_settled(qtbot, controller, "other.png")
        controller.settings.move("detections.nms_iou", 0.9)
        controller.settings.settle("detections.nms_iou")
        own, network = controller.state.settings, controller.network
        window.actions_by_id["lesson"].trigger()
        wait_for_lesson(qtbot, window)
        controller.settings.move("detections.nms_iou", 0.6)
        controller.settings.settle("detections.nms_iou")
        assert network.remembered.settings(network.memory_key(), controller.state.defaults) == own
        window.lesson.end()
        assert controller.state.settings == own
