"""The real window: what is picked by lists and rows, and what was restored comes back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt

from app.scene import Ref
from tests.helpers.app_windows import WAIT_MS, open_window, wait_settled


@pytest.fixture
def opened(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        yield window, controller


def test_all_settings_are_restored_and_brought_back(opened, qtbot):
    window, controller = opened
    window.settings.setting_moved.emit("detections.nms_iou", 0.44)
    window.settings.setting_moved.emit("anchors.sizes", (16.0, 48.0))
    moved = controller.state.settings
    restore = window.actions_by_id["restore_settings"]
    restore.trigger()
    assert controller.state.settings == controller.state.defaults
    assert window.status.message.text().startswith("Settings restored: 2.")
    controller.settings.move("anchors.sizes", ())  # refused: the way back stays
    assert window.settings.restore.text() == "undo restore"
    restore.trigger()
    assert controller.state.settings == moved
    restore.trigger()
    # whatever is moved now starts from the defaults: there is nothing to bring back any more
    window.settings.setting_moved.emit("detections.nms_iou", 0.4)
    window.settings.setting_reset.emit("detections.nms_iou")
    restore.trigger()
    assert controller.state.settings == controller.state.defaults
    assert not window.settings.restore.isEnabled()


def test_the_list_of_what_is_here_picks(opened, qtbot):
    window, controller = opened
    x, y = window.canvas.transform.to_widget(92, 52)  # the middle of the dog
    qtbot.mouseClick(
        window.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.AltModifier, QPoint(round(x), round(y))
    )
    assert window.things.isVisible()
    assert window.things.actions()[0].text() == "dog #2 – Found"
    window.things.actions()[0].trigger()
    window.things.close()
    qtbot.waitUntil(lambda: controller.state.scene.selected == Ref("object", 1), timeout=WAIT_MS)


def test_a_shape_of_the_cell_picks_its_anchor(opened, qtbot):
    window, controller = opened
    controller.scenes.choose_stage("anchors")
    controller.scenes.pick(Ref("object", 1))
    qtbot.waitUntil(lambda: bool(controller.state.scene.cells), timeout=WAIT_MS)
    (row,) = window.details.strip.rows
    shape = controller.state.scene.cells[0].shapes[1].ref
    row.buttons[1].click()
    qtbot.waitUntil(lambda: controller.state.scene.selected == shape, timeout=WAIT_MS)
    assert row.buttons[1].isChecked()
