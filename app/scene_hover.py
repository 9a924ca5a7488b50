"""What a box is, in a few words: for the tooltip under the cursor and for the list of what is here."""

from __future__ import annotations

import numpy as np

from app.scene import Kind, Message, ObjectRow, Ref, Role
from app.scene_details import PROPOSED
from app.scene_frame import Frame
from app.scene_roles import role_of
from app.sentences import say
from detector.explanation import verdict_of
from detector.messages import Verdict

_ORDER: tuple[Kind, ...] = ("object", "detection", "proposal", "anchor")


def hover_messages(frame: Frame, ref: Ref) -> tuple[Message, ...]:
    """What the box is, its fate, and the sentence behind it."""
    if not frame.exists(ref):
        return ()
    verdict, sentence = _verdict_of(frame, ref)
    return (frame.name_of(ref), verdict) if sentence is None else (frame.name_of(ref), verdict, sentence)


def listed_things(frame: Frame, refs: list[Ref]) -> list[ObjectRow]:
    """A line for each thing that still is there: objects, then detections, proposals and anchors, the best first."""
    there = [ref for ref in refs if frame.exists(ref)]
    return [_line(frame, ref) for ref in sorted(there, key=lambda ref: (_ORDER.index(ref.kind), *_worth(frame, ref)))]


def _verdict_of(frame: Frame, ref: Ref) -> Verdict:
    return PROPOSED if frame.is_proposed(ref) else verdict_of(frame, ref)


def _line(frame: Frame, ref: Ref) -> ObjectRow:
    """What the thing is, and its verdict with the number it is ranked by."""
    verdict, role = _verdict_of(frame, ref).label, role_of(frame, ref)
    (value, _) = _worth(frame, ref)
    if ref.kind == "detection":
        cls = frame.class_name(int(frame.trace.detections.label[ref.row]))
        verdict = say("thing.detection", cls=cls, s=-value, verdict=verdict)
    elif ref.kind == "proposal":
        verdict = say("thing.proposal", p=-value, verdict=verdict)
    elif ref.kind == "anchor" and frame.trace.assignment is not None:
        verdict = say("thing.anchor", a=-value, verdict=verdict)
    return ObjectRow(ref, frame.name_of(ref), verdict, role, role in (Role.MISSED, Role.FALSE_POSITIVE))


def _worth(frame: Frame, ref: Ref) -> tuple[float, int]:
    """What to sort by: score, objectness or IoU, the highest first, then the row."""
    trace = frame.trace
    value = 0.0
    if ref.kind == "detection":
        value = float(np.nan_to_num(trace.detections.score[ref.row]))
    elif ref.kind == "proposal":
        value = float(trace.evidence.first.objectness[ref.row])
    elif ref.kind == "anchor" and trace.assignment is not None:
        value = float(trace.assignment.max_iou[ref.row])
    return -value, ref.row
