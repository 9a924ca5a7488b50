"""The only file that owns threads.

    network   loads models and runs them: slow, one request at a time
    follow    thresholds and scenes: milliseconds, never behind the network
    reading   image files, cases, folders and small pictures
    saving    cases
    drawing   pictures of very many boxes

Each thread has one worker, a QObject that lives in it. A request is an immutable snapshot put into the worker's slot by
the main thread; the newest one wins and the others are never looked at. Answers come back as signals with the request's
number. A worker's signals may be connected only to `@Slot` methods of QObjects of the main thread: anything else would
run in the worker's thread. Cancelling is cooperative: `check` is called between stages and raises `Cancelled`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, QThread, Signal, Slot

from app.collector import Collector
from app.jobs import (
    Complete,
    Detect,
    Follow,
    Followed,
    LoadModel,
    ModelChoice,
    ModelReady,
    NetworkRequest,
    Observed,
    ReplayBatch,
    Study,
)
from app.memory import give_back
from app.scene_builder import build_scene
from app.selection import with_selection
from app.sentences import say
from app.studies import STUDY_ROWS, Asked, study
from app.torch_import import available_devices, free_device_memory, import_in_steps, is_out_of_memory
from detector.config import SettingsError
from detector.memo import Memo
from detector.messages import counted
from detector.pipeline import Cancelled, FeatureCache, complete, follow, observe
from detector.trace import Trace

if TYPE_CHECKING:
    from detector.boxes import Ints
    from detector.evidence import Evidence
    from detector.pipeline import Network

log = logging.getLogger(__name__)

Load = Callable[[ModelChoice, Callable[[int, int], None]], "Network"]
"""Makes a model; the second argument is called with the bytes fetched and in all."""

EARLY_MS = 500.0
"""After a backbone slower than this, anchors and proposals are shown while the head still runs."""

FEATURE_BYTES = 64_000_000
"""Feature maps kept for rows the head has not seen; that of the image on show always is."""

TRIM_EVERY = 16
"""After so many passes of the network what they freed goes back to the system."""

QUICK_MS = 1500.0
"""A model whose last pass took less starts by itself."""


class Worker(QObject):
    """One slot for the newest request, emptied in the worker's own thread.

    Signals:
        failed: number and a `Message` to be read by people; the traceback is in the log.
        cancelled: number.
    """

    failed = Signal(int, object)
    cancelled = Signal(int)
    _wake = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._waiting: object = None
        self._newest = 0
        self._cancelled_up_to = 0
        self._closing = False
        self._wake.connect(self._on_wake, Qt.ConnectionType.QueuedConnection)

    def put(self, request: object, number: int) -> None:
        """Ask, from the main thread; what waited so far is dropped."""
        with self._lock:
            self._waiting = request
            self._newest = number
        self._wake.emit()

    def cancel(self) -> None:
        """Give up what waits, which is `cancelled` at once, and what runs, as soon as the next check comes by."""
        dropped = self._drop()
        if dropped is not None:
            self.cancelled.emit(_number(dropped))

    def close(self) -> None:
        """Cancel, and take no more; nobody is told any more."""
        self._closing = True
        self._drop()

    def _drop(self) -> object:
        """What waited; what runs fails its next check."""
        with self._lock:
            self._cancelled_up_to = self._newest
            dropped, self._waiting = self._waiting, None
        return dropped

    def check(self, number: int) -> None:
        """Between two stages of the work on a request.

        Raises:
            Cancelled: where nobody wants it any more.
        """
        if self._closing or number <= self._cancelled_up_to or self._superseded(number):
            raise Cancelled

    def _superseded(self, number: int) -> bool:
        return number < self._newest

    def work(self, request: object) -> None:
        """Answer a request; what it raises becomes `cancelled` or `failed`."""
        raise NotImplementedError

    def doing(self, request: object) -> str:
        """What a request is about, for the sentence of an unexpected error."""
        raise NotImplementedError

    @Slot()
    def _on_wake(self) -> None:
        with self._lock:
            request, self._waiting = self._waiting, None
        if request is None or self._closing:
            return
        number = _number(request)
        try:
            self.work(request)
        except Cancelled:
            self.cancelled.emit(number)
        except ReadableError as error:
            self.failed.emit(number, say("error", text=str(error)))
        except Exception as error:
            log.exception("While %s", self.doing(request))
            lines = str(error).strip().splitlines() or [type(error).__name__]
            text = lines[0] if lines[0].endswith(".") else f"{lines[0]}."
            self.failed.emit(number, say("error.unexpected", doing=self.doing(request), text=text))


def _number(request: object) -> int:
    return int(request.number)  # type: ignore[attr-defined]  # every request of app.jobs has one


class ReadableError(Exception):
    """An error whose message is already a sentence for people."""


class NetworkWorker(Worker):
    """Loads models and asks them.

    Signals:
        device_full: number and a `Message`: the model needs more memory than its device has.
        progressed: number, `Message`, and a fraction or None.
        model_ready: number, `ModelReady`.
        observed: number, `Observed`.
        studied: number and one answer of a study; more may follow.
        study_ended: number; all of it has been said.
    """

    device_full = Signal(int, object)
    progressed = Signal(int, object, object)
    model_ready = Signal(int, object)
    observed = Signal(int, object)
    studied = Signal(int, object)
    study_ended = Signal(int)

    def __init__(self, load: Load) -> None:
        super().__init__()
        self._load = load
        self._model: Network | None = None
        self._choice: ModelChoice | None = None
        self._device = "cpu"
        self._features = FeatureCache(FEATURE_BYTES)
        self._evidence: Evidence | None = None
        self._is_study = False
        self._passes = 0

    def work(self, request: object) -> None:
        """Load, detect, complete or study."""
        self._is_study = isinstance(request, Study)
        try:
            self._answer(request)
            return
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            log.warning("While %s", self.doing(request), exc_info=True)
        # Out here the error is gone, and with it the tensors that its traceback held.
        self._features.clear()
        free_device_memory()
        device = request.choice.device if isinstance(request, LoadModel) else self._device
        message = say("error.device_full" if device != "cpu" else "error.memory_full", doing=self.doing(request))
        (self.device_full if device != "cpu" else self.failed).emit(_number(request), message)

    def _answer(self, request: object) -> None:
        if isinstance(request, LoadModel):
            self._load_model(request)
        elif isinstance(request, Detect):
            self._detect(request)
        elif isinstance(request, Complete):
            self._complete(request)
        elif isinstance(request, Study):
            self._study(request)

    def doing(self, request: object) -> str:
        """For the sentence of an unexpected error."""
        if isinstance(request, LoadModel):
            return f"loading the model {request.choice.name}"
        if isinstance(request, Detect | Complete):
            return f"detecting in {request.document.name}"
        if isinstance(request, ReplayBatch):
            return f"drawing the mini-batch of {request.document.name}"
        return "looking into other settings" if isinstance(request, Study) else "working"

    def _superseded(self, number: int) -> bool:
        # More rows to complete are no reason to throw away those at hand; a study gives way to anything.
        return number < self._newest and (self._is_study or not isinstance(self._waiting, Complete))

    def _load_model(self, request: LoadModel) -> None:
        number, choice = request.number, request.choice
        # The model before stays until this one is there: where it cannot be loaded, one goes on with that.
        self._features.clear()
        self.progressed.emit(number, say("status.importing"), None)
        import_in_steps(lambda: self.check(number))
        self.progressed.emit(number, say("status.loading", name=choice.name), None)

        def report(done: int, total: int) -> None:
            self.check(number)
            self.progressed.emit(number, say("status.loading", name=choice.name), done / total if total else None)

        try:
            model = self._load(choice, report)
        except ValueError as error:  # WeightsError is one: a sentence that names the file
            log.info("Loading %s failed", choice.name, exc_info=True)
            raise ReadableError(str(error)) from error
        self._model, self._choice, self._evidence = model, choice, None
        self._features.clear()
        self._device = device = str(getattr(model, "device", "cpu")).partition(":")[0]
        quick = model.info.name == "compact" or device != "cpu"
        ready = ModelReady(choice, model.info, model.settings, quick, device, available_devices())
        self.model_ready.emit(number, ready)

    def _detect(self, request: Detect) -> None:
        model, choice, number, document = self._model, self._choice, request.number, request.document
        if model is None or choice is None:
            raise ReadableError("No model is loaded.")
        began = time.perf_counter()

        def check() -> None:
            self.check(number)

        def report(stage: str) -> None:
            message = "status.rpn" if stage == "rpn" else "status.features"
            self.progressed.emit(number, say(message, name=document.name), None)

        try:
            evidence = observe(
                model, document.image, request.settings, file=str(document.path), cache=self._features, check=check,
                report=report,
            )  # fmt: skip
        except SettingsError as error:
            raise ReadableError(str(error)) from error
        self._evidence = evidence
        check()
        if _since(began) > EARLY_MS:
            self.observed.emit(number, Observed(choice, document, evidence, False, _since(began)))
        rows = follow(evidence, request.settings).detections.waiting
        self.progressed.emit(number, say("status.head"), None)
        evidence = complete(model, evidence, rows, document.image, cache=self._features, check=check)
        self._evidence = evidence
        check()
        self.observed.emit(number, Observed(choice, document, evidence, True, _since(began)))
        self._passes += 1
        if self._passes % TRIM_EVERY == 0:
            give_back()

    def _complete(self, request: Complete) -> None:
        model, choice, number, document = self._model, self._choice, request.number, request.document
        evidence = request.evidence
        if model is None or choice is None:
            raise Cancelled  # its model is gone
        if self._evidence is not None and self._evidence.first is evidence.first:
            evidence = self._evidence  # it may know more rows by now than the request did
        began = time.perf_counter()
        self.progressed.emit(number, counted("status.head_rows", len(request.rows)), None)
        evidence = complete(
            model, evidence, request.rows, document.image, cache=self._features, check=lambda: self.check(number)
        )
        self._evidence = evidence
        self.check(number)
        self.observed.emit(number, Observed(choice, document, evidence, True, _since(began)))

    def _study(self, request: Study) -> None:
        number = request.number

        def enrich(evidence: Evidence, rows: Ints, image: NDArray[np.uint8]) -> Evidence:
            return self._enrich(evidence, rows, image, number)

        for answer in study(request, Asked(self._model, self._features, lambda: self.check(number), enrich)):
            self.studied.emit(number, answer)
            self.check(number)
        self.study_ended.emit(number)

    def _enrich(self, evidence: Evidence, rows: Ints, image: NDArray[np.uint8], number: int) -> Evidence:
        """The head on more rows, a few at a time so that the study can give way; what is learned is kept."""
        if self._model is None:
            raise Cancelled
        if self._evidence is not None and self._evidence.first is evidence.first:
            evidence = self._evidence  # it may know more rows by now
        for start in range(0, len(rows), STUDY_ROWS):
            self.check(number)
            some = rows[start : start + STUDY_ROWS]
            evidence = self._evidence = complete(self._model, evidence, some, image, cache=self._features)
        return evidence


class FollowWorker(Worker):
    """Makes traces and scenes.

    Signals:
        followed: number, `Followed`.
    """

    followed = Signal(int, object)

    def __init__(self) -> None:
        super().__init__()
        self._memo = Memo()
        self._trace: Trace | None = None

    def work(self, request: object) -> None:
        """Follow and build; stages whose inputs did not change are taken over from the trace before."""
        if not isinstance(request, Follow):
            return
        trace = None
        if request.evidence is not None and request.document is not None:
            truth = request.document.ground_truth
            trace = follow(request.evidence, request.settings, truth, self._trace)
            self._trace = trace
        options = request.options if trace is None else with_selection(request.options, request.selection, trace)
        scene = build_scene(
            request.document, trace, options, stale=request.stale, memo=self._memo,
            replayed=request.replayed,
        )  # fmt: skip
        self.followed.emit(request.number, Followed(request, trace, scene))

    def doing(self, request: object) -> str:
        """For the sentence of an unexpected error."""
        return "drawing the boxes"


def _since(began: float) -> float:
    return (time.perf_counter() - began) * 1e3


class Threads:
    """The threads with their workers; started and stopped together."""

    def __init__(self, load: Load) -> None:
        from app.drawing import DrawingWorker  # these three are Workers themselves
        from app.reading import ReadingWorker
        from app.saving import SavingWorker

        self.network = NetworkWorker(load)
        self.follow = FollowWorker()
        self.reading = ReadingWorker()
        self.drawing = DrawingWorker()
        self.saving = SavingWorker()
        self._collector = Collector()
        self._numbers = 0
        self._threads: list[QThread] = []
        workers = (
            ("network", self.network), ("follow", self.follow), ("reading", self.reading), ("drawing", self.drawing),
            ("saving", self.saving),
        )  # fmt: skip
        for name, worker in workers:
            thread = QThread()
            thread.setObjectName(name)
            worker.moveToThread(thread)
            self._threads.append(thread)

    def start(self) -> None:
        """Start all."""
        self._collector.start()
        for thread in self._threads:
            thread.start()

    def next_number(self) -> int:
        """A number for a request, higher than all before."""
        self._numbers += 1
        return self._numbers

    def ask_network(self, request: NetworkRequest) -> None:
        """Put a request to the network thread."""
        self.network.put(request, request.number)

    def stop(self) -> None:
        """Cancel everything and wait; a torch call that has begun is waited for, and a file is written to its end."""
        for worker in (self.network, self.follow, self.reading, self.drawing):
            worker.close()
        for thread in self._threads:
            thread.quit()
        for thread in self._threads:
            thread.wait()
        self.saving.finish()
        self._collector.stop()
