"""The fate of an anchor, a proposal or a detection row in words: label, and the sentence with its number."""

from __future__ import annotations

from typing import Any

import numpy as np

from detector.assignment import Reason
from detector.explanation_chain import (
    sides,
    suppression,
    suppression_of_proposal,
)
from detector.explanation_outcomes import detection_verdict
from detector.messages import Message, Ref, Verdict, counted, say
from detector.ranks import rank_after_nms, rank_before_nms, rank_of_detection
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
        ties = len(ties_of(reader, int(found.best_for[row])))
        if ties > 1:
            message_id, values["k"] = f"{message_id}.tie", ties
    values |= {"a": values.get("a", float(found.max_iou[row])), "lo": limits.negative_iou, "hi": limits.positive_iou}
    return Verdict(say(f"fate.anchor.{name}.label"), Message(message_id, values))


def ties_of(reader: TraceReader, number: int) -> list[int]:
    """The anchor rows that take part in training and overlap an object more than all others do."""
    found = reader.trace.assignment
    if found is None:
        return []
    overlaps = np.where(found.reason == Reason.OUTSIDE, np.float32(0), reader.anchor_overlaps(number))
    best = overlaps.max(initial=0)
    rows: list[int] = np.flatnonzero((overlaps == best) & (overlaps > 0)).tolist()
    return rows


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
    target = Ref("object", int(found.best_for[row] if reason is Reason.POSITIVE_BEST else found.matched[row]))
    overlap = reader.iou(Ref("anchor", row), target)
    return {"who": reader.name_of(target), "t": limits.positive_iou, "a": overlap}


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
        values = suppression_of_proposal(reader, row)
    elif fate is ProposalFate.OVER_LIMIT:
        values = {"r": rank_after_nms(proposals, row), "n": len(proposals.kept)}
    elif fate is ProposalFate.BELOW_TOP_N:
        values |= {"r": rank_before_nms(proposals, row), "first": counted("count.first", limits.pre_nms_top_n)}
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
    if fate is DetectionFate.WAITING:
        return Verdict(label, say(message_id))
    w, h = sides(reader, Ref("detection", row))
    values: dict[str, Any] = {"cls": cls, "s": score, "t": limits.min_score, "w": w, "h": h, "min": limits.min_side}
    if fate is DetectionFate.SUPPRESSED:
        values = suppression(reader, row)
    elif fate is DetectionFate.OVER_LIMIT:
        values = {"r": rank_of_detection(found, row), "n": limits.max_detections}
    elif fate is DetectionFate.BELOW_TOP_N:
        values |= {"r": rank_of_detection(found, row), "first": counted("count.first", limits.top_n)}
    return Verdict(label, Message(message_id, values))
