"""What the filter of the images suggests while one types, and the examples that explain it. No Qt."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from app.image_filter import TEXTS
from app.image_terms import NUMBERS, STATES

_SPECIAL = re.compile(r'[\s"|<>=:≥≤≠!]')
_SHORTEST = 2
"""One letter is the beginning of too much to suggest something."""


class Completion(NamedTuple):
    """What may stand instead of a piece of what was typed.

    Attributes:
        start, end: the piece.
        options: whole pieces, the likeliest first.
    """

    start: int
    end: int
    options: tuple[str, ...] = ()


def completion(typed: str, place: int, classes: Iterable[str] = ()) -> Completion:
    """What the term before a place may become; no options where it is whole, or there is none."""
    start = _start_of_term(typed, place)
    piece = typed[start:place]
    sign = piece[: len(piece) - len(piece.lstrip("-"))]
    begun = _plain(piece[len(sign) :])
    if len(begun) < _SHORTEST:
        return Completion(start, place)
    fields = [*(f"{name}:" for name in TEXTS), *(f"{name}>" for name in NUMBERS)]
    whole = [*(f"is:{state}" for state in STATES), *(f"class:{quoted(name)}" for name in classes)]
    if ":" in begun:
        found = [each for each in whole if _plain(each).startswith(begun)]
    else:
        found = [each for each in fields if each.startswith(begun)]
        found += [each for each in whole if _plain(each).partition(":")[2].startswith(begun)]
    return Completion(start, place, tuple(sign + each for each in found if _plain(each) != begun))


def _plain(piece: str) -> str:
    return piece.replace('"', "").lower()


def _start_of_term(typed: str, place: int) -> int:
    start, is_open = 0, False
    for at, sign in enumerate(typed[:place]):
        if sign == '"':
            is_open = not is_open
        elif not is_open and (sign.isspace() or sign == "|"):
            start = at + 1
    return start


def quoted(word: str) -> str:
    """A word as the language takes it whole: in quotes where it has spaces or signs."""
    if word and not _SPECIAL.search(word) and not word.startswith("-"):
        return word
    doubled = word.replace('"', '""')
    return f'"{doubled}"'


HELP: tuple[tuple[str, str], ...] = (
    ("smear", "images.help.words"),
    ("smear is:new", "images.help.several"),
    ("is:new or boxes=0", "images.help.or"),
    ("-smear", "images.help.not"),
    ('"a = b"', "images.help.quotes"),
    ("name:smear", "images.help.name"),
    ("class:RBC", "images.help.class"),
    ("RBC>3", "images.help.class_count"),
    ("boxes>=10", "images.help.boxes"),
    ("missed>0", "images.help.run"),
    *((f"is:{state}", f"images.help.is.{state}") for state in STATES),
)
"""Examples, each with the message that says what it asks for."""
