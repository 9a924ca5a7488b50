"""Whether a picture is there to its end, told by the end of its file: of a sound one no pixel is decoded.

Most formats end with a mark, or say how long they are. Where that is missing, the file was cut off, or something odd
stands behind the picture: then only decoding tells. Damage in the middle of a file that has its end is not found.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

_TAIL = 4096
_NOWHERE = 1 << 62  # behind the end of every file
_SHORT, _PIECE = 1 << 16, 1 << 20
_JPEG_END = b"\xff\xd9"
_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
_OFFSETS, _COUNTS = (273, 324), (279, 325)
"""TIFF's tags of strips and tiles: where each begins, and how long it is."""


def has_its_end(path: Path) -> bool:
    """Whether a file of an image ends as its format says; False also where that is not known.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb") as file:
        head = file.read(64)
        size = os.fstat(file.fileno()).st_size
        try:
            return _has_its_end(file, head, size)
        except (struct.error, ValueError, KeyError, OverflowError):  # a broken header: decoding says how
            return False


def _has_its_end(file: BinaryIO, head: bytes, size: int) -> bool:
    if head.startswith(b"\xff\xd8"):
        return _tail(file, size).endswith(_JPEG_END) or _jpeg_ends(file, size)
    if head.startswith(b"\x89PNG"):
        return _tail(file, size).endswith(_PNG_END) or _png_ends(file)
    if head.startswith(b"GIF8"):
        return _tail(file, size).endswith(b";")
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return 8 + int.from_bytes(head[4:8], "little") <= size
    if head.startswith(b"BM"):
        return _bmp_end(head) <= size
    if head[4:8] == b"ftyp":
        return _boxes_end(file, size)
    if head.startswith((b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51")):
        return _tail(file, size).endswith(_JPEG_END)
    if head[:4] in (b"II*\0", b"MM\0*"):
        return _tiff_end(file, head, size) <= size
    return False


def _tail(file: BinaryIO, size: int) -> bytes:
    """The end of the file, without the zeros that some programs fill up with."""
    file.seek(max(size - _TAIL, 0))
    return file.read().rstrip(b"\0")


def _jpeg_ends(file: BinaryIO, size: int) -> bool:
    """Whether the mark stands somewhere behind the header: telephones put films and notes behind the photograph.

    Between there and the end of the picture nothing looks like it: in its data each FF is followed by 00.
    """
    file.seek(2)
    while True:
        marker, length = struct.unpack(">HH", file.read(4))
        if marker < 0xFFC0:
            return False
        file.seek(length - 2, os.SEEK_CUR)
        if marker == 0xFFDA:  # the data begin
            break
    data = file.tell()
    file.seek(max(data, size - _SHORT))  # mostly it is short
    if _JPEG_END in file.read():
        return True
    file.seek(data)
    before = b""
    while piece := file.read(_PIECE):
        if _JPEG_END in before + piece:
            return True
        before = piece[-1:]
    return False


def _png_ends(file: BinaryIO) -> bool:
    file.seek(8)
    while len(header := file.read(8)) == 8:
        if header[4:] == b"IEND":
            return True
        file.seek(int.from_bytes(header[:4], "big") + 4, os.SEEK_CUR)
    return False


def _bmp_end(head: bytes) -> int:
    """Where the last row ends; far behind every file where the rows are packed."""
    start, length, width, height, _, bits, packing = struct.unpack_from("<10xIIiiHHI", head)
    if length < 40 or packing not in (0, 3):
        return _NOWHERE
    end: int = start + (width * bits + 31) // 32 * 4 * abs(height)
    return end


def _boxes_end(file: BinaryIO, size: int) -> bool:
    """Whether the boxes of an AVIF are there to the end of the last one."""
    at = 0
    while at < size:
        file.seek(at)
        length, kind = struct.unpack(">I4s", file.read(8))
        if length == 1:
            (length,) = struct.unpack(">Q", file.read(8))
        if length == 0:  # to the end, wherever that is
            return False
        if length < 8:
            raise ValueError(kind)
        at += length
    return at == size


def _tiff_end(file: BinaryIO, head: bytes, size: int) -> int:
    """Where the last strip or tile of the first picture ends."""
    order = "<" if head.startswith(b"II") else ">"
    file.seek(struct.unpack_from(f"{order}I", head, 4)[0])
    (number,) = struct.unpack(f"{order}H", file.read(2))
    entries = file.read(12 * number)
    tags: dict[int, tuple[int, ...]] = {}
    for at in range(0, 12 * number, 12):
        tag, kind, count, where = struct.unpack_from(f"{order}HHII", entries, at)
        if tag in (*_OFFSETS, *_COUNTS):
            letter = {3: "H", 4: "I"}[kind]
            length = count * struct.calcsize(letter)
            if length > size:
                raise ValueError(tag)
            file.seek(where)
            raw = entries[at + 8 : at + 8 + length] if length <= 4 else file.read(length)
            tags[tag] = struct.unpack(f"{order}{count}{letter}", raw)
    ends = [
        start + count
        for starts, counts in zip(_OFFSETS, _COUNTS, strict=True)
        for start, count in zip(tags.get(starts, ()), tags.get(counts, ()), strict=True)
    ]
    return max(ends) if ends else _NOWHERE
