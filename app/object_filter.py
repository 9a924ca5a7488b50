"""Which lines of the list of objects and false positives are on show: what M walks along. No Qt.

    rows of the scene, ObjectFilter  ->  the rows that pass, and the choices there are with how many rows each has

Outcome, or cause, is one choice, and the class is another; a row must pass both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from app.scene import Message, ObjectRow
from app.sentences import say

OUTCOMES: tuple[str, ...] = ("missed", "false_positive", "found", "not_counted")
"""Those that can always be chosen, in the list's own order; others only where they occur."""

WRONG: tuple[str, ...] = ("missed", "false_positive")


@dataclass(frozen=True, slots=True)
class ObjectFilter:
    """What a row must be to be listed.

    Attributes:
        kind: an outcome ("missed") or one of its causes ("missed.nms"), as in `ObjectRow.kind`; "" for all.
        label: a class; "" for all.
    """

    kind: str = ""
    label: str = ""

    @property
    def is_all(self) -> bool:
        """It hides nothing."""
        return not self.kind and not self.label

    @property
    def admits_wrong(self) -> bool:
        """A missed object or a false positive may pass: there is something to walk along."""
        return not self.kind or _outcome(self.kind) in WRONG

    def admits(self, row: ObjectRow) -> bool:
        """The row is listed."""
        return self._admits_kind(row) and self._admits_label(row)

    def _admits_kind(self, row: ObjectRow) -> bool:
        return self.kind in ("", row.kind, _outcome(row.kind))

    def _admits_label(self, row: ObjectRow) -> bool:
        return self.label in ("", row.label)

    @property
    def name(self) -> Message:
        """What is chosen, in a few words."""
        if not self.label:
            return kind_name(self.kind)
        if not self.kind:
            return say("text", text=self.label)
        return say("filter.both", kind=kind_name(self.kind), label=self.label)


class Choice(NamedTuple):
    """One line of the menu.

    Attributes:
        filter: what it would be with this choice.
        num_rows: how many rows would be listed.
        is_chosen: it is the choice that holds.
    """

    name: Message
    filter: ObjectFilter
    num_rows: int
    is_chosen: bool


class Choices(NamedTuple):
    """All that can be chosen."""

    outcomes: tuple[Choice, ...]
    causes: tuple[Choice, ...]
    classes: tuple[Choice, ...]


def choices_of(rows: Sequence[ObjectRow], chosen: ObjectFilter) -> Choices:
    """What can be chosen on an image: outcomes, the causes and the classes that occur, and what is chosen in any case.

    Each count is of what would be listed: the class that is chosen holds for outcomes and causes, and the other way
    round.
    """
    by_kind = Counter(row.kind for row in rows if chosen._admits_label(row))
    by_outcome: Counter[str] = Counter()
    for kind, count in by_kind.items():
        by_outcome[_outcome(kind)] += count
    by_label = Counter(row.label for row in rows if chosen._admits_kind(row))

    def of_kind(kind: str, count: int) -> Choice:
        return Choice(kind_name(kind), replace(chosen, kind=kind), count, chosen.kind == kind)

    others = sorted({*by_outcome, _outcome(chosen.kind)} - {*OUTCOMES, ""})
    outcomes = [of_kind("", by_kind.total())]
    outcomes += [of_kind(outcome, by_outcome[outcome]) for outcome in (*OUTCOMES, *others)]
    kinds = {kind for kind in (*(row.kind for row in rows), chosen.kind) if "." in kind}
    causes = [of_kind(kind, by_kind[kind]) for kind in sorted(kinds, key=lambda kind: _place(kind, by_kind[kind]))]
    labels = sorted({*(row.label for row in rows), chosen.label} - {""})
    classes = [Choice(say("filter.classes"), replace(chosen, label=""), by_label.total(), not chosen.label)]
    classes += [
        Choice(say("text", text=label), replace(chosen, label=label), by_label[label], chosen.label == label)
        for label in labels
    ]
    return Choices(tuple(outcomes), tuple(causes), tuple(classes))


def kind_name(kind: str) -> Message:
    """An outcome or a cause in words; "" is all of them."""
    outcome, _, cause = kind.partition(".")
    if not cause:
        return say(f"filter.outcome.{outcome or 'all'}")
    if outcome == "missed":
        return say("verdict.missed", label=say(f"cause.{cause}.label"))
    if outcome == "false_positive":
        return say("verdict.false_positive", label=say(f"false_positive.{cause}.label"))
    return say(f"outcome.not_counted.{cause}")


def _outcome(kind: str) -> str:
    return kind.partition(".")[0]


def _place(kind: str, count: int) -> tuple[int, int, str]:
    """Where a cause stands: with its outcome, the most frequent first."""
    return OUTCOMES.index(_outcome(kind)), -count, kind
