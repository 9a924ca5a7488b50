"""Stepping through NMS: what one step is on the canvas, in the tree and in words.

The box whose turn it is and the one that falls by it are marks with an arrow between them. What was decided before, and
what is not decided yet, are three layers that stand for those of the stage.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from app.scene import (
    Arrow,
    BoxLayer,
    Ints,
    Kind,
    Mark,
    Message,
    NmsCursor,
    NmsWalk,
    Ref,
    Role,
    Stage,
    TreeRow,
    ViewOptions,
)
from app.scene_frame import Frame
from app.scene_layers import NEAR_OBJECT, NMS_LAYERS, visible_layers
from app.scene_marks import mark_at, selection_mark, suppressed_rows, suppression
from app.sentences import say
from detector.boxes import Floats, iou
from detector.explanation_chain import chain_of
from detector.nms_steps import NmsSteps, detection_steps, proposal_steps
from detector.ranks import rank_after_nms, rank_of_detection

_KINDS: dict[Stage, Kind] = {"proposals": "proposal", "detections": "detection"}

NMS_STAGES: tuple[Stage, ...] = tuple(_KINDS)
"""The stages that have an NMS to step through."""

MOST_BRIGHT = 50
"""More kept boxes than this are drawn as a mass and step back too, or they would hide the picture and the step."""

_KEPT: dict[Kind, Role] = {"proposal": Role.PROPOSAL, "detection": Role.DETECTION}


@dataclass(frozen=True, slots=True, eq=False)
class NmsScene:
    """The parts of a scene that belong to a step.

    Attributes:
        layers: the visible ones, back to front.
        counts: boxes by layer id, also of layers that are not visible.
    """

    walk: NmsWalk
    layers: tuple[BoxLayer, ...] = ()
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NMS_LAYERS, 0))
    marks: tuple[Mark, ...] = ()
    arrows: tuple[Arrow, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """One of the steps that can be gone through."""

    frame: Frame
    kind: Kind
    steps: NmsSteps
    at: int

    @property
    def box(self) -> Ref:
        """The one that the step decides."""
        return Ref(self.kind, int(self.steps.rows[self.at]))

    @property
    def keeper(self) -> Ref:
        """The kept box whose turn it is."""
        return Ref(self.kind, int(self.steps.keepers[self.at]))


def nms_scene(frame: Frame, selected: Ref | None) -> NmsScene | None:
    """The step on show; None where nobody steps."""
    cursor, kind = frame.options.nms, _KINDS.get(frame.options.stage)
    if cursor is None or kind is None:
        return None
    every = _all_steps(frame, kind)
    target = None if selected is None else frame.name_of(selected)
    steps = every
    if cursor.near and selected is not None:
        overlap = iou(_network_boxes(frame, kind)[every.rows], frame.network_box(_as_box(selected))[None])[:, 0]
        steps = every.among(overlap >= NEAR_OBJECT)
    if len(steps) == 0:
        told = say("nms.nothing.near" if len(every) else "nms.nothing")
        return NmsScene(NmsWalk(replace(cursor, step=0), 0, told, target))
    step = _Step(frame, kind, steps, _place(frame, every, steps, selected))
    shown = NmsCursor(step.at, _identity(frame, step.box), cursor.near)
    walk = NmsWalk(shown, len(steps), _told(step), target)
    if frame.options.hide_boxes:
        return NmsScene(walk, counts=_counts(step))
    arrow = () if step.box == step.keeper else (suppression(frame, step.keeper, step.box),)
    return NmsScene(walk, _layers(step), _counts(step), _marks(step, selected), arrow)


def nms_before_run(options: ViewOptions) -> NmsWalk | None:
    """Where nothing is known yet of what is to be stepped through."""
    return None if options.nms is None else NmsWalk(options.nms, 0, say("nms.not_run"))


def with_nms_rows(rows: tuple[TreeRow, ...], frame: Frame, shown: NmsScene | None) -> tuple[TreeRow, ...]:
    """The tree with the layers of a step below their stage, before the stage's own."""
    if shown is None:
        return rows
    stage, visible = frame.options.stage, visible_layers(frame.options)
    mine = tuple(
        TreeRow(layer, stage, role, shown.counts[layer], layer in visible, 1, _name(layer))
        for layer, role in _roles(_KINDS[stage]).items()
    )
    at = next(place for place, row in enumerate(rows) if row.id == stage)
    line = replace(rows[at], visible=rows[at].visible or any(row.visible for row in mine))
    return (*rows[:at], line, *mine, *rows[at + 1 :])


