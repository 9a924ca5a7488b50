"""Boxes moved, copied and resized by hand; locked and hidden ones stay."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from app.scene import BoxLayer, Ref, Role

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
    for start in ((370, 40), (390, 50), (350, 45)):
        hand.drag(start, (start[0] + 10, start[1] + 10))
        hand.drag((start[0] + 10, start[1] + 10), start)
    assert editable.transform.x == pytest.approx(before.x)
    # Each of these drags moved the picture, and says why.
    assert hand.heard() == [("picked", Ref("object", 2)), *[("locked_dragged", Ref("object", 2))] * 6]
    hand.said.clear()
    hand.drag((20, 300), (30, 310))
    assert hand.said == []


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
