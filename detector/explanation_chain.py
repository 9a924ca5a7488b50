"""How far a box came: anchor -> RPN -> proposal NMS -> box head -> detection NMS, one line a station.

A chain is an anchor with the detection row that came of it, if any. Objects, anchors, proposals and detections all tell
their story by one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from detector.boxes import iou
from detector.messages import Fact, Message, Ref, say
from detector.trace import DetectionFate, ProposalFate
from detector.trace_reader import TraceReader


class Chain(NamedTuple):
    """Whose story is told.

    Attributes:
        anchor: the anchor row.
        detection: the detection row made of it that the story is about; -1 where it did not get that far.
        object: the object it is measured against, -1 for none.
    """

    anchor: int
    detection: int
    object: int


def chain_of(reader: TraceReader, ref: Ref) -> Chain:
    """The story of a thing."""
    judgement = reader.trace.judgement
    if ref.kind == "object":
        return _chain_of_object(reader, ref.row)
    if ref.kind == "detection":
        about = -1 if judgement is None else int(judgement.matched[ref.row])
        return Chain(int(reader.trace.detections.anchor[ref.row]), ref.row, about)
    return Chain(ref.row, _best_detection(reader, ref.row), -1)


def _chain_of_object(reader: TraceReader, number: int) -> Chain:
    judgement = reader.trace.judgement
    detail = {} if judgement is None else judgement.objects[number].detail
    if "anchor" in detail:
        anchor = int(detail["anchor"])
        row = int(detail["detection"]) if "detection" in detail else _best_detection(reader, anchor)
        return Chain(anchor, row, number)
    # not counted or not known yet: the anchor whose own box comes nearest
    overlap = iou(reader.trace.evidence.first.boxes, reader.network_box(Ref("object", number))[None])[:, 0]
    anchor = int(overlap.argmax())
    return Chain(anchor, _best_detection(reader, anchor), number)


def _best_detection(reader: TraceReader, anchor: int) -> int:
    """The row of a kept proposal's best class; -1 where it did not reach the box head."""
    found = reader.trace.detections
    rows = np.flatnonzero(found.anchor == anchor)
    if len(rows) == 0:
        return -1
    kept = rows[found.fate[rows] == DetectionFate.KEPT]
    among = kept if len(kept) else rows
    return int(among[np.argmax(np.nan_to_num(found.score[among], nan=-1.0))])


def chain_facts(reader: TraceReader, chain: Chain) -> tuple[Fact, ...]:
    """One line a station, until the box went no further."""
    facts = [*_anchor_facts(reader, chain), _rpn_fact(reader, chain)]
    if facts[-1].mark is False:
        return tuple(facts)
    proposal, through = _proposal_fact(reader, chain)
    facts.append(proposal)
    if through and chain.detection >= 0:
        facts.append(_head_fact(reader, chain))
        if facts[-1].mark:
            facts.append(_detection_fact(reader, chain))
    return tuple(facts)


def _target(chain: Chain) -> Ref | None:
    return Ref("object", chain.object) if chain.object >= 0 else None


def _anchor_facts(reader: TraceReader, chain: Chain) -> tuple[Fact, ...]:
    """The anchor of the chain; of an object's story the one that overlaps it most, then its own."""
    ref, target = Ref("anchor", chain.anchor), _target(chain)
    if target is None:
        return (
            Fact(say("fact.anchor"), say("fact.anchor.place", **_anchor_values(reader, chain.anchor)), None, (ref,)),
        )
    best = Ref("anchor", best_anchor(reader, chain.object))
    overlap, own = reader.iou(best, target), reader.iou(ref, target)
    if own >= overlap:  # one of several that are equally good
        best = ref
    values = _anchor_values(reader, best.row)
    value, assignment = say("fact.anchor.value", a=overlap, **values), reader.trace.assignment
    if assignment is not None:
        positives = int(((assignment.label == 1) & (assignment.matched == chain.object)).sum())
        message_id = "fact.anchor.positive" if positives == 1 else "fact.anchor.positives"
        value = say(message_id, a=overlap, p=positives, **values)
    mark = overlap >= reader.trace.settings.matching.iou or None
    if best == ref:
        return (Fact(say("fact.anchor"), value, mark, (ref,)),)
    source = say("fact.anchor.value", a=own, **_anchor_values(reader, chain.anchor))
    return Fact(say("fact.anchor.best"), value, mark, (best,)), Fact(say("fact.anchor.source"), source, None, (ref,))


