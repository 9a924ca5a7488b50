"""A class changed in the objects of one image, and brought back after more has been done."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.class_edits import changed, taken_back
from app.edit import Edit
from detector.datasets.annotation import Annotation, Record
from detector.ground_truth import GroundTruth

BOXES = np.array([[0, 0, 4, 4], [1, 1, 5, 5], [2, 2, 6, 6], [3, 3, 7, 7]], np.float32)
LABELS = ("cat", "dog", "cat", "cow")


def edit():
    made = Edit.of(Annotation(GroundTruth(BOXES, LABELS, difficult=[True, False, False, False])))
    return replace(made, proposed=frozenset({2}), locked=frozenset({0}))


def labels_by_id(edit):
    return dict(sorted(zip(edit.ids, edit.truth.labels, strict=True)))


def test_all_of_the_class_change_and_stay_what_else_they_are():
    for kind, into, labels in (("rename", "lion", ("lion", "dog", "lion", "cow")), ("merge", "dog", ("dog",) * 3)):
        after = changed(edit(), kind, "cat", into)
        assert tuple(labels_by_id(after).values())[: len(labels)] == labels
        assert (after.proposed, after.locked, after.ids) == (frozenset({2}), frozenset({0}), (0, 1, 3, 2))
    after = changed(edit(), "delete", "cat", "")
    assert (after.ids, after.truth.labels, after.proposed, after.locked) == (
        (1, 3), ("dog", "cow"), frozenset(), frozenset(),
    )  # fmt: skip


@given(st.sampled_from([("rename", "lion"), ("merge", "dog"), ("delete", "")]), st.sampled_from(["cat", "cow", "bat"]))
def test_nothing_done_since_brings_everything_back(change, name):
    kind, into = change
    before = edit()
    after, records = taken_back(changed(before, kind, name, into), before, kind, name, into)
    assert after.same_as(before)
    assert records == {}


def test_what_was_done_since_stays():
    before = edit()
    for kind, into in (("rename", "lion"), ("merge", "dog")):
        now = changed(before, kind, "cat", into)
        now = now.with_objects([[8, 8, 9, 9]], ["dog"]).with_boxes({0: (0, 0, 1, 1)}).with_label([2], "cow")
        after, _ = taken_back(now, before, kind, "cat", into)
        assert labels_by_id(after) == {0: "cat", 1: "dog", 2: "cow", 3: "cow", 4: "dog"}
        assert after.truth.boxes[0].tolist() == [0, 0, 1, 1]
    now = changed(before, "delete", "cat", "").with_objects([[8, 8, 9, 9]], ["dog"]).without([3])
    after, _ = taken_back(now, before, "delete", "cat", "")
    # In their places among those that are still there; what is new comes after them, and last what is proposed.
    assert (after.ids, after.truth.labels) == ((0, 1, 4, 2), ("cat", "dog", "dog", "cat"))
    assert after.truth.difficult.tolist() == [True, False, False, False]
    assert (after.proposed, after.locked) == (frozenset({2}), frozenset({0}))


def test_an_image_that_was_opened_after_its_file_was_changed():
    records = tuple(Record() for _ in LABELS)
    before = Annotation(GroundTruth(BOXES, LABELS), records)
    merged = Edit.of(Annotation(GroundTruth(BOXES, ("dog", "dog", "dog", "cow"))))
    assert taken_back(merged, before, "merge", "cat", "dog")[0].truth.labels == LABELS
    kept = Edit.of(Annotation(GroundTruth(BOXES[[1, 3]], ("dog", "cow"))))
    after, found = taken_back(kept, before, "delete", "cat", "")
    assert (after.ids, after.truth.labels) == ((0, 1, 2, 3), ("dog", "cow", "cat", "cat"))
    assert after.truth.boxes[2:].tolist() == BOXES[[0, 2]].tolist()
    # What the file said of the deleted objects goes with their new ids.
    assert found == {2: records[0], 3: records[2]}
    assert taken_back(kept, None, "delete", "cat", "")[0] is kept
