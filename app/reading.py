"""The worker of the reading thread: folders, images and cases with their neighbours ahead of time, small pictures."""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QImage

from app.canvas.pyramid import ImagePyramid
from app.document import Document, annotated, read_case, read_picture
from app.folder_scan import FolderScan
from app.jobs import Folder, OpenPaths, ReadImage
from app.places import is_case
from app.sentences import say
from app.workers import ReadableError, Worker
from detector.datasets import DatasetError, open_dataset, read_thumbnail
from detector.datasets.annotation import AnnotationStore, Stamp, stamp_of
from detector.datasets.coco import CocoDataset
from detector.datasets.files import natural_key
from detector.datasets.stores import Stores
from detector.pipeline import Cancelled

log = logging.getLogger(__name__)

Image.preinit()  # see app.torch_import: no library may be mapped while torch's are

HELD_IMAGES, HELD_BYTES = 24, 400_000_000
"""Decoded images kept ready, so many and so large at most: the one on show, its neighbours, what was open before."""

THUMBNAIL_SIDE = 128

DATASET_SUFFIXES = frozenset((".json", ".yaml", ".yml"))
"""Of files that list images."""

REST_SECONDS, SHOW_SECONDS = 0.015, 0.05
"""Between two pieces of what is not urgent, and while the window shows an image: it has the interpreter meanwhile."""


