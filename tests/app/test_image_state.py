"""What the list says of an image's annotation, and the numbers in the detector's line."""

from __future__ import annotations

import pytest

from app.image_state import STANDINGS, AnnotationState, RunCounts, annotation_message, classes_message, run_counts
from app.scene import Role
from app.sentences import say
from app.wording import text

STATES = {
    "new": (AnnotationState(), "not looked at"),
    "looked_at": (AnnotationState(looked_at=True), "looked at"),
    "annotated": (AnnotationState(12, (("RBC", 12),)), "12 boxes"),
    "empty": (AnnotationState(0), "no boxes"),
    "verified": (AnnotationState(1, (("RBC", 1),), verified=True, proposed=3), "verified · 1 box · 3 proposed"),
    "verified_empty": (AnnotationState(0, (), verified=True), "verified empty"),
    "error": (AnnotationState(problem="annotation cannot be read", verified=True), "annotation cannot be read"),
}


@pytest.mark.parametrize("standing", STANDINGS)
def test_each_standing_in_words(standing):
    state, words = STATES[standing]
    assert state.standing == standing
    assert text(annotation_message(state)) == words


def test_verified_without_any_annotation_is_verified_empty():
    assert AnnotationState(None, verified=True).standing == "verified_empty"


def test_classes_with_the_most_frequent_first():
    message = classes_message(AnnotationState(1203, (("Platelets", 1), ("RBC", 1200), ("Artefact", 1), ("WBC", 1))))
    assert text(message) == "RBC 1,200, Artefact 1, Platelets 1, WBC 1"
    assert classes_message(AnnotationState(0)) is None


def test_counts_are_read_from_the_line():
    found = (say("image.found", n=24), None)
    missed = (say("image.missed", n=2), Role.MISSED)
    false = (say("image.false", n=1), Role.FALSE_POSITIVE)
    assert run_counts([found, missed, false]) == RunCounts(24, 2, 1)
    assert run_counts([(say("image.case"), None), found]) == RunCounts(24, 0, 0)  # what is none is not said
    assert run_counts([(say("image.detections", n=31), None)]) is None  # no ground truth to count against
    assert run_counts([]) is None
