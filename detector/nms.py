"""Greedy non-maximum suppression that names the suppressor of every box it drops.

Walk the boxes by score, best first; keep a box unless an already kept one overlaps it by more than the threshold. The
first kept box that does so, by score, is its suppressor.

The walk goes in blocks: the best BLOCK boxes left are settled among themselves, then one IoU table of the survivors
against everything below names the suppressor of each box that falls, and those leave. Kept rows and order are those of
`torchvision.ops.nms`, to the bit: float32 areas and IoU, compared with the threshold in double precision, ties in score
by lower row.

Shapes: N boxes; P kept.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from detector.boxes import Bools, Columns, Floats, Ints, as_boxes

BLOCK = 128


class Suppression(NamedTuple):
    """What NMS decided.

    Attributes:
        kept: (P,) int64 rows, best first.
        suppressed_by: (N,) int64, the row of the kept box that dropped this one; -1 where it was kept.
    """

    kept: Ints
    suppressed_by: Ints


def nms(boxes: ArrayLike, scores: ArrayLike, iou_threshold: float) -> Suppression:
    """Greedy NMS with suppressors.

    Args:
        boxes: (N, 4).
        scores: (N,), higher is better; equal scores go by lower row.
        iou_threshold: a box is dropped where a better one overlaps it by more than this.

    Raises:
        ValueError: where there is not one score a box.
    """
    rows = as_boxes(boxes)
    ranking = np.asarray(scores, dtype=np.float32).reshape(-1)
    if len(ranking) != len(rows):
        raise ValueError(f"{len(rows)} boxes need as many scores, not {len(ranking)}.")
    return nms_sorted(rows, np.argsort(-ranking, kind="stable"), iou_threshold)


def nms_by_class(boxes: Floats, scores: Floats, classes: Ints, iou_threshold: float) -> Suppression:
    """NMS within each class; `kept` is ordered by score over all classes, ties by lower row."""
    suppressed_by = np.full(len(boxes), -1, np.int64)
    order = np.argsort(-scores, kind="stable")
    kept = np.zeros(len(boxes), dtype=bool)
    for each in np.unique(classes):
        of_class = order[classes[order] == each]
        found = nms_sorted(boxes, of_class, iou_threshold)
        kept[found.kept] = True
        suppressed_by[of_class] = found.suppressed_by[of_class]
    return Suppression(order[kept[order]], suppressed_by)


def nms_sorted(boxes: Floats, order: Ints, iou_threshold: float) -> Suppression:
    """NMS over the rows in `order`, best first; rows not in it stay out and have no suppressor."""
    suppressed_by = np.full(len(boxes), -1, np.int64)
    over = _Over(iou_threshold)
    columns = Columns(boxes[order])
    left = np.arange(len(order))  # positions in `order` not yet settled
    kept: list[Ints] = []
    while len(left):
        head = columns.take(slice(BLOCK))
        survives, dropped_by = _settle(over(head.overlap(head)))
        kept.append(order[left[:BLOCK][survives]])
        fallen = np.flatnonzero(~survives)
        suppressed_by[order[left[fallen]]] = order[left[dropped_by[fallen]]]
        left, columns = left[BLOCK:], columns.take(slice(BLOCK, None))
        if len(left):
            hits = over(head.take(survives).overlap(columns))
            falls: Bools = np.asarray(hits.any(axis=0))
            suppressed_by[order[left[falls]]] = kept[-1][hits[:, falls].argmax(axis=0)]
            left, columns = left[~falls], columns.take(~falls)
    return Suppression(np.concatenate(kept) if kept else np.zeros(0, np.int64), suppressed_by)


def _settle(hits: Bools) -> tuple[Bools, Ints]:
    """Greedy NMS on one block, best first: who survives (n,), and who dropped each other one (n,)."""
    count = len(hits)
    survives = np.ones(count, dtype=bool)
    dropped_by = np.full(count, -1, np.int64)
    for row in np.flatnonzero(np.triu(hits, 1).any(axis=1)):
        if survives[row]:
            falls = hits[row] & survives
            falls[: row + 1] = False
            survives[falls] = False
            dropped_by[falls] = row
    return survives, dropped_by


class _Over:
    """Compares float32 IoUs with a double threshold, as torchvision's kernel does, without leaving float32."""

    __slots__ = ("at_least", "threshold")

    def __init__(self, threshold: float) -> None:
        self.threshold = np.float32(threshold)
        # iou > t in double is iou >= t32 in float32 where rounding t to float32 went up
        self.at_least = float(self.threshold) > threshold

    def __call__(self, table: Floats) -> Bools:
        over: Bools = table >= self.threshold if self.at_least else table > self.threshold
        return over
