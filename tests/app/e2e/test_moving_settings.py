"""Moving settings and selecting in the real window: what follows at once, and what the network is asked for it."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import Qt

from app.scene import Ref
from app.wording import text
from tests.helpers.app_windows import (
    WAIT_MS,
    WindowNetwork,
    open_window,
    settled,
    wait_settled,
)


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
        network.on_rpn = lambda: release.wait(20)
        window.detect_requested.emit()  # once more, and now it hangs
        qtbot.waitUntil(lambda: controller.network.busy, timeout=WAIT_MS)
        window.settings.setting_moved.emit("assignment.positive_iou", 0.42)
        qtbot.waitUntil(lambda: controller.state.trace.settings.assignment.positive_iou == 0.42, timeout=WAIT_MS)
        assert controller.network.busy
        release.set()
        wait_settled(qtbot, controller)


def test_a_click_in_the_list_selects_and_explains(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        window.objects.picked.emit(Ref("object", 1))
        qtbot.waitUntil(lambda: controller.state.scene.selected == Ref("object", 1), timeout=WAIT_MS)
        details = controller.state.scene.details
        assert text(details.explanation.title) == "dog #2"
        assert text(details.explanation.verdict.label) == "Found"
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
