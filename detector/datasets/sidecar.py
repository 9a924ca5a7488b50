"""What a label format has no place for, kept in one file beside the labels.

    .boxscope.json: {"version": 1, "images": {KEY: {"verified": true, "objects": 3, "difficult": [0], "crowd": [2]}}}

An entry holds only what the labels themselves cannot say; an image without flags has none. Objects are numbered from 0
in the order of the label file, and `objects` is how many there were: after another program added or removed some, it
is not known any more which ones were meant. What is not understood survives. A broken file is never overwritten.

Labels and what is kept beside are two files, and a program may be killed between them. So this one is written first,
with what was kept of the labels that are replaced and a digest by which those are known:

    {KEY: {"objects": 2, "difficult": [0], "before": {"labels": DIGEST, "objects": 3, "difficult": [1]}}}

Whichever labels are found, their own flags are.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from detector.datasets.annotation import Stamp, check_stamp, stamp_of
from detector.datasets.errors import DatasetError
from detector.datasets.files import write_atomic

SIDECAR_NAME = ".boxscope.json"
FLAGS = ("difficult", "truncated", "crowd")
_VERSION = 1
_LARGEST_BYTES = 256_000_000


@dataclass(frozen=True, slots=True)
class Beside:
    """What is kept of one image.

    Attributes:
        verified: None where the labels say it themselves.
        objects: how many objects the flags were written for.
        difficult: numbers of the objects that are, from 0.
        truncated: as `difficult`.
        crowd: as `difficult`.
    """

    verified: bool | None = None
    objects: int = 0
    difficult: tuple[int, ...] = ()
    truncated: tuple[int, ...] = ()
    crowd: tuple[int, ...] = ()

    @property
    def has_flags(self) -> bool:
        """Whether any object has a flag."""
        return any(getattr(self, flag) for flag in FLAGS)


NOTHING = Beside()


class Keep(NamedTuple):
    """What is to be kept of an image.

    Attributes:
        key: of the image.
        labels: the label file that it is said of.
        replaced: the one that is there, until that one is written; None where there is none.
    """

    key: str
    kept: Beside
    labels: bytes | None = None
    replaced: bytes | None = None


class Sidecar:
    """The file, read again whenever it has changed. A call may come from any thread; they take turns.

    Attributes:
        path: the file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: Stamp = None
        self._content: dict[str, Any] = {}
        self._broken: str | None = None
        self._waits = self._changed = False
        self._lock = threading.RLock()

    @property
    def broken(self) -> str | None:
        """A sentence where the file is there and cannot be used; None where all is well."""
        with self._lock:
            self._refresh()
            return self._broken

    def __len__(self) -> int:
        """How many images have an entry."""
        with self._lock:
            self._refresh()
            return len(self._images())

    def of(self, key: str, labels: bytes | None = None) -> Beside:
        """What is kept of an image whose label file says this."""
        with self._lock:
            self._refresh()
            return _entry(self._images().get(key), labels)

    def put(self, key: str, kept: Beside) -> None:
        """Keep it, whatever the labels; the file is written where that changes it.

        Raises:
            DatasetError: where the file is broken, or cannot be written; it is then as it was.
        """
        for error in self.put_all([Keep(key, kept)]).values():
            raise error

    def put_all(self, keeps: Sequence[Keep]) -> dict[str, DatasetError]:
        """Keep it of many images, with one writing of the file; for the images that are returned nothing is kept."""
        with self._lock:
            self._refresh()
            changed = {each.key: entry for each in keeps if (entry := self._changed_entry(each)) is not None}
            if self._broken is not None:
                return {
                    key: DatasetError(f"{self._broken} So what else belongs to '{key}' cannot be kept.")
                    for key in changed
                }
            if not changed:
                return {}
            before, was_changed = self._content, self._changed
            images = {key: entry for key, entry in {**self._images(), **changed}.items() if entry or key not in changed}
            self._content = {"version": _VERSION, **before, "images": images}
            self._changed = True
            try:
                if not self._waits:
                    self._save(check=True)
            except DatasetError as error:
                self._content, self._changed = before, was_changed
                return dict.fromkeys(changed, error)
            return {}

    def _changed_entry(self, keep: Keep) -> dict[str, Any] | None:
        """The entry that says so; None where it does already."""
        old = self._images().get(keep.key)
        kept = keep.kept if keep.kept.has_flags else Beside(keep.kept.verified)
        was = _entry(old, keep.replaced)
        is_other = keep.replaced not in (None, keep.labels)
        if _entry(old, keep.labels) == kept and (was == kept or not is_other):
            return None
        new = _written(old, kept)
        if keep.replaced is not None and is_other and was != kept:
            new["before"] = {"labels": _digest(keep.replaced), **_written(None, was)}
        return new

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write once for many `put` of this thread; at the end, whatever happens. Others wait for it."""
        with self._lock:
            self._waits = True
            try:
                yield
            finally:
                self._waits = False
                self._save()

    def _save(self, *, check: bool = False) -> None:
        if not self._changed:
            return
        if os.path.realpath(self.path.parent) != os.path.dirname(os.path.realpath(self.path)):
            raise DatasetError(f"'{self.path}' is a link that leads out of its folder; it is not written.")
        text = _text(self.path, self._content).encode()
        self._stamp = write_atomic(self.path, text, lambda: check_stamp(self.path, self._stamp) if check else None)
        self._changed = False

    def _images(self) -> dict[str, Any]:
        images: dict[str, Any] = self._content.get("images", {})
        return images

    def _refresh(self) -> None:
        stamp = stamp_of(self.path)
        if self._changed or stamp == self._stamp:
            return
        content: dict[str, Any] = {}
        broken = None
        if stamp is not None:
            try:
                content = _read(self.path)
            except DatasetError as error:
                broken = str(error)
        # Not before: who takes the stamp for the content's must not find an empty one and write that.
        self._stamp, self._content, self._broken = stamp, content, broken


def kept_beside(
    path: Path, key: str, sidecar: Sidecar, objects: int, labels: bytes | None = None
) -> tuple[Beside, tuple[str, ...]]:
    """What is kept of an image with so many objects, and what a person has to know of it.

    Args:
        path: the label file, to be named.
        key: of the image.
        sidecar: where it is kept.
        objects: how many the label file has now.
        labels: what it says.
    """
    if sidecar.broken is not None:
        return NOTHING, (sidecar.broken,)
    kept = sidecar.of(key, labels)
    if kept.has_flags and kept.objects != objects:
        flagged = f"but '{sidecar.path}' has flags for {kept.objects}"
        sentence = f"'{path}' has {objects} objects, {flagged}; the flags are left out."
        return Beside(kept.verified), (sentence,)
    return kept, ()


def _read(path: Path) -> dict[str, Any]:
    """Raises DatasetError with the place."""
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST_BYTES:
            raise DatasetError(f"'{path}' is no file of flags; it is left as it is.")
        content = json.loads(path.read_bytes().decode("utf-8-sig"), parse_constant=_no_number, parse_float=_finite)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise DatasetError(f"'{path}' is broken JSON at {where}; it is left as it is.") from None
    except OSError as error:
        raise DatasetError(f"'{path}' cannot be read ({error.strerror or error}).") from None
    except (ValueError, RecursionError):
        raise DatasetError(f"'{path}' is no JSON in UTF-8; it is left as it is.") from None
    version = content.get("version") if isinstance(content, dict) else None
    if version != _VERSION or not isinstance(content.get("images", {}), dict):
        raise DatasetError(f"'{path}' is no file of flags of version {_VERSION}; it is left as it is.")
    return dict(content)


def _text(path: Path, content: dict[str, Any]) -> str:
    """One image a line, so that a version control shows what changed."""
    try:
        head = json.dumps({name: value for name, value in content.items() if name != "images"}, allow_nan=False)
        lines = [f"{json.dumps(key)}: {json.dumps(entry, allow_nan=False)}" for key, entry in content["images"].items()]
    except (ValueError, RecursionError):
        raise DatasetError(f"'{path}' holds what cannot be written again; it is left as it is.") from None
    return head[:-1] + ', "images": {\n' + ",\n".join(lines) + "\n}}\n"


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _no_number(name: str) -> float:
    raise ValueError(name)


def _digest(labels: bytes) -> str:
    return hashlib.sha256(labels).hexdigest()[:32]


def _entry(entry: Any, labels: bytes | None) -> Beside:
    """Of what stands there, the part that makes sense for such labels."""
    if not isinstance(entry, dict):
        return NOTHING
    before = entry.get("before")
    if labels is not None and isinstance(before, dict) and before.get("labels") == _digest(labels):
        return _entry(before, None)
    verified, objects = entry.get("verified"), entry.get("objects")
    count = objects if type(objects) is int else 0
    flags = {}
    for flag in FLAGS:
        rows = entry.get(flag)
        rows = rows if isinstance(rows, list) else []
        flags[flag] = tuple(row for row in rows if type(row) is int and 0 <= row < count)
    return Beside(verified if type(verified) is bool else None, count, **flags)


def _written(entry: Any, kept: Beside) -> dict[str, Any]:
    """An entry with what is kept now; what else stood in it stays."""
    known = {"verified", "objects", "before", *FLAGS}
    new = {name: value for name, value in entry.items() if name not in known} if isinstance(entry, dict) else {}
    if kept.verified is not None:
        new["verified"] = kept.verified
    if kept.has_flags:
        new["objects"] = kept.objects
        new.update({flag: list(getattr(kept, flag)) for flag in FLAGS if getattr(kept, flag)})
    return new
