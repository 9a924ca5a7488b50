"""Plans for images of one COCO file put together: byte ranges, and what becomes of the index when they are changed.

Commas belong to no element alone: which go and which come is decided once, for all images together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from detector.datasets.coco_index import NOWHERE, CocoIndex
from detector.datasets.coco_lists import appended, gap_in, insertion, removals, sample_element
from detector.datasets.coco_plan import Growth, Plan
from detector.datasets.coco_scan import Places, Source
from detector.datasets.coco_text import Style
from detector.datasets.coco_write import category_members
from detector.datasets.errors import DatasetError
from detector.datasets.splicing import Change


@dataclass(slots=True, eq=False)
class Planned:
    """What is planned for a file as it was at one moment.

    Attributes:
        source: the file; None before the first plan.
        growth: what it gets.
        plans: by image.
        failed: images that cannot be written.
        is_outdated: the file, or what is to be written, is another one by now.
    """

    source: Source | None = None
    growth: Growth = field(default_factory=lambda: Growth({}))
    plans: dict[Path, Plan] = field(default_factory=dict)
    failed: dict[Path, DatasetError] = field(default_factory=dict)
    is_outdated: bool = False


@dataclass(frozen=True, slots=True)
class _Edit:
    """A range of bytes and what shall stand there.

    Attributes:
        array: in which new elements are put.
        starts: where each of those begins within `new`.
        sizes: their bytes.
        owners: of new annotations, their plan and the number of the object there.
    """

    start: int
    end: int
    new: bytes
    array: str = ""
    starts: tuple[int, ...] = ()
    sizes: tuple[int, ...] = ()
    owners: tuple[tuple[Plan, int], ...] = ()


@dataclass(slots=True, eq=False)
class FileEdits:
    """All that changes in a file.

    Attributes:
        plans: of the images, in the order in which they were made.
        growth: what the file gets by them.
        edits: sorted by where they begin.
        needs_scan: the file gets a list that it did not have, so that the index is of no use afterwards.
    """

    plans: Sequence[Plan]
    growth: Growth
    edits: list[_Edit] = field(default_factory=list)
    needs_scan: bool = False

    @property
    def changes(self) -> list[Change]:
        """What stands where."""
        return [(each.start, each.end, each.new) for each in self.edits]

    def apply(self, index: CocoIndex) -> None:
        """The file has been changed so; so is the index."""
        changes = self.changes
        index.layout.move(changes)
        new_images = [each.new_image[0] for each in self.plans if each.new_image is not None]
        for image in new_images:
            index.add_image(image)
        for category in self.growth.categories:
            index.add_category(category)
        new_rows = self._place_new(index)
        for plan in self.plans:
            for array, row, text in plan.replaced:
                index.places(array).size[row] = len(text)
            rows = [row if row != NOWHERE else new_rows[plan, number] for number, row in enumerate(plan.slots)]
            index.category_of[rows] = plan.categories
            _take_out(index, plan.removed)
            index.set_rows(plan.entries[0], rows)
            for other in plan.entries[1:]:
                index.set_rows(other, [])
            for entry in plan.entries:
                index.verified[entry] = plan.verified and (entry == plan.entries[0] or index.verified[entry])
            index.freed.update(plan.freed)
            index.freed.difference_update(plan.ids)
            whole = [each + 1 for each in plan.ids if isinstance(each, int)]
            index.next_id["annotations"] = max(index.next_id["annotations"], *whole, 0)

    def _place_new(self, index: CocoIndex) -> dict[tuple[Plan, int], int]:
        """Add what is new to the columns; the row of each new annotation."""
        starts: dict[str, list[int]] = {}
        sizes: dict[str, list[int]] = {}
        owners: list[tuple[Plan, int]] = []
        shift = 0
        for edit in self.edits:
            starts.setdefault(edit.array, []).extend(edit.start + shift + each for each in edit.starts)
            sizes.setdefault(edit.array, []).extend(edit.sizes)
            owners += edit.owners
            shift += len(edit.new) - (edit.end - edit.start)
        for array in (each for each in starts if each):
            index.places(array).add(starts[array], sizes[array])
        images = [plan.entries[0] for plan, _ in owners]
        first = index.grow(images, [plan.categories[number] for plan, number in owners])
        return {owner: first + place for place, owner in enumerate(owners)}


def _take_out(index: CocoIndex, rows: list[int]) -> None:
    if rows:
        index.places("annotations").start[rows] = -1
        index.category_of[rows] = index.image_of[rows] = NOWHERE


def edits_of(index: CocoIndex, source: Source, planned: Planned) -> FileEdits:
    """What has to change in the file so that it says what is planned for some of its images.

    Raises:
        DatasetError: it cannot be read.
    """
    found = FileEdits(tuple(planned.plans.values()), planned.growth)
    with source.opened() as file:
        maker = _Maker(index, file, found)
        maker.elements()
        maker.new_images()
        maker.new_annotations()
        maker.new_categories()
    found.edits.sort(key=lambda each: (each.start, each.end))
    return found


def entry_taken_out(index: CocoIndex, source: Source, entries: Sequence[int]) -> list[Change]:
    """What has to change so that the file does not list an image; nothing where it says more of it than one entry.

    Raises:
        DatasetError: it cannot be read.
    """
    if len(entries) != 1 or index.verified[entries[0]] or len(index.rows_of(entries[0])):
        return []
    with source.opened() as file:
        return removals(file, index.places("images"), entries)


@dataclass(slots=True, eq=False)
class _Maker:
    """Makes bytes of plans."""

    index: CocoIndex
    file: BinaryIO
    found: FileEdits

    def elements(self) -> None:
        """Those that are changed, those that go, and those that come among others."""
        edits = self.found.edits
        for plan in self.found.plans:
            for array, row, raw in plan.replaced:
                start, end = self._span(array, row)
                edits.append(_Edit(start, end, raw))
        if removed := self._removed():
            edits += [_Edit(*each) for each in removals(self.file, self.index.places("annotations"), removed)]
        inserted = [(plan, row, objects) for plan in self.found.plans for row, objects in plan.inserted]
        gap = gap_in(self.file, self.index.places("annotations"), None) if inserted else b""
        for plan, row, objects in inserted:
            texts = [plan.raws[number] for number in objects]
            change, starts = insertion(texts, self._span("annotations", row)[0], gap)
            owners = tuple((plan, number) for number in objects)
            edits.append(_Edit(*change, "annotations", tuple(starts), _sizes(texts), owners))

    def new_images(self) -> None:
        """At the end of their list."""
        texts = [each.new_image[1] for each in self.found.plans if each.new_image is not None]
        if texts:
            self._append("images", texts)

    def new_annotations(self) -> None:
        """At the end of their list; where there is none, it is made, be it empty: then the images are annotated."""
        owners = [(plan, number) for plan in self.found.plans for number in plan.appended]
        places = self.index.layout.arrays.get("annotations")
        if owners or (places is None and self.found.plans):
            alive = 0 if places is None else int((places.start >= 0).sum())
            texts = [plan.raws[number] for plan, number in owners]
            self._append("annotations", texts, tuple(owners), all_removed=alive == len(self._removed()))

    def new_categories(self) -> None:
        """At the end of their list, in its own spelling."""
        new = self.found.growth.categories
        if new:
            sample = sample_element(self.file, self.index.layout.arrays.get("categories"))
            style = Style() if sample is None else Style.of(sample)
            texts = [style.object(category_members(int(each.id), each.name)).encode("latin-1") for each in new]
            self._append("categories", texts)

    def _removed(self) -> list[int]:
        return [row for plan in self.found.plans for row in plan.removed]

    def _span(self, array: str, row: int) -> tuple[int, int]:
        places = self.index.places(array)
        return int(places.start[row]), int(places.start[row] + places.size[row])

    def _append(
        self, array: str, texts: list[bytes], owners: tuple[tuple[Plan, int], ...] = (), *, all_removed: bool = False
    ) -> None:
        arrays = self.index.layout.arrays
        if array not in arrays:
            end = self.index.layout.end
            text = b",\n" + json.dumps(array).encode() + b": [" + b",\n".join(texts) + b"]"
            self.found.edits.append(_Edit(end, end, text))
            self.found.needs_scan = True
            return
        sibling: Places | None = arrays["images"] if array != "images" else None
        gap = gap_in(self.file, arrays[array], sibling)
        change, starts = appended(self.file, arrays[array], texts, gap, sibling, all_removed=all_removed)
        self.found.edits.append(_Edit(*change, array, tuple(starts), _sizes(texts), owners))


def _sizes(texts: Iterable[bytes]) -> tuple[int, ...]:
    return tuple(map(len, texts))
