"""What became of an image's objects against what its file says: unsaved, changed, known; records stay with objects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.document import Document
from app.edit import Edit
from app.session import Session
from detector.datasets.annotation import Annotation, Stored
from detector.ground_truth import GroundTruth
from tests.helpers.annotations import Line, truth_of

A, B, C = (10, 20, 30, 40), (1, 2, 300, 400), (5, 5, 9, 9)
HW = (480, 640)
IMAGE = np.zeros((*HW, 3), np.uint8)
ANNOTATION = Path("a.xml")


def stored(*boxes, stamp=(1, 1), names="abc", verified=False):
    records = tuple(Line(name) for name, _ in zip(names, boxes, strict=False))
    return Stored(Annotation(truth_of(*boxes), records, verified), ANNOTATION, stamp)


def document(found, stamp=7):
    truth = None if found is None or found.annotation is None else found.annotation.ground_truth
    return Document(Path("a.png"), IMAGE, truth, stamp=stamp, stored=found)


@pytest.fixture
def session():
    return Session.begin(document(stored(A, B)))


def names(annotation):
    return [None if record is None else record.name for record in annotation.records]


def test_it_begins_as_the_files_are(session):
    assert (session.image_hw, session.picture, session.failure) == (HW, 7, "")
    assert session.edit.ids == (0, 1)
    assert session.stamps == {(1, 1)}
    assert {each: record.name for each, record in session.records.items()} == {0: "a", 1: "b"}
    assert not session.is_unsaved
    assert not session.is_changed
    assert session.to_write.says_the_same(stored(A, B).annotation)


def test_it_begins_without_a_file_or_a_place():
    for found in (None, Stored(None, ANNOTATION)):
        session = Session.begin(document(found))
        assert session.annotation is None
        assert session.records == {}
        assert not session.is_unsaved
        session.edit = session.edit.with_objects([A], ["RBC"])
        assert session.is_unsaved
        session.edit = session.edit.without([0])
        assert not session.is_unsaved  # nobody has to write that there is nothing
        session.edit = session.edit.with_verified(True)
        assert session.is_unsaved  # but that there is nothing, and that it is right


def test_every_kind_of_change_is_unsaved_and_taken_back_is_not(session):
    start = session.edit
    for change in (
        start.with_objects([C], ["RBC"]),
        start.without([0]),
        start.with_boxes({1: (1.0, 2.0, 300.0, 400.5)}),
        start.with_label([0], "WBC"),
        start.with_flag([0], "difficult", True),
        start.with_flag([0], "truncated", True),
        start.with_flag([0], "crowd", True),
        start.with_verified(True),
    ):
        session.edit = change
        assert session.is_unsaved
        assert session.is_changed
    session.edit = start
    assert not session.is_unsaved


def test_what_is_proposed_is_changed_but_not_unsaved(session):
    session.edit = session.edit.with_objects([C], ["RBC"], proposed=True)
    assert session.is_changed
    assert not session.is_unsaved
    assert names(session.to_write) == ["a", "b"]
    session.edit = session.edit.with_accepted([2])
    assert session.is_unsaved
    assert names(session.to_write) == ["a", "b", None]


def test_locks_are_nothing_that_a_file_says(session):
    session.edit = session.edit.with_lock([0], True)
    assert not session.is_unsaved
    assert not session.is_changed


def test_records_stay_with_their_objects(session):
    session.edit = session.edit.without([0]).with_objects([C], ["RBC"])
    assert names(session.to_write) == ["b", None]
    session.saved(session.edit, stored(B, C, stamp=(2, 2), names="xy"))
    assert not session.is_unsaved
    assert session.stamps == {(1, 1), (2, 2)}
    assert {each: record.name for each, record in session.records.items()} == {0: "a", 1: "x", 2: "y"}
    # What was deleted and saved comes back whole.
    session.edit = Edit.of(stored(A, B).annotation)
    assert session.is_unsaved
    assert names(session.to_write) == ["a", "x"]


def test_an_edit_after_what_was_written_is_unsaved_still(session):
    written = session.edit.with_objects([C], ["RBC"])
    session.edit = written.with_boxes({0: (11.0, 20.0, 30.0, 40.0)})
    session.failure = "the disk is full"
    session.saved(written, stored(A, B, C, stamp=(2, 2)))
    assert session.failure == ""
    assert session.is_unsaved
    session.edit = written
    assert not session.is_unsaved


def test_records_of_a_save_belong_to_what_was_written(session):
    """An object was deleted while the file was written: the record of the one after it is not taken for its own."""
    written = session.edit.with_objects([C], ["RBC"])
    session.edit = written.without([1])
    session.saved(written, stored(A, B, C, stamp=(2, 2), names="xyz"))
    assert names(session.to_write) == ["x", "z"]


def test_proposed_objects_have_no_place_among_the_records(session):
    proposed = session.edit.without([0]).with_objects([A, C], ["RBC", "RBC"], proposed=True).with_accepted([3])
    session.edit = proposed
    assert proposed.confirmed_ids == (1, 3)
    session.saved(proposed, stored(B, C, stamp=(2, 2), names="xy"))
    assert (session.records[1].name, session.records[3].name) == ("x", "y")
    assert 2 not in session.records


def test_files_in_a_state_that_was_seen_or_made_are_known(session):
    assert session.knows(document(stored(A, B)))
    session.edit = session.edit.with_objects([C], ["RBC"])
    session.saved(session.edit, stored(A, B, C, stamp=(2, 2)))
    assert session.knows(document(stored(A, B, C, stamp=(2, 2))))
    assert session.knows(document(stored(A, B)))  # read before the save had come to the disk
    assert session.knows(document(None))


def test_files_that_say_the_same_are_known_whoever_wrote_them(session):
    assert session.knows(document(stored(A, B, stamp=(9, 9))))
    assert not session.knows(document(stored(A, B, C, stamp=(9, 9))))
    assert not session.knows(document(stored(A, B, stamp=(9, 9), verified=True)))
    assert not session.knows(document(Stored(None, ANNOTATION, None)))  # it is gone


def test_another_picture_under_the_same_name_is_not_known(session):
    assert not session.knows(document(stored(A, B), stamp=8))


def test_where_nobody_annotated_the_image_that_is_known_too():
    session = Session.begin(document(Stored(None, ANNOTATION)))
    assert session.knows(document(Stored(None, ANNOTATION)))
    assert session.knows(document(Stored(None, Path("other.xml"), (3, 3))))
    assert not session.knows(document(Stored(Annotation(GroundTruth.empty()), ANNOTATION, (3, 3))))


def test_elsewhere_nothing_is_there_yet(session):
    session.edit = session.edit.with_objects([C], ["RBC"])
    session.failure = "permission denied"
    session.move_to(Stored(None, Path("labels/a.txt")))
    assert session.failure == ""
    assert session.stored.path == Path("labels/a.txt")
    assert session.stamps == {None}
    assert session.is_unsaved
    assert len(session.to_write.ground_truth) == 3


def test_a_session_of_an_image_that_is_not_open_begins_from_its_file():
    found = stored(A, B)
    session = Session.resumed(found, HW, 7)
    assert session.edit.ids == (0, 1)
    assert not session.is_changed
    assert session.knows(document(found))
    assert Session.resumed(None, HW, 7).annotation is None


def test_elsewhere_other_objects_are_for_a_person_to_decide(session):
    session.edit = session.edit.with_objects([C], ["RBC"])
    there = Path("labels/a.txt")
    session.move_to(Stored(stored(A, (50, 50, 90, 90), names="pq").annotation, there, (5, 5)))
    assert session.dispute == "there"
    assert session.is_waiting
    assert session.known.annotation is None  # nothing that is there may be overwritten
    assert names(session.to_write) == ["p", None, None]  # whoever keeps his own keeps what is said of those that match
    session.saved(session.edit, stored(A, B, C, stamp=(6, 6)))
    assert session.dispute is None


@pytest.mark.parametrize("boxes", [(B, A), (A, B, C), ()])
def test_elsewhere_nothing_is_to_be_decided_where_nothing_would_be_lost(session, boxes):
    """It says what was there before the edit, or after it, in whatever order, or that there is no object."""
    session.edit = session.edit.with_objects([C], ["RBC"])
    session.move_to(Stored(stored(*boxes, names="pqr").annotation, Path("labels/a.txt"), (5, 5)))
    assert session.dispute is None
    assert session.is_unsaved == (len(boxes) != 3)
    assert names(session.to_write) == {2: ["q", "p", None], 3: ["p", "q", "r"], 0: [None] * 3}[len(boxes)]


def test_elsewhere_a_record_has_one_object(session):
    """One was moved away, and another drawn where it was."""
    session.edit = session.edit.with_boxes({0: (200.0, 200.0, 220.0, 220.0)}).with_objects([A], ["RBC"])
    session.move_to(Stored(stored(A, B, names="pq").annotation, Path("labels/a.txt"), (5, 5)))
    assert names(session.to_write) == ["p", "q", None]


def test_files_that_were_touched_are_followed(session):
    session.edit = session.edit.with_boxes({0: C})
    session.follow(document(stored(A, B, stamp=(9, 9), names="xy")))
    assert session.stored.stamp == (9, 9)
    assert names(session.to_write) == ["x", "y"]
    for other in (stored(A, C, stamp=(10, 10)), None):  # somebody else's work; no place
        session.follow(document(other))
        assert session.stored.stamp == (9, 9)
    session.dispute = "changed"
    session.follow(document(stored(A, B, stamp=(11, 11))))
    assert session.stored.stamp == (9, 9)
