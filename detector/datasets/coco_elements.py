"""The elements of a COCO file's arrays, decoded in pieces.

Decoded is what the index needs, by msgspec, which checks the syntax of the rest as well. An element that it refuses is
looked at alone: NaN and odd types are no reason to refuse a file that other programs read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, Generic, TypeAlias, TypeVar

import msgspec
import numpy as np

from detector.datasets.coco_scan import Places, Progress, read_range
from detector.datasets.coco_text import members_of
from detector.datasets.errors import DatasetError

Id: TypeAlias = int | str

_PIECE = 1 << 17
_NOTHING = re.compile(rb"[ \t\n\r]*\Z")
_COMMA = re.compile(rb"[ \t\n\r]*,[ \t\n\r]*\Z")


class ImageEntry(msgspec.Struct, gc=False):
    """Of an image what the index keeps. Without `gc` a million of them do not start Python's collector."""

    id: Id
    file_name: str = ""
    verified: bool | int | None = None


class AnnotationEntry(msgspec.Struct, gc=False):
    """Of an annotation what the index keeps."""

    image_id: Id
    id: Id | None = None
    category_id: Id | None = None


class CategoryEntry(msgspec.Struct, gc=False):
    """Of a category what the index keeps."""

    id: Id
    name: str = ""


T = TypeVar("T", ImageEntry, AnnotationEntry, CategoryEntry)


class Decoder(Generic[T]):
    """Decodes the elements of one array.

    Args:
        path: of the file, for what is said of it.
        what: an element is called, as 'annotation'.
        kind: of the elements.
    """

    def __init__(self, path: object, what: str, kind: type[T]) -> None:
        self._path, self._what = path, what
        self._kind: type[T] = kind
        self._decode: Callable[[bytes], list[T]] = msgspec.json.Decoder(list[kind]).decode  # type: ignore[valid-type]

    def pieces(self, file: BinaryIO, places: Places, progress: Progress | None = None) -> Iterator[Sequence[T | str]]:
        """All elements in order, some thousand at a time; for one that makes no sense what is wrong with it.

        Raises:
            DatasetError: where the file is no JSON.
        """
        start, end = places.start, places.start + places.size
        count, row, done = len(start), 0, places.open + 1
        while row < count:
            behind = max(int(np.searchsorted(end, start[row] + _PIECE)), row + 1)
            piece = read_range(file, done, int(end[behind - 1]))
            offset = int(start[row]) - done
            self._check_gap(piece[:offset], done, first=row == 0)
            text = b"[%b]" % piece[offset:]
            try:
                yield self._decode(text)
            except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
                found = self._with_python(text, row)
                if found is None:
                    ranges = np.stack([start[row:behind], end[row:behind]], axis=1) - done
                    found = self._one_by_one(piece, ranges.tolist(), done, row)
                yield found
            row, done = behind, int(end[behind - 1])
            if progress is not None:
                progress(behind / count)
        rest = read_range(file, done, places.close)
        if not _NOTHING.match(rest):
            raise self._broken(done + len(rest) - len(rest.lstrip(b" \t\n\r")))

    def _with_python(self, text: bytes, row: int) -> list[T | str] | None:
        """The elements as Python's own reader has them, which takes NaN; None where it refuses them too."""
        try:
            values = json.loads(text.decode(), strict=False)
        except (ValueError, RecursionError):
            return None
        if not all(isinstance(each, dict) for each in values):
            return None
        return [self._entry(each, number) for number, each in enumerate(values, row + 1)]

    def _one_by_one(self, piece: bytes, ranges: list[list[int]], at: int, row: int) -> list[T | str]:
        found: list[T | str] = []
        for number, (start, end) in enumerate(ranges, row + 1):
            if found:
                self._check_gap(piece[ranges[len(found) - 1][1] : start], at + ranges[len(found) - 1][1])
            raw = piece[start:end]
            try:
                found.append(self._decode(b"[%b]" % raw)[0])
            except (ValueError, RecursionError):
                found.append(self._tolerant(raw, number, at + start))
        return found

    def _tolerant(self, raw: bytes, number: int, place: int) -> T | str:
        """One of a piece in which something is no JSON at all."""
        try:
            values = {each.key: each.value for each in members_of(raw.decode())}
        except RecursionError:
            raise DatasetError(f"'{self._path}': {self._what} {number} is nested too deeply.") from None
        except ValueError:
            raise DatasetError(
                f"'{self._path}' is broken JSON at byte {place} or behind it, in {self._what} {number}."
            ) from None
        return self._entry(values, number)

    def _entry(self, values: dict[str, Any], number: int) -> T | str:
        there = [name for name in self._kind.__struct_fields__ if name in values]
        fields = {name: _as_id(values[name]) if name.endswith("id") else values[name] for name in there}
        try:
            made: T = msgspec.convert(fields, self._kind)
            return made
        except msgspec.ValidationError as error:
            return f"{self._what} {number} makes no sense ({error})"

    def _check_gap(self, gap: bytes, place: int, *, first: bool = False) -> None:
        if not (_NOTHING if first else _COMMA).match(gap):
            raise self._broken(place)

    def _broken(self, place: int) -> DatasetError:
        return DatasetError(f"'{self._path}' is broken JSON at byte {place} or behind it, between two {self._what}s.")


def _as_id(value: Any) -> Any:
    """Some programs write 7.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
