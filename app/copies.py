"""Objects without an image: what of them is taken to another place or another image. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from app.annotating import Copied
from app.edit import FLAGS, Box, Edit, Flag
from detector.boxes import clip, has_area
from detector.trace import Trace


def copied(edit: Edit, row: int, box: Box | None = None) -> Copied:
    """One object, with another box perhaps."""
    truth = edit.truth
    flags: frozenset[Flag] = frozenset(each for each in FLAGS if getattr(truth, each)[row])
    return Copied(box or cast("Box", tuple(truth.boxes[row].tolist())), truth.labels[row], flags)


def copies_of(edit: Edit) -> list[Copied]:
    """All objects that a person has made or accepted."""
    return [copied(edit, row) for row in range(len(edit)) if edit.ids[row] not in edit.proposed]


def cut_to(copies: Sequence[Copied], image_hw: tuple[int, int]) -> list[Copied]:
    """The parts of them that lie in an image; those that lie outside of it are left out."""
    boxes = clip(np.array([each.box for each in copies], np.float32).reshape(-1, 4), image_hw)
    return [
        replace(each, box=cast("Box", tuple(box)))
        for each, box, is_inside in zip(copies, boxes.tolist(), has_area(boxes).tolist(), strict=True)
        if is_inside
    ]


def detected(trace: Trace, rows: Sequence[int], image_hw: tuple[int, int]) -> list[Copied]:
    """Detections as objects of an image; those that lie outside of it are left out.

    Their sides lie between whole pixels, as those of boxes that are drawn: many readers of VOC take nothing else.
    """
    found, names = trace.detections, trace.evidence.model.classes
    boxes = np.rint(trace.to_image(found.boxes[list(rows)])).tolist()
    copies = [
        Copied(cast("Box", tuple(box)), names[int(found.label[row]) - 1]) for row, box in zip(rows, boxes, strict=True)
    ]
    return cut_to(copies, image_hw)


def with_copies(edit: Edit, copies: Sequence[Copied], *, proposed: bool = False) -> Edit:
    """With these as objects of its own, last in the list."""
    flags = {each: [each in copy.flags for copy in copies] for each in FLAGS}
    return edit.with_objects(
        [copy.box for copy in copies], [copy.label for copy in copies], proposed=proposed, flags=flags
    )
