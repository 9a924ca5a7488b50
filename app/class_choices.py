"""Which classes are offered while one is typed, in what order. No Qt.

all classes, those used last, what is typed  ->  the lines of the list, and which one Enter takes
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.near_names import near_name
from app.scene import ClassRow


class Choice(NamedTuple):
    """One line.

    Attributes:
        name: of the class.
        row: the class; None for one that is not there yet and would be added.
        is_recent: among those used last.
    """

    name: str
    row: ClassRow | None
    is_recent: bool = False


class Choices(NamedTuple):
    """What is offered.

    Attributes:
        lines: the best fit first.
        preferred: the line that Enter takes.
        near: the class that a new name was probably meant to be; None where none is near.
        has_fit: some class has in its name what is typed, so that Enter may take it unasked.
    """

    lines: tuple[Choice, ...]
    preferred: int = 0
    near: str | None = None
    has_fit: bool = True


def clean(typed: str) -> str:
    """A typed name as it is taken: no spaces around it, one between words."""
    return " ".join(typed.split())


def choices(typed: str, classes: Sequence[ClassRow], recent: Sequence[str] = (), current: str = "") -> Choices:
    """The lines for what is typed.

    Without anything typed: the classes used last, newest first, then the others in the order of their list; Enter takes
    the first one that is not `current`. Else: the same ones that have all typed words in them, those that begin with
    what is typed before the others; below them the new name, unless it is one of them to the letter. Where nothing
    fits, a class that is probably meant stands first.
    """
    name = clean(typed)
    ordered = _ordered(classes, recent)
    if not name:
        other = next((place for place, line in enumerate(ordered) if line.name != current), 0)
        return Choices(tuple(ordered), other)
    wanted = name.casefold()
    words = wanted.split()
    fits = [line for line in ordered if all(word in line.name.casefold() for word in words)]
    # The sort is stable: within each kind of fit the order stays.
    fits.sort(key=lambda line: _fit(line.name, name, wanted))
    if fits and fits[0].name == name:
        return Choices(tuple(fits))
    near = near_name(name, [row.name for row in classes])
    if fits:
        return Choices((*fits, Choice(name, None)), near=near)
    return Choices((*(line for line in ordered if line.name == near), Choice(name, None)), near=near, has_fit=False)


def _ordered(classes: Sequence[ClassRow], recent: Sequence[str]) -> list[Choice]:
    rows = {row.name: row for row in classes}
    used = [name for name in dict.fromkeys(recent) if name in rows]
    others = rows.keys() - set(used)
    return [Choice(name, rows[name], True) for name in used] + [
        Choice(name, row) for name, row in rows.items() if name in others
    ]


def _fit(candidate: str, name: str, wanted: str) -> int:
    """How well a class fits, 0 best: the very name, but for capitals, its beginning, that of a word in it, any part."""
    plain = candidate.casefold()
    if candidate == name:
        return 0
    if plain == wanted:
        return 1
    if plain.startswith(wanted):
        return 2
    return 3 if f" {wanted}" in plain else 4
