"""Texts stay in sight and off each other."""

from hypothesis import given
from hypothesis import strategies as st

from app.canvas.placement import Place, Wanted, place_all

CANVAS = (400, 300)


def test_above_the_left_corner_first():
    assert place_all([Wanted((100, 100, 200, 200), 50, 16)], CANVAS) == [Place(100, 84, 150, 100)]


def test_at_the_upper_edge_inside():
    assert place_all([Wanted((100, 5, 200, 200), 50, 16)], CANVAS) == [Place(100, 5, 150, 21)]


def test_at_the_right_edge_slid_into_the_canvas():
    assert place_all([Wanted((380, 100, 399, 200), 50, 16)], CANVAS) == [Place(350, 84, 400, 100)]


def test_of_a_box_larger_than_the_canvas_the_part_in_sight():
    assert place_all([Wanted((-500, -500, 900, 900), 50, 16)], CANVAS) == [Place(0, 0, 50, 16)]


def test_two_boxes_at_one_corner_share_it_without_overlap():
    places = place_all([Wanted((100, 100, 200, 200), 50, 16)] * 3, CANVAS)
    assert None not in places
    assert not any(a.meets(b) for i, a in enumerate(places) for b in places[:i])


def test_a_text_that_must_is_placed_even_over_others():
    crowd = [Wanted((100, 100, 110, 110), 50, 16)] * 40
    assert place_all(crowd, CANVAS).count(None) > 20
    assert place_all([*crowd, Wanted((100, 100, 110, 110), 50, 16, must=True)], CANVAS)[-1] is not None


def test_what_is_blocked_is_kept_free():
    above = Place(100, 84, 150, 100)
    (place,) = place_all([Wanted((100, 100, 200, 200), 50, 16, must=True)], CANVAS, [above])
    assert not place.meets(above)


def test_a_box_out_of_sight_has_no_text():
    assert place_all([Wanted((-90, 10, -20, 40), 50, 16)], CANVAS) == [None]


rects = st.tuples(*[st.integers(-100, 500)] * 2, *[st.integers(0, 300)] * 2)


@given(st.lists(st.tuples(rects, st.booleans(), st.integers(10, 120)), max_size=25))
def test_never_clipped_and_never_over_each_other(boxes):
    wanted = [Wanted((x, y, x + w, y + h), width, 16, below) for (x, y, w, h), below, width in boxes]
    found = [place for place in place_all(wanted, CANVAS) if place is not None]
    for number, place in enumerate(found):
        assert place.left >= 0
        assert place.top >= 0
        assert place.right <= CANVAS[0]
        assert place.bottom <= CANVAS[1]
        assert not any(place.meets(other) for other in found[:number])
