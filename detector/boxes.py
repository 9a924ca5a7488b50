"""Geometry of boxes: overlap, deltas, clipping. The one width convention of the whole program lives here.

Boxes are xyxy float32 in pixels, x to the right, y down, continuous: width = x2 - x1, with no +1 anywhere.

Shapes: N, M boxes.
Names:  deltas [N, 4] as (dx, dy, dw, dh); image_hw = (height, width); scale_xy = (factor for x, factor for y).
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float32]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
AnyArray = TypeVar("AnyArray", bound=NDArray[Any])

MAX_LOG_RATIO = math.log(1000.0 / 16)
"""dw and dh are clamped to this before exp: a wild network output becomes a large box, not infinity."""


def as_boxes(boxes: ArrayLike) -> Floats:
    """Boxes as a float32 array of shape (N, 4); no boxes at all become (0, 4).

    Raises:
        ValueError: where the last dimension is not 4.
    """
    array = np.asarray(boxes, dtype=np.float32)
    if array.size == 0:
        return np.zeros((0, 4), np.float32)
    if array.ndim != 2 or array.shape[1] != 4:
        raise ValueError(f"Boxes have the shape (N, 4), not {array.shape}.")
    return array


def frozen(array: AnyArray) -> AnyArray:
    """The same array, made read-only; records hold nothing else."""
    array.setflags(write=False)
    return array


def area(boxes: Floats) -> Floats:
    """Area of each box, (N,), in square pixels; negative sides are not hidden."""
    product: Floats = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return product


def has_area(boxes: Floats) -> Bools:
    """(N,) True where both sides are above 0; a box inverted along both axes has a positive product and still none."""
    sides: Bools = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    return sides


class Columns:
    """Boxes as contiguous columns with their areas: what an IoU table is computed from fastest."""

    __slots__ = ("area", "x1", "x2", "y1", "y2")

    def __init__(self, boxes: Floats) -> None:
        self.x1, self.y1, self.x2, self.y2 = np.ascontiguousarray(boxes.T)
        self.area = (self.x2 - self.x1) * (self.y2 - self.y1)

    def take(self, rows: slice | Bools | Ints) -> Columns:
        """Some of the boxes; a slice copies nothing."""
        part = object.__new__(Columns)
        for name in Columns.__slots__:
            setattr(part, name, getattr(self, name)[rows])
        return part

    def overlap(self, others: Columns) -> Floats:
        """IoU table (N, M) float32; NaN where both boxes have no area.

        The order of the operations is that of `torchvision.ops`, so that both give the same bits.
        """
        width = np.minimum(self.x2[:, None], others.x2)
        width -= np.maximum(self.x1[:, None], others.x1)
        np.maximum(width, 0, out=width)
        height = np.minimum(self.y2[:, None], others.y2)
        height -= np.maximum(self.y1[:, None], others.y1)
        np.maximum(height, 0, out=height)
        width *= height  # now the intersection
        union: Floats = self.area[:, None] + others.area
        union -= width
        with np.errstate(divide="ignore", invalid="ignore"):
            table: Floats = np.divide(width, union, out=union)
        return table

    def iou(self, others: Columns) -> Floats:
        """The same, with 0 where both boxes have no area."""
        table = self.overlap(others)
        np.copyto(table, 0, where=np.isnan(table))
        return table


def iou(boxes: Floats, others: Floats) -> Floats:
    """Intersection over union, (N, M) float32; 0 where either box has no area.

    The bits are those of `torchvision.ops.box_iou`: ties between anchors are decided by exact equality.
    """
    return Columns(boxes).iou(Columns(others))


def paired_iou(boxes: Floats, others: Floats) -> Floats:
    """IoU of each box with the other box of the same row, (N,) float32."""
    x1 = np.maximum(boxes[:, 0], others[:, 0])
    y1 = np.maximum(boxes[:, 1], others[:, 1])
    width = np.maximum(np.minimum(boxes[:, 2], others[:, 2]) - x1, 0)
    height = np.maximum(np.minimum(boxes[:, 3], others[:, 3]) - y1, 0)
    inter = width * height
    union = area(boxes) + area(others) - inter
    overlap: Floats = np.divide(inter, union, out=np.zeros_like(inter), where=union > 0)
    return overlap


def clip(boxes: Floats, image_hw: tuple[int, int]) -> Floats:
    """Boxes cut to the image; works on any leading shape (..., 4)."""
    height, width = image_hw
    out = boxes.copy()
    np.clip(out[..., 0::2], 0, width, out=out[..., 0::2])
    np.clip(out[..., 1::2], 0, height, out=out[..., 1::2])
    return out


def scale(boxes: Floats, scale_xy: tuple[float, float]) -> Floats:
    """Boxes with x multiplied by the first factor and y by the second; works on any leading shape (..., 4)."""
    sx, sy = scale_xy
    factors: Floats = boxes * np.array([sx, sy, sx, sy], np.float32)
    return factors


def unscale(boxes: Floats, scale_xy: tuple[float, float]) -> Floats:
    """Undo `scale`."""
    return scale(boxes, (1.0 / scale_xy[0], 1.0 / scale_xy[1]))


def _centres_and_sides(boxes: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    width = boxes[..., 2] - boxes[..., 0]
    height = boxes[..., 3] - boxes[..., 1]
    # x with the width, y with the height: a widely copied helper uses the width for both.
    return boxes[..., 0] + 0.5 * width, boxes[..., 1] + 0.5 * height, width, height


def encode(references: Floats, boxes: Floats) -> Floats:
    """Deltas that lead from reference boxes to boxes (R-CNN's parametrisation; Faster R-CNN, eq. 2).

    Args:
        references: anchors or proposals, (N, 4), sides above 0.
        boxes: where they should go, (N, 4), sides above 0.

    Returns:
        (N, 4) float32 (dx, dy, dw, dh), not normalised.
    """
    x_r, y_r, w_r, h_r = _centres_and_sides(references)
    x, y, w, h = _centres_and_sides(boxes)
    tiny = np.float32(np.finfo(np.float32).eps)
    w_r, h_r = np.maximum(w_r, tiny), np.maximum(h_r, tiny)
    w, h = np.maximum(w, tiny), np.maximum(h, tiny)
    deltas = np.stack([(x - x_r) / w_r, (y - y_r) / h_r, np.log(w / w_r), np.log(h / h_r)], axis=-1)
    return deltas.astype(np.float32, copy=False)


def decode(references: Floats, deltas: Floats) -> Floats:
    """Boxes to which deltas move the reference boxes; the inverse of `encode`.

    Args:
        references: (N, 4).
        deltas: (N, 4), or (N, K, 4) for K sets of deltas a reference.

    Returns:
        float32 of the shape of `deltas`, not clipped.
    """
    if deltas.ndim == 3:
        references = references[:, None, :]
    x_r, y_r, w_r, h_r = _centres_and_sides(references)
    x = x_r + deltas[..., 0] * w_r
    y = y_r + deltas[..., 1] * h_r
    half_w = 0.5 * w_r * np.exp(np.minimum(deltas[..., 2], MAX_LOG_RATIO))
    half_h = 0.5 * h_r * np.exp(np.minimum(deltas[..., 3], MAX_LOG_RATIO))
    return np.stack([x - half_w, y - half_h, x + half_w, y + half_h], axis=-1).astype(np.float32, copy=False)
