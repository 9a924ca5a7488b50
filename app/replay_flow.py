"""The training mini-batches of the open image: drawn in the background while training targets are on show."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QObject, QTimer, Slot

from app.document import Document
from app.jobs import Followed, ModelReady, ReplayBatch, Study
from app.replayed import Draw, Replayed, draw_of
from app.scene import Message
from app.scene_flow import SceneFlow
from app.scene_replay import ODD, drawn_message
from app.sentences import say
from app.settings_flow import SettingsFlow
from app.state import State
from app.study_flow import StudyFlow
from app.window import MainWindow
from detector.config import setting_info
from detector.mini_batch import Replay
from detector.trace import Trace

REST_MS = 120
"""While a slider is dragged nothing is drawn."""

SEED = "assignment.seed"
FIRST_SEEN = ("assignment.sampled_positive", "assignment.sampled_negative")
"""What one sees of a new draw, unless a person has chosen something else."""

_DRAWN = ("assignment.sampled_", "assignment.rois_")


class _Question(NamedTuple):
    """What is to be drawn.

    Attributes:
        document: of the trace; by the time it is asked for another image may be open.
    """

    draw: Draw
    document: Document
    trace: Trace


class ReplayFlow(QObject):
    """Asks for the mini-batches of what is shown, and draws others."""

    def __init__(
        self,
        window: MainWindow,
        state: State,
        scenes: SceneFlow,
        studies: StudyFlow,
        settings: SettingsFlow,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._window, self._state, self._scenes = window, state, scenes
        self._studies, self._settings = studies, settings
        self._question: _Question | None = None
        self._model: ModelReady | None = None
        self._is_to_be_told = False
        self._looked_at: Replay | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._ask)
        scenes.shown.connect(self._on_shown)
        studies.answered.connect(self._on_answered)
        studies.failed.connect(self._on_failed)
        window.actions_by_id["draw_batch"].triggered.connect(self._on_next)
        window.actions_by_id["draw_batch_back"].triggered.connect(self._on_previous)

    # -- asking --------------------------------------------------------------------------------------------------------

    @Slot(object)
    def _on_shown(self, followed: Followed) -> None:
        question, model = _question_of(followed), self._state.model
        is_new = model is not self._model
        if is_new or _draw(question) != _draw(self._question):
            self._studies.drop("replay")
            self._rest.stop()
            self._question, self._model = question, model
            if question is not None and not self._is_known(question.draw, is_new):
                self._rest.start()
        self._tell(followed)

    def _is_known(self, draw: Draw, is_new: bool) -> bool:
        """It was answered; what a model could not answer, a new one may."""
        known = self._state.replayed
        return known is not None and known.draw == draw and (known.replay is not None or not is_new)

    @Slot()
    def _ask(self) -> None:
        question = self._question
        if question is None:
            return

        def make(number: int) -> Study:
            return ReplayBatch(number, question.document, question.trace)

        self._studies.want("replay", make)

    @Slot(str, object)
    def _on_answered(self, purpose: str, answer: object) -> None:
        if purpose == "replay" and isinstance(answer, Replayed):
            self._take(answer)

    @Slot(str, object)
    def _on_failed(self, purpose: str, message: Message) -> None:
        if purpose == "replay" and self._question is not None:
            self._window.show_error(message)
            self._take(Replayed(self._question.draw, None, message))

    def _take(self, answer: Replayed) -> None:
        if answer.draw == _draw(self._question):
            self._state.replayed = answer
            self._scenes.ask()

    # -- drawing another -----------------------------------------------------------------------------------------------

    @Slot()
    def _on_next(self) -> None:
        self._draw_another(+1)

    @Slot()
    def _on_previous(self) -> None:
        self._draw_another(-1)

    def _draw_another(self, by: int) -> None:
        """The same image, drawn with the next or previous seed."""
        trace = self._state.trace
        if trace is None or trace.assignment is None:
            message = "status.drawn.not_run" if trace is None else "status.drawn.no_ground_truth"
            self._window.status.show_message(say(message))
            return
        self._show_layers()
        seeds = int(setting_info(SEED).high or 0) + 1
        self._is_to_be_told = True
        self._settings.move(SEED, (self._state.settings.assignment.seed + by) % seeds)
        self._settings.settle(SEED)

    def _show_layers(self) -> None:
        """A draw is there to be seen; who has switched these layers by hand has seen to that."""
        options = self._state.view.options
        by_hand = options.shown | options.hidden
        if options.stage == "assignment" and not any(layer.startswith(_DRAWN) for layer in by_hand):
            for layer in FIRST_SEEN:
                self._state.view.toggle(layer, visible=True)

    # -- telling -------------------------------------------------------------------------------------------------------

    def _tell(self, followed: Followed) -> None:
        """What a person has drawn, once it is on show; but first a loss that is out of all bounds."""
        trace, replayed = followed.trace, followed.request.replayed
        if trace is None or trace.assignment is None:
            self._is_to_be_told = False
            return
        is_answered = replayed is not None and replayed.fits(trace)
        replay = replayed.replay if replayed is not None and is_answered else None
        if replay is not None and replay is not self._looked_at:
            self._looked_at = replay
            odd = [message for message in followed.scene.warnings if message.id in ODD]
            if odd:
                self._is_to_be_told = False
                more = len(replay.odd) - 1
                self._window.show_error(say("warning.several", text=odd[0], n=more) if more else odd[0])
        if not self._is_to_be_told or trace.settings.assignment != self._state.settings.assignment:
            return
        is_on_show = followed.request.options.stage == "assignment"
        if is_answered or not is_on_show:
            self._is_to_be_told = False
            self._window.status.show_message(drawn_message(trace, replay, is_on_show))


def _question_of(followed: Followed) -> _Question | None:
    """What is drawn on the shown image, while one looks at its training targets."""
    trace, request = followed.trace, followed.request
    if request.document is None or trace is None or request.stale or request.options.stage != "assignment":
        return None
    draw = draw_of(trace)
    return None if draw is None else _Question(draw, request.document, trace)


def _draw(question: _Question | None) -> Draw | None:
    return None if question is None else question.draw
