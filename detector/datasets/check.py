"""What is wrong with annotations, and what would put it right. Pure: no file is read or written here.

    Checked (one image)    -->  check_image     -->  findings of its objects
    all images together    -->  check_together  -->  findings that only statistics can decide (module check_together)
    Checked, findings      -->  fixed           -->  the objects as they should be

Message ids and numbers only; the sentences stand in `app`. A fix takes away its own finding and adds none: so boxes are
compared, and held against the edges, as they will be when their corners are in order and they are cut to the image.

Shapes: G objects of an image. Boxes are xyxy float32 in pixels of the upright image.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from detector.boxes import Bools, Floats, clip, has_area, iou
from detector.datasets.annotation import Annotation, Hw
from detector.datasets.check_kinds import KINDS, Kind
from detector.datasets.errors import CutOffError, ImageError
from detector.datasets.images import turned_boxes
from detector.ground_truth import GroundTruth

SAME_IOU = 0.95
"""Two boxes of one class that overlap more than this are one object that was drawn twice."""

SLIP_RATIO, SLIP_LEAST = 10, 20
"""A class is taken for a slip where one with nearly its name is so many times as frequent, and at least so frequent."""

_BLOCK = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """What has to be known of an image to check it.

    Attributes:
        path: the image file.
        truth: its G objects.
        image_hw: (height, width), upright.
        stated_hw: (height, width) that its annotation states; None where it states none.
        orientation: EXIF's, 1 to 8; asked for only where the stated size is that of the picture before it is turned.
        broken: why the pixels cannot be read to the end; None where they can, or nobody has asked.
    """

    path: Path
    truth: GroundTruth
    image_hw: Hw
    stated_hw: Hw | None = None
    orientation: int = 1
    broken: ImageError | None = None

    @property
    def is_swapped(self) -> bool:
        """The boxes are those of the picture before it is turned, as far as the file says."""
        return self.orientation >= 5 and self.stated_hw == self.image_hw[::-1] != self.image_hw

    @property
    def frame_hw(self) -> Hw:
        """(height, width) of the picture that the boxes are in."""
        return self.image_hw[::-1] if self.is_swapped else self.image_hw


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        kind: what.
        path: the image; of `no_image` the annotation; of a finding of all images together the first of them.
        row: of the object; None where it is about the image, or all.
        values: numbers and names for the sentence.
        images: of a finding of all images together, those that its fix changes.
    """

    kind: Kind
    path: Path
    row: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    images: tuple[Path, ...] = ()


class Doubt(NamedTuple):
    """A class that may be meant otherwise.

    Attributes:
        kind: not in the list of classes, or likely a slip of the hand.
        into: the class that was probably meant; None where none is near.
        of: how often that one is used.
    """

    kind: Literal["unknown_class", "class_slip"]
    into: str | None
    of: int = 0


Near: TypeAlias = "Callable[[str, Iterable[str]], str | None]"
"""The name most like one that was typed, or None."""


def doubtful_classes(counts: Mapping[str, int], known: Sequence[str] | None, near: Near) -> dict[str, Doubt]:
    """The classes that are not in a list; without a list those that are likely a slip for one used far more often.

    Args:
        counts: how often each class is used in the dataset.
        known: the list, if there is one.
        near: as `app.near_names.near_name`.
    """
    found: dict[str, Doubt] = {}
    for label, count in counts.items():
        if known is not None:
            if label not in known:
                into = near(label, known)
                found[label] = Doubt("unknown_class", into, 0 if into is None else counts.get(into, 0))
            continue
        often = [each for each, n in counts.items() if n >= max(SLIP_LEAST, SLIP_RATIO * count)]
        into = near(label, often)
        if into is not None:
            found[label] = Doubt("class_slip", into, counts[into])
    return found


def class_counts(images: Iterable[Checked]) -> Counter[str]:
    """How often each class is used."""
    counts: Counter[str] = Counter()
    for image in images:
        counts.update(image.truth.labels)
    return counts


# -- one image ---------------------------------------------------------------------------------------------------------


def check_image(image: Checked, doubts: Mapping[str, Doubt], of_all: Collection[Kind] = ()) -> list[Finding]:
    """What is wrong with the objects of an image, in the order of the objects.

    Args:
        image: the image.
        doubts: classes that may be meant otherwise.
        of_all: what was found of this image together with the others: boxes that are no corners are not held against
            the edges, and boxes that are all shifted by a pixel may stand out by one.
    """
    found = list(_class_findings(image, doubts))
    if "size_as_corner" not in of_all and "corner_as_size" not in of_all:
        found += _box_findings(image, 1.0 if "shifted" in of_all else 0.0)
        found += _duplicates(image, doubts)
    found.sort(key=lambda each: (each.row or 0, KINDS.index(each.kind)))
    if image.is_swapped and len(image.truth):
        height, width = image.frame_hw
        values = {"width": width, "height": height, "orientation": image.orientation, "objects": len(image.truth)}
        found.insert(0, Finding("exif_swapped", image.path, None, values))
    if image.broken is not None:
        found.insert(0, broken_picture(image.path, image.broken))
    return found


