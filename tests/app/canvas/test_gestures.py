"""What ends a gesture, what is told meanwhile, and the cursors."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QApplication

from app.canvas.pyramid import ImagePyramid
from app.scene import Ref

SHIFT, CONTROL, ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)
MIDDLE, RIGHT = Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
SHAPES = Qt.CursorShape
LARGE, INNER, APART = (100.0, 100.0, 300.0, 300.0), (150.0, 150.0, 250.0, 250.0), (350.0, 20.0, 400.0, 60.0)
NESTED = [LARGE, INNER, APART]


def key(canvas, code, *, down=True):
    kind = QEvent.Type.KeyPress if down else QEvent.Type.KeyRelease
    QApplication.sendEvent(canvas, QKeyEvent(kind, code, Qt.KeyboardModifier.NoModifier))


# What ends a gesture


@pytest.mark.parametrize("start", [(370, 40), (400, 60)])
def test_a_gesture_that_is_given_up_leaves_everything_as_it_was(hand, edit, editable, qtbot, start):
    edit(NESTED, chosen=[2])
    hand.press(*start)
    hand.move(420, 90)
    qtbot.waitUntil(lambda: bool(hand.heard("box_dragged")))
    assert editable.cancel_gesture()
    assert not editable.cancel_gesture()
    assert editable._live.drag is None
    hand.move(430, 95)
    hand.release(430, 95)
    assert hand.heard() == []
    assert hand.said[-1] == ("drag_ended",)


def test_drawing_is_given_up(hand, edit, editable):
    edit([], tool="draw")
    assert not editable.cancel_gesture()
    hand.press(100, 100)
    hand.move(200, 200)
    assert editable.cancel_gesture()
    hand.release(200, 200)
    assert hand.heard() == [("draw_ended",)]
    hand.click(100, 100)
    hand.move(150, 150)
    assert editable.cancel_gesture()
    hand.click(100, 100)
    hand.move(160, 160)
    hand.click(160, 160)
    assert hand.heard("box_drawn") == [("box_drawn", (100.0, 100.0, 160.0, 160.0))]


def test_the_right_button_never_draws(hand, edit):
    edit([], tool="draw")
    hand.drag((100, 100), (200, 200), button=RIGHT)
    assert hand.heard("box_drawn", "draw_ended") == []
    # between two clicks it gives the box up, and asks for no menu
    hand.said.clear()
    hand.click(100, 100)
    hand.move(200, 200)
    hand.click(200, 200, button=RIGHT)
    assert hand.heard() == [("draw_ended",)]
    # while the left button is down it does nothing
    hand.said.clear()
    hand.press(100, 100)
    hand.move(200, 200)
    hand.click(200, 200, button=RIGHT)
    hand.release(200, 200)
    assert hand.heard() == [("box_drawn", (100.0, 100.0, 200.0, 200.0)), ("draw_ended",)]


def test_the_right_button_asks_for_a_menu(hand, edit, editable):
    edit(NESTED, chosen=[0])
    for x, y in ((200, 200), (370, 40), (20, 380)):
        hand.click(x, y, button=RIGHT)
    assert [each[:2] for each in hand.said] == [
        ("menu_wanted", Ref("object", 0)), ("menu_wanted", Ref("object", 2)), ("menu_wanted", None),
    ]  # fmt: skip
    assert hand.said[0][2] == editable.mapToGlobal(hand.point(200, 200)).toPoint()


def test_the_menu_key_asks_for_the_menu_of_the_selected_box(hand, edit, editable):
    edit(NESTED, chosen=[2])
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(1, 1), QPoint(1, 1))
    QApplication.sendEvent(editable, event)
    assert hand.said == [("menu_wanted", Ref("object", 2), editable.mapToGlobal(hand.point(375, 40)).toPoint())]


@pytest.mark.parametrize(("reason", "goes_on"), [("ActiveWindow", False), ("Popup", True)])
def test_focus_that_is_lost_gives_the_box_back(hand, edit, editable, reason, goes_on):
    edit(NESTED, chosen=[2])
    hand.press(370, 40)
    hand.move(380, 50)
    QApplication.sendEvent(editable, QFocusEvent(QEvent.Type.FocusOut, Qt.FocusReason[f"{reason}FocusReason"]))
    hand.release(380, 50)
    assert bool(hand.heard("boxes_changed")) is goes_on


def test_a_drag_goes_on_outside_of_the_canvas(hand, edit, editable):
    edit(NESTED, chosen=[2])
    hand.press(370, 40)
    hand.move(370, 50)
    QApplication.sendEvent(editable, QEvent(QEvent.Type.Leave))
    hand.move(800, 50)
    hand.release(800, 50)
    assert hand.heard("boxes_changed") == [("boxes_changed", {2: (450.0, 30.0, 500.0, 70.0)})]


def test_another_scene_of_the_same_boxes_does_not_end_a_drag(hand, edit):
    edit(NESTED, chosen=[2])
    hand.press(370, 40)
    hand.move(375, 45)
    edit(NESTED, chosen=[2], badge="3 positive anchors")
    hand.move(380, 50)
    hand.release(380, 50)
    assert hand.heard("boxes_changed") == [("boxes_changed", {2: (360.0, 30.0, 410.0, 70.0)})]


def test_a_drag_says_which_objects_not_which_rows(hand, edit):
    edit(NESTED, chosen=[2], ids=(4, 7, 5))
    hand.drag((370, 40), (380, 50))
    edit(NESTED, chosen=[2], ids=(4, 7, 5))
    hand.drag((370, 40), (380, 50), CONTROL)
    moved = {5: (360.0, 30.0, 410.0, 70.0)}
    assert hand.heard() == [("boxes_changed", moved), ("boxes_duplicated", moved)]


@pytest.mark.parametrize("then", ["fewer boxes", "other rows", "another tool", "Inspect", "another image"])
def test_a_scene_in_which_the_drag_means_nothing_ends_it_silently(hand, edit, editable, make_scene, then):
    edit(NESTED, chosen=[2])
    hand.press(370, 40)
    hand.move(380, 50)
    if then == "fewer boxes":
        edit(NESTED[:2])
    elif then == "other rows":
        edit(NESTED, chosen=[2], ids=(0, 2, 1))
    elif then == "another tool":
        edit(NESTED, tool="draw")
    elif then == "Inspect":
        editable.show_scene(make_scene())
    else:
        editable.show_image(ImagePyramid(np.zeros((40, 50, 3), np.uint8)))
    hand.move(390, 60)
    hand.release(390, 60)
    assert hand.said == []
    assert editable._live.drag is None


# Live


def test_the_box_is_told_once_a_turn_of_the_event_loop(hand, edit, qtbot):
    edit(NESTED, chosen=[2])
    hand.press(370, 40)
    for x in range(375, 400):
        hand.move(x, 40)
    assert hand.heard("box_dragged") == []
    qtbot.waitUntil(lambda: bool(hand.heard("box_dragged")))
    hand.release(399, 40)
    assert hand.said == [
        ("box_dragged", 2, (379.0, 20.0, 429.0, 60.0)), ("boxes_changed", {2: (379.0, 20.0, 429.0, 60.0)}),
        ("drag_ended",),
    ]  # fmt: skip


def test_a_box_that_is_drawn_is_told_as_row_minus_one(hand, edit, qtbot):
    edit([], tool="draw")
    hand.press(100, 100)
    hand.move(150, 140)
    qtbot.waitUntil(lambda: bool(hand.said))
    assert hand.said == [("box_dragged", -1, (100.0, 100.0, 150.0, 140.0))]


def test_changed_boxes_stay_where_the_hand_left_them_until_a_scene_has_them(hand, edit, editable):
    edit(NESTED, chosen=[2])
    hand.drag((370, 40), (380, 50))
    edit(NESTED, chosen=[2], settled=False)  # one that was on its way
    assert editable._live.drag.boxes == {2: (360, 30, 410, 70)}
    # the next drag begins from there, be it as soon
    hand.drag((380, 50), (390, 50))
    assert hand.heard("boxes_changed")[-1] == ("boxes_changed", {2: (370.0, 30.0, 420.0, 70.0)})
    edit([LARGE, INNER, (370, 30, 420, 70)], chosen=[2], settled=False)
    assert editable._live.drag is None


def test_a_change_that_is_refused_is_taken_back(hand, edit, editable):
    edit(NESTED, chosen=[2])
    hand.drag((370, 40), (380, 50))
    assert editable._hand._settled.isActive()
    editable._hand._settle()
    assert editable._live.drag is None


# Cursors


def test_the_cursor_says_what_a_press_would_do(hand, edit, editable):
    edit(NESTED, chosen=[2], locked=[1])
    for place, keys, shape in (
        ((400, 60), None, SHAPES.SizeFDiagCursor),
        ((350, 31), None, SHAPES.SizeHorCursor),
        ((375, 40), None, SHAPES.SizeAllCursor),
        ((375, 40), CONTROL, SHAPES.DragCopyCursor),
        ((120, 120), None, SHAPES.PointingHandCursor),
        ((200, 200), None, SHAPES.ArrowCursor),
        ((20, 380), None, SHAPES.ArrowCursor),
    ):
        hand.move(*place, keys)
        assert editable.cursor().shape() == shape, place
    edit(NESTED, tool="draw")
    assert editable.cursor().shape() == SHAPES.CrossCursor
    key(editable, Qt.Key.Key_Space)
    assert editable.cursor().shape() == SHAPES.OpenHandCursor
    key(editable, Qt.Key.Key_Space, down=False)
    assert editable.cursor().shape() == SHAPES.CrossCursor


def test_the_cursor_of_a_drag(hand, edit, editable):
    edit(NESTED, chosen=[2])
    hand.press(375, 40)
    hand.move(385, 50)
    assert editable.cursor().shape() == SHAPES.SizeAllCursor
    hand.release(385, 50)


def test_inspect_has_the_usual_cursor_again(hand, edit, editable, make_scene):
    edit(NESTED, tool="draw")
    hand.move(375, 40)
    editable.show_scene(make_scene())
    assert editable.cursor().shape() == SHAPES.ArrowCursor
    assert editable._live.cross is None


def test_a_click_where_a_box_was_deleted_begins_anew(hand, edit):
    """Within a second it would go on to the next thing there, by rows that stand for other boxes now."""
    edit(NESTED)
    hand.click(200, 200)
    assert hand.said[-1] == ("picked", Ref("object", 1))  # the inner one
    edit([LARGE, APART])
    hand.click(200, 200)
    assert hand.said[-1] == ("picked", Ref("object", 0))
