"""What the Settings make of the Evidence: every row of every stage, with one fate and a link to its parent.

Filters never overwrite an array: they give a fate. Counts in = counts out.

Shapes: A anchors; P kept proposals; N detection rows (kept proposals x classes); D kept detections; G objects.
Pixels: boxes are in network pixels; `Trace.to_image` gives image pixels. The IoU shown is the one that decided.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.assignment import Assignment, Reason
from detector.boxes import Floats, Ints, unscale
from detector.config import Settings
from detector.coverage import Coverage
from detector.evidence import Evidence
from detector.ground_truth import GroundTruth


class ProposalFate(IntEnum):
    """Why an anchor's box did or did not become a proposal, in the classic order of the filters."""

    TOO_SMALL = 0
    BELOW_TOP_N = 1
    BELOW_SCORE = 2
    SUPPRESSED = 3
    OVER_LIMIT = 4
    KEPT = 5


class DetectionFate(IntEnum):
    """Why a proposal's box of one class did or did not become a detection."""

    LOW_SCORE = 0
    BELOW_TOP_N = 1
    TOO_SMALL = 2
    SUPPRESSED = 3
    OVER_LIMIT = 4
    KEPT = 5
    WAITING = 6


class Outcome(StrEnum):
    """Of an object."""

    FOUND = "found"
    MISSED = "missed"
    IGNORED = "ignored"
    PENDING = "pending"


class DetectionOutcome(StrEnum):
    """Of a detection."""

    TRUE_POSITIVE = "true_positive"
    DUPLICATE = "duplicate"
    LOCALISATION = "localisation"
    CLASS = "class"
    CLASS_LOCALISATION = "class_localisation"
    BACKGROUND = "background"
    NOT_JUDGED = "not_judged"


FALSE_POSITIVES = (
    DetectionOutcome.DUPLICATE,
    DetectionOutcome.LOCALISATION,
    DetectionOutcome.CLASS,
    DetectionOutcome.CLASS_LOCALISATION,
    DetectionOutcome.BACKGROUND,
)
"""The kinds of judged detections that are wrong."""


class Cause(StrEnum):
    """Why an object was missed (the codes of the JSON)."""

    UNKNOWN_CLASS = "unknown_class"
    OVER_LIMIT = "over_limit"
    NMS = "nms"
    DETECTION_TOP_N = "detection_top_n"
    DETECTION_TOO_SMALL = "detection_too_small"
    DUPLICATE_MATCHED = "duplicate_matched"
    WRONG_CLASS = "wrong_class"
    BACKGROUND = "background"
    HEAD_REGRESSION = "head_regression"
    PROPOSAL_LIMIT = "proposal_limit"
    PROPOSAL_NMS = "proposal_nms"
    PROPOSAL_SCORE = "proposal_score"
    TOP_N = "top_n"
    TOO_SMALL = "too_small"
    RPN_REGRESSION = "rpn_regression"
    NO_ANCHOR = "no_anchor"


@dataclass(frozen=True, slots=True, eq=False)
class Proposals:
    """The first stage's decisions, one row an anchor.

    Attributes:
        fate: (A,) uint8 `ProposalFate`.
        suppressed_by: (A,) int64 anchor row of the kept box that dropped this one, -1 for none.
        rank: (A,) int64 place by objectness among all anchors, 0 the highest.
        kept: (P,) int64 anchor rows, best first; "proposal i" is kept[i].
    """

    fate: NDArray[np.uint8]
    suppressed_by: Ints
    rank: Ints
    kept: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """The second stage's decisions, one row a kept proposal and class (background left out).

    Attributes:
        proposal: (N,) int64 place in `Proposals.kept`.
        anchor: (N,) int64 anchor row.
        label: (N,) int64 class number 1..K.
        score: (N,) float32; NaN where waiting.
        boxes: (N, 4) float32 network pixels; the proposal's own where waiting.
        fate: (N,) uint8 `DetectionFate`.
        suppressed_by: (N,) int64 row of the kept detection that dropped this one, -1 for none.
        kept: (D,) int64 rows, best first.
        waiting: anchor rows of kept proposals the head has not seen yet.
    """

    proposal: Ints
    anchor: Ints
    label: Ints
    score: Floats
    boxes: Floats
    fate: NDArray[np.uint8]
    suppressed_by: Ints
    kept: Ints
    waiting: Ints


