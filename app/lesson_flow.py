"""The lesson: which object it is about, and what the callouts say of it as things change."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from app.document import Document
from app.jobs import Followed
from app.lesson import first_lesson, hints, remedy_of
from app.places import SAMPLES
from app.scene import Ref
from app.scene_flow import SceneFlow
from app.sentences import say
from app.state import State
from app.window import MainWindow
from detector.config import Settings
from detector.remedies import Remedy
from detector.trace import Cause, Trace


class LessonFlow(QObject):
    """Selects the sample's object that teaches most, and explains it where that was asked for.

    Signals:
        finished: there is nothing more to explain.
    """

    finished = Signal()

    def __init__(self, window: MainWindow, state: State, scenes: SceneFlow, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._state, self._scenes = window, state, scenes
        self._expected = False
        self._wanted = False
        self._explains = False
        self._about: tuple[Path, Ref] | None = None
        self._decided = ""
        self._proven: dict[tuple[Settings, Cause | None], Remedy | None] = {}
        scenes.shown.connect(self._on_shown)
        window.lesson.ended.connect(self._on_ended)

    def expect(self, explained: bool) -> None:
        """The samples are being opened: select the lesson's object as soon as the first one has been judged.

        Args:
            explained: with callouts.
        """
        self._expected, self._explains = True, explained
        self._about = None
        self._window.lesson.begin()

    @Slot()
    def document_changed(self) -> None:
        """Another image is open: the expected one, or one that a person chose meanwhile."""
        document = self._state.document
        is_sample = document is not None and document.path.is_relative_to(SAMPLES)
        self._wanted, self._expected = self._expected and is_sample, False
        if not self._wanted:
            self.finished.emit()

    @Slot(object)
    def _on_shown(self, followed: Followed) -> None:
        trace, document = followed.trace, followed.request.document
        if trace is None or document is None:
            self._window.lesson.suspend()
        elif followed.request.stale or len(trace.detections.waiting):
            return
        elif self._wanted:
            self._wanted = False
            self._begin(document, trace)
        elif self._about == (document.path, followed.scene.selected):  # what was accepted in it changes nothing
            self._window.preferences.lesson_seen = True
            row = self._about[1].row
            told = hints(trace, followed.scene, row, self._remedy(trace, row), self._decided)
            self._window.lesson.show_hints(told, followed.scene)
        else:
            self._window.lesson.suspend()

    def _begin(self, document: Document, trace: Trace) -> None:
        found = first_lesson(trace)
        if found is None:
            if self._explains:
                self._window.status.show_message(say("lesson.none"))
            self.finished.emit()
        elif self._state.view.selection is None:
            self._decided, self._proven = "", {}
            remedy = self._remedy(trace, found.row)
            self._decided = "" if remedy is None else remedy.key
            self._about = (document.path, found) if self._explains else None
            self._scenes.pick(found)
        else:
            self.finished.emit()

    def _remedy(self, trace: Trace, row: int) -> Remedy | None:
        """Proven once for all values of the setting that decided: while it is dragged the value stays the same."""
        others = trace.settings
        if self._decided:
            others = others.with_value(self._decided, self._state.defaults.value(self._decided))
        cause = None if trace.judgement is None else trace.judgement.objects[row].cause
        if (others, cause) not in self._proven:
            self._proven = {(others, cause): remedy_of(trace, row)}
        return self._proven[others, cause]

    @Slot()
    def _on_ended(self) -> None:
        self._about = None
        self.finished.emit()
