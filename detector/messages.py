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


def naming(ref: Ref, message_id: str, **values: Any) -> Message:
    """A message that is the name of a thing: wherever a sentence holds it, it leads there."""
    return Message(message_id, values | {"ref": ref})


def refs_in(message: Message) -> tuple[Ref, ...]:
    """The things a sentence names, in the order of its values."""
    mine = message.values.get("ref")
    found = [mine] if isinstance(mine, Ref) else []
    for value in message.values.values():
        parts = value if isinstance(value, tuple) and not isinstance(value, Message | Ref) else (value,)
        for part in parts:
            if isinstance(part, Message):
                found += refs_in(part)
    return tuple(dict.fromkeys(found))


def counted(message_id: str, number: int) -> Message:
    """So many of something: the message for one, or for any other number."""
    return say(f"{message_id}.one") if number == 1 else say(message_id, n=number)


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
    """

    name: Message
    value: Message
    mark: bool | None = None

    @property
    def refs(self) -> tuple[Ref, ...]:
        """The things it names."""
        return tuple(dict.fromkeys((*refs_in(self.name), *refs_in(self.value))))


@dataclass(frozen=True, slots=True)
class ClassScore:
    """The box head's score of one class for one proposal; `ref` is the box of that class, background has none."""

    label: str
    score: float
    passed: bool
    ref: Ref | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """Lines that belong together and need not be read at once.

    Attributes:
        id: names it, so that a reader may remember what stands open.
        is_open: it is read before anybody has folded or unfolded it.
    """

    id: str
    title: Message
    facts: tuple[Fact, ...]
    is_open: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """The written life of one thing, or what there is to say of several at once.

    Attributes:
        ref: the thing; None where it is about several at once, as a mini-batch is.
        title: what it is called.
        verdict: what became of it, as lists and tooltips have it.
        geometry: its box in image and network pixels; of an anchor also its place in the grid.
        facts: how far it came, one line a station.
        outcome: what became of it in a word or two.
        headline: the one sentence to be read first; None where that is the verdict's own.
        why: the sentences after it.
        facts_title: what the stations are headed with.
        notes: sentences after the stations, for what they alone do not tell.
        sections: more lines, folded away at first unless they say otherwise.
        scores: of the proposal behind it, highest first; none where the head has not seen one.
        links: its parents, its children, and whom it met.
        may_be_unlabelled: a detection where no object is: perhaps the ground truth lacks one.
    """

    ref: Ref | None
    title: Message
    verdict: Verdict
    geometry: Message
    facts: tuple[Fact, ...]
    outcome: Message | None = None
    headline: Message | None = None
    why: tuple[Message, ...] = ()
    facts_title: Message | None = None
    notes: tuple[Message, ...] = ()
    sections: tuple[Section, ...] = ()
    scores: tuple[ClassScore, ...] = ()
    links: tuple[tuple[Message, Ref], ...] = ()
    may_be_unlabelled: bool = False
