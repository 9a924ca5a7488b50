"""The images that a person has worked on: who keeps something of one hears of its end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.document import Document
from app.jobs import ModelChoice
from app.sessions import Held, Sessions
from app.state import State
from detector.datasets.annotation import Annotation, Stored
from tests.helpers.annotations import truth_of

A, B = (10, 20, 30, 40), (1, 2, 300, 400)
HW = (480, 640)
IMAGE = np.zeros((*HW, 3), np.uint8)
ONE, TWO = Path("a.png"), Path("b.png")


def stored(*boxes, path=ONE):
    return Stored(Annotation(truth_of(*boxes)), path.with_suffix(".xml"), (1, 1))


def document(path=ONE, *boxes, problem=None):
    found = stored(*boxes, path=path)
    return Document(path, IMAGE, found.annotation.ground_truth, stamp=7, stored=found, problem=problem)


@pytest.fixture
def sessions():
    return Sessions()


@pytest.fixture
def ended(sessions):
    found = []
    sessions.when_ended(found.append)
    return found


def test_a_session_that_goes_on_is_what_it_was(sessions):
    begun = sessions.begin(document(ONE, A))
    begun.edit = begun.edit.with_objects([B], ["cat"])
    assert sessions.begin(document(ONE, A)) is begun
    assert sessions.resume(ONE, stored(A), HW, 7) is begun
    assert len(begun.edit) == 2
    assert dict(sessions) == {ONE: begun}


def test_only_those_with_changes_are_edits(sessions):
    sessions.begin(document(ONE, A))
    changed = sessions.resume(TWO, stored(A, path=TWO), HW, 7)
    changed.edit = changed.edit.without([0])
    assert sessions.edits == {TWO: changed.edit}


def test_who_keeps_something_of_it_hears_of_its_end_once(sessions, ended):
    sessions.begin(document(ONE, A))
    sessions.end(TWO)
    assert ended == []
    sessions.end(ONE)
    sessions.end(ONE)
    assert ended == [ONE]
    assert ONE not in sessions


def test_all_who_asked_hear_of_it_after_it_is_gone(sessions, ended):
    sessions.when_ended(lambda path: ended.append(path in sessions))
    sessions.begin(document(ONE, A))
    sessions.end(ONE)
    assert ended == [ONE, False]


def test_in_hand_are_those_worked_on_and_the_open_one_as_they_are_now(sessions):
    session = sessions.resume(TWO, stored(A, path=TWO), (4, 5), 7)
    session.edit = session.edit.without([0])
    opened = document(ONE, A, B)
    assert sessions.in_hand(None) == {TWO: Held(session.edit, (4, 5))}
    held = sessions.in_hand(opened)
    assert list(held) == [TWO, ONE]
    assert len(held[ONE].edit) == 2
    assert held[ONE].image_hw == HW
    assert sessions.held(Path("c.png"), opened) is None


def test_what_cannot_be_read_is_in_nobodys_hand_unless_it_was_before(sessions):
    broken = document(ONE, problem="'a.xml' is broken.")
    assert sessions.in_hand(broken) == {}
    session = sessions.begin(document(ONE, A))
    assert sessions.held(ONE, broken) == Held(session.edit, HW)


def test_a_case_is_no_image_of_the_folder(sessions):
    sessions.begin(document(Path("a.boxcase"), A))
    assert sessions.in_hand(None) == {}


def test_the_open_image_is_as_in_its_files_once_its_session_has_ended():
    state, opened = State(ModelChoice("classic")), document(ONE, A)
    state.open(opened)
    state.edit(ONE, opened.objects.with_objects([B], ["cat"]))
    assert len(state.held(ONE).edit) == 2
    state.sessions.end(ONE)
    assert state.document is opened
    assert state.session is None
