"""Outlines of very many boxes as a picture, with numpy alone. No Qt: a thread may run it.

The pixel rule. A picture is a window of the grid in which image coordinate x lies at x * scale, and pixel p covers
[p, p + 1). A box [x0, y0, x1, y1] covers the columns floor(x0 * scale) to ceil(x1 * scale) - 1, at least one, and the
rows likewise: at scale 1 the box [10, 20, 30, 40] covers 10..29 x 20..39, and its outline is the outermost of them. The
place of the grid on the screen is a whole number of pixels (`ViewTransform.origin`): a moved picture is the same one.

Two ways, one result: few outline pixels are listed one by one; many are counted by +1 and -1 where edges begin and end,
which costs the same for any length. Each box counts once at each pixel of its outline. Both give the same counts, and
the colour depends on the count alone, so that changing from one way to the other cannot be seen.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.scene import Floats

Indices: TypeAlias = NDArray[np.intp]
Counts: TypeAlias = NDArray[np.signedinteger]
Levels: TypeAlias = NDArray[np.int16]
Pixels: TypeAlias = NDArray[np.uint32]
Columns: TypeAlias = tuple[Floats, Floats, Floats, Floats]
Mode: TypeAlias = Literal["auto", "sparse", "dense"]

_INT16_MAX = 32767
_LEVELS = 1024
"""Counts that are told apart; from there on a pixel does not change."""
_MOST_GROUPS = 32
"""Groups times levels fit into int16."""


class Window(NamedTuple):
    """A part of the grid, in pixels of the picture."""

    left: int
    top: int
    width: int
    height: int


class Edges(NamedTuple):
    """First and last column, first and last row of each box, both included."""

    left: Indices
    top: Indices
    right: Indices
    bottom: Indices


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Boxes of one colour.

    Attributes:
        columns: x0, y0, x1, y1 of one or more layers.
        rgb: their colour.
        strength: opacity of a pixel that one box touches.
    """

    columns: tuple[Columns, ...]
    rgb: tuple[int, int, int]
    strength: float = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Dots:
    """Centres of cells: a square of `size` pixels with a dark border of one."""

    points: Floats
    rgb: tuple[int, int, int]
    size: int = 3


@dataclass(frozen=True, slots=True, eq=False)
class RasterJob:
    """All that a raster needs, unchanging.

    Attributes:
        groups: back to front.
        scale: screen pixels per image pixel.
        window: what to draw, in pixels of the picture.
        cell: screen pixels per pixel of the picture: 2 is the coarse picture while zooming.
        width: of the lines, in pixels of the picture; it grows inward.
        number: higher than that of any job asked before.
    """

    groups: tuple[Group, ...]
    scale: float
    window: Window
    cell: int = 1
    width: int = 1
    dots: Dots | None = None
    number: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """A finished picture.

    Attributes:
        pixels: ARGB32 premultiplied, (h, w).
        seconds: of CPU that it took.
    """

    pixels: Pixels
    job: RasterJob
    seconds: float


def strength(perimeter: float, area: float, scale: float) -> float:
    """Opacity of a single line, lower where many lie over each other, so that the photograph can still be seen.

    It depends on the layer and the scale, never on the window: panning does not change it.
    """
    coverage = perimeter / max(area * scale, 1.0)
    return round(float(np.clip(0.92 - 0.14 * np.log2(1.0 + coverage), 0.22, 0.92)), 2)


def pixel_edges(columns: Columns, scale: float) -> tuple[Floats, Floats, Floats, Floats]:
    """The pixel rule: left, top, right, bottom of each box, both ends included, as whole numbers in float32."""
    factor = np.float32(scale)
    x0, y0, x1, y1 = columns
    left = np.floor(x0 * factor)
    top = np.floor(y0 * factor)
    right = np.maximum(np.ceil(x1 * factor) - np.float32(1), left)
    bottom = np.maximum(np.ceil(y1 * factor) - np.float32(1), top)
    return left, top, right, bottom


