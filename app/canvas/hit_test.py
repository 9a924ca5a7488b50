"""Which thing is under the cursor. No Qt.

The outline within reach that is nearest, else the smallest box that contains the point; clicking the same place again
goes on to the next. Layers that are drawn one by one are asked before the masses below them, and inside of all outlines
the anchors of the cell under the cursor before other boxes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.canvas.layers import BoxStore
from app.scene import Floats, Ref

CELL_LAYER = "anchors.cell"
"""The anchors of the cell under the cursor: of all mass layers of anchors the only one in which boxes are picked."""

MOST_LISTED = 500

AGAIN_SECONDS = 1.0
AGAIN_POINTS = 4.0
"""A click within both of the one before goes on to the next thing."""


class Hit(NamedTuple):
    """One box under the cursor."""

    ref: Ref
    box: tuple[float, float, float, float]
    store: BoxStore
    place: int


def pickable(store: BoxStore) -> bool:
    """Anchors are picked by their cell: one pixel of the classic grid lies in some 4,000 of them."""
    return store.layer.kind != "anchor" or store.layer.crisp or store.layer.id == CELL_LAYER


def in_front(store: BoxStore) -> bool:
    """Whether a layer is asked before the others."""
    return store.layer.crisp or store.layer.id == CELL_LAYER


def outline_distance(columns: tuple[Floats, ...], x: float, y: float) -> Floats:
    """The distance of a point from each outline."""
    x0, y0, x1, y1 = columns
    px, py = np.float32(x), np.float32(y)
    # Signed distances past each side: both negative inside.
    dx = np.maximum(x0 - px, px - x1)
    dy = np.maximum(y0 - py, py - y1)
    inside = np.maximum(dx, dy)
    distance: Floats = np.where(inside < 0, -inside, np.hypot(np.maximum(dx, 0), np.maximum(dy, 0)))
    return distance


def near_outline(store: BoxStore, x: float, y: float, reach: float) -> tuple[NDArray[np.intp], Floats]:
    """Places of the boxes whose outline lies within reach of a point, and how far."""
    x0, y0, x1, y1 = store.columns
    # Cheap first: few boxes are left for the exact distance.
    near = (x0 <= x + reach) & (x1 >= x - reach) & (y0 <= y + reach) & (y1 >= y - reach)
    near &= ~((x0 < x - reach) & (x1 > x + reach) & (y0 < y - reach) & (y1 > y + reach))
    places = np.flatnonzero(near)
    distance = outline_distance(tuple(column[places] for column in store.columns), x, y)
    close = distance <= reach
    return places[close], distance[close]


def smallest_containing(store: BoxStore, x: float, y: float) -> int | None:
    """The place of the smallest box that contains a point."""
    x0, y0, x1, y1 = store.sorted_columns
    inside = (x0 <= x) & (x1 >= x) & (y0 <= y) & (y1 >= y)
    if not inside.size:
        return None
    first = int(inside.argmax())
    return int(store.by_area[first]) if inside[first] else None


def hit(stores: Sequence[BoxStore], x: float, y: float, reach: float) -> Hit | None:
    """The one thing that a click at a point of the image means; `reach` in image pixels."""
    asked = [store for store in stores if pickable(store) and len(store)]
    for front in (True, False):
        best: tuple[float, BoxStore, int] | None = None
        # From the top down, so that of two at the same distance the one in front wins.
        for store in reversed([store for store in asked if in_front(store) == front]):
            places, distance = near_outline(store, x, y, reach)
            if places.size:
                at = int(distance.argmin())
                if best is None or float(distance[at]) < best[0]:
                    best = (float(distance[at]), store, int(places[at]))
        if best is not None:
            return _hit(best[1], best[2])
    smallest: tuple[tuple[bool, float], BoxStore, int] | None = None
    for store in reversed(asked):
        place = smallest_containing(store, x, y)
        if place is not None and (smallest is None or _rank(store, place) < smallest[0]):
            smallest = (_rank(store, place), store, place)
    return None if smallest is None else _hit(smallest[1], smallest[2])


def _rank(store: BoxStore, place: int) -> tuple[bool, float]:
    """Of boxes that contain a point: where anchors are picked the cell's, then the smallest."""
    return store.layer.id != CELL_LAYER, float(store.area[place])


def all_hits(stores: Sequence[BoxStore], x: float, y: float, reach: float) -> list[Hit]:
    """Everything at a point, in the order in which repeated clicks go through it; each thing once."""
    outlines: list[tuple[bool, float, int, BoxStore, int]] = []
    areas: list[tuple[tuple[bool, float], int, BoxStore, int]] = []
    for order, store in enumerate(reversed([store for store in stores if pickable(store) and len(store)])):
        places, distance = near_outline(store, x, y, reach)
        outlines += [
            (not in_front(store), far, order, store, place)
            for place, far in zip(places.tolist(), distance.tolist(), strict=True)
        ]
        x0, y0, x1, y1 = store.sorted_columns
        inside = np.flatnonzero((x0 <= x) & (x1 >= x) & (y0 <= y) & (y1 >= y))[:MOST_LISTED]
        areas += [(_rank(store, place), order, store, place) for place in store.by_area[inside].tolist()]
    outlines.sort(key=lambda entry: entry[:3])
    areas.sort(key=lambda entry: entry[:2])
    hits: dict[Ref, Hit] = {}
    for store, place in [entry[-2:] for entry in outlines] + [entry[-2:] for entry in areas]:
        found = _hit(store, place)
        hits.setdefault(found.ref, found)
        if len(hits) == MOST_LISTED:
            break
    return list(hits.values())


def _hit(store: BoxStore, place: int) -> Hit:
    return Hit(store.ref(place), store.box(place), store, place)


@dataclass(slots=True)
class Cycle:
    """Repeated clicks at one place.

    Attributes:
        hits: what is there, fixed at the first click.
        index: which of them was picked last.
    """

    hits: list[Hit]
    index: int = 0
    x: float = 0.0
    y: float = 0.0
    seconds: float = float("-inf")

    def continues(self, x: float, y: float, seconds: float) -> bool:
        """Whether a click at a widget point and time belongs to the ones before."""
        near = max(abs(x - self.x), abs(y - self.y)) <= AGAIN_POINTS
        return bool(self.hits) and near and 0.0 <= seconds - self.seconds <= AGAIN_SECONDS

    def step(self, seconds: float) -> Hit:
        """The next thing."""
        self.index = (self.index + 1) % len(self.hits)
        self.seconds = seconds
        return self.hits[self.index]
