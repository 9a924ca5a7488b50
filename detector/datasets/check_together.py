"""What one image cannot decide: whether the boxes of a whole dataset are meant otherwise than they are read.

A box [100, 80, 60, 40] has its corners the wrong way round, or it is a place with a size; of a hundred boxes the
statistics tell. The same of boxes that are all shifted by one pixel, or that count pixels from 1, or end with the last
pixel instead of behind it: boxes that touch the edges of their images say where the edges were taken to be.

Shapes: N boxes of all images.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.boxes import Bools, Floats
from detector.datasets.check import Checked, Finding
from detector.datasets.check_kinds import Kind

LEAST = 10
"""Boxes below which nothing is decided."""

MANY, NEARLY_ALL, HARDLY_ANY = 0.25, 0.98, 0.02

LEAST_BEYOND, LEAST_AT_EDGE = 3, 10
"""Sides at a place where none can be rightly; and at one where some may. By chance some end one pixel before an edge:
up to MANY of those that end at it are no evidence."""

_AT = 0.02  # px: six decimals of a share are not quite the whole number


@dataclass(frozen=True, slots=True, eq=False)
class _Boxes:
    """The boxes of all images with objects, one below another.

    Attributes:
        boxes: (N, 4).
        size: (N, 2) width and height of the image of each.
        image: (N,) its number.
    """

    boxes: Floats
    size: NDArray[np.float32]
    image: NDArray[np.int64]
    paths: tuple[Path, ...]

    @classmethod
    def of(cls, images: Sequence[Checked]) -> _Boxes:
        some = [each for each in images if len(each.truth)]
        counts = [len(each.truth) for each in some]
        sizes = np.array([each.frame_hw[::-1] for each in some], np.float32).reshape(-1, 2)
        boxes = np.concatenate([each.truth.boxes for each in some]) if some else np.zeros((0, 4), np.float32)
        rows = np.repeat(np.arange(len(some)), counts)
        return cls(boxes, sizes[rows], rows, tuple(each.path for each in some))

    def __len__(self) -> int:
        return len(self.boxes)

    def images_where(self, fits: Bools) -> tuple[Path, ...]:
        """Images of which all boxes fit."""
        bad = np.unique(self.image[~fits])
        gone = set(bad.tolist())
        return tuple(path for number, path in enumerate(self.paths) if number not in gone)

    def at(self, columns: slice, beyond: float) -> NDArray[np.int64]:
        """(N,) how many sides lie so far beyond the first (columns 0, 1) or the last edge (2, 3) of their image."""
        edge = 0.0 if columns.start == 0 else self.size
        return np.asarray((np.abs(self.boxes[:, columns] - (edge + beyond)) <= _AT).sum(axis=1), np.int64)

    def images_to_move(self, wrong: NDArray[np.int64], right: NDArray[np.int64]) -> tuple[Path, ...]:
        """Images whose boxes are off as those of all together are: a fix that was left half done is not made twice.

        Those that show more sides where they should be are left alone. Where these are many, others are taken only if
        they show by themselves that they are off.

        Args:
            wrong, right: (N,) sides of each box that speak for and against it.
        """
        off = np.bincount(self.image, wrong - right, len(self.paths))
        is_mixed = not _is_rare(int((off < 0).sum()), int((off > 0).sum()), MANY)
        least = 1 if is_mixed else 0
        return tuple(path for path, each in zip(self.paths, off.tolist(), strict=True) if each >= least)


def check_together(images: Sequence[Checked]) -> list[Finding]:
    """What is wrong with all boxes together; at most one finding, for after its fix the others look different."""
    found = _Boxes.of(images)
    if len(found) < LEAST:
        return []
    for judge in (_size_as_corner, _corner_as_size, _drift):
        finding = judge(found)
        if finding is not None:
            return [finding]
    return []


def kinds_by_image(together: Iterable[Finding]) -> dict[Path, frozenset[Kind]]:
    """What was found of each image together with the others."""
    found: dict[Path, frozenset[Kind]] = {}
    for finding in together:
        for path in finding.images:
            found[path] = found.get(path, frozenset()) | {finding.kind}
    return found


def _finding(kind: Kind, images: tuple[Path, ...], **values: Any) -> Finding | None:
    return Finding(kind, images[0], None, {"images": len(images), **values}, images) if images else None


def _size_as_corner(found: _Boxes) -> Finding | None:
    low, high = found.boxes[:, :2], found.boxes[:, 2:]
    inverted: Bools = np.any(high < low, axis=1)
    fits: Bools = np.all((low >= -1) & (high > 0) & (low + high <= found.size + 1.5), axis=1)
    if inverted.mean() < MANY or fits.mean() < NEARLY_ALL:
        return None
    numbers = {"inverted": int(inverted.sum()), "fits": int(fits.sum()), "of": len(found)}
    return _finding("size_as_corner", found.images_where(fits), **numbers)


def _corner_as_size(found: _Boxes) -> Finding | None:
    low, high = found.boxes[:, :2], found.boxes[:, 2:]
    over = (high > found.size + 1.5).any(axis=1)
    corner = high - low
    fits: Bools = np.all((low >= -1) & (corner > low) & (corner <= found.size + 1.5), axis=1)
    if over.mean() < MANY or fits.mean() < NEARLY_ALL:
        return None
    numbers = {"over": int(over.sum()), "fits": int(fits.sum()), "of": len(found)}
    return _finding("corner_as_size", found.images_where(fits), **numbers)


def _drift(found: _Boxes) -> Finding | None:
    first, last = slice(0, 2), slice(2, 4)
    sides = {
        "at_zero": found.at(first, 0),
        "at_one": found.at(first, 1),
        "short": found.at(last, -1),
        "at_size": found.at(last, 0),
        "before": found.at(first, -1),
        "behind": found.at(last, 1),
    }
    numbers = {name: int(each.sum()) for name, each in sides.items()}
    at_zero, at_one, short, at_size, before, behind = numbers.values()
    at_edge = sides["at_zero"] + sides["at_size"]
    if behind >= max(LEAST_BEYOND, at_size) and _is_rare(at_zero + before, behind + at_one):
        images = found.images_to_move(sides["behind"] + sides["at_one"], at_edge)
        return _finding("shifted", images, by=1, **numbers)
    if before >= max(LEAST_BEYOND, at_zero) and _is_rare(at_size + behind, before + short):
        images = found.images_to_move(sides["before"] + sides["short"], at_edge)
        return _finding("shifted", images, by=-1, **numbers)
    is_at_one = min(at_one, at_size) >= LEAST_AT_EDGE and _is_rare(at_zero, at_one) and _is_rare(behind, at_size)
    if is_at_one and _is_rare(short, at_size, MANY):
        return _finding("one_based", found.images_to_move(sides["at_one"], sides["at_zero"]), **numbers)
    is_short = min(at_zero, short) >= LEAST_AT_EDGE and _is_rare(at_size + behind, short) and _is_rare(before, at_zero)
    if is_short and _is_rare(at_one, at_zero, MANY):
        return _finding("zero_based", found.images_to_move(sides["short"], sides["at_size"]), **numbers)
    return None


def _is_rare(some: int, others: int, share: float = HARDLY_ANY) -> bool:
    return some <= share * (some + others)
