"""YOLO txt labels beside the images, or in Ultralytics' layout: images/train/a.jpg has labels/train/a.txt.

An empty label file says that the image holds no object; no label file, that nobody annotated it. What a line has no
place for (verified with boxes, difficult, truncated, crowd) is kept beside: see `sidecar`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from detector.datasets.annotation import (
    Annotation,
    AnnotationStore,
    Batch,
    ChangedOnDiskError,
    SharedFileError,
    Stamp,
    Stored,
    Waiting,
    check_stamp,
    forgotten,
    stamp_of,
)
from detector.datasets.errors import DatasetError
from detector.datasets.files import check_place, make_folder, write_atomic
from detector.datasets.images import read_size
from detector.datasets.oddities import odd_boxes
from detector.datasets.same_stem import other_owner
from detector.datasets.sidecar import FLAGS, NOTHING, SIDECAR_NAME, Beside, Keep, Sidecar, kept_beside
from detector.datasets.yolo_classes import ClassList, NoClasses, class_list_at
from detector.datasets.yolo_lines import (
    Kind,
    LabelLine,
    YoloRecord,
    edited_line,
    in_pixels,
    is_a_place,
    joined,
    label_bytes,
    new_line,
    split_lines,
)
from detector.ground_truth import GroundTruth

SAME_PX = 1e-3
"""What a box may move by when it becomes a line: more than the digits of one take away."""


class _Plan(NamedTuple):
    """What a save will write of one image.

    Attributes:
        path: of its labels.
        stamp: that they have now.
        annotation: with the records that it will have.
        keep: what belongs beside, and the labels as they will be and as they are.
        kept_before: what was kept beside.
    """

    path: Path
    stamp: Stamp
    annotation: Annotation
    keep: Keep
    kept_before: Beside


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
        self._lock, self._writing = threading.RLock(), threading.RLock()
        """Of what is read and written in one go, and of saves, each of which may write many files; that one first."""

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
        with self._writing, self._lock:
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
        data = None if stamp is None else label_bytes(path)
        if data is None:
            return Stored(None, path)
        lines = split_lines(path, data, self.class_list.numbers_after_the_box())
        kept, warnings = kept_beside(path, image_path.stem, self._sidecar, len(lines), data)
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
        found = self._write_all({image_path: Waiting(image_hw, annotation, seen)})[image_path]
        if isinstance(found, DatasetError):
            raise found
        return found

    def forget(self, image_path: Path, written: Stored) -> Stored:
        """The label file goes, and what is kept beside it."""
        with self._writing:
            found = forgotten(written)
            if found.annotation is None:
                self._put_beside([Keep(image_path.stem, NOTHING)])
            return found

    def batch(self) -> Batch:
        """To write several images at once: what is kept beside is written once."""
        return _YoloBatch(self)

    def _write_all(self, waiting: Mapping[Path, Waiting]) -> dict[Path, Stored | DatasetError]:
        """What is kept beside comes first: until the labels are written it says what belongs to either."""
        found: dict[Path, Stored | DatasetError] = {}
        plans: dict[Path, _Plan] = {}
        with self._writing:
            for image_path, each in waiting.items():
                try:
                    plans[image_path] = self._plan(image_path, *each)
                except DatasetError as error:
                    found[image_path] = error
            failed = self._put_beside([plan.keep for plan in plans.values()])
            for image_path, plan in plans.items():
                try:
                    if plan.keep.key in failed:
                        raise failed[plan.keep.key]
                    found[image_path] = self._write_labels(plan)
                except DatasetError as error:
                    found[image_path] = error
            self._put_beside(
                [
                    Keep(plan.keep.key, plan.kept_before, plan.keep.replaced)
                    for image_path, plan in plans.items()
                    if isinstance(found[image_path], DatasetError) and plan.keep.key not in failed
                ]
            )
        return {image_path: found[image_path] for image_path in waiting}

    def _put_beside(self, keeps: list[Keep]) -> dict[str, DatasetError]:
        with self._lock:
            return self._sidecar.put_all(keeps)

    def _write_labels(self, plan: _Plan) -> Stored:
        path, stamp = plan.path, plan.stamp
        if plan.keep.labels is not None and plan.keep.labels != plan.keep.replaced:
            with self._lock:
                stamp = write_atomic(path, plan.keep.labels, lambda: check_stamp(path, plan.stamp))
        return Stored(plan.annotation, path, stamp)

    def _plan(self, image_path: Path, image_hw: tuple[int, int], annotation: Annotation, seen: Stored | None) -> _Plan:
        path = self._label_file(image_path)
        self._check_place(path, image_path)
        stamp = stamp_of(path)
        if seen is not None and stamp != seen.stamp:
            raise ChangedOnDiskError.of(path, stamp)
        data = label_bytes(path)
        key_points = self.class_list.numbers_after_the_box()
        for line in split_lines(path, data or b"", key_points):
            self._record(path, line, image_hw)  # what cannot be read is not overwritten
        truth = annotation.ground_truth
        for row, box in enumerate(truth.boxes.tolist(), 1):
            if not all(map(is_a_place, box)):
                raise DatasetError(f"'{path}': the box of object {row} is no place in an image.")
        if seen is not None:
            self._check_classes(annotation)
        check_place(self.place, image_path.parent)
        numbers = self.class_list.numbers_of(truth.labels, add=True)
        records = self._new_records(annotation, numbers, image_hw)
        new = joined([each.raw for each in records], data or b"")
        if not records and data is not None and not data.removeprefix(b"\xef\xbb\xbf").strip():
            new = data
        _check_read_back(path, split_lines(path, new, key_points), records, image_hw)
        if new != data:
            make_folder(self.place)
        kept_before = self._sidecar.of(image_path.stem, data)
        keep = Keep(image_path.stem, _beside(annotation), new, data)
        return _Plan(path, stamp, replace(annotation, records=tuple(records)), keep, kept_before)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Many images in one go: what is kept beside is written once, at the end."""
        make_folder(self.place)
        with self._writing, self._lock, self._sidecar.together():
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


class _YoloBatch(Batch):
    def __init__(self, store: YoloStore) -> None:
        super().__init__(store)
        self._yolo = store

    def _write(self, waiting: dict[Path, Waiting]) -> dict[Path, Stored | DatasetError]:
        return self._yolo._write_all(waiting)


def _check_read_back(path: Path, lines: list[LabelLine], records: list[YoloRecord], image_hw: tuple[int, int]) -> None:
    """Raise a DatasetError where lines would not say what they were written for: corners have no box turned round."""
    found = np.array([in_pixels(path, line, image_hw) for line in lines]).reshape(-1, 4)
    meant = np.array([record.box for record in records]).reshape(-1, 4)
    same = np.isclose(found, meant, rtol=1e-6, atol=SAME_PX).all(axis=1).tolist()
    for row, (line, record) in enumerate(zip(lines, records, strict=True), 1):
        if line.number != record.number or not same[row - 1]:
            raise DatasetError(f"'{path}': the line of object {row} would not say the same when it is read again.")


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
