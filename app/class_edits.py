"""A class changed in the objects of one image that a person works on, and that taken back. No Qt."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from app.class_change import Change
from app.edit import FLAGS, Edit
from detector.datasets.annotation import Annotation, Record
from detector.ground_truth import GroundTruth


def changed(edit: Edit, kind: Change, name: str, into: str) -> Edit:
    """With a class renamed, merged or deleted. What is proposed stays proposed, and locked objects change too."""
    ids = _ids(edit, name)
    return edit.without(ids) if kind == "delete" else edit.renamed(ids, into)


def taken_back(
    now: Edit, before: Edit | Annotation | None, kind: Change, name: str, into: str
) -> tuple[Edit, dict[int, Record]]:
    """With the class as it was before, and all that a person has done since.

    Args:
        before: the objects before the change; of an image whose file was changed, its annotation. None: not known.

    Returns:
        The objects, and what the file said of those that are back under another id.
    """
    if kind == "rename":  # the other name was there for nothing else
        return now.renamed(_ids(now, into), name), {}
    if before is None:
        return now, {}
    if isinstance(before, Edit):
        was, records = before, {}
    else:
        was = Edit.of(before)
        records = {row: each for row, each in enumerate(before.records) if each is not None}
    ids = _ids(was, name)
    if kind == "merge":
        return now.renamed(set(ids).intersection(_ids(now, into)), name), {}
    if isinstance(before, Edit):
        return _joined(now, was, [each for each in ids if each not in now.ids]), {}
    # The objects that stayed were numbered anew when the image was opened.
    rows = was.rows_of(ids)
    flags = {each: getattr(was.truth, each)[rows].tolist() for each in FLAGS}
    after = now.with_objects(was.truth.boxes[rows], [name] * len(rows), flags=flags)
    new = dict(zip(after.new_ids(now), rows, strict=True))
    return after, {each: records[row] for each, row in new.items() if row in records}


def _ids(edit: Edit, name: str) -> list[int]:
    return [each for each, label in zip(edit.ids, edit.truth.labels, strict=True) if label == name]


def _joined(edit: Edit, other: Edit, ids: Collection[int]) -> Edit:
    """With some objects of another state, under their ids and where they stood among those that are still there."""
    rows = other.rows_of(ids)
    one, two = edit.truth, other.truth
    flags = (np.append(getattr(one, each), getattr(two, each)[rows]) for each in FLAGS)
    all_ids = (*edit.ids, *(other.ids[row] for row in rows))
    place = {each: row for row, each in enumerate(other.ids)}
    order = sorted(range(len(all_ids)), key=lambda row: (place.get(all_ids[row], len(place)), row))
    truth = GroundTruth(
        np.concatenate([one.boxes, two.boxes[rows]]), (*one.labels, *(two.labels[row] for row in rows)), *flags
    )
    chosen = frozenset(ids)
    return replace(
        edit,
        truth=GroundTruth(
            truth.boxes[order], [truth.labels[row] for row in order], *(getattr(truth, each)[order] for each in FLAGS)
        ),
        ids=tuple(all_ids[row] for row in order),
        proposed=edit.proposed | (other.proposed & chosen),
        locked=edit.locked | (other.locked & chosen),
    )
