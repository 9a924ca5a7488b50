"""One image's entry in the recovery journal as text, and back. No Qt.

The text is JSON, UTF-8, in one line:

    {"version": 1, "time": 1790000000.25,                 seconds since 1970, UTC
     "image": "/photos/a.jpg",                            absolute
     "image_stamp": [1789999999000000000, 48211],         changed (ns), bytes; null where unknown
     "annotation": "/photos/a.xml",                       null where no place was chosen yet
     "states": [{"stamp": [1789999999000000000, 611],     of that file as the edits began; null where there was none
                 "says": "5be1...",                       a digest of what it said of this image; null: nothing
                 "ids": [0, null, 3]}],                   of its objects, null for those deleted before
     "verified": false, "annotated": true, "next_id": 7,  as in `Edit`
     "stated_hw": [480, 640],                             likewise; left out for none
     "objects": [{"id": 3, "label": "RBC", "box": [12.0, 20.5, 80.25, 99.0],
                  "difficult": true, "truncated": true, "crowd": true, "proposed": true, "locked": true}]}

`box` is xyxy in image pixels, each number a decimal that reads back as the same float32. Flags that are false are left
out. The `states` after the first are those that the program was writing to the file: whether they got there is not
known. A name that is no proper Unicode (a file's name may be any bytes) holds lone surrogates, escaped.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec
import numpy as np

from app.edit import FLAGS, Edit
from detector.datasets.alike import matches
from detector.datasets.annotation import Annotation, Record, Stamp, Stored
from detector.ground_truth import GroundTruth

VERSION = 1

SAME_PX = 0.01
"""Boxes no further apart are the same for a format that writes few digits, as YOLO's."""

Verdict: TypeAlias = Literal["unsaved", "saved", "changed"]


class State(NamedTuple):
    """What an annotation file said, or may say by now, of one image.

    Attributes:
        stamp: of the file; None where there was none, or where it is not known yet.
        says: a digest of it; None: nothing.
        ids: of its objects in order; None for those that were deleted before.
    """

    stamp: Stamp
    says: str | None
    ids: tuple[int | None, ...]


def state_of(stored: Stored, records: Mapping[int, Record]) -> State:
    """Of a file as it was read or written.

    Args:
        stored: what it says.
        records: by id, what it says of an object.
    """
    if stored.annotation is None:
        return State(stored.stamp, None, ())
    found = {id(record): each for each, record in records.items()}
    ids = tuple(None if record is None else found.get(id(record)) for record in stored.annotation.records)
    return State(stored.stamp, _digest(stored.annotation), ids)


def state_to_be(edit: Edit) -> State:
    """Of a file that an edit is being written to."""
    return State(None, _digest(edit.confirmed({})), edit.confirmed_ids)


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What the journal has of one image.

    Attributes:
        path: the image, absolute.
        edit: all its objects, also the proposed ones.
        time: when it was kept, in seconds since 1970.
        image: the stamp of the image file as it was read.
        annotation: the annotation file; None where no place was chosen yet.
        states: what it said as the edits began, and what was being written to it.
        file: the journal's own file.
    """

    path: Path
    edit: Edit
    time: float
    image: Stamp
    annotation: Path | None
    states: tuple[State, ...]
    file: Path

    def meets(self, stored: Stored | None) -> Verdict:
        """What the annotation file says now has to do with what was kept.

        Returns:
            "unsaved": the file is as it was, or as this program was writing it; what was kept is newer.
            "saved": it says the same as what was kept, but for proposed objects: it was saved just before the end.
            "changed": it is another file, or was changed by somebody else; a person has to decide.
        """
        if stored is None:
            return "unsaved"
        if _says_the_same(self.edit, stored.annotation):
            return "saved"
        began_from_nothing = all(each.says is None for each in self.states[:1])
        if self._ids_in(stored) is not None or (stored.annotation is None and began_from_nothing):
            return "unsaved"
        return "changed"

    def records_in(self, stored: Stored | None) -> dict[int, Record]:
        """By id, what the file says of the objects; where somebody else has changed it, of those alike."""
        if stored is None or stored.annotation is None:
            return {}
        records = stored.annotation.records
        found = ((each, records[row]) for each, row in self._rows_in(stored, stored.annotation).items())
        return {each: record for each, record in found if record is not None}

    def _rows_in(self, stored: Stored, theirs: Annotation) -> dict[int, int]:
        """By id, the row of the object in the file."""
        is_saved = _says_the_same(self.edit, theirs)
        ids = self.edit.confirmed_ids if is_saved else self._ids_in(stored)
        if ids is not None and len(ids) == len(theirs.records):
            return {each: row for row, each in enumerate(ids) if each is not None}
        mine = self.edit.confirmed({}).ground_truth
        pairs = zip(self.edit.confirmed_ids, matches(mine, theirs.ground_truth), strict=True)
        return {each: row for each, row in pairs if row >= 0}

    def _ids_in(self, stored: Stored) -> tuple[int | None, ...] | None:
        """Of the file's objects; None where it is in no state that is known.

        Its stamp may be another and what it says of this image the same: then it holds other images too.
        """
        if self.annotation is None or _key(stored.path) != _key(self.annotation):
            return None
        says = _digest(stored.annotation)
        is_it = (
            each.ids
            for each in self.states
            if each.says == says or (each.stamp is not None and each.stamp == stored.stamp)
        )
        return next(is_it, None)


class NewerError(Exception):
    """A file of a newer version of this program."""


class BrokenError(Exception):
    """A file that is none of the journal's, or only a part of one."""


