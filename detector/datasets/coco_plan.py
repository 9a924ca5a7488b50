"""What a save changes of one image in a COCO file: which elements, and what they say then; `coco_edits` makes it bytes.

Objects of an image keep their places in the file's list. One that is new among them goes in front of the next that
was there; one that is new behind them goes to the end of the list. Planning changes nothing: a plan that is not carried
out leaves no trace.
"""

from __future__ import annotations

import json
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
from detector.datasets.coco_lists import sample_element
from detector.datasets.coco_object import CocoObject, change_object, read_object
from detector.datasets.coco_outline import is_outgrown
from detector.datasets.coco_scan import Source
from detector.datasets.coco_text import Element, Style
from detector.datasets.coco_write import annotation_members, check_object, image_members
from detector.datasets.errors import DatasetError


@dataclass(slots=True, eq=False)
class Growth:
    """What a file gets by all that is planned for it so far.

    Attributes:
        next_id: of each array the number that the next new element gets.
        images: how many are new.
        categories: those that are new, in order.
        reused: ids of annotations that had been taken out and are in the file again.
        owners: the images, by the rows of their entries; by the file name where the entry is new.
    """

    next_id: dict[str, int]
    images: int = 0
    categories: list[CategoryEntry] = field(default_factory=list)
    reused: set[Id] = field(default_factory=set)
    owners: dict[int | str, Path] = field(default_factory=dict)

    def draft(self) -> Growth:
        """To add to what may yet fail."""
        return Growth(dict(self.next_id), self.images, list(self.categories), self.reused, self.owners)

    def take(self, draft: Growth, plan: Plan, image_path: Path, place: Path) -> None:
        """A plan that has not failed.

        Raises:
            DatasetError: another image has the same entry.
        """
        keys: list[int | str] = [*plan.entries] if plan.new_image is None else [plan.new_image[0].file_name]
        for key in keys:
            other = self.owners.setdefault(key, image_path)
            if other != image_path:
                raise DatasetError(
                    f"'{place}' has one entry for '{other}' and '{image_path}'; that is the first one's."
                )
        self.next_id, self.images, self.categories = draft.next_id, draft.images, draft.categories
        self.reused.update(plan.ids)


@dataclass(slots=True, eq=False)
class Plan:
    """See the top of the file.

    Attributes:
        raws: the text of each object of the annotation, as it will stand in the file.
        entries: the rows of the image.
        slots: the row of each object; `NOWHERE` for one that is new in the file.
        categories: the row of each object's category.
        replaced: (array, row, text) of elements that are changed in place.
        removed: rows of annotations that go.
        inserted: (row, objects): those go in front of that annotation.
        appended: objects that go to the end of the list.
        new_image: its entry, and the text of that; None where the file has the image.
        verified: as it will be.
        ids: those of the new annotations.
        freed: ids of annotations that go.
        outgrown: rows of objects whose outline does not fit their box any more.
    """

    entries: list[int]
    verified: bool
    raws: list[bytes] = field(default_factory=list)
    slots: list[int] = field(default_factory=list)
    categories: list[int] = field(default_factory=list)
    replaced: list[tuple[str, int, bytes]] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    inserted: list[tuple[int, list[int]]] = field(default_factory=list)
    appended: list[int] = field(default_factory=list)
    new_image: tuple[ImageEntry, bytes] | None = None
    ids: list[Id] = field(default_factory=list)
    freed: list[Id] = field(default_factory=list)
    outgrown: list[int] = field(default_factory=list)

    def notes(self, place: Path) -> tuple[str, ...]:
        """What a person has to know of the save: one sentence at most."""
        if not self.outgrown:
            return ()
        what = f"object {self.outgrown[0] + 1}" if len(self.outgrown) == 1 else f"{len(self.outgrown)} objects"
        return (f"'{place}': the outline of {what} was kept as it was, and does not fit the new box.",)


def make_plan(
    index: CocoIndex, source: Source, image_path: Path, image_hw: tuple[int, int], annotation: Annotation,
    seen: Stored | None, images: Path | None, growth: Growth,
) -> Plan:  # fmt: skip
    """What has to change so that the file says this of an image.

    Args:
        images: the folder that file names are relative to, where it is known.
        growth: what the file gets by other plans; what it gets by this one is added.

    Raises:
        ChangedOnDiskError: what the file says of the image is not what was `seen`.
        DatasetError: another image has the same entry, what is there makes no sense, or the format cannot hold what
            is to be written.
    """
    for row, label in enumerate(annotation.ground_truth.labels):
        check_object(source.path, annotation.ground_truth, row, label)
    with source.opened() as file:
        entries = entries_for(index, source.path, image_path)
        there = content_of(index, file, source.path, entries)
        if seen is not None and seen.stamp != source.stamp:
            check_seen(index, source.path, entries, there, seen)
        plan = Plan(entries or [len(index.image_ids) + growth.images], annotation.verified)
        draft = growth.draft()
        planner = _Planner(index, file, source.path, entries, there, annotation, draft, plan)
        planner.find_rows()
        planner.plan_image(image_path, image_hw, images)
        planner.plan_objects()
        growth.take(draft, plan, image_path, source.path)
        return plan


