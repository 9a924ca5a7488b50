"""Models and detection: between the window and the network thread."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.case_words import speaker_name
from app.jobs import Complete, Detect, LoadModel, ModelChoice, ModelReady, Observed
from app.places import MODELS, RANDOM_MODELS
from app.remembered import RememberedSettings
from app.scene import Ints, Message
from app.sentences import say
from app.state import State
from app.translation import tr
from app.window import MainWindow
from app.wording import text
from app.workers import QUICK_MS, Threads
from detector.messages import counted

REST_MS = 400
"""Detection starts by itself once the image has been open for so long."""

PATIENCE_MS = 300
"""Work that takes longer says what it does."""

_WEIGHTS = " --weights "
"""Parts name and weights in the id of a model that has not its default weights."""


class NetworkFlow(QObject):
    """Knows which model is there and what the network is at.

    Signals:
        evidence_changed: `State.evidence` is another one.
        case_left: what the chosen model said of a case's image has taken the place of what the case holds.
        settings_changed: `State.settings` are those of another model.
        began, rested: the network was asked for something; nothing is asked of it any more.
    """

    evidence_changed = Signal()
    case_left = Signal()
    settings_changed = Signal()
    began = Signal()
    rested = Signal()

    def __init__(self, window: MainWindow, state: State, threads: Threads, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._state, self._threads = window, state, threads
        self.remembered = RememberedSettings()
        self._files: list[str] = []
        self._working: int | None = None
        self._is_complete = False
        self._last_ms: float | None = None
        self._said: tuple[Message, float | None] | None = None
        self._told: Message | None = None
        self._loading = 0
        self._load_problem: Message | None = None
        self._has_none = False
        self._is_wanted = False
        self._refused: ModelChoice | None = None
        self._ready: ModelReady | None = None
        self._used: ModelReady | None = None
        self._devices: tuple[str, ...] = ("auto", "cpu")
        self._rest = self._timer(REST_MS, self._on_rest)
        self._patience = self._timer(PATIENCE_MS, self._on_patience)
        window.detect_requested.connect(self.detect)
        window.cancel_requested.connect(self.cancel)
        window.model_chosen.connect(self._on_model_chosen)
        window.device_chosen.connect(self._on_device_chosen)
        window.weights_chosen.connect(self._on_weights_chosen)
        network = threads.network
        network.model_ready.connect(self._on_model_ready)
        network.observed.connect(self._on_observed)
        network.progressed.connect(self._on_progressed)
        network.cancelled.connect(self._on_cancelled)
        network.failed.connect(self._on_failed)
        network.device_full.connect(self._on_device_full)
        window.status.offer_taken.connect(self._on_offer_taken)

    def _timer(self, milliseconds: int, slot: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(slot)
        return timer

    @property
    def busy(self) -> bool:
        """The network thread is at work."""
        return self._working is not None

    @property
    def is_coming(self) -> bool:
        """A detection is under way, or begins by itself after a moment of rest."""
        return self.busy or self._rest.isActive()

    def choose(self, choice: ModelChoice) -> None:
        """Make another model ready; what is on show stays, dimmed, until it has spoken."""
        self._state.choice = choice
        self._state.model = None
        self._last_ms = None
        self._load_problem, self._has_none = None, False
        self.show_models()
        number = self._loading = self._begin(say("status.loading", name=choice.name))
        self._threads.ask_network(LoadModel(number, choice))
        self.evidence_changed.emit()

    @Slot()
    def detect(self) -> None:
        """Run the network on the open image; where its model is not there yet, as soon as it is."""
        state = self._state
        self._rest.stop()
        if state.document is None:
            return
        if state.model is None:
            self._is_wanted = True
            if not self.busy:  # not begun yet, or it failed or was cancelled: try again
                self.choose(state.choice)
            return
        number = self._begin(say("status.detecting", name=state.document.name))
        self._threads.ask_network(Detect(number, state.document, state.own_settings.settings))

    @Slot()
    def cancel(self) -> None:
        """Give up what the network is at."""
        self._rest.stop()
        if self.busy:
            self._threads.network.cancel()

    def document_changed(self) -> None:
        """Another image is open: detect once it has rested, unless the network has seen it before."""
        if self._working is not None and self._state.model is not None:
            self._end(self._working)  # first: nobody asked for it to be cancelled, so nothing is said
            self._threads.network.cancel()
        self._rest.stop()
        if self._state.case is not None:
            self._is_wanted = False  # that was about another image; a case has been seen
        elif self._load_problem is not None:
            self._tell(self._load_problem, error=True)  # true of every image
        self.schedule()

    def schedule(self) -> None:
        """Start the wait for a rest, where there is something to detect."""
        state = self._state
        if state.document is None or state.model is None or (state.evidence is not None and not state.stale):
            return
        if state.model.quick or (self._last_ms is not None and self._last_ms < QUICK_MS):
            self._rest.start()
        elif not self.busy and not self._window.status.is_error:
            self._tell(say("status.press_detect"))

    def evidence_settings_settled(self) -> None:
        """A setting that the network must know was let go of."""
        state = self._state
        if state.evidence is None or not state.stale or state.document is None:
            return
        if state.recall():
            self.evidence_changed.emit()
        else:
            self.detect()

    def complete(self, rows: Ints) -> None:
        """Ask the head about rows it has not seen, unless a pass that brings them is on its way."""
        state = self._state
        if state.document is None or state.evidence is None or not state.can_complete:
            return
        if self.busy and not self._is_complete:
            return
        number = self._begin(counted("status.head_rows", len(rows)), is_complete=True)
        self._threads.ask_network(Complete(number, state.document, state.evidence, rows))

    # -- the network's answers -----------------------------------------------------------------------------------------

    @Slot(int, object)
    def _on_model_ready(self, number: int, ready: ModelReady) -> None:
        self._ready = ready  # the network thread has it, and keeps it until another one is there
        if number != self._loading:
            return  # of a load that another has replaced: also where that one loads the same model once more
        self._end(number)
        self._use(ready)

    def _use(self, ready: ModelReady) -> None:
        """Work with a model that is there; its settings come with it, unless it was in use all the while."""
        state = self._state
        state.choice, state.model = ready.choice, ready
        self._has_none = False
        self._devices = ready.devices
        self.show_models()
        if ready is not self._used:
            self._used = ready
            state.keep_own(self.remembered.settings(self.memory_key(), ready.settings), ready.settings)
            self.settings_changed.emit()
        if state.evidence is None or state.stale:
            state.recall()
        self.evidence_changed.emit()
        if self._is_wanted:
            self._is_wanted = False
            self.detect()
        else:
            self.schedule()

    @Slot(int, object)
    def _on_observed(self, number: int, observed: Observed) -> None:
        is_asked, was_case = number == self._working and not self._is_complete, self._state.case is not None
        if observed.finished and number == self._working:
            if not self._is_complete:
                self._last_ms = observed.milliseconds
            self._end(number)
        if self._state.take(observed.document, observed.evidence, observed.choice, is_asked):
            if was_case and self._state.case is None:
                self.case_left.emit()
            self.evidence_changed.emit()

    @Slot(int, object, object)
    def _on_progressed(self, number: int, message: Message, fraction: float | None) -> None:
        if number != self._working:
            return
        self._said = (message, fraction)
        if not self._patience.isActive():
            self._window.status.show_progress(message, fraction)

    @Slot(int)
    def _on_cancelled(self, number: int) -> None:
        is_mine, is_load = number == self._working, number == self._loading
        self._end(number)
        if is_mine:
            self._tell(say("status.cancelled"))
            if is_load:
                self._go_back()

    @Slot(int, object)
    def _on_failed(self, number: int, message: Message) -> None:
        self._fail(number, message)

    @Slot(int, object)
    def _on_device_full(self, number: int, message: Message) -> None:
        self._fail(number, message, say("error.detect_on_cpu"))

    @Slot(str)
    def _on_offer_taken(self, offer: str) -> None:
        """What the GPU has no room for is done on the CPU."""
        if offer != "error.detect_on_cpu":
            return
        choice = self._refused or self._state.choice
        self._is_wanted = True
        self.choose(ModelChoice(choice.name, choice.weights, "cpu"))

    def _fail(self, number: int, message: Message, offer: Message | None = None) -> None:
        is_mine, is_load = number == self._working, number == self._loading
        self._end(number)
        if not is_mine:
            return
        self._refused = self._state.choice
        if not is_load:
            self._tell(message, error=True, offer=offer)
        elif self._ready is not None:
            # Not `_tell`: the next detection must not wipe it away.
            self._window.status.show_message(message, error=True, offer=offer)
            self._go_back()
        else:
            self._tell(message, error=True, offer=offer)
            self._load_problem = message
            self._go_back()

    def _go_back(self) -> None:
        """A model was not loaded: on with the one before, or say that there is none."""
        self._is_wanted = False
        if self._ready is not None:
            self._use(self._ready)
        else:
            self._has_none = True
            self.show_models()

    # -- what a person does --------------------------------------------------------------------------------------------

    @Slot(str)
    def _on_model_chosen(self, model_id: str) -> None:
        choice = self._state.choice
        if model_id != _model_id(choice) or (self._state.model is None and not self.busy):
            name, _, weights = model_id.partition(_WEIGHTS)
            self.choose(ModelChoice(name, weights or "default", choice.device))

    @Slot(str)
    def _on_device_chosen(self, device: str) -> None:
        choice = self._state.choice
        if device != choice.device:
            self.choose(ModelChoice(choice.name, choice.weights, device))

    @Slot(object)
    def _on_weights_chosen(self, path: Path) -> None:
        if str(path) not in self._files:
            self._files.append(str(path))
        self.choose(ModelChoice(str(path), device=self._state.choice.device))

    # -- showing -------------------------------------------------------------------------------------------------------

    def memory_key(self) -> str:
        """Under which name the settings of the model are remembered."""
        return self._state.choice.name

    def show_models(self) -> None:
        """The models one can choose, and the one in use."""
        models = [(name, name) for name in MODELS]
        models += [(f"{name}{_WEIGHTS}none", tr("{name}, random weights").format(name=name)) for name in RANDOM_MODELS]
        models += [(name, Path(name).stem) for name in self._files]
        choice, model = self._state.choice, self._state.model
        asked = "" if choice.device == "auto" or self._has_none else choice.device
        current = tr("no model") if self._has_none else _model_id(choice)
        case = self._state.case
        said = "" if case is None else text(say("case.model", name=speaker_name(case.trace.evidence.model)))
        self._window.show_models(models, current, (asked if model is None else model.device).upper(), said)
        self._window.show_device(choice.device, self._devices)

    def _tell(self, message: Message, error: bool = False, offer: Message | None = None) -> None:
        self._told = message
        self._window.status.show_message(message, error=error, offer=offer)

    def _begin(self, message: Message, *, is_complete: bool = False) -> int:
        number = self._threads.next_number()
        self._working, self._is_complete, self._said = number, is_complete, (message, None)
        self._patience.start()
        self._window.show_busy(not is_complete)
        if self._told is not None and self._window.status.shown is self._told:
            self._window.status.show_message(None)  # "Press F5", or how the work before ended
        self._told = None
        self.began.emit()
        return number

    def _end(self, number: int) -> None:
        if number != self._working:
            return
        self._working, self._said = None, None
        self._patience.stop()
        self._window.show_busy(False)
        self._window.status.show_progress(None, None)
        self.rested.emit()

    @Slot()
    def _on_patience(self) -> None:
        if self._said is not None:
            self._window.status.show_progress(*self._said)

    @Slot()
    def _on_rest(self) -> None:
        if not self._state.stale and self._state.evidence is not None:
            self.rested.emit()
            return
        self.detect()


def _model_id(choice: ModelChoice) -> str:
    return choice.name if choice.weights == "default" else f"{choice.name}{_WEIGHTS}{choice.weights}"
