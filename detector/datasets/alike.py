"""Whether two files say the same of an image, and which of their objects are one and the same.

Shapes: G objects of one, H of the other.
"""

from __future__ import annotations

import numpy as np

from detector.boxes import Floats, iou
from detector.ground_truth import GroundTruth

_SAME_IOU = 0.5
"""Boxes of one class that overlap so much are one object in two files: only one of them was edited since."""

_SAME_PX = 0.1
"""Formats write boxes with different numbers of digits; what a person does moves them further."""


def matches(truth: GroundTruth, other: GroundTruth) -> tuple[int, ...]:
    """G rows of `other`, -1 where it does not have the object: of one class, the boxes that overlap most first."""
    found = [-1] * len(truth)
    if not len(truth) or not len(other):
        return tuple(found)
    same_class = np.array(truth.labels)[:, None] == np.array(other.labels)[None]
    overlaps = np.where(same_class, iou(truth.boxes, other.boxes), 0)  # (G, H)
    rows, others = np.nonzero(overlaps >= _SAME_IOU)
    free = set(range(len(other)))
    for place in np.argsort(-overlaps[rows, others], kind="stable").tolist():
        row, its = int(rows[place]), int(others[place])
        if found[row] < 0 and its in free:
            free.discard(its)
            found[row] = its
    return tuple(found)


def same_objects(one: GroundTruth, other: GroundTruth) -> bool:
    """The same boxes to a tenth of a pixel, in whatever order, of the same classes; whatever the flags."""
    if len(one) != len(other):
        return False
    (labels, boxes), (other_labels, other_boxes) = _sorted(one), _sorted(other)
    return labels == other_labels and bool(np.allclose(boxes, other_boxes, rtol=0, atol=_SAME_PX))


def _sorted(truth: GroundTruth) -> tuple[list[str], Floats]:
    """The classes and the (G, 4) boxes in an order that does not depend on the file's."""
    order = sorted(range(len(truth)), key=lambda row: (truth.labels[row], truth.boxes[row].tolist()))
    return [truth.labels[row] for row in order], truth.boxes[order]
