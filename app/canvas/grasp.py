"""What lies under the hand, what a drag from there would be, and the cursor that says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QPointF, Qt

from app.canvas.box_changes import Grip
from app.canvas.frame import Frame, Live
from app.canvas.handles import cursor_of, grip_at, handle_at
from app.canvas.hit_test import Hit
from app.canvas.mouse import DRAG_STARTS
from app.canvas.objects import Objects
from app.canvas.tools import Band, Drag, Drawing, Held, Moving, Resizing
from app.canvas.transform import ViewTransform
from app.scene import Ref


class Looks(NamedTuple):
    """How the hand finds what lies at a widget point.

    Attributes:
        view: where the image lies now.
        one: what a click there means; every: all things there.
    """

    view: Callable[[], ViewTransform]
    one: Callable[[QPointF], Hit | None]
    every: Callable[[QPointF], list[Hit]]


class Grasp:
    """Looks at what is on show; changes nothing."""

    def __init__(self, frame: Frame, live: Live, looks: Looks) -> None:
        self._frame = frame
        self._live = live
        self._look = looks

    def drag_from(self, objects: Objects, at: QPointF, keys: Qt.KeyboardModifier) -> Drag | None:
        """What a drag from here would be; None: it moves the picture."""
        view = self._look.view()
        start = view.to_image(at.x(), at.y())
        if objects.editing.tool == "draw":
            return Drawing(objects, start)
        if keys & Qt.KeyboardModifier.AltModifier:
            return None
        handled, grip = objects.handled, self.grip_at(objects, at)
        if handled is not None and grip is not None:
            return Resizing(objects, start, handled, self._box(objects, handled), grip)
        if keys & Qt.KeyboardModifier.ShiftModifier:
            return Band(objects, start)
        copies = bool(keys & Qt.KeyboardModifier.ControlModifier)
        row = self.row_at(objects, at)
        if row is None or not (copies or objects.can_change(row)):
            return None
        selects = row not in objects.chosen
        rows = (row,) if selects else objects.chosen
        moved = {each: self._box(objects, each) for each in rows if copies or objects.can_change(each)}
        return Moving(objects, start, row, moved, copies, selects and not copies)

    def locked_at(self, objects: Objects, at: QPointF, keys: Qt.KeyboardModifier) -> Ref | None:
        """The object that a drag from here would be about, were it not locked."""
        row = None if keys & Qt.KeyboardModifier.AltModifier else self.row_at(objects, at)
        return Ref("object", row) if row is not None and row in objects.editing.locked else None

    def grip_at(self, objects: Objects, at: QPointF) -> Grip | None:
        """What a press would hold of the box that has handles."""
        row = objects.handled
        return None if row is None else grip_at(self._box(objects, row), self._look.view(), at)

    def row_at(self, objects: Objects, at: QPointF) -> int | None:
        """The object that a drag from here is about: a chosen one, be it below others, else the one a click picks."""
        view = self._look.view()
        x, y = view.to_image(at.x(), at.y())
        reach = view.reach(DRAG_STARTS)
        around = []
        for row in filter(objects.can_change, objects.chosen):
            x1, y1, x2, y2 = self._box(objects, row)
            if x1 - reach <= x <= x2 + reach and y1 - reach <= y <= y2 + reach:
                around.append(((x2 - x1) * (y2 - y1), row))
        if around:
            return min(around)[1]
        found = self._look.one(at)
        return found.ref.row if found is not None and found.ref.kind == "object" else None

    def thing_at(self, at: QPointF) -> Ref | None:
        """What the menu is about."""
        objects = self._frame.objects
        row = None if objects is None else self.row_at(objects, at)
        if row is not None:
            return Ref("object", row)
        found = self._look.one(at)
        return None if found is None else found.ref

    def is_on_handle(self, at: QPointF) -> bool:
        """A handle wins over any box below it."""
        objects = self._frame.objects
        row = None if objects is None or objects.editing.tool == "draw" else objects.handled
        return (
            objects is not None and row is not None and handle_at(objects.box(row), self._look.view(), at) is not None
        )

    def shape(self, objects: Objects, at: QPointF | None, drag: Drag | None, held: Held) -> Qt.CursorShape | None:
        """The cursor for what a press would do here, or what the drag does; None for the usual one."""
        if objects.editing.tool == "draw":
            return Qt.CursorShape.CrossCursor
        if isinstance(drag, Resizing):
            return cursor_of(drag.grip)
        if isinstance(drag, Moving):
            return Qt.CursorShape.DragCopyCursor if drag.copies else Qt.CursorShape.SizeAllCursor
        if self._live.grip is not None:
            return cursor_of(self._live.grip)
        if drag is not None or at is None:
            return None
        row = self.row_at(objects, at)
        if row is None:
            return None
        if held.control:
            return Qt.CursorShape.DragCopyCursor
        if not objects.can_change(row):
            return None
        return Qt.CursorShape.SizeAllCursor if row in objects.chosen else Qt.CursorShape.PointingHandCursor

    def _box(self, objects: Objects, row: int) -> tuple[float, float, float, float]:
        """A box as it is seen: a change that the scene does not know yet counts."""
        shown = self._live.drag
        if self._live.settling is not None and shown is not None and shown.replaces and row in shown.boxes:
            return shown.boxes[row]
        return objects.box(row)
