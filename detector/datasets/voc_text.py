"""The objects in the text of a VOC file, and the text with other objects.

An object keeps its text: written again unchanged it is byte by byte the same, and of one that was changed only the
elements that say something else are touched. VOC has no place for COCO's `crowd`; it is an element <crowd>1</crowd> of
the object here, beside <difficult>, written only where it is set: other programs pass over elements they do not know.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict, deque
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from detector.boxes import Floats, frozen
from detector.datasets.annotation import Annotation, Record
from detector.datasets.errors import DatasetError
from detector.datasets.splicing import Change, splice
from detector.datasets.voc_xml import Element, XmlFile, as_text, in_xml, space_before, start_tag, text_changes
from detector.ground_truth import GroundTruth

_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_FLAGS = ("truncated", "difficult", "crowd")
_LARGEST = 1e7  # px; far above any image, and below it float32 still tells pixels apart
_ATTRIBUTE = re.compile(rb"""\s+(?P<name>[^\s=]+)\s*=\s*(?P<quoted>"[^"]*"|'[^']*')""")
_LINE_REST = re.compile(rb"[ \t]*(?:\r\n|\r|\n)")


class Values(NamedTuple):
    """What is understood of an object: its class name, box (4,) float32 xyxy, and flags in the order of _FLAGS."""

    label: str
    box: Floats
    flags: tuple[bool, ...]


@dataclass(frozen=True, slots=True, eq=False)
class VocObject(Record):
    """One <object> of a file.

    Attributes:
        data: the text of the whole file, in UTF-8.
        element: where it and its elements stand there.
        values: what was read from it.
    """

    data: bytes
    element: Element
    values: Values

    @property
    def raw(self) -> bytes:
        """Its own text."""
        return self.data[self.element.start : self.element.end]

    @property
    def class_and_box(self) -> Hashable:
        """By which it is known again where its text has changed."""
        return self.values.label, *self.values.box.tolist()


class _Layout(NamedTuple):
    """The white space of a file's objects, so that a new one looks like the others."""

    before_object: bytes
    before_child: bytes
    before_corner: bytes
    before_box_end: bytes
    before_object_end: bytes


def objects_in(path: Path, file: XmlFile) -> list[VocObject]:
    """The objects of a file.

    Raises:
        DatasetError: another kind of XML, or an object without name, box or number (by its number, from 1).
    """
    if file.root.tag != "annotation":
        raise DatasetError(f"'{path}' is not a VOC annotation: its root is <{file.root.tag}>, not <annotation>.")
    elements = [each for each in file.root.children if each.tag == "object"]
    return [
        VocObject(
            file.data,
            each,
            Values(_label(path, number, each), _box(path, number, each), tuple(_flag(each, name) for name in _FLAGS)),
        )
        for number, each in enumerate(elements, 1)
    ]


def truth_of(objects: Sequence[VocObject]) -> GroundTruth:
    """The objects as ground truth."""
    values = [each.values for each in objects]
    flags = {name: [each.flags[place] for each in values] for place, name in enumerate(_FLAGS)}
    boxes = [each.box for each in values]
    return GroundTruth(boxes, [each.label for each in values], **flags)  # type: ignore[arg-type]  # made arrays by it


def stated_size(file: XmlFile) -> tuple[int, int] | None:
    """(height, width) that the file states."""
    size = file.root.find("size")
    try:
        height, width = (int(float(size.said(name) or 0)) if size else 0 for name in ("height", "width"))
    except (ValueError, OverflowError):
        return None
    return (height, width) if height > 0 and width > 0 else None


def is_verified(file: XmlFile) -> bool:
    """Whether the file says that a person has looked at it: verified="yes" on its root, labelImg's place."""
    found = _verified_attribute(start_tag(file.data, file.root))
    return found is not None and found["quoted"][1:-1].strip().lower() in (b"yes", b"true", b"1")


def with_objects(path: Path, file: XmlFile, annotation: Annotation, *, by_others: bool = False) -> bytes:
    """The text of a file, in UTF-8, that says what an annotation says; what it says already is left as it is.

    Objects that are in the file stay where they are, or change places among each other where their order changed.
    The others take the places of objects that are gone, or come behind the one before them.

    Args:
        path: named in errors.
        file: the file as it is.
        annotation: what it shall say.
        by_others: another program may have changed the file since the annotation was read.

    Raises:
        DatasetError: where a class name or a box has no place in the file.
    """
    there = objects_in(path, file)
    layout = _layout_of(file, there)
    known = _known_again(there, annotation.records, by_others)
    bases = [there[known[row]] if row in known else record for row, record in enumerate(annotation.records)]
    texts = [
        _patched(path, base, values) if isinstance(base, VocObject) else _new_object(path, values, layout)
        for base, values in zip(bases, _values_of(annotation.ground_truth), strict=True)
    ]
    changes = _verified_changes(file, annotation.verified) + _size_changes(file, annotation.stated_hw)
    for run in _runs(len(there), len(texts), known):
        spots = [there[place].element for place in run.places]
        changes += [(spot.start, spot.end, texts[row]) for spot, row in zip(spots, run.rows, strict=False)]
        changes += [_taken_away(file.data, spot) for spot in spots[len(run.rows) :]]
        if more := [texts[row] for row in run.rows[len(spots) :]]:
            changes.append(_inserted(file, spots, there, more, layout))
    return splice(file.data, changes)


