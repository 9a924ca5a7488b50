"""First stage: what the RPN said of each anchor becomes proposals (Faster R-CNN, section 3.3).

Filters in order: sides under the minimum, the top-n by objectness, objectness under the minimum, NMS, the limit. No
filter removes a row: each gives a fate to the rows that go no further.

Shapes: A anchors; P kept.
"""

from __future__ import annotations

import numpy as np

from detector.boxes import Bools, Floats, frozen
from detector.config import ProposalSettings
from detector.evidence import FirstStage
from detector.nms import nms_sorted
from detector.trace import ProposalFate, Proposals


def follow_proposals(
    first: FirstStage, settings: ProposalSettings, scale_xy: tuple[float, float], *, training: bool = False
) -> Proposals:
    """Give every anchor's box its fate.

    Args:
        first: the RPN's outputs.
        settings: thresholds of the first stage.
        scale_xy: network pixels per image pixel; the minimum side is in image pixels and scales with it.
        training: use the two top-n values of training.
    """
    top_n = settings.train_pre_nms_top_n if training else settings.pre_nms_top_n
    limit = settings.train_post_nms_top_n if training else settings.post_nms_top_n

    order = np.argsort(-first.objectness, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))

    fate = np.full(len(order), ProposalFate.KEPT, np.uint8)
    fate[smaller_than(first.boxes, settings.min_side, scale_xy)] = ProposalFate.TOO_SMALL
    alive = order[fate[order] == ProposalFate.KEPT]
    fate[alive[top_n:]] = ProposalFate.BELOW_TOP_N
    alive = alive[:top_n]
    low = ~(first.objectness[alive] >= np.float32(settings.min_score))  # NaN is no score, as in torchvision
    fate[alive[low]] = ProposalFate.BELOW_SCORE
    found = nms_sorted(first.boxes, alive[~low], settings.nms_iou)
    fate[found.suppressed_by >= 0] = ProposalFate.SUPPRESSED
    fate[found.kept[limit:]] = ProposalFate.OVER_LIMIT
    return Proposals(frozen(fate), frozen(found.suppressed_by), frozen(rank), frozen(found.kept[:limit].copy()))


def smaller_than(boxes: Floats, min_side: float, scale_xy: tuple[float, float]) -> Bools:
    """(N,) True where a side of a box in network pixels is under `min_side` image pixels, or NaN, as in torchvision."""
    large: Bools = (boxes[:, 2] - boxes[:, 0] >= min_side * scale_xy[0]) & (
        boxes[:, 3] - boxes[:, 1] >= min_side * scale_xy[1]
    )
    return ~large
