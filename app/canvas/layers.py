"""Boxes as columns: what the raster and the hit test work on. No Qt.

A `BoxStore` is built once for the arrays of a layer and found again as long as the layer keeps those arrays, so that
moving one slider does not rebuild the layers that it leaves alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from app.scene import BoxLayer, Floats, Ints, Ref


class BoxStore:
    """The boxes of one layer.

    Attributes:
        layer: where they come from.
        x0, y0, x1, y1: (n,) contiguous columns, image pixels; boxes with a coordinate that is no number are left out.
        rows: (n,) the row that each box stands for.
        token: the same object for the same boxes and rows, another one for others.
        source: (n,) the place of each box in the layer, for its label.
    """

    def __init__(self, layer: BoxLayer) -> None:
        self.layer = layer
        self.token = object()
        boxes = np.asarray(layer.boxes, np.float32).reshape(-1, 4)
        finite = np.isfinite(boxes).all(axis=1)
        self.source: Ints = np.flatnonzero(finite).astype(np.int64)
        if self.source.size < len(boxes):
            boxes = boxes[finite]
        columns = np.ascontiguousarray(boxes.T)
        self.x0: Floats = columns[0]
        self.y0: Floats = columns[1]
        self.x1: Floats = columns[2]
        self.y1: Floats = columns[3]
        self.rows: Ints = np.asarray(layer.rows, np.int64)[self.source]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def columns(self) -> tuple[Floats, Floats, Floats, Floats]:
        """x0, y0, x1, y1."""
        return self.x0, self.y0, self.x1, self.y1

    @cached_property
    def area(self) -> Floats:
        """The area of each box."""
        area: Floats = (self.x1 - self.x0) * (self.y1 - self.y0)
        return area

    @cached_property
    def by_area(self) -> NDArray[np.intp]:
        """The index from the smallest box to the largest; made at the first hit test, not while a slider moves."""
        return np.argsort(self.area, kind="stable")

    @cached_property
    def sorted_columns(self) -> tuple[Floats, Floats, Floats, Floats]:
        """The columns in the order of `by_area`: the first one that contains a point is the smallest."""
        order = self.by_area
        return self.x0[order], self.y0[order], self.x1[order], self.y1[order]

    @cached_property
    def perimeter(self) -> float:
        """The length of all outlines together, image pixels."""
        return 2.0 * float((self.x1 - self.x0).sum(dtype=np.float64) + (self.y1 - self.y0).sum(dtype=np.float64))

    def ref(self, place: int) -> Ref:
        """What the box at a place of the columns stands for, in plain numbers."""
        return Ref(self.layer.kind, int(self.rows[place]))

    def box(self, place: int) -> tuple[float, float, float, float]:
        """One box in plain numbers."""
        return (float(self.x0[place]), float(self.y0[place]), float(self.x1[place]), float(self.y1[place]))

    def label(self, place: int) -> str:
        """The text at a box, "" for none."""
        return self.layer.labels[int(self.source[place])] if self.layer.labels else ""

    def find(self, ref: Ref) -> int | None:
        """The place of a row, None where it is not in this layer."""
        if ref.kind != self.layer.kind:
            return None
        places = np.flatnonzero(self.rows == ref.row)
        return int(places[0]) if places.size else None


class StoreCache:
    """Keeps the stores of the layers on show; only layers that changed are built."""

    def __init__(self) -> None:
        self._stores: dict[str, BoxStore] = {}

    def stores(self, layers: Iterable[BoxLayer]) -> tuple[BoxStore, ...]:
        """One store a layer, in their order; stores of layers that are gone are dropped."""
        stores = tuple(self._store(layer) for layer in layers)
        self._stores = {store.layer.id: store for store in stores}
        return stores

    def _store(self, layer: BoxLayer) -> BoxStore:
        old = self._stores.get(layer.id)
        if old is None:
            return BoxStore(layer)
        if old.layer is layer:
            return old
        if not (_same(old.layer.rows, layer.rows) and _same(old.layer.boxes, layer.boxes)):
            return BoxStore(layer)
        # Another record of the same boxes (other labels, or only made anew): columns and indices are shared.
        store = BoxStore.__new__(BoxStore)
        store.__dict__.update(old.__dict__)
        store.layer = layer
        return store


def _same(one: NDArray[np.generic], other: NDArray[np.generic]) -> bool:
    """Whether two arrays are one or hold the same numbers; comparing costs a tenth of building."""
    return one is other or np.array_equal(one, other)
