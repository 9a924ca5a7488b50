"""The selection's story on the canvas: the boxes it came by, and an arrow from what suppressed it."""

from __future__ import annotations

from app.scene import Arrow, Mark, Message, Ref, Role
from app.scene_frame import Frame
from app.scene_roles import anchor_role, detection_role, object_role, proposal_role
from app.sentences import say
from detector.explanation_chain import Chain, chain_of
from detector.trace import DetectionFate, ProposalFate


def marks_and_arrows(frame: Frame, ref: Ref) -> tuple[tuple[Mark, ...], tuple[Arrow, ...]]:
    """Boxes back to front, the selected one last."""
    chain = chain_of(frame, ref)
    marks = _chain_marks(frame, chain)
    suppressor, arrows = _suppression(frame, chain)
    marks += suppressor
    if chain.object >= 0:
        marks.append(_object_mark(frame, chain.object))
    others = [mark for mark in marks if mark.ref != ref]
    mine = next((mark for mark in marks if mark.ref == ref), None)
    selected = mine or _mark(frame, ref, Role.SELECTED, None)
    return (*others, Mark(selected.box, selected.role, selected.label, ref, selected=True)), arrows


def _chain_marks(frame: Frame, chain: Chain) -> list[Mark]:
    anchor, proposal = Ref("anchor", chain.anchor), Ref("proposal", chain.anchor)
    place = int(frame.proposal_places[chain.anchor])
    label = say("mark.proposal", r=place + 1) if place >= 0 else say("mark.decoded")
    marks = [
        _mark(frame, anchor, anchor_role(frame, chain.anchor), say("mark.anchor", k=chain.anchor)),
        _mark(frame, proposal, proposal_role(frame, chain.anchor), label),
    ]
    if chain.detection >= 0 and frame.trace.detections.fate[chain.detection] != DetectionFate.WAITING:
        marks.append(_detection_mark(frame, chain.detection))
    return marks


def _detection_mark(frame: Frame, row: int) -> Mark:
    found = frame.trace.detections
    label = say("mark.refined", cls=frame.class_name(int(found.label[row])), s=float(found.score[row]))
    return _mark(frame, Ref("detection", row), detection_role(frame, row), label)


def _object_mark(frame: Frame, number: int) -> Mark:
    role = object_role(frame, number)
    missed = role is Role.MISSED
    label = say("mark.missed" if missed else "mark.object", cls=frame.object_class(number), g=number + 1)
    shown = role if role in (Role.MISSED, Role.NOT_COUNTED) else Role.GROUND_TRUTH
    return _mark(frame, Ref("object", number), shown, label)


def _suppression(frame: Frame, chain: Chain) -> tuple[list[Mark], tuple[Arrow, ...]]:
    """Who suppressed the box of this chain, if somebody did."""
    trace = frame.trace
    found, proposals = trace.detections, trace.proposals
    if chain.detection >= 0 and found.fate[chain.detection] == DetectionFate.SUPPRESSED:
        by = Ref("detection", int(found.suppressed_by[chain.detection]))
        me, limit = Ref("detection", chain.detection), trace.settings.detections.nms_iou
        mark = _detection_mark(frame, by.row)
    elif proposals.fate[chain.anchor] == ProposalFate.SUPPRESSED:
        by = Ref("proposal", int(proposals.suppressed_by[chain.anchor]))
        me, limit = Ref("proposal", chain.anchor), trace.settings.proposals.nms_iou
        place = int(frame.proposal_places[by.row])
        label = say("mark.proposal", r=place + 1) if place >= 0 else say("mark.decoded")
        mark = _mark(frame, by, proposal_role(frame, by.row), label)
    else:
        return [], ()
    text = say("mark.suppresses", o=frame.iou(me, by), t=limit)
    return [mark], (Arrow(_top_middle(mark), _top_right(frame, me), Role.SUPPRESSED, text),)


def _mark(frame: Frame, ref: Ref, role: Role, label: Message | None) -> Mark:
    x1, y1, x2, y2 = (float(value) for value in frame.box(ref))
    shown = None if frame.options.hide_labels else label
    return Mark((x1, y1, x2, y2), role, shown, ref)


def _top_middle(mark: Mark) -> tuple[float, float]:
    return (mark.box[0] + mark.box[2]) / 2, mark.box[1]


def _top_right(frame: Frame, ref: Ref) -> tuple[float, float]:
    x1, y1, x2, _ = (float(value) for value in frame.box(ref))
    return x1 + 0.75 * (x2 - x1), y1
