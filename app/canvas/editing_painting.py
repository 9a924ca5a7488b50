"""What is painted of editing: the chosen boxes with their handles, boxes under the hand, crosshair and rubber band."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter

from app.canvas.box_changes import Box, Grip, Point
from app.canvas.handles import HANDLE_POINTS, handles_of
from app.canvas.objects import Objects
from app.canvas.painting import draw_outlines, sides
from app.canvas.placement import Place, place_all
from app.canvas.plain import Rects, columns_of, device_point, device_rects, fill_rects, outline_rects
from app.canvas.tags import Tag, Tags
from app.canvas.tools import NEW, Band, Drag, Drawing, Moving, Resizing
from app.canvas.transform import ViewTransform
from app.roles import CASING, RoleStyle, role_style
from app.scene import Role
from app.sentences import say
from app.wording import text

RING, RING_CASING_ALPHA = 2.0, 210
"""How wide the ring in the colour of the selection is around a chosen box's line, and how dark what parts the two."""

MOST_TAGGED = 20
"""Boxes that are moved together keep their texts up to so many."""

CROSS_ALPHA, CROSS_CASING_ALPHA = 235, 110


def draw_fill(painter: QPainter, rects: Rects, color: str, fill: float) -> None:
    """Boxes filled with their colour, so strongly."""
    if fill > 0 and len(rects):
        ink = QColor(color)
        ink.setAlphaF(min(float(fill), 1.0))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        fill_rects(painter, rects)


def draw_chosen(
    painter: QPainter,
    objects: Objects,
    rows: Iterable[int],
    view: ViewTransform,
    canvas_wh: tuple[int, int],
    pen: float,
) -> None:
    """Chosen boxes: in the colour of their class, cased in that of the selection.

    Args:
        pen: device pixels of a line of width 1.
    """
    boxes = objects.boxes(rows)
    case, ring = max(1, round(pen)), max(1, round(RING * pen))
    for style, columns in _by_style(objects, boxes):
        rects, _ = outline_rects(columns_of(columns), view, canvas_wh)
        if not len(rects):
            continue
        line = max(1, round(style.width * pen))
        painter.setPen(Qt.PenStyle.NoPen)
        # From outside inward: dark, the ring, dark, the line, dark.
        dark = QColor(CASING)
        dark.setAlpha(RING_CASING_ALPHA)
        painter.setBrush(dark)
        fill_rects(painter, sides(_grown(rects, ring + 2 * case), ring + line + 3 * case))
        painter.setBrush(QColor(selection_color()))
        fill_rects(painter, sides(_grown(rects, ring + case), ring))
        draw_outlines(painter, rects, style._replace(casing=False), pen, canvas_wh)


def draw_handles(painter: QPainter, box: Box, view: ViewTransform, held: Grip | None) -> None:
    """Light squares with a dark edge, which can be seen on anything; the one under the cursor in another colour."""
    size, edge = round(HANDLE_POINTS * view.ratio), max(1, round(view.ratio))
    painter.setPen(Qt.PenStyle.NoPen)
    for grip, x, y in handles_of(box, view):
        left, top = round(x - size / 2), round(y - size / 2)
        painter.fillRect(left - edge, top - edge, size + 2 * edge, size + 2 * edge, QColor(CASING))
        color = selection_color() if grip == held else "#FFFFFF"
        painter.fillRect(left, top, size, size, QColor(color))


def draw_unnamed(
    painter: QPainter, objects: Objects, view: ViewTransform, canvas_wh: tuple[int, int], pen: float
) -> None:
    """Boxes that were drawn and wait for their class, in the colour of the hand."""
    rects, _ = outline_rects(columns_of(objects.editing.unnamed), view, canvas_wh)
    draw_outlines(painter, rects, objects.style(NEW), pen, canvas_wh)


def draw_unnamed_tags(
    painter: QPainter, objects: Objects, tags: Tags, view: ViewTransform, canvas_wh: tuple[int, int]
) -> None:
    """What they wait for, written at them."""
    words, (rects, _) = text(say("canvas.unnamed")), device_rects(columns_of(objects.editing.unnamed), view, canvas_wh)
    wanted = [Tag(words, rect, Role.GROUND_TRUTH, loud=True, below=True) for rect in rects]
    _draw_tags(painter, wanted, tags, canvas_wh)


def _draw_tags(painter: QPainter, wanted: list[Tag], tags: Tags, canvas_wh: tuple[int, int]) -> None:
    places: list[Place | None] = place_all([tags.wanted(tag) for tag in wanted], canvas_wh)
    for tag, place in zip(wanted, places, strict=True):
        if place is not None:
            tags.draw(painter, tag, place)


