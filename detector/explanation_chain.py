"""How far a box came: anchor -> RPN -> proposal NMS -> box head -> detection NMS, one line a station.

A chain is an anchor with the detection row that came of it, if any. Objects, anchors, proposals and detections all tell
their story by one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from detector.boxes import has_area, iou
from detector.messages import Fact, Message, Ref, counted, naming, say
from detector.ranks import rank_after_nms, rank_before_nms, rank_of_detection
from detector.trace import FALSE_POSITIVES, DetectionFate, DetectionOutcome, ProposalFate
from detector.trace_reader import TraceReader


class Chain(NamedTuple):
    """Whose story is told.

    Attributes:
        anchor: the anchor row; -1 where no box ever touches the object.
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
        row = int(detail["detection"]) if "detection" in detail else _own_detection(reader, anchor, number)
        return Chain(anchor, row, number)
    # not counted, or no anchor touches it: the anchor whose own box comes nearest
    overlap = iou(reader.trace.evidence.first.boxes, reader.network_box(Ref("object", number))[None])[:, 0]
    anchor = int(overlap.argmax()) if overlap.max(initial=0) > 0 else best_anchor(reader, number)
    if anchor < 0:
        return Chain(-1, -1, number)
    return Chain(anchor, _own_detection(reader, anchor, number), number)


def why_untouched(reader: TraceReader, number: int) -> str | None:
    """Why no anchor touches an object: it has no area, lies outside, there are none, or just none; else None."""
    truth, trace = reader.trace.ground_truth, reader.trace
    if truth is not None and not truth.has_area[number]:
        return "no_area"
    if not has_area(trace.gt_boxes[number : number + 1])[0]:
        return "outside"
    if len(trace.evidence.first.grid) == 0:
        return "no_anchors"
    return "untouched" if best_anchor(reader, number) < 0 else None


def _own_detection(reader: TraceReader, anchor: int, number: int) -> int:
    """The row of a kept proposal for an object's class: another's box does not tell how far the object came.

    -1 where it did not reach the box head; the best class where the model does not know the object's.
    """
    found = reader.trace.detections
    label = reader.trace.evidence.model.class_number(reader.object_class(number))
    rows = np.flatnonzero((found.anchor == anchor) & (found.label == label))
    return int(rows[0]) if len(rows) else _best_detection(reader, anchor)


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
    if chain.anchor < 0:
        return (Fact(say("fact.anchor"), say(f"fact.anchor.{why_untouched(reader, chain.object)}"), False),)
    return (*_anchor_facts(reader, chain), *stations_after_anchor(reader, chain))


def stations_after_anchor(reader: TraceReader, chain: Chain) -> tuple[Fact, ...]:
    """The same without the anchor itself."""
    facts = [_rpn_fact(reader, chain)]
    if facts[-1].mark is False:
        return tuple(facts)
    proposal, through = _proposal_fact(reader, chain)
    facts.append(proposal)
    if through and chain.detection >= 0:
        facts.append(_head_fact(reader, chain))
        # Under the working score a box goes on all the same, and may be dropped by what follows as well.
        if facts[-1].mark or dropped_after_score(reader, chain.detection):
            facts.append(_detection_fact(reader, chain))
    return tuple(facts)


def dropped_after_score(reader: TraceReader, row: int) -> bool:
    """Whether a box passed the minimum score and was then dropped by top-n, size, NMS or the limit."""
    goes_no_further = (DetectionFate.KEPT, DetectionFate.LOW_SCORE, DetectionFate.WAITING)
    return DetectionFate(int(reader.trace.detections.fate[row])) not in goes_no_further


def _target(chain: Chain) -> Ref | None:
    return Ref("object", chain.object) if chain.object >= 0 else None


