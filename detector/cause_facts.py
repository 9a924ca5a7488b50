"""The numbers and rows behind each cause: all that its sentence needs, as plain Python values.

Of several rows the one with the higher score speaks (of the first stage, objectness), then the one with the higher IoU,
then the lower row. Sides are in image pixels, as the settings they are held against.

Shapes: G objects; N detection rows; A anchors; R rows of a line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from detector.boxes import Bools, Columns, Floats, Ints, iou
from detector.config import Settings
from detector.coverage import Coverage
from detector.evidence import Evidence
from detector.ground_truth import GroundTruth
from detector.ranks import rank_after_nms, rank_before_nms, rank_of_detection
from detector.trace import Cause, Detections, Proposals

Detail: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Situation:
    """All that is known of one image when a cause is looked for.

    Attributes:
        classes: (G,) class number of each object, 0 where the model has no such class.
        boxes: the N detection rows' own boxes.
        passed: (N,) rows whose score is above the working score and the minimum.
        matched: (N,) the object each detection row was matched to, -1 for none.
        coverage: which boxes of the first stage cover an object.
    """

    evidence: Evidence
    settings: Settings
    truth: GroundTruth
    gt_boxes: Floats
    classes: Ints
    proposals: Proposals
    detections: Detections
    boxes: Columns
    passed: Bools
    matched: Ints
    coverage: Coverage

    def row_facts(self, row: int, overlap: float) -> Detail:
        """Score, IoU and parents of a detection row, as plain values."""
        found = self.detections
        return {
            "detection": row,
            "score": float(found.score[row]),
            "iou": float(overlap),
            "proposal": int(found.proposal[row]),
            "anchor": int(found.anchor[row]),
        }


def passing_score(settings: Settings) -> np.float32:
    """A detection row passed where its score is above this: above the working score and the minimum."""
    return np.float32(max(settings.matching.working_score, settings.detections.min_score))


class Missed(NamedTuple):
    """One object; `overlap` is (N,), the IoU of each detection row's own box with it."""

    situation: Situation
    number: int
    overlap: Floats

    @property
    def box(self) -> Floats:
        """(1, 4) in network pixels."""
        return self.situation.gt_boxes[self.number : self.number + 1]

    def row_facts(self, row: int) -> Detail:
        """Those of the situation with the IoU with this object."""
        return self.situation.row_facts(row, float(self.overlap[row]))

    def speaker(self, rows: Ints) -> int:
        """Of some detection rows the one that speaks for all."""
        return _speaker(rows, self.situation.detections.score[rows], self.overlap[rows])


def waiting_facts(situation: Situation, number: int, waiting: Ints) -> Detail:
    """How many proposals are waited for, and the one that speaks for them."""
    first = situation.evidence.first
    overlap = iou(first.boxes[waiting], situation.gt_boxes[number : number + 1])[:, 0]
    anchor = _speaker(waiting, first.objectness[waiting], overlap)
    return {
        "waiting": len(waiting),
        "proposal": int(np.flatnonzero(situation.proposals.kept == anchor)[0]),
        "anchor": anchor,
    }


def _speaker(rows: Ints, score: Floats, overlap: Floats) -> int:
    """Of some rows the one with the higher score, then the higher IoU, then the lower row; NaN is the lowest score."""
    return int(rows[np.lexsort((rows, -overlap, -score))[0]])


def _sides(situation: Situation, box: Floats) -> dict[str, float]:
    """Width and height of a box in image pixels."""
    sx, sy = situation.evidence.image.scale_xy
    return {"width": max(float(box[2] - box[0]), 0.0) / sx, "height": max(float(box[3] - box[1]), 0.0) / sy}


def _pair_iou(boxes: Floats, row: int, other: int) -> float:
    return float(iou(boxes[row : row + 1], boxes[other : other + 1])[0, 0])


def _over_limit(missed: Missed, rows: Ints) -> Detail:
    situation, row = missed.situation, missed.speaker(rows)
    return missed.row_facts(row) | {
        "rank": rank_of_detection(situation.detections, row),
        "limit": situation.settings.detections.max_detections,
    }


