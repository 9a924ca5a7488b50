"""How picture and boxes are shown, as numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.canvas.adjustments import Adjustments
from app.look import PICTURE, RANGES, Look


def test_as_the_file_has_it():
    assert Look().leaves_picture
    assert Look(fill=0.5).leaves_picture
    assert not Look(gamma=1.05).leaves_picture


def test_the_canvas_counts_in_the_same_units():
    assert Adjustments(*(getattr(Look(), name) for name in PICTURE)).is_neutral


@given(st.sampled_from(sorted(RANGES)), st.floats(allow_nan=True, allow_infinity=True))
def test_numbers_stay_within_their_ranges(name, value):
    found = getattr(Look().changed(name, value), name)
    assert RANGES[name].low <= found <= RANGES[name].high
