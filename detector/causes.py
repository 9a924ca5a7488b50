"""Why one object was missed: exactly one cause, and the numbers that prove it.

The lines are tried in the order of the pipeline read backwards: what reached the end speaks before what fell early.
Within a set of rows the one with the higher score speaks, then the higher IoU, then the lower row.

Shapes: G objects; N detection rows; A anchors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from detector.boxes import Bools, Floats, Ints, iou
from detector.config import Settings
from detector.evidence import Evidence
from detector.ground_truth import GroundTruth
from detector.trace import Cause, DetectionFate, Detections, ProposalFate, Proposals

_AFTER_SCORE = (
    (DetectionFate.OVER_LIMIT, Cause.OVER_LIMIT),
    (DetectionFate.SUPPRESSED, Cause.NMS),
    (DetectionFate.BELOW_TOP_N, Cause.DETECTION_TOP_N),
    (DetectionFate.TOO_SMALL, Cause.DETECTION_TOO_SMALL),
    (DetectionFate.KEPT, Cause.DUPLICATE_MATCHED),
)
_FIRST_STAGE = {
    ProposalFate.OVER_LIMIT: Cause.PROPOSAL_LIMIT,
    ProposalFate.SUPPRESSED: Cause.PROPOSAL_NMS,
    ProposalFate.BELOW_SCORE: Cause.PROPOSAL_SCORE,
    ProposalFate.BELOW_TOP_N: Cause.TOP_N,
    ProposalFate.TOO_SMALL: Cause.TOO_SMALL,
}


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Everything the search for a cause looks at.

    Attributes:
        classes: (G,) class number of each object, 0 where the model has no such class.
        overlap: (N, G) IoU of each detection row's own box with each object.
        taken_by: (G,) the detection row that took each object, -1 for none.
        matched: (N,) the object each detection row was matched to, -1 for none.
    """

    evidence: Evidence
    settings: Settings
    truth: GroundTruth
    gt_boxes: Floats
    classes: Ints
    proposals: Proposals
    detections: Detections
    overlap: Floats
    taken_by: Ints
    matched: Ints

    @property
    def threshold(self) -> np.float32:
        """What counts as found."""
        return np.float32(self.settings.matching.iou)

    @property
    def passed(self) -> Bools:
        """(N,) rows whose score is above the working score and the minimum."""
        least = max(np.float32(self.settings.matching.working_score), np.float32(self.settings.detections.min_score))
        passed: Bools = self.detections.score > least  # NaN, waiting, never passes
        return passed

    def row_facts(self, row: int, number: int) -> dict[str, Any]:
        """Score, IoU and parents of a detection row, as plain values."""
        found = self.detections
        return {
            "detection": row,
            "score": float(found.score[row]),
            "iou": float(self.overlap[row, number]),
            "proposal": int(found.proposal[row]),
            "anchor": int(found.anchor[row]),
        }


def cause_of(case: Case, number: int) -> tuple[Cause | None, dict[str, Any]]:
    """The cause of a missed object and its details; None where a row that decides is still waiting."""
    wanted = int(case.classes[number])
    if wanted == 0:
        known = list(case.evidence.model.classes)
        return Cause.UNKNOWN_CLASS, {"label": case.truth.labels[number], "known": known, "also": []}
    if _waits(case, number):
        return None, {"waiting": len(case.detections.waiting), "also": []}
    covering = (case.detections.label == wanted) & (case.overlap[:, number] >= case.threshold)
    if (covering & case.passed).any():
        return _after_score(case, number, covering & case.passed)
    if covering.any():
        return _low_score(case, number, covering)
    return _without_row(case, number)


def _waits(case: Case, number: int) -> bool:
    """True where a proposal that touches the object has not been through the head yet.

    A refined box stays near its proposal; one that does not even touch the object is not waited for, so that dragging a
    slider does not make every missed object flicker.
    """
    waiting = case.detections.waiting
    if len(waiting) == 0:
        return False
    return bool((iou(case.evidence.first.boxes[waiting], case.gt_boxes[number : number + 1]) > 0).any())


def _speaker(rows: Ints, score: Floats, overlap: Floats) -> int:
    """Of some rows the one with the higher score, then the higher IoU, then the lower row."""
    return int(rows[np.lexsort((rows, -overlap, -score))[0]])


