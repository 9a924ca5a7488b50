"""The written life of an object, an anchor, a proposal or a detection (DESIGN of the program, section 4.5).

    explain(TraceReader(trace), Ref("object", 6))  ->  Explanation

Verdict, how far it came stage by stage, its parents and its children, each with the number that decided. Message ids
and numbers only: `app.wording` makes sentences of them.

    explanation_chain      the stations a box passed
    explanation_fates      what the filters did with it
    explanation_outcomes   what became of an object or a detection in the end
    explanation_training   training's view of an anchor
    explanation_sections   the folded parts
    explanation_parts      what all of them have
"""

from __future__ import annotations

from typing import Any

from detector.assignment import Reason
from detector.cause_facts import passing_score
from detector.explanation_chain import (
    Chain,
    chain_facts,
    chain_of,
    dropped_after_score,
    stations_after_anchor,
    suppression,
)
from detector.explanation_fates import anchor_fate, detection_fate, proposal_fate
from detector.explanation_outcomes import (
    cause_values,
    ignored_beneath,
    kind_of,
    not_counted,
    object_verdict,
    outcome_of,
)
from detector.explanation_parts import (
    anchor_geometry,
    chain_refs,
    class_scores,
    geometry,
    links_to,
    match_fact,
    object_match_fact,
    refined_fact,
    with_boxes,
)
from detector.explanation_sections import (
    about_section,
    also_section,
    cell_section,
    overlap_section,
    positives_section,
    suppressed_sections,
)
from detector.explanation_training import (
    NAMED,
    label_headline,
    label_reasons,
    object_training_section,
    other_overlaps,
    positive_section,
    training_section,
)
from detector.messages import Explanation, Message, Ref, Verdict, say
from detector.trace import (
    FALSE_POSITIVES,
    Cause,
    DetectionFate,
    DetectionOutcome,
    ObjectOutcome,
    Outcome,
    ProposalFate,
)
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


# -- an object ---------------------------------------------------------------------------------------------------------


def _of_object(reader: TraceReader, ref: Ref) -> Explanation:
    number, chain, verdict = ref.row, chain_of(reader, ref), object_verdict(reader, ref.row)
    headline, stations = _object_headline(reader, number), chain_facts(reader, chain)
    return Explanation(
        ref,
        reader.title_of(ref),
        verdict,
        geometry(reader, ref),
        (*stations, *object_match_fact(reader, chain, stations)),
        outcome=_object_outcome(reader, number, verdict),
        headline=headline,
        why=() if headline is None or verdict.sentence is None else (verdict.sentence,),
        facts_title=say("facts.title"),
        notes=_notes_on_loss(reader, number),
        sections=(
            *also_section(reader, number),
            *about_section(reader, number),
            *suppressed_sections(reader, chain),
            *overlap_section(reader, ref),
            *cell_section(reader, _best_of(reader, chain), number),
            *positives_section(reader, number),
            *object_training_section(reader, number),
        ),
        scores=class_scores(reader, chain.anchor),
        links=links_to(reader, [*chain_refs(reader, chain), *_others_in_detail(reader, number)]),
    )


def _best_of(reader: TraceReader, chain: Chain) -> int:
    """The anchor the object's first station tells of."""
    overlaps = reader.anchor_overlaps(chain.object)
    if chain.anchor < 0 or len(overlaps) == 0:
        return -1
    best = int(overlaps.argmax())
    return chain.anchor if overlaps[chain.anchor] >= overlaps[best] else best


def _object_outcome(reader: TraceReader, number: int, verdict: Verdict) -> Message:
    if not_counted(reader, number) is not None:
        return say("outcome.not_counted")
    return say("outcome.missed") if outcome_of(reader, number).outcome is Outcome.MISSED else verdict.label


def _object_headline(reader: TraceReader, number: int) -> Message | None:
    outcome = outcome_of(reader, number)
    if outcome.outcome is Outcome.IGNORED:
        return say(f"headline.{not_counted(reader, number)}")
    if outcome.cause is None:
        return None
    values = cause_values(reader, number, outcome.cause, outcome.detail)
    owner = outcome.detail.get("suppressor_object")
    if outcome.cause is Cause.NMS and owner is not None:
        return say("headline.nms.neighbour", owner=reader.name_of(Ref("object", owner)), **values)
    return Message(f"headline.{outcome.cause}", values)


def _notes_on_loss(reader: TraceReader, number: int) -> tuple[Message, ...]:
    """Whose box suppressed that of a missed object, and whether both could have stayed at all."""
    outcome = outcome_of(reader, number)
    if outcome.cause in (Cause.BACKGROUND, Cause.WRONG_CLASS, Cause.HEAD_REGRESSION):
        return _note_on_more(reader, outcome)
    if outcome.cause is not Cause.NMS:
        return ()
    detail = outcome.detail
    notes = list(_note_on_suppressor(reader, detail["suppressor"]))
    if detail["suppressor_object"] is not None:
        above = detail["objects_iou"] > detail["threshold"]
        values = {"go": detail["objects_iou"], "t": detail["threshold"]}
        notes.append(say("note.objects_above" if above else "note.objects_under", **values))
    return tuple(notes)


