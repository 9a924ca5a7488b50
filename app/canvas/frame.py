"""One frame of the canvas: everything that is painted, in its order, in device pixels."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QPainter

from app.canvas.adjustments import AdjustedPyramid, Adjustments
from app.canvas.arrows import draw_arrow
from app.canvas.backdrop import Backdrop
from app.canvas.box_changes import Grip, Point
from app.canvas.editing_painting import (
    draw_chosen,
    draw_cross,
    draw_drag,
    draw_drag_tags,
    draw_fill,
    draw_handles,
    draw_unnamed,
    draw_unnamed_tags,
    hidden_rows,
    tagged_rows,
)
from app.canvas.hit_test import CELL_LAYER, Hit
from app.canvas.layers import BoxStore, StoreCache
from app.canvas.objects import Objects, style_of
from app.canvas.overlay import Content, Overlay, Quality, RasterThread
from app.canvas.painting import draw_outlines
from app.canvas.placement import Place
from app.canvas.plain import columns_of, device_rects, fill_rects, outline_rects
from app.canvas.pyramid import SMOOTH_BELOW, ImagePyramid
from app.canvas.raster import Dots, Raster
from app.canvas.tags import Tag, Tags
from app.canvas.texts import Texts
from app.canvas.tools import Drag
from app.canvas.transform import ViewTransform
from app.roles import CANVAS_BACKGROUND, layer_style, rgb, role_style
from app.scene import BoxLayer, Editing, Mark, Ref, Role, Scene, Space

DIMMED = 0.4
"""Opacity of what does not concern the selection, and of an overlay that belongs to another image."""

DOTS_FROM = 8.0
"""Anchor centres are drawn once they are this many widget points apart."""

MOST_CRISP = 3000
"""Boxes of a crisp layer; one with more is drawn with the masses."""


@dataclass(slots=True)
class Live:
    """What belongs to the hand and changes between two scenes.

    Attributes:
        hover: the box under the cursor.
        hover_at: the cursor, widget points.
        counter: "2 of 7" after repeated clicks.
        panning: texts keep their places for the moment.
        drag: what boxes are shown as under the hand, or until the scene has them so.
        settling: what could be edited when such a drag ended; None while nothing is waited for.
        handles: of the chosen box are shown; grip: the one under the cursor.
        cross: the point of the image that the crosshair marks.
    """

    hover: Hit | None = None
    hover_at: QPointF | None = None
    hover_text: str = ""
    counter: str = ""
    counter_at: QPointF = field(default_factory=QPointF)
    panning: bool = False
    drag: Drag | None = None
    settling: Editing | None = None
    handles: bool = False
    grip: Grip | None = None
    cross: Point | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Everything that a frame paints beside what belongs to the hand.

    Attributes:
        mass, crisp, marks: boxes, back to front.
        placed: texts with their places.
    """

    image: ImagePyramid | None
    tags: Tags
    scene: Scene | None = None
    mass: Content = field(default_factory=Content)
    crisp: tuple[BoxStore, ...] = ()
    marks: tuple[Mark, ...] = ()
    placed: list[tuple[Tag, Place]] = field(default_factory=list)
    line_scale: float = 1.0


