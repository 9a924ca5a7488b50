"""Tiny Evidence written out by hand, so that a test can state every number it relies on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detector.anchors import AnchorGrid
from detector.config import AnchorSettings, Settings
from detector.evidence import Evidence, FirstStage, HeadOutputs, ImageInfo, ModelInfo

Box = Sequence[float]


def make_first(boxes: Sequence[Box], objectness: Sequence[float], anchors: Sequence[Box] | None = None) -> FirstStage:
    """A first stage with one row a box; the anchors are the boxes themselves unless given."""
    grid_boxes = np.asarray(boxes if anchors is None else anchors, np.float32).reshape(-1, 4)
    grid = AnchorGrid(grid_boxes, AnchorSettings(sizes=(16.0,), ratios=(1.0,)), (1, len(grid_boxes)))
    return FirstStage(
        grid=grid,
        objectness=np.asarray(objectness, np.float32),
        deltas=np.zeros((len(grid_boxes), 4), np.float32),
        boxes=np.asarray(boxes, np.float32).reshape(-1, 4),
    )


def make_head(rows: Sequence[int], scores: Sequence[Sequence[float]], boxes: Sequence[Sequence[Box]]) -> HeadOutputs:
    """Head outputs; each row of `scores` is background first and sums to 1, `boxes` is (R, K, 4)."""
    return HeadOutputs(
        rows=np.asarray(rows, np.int64),
        scores=np.asarray(scores, np.float32),
        boxes=np.asarray(boxes, np.float32),
    )


def make_evidence(
    first: FirstStage,
    head: HeadOutputs | None = None,
    classes: Sequence[str] = ("cat", "dog"),
    image_hw: tuple[int, int] = (100, 100),
    network_hw: tuple[int, int] | None = None,
) -> Evidence:
    """Evidence for an image whose network pixels are its own, unless `network_hw` says otherwise."""
    return Evidence(
        key="made by hand",
        image=ImageInfo("hand.png", image_hw, network_hw or image_hw),
        model=ModelInfo("hand", tuple(classes)),
        settings=Settings(),
        first=first,
        head=HeadOutputs.empty(len(classes)) if head is None else head,
    )
