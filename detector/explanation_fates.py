"""The fate of an anchor, a proposal or a detection row in words: label, and the sentence with its number."""

from __future__ import annotations

from typing import Any

import numpy as np

from detector.assignment import Reason
from detector.explanation_chain import rank_after_nms, rank_of_detection, sides
from detector.explanation_outcomes import detection_verdict
from detector.messages import Message, Ref, Verdict, say
from detector.trace import DetectionFate, ProposalFate
from detector.trace_reader import TraceReader


def anchor_fate(reader: TraceReader, row: int) -> Verdict:
    """The training label of an anchor, and why."""
    found = reader.trace.assignment
    if found is None:
        return Verdict(say("fate.anchor.unlabelled.label"), say("fate.anchor.unlabelled"))
    reason = Reason(int(found.reason[row]))
    limits = reader.trace.settings.assignment
    name = reason.name.lower()
    message_id, values = f"fate.anchor.{name}", _anchor_values(reader, row, reason)
    if reason is Reason.POSITIVE_BEST:
        number = int(found.best_for[row])
        ties = int(((found.best_for == number) & (found.reason != Reason.OUTSIDE)).sum())
        if ties > 1:
            message_id, values["k"] = f"{message_id}.tie", ties
    values |= {"a": values.get("a", float(found.max_iou[row])), "lo": limits.negative_iou, "hi": limits.positive_iou}
    return Verdict(say(f"fate.anchor.{name}.label"), Message(message_id, values))


def _anchor_values(reader: TraceReader, row: int, reason: Reason) -> dict[str, Any]:
    found, limits = reader.trace.assignment, reader.trace.settings.assignment
    if found is None:
        return {}
    if reason is Reason.OUTSIDE:
        x1, y1, x2, y2 = reader.anchors[row].tolist()
        height, width = reader.trace.evidence.image.image_hw
        return {"d": max(-x1, -y1, x2 - width, y2 - height)}
    if reason is Reason.NEGATIVE:
        return {"t": limits.negative_iou}
    if reason is Reason.IGNORED:
        return {}
    number = int(found.best_for[row] if reason is Reason.POSITIVE_BEST else found.matched[row])
    return {
        "cls": reader.object_class(number),
        "g": number + 1,
        "t": limits.positive_iou,
        "a": reader.iou(Ref("anchor", row), Ref("object", number)),
    }


def proposal_fate(reader: TraceReader, row: int) -> Verdict:
    """What the first stage's filters did with an anchor's box."""
    trace = reader.trace
    proposals, limits = trace.proposals, trace.settings.proposals
    fate = ProposalFate(int(proposals.fate[row]))
    objectness = trace.evidence.first.objectness
    label = say(f"fate.proposal.{fate.name.lower()}.label")
    message_id = f"fate.proposal.{fate.name.lower()}"
    values: dict[str, Any] = {"p": float(objectness[row])}
    if fate is ProposalFate.KEPT:
        if bool(np.isin(row, trace.detections.waiting)):
            return Verdict(say("fate.proposal.waiting.label"), say("fate.proposal.waiting"))
        values = {"r": int(reader.proposal_places[row]) + 1, "n": len(proposals.kept)}
    elif fate is ProposalFate.SUPPRESSED:
        by = int(proposals.suppressed_by[row])
        place = int(reader.proposal_places[by])
        message_id += "" if place >= 0 else ".anchor"
        values = {
            "j": place + 1 if place >= 0 else by,
            "q": float(objectness[by]),
            "o": reader.iou(Ref("proposal", row), Ref("proposal", by)),
            "t": limits.nms_iou,
        }
    elif fate is ProposalFate.OVER_LIMIT:
        values = {"r": rank_after_nms(reader, row), "n": len(proposals.kept)}
    elif fate is ProposalFate.BELOW_TOP_N:
        values |= {"r": int(proposals.rank[row]) + 1, "n": limits.pre_nms_top_n}
    elif fate is ProposalFate.BELOW_SCORE:
        values["t"] = limits.min_score
    else:
        w, h = sides(reader, Ref("proposal", row))
        values = {"w": w, "h": h, "min": limits.min_side}
    return Verdict(label, Message(message_id, values))


def detection_fate(reader: TraceReader, row: int) -> Verdict:
    """What the second stage's filters did with a box of one class."""
    found, limits = reader.trace.detections, reader.trace.settings.detections
    fate = DetectionFate(int(found.fate[row]))
    cls, score = reader.class_name(int(found.label[row])), float(found.score[row])
    if fate is DetectionFate.KEPT:
        least = reader.trace.settings.matching.working_score
        if not score > np.float32(least):
            sentence = say("outcome.below_working.sentence", cls=cls, s=score, t=least)
            return Verdict(say("outcome.below_working"), sentence)
        return detection_verdict(reader, row)
    message_id = f"fate.detection.{fate.name.lower()}"
    label = say(f"{message_id}.label")
    w, h = sides(reader, Ref("detection", row))
    values: dict[str, Any] = {"cls": cls, "s": score, "t": limits.min_score, "w": w, "h": h}
    if fate is DetectionFate.SUPPRESSED:
        by = int(found.suppressed_by[row])
        place = int(reader.detection_places[by])
        message_id += "" if place >= 0 else ".limit"
        values = {
            "j": place + 1,
            "cls": reader.class_name(int(found.label[by])),
            "q": float(found.score[by]),
            "o": reader.iou(Ref("detection", row), Ref("detection", by)),
            "t": limits.nms_iou,
        }
    elif fate is DetectionFate.OVER_LIMIT:
        values = {"r": rank_of_detection(reader, row), "n": limits.max_detections}
    elif fate is DetectionFate.BELOW_TOP_N:
        values["n"] = limits.top_n
    return Verdict(label, Message(message_id, values))
