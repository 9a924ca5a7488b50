"""The real window: back to what was selected before, and forward again, by keys, menu and side buttons of the mouse."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from app.scene import Ref
from app.selection import find_selection, selection_of
from detector.pipeline import follow
from tests.helpers.app_windows import WAIT_MS, open_window, wait_settled

ALT, PLAIN = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.NoModifier
CAT, DOG = Ref("object", 0), Ref("object", 1)
NMS = "proposals.nms_iou"


@pytest.fixture
def opened(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0].parent])
        wait_settled(qtbot, controller, "image_0.png")
        window.canvas.setFocus()
        yield window, controller


def wait_selected(qtbot, controller, ref):
    qtbot.waitUntil(lambda: controller.state.scene.selected == ref, timeout=WAIT_MS)


def pick(qtbot, controller, ref):
    controller.scenes.pick(ref)
    wait_selected(qtbot, controller, ref)


def enabled(window):
    return [window.actions_by_id[f"selection_{way}"].isEnabled() for way in ("back", "forward")]


def test_after_a_link_there_is_a_way_back(opened, qtbot):
    window, controller = opened
    assert enabled(window) == [False, False]
    pick(qtbot, controller, DOG)
    assert enabled(window) == [False, False]
    qtbot.waitUntil(lambda: window.details.plain_text().startswith("dog #2"), timeout=WAIT_MS)
    window.details.browser.anchorClicked.emit("anchor:147")
    wait_selected(qtbot, controller, Ref("anchor", 147))
    assert enabled(window) == [True, False]
    qtbot.keyClick(window.canvas, Qt.Key.Key_Left, ALT)
    wait_selected(qtbot, controller, DOG)
    assert enabled(window) == [False, True]
    qtbot.keyClick(window.details.browser, Qt.Key.Key_Right, ALT)
    wait_selected(qtbot, controller, Ref("anchor", 147))
    window.actions_by_id["deselect"].trigger()
    wait_selected(qtbot, controller, None)
    assert enabled(window) == [True, False]
    window.actions_by_id["selection_back"].trigger()
    wait_selected(qtbot, controller, Ref("anchor", 147))


@pytest.mark.parametrize("place", ["canvas", "browser"])
def test_the_side_buttons_of_a_mouse(opened, qtbot, place):
    window, controller = opened
    widget = window.canvas if place == "canvas" else window.details.browser.viewport()
    for ref in (CAT, DOG, Ref("anchor", 3)):
        pick(qtbot, controller, ref)
    qtbot.mouseClick(widget, Qt.MouseButton.BackButton)
    wait_selected(qtbot, controller, DOG)
    qtbot.mouseDClick(widget, Qt.MouseButton.BackButton)
    wait_selected(qtbot, controller, CAT)
    qtbot.mouseClick(widget, Qt.MouseButton.ForwardButton)
    wait_selected(qtbot, controller, DOG)


def test_another_image_has_a_way_of_its_own(opened, qtbot):
    window, controller = opened
    pick(qtbot, controller, CAT)
    pick(qtbot, controller, DOG)
    window.actions_by_id["next_image"].trigger()
    wait_settled(qtbot, controller, "image_1.png")
    assert enabled(window) == [False, False]
    qtbot.keyClick(window.canvas, Qt.Key.Key_Left, ALT)
    pick(qtbot, controller, DOG)
    assert enabled(window) == [False, False]


def test_a_detection_is_found_again_where_settings_have_renumbered_it(opened, qtbot):
    window, controller = opened
    before = controller.state.trace
    moved = before.settings.with_value(NMS, 0.2)
    after = follow(before.evidence, moved, before.ground_truth)
    chosen = [selection_of(Ref("detection", row), before) for row in range(len(before.detections.fate))]
    found = [(each.ref, find_selection(each, after)) for each in chosen]
    # of the detections that are there under both, the first whose number is another one
    old, new = next((old, new) for old, new in found if new.kind == "detection" and new != old)
    pick(qtbot, controller, old)
    pick(qtbot, controller, CAT)
    controller.settings.move(NMS, 0.2)
    controller.settings.settle(NMS)
    wait_settled(qtbot, controller)
    window.actions_by_id["selection_back"].trigger()
    wait_selected(qtbot, controller, new)
