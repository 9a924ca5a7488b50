"""The layers: which boxes belong to which fate, which of them are on show, and how many there are of each."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from app.scene import BoxLayer, Floats, Ints, Kind, Message, Ref, Role, Stage, ViewOptions
from app.scene_frame import Frame
from app.scene_replay import ROI_FATES, drawn_rows
from app.sentences import say
from detector.assignment import Reason
from detector.boxes import iou
from detector.ground_truth import GroundTruth
from detector.trace import Cause, DetectionFate, DetectionOutcome, Outcome, ProposalFate

Group: TypeAlias = Literal["ground_truth"] | Stage

FIRST = 50
"""Kept proposals on show at first, by objectness."""

NEAR_OBJECT = 0.3
"""With an object selected, proposals are those that overlap it by this much."""


class LayerSpec(NamedTuple):
    """One line of the tree: a fate with its meaning on the canvas.

    Attributes:
        counted: belongs to the sum of its stage; samples and centres are seen from another side.
        is_rare: the tree lists it only where there is such a box.
    """

    id: str
    group: Group
    kind: Kind
    role: Role
    crisp: bool = False
    counted: bool = True
    is_rare: bool = False


# Front to back within a stage, as the tree lists them.
SPECS: tuple[LayerSpec, ...] = (
    LayerSpec("ground_truth.objects", "ground_truth", "object", Role.GROUND_TRUTH, crisp=True),
    LayerSpec(
        "ground_truth.proposed", "ground_truth", "object", Role.PROPOSED, crisp=True, is_rare=True, counted=False
    ),
    LayerSpec("ground_truth.missed", "ground_truth", "object", Role.MISSED, crisp=True),
    LayerSpec("ground_truth.not_counted", "ground_truth", "object", Role.NOT_COUNTED, crisp=True),
    LayerSpec("anchors.all", "anchors", "anchor", Role.ANCHOR),
    LayerSpec("anchors.cell", "anchors", "anchor", Role.ANCHOR, crisp=True, counted=False),
    LayerSpec("anchors.centres", "anchors", "anchor", Role.ANCHOR, counted=False),
    LayerSpec("assignment.positive_iou", "assignment", "anchor", Role.POSITIVE, crisp=True),
    LayerSpec("assignment.positive_best", "assignment", "anchor", Role.POSITIVE_BEST, crisp=True),
    LayerSpec("assignment.negative", "assignment", "anchor", Role.NEGATIVE),
    LayerSpec("assignment.ignored", "assignment", "anchor", Role.IGNORED),
    LayerSpec("assignment.outside", "assignment", "anchor", Role.OUTSIDE),
    LayerSpec("assignment.sampled_positive", "assignment", "anchor", Role.POSITIVE, crisp=True, counted=False),
    LayerSpec("assignment.sampled_negative", "assignment", "anchor", Role.NEGATIVE, crisp=True, counted=False),
    LayerSpec("assignment.rois_positive", "assignment", "proposal", Role.POSITIVE, crisp=True, counted=False),
    LayerSpec("assignment.rois_object", "assignment", "object", Role.POSITIVE, crisp=True, counted=False),
    LayerSpec("assignment.rois_negative", "assignment", "proposal", Role.NEGATIVE, crisp=True, counted=False),
    LayerSpec("proposals.first", "proposals", "proposal", Role.PROPOSAL),
    LayerSpec("proposals.kept", "proposals", "proposal", Role.PROPOSAL),
    LayerSpec("proposals.over_limit", "proposals", "proposal", Role.DROPPED),
    LayerSpec("proposals.suppressed", "proposals", "proposal", Role.SUPPRESSED),
    LayerSpec("proposals.below_top_n", "proposals", "proposal", Role.DROPPED),
    LayerSpec("proposals.below_score", "proposals", "proposal", Role.DROPPED),
    LayerSpec("proposals.too_small", "proposals", "proposal", Role.DROPPED),
    LayerSpec("detections.judged", "detections", "detection", Role.DETECTION, crisp=True),
    LayerSpec("detections.false_positive", "detections", "detection", Role.FALSE_POSITIVE, crisp=True),
    LayerSpec("detections.kept", "detections", "detection", Role.DETECTION),
    LayerSpec("detections.over_limit", "detections", "detection", Role.DROPPED),
    LayerSpec("detections.suppressed", "detections", "detection", Role.SUPPRESSED),
    LayerSpec("detections.too_small", "detections", "detection", Role.DROPPED),
    LayerSpec("detections.below_top_n", "detections", "detection", Role.DROPPED),
    LayerSpec("detections.low_score", "detections", "detection", Role.DROPPED),
    LayerSpec("detections.waiting", "detections", "detection", Role.WAITING),
)

GROUND_TRUTH = ("ground_truth.objects", "ground_truth.proposed", "ground_truth.missed", "ground_truth.not_counted")

NMS_LAYERS = ("nms.kept", "nms.cut", "nms.suppressed", "nms.undecided")
"""While one steps through NMS they stand for the layers of its stage."""

_PRESETS: dict[Stage, frozenset[str]] = {
    "image": frozenset(GROUND_TRUTH),
    "anchors": frozenset((*GROUND_TRUTH, "anchors.cell", "anchors.centres")),
    "assignment": frozenset((*GROUND_TRUTH, "assignment.positive_iou", "assignment.positive_best")),
    "proposals": frozenset((*GROUND_TRUTH, "proposals.first")),
    "detections": frozenset((*GROUND_TRUTH, "detections.judged", "detections.false_positive")),
}

_REASONS = {
    "positive_iou": Reason.POSITIVE_IOU,
    "positive_best": Reason.POSITIVE_BEST,
    "negative": Reason.NEGATIVE,
    "ignored": Reason.IGNORED,
    "outside": Reason.OUTSIDE,
}


def layers_of(group: str) -> tuple[str, ...]:
    """The layer ids of a stage's line in the tree."""
    return tuple(spec.id for spec in SPECS if spec.group == group)


