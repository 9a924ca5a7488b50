"""A class counted in the files of a folder, changed in them, and that taken back. No Qt; the saving thread does it.

    ClassCount.some  -->  Counted           until the last
    ClassWork.begin, .change_some  -->  Changed           until the last
             .begin_back, .back_some  -->  Changed        until the last

Each call is a short piece of the work, so that whatever else is to be saved comes between, and a person may stop it.
A file that holds many images is written once, with the last piece: until then nothing of it is changed.
The bytes of every file that is changed are kept as they were. A file that nobody has touched since gets them back; in
one that was, the objects that were changed are.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from app.class_change import Change
from app.image_state import AnnotationState, annotation_state
from app.kept_bytes import KeptBytes
from app.places import is_case
from detector.datasets.annotation import Annotation, AnnotationStore, Batch, Stamp, Stored, stamp_of
from detector.datasets.errors import DatasetError
from detector.datasets.images import read_size
from detector.datasets.stores import Stores
from detector.ground_truth import GroundTruth

PIECE_SECONDS = 0.05
"""How long one piece of the work may take, if no single file takes longer."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An image with boxes of the class.

    Attributes:
        path: of the image.
        file: that its annotation is in.
        num_boxes: of the class.
    """

    path: Path
    file: Path
    num_boxes: int


@dataclass(frozen=True, slots=True)
class Counted:
    """A piece of the count: so many images looked at, and those of them that have the class."""

    num_done: int
    hits: tuple[Hit, ...]
    is_last: bool


@dataclass(frozen=True, slots=True)
class Changed:
    """A piece of the change.

    Attributes:
        num_done: images.
        states: of those that are other than before, what the list says of them.
        failures: a sentence for each that was left as it is.
    """

    num_done: int
    states: dict[Path, AnnotationState]
    failures: tuple[str, ...]
    is_last: bool


class ClassCount:
    """Counts a class in the files of a folder."""

    def __init__(self, stores: Stores, name: str, files: Sequence[str], skipped: Collection[Path]) -> None:
        """Take the images; those skipped are counted by others."""
        self._stores, self._name, self._skipped = stores, name, frozenset(skipped)
        self._files = iter(files)

    def some(self) -> Counted:
        """Some more; a file that cannot be read has no boxes that could be changed."""
        hits: list[Hit] = []
        until, done = time.monotonic() + PIECE_SECONDS, 0
        for file in self._files:
            path = Path(file)
            done += 1
            if path not in self._skipped and not is_case(path):
                with contextlib.suppress(DatasetError):
                    hits += self._of(path)
            if time.monotonic() > until:
                return Counted(done, tuple(hits), False)
        return Counted(done, tuple(hits), True)

    def _of(self, path: Path) -> list[Hit]:
        store = self._stores.of(path)
        stored = None if store is None else store.read(path)
        if stored is None or stored.annotation is None:
            return []
        count = stored.annotation.ground_truth.labels.count(self._name)
        return [Hit(path, stored.path, count)] if count else []


@dataclass(frozen=True, slots=True, eq=False)
class _Done:
    """What was changed of an image: its annotation before and after, and the rows of the class in it before."""

    store: AnnotationStore
    file: Path
    image_hw: tuple[int, int]
    before: Annotation
    after: Annotation
    rows: tuple[int, ...]


class ClassWork:
    """One change of a class, which can be made, taken back, and made again.

    Attributes:
        kind, name, into: what becomes of which class; `into` is "" for delete.
    """

    def __init__(self, kind: Change, name: str, into: str, stores: Stores, room: Path) -> None:
        """Nothing is done yet.

        Args:
            room: the folder for what is kept.
        """
        self.kind, self.name, self.into = kind, name, into
        self._stores, self._room = stores, room
        self._kept: KeptBytes | None = None
        self._todo: Iterator[Path] = iter(())
        self._lists: list[AnnotationStore] = []
        self._looked_at: list[Path] = []
        self._done: dict[Path, _Done] = {}
        self._held: dict[AnnotationStore, Batch] = {}
        """What is to be written to files of many images."""
        self._held_done: dict[Path, _Done] = {}
        self._stamps: dict[Path, Stamp] = {}
        """Of each file as this work has left it."""
        self._foreign: set[Path] = set()
        """Files that others have changed while they were changed here."""
        self._untouched: set[Path] = set()
        self._whole: set[Path] = set()
        self._skipped: frozenset[Path] = frozenset()
        self.is_half_done = False

    def close(self) -> None:
        """What is kept is of no use any more; what is half done is taken back."""
        if self.is_half_done:
            self.begin_back(())
            while not self.back_some().is_last:
                pass
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    # -- making it -----------------------------------------------------------------------------------------------------

    def begin(self, folders: Collection[Path], paths: Sequence[Path]) -> str:
        """Change the lists of classes.

        Args:
            folders: of all images that are concerned, also of those that others change.
            paths: the images to be changed.

        Returns:
            Why that cannot be done, a sentence; nothing is changed then. "" where it is.
        """
        self.close()
        self._lists, self._looked_at = [], []
        self._done.clear()
        self._stamps.clear()
        self._foreign.clear()
        self._let_go()
        self._todo = iter(paths)
        try:
            self._kept = KeptBytes(self._room)
            for folder in folders:
                self._change_list(folder)
        except DatasetError as error:
            if self._kept is not None:
                self.begin_back(())
                self.back_some()
            return str(error)
        self.is_half_done = True
        return ""

    def _change_list(self, folder: Path) -> None:
        store = self._stores.of(folder / "_")
        if store is None or store in self._lists:
            return
        assert self._kept is not None
        for file in store.shared_files:
            self._kept.keep(file)
        if self.kind == "rename":
            store.rename_class(self.name, self.into)
        self._lists.append(store)
        self._note(store)

    def change_some(self) -> Changed:
        """Change some more images."""
        return self._some(self._change)

    def _change(self, path: Path) -> AnnotationState | None:
        store = self._stores.of(path)
        if store is None:
            return None
        image_hw = read_size(path)
        stored = store.read(path, image_hw)
        annotation = stored.annotation
        if annotation is None:
            return None
        self._looked_at.append(path)
        rows = tuple(row for row, label in enumerate(annotation.ground_truth.labels) if label == self.name)
        if not rows:  # the list of classes has changed it
            return annotation_state(annotation)
        assert self._kept is not None
        self._kept.keep(stored.path)
        done = _Done(store, stored.path, image_hw, annotation, self._changed(annotation, rows), rows)
        if not self._write(path, done, done.after, stored):
            return None
        self._done[path] = done
        return annotation_state(done.after)

    def _changed(self, annotation: Annotation, rows: Sequence[int]) -> Annotation:
        if self.kind != "delete":
            return _relabelled(annotation, rows, self.into)
        return _taken(annotation, [row for row in range(len(annotation.records)) if row not in set(rows)])

    def end(self) -> None:
        """All of it is made, and stays so."""
        self.is_half_done = False

    # -- taking it back ------------------------------------------------------------------------------------------------

    def begin_back(self, skipped: Collection[Path]) -> str:
        """Take back what lists of classes and files of many images say.

        Args:
            skipped: images that others take care of.

        Returns:
            Why that cannot be done, a sentence; nothing is changed then. "" where it is.
        """
        assert self._kept is not None
        self._looked_at = [path for path in self._looked_at if path not in self._held_done]
        self._let_go()
        self._skipped = frozenset(skipped)
        self._todo = iter([path for path in self._looked_at if path not in self._skipped])
        files = {each.file for each in self._done.values()}
        self._untouched = {file for file in self._stamps.keys() - self._foreign if self._is_as_left(file)}
        self._whole = {file for each in self._lists for file in each.shared_files if file in files & self._untouched}
        try:
            for store in self._lists:
                if self.kind == "rename":
                    store.rename_class(self.into, self.name)
                for file in self._whole.intersection(store.shared_files):
                    self._kept.put_back(file)
                    store.refresh()
                self._note(store)
        except DatasetError as error:
            return str(error)
        self.is_half_done = True
        return ""

    def back_some(self) -> Changed:
        """Take back some more images; with the last one, the lists are what they were byte by byte."""
        changed = self._some(self._back)
        if not changed.is_last:
            return changed
        failures = list(changed.failures)
        for store in self._lists:
            try:
                self._put_back_lists(store)
            except DatasetError as error:
                failures.append(str(error))
        self.is_half_done = False
        return replace(changed, failures=tuple(failures))

    def _put_back_lists(self, store: AnnotationStore) -> None:
        assert self._kept is not None
        for file in store.shared_files:
            # What an image in hand has brought into a list stays: its file may still speak of it.
            is_ours = file in self._untouched - self._foreign and self._is_as_left(file)
            if is_ours and (self.kind == "rename" or not self._skipped):
                self._kept.put_back(file)
                store.refresh()
        self._note(store)

    def _back(self, path: Path) -> AnnotationState | None:
        done = self._done.get(path)
        store = self._stores.of(path) if done is None else done.store
        if store is None:
            return None
        now = store.read(path)
        if done is None or done.file in self._whole or now.annotation is None:
            return annotation_state(now.annotation)
        assert self._kept is not None
        is_untouched = self._is_as_left(done.file)
        is_ours = now.annotation.says_the_same(done.after)
        wanted = done.before if is_ours else self._undone(now.annotation, done)
        if not self._write(path, done, wanted, now):
            return None
        if is_ours and is_untouched:
            self._kept.put_back(done.file)
            self._note(store, done.file)
        return annotation_state(wanted)

    def _undone(self, now: Annotation, done: _Done) -> Annotation:
        """A file that was changed since, with the objects that are still as the change left them, as before."""
        before, there = done.before.ground_truth, now.ground_truth
        if self.kind == "delete":
            return _joined(now, _taken(done.before, done.rows))
        boxes = {tuple(before.boxes[row].tolist()) for row in done.rows}
        rows = [
            row
            for row, (box, label) in enumerate(zip(there.boxes.tolist(), there.labels, strict=True))
            if label == self.into and tuple(box) in boxes
        ]
        return _relabelled(now, rows, self.name)

    def before(self, path: Path) -> Annotation | None:
        """The annotation of an image before; None where its file was not changed."""
        done = self._done.get(path)
        return None if done is None else done.before

    # -- in pieces -----------------------------------------------------------------------------------------------------

    def _some(self, do: Callable[[Path], AnnotationState | None]) -> Changed:
        states: dict[Path, AnnotationState] = {}
        failures: list[str] = []
        until, done = time.monotonic() + PIECE_SECONDS, 0
        for path in self._todo:
            done += 1
            try:
                state = do(path)
                if state is not None:
                    states[path] = state
            except DatasetError as error:
                failures.append(str(error))
            if time.monotonic() > until:
                return Changed(done, states, tuple(failures), False)
        failures += self._write_held(states)
        return Changed(done, states, tuple(failures), True)

    def _write(self, path: Path, done: _Done, annotation: Annotation, seen: Stored) -> bool:
        """Write an image's annotation; False where that waits, for its file holds many images."""
        if done.file in done.store.shared_files:
            if done.store not in self._held:
                self._held[done.store] = done.store.batch()
            self._held[done.store].add(path, done.image_hw, annotation, seen)
            self._held_done[path] = done
            return False
        self._look_for_others(done.store)
        done.store.write(path, done.image_hw, annotation, seen)
        self._note(done.store, done.file)
        return True

    def _write_held(self, states: dict[Path, AnnotationState]) -> list[str]:
        """Write what waits; a sentence for each reason why something of it was not written."""
        failures: dict[str, None] = {}
        for store, batch in self._held.items():
            self._look_for_others(store)
            for path, now in batch.write().items():
                if isinstance(now, DatasetError):
                    failures[str(now)] = None
                    continue
                self._done.setdefault(path, self._held_done[path])
                states[path] = annotation_state(now.annotation)
            self._note(store)
        self._let_go()
        return list(failures)

    def _let_go(self) -> None:
        self._held.clear()
        self._held_done.clear()

    def _look_for_others(self, store: AnnotationStore) -> None:
        self._foreign.update(file for file in store.shared_files if not self._is_as_left(file))

    def _is_as_left(self, file: Path) -> bool:
        return stamp_of(file) == self._stamps.get(file)

    def _note(self, store: AnnotationStore, *files: Path) -> None:
        """The files are now as this work has made them, so far as nobody else has changed them before."""
        for file in (*store.shared_files, *files):
            self._stamps[file] = stamp_of(file)


def _relabelled(annotation: Annotation, rows: Collection[int], label: str) -> Annotation:
    truth = annotation.ground_truth
    labels = [label if row in set(rows) else each for row, each in enumerate(truth.labels)]
    return replace(annotation, ground_truth=replace(truth, labels=labels))


def _taken(annotation: Annotation, rows: Sequence[int]) -> Annotation:
    some = annotation.ground_truth.taken(rows)
    return Annotation(some, tuple(annotation.records[row] for row in rows), annotation.verified)


def _joined(one: Annotation, other: Annotation) -> Annotation:
    first, second = one.ground_truth, other.ground_truth
    flags = (np.append(getattr(first, each), getattr(second, each)) for each in ("difficult", "truncated", "crowd"))
    truth = GroundTruth(np.concatenate([first.boxes, second.boxes]), (*first.labels, *second.labels), *flags)
    return Annotation(truth, (*one.records, *other.records), one.verified)
