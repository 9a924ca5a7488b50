"""One image and its ground truth: what is looked at. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detector.datasets import DatasetError, Sample, annotation_path_for, count_pictures, read_image
from detector.datasets.voc import sample_of
from detector.ground_truth import GroundTruth


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """An image as it was read.

    Attributes:
        path: its file.
        image: (H, W, 3) uint8 RGB, upright.
        ground_truth: its objects in image pixels; None where nobody annotated it.
        warnings: sentences about the file or its ground truth.
        annotation: the file the objects come from.
        problem: why its ground truth cannot be read, a sentence; None where it can, or where there is none.
        stamp: when the image file was last changed, in nanoseconds; tells a changed file from the same one.
    """

    path: Path
    image: NDArray[np.uint8]
    ground_truth: GroundTruth | None = None
    warnings: tuple[str, ...] = field(default=())
    annotation: Path | None = None
    stamp: int = 0
    problem: str | None = None

    @property
    def image_hw(self) -> tuple[int, int]:
        """Height and width in image pixels."""
        return int(self.image.shape[0]), int(self.image.shape[1])

    @property
    def name(self) -> str:
        """The file's name, as people read it."""
        return self.path.name


def read_document(path: Path, ground_truth: Path | None = None) -> Document:
    """Read an image and what is known of its objects.

    An annotation that cannot be read does not keep the image from being looked at: it becomes the document's problem.

    Args:
        ground_truth: a file or folder to take the objects from; None for the usual places beside the image.

    Raises:
        ImageError: where the image cannot be read; one sentence.
    """
    stamp = _stamp(path)
    image = read_image(path)
    warnings = picture_warnings(path)
    try:
        found = read_objects(path, ground_truth)
    except DatasetError as error:
        return Document(path, image, None, (*warnings, str(error)), None, stamp, str(error))
    return Document(path, image, found.ground_truth, (*warnings, *found.warnings), found.annotation_path, stamp)


def _stamp(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # reading it says what is wrong
        return 0


def picture_warnings(path: Path) -> tuple[str, ...]:
    """A sentence where a file holds more than the picture that is shown.

    Raises:
        ImageError: where it cannot be read.
    """
    count = count_pictures(path)
    return (f"'{path}' holds {count} pictures; the first is shown.",) if count > 1 else ()


def read_objects(path: Path, where: Path | None = None) -> Sample:
    """The image's sample: its objects, None where nobody annotated it, and sentences about oddities in their file.

    Raises:
        DatasetError: where the annotation is broken or `where` does not exist.
    """
    annotation = annotation_path_for(path, where)
    return Sample(path) if annotation is None else sample_of(path, annotation)
