"""Elements taken out of a list in a JSON file and put into it, with their commas and in the list's own spelling."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np

from detector.datasets.coco_scan import Places, read_range
from detector.datasets.coco_text import Element, Style
from detector.datasets.splicing import Change

_SPACE = b" \t\n\r"
_WINDOW = 4096


def space_before(file: BinaryIO, at: int) -> bytes:
    """The white space in front of a place."""
    window = _WINDOW
    while True:
        text = read_range(file, max(at - window, 0), at)
        space = text[len(text.rstrip(_SPACE)) :]
        if len(space) < len(text) or at <= window:
            return space
        window *= 8


def space_after(file: BinaryIO, at: int) -> bytes:
    """The white space behind a place."""
    window = _WINDOW
    while True:
        text = read_range(file, at, at + window)
        space = text[: len(text) - len(text.lstrip(_SPACE))]
        if len(space) < len(text) or len(text) < window:
            return space
        window *= 8


def sample_element(file: BinaryIO, places: Places | None) -> Element | None:
    """The last element of a list, after which new ones are fashioned; None where it has none."""
    if places is None or not len(places.start):
        return None
    row = int(np.argmax(places.start))
    start = int(places.start[row])
    return None if start < 0 else Element(read_range(file, start, start + int(places.size[row])))


def removals(file: BinaryIO, places: Places, rows: Sequence[int]) -> list[Change]:
    """Take elements out of a list, each with one comma."""
    spans = sorted((int(places.start[row]), int(places.start[row] + places.size[row])) for row in rows)
    # Those with as many elements before them follow one another; the list is mostly in order, which a stable sort uses.
    before = np.searchsorted(np.sort(np.delete(places.start, rows), kind="stable"), [start for start, _ in spans])
    runs: list[tuple[int, int]] = []
    for number, (start, end) in enumerate(spans):
        if runs and before[number] == before[number - 1]:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    return [_removal(file, start, end) for start, end in runs]


def insertion(texts: Sequence[bytes], at: int, gap: bytes) -> tuple[Change, list[int]]:
    """Put elements in front of one that begins at `at`; also, where each begins within what is put there."""
    separator = b"," + gap
    return (at, at, b"".join(text + separator for text in texts)), _offsets(texts, len(separator))


def appended(
    file: BinaryIO, places: Places, texts: Sequence[bytes], gap: bytes, sibling: Places | None, *, all_removed: bool
) -> tuple[Change, list[int]]:
    """Put elements at the end of a list; also, where each begins within what is put there.

    Args:
        gap: the white space between two elements.
        sibling: a list whose way of beginning and ending an empty one takes over.
        all_removed: the elements that the list has are all taken out in the same step.
    """
    separator = b"," + gap
    if np.any(places.start >= 0):
        at = places.close - len(space_before(file, places.close))
        lead = space_after(file, places.open + 1) if all_removed else separator
        return (at, at, lead + separator.join(texts)), _offsets(texts, len(separator), len(lead))
    inner = read_range(file, places.open + 1, places.close)
    lead, tail = (inner, b"") if b"\n" in inner else (b"", b"")
    if sibling is not None and np.any(sibling.start >= 0):
        lead = space_after(file, sibling.open + 1)
        tail = b"" if b"\n" in inner else space_before(file, sibling.close)
    at = places.open + 1
    return (at, at, lead + separator.join(texts) + tail), _offsets(texts, len(separator), len(lead))


def gap_in(file: BinaryIO, places: Places, sibling: Places | None) -> bytes:
    """The white space between two elements of a list; of an empty one, that of its sibling."""
    inner = read_range(file, places.open + 1, min(places.close, places.open + 1 + _WINDOW))
    if not np.any(places.start >= 0):
        if sibling is not None and np.any(sibling.start >= 0):
            return gap_in(file, sibling, None)
        return inner if b"\n" in inner and not inner.strip(_SPACE) else b" "
    last = int(places.start.max())
    space = space_before(file, last)
    if b"\n" in space or last - len(space) != places.open + 1:
        return space
    sample = sample_element(file, places)  # the only one: nothing stands between two
    comma = Style.of(sample).comma.partition(",")[2].encode("latin-1") if sample is not None else b" "
    return b" " if b"\n" in comma else comma


def _offsets(texts: Sequence[bytes], between: int, lead: int = 0) -> list[int]:
    return list(itertools.accumulate((len(text) + between for text in texts[:-1]), initial=lead)) if texts else []


def _removal(file: BinaryIO, start: int, end: int) -> Change:
    behind = end + len(space_after(file, end))
    if read_range(file, behind, behind + 1) == b",":
        return start, behind + 1 + len(space_after(file, behind + 1)), b""
    # The last one goes with the comma before it; the only one with the space before it.
    before = start - len(space_before(file, start)) - 1
    return (before if read_range(file, before, before + 1) == b"," else before + 1), end, b""
