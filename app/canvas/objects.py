"""The objects that can be edited, as far as they are on show. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np

from app.canvas.box_changes import Box, Room
from app.canvas.layers import BoxStore
from app.roles import RoleStyle, layer_style, role_style
from app.scene import BoxLayer, Editing, Floats, Ref, Role, Space


def style_of(layer: BoxLayer, editing: Editing | None = None) -> RoleStyle:
    """How the boxes of a layer look; objects that can be edited as thick as one wants them."""
    style = layer_style(layer)
    if editing is not None and layer.kind == "object":
        style = style._replace(width=float(editing.line_width))
    return style


class Objects:
    """What a scene lets one edit.

    Attributes:
        editing: the scene's.
        visible: rows of the objects that are on show; nothing happens to the others.
        proposed: rows of those that nobody has accepted yet.
        room: width and height of the image.
    """

    def __init__(self, editing: Editing, space: Space, stores: Iterable[BoxStore]) -> None:
        self.editing = editing
        self.image_wh = (int(space.image_hw[1]), int(space.image_hw[0]))
        shown = [store for store in stores if store.layer.kind == "object"]
        count = len(editing.boxes)
        self.visible = frozenset(row for store in shown for row in store.rows.tolist() if 0 <= row < count)
        self.proposed = frozenset(
            row for store in shown if store.layer.role is Role.PROPOSED for row in store.rows.tolist()
        )

    @cached_property
    def chosen(self) -> tuple[int, ...]:
        """Rows that are selected and on show."""
        return tuple(sorted(self.editing.chosen & self.visible))

    @property
    def handled(self) -> int | None:
        """The one that has handles: the only one chosen, if it can be changed."""
        return self.chosen[0] if len(self.chosen) == 1 and self.can_change(self.chosen[0]) else None

    def room(self, free: bool) -> Room:
        """What boxes have to stay in; `free`: the hand says that they need not."""
        return self.image_wh if self.editing.keeps_inside and not free else None

    def can_change(self, row: int) -> bool:
        """Whether the hand may change a row."""
        return row in self.visible and row not in self.editing.locked

    def box(self, row: int) -> Box:
        """One box in plain numbers."""
        x1, y1, x2, y2 = self.editing.boxes[row].tolist()
        return float(x1), float(y1), float(x2), float(y2)

    def boxes(self, rows: Iterable[int]) -> dict[int, Box]:
        """Several of them."""
        return {row: self.box(row) for row in rows}

    def label(self, ref: Ref, stores: Sequence[BoxStore]) -> str:
        """What is written at one."""
        for store in reversed(stores):
            place = store.find(ref)
            if place is not None and store.label(place):
                return store.label(place)
        return ""

    def color(self, row: int) -> str:
        """Of its class; of the next box for a row that is not there yet."""
        return self.editing.colors[row] if 0 <= row < len(self.editing.colors) else self.editing.color

    def style(self, row: int) -> RoleStyle:
        """The line of one object by itself."""
        role = Role.PROPOSED if row in self.proposed else Role.GROUND_TRUTH
        return role_style(role).colored(self.color(row))._replace(width=float(self.editing.line_width), casing=True)

    def same_boxes(self, boxes: Floats) -> bool:
        """Whether these are all objects as they are."""
        return np.array_equal(boxes, self.editing.boxes)

    def same_as(self, editing: Editing) -> bool:
        """Whether these are all boxes that a person has made, those without a class too."""
        return self.same_boxes(editing.boxes) and self.editing.unnamed == editing.unnamed