def _after_score(case: Case, number: int, rows: Bools) -> tuple[Cause, dict[str, Any]]:
    """A box of the right class passed its score and was lost after it."""
    found = case.detections
    fates = found.fate[rows]
    causes = [(fate, cause) for fate, cause in _AFTER_SCORE if (fates == fate).any()]
    fate, cause = causes[0]
    of_fate = np.flatnonzero(rows & (found.fate == fate))
    row = _speaker(of_fate, found.score[of_fate], case.overlap[of_fate, number])
    detail = case.row_facts(row, number)
    limits = case.settings.detections
    if cause is Cause.NMS:
        detail |= _suppressor_facts(case, row, number)
    elif cause is Cause.DUPLICATE_MATCHED:
        other = int(case.matched[row])
        detail |= {"matched_object": other, "matched_iou": float(case.overlap[row, other]) if other >= 0 else None}
    elif cause is Cause.OVER_LIMIT:
        alive = np.isin(found.fate, (DetectionFate.KEPT, DetectionFate.OVER_LIMIT))
        detail |= {"rank": _rank(found.score, alive, row), "limit": limits.max_detections}
    elif cause is Cause.DETECTION_TOP_N:
        detail |= {"rank": _rank(found.score, found.score > limits.min_score, row), "limit": limits.top_n}
    else:
        detail |= _sides(case, found.boxes[row]) | {"minimum": limits.min_side}
    return cause, detail | {"also": [str(other) for _, other in causes[1:]]}


def _rank(score: Floats, among: Bools, row: int) -> int:
    """Place by score among some rows, 1 the highest."""
    better = among & ((score > score[row]) | ((score == score[row]) & (np.arange(len(score)) < row)))
    return int(better.sum()) + 1


def _sides(case: Case, box: Floats) -> dict[str, float]:
    sx, sy = case.evidence.image.scale_xy
    return {"width": max(float(box[2] - box[0]), 0.0) / sx, "height": max(float(box[3] - box[1]), 0.0) / sy}


def _suppressor_facts(case: Case, row: int, number: int) -> dict[str, Any]:
    found, by = case.detections, int(case.detections.suppressed_by[row])
    between = iou(found.boxes[row : row + 1], found.boxes[by : by + 1])
    owner = int(case.matched[by])
    facts: dict[str, Any] = {
        "suppressor": by,
        "suppressor_score": float(found.score[by]),
        "suppressor_iou": float(between[0, 0]),
        "suppressor_object": owner if owner >= 0 else None,
        "threshold": case.settings.detections.nms_iou,
    }
    if owner >= 0:
        objects = iou(case.gt_boxes[number : number + 1], case.gt_boxes[owner : owner + 1])
        facts["objects_iou"] = float(objects[0, 0])
    return facts


def _low_score(case: Case, number: int, covering: Bools) -> tuple[Cause, dict[str, Any]]:
    """Boxes of the right class cover the object, none of them passed: another class did, or none."""
    found = case.detections
    rows = np.flatnonzero(covering)
    row = _speaker(rows, found.score[rows], case.overlap[rows, number])
    scores = case.evidence.head.scores[case.evidence.head.find(found.anchor[row : row + 1])[0]]
    top = int(scores.argmax())
    names = ("background", *case.evidence.model.classes)
    detail = case.row_facts(row, number) | {
        "minimum": float(max(case.settings.matching.working_score, case.settings.detections.min_score)),
        "top_label": names[top],
        "top_score": float(scores[top]),
        "also": [],
    }
    others = _other_class(case, number, rows)
    if len(others) == 0:
        return Cause.BACKGROUND, detail
    other = _speaker(others, found.score[others], case.overlap[others, number])
    speaks = rows[found.proposal[rows] == found.proposal[other]]
    detail |= case.row_facts(_speaker(speaks, found.score[speaks], case.overlap[speaks, number]), number)
    return Cause.WRONG_CLASS, detail | {
        "other_detection": other,
        "other_label": names[int(found.label[other])],
        "other_score": float(found.score[other]),
        "other_iou": float(case.overlap[other, number]),
    }


