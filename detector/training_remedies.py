"""What would give an object a positive anchor by overlap: a lower positive IoU, or another anchor shape.

Both concern training alone. The positive IoU is live: it takes effect at once, and is proven by labelling again. A new
shape needs new RPN outputs, so the network has to be trained again; its IoU is that of the real grid.

Shapes: A anchors; S sizes; R ratios; H, W cells.
Pixels: network pixels.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.anchors import anchor_grid, crosses_border
from detector.assignment import Assignment, Reason, reassign
from detector.boxes import Floats, Ints, has_area, iou
from detector.config import AnchorSettings, setting_info
from detector.remedy_steps import Steps
from detector.trace import Trace

EQUALLY_GOOD = 0.01
"""IoUs this near to each other differ by where the object happens to lie between the cells' centres, not by shape."""

CLEARLY_BETTER = 0.05
"""A new ratio besides a new size is worth a word from this gain in IoU on."""


@dataclass(frozen=True, slots=True, eq=False)
class PositiveIou:
    """A lower `assignment.positive_iou` that makes anchors positive for an object by overlap.

    Attributes:
        value: on a step.
        before: the value now.
        anchors: so many are positive for this object by overlap then.
    """

    value: float
    before: float
    anchors: int


@dataclass(frozen=True, slots=True, eq=False)
class AnchorShape:
    """An anchor shape which, added to every cell, overlaps an object better than all that are there.

    Attributes:
        size: side of the square of the same area, whole pixels.
        ratio: height / width.
        iou: the best IoU that an anchor of this shape has with the object; one that may take part in training.
        new_size: False where the grid has the size already.
        new_ratio: False where the grid has the ratio already.
    """

    size: float
    ratio: float
    iou: float
    new_size: bool
    new_ratio: bool


def positive_iou_remedy(trace: Trace, number: int) -> PositiveIou | None:
    """The highest lower step of the positive IoU at which an anchor is positive for an object by overlap.

    None where one is already, or where no anchor that takes part in training overlaps it more than other objects.

    Raises:
        ValueError: where there is no ground truth.
        IndexError: where there is no such object.
    """
    labels = _assignment(trace, number)
    own = (labels.matched == number) & (labels.reason != Reason.OUTSIDE)
    best = labels.max_iou[own].max(initial=0)
    settings = trace.settings.assignment
    if best == 0 or _by_overlap(labels, number):
        return None
    steps = Steps("assignment.positive_iou", settings.positive_iou)
    value = float(steps.below[steps.below.astype(np.float32) <= best][0])
    then = reassign(labels, dataclasses.replace(settings, positive_iou=value))
    return PositiveIou(value, settings.positive_iou, _by_overlap(then, number))


def anchor_shape_remedies(trace: Trace, number: int) -> tuple[AnchorShape, ...]:
    """Shapes that overlap an object better than any anchor of the grid does, at most two.

    First the best size with one of the grid's own ratios; then, where it is clearly better, the best size with the
    object's own ratio. Of sizes that are equally good the one nearest to the object's own comes first: which of them
    leads by a hair depends on where the object lies between the centres of the cells.

    Raises:
        ValueError: where there is no ground truth.
        IndexError: where there is no such object.
    """
    _assignment(trace, number)
    target = trace.gt_boxes[number : number + 1]
    if not has_area(target)[0]:
        return ()
    grid = trace.evidence.first.grid.settings
    now = _best_iou(trace, trace.evidence.first.grid.boxes, target)
    width, height = (target[0, 2:] - target[0, :2]).tolist()
    low, high = setting_info("anchors.ratios").low or 0.0, setting_info("anchors.ratios").high or math.inf
    own = min(max(round(height / width, 2), low), high)
    found = [_best_shape(trace, target, ratios) for ratios in (grid.ratios, (own,))]
    shapes = []
    for shape, gain in zip(found, (EQUALLY_GOOD, CLEARLY_BETTER), strict=True):
        if shape.iou >= now + gain:
            shapes.append(shape)
            now = shape.iou
    return tuple(shapes)


