"""What a benchmark is: a figure, a peer measured in the same run, and the ratio that must hold."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

BENCHMARKS: dict[str, Callable[[], Result]] = {}


@dataclass(frozen=True)
class Result:
    """One row of the table.

    Attributes:
        name: as given to --only.
        target: what is promised, in words.
        figure_ms: our milliseconds of CPU time, median.
        peer: what it is compared with.
        peer_ms: the peer's.
        limit: the highest ratio figure / peer that holds the promise.
    """

    name: str
    target: str
    figure_ms: float
    peer: str
    peer_ms: float
    limit: float

    @property
    def ratio(self) -> float:
        return self.figure_ms / self.peer_ms

    @property
    def holds(self) -> bool:
        return self.ratio <= self.limit


def benchmark(function: Callable[[], Result]) -> Callable[[], Result]:
    """Register a benchmark under its function's name."""
    BENCHMARKS[function.__name__] = function
    return function


def paired_ms(ours: Callable[[], object], peer: Callable[[], object], rounds: int = 9) -> tuple[float, float]:
    """Median CPU milliseconds of both, run in turns so that a busy machine hits both alike."""
    ours()
    peer()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for work, found in zip((ours, peer), times, strict=True):
            start = time.process_time()
            work()
            found.append((time.process_time() - start) * 1e3)
    return statistics.median(times[0]), statistics.median(times[1])
