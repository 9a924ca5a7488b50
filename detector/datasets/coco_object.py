"""One object of a COCO file: read from its element, and its element changed to say something else.

COCO's bbox is x, y, width, height in doubles. Read, it becomes float32 corners: x, y, x + width, y + height, each
rounded once. Written, a corner that is as it was keeps its digits; a moved one gets the shortest decimal that gives
the same float32 back. So no box drifts, however often it is saved.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from detector.boxes import Floats
from detector.datasets.coco_outline import moved_outline
from detector.datasets.coco_text import (
    NUMBER,
    BadElementError,
    Element,
    area_of,
    extent,
    shortest,
    spelled,
)

LARGEST = 1e7  # px; far above any image, and below it float32 still tells pixels apart
_DIFFICULT = ("difficult", "ignore")
"""Keys of VOC's flag, of which COCO knows none: the first is ours, the second is in COCO's own copy of VOC."""

_TRUNCATED = ("truncated",)
_SAME_AREA = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class CocoObject:
    """What we understand of an element.

    Attributes:
        box: (4,) float32 xyxy.
    """

    box: Floats
    crowd: bool
    difficult: bool
    truncated: bool


def read_object(element: Element) -> CocoObject:
    """What an element says.

    Raises:
        BadElementError: it has no bbox of four numbers that can be a place in an image.
    """
    x, y, width, height = xywh_in(element)
    return CocoObject(
        np.array([x, y, x + width, y + height], np.float64).astype(np.float32),
        _flag(element, ("iscrowd",)),
        _flag(element, _DIFFICULT),
        _flag(element, _TRUNCATED),
    )


def xywh_in(element: Element) -> list[float]:
    """The four numbers of the bbox.

    Raises:
        BadElementError: there are no four numbers, or they are no place in an image.
    """
    box = element.get("bbox")
    if box is None:
        raise BadElementError("has no bbox")
    if not isinstance(box, list) or len(box) != 4:
        what = f"of {len(box)} numbers, not 4" if isinstance(box, list) else "that is no list of 4 numbers"
        raise BadElementError(f"has a bbox {what}")
    for each in box:
        if isinstance(each, bool) or not isinstance(each, int | float):
            raise BadElementError(f"has a bbox with {str(each)[:40]!r} in it, which is not a number")
        if not abs(each) <= LARGEST:  # NaN is not
            raise BadElementError(f"has a bbox with {str(each)[:40]} in it, which is no place in an image")
    return [float(each) for each in box]


def change_object(element: Element, now: CocoObject, others: dict[str, str]) -> bytes:
    """The element made to say `now`, changed only where it says something else.

    Args:
        others: keys and the text of their values, to be set whatever they were.
    """
    was = read_object(element)
    values = dict(others)
    if not np.array_equal(was.box, now.box):
        values |= _box_texts(element, was.box, now.box)
        values |= moved_outline(element, was.box, now.box, values["bbox"])
    if was.crowd != now.crowd:
        values["iscrowd"] = str(int(now.crowd))
    for keys, before, after in (
        (_DIFFICULT, was.difficult, now.difficult),
        (_TRUNCATED, was.truncated, now.truncated),
    ):
        if before != after:
            values |= {key: str(int(after)) for key in _keys_there(element, keys) or keys[:1]}
    return element.changed(values) if values else element.raw


def _box_texts(element: Element, was: Floats, now: Floats) -> dict[str, str]:
    """The text of "bbox", and that of "area" where it was that of the bbox and not of a mask."""
    member = element.member("bbox")
    assert member is not None  # it was read
    old = xywh_in(element)
    numbers = list(NUMBER.finditer(element.text, member.at, member.end))
    texts = [each.group() for each in numbers]
    new = list(old)
    for axis in (0, 1):
        low_text = Decimal(repr(old[axis]))
        if was[axis] != now[axis]:
            low_text = shortest(now[axis])
            new[axis] = float(low_text)
            texts[axis] = spelled(new[axis])
        if was[axis] != now[axis] or was[axis + 2] != now[axis + 2]:
            new[axis + 2] = _new_extent(old, new[axis], low_text, axis, was, now)
            texts[axis + 2] = spelled(new[axis + 2])
    text = element.text[member.at : numbers[0].start()]
    for place, (token, written) in enumerate(zip(numbers, texts, strict=True)):
        behind = numbers[place + 1].start() if place < 3 else member.end
        text += written + element.text[token.end() : behind]
    found = {"bbox": text}
    area = element.get("area")
    if _is_number(area) and math.isclose(area, old[2] * old[3], rel_tol=_SAME_AREA, abs_tol=_SAME_AREA):
        found["area"] = spelled(area_of(new[2], new[3]))
    return found


def _new_extent(old: list[float], low: float, low_text: Decimal, axis: int, was: Floats, now: Floats) -> float:
    """The width or height to a side that was moved, or that stays while the other one moves."""
    if was[axis + 2] == now[axis + 2]:  # the far side keeps the place the file gave it, finer than float32
        stays = Decimal(repr(old[axis])) + Decimal(repr(old[axis + 2]))
        width = float(stays - low_text)
        if np.float32(low + width) == now[axis + 2]:
            return width
    return extent(low, low_text, now[axis + 2])


def _flag(element: Element, keys: tuple[str, ...]) -> bool:
    return any(element.get(key) == 1 for key in keys)  # True is 1


def _keys_there(element: Element, keys: tuple[str, ...]) -> list[str]:
    return [key for key in keys if element.member(key) is not None]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf
