"""Second stage: what the head said of each kept proposal becomes detections (Fast R-CNN, section 3).

Filters in order: score not above the minimum, the top-n by score, sides under the minimum, NMS within each class, the
limit. Rows of proposals the head has not seen yet are waiting.

Shapes: P kept proposals; K classes; N = P * K rows, proposal outer, class inner.
"""

from __future__ import annotations

import numpy as np

from detector.boxes import Floats, Ints, frozen
from detector.config import DetectionSettings
from detector.evidence import HeadOutputs
from detector.nms import nms_by_class
from detector.proposals import smaller_than
from detector.trace import DetectionFate, Detections


def follow_detections(
    head: HeadOutputs,
    kept: Ints,
    proposal_boxes: Floats,
    settings: DetectionSettings,
    scale_xy: tuple[float, float],
) -> Detections:
    """Give every box of every class its fate.

    Args:
        head: the head's outputs so far.
        kept: (P,) anchor rows of the kept proposals, best first.
        proposal_boxes: (A, 4) each anchor's proposed box; stands in for the box of a waiting row.
        settings: thresholds of the second stage.
        scale_xy: network pixels per image pixel; the minimum side scales with it.
    """
    num_classes = head.boxes.shape[1]
    at = head.find(kept)
    score, boxes = _gather(head, at, proposal_boxes[kept])

    fate = np.full(len(score), DetectionFate.KEPT, np.uint8)
    waiting = np.repeat(at < 0, num_classes)
    fate[~(score > np.float32(settings.min_score))] = DetectionFate.LOW_SCORE
    fate[waiting] = DetectionFate.WAITING
    if settings.top_n:
        alive = np.flatnonzero(fate == DetectionFate.KEPT)
        by_score = alive[np.argsort(-score[alive], kind="stable")]
        fate[by_score[settings.top_n :]] = DetectionFate.BELOW_TOP_N
    small = smaller_than(boxes, settings.min_side, scale_xy)
    fate[small & (fate == DetectionFate.KEPT)] = DetectionFate.TOO_SMALL

    label = np.tile(np.arange(1, num_classes + 1), len(kept))
    alive = np.flatnonzero(fate == DetectionFate.KEPT)
    found = nms_by_class(boxes[alive], score[alive], label[alive], settings.nms_iou)
    dropped = found.suppressed_by >= 0
    suppressed_by = np.full(len(score), -1, np.int64)
    suppressed_by[alive[dropped]] = alive[found.suppressed_by[dropped]]
    fate[alive[dropped]] = DetectionFate.SUPPRESSED
    survivors = alive[found.kept]
    fate[survivors[settings.max_detections :]] = DetectionFate.OVER_LIMIT
    return Detections(
        proposal=frozen(np.repeat(np.arange(len(kept)), num_classes)),
        anchor=frozen(np.repeat(kept, num_classes)),
        label=frozen(label),
        score=frozen(score),
        boxes=frozen(boxes),
        fate=frozen(fate),
        suppressed_by=frozen(suppressed_by),
        kept=frozen(survivors[: settings.max_detections].copy()),
        waiting=frozen(kept[at < 0]),
    )


def _gather(head: HeadOutputs, at: Ints, stand_in: Floats) -> tuple[Floats, Floats]:
    """Scores (N,) and boxes (N, 4) of the kept proposals in row order; NaN and the proposal's box where unseen."""
    num_classes = head.boxes.shape[1]
    score = np.full((len(at), num_classes), np.nan, np.float32)
    boxes = np.repeat(stand_in[:, None, :], num_classes, axis=1)
    seen = at >= 0
    score[seen] = head.scores[at[seen], 1:]
    boxes[seen] = head.boxes[at[seen]]
    return score.ravel(), boxes.reshape(-1, 4)