def _roles(kind: Kind) -> dict[str, Role]:
    return dict(zip(NMS_LAYERS, (_KEPT[kind], Role.DROPPED, Role.SUPPRESSED, Role.WAITING), strict=True))


def _name(layer: str) -> Message:
    return say(f"layer.nms.{layer.partition('.')[2]}")


def _all_steps(frame: Frame, kind: Kind) -> NmsSteps:
    proposals, detections = frame.trace.proposals, frame.trace.detections
    if kind == "proposal":
        return frame.memo.get("nms steps", (proposals,), lambda: proposal_steps(proposals))
    return frame.memo.get("nms steps", (detections,), lambda: detection_steps(detections))


def _network_boxes(frame: Frame, kind: Kind) -> Floats:
    return frame.trace.evidence.first.boxes if kind == "proposal" else frame.trace.detections.boxes


def _as_box(ref: Ref) -> Ref:
    """A selected anchor by the box that came of it: NMS never sees the anchor itself."""
    return Ref("proposal", ref.row) if ref.kind == "anchor" else ref


def _place(frame: Frame, every: NmsSteps, steps: NmsSteps, selected: Ref | None) -> int:
    """Where one stands: at the box of the cursor, or the first step after it that is told; else at its number."""
    cursor = frame.options.nms or NmsCursor()
    row = -1
    if cursor.box is not None:
        row = _row_of(frame, cursor.box)
    elif cursor.step is None and selected is not None:
        chain = chain_of(frame, selected)
        row = chain.anchor if frame.options.stage == "proposals" else chain.detection
    number = every.place_of(row) if row >= 0 else -1
    place = int(np.searchsorted(steps.numbers, number)) if number >= 0 else cursor.step or 0
    return min(max(place, 0), len(steps) - 1)


def _identity(frame: Frame, ref: Ref) -> tuple[int, int]:
    """What a box is known by when detections are numbered anew: anchor row and class."""
    found = frame.trace.detections
    if ref.kind == "proposal":
        return ref.row, 0
    return int(found.anchor[ref.row]), int(found.label[ref.row])


def _row_of(frame: Frame, identity: tuple[int, int]) -> int:
    """The box known by that; -1 where it did not come so far."""
    anchor, label = identity
    if frame.options.stage == "proposals":
        return anchor
    found = frame.trace.detections
    rows = np.flatnonzero((found.anchor == anchor) & (found.label == label))
    return int(rows[0]) if len(rows) else -1


def _parts(step: _Step) -> dict[str, Ints]:
    """The boxes of each layer after the step."""
    rows, kept, done = step.steps.rows, step.steps.keeps, step.at + 1
    stays = rows[:done][kept[:done]]
    is_cut = _places(step.frame, step.kind)[stays] < 0
    parts = (stays[~is_cut], stays[is_cut], rows[:done][~kept[:done]], rows[done:])
    return dict(zip(NMS_LAYERS, parts, strict=True))


def _counts(step: _Step) -> dict[str, int]:
    return {layer: len(rows) for layer, rows in _parts(step).items()}


def _layers(step: _Step) -> tuple[BoxLayer, ...]:
    """What is not decided yet at the back, what was kept at the front.

    Where only what concerns something is to be seen, that is the box whose turn it is with all that fall by it.
    """
    frame, kind = step.frame, step.kind
    visible, roles = visible_layers(frame.options), _roles(kind)
    boxes = frame.decoded if kind == "proposal" else frame.detections
    turn = step.steps.rows[step.steps.keepers == step.keeper.row]
    made: list[BoxLayer] = []
    for layer, rows in reversed(_parts(step).items()):
        shown = rows[np.isin(rows, turn)] if frame.options.isolate else rows
        if layer in visible and len(shown):
            kept = layer == NMS_LAYERS[0]
            labels = _labels(frame, shown) if kept and kind == "detection" else ()
            name, bright = _name(layer), kept and len(shown) <= MOST_BRIGHT
            made.append(BoxLayer(layer, kind, roles[layer], boxes[shown], shown, bright, labels, name, bright))
    return tuple(made)


def _labels(frame: Frame, rows: Ints) -> tuple[str, ...]:
    if frame.options.hide_labels:
        return ()
    found = frame.trace.detections
    pairs = zip(found.label[rows].tolist(), found.score[rows].tolist(), strict=True)
    return tuple(f"{frame.class_name(label)} {score:.2f}" for label, score in pairs)


