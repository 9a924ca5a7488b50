"""The lines of a YOLO label file: `class x y w h`, centre and size as shares of the image's width and height.

A line may go on: a confidence behind the box, the corners of a polygon instead of it (segmentation; read as the box
around them), or key points behind it where data.yaml has `kpt_shape`. Every object keeps its line. A line whose object
did not change is written as it was; of one that did change, only the parts that changed.
"""

from __future__ import annotations

import math
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from detector.datasets.annotation import Record
from detector.datasets.errors import DatasetError

Box: TypeAlias = "tuple[float, float, float, float]"
Kind: TypeAlias = Literal["box", "polygon", "key points"]

LARGEST_BYTES = 64_000_000
_LARGEST = 1e7  # px, as in VOC files
_MOST_DECIMALS = 17
_DECIMALS = 8
"""Of a corner of a polygon that moves with its box: far below what can be seen, and what it is moved by and back."""
_CLOSE = 1e-6  # px: what a box may move by where no decimals give exactly the same float32
_BOM = b"\xef\xbb\xbf"

_LINE = re.compile(rb"\S[^\r\n]*(?:\r\n|\r|\n|\Z)")  # without the spaces before it, so that empty ones cost nothing
_NUMBER = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_CLASS = re.compile(rb"[0-9]{1,9}(?:\.0*)?")
_TOKEN = re.compile(rb"\S+")


@dataclass(frozen=True, slots=True, eq=False)
class YoloRecord(Record):
    """An object's line.

    Attributes:
        raw: the line with its line end and the empty lines before it.
        line: its number in the file, from 1.
        number: its class.
        label: what the class list called it.
        box: xyxy float32 px, as read.
        kind: what its numbers are.
        image_hw: the size that they were scaled by.
    """

    raw: bytes
    line: int
    number: int
    label: str
    box: Box
    kind: Kind
    image_hw: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class LabelLine:
    """A line before its class has a name and its box a size.

    Attributes:
        line: its number in the file, from 1.
        sides: left, top, right and bottom as shares of the image.
    """

    raw: bytes
    line: int
    number: int
    sides: Box
    kind: Kind


def split_lines(path: Path, data: bytes, key_points: int | None) -> list[LabelLine]:
    """The lines of a label file that hold an object; empty ones belong to the next, or to the last.

    Args:
        path: the file, to be named.
        data: all of it.
        key_points: how many numbers follow a box, from `kpt_shape`.

    Raises:
        DatasetError: with the file and the line.
    """
    data = data.removeprefix(_BOM)
    found: list[LabelLine] = []
    end, number = 0, 0
    for match in _LINE.finditer(data):
        number += 1 + _line_ends(data, end, match.start())
        place = f"'{path}' line {number}"
        if not match[0].isascii():
            raise DatasetError(f"{place}: this is no line of numbers.")
        found.append(_line_of(place, data[end : match.end()], number, match[0].split(), key_points))
        end = match.end()
    if found and end < len(data):
        found[-1] = replace(found[-1], raw=found[-1].raw + data[end:])
    return found


def _line_ends(data: bytes, start: int, end: int) -> int:
    return data.count(b"\n", start, end) + data.count(b"\r", start, end) - data.count(b"\r\n", start, end)


def _line_of(place: str, raw: bytes, line: int, words: list[bytes], key_points: int | None) -> LabelLine:
    if not _CLASS.fullmatch(words[0]):
        raise DatasetError(f"{place} begins with {_told(words[0])}, which is no number of a class.")
    count = len(words) - 1
    if key_points is not None and count == 4 + key_points:
        kind: Kind = "key points"
    elif count in (4, 5):
        kind = "box"
    elif count >= 6 and count % 2 == 0:
        kind = "polygon"
    else:
        raise DatasetError(f"{place} has {count} numbers behind the class, not the 4 of a box.")
    numbers = [_number(place, word) for word in words[1:]]
    number = int(words[0].partition(b".")[0])
    return LabelLine(raw, line, number, sides_of(numbers, kind), kind)


def _told(word: bytes) -> str:
    return ascii(word[:40].decode("ascii"))


def _number(place: str, word: bytes) -> float:
    if not _NUMBER.fullmatch(word):
        raise DatasetError(f"{place} has {_told(word)}, which is no number.")
    return float(word)


def sides_of(numbers: Sequence[float], kind: Kind) -> Box:
    """Left, top, right and bottom of a line's numbers, as shares of the image."""
    if kind == "polygon":
        xs, ys = numbers[0::2], numbers[1::2]
        return min(xs), min(ys), max(xs), max(ys)
    x, y, width, height = numbers[:4]
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def in_pixels(path: Path, line: LabelLine, image_hw: tuple[int, int]) -> Box:
    """The box of a line in pixels of the image: float32 numbers.

    Raises:
        DatasetError: with the file and the line, where it is no place in an image.
    """
    height, width = image_hw
    left, top, right, bottom = line.sides
    box = (left * width, top * height, right * width, bottom * height)
    if not all(is_a_place(edge) for edge in box):
        raise DatasetError(f"'{path}' line {line.line} has a box that is no place in an image.")
    x1, y1, x2, y2 = (_rounded(edge) for edge in box)
    return x1, y1, x2, y2


def is_a_place(edge: float) -> bool:
    """Whether a number of pixels can be a place in an image."""
    return math.isfinite(edge) and abs(edge) <= _LARGEST


def _rounded(edge: float) -> float:
    """As float32; what centre less half the size leaves of an edge at 0 is taken away, and the sign of a zero."""
    return float(np.float32(round(edge, 9))) + 0.0


