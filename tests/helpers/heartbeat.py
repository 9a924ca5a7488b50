"""Listens to the event loop: how long it was silent, during what, and why.

A timer of 5 ms beats in the main thread. A gap between two beats is a pause in which the window answers nobody. For
each gap the system is asked how long the main thread computed and how long it stood in line for a processor; what is
left it spent waiting, for Python's lock or for a file. A thread looks at the stacks of gaps that last.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Qt, QTimer, Slot

BEAT_MS = 5
LOOK_MS = 120
"""A gap that lasts so long has its stacks looked at."""


@dataclass(frozen=True)
class Pause:
    """One gap.

    Attributes:
        after_s: since the heart began to beat.
        action: what was being done.
        own_ms: the main thread computed.
        queue_ms: the main thread wanted to, and other processes or threads had the processors.
        stacks: where the threads were while it lasted; empty where nobody could look.
    """

    after_s: float
    ms: float
    action: str
    own_ms: float
    queue_ms: float
    stacks: str

    @property
    def waiting_ms(self) -> float:
        """For Python's lock, a mutex or a file."""
        return max(self.ms - self.own_ms - self.queue_ms, 0.0)


@dataclass
class _Beat:
    at: float = 0.0
    own_ms: float = 0.0
    queue_ms: float = 0.0


@dataclass
class _Look:
    of: float = 0.0
    lines: str = ""
    ended: threading.Event = field(default_factory=threading.Event)


class HeartBeat(QObject):
    """Keeps every pause of `least_ms` or more.

    Attributes:
        pauses: in the order they came.
        longest_ms: the longest gap of all, also of the short ones.
    """

    def __init__(self, action: Callable[[], str], least_ms: float = 200.0) -> None:
        super().__init__()
        self.pauses: list[Pause] = []
        self.longest_ms = 0.0
        self._action, self._least_ms = action, least_ms
        self._began = time.perf_counter()
        self._last, self._look = _Beat(), _Look()
        self._main = threading.get_ident()
        self._times = _open_schedstat()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(BEAT_MS)
        self._timer.timeout.connect(self._on_beat)
        self._watcher = threading.Thread(target=self._watch, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._last = self._now()
        self._timer.start()
        self._watcher.start()

    def stop(self) -> None:
        self._timer.stop()
        self._look.ended.set()
        self._watcher.join()
        if self._times is not None:
            os.close(self._times)

    @Slot()
    def _on_beat(self) -> None:
        before, now = self._last, self._now()
        self._last = now
        gap = (now.at - before.at) * 1e3
        self.longest_ms = max(self.longest_ms, gap)
        if gap < self._least_ms:
            return
        stacks = self._look.lines if self._look.of == before.at else ""
        self.pauses.append(
            Pause(
                now.at - self._began, gap, self._action(), now.own_ms - before.own_ms, now.queue_ms - before.queue_ms,
                stacks,
            )
        )  # fmt: skip

    def _now(self) -> _Beat:
        if self._times is None:
            return _Beat(time.perf_counter(), time.thread_time() * 1e3, 0.0)
        own, queue, _ = os.pread(self._times, 100, 0).split()
        return _Beat(time.perf_counter(), int(own) / 1e6, int(queue) / 1e6)

    def _watch(self) -> None:
        while not self._look.ended.wait(LOOK_MS / 3e3):
            since = self._last.at
            if since != self._look.of and (time.perf_counter() - since) * 1e3 > LOOK_MS:
                self._look.of, self._look.lines = since, self._stacks()

    def _stacks(self) -> str:
        names = {each.ident: each.name for each in threading.enumerate()}
        lines = []
        for ident, frame in sys._current_frames().items():
            if ident == self._watcher.ident:
                continue
            name = "main" if ident == self._main else names.get(ident, "?")
            found = traceback.extract_stack(frame)[-6:]
            places = (f"{os.path.basename(each.filename)}:{each.lineno} {each.name}" for each in found)
            lines.append(f"{name}: {' > '.join(places)}")
        return "\n".join(lines)


def _open_schedstat() -> int | None:
    """Linux counts, for each thread, nanoseconds computed and nanoseconds in line for a processor."""
    try:
        return os.open(f"/proc/self/task/{threading.get_native_id()}/schedstat", os.O_RDONLY)
    except OSError:
        return None


def rss_mb() -> float:
    """Memory of this process that is really there, in MB; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return 0.0


def thread_names() -> list[str]:
    """Every thread of this process, Python's or not, by the name the system knows."""
    try:
        tasks = sorted(os.listdir("/proc/self/task"), key=int)
    except OSError:
        return sorted(each.name for each in threading.enumerate())
    names = []
    for task in tasks:
        try:
            with open(f"/proc/self/task/{task}/comm", encoding="utf-8", errors="replace") as file:
                names.append(file.read().strip())
        except OSError:
            continue
    return sorted(names)
