"""What is selected, so that it can be found again when settings have renumbered the detections. No Qt.

Objects, anchors and proposals keep their numbers. The row of a detection counts kept proposals: after a move of a
proposal setting the same row is another box. So a detection is remembered by its anchor and its class.
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np

from app.scene import Ref, ViewOptions
from detector.trace import Trace
from detector.trace_reader import TraceReader


class Selection(NamedTuple):
    """A selected thing.

    Attributes:
        ref: as it was picked.
        anchor: of a detection, its anchor row; else -1.
        label: of a detection, its class number; else 0.
    """

    ref: Ref
    anchor: int = -1
    label: int = 0


def selection_of(ref: Ref | None, trace: Trace | None) -> Selection | None:
    """What to remember of a picked thing; `trace` is the one on show."""
    if ref is None:
        return None
    if ref.kind != "detection":
        return Selection(ref)
    if trace is None or not 0 <= ref.row < len(trace.detections.fate):
        return None
    return Selection(ref, int(trace.detections.anchor[ref.row]), int(trace.detections.label[ref.row]))


def find_selection(selection: Selection | None, trace: Trace) -> Ref | None:
    """Where the selected thing is in another trace; a detection whose proposal was dropped becomes that proposal."""
    if selection is None or selection.ref.kind != "detection":
        return None if selection is None else selection.ref
    if not 0 <= selection.anchor < len(trace.proposals.fate):
        return None
    found = trace.detections
    rows = np.flatnonzero((found.anchor == selection.anchor) & (found.label == selection.label))
    return Ref("detection", int(rows[0])) if len(rows) else Ref("proposal", selection.anchor)


def is_there(selection: Selection, trace: Trace | None, num_objects: int) -> bool:
    """It can be selected now; before the detector has run, `trace` is None and only objects are there."""
    ref = selection.ref
    if ref.kind == "object":
        return 0 <= ref.row < num_objects
    found = None if trace is None else find_selection(selection, trace)
    return trace is not None and found is not None and TraceReader(trace).exists(found)


def with_selection(options: ViewOptions, selection: Selection | None, trace: Trace) -> ViewOptions:
    """The options with the selected thing as this trace numbers it."""
    found = find_selection(selection, trace)
    return options if found == options.selected else dataclasses.replace(options, selected=found)
