"""What lies still below the live things, kept as one picture.

While nothing but its place changes, a pan moves its pixels and paints only the strips that come into sight; and a
hover paints nothing of it at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter, QPixmap

from app.canvas.transform import ViewTransform

Paint: TypeAlias = Callable[[QPainter, ViewTransform, tuple[int, int]], None]
"""Paints a view of so many device pixels, all of it."""


class Backdrop:
    """A picture of the canvas' size, in device pixels."""

    def __init__(self) -> None:
        self._pixels = QPixmap()
        self._made_of: tuple[object, ...] | None = None
        self._origin = (0, 0)

    def forget(self) -> None:
        """Let go of all it was made of; the next time it is painted anew."""
        self._made_of = None

    def draw(
        self,
        painter: QPainter,
        view: ViewTransform,
        canvas_wh: tuple[int, int],
        made_of: tuple[object, ...],
        paint: Paint,
    ) -> None:
        """Draw it; `made_of` is all that `paint` makes it from beside the view, told apart by `==`."""
        made_of = (*made_of, view.scale, view.ratio, canvas_wh)
        dx, dy = view.origin[0] - self._origin[0], view.origin[1] - self._origin[1]
        if made_of != self._made_of or abs(dx) >= canvas_wh[0] or abs(dy) >= canvas_wh[1]:
            if (self._pixels.width(), self._pixels.height()) != canvas_wh:
                self._pixels = QPixmap(*canvas_wh)
            self._paint(QRect(0, 0, *canvas_wh), view, paint)
        elif (dx, dy) != (0, 0):
            self._pixels.scroll(dx, dy, self._pixels.rect())
            for strip in _strips(dx, dy, *canvas_wh):
                self._paint(strip, view, paint)
        self._made_of, self._origin = made_of, view.origin
        painter.drawPixmap(0, 0, self._pixels)

    def _paint(self, part: QRect, view: ViewTransform, paint: Paint) -> None:
        left, top, (x, y) = part.left(), part.top(), view.origin
        painter = QPainter(self._pixels)
        painter.setClipRect(part)
        painter.translate(left, top)
        paint(painter, replace(view, x=float(x - left), y=float(y - top)), (part.width(), part.height()))
        painter.end()


def _strips(dx: int, dy: int, width: int, height: int) -> list[QRect]:
    """What comes into sight of a picture that was moved."""
    strips = []
    if dx:
        strips.append(QRect(0 if dx > 0 else width + dx, 0, abs(dx), height))
    if dy:
        strips.append(QRect(0, 0 if dy > 0 else height + dy, width, abs(dy)))
    return strips
