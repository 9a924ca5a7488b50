"""The view as SVG: what `Frame.paint` paints, as shapes that can be scaled, edited and searched.

One path a layer, with its dash style and its casing; texts are texts; the photograph is embedded. Lengths are device
pixels, as on the canvas; the file says how large it is in widget points.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import TypeAlias
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QByteArray, QPointF
from PySide6.QtGui import QColor, QImageWriter

from app.canvas.arrows import shape_of
from app.canvas.frame import DIMMED, Parts
from app.canvas.layers import BoxStore
from app.canvas.objects import style_of
from app.canvas.painting import CASING_ALPHA, GAP_ALPHA
from app.canvas.placement import Place
from app.canvas.plain import columns_of
from app.canvas.pyramid import SMOOTH_BELOW, ImagePyramid
from app.canvas.raster import Columns, pixel_edges
from app.canvas.tags import Tag, tag_colours
from app.canvas.transform import ViewTransform
from app.legend import GROUND, INK, Legend, legend_of
from app.roles import CASING, RoleStyle, layer_style, role_style
from app.scene import Arrow, Mark, Role, Scene
from app.wording import layer_label

Array: TypeAlias = NDArray[np.float64]

MOST_PIXELS = 6_000_000
"""Of the photograph, as it is embedded: enough for print, and a file that can still be sent."""

_JPEG_QUALITY = 92

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def svg_of(parts: Parts, view: ViewTransform, canvas_wh: tuple[int, int], background: QColor) -> str:
    """The picture with its legend below."""
    width, height = canvas_wh
    scene = parts.scene
    legend = Legend((), 0) if scene is None else legend_of(scene, width, parts.tags.text_width, view.ratio)
    body = [f'<rect width="{width}" height="{height}" fill="{background.name()}"/>']
    if parts.image is not None:
        body += _photograph(parts.image, view, canvas_wh)
    if scene is not None:
        body += _overlay(parts, scene, view, canvas_wh)
    whole = height + legend.height
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.1" '
            f'width="{width / view.ratio:g}" height="{whole / view.ratio:g}" viewBox="0 0 {width} {whole}">',
            *body,
            *_legend(legend, parts, view, canvas_wh),
            "</svg>",
            "",
        ]
    )


def _overlay(parts: Parts, scene: Scene, view: ViewTransform, canvas_wh: tuple[int, int]) -> Iterator[str]:
    """Masses, crisp layers, texts, the selection's story: in the order in which they are painted."""
    dimmed = scene.stale or bool(parts.marks)
    groups = parts.mass.groups(view.scale)
    for store in parts.mass.stores:
        style = layer_style(store.layer)
        alpha = next(group.strength for group in groups if any(columns[0] is store.x0 for columns in group.columns))
        line = _Line(style.on_dark, max(1, round(view.ratio)), None, alpha)
        path = _snapped_path(store.columns, view, canvas_wh, line.width)
        yield from _group(store, [path], [line], DIMMED if dimmed else 1.0)
    if parts.mass.dots is not None:
        yield from _dots(parts, view, canvas_wh, DIMMED if dimmed else 1.0)
    for store in parts.crisp:
        bright = not scene.stale and store.layer.bright
        style = style_of(store.layer, scene.editing)
        steps_back = dimmed and not bright
        lines = _lines(style.quieter() if steps_back else style, view.ratio * parts.line_scale)
        paths = _paths(store.columns, view, canvas_wh, lines, dashed=style.dash is not None)
        yield from _group(store, paths, lines, DIMMED if steps_back else 1.0)
    for tag, place in parts.placed:
        if not tag.loud:
            yield from _text(tag, place, parts, dimmed)
    yield f'<g id="selection" opacity="{DIMMED if scene.stale else 1.0:g}">'
    for mark in parts.marks:
        yield _mark(mark, parts, view, canvas_wh)
    for arrow in scene.arrows:
        yield _arrow(arrow, view)
    for tag, place in parts.placed:
        if tag.loud:
            yield from _text(tag, place, parts, dimmed)
    yield "</g>"


class _Line:
    """How a path is drawn once: below the casing, above it the line."""

    def __init__(self, colour: str, width: float, dash: tuple[float, ...] | None = None, alpha: float = 1.0) -> None:
        self.width = width
        dashes = "" if dash is None else f' stroke-dasharray="{" ".join(f"{each * width:g}" for each in dash)}"'
        opacity = "" if alpha == 1.0 else f' stroke-opacity="{alpha:.3g}"'
        self.attributes = f'stroke="{colour}" stroke-width="{width:g}"{dashes}{opacity}'


