"""Where the elements of a COCO file stand, found without holding the file or parsing it as a whole.

The bytes go by in pieces. Of each piece only quotes and brackets are looked at, with numpy: inside a string or not by
counting quotes, how deep by adding up brackets. What is kept of a million boxes is where each begins and how long it
is. No step holds Python's lock for more than some milliseconds.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from detector.datasets.annotation import ChangedOnDiskError, Stamp, check_stamp, stamp_of
from detector.datasets.coco_text import Member, members_of
from detector.datasets.errors import DatasetError
from detector.datasets.splicing import Change

Positions: TypeAlias = "NDArray[np.int64]"
Progress: TypeAlias = "Callable[[float], object]"
"""Told the share that is done; what it raises ends the work."""

ARRAYS = ("images", "annotations", "categories")
_PIECE = 1 << 21
_QUOTE, _BACKSLASH = ord('"'), ord("\\")
_CASE = np.uint8(0x20)
_OPEN, _CLOSE = ord("{"), ord("}")
"""What both kinds of brackets are with `_CASE` set; no other byte is."""

_LARGEST_OTHER = 1_000_000
"""Bytes of an array or object that is none of ours and is still checked to be JSON."""


class Source:
    """The bytes of a file as it was at one moment, or of one that is not there yet.

    Attributes:
        path: of the file.
        stamp: of the file; None where it is not there yet.
        size: in bytes.
    """

    def __init__(self, path: Path, unwritten: bytes | None = None, stamp: Stamp = None) -> None:
        """Take the file as it is now.

        Args:
            unwritten: what a file holds that is not there yet.
            stamp: of the file that was written there a moment ago; by now it may be another one.

        Raises:
            DatasetError: where there is no file, or none that can be read.
        """
        self.path = path
        self._unwritten = unwritten
        self.stamp = stamp
        self.size = len(unwritten) if unwritten is not None else self._look() if stamp is None else stamp[1]

    def _look(self) -> int:
        if not self.path.exists():
            raise DatasetError(f"There is no file '{self.path}'.")
        if not self.path.is_file():  # opening a pipe would wait for ever
            raise DatasetError(f"'{self.path}' is not an ordinary file.")
        self.stamp = stamp_of(self.path)
        return 0 if self.stamp is None else self.stamp[1]

    @property
    def is_current(self) -> bool:
        """Whether nobody else has changed the file since."""
        return stamp_of(self.path) == self.stamp

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """The file to read in.

        Raises:
            ChangedOnDiskError: it is not the same file any more.
            DatasetError: it cannot be read.
        """
        if self._unwritten is not None:
            yield BytesIO(self._unwritten)
            return
        try:
            with open(self.path, "rb") as file:
                self.check()
                yield file
        except FileNotFoundError:
            raise ChangedOnDiskError.of(self.path, None) from None
        except OSError as error:
            raise DatasetError(f"'{self.path}' cannot be read ({error.strerror or error}).") from None

    def check(self) -> None:
        """Raise a ChangedOnDiskError where somebody else has changed the file."""
        check_stamp(self.path, self.stamp)

    def pieces(self, changes: list[Change]) -> Iterator[bytes]:
        """The whole file with some ranges replaced (sorted by where they begin), in pieces of a few MB."""
        with self.opened() as file:
            for start, end, new in [*changes, (self.size, self.size, b"")]:
                while file.tell() < start:
                    piece = file.read(min(_PIECE, start - file.tell()))
                    if not piece:
                        raise ChangedOnDiskError(f"'{self.path}' was cut short by another program.")
                    yield piece
                yield new
                file.seek(end)
            if self._unwritten is None:
                self.check()


def read_range(file: BinaryIO, start: int, end: int) -> bytes:
    """The bytes start..end of a file (end not included)."""
    file.seek(start)
    return file.read(end - start)


@dataclass(slots=True, eq=False)
class Places:
    """One array of the file.

    Attributes:
        open: where its opening bracket stands.
        close: where its closing one does.
        start: (E,) where its elements begin; -1 for one that is there no more.
        size: (E,) their bytes.
    """

    open: int
    close: int
    start: Positions
    size: Positions

    def add(self, starts: Sequence[int], sizes: Sequence[int]) -> None:
        """Elements more."""
        self.start = np.append(self.start, np.array(starts, np.int64))
        self.size = np.append(self.size, np.array(sizes, np.int64))


@dataclass(slots=True, eq=False)
class Layout:
    """A file's outline.

    Attributes:
        arrays: of `ARRAYS` those that it has.
        end: where the bracket stands that closes the file.
    """

    arrays: dict[str, Places]
    end: int

    def move(self, changes: list[Change]) -> None:
        """Take account of changed ranges; the sizes of the elements that were changed are for the caller to set."""
        behind = np.array([end for _, end, _ in changes], np.int64)
        moved = np.cumsum([0, *(len(new) - (end - start) for start, end, new in changes)])

        def now(places: Positions) -> Positions:
            found: Positions = places + moved[np.searchsorted(behind, places, side="right")]
            return found

        for each in self.arrays.values():
            each.start = np.where(each.start < 0, -1, now(each.start))
            each.open, each.close = (int(place) for place in now(np.array([each.open, each.close])))
        self.end = int(now(np.array([self.end]))[0])


def scan(source: Source, progress: Progress | None = None, piece: int = _PIECE) -> Layout:
    """Find the arrays of a file and their elements.

    Args:
        progress: told the share that is done.
        piece: bytes that are looked at at once.

    Raises:
        DatasetError: it is empty, no UTF-8, cut off, no JSON, or no object with a list of images.
    """
    if source.size == 0:
        raise DatasetError(f"'{source.path}' is empty (0 bytes).")
    walk = _Walk(source.path)
    with source.opened() as file:
        while data := file.read(piece):
            walk.add(data)
            if progress is not None:
                progress(walk.done / source.size)
        walk.finish()
        return _outline(source, file, walk)


@dataclass(slots=True, eq=False)
class _Walk:
    """Goes through the file once; what it has found so far.

    Attributes:
        opens, closes: per piece, where containers at depth 2 (in the outer object) begin and end.
        starts, ends: the same for those at depth 3, which the elements are.
    """

    path: Path
    done: int = 0
    depth: int = 0
    in_string: int = 0
    escaped: bool = False
    opens: list[Positions] = field(default_factory=list)
    closes: list[Positions] = field(default_factory=list)
    starts: list[Positions] = field(default_factory=list)
    ends: list[Positions] = field(default_factory=list)
    utf8: codecs.IncrementalDecoder = field(default_factory=codecs.getincrementaldecoder("utf-8"))

    def add(self, piece: bytes) -> None:
        data = np.frombuffer(piece, np.uint8)
        self._check_encoding(piece, data)
        quotes = data == _QUOTE
        if self.escaped or b"\\" in piece:
            self._drop_escaped(data, quotes)
        folded = data | _CASE
        opens = folded == _OPEN
        at = np.flatnonzero(quotes | opens | (folded == _CLOSE))
        # Only the last bit of the count of quotes matters, and numpy is fastest with bytes.
        quote = quotes[at]
        inside = (np.add.accumulate(quote.view(np.uint8)) + np.uint8(self.in_string)) & 1
        self.in_string = int(inside[-1]) if len(inside) else self.in_string
        at = at[~quote & (inside == 0)]
        opening = opens[at]
        depth = np.cumsum(np.where(opening, 1, -1), dtype=np.int32) + self.depth
        if len(depth):
            if int(depth.min()) < 0:
                place = self.done + int(at[depth < 0][0])
                raise DatasetError(f"'{self.path}' is broken JSON at byte {place}: a bracket closes that none opened.")
            self.depth = int(depth[-1])
        at = at + self.done
        self.opens.append(at[opening & (depth == 2)])
        self.closes.append(at[~opening & (depth == 1)])
        self.starts.append(at[opening & (depth == 3)])
        self.ends.append(at[~opening & (depth == 2)] + 1)
        self.done += len(piece)

    def finish(self) -> None:
        if self.depth or self.in_string:
            inside = "a string" if self.in_string else f"{self.depth} open brackets"
            raise DatasetError(f"'{self.path}' is cut off: it ends at byte {self.done} within {inside}.")
        self._decode(b"", final=True)

    def _check_encoding(self, piece: bytes, data: NDArray[np.uint8]) -> None:
        if not self.done and (piece[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in piece[:4]):
            raise DatasetError(f"'{self.path}' is written as UTF-16 or UTF-32; JSON is UTF-8.")
        if int(data.max()) >= 0x80 or self.utf8.getstate()[0]:
            self._decode(piece)

    def _decode(self, piece: bytes, *, final: bool = False) -> None:
        waiting = len(self.utf8.getstate()[0])
        try:
            self.utf8.decode(piece, final)
        except UnicodeDecodeError as error:
            place = max(self.done - waiting + error.start, 0)
            raise DatasetError(f"'{self.path}' is not UTF-8 at byte {place}.") from None

    def _drop_escaped(self, data: NDArray[np.uint8], quotes: NDArray[np.bool_]) -> None:
        """Quotes behind an odd number of backslashes end no string."""
        slashes = np.flatnonzero(data == _BACKSLASH)
        begins = np.flatnonzero(np.diff(slashes, prepend=-2) != 1)
        first = slashes[begins]
        length = np.diff(begins, append=len(slashes))
        if self.escaped:
            quotes[0] = False
            length = length - (first == 0)  # a backslash that is escaped itself
            # What is left of that run begins one byte later; its end stays.
            behind = first + length + (first == 0)
        else:
            behind = first + length
        behind = behind[length % 2 == 1]
        self.escaped = bool(len(behind)) and int(behind[-1]) == len(data)
        quotes[behind[behind < len(data)]] = False


def _outline(source: Source, file: BinaryIO, walk: _Walk) -> Layout:
    """Which array is which: the file without its large arrays is small, and parsed as it is."""
    opens, closes, starts, ends = (np.concatenate(each) for each in (walk.opens, walk.closes, walk.starts, walk.ends))
    walk.starts.clear()
    walk.ends.clear()
    outer = _Outer(source, file, opens, closes)
    arrays: dict[str, Places] = {}
    for member, place in outer.members():
        if member.key not in ARRAYS:
            continue
        if member.key in arrays:
            raise DatasetError(f"'{source.path}' has two lists '{member.key}'.")
        if place is None or read_range(file, int(opens[place]), int(opens[place]) + 1) != b"[":
            raise DatasetError(f"'{source.path}': '{member.key}' is no list.")
        low, high = np.searchsorted(starts, [opens[place], closes[place]]).tolist()
        start = starts[low:high].copy()
        arrays[member.key] = Places(int(opens[place]), int(closes[place]), start, ends[low:high] - start)
    if "images" not in arrays:
        raise DatasetError(f"'{source.path}' is not a COCO file: it has no list 'images'.")
    return Layout(arrays, outer.end)


class _Outer:
    """The outer object with the arrays cut out of it."""

    def __init__(self, source: Source, file: BinaryIO, opens: Positions, closes: Positions) -> None:
        self._path = source.path
        self._cut: dict[int, int] = {}  # where an emptied container begins in the outline -> its number
        parts: list[bytes] = []
        length = done = 0
        # All that is large; what is small among the rest is left in, and so checked.
        small = closes - opens < _LARGEST_OTHER
        keys = [self._key_before(file, int(each)) if fits else "" for each, fits in zip(opens, small, strict=True)]
        for number, (start, end) in enumerate(zip(opens.tolist(), closes.tolist(), strict=True)):
            if small[number] and keys[number] not in ARRAYS:
                continue
            parts.append(read_range(file, done, start + 1))
            length += len(parts[-1])
            self._cut[length - 1] = number
            done = end
        parts.append(read_range(file, done, source.size))
        self._text = b"".join(parts)
        self.end = source.size - len(self._text) + self._text.rfind(b"}")
        # self.end counts from the file's end: nothing is cut behind the last bracket.

    def members(self) -> list[tuple[Member, int | None]]:
        """Each key, and the number of the container that was cut out for it."""
        text = self._text
        bom = len(codecs.BOM_UTF8) if text.startswith(codecs.BOM_UTF8) else 0
        shown = " " * bom + text[bom:].decode("latin-1")
        if shown.lstrip(" \t\n\r")[:1] == "[":
            raise DatasetError(f"'{self._path}' is not a COCO file: it is a list, not an object with 'images'.")
        try:
            found = members_of(shown)
        except json.JSONDecodeError as error:
            raise DatasetError(f"'{self._path}' is broken JSON outside of its lists ({error.msg}).") from None
        except (ValueError, RecursionError):
            raise DatasetError(f"'{self._path}' holds JSON that is nested too deeply or a number too long.") from None
        return [(each, self._cut.get(each.at)) for each in found]

    @staticmethod
    def _key_before(file: BinaryIO, start: int) -> str:
        """The key in front of a container, as far as it is one of ours."""
        before = read_range(file, max(start - 200, 0), start).rstrip(b" \t\n\r:")
        return before[:-1].rpartition(b'"')[2].decode("latin-1") if before.endswith(b'"') else ""