def _assignment(trace: Trace, number: int) -> Assignment:
    if trace.assignment is None:
        raise ValueError("Without ground truth no anchor is positive.")
    if not 0 <= number < len(trace.gt_boxes):
        raise IndexError(f"There is no object {number}; there are {len(trace.gt_boxes)}.")
    return trace.assignment


def _by_overlap(labels: Assignment, number: int) -> int:
    """Anchors that are positive for an object by overlap."""
    return int(np.count_nonzero((labels.reason == Reason.POSITIVE_IOU) & (labels.matched == number)))


def _best_iou(trace: Trace, anchors: Floats, target: Floats) -> float:
    """The best IoU of an anchor that may take part in training with one object, the bits those of the assignment."""
    if trace.settings.assignment.leave_out_outside:
        anchors = anchors[~crosses_border(anchors, trace.evidence.image.network_hw)]
    return float(iou(target, anchors).max(initial=0))


def _best_shape(trace: Trace, target: Floats, ratios: tuple[float, ...]) -> AnchorShape:
    """The best whole size with one of some ratios."""
    width, height = (target[0, 2:] - target[0, :2]).tolist()
    grid = trace.evidence.first.grid
    sizes = _sizes(width, height, ratios, grid.settings.stride)
    overlap = _shape_ious(trace, target, sizes, np.asarray(ratios, np.float64))
    good = np.argwhere(overlap >= overlap.max() - EQUALLY_GOOD)
    away = np.abs(np.log(sizes[good[:, 0]] / math.sqrt(width * height)))
    at_size, at_ratio = good[np.lexsort((-overlap[tuple(good.T)], away))[0]].tolist()
    size, ratio = float(sizes[at_size]), ratios[at_ratio]
    shape = AnchorSettings(sizes=(size,), ratios=(ratio,), stride=grid.settings.stride)
    best = _best_iou(trace, anchor_grid(shape, grid.feature_hw).boxes, target)
    return AnchorShape(size, ratio, best, size not in grid.settings.sizes, ratio not in grid.settings.ratios)


def _sizes(width: float, height: float, ratios: tuple[float, ...], stride: int) -> Ints:
    """Whole sizes among which the best is.

    A shape that fits into the object wherever the cell's centre lies gains by growing, and one that covers it wherever
    that lies gains by shrinking; between the two there is room for the way to the nearest centre, on either side.
    """
    info = setting_info("anchors.sizes")
    sides = [side for ratio in ratios for side in (width * math.sqrt(ratio), height / math.sqrt(ratio))]
    room = 2 * stride * max(math.sqrt(max(ratio, 1 / ratio)) for ratio in ratios)
    lowest, highest = int(info.low or 1), int(info.high or 1)
    low = min(max(math.floor(min(sides) - room), lowest), highest)
    return np.arange(low, max(min(math.ceil(max(sides) + room), highest), low) + 1)


def _shape_ious(trace: Trace, target: Floats, sizes: Ints, ratios: NDArray[np.float64]) -> NDArray[np.float64]:
    """(S, R) the best IoU of each shape with the object.

    The overlap along x depends on the column of the cell alone, that along y on its row alone, and so does whether an
    anchor leaves the image: the best of each make the best anchor.
    """
    grid = trace.evidence.first.grid
    widths, heights = sizes[:, None] / np.sqrt(ratios), sizes[:, None] * np.sqrt(ratios)
    overlap: NDArray[np.float64] = np.ones_like(widths)
    for axis, (sides, cells, length) in enumerate(
        zip((widths, heights), grid.feature_hw[::-1], trace.evidence.image.network_hw[::-1], strict=True)
    ):
        centres = (np.arange(cells) + 0.5) * grid.settings.stride
        low, high = centres - sides[..., None] / 2, centres + sides[..., None] / 2
        reach = np.minimum(high, target[0, axis + 2]) - np.maximum(low, target[0, axis])
        if trace.settings.assignment.leave_out_outside:
            reach[(low < 0) | (high > length)] = 0
        overlap *= np.maximum(reach, 0).max(axis=-1)
    union = widths * heights + float(np.prod(target[0, 2:] - target[0, :2])) - overlap
    best: NDArray[np.float64] = overlap / union
    return best
