"""The fate of an anchor, a proposal or a detection row in words: label, colour and the sentence with its number."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.scene import Message, Ref, Role
from app.scene_chain import rank_after_nms, rank_of_detection, sides
from app.scene_frame import Frame
from app.scene_verdicts import detection_verdict
from app.sentences import say
from detector.assignment import Reason
from detector.trace import DetectionFate, ProposalFate

Verdict = tuple[Message, Role | None, Message | None]

_ANCHOR_ROLES = {
    Reason.OUTSIDE: Role.OUTSIDE,
    Reason.POSITIVE_IOU: Role.POSITIVE,
    Reason.POSITIVE_BEST: Role.POSITIVE_BEST,
    Reason.NEGATIVE: Role.NEGATIVE,
    Reason.IGNORED: Role.IGNORED,
}


def anchor_role(frame: Frame, row: int) -> Role:
    """The colour of an anchor's training label."""
    found = frame.trace.assignment
    return Role.ANCHOR if found is None else _ANCHOR_ROLES[Reason(int(found.reason[row]))]


def anchor_fate(frame: Frame, row: int) -> Verdict:
    """The training label of an anchor, and why."""
    found = frame.trace.assignment
    if found is None:
        return say("fate.anchor.unlabelled.label"), Role.ANCHOR, say("fate.anchor.unlabelled")
    reason = Reason(int(found.reason[row]))
    limits = frame.trace.settings.assignment
    name = reason.name.lower()
    message_id, values = f"fate.anchor.{name}", _anchor_values(frame, row, reason)
    if reason is Reason.POSITIVE_BEST:
        number = int(found.best_for[row])
        ties = int(((found.best_for == number) & (found.reason != Reason.OUTSIDE)).sum())
        if ties > 1:
            message_id, values["k"] = f"{message_id}.tie", ties
    values |= {"a": values.get("a", float(found.max_iou[row])), "lo": limits.negative_iou, "hi": limits.positive_iou}
    return say(f"fate.anchor.{name}.label"), _ANCHOR_ROLES[reason], Message(message_id, values)


def _anchor_values(frame: Frame, row: int, reason: Reason) -> dict[str, Any]:
    found, limits = frame.trace.assignment, frame.trace.settings.assignment
    if found is None:
        return {}
    if reason is Reason.OUTSIDE:
        x1, y1, x2, y2 = frame.anchors[row].tolist()
        height, width = frame.trace.evidence.image.image_hw
        return {"d": max(-x1, -y1, x2 - width, y2 - height)}
    if reason is Reason.NEGATIVE:
        return {"t": limits.negative_iou}
    if reason is Reason.IGNORED:
        return {}
    number = int(found.best_for[row] if reason is Reason.POSITIVE_BEST else found.matched[row])
    return {
        "cls": frame.object_class(number),
        "g": number + 1,
        "t": limits.positive_iou,
        "a": frame.iou(Ref("anchor", row), Ref("object", number)),
    }


def proposal_role(frame: Frame, row: int) -> Role:
    """The colour of a proposal's fate."""
    fate = ProposalFate(int(frame.trace.proposals.fate[row]))
    return {ProposalFate.KEPT: Role.PROPOSAL, ProposalFate.SUPPRESSED: Role.SUPPRESSED}.get(fate, Role.DROPPED)


def proposal_fate(frame: Frame, row: int) -> Verdict:
    """What the first stage's filters did with an anchor's box."""
    trace = frame.trace
    proposals, limits = trace.proposals, trace.settings.proposals
    fate = ProposalFate(int(proposals.fate[row]))
    objectness = trace.evidence.first.objectness
    role = proposal_role(frame, row)
    label = say(f"fate.proposal.{fate.name.lower()}.label")
    message_id = f"fate.proposal.{fate.name.lower()}"
    values: dict[str, Any] = {"p": float(objectness[row])}
    if fate is ProposalFate.KEPT:
        if bool(np.isin(row, trace.detections.waiting)):
            return say("fate.proposal.waiting.label"), Role.WAITING, say("fate.proposal.waiting")
        values = {"r": int(frame.proposal_places[row]) + 1, "n": len(proposals.kept)}
    elif fate is ProposalFate.SUPPRESSED:
        by = int(proposals.suppressed_by[row])
        place = int(frame.proposal_places[by])
        message_id += "" if place >= 0 else ".anchor"
        values = {
            "j": place + 1 if place >= 0 else by,
            "q": float(objectness[by]),
            "o": frame.iou(Ref("proposal", row), Ref("proposal", by)),
            "t": limits.nms_iou,
        }
    elif fate is ProposalFate.OVER_LIMIT:
        values = {"r": rank_after_nms(frame, row), "n": len(proposals.kept)}
    elif fate is ProposalFate.BELOW_TOP_N:
        values |= {"r": int(proposals.rank[row]) + 1, "n": limits.pre_nms_top_n}
    elif fate is ProposalFate.BELOW_SCORE:
        values["t"] = limits.min_score
    else:
        w, h = sides(frame, Ref("proposal", row))
        values = {"w": w, "h": h, "min": limits.min_side}
    return label, role, Message(message_id, values)


def detection_role(frame: Frame, row: int) -> Role:
    """The colour of a detection row's fate."""
    fate = DetectionFate(int(frame.trace.detections.fate[row]))
    if fate is DetectionFate.KEPT:
        return detection_fate(frame, row)[1] or Role.DETECTION
    roles = {DetectionFate.SUPPRESSED: Role.SUPPRESSED, DetectionFate.WAITING: Role.WAITING}
    return roles.get(fate, Role.DROPPED)


def detection_fate(frame: Frame, row: int) -> Verdict:
    """What the second stage's filters did with a box of one class."""
    found, limits = frame.trace.detections, frame.trace.settings.detections
    fate = DetectionFate(int(found.fate[row]))
    cls, score = frame.class_name(int(found.label[row])), float(found.score[row])
    if fate is DetectionFate.KEPT:
        least = frame.trace.settings.matching.working_score
        if not score > np.float32(least):
            sentence = say("outcome.below_working.sentence", cls=cls, s=score, t=least)
            return say("outcome.below_working"), Role.DETECTION, sentence
        return detection_verdict(frame, row)
    message_id = f"fate.detection.{fate.name.lower()}"
    label, role = say(f"{message_id}.label"), detection_role(frame, row)
    w, h = sides(frame, Ref("detection", row))
    values: dict[str, Any] = {"cls": cls, "s": score, "t": limits.min_score, "w": w, "h": h}
    if fate is DetectionFate.SUPPRESSED:
        by = int(found.suppressed_by[row])
        place = int(frame.detection_places[by])
        message_id += "" if place >= 0 else ".limit"
        values = {
            "j": place + 1,
            "cls": frame.class_name(int(found.label[by])),
            "q": float(found.score[by]),
            "o": frame.iou(Ref("detection", row), Ref("detection", by)),
            "t": limits.nms_iou,
        }
    elif fate is DetectionFate.OVER_LIMIT:
        values = {"r": rank_of_detection(frame, row), "n": limits.max_detections}
    elif fate is DetectionFate.BELOW_TOP_N:
        values["n"] = limits.top_n
    return label, role, Message(message_id, values)
