"""A real window with its controller and real threads, on folders of small images with known objects."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from app.controller import Controller
from app.jobs import ModelChoice
from app.window import MainWindow
from detector.datasets import write_voc
from detector.ground_truth import GroundTruth
from tests.helpers.networks import FakeNetwork

OBJECTS = np.array([[10, 10, 42, 42], [60, 20, 124, 84], [90, 100, 122, 132]], np.float32)
LABELS = ("cat", "dog", "cat")
IMAGE_HW = (160, 192)

WAIT_MS = 30_000
"""Long, as importing torch on a busy machine takes its time; a wait ends as soon as it is over."""


class WindowNetwork(FakeNetwork):
    """Knows the objects of every image; quick, so that detection starts by itself. It may be held up anywhere."""

    device = "made up"

    def __init__(self, sha256=None):
        super().__init__(OBJECTS, (1, 2, 1))
        self.sha256 = sha256
        self.on_features = None
        self.on_rpn = None
        self.on_head = None

    @property
    def info(self):
        return dataclasses.replace(super().info, sha256=self.sha256)

    def features(self, image, settings, check):
        if self.on_features is not None:
            self.on_features(check)
        return super().features(image, settings, check)

    def rpn(self, features, settings):
        if self.on_rpn is not None:
            self.on_rpn()
        return super().rpn(features, settings)

    def head(self, features, boxes, settings):
        if self.on_head is not None:
            self.on_head()
        return super().head(features, boxes, settings)


def write_image(path: Path, seed: int = 0, *, annotated: bool = True) -> Path:
    """An image of noise, with its objects beside it unless told otherwise."""
    pixels = np.random.default_rng(seed).integers(0, 255, (*IMAGE_HW, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    if annotated:
        write_voc(path.with_suffix(".xml"), IMAGE_HW, path.name, GroundTruth(OBJECTS, LABELS))
    return path


def annotate(path: Path, boxes, labels) -> Path:
    """Other objects beside an image; the network goes on knowing `OBJECTS`."""
    truth = GroundTruth(np.array(boxes, np.float32).reshape(-1, 4), tuple(labels))
    write_voc(path.with_suffix(".xml"), IMAGE_HW, path.name, truth)
    return path


def write_folder(folder: Path, count: int = 3) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    return [write_image(folder / f"image_{number}.png", number) for number in range(count)]


def forget_edits(controller):
    """What was done counts no more: closing asks nothing."""
    for path in tuple(controller.state.sessions):
        controller.state.sessions.end(path)


@contextmanager
def open_window(qtbot, network=None, choice=None, load=None):
    """A window with its controller; both are gone afterwards, also where the test failed."""
    window = MainWindow()
    qtbot.addWidget(window)
    network = network or WindowNetwork()
    controller = Controller(window, load or (lambda choice, report: network), choice or ModelChoice("fake"))
    window.resize(1200, 800)
    window.show()
    try:
        yield window, controller
    finally:
        window.close()
        controller.stop()


def settled(controller, name: str | None = None) -> bool:
    """The scene shows the open image under the settings as they are, and nothing waits."""
    state = controller.state
    if state.document is None or state.trace is None or (name is not None and state.document.name != name):
        return False
    if state.trace.evidence is not state.evidence or state.scene.stale or state.stale:
        return False
    same = state.trace.settings == state.settings
    return same and len(state.trace.detections.waiting) == 0 and not controller.network.busy


def wait_settled(qtbot, controller, name: str | None = None):
    qtbot.waitUntil(lambda: settled(controller, name), timeout=WAIT_MS)