def _nms(missed: Missed, rows: Ints) -> Detail:
    situation, found, row = missed.situation, missed.situation.detections, missed.speaker(rows)
    by = int(found.suppressed_by[row])
    owner = int(situation.matched[by])
    facts = missed.row_facts(row) | {
        "suppressor": by,
        "suppressor_score": float(found.score[by]),
        "suppressor_iou": _pair_iou(found.boxes, row, by),
        "suppressor_object": owner if owner >= 0 else None,
        "threshold": situation.settings.detections.nms_iou,
    }
    if owner >= 0:
        facts["objects_iou"] = _pair_iou(situation.gt_boxes, missed.number, owner)
    return facts


def _detection_top_n(missed: Missed, rows: Ints) -> Detail:
    situation, row = missed.situation, missed.speaker(rows)
    rank = rank_of_detection(situation.detections, row)
    return missed.row_facts(row) | {"rank": rank, "limit": situation.settings.detections.top_n}


def _detection_too_small(missed: Missed, rows: Ints) -> Detail:
    situation, row = missed.situation, missed.speaker(rows)
    sides = _sides(situation, situation.detections.boxes[row])
    return missed.row_facts(row) | sides | {"minimum": situation.settings.detections.min_side}


def _duplicate_matched(missed: Missed, rows: Ints) -> Detail:
    situation, row = missed.situation, missed.speaker(rows)
    # It passed, was kept and covers a free object of its class: so it took another one.
    other = int(situation.matched[row])
    overlap = iou(situation.detections.boxes[row : row + 1], situation.gt_boxes[other : other + 1])
    return missed.row_facts(row) | {"matched_object": other, "matched_iou": float(overlap[0, 0])}


def _background(missed: Missed, rows: Ints) -> Detail:
    """The class's own score, and what was scored higher on the same proposal."""
    situation, row = missed.situation, missed.speaker(rows)
    settings, head, anchor = situation.settings, situation.evidence.head, situation.detections.anchor[row : row + 1]
    scores = head.scores[head.find(anchor)[0]]
    top = int(np.nan_to_num(scores, nan=-1.0).argmax())
    names = ("background", *situation.evidence.model.classes)
    return missed.row_facts(row) | {
        "proposal_iou": float(iou(situation.evidence.first.boxes[anchor], missed.box)[0, 0]),
        "minimum": max(settings.matching.working_score, settings.detections.min_score),
        "top_label": names[top],
        "top_score": float(scores[top]),
    }


def _wrong_class(missed: Missed, rows: Ints) -> Detail:
    situation, found, other = missed.situation, missed.situation.detections, missed.speaker(rows)
    own = np.flatnonzero((found.proposal == found.proposal[other]) & (found.label == situation.classes[missed.number]))
    return _background(missed, own) | {
        "other_detection": other,
        "other_label": situation.evidence.model.classes[int(found.label[other]) - 1],
        "other_score": float(found.score[other]),
        "other_iou": float(missed.overlap[other]),
    }


def _first_stage_speaker(missed: Missed, rows: Ints) -> tuple[int, float]:
    """Of some anchor rows whose decoded box covers the object the one that speaks, and its IoU."""
    covering = missed.situation.coverage.decoded(missed.number)
    overlap = covering.overlap[np.searchsorted(covering.rows, rows)]
    anchor = _speaker(rows, missed.situation.evidence.first.objectness[rows], overlap)
    return anchor, float(overlap[np.searchsorted(rows, anchor)])


def _head_regression(missed: Missed, rows: Ints) -> Detail:
    """The kept proposal that covered the object, and how far its class's own box reaches."""
    found = missed.situation.detections
    anchor, overlap = _first_stage_speaker(missed, rows)
    (row,) = np.flatnonzero(
        (found.anchor == anchor) & (found.label == missed.situation.classes[missed.number])
    ).tolist()
    facts = {"proposal_iou": overlap, "match_iou": missed.situation.settings.matching.iou}
    return missed.row_facts(row) | facts