def visible_layers(options: ViewOptions) -> frozenset[str]:
    """The layers on show: the preset of the stage, or of stepping through it, changed by hand."""
    preset = _PRESETS[options.stage] if options.nms is None else frozenset((*NMS_LAYERS, "ground_truth.missed"))
    return (preset | options.shown) - options.hidden


def box_layers(frame: Frame) -> tuple[BoxLayer, ...]:
    """The visible layers, back to front; those without a box are left out."""
    if frame.options.hide_boxes:
        return ()
    visible = visible_layers(frame.options)
    made = (_layer(frame, spec) for spec in _back_to_front() if spec.id in visible and spec.id != "anchors.centres")
    return tuple(layer for layer in made if len(layer.rows))


def ground_truth_layers(truth: GroundTruth, num_accepted: int, options: ViewOptions) -> tuple[BoxLayer, ...]:
    """The only layers there are before the detector has run; objects from `num_accepted` on are only proposed."""
    if options.hide_boxes:
        return ()
    made: list[BoxLayer] = []
    for layer_id, role, rows in (
        ("ground_truth.objects", Role.GROUND_TRUTH, np.arange(num_accepted)),
        ("ground_truth.proposed", Role.PROPOSED, np.arange(num_accepted, len(truth))),
    ):
        if len(rows) and layer_id in visible_layers(options):
            labels = tuple(truth.labels[row] for row in rows.tolist())
            made.append(BoxLayer(layer_id, "object", role, truth.boxes[rows], rows, True, labels))
    return tuple(made)


def centres(frame: Frame) -> Floats:
    """(cells, 2) the anchors' centres where they are on show."""
    if frame.options.hide_boxes or "anchors.centres" not in visible_layers(frame.options):
        return np.zeros((0, 2), np.float32)
    first = frame.trace.evidence.first

    def make() -> Floats:
        boxes = frame.anchors[:: first.grid.shapes_per_cell]
        middles: Floats = (boxes[:, :2] + boxes[:, 2:]) * np.float32(0.5)
        return middles

    return frame.memo.get("centres", (first,), make)


def counts(frame: Frame) -> dict[str, int | None]:
    """Boxes of every layer; None where there is no such stage for this image."""
    return {spec.id: _count(frame, spec) for spec in SPECS}


