"""Which COCO json has the annotations of a folder's images; no file is parsed to find out."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from detector.datasets.files import natural_key
from detector.datasets.images import IMAGE_SUFFIXES

_HEAD = 1 << 16
_PIECE = 1 << 22
_MOST_FILES = 200
"""Of a folder; one with more json files has one for each image, or is a folder of something else."""

_NAMES = 20
_OVERLAP = 2000
_NAME = re.compile(rb'"file_name"\s*:\s*("(?:[^"\\]|\\.){1,1000}")')
_NEEDED = (b'"images"', b'"annotations"', b'"categories"')
_OF_ANNOTATION = b'"category_id"'
_ANY = re.compile(rb'"(?:images|annotations|categories|info|licenses)"\s*:')


def find_place(folder: Path) -> Path | None:
    """The json whose file names are most often those of images in the folder; None where there is none.

    A few of its names are looked for in the folder; where that finds no file, a few of the folder's names in the files:
    the folder may hold a small part of a large dataset.
    """
    shares = {place: share for place in _candidates(folder) if (share := _share_of_names(place, folder)) is not None}
    best = max(shares, key=lambda place: shares[place], default=None)  # of equal ones the first
    if best is not None and shares[best] > 0:
        return best
    quoted = [f'{name}"'.encode() for name in _some_images(folder)]
    return next((place for place in shares if quoted and _holds_any(place, quoted)), None)


def _candidates(folder: Path) -> Iterator[Path]:
    parent = folder.resolve().parent
    for near in (folder, folder / "annotations", folder / "Annotations", parent / "annotations", parent):
        yield from (near / name for name in _json_names(near))


def _json_names(folder: Path) -> list[str]:
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.lower().endswith(".json") and not entry.name.startswith(".") and entry.is_file():
                    found.append(entry.name)
                    if len(found) > _MOST_FILES:
                        return []
    except OSError:
        return []
    return sorted(found, key=natural_key)


def _some_images(folder: Path) -> list[str]:
    found = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if os.path.splitext(entry.name)[1].lower() in IMAGE_SUFFIXES and entry.name.isascii():
                found.append(entry.name)
                if len(found) == _NAMES:
                    break
    return found


def _holds_any(place: Path, texts: list[bytes]) -> bool:
    before = b""
    with contextlib.suppress(OSError), open(place, "rb") as file:
        while piece := file.read(_PIECE):
            text = before + piece
            if any(each in text for each in texts):
                return True
            before = piece[-_OVERLAP:]
    return False


def _share_of_names(place: Path, folder: Path) -> float | None:
    """Of some file names in it, how many are images of the folder; None where it is no COCO json."""
    try:
        with open(place, "rb") as file:
            head = file.read(_HEAD)
            if not head.lstrip(b"\xef\xbb\xbf \t\n\r").startswith(b"{") or not _ANY.search(head):
                return None
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - _HEAD, 0))
            tail = file.read()
            found = _names_in(head, _NAMES) + _names_in(tail, _NAMES)
            missing = {key for key in _NEEDED if key not in head and key not in tail}
            if _OF_ANNOTATION in head or _OF_ANNOTATION in tail:
                missing.discard(b'"annotations"')
            file.seek(0)
            before = b""
            while (missing or not found) and (piece := file.read(_PIECE)):
                text = before + piece
                missing -= {key for key in missing if key in text}
                found = found or _names_in(text, _NAMES)
                before = piece[-_OVERLAP:]
    except OSError:
        return None
    if missing or not found:
        return None
    there = sum(_is_image_in(folder, name) for name in found)
    return there / len(found)


def _names_in(text: bytes, most: int) -> list[str]:
    found = []
    for match in _NAME.finditer(text):
        try:
            found.append(str(json.loads(match.group(1))).replace("\\", "/").rpartition("/")[2])
        except ValueError:
            continue
        if len(found) == most:
            break
    return found


def _is_image_in(folder: Path, name: str) -> bool:
    if os.path.splitext(name)[1].lower() not in IMAGE_SUFFIXES:
        return False
    try:
        return (folder / name).is_file()
    except (OSError, ValueError):
        return False
