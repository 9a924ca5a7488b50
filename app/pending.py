"""Which detections are no object yet, so that they can be accepted. Pure; no Qt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.scene import Ref
from detector.boxes import iou
from detector.ground_truth import GroundTruth
from detector.outcome import match
from detector.trace import DetectionFate, DetectionOutcome, Trace


def pending_detections(trace: Trace, proposed: GroundTruth) -> list[int]:
    """Rows of the judged detections that are no object yet: what accepting all adds, the best score first.

    Args:
        proposed: objects that nobody has accepted.
    """
    found, judgement = trace.detections, trace.judgement
    judged = [int(row) for row in found.kept if found.score[row] > trace.settings.matching.working_score]
    taken = _taken_over(trace, judged, proposed)
    return [
        row
        for row in judged
        if row not in taken and (judgement is None or judgement.detections[row] is not DetectionOutcome.TRUE_POSITIVE)
    ]


def can_accept(trace: Trace, ref: Ref, proposed: GroundTruth) -> bool:
    """It is a detection with a box of its own, and not right or proposed already."""
    found, judgement = trace.detections, trace.judgement
    if ref.kind != "detection" or not 0 <= ref.row < len(found.fate) or found.fate[ref.row] == DetectionFate.WAITING:
        return False
    if judgement is not None and judgement.detections[ref.row] is DetectionOutcome.TRUE_POSITIVE:
        return False
    rows = list(dict.fromkeys((*found.kept.tolist(), ref.row)))
    return ref.row not in _taken_over(trace, rows, proposed)


def _taken_over(trace: Trace, rows: Sequence[int], proposed: GroundTruth) -> frozenset[int]:
    """Those of some detections, best first, that stand among the proposed objects; each of these is of one."""
    if not len(proposed):
        return frozenset()
    found, at = trace.detections, np.asarray(rows, np.int64)
    overlap = iou(trace.to_image(found.boxes[at]), proposed.boxes)
    classes = np.array([trace.evidence.model.class_number(label) for label in proposed.labels])
    same_class = found.label[at][:, None] == classes
    _, matched = match(overlap, same_class, np.zeros(len(proposed), bool), trace.settings.matching.iou)
    return frozenset(at[matched >= 0].tolist())