@dataclass(slots=True, eq=False)
class _Planner:
    """Puts a plan together."""

    index: CocoIndex
    file: BinaryIO
    place: Path
    entries: list[int]
    there: Content
    annotation: Annotation
    growth: Growth
    plan: Plan
    bases: list[Element | None] = field(default_factory=list)

    # Which object is which element.

    def find_rows(self) -> None:
        """The row of each object that has one, by its record; those that keep their order keep their rows."""
        free = dict(zip(self.there.rows, self.there.elements, strict=True))
        found = [self._take(free, record, by_id=False) for record in self.annotation.records]
        for number, record in enumerate(self.annotation.records):
            if found[number] == NOWHERE:
                found[number] = self._take(free, record, by_id=True)
        self.plan.removed = list(free)
        freed = [element.get("id") for element in free.values()]
        self.plan.freed = [each for each in freed if isinstance(each, int | str)]
        elements = dict(zip(self.there.rows, self.there.elements, strict=True))
        for row, record in zip(found, self.annotation.records, strict=True):
            self.bases.append(elements[row] if row != NOWHERE else self._gone_element(record))
        # Where objects have changed their order, their texts change places in the file.
        start = self.index.places("annotations").start if self.there.rows else np.zeros(0, np.int64)
        in_order = iter(sorted((row for row in found if row != NOWHERE), key=lambda row: int(start[row])))
        self.plan.slots = [next(in_order) if row != NOWHERE else NOWHERE for row in found]

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
            number = self.growth.next_id["images"]
            entry = ImageEntry(number, self._file_name(image_path, images), verified)
            sample = sample_element(self.file, self.index.places("images"))
            style = Style() if sample is None else Style.of(sample)
            text = style.object(image_members(number, entry.file_name, image_hw, verified))
            self.plan.new_image = (entry, text.encode("latin-1"))
            self.growth.images += 1
            self.growth.next_id["images"] = number + 1
            return
        for row in self.entries:
            values = {}
            if self.index.verified[row] != verified and (row == self.entries[0] or not verified):
                values["verified"] = json.dumps(verified)
            old = entry_element(self.index, self.file, row)
            stated, wanted = stated_size(old), self.annotation.stated_hw
            if stated is not None and wanted is not None and stated != wanted:
                values |= {"height": str(wanted[0]), "width": str(wanted[1])}
            if values:
                self.plan.replaced.append(("images", row, old.changed(values)))

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
        truth, plan, next_id = self.annotation.ground_truth, self.plan, self.growth.next_id
        style = self._style()
        image_id = plan.new_image[0].id if plan.new_image is not None else self.index.image_ids[self.entries[0]]
        for row, label in enumerate(truth.labels):
            base = self.bases[row]
            category = self._category(label, base)
            plan.categories.append(category)
            if base is None:
                number = next_id["annotations"]
                ids = (number, json.dumps(image_id), json.dumps(self._category_id(category)))
                text = style.object(annotation_members(truth, row, ids, style)).encode("latin-1")
                plan.ids.append(number)
                next_id["annotations"] += 1
            else:
                others = {}
                if base.get("category_id") != self._category_id(category):
                    others["category_id"] = json.dumps(self._category_id(category))
                if plan.slots[row] == NOWHERE:
                    others |= self._id_again(base)
                now = CocoObject(
                    truth.boxes[row], bool(truth.crowd[row]), bool(truth.difficult[row]), bool(truth.truncated[row])
                )
                text = change_object(base, now, others)
                if text != base.raw and is_outgrown(text, read_object(base).box, now.box):
                    plan.outgrown.append(row)
            plan.raws.append(text)
        self._place_objects()

    def _id_again(self, base: Element) -> dict[str, str]:
        """An object that comes back has the id that it had, where nobody else has got it meanwhile."""
        number, growth = base.get("id"), self.growth
        if number in self.index.freed and number not in growth.reused and number not in self.plan.ids:
            self.plan.ids.append(number)
            return {}
        number = growth.next_id["annotations"]
        growth.next_id["annotations"] += 1
        self.plan.ids.append(number)
        return {"id": str(number)}

    def _place_objects(self) -> None:
        old = dict(zip(self.there.rows, self.there.elements, strict=True))
        waiting: list[int] = []
        for number, row in enumerate(self.plan.slots):
            if row == NOWHERE:
                waiting.append(number)
                continue
            if waiting:
                self.plan.inserted.append((row, waiting))
                waiting = []
            if old[row].raw != self.plan.raws[number]:
                self.plan.replaced.append(("annotations", row, self.plan.raws[number]))
        self.plan.appended = waiting

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
        names = [each.name for each in self.growth.categories]
        if label not in names:
            names.append(label)
            self.growth.categories.append(CategoryEntry(self.growth.next_id["categories"], label))
            self.growth.next_id["categories"] += 1
        return len(index.category_names) + names.index(label)

    def _category_id(self, row: int) -> Id | None:
        known = self.index.category_ids
        return known[row] if row < len(known) else self.growth.categories[row - len(known)].id

    def _style(self) -> Style:
        arrays = self.index.layout.arrays
        sample = (
            self.there.elements[-1] if self.there.elements else sample_element(self.file, arrays.get("annotations"))
        )
        sample = sample or sample_element(self.file, arrays["images"])
        return Style() if sample is None else Style.of(sample)


def _id_of(raw: bytes) -> Id | None:
    number = Element(raw).get("id")
    return number if isinstance(number, int | str) else None
