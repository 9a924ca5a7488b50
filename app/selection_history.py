"""The way back and forward through what was selected on the open image, as in a web browser. No Qt.

    visit(A), visit(B), visit(C)     A  B  [C]      step_to(-1) is B
    move(-1)                         A  [B]  C      step_to(+1) is C
    visit(D)                         A  B  [D]      C is forgotten
    visit(None)                      A  B  D []     step_to(-1) is D: after deselecting, back leads to what was left

A detection is known by its anchor and class, as in `app.selection`: other settings renumber it, and it is the same one.
"""

from __future__ import annotations

from collections.abc import Callable

from app.selection import Selection

MOST = 200
"""Selections remembered; the oldest are forgotten."""


class SelectionHistory:
    """What was selected, oldest first, and where among it a person is."""

    def __init__(self) -> None:
        self._visited: list[Selection] = []
        self._place = -1
        self._is_left = False  # nothing is selected since the one at this place

    def clear(self) -> None:
        """Another image: nothing of this one can be selected on it."""
        self._visited.clear()
        self._place, self._is_left = -1, False

    def visit(self, selection: Selection | None) -> None:
        """Something is selected by hand, or with None nothing any more."""
        self._is_left = selection is None
        if selection is None or (self._place >= 0 and _is_same(selection, self._visited[self._place])):
            return
        self._visited[self._place + 1 :] = [selection]
        del self._visited[:-MOST]
        self._place = len(self._visited) - 1

    def step_to(self, by: int, is_there: Callable[[Selection], bool]) -> Selection | None:
        """The selection before (-1) or after (+1), None where there is none; what is not there now is passed by."""
        place = self._place_of(by, is_there)
        return None if place is None else self._visited[place]

    def move(self, by: int, is_there: Callable[[Selection], bool]) -> Selection | None:
        """The same, and go there."""
        place = self._place_of(by, is_there)
        if place is None:
            return None
        self._place, self._is_left = place, False
        return self._visited[place]

    def _place_of(self, by: int, is_there: Callable[[Selection], bool]) -> int | None:
        first = self._place if self._is_left and by < 0 else self._place + by
        end = -1 if by < 0 else len(self._visited)
        return next((place for place in range(first, end, by) if is_there(self._visited[place])), None)


def _is_same(one: Selection, other: Selection) -> bool:
    if one.ref.kind == other.ref.kind == "detection":
        return one[1:] == other[1:]
    return one.ref == other.ref