def to_text(
    path: Path, edit: Edit, annotation: Path | None, states: Sequence[State], image: Stamp, time: float
) -> bytes:
    """The text of an entry, with what `Kept` has."""
    content = {
        "version": VERSION,
        "time": time,
        "image": os.path.abspath(path),
        "image_stamp": image,
        "annotation": None if annotation is None else os.path.abspath(annotation),
        "states": [each._asdict() for each in states],
        "verified": edit.verified,
        "annotated": edit.is_annotated,
        "next_id": edit.next_id,
        "objects": _objects(edit),
    }
    if edit.stated_hw is not None:
        content["stated_hw"] = edit.stated_hw
    try:
        return msgspec.json.encode(content)  # ten times faster
    except UnicodeEncodeError:  # of a lone surrogate
        return json.dumps(content, separators=(",", ":")).encode("ascii")


def _objects(edit: Edit) -> list[dict[str, Any]]:
    truth = edit.truth
    objects: list[dict[str, Any]] = [
        {"id": each, "label": label, "box": box}
        for each, label, box in zip(edit.ids, truth.labels, truth.boxes.tolist(), strict=True)
    ]
    for flag in FLAGS:
        for row in np.flatnonzero(getattr(truth, flag)).tolist():
            objects[row][flag] = True
    for name, rows in (("proposed", edit.proposed_rows), ("locked", edit.locked_rows)):
        for row in rows:
            objects[row][name] = True
    return objects


class _Object(msgspec.Struct):
    id: int
    label: str
    box: tuple[float, float, float, float]
    difficult: bool = False
    truncated: bool = False
    crowd: bool = False
    proposed: bool = False
    locked: bool = False


class _State(msgspec.Struct):
    stamp: tuple[int, int] | None
    says: str | None
    ids: list[int | None]


class _Content(msgspec.Struct):
    time: float
    image: str
    image_stamp: tuple[int, int] | None
    annotation: str | None
    states: list[_State]
    verified: bool
    annotated: bool
    next_id: int
    objects: list[_Object]
    stated_hw: tuple[int, int] | None = None


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
    if not (np.isfinite(boxes).all() and math.isfinite(content.time)):
        raise ValueError("a box or the time is not finite")
    ids = tuple(each.id for each in objects)
    if len(set(ids)) != len(ids) or not all(0 <= each < content.next_id for each in ids):
        raise ValueError("two objects of one id, or an id to come")
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
        stated_hw=content.stated_hw,
    )
    return Kept(
        Path(content.image),
        edit,
        content.time,
        content.image_stamp,
        None if content.annotation is None else Path(content.annotation),
        tuple(State(each.stamp, each.says, tuple(each.ids)) for each in content.states),
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
