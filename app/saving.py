"""The worker of the saving thread: all that was asked for is written, in order, also when the window closes."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from pathlib import PurePath

from PySide6.QtCore import Signal, Slot

from app.annotation_saving import AnnotationSaver, SaveAnnotation, SaveFailed
from app.jobs import SaveCase, Task
from app.workers import ReadableError, Worker
from detector.datasets import DatasetError
from detector.trace import Trace


class SavingWorker(Worker):
    """Writes cases and annotations, one after the other: no store is ever written by two at once.

    What others want to know of the files, or do to them, comes between.

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
        self._requests: OrderedDict[object, SaveCase | SaveAnnotation | Task] = OrderedDict()
        """By what they are about, so that a newer one takes the place of the one that waits."""
        self._saver = AnnotationSaver()

    def save(self, request: SaveCase | SaveAnnotation | Task) -> None:
        """Ask, from the main thread."""
        with self._lock:
            outdone = self._requests.get(_subject(request))
            self._requests[_subject(request)] = request  # waits no longer for being newer
        self._wake.emit()
        if outdone is not None:
            self.cancelled.emit(outdone.number)

    def work(self, request: object) -> None:
        """Write one case, or an annotation with those that go to the same file."""
        if isinstance(request, SaveAnnotation):
            for answer in self._saver.save_all([request, *self._of_same_file(request)]):
                is_saved = not isinstance(answer, SaveFailed)
                (self.annotation_saved if is_saved else self.annotation_failed).emit(answer.number, answer)
        elif isinstance(request, SaveCase):
            self._save_case(request)
        elif isinstance(request, Task):
            self.task_done.emit(request.number, request.run())

    def _of_same_file(self, request: SaveAnnotation) -> list[SaveAnnotation]:
        """What is asked for next and goes to the file of many images that is about to be written anyway."""
        found: list[SaveAnnotation] = []
        if request.store.path_of(request.image_path) not in request.store.shared_files:
            return found
        with self._lock:
            while self._requests:
                following = next(iter(self._requests.values()))
                if not isinstance(following, SaveAnnotation) or following.store is not request.store:
                    break
                found.append(following)
                self._requests.popitem(last=False)
        return found

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
        if isinstance(request, Task):
            return request.doing
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
                self._waiting = self._requests.popitem(last=False)[1]
            super()._on_wake()


def _subject(request: SaveCase | SaveAnnotation | Task) -> object:
    """What waits need not be written where something newer is about the same: an image in a store."""
    return (request.image_path, request.store) if isinstance(request, SaveAnnotation) else request.number


def _without_folder(trace: Trace) -> Trace:
    """A case is sent to others: the name of the image is enough."""
    evidence = trace.evidence
    image = dataclasses.replace(evidence.image, file=PurePath(evidence.image.file).name)
    return dataclasses.replace(trace, evidence=dataclasses.replace(evidence, image=image))
