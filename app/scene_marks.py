"""The selection's story on the canvas: the boxes it came by, what suppressed it, and what it suppressed itself."""

from __future__ import annotations

import numpy as np

from app.scene import Arrow, BoxLayer, Ints, Mark, Message, Ref, Role
from app.scene_frame import Frame
from app.scene_roles import anchor_role, detection_role, object_role, proposal_role
from app.sentences import say
from detector.explanation_chain import Chain, chain_of
from detector.trace import DetectionFate, ProposalFate

MOST_SUPPRESSED = 30
"""So many of the boxes that the selection suppressed are drawn, the best ones."""

MOST_ARROWS = 3
"""Each has an arrow where they are so few; more would hide what they point at."""


def marks_and_arrows(frame: Frame, ref: Ref) -> tuple[tuple[Mark, ...], tuple[Arrow, ...]]:
    """Boxes back to front, the selected one last."""
    if frame.is_proposed(ref):
        return (selection_mark(frame, ref),), ()
    chain = chain_of(frame, ref)
    marks = _chain_marks(frame, chain)
    suppressor, arrows = _suppression(frame, chain)
    marks += suppressor
    if chain.object >= 0:
        marks.append(_object_mark(frame, chain.object))
    others = [mark for mark in marks if mark.ref != ref]
    mine = next((mark for mark in marks if mark.ref == ref), None)
    selected = mine or mark_at(frame, ref, Role.SELECTED, None)
    fallen = suppressed_rows(frame, ref)
    if len(arrows) + len(fallen) <= MOST_ARROWS:
        arrows += tuple(suppression(frame, ref, Ref(ref.kind, row)) for row in fallen.tolist())
    return (*others, Mark(selected.box, selected.role, selected.label, ref, selected=True)), arrows


def selection_mark(frame: Frame, ref: Ref) -> Mark:
    """The selected box by itself, where another story is told."""
    if ref.kind == "object":
        mark = _object_mark(frame, ref.row)
    elif ref.kind == "detection":
        mark = _detection_mark(frame, ref.row)
    else:
        role = anchor_role(frame, ref.row) if ref.kind == "anchor" else proposal_role(frame, ref.row)
        mark = mark_at(frame, ref, role, None)
    return Mark(mark.box, mark.role, mark.label, ref, selected=True)


def suppressed_rows(frame: Frame, ref: Ref) -> Ints:
    """The boxes that a proposal or a detection suppressed, best first."""
    trace = frame.trace
    if ref.kind == "proposal":
        fallen = np.flatnonzero(trace.proposals.suppressed_by == ref.row)
        return fallen[np.argsort(trace.proposals.rank[fallen])]
    if ref.kind == "detection":
        fallen = np.flatnonzero(trace.detections.suppressed_by == ref.row)
        return fallen[np.argsort(-trace.detections.score[fallen], kind="stable")]
    return np.zeros(0, np.int64)


def suppressed_layer(frame: Frame, ref: Ref) -> tuple[BoxLayer, ...]:
    """What the selection suppressed, thin and in sight while all else steps back; nothing where it suppressed none."""
    fallen = suppressed_rows(frame, ref)
    rows = fallen[:MOST_SUPPRESSED]
    if frame.options.hide_boxes or len(rows) == 0:
        return ()
    name = say("layer.suppressed_by", name=frame.name_of(ref))
    if len(fallen) > len(rows):
        name = say("layer.suppressed_by.first", name=frame.name_of(ref), n=len(fallen))
    boxes = (frame.decoded if ref.kind == "proposal" else frame.detections)[rows]
    return (BoxLayer("nms.by_selection", ref.kind, Role.SUPPRESSED, boxes, rows, crisp=True, name=name, bright=True),)


def suppression(frame: Frame, by: Ref, fallen: Ref) -> Arrow:
    """The arrow from a kept box to one that it suppressed, two proposals or two detections."""
    settings = frame.trace.settings
    limit = settings.proposals.nms_iou if by.kind == "proposal" else settings.detections.nms_iou
    text = say("mark.suppresses", o=frame.iou(fallen, by), t=limit)
    return Arrow(_top_middle(frame, by), _top_right(frame, fallen), Role.SUPPRESSED, text)


def _chain_marks(frame: Frame, chain: Chain) -> list[Mark]:
    if chain.anchor < 0:  # none touches the object
        return []
    anchor, proposal = Ref("anchor", chain.anchor), Ref("proposal", chain.anchor)
    marks = [
        mark_at(frame, anchor, anchor_role(frame, chain.anchor), say("mark.anchor", k=chain.anchor)),
        _proposal_mark(frame, proposal),
    ]
    if chain.detection >= 0 and frame.trace.detections.fate[chain.detection] != DetectionFate.WAITING:
        marks.append(_detection_mark(frame, chain.detection))
    return marks


def _proposal_mark(frame: Frame, ref: Ref) -> Mark:
    place = int(frame.proposal_places[ref.row])
    label = say("mark.proposal", r=place + 1) if place >= 0 else say("mark.decoded")
    return mark_at(frame, ref, proposal_role(frame, ref.row), label)


def _detection_mark(frame: Frame, row: int) -> Mark:
    found = frame.trace.detections
    label = say("mark.refined", cls=frame.class_name(int(found.label[row])), s=float(found.score[row]))
    return mark_at(frame, Ref("detection", row), detection_role(frame, row), label)


def _object_mark(frame: Frame, number: int) -> Mark:
    role = object_role(frame, number)
    missed = role is Role.MISSED
    kind = "missed" if missed else "proposed" if role is Role.PROPOSED else "object"
    label = say(f"mark.{kind}", cls=frame.object_class(number), g=number + 1)
    shown = role if role in (Role.MISSED, Role.NOT_COUNTED, Role.PROPOSED) else Role.GROUND_TRUTH
    return mark_at(frame, Ref("object", number), shown, label)


def _suppression(frame: Frame, chain: Chain) -> tuple[list[Mark], tuple[Arrow, ...]]:
    """Who suppressed the box of this chain, if somebody did."""
    found, proposals = frame.trace.detections, frame.trace.proposals
    if chain.detection >= 0 and found.fate[chain.detection] == DetectionFate.SUPPRESSED:
        by = Ref("detection", int(found.suppressed_by[chain.detection]))
        return [_detection_mark(frame, by.row)], (suppression(frame, by, Ref("detection", chain.detection)),)
    if chain.anchor >= 0 and proposals.fate[chain.anchor] == ProposalFate.SUPPRESSED:
        by = Ref("proposal", int(proposals.suppressed_by[chain.anchor]))
        return [_proposal_mark(frame, by)], (suppression(frame, by, Ref("proposal", chain.anchor)),)
    return [], ()


def mark_at(frame: Frame, ref: Ref, role: Role, label: Message | None) -> Mark:
    """The box of a thing as a mark, without its text where texts are hidden."""
    x1, y1, x2, y2 = (float(value) for value in frame.box(ref))
    shown = None if frame.options.hide_labels else label
    return Mark((x1, y1, x2, y2), role, shown, ref)


def _top_middle(frame: Frame, ref: Ref) -> tuple[float, float]:
    x1, y1, x2, _ = (float(value) for value in frame.box(ref))
    return (x1 + x2) / 2, y1


def _top_right(frame: Frame, ref: Ref) -> tuple[float, float]:
    x1, y1, x2, _ = (float(value) for value in frame.box(ref))
    return x1 + 0.75 * (x2 - x1), y1
