"""A COCO file of 100,000 images and 1,000,000 boxes: opened, edited and saved, and what that costs another thread.

Run with `python -m tests.benchmarks.coco_large`. Shown must be: the file opened within 5 s, the process below 2 GB, and
no pause over 100 ms of a thread that wants to run each millisecond, as the window's does, neither while the file is
opened nor while it is saved. The longest pauses are told with the processor's queue taken off: what a thread waits for
a processor that other programs have is not the program's doing.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from detector.datasets.annotation import Annotation
from detector.datasets.coco import CocoStore
from detector.ground_truth import GroundTruth

IMAGES, BOXES, CLASSES = 100_000, 1_000_000, 80
HW = (480, 640)
OPEN_S, MOST_MB, PAUSE_MS = 5.0, 2000.0, 100.0


def make_file(place: Path, images: int, boxes: int) -> None:
    """As COCO's own instances_train2017.json is written, with an outline for each tenth object."""
    draw = random.Random(1)
    with open(place, "w", encoding="utf-8") as file:
        file.write('{"info": {"year": 2017}, "licenses": [{"id": 3, "name": "CC"}], "images": [')
        for row in range(images):
            name = f"{row:012d}.jpg"
            file.write(
                f'{", " if row else ""}{{"license": 3, "file_name": "{name}", '
                f'"coco_url": "http://images.cocodataset.org/train2017/{name}", "height": {HW[0]}, "width": {HW[1]}, '
                f'"date_captured": "2013-11-15 02:41:42", "id": {row + 1}}}'
            )
        file.write('], "annotations": [')
        for row in range(boxes):
            x, y = round(draw.uniform(0, 500), 2), round(draw.uniform(0, 400), 2)
            width, height = round(draw.uniform(1, 140), 2), round(draw.uniform(1, 80), 2)
            sides = (f"{x + place / 7:.2f}, {y + place / 9:.2f}" for place in range(40 if row % 10 == 0 else 0))
            file.write(
                f'{", " if row else ""}{{"segmentation": [[{", ".join(sides)}]], "area": {width * height * 0.7:.4f}, '
                f'"iscrowd": 0, "image_id": {draw.randrange(images) + 1}, "bbox": [{x}, {y}, {width}, {height}], '
                f'"category_id": {draw.randrange(CLASSES) + 1}, "id": {row + 1}}}'
            )
        names = ", ".join(
            f'{{"supercategory": "x", "id": {row + 1}, "name": "class {row + 1}"}}' for row in range(CLASSES)
        )
        file.write(f'], "categories": [{names}]}}')


class Ticker(threading.Thread):
    """Wants to run each millisecond; keeps its longest pause, as it was and without the processor's queue."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.longest_ms = self.own_ms = 0.0
        self._ended = threading.Event()

    def run(self) -> None:
        before, queued = time.perf_counter(), _queue_ms()
        while not self._ended.is_set():
            time.sleep(0.001)
            now, queue = time.perf_counter(), _queue_ms()
            pause = (now - before) * 1e3
            self.longest_ms = max(self.longest_ms, pause)
            self.own_ms = max(self.own_ms, pause - (queue - queued))
            before, queued = now, queue

    def end(self) -> None:
        self._ended.set()
        self.join()


def _queue_ms() -> float:
    """How long this thread has stood in line for a processor; 0 where the system does not say."""
    try:
        with open(f"/proc/self/task/{threading.get_native_id()}/schedstat", "rb", buffering=0) as file:
            return int(file.read().split()[1]) / 1e6
    except OSError:
        return 0.0


@contextmanager
def timed(what: str, figures: dict[str, float]) -> Iterator[None]:
    """Measure wall time, the process's computing time and the longest pause of a ticking thread."""
    ticker = Ticker()
    ticker.start()
    wall, own = time.perf_counter(), time.process_time()
    try:
        yield
    finally:
        figures[f"{what}_s"] = time.perf_counter() - wall
        figures[f"{what}_cpu_s"] = time.process_time() - own
        ticker.end()
        figures[f"{what}_pause_ms"], figures[f"{what}_own_pause_ms"] = ticker.longest_ms, ticker.own_ms


def measure(place: Path, row: int, saves: int) -> dict[str, float]:
    """Open the file, read the image of a row, and save as many edits of it: one box moved, one new."""
    figures: dict[str, float] = {"file_mb": place.stat().st_size / 1e6}
    before = _peak_mb()
    image = place.parent / f"{row:012d}.jpg"
    store = CocoStore(place)
    with timed("open", figures):
        store.load()
    figures["open_peak_mb"] = _peak_mb()
    with timed("read", figures):
        seen = store.read(image, HW)
    assert seen.annotation is not None
    truth = seen.annotation.ground_truth
    with timed("saves", figures):
        for number in range(saves):
            boxes = truth.boxes.copy()
            boxes[0] = np.array([1, 2, 30.5 + number, 40.25], np.float32)
            records = (*seen.annotation.records[: len(truth)], None)
            changed = GroundTruth([*boxes, [5, 6, 70, 80 + number]], (*truth.labels, "class 7"))
            seen = store.write(image, HW, Annotation(changed, records), seen)
            assert seen.annotation is not None
    figures["save_s"] = figures["saves_s"] / saves
    figures["peak_mb"], figures["started_mb"] = _peak_mb(), before
    again = CocoStore(place).read(image, HW).annotation
    assert again is not None
    assert again.says_the_same(seen.annotation)
    return figures


def _peak_mb() -> float:
    if sys.platform == "win32":  # has no such figure within Python
        return 0.0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def main() -> int:
    """Print the figures and whether they hold."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, default=IMAGES)
    parser.add_argument("--boxes", type=int, default=BOXES)
    parser.add_argument("--saves", type=int, default=5)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "instances.json"
        make_file(place, chosen.images, chosen.boxes)
        figures = measure(place, chosen.images // 2, chosen.saves)
    for name, value in figures.items():
        print(f"{name:>20} {value:10.2f}")
    pause = max(figures["open_own_pause_ms"], figures["saves_own_pause_ms"])
    holds = figures["open_s"] <= OPEN_S and figures["peak_mb"] <= MOST_MB and pause <= PAUSE_MS
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {'holds' if holds else 'does not hold'}")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