class _Run(NamedTuple):
    """Places of a file's objects that are filled with rows of an annotation, one after the other."""

    places: range
    rows: range


def _known_again(there: Sequence[VocObject], records: Sequence[Record | None], by_others: bool) -> dict[int, int]:
    """The place of each row, in order, whose object is in the file.

    Objects are known again by their text, not by their number: between a save and an undo of what it saved the numbers
    have changed. One whose text another program has changed meanwhile is known by its class and box.
    """
    known: dict[int, int] = {}
    for mark in ("raw", "class_and_box") if by_others else ("raw",):
        of = attrgetter(mark)
        free: defaultdict[Hashable, deque[int]] = defaultdict(deque)
        for place in sorted(set(range(len(there))).difference(known.values())):
            free[of(there[place])].append(place)
        for row, record in enumerate(records):
            if row not in known and isinstance(record, VocObject) and free[of(record)]:
                known[row] = free[of(record)].popleft()
    return dict(sorted(known.items()))


def _runs(places_there: int, rows_wanted: int, known: dict[int, int]) -> list[_Run]:
    """Which rows go where: each run but the first begins with an object that is in the file."""
    rows, places = [0, *known, rows_wanted], [0, *sorted(known.values()), places_there]
    return [
        _Run(range(*some_places), range(*some_rows))
        for some_places, some_rows in zip(pairwise(places), pairwise(rows), strict=True)
    ]


def _inserted(
    file: XmlFile, spots: Sequence[Element], there: Sequence[VocObject], texts: Sequence[bytes], layout: _Layout
) -> Change:
    """New objects: behind the last of the spots before them, before all others, or behind all that is no object."""
    space = layout.before_object
    behind = b"".join(space + text for text in texts)
    root = file.root
    if spots:
        return spots[-1].end, spots[-1].end, behind
    if there:
        first = there[0].element.start
        return first, first, b"".join(text + space for text in texts)
    if root.close == root.end:  # <annotation/>
        return root.end - 2, root.end, b">" + behind + b"</annotation>"
    end = root.children[-1].end if root.children else root.inner
    return end, end, behind


def _taken_away(data: bytes, spot: Element) -> Change:
    """An object that goes, with its line where it has that for itself."""
    before = space_before(data, spot.start)
    indent = len(before.lstrip(b"\r\n"))
    if indent == len(before):  # it stands behind something else
        return spot.start - indent, spot.end, b""
    rest = _LINE_REST.match(data, spot.end)
    return (spot.start - indent, rest.end(), b"") if rest else (spot.start, spot.end, b"")


def _patched(path: Path, record: VocObject, values: Values) -> bytes:
    """The text of an object with what is new of it."""
    old, element, data = record.values, record.element, record.data
    box = element.find("bndbox")
    name = element.find("name")
    if box is None or name is None:  # such an object was not read
        raise DatasetError(f"'{path}': an object has lost its text.")
    changes: list[Change] = []
    if values.label != old.label:
        changes += text_changes(data, name, _checked_label(path, values.label))
    if not np.array_equal(values.box, old.box):
        _check_box(path, values)
    for corner, new, was in zip(_CORNERS, values.box, old.box, strict=True):
        side = box.find(corner)
        if new != was and side is not None:
            changes += text_changes(data, side, _written(new))
    for tag, is_set, was_set in zip(_FLAGS, values.flags, old.flags, strict=True):
        flag = element.find(tag)
        if is_set == was_set:
            continue
        if flag is not None:
            changes += text_changes(data, flag, str(int(is_set)))
        else:
            changes.append((box.start, box.start, _tagged(tag, "1") + space_before(data, box.start)))
    start = element.start
    return splice(record.raw, [(at - start, end - start, new) for at, end, new in changes])


