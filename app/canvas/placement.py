"""Where texts go: at their boxes, inside the canvas, never over each other. No Qt.

Greedy: the important ones first, each at the first of its places that is free. A text without a free place is left out
(it comes back when one zooms in) unless it must be shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.canvas.plain import Rect


class Place(NamedTuple):
    """A rectangle for a text, device pixels, right and bottom not included."""

    left: int
    top: int
    right: int
    bottom: int

    def meets(self, other: Place) -> bool:
        """Whether the two overlap."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def grown(self, by: int) -> Place:
        """The same with so much more on each side."""
        return Place(self.left - by, self.top - by, self.right + by, self.bottom + by)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One text to be placed.

    Attributes:
        rect: the box it belongs to, device pixels.
        width, height: of the text with its background.
        below: rather under the box than above it, so that two layers of labels do not fight for one corner.
        must: shown even where it covers another.
    """

    rect: Rect
    width: int
    height: int
    below: bool = False
    must: bool = False


class Places:
    """The places taken so far."""

    _CELL = 48

    def __init__(self, canvas_wh: tuple[int, int]) -> None:
        self._width, self._height = canvas_wh
        self._taken: dict[tuple[int, int], list[Place]] = {}

    def take(self, wanted: Wanted) -> Place | None:
        """The place of a text, None where there is none."""
        best: tuple[int, Place] | None = None
        for candidate in self._candidates(wanted):
            overlap = self._overlap(candidate)
            if overlap == 0:
                self.block(candidate)
                return candidate
            if best is None or overlap < best[0]:
                best = (overlap, candidate)
        if best is None or not wanted.must:
            return None
        self.block(best[1])
        return best[1]

    def block(self, place: Place) -> None:
        """Keep a place free of texts."""
        for cell in self._cells(place):
            self._taken.setdefault(cell, []).append(place)

    def _candidates(self, wanted: Wanted) -> Iterator[Place]:
        left, top, right, bottom = wanted.rect
        if right < 0 or bottom < 0 or left >= self._width or top >= self._height:
            return
        # Of a box that is larger than the canvas, the part in sight.
        left, top = max(left, 0), max(top, 0)
        right, bottom = min(right, self._width - 1), min(bottom, self._height - 1)
        width, height = wanted.width, wanted.height
        far = right - width + 1
        above = [(left, top - height), (far, top - height)]
        under = [(left, bottom + 1), (far, bottom + 1)]
        inside = [(left, top), (far, top)]
        inside_low = [(left, bottom - height + 1), (far, bottom - height + 1)]
        beside = [
            (right + 1, top),
            (right + 1, bottom - height + 1),
            (left - width, top),
            (left - width, bottom - height + 1),
        ]
        fits = right - left >= width + 4 and bottom - top >= 2 * height
        order = under + inside_low + above + inside if wanted.below else above + inside + under + inside_low
        if not fits:
            order = under + above if wanted.below else above + under
        if wanted.must:
            further = [(left, top - 2 * height - 2), (left, bottom + height + 3), (far, top - 2 * height - 2)]
            order = order + beside + further + inside
        else:
            order = order + beside[:2]
        for x, y in order:
            # Slid along the box into the canvas; across it only where the text must be shown.
            x = min(max(x, 0), self._width - width)
            if wanted.must:
                y = min(max(y, 0), self._height - height)
            if x >= 0 and 0 <= y <= self._height - height:
                yield Place(x, y, x + width, y + height)

    def _overlap(self, place: Place) -> int:
        """The area that is taken already."""
        total = 0
        for other in {other for cell in self._cells(place) for other in self._taken.get(cell, ())}:
            if place.meets(other):
                across = min(place.right, other.right) - max(place.left, other.left)
                total += across * (min(place.bottom, other.bottom) - max(place.top, other.top))
        return total

    def _cells(self, place: Place) -> Iterator[tuple[int, int]]:
        cell = self._CELL
        for y in range(place.top // cell, (place.bottom - 1) // cell + 1):
            for x in range(place.left // cell, (place.right - 1) // cell + 1):
                yield x, y


def outline_of(rect: Rect, thick: int) -> Iterator[Place]:
    """The four sides of a box, about so thick: no text should be crossed by them."""
    left, top, right, bottom = rect
    yield Place(left - thick, top - thick, right + thick, top + thick)
    yield Place(left - thick, bottom - thick, right + thick, bottom + thick)
    yield Place(left - thick, top, left + thick, bottom)
    yield Place(right - thick, top, right + thick, bottom)


def place_all(
    wanted: Sequence[Wanted], canvas_wh: tuple[int, int], blocked: Sequence[Place] = ()
) -> list[Place | None]:
    """One place a text, the first ones having the choice; `blocked` is kept free where there is a choice."""
    places = Places(canvas_wh)
    for place in blocked:
        places.block(place)
    return [places.take(text) for text in wanted]
