"""The detector's stages against torchvision and against the classic loops."""

from __future__ import annotations

import numpy as np
import torch
import torchvision
from torchvision.models.detection._utils import Matcher

from detector.anchors import anchor_grid
from detector.assignment import assign
from detector.boxes import clip, decode
from detector.config import AssignmentSettings, Settings
from detector.nms import nms
from tests.benchmarks.registry import Result, benchmark, paired_ms

CLASSIC = Settings()


def proposals(count: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` boxes as an RPN makes them: anchors of the classic grid, moved a little, with random scores."""
    generator = np.random.default_rng(0)
    rows = generator.permutation(22500)[:count]
    anchors = anchor_grid(CLASSIC.anchors, (50, 50)).boxes[rows]
    deltas = generator.normal(0, 0.25, (count, 4)).astype(np.float32)
    return clip(decode(anchors, deltas), (800, 800)), generator.random(count).astype(np.float32)


@benchmark
def nms_12000() -> Result:
    boxes, scores = proposals(12000)
    tensors = torch.from_numpy(boxes), torch.from_numpy(scores)
    kept = nms(boxes, scores, 0.7).kept
    assert len(kept) >= 2000
    np.testing.assert_array_equal(kept, torchvision.ops.nms(*tensors, 0.7).numpy())
    ours, peer = paired_ms(lambda: nms(boxes, scores, 0.7), lambda: torchvision.ops.nms(*tensors, 0.7))
    target = f"12,000 boxes, IoU 0.7, {len(kept):,} kept, suppressors named"
    return Result("nms_12000", target, ours, "torchvision.ops.nms", peer, 0.6)


def _two_objects() -> tuple[np.ndarray, np.ndarray]:
    return anchor_grid(CLASSIC.anchors, (50, 50)).boxes, np.array(
        [[30, 20, 500, 400], [400, 300, 600, 500]], np.float32
    )


@benchmark
def assignment_torchvision() -> Result:
    anchors, objects = _two_objects()
    settings = AssignmentSettings(leave_out_outside=False)
    a, g, matcher = torch.from_numpy(anchors.copy()), torch.from_numpy(objects), Matcher(0.7, 0.3, True)
    ours, peer = paired_ms(
        lambda: assign(anchors, objects, (800, 800), settings), lambda: matcher(torchvision.ops.box_iou(g, a)), 21
    )
    target = "22,500 anchors, 2 objects; with reasons and a sampled mini-batch"
    return Result("assignment_torchvision", target, ours, "box_iou + Matcher", peer, 1.0)


@benchmark
def assignment_loop() -> Result:
    anchors, objects = _two_objects()
    rows = [tuple(map(float, box)) for box in anchors]
    truth = [tuple(map(float, box)) for box in objects]

    def nested() -> np.ndarray:
        table = np.empty((len(rows), len(truth)))
        for i, (ax1, ay1, ax2, ay2) in enumerate(rows):
            for j, (bx1, by1, bx2, by2) in enumerate(truth):
                w, h = min(ax2, bx2) - max(ax1, bx1), min(ay2, by2) - max(ay1, by1)
                inter = w * h if w > 0 and h > 0 else 0.0
                table[i, j] = inter / ((ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - inter)
        best = table.argmax(axis=1)
        return np.where(table[np.arange(len(rows)), best] >= 0.7, 1, -1)

    settings = AssignmentSettings(leave_out_outside=False)
    ours, peer = paired_ms(lambda: assign(anchors, objects, (800, 800), settings), nested, 5)
    return Result("assignment_loop", "22,500 anchors, 2 objects", ours, "nested Python loop", peer, 1 / 150)