def _decoded(missed: Missed, rows: Ints) -> Detail:
    """The decoded box that speaks for some, with its rank among all."""
    situation = missed.situation
    anchor, overlap = _first_stage_speaker(missed, rows)
    return {
        "anchor": anchor,
        "iou": overlap,
        "objectness": float(situation.evidence.first.objectness[anchor]),
        "rank": int(situation.proposals.rank[anchor]) + 1,
    }


def _proposal_limit(missed: Missed, rows: Ints) -> Detail:
    facts = _decoded(missed, rows)
    rank = rank_after_nms(missed.situation.proposals, facts["anchor"])
    return facts | {"rank": rank, "limit": missed.situation.settings.proposals.post_nms_top_n}


def _proposal_nms(missed: Missed, rows: Ints) -> Detail:
    situation, first = missed.situation, missed.situation.evidence.first
    facts = _decoded(missed, rows)
    by = int(situation.proposals.suppressed_by[facts["anchor"]])
    return facts | {
        "suppressor": by,
        "suppressor_score": float(first.objectness[by]),
        "suppressor_iou": _pair_iou(first.boxes, facts["anchor"], by),
        "suppressor_object_iou": float(iou(first.boxes[by : by + 1], missed.box)[0, 0]),
        "threshold": situation.settings.proposals.nms_iou,
    }


def _proposal_score(missed: Missed, rows: Ints) -> Detail:
    return _decoded(missed, rows) | {"minimum": missed.situation.settings.proposals.min_score}


def _top_n(missed: Missed, rows: Ints) -> Detail:
    facts = _decoded(missed, rows)
    rank = rank_before_nms(missed.situation.proposals, facts["anchor"])
    return facts | {"rank": rank, "limit": missed.situation.settings.proposals.pre_nms_top_n}


def _too_small(missed: Missed, rows: Ints) -> Detail:
    facts, situation = _decoded(missed, rows), missed.situation
    sides = _sides(situation, situation.evidence.first.boxes[facts["anchor"]])
    return facts | sides | {"minimum": situation.settings.proposals.min_side}


def _grid_facts(missed: Missed, rows: Ints) -> Detail:
    """How near the best anchor and the best decoded box came, and what sizes the anchors have (image pixels)."""
    situation, grid = missed.situation, missed.situation.evidence.first.grid
    per_image_pixel = sum(situation.evidence.image.scale_xy) / 2
    return {
        **({"anchor": int(rows[0])} if len(rows) else {}),  # there may be none that touches it
        "anchor_iou": situation.coverage.best_anchor(missed.number)[1],
        "iou": situation.coverage.decoded(missed.number).best_iou,
        "match_iou": situation.settings.matching.iou,
        "anchors": len(grid),
        "smallest": min(grid.settings.sizes) / per_image_pixel,
        "largest": max(grid.settings.sizes) / per_image_pixel,
        "ratios": list(grid.settings.ratios),
    } | _sides(situation, missed.box[0])


FACTS: dict[Cause, Callable[[Missed, Ints], Detail]] = {
    Cause.OVER_LIMIT: _over_limit,
    Cause.NMS: _nms,
    Cause.DETECTION_TOP_N: _detection_top_n,
    Cause.DETECTION_TOO_SMALL: _detection_too_small,
    Cause.DUPLICATE_MATCHED: _duplicate_matched,
    Cause.WRONG_CLASS: _wrong_class,
    Cause.BACKGROUND: _background,
    Cause.HEAD_REGRESSION: _head_regression,
    Cause.PROPOSAL_LIMIT: _proposal_limit,
    Cause.PROPOSAL_NMS: _proposal_nms,
    Cause.PROPOSAL_SCORE: _proposal_score,
    Cause.TOP_N: _top_n,
    Cause.TOO_SMALL: _too_small,
    Cause.RPN_REGRESSION: _grid_facts,
    Cause.NO_ANCHOR: _grid_facts,
}
