"""How far a box came: anchor -> RPN -> proposal NMS -> box head -> detection NMS, one line a station.

A chain is an anchor with the detection row that came of it, if any. Objects, anchors, proposals and detections all tell
their story by one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from app.scene import Fact, Message, Ref
from app.scene_frame import Frame, ratio_text
from app.sentences import say
from detector.boxes import iou
from detector.trace import DetectionFate, ProposalFate


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


def chain_of(frame: Frame, ref: Ref) -> Chain:
    """The story of a thing."""
    judgement = frame.trace.judgement
    if ref.kind == "object":
        return _chain_of_object(frame, ref.row)
    if ref.kind == "detection":
        about = -1 if judgement is None else int(judgement.matched[ref.row])
        return Chain(int(frame.trace.detections.anchor[ref.row]), ref.row, about)
    return Chain(ref.row, _best_detection(frame, ref.row), -1)


def _chain_of_object(frame: Frame, number: int) -> Chain:
    judgement = frame.trace.judgement
    detail = {} if judgement is None else judgement.objects[number].detail
    if "anchor" in detail:
        anchor = int(detail["anchor"])
        row = int(detail["detection"]) if "detection" in detail else _best_detection(frame, anchor)
        return Chain(anchor, row, number)
    # not counted or not known yet: the anchor whose own box comes nearest
    overlap = iou(frame.trace.evidence.first.boxes, frame.network_box(Ref("object", number))[None])[:, 0]
    anchor = int(overlap.argmax())
    return Chain(anchor, _best_detection(frame, anchor), number)


def _best_detection(frame: Frame, anchor: int) -> int:
    """The row of a kept proposal's best class; -1 where it did not reach the box head."""
    found = frame.trace.detections
    rows = np.flatnonzero(found.anchor == anchor)
    if len(rows) == 0:
        return -1
    kept = rows[found.fate[rows] == DetectionFate.KEPT]
    among = kept if len(kept) else rows
    return int(among[np.argmax(np.nan_to_num(found.score[among], nan=-1.0))])


def chain_facts(frame: Frame, chain: Chain) -> tuple[Fact, ...]:
    """One line a station, until the box went no further."""
    facts = [*_anchor_facts(frame, chain), _rpn_fact(frame, chain)]
    if facts[-1].mark is False:
        return tuple(facts)
    proposal, through = _proposal_fact(frame, chain)
    facts.append(proposal)
    if through and chain.detection >= 0:
        facts.append(_head_fact(frame, chain))
        if facts[-1].mark:
            facts.append(_detection_fact(frame, chain))
    return tuple(facts)


def _target(chain: Chain) -> Ref | None:
    return Ref("object", chain.object) if chain.object >= 0 else None


def _anchor_facts(frame: Frame, chain: Chain) -> tuple[Fact, ...]:
    """The anchor of the chain; of an object's story the one that overlaps it most, then its own."""
    ref, target = Ref("anchor", chain.anchor), _target(chain)
    if target is None:
        return (
            Fact(say("fact.anchor"), say("fact.anchor.place", **_anchor_values(frame, chain.anchor)), None, (ref,)),
        )
    best = Ref("anchor", best_anchor(frame, chain.object))
    overlap, own = frame.iou(best, target), frame.iou(ref, target)
    if own >= overlap:  # one of several that are equally good
        best = ref
    values = _anchor_values(frame, best.row)
    value, assignment = say("fact.anchor.value", a=overlap, **values), frame.trace.assignment
    if assignment is not None:
        positives = int(((assignment.label == 1) & (assignment.matched == chain.object)).sum())
        message_id = "fact.anchor.positive" if positives == 1 else "fact.anchor.positives"
        value = say(message_id, a=overlap, p=positives, **values)
    mark = overlap >= frame.trace.settings.matching.iou or None
    if best == ref:
        return (Fact(say("fact.anchor"), value, mark, (ref,)),)
    source = say("fact.anchor.value", a=own, **_anchor_values(frame, chain.anchor))
    return Fact(say("fact.anchor.best"), value, mark, (best,)), Fact(say("fact.anchor.source"), source, None, (ref,))


