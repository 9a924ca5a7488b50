"""A place of annotations that a person has chosen in place of others: what is elsewhere is read as before.

    choose YOLO, then VOC again:   VOC  <--write
                                   VOC, YOLO, ...  --read-->  what was written last of the image

So a folder that was annotated in one format goes on in another, image by image; the older files stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from detector.boxes import iou
from detector.datasets.annotation import Annotation, AnnotationStore, Batch, Hw, Record, Stored, stamp_of
from detector.datasets.errors import DatasetError

_SAME_IOU = 0.5
"""Boxes of one class that overlap so much are one object in two files: only one of them was edited since."""


@dataclass(frozen=True, slots=True, eq=False)
class _FromOlder(Stored):
    """What an older store says of an image.

    Attributes:
        there: what the store says that is written.
    """

    there: Stored | None = None


class Succeeding(AnnotationStore):
    """A store that takes the place of others, which are read where they know an image better.

    Of the stores that have an image, that counts whose file was written last. A file of many images is written when any
    of them is: there it counts what this program wrote last of the image, as far as it knows.
    """

    def __init__(self, store: AnnotationStore, before: AnnotationStore) -> None:
        """Take a store that is written from now on.

        Args:
            store: one that `before` has among its own comes to the front.
            before: what was there so far.
        """
        rest = before.stores if isinstance(before, Succeeding) else (before,)
        self.stores: tuple[AnnotationStore, ...] = (store, *(each for each in rest if each is not store))
        self.format, self.place, self.is_writable = store.format, store.place, store.is_writable
        self._store = store
        self._written: dict[Path, AnnotationStore] = {}
        if isinstance(before, Succeeding):
            self._written = before._written  # the same one: a save may be on its way to the former place

    @property
    def is_loaded(self) -> bool:
        """All are."""
        return all(each.is_loaded for each in self.stores)

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Those of the new store, which is the one that is written."""
        return self._store.classes

    @property
    def shared_files(self) -> tuple[Path, ...]:
        """Those of the new store; the others are not written."""
        return self._store.shared_files

    def rename_class(self, old: str, new: str) -> bool:
        """In the new store; what is read from the others keeps its name."""
        return self._store.rename_class(old, new)

    def refresh(self) -> None:
        """Of the new store."""
        self._store.refresh()

    def path_of(self, image_path: Path) -> Path:
        """In the new store."""
        return self._store.path_of(image_path)

    def own_file(self, image_path: Path) -> Path | None:
        """Of the image's own files, that which was written last; else where it would be."""
        files = [file for each in self.stores if (file := each.own_file(image_path)) is not None]
        return max(files, key=lambda file: stamp_of(file) or (-1, 0), default=None)

    def read(self, image_path: Path, image_hw: tuple[int, int] | None = None) -> Stored:
        """What was written last of the image; from an older store, with the records of the objects that both have.

        Raises:
            DatasetError: the new store cannot be read; or an older one, and no other has the image. Where another has,
                it is a warning.
        """
        there = self._store.read(image_path, image_hw)
        found = [(self._store, there)] if there.annotation is not None else []
        broken: list[DatasetError] = []
        for store in self.stores[1:]:
            try:
                stored = store.read(image_path, image_hw)
            except DatasetError as error:
                broken.append(error)
                continue
            if stored.annotation is not None:
                found.append((store, stored))
        if not found:
            if broken:
                raise broken[0]
            return there
        last = max(found, key=lambda each: self._when(image_path, *each))[1]
        warnings = (*last.warnings, *map(str, broken))
        if last is there or last.annotation is None:
            return replace(there, warnings=warnings) if broken else there
        records = _records_of(last.annotation, there.annotation)
        annotation = Annotation(last.annotation.ground_truth, records, last.annotation.verified)
        return _FromOlder(annotation, there.path, there.stamp, warnings, there.owner, there)

    def _when(self, image_path: Path, store: AnnotationStore, stored: Stored) -> int:
        """When the image was written there, in nanoseconds; -1 where only others were."""
        written = self._written.get(image_path)
        if written is not None and store is not written and stored.path in store.shared_files:
            return -1
        return -1 if stored.stamp is None else stored.stamp[0]

    def write(self, image_path: Path, image_hw: tuple[int, int], annotation: Annotation, seen: Stored | None) -> Stored:
        """To the new store."""
        stored = self._store.write(image_path, image_hw, annotation, _seen_there(seen))
        self._written[image_path] = self._store
        return stored

    def batch(self) -> Batch:
        """Of the new store."""
        return _Batch(self._store, self._written)


class _Batch(Batch):
    """Hands on to the new store's, and remembers what was written there."""

    def __init__(self, store: AnnotationStore, written: dict[Path, AnnotationStore]) -> None:
        super().__init__(store)
        self._batch, self._written = store.batch(), written

    def add(self, image_path: Path, image_hw: Hw, annotation: Annotation, seen: Stored | None) -> None:
        self._batch.add(image_path, image_hw, annotation, _seen_there(seen))

    def write(self) -> dict[Path, Stored | DatasetError]:
        found = self._batch.write()
        self._written.update((path, self._store) for path, each in found.items() if isinstance(each, Stored))
        return found


def _seen_there(seen: Stored | None) -> Stored | None:
    return seen.there if isinstance(seen, _FromOlder) else seen


def in_front(store: AnnotationStore, before: AnnotationStore | None) -> AnnotationStore:
    """A store that is written from now on, before those that were there; none is among them twice.

    Args:
        store: where one of the same format and place is among those that were there, that one is taken.
        before: what was there so far.
    """
    if before is None:
        return store
    rest = before.stores if isinstance(before, Succeeding) else (before,)
    front = next((each for each in rest if _is_same_place(each, store)), store)
    if front is before or front is rest[0]:
        return before
    return Succeeding(front, before)


def _is_same_place(one: AnnotationStore, other: AnnotationStore) -> bool:
    return one.format == other.format and one.place.resolve() == other.place.resolve()


def _records_of(annotation: Annotation, there: Annotation | None) -> tuple[Record | None, ...]:
    """G records of the new store: of each object that its file has too, so that the rest of what it says stays."""
    truth = annotation.ground_truth
    records: list[Record | None] = [None] * len(truth)
    if there is None or not len(truth) or not len(there.ground_truth):
        return tuple(records)
    overlaps = iou(truth.boxes, there.ground_truth.boxes)  # (G, number of objects there)
    same_class = np.array(truth.labels)[:, None] == np.array(there.ground_truth.labels)[None]
    overlaps = np.where(same_class, overlaps, 0)
    free = set(range(len(there.ground_truth)))
    for place in np.argsort(-overlaps, axis=None, kind="stable").tolist():
        row, other = divmod(place, len(there.ground_truth))
        if overlaps[row, other] < _SAME_IOU:
            break
        if records[row] is None and other in free:
            free.discard(other)
            records[row] = there.records[other]
    return tuple(records)
