"""A network small enough to think about, which counts what it is asked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from detector.anchors import anchor_grid
from detector.boxes import encode, iou
from detector.config import Settings
from detector.evidence import ModelInfo
from detector.pipeline import HeadLogits, RpnOutputs


@dataclass
class FakeFeatures:
    network_hw: tuple[int, int]
    feature_hw: tuple[int, int]
    nbytes: int


SMALL = (
    Settings()
    .with_value("anchors.sizes", (32.0, 64.0))
    .with_value("anchors.ratios", (1.0,))
    .with_value("proposals.min_side", 4.0)
)


HEAD_DELTAS = np.array([[5, 5, 5, 5], [0.5, -0.25, 0.5, -0.5], [-0.5, 0.25, -0.5, 0.5]], np.float32)
"""What the head says of every region, normalised: background (nonsense, as in a real head), cat, dog."""


class FakeNetwork:
    """Knows where the objects are and says so, a little off; everything else gets noise from a fixed seed.

    Attributes:
        network_hw: the size to which it resizes every image; None leaves them as they are. `objects` are in that size.
        calls: how often each part ran.
        head_rows: how many boxes the head was given in all.
    """

    def __init__(
        self,
        objects: np.ndarray | None = None,
        labels: tuple[int, ...] = (),
        settings: Settings = SMALL,
        network_hw: tuple[int, int] | None = None,
    ) -> None:
        self.objects = np.zeros((0, 4), np.float32) if objects is None else np.asarray(objects, np.float32)
        self.labels = labels
        self._settings = settings
        self.network_hw = network_hw
        self.calls = {"features": 0, "rpn": 0, "head": 0}
        self.head_rows = 0

    @property
    def info(self) -> ModelInfo:
        return ModelInfo("fake", ("cat", "dog"))

    @property
    def settings(self) -> Settings:
        return self._settings

    def feature_key(self, image: np.ndarray, settings: Settings) -> str:
        return hashlib.blake2b(image.tobytes() + repr(settings.image).encode(), digest_size=8).hexdigest()

    def features(self, image: np.ndarray, settings: Settings, check: Callable[[], None]) -> FakeFeatures:
        self.calls["features"] += 1
        check()
        height, width = self.network_hw or image.shape[:2]
        stride = settings.anchors.stride
        return FakeFeatures((height, width), (max(height // stride, 1), max(width // stride, 1)), 1000)

    def rpn(self, features: FakeFeatures, settings: Settings) -> RpnOutputs:
        self.calls["rpn"] += 1
        boxes = anchor_grid(settings.anchors, features.feature_hw).boxes
        noise = np.random.default_rng(0)
        deltas = noise.normal(0, 0.05, (len(boxes), 4)).astype(np.float32)
        objectness = noise.normal(-3, 1, len(boxes)).astype(np.float32)
        if len(self.objects):
            overlap = iou(boxes, self.objects)
            near, best = overlap.max(axis=1) > 0.3, overlap.argmax(axis=1)
            deltas[near] += 0.9 * encode(boxes[near], self.objects[best[near]])
            objectness[near] += 5 * overlap.max(axis=1)[near]
        return RpnOutputs(np.stack([np.zeros_like(objectness), objectness], axis=1), deltas)

    def head(self, features: FakeFeatures, boxes: np.ndarray, settings: Settings) -> HeadLogits:
        self.calls["head"] += 1
        self.head_rows += len(boxes)
        logits = np.zeros((len(boxes), 3), np.float32)
        logits[:, 0] = 3
        deltas = np.repeat(HEAD_DELTAS[None], len(boxes), axis=0)
        if len(self.objects):
            overlap = iou(np.ascontiguousarray(boxes), self.objects)
            best = overlap.argmax(axis=1)
            for row, number in enumerate(best.tolist()):
                logits[row, self.labels[number]] = 8 * overlap[row, number]
        return HeadLogits(logits, deltas)
