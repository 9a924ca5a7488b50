"""What became of every object and of every judged detection: found, missed and why, or which kind of false positive.

Judged are the kept detections with a score above `matching.working_score`; a row *passed* where its score is above that
and above `detections.min_score`. Everything is measured in network pixels with `matching.iou`.

The mechanisms are those of Miller et al. (RA-L 2022), with the proposal stage split into its filters; the kinds of
false positives are TIDE's (Bolya et al., ECCV 2020).

Shapes: G objects; N detection rows; A anchors.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from detector.boxes import Bools, Floats, Ints, frozen, iou
from detector.causes import Case, cause_of
from detector.config import Settings
from detector.evidence import Evidence
from detector.ground_truth import GroundTruth
from detector.trace import DetectionOutcome, Detections, Judgement, ObjectOutcome, Outcome, Proposals

BACKGROUND_IOU = 0.1
"""A false positive that overlaps every object by less than this lies on background (TIDE)."""


def judge(
    evidence: Evidence,
    settings: Settings,
    truth: GroundTruth,
    gt_boxes: Floats,
    proposals: Proposals,
    detections: Detections,
) -> Judgement:
    """Match detections to objects and name the outcome of each.

    Args:
        gt_boxes: (G, 4) ground truth in network pixels, clipped like the model's boxes.
    """
    classes = np.array([evidence.model.class_number(label) for label in truth.labels], np.int64)
    ignored = np.asarray(truth.difficult | truth.crowd)
    judged = detections.kept[detections.score[detections.kept] > np.float32(settings.matching.working_score)]
    overlap = iou(detections.boxes, gt_boxes)
    taken_by, matched = _match(judged, detections.label, overlap, classes, ignored, settings.matching.iou)

    case = Case(evidence, settings, truth, gt_boxes, classes, proposals, detections, overlap, taken_by, matched)
    objects = tuple(_object_outcome(case, number, bool(ignored[number])) for number in range(len(truth)))
    outcomes = [DetectionOutcome.NOT_JUDGED] * len(detections.score)
    about = matched.copy()
    for row in judged.tolist():
        if matched[row] >= 0:
            is_ignored = bool(ignored[matched[row]])
            outcomes[row] = DetectionOutcome.NOT_JUDGED if is_ignored else DetectionOutcome.TRUE_POSITIVE
        else:
            same = classes == detections.label[row]
            outcomes[row], about[row] = _false_positive(overlap[row], same, ~ignored, settings.matching.iou)
    return Judgement(objects, tuple(outcomes), frozen(about))


def _match(
    judged: Ints, label: Ints, overlap: Floats, classes: Ints, ignored: Bools, threshold: float
) -> tuple[Ints, Ints]:
    """Greedy matching by score, as COCO does it.

    Returns:
        taken_by: (G,) the detection row that took each object, -1 for none.
        matched: (N,) the object each row was matched to, ignored ones included, -1 for none.
    """
    taken_by = np.full(len(classes), -1, np.int64)
    matched = np.full(len(label), -1, np.int64)
    for row in judged.tolist():
        fits = (classes == label[row]) & (overlap[row] >= np.float32(threshold))
        for candidates in (fits & ~ignored & (taken_by < 0), fits & ignored):
            if candidates.any():
                value = np.where(candidates, overlap[row], -1)
                best = len(value) - 1 - int(value[::-1].argmax())  # of equal ones the later object, as in COCO
                matched[row] = best
                if not ignored[best]:
                    taken_by[best] = row
                break
    return taken_by, matched


def _object_outcome(case: Case, number: int, ignored: bool) -> ObjectOutcome:
    row = int(case.taken_by[number])
    if ignored:
        flag = "crowd" if case.truth.crowd[number] else "difficult"
        return ObjectOutcome(Outcome.IGNORED, None, -1, {"reason": flag, "also": []})
    if row >= 0:
        detail: dict[str, Any] = case.row_facts(row, number) | {"also": []}
        return ObjectOutcome(Outcome.FOUND, None, row, detail)
    cause, detail = cause_of(case, number)
    if cause is None:
        return ObjectOutcome(Outcome.PENDING, None, -1, detail)
    return ObjectOutcome(Outcome.MISSED, cause, -1, detail)


def _false_positive(
    overlap: Floats, same_class: Bools, ordinary: Bools, threshold: float
) -> tuple[DetectionOutcome, int]:
    """The kind of a judged detection without an object, and the object it is about (-1 for none)."""
    own, own_iou = _best(overlap, same_class & ordinary)
    other, other_iou = _best(overlap, ~same_class & ordinary)
    if own_iou >= np.float32(threshold):
        return DetectionOutcome.DUPLICATE, own
    if own_iou >= BACKGROUND_IOU:
        return DetectionOutcome.LOCALISATION, own
    if other_iou >= np.float32(threshold):
        return DetectionOutcome.CLASS, other
    if other_iou >= BACKGROUND_IOU:
        return DetectionOutcome.CLASS_LOCALISATION, other
    return DetectionOutcome.BACKGROUND, -1


def _best(overlap: Floats, mask: Bools) -> tuple[int, float]:
    if not mask.any():
        return -1, 0.0
    best = int(np.where(mask, overlap, -1).argmax())
    return best, float(overlap[best])