def rows_of(frame: Frame, layer_id: str) -> Ints:
    """The rows of one fate, in drawing order."""
    group, _, fate = layer_id.partition(".")
    if group == "ground_truth":
        return _object_rows(frame, fate)
    if group == "anchors":
        return _anchor_rows(frame, fate)
    if group == "assignment":
        return _assignment_rows(frame, fate)
    if group == "proposals":
        proposals, target = frame.trace.proposals, _near_what(frame)
        if target is not None and fate in ("first", "kept"):
            kept = proposals.kept
            overlap = iou(frame.trace.evidence.first.boxes[kept], frame.network_box(target)[None])[:, 0]
            near: Ints = kept[(overlap >= NEAR_OBJECT) == (fate == "first")]
            return near
        return frame.memo.get(layer_id, (proposals,), lambda: _proposal_rows(frame, fate))
    found, judgement = frame.trace.detections, frame.trace.judgement
    name = (layer_id, frame.trace.settings.matching.working_score)
    return frame.memo.get(name, (found, judgement), lambda: _detection_rows(frame, fate))


def _back_to_front() -> tuple[LayerSpec, ...]:
    return tuple(sorted(SPECS, key=lambda spec: (spec.crisp, spec.group == "ground_truth", -SPECS.index(spec))))


def _count(frame: Frame, spec: LayerSpec) -> int | None:
    grid = frame.trace.evidence.first.grid
    if spec.id == "anchors.all":
        return len(grid)
    if spec.id == "anchors.cell":
        return grid.shapes_per_cell
    if spec.id == "anchors.centres":
        return grid.feature_hw[0] * grid.feature_hw[1]
    if spec.id == "ground_truth.proposed":
        return len(frame.proposed)
    if spec.group in ("assignment", "ground_truth") and frame.trace.ground_truth is None:
        return None
    if spec.id == "detections.false_positive" and frame.trace.judgement is None:
        return None
    if spec.group == "assignment":
        if spec.id.partition(".")[2] in ROI_FATES and frame.replay is None:
            return None
        owners = (frame.trace.assignment, frame.replay)
        return frame.memo.get(("count", spec.id), owners, lambda: len(rows_of(frame, spec.id)))
    return len(rows_of(frame, spec.id))


def _layer(frame: Frame, spec: LayerSpec) -> BoxLayer:
    rows = rows_of(frame, spec.id)
    whole = _boxes_of(frame, spec.kind)
    boxes = whole if len(rows) == len(whole) else whole[rows]
    labels = _labels(frame, spec, rows)
    name = layer_names(frame).get(spec.id)
    # The cell under the cursor, and the proposals for the selected object: each is what its stage is looked at for.
    bright = spec.id == "anchors.cell" or (spec.id == "proposals.first" and _near_what(frame) is not None)
    return BoxLayer(spec.id, spec.kind, spec.role, boxes, rows, spec.crisp or bright, labels, name, bright)


def _boxes_of(frame: Frame, kind: Kind) -> Floats:
    if kind == "object":
        return frame.object_boxes()
    if kind == "anchor":
        return frame.anchors
    return frame.decoded if kind == "proposal" else frame.detections


def layer_names(frame: Frame) -> dict[str, Message]:
    """The layers that are called by another name in this scene, by id."""
    names: dict[str, Message] = {}
    judgement = frame.trace.judgement
    if judgement is not None:
        unjudged = any(judgement.detections[row] is DetectionOutcome.NOT_JUDGED for row in frame.judged.tolist())
        names["ground_truth.objects"] = say("layer.found")
        names["detections.judged"] = say("layer.true_positive.not_judged" if unjudged else "layer.true_positive")
    target = _near_what(frame)
    if target is not None:
        names["proposals.first"] = say("layer.near", name=frame.name_of(target))
    return names


def _near_what(frame: Frame) -> Ref | None:
    """On the proposals' stage an object is selected to see what the RPN proposed for it."""
    selected = frame.options.selected
    if frame.options.stage != "proposals" or selected is None or selected.kind != "object":
        return None
    return selected if frame.exists(selected) else None


