"""One frame of the canvas: everything that is painted, in its order, in device pixels."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QFont, QPainter

from app.canvas.arrows import bend_of, draw_arrow, head_of
from app.canvas.hit_test import CELL_LAYER, Hit
from app.canvas.layers import BoxStore, StoreCache
from app.canvas.overlay import Content, Overlay, Quality
from app.canvas.painting import draw_outlines
from app.canvas.placement import Place, place_all
from app.canvas.plain import columns_of, device_rects
from app.canvas.pyramid import ImagePyramid
from app.canvas.raster import Dots
from app.canvas.tags import Tag, Tags
from app.canvas.transform import ViewTransform
from app.roles import CANVAS_BACKGROUND, rgb, role_style
from app.scene import BoxLayer, Mark, Ref, Role, Scene, Space
from app.wording import text

DIMMED = 0.58
"""Opacity of what does not concern the selection, and of an overlay that belongs to another image."""

DOTS_FROM = 8.0
"""Anchor centres are drawn once they are this many widget points apart."""

MOST_CRISP = 3000
"""Boxes of a crisp layer; one with more is drawn with the masses."""

MOST_TAGS = 300
SMALLEST_TAGGED = 10
"""Widget points: smaller boxes have no text, until one zooms in."""


@dataclass(slots=True)
class Live:
    """What belongs to the hand and changes between two scenes.

    Attributes:
        hover: the box under the cursor.
        hover_at: the cursor, widget points.
        counter: "2 of 7" after repeated clicks.
        panning: texts keep their places for the moment.
    """

    hover: Hit | None = None
    hover_at: QPointF | None = None
    hover_text: str = ""
    counter: str = ""
    counter_at: QPointF = field(default_factory=QPointF)
    panning: bool = False


@dataclass(frozen=True, slots=True)
class _Layout:
    """Texts with their places, for one view."""

    view: ViewTransform
    canvas_wh: tuple[int, int]
    tags: list[tuple[Tag, Place]]


class Frame:
    """Image and scene as they are painted.

    Attributes:
        image: None while there is none.
        stores: the layers on show, back to front.
        pickable: the same and the marks on top.
        by_cell: anchors are on show, so that the cell under the cursor matters.
        error: why there is no picture.
    """

    def __init__(self) -> None:
        self.image: ImagePyramid | None = None
        self.error = ""
        self.background = QColor(CANVAS_BACKGROUND)
        self.stores: tuple[BoxStore, ...] = ()
        self.pickable: tuple[BoxStore, ...] = ()
        self.by_cell = False
        self.scene: Scene | None = None
        self._cache = StoreCache()
        self._overlay = Overlay()
        self._mass: tuple[BoxStore, ...] = ()
        self._crisp: tuple[BoxStore, ...] = ()
        self._marks: tuple[Mark, ...] = ()
        self._dots: Dots | None = None
        self._tags: Tags | None = None
        self._layout: _Layout | None = None

    @property
    def space(self) -> Space | None:
        """The pixel spaces of the scene."""
        return None if self.scene is None else self.scene.space

    def show_image(self, image: ImagePyramid | None) -> None:
        """Take another image; no box of the one before is ever drawn on it."""
        self.image = image
        self.error = ""
        self.scene, self._layout = None, None
        self.stores = self.pickable = self._mass = self._crisp = ()
        self._marks = ()
        self.by_cell = False

    def show_scene(self, scene: Scene) -> None:
        """Take another scene; what did not change is kept."""
        self.scene = scene
        self._layout = None
        self.stores = self._cache.stores(scene.layers)
        crisp = [store for store in self.stores if _is_crisp(store)]
        self._crisp = tuple(crisp)
        self._mass = tuple(store for store in self.stores if not _is_crisp(store))
        self._marks = scene.marks or self._mark_of(scene.selected)
        self.pickable = (*self.stores, *(store for mark in self._marks for store in _store_of(mark)))
        self.by_cell = scene.stage == "anchors" or any(store.layer.kind == "anchor" for store in self._mass)

    def sharpen(self, view: ViewTransform, canvas_wh: tuple[int, int], cell: int = 1) -> None:
        """Draw the masses anew for this view: exactly, or (`cell` 2) quickly."""
        self._overlay.show(self._content(view))
        if self._overlay.quality(view, canvas_wh) is not Quality.SHARP:
            self._overlay.improve(view, canvas_wh, cell)

    def paint(
        self, painter: QPainter, view: ViewTransform, canvas_wh: tuple[int, int], live: Live, font: QFont
    ) -> Quality:
        """Paint everything; say how good the picture of the masses is."""
        painter.fillRect(0, 0, *canvas_wh, self.background)
        tags = self._tags_for(font, view.ratio)
        if self.image is None or self.error:
            if self.error:
                tags.draw_message(painter, self.error, canvas_wh)
            return Quality.SHARP
        self.image.draw(painter, view, canvas_wh)
        scene = self.scene
        if scene is None:
            return Quality.SHARP
        self._overlay.show(self._content(view))
        dimmed = scene.stale or bool(self._marks)
        painter.setOpacity(DIMMED if dimmed else 1.0)
        quality = self._overlay.draw(painter, view, canvas_wh)
        for store in self._crisp:
            # the cell under the cursor is what one looks at, whatever is selected
            bright = not scene.stale and store.layer.id == CELL_LAYER
            painter.setOpacity(DIMMED if dimmed and not bright else 1.0)
            rects, _ = device_rects(store.columns, view, canvas_wh)
            draw_outlines(painter, rects, role_style(store.layer.role), view.ratio, canvas_wh)
        layout = self._place_tags(tags, view, canvas_wh, moving=live.panning)
        painter.setOpacity(1.0)
        for tag, place in layout.tags:
            if not tag.loud:
                tags.draw(painter, tag, place, dimmed=dimmed)
        painter.setOpacity(DIMMED if scene.stale else 1.0)
        self._paint_story(painter, scene, view, canvas_wh)
        self._paint_hover(painter, view, canvas_wh, live)
        for tag, place in layout.tags:
            if tag.loud:
                tags.draw(painter, tag, place)
        painter.setOpacity(1.0)
        self._paint_notes(painter, tags, view, canvas_wh, live)
        return quality

    def _paint_story(self, painter: QPainter, scene: Scene, view: ViewTransform, canvas_wh: tuple[int, int]) -> None:
        """The boxes of the selection's story and the arrows between them."""
        for mark in self._marks:
            rects, _ = device_rects(columns_of([mark.box]), view, canvas_wh)
            style = role_style(mark.role)._replace(casing=True)
            draw_outlines(painter, rects, style, view.ratio, canvas_wh, thicker=1 if mark.selected else 0)
        for arrow in scene.arrows:
            draw_arrow(painter, arrow, view)

    def _paint_hover(self, painter: QPainter, view: ViewTransform, canvas_wh: tuple[int, int], live: Live) -> None:
        """The box under the cursor: thicker, and faintly filled."""
        if live.hover is None:
            return
        rects, _ = device_rects(columns_of([live.hover.box]), view, canvas_wh)
        style = role_style(live.hover.store.layer.role)
        for left, top, right, bottom in rects:
            fill = QColor(style.on_dark)
            fill.setAlpha(28)
            painter.fillRect(left, top, right - left + 1, bottom - top + 1, fill)
        draw_outlines(painter, rects, style._replace(casing=True), view.ratio, canvas_wh, thicker=1)

    def _paint_notes(
        self, painter: QPainter, tags: Tags, view: ViewTransform, canvas_wh: tuple[int, int], live: Live
    ) -> None:
        """Counter and tooltip."""
        step = round(12 * view.ratio)
        if live.counter:
            x, y = round(live.counter_at.x() * view.ratio), round(live.counter_at.y() * view.ratio)
            tags.draw_note(painter, live.counter, x + step, y - step - tags.height, canvas_wh)
        if live.hover is not None and live.hover_text and live.hover_at is not None:
            rects, _ = device_rects(columns_of([live.hover.box]), view, canvas_wh)
            cursor = (round(live.hover_at.x() * view.ratio), round(live.hover_at.y() * view.ratio))
            for rect in rects:
                tags.draw_tooltip(painter, live.hover_text, rect, cursor, canvas_wh)

    def _mark_of(self, selected: Ref | None) -> tuple[Mark, ...]:
        """The selected box where the scene tells no story of it."""
        for store in reversed(self.stores):
            place = None if selected is None else store.find(selected)
            if place is not None:
                return (Mark(store.box(place), Role.SELECTED, ref=selected, selected=True),)
        return ()

    def _content(self, view: ViewTransform) -> Content:
        """What the masses are at this scale."""
        image = self.image
        area = 1.0 if image is None else float(image.width * image.height)
        return Content(self._mass, self._dots_for(view), area)

    def _dots_for(self, view: ViewTransform) -> Dots | None:
        scene = self.scene
        if scene is None or len(scene.centres) == 0 or scene.space.scale_xy is None:
            return None
        apart = scene.space.stride / max(scene.space.scale_xy) * view.scale / view.ratio
        if apart < DOTS_FROM:
            return None
        size = max(2, round(2 * view.ratio))
        if self._dots is None or self._dots.points is not scene.centres or self._dots.size != size:
            self._dots = Dots(scene.centres, rgb(role_style(Role.ANCHOR).on_dark), size)
        return self._dots

    def _tags_for(self, font: QFont, ratio: float) -> Tags:
        if self._tags is None or self._tags.ratio != ratio or self._tags.font != font:
            self._tags = Tags(font, ratio)
            self._layout = None
        return self._tags

    def _place_tags(self, tags: Tags, view: ViewTransform, canvas_wh: tuple[int, int], *, moving: bool) -> _Layout:
        """The texts of this view; while it is moved they move along, and are placed anew at rest."""
        old = self._layout
        if old is not None and old.canvas_wh == canvas_wh and old.view.scale == view.scale:
            dx, dy = view.origin[0] - old.view.origin[0], view.origin[1] - old.view.origin[1]
            if (dx, dy) == (0, 0):
                return old
            if moving:
                shifted = [
                    (tag, Place(place.left + dx, place.top + dy, place.right + dx, place.bottom + dy))
                    for tag, place in old.tags
                ]
                return _Layout(view, canvas_wh, shifted)
        wanted = self._wanted_tags(view, canvas_wh)
        heads = [head_of(arrow, view) for arrow in self.scene.arrows] if self.scene is not None else []
        places = place_all([tags.wanted(tag) for tag in wanted], canvas_wh, heads)
        placed = [(tag, place) for tag, place in zip(wanted, places, strict=True) if place is not None]
        # The least important first: what is drawn later lies on top.
        self._layout = _Layout(view, canvas_wh, placed[::-1])
        return self._layout

    def _wanted_tags(self, view: ViewTransform, canvas_wh: tuple[int, int]) -> list[Tag]:
        """All texts, the most important first: the selected box, its story, then the layers from the top down."""
        scene = self.scene
        if scene is None or not scene.show_labels:
            return []
        found: list[Tag] = []
        for mark in reversed(self._marks):
            if mark.label is not None:
                for rect in device_rects(columns_of([mark.box]), view, canvas_wh)[0]:
                    found.append(Tag(text(mark.label), rect, mark.role, loud=True))
        found += [Tag(text(arrow.label), bend_of(arrow, view), arrow.role, loud=True) for arrow in scene.arrows]
        told = {mark.ref for mark in self._marks}
        for store in reversed(self.stores):
            if store.layer.labels:
                found += self._layer_tags(store, told, view, canvas_wh)
        return found[:MOST_TAGS]

    def _layer_tags(
        self, store: BoxStore, told: set[Ref | None], view: ViewTransform, canvas_wh: tuple[int, int]
    ) -> list[Tag]:
        smallest = SMALLEST_TAGGED * view.ratio
        found: list[Tag] = []
        rects, places = device_rects(store.columns, view, canvas_wh)
        for rect, place in zip(rects, places, strict=True):
            large = rect[2] - rect[0] >= smallest and rect[3] - rect[1] >= smallest
            label = store.label(place)
            if large and label and store.ref(place) not in told:
                found.append(Tag(label, rect, store.layer.role, below=store.layer.kind == "object"))
            if len(found) == MOST_TAGS:
                break
        return found


def _is_crisp(store: BoxStore) -> bool:
    return (store.layer.crisp or store.layer.id == CELL_LAYER) and len(store) <= MOST_CRISP


def _store_of(mark: Mark) -> tuple[BoxStore, ...]:
    """A mark as a layer of one box, so that it can be clicked."""
    if mark.ref is None:
        return ()
    layer = BoxLayer(
        "mark", mark.ref.kind, mark.role, np.array([mark.box], np.float32), np.array([mark.ref.row]), crisp=True
    )
    return (BoxStore(layer),)
