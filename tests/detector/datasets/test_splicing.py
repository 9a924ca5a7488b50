"""Byte ranges replaced: by hand, and against the slow way from the back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.datasets.splicing import splice


def test_replace_insert_and_take_away():
    #        0123456789
    data = b"abcdefghij"
    assert splice(data, [(8, 9, b""), (0, 0, b"<"), (3, 5, b"DE!"), (10, 10, b">")]) == b"<abcDE!fghj>"


def test_at_one_place():
    assert splice(b"ab", [(1, 2, b"B"), (1, 1, b"1"), (1, 1, b"2"), (0, 1, b"A")]) == b"A12B"


def test_nothing_to_do_is_the_same_object():
    data = b"abc"
    assert splice(data, []) is data


@pytest.mark.parametrize(
    "changes",
    [
        [(0, 3, b"x"), (2, 4, b"y")],
        [(2, 4, b"y"), (0, 3, b"x")],
        [(0, 4, b""), (1, 2, b"")],
        [(1, 2, b"x"), (1, 2, b"x")],
        [(0, 4, b""), (2, 2, b"x")],
        [(-1, 2, b"")],
        [(3, 2, b"")],
        [(4, 7, b"")],
    ],
)
def test_overlaps_and_places_outside_are_refused(changes):
    with pytest.raises(ValueError, match=r"bytes|Bytes"):
        splice(b"abcdef", changes)


@given(st.binary(max_size=40), st.lists(st.integers(0, 40), max_size=12), st.data())
def test_as_from_the_back(data, places, draw):
    places = sorted(min(each, len(data)) for each in places)
    changes = [(*pair, draw.draw(st.binary(max_size=4))) for pair in zip(places[::2], places[1::2], strict=False)]
    # Inserting twice at one place from the back would turn the order round.
    changes = [each for row, each in enumerate(changes) if row == 0 or changes[row - 1][1] < each[0]]
    expected = data
    for start, end, new in reversed(changes):
        expected = expected[:start] + new + expected[end:]
    assert splice(data, draw.draw(st.permutations(changes))) == expected
