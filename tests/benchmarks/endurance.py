"""The real window with the real model, played with for as long as one likes.

Run with `python -m tests.benchmarks.endurance`. Shown must be: no pause of the event loop over 200 ms, no thread left,
memory flat within 50 MB once it is warm (medians of the first and the last quarter), no error logged. Of each pause it
is told how long the window's thread stood in line for a processor: on a machine with other work that is not the
program's doing (`tests/helpers/heartbeat.py`).
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication

from app.controller import Controller
from app.error_reporter import ErrorReporter
from app.launch import SWITCH_SECONDS
from app.places import SAMPLES
from app.window import MainWindow
from tests.benchmarks.endurance_hand import Hand
from tests.helpers.heartbeat import HeartBeat, Pause, rss_mb, thread_names

LONGEST_MS = 200.0
FLAT_MB = 50.0
START_SECONDS = 120.0
"""The first detections have to be there by then."""
WARM_SHARE = 0.4
"""Of the switches, those in which the caches fill and the allocator finds its size."""


class ErrorCounter(logging.Handler):
    """Keeps what the log says is an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        kind = "" if record.exc_info is None or record.exc_info[1] is None else f" {record.exc_info[1]!r}"
        self.lines.append(f"{record.getMessage()}{kind}")


class Gauge(QObject):
    """Reads the memory each second, with the number of switches so far."""

    def __init__(self, hand: Hand) -> None:
        super().__init__()
        self.readings: list[tuple[float, int, float]] = []
        self._hand, self._began = hand, time.perf_counter()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._on_time)
        self._timer.start(1000)

    @Slot()
    def _on_time(self) -> None:
        self.readings.append((time.perf_counter() - self._began, self._hand.switches, rss_mb()))
        seconds = len(self.readings)
        if seconds % 60 == 0:
            loads = " ".join(f"{load:.1f}" for load in os.getloadavg())
            print(
                f"minute {seconds // 60:3}   {self._hand.switches:5} switches   {self.readings[-1][2]:6.0f} MB   "
                f"{threading.active_count()} Python threads   load {loads}",
                flush=True,
            )


class Growth(NamedTuple):
    """Of the memory after warming up.

    Attributes:
        first: median MB of the first quarter of the readings.
        last: of the last quarter.
        slope: MB per 100 switches.
    """

    first: float
    last: float
    slope: float


def growth(readings: Sequence[tuple[float, int, float]]) -> Growth:
    """Of readings of seconds, switches, MB: medians, for a single peak must neither look like a leak nor hide one."""
    warm_at = WARM_SHARE * readings[-1][1] if readings else 0.0
    warm = [(switches, mb) for _, switches, mb in readings if switches > warm_at]
    if len({switches for switches, _ in warm}) < 2:
        raise ValueError("Too short: no two switches were measured after warming up.")
    quarter = max(1, len(warm) // 4)
    first, last = (statistics.median(mb for _, mb in part) for part in (warm[:quarter], warm[-quarter:]))
    return Growth(first, last, 100 * statistics.linear_regression(*zip(*warm, strict=True)).slope)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0, help="at least so long")
    parser.add_argument("--switches", type=int, default=500, help="at least so many images")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--images", type=Path, action="append", help="a folder to play with; may be given again")
    options = parser.parse_args()
    errors = ErrorCounter()
    logging.getLogger().addHandler(errors)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BOXSCOPE_CONFIG_DIR"] = folder
        return _play(options, Path(folder), errors)