def _marks(step: _Step, selected: Ref | None) -> tuple[Mark, ...]:
    """What is selected, the box whose turn it is, and on top what falls by it: the two are often nearly the same."""
    frame, keeper, box = step.frame, step.keeper, step.box
    marks = [] if selected is None or selected in (keeper, box) else [selection_mark(frame, selected)]
    role = Role.DROPPED if _is_cut(frame, keeper) else _KEPT[step.kind]
    marks.append(mark_at(frame, keeper, role, _score(frame, keeper)))
    if box != keeper:
        marks.append(mark_at(frame, box, Role.SUPPRESSED, _score(frame, box)))
    return tuple(replace(mark, selected=True) for mark in marks)


def _score(frame: Frame, ref: Ref) -> Message:
    if ref.kind == "proposal":
        return say("mark.objectness", p=float(frame.trace.evidence.first.objectness[ref.row]))
    found = frame.trace.detections
    return say("mark.refined", cls=frame.class_name(int(found.label[ref.row])), s=float(found.score[ref.row]))


def _told(step: _Step) -> Message:
    """The step in a sentence."""
    if step.box != step.keeper:
        return _told_fall(step)
    frame, box = step.frame, step.box
    values = {"who": _who(frame, box), "then": _then(len(suppressed_rows(frame, box)))}
    if _is_cut(frame, box):
        settings = frame.trace.settings
        if box.kind == "proposal":
            rank, most = rank_after_nms(frame.trace.proposals, box.row), settings.proposals.post_nms_top_n
        else:
            rank, most = rank_of_detection(frame.trace.detections, box.row), settings.detections.max_detections
        return say("nms.cut", r=say("ordinal", n=rank), n=most, **values)
    how = "best" if _is_best(step) else "kept"
    return say(f"nms.{how}.{box.kind}", cls=_class_of(frame, box), t=_limit(frame, box), **values)


def _then(fallen: int) -> Message:
    """What the next steps bring."""
    if fallen == 0:
        return say("nms.suppresses.none")
    return say("nms.suppresses.one") if fallen == 1 else say("nms.suppresses", n=fallen)


def _told_fall(step: _Step) -> Message:
    frame, box, keeper = step.frame, step.box, step.keeper
    values = {"who": _who(frame, keeper), "o": frame.iou(box, keeper), "t": _limit(frame, box)}
    if box.kind == "proposal":
        return say("nms.falls.proposal", k=box.row, p=float(frame.trace.evidence.first.objectness[box.row]), **values)
    found = frame.trace.detections
    place, score = int(found.proposal[box.row]) + 1, float(found.score[box.row])
    return say("nms.falls.detection", cls=_class_of(frame, box), r=place, s=score, **values)


def _who(frame: Frame, ref: Ref) -> Message:
    """The box whose turn it is, at the beginning of a sentence."""
    if ref.kind == "proposal":
        score, place = float(frame.trace.evidence.first.objectness[ref.row]), int(frame.proposal_places[ref.row])
        return (
            say("nms.who.proposal", r=place + 1, p=score) if place >= 0 else say("nms.who.decoded", k=ref.row, p=score)
        )
    found, place = frame.trace.detections, int(frame.detection_places[ref.row])
    values = {"cls": _class_of(frame, ref), "s": float(found.score[ref.row])}
    if place >= 0:
        return say("nms.who.detection", k=place + 1, **values)
    return say("nms.who.candidate", r=int(found.proposal[ref.row]) + 1, **values)


def _class_of(frame: Frame, ref: Ref) -> str:
    return "" if ref.kind == "proposal" else frame.class_name(int(frame.trace.detections.label[ref.row]))


def _limit(frame: Frame, ref: Ref) -> float:
    settings = frame.trace.settings
    return settings.proposals.nms_iou if ref.kind == "proposal" else settings.detections.nms_iou


def _is_cut(frame: Frame, ref: Ref) -> bool:
    """NMS kept it, and the limit on how many go on did not."""
    return bool(_places(frame, ref.kind)[ref.row] < 0)


def _places(frame: Frame, kind: Kind) -> Ints:
    return frame.proposal_places if kind == "proposal" else frame.detection_places


def _is_best(step: _Step) -> bool:
    """No other of its class was kept before."""
    every = _all_steps(step.frame, step.kind)
    kept = every.rows[every.keeps]
    if step.kind == "detection":
        label = step.frame.trace.detections.label
        kept = kept[label[kept] == label[step.box.row]]
    return bool(kept[0] == step.box.row)
