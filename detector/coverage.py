"""Which boxes of the first stage cover an object: computed once an object, however often thresholds move.

Of all settings that can be moved without the network only `matching.iou` changes any of it. So a Judgement holds on to
what it looked up and the next one takes it over: a slider computes nothing again, and an object that is dragged one
column. Kept are the few rows that reach the threshold: a table of 217,413 anchors x 500 objects would take 435 MB.

Shapes: A anchors; G objects; n rows that cover one of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from detector.boxes import Columns, Floats, Ints, frozen
from detector.evidence import FirstStage


class Covering(NamedTuple):
    """The decoded boxes that cover one object.

    Attributes:
        rows: (n,) int64 anchor rows whose decoded box has an IoU with it that reaches the threshold, ascending.
        overlap: (n,) float32 that IoU.
        best_iou: the highest IoU of any decoded box, 0 where there is none.
    """

    rows: Ints
    overlap: Floats
    best_iou: float


class Coverage:
    """Looks the boxes of the first stage up, object by object, and remembers what it found.

    Args:
        gt_boxes: (G, 4) objects in network pixels, clipped.
        threshold: what covers an object, `matching.iou`.
        before: one made for the same image under other settings or for other objects; what still holds is taken over.
    """

    __slots__ = ("_anchors", "_best_anchors", "_boxes", "_covering", "_first", "_gt_boxes", "_keys", "_threshold")

    def __init__(self, first: FirstStage, gt_boxes: Floats, threshold: float, before: Coverage | None = None) -> None:
        self._first, self._gt_boxes, self._threshold = first, gt_boxes, np.float32(threshold)
        self._keys = [box.tobytes() for box in gt_boxes]
        self._boxes: Columns | None = None
        self._anchors: Columns | None = None
        self._covering: dict[bytes, Covering] = {}
        self._best_anchors: dict[bytes, tuple[int, float]] = {}
        if before is not None and before._first is first:
            there = set(self._keys)
            self._best_anchors = {key: best for key, best in before._best_anchors.items() if key in there}
            if before._threshold == self._threshold:
                self._covering = {key: found for key, found in before._covering.items() if key in there}

    def decoded(self, number: int) -> Covering:
        """The decoded boxes that cover an object."""
        key = self._keys[number]
        if key not in self._covering:
            if self._boxes is None:
                self._boxes = Columns(self._first.boxes)
            overlap = self._overlap(number, self._boxes)
            rows = np.flatnonzero(overlap >= self._threshold)
            found = Covering(frozen(rows), frozen(overlap[rows]), float(overlap.max(initial=0)))
            self._covering[key] = found
        return self._covering[key]

    def best_anchor(self, number: int) -> tuple[int, float]:
        """The anchor that overlaps an object most (of equal ones the lowest row) and its IoU; -1 and 0 for none."""
        key = self._keys[number]
        if key not in self._best_anchors:
            if self._anchors is None:
                self._anchors = Columns(self._first.grid.boxes)
            overlap = self._overlap(number, self._anchors)
            best = float(overlap.max(initial=0))
            self._best_anchors[key] = (int(overlap.argmax()) if best > 0 else -1, best)
        return self._best_anchors[key]

    def settled(self) -> Coverage:
        """The same, for a record to hold: without the columns of all boxes, which are quickly made again."""
        self._boxes = self._anchors = None
        return self

    def _overlap(self, number: int, boxes: Columns) -> Floats:
        """IoU of every box with an object, (A,)."""
        overlap: Floats = boxes.iou(Columns(self._gt_boxes[number : number + 1]))[:, 0]
        return overlap
