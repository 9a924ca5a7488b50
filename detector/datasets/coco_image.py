"""What a COCO file says of one image: which of its entries is the image's, and what the annotations of that say."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from detector.datasets.annotation import Annotation, ChangedOnDiskError, Glance, Record, Stored
from detector.datasets.coco_index import NOWHERE, CocoIndex, parts_of
from detector.datasets.coco_object import CocoObject, read_object
from detector.datasets.coco_scan import read_range
from detector.datasets.coco_text import BadElementError, Element
from detector.datasets.errors import DatasetError, ImageError
from detector.datasets.images import read_size
from detector.datasets.oddities import odd_boxes
from detector.ground_truth import GroundTruth


@dataclass(frozen=True, slots=True, eq=False)
class CocoRecord(Record):
    """An annotation as its file has it.

    Attributes:
        raw: its text.
        place: the file.
    """

    raw: bytes
    place: Path


class Content(NamedTuple):
    """The annotations of an image as they stand in the file.

    Attributes:
        rows: in the index.
        elements: their texts.
        objects: what those say.
        labels: their classes.
    """

    rows: list[int]
    elements: list[Element]
    objects: list[CocoObject]
    labels: list[str]

    def annotation(self, place: Path, verified: bool) -> Annotation:
        """As the program has it."""
        truth = GroundTruth(
            [each.box for each in self.objects],  # type: ignore[arg-type]  # made an array by the record
            self.labels,
            [each.difficult for each in self.objects],  # type: ignore[arg-type]
            [each.truncated for each in self.objects],  # type: ignore[arg-type]
            [each.crowd for each in self.objects],  # type: ignore[arg-type]
        )
        return Annotation(truth, tuple(CocoRecord(each.raw, place) for each in self.elements), verified)


def entries_for(index: CocoIndex, place: Path, image_path: Path) -> list[int]:
    """The rows of the file's images that are this one; mostly one, several where it is listed twice.

    A file name may be just that, or have folders in front, of this system or another. The entry counts whose folders
    are those of the image as far as both go; else the only one with the name, unless its folders lead to another file.
    """
    rows = index.named(image_path.name)
    if not rows:
        return []
    own = parts_of(os.path.abspath(image_path))
    fitting = {row: parts for row in rows if (parts := parts_of(index.image_names[row])) == own[-len(parts) :]}
    if fitting:
        longest = max(len(parts) for parts in fitting.values())
        return [row for row, parts in fitting.items() if len(parts) == longest]
    if len({index.image_names[row] for row in rows}) > 1:
        return []
    try:
        other = place.parent.joinpath(*parts_of(index.image_names[rows[0]])).exists()
    except (OSError, ValueError):
        other = False
    return [] if other else list(rows)


def glance_at(index: CocoIndex, entries: Sequence[int]) -> Glance | None:
    """What the index alone tells of an image; None where reading would say that something is wrong."""
    if not entries or "annotations" not in index.layout.arrays:
        return Glance(None)
    categories = [int(index.category_of[row]) for row in _rows_of(index, entries)]
    labels = tuple(index.category_names[each] if each != NOWHERE else "" for each in categories)
    if not all(labels) or any(entry in index.ambiguous for entry in entries):
        return None
    return Glance(labels, any(index.verified[entry] for entry in entries))


def _rows_of(index: CocoIndex, entries: Sequence[int]) -> list[int]:
    """The annotations of an image in the order in which they stand in the file."""
    start = index.places("annotations").start
    return sorted((row for entry in entries for row in index.rows_of(entry)), key=lambda row: int(start[row]))


def content_of(index: CocoIndex, file: BinaryIO, place: Path, entries: Sequence[int]) -> Content:
    """The annotations of an image.

    Raises:
        DatasetError: one of them makes no sense; one sentence with its number in the file.
    """
    for entry in entries:
        if entry in index.ambiguous:
            raise DatasetError(f"'{place}': {index.ambiguous[entry]}; whose boxes are whose cannot be told.")
    found = Content([], [], [], [])
    if "annotations" not in index.layout.arrays:
        return found
    start, size = index.places("annotations").start, index.places("annotations").size
    for row in _rows_of(index, entries):
        element = Element(read_range(file, int(start[row]), int(start[row] + size[row])))
        try:
            label = _label(index, row, element)
            found.objects.append(read_object(element))
        except BadElementError as error:
            raise DatasetError(f"'{place}': annotation {row + 1} (id {_short(element.get('id'))}) {error}.") from None
        found.rows.append(row)
        found.elements.append(element)
        found.labels.append(label)
    return found


def warnings_of(
    index: CocoIndex,
    file: BinaryIO,
    place: Path,
    entries: Sequence[int],
    found: Content,
    image_hw: tuple[int, int] | None,
) -> list[str]:
    """One sentence for each oddity that is kept as it is."""
    names = [f"'{place}': annotation {row + 1} of '{index.image_names[entries[0]]}'" for row in found.rows]
    truth = found.annotation(place, False).ground_truth
    sizes = [] if image_hw is None else _size_warnings(index, file, place, entries[0], image_hw)
    return sizes + odd_boxes(names, truth, image_hw)


def check_seen(index: CocoIndex, place: Path, entries: Sequence[int], there: Content, seen: Stored) -> None:
    """Of a file that was saved since for other images: this one must be as it was.

    Raises:
        ChangedOnDiskError: what the file says of the image is not what was `seen`.
    """
    listed = bool(entries) and "annotations" in index.layout.arrays
    known = seen.annotation
    if known is None:
        same = not listed
    else:
        raws = [each.raw if isinstance(each, CocoRecord) else None for each in known.records]
        verified = any(index.verified[entry] for entry in entries)
        same = listed and known.verified == verified and raws == [each.raw for each in there.elements]
    if not same:
        raise ChangedOnDiskError(f"'{place}' was changed by another program since it was read.")


def size_of(image_path: Path, image_hw: tuple[int, int] | None) -> tuple[int, int] | None:
    """(height, width) as given, or from the image's header; None where that cannot be read."""
    if image_hw is not None:
        return image_hw
    try:
        return read_size(image_path)
    except ImageError:  # the image says so itself when it is opened
        return None


