"""A whole dataset as one new COCO file, image by image: memory does not grow with it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from detector.datasets.annotation import Annotation
from detector.datasets.coco_object import LARGEST
from detector.datasets.coco_text import Style, area_of, spelled, xywh_of
from detector.datasets.errors import DatasetError
from detector.datasets.files import write_atomic
from detector.ground_truth import GroundTruth

FLAGS = ("difficult", "truncated")
"""Of VOC; COCO has no place for them. They are extra keys, there only where they are set, as "verified" of an image."""

_IN_MEMORY = 32_000_000
_PIECE = 1 << 20
_STYLE = Style()


def write_coco(
    place: Path, samples: Iterable[tuple[str, tuple[int, int], Annotation]], classes: Sequence[str] = ()
) -> None:
    """Write a dataset; the file is there whole at the end, or as it was before.

    Who wants to show progress or to stop does so in the iterator: what it raises ends the writing, and nothing is left.

    Args:
        place: the json file.
        samples: of each image its name as the file shall have it, (height, width) of the upright image, and its
            annotation. They are taken one by one.
        classes: in this order, numbered from 1; a class that is met and is not among them goes last.

    Raises:
        DatasetError: where the file cannot be written.
    """
    write_atomic(place, _pieces(place, samples, classes))


def annotation_members(
    truth: GroundTruth, row: int, ids: tuple[int, str, str], style: Style = _STYLE
) -> Iterator[tuple[str, str]]:
    """The keys of a new object and their values as text.

    Args:
        ids: its own, and as JSON those of its image and its category.
    """
    box = xywh_of(truth.boxes[row])
    yield from (("id", str(ids[0])), ("image_id", ids[1]), ("category_id", ids[2]))
    yield "bbox", style.numbers([spelled(each) for each in box])
    yield "area", spelled(area_of(box[2], box[3]))
    if style.lists_masks:
        yield "segmentation", "[]"
    yield "iscrowd", str(int(truth.crowd[row]))
    yield from ((flag, "1") for flag in FLAGS if getattr(truth, flag)[row])


def image_members(number: int, name: str, image_hw: tuple[int, int], verified: bool) -> Iterator[tuple[str, str]]:
    """The keys of a new image and their values as text."""
    yield from (("id", str(number)), ("file_name", json.dumps(name)))
    yield from (("width", str(int(image_hw[1]))), ("height", str(int(image_hw[0]))))
    if verified:
        yield "verified", "true"


def category_members(number: int, name: str) -> Iterator[tuple[str, str]]:
    """The keys of a new category and their values as text."""
    # ASCII with escapes: many readers open the file in the encoding of their system.
    yield from (("id", str(number)), ("name", json.dumps(name)), ("supercategory", '""'))


def check_object(place: Path, truth: GroundTruth, row: int, label: str) -> None:
    """Raise a DatasetError where a file cannot hold an object."""
    if not label.strip():
        raise DatasetError(f"'{place}' cannot hold the class name {label!r}.")
    x1, y1, x2, y2 = truth.boxes[row].tolist()
    if not all(abs(each) <= LARGEST for each in (x1, y1, x2 - x1, y2 - y1)):  # NaN is not
        written = ", ".join(f"{each:g}" for each in (x1, y1, x2, y2))
        raise DatasetError(f"'{place}' cannot hold the box [{written}] ({label}), which is no place in an image.")


def empty_file(classes: Sequence[str]) -> bytes:
    """A file with categories and nothing else yet."""
    numbers = {name: number for number, name in enumerate(dict.fromkeys(classes), 1)}
    return b'{\n"images": [\n],\n"annotations": [' + _end(numbers)


def _end(numbers: dict[str, int]) -> bytes:
    """From the end of the annotations on."""
    lines = ",".join("\n" + _STYLE.object(category_members(number, name)) for name, number in numbers.items())
    return f'\n],\n"categories": [{lines}\n]\n}}\n'.encode()


def _pieces(
    place: Path, samples: Iterable[tuple[str, tuple[int, int], Annotation]], classes: Sequence[str]
) -> Iterator[bytes]:
    numbers = {name: number for number, name in enumerate(dict.fromkeys(classes), 1)}
    # Images come first in the file, as other writers have it; the objects met meanwhile wait in a file without name.
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as waiting:
        yield b'{\n"images": ['
        yield from _images(place, samples, numbers, waiting)
        yield b'\n],\n"annotations": ['
        waiting.seek(0)
        while piece := waiting.read(_PIECE):
            yield piece
    yield _end(numbers)


def _images(
    place: Path,
    samples: Iterable[tuple[str, tuple[int, int], Annotation]],
    numbers: dict[str, int],
    waiting: IO[bytes],
) -> Iterator[bytes]:
    objects = 0
    for image, (name, image_hw, annotation) in enumerate(samples, 1):
        truth = annotation.ground_truth
        for row, label in enumerate(truth.labels):
            check_object(place, truth, row, label)
            objects += 1
            category = numbers.setdefault(label, len(numbers) + 1)
            line = _STYLE.object(annotation_members(truth, row, (objects, str(image), str(category))))
            waiting.write(f"{',' if objects > 1 else ''}\n{line}".encode())
        line = _STYLE.object(image_members(image, name, image_hw, annotation.verified))
        yield f"{',' if image > 1 else ''}\n{line}".encode()
