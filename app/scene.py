"""The view-model: what the canvas draws and the panels show. No Qt, no torch, no prose.

Texts are message ids with numbers (`Message`); `app.wording` turns them into sentences. Colours are roles; `app.theme`
turns them into colours and line styles. Boxes are xyxy float32 in image pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.scene_editing import BoxRow as BoxRow
from app.scene_editing import ClassRow as ClassRow
from app.scene_editing import Editing as Editing
from app.scene_editing import Tool as Tool
from detector.config import Value
from detector.messages import ClassScore as ClassScore
from detector.messages import Explanation as Explanation
from detector.messages import Fact as Fact
from detector.messages import Kind as Kind
from detector.messages import Message as Message
from detector.messages import Ref as Ref
from detector.messages import Section as Section

Floats: TypeAlias = NDArray[np.float32]
Ints: TypeAlias = NDArray[np.int64]

Stage: TypeAlias = Literal["image", "anchors", "assignment", "proposals", "detections"]
STAGES: tuple[Stage, ...] = ("image", "anchors", "assignment", "proposals", "detections")
"""In the order of their numbers on the rail; "assignment" (training targets) is a branch."""


Workspace: TypeAlias = Literal["annotate", "inspect"]
"""Two on one document: in Inspect ground truth is locked, in Annotate it is what one works on."""


class Role(StrEnum):
    """What a colour and a line style mean; each means one thing everywhere."""

    GROUND_TRUTH = "ground_truth"
    PROPOSED = "proposed"
    MISSED = "missed"
    NOT_COUNTED = "not_counted"
    ANCHOR = "anchor"
    POSITIVE = "positive"
    POSITIVE_BEST = "positive_best"
    NEGATIVE = "negative"
    IGNORED = "ignored"
    OUTSIDE = "outside"
    PROPOSAL = "proposal"
    DETECTION = "detection"
    FALSE_POSITIVE = "false_positive"
    SUPPRESSED = "suppressed"
    DROPPED = "dropped"
    WAITING = "waiting"
    SUGGESTED = "suggested"
    SELECTED = "selected"


@dataclass(frozen=True, slots=True)
class NmsCursor:
    """Where a person stands who steps through NMS.

    Attributes:
        step: from 0; None: the one that decides about the selection, else the first.
        box: the box that this step decides, (anchor row, class number or 0), by which it is found again where a moved
            setting has renumbered the steps; None where only the number is known.
        near: only steps about what overlaps the selection.
    """

    step: int | None = None
    box: tuple[int, int] | None = None
    near: bool = False


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """What is to be seen: the only input of `build_scene` beside Document and Trace.

    Attributes:
        stage: the stage on show; it chooses a preset of layers.
        shown: layer ids switched on by hand beyond the preset of the stage.
        hidden: layer ids switched off by hand.
        selected: the selected thing.
        hover_cell: the cell under the cursor (cell_x, cell_y), for the anchors of the cell.
        isolate: show only what concerns the selection.
        hide_boxes: hide all boxes for the moment.
        hide_labels: no text on the canvas.
        nms: stepping through the NMS of the stage, which is "proposals" or "detections" then.
    """

    stage: Stage = "detections"
    shown: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    selected: Ref | None = None
    hover_cell: tuple[int, int] | None = None
    isolate: bool = False
    hide_boxes: bool = False
    hide_labels: bool = False
    nms: NmsCursor | None = None


@dataclass(frozen=True, slots=True, eq=False)
class BoxLayer:
    """Boxes of one fate, drawn alike.

    Attributes:
        id: STAGE.FATE, as in the tree ("proposals.suppressed").
        kind: what `rows` count.
        role: colour and line style.
        boxes: (n, 4) image pixels.
        rows: (n,) row of each box, for the hit test.
        crisp: always drawn one by one, on top of the mass layers, with their line style.
        labels: n texts to write at the boxes, or none at all.
        name: what the layer is called here, where that is not the name that goes with its id.
        bright: concerns what one looks at, so it does not step back behind a selection.
        color: "#RRGGBB" in place of the role's colour: objects by class.
    """

    id: str
    kind: Kind
    role: Role
    boxes: Floats
    rows: Ints
    crisp: bool = False
    labels: tuple[str, ...] = ()
    name: Message | None = None
    bright: bool = False
    color: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """One box of the selection's story, drawn on top of everything.

    Attributes:
        box: four plain numbers, image pixels.
        label: a text at the box, "" for none.
        ref: what it is, so that it can be clicked.
    """

    box: tuple[float, float, float, float]
    role: Role
    label: Message | None = None
    ref: Ref | None = None
    selected: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Arrow:
    """A curved arrow from one box to another with a text ("suppresses, IoU 0.53 > 0.40")."""

    start: tuple[float, float]
    end: tuple[float, float]
    role: Role
    label: Message


@dataclass(frozen=True, slots=True, eq=False)
class StageCard:
    """One card of the rail.

    Attributes:
        counts: texts in reading order, each with the role that colours it (None: plain).
        reason: why the stage is missing or not yet there, None where it is there.
    """

    stage: Stage
    number: int
    counts: tuple[tuple[Message, Role | None], ...]
    reason: Message | None = None


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One line of the tree of stages and fates: legend, filter and count at once.

    Attributes:
        id: layer id; a stage's own line has the stage as id and holds the sum.
        count: boxes of this fate; None where not known yet.
        visible: the eye.
        name: what the line is called here, where that is not the name that goes with its id.
    """

    id: str
    stage: Stage | Literal["ground_truth"]
    role: Role | None
    count: int | None
    visible: bool
    depth: int = 1
    name: Message | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ObjectRow:
    """One line of the list of objects and false positives.

    Attributes:
        name: "RBC #7" or "detection 14".
        verdict: outcome, cause or kind, with its number.
        role: colours the verdict.
        wrong: missed or false positive: what M walks along.
        kind: outcome, and after a dot the cause or the kind, where there is one: "missed.nms"; what the list is
            filtered by.
        label: the class.
    """

    ref: Ref
    name: Message
    verdict: Message
    role: Role | None
    wrong: bool
    kind: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Details:
    """Everything the panel says about the selected thing.

    Attributes:
        role: colours the verdict.
    """

    explanation: Explanation
    role: Role | None

    @property
    def ref(self) -> Ref | None:
        """The thing it is about, if it is about one."""
        return self.explanation.ref