def best_anchor(frame: Frame, number: int) -> int:
    """The anchor row that overlaps an object most."""
    first, boxes = frame.trace.evidence.first, frame.trace.gt_boxes

    def find() -> int:
        return int(iou(first.grid.boxes, boxes[number][None])[:, 0].argmax())

    return frame.memo.get(("best anchor", number), (first, boxes), find)


def _anchor_values(frame: Frame, row: int) -> dict[str, Any]:
    place = frame.trace.evidence.first.grid.place(row)
    return {
        "k": row,
        "size": place.size,
        "ratio": ratio_text(place.ratio),
        "x": place.cell_x,
        "y": place.cell_y,
    }


def _rpn_fact(frame: Frame, chain: Chain) -> Fact:
    trace, target = frame.trace, _target(chain)
    values = {
        "p": float(trace.evidence.first.objectness[chain.anchor]),
        "r": int(trace.proposals.rank[chain.anchor]) + 1,
        "n": len(trace.proposals.rank),
    }
    ref = Ref("proposal", chain.anchor)
    if target is None:
        return Fact(say("fact.rpn"), say("fact.rpn.value", **values), True, (ref,))
    overlap = frame.iou(ref, target)
    mark: bool | None = True
    if overlap < trace.settings.matching.iou:
        # too far off, but not the end: the box head may still bring a kept one nearer
        mark = None if trace.proposals.fate[chain.anchor] == ProposalFate.KEPT else False
    return Fact(say("fact.rpn"), say("fact.rpn.decoded", a=overlap, **values), mark, (ref,))


def _proposal_fact(frame: Frame, chain: Chain) -> tuple[Fact, bool]:
    """The line of the first stage's filters, and whether the box went on to the head."""
    fate = ProposalFate(int(frame.trace.proposals.fate[chain.anchor]))
    through = fate is ProposalFate.KEPT
    value, refs = proposal_station(frame, chain.anchor, _target(chain))
    return Fact(say("fact.proposal_nms"), value, through, refs), through


def proposal_station(frame: Frame, anchor: int, target: Ref | None) -> tuple[Message, tuple[Ref, ...]]:
    """What the first stage's filters did with an anchor's box, with the number that decided."""
    trace = frame.trace
    limits, proposals = trace.settings.proposals, trace.proposals
    fate = ProposalFate(int(proposals.fate[anchor]))
    objectness = trace.evidence.first.objectness
    me = Ref("proposal", anchor)
    if fate is ProposalFate.KEPT:
        values = {
            "r": int(frame.proposal_places[anchor]) + 1,
            "n": len(proposals.kept),
            "others": _others(int((proposals.suppressed_by == anchor).sum())),
        }
        if target is None:
            return say("fact.proposal_nms.kept", **values), (me,)
        return say("fact.proposal_nms.kept_iou", a=frame.iou(me, target), **values), (me,)
    if fate is ProposalFate.SUPPRESSED:
        by = Ref("proposal", int(proposals.suppressed_by[anchor]))
        place = int(frame.proposal_places[by.row])
        message_id = "fact.proposal_nms.suppressed" if place >= 0 else "fact.proposal_nms.suppressed_anchor"
        j = place + 1 if place >= 0 else by.row
        q = float(objectness[by.row])
        return say(message_id, o=frame.iou(me, by), j=j, q=q, t=limits.nms_iou), (by,)
    if fate is ProposalFate.OVER_LIMIT:
        return say("fact.proposal_nms.over_limit", r=rank_after_nms(frame, anchor), n=len(proposals.kept)), (me,)
    if fate is ProposalFate.BELOW_TOP_N:
        return say("fact.proposal_nms.below_top_n", r=int(proposals.rank[anchor]) + 1, n=limits.pre_nms_top_n), (me,)
    if fate is ProposalFate.BELOW_SCORE:
        return say("fact.proposal_nms.below_score", p=float(objectness[anchor]), t=limits.min_score), (me,)
    w, h = sides(frame, me)
    return say("fact.proposal_nms.too_small", w=w, h=h, min=limits.min_side), (me,)


def _others(count: int) -> Message:
    return say("others.one") if count == 1 else say("others", k=count)


