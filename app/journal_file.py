"""One image's entry in the recovery journal as text, and back. No Qt.

The text is JSON, UTF-8, in one line:

    {"version": 1, "time": 1790000000.25,                 seconds since 1970, UTC
     "image": "/photos/a.jpg",                            absolute
     "image_stamp": [1789999999000000000, 48211],         changed (ns), bytes; null where unknown
     "annotation": "/photos/a.xml",                       null where no place was chosen yet
     "annotation_stamp": [1789999999000000000, 611],      of what the edits began from; null where there was no file
     "annotation_says": "5be1...",                        a digest of what that file said of this image; null: nothing
     "verified": false, "annotated": true, "next_id": 7,  as in `Edit`
     "objects": [{"id": 3, "label": "RBC", "box": [12.0, 20.5, 80.25, 99.0], "record": 2,
                  "difficult": true, "truncated": true, "crowd": true, "proposed": true, "locked": true}]}

`box` is xyxy in image pixels, each number a decimal that reads back as the same float32. `record` is the object's place
(from 0) among those of the annotation file; without it the file does not know the object. Flags that are false are left
out. A name that is no proper Unicode (a file's name may be any bytes) holds lone surrogates, escaped.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec
import numpy as np

from app.edit import FLAGS, Edit
from detector.datasets.annotation import Annotation, Record, Stamp, Stored
from detector.ground_truth import GroundTruth

VERSION = 1

SAME_PX = 0.01
"""Boxes no further apart are the same for a format that writes few digits, as YOLO's."""

Verdict: TypeAlias = Literal["unsaved", "saved", "changed"]


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What the journal has of one image.

    Attributes:
        path: the image, absolute.
        edit: all its objects, also the proposed ones.
        time: when it was kept, in seconds since 1970.
        image: the stamp of the image file as it was read.
        annotation: the annotation file; None where no place was chosen yet.
        stamp: of that file, as the edits began or were last saved.
        says: a digest of what it said of this image then; None where nothing.
        rows: by id, the place of an object among those of that file.
        file: the journal's own file.
    """

    path: Path
    edit: Edit
    time: float
    image: Stamp
    annotation: Path | None
    stamp: Stamp
    says: str | None
    rows: Mapping[int, int]
    file: Path

    def meets(self, stored: Stored | None) -> Verdict:
        """What the annotation file says now has to do with what was kept.

        Returns:
            "unsaved": the file is as it was; what was kept is newer.
            "saved": it says the same as what was kept, but for proposed objects: it was saved just before the end.
            "changed": it is another file, or was changed by somebody else; a person has to decide.
        """
        if stored is None or (stored.annotation is None and self.says is None):
            return "unsaved"
        if _says_the_same(self.edit, stored.annotation):
            return "saved"
        return "unsaved" if self._began_from(stored) else "changed"

    def records_in(self, stored: Stored | None) -> dict[int, Record]:
        """By id, what the file says of the objects; nothing where it is not what the edits began from."""
        if stored is None or stored.annotation is None or not self._began_from(stored):
            return {}
        records = stored.annotation.records
        found = {each: records[row] for each, row in self.rows.items() if row < len(records)}
        return {each: record for each, record in found.items() if record is not None}

    def _began_from(self, stored: Stored) -> bool:
        """The file is as it was, or has changed, but not in what it says of this image."""
        is_there = self.annotation is not None and _key(stored.path) == _key(self.annotation)
        return is_there and (stored.stamp == self.stamp or _digest(stored.annotation) == self.says)


class NewerError(Exception):
    """A file of a newer version of this program."""


class BrokenError(Exception):
    """A file that is none of the journal's, or only a part of one."""


def to_text(
    path: Path, edit: Edit, stored: Stored | None, image: Stamp, records: Mapping[int, Record], time: float
) -> bytes:
    """The text of an entry; for the arguments see `Journal.keep`."""
    content = {
        "version": VERSION,
        "time": time,
        "image": os.path.abspath(path),
        "image_stamp": image,
        "annotation": None if stored is None else os.path.abspath(stored.path),
        "annotation_stamp": None if stored is None else stored.stamp,
        "annotation_says": None if stored is None else _digest(stored.annotation),
        "verified": edit.verified,
        "annotated": edit.is_annotated,
        "next_id": edit.next_id,
        "objects": _objects(edit, _rows(stored, records)),
    }
    try:
        return msgspec.json.encode(content)  # ten times faster
    except UnicodeEncodeError:  # of a lone surrogate
        return json.dumps(content, separators=(",", ":")).encode("ascii")