def written(box: Box, image_hw: tuple[int, int]) -> tuple[str, str, str, str]:
    """The numbers x, y, w, h of a box: the fewest decimals that read back as the same float32 box."""
    height, width = image_hw
    x, w = _axis(box[0], box[2], width)
    y, h = _axis(box[1], box[3], height)
    return x, y, w, h


def _axis(low: float, high: float, side: int) -> tuple[str, str]:
    """Centre and size of two edges (float32, px) as shares of a side."""
    centre, size = (low + high) / 2 / side, (high - low) / side
    close: tuple[str, str] | None = None
    for decimals in range(_MOST_DECIMALS + 1):
        texts = _shortest(centre, decimals), _shortest(size, decimals)
        x, w = map(float, texts)
        ends = (x - w / 2) * side, (x + w / 2) * side
        if _rounded(ends[0]) == low and _rounded(ends[1]) == high:
            return texts
        if close is None and abs(ends[0] - low) <= _CLOSE and abs(ends[1] - high) <= _CLOSE:
            close = texts
    return close or texts


def _corner(edge: float, side: int) -> str:
    """One edge (float32, px) as a share of a side."""
    for decimals in range(_MOST_DECIMALS + 1):
        text = _shortest(edge / side, decimals)
        if _rounded(float(text) * side) == edge:
            break
    return text


def _shortest(value: float, decimals: int) -> str:
    text = f"{value:.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def new_line(number: int, box: Box, image_hw: tuple[int, int], as_polygon: bool, key_points: int | None) -> bytes:
    """A line of an object that has none yet, without a line end.

    Args:
        number: the class.
        box: xyxy float32 px.
        image_hw: (height, width) of the upright image.
        as_polygon: its four corners. A trainer takes a file with one polygon for polygons throughout, and a box in it
            for nonsense.
        key_points: how many numbers a line needs behind its box; zeros say that the points are not labelled.
    """
    if as_polygon:
        height, width = image_hw
        x1, y1, x2, y2 = (_corner(edge, side) for edge, side in zip(box, (width, height, width, height), strict=True))
        return " ".join((str(number), x1, y1, x2, y1, x2, y2, x1, y2)).encode()
    return " ".join((str(number), *written(box, image_hw), *("0",) * (key_points or 0))).encode()


def edited_line(
    record: YoloRecord, number: int, box: Box, image_hw: tuple[int, int], as_polygon: bool, key_points: int | None
) -> bytes:
    """The line of a record for another class, box or both; what did not change in it stays, its spaces too."""
    tokens = list(_TOKEN.finditer(record.raw))
    new: dict[int, bytes] = {}
    if number != record.number:
        new[0] = str(number).encode()
    if box != record.box or image_hw != record.image_hw:
        texts = None
        if record.kind == "polygon":
            texts = _polygon_in(record, [float(token[0]) for token in tokens[1:]], box, image_hw)
        if texts is not None:
            new.update(texts)
        elif record.kind == "polygon" or as_polygon:
            first = tokens[0]
            line = new_line(number, box, image_hw, True, key_points)
            return record.raw[: first.start()] + line + record.raw[tokens[-1].end() :]
        else:
            new.update({row: text.encode() for row, text in enumerate(written(box, image_hw), 1)})
    raw = record.raw
    for row in sorted(new, reverse=True):
        raw = raw[: tokens[row].start()] + new[row] + raw[tokens[row].end() :]
    return raw


def _polygon_in(
    record: YoloRecord, numbers: Sequence[float], box: Box, image_hw: tuple[int, int]
) -> dict[int, bytes] | None:
    """The numbers of a polygon that are others where it is moved or stretched into a box, by their places in the line.

    Returns:
        None where it is flat, and cannot be stretched.
    """
    found: dict[int, bytes] = {}
    for axis, side, old_side in ((0, image_hw[1], record.image_hw[1]), (1, image_hw[0], record.image_hw[0])):
        ends = box[axis], box[axis + 2]
        if ends == (record.box[axis], record.box[axis + 2]) and side == old_side:
            continue
        old = numbers[axis::2]
        low, high = min(old), max(old)
        if low == high and ends[0] != ends[1]:
            return None
        texts = _corner(ends[0], side), _corner(ends[1], side)
        first, last = map(float, texts)
        scale = (last - first) / (high - low) if high > low else 0.0
        for place, number in enumerate(old):
            new = first + (number - low) * scale
            text = texts[0] if number == low else texts[1] if number == high else _shortest(new, _DECIMALS)
            if not first <= float(text) <= last:  # rounded out of the box
                text = texts[new > (first + last) / 2]
            found[1 + axis + 2 * place] = text.encode()
    return found


def joined(lines: Sequence[bytes], data: bytes) -> bytes:
    """Lines as a file.

    Args:
        lines: with or without a line end.
        data: the file as it was, which says how lines end and whether there is a byte order mark.
    """
    end = next((mark for mark in (b"\r\n", b"\n", b"\r") if mark in data), b"\n")
    whole = [line if line.endswith((b"\r", b"\n")) else line + end for line in lines]
    if lines and data and not data.endswith((b"\r", b"\n")):  # the file had no end of its last line
        whole[-1] = whole[-1].removesuffix(end)
    return (_BOM if data.startswith(_BOM) else b"") + b"".join(whole)


def label_bytes(path: Path) -> bytes | None:
    """The content of a label file; None where there is none.

    Raises:
        DatasetError: where it cannot be read, or is no such file.
    """
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