def _play(options: argparse.Namespace, folder: Path, errors: ErrorCounter) -> int:
    sys.setswitchinterval(SWITCH_SECONDS)
    application = QApplication(sys.argv[:1])
    before = Counter(thread_names())
    window = MainWindow()
    reporter = ErrorReporter(window)
    reporter.reported.connect(window.show_error)
    reporter.install()
    controller = Controller(window)
    hand = Hand(window, controller, options.images or _folders(folder), folder, options.seed)
    heart = HeartBeat(lambda: hand.action, LONGEST_MS)
    window.resize(1580, 960)
    window.show()
    application.processEvents()
    controller.start([hand.folders[0]])
    heart.start()
    latest = time.perf_counter() + START_SECONDS
    while controller.state.trace is None or controller.network.busy:
        if time.perf_counter() > latest:
            raise TimeoutError(f"No detections after {START_SECONDS:.0f} seconds; logged: {errors.lines[:20]}")
        application.processEvents()
        time.sleep(0.002)
    loading = list(heart.pauses)
    warm = Counter(thread_names())
    print(f"ready: {rss_mb():.0f} MB, {sum(warm.values())} threads", flush=True)
    gauge = Gauge(hand)
    ends = time.perf_counter() + 60 * options.minutes
    hand.until = lambda: time.perf_counter() >= ends and hand.switches >= options.switches
    hand.done.connect(application.quit)
    hand.start()
    application.exec()
    after = Counter(thread_names())
    heart.stop()
    window.close()
    controller.stop()
    reporter.uninstall()
    left = [each.name for each in threading.enumerate() if each is not threading.main_thread()]
    _tell_pauses("while torch was loaded", loading)
    played = heart.pauses[len(loading) :]
    _tell_pauses("while the hand played", played)
    print(f"longest gap {heart.longest_ms:.0f} ms; load {' '.join(f'{load:.1f}' for load in os.getloadavg())}")
    print("deeds:", ", ".join(f"{name} {count}" for name, count in sorted(hand.counts.items())))
    print(f"threads: {sum(before.values())} before, {sum(warm.values())} ready, {sum(after.values())} at the end;",
          f"new since ready: {dict(after - warm)}; Python's after closing: {left}")  # fmt: skip
    memory = growth(gauge.readings)
    print(
        f"{hand.switches} switches; memory {memory.first:.0f} MB in the first quarter after warming up, "
        f"{memory.last:.0f} MB in the last; {memory.slope:+.1f} MB per 100 switches"
    )
    print(f"errors logged: {len(errors.lines)}", *errors.lines[:20], sep="\n  ")
    ours = [pause for pause in played if pause.ms - pause.queue_ms > LONGEST_MS]
    held = {
        f"no pause over {LONGEST_MS:.0f} ms while torch is loaded": not loading,
        f"no pause over {LONGEST_MS:.0f} ms": not played,
        f"no pause over {LONGEST_MS:.0f} ms without the time in line for a processor": not ours,
        "no thread left": not (after - warm) and not left,
        f"memory within {FLAT_MB:.0f} MB": memory.last - memory.first <= FLAT_MB,
        "no error": not errors.lines,
    }
    for what, holds in held.items():
        print(f"{'holds ' if holds else 'MISSED'}  {what}")
    return 0 if all(held.values()) else 1


def _tell_pauses(when: str, pauses: list[Pause]) -> None:
    print(f"\n{len(pauses)} pauses over {LONGEST_MS:.0f} ms {when}")
    for pause in sorted(pauses, key=lambda each: -each.ms)[:25]:
        print(
            f"  {pause.ms:6.0f} ms at {pause.after_s:7.1f} s, {pause.action}: computed {pause.own_ms:.0f}, "
            f"in line for a processor {pause.queue_ms:.0f}, waited {pause.waiting_ms:.0f}"
        )
        for line in pause.stacks.splitlines():
            print(f"           {line}")


def _folders(folder: Path) -> list[Path]:
    """The samples, and the photographs of BCCD where BOXSCOPE_BCCD names them."""
    samples = folder / "samples"
    shutil.copytree(SAMPLES, samples)
    bccd = os.environ.get("BOXSCOPE_BCCD", "")
    return [samples, Path(bccd) / "JPEGImages"] if bccd else [samples]


if __name__ == "__main__":
    raise SystemExit(main())
