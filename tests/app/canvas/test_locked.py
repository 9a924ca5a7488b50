"""Where nothing can be edited no mouse and no key changes anything."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from app.scene import BoxLayer, Ref, Role, Scene, Space

BOXES = np.array([[100, 100, 300, 300], [150, 150, 250, 250], [350, 20, 400, 60]], np.float32)
NAVIGATION = {"picked", "box_activated", "things_listed"}
MODIFIERS = Qt.KeyboardModifier
BUTTONS = Qt.MouseButton

places = st.sampled_from([100, 101, 125, 150, 200, 250, 300, 350, 375, 20, -30, 600])
keys = st.sampled_from(
    [
        MODIFIERS.NoModifier,
        MODIFIERS.ShiftModifier,
        MODIFIERS.ControlModifier,
        MODIFIERS.AltModifier,
        MODIFIERS.ShiftModifier | MODIFIERS.ControlModifier,
    ]
)
buttons = st.sampled_from([BUTTONS.LeftButton, BUTTONS.MiddleButton, BUTTONS.RightButton])
points = st.tuples(places, places)
codes = st.sampled_from(
    [Qt.Key.Key_Space, Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Escape, Qt.Key.Key_W, Qt.Key.Key_Delete]
)
steps = st.one_of(
    st.tuples(st.just("press"), points, keys, buttons, st.booleans()),
    st.tuples(st.just("move"), points, keys),
    st.tuples(st.just("release"), points, keys, buttons),
    st.tuples(st.just("key"), codes, st.booleans()),
    st.tuples(st.just("wheel"), points, st.sampled_from([-120, 120])),
    st.tuples(st.just("leave")),
    st.tuples(st.just("focus")),
    st.tuples(st.just("escape")),
)


def locked_scene():
    layer = BoxLayer("ground_truth.objects", "object", Role.GROUND_TRUTH, BOXES, np.arange(3), True)
    return Scene(Space((400, 500)), "detections", (layer,), selected=Ref("object", 0))


def take(hand, canvas, step):
    name, *values = step
    if name == "press":
        point, held, button, double = values
        hand.press(*point, held, button, double=double)
    elif name == "move":
        hand.move(*values[0], values[1])
    elif name == "release":
        point, held, button = values
        hand.release(*point, held, button)
    elif name == "key":
        kind = QEvent.Type.KeyPress if values[1] else QEvent.Type.KeyRelease
        QApplication.sendEvent(canvas, QKeyEvent(kind, values[0], MODIFIERS.NoModifier))
    elif name == "wheel":
        at = hand.point(*values[0])
        angle, none = QPoint(0, values[1]), BUTTONS.NoButton
        phase = Qt.ScrollPhase.NoScrollPhase
        QApplication.sendEvent(canvas, QWheelEvent(at, at, QPoint(), angle, none, MODIFIERS.NoModifier, phase, False))
    elif name == "leave":
        QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    elif name == "focus":
        QApplication.sendEvent(canvas, QFocusEvent(QEvent.Type.FocusOut, Qt.FocusReason.OtherFocusReason))
    else:
        assert not canvas.cancel_gesture()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(steps, max_size=30))
def test_no_sequence_of_mouse_and_keys_changes_anything(hand, editable, taken):
    editable.show_scene(locked_scene())
    editable.fit()
    hand.said.clear()
    for step in taken:
        take(hand, editable, step)
        assert editable._live.drag is None
        assert not editable._live.handles
    QApplication.processEvents()
    assert {each[0] for each in hand.said} <= NAVIGATION


def test_the_same_hand_does_change_boxes_where_they_can_be_edited(hand, edit):
    """So that the test above tests something."""
    edit(BOXES, chosen=[0])
    hand.drag((100, 100), (125, 150))
    hand.drag((200, 200), (250, 250), MODIFIERS.ControlModifier)
    hand.drag((20, 375), (125, 125), MODIFIERS.ShiftModifier)
    hand.click(200, 200, button=BUTTONS.RightButton)
    hand.click(200, 200, MODIFIERS.ControlModifier)
    edit(BOXES, tool="draw")
    hand.drag((20, 20), (100, 101))
    assert {each[0] for each in hand.heard()} - NAVIGATION == {
        "boxes_changed", "boxes_duplicated", "rows_chosen", "menu_wanted", "object_toggled", "box_drawn", "draw_ended",
    }  # fmt: skip
