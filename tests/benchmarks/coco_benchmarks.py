"""The window with a COCO file of 100,000 images and 1,000,000 boxes: opened, edits saved, all images told."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QApplication

from app.scene import Ref
from tests.benchmarks.app_benchmarks import open_window, wait_for, write_links
from tests.benchmarks.coco_large import BOXES, IMAGES, MOST_MB, OPEN_S, PAUSE_MS, make_file
from tests.benchmarks.registry import Result, long_benchmark
from tests.helpers.heartbeat import HeartBeat, Pause, rss_mb

SAVES = 5


@long_benchmark
def coco_window() -> list[Result]:
    with tempfile.TemporaryDirectory() as folder, open_window() as (application, window, controller):
        write_links(Path(folder), IMAGES, "{:012}.jpg", (640, 480))
        place = Path(folder) / "instances.json"
        make_file(place, IMAGES, BOXES)
        doing = "opening"
        heart = HeartBeat(lambda: doing, least_ms=20)
        heart.start()
        began, cpu = time.perf_counter(), time.process_time()
        controller.start([place])
        state = controller.state
        wait_for(application, lambda: state.document is not None and state.scene is not None and state.scene.objects)
        opened, cpu = time.perf_counter() - began, time.process_time() - cpu
        assert window.images.model.total == IMAGES
        doing = "reading"
        wait_for(application, lambda: window.images.model.num_scanned == IMAGES, seconds=300)
        told = time.perf_counter() - began
        doing = "resting"
        window.actions_by_id["workspace"].setChecked(True)
        # Importing torch holds everybody up by itself, once.
        wait_for(application, lambda: "detector.models" in sys.modules and not controller.network.busy)
        rest(application)
        for _ in range(SAVES):
            doing = "saving"
            controller.selects.choose(Ref("object", 0))
            controller.edits.nudge(1, 0)
            assert state.edits
            controller.saves.save_now()
            wait_for(application, lambda: not state.edits)
            doing = "resting"
            rest(application)
        heart.stop()
        memory = rss_mb()
    return [
        Result("coco_rows", "COCO of 100,000 images: first rows and boxes", opened, at_most=OPEN_S, unit="s", cpu=cpu),
        Result("coco_memory", "memory of the window with it", memory, at_most=MOST_MB, unit="MB"),
        Result("coco_told", "until it is known of all images what the file says of them", told, unit="s"),
        pause_row("coco_save_pause", f"longest pause while {SAVES} edits in it are saved", heart.pauses, "saving"),
        pause_row("coco_told_pause", "longest pause while its images are told", heart.pauses, "reading"),
    ]


def rest(application: QApplication) -> None:
    until = time.perf_counter() + 1
    wait_for(application, lambda: time.perf_counter() > until)


def pause_row(name: str, target: str, pauses: Sequence[Pause], action: str) -> Result:
    """The longest pause without the time in which other programs had the processors."""
    longest = max((each.ms - each.queue_ms for each in pauses if each.action == action), default=0.0)
    wall = [round(each.ms) for each in pauses if each.action == action]
    return Result(name, target, longest, at_most=PAUSE_MS, unit="ms", notes={"wall": sorted(wall)[-10:]})