def _note_on_more(reader: TraceReader, outcome: ObjectOutcome) -> tuple[Message, ...]:
    """What would keep the box of an object from finding it, were the cause out of the way."""
    row, found = int(outcome.detail["detection"]), reader.trace.detections
    if outcome.cause is Cause.HEAD_REGRESSION:
        score, least = found.score[row], passing_score(reader.trace.settings)
        if score > least:
            return ()
        cls = reader.class_name(int(found.label[row]))
        return (say("note.also_low_score", cls=cls, s=float(score), t=float(least)),)
    fate = DetectionFate(int(found.fate[row]))
    if fate is DetectionFate.SUPPRESSED:
        return (say("note.also_suppressed", **suppression(reader, row)),)
    if dropped_after_score(reader, row):
        return (say("note.also_dropped", label=say(f"fate.detection.{fate.name.lower()}.label")),)
    return ()


def _note_on_suppressor(reader: TraceReader, row: int) -> tuple[Message, ...]:
    """What became of a detection that suppressed another box, where it was judged."""
    judgement, ref, kind = reader.trace.judgement, Ref("detection", row), kind_of(reader, row)
    about = -1 if judgement is None else int(judgement.matched[row])
    by, who = reader.title_of(ref), None if about < 0 else Ref("object", about)
    if kind in FALSE_POSITIVES:
        return (say("note.suppressor_wrong", by=by, kind=say(f"false_positive.{kind}.label")),)
    if who is None:
        return ()
    values = {"by": by, "who": reader.name_of(who), "a": reader.iou(ref, who)}
    is_right = kind is DetectionOutcome.TRUE_POSITIVE
    return (say("note.suppressor_right" if is_right else "note.suppressor_ignored", **values),)


def _others_in_detail(reader: TraceReader, number: int) -> list[Ref]:
    detail = outcome_of(reader, number).detail
    keys = ("suppressor_object", "matched_object")
    return [Ref("object", detail[key]) for key in keys if detail.get(key) is not None]


# -- an anchor, a proposal, a detection --------------------------------------------------------------------------------


def _of_anchor(reader: TraceReader, ref: Ref) -> Explanation:
    chain, verdict = chain_of(reader, ref), anchor_fate(reader, ref.row)
    found = reader.trace.assignment
    about = -1 if found is None else _object_of_anchor(reader, ref.row)
    is_best = found is not None and found.reason[ref.row] == Reason.POSITIVE_BEST
    many = about >= 0 and len(other_overlaps(reader, ref.row, about)) > NAMED
    refs = [*chain_refs(reader, chain)[1:], *([Ref("object", about)] if about >= 0 else [])]
    is_positive = found is not None and found.label[ref.row] == 1
    return Explanation(
        ref,
        reader.title_of(ref),
        verdict,
        anchor_geometry(reader, ref),
        with_boxes(reader, chain, stations_after_anchor(reader, chain)),
        outcome=say("fate.anchor.positive_iou.label") if is_positive else verdict.label,
        headline=label_headline(reader, ref.row),
        why=label_reasons(reader, ref.row),
        facts_title=say("facts.title.image"),
        sections=(
            *training_section(reader, ref.row),
            *(positive_section(reader, about) if is_best else ()),
            *suppressed_sections(reader, chain),
            *(overlap_section(reader, ref) if many else ()),
            *cell_section(reader, ref.row, -1),
        ),
        scores=class_scores(reader, chain.anchor),
        links=links_to(reader, refs),
    )


def _object_of_anchor(reader: TraceReader, row: int) -> int:
    """The object an anchor's label is about: the one it is best for, else the one it overlaps most; -1 for none."""
    found = reader.trace.assignment
    if found is None:
        return -1
    return int(found.best_for[row] if found.reason[row] == Reason.POSITIVE_BEST else found.matched[row])


def _of_proposal(reader: TraceReader, ref: Ref) -> Explanation:
    chain, verdict = chain_of(reader, ref), proposal_fate(reader, ref.row)
    by = int(reader.trace.proposals.suppressed_by[ref.row])
    is_suppressed = reader.trace.proposals.fate[ref.row] == ProposalFate.SUPPRESSED
    refs = [Ref("anchor", ref.row), *([Ref("proposal", by)] if by >= 0 else []), *chain_refs(reader, chain)[2:]]
    stations = chain_facts(reader, chain)
    return Explanation(
        ref,
        reader.title_of(ref),
        verdict,
        geometry(reader, ref),
        (*stations, *refined_fact(reader, chain), *match_fact(reader, chain.detection)),
        outcome=verdict.label,
        headline=_suppressed_headline(verdict) if is_suppressed else None,
        facts_title=say("facts.title"),
        sections=(
            *overlap_section(reader, ref),
            *suppressed_sections(reader, chain),
            *cell_section(reader, ref.row, -1),
        ),
        scores=class_scores(reader, chain.anchor),
        links=links_to(reader, refs),
    )


