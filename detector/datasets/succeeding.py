"""A place of annotations that a person has chosen in place of others: what is elsewhere is read as before.

    choose YOLO after VOC:   YOLO  <--write
                             YOLO  --read-->  what it says of the image; where it does not have it, VOC

So a folder that was annotated in one format goes on in another, image by image; the older files stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from detector.datasets.alike import same_objects
from detector.datasets.annotation import Annotation, AnnotationStore, Batch, Hw, Stored
from detector.datasets.errors import DatasetError


@dataclass(frozen=True, slots=True, eq=False)
class _FromOlder(Stored):
    """What an older store says of an image.

    Attributes:
        there: what the store says that is written.
    """

    there: Stored | None = None

    @property
    def is_there(self) -> bool:
        return False


class Succeeding(AnnotationStore):
    """A store that takes the place of others, which are read where it does not have an image.

    When a file was written says nothing of who is right: a copy, a checkout or a backup gives it any date. So what a
    person has chosen counts, and it is a warning where an older place says something else.
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
        """Of the image's own files the first that is there, the new store's before all; else where it would be."""
        files = [file for each in self.stores if (file := each.own_file(image_path)) is not None]
        return next((file for file in files if file.exists()), files[0] if files else None)

    def read(self, image_path: Path, image_hw: tuple[int, int] | None = None) -> Stored:
        """What the new store says of the image; where it does not have it, the latest of the older ones that has.

        Raises:
            DatasetError: the new store cannot be read; or an older one, and no other has the image. Where another has,
                it is a warning.
        """
        there = self._store.read(image_path, image_hw)
        found = there if there.annotation is not None else None
        warnings: list[str] = []
        broken: list[DatasetError] = []
        for store in self.stores[1:]:
            try:
                older = store.read(image_path, image_hw)
            except DatasetError as error:
                broken.append(error)
                continue
            if older.annotation is None:
                continue
            if found is None or found.annotation is None:
                found = older
            elif not same_objects(found.annotation.ground_truth, older.annotation.ground_truth):
                warnings.append(
                    f"'{older.path}' says something else of '{image_path.name}' than '{found.path}', which counts: "
                    "it was chosen later."
                )
        if found is None or found.annotation is None:
            if broken:
                raise broken[0]
            return there
        warnings = [*found.warnings, *warnings, *map(str, broken)]
        if found is there:
            return replace(there, warnings=tuple(warnings))
        annotation = Annotation(found.annotation.ground_truth, verified=found.annotation.verified)
        return _FromOlder(annotation, there.path, there.stamp, tuple(warnings), there.owner, there=there)

    def write(self, image_path: Path, image_hw: tuple[int, int], annotation: Annotation, seen: Stored | None) -> Stored:
        """To the new store."""
        return self._store.write(image_path, image_hw, annotation, _seen_there(seen))

    def forget(self, image_path: Path, written: Stored) -> Stored:
        """Of the new store; where an older one has the image, what is written is that there is no object any more."""
        if any(each.read(image_path).annotation is not None for each in self.stores[1:]):
            return written
        return self._store.forget(image_path, written)

    def batch(self) -> Batch:
        """Of the new store."""
        return _Batch(self._store)


class _Batch(Batch):
    """Hands on to the new store's."""

    def __init__(self, store: AnnotationStore) -> None:
        super().__init__(store)
        self._batch = store.batch()

    def add(self, image_path: Path, image_hw: Hw, annotation: Annotation, seen: Stored | None) -> None:
        self._batch.add(image_path, image_hw, annotation, _seen_there(seen))

    def write(self) -> dict[Path, Stored | DatasetError]:
        return self._batch.write()


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
