"""YOLO txt labels beside the images, or in Ultralytics' layout: images/train/a.jpg has labels/train/a.txt.

An empty label file says that the image holds no object; no label file, that nobody annotated it. What a line has no
place for (verified with boxes, difficult, truncated, crowd) is kept beside: see `sidecar`.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from detector.datasets.annotation import (
    Annotation,
    AnnotationStore,
    ChangedOnDiskError,
    SharedFileError,
    Stored,
    check_stamp,
    stamp_of,
)
from detector.datasets.errors import DatasetError
from detector.datasets.files import names_in, write_atomic
from detector.datasets.images import IMAGE_SUFFIXES, read_size
from detector.datasets.oddities import odd_boxes
from detector.datasets.same_stem import other_owner
from detector.datasets.sidecar import FLAGS, SIDECAR_NAME, Beside, Sidecar, kept_beside
from detector.datasets.yolo_classes import (
    TXT_NAME,
    ClassList,
    NoClasses,
    YamlClasses,
    class_list_at,
    find_class_list,
    make_folder,
)
from detector.datasets.yolo_lines import (
    LARGEST_BYTES,
    Kind,
    LabelLine,
    YoloRecord,
    edited_line,
    in_pixels,
    is_a_place,
    joined,
    new_line,
    split_lines,
)
from detector.ground_truth import GroundTruth

_LOOKED_AT = 20
"""Label files that are tried before a folder of texts is taken for something else."""

SAME_PX = 1e-3
"""What a box may move by when it becomes a line: more than the digits of one take away."""


def labels_folder_for(images: Path) -> Path | None:
    """Ultralytics' place of the labels: the last "images" of the path replaced; None where it has no such part."""
    parts = images.parts
    if "images" not in parts:
        images = images.resolve()  # a relative path may begin below it
        parts = images.parts
        if "images" not in parts:
            return None
    last = len(parts) - 1 - parts[::-1].index("images")
    return Path(*parts[:last], "labels", *parts[last + 1 :])


def find_yolo_store(folder: Path) -> YoloStore | None:
    """The YOLO labels of a folder of images; None where there are none, nor a data.yaml for a folder "images".

    Raises:
        DatasetError: where the data.yaml that belongs to them is broken.
    """
    apart = labels_folder_for(folder)
    if apart is not None and (_has_texts(apart) or isinstance(find_class_list(apart, folder), YamlClasses)):
        return YoloStore(apart, class_list_at(apart, folder))
    labels = _labels_beside(folder)
    if labels and (_are_labels(labels) or ((folder / TXT_NAME).is_file() and _are_empty(labels))):
        return YoloStore(folder, class_list_at(folder, folder))
    return None


def _has_texts(folder: Path) -> bool:
    return folder.is_dir() and bool(names_in(folder, {".txt"}))


def _labels_beside(folder: Path) -> list[Path]:
    """Texts with the stem of an image, at most as many as are looked at."""
    stems = {os.path.splitext(name)[0] for name in names_in(folder, IMAGE_SUFFIXES)}
    texts = (name for name in names_in(folder, {".txt"}) if name != TXT_NAME)
    return [folder / name for name in texts if os.path.splitext(name)[0] in stems][:_LOOKED_AT]


def _are_labels(paths: list[Path]) -> bool:
    """Whether one of the texts has a line of YOLO; captions of images are texts beside them too."""
    for path in paths:
        try:
            if split_lines(path, _bytes_of(path) or b"", None):
                return True
        except DatasetError:
            continue
    return False


def _are_empty(paths: list[Path]) -> bool:
    return not any(_bytes_of(path) for path in paths)


