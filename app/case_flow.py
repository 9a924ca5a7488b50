"""Cases: saving what is on show, and what an open case means for the rest of the window.

A case is opened as an image is (`app.image_flow`); image, objects, settings and selection come with it, and no model is
needed. It is left by opening something else, or when a model has been run on its image.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from app.case_words import opened, speaker_name, waiting
from app.document import Document
from app.image_flow import ImageFlow
from app.jobs import Followed, ModelChoice, ModelReady, SaveCase
from app.network_flow import NetworkFlow
from app.places import CASE_SUFFIX, MODELS, is_case
from app.scene import Message
from app.sentences import say
from app.settings_flow import SettingsFlow
from app.state import State
from app.window import MainWindow
from app.workers import Threads
from detector.trace_reader import TraceReader

if TYPE_CHECKING:
    from detector.case import Case

PATIENCE_MS = 300
"""Saving that takes longer is told of."""


class CaseFlow(QObject):
    """Saves cases, and says what is to be said while one is open."""

    def __init__(
        self,
        window: MainWindow,
        state: State,
        threads: Threads,
        images: ImageFlow,
        network: NetworkFlow,
        settings: SettingsFlow,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._window, self._state, self._saving = window, state, threads.saving
        self._threads, self._images, self._network = threads, images, network
        self._settings = settings
        self._case: Case | None = None
        self._elsewhere: Path | None = None
        self._told: Message | None = None
        self._model: ModelReady | None = None
        self._under_way: list[SaveCase] = []
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE_MS)
        self._patience.timeout.connect(self._on_patience)
        window.case_save_requested.connect(self.ask_path)
        window.case_path_chosen.connect(self.save)
        window.status.offer_taken.connect(self._on_offer_taken)
        network.case_left.connect(self._on_left)
        self._saving.saved.connect(self._on_saved)
        self._saving.failed.connect(self._on_failed)

    # -- saving --------------------------------------------------------------------------------------------------------

    @Slot()
    def ask_path(self) -> None:
        """Ask where to save what is on show."""
        document = self._state.document
        if document is None or self._state.trace is None:
            self._window.show_error(say("case.nothing"))
            return
        stem = document.path.stem if document.case is not None else Path(document.name).stem
        self._window.dialogs.ask_case_path(f"{stem}{CASE_SUFFIX}")

    @Slot(object)
    def save(self, path: Path) -> None:
        """Save what is on show at this moment."""
        state = self._state
        if state.document is None or state.trace is None or state.scene is None or state.stale:
            self._window.show_error(say("case.nothing"))
            return
        if not is_case(path):
            self._window.show_error(say("case.no_suffix", suffix=CASE_SUFFIX, name=path.name))
            return
        number, selected = self._threads.next_number(), state.scene.selected
        if selected is not None and not TraceReader(state.trace).exists(selected):
            selected = None  # an object that is only proposed is none of the case's
        request = SaveCase(number, path, state.document, state.trace, selected)
        self._under_way.append(request)
        self._patience.start()
        self._saving.save(request)

    @Slot()
    def _on_patience(self) -> None:
        if self._under_way:
            said = say("status.saving", name=self._under_way[0].path.name)
            self._window.status.show_progress(said, None, of="saving")

    def _end(self, number: int) -> None:
        self._under_way = [each for each in self._under_way if each.number != number]
        self._window.status.show_progress(None, None, of="saving")
        if self._under_way:
            self._on_patience()
        else:
            self._patience.stop()

    @Slot(int, object)
    def _on_saved(self, number: int, request: SaveCase) -> None:
        self._end(number)
        self._window.remember_case(request.path)
        self._window.status.show_message(say("status.saved", path=request.path.name))
        path, edit = request.document.path, request.document.edit
        if request.path == path and edit is not None and self._state.edits.get(path) is edit:
            # What was accepted in this case stands in its file now.
            self._state.sessions.end(path)
            self._images.show_image(path)

    @Slot(int, object)
    def _on_failed(self, number: int, message: Message) -> None:
        self._end(number)
        self._window.show_error(message)

    # -- an open case --------------------------------------------------------------------------------------------------

    def document_changed(self) -> None:
        """Another image is open, or a case, which takes the place of all images in the list."""
        state, document = self._state, self._state.document
        self._follow_case()
        self._model = state.model
        if document is None:
            return
        if state.case is None:
            self._elsewhere = document.path
        elif self._window.status.shown is None:  # or there is something to say about the file
            self._tell_what_it_is(document, state.case)

    def _tell_what_it_is(self, document: Document, case: Case) -> None:
        self._model = self._state.model
        said = opened(document, case.trace.evidence.model, self._model)
        self._window.status.show_message(said, offer=say("case.elsewhere") if self._elsewhere else None)

    def _follow_case(self) -> None:
        """Settings and header go with the case."""
        self._told = None
        if self._state.case is not self._case:
            self._case = self._state.case
            self._settings.case_changed()
            self._network.show_models()

    def shown(self, followed: Followed) -> None:
        """What is on show can be saved once nothing more comes; what does not come is said."""
        trace, case = followed.trace, self._state.case
        count = 0 if trace is None else len(trace.detections.waiting)
        is_all = count == 0 or self._state.waits_for_good
        can_be_saved = trace is not None and not followed.request.stale and is_all
        self._window.actions_by_id["save_case"].setEnabled(can_be_saved)
        document = followed.request.document
        if case is None or document is None or document is not self._state.document:
            return
        if self._state.model is not self._model and self._state.model is not None and not self._window.status.is_error:
            self._tell_what_it_is(document, case)
        said = None
        if count and self._state.waits_for_good and not self._network.busy:
            said = waiting(count, case.trace.evidence.model, self._state.model)
        self._tell(said, case)

    def _tell(self, said: Message | None, case: Case) -> None:
        """That boxes wait, with what can be done about it; once for each number of them."""
        before, self._told = self._told, said
        if said is None:
            if before is not None and self._window.status.shown is before:
                self._window.status.show_message(None)
        elif before is None or said.values != before.values:
            name = case.trace.evidence.model.name
            can_load = name in MODELS and self._state.model is None
            offer = say("case.load", name=speaker_name(case.trace.evidence.model)) if can_load else None
            self._window.status.show_message(said, offer=offer)
        else:
            self._told = before

    @Slot(str)
    def _on_offer_taken(self, offer: str) -> None:
        case, document = self._state.case, self._state.document
        if offer == "case.load" and case is not None:
            choice = self._state.choice
            self._network.choose(ModelChoice(case.trace.evidence.model.name, device=choice.device))
        elif offer == "case.back" and document is not None:
            self._images.show_image(document.path)
        elif offer == "case.elsewhere" and self._elsewhere is not None:
            self._images.open_paths([self._elsewhere])

    @Slot()
    def _on_left(self) -> None:
        """A model was run on the case's image: it is an ordinary document from now on."""
        self._follow_case()
        model = self._state.model
        name = self._state.choice.name if model is None else model.info.name
        self._window.status.show_message(say("case.left", model=name), offer=say("case.back"))
