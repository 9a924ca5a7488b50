"""COCO json: one file for all images, read and written without bending anything.

    open:   the bytes go by once (coco_scan), ids are decoded in pieces (coco_elements) -> CocoIndex
    read:   the elements of one image are read from the file, by their places
    write:  coco_plan says which bytes change -> the old file is copied around them, in pieces -> the index follows

A million boxes are neither held in memory nor written anew: what is not edited stays byte by byte as it was, with its
ids, its order, unknown keys, segmentations and the spelling of its numbers. VOC's flags and "verified" have no place in
COCO: they are extra keys, there only where they are set.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from weakref import WeakValueDictionary

from detector.datasets.annotation import (
    Annotation,
    AnnotationStore,
    Batch,
    ChangedOnDiskError,
    Format,
    Glance,
    Record,
    Stamp,
    Stored,
    Waiting,
    stamp_of,
)
from detector.datasets.coco_batch import CocoBatch
from detector.datasets.coco_edits import Planned, edits_of, entry_taken_out
from detector.datasets.coco_image import (
    CocoRecord,
    content_of,
    entries_for,
    entry_element,
    glance_at,
    size_of,
    stated_size,
    warnings_of,
)
from detector.datasets.coco_index import CocoIndex, open_index
from detector.datasets.coco_plan import Growth, make_plan
from detector.datasets.coco_rename import follow_renamed, renamed_categories
from detector.datasets.coco_scan import Progress, Source
from detector.datasets.coco_write import empty_file
from detector.datasets.errors import DatasetError
from detector.datasets.files import write_atomic
from detector.datasets.splicing import Change


class CocoStore(AnnotationStore):
    """The annotations of a folder's images in one COCO json.

    Opening a file of a million boxes takes some seconds: call `load` in a worker before anything else is asked. (All
    else does it where it was not done.) A call may come from any thread; they take turns, but who reads does not wait
    for the writing of a large file: until that takes its place, the old one is read.

    Attributes:
        format, place: as of every store.
    """

    format: Format = "coco"
    is_writable = True

    def __init__(self, place: Path, images: Path | None = None) -> None:
        """Name the file; nothing is read.

        Args:
            place: the json file.
            images: the folder that its file names are relative to, where it is known.
        """
        self.place = place
        self._images = images
        self._new_classes: tuple[str, ...] | None = None
        self._source: Source | None = None
        self._index: CocoIndex | None = None
        self._classes: tuple[str, ...] | None = None
        self._lock, self._writing = threading.RLock(), threading.RLock()
        """Of what is known of the file, and of saves, which are made one after the other; who needs both takes the
        second one first."""

    @classmethod
    def shared(cls, place: Path, images: Path | None = None) -> CocoStore:
        """The store of a file that all who ask for it share: for several folders with one json.

        Args:
            images: counts where it is not known yet.
        """
        with _LOCK:
            store = _SHARED.setdefault(place.resolve(), cls(place, images))
            store._images = store._images or images
            return store

    @classmethod
    def new(cls, place: Path, classes: tuple[str, ...] = (), images: Path | None = None) -> CocoStore:
        """A store whose file is made by its first save, shared by all who ask for it before; it has all their classes.

        Args:
            classes: numbered from 1 in this order.
        """
        with _LOCK:
            store = _SHARED.get(place.resolve())
            if store is None or store._new_classes is None:
                store = _SHARED[place.resolve()] = cls(place, images)
            with store._lock:
                store._new_classes = tuple(dict.fromkeys((*(store._new_classes or ()), *classes)))
                store._index = store._classes = None
            return store

    @property
    def is_loaded(self) -> bool:
        """Whether the file has been looked through, so that all else answers at once."""
        return self._index is not None

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the categories in the order of the file, as it was when it was last read or written.

        Once they are known, who asks does not wait for a save or for a file that is looked through anew.
        """
        known = self._classes
        if known is None:
            with self._lock:
                known = self._classes = _names_of(self.load())
        return known

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is odd about the file as a whole: a sentence each."""
        return tuple(self.load().warnings)

    def load(self, progress: Progress | None = None) -> CocoIndex:
        """Look through the file, once.

        Args:
            progress: told the share that is done; what it raises ends the loading.

        Raises:
            DatasetError: it cannot be read, or is no COCO json; one sentence with the place.
        """
        with self._lock:
            if self._index is None:
                self._source = self._open()
                self._index = open_index(self._source, progress)
                self._classes = _names_of(self._index)
            return self._index

    def reload(self, progress: Progress | None = None) -> None:
        """Look through the file anew, after another program has changed it.

        Raises:
            DatasetError: as `load`; what was known of the old file is then gone.
        """
        with self._lock:
            self._index = None
            self.load(progress)

    @property
    def shared_files(self) -> tuple[Path, ...]:
        """The one file."""
        return (self.place,)

    def rename_class(self, old: str, new: str) -> bool:
        """Write another name to the category; its id, and all else of the file, stay as they are."""
        with self._writing:
            with self._lock:
                index, source = self._current()
                rows = [row for row, name in enumerate(index.category_names) if name == old]
                changes = renamed_categories(index, source, rows, new)
                if self._new_classes is not None:
                    self._new_classes = tuple(new if name == old else name for name in self._new_classes)
                    self._index = self._classes = None
                    return True
            if changes:
                self._replace(index, source, changes, lambda: follow_renamed(index, rows, changes, new))
        return True

    def refresh(self) -> None:
        """The file is as it was at an earlier time: look through it again."""
        with self._lock:
            if self._source is not None and not self._source.is_current:
                self.reload()

    def class_counts(self) -> Counter[str]:
        """How many objects each class has in the whole file."""
        with self._lock:
            return self.load().class_counts()

    def path_of(self, image_path: Path) -> Path:
        """The json file, whatever the image."""
        return self.place

    def own_file(self, image_path: Path) -> Path | None:
        """None: the one file has all images."""
        return None

    def glance(self, image_path: Path) -> Glance | None:
        """What the index tells, without a look into the file."""
        with self._lock:
            index, _ = self._current()
            return glance_at(index, entries_for(index, self.place, image_path))

    def read(self, image_path: Path, image_hw: tuple[int, int] | None = None) -> Stored:
        """The annotation of an image; a file that another program has changed meanwhile is loaded anew.

        An image that the file lists has an annotation, be it without objects; one that it does not list has none.
        """
        with self._lock:
            index, _ = self._current()
            return self._read(entries_for(index, self.place, image_path), image_path, image_hw)

    def read_entry(self, row: int, image_path: Path) -> Stored:
        """As `read`, of an image by its number in the file's list, from 0.

        Raises:
            DatasetError: one of its annotations makes no sense.
        """
        with self._lock:
            self.load()
            return self._read([row], image_path, None)

    def _read(self, entries: Sequence[int], image_path: Path, image_hw: tuple[int, int] | None) -> Stored:
        index, source = self.load(), self._source
        assert source is not None
        if not entries or "annotations" not in index.layout.arrays:
            return Stored(None, self.place, source.stamp)
        with source.opened() as file:
            found = content_of(index, file, self.place, entries)
            stated_hw = stated_size(entry_element(index, file, entries[0]))
            warnings = warnings_of(index, file, self.place, entries, found, size_of(image_path, image_hw))
        verified = any(index.verified[entry] for entry in entries)
        annotation = replace(found.annotation(self.place, verified), stated_hw=stated_hw)
        return Stored(annotation, self.place, source.stamp, tuple(warnings))

    def write(self, image_path: Path, image_hw: tuple[int, int], annotation: Annotation, seen: Stored | None) -> Stored:
        """Write the annotation of an image: only its changed objects change in the file.

        An object whose record is of this image's file is changed in place; one whose record went with an earlier save
        comes back whole, at its place among the others; one without a record goes to the end of the file's list.
        """
        with self._writing:
            batch = self.batch()
            batch.add(image_path, image_hw, annotation, seen)
            found = batch.write()[image_path]
        if isinstance(found, DatasetError):
            raise found
        return found

    def forget(self, image_path: Path, written: Stored) -> Stored:
        """The image's entry goes, where it has no annotation."""
        with self._writing:
            with self._lock:
                index, source = self._current()
                changes = entry_taken_out(index, source, entries_for(index, self.place, image_path))
            if changes:
                self._replace(index, source, changes, None)
            return self.read(image_path)

    def batch(self) -> Batch:
        """To write several images at once: the file is written once."""
        return CocoBatch(self, self._plan, self._write_all)

    def _plan(self, planned: Planned, image_path: Path, waiting: Waiting) -> None:
        with self._lock:
            try:
                index, source = self._writable(waiting.seen)
                if planned.source is None:
                    planned.source, planned.growth = source, Growth(dict(index.next_id))
                planned.is_outdated |= planned.source is not source
                if not planned.is_outdated:
                    planned.plans[image_path] = make_plan(
                        index, source, image_path, *waiting, self._images, planned.growth
                    )
            except DatasetError as error:
                planned.failed[image_path] = error

    def _write_all(self, planned: Planned, waiting: Mapping[Path, Waiting]) -> dict[Path, Stored | DatasetError]:
        """Write the file once; what was planned for another one is planned anew."""
        with self._writing:
            with self._lock:
                is_other = self._source is not planned.source or not (self._source and self._source.is_current)
                if planned.is_outdated or is_other:
                    planned = Planned()
                    for path, each in waiting.items():
                        self._plan(planned, path, each)
            try:
                stamp = self._change(planned) if planned.plans else None
            except DatasetError as error:
                return {path: planned.failed.get(path, error) for path in waiting}
            found: dict[Path, Stored | DatasetError] = dict(planned.failed)
            for path, plan in planned.plans.items():
                records: tuple[Record | None, ...] = tuple(CocoRecord(raw, self.place) for raw in plan.raws)
                annotation = replace(waiting[path].annotation, records=records)
                found[path] = Stored(annotation, self.place, stamp, notes=plan.notes(self.place))
            return found

    def _change(self, planned: Planned) -> Stamp:
        with self._lock:
            index, source = self.load(), self._source
            if source is None or planned.is_outdated or source is not planned.source:
                raise ChangedOnDiskError.of(self.place, stamp_of(self.place))
            edits = edits_of(index, source, planned)
        if not edits.edits:
            return source.stamp
        return self._replace(index, source, edits.changes, None if edits.needs_scan else lambda: edits.apply(index))

    def _replace(
        self, index: CocoIndex, source: Source, changes: list[Change], follow: Callable[[], None] | None
    ) -> Stamp:
        """Write the file anew; nobody waits until it takes the place of the old one.

        Args:
            follow: changes the index likewise, so that the file need not be looked through again.
        """
        with ExitStack() as swap:

            def begin_swap() -> None:
                swap.enter_context(self._lock)
                source.check()

            stamp = write_atomic(self.place, source.pieces(changes), begin_swap)
            is_known = self._index is index and self._source is source  # nobody had it looked through anew meanwhile
            self._source, self._new_classes = Source(self.place, stamp=stamp), None
            if is_known and follow is not None:
                follow()
                self._classes = _names_of(index)
            else:
                self._index = self._classes = None
        return stamp

    def _open(self) -> Source:
        if self._new_classes is not None:
            return Source(self.place, empty_file(self._new_classes))
        return Source(self.place)

    def _current(self) -> tuple[CocoIndex, Source]:
        index = self.load()
        assert self._source is not None
        if self._source.is_current:
            return index, self._source
        if self.place.exists():  # also a new one that another program was quicker to make
            self._new_classes = None
        self.reload()
        return self.load(), self._source

    def _writable(self, seen: Stored | None) -> tuple[CocoIndex, Source]:
        if self._new_classes is None and not self.place.exists():
            if seen is not None and seen.stamp is not None:
                raise ChangedOnDiskError.of(self.place, None)
            # It was removed, and is wanted again all the same.
            self._new_classes = self._classes or ()
            self.reload()
        try:
            return self._current()  # whether it is this image that others have changed is seen to by the plan
        except DatasetError:
            if seen is None or seen.stamp == stamp_of(self.place):
                raise
            raise ChangedOnDiskError.of(self.place, stamp_of(self.place)) from None


def _names_of(index: CocoIndex) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in index.category_names if name))


_LOCK = threading.Lock()
_SHARED: WeakValueDictionary[Path, CocoStore] = WeakValueDictionary()