def entry_element(index: CocoIndex, file: BinaryIO, entry: int) -> Element:
    """The text of an image's own entry."""
    places = index.places("images")
    return Element(read_range(file, int(places.start[entry]), int(places.start[entry] + places.size[entry])))


def stated_size(entry: Element) -> tuple[int, int] | None:
    """(height, width) that an image's own entry states; None where these are no whole numbers of pixels."""
    height, width = entry.get("height"), entry.get("width")
    whole = all(type(each) in (int, float) and each == each // 1 and 0 < each < 1e9 for each in (height, width))
    return (int(height), int(width)) if whole else None


def _size_warnings(index: CocoIndex, file: BinaryIO, place: Path, entry: int, image_hw: tuple[int, int]) -> list[str]:
    element = entry_element(index, file, entry)
    width, height = element.get("width"), element.get("height")
    if not all(type(each) in (int, float) for each in (width, height)) or (height, width) == image_hw:
        return []
    stated = f"'{place}' is written for '{index.image_names[entry]}' of {_short(width)} x {_short(height)} px"
    real = f"{image_hw[1]} x {image_hw[0]}"
    if (width, height) == image_hw:
        return [
            f"{stated}, but the image has {real}: width and height are swapped, as of a picture before it is turned."
        ]
    return [f"{stated}, but the image has {real}."]


def _label(index: CocoIndex, row: int, element: Element) -> str:
    category = int(index.category_of[row])
    name = index.category_names[category] if category != NOWHERE else ""
    if not name:
        given = element.get("category_id")
        said = "no category_id" if given is None else f"category_id {_short(given)}, which is no category of the file"
        raise BadElementError(f"has {said}")
    return name


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:37] + "..."
