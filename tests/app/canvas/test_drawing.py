"""Drawing boxes by hand, and choosing them."""

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from app.scene import Ref

SHIFT, CONTROL, ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)
MIDDLE, RIGHT = Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
LARGE, INNER, APART = (100.0, 100.0, 300.0, 300.0), (150.0, 150.0, 250.0, 250.0), (350.0, 20.0, 400.0, 60.0)
NESTED = [LARGE, INNER, APART]


def key(canvas, code, *, down=True):
    kind = QEvent.Type.KeyPress if down else QEvent.Type.KeyRelease
    QApplication.sendEvent(canvas, QKeyEvent(kind, code, Qt.KeyboardModifier.NoModifier))


# Drawing


@pytest.mark.usefixtures("screen")
def test_a_drag_draws_a_box(hand, edit):
    edit([], tool="draw")
    hand.drag((200.3, 180.6), (284.2, 241.9))
    assert hand.heard() == [("box_drawn", (200.0, 181.0, 284.0, 242.0)), ("draw_ended",)]


@pytest.mark.usefixtures("screen")
def test_click_move_click_draws_a_box(hand, edit):
    edit([], tool="draw")
    hand.click(284.2, 241.9)
    assert hand.said == []
    hand.move(220, 200)
    hand.move(200.3, 180.6)
    hand.click(200.3, 180.6)
    assert hand.heard() == [("box_drawn", (200.0, 181.0, 284.0, 242.0)), ("draw_ended",)]


def test_a_second_click_that_comes_fast_is_a_double_click_to_qt(hand, edit):
    edit([], tool="draw")
    hand.click(100, 100)
    hand.move(140, 130)
    hand.press(140, 130, double=True)
    hand.release(140, 130)
    assert hand.heard("box_drawn") == [("box_drawn", (100.0, 100.0, 140.0, 130.0))]


def test_a_box_is_drawn_over_others_and_handles(hand, edit):
    edit(NESTED, tool="draw", chosen=[0])
    hand.drag((100, 100), (200, 220))
    assert hand.heard() == [("box_drawn", (100.0, 100.0, 200.0, 220.0)), ("draw_ended",)]


@pytest.mark.parametrize(
    ("scale", "end", "drawn"), [(1, (102, 150), False), (1, (103, 150), True), (4, (101, 150), True)]
)
def test_a_sliver_is_an_accident(hand, edit, editable, scale, end, drawn):
    """Three points of the screen: three pixels at scale 1, one at scale 4."""
    editable.zoom_to(scale)
    edit([], tool="draw")
    hand.drag((100, 120), end)
    assert bool(hand.heard("box_drawn")) is drawn
    assert bool(hand.heard("draw_ended")) is drawn


def test_two_clicks_at_one_place_draw_nothing(hand, edit):
    edit([], tool="draw")
    hand.click(100, 100)
    hand.click(100, 100)
    assert hand.said == []
    # and it was not the beginning of another box
    hand.move(200, 200)
    assert not hand.canvas.cancel_gesture()


def test_a_box_ends_at_the_edge_of_the_image_unless_ctrl_is_held(hand, edit):
    edit([], tool="draw")
    hand.drag((450, 350), (530, 420))
    hand.drag((450, 350), (530, 420), CONTROL)
    assert hand.heard("box_drawn") == [
        ("box_drawn", (450.0, 350.0, 500.0, 400.0)), ("box_drawn", (450.0, 350.0, 530.0, 420.0)),
    ]  # fmt: skip


def test_a_box_need_not_stay_in_the_image(hand, edit):
    edit([], tool="draw", keeps_inside=False)
    hand.drag((450, 350), (530, 420))
    assert hand.heard("box_drawn") == [("box_drawn", (450.0, 350.0, 530.0, 420.0))]


def test_ctrl_counts_as_it_goes_down(hand, edit, editable):
    edit([], tool="draw")
    hand.press(450, 350)
    hand.move(530, 420)
    assert editable._live.drag.boxes == {-1: (450, 350, 500, 400)}
    key(editable, Qt.Key.Key_Control)
    assert editable._live.drag.boxes == {-1: (450, 350, 530, 420)}
    key(editable, Qt.Key.Key_Control, down=False)
    assert editable._live.drag.boxes == {-1: (450, 350, 500, 400)}


