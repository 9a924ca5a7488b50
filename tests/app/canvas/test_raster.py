"""The pixel rule, and that the two ways of drawing give one picture."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.canvas.raster import (
    Dots,
    Group,
    Rasteriser,
    RasterJob,
    Window,
    colour_table,
    edges_in_sight,
    strength,
    visible_edges,
)

RED, BLUE = (255, 0, 0), (0, 0, 255)


def columns(*boxes):
    return tuple(np.ascontiguousarray(np.array(boxes, np.float32).reshape(-1, 4).T))


def touched(job, mode="auto"):
    return Rasteriser().render(job, mode).pixels != 0


def job(*boxes, scale=1.0, window=Window(0, 0, 60, 60), **more):  # noqa: B008
    return RasterJob((Group((columns(*boxes),), RED),), scale, window, **more)


@pytest.mark.parametrize("mode", ["sparse", "dense"])
def test_at_one_to_one_a_box_covers_x0_to_x1_less_one(mode):
    pixels = touched(job([10, 20, 30, 40]), mode)
    rows, across = np.nonzero(pixels)
    assert (across.min(), across.max(), rows.min(), rows.max()) == (10, 29, 20, 39)
    # Outline of 20 x 20 pixels: 4 * 20 - 4 corners.
    assert pixels.sum() == 76
    assert not pixels[21:39, 11:29].any()


@pytest.mark.parametrize("mode", ["sparse", "dense"])
@pytest.mark.parametrize(
    ("box", "pixels"),
    [
        ([5, 5, 5, 5], 1),  # no area: still one pixel
        ([5, 5, 6, 6], 1),
        ([5, 5, 15, 6], 10),  # one row
        ([5, 5, 6, 15], 10),  # one column
        ([5, 5, 7, 7], 4),
        ([5.2, 5.2, 7.1, 7.1], 8),  # floor 5, ceil 8 - 1 = 7: 3 x 3 less the middle
    ],
)
def test_thin_boxes_touch_each_pixel_once(mode, box, pixels):
    picture = Rasteriser().render(job(box), mode).pixels
    assert (picture != 0).sum() == pixels
    assert set(np.unique(picture)) <= {0, int(colour_table(RED, 0.9)[1])}


@pytest.mark.parametrize("scale", [0.05, 0.37, 1.0, 1.25, 7.3])
@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("window", [Window(0, 0, 200, 120), Window(-70, -31, 133, 257), Window(90, 60, 1, 1)])
def test_listed_and_counted_outlines_are_one_picture(scale, width, window):
    rng = np.random.default_rng(3)
    corner = rng.uniform(-100, 300, (400, 2))
    size = rng.gamma(1.0, 40.0, (400, 2)) * (rng.random((400, 2)) > 0.05)
    boxes = np.concatenate([corner, corner + size], 1)
    groups = (Group((columns(*boxes[:150]), columns(*boxes[150:250])), RED, 0.4), Group((columns(*boxes[250:]),), BLUE))
    both = [
        Rasteriser().render(RasterJob(groups, scale, window, 1, width), mode).pixels for mode in ("sparse", "dense")
    ]
    np.testing.assert_array_equal(both[0], both[1])


box = st.tuples(*[st.floats(-1e6, 1e6, width=32)] * 2, *[st.floats(0, 1e4, width=32)] * 2)


@settings(deadline=None)
@given(st.lists(box, max_size=6), st.floats(0.02, 64), st.integers(-50, 50), st.integers(1, 40))
def test_the_two_ways_agree_on_anything(boxes, scale, left, size):
    boxes = [[x, y, x + w, y + h] for x, y, w, h in boxes]
    one = job(*boxes, scale=scale, window=Window(left, -left, size, size + 3))
    np.testing.assert_array_equal(touched(one, "sparse"), touched(one, "dense"))


def test_a_count_beyond_int16_is_counted():
    many = RasterJob((Group((columns(*[[2, 2, 8, 8]] * 70_000),), RED),), 1.0, Window(0, 0, 10, 10))
    for mode in ("sparse", "dense"):
        assert (Rasteriser().render(many, mode).pixels != 0).sum() == 20


def test_a_moved_window_is_the_same_picture_moved():
    whole = Rasteriser().render(job([3.3, 4.4, 33.3, 44.4], scale=1.37)).pixels
    part = Rasteriser().render(job([3.3, 4.4, 33.3, 44.4], scale=1.37, window=Window(11, 7, 30, 40))).pixels
    np.testing.assert_array_equal(part, whole[7:47, 11:41])


def test_the_group_in_front_covers():
    groups = (Group((columns([0, 0, 10, 10]),), RED), Group((columns([5, 0, 15, 10]),), BLUE))
    picture = Rasteriser().render(RasterJob(groups, 1.0, Window(0, 0, 20, 20))).pixels
    assert picture[0, 5] == colour_table(BLUE, 0.9)[1]
    assert picture[0, 4] == colour_table(RED, 0.9)[1]


def test_half_the_resolution_lies_at_half_the_place():
    rows, across = np.nonzero(touched(job([10, 20, 30, 40], cell=2, window=Window(0, 0, 30, 30))))
    assert (across.min(), across.max(), rows.min(), rows.max()) == (5, 14, 10, 19)


def test_a_picture_stays_as_it_is_while_others_are_drawn():
    rasteriser = Rasteriser()
    first = rasteriser.render(job([10, 20, 30, 40])).pixels
    before = first.copy()
    for _ in range(3):
        rasteriser.render(job([1, 2, 3, 4]))
    np.testing.assert_array_equal(first, before)


def test_a_picture_that_nobody_wants_is_given_up_between_two_groups():
    asked = []

    def check():
        asked.append(len(asked))
        if len(asked) == 2:
            raise InterruptedError

    groups = tuple(Group((columns([0, 0, 10, 10]),), RED) for _ in range(5))
    with pytest.raises(InterruptedError):
        Rasteriser().render(RasterJob(groups, 1.0, Window(0, 0, 20, 20)), check=check)
    assert asked == [0, 1]


def test_colours_are_premultiplied_and_grow_with_the_count():
    table = colour_table((255, 128, 0), 0.5)
    alpha, red, green, blue = (table >> 24), table >> 16 & 255, table >> 8 & 255, table & 255
    assert table[0] == 0
    assert alpha[1] == 128  # 0.5 * 255 = 127.5, rounded to the even number
    assert (np.diff(alpha.astype(int)) >= 0).all()
    assert ((red <= alpha) & (green <= alpha) & (blue <= alpha)).all()


def test_many_lines_over_each_other_are_fainter():
    assert strength(100.0, 1e6, 1.0) > strength(1e7, 1e6, 1.0) >= 0.22


def test_only_boxes_in_sight_are_kept():
    # Outside; around the window without a line in it; in sight.
    boxes = columns([100, 0, 120, 9], [-9, -9, 99, 99], [1, 1, 5, 5])
    edges, places = edges_in_sight(boxes, 1.0, Window(0, 0, 50, 50))
    assert places is not None
    assert places.tolist() == [2]
    assert [int(edge[0]) for edge in edges] == [1, 1, 4, 4]
    assert [edge.tolist() for edge in visible_edges(boxes, 1.0, Window(0, 0, 50, 50))] == [[1], [1], [4], [4]]


def test_dots_lie_on_their_points():
    dots = Dots(np.array([[10.5, 20.5], [1000, 1000], [0, 0]], np.float32), BLUE, 3)
    picture = Rasteriser().render(RasterJob((), 1.0, Window(0, 0, 40, 40), dots=dots)).pixels
    blue = np.argwhere(picture == 0xFF0000FF)
    # 3 x 3 around (10, 20), and the quarter of the one in the corner: 2 x 2.
    assert len(blue) == 9 + 4
    assert blue[4:].mean(axis=0).tolist() == [20.0, 10.0]
