"""What is known of a COCO file without its boxes: where each element stands, and which belong together.

Shapes: I images, A annotations, C categories, each by its row: its number in the file when it was opened. Rows stay
when elements go; new ones go last. Of a million annotations about 30 MB are kept.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from detector.datasets.coco_elements import AnnotationEntry, CategoryEntry, Decoder, Id, ImageEntry
from detector.datasets.coco_scan import Layout, Places, Progress, Source, scan

NOWHERE = -1
"""Row of an image or a category that does not exist."""

_LARGEST_ID = 1 << 62
_MOST_WARNINGS = 20
_NO_ENTRY = AnnotationEntry("")

_SHARES = (0.45, 0.55, 1.0)
"""Of the time of opening: done after the scan, the images, the annotations."""


def parts_of(file_name: str) -> tuple[str, ...]:
    r"""The parts of a name as a COCO file has it, whatever system wrote it: 'a/1.jpg', 'C:\a\1.jpg'."""
    composed = file_name if file_name.isascii() else unicodedata.normalize("NFC", file_name)
    return tuple(part for part in composed.replace("\\", "/").split("/") if part not in ("", "."))


@dataclass(slots=True, eq=False)
class CocoIndex:
    """See the top of the file.

    Attributes:
        layout: where the elements stand.
        image_ids: I ids.
        image_names: I file names as written; "" for an entry that makes no sense.
        verified: (I,) bool.
        image_of: (A,) row of the image; `NOWHERE` for one that has none.
        category_of: (A,) row of the category.
        category_ids: C ids.
        category_names: C names; "" for one that makes no sense.
        next_id: of each array the number that the next new element gets.
        warnings: one sentence for each kind of oddity.
    """

    layout: Layout
    image_ids: list[Id | None] = field(default_factory=list)
    image_names: list[str] = field(default_factory=list)
    verified: list[bool] = field(default_factory=list)
    image_of: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    category_of: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    category_ids: list[Id | None] = field(default_factory=list)
    category_names: list[str] = field(default_factory=list)
    next_id: dict[str, int] = field(default_factory=lambda: {"images": 1, "annotations": 1, "categories": 1})
    warnings: list[str] = field(default_factory=list)
    ambiguous: dict[int, str] = field(default_factory=dict)
    """Row of an image -> what makes it unclear which boxes are its own."""
    freed: set[Id] = field(default_factory=set)
    """Ids of annotations that were taken out since the file was opened."""
    _images: dict[Id, int] = field(default_factory=dict)
    _categories: dict[Id, int] = field(default_factory=dict)
    _by_last_part: dict[str, list[int]] = field(default_factory=dict)
    _order: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    _first: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))
    _changed: dict[int, list[int]] = field(default_factory=dict)

    def places(self, array: str) -> Places:
        """Where the elements of an array stand."""
        return self.layout.arrays[array]

    def rows_of(self, image: int) -> list[int]:
        """The annotations of an image in the order of the file."""
        if image in self._changed:
            return list(self._changed[image])
        if image + 1 >= len(self._first):
            return []
        return [int(row) for row in self._order[self._first[image] : self._first[image + 1]]]

    def set_rows(self, image: int, rows: list[int]) -> None:
        """From now on an image has these annotations."""
        self._changed[image] = list(rows)

    def named(self, last_part: str) -> list[int]:
        """The images whose name ends with this part."""
        return self._by_last_part.get(unicodedata.normalize("NFC", last_part), [])

    def category_row(self, number: Id | None) -> int:
        """The row of a category by its id."""
        return NOWHERE if number is None else self._categories.get(number, NOWHERE)

    def image_row(self, number: Id | None) -> int:
        """The row of an image by its id."""
        return NOWHERE if number is None else self._images.get(number, NOWHERE)

    def lookups(self) -> tuple[_Lookup, _Lookup]:
        """As `image_row` and `category_row`, for thousands of ids at once."""
        return _Lookup(self._images), _Lookup(self._categories)

    def add_image(self, entry: ImageEntry | str) -> None:
        """The next image."""
        row = len(self.image_ids)
        if isinstance(entry, str):
            self.image_ids.append(None)
            self.image_names.append("")
            self.verified.append(False)
            return
        self.image_ids.append(entry.id)
        self.image_names.append(entry.file_name)
        self.verified.append(bool(entry.verified))
        self._use("images", entry.id)
        other = self._images.setdefault(entry.id, row)
        if other != row and self.image_names[other] != entry.file_name:
            said = f"the images '{self.image_names[other]}' and '{entry.file_name}' have the same id {entry.id}"
            self.ambiguous[other] = self.ambiguous[row] = said
        if other != row and row not in self.ambiguous:
            return  # written twice: the second has no boxes of its own
        last = entry.file_name.replace("\\", "/").rpartition("/")[2]
        if not last.isascii():
            last = unicodedata.normalize("NFC", last)
        if last:
            self._by_last_part.setdefault(last, []).append(row)

    def add_category(self, entry: CategoryEntry | str) -> None:
        """The next category."""
        row = len(self.category_ids)
        sound = not isinstance(entry, str) and bool(entry.name.strip())
        self.category_ids.append(entry.id if not isinstance(entry, str) and sound else None)
        self.category_names.append(entry.name if not isinstance(entry, str) and sound else "")
        if isinstance(entry, str):
            return
        self._use("categories", entry.id)
        if not sound:
            return
        other = self._categories.setdefault(entry.id, row)
        if other != row and self.category_names[other] != entry.name:
            self.category_names[row] = ""
            self.warnings.append(
                f"the categories '{self.category_names[other]}' and '{entry.name}' have the same id {entry.id}; "
                "the first counts."
            )

    def use_lost(self, entries: Iterable[AnnotationEntry]) -> None:
        """Ids that lead nowhere are not given to anything new: it would get the annotations of something lost."""
        for each in entries:
            self._use("images", each.image_id)
            self._use("categories", each.category_id)

    def _use(self, array: str, number: Id | None) -> None:
        if isinstance(number, int):
            self.next_id[array] = max(self.next_id[array], number + 1)

    def class_counts(self) -> Counter[str]:
        """How many annotations each class has; those without an image count as well."""
        counted = np.bincount(self.category_of + 1, minlength=len(self.category_ids) + 1)[1:]
        found: Counter[str] = Counter()
        for name, count in zip(self.category_names, counted.tolist(), strict=False):
            if name:
                found[name] += count
        return found

    def sort_annotations(self, images: list[NDArray[np.int32]], categories: list[NDArray[np.int32]]) -> None:
        """Take the columns of all annotations, and find those of each image at once."""
        self.image_of = np.concatenate([np.zeros(0, np.int32), *images])
        self.category_of = np.concatenate([np.zeros(0, np.int32), *categories])
        order = np.argsort(self.image_of, kind="stable")
        self._first = np.searchsorted(self.image_of[order], np.arange(len(self.image_ids) + 1))
        self._order = order

    def grow(self, images: Sequence[int], categories: Sequence[int]) -> int:
        """The row of the first of some more annotations."""
        first = len(self.image_of)
        if images:
            self.image_of = np.append(self.image_of, np.array(images, np.int32))
            self.category_of = np.append(self.category_of, np.array(categories, np.int32))
        return first


class _Lookup:
    """Rows by id, for a million ids: found in a sorted table where all are numbers, else one by one."""

    def __init__(self, rows: Mapping[Id, int]) -> None:
        self._rows = rows
        self._table: tuple[NDArray[np.int64], NDArray[np.int32]] | None = None
        numbers = _int64s(list(rows))
        if numbers is not None and len(numbers):
            order = np.argsort(numbers)
            self._table = numbers[order], np.fromiter(rows.values(), np.int32, len(rows))[order]

    def of(self, ids: list[Id | None]) -> NDArray[np.int32]:
        """The row of each id, `NOWHERE` for one that does not exist."""
        wanted = None if self._table is None else _int64s(ids)
        if wanted is None or self._table is None:
            found = (NOWHERE if each is None else self._rows.get(each, NOWHERE) for each in ids)
            return np.fromiter(found, np.int32, len(ids))
        numbers, rows = self._table
        places = np.searchsorted(numbers, wanted).clip(max=len(numbers) - 1)
        return np.where(numbers[places] == wanted, rows[places], np.int32(NOWHERE))


def _int64s(ids: Sequence[Id | None]) -> NDArray[np.int64] | None:
    """Ids as an array; None where some are no numbers, or larger than it holds."""
    if not set(map(type, ids)) <= {int}:  # numpy would make a number of "12" too
        return None
    try:
        return np.array(ids, np.int64)
    except OverflowError:
        return None


def open_index(source: Source, progress: Progress | None = None) -> CocoIndex:
    """Find out what a file holds.

    Raises:
        DatasetError: it cannot be read, or is no COCO json; one sentence with the place.
    """
    layout = scan(source, _part(progress, 0.0, _SHARES[0]))
    index = CocoIndex(layout)
    path = source.path
    with source.opened() as file:
        for image_piece in Decoder(path, "image", ImageEntry).pieces(file, layout.arrays["images"]):
            for entry in image_piece:
                index.add_image(entry)
            _collect(index, image_piece)
        if "categories" in layout.arrays:
            decoder = Decoder(path, "category", CategoryEntry)
            for category_piece in decoder.pieces(file, layout.arrays["categories"]):
                for category in category_piece:
                    index.add_category(category)
                _collect(index, category_piece)
        if "annotations" in layout.arrays:
            pieces = Decoder(path, "annotation", AnnotationEntry).pieces(
                file, layout.arrays["annotations"], _part(progress, _SHARES[1], _SHARES[2])
            )
            _add_annotations(index, pieces)
        source.check()
    _say_names(index)
    index.warnings = [f"'{path}': {warning}" for warning in index.warnings]
    return index


def _add_annotations(index: CocoIndex, pieces: Iterable[Sequence[AnnotationEntry | str]]) -> None:
    images: list[NDArray[np.int32]] = []
    categories: list[NDArray[np.int32]] = []
    numbers: list[NDArray[np.int64]] = []
    image_rows, category_rows = index.lookups()
    for piece in pieces:
        sound = _sound(index, piece)
        images.append(image_rows.of([each.image_id for each in sound]))
        categories.append(category_rows.of([each.category_id for each in sound]))
        numbers.append(_numbers(index, [each.id for each in sound]))
        lost = np.flatnonzero((images[-1] == NOWHERE) | (categories[-1] == NOWHERE))
        index.use_lost(sound[row] for row in lost.tolist())
    index.sort_annotations(images, categories)
    _say_doubled(index, np.sort(np.concatenate([np.zeros(0, np.int64), *numbers])))
    orphans = int((index.image_of == NOWHERE).sum())
    if orphans:
        first = int(np.argmax(index.image_of == NOWHERE)) + 1
        index.warnings.append(
            f"{orphans:,} annotation(s) belong to no image of the file, the first is number {first}; they are kept."
        )


def _sound(index: CocoIndex, piece: Sequence[AnnotationEntry | str]) -> Sequence[AnnotationEntry]:
    """The piece with an entry that belongs nowhere for each that makes no sense."""
    if not _collect(index, piece):
        return piece  # type: ignore[return-value]  # all are entries
    return [_NO_ENTRY if isinstance(each, str) else each for each in piece]


def _numbers(index: CocoIndex, ids: list[Id | None]) -> NDArray[np.int64]:
    """Those ids that are numbers of an ordinary size."""
    numbers = _int64s(ids)
    if numbers is None:
        whole = [each for each in ids if isinstance(each, int)]
        index.next_id["annotations"] = max(index.next_id["annotations"], max(whole, default=0) + 1)
        return np.array([each for each in whole if abs(each) < _LARGEST_ID], np.int64)
    index.next_id["annotations"] = max(index.next_id["annotations"], int(numbers.max(initial=0)) + 1)
    return numbers


def _say_doubled(index: CocoIndex, numbers: NDArray[np.int64]) -> None:
    doubled = numbers[1:][numbers[1:] == numbers[:-1]]
    if len(doubled):
        index.warnings.append(
            f"{len(doubled):,} annotation(s) have the id of another one, the first is id {int(doubled[0])}; "
            "all are kept."
        )


def _collect(index: CocoIndex, piece: Sequence[object]) -> bool:
    """Whether some elements make no sense. The first is a warning; a million of them say no more."""
    if str not in set(map(type, piece)):
        return False
    if len(index.warnings) < _MOST_WARNINGS:
        index.warnings.append(f"{next(each for each in piece if isinstance(each, str))}; it is kept as it is.")
    return True


def _say_names(index: CocoIndex) -> None:
    doubled = list(index.ambiguous.values())
    if doubled:
        index.warnings.append(f"in {len(doubled):,} image(s) it is unclear which boxes are theirs: {doubled[0]}.")


def _part(progress: Progress | None, low: float, high: float) -> Progress | None:
    if progress is None:
        return None
    return lambda share: progress(low + (high - low) * share)
