"""What an explanation is made of: references to things, and message ids with numbers. No prose.

`app.wording` turns a message into a sentence; so the same explanation can be read in a window, in a terminal, and in
another language.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["object", "anchor", "proposal", "detection"]
"""What a row number counts: objects by number, anchors and proposals by anchor row, detections by detection row."""


class Ref(NamedTuple):
    """One thing that can be selected and explained."""

    kind: Kind
    row: int


class Message(NamedTuple):
    """A text by id, with what goes into it: numbers, names, other messages, or tuples of those."""

    id: str
    values: dict[str, Any]


def say(message_id: str, **values: Any) -> Message:
    """A message; `message_id` is one of `app.sentences.SENTENCES`."""
    return Message(message_id, values)


class Verdict(NamedTuple):
    """What became of a thing: in a few words, and the sentence with the number that decided, if there is one."""

    label: Message
    sentence: Message | None


@dataclass(frozen=True, slots=True, eq=False)
class Fact:
    """One line of an explanation.

    Attributes:
        name: what it is about.
        value: what is to be known of it.
        mark: True: passed, False: it ended here, None: neither.
        refs: other things the line names.
    """

    name: Message
    value: Message
    mark: bool | None = None
    refs: tuple[Ref, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassScore:
    """The box head's score of one class for one proposal."""

    label: str
    score: float
    passed: bool


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """Lines that belong together and need not be read at once.

    Attributes:
        id: names it, so that a reader may remember what stands open.
    """

    id: str
    title: Message
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """The written life of one thing.

    Attributes:
        title: what it is called.
        verdict: what became of it.
        geometry: its box in image and network pixels.
        facts: how far it came, one line a station.
        sections: more lines, folded away at first.
        scores: of the proposal behind it, highest first; none where the head has not seen one.
        links: its parents, its children, and whom it met.
    """

    ref: Ref
    title: Message
    verdict: Verdict
    geometry: Message
    facts: tuple[Fact, ...]
    sections: tuple[Section, ...] = ()
    scores: tuple[ClassScore, ...] = ()
    links: tuple[tuple[Message, Ref], ...] = ()
