"""The place of a box among those that reached a filter which counts: 1 for the highest, equal ones by lower row."""

from __future__ import annotations

import numpy as np

from detector.boxes import Bools
from detector.trace import DetectionFate, Detections, ProposalFate, Proposals


def rank_before_nms(proposals: Proposals, anchor: int) -> int:
    """By objectness among the decoded boxes that are not too small: what the pre-NMS top-n counts."""
    return _rank(proposals, proposals.fate != ProposalFate.TOO_SMALL, anchor)


def rank_after_nms(proposals: Proposals, anchor: int) -> int:
    """By objectness among the decoded boxes that NMS left: what the post-NMS top-n counts."""
    return _rank(proposals, np.isin(proposals.fate, (ProposalFate.KEPT, ProposalFate.OVER_LIMIT)), anchor)


def _rank(proposals: Proposals, reached: Bools, anchor: int) -> int:
    return int(np.count_nonzero(reached & (proposals.rank < proposals.rank[anchor]))) + 1


def rank_of_detection(detections: Detections, row: int) -> int:
    """By score among the detection rows that reached the filter which dropped this one: the top-n, or the limit."""
    before = [DetectionFate.LOW_SCORE, DetectionFate.WAITING]
    if detections.fate[row] != DetectionFate.BELOW_TOP_N:
        before += [DetectionFate.BELOW_TOP_N, DetectionFate.TOO_SMALL, DetectionFate.SUPPRESSED]
    score = detections.score
    better = score > score[row]
    better[:row] |= score[:row] == score[row]
    return int(np.count_nonzero(better & ~np.isin(detections.fate, before))) + 1
