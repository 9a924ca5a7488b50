"""labelme json beside the images: its rectangles are read, nothing is written.

The picture that may be embedded in such a file (imageData) is stepped over as text; it is never decoded.
"""

from __future__ import annotations

import json
import math
import os
import stat
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from detector.datasets.annotation import Annotation, AnnotationStore, Stored, stamp_of
from detector.datasets.errors import DatasetError, ImageError
from detector.datasets.files import names_in
from detector.datasets.images import IMAGE_SUFFIXES, read_size
from detector.datasets.oddities import odd_boxes
from detector.ground_truth import GroundTruth

_LARGEST_BYTES = 1_000_000_000
"""An embedded picture takes a third more than its file."""

_LARGEST = 1e7  # px
_LOOKED_AT = 20


class _Shape(msgspec.Struct):
    """Only these are taken from the text; the rest is stepped over."""

    label: Any = None
    shape_type: Any = "polygon"  # what early versions, which do not say, drew
    points: Any = None
    flags: Any = None


class _File(msgspec.Struct):
    shapes: Any = None


class _Shapes(msgspec.Struct):
    shapes: list[_Shape]


_DECODER = msgspec.json.Decoder(_Shapes)


def find_labelme_store(folder: Path) -> LabelmeStore | None:
    """The labelme files beside the images of a folder; None where none of the first ones is such a file."""
    names = names_in(folder, {".json"})
    if not names:
        return None
    stems = {os.path.splitext(name)[0] for name in names_in(folder, IMAGE_SUFFIXES)}
    for name in islice((name for name in names if os.path.splitext(name)[0] in stems), _LOOKED_AT):
        try:
            _shapes_of(folder / name)
        except DatasetError:
            continue
        return LabelmeStore(folder)
    return None


class LabelmeStore(AnnotationStore):
    """labelme's files of the images of one folder; `place` is that folder."""

    format = "labelme"
    is_writable = False

    def __init__(self, place: Path) -> None:
        """Nothing is read."""
        self.place = place

    def path_of(self, image_path: Path) -> Path:
        """The json file of an image: its stem with .json."""
        return self.place / f"{image_path.stem}.json"

    def read(self, image_path: Path, image_hw: tuple[int, int] | None = None) -> Stored:
        """The rectangles of an image; other shapes are counted in a warning.

        Raises:
            DatasetError: one sentence with the file and the number of the shape, from 1.
        """
        path = self.path_of(image_path)
        stamp = stamp_of(path)
        if stamp is None:
            return Stored(None, path)
        shapes = _shapes_of(path)
        others: Counter[str] = Counter()
        places, labels, boxes, difficult = [], [], [], []
        for number, shape in enumerate(shapes, 1):
            if shape.shape_type != "rectangle":
                others[str(shape.shape_type)[:40]] += 1
                continue
            place = f"'{path}': shape {number}"
            places.append(place)
            labels.append(_label(place, shape.label))
            boxes.append(_box(place, shape.points))
            difficult.append(isinstance(shape.flags, dict) and shape.flags.get("difficult") is True)
        truth = GroundTruth(np.array(boxes, np.float32).reshape(-1, 4), labels, np.array(difficult, bool))
        warnings = _others(path, others)
        hw = (image_hw or _size_or_none(image_path)) if boxes else None
        if hw is not None:
            warnings += odd_boxes(places, truth, hw)
        return Stored(Annotation(truth), path, stamp, tuple(warnings))

    def write(self, image_path: Path, image_hw: tuple[int, int], annotation: Annotation, seen: Stored | None) -> Stored:
        """Not possible.

        Raises:
            DatasetError: always.
        """
        raise DatasetError(f"'{self.path_of(image_path)}' is a labelme file; those are read, not written.")


def _shapes_of(path: Path) -> list[_Shape]:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DatasetError(f"'{path}' is not an ordinary file.")
        if status.st_size > _LARGEST_BYTES:
            raise DatasetError(f"'{path}' is too large for a labelme file.")
        data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
        return _DECODER.decode(data).shapes
    except msgspec.ValidationError as error:
        raise DatasetError(f"'{path}' is no labelme file ({error}).") from None
    except msgspec.DecodeError as error:
        raise DatasetError(_where(path, data, error)) from None
    except (RecursionError, ValueError) as error:
        if isinstance(error, DatasetError):
            raise
        raise DatasetError(f"'{path}' is no JSON that can be read ({str(error) or 'too deep'}).") from None
    except OSError as error:
        raise DatasetError(f"'{path}' cannot be read ({error.strerror or error}).") from None


def _where(path: Path, data: bytes, error: Exception) -> str:
    """What is wrong with a file that is no JSON, with the line."""
    try:
        json.loads(data)
    except json.JSONDecodeError as found:
        return f"'{path}' is broken JSON at line {found.lineno}, column {found.colno}: {found.msg}."
    except (ValueError, RecursionError):
        pass
    return f"'{path}' is broken JSON ({error})."


def _label(place: str, label: Any) -> str:
    text = label.strip() if isinstance(label, str) else ""
    if not text:
        raise DatasetError(f"{place} has no label.")
    return text


def _box(place: str, points: Any) -> list[float]:
    """The box around a rectangle's corners: two that face each other, or all four."""
    if not isinstance(points, list) or len(points) not in (2, 4) or not all(map(_is_point, points)):
        raise DatasetError(f"{place} has no two corners.")
    xs, ys = ([float(point[axis]) for point in points] for axis in (0, 1))
    box = [min(xs), min(ys), max(xs), max(ys)]
    if not all(math.isfinite(edge) and abs(edge) <= _LARGEST for edge in box):
        raise DatasetError(f"{place} has a corner that is no place in an image.")
    return box


def _is_point(point: Any) -> bool:
    # Whole numbers beyond any float are refused with those beyond any image.
    return (
        isinstance(point, list)
        and len(point) == 2
        and all(isinstance(each, float) or (type(each) is int and abs(each) < 2**62) for each in point)
    )


def _others(path: Path, others: Counter[str]) -> list[str]:
    if not others:
        return []
    kinds = ", ".join(f"{count} {kind}" for kind, count in others.most_common(8))
    return [f"'{path}' has {sum(others.values())} shapes that are no rectangles and are not read ({kinds})."]


def _size_or_none(image_path: Path) -> tuple[int, int] | None:
    try:
        return read_size(image_path)
    except ImageError:  # the image says so itself when it is opened
        return None
