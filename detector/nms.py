"""Greedy non-maximum suppression that names the suppressor of every box it drops.

Walk the boxes by score, best first; keep a box unless an already kept one overlaps it by more than the threshold. The
first kept box that does so, by score, is its suppressor.

The walk goes in blocks: the best BLOCK boxes left are settled among themselves, then IoU tables of the survivors with
the boxes below name the suppressor of each box that falls, and those leave. Two boxes overlap by at most the smaller
area over the larger. So the boxes below stand in order of area, and a survivor meets only the stretch that can reach
the threshold: at 0.9, where nearly all are kept and would meet all below, that is one in fifteen.

Kept rows and order are those of `torchvision.ops.nms`, to the bit: float32 areas and IoU, compared with the threshold
in double precision, ties in score by lower row.

Shapes: N boxes; P kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from detector.boxes import Bools, Columns, Floats, Ints, as_boxes

BLOCK = 128
"""So many boxes are settled among themselves at a time."""

CHUNK = 16
"""So many survivors of like area share one IoU table with the stretch of boxes below."""

PAIRS = 32768
"""More share one where few boxes are below: a table of fewer pairs than this takes longer to set up than to compute."""

SLACK = 1e-6
"""Computed in float32, an IoU may come out some 1e-7 above the ratio of the areas."""

SMALLEST_RATIO = 1e-90
"""Under that of any two areas above 0 in float32 (1e-45 to 3e38); with 0, infinite areas would give NaN."""


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
    over = _Over(iou_threshold)
    nobody = len(order)
    dropped_by = np.full(nobody, nobody, np.int64)  # positions in `order`, like all that follow: lower is better
    left = np.arange(nobody)
    below: _ByArea | None = None
    while len(left):
        block, left = left[:BLOCK], left[BLOCK:]
        head = Columns(boxes[order[block]])
        survives, by = _settle(over(head.overlap(head)))
        dropped_by[block[~survives]] = block[by[~survives]]
        if len(left):
            below = below or _ByArea(boxes[order])  # what fits into one block needs none
            kept, head = block[survives], head.take(survives)
            below.keep((dropped_by[below.positions] == nobody) & (below.positions > block[-1]))
            for chunk, stretch in below.within_reach(head.area, iou_threshold):
                hits = over(head.take(chunk).overlap(below.columns.take(stretch)))
                falls = np.flatnonzero(hits.any(axis=0))
                fallen, first = below.positions[stretch][falls], kept[chunk[hits[:, falls].argmax(axis=0)]]
                dropped_by[fallen] = np.minimum(dropped_by[fallen], first)
            left = left[dropped_by[left] == nobody]
    dropped = dropped_by < nobody
    suppressed_by = np.full(len(boxes), -1, np.int64)
    suppressed_by[order[dropped]] = order[dropped_by[dropped]]
    return Suppression(order[~dropped], suppressed_by)


def _settle(hits: Bools) -> tuple[Bools, Ints]:
    """Greedy NMS on one block, best first: who survives (n,), and who dropped each other one (n,).

    A box falls where a survivor above hits it. To begin with all survive; each round is right about one box more from
    the top, and mostly about many, until nothing changes.
    """
    hits = np.triu(hits, 1)
    falls: Bools = np.zeros(len(hits), dtype=bool)
    while True:
        survivors = np.flatnonzero(~falls)
        by_survivors = hits[survivors]
        before, falls = falls, np.asarray(by_survivors.any(axis=0))
        if np.array_equal(before, falls):
            return ~falls, survivors[by_survivors.argmax(axis=0)]


class _ByArea:
    """Boxes by area, smallest first: those that can overlap a box by more than a threshold stand side by side."""

    __slots__ = ("columns", "positions")

    def __init__(self, boxes: Floats) -> None:
        columns = Columns(boxes)
        self.positions: Ints = np.argsort(columns.area)
        self.columns = columns.take(self.positions)

    def keep(self, rows: Bools) -> None:
        """Let go of all others."""
        self.positions, self.columns = self.positions[rows], self.columns.take(rows)

    def within_reach(self, areas: Floats, iou_threshold: float) -> Iterator[tuple[Ints, slice]]:
        """For some areas at a time: their rows, in order, and the stretch of boxes that may overlap them enough."""
        least = max(iou_threshold - SLACK, SMALLEST_RATIO)
        by_area = np.argsort(areas)
        size = max(CHUNK, PAIRS // len(self.positions))
        starts = np.arange(0, len(areas), size)
        ends = np.minimum(starts + size, len(areas))
        smallest, largest = (areas[by_area[ranks]].astype(np.float64) for ranks in (starts, ends - 1))
        first = np.searchsorted(self.columns.area, smallest * least)
        last = np.searchsorted(self.columns.area, largest / least, side="right")
        for start, end, low, high in zip(*(each.tolist() for each in (starts, ends, first, last)), strict=True):
            yield np.sort(by_area[start:end]), slice(low, high)


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
