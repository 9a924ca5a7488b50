"""Annotations and a store of them that every test can count on, whatever the real formats do."""

from __future__ import annotations

import numpy as np

from app.edit import Edit
from detector.datasets import read_voc, write_voc
from detector.datasets.annotation import Annotation, AnnotationStore, ChangedOnDiskError, Record, Stored, stamp_of
from detector.ground_truth import GroundTruth

IMAGE_HW = (480, 640)


class Line(Record):
    """A record that knows nothing but who it is."""

    __slots__ = ("name",)

    def __init__(self, name):
        self.name = name


class PlainStore(AnnotationStore):
    """One small XML file an image, beside it; new records at each reading and writing."""

    format = "voc"

    def __init__(self, place):
        self.place = place
        self.writes = []

    def path_of(self, image_path):
        return self.place / f"{image_path.stem}.xml"

    def read(self, image_path, image_hw=None):
        path = self.path_of(image_path)
        stamp = stamp_of(path)
        if stamp is None:
            return Stored(None, path)
        return Stored(_with_lines(Annotation(read_voc(path).ground_truth), path), path, stamp)

    def write(self, image_path, image_hw, annotation, seen):
        path = self.path_of(image_path)
        if seen is not None and seen.stamp != stamp_of(path):
            raise ChangedOnDiskError(f"'{path}' was changed by another program.")
        write_voc(path, image_hw, image_path.name, annotation.ground_truth)
        self.writes.append((image_path, annotation, seen))
        return Stored(_with_lines(annotation, path), path, stamp_of(path))


def _with_lines(annotation, path):
    lines = tuple(Line(f"{path.stem} {row}") for row in range(len(annotation.ground_truth)))
    return Annotation(annotation.ground_truth, lines, annotation.verified)


def truth_of(*boxes, labels=None, **flags):
    return GroundTruth(np.array(boxes, np.float32).reshape(-1, 4), labels or ["RBC"] * len(boxes), **flags)


def edit_of(*boxes, labels=None, **flags):
    return Edit.of(Annotation(truth_of(*boxes, labels=labels, **flags)))


def assert_same_edit(one, other):
    assert one.same_as(other)
    assert (one.is_annotated, one.next_id) == (other.is_annotated, other.next_id)
