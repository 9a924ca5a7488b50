"""Training labels for the anchors, and the mini-batch drawn from them (Faster R-CNN, sections 3.1.2 and 3.1.3).

Shapes: A anchors, G ground-truth boxes.
Rules:  positive at IoU >= positive_iou; or, whatever that IoU is above 0, best for an object (all ties: exact float32
        equality, as in torchvision's Matcher); negative below negative_iou for all objects; else ignored. Anchors that
        leave the image take no part (a setting). Where the thresholds cross, positive wins.
Departs from torchvision: an object that overlaps no anchor makes no anchor positive (its best IoU is 0, which
        thousands of anchors share); objects of zero area are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from detector.anchors import crosses_border
from detector.boxes import Bools, Floats, Ints, as_boxes, frozen, has_area, iou
from detector.config import AssignmentSettings

POSITIVE, NEGATIVE, IGNORED = 1, 0, -1

BLOCK = 2_000_000
"""IoU cells computed at a time: 8 MB, so that 217,413 anchors x 500 objects never stand in memory at once."""


class Reason(IntEnum):
    """Why an anchor got its label."""

    OUTSIDE = 0
    POSITIVE_IOU = 1
    POSITIVE_BEST = 2
    NEGATIVE = 3
    IGNORED = 4


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """The label of every anchor and how it came about. All arrays (A,), read-only.

    Attributes:
        label: int8: 1 positive, 0 negative, -1 ignored or outside.
        reason: uint8, a `Reason`.
        matched: int64, the anchor's own best object; -1 where it overlaps none.
        best_for: int64, the object for which no anchor is better than this one; -1 where there is none.
            Where it is best for several, the one it overlaps most.
        max_iou: float32, IoU with `matched`.
        sampled: bool, drawn into the mini-batch.
        best_iou: (G,) float32, for each object the highest IoU any anchor reaches, those outside included.
    """

    label: NDArray[np.int8]
    reason: NDArray[np.uint8]
    matched: Ints
    best_for: Ints
    max_iou: Floats
    sampled: Bools
    best_iou: Floats


def assign(
    boxes: ArrayLike,
    ground_truth_boxes: ArrayLike,
    image_hw: tuple[int, int],
    settings: AssignmentSettings | None = None,
) -> Assignment:
    """Label anchors for training and draw the seeded mini-batch.

    Args:
        boxes: anchors (A, 4).
        ground_truth_boxes: (G, 4) in the same pixels; G may be 0.
        image_hw: height and width of the image in the same pixels.
        settings: None for the classic ones.
    """
    settings = settings or AssignmentSettings()
    anchors, objects = as_boxes(boxes), as_boxes(ground_truth_boxes)
    takes_part = ~crosses_border(anchors, image_hw) if settings.leave_out_outside else np.ones(len(anchors), dtype=bool)
    max_iou, matched, best_for, best_iou = _overlaps(anchors, objects, takes_part)

    reason = np.full(len(anchors), Reason.IGNORED, np.uint8)
    reason[max_iou < settings.negative_iou] = Reason.NEGATIVE
    if settings.best_for_object:
        reason[best_for >= 0] = Reason.POSITIVE_BEST
    reason[(max_iou >= np.float32(settings.positive_iou)) & (matched >= 0)] = Reason.POSITIVE_IOU
    reason[~takes_part] = Reason.OUTSIDE

    label = np.full(len(anchors), IGNORED, np.int8)
    label[reason == Reason.NEGATIVE] = NEGATIVE
    label[(reason == Reason.POSITIVE_IOU) | (reason == Reason.POSITIVE_BEST)] = POSITIVE
    sampled = sample(label, settings.batch_size, settings.positive_fraction, np.random.default_rng(settings.seed))
    return Assignment(
        label=frozen(label),
        reason=frozen(reason),
        matched=frozen(matched),
        best_for=frozen(best_for),
        max_iou=frozen(max_iou),
        sampled=frozen(sampled),
        best_iou=frozen(best_iou),
    )


def _overlaps(anchors: Floats, objects: Floats, takes_part: Bools) -> tuple[Floats, Ints, Ints, Floats]:
    """max_iou, matched, best_for of every anchor and best_iou of every object, computed in blocks of anchors."""
    count, usable = len(anchors), np.flatnonzero(has_area(objects))
    max_iou = np.zeros(count, np.float32)
    matched = np.full(count, -1, np.int64)
    best_for = np.full(count, -1, np.int64)
    best_iou = np.zeros(len(objects), np.float32)
    if count == 0 or len(usable) == 0:
        return max_iou, matched, best_for, best_iou

    boxes = objects[usable]
    step = max(1, BLOCK // len(usable))
    blocks = [slice(start, min(start + step, count)) for start in range(0, count, step)]
    best_inside = np.zeros(len(usable), np.float32)  # among the anchors that take part
    table = np.zeros((0, 0), np.float32)
    for block in blocks:
        # Objects first: few long rows are reduced several times faster than many short ones.
        table = iou(boxes, anchors[block])  # (usable, anchors of the block)
        best = table.argmax(axis=0)
        max_iou[block] = table[best, np.arange(table.shape[1])]
        matched[block] = np.where(max_iou[block] > 0, usable[best], -1)
        best_iou[usable] = np.maximum(best_iou[usable], table.max(axis=1))
        inside = table[:, takes_part[block]]
        np.maximum(best_inside, inside.max(axis=1, initial=0), out=best_inside)
    for block in blocks:
        if len(blocks) > 1:
            table = iou(boxes, anchors[block])
        ties = (table == best_inside[:, None]) & (best_inside[:, None] > 0) & takes_part[block]
        rows = np.flatnonzero(ties.any(axis=0))
        best_for[rows + block.start] = usable[np.where(ties[:, rows], table[:, rows], -1).argmax(axis=0)]
    return max_iou, matched, best_for, best_iou


def sample(label: NDArray[np.int8], batch_size: int, positive_fraction: float, generator: np.random.Generator) -> Bools:
    """Draw a mini-batch: at most `positive_fraction` of it positive, negatives fill the rest; (A,) bool.

    Surplus positives and negatives are left out at random; too few of either is no error.
    """
    positives, negatives = np.flatnonzero(label == POSITIVE), np.flatnonzero(label == NEGATIVE)
    num_positive = min(len(positives), int(batch_size * positive_fraction))
    num_negative = min(len(negatives), batch_size - num_positive)
    sampled = np.zeros(len(label), dtype=bool)
    sampled[generator.choice(positives, num_positive, replace=False, shuffle=False)] = True
    sampled[generator.choice(negatives, num_negative, replace=False, shuffle=False)] = True
    return sampled