def _lines(style: RoleStyle, pen: float, thicker: int = 0) -> list[_Line]:
    width = max(1.0, (style.width + thicker) * pen)
    line = _Line(style.on_dark, width, style.dash)
    if not style.casing:
        return [line]
    alpha = (CASING_ALPHA if style.dash is None else GAP_ALPHA) / 255
    return [_Line(CASING, width + 2 * max(1.0, pen), None, alpha), line]


def _group(store: BoxStore, paths: list[str], lines: list[_Line], opacity: float) -> Iterator[str]:
    """A layer with its name, as editors of pictures show it."""
    if paths[-1]:
        name = quoteattr(layer_label(store.layer.id, store.layer.name))
        yield f'<g id="{store.layer.id}" aria-label={name} fill="none" opacity="{opacity:g}">'
        yield from (f'<path d="{path}" {line.attributes}/>' for path, line in zip(paths, lines, strict=True))
        yield "</g>"


def _paths(
    columns: Columns, view: ViewTransform, canvas_wh: tuple[int, int], lines: list[_Line], *, dashed: bool
) -> list[str]:
    """A path for each line. Only the coloured one is cut into sides: a casing needs its corners."""
    width = lines[-1].width
    line = _path(columns, view, canvas_wh, width, sides=dashed)
    return [*(_path(columns, view, canvas_wh, width) for _ in lines[:-1]), line]


def _path(columns: Columns, view: ViewTransform, canvas_wh: tuple[int, int], width: float, sides: bool = False) -> str:
    """The boxes that touch the canvas, their lines inside of their edges as on the screen.

    Args:
        sides: four strokes a box, so that each side begins with a dash.
    """
    x, y = view.origin
    x0, y0, x1, y1 = (column.astype(np.float64) * view.scale for column in columns)
    return _strokes((x0 + x, y0 + y, x1 + x, y1 + y), canvas_wh, width, sides)


def _snapped_path(columns: Columns, view: ViewTransform, canvas_wh: tuple[int, int], width: float) -> str:
    """The same by the pixel rule of the screen: thousands of lines between two pixels would be one grey."""
    x, y = view.origin
    left, top, right, bottom = (edge.astype(np.float64) for edge in pixel_edges(columns, view.scale))
    return _strokes((left + x, top + y, right + x + 1, bottom + y + 1), canvas_wh, width, sides=False)


def _strokes(boxes: tuple[Array, Array, Array, Array], canvas_wh: tuple[int, int], width: float, sides: bool) -> str:
    (x0, y0, x1, y1), half = boxes, width / 2
    seen = (x1 >= 0) & (y1 >= 0) & (x0 <= canvas_wh[0]) & (y0 <= canvas_wh[1])
    left, top = x0[seen] + half, y0[seen] + half
    wide, high = np.maximum(x1[seen] - half - left, 0), np.maximum(y1[seen] - half - top, 0)
    rows = zip(*(np.round(each, 1).tolist() for each in (left, top, wide, high)), strict=True)
    if sides:
        return "".join(
            f"M{x:g} {y:g}h{w:g}M{x:g} {y + h:g}h{w:g}M{x:g} {y:g}v{h:g}M{x + w:g} {y:g}v{h:g}" for x, y, w, h in rows
        )
    return "".join(f"M{x:g} {y:g}h{w:g}v{h:g}h-{w:g}z" for x, y, w, h in rows)


def _dots(parts: Parts, view: ViewTransform, canvas_wh: tuple[int, int], opacity: float) -> Iterator[str]:
    """Anchor centres as squares, one path for all."""
    dots = parts.mass.dots
    assert dots is not None
    x, y = view.origin
    places = dots.points.astype(np.float64) * view.scale + (x, y)
    seen = ((places >= 0) & (places <= canvas_wh)).all(axis=1)
    corners = np.round(places[seen] - dots.size / 2, 1).tolist()
    path = "".join(f"M{x:g} {y:g}h{dots.size}v{dots.size}h-{dots.size}z" for x, y in corners)
    colour = role_style(Role.ANCHOR).on_dark
    yield (
        f'<path id="anchors.centres" d="{path}" fill="{colour}" stroke="{CASING}" stroke-opacity="0.6" '
        f'opacity="{opacity:g}"/>'
    )


def _mark(mark: Mark, parts: Parts, view: ViewTransform, canvas_wh: tuple[int, int]) -> str:
    style = role_style(mark.role)._replace(casing=True)
    lines = _lines(style, view.ratio * parts.line_scale, thicker=1 if mark.selected else 0)
    paths = _paths(columns_of([mark.box]), view, canvas_wh, lines, dashed=style.dash is not None)
    if not paths[-1]:
        return ""
    return "".join(f'<path d="{path}" fill="none" {line.attributes}/>' for path, line in zip(paths, lines, strict=True))