def _anchor_facts(reader: TraceReader, chain: Chain) -> tuple[Fact, ...]:
    """The anchor of the chain; of an object's story the one that overlaps it most, then its own."""
    ref, target = Ref("anchor", chain.anchor), _target(chain)
    if target is None:
        return (Fact(say("fact.anchor"), say("fact.anchor.place", **_anchor_values(reader, chain.anchor))),)
    own = reader.iou(ref, target)
    best = Ref("anchor", best_anchor(reader, chain.object))
    if best.row < 0 or own >= reader.iou(best, target):  # one of several that are equally good
        best = ref
    overlap = reader.iou(best, target)
    values = _anchor_values(reader, best.row)
    value, assignment = say("fact.anchor.value", a=overlap, **values), reader.trace.assignment
    if assignment is not None:
        positives = int(((assignment.label == 1) & (assignment.matched == chain.object)).sum())
        values["positives"] = counted("count.positive_anchors", positives)
        towards = int(assignment.matched[best.row])
        if assignment.label[best.row] == 1 and towards != chain.object:
            other = reader.name_of(Ref("object", towards))
            value = say("fact.anchor.positives.other", a=overlap, other=other, **values)
        else:
            value = say("fact.anchor.positives", a=overlap, **values)
    mark = _covers(reader, overlap) or None
    if best == ref:
        return (Fact(say("fact.anchor"), value, mark),)
    source = say("fact.anchor.value", a=own, **_anchor_values(reader, chain.anchor))
    return Fact(say("fact.anchor.best"), value, mark), Fact(say("fact.anchor.source"), source)


def _covers(reader: TraceReader, overlap: float) -> bool:
    """Whether an IoU reaches the match IoU; compared as it was when the object was judged, in float32."""
    return bool(np.float32(overlap) >= np.float32(reader.trace.settings.matching.iou))


def best_anchor(reader: TraceReader, number: int) -> int:
    """The anchor row that overlaps an object most; -1 where none touches it."""
    overlaps = reader.anchor_overlaps(number)
    return int(overlaps.argmax()) if overlaps.max(initial=0) > 0 else -1


def _anchor_values(reader: TraceReader, row: int) -> dict[str, Any]:
    place = reader.trace.evidence.first.grid.place(row)
    shape = say("anchor.shape", size=place.size, ratio=ratio(place.ratio))
    return {"me": reader.name_of(Ref("anchor", row)), "shape": shape, "x": place.cell_x, "y": place.cell_y}


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
    plain = Fact(say("fact.rpn"), say("fact.rpn.value", **values), True)
    if target is None:
        return plain
    ref = Ref("proposal", chain.anchor)
    overlap, is_kept = reader.iou(ref, target), trace.proposals.fate[chain.anchor] == ProposalFate.KEPT
    covers = _covers(reader, overlap)
    if covers and is_kept:  # the next line tells how well it fits
        return plain
    mark: bool | None = True
    if not covers:
        # too far off, but not the end: the box head may still bring a kept one nearer
        mark = None if is_kept else False
    decoded = naming(ref, "box.decoded")
    return Fact(say("fact.rpn"), say("fact.rpn.decoded", a=overlap, box=decoded, **values), mark)


def _proposal_fact(reader: TraceReader, chain: Chain) -> tuple[Fact, bool]:
    """The line of the first stage's filters, and whether the box went on to the head."""
    fate = ProposalFate(int(reader.trace.proposals.fate[chain.anchor]))
    through = fate is ProposalFate.KEPT
    return Fact(say("fact.proposal_nms"), proposal_station(reader, chain.anchor, _target(chain)), through), through


def proposal_station(reader: TraceReader, anchor: int, target: Ref | None) -> Message:
    """What the first stage's filters did with an anchor's box, with the number that decided."""
    trace = reader.trace
    limits, proposals = trace.settings.proposals, trace.proposals
    fate = ProposalFate(int(proposals.fate[anchor]))
    objectness = trace.evidence.first.objectness
    me = Ref("proposal", anchor)
    if fate is ProposalFate.KEPT:
        others = _others(int((proposals.suppressed_by == anchor).sum()))
        values = {"me": reader.name_of(me), "others": others}
        if target is None:
            return say("fact.proposal_nms.kept", **values)
        return say("fact.proposal_nms.kept_iou", a=reader.iou(me, target), **values)
    if fate is ProposalFate.SUPPRESSED:
        return say("fact.proposal_nms.suppressed", **suppression_of_proposal(reader, anchor))
    if fate is ProposalFate.OVER_LIMIT:
        return say("fact.proposal_nms.over_limit", r=rank_after_nms(proposals, anchor), n=len(proposals.kept))
    if fate is ProposalFate.BELOW_TOP_N:
        return say(
            "fact.proposal_nms.below_top_n",
            r=rank_before_nms(proposals, anchor),
            first=counted("count.first", limits.pre_nms_top_n),
        )
    if fate is ProposalFate.BELOW_SCORE:
        return say("fact.proposal_nms.below_score", p=float(objectness[anchor]), t=limits.min_score)
    w, h = sides(reader, me)
    return say("fact.proposal_nms.too_small", w=w, h=h, min=limits.min_side)


def _others(number: int) -> Message:
    return counted("count.others", number) if number else say("count.others.none")