class ReadingWorker(Worker):
    """Reads files.

    Attributes:
        stores: where the annotations of each folder are.

    Signals:
        folder_opened: number, `Folder`.
        image_read: number, `Document`, `ImagePyramid`.
        image_failed: number, `Path`, the sentence.
        thumbnail_read: `Path`, `QImage`; a null image where there is none to be had.
        scanned: a dict of `Path` to `AnnotationState`, a piece of the folder at a time; True with the last one. The
            next one comes after `take_scanned`.
        chore_stepped: number of a chore, and what a piece of it has given; None once it is over.
    """

    folder_opened = Signal(int, object)
    image_read = Signal(int, object, object)
    image_failed = Signal(int, object, str)
    thumbnail_read = Signal(object, QImage)
    scanned = Signal(object, bool)
    chore_stepped = Signal(int, object)

    def __init__(self) -> None:
        super().__init__()
        self.stores = Stores()
        self._held: OrderedDict[Path, tuple[Stamp, Document, ImagePyramid]] = OrderedDict()
        self._ahead: tuple[Path, ...] = ()
        self._thumbnails: list[Path] = []
        self._scan: FolderScan | None = None
        self._is_told = False
        self._asked = threading.Event()
        self._answered_at = -math.inf
        self._chore: tuple[int, Iterator[object]] | None = None

    def want_thumbnails(self, paths: list[Path]) -> None:
        """Ask for small pictures, from the main thread; the newest list counts."""
        with self._lock:
            self._thumbnails = list(paths)
        self._wake.emit()

    def scan(self, files: Sequence[str]) -> None:
        """Look into the annotations of all images, from the main thread; another folder takes the place of the last."""
        with self._lock:
            self._scan, self._is_told = FolderScan(self.stores, files), False
        self._wake.emit()

    def take_scanned(self) -> None:
        """What was `scanned` last has been dealt with, from the main thread: more may come."""
        self._is_told = False
        self._wake.emit()

    def put(self, request: object, number: int) -> None:
        """Ask, from the main thread; what waited so far is dropped, and no rest is taken."""
        super().put(request, number)
        self._asked.set()

    def begin_chore(self, number: int, pieces: Iterator[object]) -> None:
        """Work in short pieces while there is nothing else to do, from the main thread; it replaces the last one."""
        with self._lock:
            self._chore = number, pieces
        self._wake.emit()

    def end_chore(self) -> None:
        """Nobody wants it any more."""
        with self._lock:
            self._chore = None

    def work(self, request: object) -> None:
        """Open or read."""
        if isinstance(request, OpenPaths):
            self.folder_opened.emit(request.number, self._folder(request.paths))
        elif isinstance(request, ReadImage):
            self._ahead = request.neighbours
            try:
                document, pyramid = self._read(request.path)
            except DatasetError as error:  # of an image, or of a case
                self.image_failed.emit(request.number, request.path, str(error))
                return
            self.image_read.emit(request.number, document, pyramid)
            self._answered_at = time.monotonic()

    def _folder(self, paths: tuple[Path, ...]) -> Folder:
        """The images of files and folders; of a single image, its whole folder, of a case nothing but that."""
        single = paths[0] if len(paths) == 1 and _is_image_file(paths[0]) else None
        places = paths if single is None else (single.parent,)
        files: list[str] = []
        problems: list[str] = []
        for path in places:
            try:
                found, errors = ([str(path)], []) if _is_case_file(path) else self._images_of(path)
            except DatasetError as error:
                found, errors = [], [error]
            files += found
            if single is None:  # what is wrong with the folder of an image does not concern the image
                problems += map(str, errors)
        is_ordered = len(places) == 1  # each place by itself comes in natural order
        if single is not None and str(single) not in files:
            files.append(str(single))
            is_ordered = False
        if not files and not problems:
            raise ReadableError("There is no image to open.")
        if not is_ordered:
            files = sorted(dict.fromkeys(files), key=lambda file: natural_key(os.path.basename(file)))
        name = (
            single.parent.name if single is not None else paths[0].name if len(paths) == 1 else f"{len(files)} images"
        )
        first = single or (Path(files[0]) if files else None)
        for problem in problems:
            log.warning("%s", problem)
        is_whole = single is None and len(paths) == 1
        return Folder(name, tuple(files), first, tuple(problems), is_whole)

    def _images_of(self, path: Path) -> tuple[list[str], list[DatasetError]]:
        """The images of a dataset; where one file has the annotations of all, they are read there and nowhere else."""
        dataset = open_dataset(path)
        files, errors = dataset.image_files()
        for folder in {os.path.dirname(file) for file in files}:
            if isinstance(dataset, CocoDataset):
                self.stores.use(Path(folder), dataset.store)
            else:
                self.stores.end_use(Path(folder))
        return files, errors

    def doing(self, request: object) -> str:
        """For the sentence of an unexpected error."""
        if isinstance(request, ReadImage):
            return f"reading {request.path.name}"
        return "opening files"

    def _read(self, path: Path, *, gives_way: bool = False) -> tuple[Document, ImagePyramid]:
        """An image as its files are now; the picture from memory where it has not changed.

        Args:
            gives_way: stop between two steps once a request has come.

        Raises:
            Cancelled: where it has given way.
        """
        picture, pyramid = self._picture(path, gives_way=gives_way)
        if picture.case is not None:
            return picture, pyramid
        document = annotated(picture, store=self._store(path))
        if document.problem is not None:
            log.warning("The ground truth of %s cannot be read: %s", path, document.problem)
        return document, pyramid

    def _picture(self, path: Path, *, gives_way: bool = False) -> tuple[Document, ImagePyramid]:
        """A picture without its objects, or a whole case."""
        stamp = stamp_of(path)
        held = self._held.get(path)
        if held is not None and held[0] == stamp:
            self._held.move_to_end(path)
            return held[1], held[2]
        picture = read_case(path) if is_case(path) else read_picture(path)
        if gives_way and self._gives_way_for(path):
            raise Cancelled
        pyramid = ImagePyramid(picture.image)
        self._held[path] = (stamp, picture, pyramid)
        self._drop_oldest()
        return picture, pyramid

    def _store(self, path: Path) -> AnnotationStore | None:
        try:
            return self.stores.of(path)
        except DatasetError as error:
            log.warning("%s", error)
            return None

    def _drop_oldest(self) -> None:
        """Until what is held is within bounds; the newest stays whatever its size."""
        room = HELD_BYTES - sum(_bytes(document, pyramid) for _, document, pyramid in self._held.values())
        while len(self._held) > 1 and (room < 0 or len(self._held) > HELD_IMAGES):
            _, (_, document, pyramid) = self._held.popitem(last=False)
            room += _bytes(document, pyramid)

    def _gives_way_for(self, path: Path) -> bool:
        """A request waits, and not for this very image."""
        request = self._waiting
        return request is not None and not (isinstance(request, ReadImage) and request.path == path)

    @Slot()
    def _on_wake(self) -> None:
        """A request first; then one small piece of what can wait, and back to the event loop."""
        super()._on_wake()
        if self._closing or self._waiting is not None:
            return
        if self._thumbnails or self._ahead or self._may_scan or self._chore is not None:
            self._rest(self._answered_at + SHOW_SECONDS - time.monotonic())
            if self._waiting is None:
                self._do_one_later_thing()
            self._wake.emit()

    def _do_one_later_thing(self) -> None:
        if self._ahead:
            path, self._ahead = self._ahead[0], self._ahead[1:]
            try:
                self._read(path, gives_way=True)
            except Cancelled:
                return
            except (OSError, ValueError, MemoryError):
                log.info("Reading %s ahead failed", path, exc_info=True)  # said when it is opened
            return
        with self._lock:
            wanted = self._thumbnails.pop(0) if self._thumbnails else None
        if wanted is not None:
            self.thumbnail_read.emit(wanted, self._thumbnail(wanted))
        elif self._scan is not None and self._may_scan:
            self._scan_on(self._scan)
        else:
            self._do_chore()

    def _do_chore(self) -> None:
        """One piece of what somebody waits for without being held up."""
        with self._lock:
            chore = self._chore
        if chore is None:
            return
        number, pieces = chore
        try:
            given = next(pieces, None)
        except Exception as error:
            log.exception("While working in the background")
            self.failed.emit(number, say("error.unexpected", doing="working in the background", text=str(error)))
            given = None
        with self._lock:
            is_wanted = self._chore is chore
            if is_wanted and given is None:
                self._chore = None
        if is_wanted:
            self.chore_stepped.emit(number, given)

    @property
    def _may_scan(self) -> bool:
        """There is something to look into, and the window keeps up: answers in a row would hold it up."""
        return self._scan is not None and not self._is_told

    def _scan_on(self, scan: FolderScan) -> None:
        """As many annotations as can be read while nobody notices."""
        told = scan.some(lambda: self._waiting is not None)
        with self._lock:
            if self._scan is not scan:
                return  # another folder is wanted meanwhile
            if scan.is_done:
                self._scan = None
            self._is_told = told is not None
        if told is not None:
            self.scanned.emit(told.states, told.is_last)
        if scan.is_slow:
            self._rest(REST_SECONDS)

    def _rest(self, seconds: float) -> None:
        """Do nothing for so long, unless somebody asks."""
        self._asked.clear()
        if seconds > 0 and self._waiting is None and not self._closing:
            self._asked.wait(seconds)

    def _thumbnail(self, path: Path) -> QImage:
        try:
            if is_case(path):
                picture = Image.fromarray(self._picture(path)[0].image)
                picture.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
                return _small(np.array(picture))
            return _small(np.ascontiguousarray(read_thumbnail(path, THUMBNAIL_SIDE)))
        except (OSError, ValueError, MemoryError):
            return QImage()


def _small(pixels: NDArray[np.uint8]) -> QImage:
    height, width = pixels.shape[:2]
    # A copy, as Qt would otherwise look into memory that Python frees.
    return QImage(pixels.data, width, height, width * 3, QImage.Format.Format_RGB888).copy()


def _bytes(document: Document, pyramid: ImagePyramid) -> int:
    return document.image.nbytes + sum(level.nbytes for level in pyramid.levels)


def _is_image_file(path: Path) -> bool:
    """One image, whose folder is opened with it."""
    return path.is_file() and not is_case(path) and path.suffix.lower() not in DATASET_SUFFIXES


def _is_case_file(path: Path) -> bool:
    return is_case(path) and not path.is_dir()
