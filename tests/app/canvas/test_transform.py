"""Points there and back again."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.canvas.transform import MAX_SCALE, MIN_SCALE, ViewTransform

views = st.builds(
    ViewTransform,
    scale=st.floats(MIN_SCALE, MAX_SCALE),
    x=st.floats(-5000, 5000),
    y=st.floats(-5000, 5000),
    ratio=st.sampled_from([1.0, 1.25, 1.5, 2.0, 3.0]),
)
points = st.floats(-3000, 3000)


@given(views, points, points)
def test_there_and_back(view, x, y):
    back = view.to_widget(*view.to_image(x, y))
    assert back == pytest.approx((x, y), abs=1e-6)


@given(views, st.floats(0.001, 1000), points, points)
def test_zoom_keeps_the_point_under_the_cursor(view, scale, x, y):
    zoomed = view.zoomed(scale, x, y)
    assert MIN_SCALE <= zoomed.scale <= MAX_SCALE
    # Image pixels; 1e-6 of a screen pixel at the smaller scale.
    assert zoomed.to_image(x, y) == pytest.approx(view.to_image(x, y), abs=1e-6 / MIN_SCALE)


@given(views, points, points)
def test_what_is_drawn_lies_within_half_a_pixel(view, x, y):
    image = view.to_image(x, y)
    drawn = view.to_device(*image)
    assert abs(drawn[0] - x * view.ratio) <= 0.5 + 1e-6
    assert abs(drawn[1] - y * view.ratio) <= 0.5 + 1e-6


@given(views, st.sampled_from([1.0, 2.0]))
def test_another_screen_shows_the_same(view, ratio):
    moved = view.on_screen(ratio)
    assert moved.to_image(100, 50) == pytest.approx(view.to_image(100, 50), abs=1e-6 / MIN_SCALE)


def test_a_pan_is_in_widget_points():
    assert ViewTransform(2.0, 10, 20, ratio=2.0).panned(3, -4) == ViewTransform(2.0, 16, 12, ratio=2.0)


def test_a_box_is_brought_into_the_middle():
    view = ViewTransform().showing((100, 100, 300, 200), (420, 420), margin=10)
    # 400 free pixels for 200 image pixels: scale 2; the middle (200, 150) at (210, 210).
    assert view.scale == 2.0
    assert view.to_device(200, 150) == (210.0, 210.0)


def test_a_box_without_area_is_no_division_by_zero():
    assert ViewTransform().showing((5, 5, 5, 5), (100, 100)).scale == MAX_SCALE


def test_some_of_the_image_stays_in_sight():
    view = ViewTransform(1.0, -5000, 5000).held((800, 600), (1000, 700))
    assert (view.x, view.y) == (48 - 800, 700 - 48)


def test_the_origin_is_a_whole_number():
    assert ViewTransform(1.0, -0.5, 2.49).origin == (math.floor(-0.5 + 0.5), 2)
