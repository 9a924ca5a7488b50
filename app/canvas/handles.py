"""The handles of the selected box: where they are, which one is under the cursor. As large at any zoom."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QPointF, Qt

from app.canvas.box_changes import Box, Grip
from app.canvas.plain import device_point
from app.canvas.transform import ViewTransform

HANDLE_POINTS = 8.0
"""A handle's side, widget points."""

EDGE_POINTS = 4.0
"""A side of the selected box is held within this many widget points of it."""

CORNERS = (Grip(-1, -1), Grip(1, -1), Grip(-1, 1), Grip(1, 1))
MIDDLES = (Grip(0, -1), Grip(0, 1), Grip(-1, 0), Grip(1, 0))

_ROOM_FOR_MIDDLE = 3.0
_ROOM_INSIDE = 2.0
"""In handles: a side has one in its middle from here on; below, corners move out, so that a small box can be held."""


class Handle(NamedTuple):
    """Where one is, the middle of it in device pixels."""

    grip: Grip
    x: float
    y: float


def handles_of(box: Box, view: ViewTransform) -> list[Handle]:
    """Corners first; small boxes have no others."""
    left, top, right, bottom = _on_screen(box, view)
    size = HANDLE_POINTS * view.ratio
    out_x, out_y = (min(max((_ROOM_INSIDE * size - side) / 2, 0.0), size / 2) for side in (right - left, bottom - top))
    x = {-1: left - out_x, 0: (left + right) / 2, 1: right + out_x}
    y = {-1: top - out_y, 0: (top + bottom) / 2, 1: bottom + out_y}
    wide, high = right - left >= _ROOM_FOR_MIDDLE * size, bottom - top >= _ROOM_FOR_MIDDLE * size
    grips = [*CORNERS, *(grip for grip in MIDDLES if (wide if grip.across == 0 else high))]
    return [Handle(grip, x[grip.across], y[grip.down]) for grip in grips]


def handle_at(box: Box, view: ViewTransform, at: QPointF) -> Grip | None:
    """The handle at a widget point."""
    x, y = at.x() * view.ratio, at.y() * view.ratio
    reach = HANDLE_POINTS * view.ratio / 2
    near = [each for each in handles_of(box, view) if max(abs(x - each.x), abs(y - each.y)) <= reach]
    return min(near, key=lambda each: abs(x - each.x) + abs(y - each.y)).grip if near else None


def grip_at(box: Box, view: ViewTransform, at: QPointF) -> Grip | None:
    """What a press at a widget point would hold of a box: a handle, else a side or two."""
    found = handle_at(box, view, at)
    if found is not None:
        return found
    left, top, right, bottom = _on_screen(box, view)
    x, y, reach = at.x() * view.ratio, at.y() * view.ratio, EDGE_POINTS * view.ratio
    if not (left - reach <= x <= right + reach and top - reach <= y <= bottom + reach):
        return None
    grip = Grip(_held(x, left, right, reach), _held(y, top, bottom, reach))
    return None if grip == (0, 0) else grip


def cursor_of(grip: Grip) -> Qt.CursorShape:
    """The shape that says where a handle leads."""
    if grip.across == 0:
        return Qt.CursorShape.SizeVerCursor
    if grip.down == 0:
        return Qt.CursorShape.SizeHorCursor
    return Qt.CursorShape.SizeFDiagCursor if grip.across == grip.down else Qt.CursorShape.SizeBDiagCursor


def _held(place: float, first: float, second: float, reach: float) -> int:
    """Which of two sides is within reach; inside of a small box its middle half is not."""
    inner = min(reach, (second - first) / 4)
    if first - reach <= place <= first + inner:
        return -1
    return 1 if second - inner <= place <= second + reach else 0


def _on_screen(box: Box, view: ViewTransform) -> tuple[float, float, float, float]:
    """A box in device pixels."""
    return *device_point(box[:2], view), *device_point(box[2:], view)