def best_anchor(reader: TraceReader, number: int) -> int:
    """The anchor row that overlaps an object most."""
    first, boxes = reader.trace.evidence.first, reader.trace.gt_boxes

    def find() -> int:
        return int(iou(first.grid.boxes, boxes[number][None])[:, 0].argmax())

    return reader.memo.get(("best anchor", number), (first, boxes), find)


def _anchor_values(reader: TraceReader, row: int) -> dict[str, Any]:
    place = reader.trace.evidence.first.grid.place(row)
    return {
        "k": row,
        "size": place.size,
        "ratio": ratio(place.ratio),
        "x": place.cell_x,
        "y": place.cell_y,
    }


def ratio(value: float) -> Message:
    """Height / width of an anchor."""
    return say("ratio", r=round(value, 2))


def _rpn_fact(reader: TraceReader, chain: Chain) -> Fact:
    trace, target = reader.trace, _target(chain)
    values = {
        "p": float(trace.evidence.first.objectness[chain.anchor]),
        "r": int(trace.proposals.rank[chain.anchor]) + 1,
        "n": len(trace.proposals.rank),
    }
    ref = Ref("proposal", chain.anchor)
    if target is None:
        return Fact(say("fact.rpn"), say("fact.rpn.value", **values), True, (ref,))
    overlap = reader.iou(ref, target)
    mark: bool | None = True
    if overlap < trace.settings.matching.iou:
        # too far off, but not the end: the box head may still bring a kept one nearer
        mark = None if trace.proposals.fate[chain.anchor] == ProposalFate.KEPT else False
    return Fact(say("fact.rpn"), say("fact.rpn.decoded", a=overlap, **values), mark, (ref,))


def _proposal_fact(reader: TraceReader, chain: Chain) -> tuple[Fact, bool]:
    """The line of the first stage's filters, and whether the box went on to the head."""
    fate = ProposalFate(int(reader.trace.proposals.fate[chain.anchor]))
    through = fate is ProposalFate.KEPT
    value, refs = proposal_station(reader, chain.anchor, _target(chain))
    return Fact(say("fact.proposal_nms"), value, through, refs), through


def proposal_station(reader: TraceReader, anchor: int, target: Ref | None) -> tuple[Message, tuple[Ref, ...]]:
    """What the first stage's filters did with an anchor's box, with the number that decided."""
    trace = reader.trace
    limits, proposals = trace.settings.proposals, trace.proposals
    fate = ProposalFate(int(proposals.fate[anchor]))
    objectness = trace.evidence.first.objectness
    me = Ref("proposal", anchor)
    if fate is ProposalFate.KEPT:
        values = {
            "r": int(reader.proposal_places[anchor]) + 1,
            "n": len(proposals.kept),
            "others": _others(int((proposals.suppressed_by == anchor).sum())),
        }
        if target is None:
            return say("fact.proposal_nms.kept", **values), (me,)
        return say("fact.proposal_nms.kept_iou", a=reader.iou(me, target), **values), (me,)
    if fate is ProposalFate.SUPPRESSED:
        by = Ref("proposal", int(proposals.suppressed_by[anchor]))
        place = int(reader.proposal_places[by.row])
        message_id = "fact.proposal_nms.suppressed" if place >= 0 else "fact.proposal_nms.suppressed_anchor"
        j = place + 1 if place >= 0 else by.row
        q = float(objectness[by.row])
        return say(message_id, o=reader.iou(me, by), j=j, q=q, t=limits.nms_iou), (by,)
    if fate is ProposalFate.OVER_LIMIT:
        return say("fact.proposal_nms.over_limit", r=rank_after_nms(reader, anchor), n=len(proposals.kept)), (me,)
    if fate is ProposalFate.BELOW_TOP_N:
        return say("fact.proposal_nms.below_top_n", r=int(proposals.rank[anchor]) + 1, n=limits.pre_nms_top_n), (me,)
    if fate is ProposalFate.BELOW_SCORE:
        return say("fact.proposal_nms.below_score", p=float(objectness[anchor]), t=limits.min_score), (me,)
    w, h = sides(reader, me)
    return say("fact.proposal_nms.too_small", w=w, h=h, min=limits.min_side), (me,)