def _suppressed_headline(verdict: Verdict) -> Message | None:
    """The sentence of a suppressed box so that it can stand by itself."""
    return None if verdict.sentence is None else Message("headline.suppressed", verdict.sentence.values)


def _of_detection(reader: TraceReader, ref: Ref) -> Explanation:
    chain, verdict = chain_of(reader, ref), detection_fate(reader, ref.row)
    is_suppressed = reader.trace.detections.fate[ref.row] == DetectionFate.SUPPRESSED
    by = int(reader.trace.detections.suppressed_by[ref.row])
    headline, why = _detection_headline(reader, ref.row, verdict)
    refs = [Ref("proposal", chain.anchor), Ref("anchor", chain.anchor)]
    refs += [Ref("detection", by)] if by >= 0 else []
    refs += [Ref("object", chain.object)] if chain.object >= 0 else []
    return Explanation(
        ref,
        reader.title_of(ref),
        verdict,
        geometry(reader, ref),
        (*chain_facts(reader, chain), *match_fact(reader, ref.row)),
        outcome=_detection_outcome(reader, ref.row, verdict),
        headline=headline,
        why=why,
        facts_title=say("facts.title"),
        notes=_note_on_suppressor(reader, by) if is_suppressed else _note_on_object(reader, ref.row),
        sections=(
            *overlap_section(reader, ref),
            *suppressed_sections(reader, chain),
            *cell_section(reader, chain.anchor, -1),
        ),
        scores=class_scores(reader, chain.anchor),
        links=links_to(reader, refs),
        may_be_unlabelled=kind_of(reader, ref.row) is DetectionOutcome.BACKGROUND
        and ignored_beneath(reader, ref.row) < 0,
    )


def _note_on_object(reader: TraceReader, row: int) -> tuple[Message, ...]:
    """What became of the object that a false positive is about; of a duplicate that is said already."""
    kind, judgement = kind_of(reader, row), reader.trace.judgement
    about = -1 if judgement is None else int(judgement.matched[row])
    if about < 0 or kind not in FALSE_POSITIVES or kind is DetectionOutcome.DUPLICATE:
        return ()
    outcome, who = outcome_of(reader, about), reader.title_of(Ref("object", about))
    if outcome.outcome is Outcome.FOUND:
        return (say("note.about_found", who=who, by=reader.name_of(Ref("detection", outcome.detection))),)
    if outcome.cause is None or outcome.outcome is not Outcome.MISSED:
        return ()
    return (say("note.about_missed", who=who, cause=say(f"cause.{outcome.cause}.label")),)


def _detection_outcome(reader: TraceReader, row: int, verdict: Verdict) -> Message:
    kind = kind_of(reader, row)
    if kind in FALSE_POSITIVES:
        return say("outcome.false_positive")
    if kind is DetectionOutcome.TRUE_POSITIVE:
        return say("outcome.true_positive")
    judgement = reader.trace.judgement
    is_matched = judgement is not None and int(judgement.matched[row]) >= 0
    return say("outcome.not_counted") if is_matched else verdict.label


def _detection_headline(reader: TraceReader, row: int, verdict: Verdict) -> tuple[Message | None, tuple[Message, ...]]:
    """The sentence to read first, and what comes after it."""
    kind, judgement = kind_of(reader, row), reader.trace.judgement
    if reader.trace.detections.fate[row] == DetectionFate.SUPPRESSED:
        return _suppressed_headline(verdict), ()
    if kind in FALSE_POSITIVES:
        why = () if verdict.sentence is None else (verdict.sentence,)
        return say("headline.kind", label=say(f"false_positive.{kind}.label")), why
    about = -1 if judgement is None else int(judgement.matched[row])
    if about >= 0:
        ref = Ref("detection", row)
        values: dict[str, Any] = {"who": reader.name_of(Ref("object", about))}
        values |= {"cls": reader.class_name(int(reader.trace.detections.label[row]))}
        values |= {"s": float(reader.trace.detections.score[row]), "a": reader.iou(ref, Ref("object", about))}
        is_right = kind is DetectionOutcome.TRUE_POSITIVE
        return say("headline.true_positive" if is_right else "headline.matched_ignored", **values), ()
    if judgement is None and reader.detection_places[row] >= 0:
        return verdict.sentence, (say("why.not_judged"),)
    return None, ()
