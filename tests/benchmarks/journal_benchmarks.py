"""What the recovery journal costs at each edit, in the window's own thread."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from app.edit import Edit
from app.journal import Journal
from detector.datasets.annotation import Annotation, Record, Stored
from detector.ground_truth import GroundTruth
from tests.benchmarks.registry import Result, benchmark, timed_ms


class Line(Record):
    __slots__ = ()


@benchmark
def journal_keep() -> list[Result]:
    return [row(100, 1.0), row(1000, 8.0)]


def row(count: int, at_most: float) -> Result:
    generator = np.random.default_rng(0)
    corners = generator.uniform(0, 1000, (count, 2, 2)).astype(np.float32)
    truth = GroundTruth(np.concatenate([corners.min(1), corners.max(1)], axis=1), ["Platelets"] * count)
    annotation = Annotation(truth, tuple(Line() for _ in range(count)))
    edit, records = Edit.of(annotation), dict(enumerate(annotation.records))
    with tempfile.TemporaryDirectory() as folder:
        image, journal = Path(folder) / "a.jpg", Journal(Path(folder) / "journal")
        stored = Stored(annotation, Path(folder) / "a.xml", (1, 1))
        ours = timed_ms(lambda: journal.keep(image, edit, stored, (1, 1), records), 101)
        kept = journal.read(image)
        assert kept is not None
        assert kept.edit.truth.boxes.tobytes() == truth.boxes.tobytes()
        journal.forget(image)
        journal.close()
    target = f"an edit of an image with {count:,} boxes kept in the recovery journal"
    return Result(f"journal_keep {count:,}", target, ours.median, at_most=at_most, worst=ours.worst)