def test_the_picture_can_be_moved_and_zoomed_between_two_clicks(hand, edit, editable):
    edit([], tool="draw")
    hand.click(100, 100)
    hand.drag((200, 200), (180, 190), button=MIDDLE)
    at = hand.point(200, 200)
    zoom = QWheelEvent(
        at, at, QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, hand.keys, Qt.ScrollPhase.NoScrollPhase, False
    )
    QApplication.sendEvent(editable, zoom)
    assert editable.transform.scale > 1.2
    hand.move(160, 170)
    hand.click(160, 170)
    assert hand.heard("box_drawn") == [("box_drawn", (100.0, 100.0, 160.0, 170.0))]


def test_space_moves_the_picture_while_drawing(hand, edit, editable):
    edit([], tool="draw")
    before = editable.transform
    key(editable, Qt.Key.Key_Space)
    hand.drag((200, 200), (230, 210))
    key(editable, Qt.Key.Key_Space, down=False)
    assert (editable.transform.x, editable.transform.y) == pytest.approx((before.x + 30, before.y + 10))
    assert hand.said == []


# Selecting


def test_a_click_picks_as_ever(hand, edit):
    edit(NESTED)
    hand.click(102, 200)
    hand.click(200, 190)
    hand.click(20, 380)
    assert hand.heard() == [("picked", Ref("object", 0)), ("picked", Ref("object", 1)), ("picked", None)]


def test_nested_boxes_are_reached_by_clicking_again(hand, edit, editable):
    edit(NESTED)
    hand.click(200, 200)
    edit(NESTED, chosen=[1])
    hand.click(200, 200)
    assert hand.heard() == [("picked", Ref("object", 1)), ("picked", Ref("object", 0))]
    assert editable._live.counter == "2 of 2"
    # what was reached can be moved, though another box lies over it
    edit(NESTED, chosen=[0])
    hand.drag((200, 200), (210, 205))
    assert hand.heard("boxes_changed") == [("boxes_changed", {0: (110.0, 105.0, 310.0, 305.0)})]


def test_boxes_of_one_outline_are_reached_though_handles_are_in_the_way(hand, edit):
    edit([LARGE, LARGE])
    hand.click(100, 100)
    first = hand.said[-1][1].row
    edit([LARGE, LARGE], chosen=[first])
    hand.click(100, 100)
    assert hand.said[-1] == ("picked", Ref("object", 1 - first))


def test_a_click_on_a_handle_picks_nothing_below_it(hand, edit):
    edit([LARGE, (96.0, 96.0, 104.0, 104.0)], chosen=[0])
    hand.click(101, 101)
    assert hand.said == []
    hand.drag((101, 101), (91, 81))
    assert hand.heard() == [("boxes_changed", {0: (90.0, 80.0, 300.0, 300.0)})]


def test_ctrl_and_click_adds_to_the_selection_or_takes_away(hand, edit):
    edit(NESTED, chosen=[0])
    hand.click(200, 200, CONTROL)
    hand.click(100, 200, CONTROL)
    hand.click(20, 380, CONTROL)
    assert hand.heard() == [("object_toggled", Ref("object", 1)), ("object_toggled", Ref("object", 0))]


def test_a_rubber_band_chooses_what_it_touches(hand, edit):
    edit(NESTED)
    # inside the large one, across the inner one
    hand.drag((140, 140), (200, 170), SHIFT)
    hand.drag((320, 10), (90, 310), SHIFT)
    hand.drag((10, 10), (40, 40), SHIFT)
    assert hand.heard() == [("rows_chosen", [1]), ("rows_chosen", [0, 1]), ("rows_chosen", [])]


def test_a_rubber_band_begins_on_a_box_as_well(hand, edit):
    edit(NESTED, chosen=[1])
    hand.drag((200, 200), (260, 260), SHIFT)
    assert hand.heard() == [("rows_chosen", [1])]


def test_alt_and_click_lists_what_is_there(hand, edit):
    edit(NESTED, chosen=[0])
    hand.click(200, 200, ALT)
    assert hand.said[0][:2] == ("things_listed", [Ref("object", 1), Ref("object", 0)])


def test_a_double_click_zooms_to_the_box(hand, edit, editable):
    edit(NESTED)
    hand.click(200, 200)
    hand.press(200, 200, double=True)
    hand.release(200, 200)
    assert hand.heard() == [("picked", Ref("object", 1)), ("box_activated", Ref("object", 1))]
    assert editable.transform.scale == pytest.approx(2.7)


def test_a_drag_right_after_a_click_is_no_double_click(hand, edit, editable):
    edit(NESTED)
    hand.click(370, 40)
    edit(NESTED, chosen=[2])
    hand.press(370, 40, double=True)
    hand.move(380, 50)
    hand.release(380, 50)
    assert editable.transform.scale == 1
    assert hand.heard("boxes_changed") == [("boxes_changed", {2: (360.0, 30.0, 410.0, 70.0)})]
