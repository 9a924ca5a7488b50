"""Five boxes in a row, four of them near one another: NMS of both stages by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from app.document import Document
from detector.config import Settings
from detector.pipeline import follow
from tests.helpers.evidence import make_evidence, make_first, make_head

# All 10 x 10, so IoU of two that are d apart is (10 - d) / (10 + d): 1 apart 9/11 = 0.818, 2 apart 8/12 = 0.667,
# 3 apart 7/13 = 0.538, 5 apart 5/15 = 0.333.
ROW = [[x, 0, x + 10, 10] for x in (0, 2, 5, 40, 41)]
SCORES = [0.9, 0.8, 0.7, 0.6, 0.95]
"""Objectness, and the score as a cat. Proposals in order: anchors 4, 0, 1, 2, 3; detection rows are place * 2 (cat)."""


def row_trace(ground_truth=None, **changes):
    """All five go to the head unless told otherwise; detection NMS at 0.5."""
    head = make_head(range(5), [[0.99 - s, s, 0.01] for s in SCORES], [[box] * 2 for box in ROW])
    settings = Settings()
    values = {"proposals.min_side": 1.0, "proposals.nms_iou": 0.95, "detections.nms_iou": 0.5}
    for key, value in (values | {name.replace("__", "."): value for name, value in changes.items()}).items():
        settings = settings.with_value(key, value)
    return follow(make_evidence(make_first(ROW, SCORES), head), settings, ground_truth)


def row_document(ground_truth=None):
    return Document(Path("row.png"), np.zeros((100, 100, 3), np.uint8), ground_truth)
