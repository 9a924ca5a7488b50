"""Training's view of an anchor: which label, by which IoU, in the mini-batch or not, towards which box.

All of it is a branch beside inference: nothing here touches a detection.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detector.assignment import POSITIVE, Assignment, Reason
from detector.boxes import encode, has_area
from detector.explanation_chain import ratio
from detector.explanation_fates import ties_of
from detector.messages import Fact, Message, Ref, Section, counted, say
from detector.trace_reader import TraceReader
from detector.training_remedies import anchor_shape_remedies, positive_iou_remedy

NAMED = 3
"""So many other objects are named in a sentence; more of them fill a section of their own."""


def label_headline(reader: TraceReader, row: int) -> Message | None:
    """The label of a positive anchor with the object it is for; of the others the fate's own sentence says all."""
    found = reader.trace.assignment
    if found is None:
        return None
    reason = Reason(int(found.reason[row]))
    if reason is Reason.POSITIVE_IOU:
        return say("headline.positive_iou", who=reader.name_of(Ref("object", int(found.matched[row]))))
    if reason is Reason.POSITIVE_BEST:
        return say("headline.positive_best", who=reader.name_of(Ref("object", int(found.best_for[row]))))
    return None


def label_reasons(reader: TraceReader, row: int) -> tuple[Message, ...]:
    """Why the anchor got its label: the IoU as a fraction of pixels, the rule it met, its ties, other objects."""
    found = reader.trace.assignment
    if found is None or int(found.matched[row]) < 0:
        return ()
    reason = Reason(int(found.reason[row]))
    number = int(found.best_for[row] if reason is Reason.POSITIVE_BEST else found.matched[row])
    out = [overlap_as_fraction(reader, Ref("anchor", row), number)]
    limit = reader.trace.settings.assignment.positive_iou
    if reason is Reason.POSITIVE_IOU:
        out.append(say("why.positive_iou", t=limit))
    elif reason is Reason.POSITIVE_BEST:
        out += [say("why.under_positive", t=limit), *_why_best(reader, number)]
        if int(found.matched[row]) != number:
            own = reader.name_of(Ref("object", int(found.matched[row])))
            out.append(say("why.own_object", own=own, a=float(found.max_iou[row])))
    told = {number, int(found.matched[row])}
    others = [(each, overlap) for each, overlap in other_overlaps(reader, row, number) if each not in told]
    if 0 < len(others) <= NAMED:
        out.append(say("why.others", others=tuple(_object_at(reader, each, a) for each, a in others)))
    return tuple(out)


def other_overlaps(reader: TraceReader, row: int, number: int) -> list[tuple[int, float]]:
    """The other objects an anchor overlaps, best first, each with its IoU."""
    overlaps = reader.overlaps(Ref("anchor", row))
    order = np.argsort(-overlaps, kind="stable").tolist()
    return [(each, float(overlaps[each])) for each in order if overlaps[each] > 0 and each != number]


def _object_at(reader: TraceReader, number: int, overlap: float) -> Message:
    return say("object.at", name=reader.name_of(Ref("object", number)), a=overlap)


def overlap_as_fraction(reader: TraceReader, ref: Ref, number: int) -> Message:
    """IoU as what it is: pixels of both over pixels of either, where the model decides."""
    one, other = (reader.network_box(each).astype(np.float64) for each in (ref, Ref("object", number)))
    width = max(min(one[2], other[2]) - max(one[0], other[0]), 0.0)
    height = max(min(one[3], other[3]) - max(one[1], other[1]), 0.0)
    both = width * height
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    is_scaled = reader.trace.evidence.image.scale_xy != (1.0, 1.0)
    return say(
        "why.fraction.network" if is_scaled else "why.fraction",
        who=reader.name_of(Ref("object", number)),
        both=float(both),
        either=float(sum(areas) - both),
        a=reader.iou(ref, Ref("object", number)),
    )


def _why_best(reader: TraceReader, number: int) -> list[Message]:
    """That no anchor overlaps the object more, which ones do so equally, and a better one that takes no part."""
    found = reader.trace.assignment
    ties, who = ties_of(reader, number), reader.name_of(Ref("object", number))
    if found is None or not ties:
        return []
    tied = say("why.best.alone", who=who) if len(ties) == 1 else say("why.best.ties", who=who, ties=_ties(reader, ties))
    overlaps = reader.anchor_overlaps(number)
    outside = float(overlaps[found.reason == Reason.OUTSIDE].max(initial=0))
    return [tied, say("why.best.outside", who=who, a=outside)] if outside >= float(overlaps[ties[0]]) else [tied]


def _ties(reader: TraceReader, rows: Sequence[int]) -> Message:
    """Equally good anchors: how many, and where, as far as that can be said in few words."""
    grid = reader.trace.evidence.first.grid
    places = [grid.place(row) for row in rows]
    values = {
        "n": len(rows),
        "x": _span([each.cell_x for each in places]),
        "y": _span([each.cell_y for each in places]),
    }
    if len({each.shape for each in places}) > 1:
        return say("ties.shapes", **values)
    shape = say("anchor.shape", size=places[0].size, ratio=ratio(places[0].ratio))
    xs, ys = ({getattr(each, name) for each in places} for name in ("cell_x", "cell_y"))
    is_block = len(xs) * len(ys) == len(rows) == (max(xs) - min(xs) + 1) * (max(ys) - min(ys) + 1)
    return say("ties.block" if is_block else "ties.within", shape=shape, **values)