def _objects(edit: Edit, rows: Mapping[int, int]) -> list[dict[str, Any]]:
    truth = edit.truth
    objects: list[dict[str, Any]] = [
        {"id": each, "label": label, "box": box}
        for each, label, box in zip(edit.ids, truth.labels, truth.boxes.tolist(), strict=True)
    ]
    for flag in FLAGS:
        for row in np.flatnonzero(getattr(truth, flag)).tolist():
            objects[row][flag] = True
    for each in objects:
        if each["id"] in rows:
            each["record"] = rows[each["id"]]
        if each["id"] in edit.proposed:
            each["proposed"] = True
        if each["id"] in edit.locked:
            each["locked"] = True
    return objects


def _rows(stored: Stored | None, records: Mapping[int, Record]) -> dict[int, int]:
    """By id, the place of its record in the file."""
    if stored is None or stored.annotation is None or not records:
        return {}
    places = {id(record): row for row, record in enumerate(stored.annotation.records) if record is not None}
    return {each: places[id(record)] for each, record in records.items() if id(record) in places}


class _Object(msgspec.Struct):
    id: int
    label: str
    box: tuple[float, float, float, float]
    record: int | None = None
    difficult: bool = False
    truncated: bool = False
    crowd: bool = False
    proposed: bool = False
    locked: bool = False


class _Content(msgspec.Struct):
    time: float
    image: str
    image_stamp: tuple[int, int] | None
    annotation: str | None
    annotation_stamp: tuple[int, int] | None
    annotation_says: str | None
    verified: bool
    annotated: bool
    next_id: int
    objects: list[_Object]


def from_text(text: bytes, file: Path) -> Kept:
    """Read an entry.

    Raises:
        NewerError: it is of a newer version.
        BrokenError: it is none.
    """
    try:
        content = json.loads(text)
        version = content["version"]
        if isinstance(version, int) and version > VERSION:
            raise NewerError(f"version {version}")
        return _kept(msgspec.convert(content, _Content), file)
    except (ValueError, KeyError, TypeError, RecursionError, msgspec.MsgspecError) as error:
        raise BrokenError(str(error)) from error


def _kept(content: _Content, file: Path) -> Kept:
    objects = content.objects
    with np.errstate(over="ignore"):
        boxes = np.array([each.box for each in objects], np.float64).astype(np.float32)
    if not np.isfinite(boxes).all():
        raise ValueError("a box is not finite")
    ids = tuple(each.id for each in objects)
    if len(set(ids)) != len(ids) or not all(0 <= each < content.next_id for each in ids):
        raise ValueError("two objects of one id, or an id to come")
    if any(each.record is not None and each.record < 0 for each in objects):
        raise ValueError("a place below 0")
    flags = ([getattr(each, flag) for each in objects] for flag in FLAGS)
    truth = GroundTruth(boxes, [each.label for each in objects], *flags)  # type: ignore[arg-type]  # made arrays there
    edit = Edit(
        truth,
        ids,
        proposed=frozenset(each.id for each in objects if each.proposed),
        locked=frozenset(each.id for each in objects if each.locked),
        verified=content.verified,
        is_annotated=content.annotated,
        next_id=content.next_id,
    )
    return Kept(
        Path(content.image),
        edit,
        content.time,
        content.image_stamp,
        None if content.annotation is None else Path(content.annotation),
        content.annotation_stamp,
        content.annotation_says,
        {each.id: each.record for each in objects if each.record is not None},
        file,
    )


def _says_the_same(edit: Edit, theirs: Annotation | None) -> bool:
    """The file holds the accepted objects, as near as its format writes numbers."""
    mine = edit.confirmed({})
    if theirs is None or mine.verified != theirs.verified:
        return False
    one, two = mine.ground_truth, theirs.ground_truth
    return (
        one.labels == two.labels
        and bool(np.abs(one.boxes - two.boxes).max(initial=0) <= SAME_PX)
        and all(np.array_equal(getattr(one, flag), getattr(two, flag)) for flag in FLAGS)
    )


def _digest(annotation: Annotation | None) -> str | None:
    """Equal for equal objects in the same order."""
    if annotation is None:
        return None
    truth = annotation.ground_truth
    found = hashlib.sha256(json.dumps([annotation.verified, *truth.labels]).encode())
    for each in (truth.boxes.astype("<f4"), *(getattr(truth, flag) for flag in FLAGS)):
        found.update(each.tobytes())
    return found.hexdigest()[:32]


def _key(path: Path) -> str:
    return os.path.normcase(os.path.abspath(path))