def _arrow(arrow: Arrow, view: ViewTransform) -> str:
    shape, colour = shape_of(arrow, view), role_style(arrow.role).on_dark
    curve = f"M{_xy(shape.start)}Q{_xy(shape.control)} {_xy(shape.end)}"
    head = "M" + "L".join(_xy(corner) for corner in shape.head.toList()) + "z"
    pieces = []
    for ink, width in ((CASING, 4.5), (colour, 2.0)):
        stroke = f'stroke="{ink}" stroke-linejoin="round" stroke-linecap="round"'
        pieces.append(f'<path d="{curve}" fill="none" {stroke} stroke-width="{width * view.ratio:g}"/>')
        edge = max(1.0, (width - 1.5) * view.ratio)
        pieces.append(f'<path d="{head}" fill="{colour}" {stroke} stroke-width="{edge:g}"/>')
    return "".join(pieces)


def _xy(point: QPointF) -> str:
    return f"{point.x():.1f} {point.y():.1f}"


def _text(tag: Tag, place: Place, parts: Parts, dimmed: bool) -> Iterator[str]:
    """A tag: its ground, and its letters in the middle of that, squeezed into it by whatever font is there."""
    ground, ink = tag_colours(tag, dimmed)
    left, top, width, height = place.left, place.top, place.right - place.left, place.bottom - place.top
    size = parts.tags.pixels
    yield (
        f'<rect x="{left + 0.5}" y="{top + 0.5}" width="{width - 1}" height="{height - 1}" '
        f'rx="{2.5 * parts.tags.ratio:g}" fill="{ground}" stroke="{CASING}" stroke-opacity="0.6"/>'
    )
    yield _words(tag.text, left + width / 2, top + height / 2 + 0.36 * size, size, ink, parts, bold=tag.loud)


def _words(
    text: str, x: float, y: float, size: float, ink: str, parts: Parts, *, bold: bool, middle: bool = True
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    anchor = ' text-anchor="middle"' if middle else ""
    length = parts.tags.text_width(text, bold)
    families = quoteattr(", ".join([*parts.tags.font.families(), "sans-serif"]))
    return (
        f'<text x="{x:g}" y="{y:.1f}" font-family={families} font-size="{size}"{weight}{anchor} fill="{ink}" '
        f'textLength="{length}" lengthAdjust="spacingAndGlyphs">{escape(_clean(text))}</text>'
    )


def _clean(text: str) -> str:
    """Without the characters that no XML may hold, escaped or not."""
    return _NOT_IN_XML.sub("", text)


def _photograph(image: ImagePyramid, view: ViewTransform, canvas_wh: tuple[int, int]) -> Iterator[str]:
    """What can be seen of the image, in the finest resolution that is not too much."""
    found = [image.part(view, canvas_wh, level) for level in range(len(image.levels))]
    parts = [part for part in found if part is not None]
    if not parts:
        return
    part = next((each for each in parts if each.image.width() * each.image.height() <= MOST_PIXELS), parts[-1])
    # Where the pixels of the image can be told apart they must stay as they are.
    is_exact = view.scale >= SMOOTH_BELOW
    writer_kind, quality = ("png", -1) if is_exact else ("jpeg", _JPEG_QUALITY)
    held = QBuffer()
    held.open(QBuffer.OpenModeFlag.WriteOnly)
    writer = QImageWriter(held, QByteArray(writer_kind.encode()))
    writer.setQuality(quality)
    writer.write(part.image)
    data = base64.b64encode(bytes(held.data().data())).decode("ascii")
    left, top = part.target.x(), part.target.y()
    width, height = part.image.width() * part.step, part.image.height() * part.step
    rendering = ' style="image-rendering:pixelated"' if is_exact else ""
    yield (
        f'<image x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" preserveAspectRatio="none"{rendering} '
        f'xlink:href="data:image/{writer_kind};base64,{data}"/>'
    )


def _legend(legend: Legend, parts: Parts, view: ViewTransform, canvas_wh: tuple[int, int]) -> Iterator[str]:
    if not legend.entries:
        return
    top, size = canvas_wh[1], parts.tags.pixels
    yield f'<g id="legend"><rect y="{top}" width="{canvas_wh[0]}" height="{legend.height}" fill="{GROUND}"/>'
    for entry in legend.entries:
        style, y = entry.style, top + entry.y
        line = _Line(style.on_dark, max(style.width, 2.0) * view.ratio, style.dash)
        yield f'<path d="M{entry.x:g} {y:g}h{entry.sample:g}" {line.attributes}/>'
        yield _words(entry.text, entry.text_x, y + 0.36 * size, size, INK, parts, bold=False, middle=False)
    yield "</g>"
