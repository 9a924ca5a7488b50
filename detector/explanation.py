"""The written life of an object, an anchor, a proposal or a detection (DESIGN of the program, section 4.5).

    explain(TraceReader(trace), Ref("object", 6))  ->  Explanation

Verdict, how far it came stage by stage, its parents and its children, each with the number that decided. Message ids
and numbers only: `app.wording` makes sentences of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detector.boxes import encode
from detector.explanation_chain import chain_facts, chain_of, ratio
from detector.explanation_fates import anchor_fate, detection_fate, proposal_fate
from detector.explanation_outcomes import object_verdict
from detector.messages import ClassScore, Explanation, Fact, Message, Ref, Verdict, say
from detector.trace import Cause, DetectionFate
from detector.trace_reader import TraceReader


def explain(reader: TraceReader, ref: Ref) -> Explanation:
    """All that is to be said of one thing; `reader.exists(ref)` must hold."""
    make = {"object": _of_object, "anchor": _of_anchor, "proposal": _of_proposal, "detection": _of_detection}
    return make[ref.kind](reader, ref)


def verdict_of(reader: TraceReader, ref: Ref) -> Verdict:
    """What became of a thing: the first lines of its explanation."""
    make = {"object": object_verdict, "anchor": anchor_fate, "proposal": proposal_fate, "detection": detection_fate}
    return make[ref.kind](reader, ref.row)


def explain_unknown(label: str, number: int, box: tuple[float, float, float, float]) -> Explanation:
    """An object of an image on which the detector has not run; `box` in image pixels."""
    x1, y1, x2, y2 = box
    return Explanation(
        Ref("object", number),
        say("object.name", cls=label, g=number + 1),
        Verdict(say("outcome.not_run"), say("outcome.not_run.sentence")),
        say("geometry", x1=x1, y1=y1, x2=x2, y2=y2, w=x2 - x1, h=y2 - y1),
        (),
    )


def _of_object(reader: TraceReader, ref: Ref) -> Explanation:
    chain = chain_of(reader, ref)
    facts = list(chain_facts(reader, chain))
    also = _also(reader, ref.row)
    if also is not None:
        facts.append(also)
    links = [Ref("anchor", chain.anchor), Ref("proposal", chain.anchor)]
    if chain.detection >= 0:
        links.append(Ref("detection", chain.detection))
    judgement = reader.trace.judgement
    detail = {} if judgement is None else judgement.objects[ref.row].detail
    for key in ("suppressor_object", "matched_object"):
        if detail.get(key) is not None and detail[key] >= 0:
            links.append(Ref("object", detail[key]))
    return _explanation(reader, ref, reader.name_of(ref), object_verdict(reader, ref.row), facts, chain.anchor, links)


def _explanation(
    reader: TraceReader,
    ref: Ref,
    title: Message,
    verdict: Verdict,
    facts: Sequence[Fact],
    anchor: int,
    links: list[Ref],
) -> Explanation:
    """The text on a thing whose story is that of an anchor."""
    scores = _bars(reader, anchor)
    return Explanation(
        ref, title, verdict, _geometry(reader, ref), tuple(facts), scores=scores, links=_links(reader, links)
    )


def _also(reader: TraceReader, number: int) -> Fact | None:
    """The other causes that hold as well, each by its label."""
    judgement = reader.trace.judgement
    also = [] if judgement is None else judgement.objects[number].detail.get("also", [])
    if not also:
        return None
    labels = tuple(say(f"cause.{Cause(cause)}.label") for cause in also)
    return Fact(say("fact.also"), say("text", text=labels))


def _of_anchor(reader: TraceReader, ref: Ref) -> Explanation:
    chain = chain_of(reader, ref)
    facts = (_shape_fact(reader, ref.row), *_training_facts(reader, ref.row), *chain_facts(reader, chain)[1:])
    links = [Ref("proposal", ref.row)]
    if chain.detection >= 0:
        links.append(Ref("detection", chain.detection))
    assignment = reader.trace.assignment
    if assignment is not None and int(assignment.matched[ref.row]) >= 0 and float(assignment.max_iou[ref.row]) > 0:
        links.append(Ref("object", int(assignment.matched[ref.row])))
    title = say("anchor.title", k=ref.row)
    return _explanation(reader, ref, title, anchor_fate(reader, ref.row), facts, ref.row, links)


def _of_proposal(reader: TraceReader, ref: Ref) -> Explanation:
    chain = chain_of(reader, ref)
    place = int(reader.proposal_places[ref.row])
    kept = len(reader.trace.proposals.kept)
    title = say("proposal.title", r=place + 1, n=kept) if place >= 0 else say("decoded.title", k=ref.row)
    links = [Ref("anchor", ref.row)]
    by = int(reader.trace.proposals.suppressed_by[ref.row])
    if by >= 0:
        links.append(Ref("proposal", by))
    if chain.detection >= 0:
        links.append(Ref("detection", chain.detection))
    facts = (*chain_facts(reader, chain), *_nearest_fact(reader, ref))
    return _explanation(reader, ref, title, proposal_fate(reader, ref.row), facts, ref.row, links)


def _of_detection(reader: TraceReader, ref: Ref) -> Explanation:
    found, judgement = reader.trace.detections, reader.trace.judgement
    chain = chain_of(reader, ref)
    place = int(reader.detection_places[ref.row])
    cls = reader.class_name(int(found.label[ref.row]))
    proposal = int(found.proposal[ref.row]) + 1
    title = say("detection.title", k=place + 1) if place >= 0 else say("candidate.title", cls=cls, p=proposal)
    links = [Ref("proposal", chain.anchor), Ref("anchor", chain.anchor)]
    by = int(found.suppressed_by[ref.row])
    if by >= 0:
        links.append(Ref("detection", by))
    facts = list(chain_facts(reader, chain))
    about = -1 if judgement is None else int(judgement.matched[ref.row])
    if about >= 0:
        links.append(Ref("object", about))
        facts.append(_match_fact(reader, ref, about))
    return _explanation(reader, ref, title, detection_fate(reader, ref.row), facts, chain.anchor, links)


def _match_fact(reader: TraceReader, ref: Ref, number: int) -> Fact:
    target = Ref("object", number)
    value = say("fact.matching.object", cls=reader.object_class(number), g=number + 1, a=reader.iou(ref, target))
    judgement = reader.trace.judgement
    found = judgement is not None and judgement.objects[number].detection == ref.row
    return Fact(say("fact.matching"), value, found, (target,))


def _nearest_fact(reader: TraceReader, ref: Ref) -> tuple[Fact, ...]:
    """The object a proposal overlaps most."""
    overlaps = [reader.iou(ref, Ref("object", number)) for number in range(len(reader.trace.gt_boxes))]
    if not overlaps or max(overlaps) <= 0:
        return ()
    number = int(np.argmax(overlaps))
    value = say("fact.matching.object", cls=reader.object_class(number), g=number + 1, a=overlaps[number])
    return (Fact(say("fact.nearest"), value, None, (Ref("object", number),)),)


def _shape_fact(reader: TraceReader, row: int) -> Fact:
    grid = reader.trace.evidence.first.grid
    place = grid.place(row)
    values = {"size": place.size, "ratio": ratio(place.ratio), "x": place.cell_x, "y": place.cell_y}
    return Fact(say("fact.shape"), say("fact.shape.value", stride=grid.settings.stride, **values))


def _training_facts(reader: TraceReader, row: int) -> tuple[Fact, ...]:
    found = reader.trace.assignment
    if found is None:
        return ()
    facts = []
    matched = int(found.matched[row])
    if matched >= 0 and float(found.max_iou[row]) > 0:
        value = say(
            "fact.matching.object", cls=reader.object_class(matched), g=matched + 1, a=float(found.max_iou[row])
        )
        facts.append(Fact(say("fact.nearest"), value, None, (Ref("object", matched),)))
    if bool(found.sampled[row]):
        drawn = say(
            "fate.anchor.sampled",
            p=int((found.sampled & (found.label == 1)).sum()),
            n=int((found.sampled & (found.label == 0)).sum()),
            s=reader.trace.settings.assignment.seed,
        )
        facts.append(Fact(say("fact.batch"), drawn, True))
    else:
        facts.append(Fact(say("fact.not_batch"), say("fate.anchor.not_sampled")))
    if int(found.label[row]) == 1:
        anchor = reader.network_box(Ref("anchor", row))[None]
        dx, dy, dw, dh = encode(anchor, reader.network_box(Ref("object", matched))[None])[0].tolist()
        facts.append(Fact(say("fact.target"), say("fact.target.value", dx=dx, dy=dy, dw=dw, dh=dh)))
    return tuple(facts)


def _bars(reader: TraceReader, anchor: int) -> tuple[ClassScore, ...]:
    """The box head's score for every class and background, highest first; none where it has not seen the proposal."""
    found, head = reader.trace.detections, reader.trace.evidence.head
    rows = np.flatnonzero(found.anchor == anchor)
    at = int(head.find(np.array([anchor], np.int64))[0])
    if at < 0 or len(rows) == 0:
        return ()
    passed = {0: False} | {int(found.label[row]): found.fate[row] != DetectionFate.LOW_SCORE for row in rows.tolist()}
    scores = head.scores[at]
    order = np.argsort(-scores, kind="stable").tolist()
    return tuple(ClassScore(reader.class_name(each), float(scores[each]), bool(passed.get(each))) for each in order)


def _links(reader: TraceReader, refs: list[Ref]) -> tuple[tuple[Message, Ref], ...]:
    return tuple((reader.name_of(ref), ref) for ref in dict.fromkeys(refs))


def _geometry(reader: TraceReader, ref: Ref) -> Message:
    x1, y1, x2, y2 = (float(value) for value in reader.box(ref))
    n = [float(value) for value in reader.network_box(ref)]
    values = {"x1": x1, "y1": y1, "x2": x2, "y2": y2, "w": x2 - x1, "h": y2 - y1}
    return say("geometry.network", nw=n[2] - n[0], nh=n[3] - n[1], **values)
