"""Figures of a dataset's boxes: sizes, counts, overlaps, cuts at the edge. Two datasets can be laid side by side.

`python -m detector.datasets.synthetic --measure DIR` prints them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.boxes import iou
from detector.ground_truth import GroundTruth

PERCENTILES = (5, 25, 50, 75, 95)
_EDGE = 2.0  # px; a box this near to the edge is cut by it


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """What `measure` finds.

    Attributes:
        images: how many.
        widths: class -> the PERCENTILES of the box widths, px.
        heights: class -> those of the heights, px.
        counts: class -> those of the objects an image (every image counts, also with none).
        share_any: class -> share of images with at least one.
        overlap: those of the IoU of each object with the object that it overlaps most, of any class.
        overlap_above: share of objects whose greatest IoU is above 0.1, 0.3, 0.5.
        cut: share of boxes that touch the edge of the image.
    """

    images: int
    widths: dict[str, NDArray[np.float64]]
    heights: dict[str, NDArray[np.float64]]
    counts: dict[str, NDArray[np.float64]]
    share_any: dict[str, float]
    overlap: NDArray[np.float64]
    overlap_above: tuple[float, float, float]
    cut: float

    def table(self) -> str:
        """The figures as lines of text."""
        lines = [f"{self.images} images; percentiles {' '.join(map(str, PERCENTILES))}"]
        for label in self.widths:
            lines.append(f"{label:<10} width  {_row(self.widths[label])}   height {_row(self.heights[label])} px")
        for label in self.counts:
            share = self.share_any[label]
            lines.append(f"{label:<10} an image {_row(self.counts[label])}   at least one: {share:.2f} of the images")
        above = ", ".join(f"{share:.2f} above {low}" for share, low in zip(self.overlap_above, _LEVELS, strict=True))
        lines.append(f"greatest IoU with another object {_row(self.overlap, 2)}; {above}")
        lines.append(f"boxes cut by the edge {self.cut:.2f}")
        return "\n".join(lines)


_LEVELS = (0.1, 0.3, 0.5)


def measure(truths: Iterable[tuple[GroundTruth, tuple[int, int]]]) -> Figures:
    """Measure the boxes with area of some images.

    Args:
        truths: ground truth and (height, width) of each image.

    Raises:
        ValueError: where there is no box at all.
    """
    boxes, labels, counts, greatest, cut = [], [], [], [], []
    for truth, (height, width) in truths:
        kept = truth.boxes[truth.has_area]
        names = [label for label, has_area in zip(truth.labels, truth.has_area, strict=True) if has_area]
        boxes.append(kept)
        labels.extend(names)
        counts.append(Counter(names))
        overlaps = iou(kept, kept)
        np.fill_diagonal(overlaps, 0)
        greatest.append(overlaps.max(axis=1) if len(kept) > 1 else np.zeros(len(kept), np.float32))
        far = kept[:, 2:] >= np.array([width, height]) - _EDGE
        cut.append((kept[:, :2] <= _EDGE).any(axis=1) | far.any(axis=1))
    if not labels:
        raise ValueError("There is no box to measure.")
    every, names_of, best = np.concatenate(boxes), np.array(labels), np.concatenate(greatest)
    sides = every[:, 2:] - every[:, :2]
    classes = sorted(set(labels))
    number = {label: np.array([count[label] for count in counts]) for label in classes}
    return Figures(
        images=len(counts),
        widths={label: _percentiles(sides[names_of == label, 0]) for label in classes},
        heights={label: _percentiles(sides[names_of == label, 1]) for label in classes},
        counts={label: _percentiles(number[label]) for label in classes},
        share_any={label: float((number[label] > 0).mean()) for label in classes},
        overlap=_percentiles(best),
        overlap_above=(float((best > 0.1).mean()), float((best > 0.3).mean()), float((best > 0.5).mean())),
        cut=float(np.concatenate(cut).mean()),
    )


def _percentiles(values: NDArray[np.generic]) -> NDArray[np.float64]:
    return np.percentile(np.asarray(values, np.float64), PERCENTILES)


def _row(values: NDArray[np.float64], digits: int = 0) -> str:
    return " ".join(f"{value:{4 + digits}.{digits}f}" for value in values)
