"""The objects of one image as a person has made them, and every way of changing them. No Qt.

An `Edit` is immutable; each change gives another one, so that undo only has to hold both. Objects are known by an id
that stays with them through every change, so that what a file says of one (its record) is found again whatever became
of it; people see their number in the list, from 1.

Shapes: G objects. Boxes are xyxy in image pixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from detector.boxes import Floats, clip, has_area
from detector.datasets.alike import matches
from detector.datasets.annotation import Annotation, Record
from detector.ground_truth import GroundTruth

Flag: TypeAlias = Literal["difficult", "truncated", "crowd"]
FLAGS: tuple[Flag, ...] = ("difficult", "truncated", "crowd")

Box: TypeAlias = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """All objects of an image, those that nobody has accepted last: the others have the numbers they have in the file.

    Attributes:
        truth: the objects, however they are given, in that order.
        ids: G ids, one each, never given to another object of the image.
        proposed: ids of those that nobody has accepted: drawn, but neither judged nor written to the file.
        locked: ids of those that no gesture changes.
        verified: a person has looked at the image and found it right.
        is_annotated: a file says what the image holds, be it nothing.
        next_id: the id of the next object.
        stated_hw: (height, width) of the image as its annotation states them; None where it states none.

    Raises:
        ValueError: where the lengths differ.
    """

    truth: GroundTruth
    ids: tuple[int, ...] = ()
    proposed: frozenset[int] = frozenset()
    locked: frozenset[int] = frozenset()
    verified: bool = False
    is_annotated: bool = False
    next_id: int = 0
    stated_hw: tuple[int, int] | None = None
    _accepted: GroundTruth = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.ids) != len(self.truth):
            raise ValueError(f"{len(self.truth)} objects need as many ids, not {len(self.ids)}.")
        order = sorted(range(len(self)), key=lambda row: self.ids[row] in self.proposed)
        if order != list(range(len(self))):
            object.__setattr__(self, "truth", self.truth.taken(order))
            object.__setattr__(self, "ids", tuple(self.ids[row] for row in order))
        count = self.num_accepted
        accepted = self.truth if count == len(self) else self.truth.taken(range(count))
        object.__setattr__(self, "_accepted", accepted)

    @classmethod
    def of(cls, annotation: Annotation | None) -> Edit:
        """As a file has it; the ids count from 0. Nobody annotated it: no object."""
        if annotation is None:
            return cls(GroundTruth.empty())
        count = len(annotation.ground_truth)
        return cls(
            annotation.ground_truth,
            tuple(range(count)),
            verified=annotation.verified,
            is_annotated=True,
            next_id=count,
            stated_hw=annotation.stated_hw,
        )

    def __len__(self) -> int:
        return len(self.ids)

    # -- what there is -------------------------------------------------------------------------------------------------

    def row_of(self, object_id: int) -> int:
        """The row of an object, -1 where there is none."""
        return self.ids.index(object_id) if object_id in self.ids else -1

    def rows_of(self, ids: Iterable[int]) -> list[int]:
        """The rows of objects that are there, in order."""
        wanted = set(ids)
        return [row for row, each in enumerate(self.ids) if each in wanted]

    def new_ids(self, before: Edit) -> tuple[int, ...]:
        """Of the objects that have come since."""
        return tuple(each for each in self.ids if each >= before.next_id)

    @property
    def num_accepted(self) -> int:
        """How many a person has made or accepted: rows from there on are only proposed."""
        return len(self) - sum(each in self.proposed for each in self.ids)

    @property
    def proposed_rows(self) -> frozenset[int]:
        """Rows of those that nobody has accepted."""
        return frozenset(range(self.num_accepted, len(self)))

    @property
    def proposals(self) -> GroundTruth:
        """Those that nobody has accepted; their rows are the last ones."""
        return self.truth.taken(range(self.num_accepted, len(self)))

    @property
    def locked_rows(self) -> frozenset[int]:
        """Rows of those that no gesture changes."""
        return frozenset(self.rows_of(self.locked))

    @property
    def ground_truth(self) -> GroundTruth | None:
        """What a person has made or accepted; None for an image that nobody has annotated."""
        return self._accepted if len(self._accepted) or self.verified or self.is_annotated else None

    def confirmed(self, records: Mapping[int, Record]) -> Annotation:
        """What is written to the file: all objects but the proposed ones.

        Args:
            records: by id, what the file says of an object.
        """
        known = tuple(records.get(each) for each in self.confirmed_ids)
        return Annotation(self._accepted, known, self.verified, self.stated_hw)

    @property
    def confirmed_ids(self) -> tuple[int, ...]:
        """Ids of the objects of `confirmed`, in its order."""
        return self.ids[: self.num_accepted]

    def same_as(self, other: Edit) -> bool:
        """Nothing is to be seen of a difference."""
        mine, theirs = Annotation(self.truth, verified=self.verified), Annotation(other.truth, verified=other.verified)
        return (
            self.ids == other.ids
            and (self.proposed, self.locked, self.stated_hw) == (other.proposed, other.locked, other.stated_hw)
            and mine.says_the_same(theirs)
        )

    # -- changes -------------------------------------------------------------------------------------------------------

    def with_objects(
        self,
        boxes: ArrayLike,
        labels: Sequence[str],
        *,
        proposed: bool = False,
        flags: Mapping[Flag, Sequence[bool]] | None = None,
    ) -> Edit:
        """With more objects, last in the list; before those that are only proposed.

        Args:
            boxes: (n, 4).
            labels: n classes.
            flags: n values each; all False where one is missing.
        """
        more = np.asarray(boxes, np.float32).reshape(-1, 4)
        new = tuple(range(self.next_id, self.next_id + len(more)))
        given = flags or {}
        truth = GroundTruth(
            np.concatenate([self.truth.boxes, more]),
            (*self.truth.labels, *labels),
            *(
                np.append(getattr(self.truth, each), given.get(each, [False] * len(more))).astype(bool)
                for each in FLAGS
            ),
        )
        return replace(
            self,
            truth=truth,
            ids=(*self.ids, *new),
            proposed=self.proposed | set(new) if proposed else self.proposed,
            next_id=self.next_id + len(new),
        )

    def without(self, ids: Iterable[int]) -> Edit:
        """Without some objects."""
        gone = frozenset(ids)
        kept = [row for row, each in enumerate(self.ids) if each not in gone]
        return replace(
            self,
            truth=self.truth.taken(kept),
            ids=tuple(self.ids[row] for row in kept),
            proposed=self.proposed - gone,
            locked=self.locked - gone,
        )

    def with_boxes(self, boxes: Mapping[int, Box]) -> Edit:
        """With other boxes, by id. A proposed object that a person has moved is accepted."""
        found = self.truth.boxes.copy()
        for each, box in boxes.items():
            found[self.ids.index(each)] = box
        return replace(self, truth=replace(self.truth, boxes=found), proposed=self.proposed - boxes.keys())

    def with_label(self, ids: Iterable[int], label: str) -> Edit:
        """With another class. A proposed object whose class a person has chosen is accepted."""
        chosen = frozenset(ids)
        return replace(self.renamed(chosen, label), proposed=self.proposed - chosen)

    def renamed(self, ids: Iterable[int], label: str) -> Edit:
        """With another class, and nothing else; what is proposed stays so."""
        rows = set(self.rows_of(ids))
        labels = [label if row in rows else each for row, each in enumerate(self.truth.labels)]
        return replace(self, truth=replace(self.truth, labels=labels))

    def with_flag(self, ids: Iterable[int], flag: Flag, value: bool) -> Edit:
        """With a flag set or not."""
        flags = getattr(self.truth, flag).copy()
        flags[self.rows_of(ids)] = value
        return replace(self, truth=replace(self.truth, **{flag: flags}))

    def with_accepted(self, ids: Iterable[int]) -> Edit:
        """Proposed objects are accepted."""
        return replace(self, proposed=self.proposed - frozenset(ids))

    def with_lock(self, ids: Iterable[int], locked: bool) -> Edit:
        """Objects that no gesture changes, or again."""
        chosen = frozenset(ids)
        return replace(self, locked=self.locked | chosen if locked else self.locked - chosen)

    def replaced_by(self, annotation: Annotation | None) -> Edit:
        """With the objects of an annotation in place of its own, under ids that no other object ever had."""
        other = Edit.of(annotation)
        ids = {each: self.next_id + each for each in other.ids}
        return replace(
            other, ids=tuple(ids.values()), locked=frozenset(), proposed=frozenset(), next_id=self.next_id + len(ids)
        )

    def with_objects_of(self, other: Edit) -> Edit:
        """With the objects of another one that it does not have, under new ids."""
        found = self
        for proposed in (False, True):
            missing = [row for row, at in enumerate(matches(other.truth, self.truth)) if at < 0]
            rows = [row for row in missing if (row in other.proposed_rows) == proposed]
            truth = other.truth.taken(rows)
            flags = {each: getattr(truth, each).tolist() for each in FLAGS}
            found = found.with_objects(truth.boxes, truth.labels, proposed=proposed, flags=flags)
        return found

    def renumbered(self, known: Mapping[int, int], first: int, *, is_annotated: bool) -> Edit:
        """With other ids: those that are known, and for the rest new ones from `first` on."""
        new = (each for each in self.ids if each not in known)
        ids = {**known, **{each: first + place for place, each in enumerate(new)}}
        return replace(
            self,
            ids=tuple(ids[each] for each in self.ids),
            proposed=frozenset(ids[each] for each in self.proposed),
            locked=frozenset(ids[each] for each in self.locked),
            is_annotated=is_annotated,
            next_id=first + len(ids) - len(known),
        )

    def judged_since(self, before: Edit) -> Edit:
        """As it is after a person has changed it.

        Where that changes what the file says of the objects, what was verified is no longer what is there.
        """
        if not (self.verified and before.verified) or self.confirmed({}).says_the_same(before.confirmed({})):
            return self
        return self.with_verified(False)

    def with_verified(self, verified: bool) -> Edit:
        """A person has found the image right, or takes that back."""
        return replace(self, verified=verified)


def pasted(boxes: Sequence[Box], taken: Iterable[Box], image_hw: tuple[int, int], step: float = 10.0) -> list[Box]:
    """Boxes put beside those that are there already: shifted until none lies exactly upon another, cut to the image.

    They go down and right, or up and left where that leaves more of them in the image; where they reach from edge to
    edge and cannot be moved together, each goes by itself.

    Args:
        boxes: each with a part in the image.
    """
    others = list(taken)
    there = {_rounded(box) for box in others}
    found = np.asarray(boxes, np.float32).reshape(-1, 4)
    sizes = _sizes(clip(found, image_hw))
    fitting: list[Box] | None = None
    steps = range(1, math.ceil(max(image_hw) / step) + 1)
    for shift in (0.0, *(step * k for k in steps), *(-step * k for k in steps)):
        cut = clip(found + np.float32(shift), image_hw)
        placed: list[Box] = [(x1, y1, x2, y2) for x1, y1, x2, y2 in cut.tolist()]
        if not has_area(cut).all() or not there.isdisjoint(map(_rounded, placed)):
            continue
        if np.allclose(_sizes(cut), sizes, rtol=0, atol=1e-3):
            return placed
        fitting = fitting or placed
    if fitting is not None or len(found) < 2:
        return fitting or [(x1, y1, x2, y2) for x1, y1, x2, y2 in clip(found, image_hw).tolist()]
    alone: list[Box] = []
    for x1, y1, x2, y2 in found.tolist():
        alone += pasted([(x1, y1, x2, y2)], [*others, *alone], image_hw, step)
    return alone


def _rounded(box: Box) -> tuple[float, ...]:
    return tuple(round(value, 3) for value in box)


def _sizes(boxes: Floats) -> Floats:
    return boxes[:, 2:] - boxes[:, :2]
