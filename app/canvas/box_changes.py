"""What becomes of a box under the hand. No Qt.

Edges that the hand touches come to lie between whole pixels of the image, at any zoom; the others keep their value to
the last bit, and so does an edge that was moved by less than half a pixel. A move goes by whole pixels, so that a box
keeps its size. Coordinates are plain numbers that float32 holds exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from detector.boxes import Floats

Box: TypeAlias = tuple[float, float, float, float]
"""x1, y1, x2, y2 in image pixels."""

Point: TypeAlias = tuple[float, float]
"""x, y in image pixels."""

Room: TypeAlias = tuple[int, int] | None
"""Width and height of the image that boxes have to stay in; None: they need not."""


class Grip(NamedTuple):
    """What the hand holds of a box: -1 its left or upper side, 1 the right or lower one, 0 neither."""

    across: int
    down: int


def drawn(start: Point, end: Point, room: Room) -> Box:
    """The box between two points; it may have no area."""
    (ax, ay), (bx, by) = corner(start, room), corner(end, room)
    return min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)


def corner(point: Point, room: Room) -> Point:
    """Where a corner comes to lie that is drawn at a point."""
    x, y = whole(point[0]), whole(point[1])
    return (x, y) if room is None else (min(max(x, 0.0), float(room[0])), min(max(y, 0.0), float(room[1])))


def moved(boxes: Mapping[int, Box], dx: float, dy: float, room: Room) -> dict[int, Box]:
    """All boxes moved alike, as far as all of them stay in the image; those that are outside need not come in."""
    if not boxes:
        return {}
    by_x, by_y = int(whole(dx)), int(whole(dy))
    if room is not None:
        x1, y1, x2, y2 = zip(*boxes.values(), strict=True)
        by_x = _within(by_x, min(x1), max(x2), room[0])
        by_y = _within(by_y, min(y1), max(y2), room[1])
    if by_x == by_y == 0:
        return dict(boxes)
    return {
        row: (_stored(box[0] + by_x), _stored(box[1] + by_y), _stored(box[2] + by_x), _stored(box[3] + by_y))
        for row, box in boxes.items()
    }


def resized(box: Box, grip: Grip, dx: float, dy: float, room: Room, *, in_ratio: bool = False) -> Box:
    """A box of which the held sides were moved; across the opposite side it turns over. It keeps a pixel at least.

    Args:
        in_ratio: width to height stays as it was, to the pixel: about the opposite corner, or, where one side is held,
            about the middle of the opposite one.
    """
    if in_ratio and box[2] > box[0] and box[3] > box[1]:
        return _in_ratio(box, grip, dx, dy, room)
    limits: tuple[int | None, int | None] = (None, None) if room is None else room
    x1, x2 = _sides(box[0], box[2], grip.across, dx, limits[0])
    y1, y2 = _sides(box[1], box[3], grip.down, dy, limits[1])
    return x1, y1, x2, y2


def in_band(boxes: Floats, band: Box) -> NDArray[np.intp]:
    """Rows of the boxes that a rubber band encloses or crosses; one that it lies within is not meant."""
    x1, y1, x2, y2 = boxes.T
    left, top, right, bottom = band
    met = (x1 <= right) & (x2 >= left) & (y1 <= bottom) & (y2 >= top)
    around = (x1 < left) & (x2 > right) & (y1 < top) & (y2 > bottom)
    return np.flatnonzero(met & ~around)


def whole(value: float) -> float:
    """To the nearest whole number, halves up."""
    return float(math.floor(value + 0.5))


def _stored(value: float) -> float:
    return float(np.float32(value))


def _within(by: int, low: float, high: float, limit: int) -> int:
    """A move that leaves low..high in 0..limit, or no farther outside than it is."""
    return min(max(by, math.ceil(min(-low, 0.0))), math.floor(max(limit - high, 0.0)))


def _sides(first: float, second: float, held: int, by: float, limit: int | None) -> tuple[float, float]:
    """Two opposite sides, one of which may be held and moved."""
    if held == 0:
        return first, second
    moving, fixed = (first, second) if held < 0 else (second, first)
    place = _moved_side(moving, fixed, held, by, limit)
    return min(place, fixed), max(place, fixed)


def _moved_side(moving: float, fixed: float, held: int, by: float, limit: int | None) -> float:
    if whole(by) == 0:
        return moving
    place = whole(moving + by)
    if limit is not None:
        place = min(max(place, 0.0), float(limit))
    if abs(place - fixed) < 1.0:
        place = float(math.ceil(fixed + 1.0) if held > 0 else math.floor(fixed - 1.0))
        if limit is not None:
            place = min(max(place, 0.0), float(limit))
    return place


def _in_ratio(box: Box, grip: Grip, dx: float, dy: float, room: Room) -> Box:
    """One factor for both sides: the larger of those that the hand asks for, as far as the image has room."""
    least = 1.0 / min(box[2] - box[0], box[3] - box[1])
    across = _Axis.of(box[0], box[2], grip.across, dx, None if room is None else room[0], least)
    down = _Axis.of(box[1], box[3], grip.down, dy, None if room is None else room[1], least)
    factor = max(across.factor, down.factor)
    factor = min(factor, across.most, down.most)
    if factor == 1.0 and across.side == grip.across and down.side == grip.down:
        return box
    factor = max(factor, least)
    (x1, x2), (y1, y2) = across.sides(factor), down.sides(factor)
    return x1, y1, x2, y2


class _Axis(NamedTuple):
    """Width or height of a box that keeps its ratio.

    Attributes:
        about: the place that stays: the side that is not held, or the middle.
        side: -1 or 1: where the box lies from there; 0: on both sides.
        factor: of the length, that the hand asks for; 0 where it holds no side of this axis.
        most: the largest factor for which there is room.
    """

    about: float
    length: float
    side: int
    factor: float
    most: float

    @classmethod
    def of(cls, first: float, second: float, held: int, by: float, limit: int | None, least: float) -> _Axis:
        length = second - first
        if held == 0:
            middle = (first + second) / 2
            most = math.inf if limit is None else 2 * min(middle, limit - middle) / length
            return cls(middle, length, 0, 0.0, max(most, 0.0))
        about = first if held > 0 else second
        asked = held * (length * held + by)
        if asked < 0:
            most = _room(about, -held, limit) / length
            if most >= least:
                return cls(about, length, -held, -asked / length, most)
        return cls(about, length, held, max(asked, 0.0) / length, max(_room(about, held, limit) / length, 0.0))

    def sides(self, factor: float) -> tuple[float, float]:
        length = factor * self.length
        if self.side == 0:
            return whole(self.about - length / 2), whole(self.about + length / 2)
        other = whole(self.about + self.side * length)
        return min(self.about, other), max(self.about, other)


def _room(about: float, side: int, limit: int | None) -> float:
    """From a place to the edge of the image on one side."""
    return math.inf if limit is None else limit - about if side > 0 else about