def edges_in_sight(
    columns: Columns, scale: float, window: Window
) -> tuple[tuple[Floats, Floats, Floats, Floats], NDArray[np.intp] | None]:
    """Edges relative to the window of the boxes whose outline may lie in it, and their places (None: all of them)."""
    left, top, right, bottom = pixel_edges(columns, scale)
    w, h = window.width, window.height
    left -= np.float32(window.left)
    right -= np.float32(window.left)
    top -= np.float32(window.top)
    bottom -= np.float32(window.top)
    seen = (right >= 0) & (left < w) & (bottom >= 0) & (top < h)
    seen &= (left >= 0) | (right < w) | (top >= 0) | (bottom < h)
    if np.count_nonzero(seen) == seen.size:
        return (left, top, right, bottom), None
    places = np.flatnonzero(seen)
    return (left[places], top[places], right[places], bottom[places]), places


def visible_edges(columns: Columns, scale: float, window: Window) -> Edges:
    """The same as whole numbers, cut two pixels outside of the window, where nothing is drawn."""
    (left, top, right, bottom), _ = edges_in_sight(columns, scale, window)
    w, h = window.width, window.height
    return Edges(
        np.clip(left, -2, w + 1).astype(np.intp),
        np.clip(top, -2, h + 1).astype(np.intp),
        np.clip(right, -2, w + 1).astype(np.intp),
        np.clip(bottom, -2, h + 1).astype(np.intp),
    )


class Rasteriser:
    """Draws jobs, one after the other, and keeps its scratch memory between them; each picture has memory of its own.

    One thread at a time.
    """

    def __init__(self) -> None:
        self._memory: dict[str, NDArray[np.uint8]] = {}

    def render(self, job: RasterJob, mode: Mode = "auto", check: Callable[[], None] | None = None) -> Raster:
        """Draw; `check` is called before each group and may raise, where the picture is not wanted any more."""
        began = time.thread_time()
        _, _, width, height = job.window
        pixels: Pixels = np.empty((height, width), np.uint32)
        levels: Levels = self._array("levels", (height, width), np.int16)
        levels.fill(0)
        scale = job.scale / job.cell
        groups = job.groups[:_MOST_GROUPS]
        for number, group in enumerate(groups):
            if check is not None:
                check()
            edges = [visible_edges(columns, scale, job.window) for columns in group.columns]
            total = sum(part.left.size for part in edges)
            if total:
                parts = [ring for part in edges for ring in _rings(part, job.width)]
                self._draw(levels, parts, total, np.int16(number * _LEVELS), mode)
        tables = [colour_table(group.rgb, group.strength) for group in groups]
        table = np.concatenate(tables) if tables else np.zeros(1, np.uint32)
        np.take(table, levels.view(np.uint16), out=pixels, mode="clip")
        if job.dots is not None:
            _draw_dots(pixels, job.dots, scale, job.window)
        return Raster(pixels, job, time.thread_time() - began)

    def _array(self, name: str, shape: tuple[int, int], kind: type[np.generic]) -> NDArray[Any]:
        """Memory of the last picture, not cleared."""
        size = shape[0] * shape[1] * np.dtype(kind).itemsize
        memory = self._memory.get(name)
        if memory is None or memory.size < size:
            memory = self._memory[name] = np.empty(size, np.uint8)
        return memory[:size].view(kind).reshape(shape)

    def _draw(self, levels: Levels, parts: list[Edges], total: int, base: np.int16, mode: Mode) -> None:
        """Write one group over what is there: its base plus the count, so that the group in front is the larger."""
        height, width = levels.shape
        # A box counts at most once at a pixel, so that a count never exceeds the number of boxes.
        kind = np.int16 if total <= _INT16_MAX else np.int32
        if mode == "auto":
            listed = sum(outline_pixels(part, width, height) for part in parts)
            # Measured: 17 ns a listed pixel; 2.5 ns a pixel of the picture and 40 ns a box for counting.
            mode = "sparse" if 17 * listed < 2.5 * levels.size + 40 * total else "dense"
        if mode == "sparse":
            counts = self._array("upright", (1, levels.size), kind)[0]
            counts.fill(0)
            touched = np.concatenate([_list_outlines(part, width, height) for part in parts])
            np.add.at(counts, touched, kind(1))
            levels.reshape(-1)[touched] = np.minimum(counts[touched], _LEVELS - 1) + base
            return
        picture = self._count_edges(parts, width, height, kind)
        found: Levels = self._array("found", (height, width), np.int16)
        np.minimum(picture, kind(_LEVELS - 1), out=found, casting="same_kind")
        if base:
            drawn = np.not_equal(found, 0, out=self._array("drawn", (height, width), np.bool_))
            np.add(found, np.multiply(drawn, base, out=self._array("base", (height, width), np.int16)), out=found)
        # The larger one lies in front: a maximum is twenty times as fast as copying where something was drawn.
        np.maximum(levels, found, out=levels)

    def _count_edges(
        self, parts: list[Edges], width: int, height: int, kind: type[np.int16] | type[np.int32]
    ) -> Counts:
        """How many outlines touch each pixel.

        One pixel of border on each side takes what lies outside. The horizontal edges are held transposed, so that
        both sums run over whole rows of memory, which is several times faster than along them.
        """
        rows, columns = height + 2, width + 2
        upright: Counts = self._array("upright", (rows, columns), kind)
        lying: Counts = self._array("lying", (columns, rows), kind)
        upright.fill(0)
        lying.fill(0)
        for part in parts:
            _mark_edges(part, upright, lying)
        _accumulate(upright)
        _accumulate(lying)
        counts: Counts = self._array("counts", (height, width), kind)
        np.add(upright[1:-1, 1:-1], lying[1:-1, 1:-1].T, out=counts)
        return counts


