"""What is offered while a class is typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.class_choices import choices
from app.scene import ClassRow

NAMES = ("RBC", "WBC", "Platelets", "traffic light", "light", "lighthouse")
ROWS = tuple(ClassRow(name, "#123456", 0) for name in NAMES)


def names(offered):
    return [line.name if line.row is not None else f"+{line.name}" for line in offered.lines]


def test_last_used_first_then_the_others():
    offered = choices("", ROWS, ("light", "WBC", "gone", "light"), "light")
    assert names(offered) == ["light", "WBC", "RBC", "Platelets", "traffic light", "lighthouse"]
    # Enter takes what the box is not already
    assert offered.preferred == 1
    assert [line.is_recent for line in offered.lines] == [True, True, False, False, False, False]
    assert choices("", ROWS, (), "").preferred == 0
    assert choices("", (), ()).lines == ()


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("light", ["light", "lighthouse", "traffic light"]),
        ("LIGHT", ["light", "lighthouse", "traffic light", "+LIGHT"]),
        ("bc", ["RBC", "WBC", "+bc"]),
        ("tra li", ["traffic light", "+tra li"]),
        ("  RBC ", ["RBC"]),
        ("Platlets", ["Platelets", "+Platlets"]),
        ("tumour  cell", ["+tumour cell"]),
    ],
)
def test_what_fits_best_comes_first_and_a_new_name_last(typed, found):
    assert names(choices(typed, ROWS)) == found


def test_what_was_used_last_comes_first_among_equal_fits():
    assert names(choices("bc", ROWS, ("WBC",))) == ["WBC", "RBC", "+bc"]


def test_only_a_fit_is_certain():
    assert choices("plat", ROWS).has_fit
    offered = choices("Platlets", ROWS)
    assert (offered.has_fit, offered.near) == (False, "Platelets")
    offered = choices("tumour", ROWS)
    assert (offered.has_fit, offered.near) == (False, None)


@given(st.text(max_size=8), st.lists(st.text(min_size=1, max_size=5), unique=True, max_size=8), st.data())
def test_every_class_once_and_at_most_one_new_name(typed, known, data):
    rows = [ClassRow(name, "#000000", 0) for name in known]
    recent = data.draw(st.lists(st.sampled_from(known), max_size=5)) if known else []
    offered = choices(typed, rows, recent)
    listed = [line.name for line in offered.lines if line.row is not None]
    assert len(set(listed)) == len(listed)
    assert set(listed) <= set(known)
    new = [line for line in offered.lines if line.row is None]
    assert len(new) <= 1
    assert bool(new) == (bool(typed.split()) and " ".join(typed.split()) not in listed)
    assert not offered.lines or 0 <= offered.preferred < len(offered.lines)
    if not typed.split():
        assert len(listed) == len(known)