class Frame:
    """Image and scene as they are painted.

    Attributes:
        image: None while there is none; shown: the same as it is looked at, in other brightness perhaps.
        stores: the layers on show, back to front.
        pickable: the same and the marks on top.
        objects: what can be edited; None where nothing can.
        by_cell: anchors are on show, so that the cell under the cursor matters.
        error: why there is no picture.
        line_scale: times the widths of the crisp lines, so that a room can see them.
    """

    def __init__(self) -> None:
        self.image: ImagePyramid | None = None
        self.shown: ImagePyramid | None = None
        self.objects: Objects | None = None
        self.error = ""
        self.line_scale = 1.0
        self.background = QColor(CANVAS_BACKGROUND)
        self.stores: tuple[BoxStore, ...] = ()
        self.pickable: tuple[BoxStore, ...] = ()
        self.by_cell = False
        self.scene: Scene | None = None
        self._adjustments = Adjustments()
        self._hidden: frozenset[int] = frozenset()
        self._cache = StoreCache()
        self._overlay = Overlay()
        self._backdrop = Backdrop()
        self._mass: tuple[BoxStore, ...] = ()
        self._crisp: tuple[BoxStore, ...] = ()
        self._marks: tuple[Mark, ...] = ()
        self._dots: Dots | None = None
        self._texts = Texts()

    @property
    def space(self) -> Space | None:
        """The pixel spaces of the scene."""
        return None if self.scene is None else self.scene.space

    def show_image(self, image: ImagePyramid | None) -> None:
        """Take another image; no box of the one before is ever drawn on it."""
        self.image = self.shown = image
        self.adjust(self._adjustments)
        self.error = ""
        self.scene, self.objects = None, None
        self._texts.forget()
        self.stores = self.pickable = self._mass = self._crisp = ()
        self._marks = ()
        self.by_cell = False
        self._backdrop.forget()

    def adjust(self, adjustments: Adjustments) -> None:
        """Show the image, and those to come, in other brightness."""
        if self.image is None or adjustments.is_neutral:
            self.shown = self.image
        elif adjustments != self._adjustments or self.shown is self.image:
            self.shown = AdjustedPyramid(self.image, adjustments)
        self._adjustments = adjustments

    def settle(self, view: ViewTransform) -> None:
        """A pan has ended: what it brought into sight may lie a pixel off, and is painted anew.

        So it is where the image's own pixels can be told apart and take no whole number of the screen's.
        """
        if view.scale >= SMOOTH_BELOW and not view.scale.is_integer():
            self._backdrop.forget()

    def show_scene(self, scene: Scene) -> None:
        """Take another scene; what did not change is kept."""
        self.scene = scene
        self.stores = self._cache.stores(scene.layers)
        editing = scene.editing
        self.objects = None if editing is None else Objects(editing, scene.space, self.stores)
        crisp = [store for store in self.stores if _is_crisp(store)]
        self._crisp = tuple(crisp)
        self._mass = tuple(store for store in self.stores if not _is_crisp(store))
        self._marks = scene.marks or self._mark_of(scene.selected)
        self.pickable = (*self.stores, *(store for mark in self._marks for store in _store_of(mark)))
        self._texts.show(scene, self.stores, self._marks, self.objects)
        self.by_cell = scene.stage == "anchors" or any(store.layer.kind == "anchor" for store in self._mass)

    def draw_in(self, thread: RasterThread) -> None:
        """Have the masses drawn there from now on, where they are not needed at once."""
        self._overlay.thread = thread

    def take(self, raster: Raster) -> bool:
        """A picture of the masses is there; whether it is of use."""
        return self._overlay.take(raster)

    def quality(self, view: ViewTransform, canvas_wh: tuple[int, int]) -> Quality:
        """How good the picture of the masses is for this view."""
        self._overlay.show(self._content(view))
        return self._overlay.quality(view, canvas_wh)

    def improve(self, view: ViewTransform, canvas_wh: tuple[int, int], cell: int = 1) -> bool:
        """See to a better picture of the masses for this view: exact, or (`cell` 2) quick; whether it is there."""
        self._overlay.show(self._content(view))
        return self._overlay.improve(view, canvas_wh, cell)

    def sharpen(self, view: ViewTransform, canvas_wh: tuple[int, int]) -> None:
        """Draw the masses exactly, here and now."""
        self._overlay.show(self._content(view))
        if self._overlay.quality(view, canvas_wh) < Quality.SHARP:
            self._overlay.draw(view, canvas_wh)

    def paint(
        self,
        painter: QPainter,
        view: ViewTransform,
        canvas_wh: tuple[int, int],
        live: Live,
        font: QFont,
        *,
        as_it_is: bool = False,
    ) -> Quality:
        """Paint everything; say how good the picture of the masses is.

        Args:
            as_it_is: the image in its own brightness.
        """
        tags = self._texts.on_screen(font, view.ratio)
        if self.image is None or self.error:
            painter.fillRect(0, 0, *canvas_wh, self.background)
            if self.error:
                tags.draw_message(painter, self.error, canvas_wh)
            return Quality.WIDE
        self._overlay.show(self._content(view))
        quality = self._overlay.prepare(view, canvas_wh, panning=live.panning)
        self._hidden = hidden_rows(live.drag)
        if as_it_is and self.shown is not self.image:
            shown, self.shown = self.shown, self.image
            painter.save()
            self._paint_still(painter, view, canvas_wh)
            painter.restore()
            self.shown = shown
        else:
            self._backdrop.draw(painter, view, canvas_wh, self._made_of(), self._paint_still)
        if self.scene is not None:
            self._paint_live(painter, self.scene, tags, view, canvas_wh, live)
        return quality

    def parts(self, view: ViewTransform, canvas_wh: tuple[int, int], font: QFont, *, moving: bool = False) -> Parts:
        """The same taken apart, for a picture in vectors; `moving`: texts keep their places for the moment."""
        tags, scene = self._texts.on_screen(font, view.ratio), self.scene
        if scene is None or self.image is None:
            return Parts(self.image, tags)
        return Parts(
            self.image, tags, scene, self._content(view), self._crisp, self._marks,
            self._texts.place(view, canvas_wh, moving=moving), self.line_scale,
        )  # fmt: skip

    def _made_of(self) -> tuple[object, ...]:
        """All that `_paint_still` paints, beside the view."""
        scene, editing = self.scene, None if self.objects is None else self.objects.editing
        layers = tuple(
            (store.token, store.layer.kind, store.layer.bright, layer_style(store.layer)) for store in self._crisp
        )
        dimmed = scene is not None and (scene.stale, self._dimmed(scene))
        lines = editing and (editing.line_width, editing.fill, self._hidden)
        picture, ground = self._overlay.picture, self.background.rgba()
        return self.shown, picture, ground, self.line_scale, layers, dimmed, lines

    def _paint_still(self, painter: QPainter, view: ViewTransform, canvas_wh: tuple[int, int]) -> None:
        """What only moves along with the image: the image, the masses, the crisp layers."""
        painter.fillRect(0, 0, *canvas_wh, self.background)
        scene = self.scene
        if self.shown is not None:
            self.shown.draw(painter, view, canvas_wh)
        if scene is None:
            return
        dimmed = self._dimmed(scene)
        painter.setOpacity(DIMMED if dimmed else 1.0)
        self._overlay.blit(painter, view)
        for store in self._crisp:
            bright = not scene.stale and store.layer.bright
            painter.setOpacity(DIMMED if dimmed and not bright else 1.0)
            rects, places = outline_rects(store.columns, view, canvas_wh)
            style = style_of(store.layer, scene.editing)
            if scene.editing is not None and store.layer.kind == "object":
                if self._hidden:
                    rects = rects[~np.isin(store.rows[places], list(self._hidden))]
                draw_fill(painter, rects, style.on_dark, scene.editing.fill)
            quiet = style.quieter() if dimmed and not bright else style
            draw_outlines(painter, rects, quiet, view.ratio * self.line_scale, canvas_wh)

    def _dimmed(self, scene: Scene) -> bool:
        """Whether what does not concern the selection steps back."""
        return scene.stale or (scene.editing is None and bool(self._marks))

    def _paint_live(
        self,
        painter: QPainter,
        scene: Scene,
        tags: Tags,
        view: ViewTransform,
        canvas_wh: tuple[int, int],
        live: Live,
    ) -> None:
        """The selection's story, the box under the cursor, and texts."""
        placed = self._texts.place(view, canvas_wh, moving=live.panning)
        hidden = {Ref("object", row) for row in self._hidden}
        for tag, place in placed:
            if not tag.loud and tag.ref not in hidden:
                tags.draw(painter, tag, place, dimmed=self._dimmed(scene))
        painter.setOpacity(DIMMED if scene.stale else 1.0)
        self._paint_story(painter, scene, view, canvas_wh)
        self._paint_hover(painter, view, canvas_wh, live)
        if self.objects is not None:
            self._paint_editing(painter, self.objects, view, canvas_wh, live)
        for tag, place in placed:
            if tag.loud and tag.ref not in hidden:
                tags.draw(painter, tag, place)
        for tag, place in self._texts.badge(view, canvas_wh) if live.drag is None else ():
            tags.draw(painter, tag, place)
        painter.setOpacity(1.0)
        if self.objects is not None:
            self._paint_hand(painter, self.objects, tags, view, canvas_wh, live)
        self._paint_notes(painter, tags, view, canvas_wh, live)

    def _paint_editing(
        self, painter: QPainter, objects: Objects, view: ViewTransform, canvas_wh: tuple[int, int], live: Live
    ) -> None:
        """What is chosen, and the boxes under the hand."""
        pen = view.ratio * self.line_scale
        rows = [row for row in objects.chosen if row not in self._hidden]
        draw_chosen(painter, objects, rows, view, canvas_wh, pen)
        draw_unnamed(painter, objects, view, canvas_wh, pen)
        if live.drag is not None:
            draw_drag(painter, live.drag, objects, view, canvas_wh, pen)
        elif live.handles and objects.handled is not None:
            draw_handles(painter, objects.box(objects.handled), view, live.grip)

    def _paint_hand(
        self,
        painter: QPainter,
        objects: Objects,
        tags: Tags,
        view: ViewTransform,
        canvas_wh: tuple[int, int],
        live: Live,
    ) -> None:
        """The crosshair, and what is written at the boxes under the hand."""
        if live.cross is not None:
            draw_cross(painter, live.cross, view, canvas_wh)
        draw_unnamed_tags(painter, objects, tags, view, canvas_wh)
        if live.drag is not None and live.drag.boxes:
            rows = tagged_rows(live.drag) if self.scene is not None and self.scene.show_labels else ()
            labels = {row: objects.label(Ref("object", row), self.stores) for row in rows}
            draw_drag_tags(painter, live.drag, objects, labels, tags, view, canvas_wh)

    def _paint_story(self, painter: QPainter, scene: Scene, view: ViewTransform, canvas_wh: tuple[int, int]) -> None:
        """The boxes of the selection's story and the arrows between them."""
        for mark in self._marks:
            rects, _ = outline_rects(columns_of([mark.box]), view, canvas_wh)
            style = role_style(mark.role)._replace(casing=True)
            pen = view.ratio * self.line_scale
            draw_outlines(painter, rects, style, pen, canvas_wh, thicker=1 if mark.selected else 0)
        for arrow in scene.arrows:
            draw_arrow(painter, arrow, view)

    def _paint_hover(self, painter: QPainter, view: ViewTransform, canvas_wh: tuple[int, int], live: Live) -> None:
        """The box under the cursor: thicker, and faintly filled."""
        if live.hover is None:
            return
        rects, _ = outline_rects(columns_of([live.hover.box]), view, canvas_wh)
        style = style_of(live.hover.store.layer, None if self.objects is None else self.objects.editing)
        fill = QColor(style.on_dark)
        fill.setAlpha(28)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        fill_rects(painter, rects)
        pen = view.ratio * self.line_scale
        draw_outlines(painter, rects, style._replace(casing=True), pen, canvas_wh, thicker=1)

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
        """The selected box where the scene tells no story of it. Objects that are edited have a look of their own."""
        if self.objects is not None and selected is not None and selected.kind == "object":
            return ()
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
