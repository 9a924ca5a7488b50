"""Python's cycle collector, in the main thread only.

Left to itself it runs in whichever thread makes the next object, and destroys what it finds there. A widget that was
part of a cycle would then be destroyed by a worker thread, which ends the process. So the automatic one is off while
threads run, and a timer of the main thread does its work.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer, Slot

from app.torch_import import is_importing

EVERY_MS = 300


class Collector(QObject):
    """Collects by the interpreter's own thresholds, whenever the main thread is at rest."""

    def __init__(self) -> None:
        super().__init__()
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self._on_time)
        self._was_on = False

    def start(self) -> None:
        """Take over."""
        self._was_on = gc.isenabled()
        gc.disable()
        self._timer.start()

    def stop(self) -> None:
        """Give back; no other thread may be running any more."""
        self._timer.stop()
        gc.unfreeze()  # the interpreter wants to clear up behind torch in the end
        if self._was_on:
            gc.enable()

    @Slot()
    def _on_time(self) -> None:
        if is_importing():
            return  # hundreds of thousands of new objects, none of them garbage
        counts, limits = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > limits[generation]:
                gc.collect(generation)
                return
