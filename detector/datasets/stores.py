"""Which store the annotations of a folder's images are in: found by what is there, or chosen by a person."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from detector.datasets.annotation import FORMATS, Annotation, AnnotationStore, Format, Stored


def find_store(folder: Path) -> AnnotationStore | None:
    """The store of the images of a folder, by the files that lie around it; None where there are no annotations.

    Of several kinds the first counts: VOC XML, YOLO txt, COCO json, labelme json. Nothing but names and the beginnings
    of files is read.

    Raises:
        DatasetError: where what is there cannot be read.
    """
    for find in _finders():
        found = find(folder)
        if found is not None:
            return found
    return None


def make_store(kind: Format, place: Path, classes: tuple[str, ...] = ()) -> AnnotationStore:
    """A store of a kind at a place, where there may be nothing yet.

    Args:
        kind: one of `FORMATS`.
        place: a folder for VOC and YOLO, a file for COCO.
        classes: in the order in which YOLO and COCO number them.

    Raises:
        DatasetError: where what is there cannot be read.
        ValueError: where the format is not written.
    """
    if kind == "voc":
        from detector.datasets.voc_store import VocStore

        return VocStore(place)
    if kind == "coco":
        from detector.datasets.coco import CocoStore

        return CocoStore.shared(place) if place.exists() else CocoStore.new(place, classes)
    if kind == "yolo":
        from detector.datasets.yolo import YoloStore

        return YoloStore(place, classes)
    raise ValueError(f"{kind} is not written.")


class Succeeding(AnnotationStore):
    """A store that takes the place of another one: what is not in it yet is read from the one before.

    So a folder that was annotated in one format goes on in another, image by image; the older files stay as they are.
    """

    def __init__(self, store: AnnotationStore, before: AnnotationStore) -> None:
        self.format, self.place, self.is_writable = store.format, store.place, store.is_writable
        self._store, self._before = store, before

    @property
    def is_loaded(self) -> bool:
        """Both are."""
        return self._store.is_loaded and self._before.is_loaded

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Those of the new store, which is the one that is written."""
        return self._store.classes

    @property
    def shared_files(self) -> tuple[Path, ...]:
        """Those of the new store; the others are not written."""
        return self._store.shared_files

    def rename_class(self, old: str, new: str) -> bool:
        """In the new store; what is read from the one before keeps its name."""
        return self._store.rename_class(old, new)

    def refresh(self) -> None:
        """Of the new store."""
        self._store.refresh()

    def path_of(self, image_path: Path) -> Path:
        """In the new store."""
        return self._store.path_of(image_path)

    def read(self, image_path: Path, image_hw: tuple[int, int] | None = None) -> Stored:
        """From the new store, else from the one before; then the records stay behind."""
        found = self._store.read(image_path, image_hw)
        if found.annotation is not None:
            return found
        older = self._before.read(image_path, image_hw)
        if older.annotation is None:
            return found
        annotation = Annotation(older.annotation.ground_truth, verified=older.annotation.verified)
        return Stored(annotation, found.path, found.stamp, older.warnings)

    def write(self, image_path: Path, image_hw: tuple[int, int], annotation: Annotation, seen: Stored | None) -> Stored:
        """To the new store."""
        return self._store.write(image_path, image_hw, annotation, seen)


class Stores:
    """The store of each folder of images, looked for once. May be asked by any thread."""

    def __init__(self, find: Callable[[Path], AnnotationStore | None] = find_store) -> None:
        """Nothing is looked for yet."""
        self._find = find
        self._places: dict[Path, tuple[str, Path]] = {}
        self._found: dict[Path, AnnotationStore | None] = {}
        self._opened: set[Path] = set()
        self._lock = threading.Lock()

    def of(self, image_path: Path) -> AnnotationStore | None:
        """The store of an image's folder; None where there is none yet.

        Raises:
            DatasetError: where what is there cannot be read; looked at anew the next time.
        """
        folder = image_path.parent
        with self._lock:
            if folder not in self._found:
                self._found[folder] = self._looked_for(folder)
            return self._found[folder]

    def known(self, image_path: Path) -> AnnotationStore | None:
        """The same, but only if that has been found out: nothing is waited for."""
        return self._found.get(image_path.parent)

    def remember(self, places: Mapping[Path, tuple[str, Path]]) -> None:
        """Formats and places that were chosen for folders before."""
        with self._lock:
            self._places = dict(places)

    def _looked_for(self, folder: Path) -> AnnotationStore | None:
        found = self._find(folder)
        name, place = self._places.get(folder, ("", folder))
        kind = next((each for each in FORMATS if each == name), None)
        if kind is None or (found is not None and (found.format, found.place) == (kind, place)):
            return found
        store = make_store(kind, place)
        return store if found is None else Succeeding(store, found)

    def choose(self, folder: Path, store: AnnotationStore) -> AnnotationStore:
        """From now on the annotations of a folder's images go to this store; those elsewhere are read as before."""
        with self._lock:
            before = self._found.get(folder)
            is_other = before is not None and (before.format, before.place) != (store.format, store.place)
            chosen = Succeeding(store, before) if is_other and before is not None else store
            self._found[folder] = chosen
            return chosen

    def use(self, folder: Path, store: AnnotationStore) -> None:
        """A file was opened: the annotations of a folder's images are in it, whatever they were in before."""
        with self._lock:
            self._found[folder] = store
            self._opened.add(folder)

    def end_use(self, folder: Path) -> None:
        """The folder itself was opened: what lies around it counts again, not a file that was opened before."""
        with self._lock:
            if folder in self._opened:
                self._opened.discard(folder)
                self._found.pop(folder, None)

    def forget(self, folder: Path) -> None:
        """Look again the next time."""
        with self._lock:
            self._found.pop(folder, None)


def _finders() -> tuple[Callable[[Path], AnnotationStore | None], ...]:
    # Each format's readers are loaded when a folder is first looked at, not with the window.
    from detector.datasets.coco import find_coco_store
    from detector.datasets.labelme import find_labelme_store
    from detector.datasets.voc_store import find_voc_store
    from detector.datasets.yolo import find_yolo_store

    return find_voc_store, find_yolo_store, find_coco_store, find_labelme_store
