"""Detecting in the real window: what the network is asked, cancelling it, and what it says too late or not at all."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import Qt

from detector.pipeline import Cancelled
from tests.helpers.app_windows import (
    WAIT_MS,
    WindowNetwork,
    open_window,
    wait_settled,
)


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


def test_cancel_while_one_request_runs_and_another_waits(qtbot, folder):
    network, begun, go_on = WindowNetwork(), threading.Event(), threading.Event()
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)

        network.on_rpn = lambda: (begun.set(), go_on.wait(20))
        window.settings.setting_moved.emit("anchors.sizes", (24.0, 48.0))
        window.detect_requested.emit()
        qtbot.waitUntil(begun.is_set, timeout=WAIT_MS)
        window.detect_requested.emit()
        window.cancel_requested.emit()
        go_on.set()
        qtbot.waitUntil(lambda: not controller.network.busy, timeout=WAIT_MS)
        assert window.status.message.text() == "Cancelled."
        assert window.header.detect_button.text().startswith("Detect")


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


def test_press_f5_goes_once_it_was_pressed(qtbot, folder):
    network = WindowNetwork()
    network.device = "cpu"  # and not the compact one: slow
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        qtbot.waitUntil(lambda: "Press F5" in window.status.message.text(), timeout=WAIT_MS)
        window.detect_requested.emit()
        assert window.status.message.text() == ""
        wait_settled(qtbot, controller)


def test_an_evidence_setting_dims_the_picture_until_the_network_has_spoken(qtbot, folder):
    network, release = WindowNetwork(), threading.Event()
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        network.on_rpn = lambda: release.wait(20)
        window.settings.setting_moved.emit("anchors.sizes", (24.0, 48.0))
        qtbot.waitUntil(lambda: controller.state.scene.stale, timeout=WAIT_MS)
        assert network.calls["rpn"] == 1  # it moves still: nothing is asked
        window.settings.setting_settled.emit("anchors.sizes")
        release.set()
        wait_settled(qtbot, controller)
        assert not controller.state.scene.stale
        assert network.calls["rpn"] == 2
        assert network.calls["features"] == 1  # the feature map does not depend on the anchors


def test_setting_a_setting_back_while_the_network_runs_leaves_what_is_right(qtbot, folder):
    network, begun, go_on = WindowNetwork(), threading.Event(), threading.Event()
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        network.on_rpn = lambda: (begun.set(), go_on.wait(20))
        sizes = controller.state.settings.anchors.sizes
        for value in ((24.0, 48.0), sizes):
            window.settings.setting_moved.emit("anchors.sizes", value)
            window.settings.setting_settled.emit("anchors.sizes")
            qtbot.waitUntil(begun.is_set, timeout=WAIT_MS)
        go_on.set()
        qtbot.waitUntil(lambda: not controller.network.busy, timeout=WAIT_MS)
        assert not controller.state.stale
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


def test_f5_while_the_model_is_loaded_detects_as_soon_as_it_is_there(qtbot, folder):
    network, go_on = WindowNetwork(), threading.Event()
    network.device = "cpu"  # and not the compact one: it does not begin by itself
    with open_window(qtbot, load=lambda *_: (go_on.wait(20), network)[1]) as (window, controller):
        controller.start([folder[0]])
        qtbot.waitUntil(lambda: controller.state.document is not None and controller.network.busy, timeout=WAIT_MS)
        window.detect_requested.emit()
        go_on.set()
        wait_settled(qtbot, controller)


def test_a_cancelled_load_forgets_that_f5_was_pressed(qtbot, folder):
    network, go_on = WindowNetwork(), threading.Event()
    network.device = "cpu"

    def load(choice, report):
        go_on.wait(20)
        report(1, 1)
        return network

    with open_window(qtbot, load=load) as (window, controller):
        controller.start([folder[0]])
        qtbot.waitUntil(lambda: controller.state.document is not None and controller.network.busy, timeout=WAIT_MS)
        window.detect_requested.emit()
        window.cancel_requested.emit()
        go_on.set()
        qtbot.waitUntil(lambda: not controller.network.busy, timeout=WAIT_MS)
        window.model_chosen.emit("other")
        qtbot.waitUntil(lambda: controller.state.model is not None, timeout=WAIT_MS)
        assert "Press F5" in window.status.message.text()
        assert not controller.network.busy


class OutOfMemoryError(RuntimeError):
    """As torch names it."""


def full(*_):
    raise OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.\nGPU 0 has a total capacity of 8 GiB.")


def hidden(*_):
    raise RuntimeError("MPS backend out of memory (MPS allocated: 9.05 GB)")


@pytest.mark.parametrize("fail", [full, hidden])
@pytest.mark.parametrize("where", ["on_features", "on_rpn", "on_head"])
def test_a_full_gpu_is_said_and_the_cpu_offered(qtbot, folder, fail, where):
    on_gpu, on_cpu = WindowNetwork(), WindowNetwork()
    on_gpu.device, on_cpu.device = "cuda:0", "cpu"
    setattr(on_gpu, where, fail)
    asked = []

    def load(choice, report):
        asked.append(choice)
        return on_cpu if choice.device == "cpu" else on_gpu

    with open_window(qtbot, load=load) as (window, controller):
        controller.start([folder[0]])
        qtbot.waitUntil(lambda: not window.status.offer.isHidden(), timeout=WAIT_MS)
        assert window.status.message.text() == "The GPU ran out of memory while detecting in image_0.png."
        assert window.status.is_error
        assert window.status.offer.text() == "Detect on the CPU"
        assert not controller.network.busy
        qtbot.mouseClick(window.status.offer, Qt.MouseButton.LeftButton)
        wait_settled(qtbot, controller)
        assert [choice.device for choice in asked] == ["auto", "cpu"]
        assert window.header.model_button.text() == "fake · CPU"
        assert window.actions_by_id["device_cpu"].isChecked()
        assert window.status.offer.isHidden()
        assert window.status.message.text() == ""


def test_a_model_that_does_not_fit_the_gpu_is_loaded_on_the_cpu(qtbot, folder):
    network = WindowNetwork()
    network.device = "cpu"

    def load(choice, report):
        return full() if choice.device != "cpu" else network

    with open_window(qtbot, load=load) as (window, controller):
        controller.start([folder[0]])
        qtbot.waitUntil(lambda: not window.status.offer.isHidden(), timeout=WAIT_MS)
        assert window.status.message.text() == "The GPU ran out of memory while loading the model fake."
        qtbot.mouseClick(window.status.offer, Qt.MouseButton.LeftButton)
        wait_settled(qtbot, controller)


def test_a_cpu_without_memory_offers_nothing(qtbot, folder):
    network = WindowNetwork()
    network.device, network.on_features = "cpu", full
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        qtbot.waitUntil(lambda: controller.state.model is not None, timeout=WAIT_MS)
        window.detect_requested.emit()
        sentence = "This machine ran out of memory while detecting in image_0.png."
        qtbot.waitUntil(lambda: window.status.message.text() == sentence, timeout=WAIT_MS)
        assert window.status.offer.isHidden()


def test_boxes_of_the_stage_beside_are_added_and_taken_away_by_key(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        window.canvas.setFocus()

        def press(key):
            qtbot.keyClick(window.canvas, key, Qt.KeyboardModifier.ShiftModifier)
            wait_settled(qtbot, controller)

        def shown(stage):
            return any(row.visible for row in controller.state.scene.tree if row.id == stage)

        assert controller.state.view.stage == "detections"
        for is_shown in (True, False):
            press(Qt.Key.Key_Q)
            qtbot.waitUntil(lambda is_shown=is_shown: shown("proposals") == is_shown, timeout=WAIT_MS)
        press(Qt.Key.Key_E)  # there is none after the last
        window.rail.choose("anchors")
        qtbot.waitUntil(lambda: controller.state.scene.stage == "anchors", timeout=WAIT_MS)
        before = shown("ground_truth")
        press(Qt.Key.Key_Q)
        qtbot.waitUntil(lambda: shown("ground_truth") != before, timeout=WAIT_MS)
        press(Qt.Key.Key_E)
        qtbot.waitUntil(lambda: shown("assignment"), timeout=WAIT_MS)
