"""Single steps of the controller; whole stories stand in tests/app/e2e."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog

from app.jobs import ModelChoice
from app.scene import Ref
from app.scene_flow import image_state
from app.torch_import import load_model
from app.wording import text
from tests.helpers.app_windows import WAIT_MS, open_window, wait_settled, write_folder


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "images", 2)


def test_the_list_says_what_became_of_an_image(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        parts = image_state(controller.state.trace, controller.state.scene)
        assert [text(message) for message, _ in parts] == ["3 found"]
        assert window.images.model.num_run == 1


def test_hover_tells_name_and_fate(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        told = []
        window.canvas.set_hover_text = told.append
        window.canvas.hover_changed.emit(Ref("object", 0))
        window.canvas.hover_changed.emit(None)
        assert told[0].startswith("cat #1 – Found")
        assert told[1] == ""


def test_the_picture_goes_to_the_clipboard_and_to_a_file(qtbot, folder, tmp_path):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        window.picture_copy_requested.emit()
        assert not QGuiApplication.clipboard().image().isNull()
        window.picture_path_chosen.emit(tmp_path / "picture.png")
        assert not QImage(str(tmp_path / "picture.png")).isNull()
        window.picture_path_chosen.emit(tmp_path / "picture.jpg")
        assert (tmp_path / "picture.jpg").read_bytes()[:2] == b"\xff\xd8"
        window.picture_path_chosen.emit(Path("/nowhere/picture.png"))
        assert "cannot be saved" in window.status.message.text()


def test_a_picture_that_cannot_be_saved_leaves_the_old_file(qtbot, folder, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    path = tmp_path / "picture.png"
    path.write_bytes(b"the old one")
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        with monkeypatch.context() as patched:
            patched.setattr("detector.datasets.files.os.replace", fail)
            window.picture_path_chosen.emit(path)
        assert "cannot be saved" in window.status.message.text()
        assert path.read_bytes() == b"the old one"
        window.picture_path_chosen.emit(tmp_path / "picture.xyz")
        assert "cannot be saved" in window.status.message.text()
        assert not (tmp_path / "picture.xyz").exists()


def test_only_files_that_can_be_loaded_are_offered(qtbot, monkeypatch):
    asked = []
    with open_window(qtbot) as (window, _):
        monkeypatch.setattr(QFileDialog, "open", lambda dialog: asked.append(dialog.nameFilters()))
        window.dialogs.ask_weights()
    assert asked == [["Weights (*.safetensors)"]]


def test_another_model_is_loaded_and_asked(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        before = controller.state.evidence
        window.device_chosen.emit("cpu")
        qtbot.waitUntil(lambda: controller.state.evidence is not before, timeout=WAIT_MS)
        wait_settled(qtbot, controller)
        assert controller.state.model.choice == ModelChoice("fake", device="cpu")


def test_a_value_that_is_not_possible_is_a_sentence(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        window.settings.setting_moved.emit("detections.nms_iou", 7.0)
        assert "detections.nms_iou" in window.status.message.text()
        assert controller.state.settings.detections.nms_iou <= 1


def test_resetting_one_setting(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        window.working_score_moved.emit(0.91)
        window.working_score_settled.emit()
        assert controller.state.settings.matching.working_score == pytest.approx(0.91)
        window.working_score_reset.emit()
        assert controller.state.settings == controller.state.defaults
        wait_settled(qtbot, controller)


def test_walking_past_the_last_wrong_one_opens_the_next_image(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0].parent])
        wait_settled(qtbot, controller, "image_0.png")
        window.objects.walked_out.emit(1)
        wait_settled(qtbot, controller, "image_1.png")


def test_walking_quickly_passes_no_image_by(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0].parent])
        wait_settled(qtbot, controller, "image_0.png")
        for _ in range(3):
            window.objects.walked_out.emit(1)
        wait_settled(qtbot, controller, "image_1.png")
        assert not controller.images.is_reading


def test_dropping_files_opens_them(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start()
        window.paths_dropped.emit([folder[1]])
        wait_settled(qtbot, controller, "image_1.png")


def test_the_samples_open_with_something_selected(qtbot):
    with open_window(qtbot, load=load_model, choice=ModelChoice("compact")) as (_window, controller):
        controller.start()
        qtbot.waitUntil(lambda: controller.state.view.selection is not None, timeout=WAIT_MS)
        wait_settled(qtbot, controller)
        assert controller.state.trace.judgement.objects[controller.state.view.selection.ref.row].cause is not None


def test_a_model_of_other_classes_has_no_lesson(qtbot):
    with open_window(qtbot) as (_window, controller):  # cats and dogs
        controller.start()
        wait_settled(qtbot, controller)
        assert controller.state.view.selection is None
