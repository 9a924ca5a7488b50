"""Which picture of the masses is drawn when, and where: here at once, or by a thread."""

import numpy as np
import pytest

from app.canvas.layers import BoxStore
from app.canvas.overlay import Content, Overlay, Quality
from app.canvas.raster import Rasteriser
from app.canvas.transform import ViewTransform
from app.scene import BoxLayer, Role

WH = (300, 200)
VIEW = ViewTransform()


class Thread:
    """Keeps the wishes, until `draw` grants one."""

    def __init__(self):
        self.wishes = []

    def put(self, request, number):
        assert request.number == number
        self.wishes.append(request)

    def draw(self, number=-1):
        return Rasteriser().render(self.wishes[number])


def content(*boxes):
    boxes = np.array(boxes, np.float32)
    layer = BoxLayer("proposals.kept", "proposal", Role.PROPOSAL, boxes, np.arange(len(boxes)))
    return Content((BoxStore(layer),), None, 1e6)


@pytest.fixture
def thread():
    return Thread()


@pytest.fixture
def overlay(thread):
    """Of a box that reaches far beyond the canvas; its picture is there, and takes too long to be drawn at once."""
    made = Overlay()
    made.thread = thread
    made.show(content([-2000, -2000, 2000, 2000], [20, 20, 60, 60]))
    made.prepare(VIEW, WH)
    made.seconds = 1.0
    return made


def test_new_boxes_are_drawn_at_once(overlay, thread):
    assert overlay.quality(VIEW, WH) is Quality.SHARP
    overlay.show(content([1, 1, 9, 9]))
    assert overlay.prepare(VIEW, WH) is Quality.COARSE
    assert thread.wishes == []


def test_a_zoom_draws_nothing_here(overlay, thread):
    before, near = overlay.picture, VIEW.zoomed(2.0, 0, 0)
    assert overlay.prepare(near, WH) is Quality.STALE
    overlay.improve(near, WH, cell=2)
    assert overlay.picture is before
    assert [(wish.cell, wish.scale) for wish in thread.wishes] == [(2, 2.0)]
    assert overlay.take(thread.draw())
    assert overlay.quality(near, WH) is Quality.COARSE
    overlay.improve(near, WH)
    assert overlay.take(thread.draw())
    assert overlay.quality(near, WH) is Quality.WIDE


def test_a_wish_is_made_once(overlay, thread):
    for _ in range(3):
        overlay.improve(VIEW.zoomed(2.0, 0, 0), WH)
    assert len(thread.wishes) == 1
    overlay.improve(VIEW.zoomed(3.0, 0, 0), WH)
    assert len(thread.wishes) == 2


def test_a_picture_of_other_boxes_is_never_shown(overlay, thread):
    near = VIEW.zoomed(2.0, 0, 0)
    overlay.improve(near, WH)
    overlay.show(content([1, 1, 9, 9]))
    assert not overlay.take(thread.draw())
    overlay.prepare(near, WH)
    assert not overlay.take(thread.draw())
    assert overlay.quality(near, WH) is Quality.COARSE


def test_no_picture_gives_way_to_an_older_one(overlay, thread):
    overlay.improve(VIEW.zoomed(2.0, 0, 0), WH)
    overlay.improve(VIEW.zoomed(3.0, 0, 0), WH)
    assert overlay.take(thread.draw(1))
    assert not overlay.take(thread.draw(0))
    assert overlay.picture.job.scale == 3.0


def test_a_pan_asks_before_the_margin_is_used_up(overlay, thread):
    overlay.improve(VIEW, WH)
    overlay.take(thread.draw())
    asked = []
    for step in range(25):
        view = VIEW.panned(-10.0 * step, 0)
        assert overlay.prepare(view, WH, panning=True) > Quality.STALE
        asked.append(len(thread.wishes))
    # The margin is 256: half of it is left at 128, the 13th step; one wish, and none again while that is under way.
    assert asked == [1] * 13 + [2] * 12


def test_a_pan_past_all_that_is_drawn_waits_for_the_thread(overlay, thread):
    before, far = overlay.picture, VIEW.panned(-900, 0)
    assert overlay.prepare(far, WH, panning=True) is Quality.STALE
    assert overlay.picture is before
    overlay.take(thread.draw())
    assert overlay.quality(far, WH) is Quality.WIDE


def test_boxes_out_of_sight_need_no_picture(thread):
    overlay = Overlay()
    overlay.show(content([1, 1, 9, 9]))
    overlay.prepare(VIEW, WH)
    overlay.thread = thread
    away = VIEW.panned(-3000, 0)
    assert overlay.prepare(away, WH, panning=True) is Quality.WIDE
    overlay.improve(away, WH)
    assert thread.wishes == []


def test_lines_of_another_screen_are_not_right_here(overlay):
    assert overlay.quality(VIEW, WH) is Quality.SHARP
    assert overlay.quality(ViewTransform(ratio=2.0), WH) is Quality.STALE