@dataclass(frozen=True, slots=True, eq=False)
class ObjectOutcome:
    """What became of one object.

    Attributes:
        outcome: see `Outcome`.
        cause: of a missed one.
        detection: the detection row that found it, else -1.
        detail: numbers and rows behind it, plain Python values; `detail["also"]` names other lines that hold.
    """

    outcome: Outcome
    cause: Cause | None
    detection: int
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """Ground truth against detections.

    Attributes:
        objects: G outcomes.
        detections: (N,) for each detection row its outcome; NOT_JUDGED for all but the judged ones.
        matched: (N,) int64 the object a judged detection was matched to, or, where false, the one it is about; else -1.
        coverage: what was looked up for it, for the next one to take over.
    """

    objects: tuple[ObjectOutcome, ...]
    detections: tuple[DetectionOutcome, ...]
    matched: Ints
    coverage: Coverage | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Every stage of one image under one choice of Settings.

    Attributes:
        ground_truth: in image pixels, as given; None where there is none.
        gt_boxes: (G, 4) the same in network pixels, clipped to the image like the model's boxes.
        assignment: None without ground truth.
        judgement: None without ground truth.
        warnings: message ids with their numbers, as (id, {name: value}).
    """

    evidence: Evidence
    settings: Settings
    ground_truth: GroundTruth | None
    gt_boxes: Floats
    assignment: Assignment | None
    proposals: Proposals
    detections: Detections
    judgement: Judgement | None
    warnings: tuple[tuple[str, dict[str, Any]], ...] = ()
    timings_ms: dict[str, float] = field(default_factory=dict)

    def to_image(self, boxes: Floats) -> Floats:
        """Network pixels to image pixels."""
        return unscale(boxes, self.evidence.image.scale_xy)

    def to_dict(self) -> dict[str, Any]:
        """The JSON of the `inspect` command: counts that add up, detections, objects; boxes in image pixels."""
        image, model = self.evidence.image, self.evidence.model
        return {
            "schema": 1,
            "image": {"file": image.file, "height": image.image_hw[0], "width": image.image_hw[1]},
            "model": model.to_dict(),
            "settings": self.settings.to_dict(),
            "anchors": self._anchor_counts(),
            "proposals": self._proposal_counts(),
            "detections": self._detection_counts() | {"rows": self._detection_rows()},
            "ground_truth": self._object_rows(),
            "timings_ms": {
                name: round(value, 3) for name, value in (self.evidence.timings_ms | self.timings_ms).items()
            },
        }

    def _anchor_counts(self) -> dict[str, int | None]:
        names = ("outside", "positive", "negative", "ignored", "sampled_positive", "sampled_negative")
        out: dict[str, int | None] = {"total": len(self.evidence.first.grid)} | dict.fromkeys(names)
        found = self.assignment
        if found is None:
            return out
        by_reason = np.bincount(found.reason, minlength=len(Reason)).tolist()
        counts = (
            by_reason[Reason.OUTSIDE],
            by_reason[Reason.POSITIVE_IOU] + by_reason[Reason.POSITIVE_BEST],
            by_reason[Reason.NEGATIVE],
            by_reason[Reason.IGNORED],
            int((found.sampled & (found.label == 1)).sum()),
            int((found.sampled & (found.label == 0)).sum()),
        )
        return out | dict(zip(names, counts, strict=True))

    def _proposal_counts(self) -> dict[str, int]:
        fates = np.bincount(self.proposals.fate, minlength=len(ProposalFate)).tolist()
        return {"decoded": len(self.proposals.fate)} | {fate.name.lower(): fates[fate] for fate in ProposalFate}

    def _detection_counts(self) -> dict[str, int]:
        fates = np.bincount(self.detections.fate, minlength=len(DetectionFate)).tolist()
        waiting = fates[DetectionFate.WAITING]
        counts = {"candidates": len(self.detections.fate) - waiting} | {
            fate.name.lower(): fates[fate] for fate in DetectionFate if fate is not DetectionFate.WAITING
        }
        # Only a Trace that was followed without the network can hold waiting rows; `inspect` never does.
        return counts | {"waiting": waiting} if waiting else counts

    def _detection_rows(self) -> list[dict[str, Any]]:
        found, classes = self.detections, self.evidence.model.classes
        boxes = self.to_image(found.boxes[found.kept]).tolist()
        return [
            {
                "box": box,
                "label": classes[int(found.label[row]) - 1],
                "score": float(found.score[row]),
                "proposal": int(found.proposal[row]),
                "anchor": int(found.anchor[row]),
                "outcome": None if self.judgement is None else str(self.judgement.detections[row]),
            }
            for row, box in zip(found.kept.tolist(), boxes, strict=True)
        ]

    def _object_rows(self) -> list[dict[str, Any]] | None:
        truth, labels, judged = self.ground_truth, self.assignment, self.judgement
        if truth is None or labels is None or judged is None:
            return None
        positives = np.bincount(labels.matched[labels.label == 1], minlength=len(truth.labels)).tolist()
        places = {row: place for place, row in enumerate(self.detections.kept.tolist())}
        return [
            {
                "box": box,
                "label": label,
                "best_anchor_iou": float(labels.best_iou[number]),
                "positive_anchors": positives[number],
                "outcome": str(outcome.outcome),
                "cause": None if outcome.cause is None else str(outcome.cause),
                "detail": _with_places(outcome, places),
            }
            for number, (box, label, outcome) in enumerate(
                zip(truth.boxes.tolist(), truth.labels, judged.objects, strict=True)
            )
        ]


def _with_places(outcome: ObjectOutcome, places: dict[int, int]) -> dict[str, Any]:
    """The details with detection rows named by their place in the JSON's list of rows; None for those not kept."""
    named = {"detection", "other_detection"} | ({"suppressor"} if outcome.cause is Cause.NMS else set())
    detail = without_nan(outcome.detail)
    return {key: places.get(value) if key in named else value for key, value in detail.items()}


def without_nan(detail: dict[str, Any]) -> dict[str, Any]:
    """Details with None in place of NaN, which comes of a network gone wrong: JSON has no such number."""
    return {key: None if isinstance(value, float) and math.isnan(value) else value for key, value in detail.items()}