def rank_after_nms(frame: Frame, anchor: int) -> int:
    """1-based place by objectness among the boxes that NMS left."""
    proposals = frame.trace.proposals
    alive = np.isin(proposals.fate, (ProposalFate.KEPT, ProposalFate.OVER_LIMIT))
    return int((alive & (proposals.rank < proposals.rank[anchor])).sum()) + 1


def rank_of_detection(frame: Frame, row: int) -> int:
    """1-based place by score among the boxes that detection NMS left."""
    found = frame.trace.detections
    alive = np.isin(found.fate, (DetectionFate.KEPT, DetectionFate.OVER_LIMIT))
    better = (found.score > found.score[row]) | ((found.score == found.score[row]) & (np.arange(len(alive)) < row))
    return int((alive & better).sum()) + 1


def sides(frame: Frame, ref: Ref) -> tuple[float, float]:
    """Width and height of a thing in image pixels."""
    box = frame.box(ref)
    return float(box[2] - box[0]), float(box[3] - box[1])


def _head_fact(frame: Frame, chain: Chain) -> Fact:
    found, row = frame.trace.detections, chain.detection
    me, target = Ref("detection", row), _target(chain)
    if found.fate[row] == DetectionFate.WAITING:
        return Fact(say("fact.head"), say("fact.head.waiting"), None, (me,))
    head = frame.trace.evidence.head
    background = float(head.scores[int(head.find(found.anchor[row : row + 1])[0]), 0])
    limits = frame.trace.settings
    # an object is found only by what is judged, so there the higher of the two limits decides
    least = limits.detections.min_score
    limit = say("limit.minimum", t=least)
    if target is not None and limits.matching.working_score > least:
        limit = say("limit.working", t=limits.matching.working_score)
    score = float(found.score[row])
    values = {"cls": frame.class_name(int(found.label[row])), "s": score, "limit": limit, "b": background}
    passed = found.fate[row] != DetectionFate.LOW_SCORE
    if target is None:
        return Fact(say("fact.head"), say("fact.head.value", **values), passed, (me,))
    overlap = frame.iou(me, target)
    good = passed and overlap >= limits.matching.iou and score > np.float32(limits.matching.working_score)
    return Fact(say("fact.head"), say("fact.head.iou", a=overlap, **values), bool(good), (me,))


def _detection_fact(frame: Frame, chain: Chain) -> Fact:
    kept = bool(frame.trace.detections.fate[chain.detection] == DetectionFate.KEPT)
    value, refs = detection_station(frame, chain.detection)
    return Fact(say("fact.detection_nms"), value, kept, refs)


def detection_station(frame: Frame, row: int) -> tuple[Message, tuple[Ref, ...]]:
    """What the second stage's filters after the score did with a box, with the number that decided."""
    found, limits = frame.trace.detections, frame.trace.settings.detections
    fate = DetectionFate(int(found.fate[row]))
    me = Ref("detection", row)
    if fate is DetectionFate.KEPT:
        others = _others(int((found.suppressed_by == row).sum()))
        return say("fact.detection_nms.kept", k=int(frame.detection_places[row]) + 1, others=others), (me,)
    if fate is DetectionFate.SUPPRESSED:
        by = Ref("detection", int(found.suppressed_by[row]))
        place = int(frame.detection_places[by.row])
        values = {
            "o": frame.iou(me, by),
            "cls": frame.class_name(int(found.label[by.row])),
            "q": float(found.score[by.row]),
            "t": limits.nms_iou,
        }
        if place < 0:
            return say("fact.detection_nms.suppressed_limit", **values), (by,)
        return say("fact.detection_nms.suppressed", j=place + 1, **values), (by,)
    if fate is DetectionFate.OVER_LIMIT:
        return say("fact.detection_nms.over_limit", r=rank_of_detection(frame, row), n=limits.max_detections), (me,)
    if fate is DetectionFate.BELOW_TOP_N:
        return say("fact.detection_nms.below_top_n", n=limits.top_n), (me,)
    w, h = sides(frame, me)
    return say("fact.detection_nms.too_small", w=w, h=h, min=limits.min_side), (me,)
