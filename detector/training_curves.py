"""The curves of a training: learning rate and losses of every step, as CSV and as TensorBoard events.

    NAME.curves/losses.csv             step, learning_rate, the four losses, total, seconds
    NAME.curves/events.out.tfevents    the same without the seconds; `tensorboard --logdir NAME.curves` draws it

The training's state holds all rows and is the truth: a continued training writes both files anew up to its step, the
same bytes as before, and goes on from there. So no step is missing and none stands twice, whatever became of the files.

TensorBoard's own record writer is used, not a SummaryWriter: that one writes from a thread, where a full disk cannot be
answered.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from detector.models.weights import beside
from detector.training_step import LOSSES

log = logging.getLogger(__name__)

COLUMNS = ("step", "learning_rate", *LOSSES, "total", "seconds")
TABLE_WIDTH = 1 + len(LOSSES) + 2
"""Columns of `Curves.table`."""


def curves_folder(out: Path) -> Path:
    """Where the curves of the weights `out` lie."""
    return beside(out, ".curves")


@dataclass(frozen=True, slots=True)
class CurveRow:
    """One step.

    Attributes:
        learning_rate: that of this step.
        losses: the four, in the order of `LOSSES`.
        seconds: of training so far, without the time between a kill and its continuation.
        clock: when it was, in seconds since 1970.
    """

    learning_rate: float
    losses: tuple[float, ...]
    seconds: float
    clock: float

    @property
    def total(self) -> float:
        """The sum of all four."""
        return sum(self.losses)


class Curves:
    """The rows of all steps so far, and their files.

    A file that cannot be written does not end a training: it is said once, and every `save` tries again.

    Args:
        out: the weights file.
        table: rows of an earlier session, as `table` gave them.
    """

    def __init__(self, out: Path, table: NDArray[np.float64] | None = None) -> None:
        self._folder = curves_folder(out)
        self._files: _Files | None = None
        self._failed = False
        rows = [] if table is None else table.tolist()
        self.rows = [CurveRow(rate, tuple(losses), seconds, clock) for rate, *losses, seconds, clock in rows]

    def table(self) -> NDArray[np.float64]:
        """(steps, 7): learning rate, four losses, seconds, clock."""
        rows = [(each.learning_rate, *each.losses, each.seconds, each.clock) for each in self.rows]
        return np.array(rows, np.float64).reshape(-1, TABLE_WIDTH)

    def add(self, row: CurveRow) -> None:
        """One step more."""
        self.rows.append(row)
        if not self._failed:
            self._write()

    def save(self) -> None:
        """Try again where the files could not be written."""
        if self._files is None and self.rows:
            self._write()

    def close(self) -> None:
        """Let go of the files."""
        if self._files is not None:
            self._files.close()
            self._files = None

    def _write(self) -> None:
        try:
            if self._files is None:
                self._files = _Files(self._folder, self.rows[0].clock)
                self._files.write(enumerate(self.rows, start=1))
            else:
                self._files.write([(len(self.rows), self.rows[-1])])
        except OSError as error:
            self.close()
            if not self._failed:
                log.warning(
                    "The curves in %s cannot be written (%s); training goes on, and they are tried again.",
                    self._folder,
                    error.strerror or error,
                )
            self._failed = True
        else:
            self._failed = False


class _Files:
    """Both files, written anew from the first step."""

    def __init__(self, folder: Path, began: float) -> None:
        folder.mkdir(exist_ok=True)
        with contextlib.ExitStack() as opened:
            self._csv: IO[bytes] = opened.enter_context((folder / "losses.csv").open("wb"))
            events = opened.enter_context((folder / "events.out.tfevents").open("wb"))
            self._all = opened.pop_all()
        self._csv.write(_line(COLUMNS))
        self._flush = (self._csv.flush, events.flush)
        self._events = RecordWriter(events)
        self._events.write(Event(wall_time=began, file_version="brain.Event:2").SerializeToString())

    def write(self, rows: Iterable[tuple[int, CurveRow]]) -> None:
        """Steps with their numbers; on the disk when it returns, as far as a killed program is concerned."""
        for step, row in rows:
            self._csv.write(_line((step, row.learning_rate, *row.losses, row.total, round(row.seconds, 3))))
            self._events.write(_event(step, row).SerializeToString())
        for flush in self._flush:
            flush()

    def close(self) -> None:
        """Closed even where the last bytes find no room."""
        with contextlib.suppress(OSError):
            self._all.close()


def _line(cells: Iterable[Any]) -> bytes:
    """Numbers with all their digits: read again they are the same to the last bit."""
    return (",".join(str(cell) for cell in cells) + "\n").encode()


def _event(step: int, row: CurveRow) -> Any:
    tags = {f"loss/{name}": value for name, value in zip(LOSSES, row.losses, strict=True)}
    tags |= {"loss/total": row.total, "learning_rate": row.learning_rate}
    values = [Summary.Value(tag=tag, simple_value=value) for tag, value in tags.items()]
    return Event(wall_time=row.clock, step=step, summary=Summary(value=values))