def _labels(frame: Frame, spec: LayerSpec, rows: Ints) -> tuple[str, ...]:
    if frame.options.hide_labels:
        return ()
    if spec.id in ("detections.judged", "detections.false_positive"):
        found = frame.trace.detections
        pairs = zip(found.label[rows].tolist(), found.score[rows].tolist(), strict=True)
        return tuple(f"{frame.class_name(label)} {score:.2f}" for label, score in pairs)
    if spec.id in ("ground_truth.missed", "ground_truth.proposed"):
        word = spec.id.partition(".")[2]
        return tuple(f"{frame.object_class(row)} #{row + 1} {word}" for row in rows.tolist())
    if spec.id in GROUND_TRUTH and frame.options.stage != "detections":
        # among detections the class of a found object stands at its detection
        return tuple(frame.object_class(row) for row in rows.tolist())
    return ()


def _object_rows(frame: Frame, fate: str) -> Ints:
    if fate == "proposed":
        return np.arange(frame.num_judged, frame.num_judged + len(frame.proposed))
    judgement = frame.trace.judgement
    if judgement is None:
        return np.arange(frame.num_judged if fate == "objects" else 0)
    fates = [_object_fate(each.outcome, each.cause) for each in judgement.objects]
    return np.array([row for row, each in enumerate(fates) if each == fate], np.int64)


def _object_fate(outcome: Outcome, cause: Cause | None) -> str:
    if outcome is Outcome.IGNORED or cause is Cause.UNKNOWN_CLASS:
        return "not_counted"
    return "missed" if outcome is Outcome.MISSED else "objects"


def _anchor_rows(frame: Frame, fate: str) -> Ints:
    first = frame.trace.evidence.first
    if fate != "cell":
        return frame.memo.get("all anchors", (first,), lambda: np.arange(len(first.grid)))
    cell = frame.options.hover_cell
    selected = frame.options.selected
    if cell is None and selected is not None and selected.kind == "anchor" and frame.exists(selected):
        place = first.grid.place(selected.row)
        cell = (place.cell_x, place.cell_y)
    height, width = first.grid.feature_hw
    if cell is None or not (0 <= cell[0] < width and 0 <= cell[1] < height):
        return np.zeros(0, np.int64)
    return np.array(first.grid.rows_of_cell(*cell), np.int64)


def _assignment_rows(frame: Frame, fate: str) -> Ints:
    found, replay = frame.trace.assignment, frame.replay
    if found is None or (replay is None and fate in ROI_FATES):
        return np.zeros(0, np.int64)

    def make() -> Ints:
        if fate in _REASONS:
            return np.flatnonzero(found.reason == _REASONS[fate])
        if replay is not None:
            return drawn_rows(replay, fate)
        return np.flatnonzero(found.sampled & (found.label == (1 if fate == "sampled_positive" else 0)))

    return frame.memo.get(("assignment", fate), (found, replay), make)


def _proposal_rows(frame: Frame, fate: str) -> Ints:
    proposals = frame.trace.proposals
    if fate == "first":
        return proposals.kept[:FIRST]
    if fate == "kept":
        return proposals.kept[FIRST:]
    return np.flatnonzero(proposals.fate == ProposalFate[fate.upper()])


def _detection_rows(frame: Frame, fate: str) -> Ints:
    found = frame.trace.detections
    if fate == "false_positive":
        return frame.false_positives()
    if fate == "judged":
        wrong = frame.false_positives()
        return frame.judged if len(wrong) == 0 else frame.judged[~np.isin(frame.judged, wrong)]
    if fate == "kept":
        least = np.float32(frame.trace.settings.matching.working_score)
        return found.kept[~(found.score[found.kept] > least)]
    return np.flatnonzero(found.fate == DetectionFate[fate.upper()])


def only(layers: tuple[BoxLayer, ...], refs: frozenset[Ref]) -> tuple[BoxLayer, ...]:
    """The layers cut down to some things: what concerns the selection."""
    kept: list[BoxLayer] = []
    for layer in layers:
        wanted = [ref.row for ref in refs if ref.kind == layer.kind]
        mask = np.isin(layer.rows, wanted)
        if mask.any():
            labels = tuple(label for label, keep in zip(layer.labels, mask.tolist(), strict=False) if keep)
            kept.append(replace(layer, boxes=layer.boxes[mask], rows=layer.rows[mask], labels=labels))
    return tuple(kept)
