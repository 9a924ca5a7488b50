"""The cached picture of the mass layers.

Panning moves it, and it is drawn anew with a margin when that is used up. While zooming, the old one is shown scaled,
then one of half the resolution, and the sharp one as soon as the view rests. What is quick enough is sharp at once.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QImage, QPainter

from app.canvas.layers import BoxStore
from app.canvas.raster import Dots, Group, Raster, Rasteriser, RasterJob, Window, strength
from app.canvas.transform import ViewTransform
from app.roles import rgb, role_style

MARGIN = 256
ZOOM_BUDGET = 0.004
"""Seconds of CPU for one step of a zoom."""
CONTENT_BUDGET = 0.025
"""Seconds of CPU for a picture of other boxes, while a slider moves."""


class Quality(Enum):
    """How good the picture is: of another view, of half the resolution, exact."""

    STALE = 0
    COARSE = 1
    SHARP = 2


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """What there is to draw: mass layers back to front, and dots."""

    stores: tuple[BoxStore, ...] = ()
    dots: Dots | None = None
    image_area: float = 1.0

    def same_as(self, other: Content) -> bool:
        """Whether the picture would be the same."""
        return (
            len(self.stores) == len(other.stores)
            and all(
                a.x0 is b.x0 and a.layer.role == b.layer.role for a, b in zip(self.stores, other.stores, strict=True)
            )
            and _same_dots(self.dots, other.dots)
            and self.image_area == other.image_area
        )

    def groups(self, scale: float) -> tuple[Group, ...]:
        """The stores by colour; neighbours of one role make one group."""
        runs: list[list[BoxStore]] = []
        for store in self.stores:
            if runs and runs[-1][0].layer.role == store.layer.role:
                runs[-1].append(store)
            else:
                runs.append([store])
        return tuple(
            Group(
                tuple(store.columns for store in run),
                rgb(role_style(run[0].layer.role).on_dark),
                strength(sum(store.perimeter for store in run), self.image_area, scale),
            )
            for run in runs
        )

    def extent(self) -> tuple[float, float, float, float] | None:
        """What all boxes and dots together cover, image pixels."""
        boxes = [store for store in self.stores if len(store)]
        low_x = [float(store.x0.min()) for store in boxes]
        low_y = [float(store.y0.min()) for store in boxes]
        high_x = [float(store.x1.max()) for store in boxes]
        high_y = [float(store.y1.max()) for store in boxes]
        if self.dots is not None and len(self.dots.points):
            low, high = self.dots.points.min(axis=0).tolist(), self.dots.points.max(axis=0).tolist()
            low_x.append(low[0])
            low_y.append(low[1])
            high_x.append(high[0])
            high_y.append(high[1])
        return (min(low_x), min(low_y), max(high_x), max(high_y)) if low_x else None


class Overlay:
    """The picture of the mass layers, and when to draw which one.

    Attributes:
        seconds: CPU time of the last sharp picture.
    """

    def __init__(self) -> None:
        self._rasteriser = Rasteriser()
        self._content = Content()
        self._extent: tuple[float, float, float, float] | None = None
        self._raster: Raster | None = None
        self._current = False
        self.seconds = 0.0

    def show(self, content: Content) -> None:
        """Draw other boxes from now on."""
        if not content.same_as(self._content):
            self._content = content
            self._extent = content.extent()
            self._current = False

    def quality(self, view: ViewTransform, canvas_wh: tuple[int, int]) -> Quality:
        """How good the picture is that is there for this view."""
        if self._extent is None:
            return Quality.SHARP
        raster = self._raster
        if not self._current or raster is None or raster.scale != view.scale:
            return Quality.STALE
        if not _contains(raster.window, _cells(self._window(view, canvas_wh, 0), raster.cell)):
            return Quality.STALE
        return Quality.SHARP if raster.cell == 1 else Quality.COARSE

    def draw(self, painter: QPainter, view: ViewTransform, canvas_wh: tuple[int, int]) -> Quality:
        """Draw what there is within the budget; what is not sharp, `improve` should make so soon."""
        if self._extent is None:
            return Quality.SHARP
        raster = self._raster
        if self.quality(view, canvas_wh) is Quality.STALE:
            if raster is None or not self._current:
                self.improve(view, canvas_wh, cell=1 if self.seconds <= CONTENT_BUDGET else 2)
            elif raster.scale == view.scale:
                # Only the place is another one: a pan has used up what was drawn. The next picture gets a margin.
                self.improve(view, canvas_wh, raster.cell, MARGIN)
            elif self.seconds <= ZOOM_BUDGET:
                self.improve(view, canvas_wh)
        self._blit(painter, view)
        return self.quality(view, canvas_wh)

    def improve(self, view: ViewTransform, canvas_wh: tuple[int, int], cell: int = 1, margin: int = 0) -> None:
        """Draw the picture for this view, sharp or of half the resolution (`cell` 2)."""
        window = self._window(view, canvas_wh, margin)
        window = _cells(window, cell)
        line = max(1, round(view.ratio) // cell)
        dots = self._content.dots
        if dots is not None and cell > 1:
            dots = replace(dots, size=max(1, dots.size // cell))
        job = RasterJob(self._content.groups(view.scale), view.scale, window, cell, line, dots)
        begin = time.thread_time()
        self._raster = self._rasteriser.render(job)
        self._current = True
        if cell == 1:
            self.seconds = time.thread_time() - begin

    def _window(self, view: ViewTransform, canvas_wh: tuple[int, int], margin: int) -> Window:
        """The part of the grid in sight, less what no box reaches."""
        assert self._extent is not None
        x, y = view.origin
        x0, y0, x1, y1 = (min(max(value * view.scale, -1e8), 1e8) for value in self._extent)
        left = max(-x - margin, math.floor(x0) - 4)
        top = max(-y - margin, math.floor(y0) - 4)
        right = min(canvas_wh[0] - x + margin, math.ceil(x1) + 4)
        bottom = min(canvas_wh[1] - y + margin, math.ceil(y1) + 4)
        return Window(left, top, max(right - left, 1), max(bottom - top, 1))

    def _blit(self, painter: QPainter, view: ViewTransform) -> None:
        raster = self._raster
        if raster is None:
            return
        height, width = raster.pixels.shape
        image = QImage(
            raster.pixels.reshape(-1).view(np.uint8).data,
            width,
            height,
            width * 4,
            QImage.Format.Format_ARGB32_Premultiplied,
        )
        x, y = view.origin
        cell, window = raster.cell, raster.window
        if raster.scale == view.scale:
            left, top = x + window.left * cell, y + window.top * cell
            if cell == 1:
                painter.drawImage(left, top, image)
            else:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
                painter.drawImage(QRect(left, top, width * cell, height * cell), image)
            return
        # Of another scale: as it was, scaled.
        step = cell * view.scale / raster.scale
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        painter.drawImage(QRectF(x + window.left * step, y + window.top * step, width * step, height * step), image)


def _cells(window: Window, cell: int) -> Window:
    """The pixels of a coarser picture that cover a window."""
    if cell == 1:
        return window
    left, top = window.left // cell, window.top // cell
    right, bottom = -(-(window.left + window.width) // cell), -(-(window.top + window.height) // cell)
    return Window(left, top, right - left, bottom - top)


def _contains(outer: Window, inner: Window) -> bool:
    return (
        outer.left <= inner.left
        and outer.top <= inner.top
        and outer.left + outer.width >= inner.left + inner.width
        and outer.top + outer.height >= inner.top + inner.height
    )


def _same_dots(one: Dots | None, other: Dots | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.points is other.points and one.size == other.size
