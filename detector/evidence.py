"""What the network said of one image, before any threshold.

Shapes: A anchors; R rows the head has been asked about; K classes without background.
Pixels: network pixels, that is of the image as it was resized; that is where the model decides.
Class numbers: 0 is background, classes[i] has the number i + 1.

Evidence never holds feature maps; those stay with the network pass, in a cache bounded in bytes.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from detector.anchors import AnchorGrid
from detector.boxes import Floats, Ints, frozen
from detector.config import Settings


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """The image as it came and as the network saw it.

    Attributes:
        file: its path as given, "" where it came as an array.
        image_hw: height and width in image pixels.
        network_hw: height and width in network pixels.
    """

    file: str
    image_hw: tuple[int, int]
    network_hw: tuple[int, int]

    @property
    def scale_xy(self) -> tuple[float, float]:
        """Network pixels per image pixel along x and y: two factors, as each side is rounded by itself."""
        return self.network_hw[1] / self.image_hw[1], self.network_hw[0] / self.image_hw[0]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which model spoke; `sha256` is that of the weights' file, None where the weights are random."""

    name: str
    classes: tuple[str, ...]
    sha256: str | None = None

    def class_number(self, label: str) -> int:
        """1..K, or 0 where the model has no such class."""
        return self.classes.index(label) + 1 if label in self.classes else 0

    def to_dict(self) -> dict[str, Any]:
        """As the JSON of `inspect` and `evaluate` names it."""
        return {"name": self.name, "classes": list(self.classes), "sha256": self.sha256}


@dataclass(frozen=True, slots=True, eq=False)
class FirstStage:
    """The RPN's outputs, one row an anchor.

    Attributes:
        grid: the anchors.
        objectness: (A,) float32 probability of an object.
        deltas: (A, 4) float32.
        boxes: (A, 4) float32, decoded and clipped to the network image: the box each anchor proposes.
    """

    grid: AnchorGrid
    objectness: Floats
    deltas: Floats
    boxes: Floats


@dataclass(frozen=True, slots=True, eq=False)
class HeadOutputs:
    """The head's outputs for the anchor rows asked about so far.

    Attributes:
        rows: (R,) int64 anchor rows, ascending.
        scores: (R, K + 1) float32 softmax, background first.
        boxes: (R, K, 4) float32, each class's own refined box, clipped to the network image.
    """

    rows: Ints
    scores: Floats
    boxes: Floats

    @classmethod
    def empty(cls, num_classes: int) -> HeadOutputs:
        """Nothing asked yet."""
        return cls(
            frozen(np.zeros(0, np.int64)),
            frozen(np.zeros((0, num_classes + 1), np.float32)),
            frozen(np.zeros((0, num_classes, 4), np.float32)),
        )

    def find(self, rows: Ints) -> Ints:
        """Position of each anchor row in `self.rows`, -1 where the head has not seen it."""
        if len(self.rows) == 0:
            return np.full(len(rows), -1, np.int64)
        at = np.minimum(np.searchsorted(self.rows, rows), len(self.rows) - 1)
        return np.where(self.rows[at] == rows, at, -1)

    def joined(self, newer: HeadOutputs) -> HeadOutputs:
        """Both together; where both know a row, the newer one speaks."""
        older = ~np.isin(self.rows, newer.rows)
        rows = np.concatenate([self.rows[older], newer.rows])
        order = np.argsort(rows, kind="stable")
        return HeadOutputs(
            frozen(rows[order]),
            frozen(np.concatenate([self.scores[older], newer.scores])[order]),
            frozen(np.concatenate([self.boxes[older], newer.boxes])[order]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """All of it together.

    Attributes:
        key: names what the feature map was made from; the network pass finds it in its cache by this.
        settings: those it was made with; only the ones marked `evidence` matter here.
        timings_ms: milliseconds by stage.
    """

    key: str
    image: ImageInfo
    model: ModelInfo
    settings: Settings
    first: FirstStage
    head: HeadOutputs
    timings_ms: dict[str, float] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays; those of the first stage are shared by all Evidence of one pass."""
        first, head = self.first, self.head
        arrays = (first.grid.boxes, first.objectness, first.deltas, first.boxes, head.rows, head.scores, head.boxes)
        return sum(each.nbytes for each in arrays)

    def with_head(self, newer: HeadOutputs, milliseconds: float) -> Evidence:
        """Richer Evidence; the first stage is the same object, so that `follow` can reuse what came from it.

        The time kept is that of the first batch, the pass over the whole image; later ones are a few rows each.
        """
        timings = {"head": milliseconds} | self.timings_ms
        return dataclasses.replace(self, head=self.head.joined(newer), timings_ms=timings)
