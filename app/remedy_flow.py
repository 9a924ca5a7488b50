"""What would have found the selected object: looked for in the background, shown as it comes, tried, counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QObject, QTimer, Slot

from app.commands import setting_change
from app.count_flow import CountFlow
from app.document import Document
from app.jobs import FindRemedies, Followed, ModelReady, Study
from app.remedy_words import remedies_view
from app.scene import Message, Ref
from app.scene_flow import SceneFlow
from app.sentences import say
from app.state import State
from app.study_flow import StudyFlow
from app.undo_flow import UndoFlow
from app.window import MainWindow
from detector.config import Value
from detector.remedies import REMEDY_KEYS, Search
from detector.trace import Cause, Outcome, Trace

REST_MS = 120
"""While a slider is dragged nothing is looked for."""

MOST_KEPT = 8
"""Answers about so many objects are kept; each holds on to the trace that it is about."""


class _Question(NamedTuple):
    """What is being looked into; another one makes all answers void.

    Attributes:
        document: of the trace; by the time something is asked another image may be open.
    """

    document: Document
    trace: Trace
    ref: Ref
    model: ModelReady | None

    def is_like(self, other: _Question | None) -> bool:
        """The same object under the same circumstances.

        That the head has seen more changes nothing, nor do settings of training.
        """
        if other is None or self.ref != other.ref or self.model is not other.model:
            return False
        mine, its = self.trace, other.trace
        return (
            mine.evidence.first is its.evidence.first
            and all(mine.settings.value(key) == its.settings.value(key) for key in REMEDY_KEYS)
            and mine.ground_truth is its.ground_truth
        )


class RemedyFlow(QObject):
    """Asks for the remedies of the selected missed object and shows them."""

    def __init__(
        self, window: MainWindow, state: State, scenes: SceneFlow, studies: StudyFlow, undo: UndoFlow, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._window, self._state, self._studies, self._undo = window, state, studies, undo
        self._question: _Question | None = None
        self._found: dict[str, Search] = {}
        self._kept: list[tuple[_Question, dict[str, Search]]] = []
        self._problem: Message | None = None
        self.counts = CountFlow(window, studies, self)
        self.counts.changed.connect(self._show)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._ask)
        scenes.shown.connect(self._on_shown)
        studies.answered.connect(self._on_answered)
        studies.failed.connect(self._on_failed)
        window.details.remedy_tried.connect(self._on_tried)
        window.details.count_requested.connect(self._on_count_requested)
        window.details.count_cancelled.connect(self.counts.stop)
        window.cancel_requested.connect(self._on_cancelled)

    @Slot(object)
    def _on_shown(self, followed: Followed) -> None:
        question = self._question_of(followed)
        if question is None and self._question is None:
            return  # also what is counted goes on: nothing has changed for it
        if question is not None and question.is_like(self._question):
            return
        self._studies.drop("remedies")
        self._keep()
        self._question, self._found, self._problem = question, self._recall(question), None
        if question is None or len(self._found) == len(REMEDY_KEYS):
            self._rest.stop()
        else:
            self._rest.start()
        self._show()

    def _keep(self) -> None:
        """What was found of one object is still true when one comes back to it."""
        if self._question is not None and self._found:
            self._kept = [(self._question, self._found), *self._kept][:MOST_KEPT]

    def _recall(self, question: _Question | None) -> dict[str, Search]:
        """What is known already; it is no longer kept, but in hand."""
        at = next((at for at, (asked, _) in enumerate(self._kept) if asked.is_like(question)), -1)
        return {} if at < 0 else self._kept.pop(at)[1]

    def _question_of(self, followed: Followed) -> _Question | None:
        """The selected object, where it is missed and nothing that decides is still to come."""
        trace, ref = followed.trace, followed.scene.selected
        document = followed.request.document
        if document is None or trace is None or trace.judgement is None or ref is None or ref.kind != "object":
            return None
        if followed.request.stale or (len(trace.detections.waiting) and not self._state.waits_for_good):
            return None
        if ref.row >= len(trace.judgement.objects):
            return None  # nobody has accepted it
        judged = trace.judgement.objects[ref.row]
        if judged.outcome is not Outcome.MISSED or judged.cause is Cause.UNKNOWN_CLASS:
            return None
        return _Question(document, trace, ref, self._state.model)

    @Slot()
    def _ask(self) -> None:
        question = self._question
        if question is None:
            return

        def make(number: int) -> Study:
            known = frozenset(self._found)
            return FindRemedies(number, question.document, question.trace, question.ref.row, known)

        self._studies.want("remedies", make)

    @Slot(str, object)
    def _on_answered(self, purpose: str, answer: object) -> None:
        if purpose == "remedies" and isinstance(answer, Search):
            self._found[answer.key] = answer
            self._show()

    @Slot()
    def _on_cancelled(self) -> None:
        """Enough looked for; what was found stays."""
        if self._studies.is_running("remedies"):
            self._studies.drop("remedies")
            self._problem = say("remedy.cancelled", n=len(self._found), of=len(REMEDY_KEYS))
            self._show()

    @Slot(str, object)
    def _on_failed(self, purpose: str, message: Message) -> None:
        if purpose == "remedies":
            self._window.show_error(message)
            self._problem = message
            self._show()

    @Slot()
    def _show(self) -> None:
        question = self._question
        if question is None:
            self._window.details.show_remedies(None)
            return
        # Nothing is counted on the images for the settings of a case, which may be those of another model.
        is_among = self._state.document is not None and self._state.case is None and len(self._files()) > 1
        images = len(self._files()) if is_among else 0
        tallies = self.counts.tallies(question.trace.settings, self._files())
        view = remedies_view(question.ref, self._found.values(), len(REMEDY_KEYS), tallies, images, self._problem)
        self._window.details.show_remedies(view)

    def _files(self) -> Sequence[str]:
        return self._window.images.model.files

    # -- what a person does --------------------------------------------------------------------------------------------

    @Slot(str, object)
    def _on_tried(self, key: str, value: Value) -> None:
        """Apply exactly the value that is shown; one key takes it back."""
        settings = self._state.settings
        self._undo.change_settings(settings.with_value(key, value), setting_change(key, settings.value(key), value))

    @Slot(str, object)
    def _on_count_requested(self, key: str, value: Value) -> None:
        self.counts.begin(key, value, self._state.settings, self._files(), self._state.edits)
