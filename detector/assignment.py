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
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from detector.anchors import crosses_border
from detector.boxes import Bools, Columns, Floats, Ints, as_boxes, frozen, has_area
from detector.config import AssignmentSettings

POSITIVE, NEGATIVE, IGNORED = 1, 0, -1


class Reason(IntEnum):
    """Why an anchor got its label."""

    OUTSIDE = 0
    POSITIVE_IOU = 1
    POSITIVE_BEST = 2
    NEGATIVE = 3
    IGNORED = 4


_LABELS = np.array([IGNORED, POSITIVE, POSITIVE, NEGATIVE, IGNORED], np.int8)  # by Reason


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
    outside = crosses_border(anchors, image_hw) if settings.leave_out_outside else None
    return _labelled(_overlaps(anchors, objects, outside), outside, settings)


def reassign(before: Assignment, settings: AssignmentSettings) -> Assignment:
    """The same anchors and objects under other thresholds; `leave_out_outside` has to be as it was."""
    outside = before.reason == Reason.OUTSIDE if settings.leave_out_outside else None
    return _labelled(_Overlaps(before.max_iou, before.matched, before.best_for, before.best_iou), outside, settings)


class _Overlaps(NamedTuple):
    """What no threshold changes; see `Assignment`."""

    max_iou: Floats
    matched: Ints
    best_for: Ints
    best_iou: Floats


def _labelled(overlaps: _Overlaps, outside: Bools | None, settings: AssignmentSettings) -> Assignment:
    max_iou, matched, best_for, best_iou = overlaps
    reason = np.full(len(max_iou), Reason.IGNORED, np.uint8)
    np.putmask(reason, max_iou < settings.negative_iou, Reason.NEGATIVE)
    if settings.best_for_object:
        reason[np.flatnonzero(best_for >= 0)] = Reason.POSITIVE_BEST
    enough = (max_iou >= np.float32(settings.positive_iou)) & (matched >= 0)
    np.putmask(reason, enough, Reason.POSITIVE_IOU)
    if outside is not None:
        np.putmask(reason, outside, Reason.OUTSIDE)
    label = _LABELS.take(reason)
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


def _overlaps(anchors: Floats, objects: Floats, outside: Bools | None) -> _Overlaps:
    """One object at a time: a whole table of 217,413 anchors x 500 objects would take 435 MB, a row fits the cache."""
    count = len(anchors)
    max_iou = np.zeros(count, np.float32)
    matched = np.full(count, -1, np.int64)
    best_for = np.full(count, -1, np.int64)
    best_iou = np.zeros(len(objects), np.float32)
    if count == 0:
        return _Overlaps(max_iou, matched, best_for, best_iou)

    columns = Columns(anchors)
    best_for_iou = np.zeros(count, np.float32)
    for number in np.flatnonzero(has_area(objects)).tolist():
        overlaps = Columns(objects[number : number + 1]).iou(columns)[0]
        best_iou[number] = overlaps.max()
        np.putmask(matched, overlaps > max_iou, number)
        np.maximum(max_iou, overlaps, out=max_iou)
        if outside is not None:
            np.putmask(overlaps, outside, 0)
        best = overlaps.max()
        if best > 0:
            rows = np.flatnonzero(overlaps == best)
            rows = rows[best > best_for_iou[rows]]
            best_for[rows], best_for_iou[rows] = number, best
    return _Overlaps(max_iou, matched, best_for, best_iou)


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
