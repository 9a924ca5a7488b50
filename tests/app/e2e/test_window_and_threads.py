"""The real window with the real threads: what a person does, and what the network is asked for it."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app import reading
from app.jobs import ModelChoice, ModelReady
from app.scene import Ref
from app.wording import text
from detector.pipeline import Cancelled
from tests.helpers.app_windows import (
    WAIT_MS,
    WindowNetwork,
    open_window,
    settled,
    wait_settled,
    write_folder,
    write_image,
)


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "images")


def test_opening_a_folder_detects_in_its_first_image(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0].parent])
        wait_settled(qtbot, controller)
        assert controller.state.document.path == folder[0]
        assert window.images.model.total == 3
        assert [row.wrong for row in controller.state.scene.objects] == [False] * 3
        assert window.windowTitle().startswith("image_0.png")


def test_a_hundred_moves_run_the_backbone_once_and_the_head_for_new_rows_only(qtbot, folder):
    network = WindowNetwork()
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        for step in range(50):
            window.settings.setting_moved.emit("proposals.nms_iou", 0.3 + 0.01 * step)
            window.settings.setting_moved.emit("detections.nms_iou", 0.1 + 0.01 * step)
            qtbot.waitUntil(lambda: settled(controller), timeout=WAIT_MS)
        assert network.calls["features"] == 1
        assert network.calls["rpn"] == 1
        # No row was asked about twice: what the head saw is what is known, up to the padding of small batches.
        known = len(controller.state.evidence.head.rows)
        assert known >= len(controller.state.trace.proposals.kept)
        assert network.head_rows <= known + 15 * network.calls["head"]


def test_moves_that_bring_no_new_proposal_do_not_ask_the_network(qtbot, folder):
    network = WindowNetwork()
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        before = dict(network.calls)
        for step in range(20):
            window.settings.setting_moved.emit("detections.min_score", 0.05 + 0.02 * step)
        window.working_score_moved.emit(0.3)
        wait_settled(qtbot, controller)
        assert network.calls == before
        assert controller.state.settings.matching.working_score == pytest.approx(0.3)


def test_a_slider_moves_the_picture_while_another_image_is_being_detected(qtbot, folder):
    """The follow thread never waits for the network."""
    network, release = WindowNetwork(), threading.Event()
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0].parent])
        wait_settled(qtbot, controller)
        network.on_features = lambda check: release.wait(20)
        window.detect_requested.emit()  # once more, and now it hangs
        qtbot.waitUntil(lambda: controller.network.busy, timeout=WAIT_MS)
        window.settings.setting_moved.emit("assignment.positive_iou", 0.42)
        qtbot.waitUntil(lambda: controller.state.trace.settings.assignment.positive_iou == 0.42, timeout=WAIT_MS)
        assert controller.network.busy
        release.set()
        wait_settled(qtbot, controller)


def test_going_on_drops_the_answer_about_the_image_before(qtbot, folder):
    network, release, seen = WindowNetwork(), threading.Event(), []

    def hold(check):
        seen.append(1)
        if len(seen) == 1:
            release.wait(20)
            check()

    network.on_features = hold
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0].parent])
        qtbot.waitUntil(lambda: bool(seen), timeout=WAIT_MS)
        window.images.image_chosen.emit(folder[2])
        qtbot.waitUntil(lambda: controller.state.document.path == folder[2], timeout=WAIT_MS)
        release.set()
        wait_settled(qtbot, controller, "image_2.png")
        assert controller.state.trace.evidence.image.file == str(folder[2])


def test_cancel_says_so_and_the_window_goes_on(qtbot, folder):
    network, begun, go_on = WindowNetwork(), threading.Event(), threading.Event()

    def until_cancelled(check):
        begun.set()
        go_on.wait(20)
        check()

    network.on_features = until_cancelled
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        qtbot.waitUntil(begun.is_set, timeout=WAIT_MS)
        window.cancel_requested.emit()
        go_on.set()
        qtbot.waitUntil(lambda: not controller.network.busy, timeout=WAIT_MS)
        assert window.status.message.text() == "Cancelled."
        network.on_features = None
        window.detect_requested.emit()
        wait_settled(qtbot, controller)


def test_closing_while_the_network_runs_hides_first_and_then_waits(qtbot, folder):
    network, begun, closing, order = WindowNetwork(), threading.Event(), threading.Event(), []

    def until_cancelled(check):
        begun.set()
        closing.wait(20)
        try:
            check()
        except Cancelled:
            order.append("cancelled")
            raise

    network.on_features = until_cancelled
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        qtbot.waitUntil(begun.is_set, timeout=WAIT_MS)
        worker = controller.threads.network
        close = worker.close

        def close_and_go_on():
            close()
            assert not window.isVisible()
            closing.set()

        worker.close = close_and_go_on
        window.close()
        assert not window.isVisible()
        assert order == ["cancelled"]


def test_closing_before_anything_is_ready(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        window.close()
        assert not window.isVisible()


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
        assert state.problem == "ground truth cannot be read"
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


def test_a_network_that_fails_is_a_sentence_and_can_be_tried_again(qtbot, folder):
    network = WindowNetwork()

    def fail(check):
        raise RuntimeError("the layer is on fire")

    network.on_features = fail
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        qtbot.waitUntil(lambda: "the layer is on fire" in window.status.message.text(), timeout=WAIT_MS)
        assert "Traceback" not in window.status.message.text()
        network.on_features = None
        window.detect_requested.emit()
        wait_settled(qtbot, controller)


def test_a_model_that_cannot_be_loaded_is_a_sentence(qtbot, folder):
    def load(choice, report):
        raise ValueError("There is no weights file nowhere.safetensors.")

    with open_window(qtbot, load=load) as (window, controller):
        controller.start([folder[0]])
        qtbot.waitUntil(lambda: "nowhere.safetensors" in window.status.message.text(), timeout=WAIT_MS)
        qtbot.waitUntil(lambda: controller.state.document is not None, timeout=WAIT_MS)
        qtbot.waitUntil(lambda: len(controller.state.scene.objects) == 3, timeout=WAIT_MS)


def test_a_model_that_fails_leaves_the_one_before(qtbot, folder):
    network = WindowNetwork()

    def load(choice, report):
        if choice.name != "good":
            raise ValueError(f"{choice.name} cannot be fetched; --weights none does without.")
        return network

    with open_window(qtbot, choice=ModelChoice("good"), load=load) as (window, controller):
        controller.start([folder[0].parent])
        wait_settled(qtbot, controller)
        before = controller.state.evidence
        window.model_chosen.emit("vgg16")
        assert controller.state.stale
        qtbot.waitUntil(lambda: "vgg16 cannot be fetched" in window.status.message.text(), timeout=WAIT_MS)
        wait_settled(qtbot, controller)
        assert controller.state.choice == ModelChoice("good")
        assert controller.state.evidence is before
        assert window.header.model_button.text().startswith("good")
        assert window.status.is_error
        assert "--weights none" in window.status.message.toolTip()
        window.images.image_chosen.emit(folder[1])
        wait_settled(qtbot, controller, "image_1.png")


def test_no_model_at_all_is_said_and_detect_tries_again(qtbot, folder):
    network, fails = WindowNetwork(), [True]

    def load(choice, report):
        if fails:
            raise ValueError("It cannot be fetched.")
        return network

    with open_window(qtbot, load=load) as (window, controller):
        controller.start([folder[0]])
        qtbot.waitUntil(lambda: "cannot be fetched" in window.status.message.text(), timeout=WAIT_MS)
        assert window.header.model_button.text() == "no model"
        qtbot.waitUntil(lambda: controller.state.document is not None, timeout=WAIT_MS)
        fails.clear()
        window.detect_requested.emit()
        wait_settled(qtbot, controller)
        assert window.header.model_button.text().startswith("fake")


def test_the_classic_model_is_offered_with_random_weights(qtbot, folder):
    chosen = []

    def load(choice, report):
        chosen.append(choice)
        return WindowNetwork()

    with open_window(qtbot, load=load) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        actions = {action.text(): action for action in window.header._model_menu.actions()}
        actions["vgg16, random weights"].trigger()
        qtbot.waitUntil(lambda: controller.state.model is not None, timeout=WAIT_MS)
        assert chosen[-1] == ModelChoice("vgg16", weights="none")
        assert window.header.model_button.text().startswith("vgg16, random weights")


def test_an_image_that_takes_long_to_read_is_said_and_the_old_one_goes(qtbot, folder, monkeypatch):
    go_on, read = threading.Event(), reading.read_document
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        qtbot.wait(100)  # its neighbours have been read ahead
        slow = write_image(folder[0].parent / "slow.png", 7)
        monkeypatch.setattr(reading, "read_document", lambda path: (go_on.wait(20), read(path))[1])
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


def test_the_model_is_loaded_after_the_first_image_is_shown(qtbot, folder):
    seen = []

    with open_window(qtbot) as (_window, controller):
        network = controller.threads.network
        load = network._load
        network._load = lambda choice, report: (seen.append(controller.state.scene), load(choice, report))[1]
        controller.start([folder[0]])
        assert not controller.network.busy
        wait_settled(qtbot, controller)
        assert seen[0] is not None


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


def test_an_evidence_setting_dims_the_picture_until_the_network_has_spoken(qtbot, folder):
    network, release = WindowNetwork(), threading.Event()
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        network.on_features = lambda check: release.wait(20)
        window.settings.setting_moved.emit("anchors.sizes", (24.0, 48.0))
        qtbot.waitUntil(lambda: controller.state.scene.stale, timeout=WAIT_MS)
        assert network.calls["features"] == 1  # it moves still: nothing is asked
        window.settings.setting_settled.emit("anchors.sizes")
        release.set()
        wait_settled(qtbot, controller)
        assert not controller.state.scene.stale
        assert network.calls["features"] == 2


def test_a_click_in_the_list_selects_and_explains(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        window.objects.picked.emit(Ref("object", 1))
        qtbot.waitUntil(lambda: controller.state.scene.selected == Ref("object", 1), timeout=WAIT_MS)
        details = controller.state.scene.details
        assert text(details.title) == "dog #2"
        assert text(details.verdict) == "Found"
        qtbot.keyClick(window, Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda: controller.state.scene.selected is None, timeout=WAIT_MS)


def test_a_selected_detection_stays_selected_when_settings_renumber_it(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        found = controller.state.trace.detections
        row = int(found.kept[-1])
        anchor, label = int(found.anchor[row]), int(found.label[row])
        window.objects.picked.emit(Ref("detection", row))
        qtbot.waitUntil(lambda: controller.state.scene.selected == Ref("detection", row), timeout=WAIT_MS)
        window.settings.setting_moved.emit("proposals.nms_iou", 0.95)
        wait_settled(qtbot, controller)
        chosen = controller.state.scene.selected
        now = controller.state.trace.detections
        if chosen.kind == "detection":
            assert (int(now.anchor[chosen.row]), int(now.label[chosen.row])) == (anchor, label)
        else:
            assert chosen == Ref("proposal", anchor)


def test_stages_and_layers(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        window.stage_chosen.emit("assignment")
        qtbot.waitUntil(lambda: controller.state.scene.stage == "assignment", timeout=WAIT_MS)
        window.tree.layer_toggled.emit("assignment.negative", True)
        qtbot.waitUntil(
            lambda: "assignment.negative" in [layer.id for layer in controller.state.scene.layers], timeout=WAIT_MS
        )
        window.stage_chosen.emit("detections")
        qtbot.waitUntil(lambda: controller.state.scene.stage == "detections", timeout=WAIT_MS)
        assert "assignment.negative" not in [layer.id for layer in controller.state.scene.layers]


def test_settings_are_remembered_for_each_model(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        window.settings.setting_moved.emit("detections.nms_iou", 0.44)
        window.settings.setting_settled.emit("detections.nms_iou")
        wait_settled(qtbot, controller)
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        assert controller.state.settings.detections.nms_iou == pytest.approx(0.44)
        window.all_reset.emit()
        wait_settled(qtbot, controller)
        assert controller.state.settings == controller.state.defaults


def two_models(**networks):
    """A `Load` that gives each name its own network."""
    return lambda choice, report: networks[choice.name]


def test_what_the_old_model_says_late_is_not_shown_as_the_new_one_s(qtbot, folder):
    old, new, held, go_on = WindowNetwork(), WindowNetwork(), threading.Event(), threading.Event()

    def hold():
        held.set()
        go_on.wait(20)

    old.on_head = hold
    with open_window(qtbot, choice=ModelChoice("old"), load=two_models(old=old, new=new)) as (window, controller):
        controller.start([folder[0]])
        qtbot.waitUntil(held.is_set, timeout=WAIT_MS)
        window.model_chosen.emit("new")
        go_on.set()
        wait_settled(qtbot, controller)
        state = controller.state
        assert new.calls["features"] == 1
        assert new.calls["head"]
        assert state.evidence_choice == state.model.choice == ModelChoice("new")
        assert state.store.get(state.document, ModelChoice("old"), state.settings) is None


def test_going_back_to_a_model_does_not_run_it_again(qtbot, folder):
    old, new = WindowNetwork(), WindowNetwork()
    new._settings = new.settings.with_value("anchors.sizes", (24.0, 48.0))
    with open_window(qtbot, choice=ModelChoice("old"), load=two_models(old=old, new=new)) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        first = controller.state.evidence
        for name in ("new", "old"):
            window.model_chosen.emit(name)
            assert controller.state.stale
            wait_settled(qtbot, controller)
        assert controller.state.evidence is first
        assert (old.calls["features"], new.calls["features"]) == (1, 1)


def test_a_late_ready_of_a_load_that_was_replaced_is_dropped(qtbot, folder):
    network, go_on = WindowNetwork(), threading.Event()

    def load(choice, report):
        go_on.wait(20)
        return network

    with open_window(qtbot, choice=ModelChoice("one"), load=load) as (window, controller):
        controller.start([folder[0]])
        qtbot.waitUntil(lambda: controller.state.document is not None, timeout=WAIT_MS)
        window.model_chosen.emit("two")
        window.model_chosen.emit("one")
        late = ModelReady(ModelChoice("one"), network.info, network.settings, quick=True)
        controller.threads.network.model_ready.emit(controller.network._loading - 2, late)
        assert controller.state.model is None
        assert controller.network.busy
        go_on.set()
        wait_settled(qtbot, controller)
        assert network.calls["features"] == 1


def test_cancel_while_one_request_runs_and_another_waits(qtbot, folder):
    network, begun, go_on = WindowNetwork(), threading.Event(), threading.Event()
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)

        def hold(check):
            begun.set()
            go_on.wait(20)
            check()

        network.on_features = hold
        window.settings.setting_moved.emit("anchors.sizes", (24.0, 48.0))
        window.detect_requested.emit()
        qtbot.waitUntil(begun.is_set, timeout=WAIT_MS)
        window.detect_requested.emit()
        window.cancel_requested.emit()
        go_on.set()
        qtbot.waitUntil(lambda: not controller.network.busy, timeout=WAIT_MS)
        assert window.status.message.text() == "Cancelled."
        assert window.header.detect_button.text().startswith("Detect")


def test_setting_a_setting_back_while_the_network_runs_leaves_what_is_right(qtbot, folder):
    network, begun, go_on = WindowNetwork(), threading.Event(), threading.Event()
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        network.on_features = lambda check: (begun.set(), go_on.wait(20))
        sizes = controller.state.settings.anchors.sizes
        for value in ((24.0, 48.0), sizes):
            window.settings.setting_moved.emit("anchors.sizes", value)
            window.settings.setting_settled.emit("anchors.sizes")
            qtbot.waitUntil(begun.is_set, timeout=WAIT_MS)
        go_on.set()
        qtbot.waitUntil(lambda: not controller.network.busy, timeout=WAIT_MS)
        assert not controller.state.stale
        wait_settled(qtbot, controller)


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


def test_press_f5_goes_once_it_was_pressed(qtbot, folder):
    network = WindowNetwork()
    network.device = "cpu"  # and not the compact one: slow
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        qtbot.waitUntil(lambda: "Press F5" in window.status.message.text(), timeout=WAIT_MS)
        window.detect_requested.emit()
        assert window.status.message.text() == ""
        wait_settled(qtbot, controller)


def test_the_devices_of_this_machine_can_be_chosen_and_the_real_one_is_named(qtbot, folder, monkeypatch):
    monkeypatch.setattr("app.workers.available_devices", lambda: ("auto", "cpu", "cuda"))
    network = WindowNetwork()
    network.device = "cuda:0"
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        enabled = {name: window.actions_by_id[f"device_{name}"].isEnabled() for name in ("auto", "cpu", "cuda", "mps")}
        assert enabled == {"auto": True, "cpu": True, "cuda": True, "mps": False}
        assert window.header.model_button.text() == "fake · CUDA"
        network.device = "cpu"
        window.device_chosen.emit("cpu")
        qtbot.waitUntil(lambda: not controller.network.busy, timeout=WAIT_MS)
        assert window.header.model_button.text() == "fake · CPU"
        assert window.actions_by_id["device_cpu"].isChecked()
        window.detect_requested.emit()  # slow there: it does not begin by itself
        wait_settled(qtbot, controller)


def test_the_real_compact_model_in_the_window(qtbot, tmp_path):
    image = write_image(tmp_path / "noise.png", annotated=False)
    from app.torch_import import load_model

    choice = ModelChoice("compact", weights="none", device="cpu")
    with open_window(qtbot, load=load_model, choice=choice) as (window, controller):
        controller.start([image])
        wait_settled(qtbot, controller)
        trace = controller.state.trace
        assert len(trace.proposals.kept) >= 50
        assert np.isfinite(trace.detections.score).all()
        assert controller.state.scene.num_anchors == len(trace.evidence.first.grid)
        assert window.images.model.num_run == 1
