"""Stepping through NMS in the real window, by its keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from app.scene import Ref
from app.wording import text
from detector.nms_steps import detection_steps, proposal_steps
from tests.helpers.app_windows import WAIT_MS, open_window, settled, wait_settled

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def opened(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0].parent])
        wait_settled(qtbot, controller)
        window.canvas.setFocus()
        yield window, controller


@pytest.fixture
def stepping(opened, qtbot):
    window, controller = opened
    qtbot.keyClick(window.canvas, Qt.Key.Key_S)
    wait_step(qtbot, controller, 0)
    return window, controller


def wait_step(qtbot, controller, step):
    """The scene shows the step, and the state knows whose it is."""

    def is_there():
        walk, cursor = controller.state.scene.nms, controller.state.view.options.nms
        return walk is not None and cursor is not None and walk.cursor.step == step and cursor == walk.cursor

    qtbot.waitUntil(is_there, timeout=WAIT_MS)


def shown(controller, layer_id):
    return next((layer.rows.tolist() for layer in controller.state.scene.layers if layer.id == layer_id), [])


def test_keys_go_forward_and_back_and_to_the_ends(stepping, qtbot):
    window, controller = stepping
    steps = detection_steps(controller.state.trace.detections)
    assert len(steps) > 10
    assert (~steps.keeps).sum() > 5
    assert window.nms_bar.isVisible()
    for step in range(1, 6):
        qtbot.keyClick(window.canvas, Qt.Key.Key_Period)
        wait_step(qtbot, controller, step)
        done = steps.rows[: step + 1]
        assert shown(controller, "nms.kept") == done[steps.keeps[: step + 1]].tolist()
        assert shown(controller, "nms.suppressed") == done[~steps.keeps[: step + 1]].tolist()
        assert shown(controller, "nms.undecided") == steps.rows[step + 1 :].tolist()
        assert window.nms_bar.place.text() == f"Step {step + 1} of {len(steps)}"
        assert window.nms_bar.told.text() == text(controller.state.scene.nms.told)
    qtbot.keyClick(window.canvas, Qt.Key.Key_Comma)
    wait_step(qtbot, controller, 4)
    qtbot.keyClick(window.canvas, Qt.Key.Key_Period, CTRL)
    wait_step(qtbot, controller, len(steps) - 1)
    assert shown(controller, "nms.undecided") == []
    qtbot.keyClick(window.canvas, Qt.Key.Key_Period)  # no way on
    qtbot.keyClick(window.canvas, Qt.Key.Key_Comma, CTRL)
    wait_step(qtbot, controller, 0)


def test_keys_pressed_faster_than_scenes_are_made_all_count(stepping, qtbot):
    window, controller = stepping
    for _ in range(8):
        qtbot.keyClick(window.canvas, Qt.Key.Key_Period)
    for _ in range(3):
        qtbot.keyClick(window.nms_bar.slider, Qt.Key.Key_Left)
    wait_step(qtbot, controller, 5)


def test_escape_leaves_the_steps_first_and_then_deselects(opened, qtbot):
    window, controller = opened
    window.objects.picked.emit(Ref("object", 1))
    qtbot.waitUntil(lambda: controller.state.scene.selected == Ref("object", 1), timeout=WAIT_MS)
    qtbot.keyClick(window.canvas, Qt.Key.Key_S)
    qtbot.waitUntil(lambda: controller.state.scene.nms is not None, timeout=WAIT_MS)
    window.nms_bar.slider.setFocus()
    qtbot.keyClick(window.nms_bar.slider, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: controller.state.scene.nms is None, timeout=WAIT_MS)
    assert not window.nms_bar.isVisible()
    assert not window.actions_by_id["step_nms"].isChecked()
    assert window.focusWidget() is window.canvas
    assert controller.state.scene.selected == Ref("object", 1)
    qtbot.keyClick(window.canvas, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: controller.state.scene.selected is None, timeout=WAIT_MS)


def test_it_begins_where_the_selection_is_decided_and_can_be_narrowed_down_to_it(opened, qtbot):
    window, controller = opened
    steps = detection_steps(controller.state.trace.detections)
    fallen = int(steps.rows[~steps.keeps][3])
    window.objects.picked.emit(Ref("detection", fallen))
    qtbot.waitUntil(lambda: controller.state.scene.selected == Ref("detection", fallen), timeout=WAIT_MS)
    qtbot.keyClick(window.canvas, Qt.Key.Key_Period)  # the key for a step begins too
    wait_step(qtbot, controller, steps.place_of(fallen))
    assert controller.state.scene.marks[-1].ref == Ref("detection", fallen)
    window.nms_bar.near.click()
    qtbot.waitUntil(lambda: controller.state.scene.nms.count < len(steps), timeout=WAIT_MS)
    assert controller.state.scene.marks[-1].ref == Ref("detection", fallen)
    window.nms_bar.near.click()
    wait_step(qtbot, controller, steps.place_of(fallen))


def test_a_moved_setting_keeps_the_box(stepping, qtbot):
    window, controller = stepping
    steps = detection_steps(controller.state.trace.detections)
    window.nms_bar.step_wanted.emit(int((~steps.keeps).nonzero()[0][-1]))
    wait_step(qtbot, controller, int((~steps.keeps).nonzero()[0][-1]))
    box = controller.state.scene.nms.cursor.box
    window.settings.setting_moved.emit("detections.nms_iou", 0.9)
    qtbot.waitUntil(lambda: settled(controller), timeout=WAIT_MS)
    now = detection_steps(controller.state.trace.detections)
    assert [*now.rows.tolist()] != [*steps.rows.tolist()]
    assert controller.state.scene.nms.cursor.box == box
    assert controller.state.scene.nms.cursor.step == now.place_of(controller.state.scene.marks[-1].ref.row)


def test_each_stage_is_stepped_through_by_itself(stepping, qtbot):
    window, controller = stepping
    qtbot.keyClick(window.canvas, Qt.Key.Key_Period)
    wait_step(qtbot, controller, 1)
    qtbot.keyClick(window.canvas, Qt.Key.Key_4)
    qtbot.waitUntil(lambda: controller.state.scene.stage == "proposals", timeout=WAIT_MS)
    assert controller.state.scene.nms is None
    assert not window.actions_by_id["step_nms"].isChecked()
    window.tree.nms_button.click()
    wait_step(qtbot, controller, 0)
    assert controller.state.scene.nms.count == len(proposal_steps(controller.state.trace.proposals))
    assert window.tree.nms_button.text() == "stop stepping"
    qtbot.keyClick(window.canvas, Qt.Key.Key_5)
    wait_step(qtbot, controller, 1)  # where it was left
    qtbot.keyClick(window.canvas, Qt.Key.Key_2)
    qtbot.waitUntil(lambda: controller.state.scene.stage == "anchors", timeout=WAIT_MS)
    assert not window.nms_bar.isVisible()
    qtbot.keyClick(window.canvas, Qt.Key.Key_S)  # no NMS of anchors: on to that of the detections, from its beginning
    qtbot.waitUntil(lambda: controller.state.scene.stage == "detections", timeout=WAIT_MS)
    wait_step(qtbot, controller, 0)


def test_another_image_begins_at_its_first_step(stepping, qtbot):
    window, controller = stepping
    qtbot.keyClick(window.canvas, Qt.Key.Key_Period, CTRL)
    qtbot.waitUntil(lambda: controller.state.scene.nms.cursor.step > 0, timeout=WAIT_MS)
    qtbot.keyClick(window.canvas, Qt.Key.Key_D)
    wait_settled(qtbot, controller, "image_1.png")
    wait_step(qtbot, controller, 0)
    assert controller.state.scene.nms.count > 0
    assert window.nms_bar.isVisible()


def test_without_an_image_there_is_nothing_to_step_through(qtbot, tmp_path):
    with open_window(qtbot) as (window, controller):
        controller.start([tmp_path])
        window.actions_by_id["step_nms"].trigger()
        assert controller.state.view.nms == {}
        assert not window.actions_by_id["step_nms"].isChecked()
