"""What the canvas is measured on: made-up evidence of very many anchors, without a network, and a canvas to show it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QApplication

from app.canvas.pyramid import ImagePyramid
from app.canvas.view import BoxCanvas
from app.document import Document
from app.scene import BoxLayer, Role, Scene, Space, ViewOptions
from app.scene_builder import build_scene
from detector.anchors import AnchorGrid
from detector.boxes import clip, decode, frozen
from detector.config import Settings
from detector.evidence import Evidence, FirstStage, HeadOutputs, ImageInfo, ModelInfo
from detector.ground_truth import GroundTruth
from detector.memo import Memo
from detector.pipeline import follow
from detector.trace import Trace
from tests.benchmarks.made_up import OBJECTS, SETTINGS, classic_grid, pyramid_grid

CANVAS = (1600, 1000)
"""Widget points."""
CLASSES = tuple(f"class {number}" for number in range(1, 21))


def application(scale: int = 1) -> QApplication:
    """The one of this process, on a screen of this scale."""
    os.environ["QT_SCALE_FACTOR"] = str(scale)
    found = QApplication.instance()
    return found if isinstance(found, QApplication) else QApplication([])


def canvas_with(image: np.ndarray) -> BoxCanvas:
    """A canvas on the screen that shows all of an image."""
    canvas = BoxCanvas()
    canvas.resize(*CANVAS)
    canvas.show_image(ImagePyramid(image))
    canvas.show()
    QApplication.processEvents()
    return canvas


def noise(image_hw: tuple[int, int]) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (*image_hw, 3), dtype=np.uint8)


@dataclass
class Case:
    """An image that has been detected in."""

    evidence: Evidence
    document: Document

    @classmethod
    def of(cls, grid: AnchorGrid, image_hw: tuple[int, int], sure: int = 30) -> Case:
        """Random scores and small moves; of the kept proposals `sure` hold an object with a score above a half."""
        rng = np.random.default_rng(0)
        deltas = rng.normal(0, 0.25, (len(grid), 4)).astype(np.float32)
        boxes = frozen(clip(decode(grid.boxes, deltas), image_hw))
        first = FirstStage(grid, frozen(rng.random(len(grid), dtype=np.float32)), frozen(deltas), boxes)
        info = ImageInfo("made_up.png", image_hw, image_hw)
        evidence = Evidence(
            "made up", info, ModelInfo("made up", CLASSES), SETTINGS, first, HeadOutputs.empty(len(CLASSES))
        )
        rows = np.sort(follow(evidence, SETTINGS).proposals.kept)
        logits = rng.normal(0, 1, (len(rows), len(CLASSES) + 1)).astype(np.float32)
        logits[np.arange(sure) * len(rows) // sure, rng.integers(1, len(CLASSES) + 1, sure)] += 6
        scores = np.exp(logits)
        scores /= scores.sum(axis=1, keepdims=True)
        refined = boxes[rows][:, None] + rng.normal(0, 6, (len(rows), len(CLASSES), 4)).astype(np.float32)
        refined = clip(refined.reshape(-1, 4), image_hw).reshape(len(rows), len(CLASSES), 4)
        head = HeadOutputs(frozen(rows), frozen(scores), frozen(refined))
        truth = GroundTruth(OBJECTS, CLASSES[:2])
        return cls(evidence.with_head(head, 1.0), Document(Path("made_up.png"), noise(image_hw), truth))

    def follow(self, settings: Settings, before: Trace | None = None) -> Trace:
        return follow(self.evidence, settings, self.document.ground_truth, before)

    def scene(self, options: ViewOptions, trace: Trace | None = None, memo: Memo | None = None) -> Scene:
        return build_scene(self.document, self.follow(SETTINGS) if trace is None else trace, options, memo=memo)


def classic_case() -> Case:
    return Case.of(*classic_grid())


def pyramid_case() -> Case:
    return Case.of(*pyramid_grid())


def scene_of(boxes: np.ndarray, image_hw: tuple[int, int], roles: Sequence[Role] = (Role.ANCHOR,)) -> Scene:
    """Boxes in so many colours, as masses."""
    layers = tuple(
        BoxLayer(
            f"anchors.{role}", "anchor", role, boxes[place :: len(roles)], np.arange(len(boxes))[place :: len(roles)]
        )
        for place, role in enumerate(roles)
    )
    return Scene(Space(image_hw), "anchors", layers)
