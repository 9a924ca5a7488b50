"""What one drag does to boxes: drawing, moving or copying, resizing, choosing with a rubber band. No Qt, no painting.

Each keeps where it began and makes everything from that, so that giving it up leaves nothing behind.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from app.canvas.box_changes import Box, Grip, Point, drawn, in_band, moved, resized
from app.canvas.objects import Objects

NEW = -1
"""Stands for the row of a box that is being drawn."""


class Held(NamedTuple):
    """Keys that are down."""

    shift: bool = False
    control: bool = False


class Drag(Protocol):
    """From a press to its release.

    Attributes:
        objects: what there was to edit as it began.
        row: the box under the hand.
        boxes: as they are now, those that the drag is about.
    """

    objects: Objects
    row: int
    boxes: dict[int, Box]

    def follow(self, at: Point, held: Held) -> None:
        """The hand is at a point of the image."""

    @property
    def replaces(self) -> bool:
        """Whether `boxes` stand in place of the objects of their rows."""


@dataclass(slots=True)
class Drawing:
    """A new box.

    Attributes:
        start: where its first corner was set.
        by_clicks: the button was let go at the start: the next click sets the other corner.
    """

    objects: Objects
    start: Point
    by_clicks: bool = False
    row: int = NEW
    boxes: dict[int, Box] = field(default_factory=dict)

    def follow(self, at: Point, held: Held) -> None:
        """Draw to a point; with Ctrl beyond the edge of the image."""
        self.boxes = {NEW: drawn(self.start, at, self.objects.room(held.control))}

    @property
    def replaces(self) -> bool:
        """It is a box of its own."""
        return False


@dataclass(slots=True)
class Moving:
    """Boxes that are moved together, or copies of them.

    Attributes:
        before: the boxes as they were.
        copies: copies are moved, the boxes stay.
        selects: the box was not chosen before; the drag chooses it.
    """

    objects: Objects
    start: Point
    row: int
    before: dict[int, Box]
    copies: bool = False
    selects: bool = False
    boxes: dict[int, Box] = field(default_factory=dict)

    def follow(self, at: Point, held: Held) -> None:
        """Move by whole pixels."""
        self.boxes = moved(self.before, at[0] - self.start[0], at[1] - self.start[1], self.objects.room(free=False))

    @property
    def replaces(self) -> bool:
        """The boxes are where the hand has them."""
        return not self.copies


@dataclass(slots=True)
class Resizing:
    """One box of which a side or a corner is held."""

    objects: Objects
    start: Point
    row: int
    before: Box
    grip: Grip
    boxes: dict[int, Box] = field(default_factory=dict)

    def follow(self, at: Point, held: Held) -> None:
        """Move what is held; Shift keeps the ratio, Ctrl goes beyond the edge of the image."""
        by_x, by_y = at[0] - self.start[0], at[1] - self.start[1]
        room = self.objects.room(held.control)
        self.boxes = {self.row: resized(self.before, self.grip, by_x, by_y, room, in_ratio=held.shift)}

    @property
    def replaces(self) -> bool:
        """The box is where the hand has it."""
        return True


@dataclass(slots=True)
class Band:
    """A rubber band.

    Attributes:
        area: from where it began to the hand.
        rows: of the boxes that it catches.
    """

    objects: Objects
    start: Point
    row: int = NEW
    area: Box = (0.0, 0.0, 0.0, 0.0)
    rows: tuple[int, ...] = ()
    boxes: dict[int, Box] = field(default_factory=dict)

    def follow(self, at: Point, held: Held) -> None:
        """Draw it out to a point."""
        (ax, ay), (bx, by) = self.start, at
        self.area = min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)
        caught = in_band(self.objects.editing.boxes, self.area).tolist()
        self.rows = tuple(row for row in caught if row in self.objects.visible)

    @property
    def replaces(self) -> bool:
        """It changes no box."""
        return False