def _others(count: int) -> Message:
    return say("others.one") if count == 1 else say("others", k=count)


def rank_after_nms(reader: TraceReader, anchor: int) -> int:
    """1-based place by objectness among the boxes that NMS left."""
    proposals = reader.trace.proposals
    alive = np.isin(proposals.fate, (ProposalFate.KEPT, ProposalFate.OVER_LIMIT))
    return int((alive & (proposals.rank < proposals.rank[anchor])).sum()) + 1


def rank_of_detection(reader: TraceReader, row: int) -> int:
    """1-based place by score among the boxes that detection NMS left."""
    found = reader.trace.detections
    alive = np.isin(found.fate, (DetectionFate.KEPT, DetectionFate.OVER_LIMIT))
    better = (found.score > found.score[row]) | ((found.score == found.score[row]) & (np.arange(len(alive)) < row))
    return int((alive & better).sum()) + 1


def sides(reader: TraceReader, ref: Ref) -> tuple[float, float]:
    """Width and height of a thing in image pixels."""
    box = reader.box(ref)
    return float(box[2] - box[0]), float(box[3] - box[1])


def _head_fact(reader: TraceReader, chain: Chain) -> Fact:
    found, row = reader.trace.detections, chain.detection
    me, target = Ref("detection", row), _target(chain)
    if found.fate[row] == DetectionFate.WAITING:
        return Fact(say("fact.head"), say("fact.head.waiting"), None, (me,))
    head = reader.trace.evidence.head
    background = float(head.scores[int(head.find(found.anchor[row : row + 1])[0]), 0])
    limits = reader.trace.settings
    # an object is found only by what is judged, so there the higher of the two limits decides
    least = limits.detections.min_score
    limit = say("limit.minimum", t=least)
    if target is not None and limits.matching.working_score > least:
        limit = say("limit.working", t=limits.matching.working_score)
    score = float(found.score[row])
    values = {"cls": reader.class_name(int(found.label[row])), "s": score, "limit": limit, "b": background}
    passed = found.fate[row] != DetectionFate.LOW_SCORE
    if target is None:
        return Fact(say("fact.head"), say("fact.head.value", **values), passed, (me,))
    overlap = reader.iou(me, target)
    good = passed and overlap >= limits.matching.iou and score > np.float32(limits.matching.working_score)
    return Fact(say("fact.head"), say("fact.head.iou", a=overlap, **values), bool(good), (me,))


def _detection_fact(reader: TraceReader, chain: Chain) -> Fact:
    kept = bool(reader.trace.detections.fate[chain.detection] == DetectionFate.KEPT)
    value, refs = detection_station(reader, chain.detection)
    return Fact(say("fact.detection_nms"), value, kept, refs)


def detection_station(reader: TraceReader, row: int) -> tuple[Message, tuple[Ref, ...]]:
    """What the second stage's filters after the score did with a box, with the number that decided."""
    found, limits = reader.trace.detections, reader.trace.settings.detections
    fate = DetectionFate(int(found.fate[row]))
    me = Ref("detection", row)
    if fate is DetectionFate.KEPT:
        others = _others(int((found.suppressed_by == row).sum()))
        return say("fact.detection_nms.kept", k=int(reader.detection_places[row]) + 1, others=others), (me,)
    if fate is DetectionFate.SUPPRESSED:
        by = Ref("detection", int(found.suppressed_by[row]))
        place = int(reader.detection_places[by.row])
        values = {
            "o": reader.iou(me, by),
            "cls": reader.class_name(int(found.label[by.row])),
            "q": float(found.score[by.row]),
            "t": limits.nms_iou,
        }
        if place < 0:
            return say("fact.detection_nms.suppressed_limit", **values), (by,)
        return say("fact.detection_nms.suppressed", j=place + 1, **values), (by,)
    if fate is DetectionFate.OVER_LIMIT:
        return say("fact.detection_nms.over_limit", r=rank_of_detection(reader, row), n=limits.max_detections), (me,)
    if fate is DetectionFate.BELOW_TOP_N:
        return say("fact.detection_nms.below_top_n", n=limits.top_n), (me,)
    w, h = sides(reader, me)
    return say("fact.detection_nms.too_small", w=w, h=h, min=limits.min_side), (me,)