def _other_class(case: Case, number: int, rows: Ints) -> Ints:
    """Passed rows of another class on the same source rows that cover the object and belong to no other object."""
    found = case.detections
    sources = np.isin(found.proposal, found.proposal[rows])
    other = sources & case.passed & (found.label != case.classes[number])
    candidates = np.flatnonzero(other & (case.overlap[:, number] >= case.threshold))
    by = found.suppressed_by[candidates]
    own = case.matched[candidates]
    suppressors = np.where(by >= 0, case.matched[by], -1)
    free = ((own < 0) | (own == number)) & ((suppressors < 0) | (suppressors == number))
    chosen: Ints = candidates[free]
    return chosen


def _without_row(case: Case, number: int) -> tuple[Cause, dict[str, Any]]:
    """No box of the right class covers the object: the first stage, or the box head's regression."""
    first, fate = case.evidence.first, case.proposals.fate
    target = case.gt_boxes[number : number + 1]
    overlap = iou(first.boxes, target)[:, 0]
    covering = overlap >= case.threshold
    if covering.any():
        fates = sorted({ProposalFate(value) for value in np.unique(fate[covering]).tolist()}, reverse=True)
        rows = np.flatnonzero(covering & (fate == fates[0]))
        anchor = _speaker(rows, first.objectness[rows], overlap[rows])
        also = [str(_FIRST_STAGE[other]) for other in fates[1:]]
        if fates[0] is ProposalFate.KEPT:
            return Cause.HEAD_REGRESSION, _regression_facts(case, number, anchor, overlap) | {"also": also}
        return _FIRST_STAGE[fates[0]], _first_stage_facts(case, fates[0], anchor, target, overlap) | {"also": also}
    anchors = iou(first.grid.boxes, target)[:, 0]
    anchor = int(anchors.argmax())
    detail: dict[str, Any] = {
        "anchor": anchor,
        "anchor_iou": float(anchors[anchor]),
        "iou": float(overlap.max(initial=0.0)),
        "also": [],
    } | _sides(case, target[0])
    return (Cause.RPN_REGRESSION if anchors[anchor] >= case.threshold else Cause.NO_ANCHOR), detail


def _regression_facts(case: Case, number: int, anchor: int, overlap: Floats) -> dict[str, Any]:
    """The kept proposal that covered the object, and how far its class's own box reached."""
    found = case.detections
    rows = np.flatnonzero((found.anchor == anchor) & (found.label == case.classes[number]))
    return case.row_facts(int(rows[0]), number) | {"proposal_iou": float(overlap[anchor])}


def _first_stage_facts(case: Case, fate: ProposalFate, anchor: int, target: Floats, overlap: Floats) -> dict[str, Any]:
    first, limits = case.evidence.first, case.settings.proposals
    detail: dict[str, Any] = {
        "anchor": anchor,
        "iou": float(overlap[anchor]),
        "objectness": float(first.objectness[anchor]),
        "rank": int(case.proposals.rank[anchor]) + 1,
    }
    if fate is ProposalFate.SUPPRESSED:
        by = int(case.proposals.suppressed_by[anchor])
        between = iou(first.boxes[anchor : anchor + 1], first.boxes[by : by + 1])
        return detail | {
            "suppressor": by,
            "suppressor_score": float(first.objectness[by]),
            "suppressor_iou": float(between[0, 0]),
            "suppressor_object_iou": float(overlap[by]),
            "threshold": limits.nms_iou,
        }
    if fate is ProposalFate.OVER_LIMIT:
        alive = np.isin(case.proposals.fate, (ProposalFate.KEPT, ProposalFate.OVER_LIMIT))
        return detail | {"rank": _rank(first.objectness, alive, anchor), "limit": limits.post_nms_top_n}
    if fate is ProposalFate.BELOW_TOP_N:
        reached = case.proposals.fate != ProposalFate.TOO_SMALL
        return detail | {"rank": _rank(first.objectness, reached, anchor), "limit": limits.pre_nms_top_n}
    if fate is ProposalFate.BELOW_SCORE:
        return detail | {"minimum": limits.min_score}
    return detail | _sides(case, first.boxes[anchor]) | {"minimum": limits.min_side}
