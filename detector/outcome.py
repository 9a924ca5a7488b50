"""What became of every object and of every judged detection: found, missed and why, or which kind of false positive.

Judged are the kept detections with a score above `matching.working_score`; a row *passed* where its score is above that
and above `detections.min_score`. Everything is measured in network pixels with `matching.iou`.

The mechanisms are those of Miller et al. (RA-L 2022), with the proposal stage split into its filters; the kinds of
false positives are TIDE's (Bolya et al., ECCV 2020).

Shapes: G objects; N detection rows; J judged ones of them.
"""

from __future__ import annotations

import numpy as np

from detector.boxes import Bools, Columns, Floats, Ints, frozen, iou
from detector.cause_facts import Situation, passing_score
from detector.causes import cause_of
from detector.config import Settings
from detector.coverage import Coverage
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
    previous: Judgement | None = None,
) -> Judgement:
    """Match detections to objects and name the outcome of each.

    Args:
        gt_boxes: (G, 4) ground truth in network pixels, clipped like the model's boxes.
        previous: one made before of the same image; what no setting changed is not looked up again.
    """
    classes = np.array([evidence.model.class_number(label) for label in truth.labels], np.int64)
    ignored = np.asarray(truth.difficult | truth.crowd)
    judged = detections.kept[detections.score[detections.kept] > np.float32(settings.matching.working_score)]
    overlap = iou(detections.boxes[judged], gt_boxes)
    same_class = classes == detections.label[judged][:, None]
    taken_by, matched = match(overlap, same_class, ignored, settings.matching.iou)

    about, outcomes = matched.copy(), [DetectionOutcome.NOT_JUDGED] * len(detections.score)
    for place, row in enumerate(judged.tolist()):
        if matched[place] >= 0 and not ignored[matched[place]]:
            outcomes[row] = DetectionOutcome.TRUE_POSITIVE
    wrong = np.flatnonzero(matched < 0)
    kinds, about[wrong] = _false_positives(overlap[wrong], same_class[wrong], ~ignored, settings.matching.iou)
    for row, kind in zip(judged[wrong].tolist(), kinds, strict=True):
        outcomes[row] = kind

    situation = Situation(
        evidence=evidence,
        settings=settings,
        truth=truth,
        gt_boxes=gt_boxes,
        classes=classes,
        proposals=proposals,
        detections=detections,
        boxes=Columns(detections.boxes),
        # NaN, of a waiting row or of a network gone wrong, never passes
        passed=detections.score > passing_score(settings),
        matched=_by_row(matched, judged, len(detections.score)),
        coverage=Coverage(
            evidence.first, gt_boxes, settings.matching.iou, None if previous is None else previous.coverage
        ),
    )
    objects = tuple(
        _ignored(truth, number) if ignored[number] else _found_or_missed(situation, number, overlap, judged, place)
        for number, place in enumerate(taken_by.tolist())
    )
    matched = frozen(_by_row(about, judged, len(detections.score)))
    return Judgement(objects, tuple(outcomes), matched, situation.coverage.settled())


def _by_row(values: Ints, judged: Ints, count: int) -> Ints:
    """Values of the judged detections as a column of all rows, (N,); -1 for the others."""
    column = np.full(count, -1, np.int64)
    column[judged] = values
    return column


def match(overlap: Floats, same_class: Bools, ignored: Bools, threshold: float) -> tuple[Ints, Ints]:
    """Greedy matching by score, as COCO does it.

    Args:
        overlap: (J, G) IoU of the judged detections, best first, with the objects.
        same_class: (J, G) where both are of one class.

    Returns:
        taken_by: (G,) the place in J of the detection that took each object, -1 for none.
        matched: (J,) the object each detection was matched to, ignored ones included, -1 for none.
    """
    fits = same_class & (overlap >= np.float32(threshold))
    taken_by = np.full(len(ignored), -1, np.int64)
    matched = np.full(len(overlap), -1, np.int64)
    for place in np.flatnonzero(fits.any(axis=1)).tolist():
        for candidates in (fits[place] & ~ignored & (taken_by < 0), fits[place] & ignored):
            if candidates.any():
                value = np.where(candidates, overlap[place], -1)
                best = len(value) - 1 - int(value[::-1].argmax())  # of equal ones the later object, as in COCO
                matched[place] = best
                if not ignored[best]:
                    taken_by[best] = place
                break
    return taken_by, matched


def _ignored(truth: GroundTruth, number: int) -> ObjectOutcome:
    reason = "crowd" if truth.crowd[number] else "difficult"
    return ObjectOutcome(Outcome.IGNORED, None, -1, {"reason": reason, "also": []})


def _found_or_missed(situation: Situation, number: int, overlap: Floats, judged: Ints, place: int) -> ObjectOutcome:
    """The outcome of an object that counts; `place` is that of the detection that took it."""
    if place >= 0:
        row = int(judged[place])
        detail = situation.row_facts(row, float(overlap[place, number])) | {"also": []}
        return ObjectOutcome(Outcome.FOUND, None, row, detail)
    cause, detail = cause_of(situation, number)
    return ObjectOutcome(Outcome.PENDING if cause is None else Outcome.MISSED, cause, -1, detail)


def _false_positives(
    overlap: Floats, same_class: Bools, ordinary: Bools, threshold: float
) -> tuple[list[DetectionOutcome], Ints]:
    """The kinds of some judged detections without an object, and the object each is about, -1 for none.

    The first kind in TIDE's list that fits: one of its own class is covered, met, or one of another class.
    """
    own, own_iou = _best(overlap, same_class & ordinary)
    other, other_iou = _best(overlap, ~same_class & ordinary)
    kinds, about = [], np.full(len(overlap), -1, np.int64)
    covers, meets = np.float32(threshold), np.float32(BACKGROUND_IOU)
    for place in range(len(overlap)):
        if own_iou[place] >= covers:
            kind, about[place] = DetectionOutcome.DUPLICATE, own[place]
        elif own_iou[place] >= meets:
            kind, about[place] = DetectionOutcome.LOCALISATION, own[place]
        elif other_iou[place] >= covers:
            kind, about[place] = DetectionOutcome.CLASS, other[place]
        elif other_iou[place] >= meets:
            kind, about[place] = DetectionOutcome.CLASS_LOCALISATION, other[place]
        else:
            kind = DetectionOutcome.BACKGROUND
        kinds.append(kind)
    return kinds, about


def _best(overlap: Floats, mask: Bools) -> tuple[Ints, Floats]:
    """For each detection the object it overlaps most among those of the mask, and that IoU; 0 where there is none."""
    if overlap.shape[1] == 0:
        return np.full(len(overlap), -1, np.int64), np.zeros(len(overlap), np.float32)
    masked = np.where(mask, overlap, np.float32(0))
    return masked.argmax(axis=1), masked.max(axis=1)
