"""Ground truth: boxes with a class that a person drew or accepted.

Shapes: G objects. Boxes are xyxy float32 in image pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from detector.boxes import Bools, Floats, as_boxes, frozen, has_area


@dataclass(frozen=True, slots=True, eq=False)
class GroundTruth:
    """The objects of one image.

    Attributes:
        boxes: (G, 4) float32 xyxy in image pixels, read-only.
        labels: G class names.
        difficult: (G,) bool, VOC's flag: such an object counts neither as found nor as missed.
        truncated: (G,) bool, VOC's flag.
        crowd: (G,) bool, COCO's iscrowd: treated like `difficult`.

    Raises:
        ValueError: where the lengths differ.
    """

    boxes: Floats
    labels: Sequence[str]
    # None means all False; after __post_init__ all three are arrays.
    difficult: Bools = None  # type: ignore[assignment]
    truncated: Bools = None  # type: ignore[assignment]
    crowd: Bools = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        boxes = frozen(as_boxes(self.boxes).copy())
        object.__setattr__(self, "boxes", boxes)
        object.__setattr__(self, "labels", tuple(str(label) for label in self.labels))
        if len(self.labels) != len(boxes):
            raise ValueError(f"{len(boxes)} boxes need as many labels, not {len(self.labels)}.")
        for name in ("difficult", "truncated", "crowd"):
            object.__setattr__(self, name, frozen(_flags(name, getattr(self, name), len(boxes))))

    def __len__(self) -> int:
        return len(self.boxes)

    @classmethod
    def empty(cls) -> GroundTruth:
        """An image that is known to hold no object."""
        return cls(np.zeros((0, 4), np.float32), ())

    def taken(self, rows: Sequence[int]) -> GroundTruth:
        """Some of the objects, in the order given."""
        at = np.asarray(rows, np.int64)
        labels = [self.labels[row] for row in rows]
        return GroundTruth(self.boxes[at], labels, self.difficult[at], self.truncated[at], self.crowd[at])

    @property
    def has_area(self) -> Bools:
        """(G,) False for boxes without area; those take no part in training."""
        return has_area(self.boxes)


def _flags(name: str, values: ArrayLike | None, count: int) -> Bools:
    flags = np.zeros(count, dtype=bool) if values is None else np.array(values, dtype=bool)
    if flags.shape != (count,):
        raise ValueError(f"{count} boxes need as many '{name}' flags, not {flags.shape}.")
    return flags