def broken_picture(path: Path, error: ImageError) -> Finding:
    """An image whose pixels cannot be read, or not to the end."""
    text = str(error).removeprefix(f"'{path}' ").removesuffix(".")
    return Finding("broken_picture", path, None, {"is_cut_off": isinstance(error, CutOffError), "text": text})


def in_order(boxes: Floats) -> Floats:
    """Boxes with their corners in order: x1 <= x2, y1 <= y2."""
    return np.concatenate([np.minimum(boxes[:, :2], boxes[:, 2:]), np.maximum(boxes[:, :2], boxes[:, 2:])], axis=1)


def slack_of(hw: Hw) -> float:
    """How far beyond the edge a side may lie: six decimals of a share put it so far."""
    return 0.01 + 2e-6 * max(hw)


def _object(image: Checked, row: int, **values: Any) -> dict[str, Any]:
    x1, y1, x2, y2 = image.truth.boxes[row].tolist()
    return {"label": image.truth.labels[row], "box": (x1, y1, x2, y2), **values}


def _box_findings(image: Checked, more_slack: float) -> Iterator[Finding]:
    if not len(image.truth):
        return
    height, width = image.frame_hw
    slack = slack_of(image.frame_hw) + more_slack
    boxes = image.truth.boxes
    order = in_order(boxes)
    has_size = has_area(order)
    is_inverted = (boxes != order).any(axis=1) & has_size
    cut = clip(order, image.frame_hw)
    is_outside = has_size & ~has_area(cut)
    over = np.stack([-order[:, 0], -order[:, 1], order[:, 2] - width, order[:, 3] - height], axis=1)
    is_over = has_size & ~is_outside & (over > slack).any(axis=1)
    for row in np.flatnonzero(~has_size | is_inverted | is_outside | is_over).tolist():
        if not has_size[row]:
            yield Finding("no_area", image.path, row, _object(image, row))
            continue
        if is_inverted[row]:
            yield Finding("inverted", image.path, row, _object(image, row))
        size = {"width": width, "height": height}
        if is_outside[row]:
            yield Finding("outside", image.path, row, _object(image, row, **size))
        elif is_over[row]:
            side = int(over[row].argmax())
            yield Finding(
                "over_edge", image.path, row, _object(image, row, by=float(over[row, side]), side=side, **size)
            )


def _class_findings(image: Checked, doubts: Mapping[str, Doubt]) -> Iterator[Finding]:
    if doubts.keys().isdisjoint(image.truth.labels):
        return
    for row, label in enumerate(image.truth.labels):
        doubt = doubts.get(label)
        if doubt is not None:
            yield Finding(doubt.kind, image.path, row, _object(image, row, into=doubt.into, of=doubt.of))


def _duplicates(image: Checked, doubts: Mapping[str, Doubt]) -> Iterator[Finding]:
    """Each object that is the same as one before it that is not itself a duplicate."""
    if len(image.truth) < 2:
        return
    boxes = clip(in_order(image.truth.boxes), image.frame_hw)
    usable = has_area(boxes)
    groups: dict[tuple[str, bool], list[int]] = {}
    for row in np.flatnonzero(usable).tolist():
        label = image.truth.labels[row]
        doubt = doubts.get(label)
        meant = label if doubt is None or doubt.into is None else doubt.into
        groups.setdefault((meant, bool(image.truth.crowd[row])), []).append(row)
    for rows in groups.values():
        for row, first, overlap in _same_as_before(boxes, np.array(rows)):
            yield Finding("duplicate", image.path, row, _object(image, row, first=first, iou=overlap))


def _same_as_before(boxes: Floats, rows: np.ndarray[Any, np.dtype[np.int64]]) -> Iterator[tuple[int, int, float]]:
    gone: set[int] = set()
    mine = boxes[rows]
    for start in range(0, len(rows), _BLOCK):
        table = iou(mine[start : start + _BLOCK], mine)
        for place, other in np.argwhere(table > SAME_IOU).tolist():
            later, earlier = start + place, other
            if earlier < later and earlier not in gone and later not in gone:
                gone.add(later)
                yield int(rows[later]), int(rows[earlier]), float(table[place, other])


# -- fixes -------------------------------------------------------------------------------------------------------------


