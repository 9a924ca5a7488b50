"""Training images: read once, kept in memory while there is room, cut into shuffled batches.

Shapes: N images of a batch; h, w network pixels of each; H, W of the padded batch.
Left out of training: objects without area (with a warning), VOC's difficult and COCO's crowd objects.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from detector.augmentation import Augmentation, changed, draw_batch
from detector.config import ImageSettings
from detector.ground_truth import GroundTruth
from detector.resize import SMALLEST, network_size, normalised, resized
from detector.targets import Objects, trained_on, within_image

log = logging.getLogger(__name__)

CACHE_BYTES = 2_000_000_000
"""Decoded images kept in memory; what does not fit is decoded anew each time."""

ReadImage = Callable[[Path], NDArray[np.uint8]]


class TrainingError(RuntimeError):
    """Training cannot start or go on; the message is a sentence that names the file."""


class TrainingSample(Protocol):
    """What training needs of a sample; `detector.datasets.Sample` is one."""

    @property
    def image_path(self) -> Any:
        """Where the image lies."""

    @property
    def ground_truth(self) -> GroundTruth | None:
        """Its objects in image pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Images of one step, padded at the right and below to the same size.

    Attributes:
        images: (N, 3, H, W) float32, normalised; 0 where padded.
        network_hw: (h, w) of each image.
        scale_xy: network pixels per image pixel of each image.
        objects: of each image, in network pixels.
        files: of each image.
    """

    images: Tensor
    network_hw: list[tuple[int, int]]
    scale_xy: list[tuple[float, float]]
    objects: list[Objects]
    files: list[Path]


class TrainingSet:
    """The samples of one or several datasets, checked before the first step.

    Args:
        samples: with ground truth; an image without objects teaches too, one without ground truth is left out.
        classes: K names that the model knows.
        read: decodes an image file to uint8 (H, W, 3).
        cache_bytes: memory for decoded images.

    Raises:
        TrainingError: where there is nothing to train on, or an object has a class that the model lacks.
    """

    def __init__(
        self,
        samples: Iterable[TrainingSample],
        classes: Sequence[str],
        read: ReadImage,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self._read = read
        self._room = cache_bytes
        self._held: dict[Path, NDArray[np.uint8]] = {}
        numbers = {name: number for number, name in enumerate(classes, start=1)}
        self._samples: list[tuple[Path, Objects]] = []
        for sample in samples:
            if sample.ground_truth is not None:
                path = Path(sample.image_path)
                self._samples.append((path, _usable_objects(path, sample.ground_truth, numbers)))
        if not self._samples:
            raise TrainingError("There is no image with ground truth to train on.")

    def __len__(self) -> int:
        return len(self._samples)

    def image(self, path: Path) -> NDArray[np.uint8]:
        """The decoded image.

        Raises:
            TrainingError: where the file cannot be read.
        """
        if path in self._held:
            return self._held[path]
        try:
            image = self._read(path)
        except (OSError, ValueError) as error:
            raise TrainingError(f"{path} cannot be trained on: {error}") from error
        if image.nbytes <= self._room:
            self._held[path] = image
            self._room -= image.nbytes
        return image

    @property
    def paths(self) -> list[Path]:
        """The file of every sample."""
        return [path for path, _ in self._samples]

    def fingerprints(self) -> NDArray[np.int64]:
        """A number for every sample, made of its file's name and its objects; the pixels are not looked at."""
        return np.array([_fingerprint(path, objects) for path, objects in self._samples], np.int64)

    def batches(
        self, batch_size: int, settings: ImageSettings, augmentation: Augmentation, generator: np.random.Generator
    ) -> Batches:
        """Batches without end: every image once in each round, in an order drawn anew."""
        return Batches(self, batch_size, settings, augmentation, generator)

    def batch(
        self, rows: list[int], settings: ImageSettings, augmentation: Augmentation, generator: np.random.Generator
    ) -> Batch:
        """The images of those rows, changed by what is drawn from `generator`."""
        draw = draw_batch(augmentation, generator)
        pixels: list[Tensor] = []
        objects: list[Objects] = []
        scales: list[tuple[float, float]] = []
        for row in rows:
            path, known = self._samples[row]
            image = self.image(path)
            plain_h, plain_w = network_size(image.shape[:2], settings)
            height, width = (max(round(side * draw.scale), SMALLEST) for side in (plain_h, plain_w))
            factors = (width / image.shape[1], height / image.shape[0])
            boxes, inside = within_image(known.boxes, factors, (height, width))
            smaller = resized(image, (height, width))[0]
            shown, boxes = changed(smaller, boxes[inside], draw, augmentation, generator)
            pixels.append(normalised(shown))
            objects.append(Objects(boxes, known.numbers[inside]))
            scales.append((factors[1], factors[0]) if draw.turn else factors)
        sizes = [(each.shape[1], each.shape[2]) for each in pixels]
        files = [self._samples[row][0] for row in rows]
        return Batch(_padded(pixels), sizes, scales, objects, files)


@dataclass(slots=True, eq=False)
class Batches(Iterator[Batch]):
    """Batches without end: every image once in each round, in an order drawn anew.

    Attributes:
        data: the samples.
        batch_size: images of each.
        settings: their size.
        augmentation: how they are changed.
        generator: draws the orders and the changes, each batch when it is asked for.
        waiting: rows of the samples that are still to come, in this order.
    """

    data: TrainingSet
    batch_size: int
    settings: ImageSettings
    augmentation: Augmentation
    generator: np.random.Generator
    waiting: list[int] = field(default_factory=list)

    def __next__(self) -> Batch:
        while len(self.waiting) < self.batch_size:
            self.waiting += self.generator.permutation(len(self.data)).tolist()
        rows, self.waiting = self.waiting[: self.batch_size], self.waiting[self.batch_size :]
        return self.data.batch(rows, self.settings, self.augmentation, self.generator)


def _fingerprint(path: Path, objects: Objects) -> int:
    told = path.name.encode() + b"\0" + objects.boxes.tobytes() + objects.numbers.tobytes()
    return int.from_bytes(hashlib.sha256(told).digest()[:8], "little", signed=True)


def _padded(images: list[Tensor]) -> Tensor:
    height, width = (max(each.shape[axis] for each in images) for axis in (1, 2))
    batch = torch.zeros((len(images), 3, height, width))
    for place, image in zip(batch, images, strict=True):
        place[:, : image.shape[1], : image.shape[2]] = image
    return batch


def _usable_objects(path: Path, ground_truth: GroundTruth, numbers: dict[str, int]) -> Objects:
    unknown = sorted(set(ground_truth.labels) - set(numbers))
    if unknown:
        raise TrainingError(
            f"{path} has an object of the class '{unknown[0]}', which is not among the model's classes."
        )
    with_area = ground_truth.has_area
    if not with_area.all():
        log.warning("%s: %d object(s) without area are left out of training.", path, int((~with_area).sum()))
    kept = trained_on(ground_truth)
    labels = np.array([numbers[label] for label in ground_truth.labels], np.int64)
    return Objects(ground_truth.boxes[kept], labels[kept])


def classes_of(samples: Iterable[TrainingSample]) -> tuple[str, ...]:
    """Every class that occurs, in alphabetical order."""
    found: set[str] = set()
    for sample in samples:
        if sample.ground_truth is not None:
            found.update(sample.ground_truth.labels)
    return tuple(sorted(found))