class YoloStore(AnnotationStore):
    """The labels of one folder of images; `place` is the folder of the label files. Calls take turns.

    Where images differ by their suffix only, they have the same label file. It names none of them, so it belongs to
    the one that the list of the folder has first; it is shown for the others, and not written for them.

    Attributes:
        class_list: what the numbers mean.
    """

    format = "yolo"

    def __init__(self, place: Path, classes: ClassList | tuple[str, ...] = ()) -> None:
        """Take a folder that need not be there yet.

        Args:
            place: the folder.
            classes: the class list; or names, with which a list begins where none is found.

        Raises:
            DatasetError: where the data.yaml that belongs to the place is broken.
        """
        self.place = place
        self.class_list = classes if isinstance(classes, ClassList) else class_list_at(place, place, classes)
        self._sidecar = Sidecar(place / SIDECAR_NAME)
        self._renamings: list[tuple[str, str]] = []
        """In order; records that were read before know a class by its former name."""
        self._lock = threading.RLock()

    @property
    def classes(self) -> tuple[str, ...] | None:
        """In the order of the class list; None where there is none.

        Raises:
            DatasetError: where the list is broken.
        """
        return None if isinstance(self.class_list, NoClasses) else self.class_list.names()

    @property
    def shared_files(self) -> tuple[Path, ...]:
        """The class list and what is kept beside."""
        return self.class_list.path, self._sidecar.path

    def rename_class(self, old: str, new: str) -> bool:
        """Write another name to the class list; the label files stay as they are."""
        with self._lock:
            self.class_list.rename(old, new)
            self._renamings.append((old, new))
        return True

    def path_of(self, image_path: Path) -> Path:
        """The label file of an image: its stem with .txt."""
        return self.place / f"{image_path.stem}.txt"

    def own_file(self, image_path: Path) -> Path | None:
        """The label file, but for an image to whose namesake it belongs."""
        return None if other_owner(image_path) else self.path_of(image_path)

    def read(self, image_path: Path, image_hw: tuple[int, int] | None = None) -> Stored:
        """The annotation of an image; its header is read where its size is not given and there are objects.

        Raises:
            DatasetError: one sentence with the file and the line.
        """
        with self._lock:
            return self._read(image_path, image_hw)

    def _read(self, image_path: Path, image_hw: tuple[int, int] | None) -> Stored:
        path = self._label_file(image_path)
        stamp = stamp_of(path)
        data = None if stamp is None else _bytes_of(path)
        if data is None:
            return Stored(None, path)
        lines = split_lines(path, data, self.class_list.numbers_after_the_box())
        kept, warnings = kept_beside(path, image_path.stem, self._sidecar, len(lines))
        owner = other_owner(image_path) or ""
        if owner:
            shown = f"it is shown for '{image_path.name}', but cannot be changed there"
            warnings = (f"'{path}' belongs to '{owner}'; {shown}.", *warnings)
        if not lines:
            empty = Annotation(GroundTruth.empty(), verified=kept.verified is not False)
            return Stored(empty, path, stamp, warnings, owner)
        hw = image_hw or read_size(image_path)
        records = [self._record(path, line, hw) for line in lines]
        truth = _truth(records, kept)
        odd = odd_boxes([f"'{path}' line {each.line}" for each in records], truth, hw)
        annotation = Annotation(truth, tuple(records), kept.verified is True)
        return Stored(annotation, path, stamp, (*warnings, *odd), owner)

    def write(self, image_path: Path, image_hw: tuple[int, int], annotation: Annotation, seen: Stored | None) -> Stored:
        """Write the annotation of an image. Unchanged lines stay as they are; new classes go to the list first.

        Raises:
            SharedFileError: the label file belongs to another image.
            ChangedOnDiskError: the label file is not the one that was `seen`, or the class list means something else.
            DatasetError: it cannot be written, and is untouched: it is broken, a link out of
                the place, a class name that no list can hold, a box that is no place in an image or that its line
                cannot hold, flags where the sidecar is broken.
        """
        with self._lock:
            return self._write(image_path, image_hw, annotation, seen)

    def _write(
        self, image_path: Path, image_hw: tuple[int, int], annotation: Annotation, seen: Stored | None
    ) -> Stored:
        path = self._label_file(image_path)
        self._check_place(path, image_path)
        stamp = stamp_of(path)
        if seen is not None and stamp != seen.stamp:
            raise ChangedOnDiskError.of(path, stamp)
        data = _bytes_of(path)
        key_points = self.class_list.numbers_after_the_box()
        for line in split_lines(path, data or b"", key_points):
            self._record(path, line, image_hw)  # what cannot be read is not overwritten
        truth = annotation.ground_truth
        for row, box in enumerate(truth.boxes.tolist(), 1):
            if not all(map(is_a_place, box)):
                raise DatasetError(f"'{path}': the box of object {row} is no place in an image.")
        if seen is not None:
            self._check_classes(annotation)
        numbers = self.class_list.numbers_of(truth.labels, add=True)
        records = self._new_records(annotation, numbers, image_hw)
        new = joined([each.raw for each in records], data or b"")
        if not records and data is not None and not data.removeprefix(b"\xef\xbb\xbf").strip():
            new = data
        _check_read_back(path, split_lines(path, new, key_points), records, image_hw)
        if new != data:
            make_folder(self.place)
        written = stamp
        before = self._sidecar.of(image_path.stem)
        self._sidecar.put(image_path.stem, _beside(annotation))
        if new != data:
            try:
                written = write_atomic(path, new, lambda: check_stamp(path, stamp))
            except DatasetError:
                self._sidecar.put(image_path.stem, before)
                raise
        return Stored(replace(annotation, records=tuple(records)), path, written)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Many images in one go: what is kept beside is written once, at the end."""
        make_folder(self.place)
        with self._lock, self._sidecar.together():
            yield

    @property
    def images_beside(self) -> int:
        """Of how many images something is kept in the sidecar."""
        return len(self._sidecar)

    def _label_file(self, image_path: Path) -> Path:
        path = self.path_of(image_path)
        if path == self.class_list.path:
            raise DatasetError(f"The labels of '{image_path}' would be '{path}', which is the class list.")
        return path

    def _check_place(self, path: Path, image_path: Path) -> None:
        place = os.path.realpath(self.place)
        if os.path.commonpath((place, os.path.realpath(path))) != place:
            raise DatasetError(f"'{path}' is a link that leads out of '{self.place}'; it is not written.")
        if other := other_owner(image_path):
            raise SharedFileError(path, image_path, other)

    def _check_classes(self, annotation: Annotation) -> None:
        """A line that stays holds a number, which must still mean the class that was read."""
        for record in annotation.records:
            if isinstance(record, YoloRecord) and not self._is_called(record.number, record.label):
                raise ChangedOnDiskError(
                    f"The class list '{self.class_list.path}' was changed by another program: "
                    f"class {record.number} is not {record.label!r} any more; nothing was written."
                )

    def _is_called(self, number: int, label: str) -> bool:
        """Whether a number still means the class that a record was read with, be it renamed here since."""
        name, label_now = self._name_of(number), label
        for old, new in self._renamings:
            label_now = new if label_now == old else label_now
        return name in (label, label_now)

    def _name_of(self, number: int) -> str | None:
        """What a number is called; None where the list is shorter."""
        names = self.classes
        if names is None:
            return str(number)
        return names[number] if number < len(names) else None

    def _record(self, path: Path, line: LabelLine, image_hw: tuple[int, int]) -> YoloRecord:
        label = self._name_of(line.number)
        if label is None:
            raise DatasetError(
                f"'{path}' line {line.line} has class {line.number}, but '{self.class_list.path}' names only "
                f"{len(self.classes or ())} classes, from 0."
            )
        return YoloRecord(line.raw, line.line, line.number, label, in_pixels(path, line, image_hw), line.kind, image_hw)

    def _new_records(
        self, annotation: Annotation, numbers: dict[str, int], image_hw: tuple[int, int]
    ) -> list[YoloRecord]:
        """The lines as they will be, in the order of the objects."""
        as_polygon = any(isinstance(each, YoloRecord) and each.kind == "polygon" for each in annotation.records)
        key_points = self.class_list.numbers_after_the_box()
        made: list[YoloRecord] = []
        truth = annotation.ground_truth
        for row, (label, sides) in enumerate(zip(truth.labels, truth.boxes.tolist(), strict=True)):
            box = (sides[0], sides[1], sides[2], sides[3])
            record = annotation.records[row]
            kind: Kind
            if isinstance(record, YoloRecord):
                # Of two classes with one name, the one that the line has.
                number = record.number if self._name_of(record.number) == label else numbers[label]
                raw = edited_line(record, number, box, image_hw, as_polygon, key_points)
                kind = record.kind if raw == record.raw or not as_polygon else "polygon"
            else:
                number = numbers[label]
                raw = new_line(number, box, image_hw, as_polygon, key_points)
                kind = "polygon" if as_polygon else "box" if key_points is None else "key points"
            made.append(YoloRecord(raw, row + 1, number, label, box, kind, image_hw))
        return made


def _check_read_back(path: Path, lines: list[LabelLine], records: list[YoloRecord], image_hw: tuple[int, int]) -> None:
    """Raise a DatasetError where lines would not say what they were written for: corners have no box turned round."""
    found = np.array([in_pixels(path, line, image_hw) for line in lines]).reshape(-1, 4)
    meant = np.array([record.box for record in records]).reshape(-1, 4)
    same = np.isclose(found, meant, rtol=1e-6, atol=SAME_PX).all(axis=1).tolist()
    for row, (line, record) in enumerate(zip(lines, records, strict=True), 1):
        if line.number != record.number or not same[row - 1]:
            raise DatasetError(f"'{path}': the line of object {row} would not say the same when it is read again.")


def _bytes_of(path: Path) -> bytes | None:
    """The content of a label file; None where there is none."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            raise DatasetError(f"'{path}' is not an ordinary file.")
        if status.st_size > LARGEST_BYTES:
            raise DatasetError(f"'{path}' is too large for labels: over {LARGEST_BYTES // 1_000_000} MB.")
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DatasetError(f"'{path}' cannot be read ({error.strerror or error}).") from None


def _truth(records: list[YoloRecord], kept: Beside) -> GroundTruth:
    flags = {}
    for flag in FLAGS:
        flags[flag] = np.zeros(len(records), bool)
        flags[flag][list(getattr(kept, flag))] = True
    boxes = np.array([each.box for each in records], np.float32)
    return GroundTruth(boxes, [each.label for each in records], **flags)


def _beside(annotation: Annotation) -> Beside:
    """What the lines cannot say: that objects are verified, or that their absence is not."""
    truth = annotation.ground_truth
    says_so = annotation.verified == (len(truth) == 0)
    flags = {flag: tuple(np.flatnonzero(getattr(truth, flag)).tolist()) for flag in FLAGS}
    return Beside(None if says_so else annotation.verified, len(truth), **flags)
