"""Which known name a typed one is probably meant to be. No Qt."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_ALIKE = 0.75
"""`difflib`'s ratio from which two names are near: of nine letters one may be missing and one wrong."""

_SHUFFLED = 0.8
"""What the same letters in another order are worth: "RCB" for "RBC"."""


def near_name(typed: str, names: Iterable[str]) -> str | None:
    """The known name most like a typed one; None where none is near, or where it is one of them.

    Letter case and spaces do not count, so "rbc" is near "RBC". Figures do: "car 2" is no slip for "car 1".
    """
    wanted, figures = _plain(typed), _figures(typed)
    best, found = 0.0, None
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted)
    for name in names:
        if name == typed:
            return None
        matcher.set_seq1(_plain(name))
        # The first two are quick upper bounds: of thousands of names few are compared letter by letter.
        least = max(best, _ALIKE)
        if matcher.real_quick_ratio() < least or matcher.quick_ratio() < least or _figures(name) != figures:
            continue
        ratio = max(matcher.ratio(), _SHUFFLED if matcher.quick_ratio() == 1.0 else 0.0)
        if ratio >= _ALIKE and ratio > best:
            best, found = ratio, name
    return found if wanted else None


def _plain(name: str) -> str:
    return "".join(name.casefold().split())


def _figures(name: str) -> str:
    return "".join(each for each in name if each.isdigit())
