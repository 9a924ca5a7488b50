"""What becomes of a box under the hand, with numbers worked by hand."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.canvas.box_changes import Grip, corner, drawn, in_band, moved, resized, whole

ROOM = (500, 400)
BOX = (100.0, 50.0, 200.0, 150.0)
LEFT, RIGHT, TOP, BOTTOM = Grip(-1, 0), Grip(1, 0), Grip(0, -1), Grip(0, 1)


def test_corners_come_to_lie_between_pixels_halves_up():
    assert [whole(value) for value in (0.4, 0.5, -0.5, -0.6, 2.5)] == [0, 1, 0, -1, 3]
    assert drawn((10.4, 20.6), (99.5, 60.2), ROOM) == (10, 21, 100, 60)


def test_a_box_is_drawn_in_any_direction():
    assert drawn((99.5, 60.2), (10.4, 20.6), ROOM) == (10, 21, 100, 60)
    assert drawn((99.5, 20.6), (10.4, 60.2), ROOM) == (10, 21, 100, 60)


def test_a_box_ends_at_the_edge_of_the_image_or_not():
    assert drawn((480, 390), (530, -20), ROOM) == (480, 0, 500, 390)
    assert drawn((480, 390), (530, -20), None) == (480, -20, 530, 390)
    assert corner((-3, 900), ROOM) == (0, 400)


def test_a_move_goes_by_whole_pixels():
    assert moved({3: (10.25, 20.5, 30.75, 40.0)}, 5.4, -2.6, ROOM) == {3: (15.25, 17.5, 35.75, 37.0)}


def test_boxes_move_together_as_far_as_all_of_them_can():
    both = {0: (20.0, 20.0, 60.0, 60.0), 1: (400.0, 300.0, 480.0, 390.0)}
    # right: the second has 20 left; down: it has 10
    assert moved(both, 100, 100, ROOM) == {0: (40, 30, 80, 70), 1: (420, 310, 500, 400)}
    # left and up: the first has 20 both
    assert moved(both, -100, -100, ROOM) == {0: (0, 0, 40, 40), 1: (380, 280, 460, 370)}
    assert moved(both, 100, 100, None) == {0: (120, 120, 160, 160), 1: (500, 400, 580, 490)}


def test_less_than_a_pixel_to_the_edge_is_no_move():
    # 99.5 in an image of 100: half a pixel is left, and a move goes by whole ones
    assert moved({0: (10.0, 10.0, 99.5, 20.0)}, 30, 0, (100, 100)) == {0: (10, 10, 99.5, 20)}


def test_a_box_outside_of_the_image_may_come_in_but_not_go_farther():
    outside = {0: (-30.0, 10.0, -10.0, 40.0)}
    assert moved(outside, -5, 0, ROOM) == outside
    assert moved(outside, 12, 0, ROOM) == {0: (-18, 10, 2, 40)}


@pytest.mark.parametrize(
    ("grip", "by", "expected"),
    [
        (LEFT, (-20, 7), (80, 50, 200, 150)),
        (RIGHT, (30.4, 7), (100, 50, 230, 150)),
        (TOP, (9, 10), (100, 60, 200, 150)),
        (BOTTOM, (9, -10), (100, 50, 200, 140)),
        (Grip(-1, -1), (10, 20), (110, 70, 200, 150)),
        (Grip(1, 1), (10, 20), (100, 50, 210, 170)),
    ],
)
def test_a_side_follows_the_hand_and_the_others_stay(grip, by, expected):
    assert resized(BOX, grip, *by, ROOM) == expected


def test_across_the_opposite_side_a_box_turns_over():
    # left 100 + 130 = 230, past the right 200
    assert resized(BOX, LEFT, 130, 0, ROOM) == (200, 50, 230, 150)
    # right 200 - 160 = 40 and bottom 150 - 120 = 30, past 100 and 50
    assert resized(BOX, Grip(1, 1), -160, -120, ROOM) == (40, 30, 100, 50)


@pytest.mark.parametrize("by", [99.6, 100, 100.4])
def test_a_pixel_is_always_left(by):
    assert resized(BOX, LEFT, by, 0, ROOM) == (199, 50, 200, 150)
    assert resized(BOX, RIGHT, -by, 0, ROOM) == (100, 50, 101, 150)


def test_a_side_ends_at_the_edge_of_the_image_or_not():
    assert resized(BOX, Grip(1, 1), 900, 900, ROOM) == (100, 50, 500, 400)
    assert resized(BOX, Grip(1, 1), 900, 900, None) == (100, 50, 1100, 1050)
    # turned over and at the edge: (0, 50, 10, 150) by its right side to the left of 0
    assert resized((0.0, 50.0, 10.0, 150.0), RIGHT, -40, 0, ROOM) == (0, 50, 1, 150)


def test_sides_that_are_not_moved_keep_their_fractions():
    box = (100.3125, 50.6875, 200.1875, 150.40625)
    assert resized(box, Grip(1, 1), 10, 0.2, ROOM) == (100.3125, 50.6875, 210, 150.40625)
    assert resized(box, LEFT, 0.1, 50, ROOM) == box


def test_the_ratio_is_kept_about_the_opposite_corner():
    wide = (100.0, 100.0, 200.0, 150.0)  # 2 : 1
    # the width asks for 160, factor 1.6; the height for 60, factor 1.2: 160 x 80
    assert resized(wide, Grip(1, 1), 60, 10, ROOM, in_ratio=True) == (100, 100, 260, 180)
    assert resized(wide, Grip(-1, -1), -60, -10, ROOM, in_ratio=True) == (40, 70, 200, 150)
    # turned over to the left: 100 - 160 = -60 wide, 0.6; down 60 high, 1.2: 120 x 60
    assert resized(wide, Grip(1, 1), -160, 10, None, in_ratio=True) == (-20, 100, 100, 160)


def test_the_ratio_is_kept_at_the_edge_of_the_image():
    wide = (100.0, 100.0, 200.0, 150.0)
    # room to the right: 400 of 100, factor 4; below: 300 of 50, factor 6
    assert resized(wide, Grip(1, 1), 900, 900, ROOM, in_ratio=True) == (100, 100, 500, 300)


def test_the_ratio_is_kept_about_the_middle_where_one_side_is_held():
    wide = (100.0, 100.0, 200.0, 150.0)
    # 140 wide, factor 1.4: 70 high about y 125
    assert resized(wide, RIGHT, 40, 999, ROOM, in_ratio=True) == (100, 90, 240, 160)
    # 90 high, factor 1.8: 180 wide about x 150
    assert resized(wide, TOP, 999, -40, ROOM, in_ratio=True) == (60, 60, 240, 150)


def test_a_box_without_area_has_no_ratio():
    assert resized((10.0, 10.0, 10.0, 30.0), RIGHT, 5, 0, ROOM, in_ratio=True) == (10, 10, 15, 30)


def test_a_band_means_what_it_touches_but_not_what_it_lies_in():
    boxes = np.array([[0, 0, 500, 400], [50, 50, 100, 100], [90, 90, 300, 300], [310, 10, 320, 20]], np.float32)
    assert in_band(boxes, (40, 40, 120, 120)).tolist() == [1, 2]
    assert in_band(boxes, (-5, 40, 60, 60)).tolist() == [0, 1]  # crosses the left side of the first


grips = st.sampled_from(
    [Grip(across, down) for across in (-1, 0, 1) for down in (-1, 0, 1) if (across, down) != (0, 0)]
)


@st.composite
def boxes_inside(draw):
    """In 64ths of a pixel, a pixel wide at least."""
    x1, y1 = draw(st.integers(0, 450 * 64)), draw(st.integers(0, 350 * 64))
    x2, y2 = draw(st.integers(x1 + 64, 500 * 64)), draw(st.integers(y1 + 64, 400 * 64))
    return x1 / 64, y1 / 64, x2 / 64, y2 / 64


@given(boxes_inside(), grips, st.floats(-700, 700), st.floats(-700, 700), st.booleans())
def test_a_resized_box_is_a_box_in_the_image(box, grip, dx, dy, in_ratio):
    x1, y1, x2, y2 = resized(box, grip, dx, dy, ROOM, in_ratio=in_ratio)
    assert 0 <= x1 < x2 <= 500
    assert 0 <= y1 < y2 <= 400


@given(boxes_inside(), grips, st.floats(-700, 700), st.floats(-700, 700))
def test_what_is_not_held_stays_to_the_last_bit(box, grip, dx, dy):
    found = resized(box, grip, dx, dy, None)
    for axis, held in enumerate(grip):
        first, second = box[axis], box[axis + 2]
        kept = {-1: {second}, 1: {first}, 0: {first, second}}[held]
        assert kept <= {found[axis], found[axis + 2]}
        assert {found[axis], found[axis + 2]} <= {first, second} | {whole(found[axis]), whole(found[axis + 2])}


@given(st.lists(boxes_inside(), min_size=1, max_size=5), st.floats(-700, 700), st.floats(-700, 700))
def test_moved_boxes_keep_their_sizes_and_distances_and_stay_inside(boxes, dx, dy):
    before = dict(enumerate(boxes))
    after = moved(before, dx, dy, ROOM)
    shifts = {(round(new[0] - old[0]), round(new[1] - old[1])) for old, new in zip(boxes, after.values(), strict=True)}
    assert len(shifts) == 1
    for old, new in zip(boxes, after.values(), strict=True):
        assert min(new) >= 0
        assert new[2] <= 500
        assert new[3] <= 400
        assert new[2] - new[0] == pytest.approx(old[2] - old[0], abs=1e-4)
        assert [np.float32(value) for value in new] == list(new)


@given(st.lists(boxes_inside(), min_size=1, max_size=3), st.integers(-200, 200), st.integers(-200, 200))
def test_whole_boxes_move_there_and_back(boxes, dx, dy):
    whole_boxes = {row: tuple(float(round(value)) for value in box) for row, box in enumerate(boxes)}
    there = moved(whole_boxes, dx, dy, None)
    assert moved(there, -dx, -dy, None) == whole_boxes
    assume(dx or dy)
    assert there != whole_boxes


edges = st.integers(-20, 520).map(float)
boxes_anywhere = st.builds(
    lambda x, y, w, h: (x, y, x + w, y + h), edges, edges, st.integers(1, 40), st.integers(1, 40)
)


@given(st.lists(boxes_anywhere, min_size=1, max_size=4), st.integers(-50, 50), st.integers(-50, 50))
def test_no_move_leads_further_out_of_the_image_or_changes_a_size(boxes, dx, dy):
    def outside(box):
        return np.maximum([-box[0], -box[1], box[2] - 500, box[3] - 400], 0)

    after = moved(dict(enumerate(boxes)), dx, dy, ROOM)
    shifts = {(after[k][0] - box[0], after[k][1] - box[1]) for k, box in enumerate(boxes)}
    assert len(shifts) == 1
    for k, box in enumerate(boxes):
        assert (after[k][2] - after[k][0], after[k][3] - after[k][1]) == (box[2] - box[0], box[3] - box[1])
        worst = np.max([outside(each) for each in boxes], axis=0)
        assert (outside(after[k]) <= worst).all()
