"""Undo and redo of settings in the real window: gestures, resets, the lesson, another model."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt

from app.jobs import ModelChoice
from app.sentences import say
from tests.helpers.app_windows import WAIT_MS, WindowNetwork, open_window, wait_settled

NMS = "detections.nms_iou"


@pytest.fixture
def opened(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0].parent])
        wait_settled(qtbot, controller, "image_0.png")
        yield window, controller


def drag(qtbot, slider, *shares):
    """Press, move along, and let go."""
    places = [QPoint(round(share * (slider.width() - 1)), slider.height() // 2) for share in shares]
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=places[0])
    for place in places[1:]:
        qtbot.mouseMove(slider, place)
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=places[-1])


def test_a_drag_is_one_step(opened, qtbot):
    window, controller = opened
    start = controller.state.settings
    slider = window.settings.rows[NMS].slider
    drag(qtbot, slider, 0.5, 0.6, 0.7, 0.8)
    first = controller.state.settings
    drag(qtbot, slider, 0.4, 0.2)
    second = controller.state.settings
    assert start != first != second
    qtbot.keyClick(window.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert controller.state.settings == first
    qtbot.keyClick(window.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert controller.state.settings == start
    assert slider.number == start.value(NMS)
    before, after = start.value(NMS), first.value(NMS)
    assert window.status.message.text() == (
        f"Undone: Detection NMS IoU {before:.2f} → {after:.2f}. Ctrl+Y does it again."
    )
    for _ in range(2):
        qtbot.keyClick(window.canvas, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert controller.state.settings == second
    wait_settled(qtbot, controller)
    assert controller.state.trace.settings == second


def test_a_key_held_on_a_slider_is_one_step(opened, qtbot):
    window, controller = opened
    start, slider = controller.state.settings, window.settings.rows[NMS].slider
    slider.setFocus()
    for _ in range(4):
        qtbot.keyPress(slider, Qt.Key.Key_Right)
    qtbot.keyRelease(slider, Qt.Key.Key_Right)
    window.actions_by_id["undo"].trigger()
    assert controller.state.settings == start
    assert not window.actions_by_id["undo"].isEnabled()


def test_two_settings_are_two_steps_also_where_nobody_let_go(opened, qtbot):
    window, controller = opened
    window.settings.setting_moved.emit(NMS, 0.5)
    window.settings.setting_moved.emit("detections.min_score", 0.2)
    window.settings.setting_moved.emit(NMS, 0.6)
    window.actions_by_id["undo"].trigger()
    assert controller.state.settings.value(NMS) == 0.5
    window.actions_by_id["undo"].trigger()
    assert controller.state.settings.value("detections.min_score") == 0.05


def test_the_slider_in_the_header_is_a_setting_too(opened, qtbot):
    window, controller = opened
    drag(qtbot, window.header.score, 0.5, 0.9)
    assert controller.state.settings.matching.working_score != 0.5
    assert window.header.undo_button.toolTip().startswith("Undo Working score 0.50 → ")
    qtbot.mouseClick(window.header.undo_button, Qt.MouseButton.LeftButton)
    assert controller.state.settings.matching.working_score == 0.5
    assert window.header.score.number == 0.5
    assert not window.header.undo_button.isEnabled()
    qtbot.mouseClick(window.header.redo_button, Qt.MouseButton.LeftButton)
    assert controller.state.settings.matching.working_score != 0.5


def test_a_reset_and_the_restoring_of_all_are_steps(opened, qtbot):
    window, controller = opened
    window.settings.setting_moved.emit(NMS, 0.5)
    window.settings.setting_settled.emit(NMS)
    window.settings.setting_reset.emit(NMS)
    window.actions_by_id["undo"].trigger()
    assert controller.state.settings.value(NMS) == 0.5
    window.settings.setting_moved.emit("matching.iou", 0.7)
    moved = controller.state.settings
    window.actions_by_id["restore_settings"].trigger()
    assert controller.state.settings == controller.state.defaults
    window.actions_by_id["undo"].trigger()
    assert controller.state.settings == moved
    window.actions_by_id["redo"].trigger()
    assert controller.state.settings == controller.state.defaults


def test_bringing_back_is_a_step_too(opened, qtbot):
    window, controller = opened
    window.settings.setting_moved.emit(NMS, 0.5)
    moved, restore = controller.state.settings, window.actions_by_id["restore_settings"]
    restore.trigger()
    restore.trigger()
    assert controller.state.settings == moved
    window.actions_by_id["undo"].trigger()
    assert controller.state.settings == controller.state.defaults
    window.actions_by_id["undo"].trigger()
    assert controller.state.settings == moved


def test_what_others_change_is_a_step_with_their_words(opened, qtbot):
    window, controller = opened
    after = controller.state.settings.with_value(NMS, 0.54)
    controller.undo.change_settings(
        after, say("undo.setting", setting="Detection NMS IoU", before="0.30", after="0.54")
    )
    assert controller.state.settings == after
    assert window.settings.rows[NMS].slider.number == 0.54
    assert window.actions_by_id["undo"].text() == "Undo Detection NMS IoU 0.30 → 0.54"


def test_the_network_is_asked_where_an_undone_setting_concerns_it(qtbot, folder):
    network = WindowNetwork()
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        window.settings.setting_moved.emit("anchors.sizes", (16.0, 48.0))
        window.settings.setting_settled.emit("anchors.sizes")
        wait_settled(qtbot, controller)
        assert network.calls["rpn"] == 2
        window.actions_by_id["undo"].trigger()
        wait_settled(qtbot, controller)
        assert controller.state.evidence.settings.anchors.sizes == (32.0, 64.0)
        assert network.calls["rpn"] == 2  # known from before
        window.settings.setting_moved.emit("anchors.sizes", (24.0, 48.0))  # not let go of
        window.actions_by_id["undo"].trigger()
        window.actions_by_id["redo"].trigger()
        wait_settled(qtbot, controller)
        assert controller.state.evidence.settings.anchors.sizes == (24.0, 48.0)
        assert network.calls["rpn"] == 3


def test_what_was_undone_is_what_is_remembered(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        for value in (0.44, 0.55):
            window.settings.setting_moved.emit(NMS, value)
            window.settings.setting_settled.emit(NMS)
        window.actions_by_id["undo"].trigger()
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        assert controller.state.settings.value(NMS) == pytest.approx(0.44)


def test_another_model_ends_the_steps_of_settings(opened, qtbot):
    window, controller = opened
    window.settings.setting_moved.emit(NMS, 0.5)
    assert window.actions_by_id["undo"].isEnabled()
    window.device_chosen.emit("cpu")
    qtbot.waitUntil(lambda: controller.state.model is not None, timeout=WAIT_MS)
    assert controller.state.model.choice == ModelChoice("fake", device="cpu")
    assert not window.actions_by_id["undo"].isEnabled()
    wait_settled(qtbot, controller)


def test_the_lesson_leaves_no_steps(opened, qtbot):
    window, controller = opened
    window.settings.setting_moved.emit(NMS, 0.5)
    own = controller.state.settings
    controller.settings.set_aside()
    assert controller.state.settings == controller.state.defaults
    window.settings.setting_moved.emit(NMS, 0.8)
    window.settings.setting_settled.emit(NMS)
    controller.settings.bring_back()
    assert controller.state.settings == own
    window.actions_by_id["undo"].trigger()
    assert controller.state.settings == controller.state.defaults
    assert not window.actions_by_id["undo"].isEnabled()


def test_undo_past_the_beginning_of_the_lesson_brings_the_own_settings(opened, qtbot):
    window, controller = opened
    for value in (0.5, 0.6):
        window.settings.setting_moved.emit(NMS, value)
        window.settings.setting_settled.emit(NMS)
    controller.settings.set_aside()
    window.actions_by_id["undo"].trigger()
    assert controller.state.settings.value(NMS) == 0.5
    controller.settings.bring_back()  # there is nothing to bring back any more
    assert controller.state.settings.value(NMS) == 0.5


def test_ctrl_z_in_a_field_takes_back_typing_and_then_the_step(opened, qtbot):
    window, controller = opened
    window.settings.headers["detections"].setChecked(True)
    box = window.settings.rows[NMS].box
    start = controller.state.settings
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "0.77")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert controller.state.settings.value(NMS) == 0.77
    qtbot.keyClick(box, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert controller.state.settings == start
    field = window.images.search_field
    field.setFocus()
    qtbot.keyClicks(field, "abc")
    window.settings.setting_moved.emit(NMS, 0.6)
    qtbot.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert field.text() != "abc"
    assert controller.state.settings.value(NMS) == 0.6


def test_in_a_narrow_window_the_buttons_stay(opened, qtbot):
    window, _ = opened
    for width in (1400, 1024, 800):
        window.resize(width, 700)
        assert window.width() == width
        for button in (window.header.undo_button, window.header.redo_button):
            assert button.isVisible()
            assert button.mapTo(window, button.rect().topRight()).x() < width
