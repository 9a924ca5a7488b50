"""Clicks: what they pick; at the same place again soon, the next thing there, with a counter."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QPointF, QTimer, Signal, Slot

from app.canvas.frame import Live
from app.canvas.hit_test import Cycle, Hit

COUNTER_MS = 1000


class Clicks(QObject):
    """Turns clicks into the canvas' signals of the same names.

    Signals:
        repaint: something to be seen has changed.
    """

    picked = Signal(object)
    repaint = Signal()

    def __init__(self, live: Live, find_all: Callable[[QPointF], list[Hit]], parent: QObject) -> None:
        super().__init__(parent)
        self._live = live
        self._find_all = find_all
        self._cycle = Cycle([])
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(COUNTER_MS)
        self._timer.timeout.connect(self._on_counter_end)

    def click(self, at: QPointF) -> None:
        """Pick what is there; at the same place again soon, the next."""
        now = time.monotonic()
        if self._cycle.continues(at.x(), at.y(), now):
            chosen: Hit | None = self._cycle.step(now)
        else:
            hits = self._find_all(at)
            self._cycle = Cycle(hits, 0, at.x(), at.y(), now)
            chosen = hits[0] if hits else None
        total = len(self._cycle.hits)
        self._live.counter = f"{self._cycle.index + 1} of {total}" if total > 1 else ""
        self._live.counter_at = QPointF(at)
        self._timer.start()
        self.repaint.emit()
        self.picked.emit(None if chosen is None else chosen.ref)

    def continues(self, at: QPointF) -> bool:
        """Whether a click here and now would go on to the next thing."""
        return self._cycle.continues(at.x(), at.y(), time.monotonic())

    def take_last(self) -> Hit | None:
        """What the last click picked, once; the next click begins anew."""
        hits, index = self._cycle.hits, self._cycle.index
        if not hits:
            return None
        self.forget()
        self._live.counter = ""
        return hits[index]

    def forget(self) -> None:
        """The next click begins anew."""
        self._cycle = Cycle([])

    @Slot()
    def _on_counter_end(self) -> None:
        self._live.counter = ""
        self.repaint.emit()
