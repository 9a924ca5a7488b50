"""The way back and forward through what was selected, by hand and against a plain list."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.scene import Ref
from app.selection import Selection
from app.selection_history import MOST, SelectionHistory

A, B, C, D = (Selection(Ref("object", row)) for row in range(4))


def anywhere(selection):
    return True


def made(*selections):
    history = SelectionHistory()
    for each in selections:
        history.visit(each)
    return history


def walked(history, *steps):
    return [history.move(by, anywhere) for by in steps]


def test_back_and_forward():
    assert walked(made(A, B, C), -1, -1, -1, 1, 1, 1) == [B, A, None, B, C, None]


def test_another_selection_after_going_back_ends_the_way_forward():
    history = made(A, B, C)
    walked(history, -1)
    history.visit(D)
    assert walked(history, 1, -1, -1, -1) == [None, B, A, None]


def test_what_was_deselected_comes_back_first():
    history = made(A, B, None)
    assert walked(history, -1, -1, -1) == [B, A, None]
    history = made(A, B)
    walked(history, -1)
    history.visit(None)
    assert walked(history, 1) == [B]


def test_the_same_again_is_no_step():
    assert walked(made(A, B, B, None, B), -1, -1) == [A, None]


def test_a_detection_under_another_number_is_the_same():
    one, other = (Selection(Ref("detection", row), 147, 2) for row in (3, 8))
    assert walked(made(A, one, other), -1, -1) == [A, None]
    third = Selection(Ref("detection", 8), 147, 1)
    assert walked(made(A, one, third), -1, -1) == [one, A]


def test_what_is_not_there_is_passed_by_and_may_be_there_again():
    history = made(A, B, C)
    assert history.step_to(-1, lambda each: each != B) == A
    assert history.move(-1, lambda each: each == D) is None
    assert walked(history, -1) == [B]


def test_cleared_it_leads_nowhere():
    history = made(A, B)
    history.clear()
    assert walked(history, -1, 1) == [None, None]


def test_the_oldest_are_forgotten():
    history = made(*(Selection(Ref("anchor", row)) for row in range(MOST + 5)))
    back = walked(history, *[-1] * (MOST + 5))
    assert [each.ref.row for each in back if each is not None] == list(range(MOST + 3, 4, -1))


@given(st.lists(st.one_of(st.sampled_from((A, B, C)), st.none(), st.sampled_from((-1, 1))), max_size=30))
def test_back_undoes_forward_and_looking_moves_nothing(steps):
    history = SelectionHistory()
    for step in steps:
        if step in (-1, 1):
            expected = history.step_to(step, anywhere)
            assert history.move(step, anywhere) == expected
            if expected is not None and (way_back := history.step_to(-step, anywhere)) is not None:
                assert walked(history, -step, step) == [way_back, expected]
        else:
            history.visit(step)
