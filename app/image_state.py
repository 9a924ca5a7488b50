"""What the list knows of an image: what its annotation says, and what the detector found. No Qt.

AnnotationState, what is wrong with the files  ->  one Standing, in words
the pieces of the detector's line              ->  RunCounts
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

from app.scene import Message, Role
from app.sentences import say
from detector.datasets.annotation import Annotation, Glance
from detector.messages import counted

Standing: TypeAlias = Literal["new", "looked_at", "annotated", "empty", "verified", "verified_empty", "error"]
"""How far a person is with an image: one of these, and each has a sign of its own in the list."""

STANDINGS: tuple[Standing, ...] = ("new", "looked_at", "annotated", "empty", "verified", "verified_empty", "error")


class AnnotationState(NamedTuple):
    """What is known of an image's annotation, once somebody has looked into its file.

    Attributes:
        boxes: objects of the ground truth, proposed ones left out; None where nobody annotated the image.
        classes: how many objects each class has there, as (name, count).
        verified: a person has found it right.
        looked_at: it has been open before, today or earlier.
        proposed: boxes that nobody has confirmed yet.
        problem: why the annotation cannot be read, in a few words; "" where it can.
    """

    boxes: int | None = None
    classes: tuple[tuple[str, int], ...] = ()
    verified: bool = False
    looked_at: bool = False
    proposed: int = 0
    problem: str = ""

    @property
    def standing(self) -> Standing:
        """How far a person is with it."""
        if self.problem:
            return "error"
        if self.verified:
            return "verified" if self.boxes else "verified_empty"
        if self.boxes is not None:
            return "annotated" if self.boxes else "empty"
        return "looked_at" if self.looked_at else "new"


def annotation_state(annotation: Annotation | None, *, looked_at: bool = False, proposed: int = 0) -> AnnotationState:
    """What the list says of an annotation; None: nobody annotated the image."""
    if annotation is None:
        return AnnotationState(looked_at=looked_at, proposed=proposed)
    truth = annotation.ground_truth
    return _state_of(truth.labels, annotation.verified)._replace(looked_at=looked_at, proposed=proposed)


def glanced_state(glance: Glance) -> AnnotationState:
    """The same of what could be told without reading an annotation."""
    return AnnotationState() if glance.labels is None else _state_of(glance.labels, glance.verified)


def _state_of(labels: Sequence[str], verified: bool) -> AnnotationState:
    return AnnotationState(len(labels), tuple(Counter(labels).items()), verified)


def annotation_message(state: AnnotationState) -> Message:
    """The annotation in a few words: "verified · 12 boxes"."""
    standing = state.standing
    if standing == "error":
        return say("text", text=state.problem)
    said = say(f"image.standing.{standing}")
    if standing in ("annotated", "verified"):
        boxes = counted("image.boxes", state.boxes or 0)
        said = boxes if standing == "annotated" else say("image.with", what=said, more=boxes)
    return say("image.with", what=said, more=say("image.proposed", n=state.proposed)) if state.proposed else said


def classes_message(state: AnnotationState) -> Message | None:
    """How many objects of each class, the most frequent first; None where there are none."""
    ordered = sorted(state.classes, key=lambda each: (-each[1], each[0]))
    pieces = tuple(say("image.of_class", cls=name, n=count) for name, count in ordered)
    return say("image.classes", classes=pieces) if pieces else None


class RunCounts(NamedTuple):
    """What the detector made of an image that has ground truth."""

    found: int
    missed: int
    false: int


def run_counts(parts: Sequence[tuple[Message, Role | None]]) -> RunCounts | None:
    """The numbers in the detector's line; None where the image has no ground truth to count against."""
    counts = {message.id: message.values.get("n") for message, _ in parts}
    found = counts.get("image.found")
    if not isinstance(found, int):
        return None
    return RunCounts(found, counts.get("image.missed") or 0, counts.get("image.false") or 0)
