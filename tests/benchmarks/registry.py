"""What a benchmark is: a figure with what it has to hold, a limit of its own or a ratio to a peer of the same run."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Result:
    """One row of the table.

    Attributes:
        name: the benchmark's, or that with a word behind it where one benchmark gives several rows.
        target: what is promised, in words.
        figure: ours, in `unit`.
        peer: what it is compared with; "" for nothing.
        peer_figure: the peer's, in the same unit.
        limit: the highest ratio figure / peer_figure that holds the promise.
        at_most: the highest figure that holds it.
        at_least: the lowest figure that holds it.
        unit: of the figures.
        cpu: of a wall time, how much of it was CPU time of this process: a busy machine stretches only the former.
        worst: where the figure is a median, the highest of what it is the median of.
        notes: whatever else was measured, for the JSON.
    """

    name: str
    target: str
    figure: float
    peer: str = ""
    peer_figure: float | None = None
    limit: float | None = None
    _: dataclasses.KW_ONLY
    at_most: float | None = None
    at_least: float | None = None
    unit: str = "ms CPU"
    cpu: float | None = None
    worst: float | None = None
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        return None if self.peer_figure is None else self.figure / self.peer_figure

    @property
    def holds(self) -> bool:
        ratio = self.ratio
        return (
            (self.limit is None or (ratio is not None and ratio <= self.limit))
            and (self.at_most is None or self.figure <= self.at_most)
            and (self.at_least is None or self.figure >= self.at_least)
        )

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self) | {"ratio": self.ratio, "holds": self.holds}


Run = Callable[[], Result | Sequence[Result]]


class Benchmark(NamedTuple):
    """Attributes: long: takes minutes, so it runs only where it is asked for by name."""

    run: Run
    long: bool


BENCHMARKS: dict[str, Benchmark] = {}


def benchmark(function: Run) -> Run:
    """Register a benchmark under its function's name."""
    BENCHMARKS[function.__name__] = Benchmark(function, long=False)
    return function


def long_benchmark(function: Run) -> Run:
    """Register one that takes minutes."""
    BENCHMARKS[function.__name__] = Benchmark(function, long=True)
    return function


class Times(NamedTuple):
    """Of many rounds, in milliseconds."""

    median: float
    worst: float

    @classmethod
    def of(cls, rounds: Sequence[float]) -> Times:
        return cls(statistics.median(rounds), max(rounds))


def cpu_ms(work: Callable[[], object]) -> float:
    """CPU milliseconds of one call, all threads of this process together."""
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1e3


def timed_ms(work: Callable[[], object], rounds: int = 9) -> Times:
    """CPU milliseconds, after one call that warms up."""
    work()
    return Times.of([cpu_ms(work) for _ in range(rounds)])


def paired_ms(ours: Callable[[], object], peer: Callable[[], object], rounds: int = 9) -> tuple[Times, Times]:
    """CPU milliseconds of both, run in turns, once each, so that a busy machine and cold caches hit both alike."""
    ours()
    peer()
    mine: list[float] = []
    theirs: list[float] = []
    for _ in range(rounds):
        mine.append(cpu_ms(ours))
        theirs.append(cpu_ms(peer))
    return Times.of(mine), Times.of(theirs)


def p95(values: Sequence[float]) -> float:
    """The 95th percentile: of 20 values the second highest at the most."""
    ordered = sorted(values)
    return ordered[max(0, -(-95 * len(ordered) // 100) - 1)]
