"""Editing with the mouse: what each gesture says to the program, worked by hand."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from app.canvas.pyramid import ImagePyramid
from app.scene import BoxLayer, Ref, Role

SHIFT, CONTROL, ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)
MIDDLE, RIGHT = Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
SHAPES = Qt.CursorShape

LARGE, INNER, APART = (100.0, 100.0, 300.0, 300.0), (150.0, 150.0, 250.0, 250.0), (350.0, 20.0, 400.0, 60.0)
NESTED = [LARGE, INNER, APART]


@pytest.fixture(params=[(1.0, 1.0), (2.5, 1.0), (2.0, 2.0), (3.0, 2.0)], ids=["1", "2.5", "1 at 2x", "1.5 at 2x"])
def screen(request, editable):
    """Zooms and screens; at all of them the middle of the image is in sight."""
    scale, editable.ratio = request.param
    editable.zoom_to(scale)


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


# Moving


@pytest.mark.usefixtures("screen")
def test_a_drag_moves_the_chosen_box(hand, edit):
    edit([(200.25, 180.5, 280.75, 240.0)], chosen=[0])
    hand.drag((240, 210), (250.4, 202.3))
    # 10.4 and -7.7, so 10 and -8
    assert hand.heard() == [("boxes_changed", {0: (210.25, 172.5, 290.75, 232.0)})]
    assert all(type(value) is float for value in hand.heard()[0][1][0])


def test_a_drag_on_another_box_chooses_it_and_moves_it(hand, edit):
    edit(NESTED, chosen=[2])
    hand.drag((200, 200), (190, 200))
    assert hand.heard() == [("picked", Ref("object", 1)), ("boxes_changed", {1: (140.0, 150.0, 240.0, 250.0)})]


def test_all_chosen_boxes_move_together_and_stop_together(hand, edit):
    edit(NESTED, chosen=[1, 2])
    hand.drag((200, 200), (330, 150))
    # right: row 2 has 100 left of 130; up: it has 20 of 50
    assert hand.heard() == [("boxes_changed", {1: (250.0, 130.0, 350.0, 230.0), 2: (450.0, 0.0, 500.0, 40.0)})]


def test_boxes_may_leave_the_image_where_that_is_wanted(hand, edit):
    edit(NESTED, chosen=[2], keeps_inside=False)
    hand.drag((370, 40), (370, 10))
    assert hand.heard() == [("boxes_changed", {2: (350.0, -10.0, 400.0, 30.0)})]


def test_less_than_four_points_are_a_click(hand, edit):
    edit(NESTED, chosen=[2])
    hand.drag((370, 40), (373, 43))
    assert hand.heard() == [("picked", Ref("object", 2))]
    hand.drag((370, 40), (374, 40))
    assert hand.said[-1] == ("boxes_changed", {2: (354.0, 20.0, 404.0, 60.0)})


def test_a_box_that_comes_back_has_not_changed(hand, edit, qtbot):
    edit(NESTED, chosen=[2])
    hand.press(370, 40)
    hand.move(390, 60)
    qtbot.waitUntil(lambda: bool(hand.heard("box_dragged")))
    hand.move(370, 40)
    hand.release(370, 40)
    assert hand.heard() == []
    assert hand.said[-1] == ("drag_ended",)


def test_a_drag_on_free_ground_moves_the_picture(hand, edit, editable):
    edit(NESTED, chosen=[2])
    before = editable.transform
    hand.drag((20, 380), (40, 370))
    assert (editable.transform.x, editable.transform.y) == pytest.approx((before.x + 20, before.y - 10))
    hand.drag((200, 200), (210, 190), button=MIDDLE)
    assert hand.said == []


def test_a_drag_on_what_is_no_object_moves_the_picture(hand, edit, editable):
    box = np.array([[20, 300, 60, 380]], np.float32)
    edit(NESTED, others=(BoxLayer("detections.judged", "detection", Role.DETECTION, box, np.array([4]), True),))
    before = editable.transform
    hand.drag((40, 340), (60, 350))
    assert (editable.transform.x, editable.transform.y) == pytest.approx((before.x + 20, before.y + 10))
    hand.click(60, 350)
    assert hand.heard() == [("picked", Ref("detection", 4))]


@pytest.mark.usefixtures("screen")
def test_ctrl_and_drag_makes_a_copy(hand, edit):
    edit([(200.25, 180.5, 280.75, 240.0), (100.0, 300.0, 120.0, 330.0)], chosen=[0])
    hand.drag((240, 210), (260, 220), CONTROL)
    assert hand.heard() == [("boxes_duplicated", {0: (220.25, 190.5, 300.75, 250.0)})]


def test_copies_of_all_chosen_or_of_the_one_under_the_hand(hand, edit):
    edit(NESTED, chosen=[1, 2])
    hand.drag((200, 200), (205, 205), CONTROL)
    edit(NESTED, chosen=[2])
    hand.drag((200, 200), (205, 205), CONTROL)
    assert hand.heard() == [
        ("boxes_duplicated", {1: (155.0, 155.0, 255.0, 255.0), 2: (355.0, 25.0, 405.0, 65.0)}),
        ("boxes_duplicated", {1: (155.0, 155.0, 255.0, 255.0)}),
    ]


# Resizing


@pytest.mark.usefixtures("screen")
def test_each_handle_moves_its_sides(hand, edit):
    box = (200.0, 180.0, 300.0, 240.0)
    for (x, y), expected in (
        ((200, 180), (210.0, 188.0, 300.0, 240.0)),
        ((300, 180), (200.0, 188.0, 310.0, 240.0)),
        ((200, 240), (210.0, 180.0, 300.0, 248.0)),
        ((300, 240), (200.0, 180.0, 310.0, 248.0)),
        ((250, 180), (200.0, 188.0, 300.0, 240.0)),
        ((250, 240), (200.0, 180.0, 300.0, 248.0)),
        ((200, 210), (210.0, 180.0, 300.0, 240.0)),
        ((300, 210), (200.0, 180.0, 310.0, 240.0)),
        ((200, 196), (210.0, 180.0, 300.0, 240.0)),  # no handle: the side itself
        ((231, 240), (200.0, 180.0, 300.0, 248.0)),
    ):
        edit([box], chosen=[0])
        hand.said.clear()
        hand.drag((x + 0.4, y - 0.4), (x + 10.4, y + 7.6))
        assert hand.heard() == [("boxes_changed", {0: expected})]


def test_what_the_hand_does_not_touch_keeps_its_fractions(hand, edit):
    edit([(100.3125, 50.6875, 200.1875, 150.40625)], chosen=[0])
    hand.drag((200, 100), (220, 130))
    # 200.1875 + 20 = 220.1875, to whole pixels 220
    assert hand.heard() == [("boxes_changed", {0: (100.3125, 50.6875, 220.0, 150.40625)})]


def test_a_box_turns_over(hand, edit):
    edit([LARGE], chosen=[0])
    hand.drag((100, 100), (350, 330))
    assert hand.heard() == [("boxes_changed", {0: (300.0, 300.0, 350.0, 330.0)})]


def test_shift_keeps_the_ratio_as_it_goes_down(hand, edit, editable):
    edit([(100.0, 100.0, 200.0, 150.0)], chosen=[0])
    hand.press(200, 150)
    hand.move(260, 160)
    assert editable._live.drag.boxes == {0: (100, 100, 260, 160)}
    key(editable, Qt.Key.Key_Shift)
    assert editable._live.drag.boxes == {0: (100, 100, 260, 180)}
    hand.release(260, 160, SHIFT)
    assert hand.heard() == [("boxes_changed", {0: (100.0, 100.0, 260.0, 180.0)})]


def test_resizing_ends_at_the_edge_of_the_image_unless_ctrl_is_held(hand, edit):
    edit([APART], chosen=[0])
    hand.drag((400, 40), (540, 40))
    edit([APART], chosen=[0])
    hand.drag((400, 40), (540, 40), CONTROL)
    assert hand.heard() == [
        ("boxes_changed", {0: (350.0, 20.0, 500.0, 60.0)}), ("boxes_changed", {0: (350.0, 20.0, 540.0, 60.0)}),
    ]  # fmt: skip


def test_only_one_chosen_box_has_handles(hand, edit):
    edit(NESTED, chosen=[0, 2])
    hand.drag((100, 100), (110, 110))
    assert hand.heard() == [("boxes_changed", {0: (110.0, 110.0, 310.0, 310.0), 2: (360.0, 30.0, 410.0, 70.0)})]


# Locked and hidden boxes


def test_a_locked_box_is_chosen_but_not_changed(hand, edit, editable):
    edit(NESTED, chosen=[2], locked=[2])
    before = editable.transform
    hand.click(370, 40)
    for start in ((370, 40), (400, 60), (350, 45)):
        hand.drag(start, (start[0] + 10, start[1] + 10))
        hand.drag((start[0] + 10, start[1] + 10), start)
    assert editable.transform.x == pytest.approx(before.x)
    assert hand.heard() == [("picked", Ref("object", 2))]


def test_of_several_chosen_boxes_the_locked_ones_stay(hand, edit):
    edit(NESTED, chosen=[1, 2], locked=[2])
    hand.drag((200, 200), (210, 210))
    assert hand.heard() == [("boxes_changed", {1: (160.0, 160.0, 260.0, 260.0)})]


def test_a_locked_box_can_be_copied(hand, edit):
    edit(NESTED, locked=[2])
    hand.drag((370, 40), (380, 50), CONTROL)
    assert hand.heard() == [("boxes_duplicated", {2: (360.0, 30.0, 410.0, 70.0)})]


def test_nothing_happens_to_a_hidden_box(hand, edit, editable):
    edit(NESTED, chosen=[2], hidden=[2])
    hand.drag((370, 40), (380, 50))
    hand.drag((390, 50), (400, 60))
    hand.drag((340, 5), (480, 90), SHIFT)
    assert hand.heard() == [("rows_chosen", [])]


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


@pytest.mark.parametrize("then", ["fewer boxes", "another tool", "Inspect", "another image"])
def test_a_scene_in_which_the_drag_means_nothing_ends_it_silently(hand, edit, editable, make_scene, then):
    edit(NESTED, chosen=[2])
    hand.press(370, 40)
    hand.move(380, 50)
    if then == "fewer boxes":
        edit(NESTED[:2])
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