def _mark_edges(edges: Edges, upright: Counts, lying: Counts) -> None:
    """Write +1 where an edge begins and -1 behind its end."""
    rows, columns = upright.shape
    # A number of the arrays' own kind: with a plain 1 numpy takes a way that is forty times slower.
    one, flat_up, flat_lying = upright.dtype.type(1), upright.reshape(-1), lying.reshape(-1)
    left, top, right, bottom = edges
    # Places in the bordered picture: 0 is the border on the left or above, columns - 1 and rows - 1 the others.
    begin = np.clip(left + 1, 0, columns - 1) * rows
    end = np.clip(right + 2, 0, columns - 1) * rows
    row = np.clip(top + 1, 0, rows - 1)
    np.add.at(flat_lying, begin + row, one)
    np.subtract.at(flat_lying, end + row, one)
    # A box of one row has one horizontal edge: the second goes into the border.
    row = np.where(bottom > top, np.clip(bottom + 1, 0, rows - 1), 0)
    np.add.at(flat_lying, begin + row, one)
    np.subtract.at(flat_lying, end + row, one)
    # Between the horizontal edges: their own pixels are counted already.
    begin = np.clip(top + 2, 0, rows - 1) * columns
    end = np.clip(np.maximum(bottom + 1, top + 2), 0, rows - 1) * columns
    column = np.clip(left + 1, 0, columns - 1)
    np.add.at(flat_up, begin + column, one)
    np.subtract.at(flat_up, end + column, one)
    column = np.where(right > left, np.clip(right + 1, 0, columns - 1), 0)
    np.add.at(flat_up, begin + column, one)
    np.subtract.at(flat_up, end + column, one)


def outline_pixels(edges: Edges, width: int, height: int) -> int:
    """About how many pixels of outlines lie in a window."""
    across = np.minimum(edges.right, width - 1) - np.maximum(edges.left, 0)
    down = np.minimum(edges.bottom, height - 1) - np.maximum(edges.top, 0)
    return 2 * int(np.maximum(across, 0).sum() + np.maximum(down, 0).sum())


