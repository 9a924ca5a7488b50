"""What the detector would make of a box in training: the badge that Annotate writes at it. No Qt.

Anchors are labelled as in training (Faster R-CNN, section 3.1.2), with the box as the hand has it among all others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.edit import Box
from app.scene import Message
from app.sentences import say
from detector.assignment import POSITIVE, Reason, assign
from detector.boxes import scale
from detector.messages import counted
from detector.trace import Trace


def view_of(trace: Trace, boxes: NDArray[np.float32], row: int, box: Box | None = None) -> Message:
    """The number of positive anchors of an object, and where there is none by overlap, why.

    Args:
        trace: of the image; its anchors and assignment settings count.
        boxes: (G, 4) all objects, image pixels.
        row: the object; G for one that is being drawn.
        box: where the hand has it; None: where it is.
    """
    image, grid, settings = trace.evidence.image, trace.evidence.first.grid, trace.settings.assignment
    objects = np.concatenate([boxes, np.zeros((1, 4), np.float32)]) if row == len(boxes) else boxes.copy()
    if box is not None:
        objects[row] = box
    found = assign(grid.boxes, scale(objects, image.scale_xy), image.network_hw, settings)
    positive = (found.matched == row) & (found.label == POSITIVE)
    if (positive & (found.reason == Reason.POSITIVE_IOU)).any():
        return counted("sees.positive", int(positive.sum()))
    best = float(found.best_iou[row])
    width, height = objects[row, 2:] - objects[row, :2]
    side = float(np.sqrt(max(width * height, 0.0) * image.scale_xy[0] * image.scale_xy[1]))
    if best < settings.negative_iou and side < min(grid.settings.sizes):
        return say("sees.small", a=best)
    if not positive.any():
        return say("sees.none", a=best)
    # An anchor that crosses the border may overlap it more, but takes no part.
    return say("sees.best", n=int(positive.sum()), a=float(found.max_iou[positive].max()))
