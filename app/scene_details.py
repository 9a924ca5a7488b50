"""Everything the panel says about the selected thing: verdict, how far it came, its parents and its children."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.scene import Details, Fact, Message, Ref, Role, ScoreBar
from app.scene_chain import chain_facts, chain_of
from app.scene_fates import Verdict, anchor_fate, detection_fate, proposal_fate
from app.scene_frame import Frame, ratio_text
from app.scene_verdicts import object_verdict
from app.sentences import SENTENCES, say
from detector.boxes import encode
from detector.trace import DetectionFate


def details(frame: Frame, ref: Ref) -> Details:
    """The panel's text on one thing."""
    make = {"object": _of_object, "anchor": _of_anchor, "proposal": _of_proposal, "detection": _of_detection}
    return make[ref.kind](frame, ref)


def details_before_run(label: str, number: int, box: tuple[float, float, float, float]) -> Details:
    """An object's text while the detector has not run."""
    return Details(
        Ref("object", number),
        say("object.name", cls=label, g=number + 1),
        say("outcome.not_run"),
        Role.GROUND_TRUTH,
        say("outcome.not_run.sentence"),
        _plain_geometry(box),
        (),
    )


def _of_object(frame: Frame, ref: Ref) -> Details:
    chain = chain_of(frame, ref)
    facts = list(chain_facts(frame, chain))
    also = _also(frame, ref.row)
    if also is not None:
        facts.append(also)
    links = [Ref("anchor", chain.anchor), Ref("proposal", chain.anchor)]
    if chain.detection >= 0:
        links.append(Ref("detection", chain.detection))
    judgement = frame.trace.judgement
    detail = {} if judgement is None else judgement.objects[ref.row].detail
    for key in ("suppressor_object", "matched_object"):
        if detail.get(key) is not None and detail[key] >= 0:
            links.append(Ref("object", detail[key]))
    return _details(frame, ref, frame.name_of(ref), object_verdict(frame, ref.row), facts, chain.anchor, links)


def _details(
    frame: Frame, ref: Ref, title: Message, verdict: Verdict, facts: Sequence[Fact], anchor: int, links: list[Ref]
) -> Details:
    """The text on a thing whose story is that of an anchor."""
    scores = _bars(frame, anchor)
    return Details(ref, title, *verdict, _geometry(frame, ref), tuple(facts), scores, _links(frame, links))


def _also(frame: Frame, number: int) -> Fact | None:
    """The other causes that hold as well, each by its label."""
    judgement = frame.trace.judgement
    also = [] if judgement is None else judgement.objects[number].detail.get("also", [])
    if not also:
        return None
    labels = ", ".join(SENTENCES[f"cause.{cause}.label"] for cause in also if f"cause.{cause}.label" in SENTENCES)
    return Fact(say("fact.also"), say("text", text=labels)) if labels else None


def _of_anchor(frame: Frame, ref: Ref) -> Details:
    chain = chain_of(frame, ref)
    facts = (_shape_fact(frame, ref.row), *_training_facts(frame, ref.row), *chain_facts(frame, chain)[1:])
    links = [Ref("proposal", ref.row)]
    if chain.detection >= 0:
        links.append(Ref("detection", chain.detection))
    assignment = frame.trace.assignment
    if assignment is not None and int(assignment.matched[ref.row]) >= 0 and float(assignment.max_iou[ref.row]) > 0:
        links.append(Ref("object", int(assignment.matched[ref.row])))
    title = say("anchor.title", k=ref.row)
    return _details(frame, ref, title, anchor_fate(frame, ref.row), facts, ref.row, links)


def _of_proposal(frame: Frame, ref: Ref) -> Details:
    chain = chain_of(frame, ref)
    place = int(frame.proposal_places[ref.row])
    kept = len(frame.trace.proposals.kept)
    title = say("proposal.title", r=place + 1, n=kept) if place >= 0 else say("decoded.title", k=ref.row)
    links = [Ref("anchor", ref.row)]
    by = int(frame.trace.proposals.suppressed_by[ref.row])
    if by >= 0:
        links.append(Ref("proposal", by))
    if chain.detection >= 0:
        links.append(Ref("detection", chain.detection))
    facts = (*chain_facts(frame, chain), *_nearest_fact(frame, ref))
    return _details(frame, ref, title, proposal_fate(frame, ref.row), facts, ref.row, links)


