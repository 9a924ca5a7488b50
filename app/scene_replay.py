"""Sampling replay in the scene: the rows of both mini-batches, the four losses, and what each row adds to them.

    drawn_rows      rows of the layers
    batch_details   what the panel says while nothing is selected
    with_losses     the explanation of a drawn anchor, region or object

All read `Frame.replay`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

import numpy as np

from app.scene import Details, Explanation, Fact, Floats, Ints, Message, Ref, Section
from app.scene_frame import Frame
from app.sentences import say
from detector.boxes import has_area
from detector.messages import Verdict, naming
from detector.mini_batch import HUGE, LOSSES, OddLoss, Replay
from detector.trace import Trace

TRAINING, LIFE = "training", "life"
"""Sections of an explanation: what is about training, and how far the box came."""

ROI_FATES = ("rois_positive", "rois_object", "rois_negative")
"""Layers of regions: proposals, objects that were added to them, proposals."""

LARGEST = 3
"""Rows named for each loss."""

ODD = ("replay.odd", "replay.odd.huge")
"""Sentences about such a row."""

MOST_ODD = 3
"""Rows whose loss is not finite or huge, named one by one; the others are counted."""


def drawn_rows(replay: Replay, fate: str) -> Ints:
    """The rows of a layer of either mini-batch, ascending: anchor rows, or numbers of objects."""
    part, _, side = fate.partition("_")
    if part == "sampled":
        anchors = replay.anchors
        rows: Ints = anchors.rows[(anchors.label > 0) == (side == "positive")]
        return rows
    regions = replay.regions
    if side == "object":
        return np.sort(regions.object[regions.object >= 0])
    return np.sort(regions.anchor[(regions.anchor >= 0) & ((regions.label > 0) == (side == "positive"))])


def batch_details(frame: Frame) -> Details | None:
    """Both mini-batches as a whole, while training targets are on show and nothing is selected."""
    if frame.options.stage != "assignment":
        return None
    if frame.trace.ground_truth is None:
        return _unknown(say("replay.none"), say("reason.no_ground_truth"), say("replay.note.none"))
    note = say("replay.note", s=frame.trace.settings.assignment.seed)
    replayed = frame.replayed
    if replayed is None:
        # The lines to come keep their places, so that nothing jumps from one draw to the next.
        coming = tuple(Fact(_name(loss), say("replay.coming")) for loss in LOSSES)
        return _unknown(say("replay.waiting"), say("replay.waiting.sentence"), note, coming)
    if replayed.replay is None:
        return _unknown(say("replay.failed"), replayed.problem, note)
    replay = replayed.replay
    verdict = Verdict(say("replay.total", v=loss_value(sum(replay.losses.values()))), counts_of(replay))
    facts = (*_loss_facts(frame, replay), *_odd_facts(frame, replay), *_left_out_facts(frame, replay))
    return Details(_of_batch(verdict, note, facts), None)


def _unknown(label: Message, sentence: Message | None, note: Message, facts: tuple[Fact, ...] = ()) -> Details:
    return Details(_of_batch(Verdict(label, sentence), note, facts), None)


def _of_batch(verdict: Verdict, note: Message, facts: tuple[Fact, ...]) -> Explanation:
    heading = say("replay.facts") if facts else None
    return Explanation(None, say("replay.title"), verdict, note, facts, facts_title=heading)


def counts_of(replay: Replay) -> Message:
    """How many of each kind were drawn."""
    return say("replay.counts", **_counts(replay))


def _counts(replay: Replay) -> dict[str, int]:
    anchors, regions = replay.anchors, replay.regions
    return {"p": anchors.positives, "n": anchors.negatives, "rp": regions.positives, "rn": regions.negatives}


def drawn_message(trace: Trace, replay: Replay | None, is_on_show: bool) -> Message:
    """What a new draw has brought."""
    seed, assignment = trace.settings.assignment.seed, trace.assignment
    if replay is not None:
        return say("status.drawn", s=seed, **_counts(replay))
    sampled = np.zeros(0, np.int8) if assignment is None else assignment.label[assignment.sampled]
    values = {"s": seed, "p": int((sampled == 1).sum()), "n": int((sampled == 0).sum())}
    return say("status.drawn.anchors" if is_on_show else "status.drawn.elsewhere", **values)


def replay_warnings(frame: Frame) -> tuple[Message, ...]:
    """Rows whose loss is not finite or huge."""
    replay = frame.replay
    return () if replay is None else tuple(odd_message(frame, replay, odd) for odd in replay.odd[:MOST_ODD])


def odd_message(frame: Frame, replay: Replay, odd: OddLoss) -> Message:
    """A sentence on one row with its own loss."""
    message_id = ODD[1] if math.isfinite(odd.value) else ODD[0]
    name = _row_name(frame, replay, odd.loss, odd.sample)
    return say(message_id, loss=_name(odd.loss), name=name, v=loss_value(odd.value), t=HUGE)


# -- the whole ---------------------------------------------------------------------------------------------------------


def _loss_facts(frame: Frame, replay: Replay) -> Iterator[Fact]:
    for loss in LOSSES:
        yield Fact(_name(loss), _loss_message(frame, replay, loss))


def _name(loss: str) -> Message:
    return say(f"loss.{loss}")


def _loss_message(frame: Frame, replay: Replay, loss: str) -> Message:
    if loss not in replay.losses:
        return say("replay.loss.nothing_proposed")
    total, share = replay.losses[loss], replay.share(loss)
    if not share.any():
        return say("replay.loss.zero" if replay.samples(loss).positives else "replay.loss.no_positives")
    rows = tuple(_row_message(frame, replay, loss, sample) for sample in _largest(share))
    return say("replay.loss", v=loss_value(total), rows=rows)


def _row_message(frame: Frame, replay: Replay, loss: str, sample: int) -> Message:
    name = _row_name(frame, replay, loss, sample)
    share = percent(float(replay.share(loss)[sample]), replay.losses[loss])
    return name if share is None else say("replay.row", name=name, share=share)


def _largest(share: Floats) -> list[int]:
    """Places of the largest shares, none that adds nothing; where some are not finite only those."""
    keys = np.where(np.isfinite(share), share, np.inf)
    order = [place for place in np.argsort(-keys, kind="stable").tolist() if keys[place] > 0]
    lost = [place for place in order if math.isinf(keys[place])]
    return (lost or order)[:LARGEST]


def _odd_facts(frame: Frame, replay: Replay) -> Iterator[Fact]:
    for odd in replay.odd[:MOST_ODD]:
        yield Fact(say("replay.odd.name"), odd_message(frame, replay, odd), False)
    if len(replay.odd) > MOST_ODD:
        yield Fact(say("replay.odd.name"), say("replay.odd.more", n=len(replay.odd) - MOST_ODD), False)


def _left_out_facts(frame: Frame, replay: Replay) -> Iterator[Fact]:
    if replay.left_out:
        yield Fact(say("replay.left_out"), say("text", text=_left_out(frame, replay)))


def _left_out(frame: Frame, replay: Replay) -> tuple[Message, ...]:
    return tuple(
        say("replay.left_out.object", name=frame.name_of(Ref("object", number)), why=_why_left_out(frame, number))
        for number in replay.left_out
    )


def _why_left_out(frame: Frame, number: int) -> Message:
    truth = frame.trace.ground_truth
    if truth is None or not truth.has_area[number]:
        return say("replay.left_out.area")
    if not has_area(frame.trace.gt_boxes[number : number + 1])[0]:
        return say("replay.left_out.outside")
    if truth.difficult[number]:
        return say("replay.left_out.difficult")
    return say("replay.left_out.crowd" if truth.crowd[number] else "replay.left_out.class")


def _row_name(frame: Frame, replay: Replay, loss: str, sample: int) -> Message:
    """What a sampled row is called; the name leads to it."""
    if loss.startswith("rpn"):
        return frame.name_of(Ref("anchor", int(replay.anchors.rows[sample])))
    anchor, number = int(replay.regions.anchor[sample]), int(replay.regions.object[sample])
    return frame.name_of(Ref("object", number)) if anchor < 0 else region_name(frame, anchor)


def region_name(frame: Frame, anchor: int) -> Message:
    """A proposal by its place, or where inference drops it by its anchor."""
    ref, place = Ref("proposal", anchor), int(frame.proposal_places[anchor])
    if place >= 0:
        return naming(ref, "replay.proposal", r=place + 1)
    return naming(ref, "replay.box", k=anchor)


# -- one row -----------------------------------------------------------------------------------------------------------


def with_losses(frame: Frame, ref: Ref, told: Explanation) -> Explanation:
    """An explanation with what the thing costs in training, where it is in a mini-batch."""
    replay = frame.replay
    told = told if replay is None else _told_of_row(frame, replay, ref, told)
    return _training_first(told) if frame.options.stage == "assignment" else told


def _training_first(told: Explanation) -> Explanation:
    """Who looks at training targets reads of those before what became of the box."""
    mine = next((section for section in told.sections if section.id == TRAINING), None)
    if mine is None or told.facts_title is None:
        return told
    life = Section(LIFE, told.facts_title, told.facts, is_open=True)
    others = (section for section in told.sections if section is not mine)
    return dataclasses.replace(told, facts_title=mine.title, facts=mine.facts, sections=(life, *others))


def _told_of_row(frame: Frame, replay: Replay, ref: Ref, told: Explanation) -> Explanation:
    facts = (*_anchor_facts(replay, ref), *_region_facts(frame, replay, ref))
    sections = list(told.sections)
    place = next((place for place, each in enumerate(sections) if each.id == TRAINING), -1)
    if place >= 0:
        mine = sections[place]
        drawn = tuple(_as_drawn(frame, replay, ref, fact) for fact in mine.facts)
        sections[place] = dataclasses.replace(mine, facts=(*drawn, *facts), is_open=mine.is_open or bool(facts))
    elif facts:
        sections.append(Section(TRAINING, say("section.training"), facts, is_open=True))
    return dataclasses.replace(told, sections=tuple(sections))


def _as_drawn(frame: Frame, replay: Replay, ref: Ref, fact: Fact) -> Fact:
    """The line about the mini-batch, put right where the trace drew for objects that training leaves out."""
    assignment = frame.trace.assignment
    if ref.kind != "anchor" or fact.name.id != "fact.batch" or assignment is None or not replay.left_out:
        return fact
    drawn = np.flatnonzero(replay.anchors.rows == ref.row).tolist()
    label = int(replay.anchors.label[drawn[0]]) if drawn else -1
    if label == (int(assignment.label[ref.row]) if assignment.sampled[ref.row] else -1):
        return fact
    message_id = ("replay.batch.negative", "replay.batch.positive", "replay.batch.no")[label]
    value = say(message_id, left_out=_left_out(frame, replay), s=replay.seed)
    return dataclasses.replace(fact, value=value, mark=True if drawn else None)


def _anchor_facts(replay: Replay, ref: Ref) -> Iterator[Fact]:
    if ref.kind == "anchor":
        for sample in np.flatnonzero(replay.anchors.rows == ref.row).tolist():
            yield from _row_facts(replay, "rpn", sample)


def _region_facts(frame: Frame, replay: Replay, ref: Ref) -> Iterator[Fact]:
    regions = replay.regions
    column = regions.object if ref.kind == "object" else regions.anchor
    row = int(frame.trace.detections.anchor[ref.row]) if ref.kind == "detection" else ref.row
    for sample in np.flatnonzero(column == row).tolist():
        yield Fact(say("replay.roi"), _roi_message(frame, replay, ref, sample))
        if regions.label[sample]:
            dx, dy, dw, dh = regions.targets[sample].tolist()
            yield Fact(say("replay.roi.target"), say("replay.roi.target.value", dx=dx, dy=dy, dw=dw, dh=dh))
        yield from _row_facts(replay, "head", sample)


def _roi_message(frame: Frame, replay: Replay, ref: Ref, sample: int) -> Message:
    """Which region, and what it should be."""
    regions = replay.regions
    anchor, matched = int(regions.anchor[sample]), int(regions.matched[sample])
    if anchor < 0:
        return say("replay.roi.object")
    what = say("replay.roi.nothing")
    if matched >= 0:
        side = "positive" if regions.label[sample] else "negative"
        who = frame.name_of(Ref("object", matched))
        what = say(f"replay.roi.{side}", who=who, a=float(regions.iou[sample]))
    return what if ref.kind == "proposal" else say("replay.roi.of", name=region_name(frame, anchor), what=what)


def _row_facts(replay: Replay, stage: str, sample: int) -> Iterator[Fact]:
    """Its own losses, and how much of the whole that is; only what is positive has a loss of its box."""
    label, box = f"{stage}_label", f"{stage}_box"
    losses = (label, box) if replay.samples(label).label[sample] else (label,)
    own = {loss: float(replay.own(loss)[sample]) for loss in losses}
    mark = None if all(value <= HUGE for value in own.values()) else False
    values = tuple(say(f"replay.own.{loss}", v=loss_value(value)) for loss, value in own.items())
    yield Fact(say(f"replay.own.{stage}"), say("text", text=values), mark)
    shares = {loss: percent(float(replay.share(loss)[sample]), replay.losses[loss]) for loss in losses}
    known = tuple(say(f"replay.own.{loss}", v=share) for loss, share in shares.items() if share is not None)
    if known:
        yield Fact(say(f"replay.share.{stage}"), say("replay.share.value", parts=known))


# -- numbers -----------------------------------------------------------------------------------------------------------


def loss_value(value: float) -> Message:
    """A loss as people read it: three digits or so, and words for what is no number."""
    if math.isnan(value):
        return say("loss.value.nan")
    if math.isinf(value):
        return say("loss.value.infinite")
    if 0 < value < 0.00005:
        return say("loss.value.tiny")
    digits = 1 if value >= 10 else 3 if value >= 0.1 or value == 0 else 4
    return say("loss.value", v=f"{value:,.{digits}f}")


def percent(share: float, total: float) -> Message | None:
    """A row's share of a loss; None where one of them is no number."""
    if not (math.isfinite(share) and math.isfinite(total)):
        return None
    part = 100 * share / total if total > 0 else 0.0
    return say("loss.share.little" if 0 < part < 0.5 else "loss.share", p=part)
