"""What a save changes in a COCO file: byte ranges, and what becomes of the index when they are changed.

Objects of an image keep their places in the file's list. One that is new among them goes in front of the next that
was there; one that is new behind them goes to the end of the list. Planning changes nothing: a plan that is not carried
out leaves no trace.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeGuard

import numpy as np

from detector.datasets.annotation import Annotation, Record, Stored
from detector.datasets.coco_elements import CategoryEntry, Id, ImageEntry
from detector.datasets.coco_image import (
    CocoRecord,
    Content,
    check_seen,
    content_of,
    entries_for,
    entry_element,
    stated_size,
)
from detector.datasets.coco_index import NOWHERE, CocoIndex, parts_of
from detector.datasets.coco_lists import appended, gap_in, insertion, removals, sample_element
from detector.datasets.coco_object import CocoObject, change_object
from detector.datasets.coco_scan import Places, Source
from detector.datasets.coco_text import Element, Style
from detector.datasets.coco_write import annotation_members, category_members, check_object, image_members
from detector.datasets.splicing import Change


@dataclass(frozen=True, slots=True)
class _Edit:
    """A range of bytes and what shall stand there.

    Attributes:
        array: in which new elements are put.
        starts: where each of those begins within `new`.
        sizes: their bytes.
        owners: of new annotations, the number of the object.
    """

    start: int
    end: int
    new: bytes
    array: str = ""
    starts: tuple[int, ...] = ()
    sizes: tuple[int, ...] = ()
    owners: tuple[int, ...] = ()


@dataclass(slots=True, eq=False)
class Plan:
    """See the top of the file.

    Attributes:
        edits: sorted by where they begin.
        raws: the text of each object of the annotation, as it will stand in the file.
        needs_scan: the file gets a list that it did not have, so that the index is of no use afterwards.
        entries: the rows of the image; that of a new one is the next.
        slots: the row of each object; `NOWHERE` for one that is new in the file.
        categories: the row of each object's category.
        resized: (array, row, bytes) of elements that are changed in place.
        removed: rows of annotations that go.
        new_image: its entry.
        new_categories: in order.
        verified: as it will be.
        ids: those of the new annotations.
        freed: ids of annotations that go.
    """

    edits: list[_Edit]
    raws: list[bytes]
    needs_scan: bool
    entries: list[int]
    slots: list[int]
    categories: list[int]
    resized: list[tuple[str, int, int]]
    removed: list[int]
    new_image: ImageEntry | None
    new_categories: list[CategoryEntry]
    verified: bool
    ids: list[Id]
    freed: list[Id]

    @property
    def changes(self) -> list[Change]:
        """What stands where."""
        return [(each.start, each.end, each.new) for each in self.edits]

    def apply(self, index: CocoIndex) -> None:
        """The file has been changed as planned; so is the index."""
        changes = self.changes
        index.layout.move(changes)
        if self.new_image is not None:
            index.add_image(self.new_image)
        for entry in self.new_categories:
            index.add_category(entry)
        rows = self._place_new(index, changes)
        for array, row, size in self.resized:
            index.places(array).size[row] = size
        for row, category in zip(rows, self.categories, strict=True):
            index.category_of[row] = category
        gone = self.removed
        if gone:
            index.places("annotations").start[gone] = -1
            index.category_of[gone] = index.image_of[gone] = NOWHERE
        index.set_rows(self.entries[0], rows)
        for other in self.entries[1:]:
            index.set_rows(other, [])
        for image in self.entries:
            index.verified[image] = self.verified and (image == self.entries[0] or index.verified[image])
        index.freed.update(self.freed)
        index.freed.difference_update(self.ids)
        whole = [each + 1 for each in self.ids if isinstance(each, int)]
        index.next_id["annotations"] = max(index.next_id["annotations"], *whole, 0)

    def _place_new(self, index: CocoIndex, changes: Sequence[Change]) -> list[int]:
        """Add what is new to the columns; the row of each object."""
        rows = list(self.slots)
        shift = 0
        for edit, (start, end, new) in zip(self.edits, changes, strict=True):
            if edit.starts:
                index.places(edit.array).add([start + shift + each for each in edit.starts], edit.sizes)
            for owner in edit.owners:
                rows[owner] = index.grow(self.entries[0], self.categories[owner])
            shift += len(new) - (end - start)
        return rows


def make_plan(
    index: CocoIndex, source: Source, image_path: Path, image_hw: tuple[int, int], annotation: Annotation,
    seen: Stored | None, images: Path | None,
) -> Plan:  # fmt: skip
    """What has to change so that the file says this of an image.

    Args:
        images: the folder that file names are relative to, where it is known.

    Raises:
        ChangedOnDiskError: what the file says of the image is not what was `seen`.
        DatasetError: what is there makes no sense, or the format cannot hold the annotation.
    """
    for row, label in enumerate(annotation.ground_truth.labels):
        check_object(source.path, annotation.ground_truth, row, label)
    with source.opened() as file:
        entries = entries_for(index, source.path, image_path)
        there = content_of(index, file, source.path, entries)
        if seen is not None and seen.stamp != source.stamp:
            check_seen(index, source.path, entries, there, seen)
        planner = _Planner(index, file, source.path, entries, there, annotation)
        planner.find_rows()
        planner.plan_image(image_path, image_hw, images)
        planner.plan_objects()
        planner.plan_categories()
        return planner.plan()


@dataclass(slots=True, eq=False)
class _Planner:
    """Puts a plan together."""

    index: CocoIndex
    file: BinaryIO
    place: Path
    entries: list[int]
    there: Content
    annotation: Annotation
    edits: list[_Edit] = field(default_factory=list)
    raws: list[bytes] = field(default_factory=list)
    bases: list[Element | None] = field(default_factory=list)
    slots: list[int] = field(default_factory=list)
    categories: list[int] = field(default_factory=list)
    resized: list[tuple[str, int, int]] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    new_image: ImageEntry | None = None
    new_categories: list[CategoryEntry] = field(default_factory=list)
    ids: list[Id] = field(default_factory=list)
    needs_scan: bool = False

    def plan(self) -> Plan:
        self.edits.sort(key=lambda each: (each.start, each.end))
        entries = self.entries or [len(self.index.image_ids)]
        freed = [self.there.elements[self.there.rows.index(row)].get("id") for row in self.removed]
        return Plan(
            self.edits, self.raws, self.needs_scan, entries, self.slots, self.categories, self.resized, self.removed,
            self.new_image, self.new_categories, self.annotation.verified, self.ids,
            [each for each in freed if isinstance(each, int | str)],
        )  # fmt: skip

    # Which object is which element.

    def find_rows(self) -> None:
        """The row of each object that has one, by its record; those that keep their order keep their rows."""
        free = dict(zip(self.there.rows, self.there.elements, strict=True))
        found = [self._take(free, record, by_id=False) for record in self.annotation.records]
        for number, record in enumerate(self.annotation.records):
            if found[number] == NOWHERE:
                found[number] = self._take(free, record, by_id=True)
        self.removed = list(free)
        elements = dict(zip(self.there.rows, self.there.elements, strict=True))
        for row, record in zip(found, self.annotation.records, strict=True):
            self.bases.append(elements[row] if row != NOWHERE else self._gone_element(record))
        # Where objects have changed their order, their texts change places in the file.
        start = self.index.places("annotations").start if self.there.rows else np.zeros(0, np.int64)
        in_order = iter(sorted((row for row in found if row != NOWHERE), key=lambda row: int(start[row])))
        self.slots = [next(in_order) if row != NOWHERE else NOWHERE for row in found]

    def _take(self, free: dict[int, Element], record: Record | None, *, by_id: bool) -> int:
        if not self._is_ours(record):
            return NOWHERE
        wanted = _id_of(record.raw) if by_id else record.raw
        for row, element in free.items():
            if wanted is not None and wanted == (element.get("id") if by_id else element.raw):
                del free[row]
                return row
        return NOWHERE

    def _is_ours(self, record: Record | None) -> TypeGuard[CocoRecord]:
        return isinstance(record, CocoRecord) and record.place == self.place

    def _gone_element(self, record: Record | None) -> Element | None:
        """The element of an object that an earlier save took out of this image, and that has come back."""
        if not self._is_ours(record):
            return None
        element = Element(record.raw)
        ids = [self.index.image_ids[entry] for entry in self.entries]
        return element if element.get("image_id") in ids else None

    # What changes.

    def plan_image(self, image_path: Path, image_hw: tuple[int, int], images: Path | None) -> None:
        verified = self.annotation.verified
        if not self.entries:
            number = self.index.next_id["images"]
            self.new_image = ImageEntry(number, self._file_name(image_path, images), verified)
            sample = sample_element(self.file, self.index.places("images"))
            style = Style() if sample is None else Style.of(sample)
            text = style.object(image_members(number, self.new_image.file_name, image_hw, verified))
            self._append("images", [text.encode("latin-1")], all_removed=False)
            return
        for entry in self.entries:
            values = {}
            if self.index.verified[entry] != verified and (entry == self.entries[0] or not verified):
                values["verified"] = json.dumps(verified)
            old = entry_element(self.index, self.file, entry)
            stated, wanted = stated_size(old), self.annotation.stated_hw
            if stated is not None and wanted is not None and stated != wanted:
                values |= {"height": str(wanted[0]), "width": str(wanted[1])}
            if values:
                self._replace("images", entry, old.changed(values))

    def _file_name(self, image_path: Path, images: Path | None) -> str:
        """As the file names its others: with the folders that those of the same folder have in front."""
        own = parts_of(str(image_path.absolute()))
        known = next((name for name in self.index.image_names if name), "")
        folders = parts_of(known)[:-1]
        if folders and own[-len(folders) - 1 : -1] == folders:
            return "/".join((*folders, own[-1]))
        for root in (self.place.parent,) if images is None else (images, self.place.parent):
            inside = parts_of(str(root.absolute()))
            if own[: len(inside)] == inside:
                return "/".join(own[len(inside) :])
        return image_path.name

    def plan_objects(self) -> None:
        truth = self.annotation.ground_truth
        style = self._style()
        image_id = self.new_image.id if self.new_image is not None else self.index.image_ids[self.entries[0]]
        next_id = self.index.next_id["annotations"]
        for row, label in enumerate(truth.labels):
            base = self.bases[row]
            category = self._category(label, base)
            self.categories.append(category)
            if base is None:
                ids = (next_id, json.dumps(image_id), json.dumps(self._category_id(category)))
                text = style.object(annotation_members(truth, row, ids, style)).encode("latin-1")
                self.ids.append(next_id)
                next_id += 1
            else:
                others = {}
                if base.get("category_id") != self._category_id(category):
                    others["category_id"] = json.dumps(self._category_id(category))
                if self.slots[row] == NOWHERE:
                    number = base.get("id")
                    if number not in self.index.freed or number in self.ids:
                        number, next_id = next_id, next_id + 1
                        others["id"] = str(number)
                    self.ids.append(number)
                now = CocoObject(
                    truth.boxes[row], bool(truth.crowd[row]), bool(truth.difficult[row]), bool(truth.truncated[row])
                )
                text = change_object(base, now, others)
            self.raws.append(text)
        self._place_objects()

    def _place_objects(self) -> None:
        old = dict(zip(self.there.rows, self.there.elements, strict=True))
        waiting: list[int] = []
        for number, row in enumerate(self.slots):
            if row == NOWHERE:
                waiting.append(number)
                continue
            if waiting:
                self._insert(waiting, row)
                waiting = []
            if old[row].raw != self.raws[number]:
                self._replace("annotations", row, self.raws[number])
        places = self.index.layout.arrays.get("annotations")
        if self.removed and places is not None:
            self.edits += [_Edit(*each) for each in removals(self.file, places, self.removed)]
        if waiting or places is None:
            alive = 0 if places is None else int((places.start >= 0).sum())
            texts = [self.raws[number] for number in waiting]
            self._append("annotations", texts, owners=waiting, all_removed=alive == len(self.removed))

    def plan_categories(self) -> None:
        if not self.new_categories:
            return
        sample = sample_element(self.file, self.index.layout.arrays.get("categories"))
        style = Style() if sample is None else Style.of(sample)
        texts = [
            style.object(category_members(int(each.id), each.name)).encode("latin-1") for each in self.new_categories
        ]
        self._append("categories", texts, all_removed=False)

    def _category(self, label: str, base: Element | None) -> int:
        """The row of an object's category: that it has, where it is still called so; else the one most used."""
        index = self.index
        own = index.category_row(base.get("category_id")) if base is not None else NOWHERE
        if own != NOWHERE and index.category_names[own] == label:
            return own
        rows = [row for row, name in enumerate(index.category_names) if name == label]
        if len(rows) > 1:
            return max(rows, key=lambda row: int((index.category_of == row).sum()))
        if rows:
            return rows[0]
        names = [each.name for each in self.new_categories]
        if label not in names:
            names.append(label)
            self.new_categories.append(CategoryEntry(index.next_id["categories"] + len(self.new_categories), label))
        return len(index.category_names) + names.index(label)

    def _category_id(self, row: int) -> Id | None:
        known = self.index.category_ids
        return known[row] if row < len(known) else self.new_categories[row - len(known)].id

    def _style(self) -> Style:
        arrays = self.index.layout.arrays
        sample = (
            self.there.elements[-1] if self.there.elements else sample_element(self.file, arrays.get("annotations"))
        )
        sample = sample or sample_element(self.file, arrays["images"])
        return Style() if sample is None else Style.of(sample)

    # Bytes.

    def _replace(self, array: str, row: int, raw: bytes) -> None:
        start, size = (int(each[row]) for each in (self.index.places(array).start, self.index.places(array).size))
        self.edits.append(_Edit(start, start + size, raw))
        self.resized.append((array, row, len(raw)))

    def _insert(self, objects: list[int], row: int) -> None:
        places = self.index.places("annotations")
        texts = [self.raws[number] for number in objects]
        change, starts = insertion(texts, int(places.start[row]), gap_in(self.file, places, None))
        self.edits.append(_Edit(*change, "annotations", tuple(starts), _sizes(texts), tuple(objects)))

    def _append(self, array: str, texts: list[bytes], *, all_removed: bool, owners: Sequence[int] = ()) -> None:
        arrays = self.index.layout.arrays
        if array not in arrays:
            end = self.index.layout.end
            text = b",\n" + json.dumps(array).encode() + b": [" + b",\n".join(texts) + b"]"
            self.edits.append(_Edit(end, end, text))
            self.needs_scan = True
            return
        sibling: Places | None = arrays["images"] if array != "images" else None
        gap = gap_in(self.file, arrays[array], sibling)
        change, starts = appended(self.file, arrays[array], texts, gap, sibling, all_removed=all_removed)
        self.edits.append(_Edit(*change, array, tuple(starts), _sizes(texts), tuple(owners)))


def _sizes(texts: list[bytes]) -> tuple[int, ...]:
    return tuple(len(text) for text in texts)


def _id_of(raw: bytes) -> Id | None:
    number = Element(raw).get("id")
    return number if isinstance(number, int | str) else None
