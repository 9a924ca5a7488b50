"""The outline of an object of a COCO file, where its box changes.

A box that is moved takes its polygons along. A box of another size leaves them as they are: what else they would have
to be only a person can tell. So does a run-length mask, whichever way its box goes.
"""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

import numpy as np

from detector.boxes import Floats
from detector.datasets.coco_text import NUMBER, Element

_LARGEST = 1e7  # px
_FITS_PX = 1.0
"""What an outline may differ from its box by: many boxes are rounded to pixels, or one wider."""


def is_moved(was: Floats, now: Floats) -> bool:
    """Whether a float32 xyxy box has gone elsewhere as it is, but for the rounding of its corners."""
    rounding = 2 * np.spacing(np.abs(np.concatenate([was, now])).max())
    shift = now.astype(np.float64) - was
    return bool((np.abs(shift[2:] - shift[:2]) <= rounding).all())


def moved_outline(element: Element, was: Floats, now: Floats, box_text: str) -> dict[str, str]:
    """The text of "segmentation" of an element whose box is moved; nothing where it stays as it is.

    Args:
        was: (4,) float32 xyxy.
        now: likewise.
        box_text: of the new "bbox".
    """
    member = element.member("segmentation")
    if member is None or not _polygons(member.value) or not is_moved(was, now):
        return {}
    corner, old = json.loads(box_text), element.get("bbox")
    # Without zeros at the end, so that the numbers keep the decimals that they have.
    shift = [(_exactly(corner[axis]) - _exactly(old[axis])).normalize() for axis in (0, 1)]
    text, end = "", member.at
    for place, number in enumerate(NUMBER.finditer(element.text, member.at, member.end)):
        # A list begins with an x and holds as many y, so that x and y take turns through all lists.
        text += element.text[end : number.start()] + format(Decimal(number.group()) + shift[place % 2], "f")
        end = number.end()
    return {"segmentation": text + element.text[end : member.end]}


def is_outgrown(raw: bytes, was: Floats, now: Floats) -> bool:
    """Whether the outline of a changed element does not fit its box.

    Args:
        raw: the element as it is now.
        was: the box before, (4,) float32 xyxy.
        now: the box now.
    """
    if np.array_equal(was, now):
        return False
    outline = Element(raw).get("segmentation")
    polygons = _polygons(outline)
    if polygons is None:
        return bool(outline)
    if not polygons or is_moved(was, now):
        return False
    sides = np.array([number for each in polygons for number in each], np.float64).reshape(-1, 2)
    around = np.concatenate([sides.min(axis=0), sides.max(axis=0)])
    return bool((np.abs(around - now) > _FITS_PX).any())


def _exactly(number: float) -> Decimal:
    return Decimal(repr(float(number)))


def _polygons(outline: Any) -> list[list[float]] | None:
    """The polygons with points; None where it is something else."""
    if not isinstance(outline, list) or not all(isinstance(each, list) and len(each) % 2 == 0 for each in outline):
        return None
    if not all(_is_place(number) for each in outline for number in each):
        return None
    return [each for each in outline if each]


def _is_place(number: Any) -> bool:
    return isinstance(number, int | float) and not isinstance(number, bool) and math.fabs(number) <= _LARGEST
