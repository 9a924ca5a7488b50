"""The worker of the saving thread: all that was asked for is written, in order, also when the window closes."""

from __future__ import annotations

import dataclasses
from pathlib import PurePath

from PySide6.QtCore import Signal, Slot

from app.annotation_saving import AnnotationSaver, SaveAnnotation, SaveFailed
from app.class_work import ClassTask
from app.jobs import SaveCase
from app.workers import ReadableError, Worker
from detector.datasets import DatasetError
from detector.trace import Trace


class SavingWorker(Worker):
    """Writes cases and annotations, one after the other: no store is ever written by two at once.

    Unlike the other workers it drops nothing but an annotation that waits while a newer one of its image in the same
    store is asked for: that one is `cancelled`.

    Signals:
        saved: number, the `SaveCase`.
        annotation_saved: number, `SavedAnnotation`.
        annotation_failed: number, `SaveFailed`.
        task_done: number, what the task has given.
    """

    saved = Signal(int, object)
    annotation_saved = Signal(int, object)
    annotation_failed = Signal(int, object)
    task_done = Signal(int, object)

    def __init__(self) -> None:
        super().__init__()
        self._requests: list[SaveCase | SaveAnnotation | ClassTask] = []
        self._saver = AnnotationSaver()

    def save(self, request: SaveCase | SaveAnnotation | ClassTask) -> None:
        """Ask, from the main thread."""
        with self._lock:
            outdone = next((each for each in self._requests if _is_outdone(each, request)), None)
            if outdone is None:
                self._requests.append(request)
            else:
                self._requests[self._requests.index(outdone)] = request  # waits no longer for being newer
        self._wake.emit()
        if outdone is not None:
            self.cancelled.emit(outdone.number)

    def work(self, request: object) -> None:
        """Write one case or annotation."""
        if isinstance(request, SaveAnnotation):
            answer = self._saver.save(request)
            is_saved = not isinstance(answer, SaveFailed)
            (self.annotation_saved if is_saved else self.annotation_failed).emit(request.number, answer)
        elif isinstance(request, SaveCase):
            self._save_case(request)
        elif isinstance(request, ClassTask):
            self.task_done.emit(request.number, request.run())

    def _save_case(self, request: SaveCase) -> None:
        from detector.case import save_case

        try:
            save_case(request.path, request.document.image, _without_folder(request.trace), request.selected)
        except DatasetError as error:  # CaseError is one: a sentence that names the file
            raise ReadableError(str(error)) from error
        self.saved.emit(request.number, request)

    def doing(self, request: object) -> str:
        """For the sentence of an unexpected error."""
        if isinstance(request, SaveAnnotation):
            return f"saving the annotation of {request.image_path.name}"
        if isinstance(request, ClassTask):
            return "changing a class in the files"
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


def _is_outdone(waiting: object, by: object) -> bool:
    """What waits need not be written where something newer takes its place."""
    return (
        isinstance(waiting, SaveAnnotation)
        and isinstance(by, SaveAnnotation)
        and waiting.image_path == by.image_path
        and waiting.store is by.store
    )


def _without_folder(trace: Trace) -> Trace:
    """A case is sent to others: the name of the image is enough."""
    evidence = trace.evidence
    image = dataclasses.replace(evidence.image, file=PurePath(evidence.image.file).name)
    return dataclasses.replace(trace, evidence=dataclasses.replace(evidence, image=image))
