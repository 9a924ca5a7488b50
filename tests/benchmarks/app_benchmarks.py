"""The window: how long until it is there, until a folder is listed, until the next image is on show."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

from app.controller import Controller
from app.jobs import ModelChoice
from app.launch import SWITCH_SECONDS
from app.window import MainWindow
from detector.datasets import write_voc
from detector.ground_truth import GroundTruth
from tests.benchmarks.registry import Result, benchmark, long_benchmark, p95
from tests.helpers.heartbeat import rss_mb

DROP_CACHES = Path("/proc/sys/vm/drop_caches")


# -- the start ---------------------------------------------------------------------------------------------------------


def start_rows(name: str, rounds: int, before: Callable[[], object]) -> list[Result]:
    found: list[dict[str, float]] = []
    for _ in range(rounds):
        before()
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [sys.executable, "-m", "tests.benchmarks.timed_start", str(time.time())],
                env=os.environ | {"BOXSCOPE_CONFIG_DIR": folder}, stdout=subprocess.PIPE, text=True, check=True,
            )  # fmt: skip
        found.append(json.loads(done.stdout.splitlines()[-1]))
    window = [each["window"] for each in found]
    detections = [each["detections"] - each["window"] for each in found]
    cpu = {
        "window_cpu": [each["window_cpu"] for each in found],
        "detections_cpu": [each["detections_cpu"] - each["window_cpu"] for each in found],
    }
    return [
        Result(
            f"{name}_window", f"window on the screen, {rounds} starts", p95(window), at_most=1, unit="s p95",
            cpu=statistics.median(cpu["window_cpu"]), notes={"seconds": window},
        ),
        Result(
            f"{name}_detections", "from then to the samples' detections", p95(detections), at_most=5, unit="s p95",
            cpu=statistics.median(cpu["detections_cpu"]), notes={"seconds": detections},
        ),
    ]  # fmt: skip


@benchmark
def start() -> list[Result]:
    return start_rows("start", 5, lambda: None)


@long_benchmark
def start_cold() -> list[Result]:
    """Nothing of Python, Qt or torch is in memory; needs the right to say so to the system (Linux, root)."""
    return start_rows("start_cold", 3, lambda: (os.sync(), DROP_CACHES.write_text("3", encoding="ascii")))


# -- folders and images ------------------------------------------------------------------------------------------------


@contextmanager
def open_window(load: Callable[..., object] | None = None) -> Iterator[tuple[QApplication, MainWindow, Controller]]:
    """The window as `app.launch` makes it; without `load` no model ever comes."""
    sys.setswitchinterval(SWITCH_SECONDS)
    application = QApplication.instance() or QApplication(["benchmark"])
    window = MainWindow()
    controller = Controller(window, load or _no_model, ModelChoice("none"))
    window.show()
    application.processEvents()
    controller.threads.start()
    try:
        yield application, window, controller
    finally:
        window.close()
        controller.stop()


def _no_model(*_: object) -> object:
    raise ValueError("No model is needed here.")


class Painted(QObject):
    """Notes when a widget is first painted while `shows` holds."""

    def __init__(self, widget: QObject, shows: Callable[[], bool]) -> None:
        super().__init__()
        self._shows, self.at = shows, 0.0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and not self.at and self._shows():
            self.at = time.perf_counter()
        return False


def wait_for(application: QApplication, done: Callable[[], object], seconds: float = 60) -> float:
    """Let events happen until it is done; the longest time in ms that a single round of them took."""
    longest, end = 0.0, time.perf_counter() + seconds
    while not done():
        began = time.perf_counter()
        application.processEvents()
        longest = max(longest, time.perf_counter() - began)
        if began > end:
            raise TimeoutError(done)
        time.sleep(0.0005)
    return longest * 1e3


@benchmark
def folder_100000() -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        write_links(Path(folder), 100_000)
        os.sync()
        with open_window() as (application, window, controller):
            before = rss_mb()
            images = window.images
            painted = Painted(images.view.viewport(), lambda: images.model.rowCount() == 100_000)
            began, cpu = time.perf_counter(), time.process_time()
            controller.images.open_paths([Path(folder)])
            pause = wait_for(application, lambda: painted.at)
            shown, cpu = time.perf_counter(), time.process_time() - cpu
            wait_for(application, lambda: controller.state.document is not None and time.perf_counter() > shown + 2)
            after = rss_mb()
            seconds = painted.at - began
    target = "folder of 100,000 images opened in the window: first rows painted"
    held = "memory of the window with that folder, without torch"
    return [
        Result("folder_rows", target, seconds, at_most=1, unit="s", cpu=cpu, notes={"longest pause ms": pause}),
        Result("folder_memory", held, after, at_most=500, unit="MB", notes={"before": before}),
    ]


def write_links(folder: Path, count: int, name: str = "image_{}.png", size: tuple[int, int] = (64, 48)) -> None:
    """So many images, of which only a few take room; a file has 65,000 names at most."""
    for start in range(0, count, 50_000):
        first = folder / name.format(start)
        Image.new("RGB", size, (90, start % 251, 60)).save(first)
        for number in range(start + 1, min(start + 50_000, count)):
            os.link(first, folder / name.format(number))


@benchmark
def next_image() -> list[Result]:
    """Key D until image and boxes are painted: with the neighbour read ahead, and on images nobody has looked at."""
    with tempfile.TemporaryDirectory() as folder, open_window() as (application, window, controller):
        paths = write_photographs(Path(folder), 24)
        reading = controller.threads.reading

        def step() -> tuple[float, float]:
            """Milliseconds of wall and of CPU time, all threads together."""
            wanted = paths[paths.index(controller.state.document.path) + 1]
            painted = Painted(window.canvas, lambda: _has_boxes(controller, wanted))
            began, cpu = time.perf_counter(), time.process_time()
            window.images.step(1)
            wait_for(application, lambda: painted.at)
            cpu = time.process_time() - cpu
            window.canvas.removeEventFilter(painted)
            return (painted.at - began) * 1e3, cpu * 1e3

        def rest() -> None:
            """Until the neighbours are there, and small pictures too."""
            place = paths.index(controller.state.document.path)
            wait_for(application, lambda: all(each in reading._held for each in paths[place : place + 2]))
            wait_for(application, lambda: not reading._ahead and not reading._thumbnails)
            until = time.perf_counter() + 0.5
            wait_for(application, lambda: time.perf_counter() > until)

        controller.images.open_paths([Path(folder)])
        wait_for(application, lambda: _has_boxes(controller, paths[0]))
        ahead, cold = [], []
        for _ in range(11):
            rest()
            ahead.append(step())
        for _ in range(11):
            rest()
            reading._held.clear()
            cold.append(step())
    target = "next image, 12 megapixel JPEG with its objects, "
    return [
        wall_row("next_image_ahead", target + "read ahead", ahead, 50),
        wall_row("next_image_cold", target + "cold", cold, 250),
    ]


def wall_row(name: str, target: str, times: Sequence[tuple[float, float]], at_most: float) -> Result:
    """Of wall and CPU times of many rounds."""
    wall, cpu = zip(*times, strict=True)
    middle = statistics.median(cpu)
    return Result(name, target, p95(wall), at_most=at_most, unit="ms p95", cpu=middle, notes={"all": wall})


def _has_boxes(controller: Controller, path: Path) -> bool:
    document, scene = controller.state.document, controller.state.scene
    return document is not None and document.path == path and scene is not None and len(scene.objects) == 20


def write_photographs(folder: Path, count: int) -> list[Path]:
    """12 megapixels with the detail of a photograph, 20 objects each."""
    generator = np.random.default_rng(0)
    coarse = generator.integers(0, 256, (188, 250, 3), np.uint8)
    picture = np.asarray(Image.fromarray(coarse).resize((4000, 3000), Image.Resampling.BICUBIC)).astype(np.int16)
    picture += generator.integers(-12, 13, (3000, 4000, 1), np.int16)
    corner = generator.integers(0, 2500, (20, 2))
    boxes = np.concatenate([corner, corner + 300], axis=1).astype(np.float32)
    truth = GroundTruth(boxes, ("cell",) * 20)
    first = folder / "image_00.jpg"
    Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(first, quality=90)
    paths = [first, *(folder / f"image_{number:02}.jpg" for number in range(1, count))]
    for path in paths:
        if path != first:
            path.write_bytes(first.read_bytes())
        write_voc(path.with_suffix(".xml"), (3000, 4000), path.name, truth)
    return paths
