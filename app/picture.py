"""A Scene as a picture, drawn with Pillow: what `inspect` writes. No Qt; the same roles and line styles as the canvas.

A small image is enlarged, so that lines and labels stay legible, and a huge one is made smaller; boxes go with it.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from app.legend import GROUND, INK, legend_of
from app.roles import CASING, RoleStyle, layer_style, role_style, text_on
from app.scene import Arrow, BoxLayer, Mark, Scene
from app.wording import text

LEGIBLE = 1000
"""Images whose longer side is under this many pixels are enlarged by a whole factor."""

LARGEST = 4000
"""Images whose longer side has more pixels are made so large: no picture of 108 megapixels for each stage."""

_FONT_SIZE = 14
_PAD = 3

_XY = tuple[float, float]


def draw_scene(scene: Scene, image: NDArray[np.uint8]) -> Image.Image:
    """The image with the scene's boxes on it and a legend below.

    An image with a longer side over LARGEST is drawn smaller, with that side; one under LEGIBLE enlarged by a whole
    factor.

    Args:
        image: (H, W, 3) uint8 RGB, the one the scene belongs to.
    """
    longer = max(image.shape[0], image.shape[1])
    factor = LARGEST / longer if longer > LARGEST else max(1, math.ceil(LEGIBLE / longer))
    size = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
    picture = Image.fromarray(image).resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)
    _Painter(picture, factor).paint(scene)
    return _with_legend(picture, scene)


class _Painter:
    """Draws on one picture."""

    def __init__(self, picture: Image.Image, factor: float) -> None:
        self._draw = ImageDraw.Draw(picture)
        self._factor = factor
        self._size = picture.size
        self._font = ImageFont.load_default(_FONT_SIZE)

    def paint(self, scene: Scene) -> None:
        """Mass layers, crisp layers, labels, then the selection on top."""
        for layer in scene.layers:
            self._layer(layer)
        self._centres(scene)
        for layer in scene.layers:
            for box, label in zip(layer.boxes.tolist(), layer.labels, strict=False):
                self._label((box[0] * self._factor, box[1] * self._factor), label, layer_style(layer).on_dark)
        for mark in scene.marks:
            self._mark(mark)
        for arrow in scene.arrows:
            self._arrow(arrow)

    def _layer(self, layer: BoxLayer) -> None:
        style = layer_style(layer)
        for box in layer.boxes.tolist():
            self._box(box, style if layer.crisp else RoleStyle(style.on_dark, style.on_light))

    def _centres(self, scene: Scene) -> None:
        for x, y in scene.centres.tolist():
            x, y = x * self._factor, y * self._factor
            self._draw.rectangle((x - 1, y - 1, x + 1, y + 1), fill="#F0E442", outline=None)

    def _mark(self, mark: Mark) -> None:
        style = role_style(mark.role)
        self._box(mark.box, style._replace(width=max(style.width, 3.0 if mark.selected else 2.0), casing=True))
        if mark.label is not None:
            x, y = mark.box[0] * self._factor, mark.box[1] * self._factor
            self._label((x, y), text(mark.label), style.on_dark)

    def _arrow(self, arrow: Arrow) -> None:
        color = role_style(arrow.role).on_dark
        start = (arrow.start[0] * self._factor, arrow.start[1] * self._factor)
        end = (arrow.end[0] * self._factor, arrow.end[1] * self._factor)
        lift = 40.0
        bend = ((start[0] + end[0]) / 2, min(start[1], end[1]) - lift)
        points = [_bezier(start, bend, end, step / 16) for step in range(17)]
        self._draw.line(points, fill=CASING, width=4)
        self._draw.line(points, fill=color, width=2)
        self._draw.ellipse((end[0] - 4, end[1] - 4, end[0] + 4, end[1] + 4), fill=color, outline=CASING)
        self._label(_bezier(start, bend, end, 0.5), text(arrow.label), color)

    def _box(self, box: tuple[float, ...] | list[float], style: RoleStyle) -> None:
        x1, y1, x2, y2 = (value * self._factor for value in box)
        corners = [(x1, y1), (x2, y1), (x2, y2), (x1, y2), (x1, y1)]
        width = round(style.width)
        if style.casing:
            self._draw.line(corners, fill=CASING, width=width + 2)
        if style.dash is None:
            self._draw.line(corners, fill=style.on_dark, width=width)
            return
        pattern = [length * max(width, 2) for length in style.dash]
        for start, end in itertools.pairwise(corners):
            for piece in _dashes(start, end, pattern):
                self._draw.line(piece, fill=style.on_dark, width=width)

    def _label(self, corner: _XY, label: str, color: str) -> None:
        left, top, right, bottom = self._draw.textbbox((0, 0), label, font=self._font)
        width, height = right - left + 2 * _PAD, bottom - top + 2 * _PAD
        x = min(max(corner[0], 0), max(self._size[0] - width, 0))
        y = corner[1] - height
        y = y if y >= 0 else corner[1] + 1
        self._draw.rectangle((x, y, x + width, y + height), fill=color)
        self._draw.text((x + _PAD - left, y + _PAD - top), label, fill=text_on(color), font=self._font)


def _dashes(start: _XY, end: _XY, pattern: list[float]) -> list[list[_XY]]:
    """The drawn pieces of a dashed line."""
    length = math.dist(start, end)
    if length == 0:
        return []
    ux, uy = (end[0] - start[0]) / length, (end[1] - start[1]) / length
    pieces, at, drawn = [], 0.0, True
    turn = 0
    while at < length:
        stop = min(at + pattern[turn % len(pattern)], length)
        if drawn:
            pieces.append([(start[0] + ux * at, start[1] + uy * at), (start[0] + ux * stop, start[1] + uy * stop)])
        at, drawn, turn = stop, not drawn, turn + 1
    return pieces


def _bezier(start: _XY, bend: _XY, end: _XY, t: float) -> _XY:
    a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
    return a * start[0] + b * bend[0] + c * end[0], a * start[1] + b * bend[1] + c * end[1]


def _with_legend(picture: Image.Image, scene: Scene) -> Image.Image:
    """The picture with one entry a visible layer below it: its line, its name, how many."""
    font = ImageFont.load_default(_FONT_SIZE)
    legend = legend_of(scene, picture.width, font.getlength)
    if not legend.entries:
        return picture
    whole = Image.new("RGB", (picture.width, picture.height + legend.height), GROUND)
    whole.paste(picture, (0, 0))
    draw = ImageDraw.Draw(whole)
    for entry in legend.entries:
        y = picture.height + entry.y
        _legend_line(draw, (entry.x, y), (entry.x + entry.sample, y), entry.style)
        draw.text((entry.text_x, y), entry.text, fill=INK, font=font, anchor="lm")
    return whole


def _legend_line(draw: ImageDraw.ImageDraw, start: _XY, end: _XY, style: RoleStyle) -> None:
    width = max(round(style.width), 2)
    pieces = [[start, end]] if style.dash is None else _dashes(start, end, [length * 2 for length in style.dash])
    for piece in pieces:
        draw.line(piece, fill=style.on_dark, width=width)