def _new_object(path: Path, values: Values, layout: _Layout) -> bytes:
    _check_box(path, values)
    truncated, difficult, crowd = values.flags
    children = [
        _tagged("name", _checked_label(path, values.label)),
        _tagged("pose", "Unspecified"),
        _tagged("truncated", str(int(truncated))),
        _tagged("difficult", str(int(difficult))),
    ]
    if crowd:
        children.append(_tagged("crowd", "1"))
    corners = [_tagged(corner, _written(value)) for corner, value in zip(_CORNERS, values.box, strict=True)]
    inside = b"".join(layout.before_corner + each for each in corners)
    children.append(b"<bndbox>" + inside + layout.before_box_end + b"</bndbox>")
    return (
        b"<object>"
        + b"".join(layout.before_child + each for each in children)
        + layout.before_object_end
        + b"</object>"
    )


def _layout_of(file: XmlFile, there: Sequence[VocObject]) -> _Layout:
    """That of the last object; where there is none, each level is set in as the elements of the root are."""
    if there:
        last = there[-1].element
        box = last.find("bndbox") or last
        places = (last.start, last.children[0].start, box.children[0].start, box.close, last.close)
        return _Layout(*(space_before(file.data, place) for place in places))
    root = file.root
    first = space_before(file.data, root.children[-1].start if root.children else root.close)
    if not root.children and first:
        first += b"\t"
    step = first.lstrip(b"\r\n")
    return _Layout(first, first + step, first + step + step, first + step, first)


def _verified_changes(file: XmlFile, verified: bool) -> list[Change]:
    if verified == is_verified(file):
        return []
    tag = start_tag(file.data, file.root)
    start = file.root.start
    found = _verified_attribute(tag)
    if found is None:
        behind_name = start + len(b"<annotation")
        return [(behind_name, behind_name, b' verified="yes"')]
    if verified:
        return [(start + found.start("quoted"), start + found.end("quoted"), b'"yes"')]
    return [(start + found.start(), start + found.end(), b"")]


def _size_changes(file: XmlFile, stated_hw: tuple[int, int] | None) -> list[Change]:
    """The size that the file states, where it states one and shall state another."""
    size = file.root.find("size")
    if size is None or stated_hw is None or stated_size(file) in (None, stated_hw):
        return []
    changes: list[Change] = []
    for name, number in zip(("height", "width"), stated_hw, strict=True):
        element = size.find(name)
        if element is not None:
            changes += text_changes(file.data, element, str(number))
    return changes


def _verified_attribute(tag: bytes) -> re.Match[bytes] | None:
    return next((each for each in _ATTRIBUTE.finditer(tag) if each["name"] == b"verified"), None)


def _values_of(truth: GroundTruth) -> Iterator[Values]:
    flags = np.stack([getattr(truth, name) for name in _FLAGS], axis=1).tolist()
    for label, box, some in zip(truth.labels, truth.boxes, flags, strict=True):
        yield Values(label, box, tuple(some))


def _label(path: Path, number: int, each: Element) -> str:
    label = each.said("name")
    if not label:
        raise DatasetError(f"'{path}': object {number} has no <name>.")
    return label


def _box(path: Path, number: int, each: Element) -> Floats:
    place = f"'{path}': object {number}"
    bndbox = each.find("bndbox")
    if bndbox is None:
        raise DatasetError(f"{place} has no <bndbox>.")
    corners = []
    for name in _CORNERS:
        text = bndbox.said(name)
        if not text:
            raise DatasetError(f"{place} has no <{name}>.")
        try:
            value = float(text)
        except ValueError:
            raise DatasetError(f"{place} has {name} '{text[:40]}', which is not a number.") from None
        if not math.isfinite(value) or abs(value) > _LARGEST:
            raise DatasetError(f"{place} has {name} '{text[:40]}', which is no place in an image.")
        corners.append(value)
    return frozen(np.array(corners, np.float32))


def _flag(each: Element, name: str) -> bool:
    # Some tools write "Unspecified"; only a clear yes counts.
    return each.said(name).lower() in ("1", "true", "yes")


def _tagged(tag: str, text: str) -> bytes:
    return b"<%b>%b</%b>" % (tag.encode(), as_text(text), tag.encode())


def _written(value: np.float32) -> str:
    """The shortest decimal that reads back as the same float32: 12, not 12.0; 0.1, not 0.10000000149."""
    text = np.format_float_positional(value, trim="-")
    return text if np.float32(float(text)) == value else repr(float(value))


def _checked_label(path: Path, label: str) -> str:
    if label != label.strip() or not label or any(not in_xml(each) for each in label):
        raise DatasetError(f"'{path}' cannot hold the class name {label!r}.")
    return label


def _check_box(path: Path, values: Values) -> None:
    if not (np.abs(values.box) <= _LARGEST).all():  # not for NaN either
        written = "[" + ", ".join(f"{value:g}" for value in values.box.tolist()) + "]"
        raise DatasetError(f"'{path}' cannot hold the box {written} ({values.label}), which is no place in an image.")