def _rings(edges: Edges, width: int) -> list[Edges]:
    """An outline of several pixels as outlines of one, each inside the one before."""
    rings = [edges]
    for inset in range(1, width):
        left, top = edges.left + inset, edges.top + inset
        right, bottom = edges.right - inset, edges.bottom - inset
        keep = (right >= left) & (bottom >= top)
        rings.append(Edges(left[keep], top[keep], right[keep], bottom[keep]))
    return rings


def _list_outlines(edges: Edges, width: int, height: int) -> Indices:
    """The flat index of every outline pixel in the window, once a box."""
    left, top, right, bottom = edges
    first, last = np.maximum(left, 0), np.minimum(right, width - 1)
    lists = [_runs(top * width + first, last - first + 1, 1, (top >= 0) & (top < height))]
    lower = (bottom >= 0) & (bottom < height) & (bottom > top)
    lists.append(_runs(bottom * width + first, last - first + 1, 1, lower))
    first, last = np.maximum(top + 1, 0), np.minimum(bottom - 1, height - 1)
    lists.append(_runs(first * width + left, last - first + 1, width, (left >= 0) & (left < width)))
    other = (right >= 0) & (right < width) & (right > left)
    lists.append(_runs(first * width + right, last - first + 1, width, other))
    return np.concatenate(lists)


def _runs(start: Indices, length: Indices, step: int, wanted: NDArray[np.bool_]) -> Indices:
    """start, start + step, ... for `length` numbers each, one after the other."""
    wanted = wanted & (length > 0)
    start, length = start[wanted], length[wanted]
    before = np.cumsum(length) - length
    ramp = np.arange(int(length.sum()), dtype=np.intp)
    if step == 1:
        return np.repeat(start - before, length) + ramp
    return np.repeat(start - before * step, length) + ramp * step


def _accumulate(array: Counts) -> None:
    """Running sums down the rows, in place; row by row it is eight times as fast as numpy's accumulate."""
    rows = list(array)
    before = rows[0]
    for row in rows[1:]:
        np.add(row, before, row)
        before = row


@lru_cache(maxsize=256)
def colour_table(rgb: tuple[int, int, int], strength: float) -> Pixels:
    """The pixel for each count: nothing at 0, `strength` at 1, and more with the logarithm of the count."""
    count = np.maximum(np.arange(_LEVELS), 1)
    opacity = np.minimum(strength * (1.0 + 0.3 * np.log2(count)), 1.0)
    opacity[0] = 0.0
    table: Pixels = np.round(opacity * 255).astype(np.uint32) << np.uint32(24)
    for value, shift in zip(rgb, (16, 8, 0), strict=True):
        table |= np.round(opacity * value).astype(np.uint32) << np.uint32(shift)
    return table


def _draw_dots(pixels: Pixels, dots: Dots, scale: float, window: Window) -> None:
    """Small squares around points, on top of all."""
    height, width = pixels.shape
    near = dots.size // 2
    at_x = np.floor(dots.points[:, 0] * np.float32(scale)) - np.float32(window.left)
    at_y = np.floor(dots.points[:, 1] * np.float32(scale)) - np.float32(window.top)
    seen = (at_x > -dots.size) & (at_x < width + dots.size) & (at_y > -dots.size) & (at_y < height + dots.size)
    at_x, at_y = at_x[seen].astype(np.intp), at_y[seen].astype(np.intp)
    red, green, blue = dots.rgb
    for border, value in ((1, 0xB4000000), (0, 0xFF000000 | red << 16 | green << 8 | blue)):
        offsets = range(-near - border, dots.size - near + border)
        for dx in offsets:
            for dy in offsets:
                x, y = at_x + dx, at_y + dy
                inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
                pixels[y[inside], x[inside]] = np.uint32(value)
