"""The cached picture of the mass layers.

Panning moves it. Where a wish can be put to a `RasterThread`, nothing slow is drawn here: what zoom and pan need comes
from there, and until then the picture before is shown where it belongs, scaled. Only new boxes are drawn at once, for
they must agree with the rest of the scene: sharp where that is quick, else in half the resolution.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Protocol

import numpy as np
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QImage, QPainter

from app.canvas.layers import BoxStore
from app.canvas.raster import Dots, Group, Raster, Rasteriser, RasterJob, Window, strength
from app.canvas.transform import ViewTransform
from app.roles import layer_style, rgb

MARGIN = 256
"""Pixels drawn beyond the canvas, for a pan to come."""
ZOOM_BUDGET = 0.004
"""Seconds of CPU for one step of a zoom."""
CONTENT_BUDGET = 0.015
"""Seconds of CPU for a picture of other boxes: with all else that a step of a slider needs it makes 24 ms."""


class Quality(IntEnum):
    """How good the picture is: of another view, of half the resolution, exact, exact with room for a pan."""

    STALE = 0
    COARSE = 1
    SHARP = 2
    WIDE = 3


class RasterThread(Protocol):
    """Draws elsewhere; of several wishes the newest is drawn, and the picture comes back through `Overlay.take`."""

    def put(self, request: RasterJob, number: int) -> None:
        """Wish for a picture."""


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
                a.x0 is b.x0 and layer_style(a.layer) == layer_style(b.layer)
                for a, b in zip(self.stores, other.stores, strict=True)
            )
            and _same_dots(self.dots, other.dots)
            and self.image_area == other.image_area
        )

    def groups(self, scale: float) -> tuple[Group, ...]:
        """The stores by colour; neighbours of one look make one group."""
        runs: list[list[BoxStore]] = []
        for store in self.stores:
            if runs and layer_style(runs[-1][0].layer) == layer_style(store.layer):
                runs[-1].append(store)
            else:
                runs.append([store])
        return tuple(
            Group(
                tuple(store.columns for store in run),
                rgb(layer_style(run[0].layer).on_dark),
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
        thread: where to draw what is not needed at once; None: here.
        seconds: CPU time of the last sharp picture.
    """

    def __init__(self) -> None:
        self.thread: RasterThread | None = None
        self.seconds = 0.0
        self._rasteriser = Rasteriser()
        self._content = Content()
        self._extent: tuple[float, float, float, float] | None = None
        self._raster: Raster | None = None
        self._number = 0
        self._oldest = 0
        self._wish: RasterJob | None = None

    @property
    def picture(self) -> Raster | None:
        """What is shown; another object for another picture."""
        return None if self._extent is None else self._raster

    def show(self, content: Content) -> None:
        """Draw other boxes from now on; pictures that were asked for before are of the old ones."""
        if not content.same_as(self._content):
            self._content = content
            self._extent = content.extent()
            self._oldest = self._number + 1

    def quality(self, view: ViewTransform, canvas_wh: tuple[int, int]) -> Quality:
        """How good the picture is that is there for this view."""
        if self._extent is None:
            return Quality.WIDE
        return Quality.STALE if self._raster is None else self._rate(self._raster.job, view, canvas_wh)

    def prepare(self, view: ViewTransform, canvas_wh: tuple[int, int], *, panning: bool = False) -> Quality:
        """Draw what must be there at once, within the budget; what is not `WIDE` then is left to `improve`."""
        quality = self.quality(view, canvas_wh)
        if quality is Quality.SHARP and panning and self.thread is not None:
            self.improve(view, canvas_wh)  # before the margin is used up
        if quality > Quality.STALE:
            return quality
        raster = self._raster
        if raster is None or raster.job.number < self._oldest:
            self.draw(view, canvas_wh, 1 if self.seconds <= CONTENT_BUDGET else 2)
        elif raster.job.scale == view.scale:
            # Only the place is another one: a pan has used up what was drawn.
            self.improve(view, canvas_wh, raster.job.cell)
        elif self.seconds <= ZOOM_BUDGET:
            self.draw(view, canvas_wh)
        return self.quality(view, canvas_wh)

    def improve(self, view: ViewTransform, canvas_wh: tuple[int, int], cell: int = 1) -> bool:
        """See to a better picture with room for a pan, sharp or of half the resolution (`cell` 2).

        Says whether one is there now. A wish that came to nothing is not made again until something changes.
        """
        wanted = Quality.WIDE if cell == 1 else Quality.COARSE
        if self.quality(view, canvas_wh) >= wanted:
            return False
        if self.thread is None:
            self.draw(view, canvas_wh, cell, MARGIN)
            return True
        if self._wish is None or self._rate(self._wish, view, canvas_wh) < wanted:
            self._wish = self._job(view, canvas_wh, cell, MARGIN)
            self.thread.put(self._wish, self._wish.number)
        return False

    def draw(self, view: ViewTransform, canvas_wh: tuple[int, int], cell: int = 1, margin: int = 0) -> None:
        """Draw the picture for this view here and now."""
        self.take(self._rasteriser.render(self._job(view, canvas_wh, cell, margin)))

    def take(self, raster: Raster) -> bool:
        """Show a picture; not one of other boxes than now, nor one asked before what is on show."""
        if raster.job.number < max(self._oldest, 0 if self._raster is None else self._raster.job.number):
            return False
        if self._wish is not None and self._wish.number <= raster.job.number:
            self._wish = None
        self._raster = raster
        if raster.job.cell == 1:
            self.seconds = raster.seconds
        return True

    def _rate(self, job: RasterJob, view: ViewTransform, canvas_wh: tuple[int, int]) -> Quality:
        """How good the picture of a job is for a view."""
        if job.number < self._oldest or job.scale != view.scale or job.width != _line(view, job.cell):
            return Quality.STALE
        if not _contains(job.window, _cells(self._window(view, canvas_wh, 0), job.cell)):
            return Quality.STALE
        if job.cell > 1:
            return Quality.COARSE
        return Quality.WIDE if _contains(job.window, self._window(view, canvas_wh, MARGIN // 2)) else Quality.SHARP

    def _job(self, view: ViewTransform, canvas_wh: tuple[int, int], cell: int, margin: int) -> RasterJob:
        self._number += 1
        window = _cells(self._window(view, canvas_wh, margin), cell)
        window = window._replace(width=max(window.width, 1), height=max(window.height, 1))
        dots = self._content.dots
        if dots is not None and cell > 1:
            dots = replace(dots, size=max(1, dots.size // cell))
        groups = self._content.groups(view.scale)
        return RasterJob(groups, view.scale, window, cell, _line(view, cell), dots, self._number)

    def _window(self, view: ViewTransform, canvas_wh: tuple[int, int], margin: int) -> Window:
        """The part of the grid in sight, less what no box reaches; without width or height where none is in sight."""
        assert self._extent is not None
        x, y = view.origin
        x0, y0, x1, y1 = (min(max(value * view.scale, -1e8), 1e8) for value in self._extent)
        left = max(-x - margin, math.floor(x0) - 4)
        top = max(-y - margin, math.floor(y0) - 4)
        right = min(canvas_wh[0] - x + margin, math.ceil(x1) + 4)
        bottom = min(canvas_wh[1] - y + margin, math.ceil(y1) + 4)
        return Window(left, top, max(right - left, 0), max(bottom - top, 0))

    def blit(self, painter: QPainter, view: ViewTransform) -> None:
        """Draw what there is, where it belongs."""
        raster = self.picture
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
        cell, window, scale = raster.job.cell, raster.job.window, raster.job.scale
        if scale == view.scale:
            left, top = x + window.left * cell, y + window.top * cell
            if cell == 1:
                painter.drawImage(left, top, image)
            else:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
                painter.drawImage(QRect(left, top, width * cell, height * cell), image)
            return
        # Of another scale: as it was, scaled.
        step = cell * view.scale / scale
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        painter.drawImage(QRectF(x + window.left * step, y + window.top * step, width * step, height * step), image)


def _line(view: ViewTransform, cell: int) -> int:
    """The width of a line, pixels of the picture."""
    return max(1, round(view.ratio) // cell)


def _cells(window: Window, cell: int) -> Window:
    """The pixels of a coarser picture that cover a window."""
    if cell == 1:
        return window
    left, top = window.left // cell, window.top // cell
    right, bottom = -(-(window.left + window.width) // cell), -(-(window.top + window.height) // cell)
    return Window(left, top, right - left, bottom - top)


def _contains(outer: Window, inner: Window) -> bool:
    return 0 in (inner.width, inner.height) or (
        outer.left <= inner.left
        and outer.top <= inner.top
        and outer.left + outer.width >= inner.left + inner.width
        and outer.top + outer.height >= inner.top + inner.height
    )


def _same_dots(one: Dots | None, other: Dots | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.points is other.points and one.size == other.size
