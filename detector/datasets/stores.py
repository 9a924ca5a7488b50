"""Which store the annotations of a folder's images are in: found by what is there, or chosen by a person."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from detector.datasets.annotation import FORMATS, AnnotationStore, Format
from detector.datasets.errors import DatasetError
from detector.datasets.succeeding import in_front


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


class Stores:
    """The store of each folder of images, looked for once. May be asked by any thread."""

    def __init__(self, find: Callable[[Path], AnnotationStore | None] = find_store) -> None:
        """Nothing is looked for yet."""
        self._find = find
        self._places: dict[Path, Sequence[tuple[str, Path]]] = {}
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

    def remember(self, places: Mapping[Path, Sequence[tuple[str, Path]]]) -> None:
        """Formats and places that were chosen for folders before, of each the latest first."""
        with self._lock:
            self._places = dict(places)

    def _looked_for(self, folder: Path) -> AnnotationStore | None:
        found = self._find(folder)
        for name, place in reversed(self._places.get(folder, ())):
            kind = next((each for each in FORMATS if each == name), None)
            if kind is not None:
                found = in_front(make_store(kind, place), found)
        return found

    def choose(self, folder: Path, store: AnnotationStore) -> AnnotationStore:
        """From now on the annotations of a folder's images go to this store; those elsewhere are read as before.

        A place that was left before is taken up again: what it says of an image counts again.
        """
        with self._lock:
            if folder not in self._found:
                with contextlib.suppress(DatasetError):  # another place is a way out of one that cannot be read
                    self._found[folder] = self._looked_for(folder)
            chosen = self._found[folder] = in_front(store, self._found.get(folder))
            self._opened.discard(folder)
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


def _finders() -> tuple[Callable[[Path], AnnotationStore | None], ...]:
    # Each format's readers are loaded when a folder is first looked at, not with the window.
    from detector.datasets.coco import find_coco_store
    from detector.datasets.labelme import find_labelme_store
    from detector.datasets.voc_store import find_voc_store
    from detector.datasets.yolo_find import find_yolo_store

    return find_voc_store, find_yolo_store, find_coco_store, find_labelme_store