class Fixed(NamedTuple):
    """The objects of an image as they should be.

    Attributes:
        kept: rows of the objects that stay, in order.
        boxes: (len(kept), 4); those that are not changed to the last bit as they were.
        labels: theirs.
        stated_hw: (height, width) that the annotation should state; None where it states none.
    """

    kept: tuple[int, ...]
    boxes: Floats
    labels: tuple[str, ...]
    stated_hw: Hw | None


def has_fix(finding: Finding) -> bool:
    """Whether anything can be done by the program."""
    return finding.kind in _FIXES and (
        finding.kind not in ("unknown_class", "class_slip") or finding.values["into"] is not None
    )


def fixed(image: Checked, findings: Iterable[Finding]) -> Fixed:
    """The objects of an image with findings fixed, all of which hold of it as it is."""
    state = _State(image, image.truth.boxes.copy(), list(image.truth.labels), set(), image.stated_hw)
    for finding in findings:
        if has_fix(finding):
            _FIXES[finding.kind](state, finding)
    kept = tuple(row for row in range(len(image.truth)) if row not in state.gone)
    return Fixed(kept, state.boxes[list(kept)], tuple(state.labels[row] for row in kept), state.stated_hw)


def with_fixed(annotation: Annotation, new: Fixed) -> Annotation:
    """An annotation with other objects; those that stay keep their records and flags."""
    rows = list(new.kept)
    return replace(
        annotation,
        ground_truth=replace(annotation.ground_truth.taken(rows), boxes=new.boxes, labels=new.labels),
        records=tuple(annotation.records[row] for row in rows),
        stated_hw=new.stated_hw,
    )


def after(image: Checked, new: Fixed) -> Checked:
    """The image as it is once its objects are others."""
    annotation = with_fixed(Annotation(image.truth), new)
    return replace(image, truth=annotation.ground_truth, stated_hw=new.stated_hw)


@dataclass(slots=True, eq=False)
class _State:
    """An image on its way to being right."""

    image: Checked
    boxes: Floats
    labels: list[str]
    gone: set[int]
    stated_hw: Hw | None


def _swap_corners(state: _State, finding: Finding) -> None:
    row = finding.row
    assert row is not None
    state.boxes[row] = in_order(state.boxes[row : row + 1])[0]


def _cut(state: _State, finding: Finding) -> None:
    row = finding.row
    assert row is not None
    state.boxes[row] = clip(state.boxes[row : row + 1], state.image.frame_hw)[0]


def _delete(state: _State, finding: Finding) -> None:
    assert finding.row is not None
    state.gone.add(finding.row)


def _rename(state: _State, finding: Finding) -> None:
    assert finding.row is not None
    state.labels[finding.row] = finding.values["into"]


def _turn(state: _State, finding: Finding) -> None:
    del finding
    state.boxes = turned_boxes(state.boxes, state.image.frame_hw, state.image.orientation)
    state.stated_hw = state.image.image_hw


def _sizes_to_corners(state: _State, finding: Finding) -> None:
    del finding
    state.boxes[:, 2:] += state.boxes[:, :2]


def _corners_from_sizes(state: _State, finding: Finding) -> None:
    del finding
    state.boxes[:, 2:] -= state.boxes[:, :2]


def _shift(state: _State, finding: Finding) -> None:
    _move(state, np.full(4, -finding.values["by"], np.float32))


def _begin_at_zero(state: _State, finding: Finding) -> None:
    del finding
    _move(state, np.array([-1, -1, 0, 0], np.float32))


def _end_at_size(state: _State, finding: Finding) -> None:
    del finding
    _move(state, np.array([0, 0, 1, 1], np.float32))


def _move(state: _State, by: Floats) -> None:
    """Move sides; none that was within the image leaves it, and no box loses its area."""
    hw = state.image.frame_hw
    moved = state.boxes + by
    # A side that lay within the image, or on its edge, stays there.
    inside = clip(state.boxes, hw) == state.boxes
    moved = np.where(inside, clip(moved, hw), moved).astype(np.float32)
    stays: Bools = has_area(state.boxes) & ~has_area(moved)
    state.boxes = np.where(stays[:, None], state.boxes, moved)


_FIXES: dict[Kind, Callable[[_State, Finding], None]] = {
    "size_as_corner": _sizes_to_corners,
    "corner_as_size": _corners_from_sizes,
    "shifted": _shift,
    "one_based": _begin_at_zero,
    "zero_based": _end_at_size,
    "exif_swapped": _turn,
    "inverted": _swap_corners,
    "no_area": _delete,
    "outside": _delete,
    "over_edge": _cut,
    "duplicate": _delete,
    "unknown_class": _rename,
    "class_slip": _rename,
}
