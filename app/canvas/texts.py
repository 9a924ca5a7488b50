"""The texts at boxes and arrows: which there are, and where they go. They keep their places while nothing changes."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QFont

from app.canvas.arrows import bend_of, covered_by
from app.canvas.box_changes import Box
from app.canvas.layers import BoxStore
from app.canvas.objects import Objects
from app.canvas.placement import Place, outline_of, place_all
from app.canvas.plain import columns_of, device_rects
from app.canvas.tags import Tag, Tags, letter_pixels
from app.canvas.transform import ViewTransform
from app.roles import layer_style
from app.scene import Mark, Ref, Role, Scene
from app.wording import text

MOST_TAGS = 300
SMALLEST_TAGGED = 10
"""Widget points: smaller boxes have no text, until one zooms in."""

MOST_KEPT_FREE = 20
"""Chosen boxes whose lines no text of another box crosses."""

AROUND_CHOSEN = 5.0
"""Widget points between a chosen box and its text, so that handles stay free."""


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """Texts with their places, for one view."""

    view: ViewTransform
    canvas_wh: tuple[int, int]
    tags: list[tuple[Tag, Place]]


class Texts:
    """The texts of a scene."""

    def __init__(self) -> None:
        self._scene: Scene | None = None
        self._stores: tuple[BoxStore, ...] = ()
        self._marks: tuple[Mark, ...] = ()
        self._objects: Objects | None = None
        self._tags: Tags | None = None
        self._layout: _Layout | None = None
        self._made_of: tuple[object, ...] = ()
        self._badge: list[tuple[Tag, Place]] = []
        self._badge_made_of: tuple[object, ...] = ()

    def forget(self) -> None:
        """No scene any more."""
        self._scene, self._objects, self._layout, self._made_of = None, None, None, ()
        self._stores, self._marks = (), ()

    def show(
        self, scene: Scene, stores: tuple[BoxStore, ...], marks: tuple[Mark, ...], objects: Objects | None
    ) -> None:
        """Those of another scene; they keep their places where they are the same."""
        self._scene, self._stores, self._marks, self._objects = scene, stores, marks, objects
        made_of = self._what_tells(scene)
        if made_of != self._made_of:
            self._layout, self._made_of = None, made_of

    def on_screen(self, font: QFont, ratio: float) -> Tags:
        """What measures and draws them on a screen of this scale, in the size that texts have now."""
        tags = self._tags
        if tags is None or (tags.ratio, tags.pixels, tags.font) != (ratio, letter_pixels(ratio), font):
            tags = self._tags = Tags(font, ratio)
            self._layout, self._badge_made_of = None, ()
        return tags

    def place(
        self, view: ViewTransform, canvas_wh: tuple[int, int], *, moving: bool = False
    ) -> list[tuple[Tag, Place]]:
        """The texts of this view; while it is moved they move along, and are placed anew at rest."""
        tags, old = self._tags, self._layout
        if tags is None:
            return []
        if old is not None and old.canvas_wh == canvas_wh and old.view.scale == view.scale:
            dx, dy = view.origin[0] - old.view.origin[0], view.origin[1] - old.view.origin[1]
            if (dx, dy) == (0, 0):
                return old.tags
            if moving:
                return [
                    (tag, Place(place.left + dx, place.top + dy, place.right + dx, place.bottom + dy))
                    for tag, place in old.tags
                ]
        wanted = self.wanted(view, canvas_wh)
        places = place_all([tags.wanted(tag) for tag in wanted], canvas_wh, self._kept_free(view, canvas_wh))
        placed = [(tag, place) for tag, place in zip(wanted, places, strict=True) if place is not None]
        # The least important first: what is drawn later lies on top.
        self._layout = _Layout(view, canvas_wh, placed[::-1])
        return self._layout.tags

    def badge(self, view: ViewTransform, canvas_wh: tuple[int, int]) -> list[tuple[Tag, Place]]:
        """The badge at the object selected last. It changes while boxes are dragged, and moves no other text."""
        tags, objects, selected = self._tags, self._objects, None if self._scene is None else self._scene.selected
        if tags is None or objects is None or selected is None or not objects.editing.badge:
            return []
        if selected.kind != "object" or selected.row not in objects.chosen:
            return []
        box, badge = objects.box(selected.row), objects.editing.badge
        made_of = self._layout, view, canvas_wh, box, badge
        if made_of != self._badge_made_of:
            self._badge_made_of, self._badge = made_of, self._place_badge(tags, badge, box, selected, view, canvas_wh)
        return self._badge

    def _place_badge(
        self, tags: Tags, badge: str, box: Box, selected: Ref, view: ViewTransform, canvas_wh: tuple[int, int]
    ) -> list[tuple[Tag, Place]]:
        gap, taken = round(AROUND_CHOSEN * view.ratio), () if self._layout is None else self._layout.tags
        wanted = [
            Tag(badge, rect, Role.SELECTED, loud=True, ref=selected, gap=gap)
            for rect in device_rects(columns_of([box]), view, canvas_wh)[0]
        ]
        reach = max((tags.width(tag.text, True) for tag in wanted), default=0)
        near = [Place(*tag.rect).grown(reach) for tag in wanted]
        blocked = [place for _, place in taken if any(place.meets(each) for each in near)]
        places = place_all([tags.wanted(tag) for tag in wanted], canvas_wh, blocked)
        return [(tag, place) for tag, place in zip(wanted, places, strict=True) if place is not None]

    def _kept_free(self, view: ViewTransform, canvas_wh: tuple[int, int]) -> list[Place]:
        """What the selection's lines and arrows cover, so that they strike no text through."""
        arrows = () if self._scene is None else self._scene.arrows
        found = [place for arrow in arrows for place in covered_by(arrow, view)]
        boxes = [mark.box for mark in self._marks]
        if self._objects is not None:
            boxes += self._objects.boxes(self._objects.chosen[:MOST_KEPT_FREE]).values()
        for box in boxes:
            for rect in device_rects(columns_of([box]), view, canvas_wh)[0]:
                found += outline_of(rect, max(1, round(view.ratio)))
        return found

    def wanted(self, view: ViewTransform, canvas_wh: tuple[int, int]) -> list[Tag]:
        """All texts, the most important first: the selected box, its story, then the layers from the top down."""
        scene, objects = self._scene, self._objects
        if scene is None:
            return []
        found: list[Tag] = []
        if not scene.show_labels:
            return found
        if objects is not None and scene.selected is not None:
            found += self._tags_of_chosen(objects, scene.selected, view, canvas_wh)
        for mark in reversed(self._marks):
            if mark.label is not None:
                for rect in device_rects(columns_of([mark.box]), view, canvas_wh)[0]:
                    found.append(Tag(text(mark.label), rect, mark.role, loud=True))
        found += [Tag(text(arrow.label), bend_of(arrow, view), arrow.role, loud=True) for arrow in scene.arrows]
        told = {mark.ref for mark in self._marks} | {tag.ref for tag in found if tag.ref is not None}
        for store in reversed(self._stores):
            if store.layer.labels:
                found += self._layer_tags(store, told, view, canvas_wh)
        return found[:MOST_TAGS]

    def _tags_of_chosen(
        self, objects: Objects, selected: Ref, view: ViewTransform, canvas_wh: tuple[int, int]
    ) -> list[Tag]:
        """The text of the object selected last, which its badge stands beside."""
        row = selected.row
        if selected.kind != "object" or row not in objects.chosen:
            return []
        label = objects.label(selected, self._stores)
        color, gap = objects.color(row), round(AROUND_CHOSEN * view.ratio)
        found = []
        for rect in device_rects(columns_of([objects.box(row)]), view, canvas_wh)[0]:
            if label:
                found.append(
                    Tag(label, rect, Role.GROUND_TRUTH, loud=True, below=True, color=color, ref=selected, gap=gap)
                )
        return found

    def _what_tells(self, scene: Scene) -> tuple[object, ...]:
        """All that texts and their places are made of, beside the view."""
        layers = tuple(
            (store.token, store.layer.id, store.layer.labels, layer_style(store.layer))
            for store in self._stores
            if store.layer.labels
        )
        chosen = None if self._objects is None else (scene.selected, self._objects.chosen)
        return scene.show_labels, layers, self._marks, scene.arrows, chosen

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
                below, ref = store.layer.kind == "object", store.ref(place)
                found.append(Tag(label, rect, store.layer.role, below=below, color=store.layer.color, ref=ref))
            if len(found) == MOST_TAGS:
                break
        return found
