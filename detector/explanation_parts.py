"""What the explanations of all kinds of things are put together from: boxes and matches, scores, links, geometry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from detector.explanation_chain import Chain, ratio
from detector.messages import ClassScore, Fact, Message, Ref, naming, say
from detector.trace import FALSE_POSITIVES, DetectionFate, DetectionOutcome
from detector.trace_reader import TraceReader


def with_boxes(reader: TraceReader, chain: Chain, stations: Sequence[Fact]) -> tuple[Fact, ...]:
    """The stations of an anchor, with the boxes that came of it and the object they end at."""
    rpn, *later = stations
    ref = Ref("proposal", chain.anchor)
    out = [rpn, Fact(naming(ref, "fact.decoded"), _box_value(reader, ref)), *later]
    return (*out, *refined_fact(reader, chain), *match_fact(reader, chain.detection))


def refined_fact(reader: TraceReader, chain: Chain) -> tuple[Fact, ...]:
    """The box head's own box of the best class, where it has seen the proposal."""
    if chain.detection < 0 or reader.trace.detections.fate[chain.detection] == DetectionFate.WAITING:
        return ()
    ref = Ref("detection", chain.detection)
    return (Fact(naming(ref, "fact.refined"), _box_value(reader, ref)),)


def _box_value(reader: TraceReader, ref: Ref) -> Message:
    """Where a box lies, and the object it overlaps most."""
    x1, y1, x2, y2 = (float(value) for value in reader.box(ref))
    values: dict[str, Any] = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
    overlaps = reader.overlaps(ref)
    if len(overlaps) == 0 or overlaps.max() <= 0:
        return say("fact.box", **values)
    number = int(overlaps.argmax())
    return say("fact.box.iou", a=float(overlaps[number]), who=reader.name_of(Ref("object", number)), **values)


def match_fact(reader: TraceReader, row: int) -> tuple[Fact, ...]:
    """The object a judged detection was matched to or is wrong about."""
    judgement = reader.trace.judgement
    about = -1 if judgement is None or row < 0 else int(judgement.matched[row])
    if judgement is None or about < 0:
        return ()
    target, kind = Ref("object", about), judgement.detections[row]
    value = say("fact.object", name=reader.name_of(target), a=reader.iou(Ref("detection", row), target))
    mark = {DetectionOutcome.TRUE_POSITIVE: True, DetectionOutcome.NOT_JUDGED: None}.get(kind, False)
    return (Fact(say("fact.matching"), value, mark),)


def object_match_fact(reader: TraceReader, chain: Chain, stations: Sequence[Fact]) -> tuple[Fact, ...]:
    """The end of an object's story where its detection passed every station: was it matched to this object?"""
    if chain.detection < 0 or not stations[-1].mark:
        return ()
    found = match_fact(reader, chain.detection)
    if not found or reader.trace.judgement is None:
        return ()
    about = int(reader.trace.judgement.matched[chain.detection])
    if about == chain.object:
        return found
    (fact,) = found
    is_wrong = reader.trace.judgement.detections[chain.detection] in FALSE_POSITIVES
    value = fact.value if is_wrong else Message("fact.object.other", fact.value.values)
    return (Fact(fact.name, value, False),)


def chain_refs(reader: TraceReader, chain: Chain) -> list[Ref]:
    """The boxes of a story, first to last."""
    if chain.anchor < 0:
        return []
    refs = [Ref("anchor", chain.anchor), Ref("proposal", chain.anchor)]
    if chain.detection < 0:
        return refs
    judgement = reader.trace.judgement
    about = -1 if judgement is None or chain.object >= 0 else int(judgement.matched[chain.detection])
    return [*refs, Ref("detection", chain.detection), *([Ref("object", about)] if about >= 0 else [])]


def class_scores(reader: TraceReader, anchor: int) -> tuple[ClassScore, ...]:
    """The box head's score for every class and background, highest first; none where it has not seen the proposal."""
    found, head = reader.trace.detections, reader.trace.evidence.head
    rows = {int(found.label[row]): row for row in np.flatnonzero(found.anchor == anchor).tolist()}
    at = int(head.find(np.array([anchor], np.int64))[0])
    if at < 0 or not rows:
        return ()
    scores = head.scores[at]
    order = np.argsort(-scores, kind="stable").tolist()
    return tuple(
        ClassScore(
            reader.class_name(each),
            float(scores[each]),
            each in rows and bool(found.fate[rows[each]] != DetectionFate.LOW_SCORE),
            Ref("detection", rows[each]) if each in rows else None,
        )
        for each in order
    )


def links_to(reader: TraceReader, refs: list[Ref]) -> tuple[tuple[Message, Ref], ...]:
    """Other things, each once, with its name."""
    return tuple((reader.name_of(ref), ref) for ref in dict.fromkeys(refs))


def geometry(reader: TraceReader, ref: Ref) -> Message:
    """Where a box lies, in image pixels, and its sides in network pixels; that of a waiting row is not known."""
    if ref.kind == "detection" and reader.trace.detections.fate[ref.row] == DetectionFate.WAITING:
        return say("geometry.waiting")
    return say("geometry.network", **_sides(reader, ref))


def _sides(reader: TraceReader, ref: Ref) -> dict[str, float]:
    x1, y1, x2, y2 = (float(value) for value in reader.box(ref))
    n = [float(value) for value in reader.network_box(ref)]
    values = {"x1": x1, "y1": y1, "x2": x2, "y2": y2, "w": x2 - x1, "h": y2 - y1}
    return values | {"nw": n[2] - n[0], "nh": n[3] - n[1]}


def anchor_geometry(reader: TraceReader, ref: Ref) -> Message:
    """Size, ratio and cell, then the box, then whether all of it lies in the image."""
    grid = reader.trace.evidence.first.grid
    place, stride = grid.place(ref.row), grid.settings.stride
    shape = say("anchor.shape", size=place.size, ratio=ratio(place.ratio))
    height, width = reader.trace.evidence.image.network_hw
    x1, y1, x2, y2 = (float(value) for value in reader.network_box(ref))
    inside = x1 >= 0 and y1 >= 0 and x2 <= width and y2 <= height
    where = say("place.inside" if inside else "place.crossing")
    cell = {"x": place.cell_x, "y": place.cell_y, "stride": stride}
    return say("geometry.anchor", shape=shape, where=where, **cell, **_sides(reader, ref))