def draw_drag(
    painter: QPainter, drag: Drag, objects: Objects, view: ViewTransform, canvas_wh: tuple[int, int], pen: float
) -> None:
    """The boxes as the hand has them now, or the rubber band with what it catches."""
    if isinstance(drag, Band):
        draw_chosen(painter, objects, drag.rows, view, canvas_wh, pen)
        _draw_band(painter, drag.area, view, canvas_wh)
        return
    for style, boxes in _by_style(objects, drag.boxes):
        rects, _ = outline_rects(columns_of(boxes), view, canvas_wh)
        draw_fill(painter, rects, style.on_dark, objects.editing.fill)
        draw_outlines(painter, rects, style, pen, canvas_wh)


def draw_drag_tags(
    painter: QPainter,
    drag: Drag,
    objects: Objects,
    labels: Mapping[int, str],
    tags: Tags,
    view: ViewTransform,
    canvas_wh: tuple[int, int],
) -> None:
    """What is written at the boxes under the hand: size, badge, and their own texts."""
    wanted: list[Tag] = []
    size = size_text(drag)
    for row, box in drag.boxes.items():
        for rect in device_rects(columns_of([box]), view, canvas_wh)[0]:
            if labels.get(row):
                wanted.append(Tag(labels[row], rect, Role.GROUND_TRUTH, True, True, objects.color(row)))
            if row == drag.row and size:
                wanted.append(Tag(size, rect, Role.GROUND_TRUTH, loud=True, below=True))
            if row == drag.row and objects.editing.badge:
                wanted.append(Tag(objects.editing.badge, rect, Role.SELECTED, loud=True))
    _draw_tags(painter, wanted, tags, canvas_wh)


def size_text(drag: Drag) -> str:
    """The size of a box that is drawn or resized; "" for other drags."""
    if not isinstance(drag, Drawing | Resizing) or drag.row not in drag.boxes:
        return ""
    x1, y1, x2, y2 = drag.boxes[drag.row]
    return text(say("canvas.size", w=round(x2 - x1, 1), h=round(y2 - y1, 1)))


def draw_cross(painter: QPainter, at: Point, view: ViewTransform, canvas_wh: tuple[int, int]) -> None:
    """Lines through a point from edge to edge: light ones between dark ones, to be seen on anything."""
    x, y = (round(value) for value in device_point(at, view))
    width, height = canvas_wh
    line = max(1, round(view.ratio))
    dark, light = QColor(CASING), QColor("#FFFFFF")
    dark.setAlpha(CROSS_CASING_ALPHA)
    light.setAlpha(CROSS_ALPHA)
    left, top = x - line // 2, y - line // 2
    painter.fillRect(left - line, 0, 3 * line, height, dark)
    painter.fillRect(0, top - line, width, 3 * line, dark)
    painter.fillRect(left, 0, line, height, light)
    painter.fillRect(0, top, width, line, light)


def selection_color() -> str:
    """What stands for being chosen."""
    return role_style(Role.SELECTED).on_dark


def hidden_rows(drag: Drag | None) -> frozenset[int]:
    """Objects in whose place the hand's boxes are shown."""
    return frozenset(drag.boxes) if drag is not None and drag.replaces else frozenset()


def tagged_rows(drag: Drag) -> tuple[int, ...]:
    """Rows whose own text goes along with the hand."""
    return tuple(drag.boxes) if isinstance(drag, Moving | Resizing) and len(drag.boxes) <= MOST_TAGGED else ()


def _draw_band(painter: QPainter, area: Box, view: ViewTransform, canvas_wh: tuple[int, int]) -> None:
    rects, _ = outline_rects(columns_of([area]), view, canvas_wh)
    draw_fill(painter, rects, selection_color(), 0.12)
    draw_outlines(painter, rects, role_style(Role.SELECTED)._replace(width=1.0), view.ratio, canvas_wh)


def _grown(rects: Rects, by: int) -> Rects:
    return rects + np.array([-by, -by, by, by], np.int32)


def _by_style(objects: Objects, boxes: Mapping[int, Box]) -> list[tuple[RoleStyle, list[Box]]]:
    """Boxes that look alike together: one call to the painter for each look."""
    found: dict[RoleStyle, list[Box]] = {}
    for row, box in boxes.items():
        found.setdefault(objects.style(row), []).append(box)
    return list(found.items())