def sides(reader: TraceReader, ref: Ref) -> tuple[float, float]:
    """Width and height of a thing in image pixels."""
    box = reader.box(ref)
    return float(box[2] - box[0]), float(box[3] - box[1])


def _head_fact(reader: TraceReader, chain: Chain) -> Fact:
    found, row = reader.trace.detections, chain.detection
    me, target = Ref("detection", row), _target(chain)
    if found.fate[row] == DetectionFate.WAITING:
        return Fact(say("fact.head"), say("fact.head.waiting"), None)
    head = reader.trace.evidence.head
    background = float(head.scores[int(head.find(found.anchor[row : row + 1])[0]), 0])
    limits = reader.trace.settings
    # an object is found only by what is judged, so there the higher of the two limits decides
    least = limits.detections.min_score
    limit = say("limit.minimum", t=least)
    judgement = reader.trace.judgement
    is_judged = judgement is not None and judgement.detections[row] in (
        DetectionOutcome.TRUE_POSITIVE,
        *FALSE_POSITIVES,
    )
    if (target is not None or is_judged) and limits.matching.working_score > least:
        limit = say("limit.working", t=limits.matching.working_score)
    score = float(found.score[row])
    values = {"cls": class_of(reader, row), "s": score, "limit": limit, "b": background}
    passed = bool(found.fate[row] != DetectionFate.LOW_SCORE)
    if target is None:
        return Fact(say("fact.head"), say("fact.head.value", **values), passed)
    overlap = reader.iou(me, target)
    good = passed and _covers(reader, overlap) and score > np.float32(limits.matching.working_score)
    return Fact(say("fact.head"), say("fact.head.iou", a=overlap, **values), bool(good))


def class_of(reader: TraceReader, row: int) -> Message:
    """The class of a detection row; it leads to that row."""
    return naming(Ref("detection", row), "text", text=reader.class_name(int(reader.trace.detections.label[row])))


def _detection_fact(reader: TraceReader, chain: Chain) -> Fact:
    kept = bool(reader.trace.detections.fate[chain.detection] == DetectionFate.KEPT)
    return Fact(say("fact.detection_nms"), detection_station(reader, chain.detection), kept)


def detection_station(reader: TraceReader, row: int) -> Message:
    """What the second stage's filters after the score did with a box, with the number that decided."""
    found, limits = reader.trace.detections, reader.trace.settings.detections
    fate = DetectionFate(int(found.fate[row]))
    me = Ref("detection", row)
    if fate is DetectionFate.KEPT:
        others = _others(int((found.suppressed_by == row).sum()))
        return say("fact.detection_nms.kept", me=reader.name_of(me), others=others)
    if fate is DetectionFate.SUPPRESSED:
        return say("fact.detection_nms.suppressed", **suppression(reader, row))
    if fate is DetectionFate.OVER_LIMIT:
        return say("fact.detection_nms.over_limit", r=rank_of_detection(found, row), n=limits.max_detections)
    if fate is DetectionFate.BELOW_TOP_N:
        return say(
            "fact.detection_nms.below_top_n",
            r=rank_of_detection(found, row),
            first=counted("count.first", limits.top_n),
        )
    w, h = sides(reader, me)
    return say("fact.detection_nms.too_small", w=w, h=h, min=limits.min_side)


def suppression(reader: TraceReader, row: int) -> dict[str, Any]:
    """By which detection a row was suppressed, its score, the IoU between them, and the limit that is above."""
    found, by = reader.trace.detections, Ref("detection", int(reader.trace.detections.suppressed_by[row]))
    return {
        "by": reader.name_of(by),
        "who": say("suppressor", cls=reader.class_name(int(found.label[by.row])), q=float(found.score[by.row]))
        if reader.detection_places[by.row] >= 0
        else say("suppressor.over_limit", q=float(found.score[by.row])),
        "o": reader.iou(Ref("detection", row), by),
        "t": reader.trace.settings.detections.nms_iou,
    }


def suppression_of_proposal(reader: TraceReader, anchor: int) -> dict[str, Any]:
    """The same of an anchor's box in proposal NMS."""
    by = Ref("proposal", int(reader.trace.proposals.suppressed_by[anchor]))
    return {
        "by": reader.short_name(by),
        "who": say("suppressor.objectness", q=float(reader.trace.evidence.first.objectness[by.row])),
        "o": reader.iou(Ref("proposal", anchor), by),
        "t": reader.trace.settings.proposals.nms_iou,
    }