@dataclass(frozen=True, slots=True, eq=False)
class RemedyLine:
    """One value of one setting that would have found the selected object.

    Attributes:
        key: the setting, GROUP.NAME; `value` is exactly what is applied.
        change: "Detection NMS IoU 0.40 -> 0.54".
        price: what else changes on this image.
        counted: what it does on the open folder, as far as that is known; None where nobody asked.
        is_counting: the folder is being counted.
    """

    key: str
    value: Value
    change: Message
    price: Message
    counted: Message | None = None
    is_counting: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Remedies:
    """What would have found the selected object; grows while it is being looked for.

    Attributes:
        ref: the object.
        lines: proven ones, cheapest first.
        done, of: settings looked at so far, and in all.
        remarks: what is to be said of the others: "No value of any other single setting does."
        images: how many annotated images "Count on all" would go through; 0 where there is no more than this one.
    """

    ref: Ref
    lines: tuple[RemedyLine, ...] = ()
    done: int = 0
    of: int = 0
    remarks: tuple[Message, ...] = ()
    images: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class AnchorShape:
    """One anchor of a cell, to be picked by its shape.

    Attributes:
        width, height: network pixels, so that the shapes of a row can be drawn to one scale.
        role: colour and line style of its training label.
        overlap: IoU with the object it is measured against, None where there is none.
        is_positive: training would teach it that object.
        tip: which anchor it is, and its overlap and label in words.
    """

    ref: Ref
    width: float
    height: float
    role: Role | None
    overlap: float | None
    is_positive: bool
    tip: Message


@dataclass(frozen=True, slots=True, eq=False)
class CellShapes:
    """The anchors of one cell of one feature map, in the order of the grid."""

    title: Message
    shapes: tuple[AnchorShape, ...]


@dataclass(frozen=True, slots=True, eq=False)
class NmsWalk:
    """Stepping through NMS, as far as it has come.

    Attributes:
        cursor: the step on show and its box.
        count: steps in all; 0 where there was nothing to suppress or keep.
        told: what the step does, as a sentence.
        target: what is selected, to which the steps can be narrowed down; None for nothing.
    """

    cursor: NmsCursor
    count: int
    told: Message
    target: Message | None = None


@dataclass(frozen=True, slots=True)
class Space:
    """Three pixel spaces in one: image px -> network px -> cell.

    Attributes:
        scale_xy: network pixels per image pixel.
        stride: network pixels a cell.
        feature_hw: cells.
    """

    image_hw: tuple[int, int]
    network_hw: tuple[int, int] | None = None
    scale_xy: tuple[float, float] | None = None
    stride: int = 16
    feature_hw: tuple[int, int] | None = None

    def network(self, x: float, y: float) -> tuple[float, float] | None:
        """Image pixels to network pixels."""
        return None if self.scale_xy is None else (x * self.scale_xy[0], y * self.scale_xy[1])

    def cell(self, x: float, y: float) -> tuple[int, int] | None:
        """The cell whose centre is nearest to a point in image pixels."""
        point = self.network(x, y)
        if point is None or self.feature_hw is None:
            return None
        height, width = self.feature_hw
        return (
            min(max(int(point[0] // self.stride), 0), width - 1),
            min(max(int(point[1] // self.stride), 0), height - 1),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """The values one slider cuts, for the picture behind it.

    Attributes:
        passes_above: what lies above the threshold goes on, the rest is cut; False: the other way round.
    """

    counts: Ints
    low: float
    high: float
    passes_above: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All of the window, for one moment.

    Attributes:
        layers: only the visible ones, back to front.
        centres: (n, 2) anchor centres in image pixels, empty where not shown.
        cells: the selection's cell, one for each feature map, where its anchors can be picked.
        stale: the overlay belongs to another image or model: dim it.
        warnings: sentences about this image's ground truth or file.
        nms: where stepping through NMS stands; None where nobody does.
        editing: what can be edited; None in Inspect, where ground truth is locked.
    """

    space: Space
    stage: Stage
    layers: tuple[BoxLayer, ...] = ()
    centres: Floats = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    marks: tuple[Mark, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    cards: tuple[StageCard, ...] = ()
    tree: tuple[TreeRow, ...] = ()
    objects: tuple[ObjectRow, ...] = ()
    details: Details | None = None
    cells: tuple[CellShapes, ...] = ()
    histograms: dict[str, Histogram] = field(default_factory=dict)
    warnings: tuple[Message, ...] = ()
    num_anchors: int | None = None
    milliseconds: float | None = None
    selected: Ref | None = None
    stale: bool = False
    show_labels: bool = True
    nms: NmsWalk | None = None
    editing: Editing | None = None

    def box_of(self, ref: Ref) -> tuple[float, float, float, float] | None:
        """The box of a thing that is on show."""
        for mark in self.marks:
            if mark.ref == ref:
                return mark.box
        for layer in self.layers:
            at = np.flatnonzero(layer.rows == ref.row)
            if layer.kind == ref.kind and len(at):
                x1, y1, x2, y2 = layer.boxes[at[0]].tolist()
                return x1, y1, x2, y2
        return None
