"""Where handles are and what they hold: in points of the screen, at any zoom."""

import pytest
from PySide6.QtCore import QPointF, Qt

from app.canvas.box_changes import Grip
from app.canvas.handles import cursor_of, grip_at, handle_at, handles_of
from app.canvas.transform import ViewTransform

BOX = (100.0, 100.0, 200.0, 180.0)
VIEWS = [ViewTransform(), ViewTransform(2.5, 30, 40), ViewTransform(2.0, 0, 0, 2.0), ViewTransform(5.0, 7, 9, 2.0)]


def test_corners_and_middles():
    places = {each.grip: (each.x, each.y) for each in handles_of(BOX, ViewTransform())}
    assert len(places) == 8
    assert places[Grip(-1, -1)] == (100, 100)
    assert places[Grip(0, 1)] == (150, 180)
    assert places[Grip(1, 0)] == (200, 140)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(("off", "held"), [(3.9, True), (4.2, False)])
def test_a_handle_is_eight_points_wide(view, off, held):
    x, y = view.to_widget(200, 100)
    assert (handle_at(BOX, view, QPointF(x + off, y - 3)) == Grip(1, -1)) is held


@pytest.mark.parametrize("view", VIEWS)
def test_a_side_is_held_along_its_whole_length(view):
    x, y = view.to_widget(100, 125)
    for off, held in ((-3.9, Grip(-1, 0)), (3.9, Grip(-1, 0)), (-4.2, None), (4.2, None)):
        assert grip_at(BOX, view, QPointF(x + off, y)) == held
    x, y = view.to_widget(171, 180)
    assert grip_at(BOX, view, QPointF(x, y + 3.9)) == Grip(0, 1)
    x, y = view.to_widget(150, 140)
    assert grip_at(BOX, view, QPointF(x, y)) is None


def test_where_two_sides_meet_both_are_held():
    assert grip_at(BOX, ViewTransform(), QPointF(203.5, 183.5)) == Grip(1, 1)


def test_a_small_box_can_be_held_by_its_inside():
    small = (100.0, 100.0, 110.0, 110.0)
    # 10 points: corners only, 3 further out, so that (16 - 10) / 2
    assert [(each.x, each.y) for each in handles_of(small, ViewTransform())] == [
        (97, 97), (113, 97), (97, 113), (113, 113),
    ]  # fmt: skip
    assert grip_at(small, ViewTransform(), QPointF(105, 105)) is None
    assert grip_at(small, ViewTransform(), QPointF(97, 97)) == Grip(-1, -1)
    tiny = (100.0, 100.0, 102.0, 102.0)
    assert (handles_of(tiny, ViewTransform())[0].x, handles_of(tiny, ViewTransform())[1].x) == (96, 106)


def test_handles_of_a_thin_box():
    thin = (100.0, 100.0, 200.0, 110.0)
    assert [each.grip for each in handles_of(thin, ViewTransform())[4:]] == [Grip(0, -1), Grip(0, 1)]


def test_cursors_show_where_a_handle_leads():
    shapes = Qt.CursorShape
    assert cursor_of(Grip(-1, -1)) == cursor_of(Grip(1, 1)) == shapes.SizeFDiagCursor
    assert cursor_of(Grip(1, -1)) == cursor_of(Grip(-1, 1)) == shapes.SizeBDiagCursor
    assert cursor_of(Grip(0, 1)) == shapes.SizeVerCursor
    assert cursor_of(Grip(-1, 0)) == shapes.SizeHorCursor