def _of_detection(frame: Frame, ref: Ref) -> Details:
    found, judgement = frame.trace.detections, frame.trace.judgement
    chain = chain_of(frame, ref)
    place = int(frame.detection_places[ref.row])
    cls = frame.class_name(int(found.label[ref.row]))
    proposal = int(found.proposal[ref.row]) + 1
    title = say("detection.title", k=place + 1) if place >= 0 else say("candidate.title", cls=cls, p=proposal)
    links = [Ref("proposal", chain.anchor), Ref("anchor", chain.anchor)]
    by = int(found.suppressed_by[ref.row])
    if by >= 0:
        links.append(Ref("detection", by))
    facts = list(chain_facts(frame, chain))
    about = -1 if judgement is None else int(judgement.matched[ref.row])
    if about >= 0:
        links.append(Ref("object", about))
        facts.append(_match_fact(frame, ref, about))
    return _details(frame, ref, title, detection_fate(frame, ref.row), facts, chain.anchor, links)


def _match_fact(frame: Frame, ref: Ref, number: int) -> Fact:
    target = Ref("object", number)
    value = say("fact.matching.object", cls=frame.object_class(number), g=number + 1, a=frame.iou(ref, target))
    judgement = frame.trace.judgement
    found = judgement is not None and judgement.objects[number].detection == ref.row
    return Fact(say("fact.matching"), value, found, (target,))


def _nearest_fact(frame: Frame, ref: Ref) -> tuple[Fact, ...]:
    """The object a proposal overlaps most."""
    overlaps = [frame.iou(ref, Ref("object", number)) for number in range(len(frame.trace.gt_boxes))]
    if not overlaps or max(overlaps) <= 0:
        return ()
    number = int(np.argmax(overlaps))
    value = say("fact.matching.object", cls=frame.object_class(number), g=number + 1, a=overlaps[number])
    return (Fact(say("fact.nearest"), value, None, (Ref("object", number),)),)


def _shape_fact(frame: Frame, row: int) -> Fact:
    grid = frame.trace.evidence.first.grid
    place = grid.place(row)
    values = {"size": place.size, "ratio": ratio_text(place.ratio), "x": place.cell_x, "y": place.cell_y}
    return Fact(say("fact.shape"), say("fact.shape.value", stride=grid.settings.stride, **values))


def _training_facts(frame: Frame, row: int) -> tuple[Fact, ...]:
    found = frame.trace.assignment
    if found is None:
        return ()
    facts = []
    matched = int(found.matched[row])
    if matched >= 0 and float(found.max_iou[row]) > 0:
        value = say("fact.matching.object", cls=frame.object_class(matched), g=matched + 1, a=float(found.max_iou[row]))
        facts.append(Fact(say("fact.nearest"), value, None, (Ref("object", matched),)))
    if bool(found.sampled[row]):
        drawn = say(
            "fate.anchor.sampled",
            p=int((found.sampled & (found.label == 1)).sum()),
            n=int((found.sampled & (found.label == 0)).sum()),
            s=frame.trace.settings.assignment.seed,
        )
        facts.append(Fact(say("fact.batch"), drawn, True))
    else:
        facts.append(Fact(say("fact.not_batch"), say("fate.anchor.not_sampled")))
    if int(found.label[row]) == 1:
        anchor = frame.network_box(Ref("anchor", row))[None]
        dx, dy, dw, dh = encode(anchor, frame.network_box(Ref("object", matched))[None])[0].tolist()
        facts.append(Fact(say("fact.target"), say("fact.target.value", dx=dx, dy=dy, dw=dw, dh=dh)))
    return tuple(facts)


def _bars(frame: Frame, anchor: int) -> tuple[ScoreBar, ...]:
    """The box head's score for every class and background, highest first; none where it has not seen the proposal."""
    found, head = frame.trace.detections, frame.trace.evidence.head
    rows = np.flatnonzero(found.anchor == anchor)
    at = int(head.find(np.array([anchor], np.int64))[0])
    if at < 0 or len(rows) == 0:
        return ()
    passed = {0: False} | {int(found.label[row]): found.fate[row] != DetectionFate.LOW_SCORE for row in rows.tolist()}
    scores = head.scores[at]
    order = np.argsort(-scores, kind="stable").tolist()
    return tuple(ScoreBar(frame.class_name(each), float(scores[each]), bool(passed.get(each))) for each in order)


def _links(frame: Frame, refs: list[Ref]) -> tuple[tuple[Message, Ref], ...]:
    return tuple((frame.name_of(ref), ref) for ref in dict.fromkeys(refs))


def _geometry(frame: Frame, ref: Ref) -> Message:
    x1, y1, x2, y2 = (float(value) for value in frame.box(ref))
    n = [float(value) for value in frame.network_box(ref)]
    values = {"x1": x1, "y1": y1, "x2": x2, "y2": y2, "w": x2 - x1, "h": y2 - y1}
    return say("geometry.network", nw=n[2] - n[0], nh=n[3] - n[1], **values)


def _plain_geometry(box: tuple[float, float, float, float]) -> Message:
    x1, y1, x2, y2 = box
    return say("geometry", x1=x1, y1=y1, x2=x2, y2=y2, w=x2 - x1, h=y2 - y1)
