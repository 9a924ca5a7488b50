"""What can be asked of one image of the list: a word, a state, a number. No Qt.

    ImageFacts  ->  Term.admits  ->  it is known to be so, or not

Not everything is known of every image: the detector has not run, its annotation has not been looked into yet. There a
test says neither yes nor no, and the image passes neither a term nor its opposite (Kleene's logic).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from app.image_state import AnnotationState, RunCounts

Need: TypeAlias = Literal["annotation", "counts"]
"""What must be known of an image before a term says anything: its annotation, or what the detector found and missed."""

CONDITIONS: tuple[str, ...] = ("unsaved", "error", "run")
STATES: tuple[str, ...] = ("unverified", "verified", "annotated", "empty", "new", "seen", *CONDITIONS)

RUN_NUMBERS: tuple[str, ...] = ("missed", "false", "found")
NUMBERS: tuple[str, ...] = ("boxes", "proposed", *RUN_NUMBERS)


class ImageFacts(NamedTuple):
    """What is known of one image.

    Attributes:
        name: of its file, in lower case.
        said: what the list says of it, in lower case.
        annotation: None while nobody has looked into its file.
        counts: None where the detector has not run, or there is no ground truth to count against.
    """

    name: str
    said: str = ""
    annotation: AnnotationState | None = None
    counts: RunCounts | None = None
    is_run: bool = False
    has_problem: bool = False
    is_unsaved: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of the name, or the beginning of a word of what is said of the image; `only_name`: not of that."""

    word: str
    only_name: bool = False

    @property
    def needs(self) -> Need | None:
        """Nothing."""
        return None

    def holds(self, facts: ImageFacts) -> bool:
        """It is in there."""
        return self.word in facts.name or (not self.only_name and begins_in(self.word, facts.said))


def begins_in(word: str, said: str) -> bool:
    """One of the words of what is said begins like this: "at" is not looked for in "annotated"."""
    return f" {word}" in f" {said}"


@dataclass(frozen=True, slots=True)
class WholeName:
    """The name, or the name without its ending."""

    name: str

    @property
    def needs(self) -> Need | None:
        """Nothing."""
        return None

    def holds(self, facts: ImageFacts) -> bool:
        """That is its name."""
        return self.name in (facts.name, facts.name.rpartition(".")[0])


@dataclass(frozen=True, slots=True)
class Condition:
    """A state that is read from more than the annotation: "unsaved", "error" or "run"."""

    state: str

    @property
    def needs(self) -> Need | None:
        """Whether something cannot be read is only known of an image that was looked into."""
        return "annotation" if self.state == "error" else None

    def holds(self, facts: ImageFacts) -> bool | None:
        """It is in this state."""
        if self.state != "error":
            return facts.is_unsaved if self.state == "unsaved" else facts.is_run
        found = facts.annotation
        if facts.has_problem or (found is not None and found.problem):
            return True
        return None if found is None and not facts.is_run else False


class _OfAnnotation:
    """A test that reads nothing but the annotation."""

    __slots__ = ()

    @property
    def needs(self) -> Need | None:
        """What it is read from."""
        return "annotation"

    def holds(self, facts: ImageFacts) -> bool | None:
        """It is so."""
        return None if facts.annotation is None else self.holds_for(facts.annotation)

    def holds_for(self, found: AnnotationState) -> bool | None:
        """It is so for this annotation; None where that cannot be read."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Being(_OfAnnotation):
    """A state of the annotation: one of `STATES` that is no `Condition`."""

    state: str

    def holds_for(self, found: AnnotationState) -> bool | None:
        """It is in this state."""
        state = self.state
        if state in ("new", "seen"):
            return found.looked_at == (state == "seen")
        if found.problem:
            return None
        if state == "empty":
            return not found.boxes and (found.boxes is not None or found.verified)
        if state == "annotated":
            return found.boxes is not None or found.verified
        return found.verified == (state == "verified")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A number: more, fewer, or as many."""

    operator: str
    number: int

    def holds_for(self, number: int) -> bool:
        """It is so for this number."""
        wanted = self.number
        match self.operator:
            case ">":
                return number > wanted
            case ">=":
                return number >= wanted
            case "<":
                return number < wanted
            case "<=":
                return number <= wanted
            case "!=":
                return number != wanted
        return number == wanted


@dataclass(frozen=True, slots=True)
class BoxCount(_OfAnnotation):
    """How many boxes, or how many proposed ones; an image that nobody annotated has none."""

    field: str
    comparison: Comparison

    def holds_for(self, found: AnnotationState) -> bool | None:
        """There are so many."""
        number = found.proposed if self.field == "proposed" else found.boxes or 0
        return None if found.problem else self.comparison.holds_for(number)


@dataclass(frozen=True, slots=True)
class ClassCount(_OfAnnotation):
    """How many objects of a class; `name` in folded case."""

    name: str
    comparison: Comparison

    def holds_for(self, found: AnnotationState) -> bool | None:
        """There are so many."""
        number = 0
        for name, count in found.classes:
            if name.casefold() == self.name:
                number += count
        return None if found.problem else self.comparison.holds_for(number)


@dataclass(frozen=True, slots=True)
class RunCount:
    """How many objects the detector found or missed, or how many detections are false."""

    field: str
    comparison: Comparison

    @property
    def needs(self) -> Need | None:
        """What it is counted in."""
        return "counts"

    def holds(self, facts: ImageFacts) -> bool | None:
        """There are so many."""
        return None if facts.counts is None else self.comparison.holds_for(getattr(facts.counts, self.field))


AnnotationTest: TypeAlias = Being | BoxCount | ClassCount
Test: TypeAlias = Word | WholeName | Condition | AnnotationTest | RunCount


@dataclass(frozen=True, slots=True)
class Term:
    """A test, or the opposite of one."""

    test: Test
    negated: bool = False

    def admits(self, facts: ImageFacts) -> bool:
        """It is known to be so."""
        found = self.test.holds(facts)
        return found is not None and found != self.negated
