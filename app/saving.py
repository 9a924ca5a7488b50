"""The worker of the saving thread: every case that was asked for is written, in order, also when the window closes."""

from __future__ import annotations

import dataclasses
from pathlib import PurePath

from PySide6.QtCore import Signal, Slot

from app.jobs import SaveCase
from app.workers import ReadableError, Worker
from detector.datasets import DatasetError
from detector.trace import Trace


class SavingWorker(Worker):
    """Writes cases. Unlike the other workers it drops nothing.

    Signals:
        saved: number, the `SaveCase`.
    """

    saved = Signal(int, object)

    def __init__(self) -> None:
        super().__init__()
        self._requests: list[SaveCase] = []

    def save(self, request: SaveCase) -> None:
        """Ask, from the main thread."""
        with self._lock:
            self._requests.append(request)
        self._wake.emit()

    def work(self, request: object) -> None:
        """Write one case."""
        from detector.case import save_case

        if not isinstance(request, SaveCase):
            return
        try:
            save_case(request.path, request.document.image, _without_folder(request.trace), request.selected)
        except DatasetError as error:  # CaseError is one: a sentence that names the file
            raise ReadableError(str(error)) from error
        self.saved.emit(request.number, request)

    def doing(self, request: object) -> str:
        """For the sentence of an unexpected error."""
        return f"saving {request.path.name}" if isinstance(request, SaveCase) else "saving"

    def close(self) -> None:
        """What was asked for is still written."""

    @Slot()
    def _on_wake(self) -> None:
        self.finish()

    def finish(self) -> None:
        """Write all that was asked for: in the thread, or once that has ended."""
        while True:
            with self._lock:
                if not self._requests:
                    return
                self._waiting = self._requests.pop(0)
            super()._on_wake()


def _without_folder(trace: Trace) -> Trace:
    """A case is sent to others: the name of the image is enough."""
    evidence = trace.evidence
    image = dataclasses.replace(evidence.image, file=PurePath(evidence.image.file).name)
    return dataclasses.replace(trace, evidence=dataclasses.replace(evidence, image=image))