def _span(values: Sequence[int]) -> Message:
    low, high = min(values), max(values)
    return say("span.one", low=low) if low == high else say("span", low=low, high=high)


def training_section(reader: TraceReader, row: int) -> tuple[Section, ...]:
    """Mini-batch and targets of an anchor; none without ground truth."""
    found = reader.trace.assignment
    if found is None:
        return ()
    facts = (_batch_fact(reader, found, row), *_target_facts(reader, found, row))
    return (Section("training", say("section.training"), facts, is_open=True),)


def _batch_fact(reader: TraceReader, found: Assignment, row: int) -> Fact:
    positives, negatives = found.label == POSITIVE, found.label == 0
    drawn = [int((found.sampled & each).sum()) for each in (positives, negatives)]
    seed = reader.trace.settings.assignment.seed
    if bool(found.sampled[row]):
        counts = {"p": counted("count.positives", drawn[0]), "n": counted("count.negatives", drawn[1])}
        return Fact(say("fact.batch"), say("fate.anchor.sampled", s=seed, **counts), True)
    label = int(found.label[row])
    if label < 0:
        outside = found.reason[row] == Reason.OUTSIDE
        return Fact(say("fact.batch"), say("batch.outside" if outside else "batch.ignored"))
    is_positive = label == POSITIVE
    values = {"k": drawn[0 if is_positive else 1], "n": int((positives if is_positive else negatives).sum())}
    message_id = "batch.not_drawn.positive" if is_positive else "batch.not_drawn.negative"
    return Fact(say("fact.batch"), say(message_id, s=seed, **values))


def _target_facts(reader: TraceReader, found: Assignment, row: int) -> tuple[Fact, ...]:
    label = int(found.label[row])
    if label < 0:
        return ()
    if label != POSITIVE:
        return (Fact(say("fact.target"), say("fact.target.background")),)
    target = Ref("object", int(found.matched[row]))
    dx, dy, dw, dh = encode(reader.network_box(Ref("anchor", row))[None], reader.network_box(target)[None])[0].tolist()
    deltas = say("fact.target.value", dx=dx, dy=dy, dw=dw, dh=dh)
    return (Fact(say("fact.target"), say("fact.target.of", who=reader.name_of(target), deltas=deltas)),)


def has_positive_by_overlap(reader: TraceReader, number: int) -> bool:
    """Whether an anchor reaches the positive IoU with an object and is trained on it."""
    found = reader.trace.assignment
    return found is not None and bool(((found.reason == Reason.POSITIVE_IOU) & (found.matched == number)).any())


def positive_section(reader: TraceReader, number: int) -> tuple[Section, ...]:
    """What would make anchors positive for an object by overlap; none where nothing would, or they are already."""
    facts = _positive_facts(reader, number)
    return (Section("positive", say("section.positive"), facts, is_open=True),) if facts else ()


def object_training_section(reader: TraceReader, number: int) -> tuple[Section, ...]:
    """Of an object without a positive anchor by overlap: what it has instead, and what would change that."""
    found = reader.trace.assignment
    if found is None or has_positive_by_overlap(reader, number):
        return ()
    rows, ties = np.flatnonzero((found.label == POSITIVE) & (found.matched == number)), ties_of(reader, number)
    if len(rows):
        values = {"a": float(found.max_iou[rows].max()), "t": reader.trace.settings.assignment.positive_iou}
        value = say("fact.positives.best", anchors=counted("count.anchors", len(rows)), **values)
    else:
        elsewhere = bool((found.reason[ties] == Reason.POSITIVE_BEST).any())
        value = say("fact.positives.elsewhere" if elsewhere else "fact.positives.none")
    facts = (Fact(say("fact.positives"), value), *_positive_facts(reader, number))
    return (Section("training", say("section.training"), facts),)


def _positive_facts(reader: TraceReader, number: int) -> tuple[Fact, ...]:
    trace = reader.trace
    if trace.assignment is None or not bool(has_area(trace.gt_boxes[number : number + 1])[0]):
        return ()
    if len(trace.evidence.first.grid) == 0:  # an image too small for any anchor has no cell for another shape either
        return ()
    lower, shapes = reader.memo.get(
        ("positive by overlap", number),
        (trace.assignment, trace.gt_boxes),
        lambda: (positive_iou_remedy(trace, number), anchor_shape_remedies(trace, number)),
    )
    facts = []
    if lower is not None:
        anchors = counted("count.anchors", lower.anchors)
        value = say("fact.positive_iou.value", before=lower.before, after=lower.value, anchors=anchors)
        facts.append(Fact(say("fact.positive_iou"), value))
    who = reader.name_of(Ref("object", number))
    for each in shapes:
        shape = say("anchor.shape", size=each.size, ratio=ratio(each.ratio))
        facts.append(Fact(say("fact.new_anchor"), say("fact.new_anchor.value", shape=shape, who=who, a=each.iou)))
    return tuple(facts)
