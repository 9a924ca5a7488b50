"""A training small enough for a test: pictures in memory, small settings, a few steps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detector.ground_truth import GroundTruth
from detector.models.presets import COMPACT_SETTINGS
from detector.training import TrainingOptions, train

CLASSES = ("dark", "light")
SETTINGS = (
    COMPACT_SETTINGS.with_value("image.min_side", 64)
    .with_value("image.max_side", 96)
    .with_value("anchors.sizes", (16.0, 24.0, 32.0))
    .with_value("roi_sampling.batch_size", 16)
)
PLAIN = TrainingOptions(iterations=3, batch_size=2, augmentation="none", average=0.0)


@dataclass(frozen=True)
class Sample:
    image_path: Path
    ground_truth: GroundTruth | None


class Scenes:
    """Pictures in memory behind made-up names: a dark and a light square on grey."""

    def __init__(self, *sizes_hw):
        self.pictures = {}
        self.samples = []
        for number, (height, width) in enumerate(sizes_hw):
            picture = np.full((height, width, 3), 120, np.uint8)
            boxes = [[8, 10, 32, 34], [width - 40, 26, width - 12, 54]]
            for (x1, y1, x2, y2), grey in zip(boxes, (10, 240), strict=True):
                picture[y1:y2, x1:x2] = grey
            path = Path(f"scene{number}.png")
            self.pictures[path] = picture
            self.samples.append(Sample(path, GroundTruth(boxes, CLASSES)))

    def read(self, path):
        return self.pictures[path]

    def replace(self, number, ground_truth):
        self.samples[number] = Sample(self.samples[number].image_path, ground_truth)
        return self


def run(scenes, out, options=PLAIN, settings=SETTINGS, **more):
    """The result, and the progress of every step."""
    steps = []
    result = train(
        scenes.samples, out, settings=settings, options=options, read=scenes.read, progress=steps.append, **more
    )
    return result, steps
