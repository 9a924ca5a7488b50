"""What a remedy does to the other images of the folder: one image at a time, while the network has nothing to do.

A count goes on while one looks at other things; the status line says how far it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.commands import setting_change
from app.edit import Edit
from app.jobs import CountOn, Study
from app.remedy_words import counted
from app.scene import Message
from app.sentences import say
from app.studies import Counts
from app.study_flow import StudyFlow
from app.tally import Tally
from app.window import MainWindow
from detector.config import Settings, Value

SHOW_EVERY_MS = 100
"""Images that nobody annotated go by in no time; what is shown of them must not fill the main thread."""

MOST_KEPT = 16

_FULL = ("error.device_full", "error.memory_full")
"""What keeps one image from being counted for this reason keeps the others from it too."""


class _Count(NamedTuple):
    """What is counted: another value of one setting, everything else as it was, on these images."""

    key: str
    value: Value
    before: Settings
    files: Sequence[str]
    edits: Mapping[Path, Edit]


class CountFlow(QObject):
    """Counts one remedy at a time, and remembers what came of the last ones.

    Signals:
        changed: a tally is another one.
    """

    changed = Signal()

    def __init__(self, window: MainWindow, studies: StudyFlow, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._studies = window, studies
        self._counts: list[tuple[_Count, Tally]] = []  # the newest last; only that one runs
        self._show_soon = QTimer(self)
        self._show_soon.setSingleShot(True)
        self._show_soon.setInterval(SHOW_EVERY_MS)
        self._show_soon.timeout.connect(self._show)
        studies.answered.connect(self._on_answered)
        studies.ended.connect(self._on_ended)
        studies.failed.connect(self._on_failed)
        window.cancel_requested.connect(self._on_cancelled)

    def tallies(self, settings: Settings, files: Sequence[str]) -> dict[str, Tally]:
        """What was counted for these settings on these images, by the key of the setting that is moved."""
        return {count.key: tally for count, tally in self._counts if count.before == settings and count.files is files}

    def begin(
        self, key: str, value: Value, settings: Settings, files: Sequence[str], edits: Mapping[Path, Edit]
    ) -> None:
        """Count what a value does on all files; a count that runs ends where it is.

        Args:
            edits: ground truth that is not saved yet.
        """
        self.stop()
        count = _Count(key, value, settings, files, edits)
        self._counts = [*self._counts, (count, Tally(value, len(files)))][-MOST_KEPT:]
        self._show()
        self._ask()

    @Slot()
    def stop(self) -> None:
        """Leave it at what is counted so far."""
        self._studies.drop("count")
        if self._is_running:
            self._put(replace(self._counts[-1][1], is_running=False))
            self._show()

    @Slot()
    def forget(self) -> None:
        """Another model says other things of the same images."""
        self.stop()
        self._counts.clear()
        self.changed.emit()

    @property
    def _is_running(self) -> bool:
        return bool(self._counts) and self._counts[-1][1].is_running

    def _put(self, tally: Tally) -> None:
        self._counts[-1] = self._counts[-1][0], tally

    def _ask(self) -> None:
        if not self._is_running:
            return
        count, tally = self._counts[-1]
        if tally.done >= len(count.files):
            self.stop()
            return
        path, after = Path(count.files[tally.done]), count.before.with_value(count.key, count.value)

        def make(number: int) -> Study:
            return CountOn(number, path, count.before, after, self._studies.stores, count.edits.get(path))

        self._studies.want("count", make)

    @Slot(str, object)
    def _on_answered(self, purpose: str, answer: object) -> None:
        if purpose != "count" or not isinstance(answer, Counts) or not self._is_running:
            return
        count, tally = self._counts[-1]
        # A study that had to give way after its answer says it again.
        if tally.done < len(count.files) and answer.path == str(Path(count.files[tally.done])):
            self._put(tally.with_counts(answer))
            if not self._show_soon.isActive():
                self._show_soon.start()

    @Slot(str)
    def _on_ended(self, purpose: str) -> None:
        if purpose == "count":
            self._ask()

    @Slot(str, object)
    def _on_failed(self, purpose: str, message: Message) -> None:
        if purpose != "count" or not self._is_running:
            return
        if message.id in _FULL:
            self.stop()
            self._window.show_error(message)
        else:  # the log has it; the image is left out like one that cannot be read
            tally = self._counts[-1][1]
            self._put(replace(tally, done=tally.done + 1))
            self._ask()

    @Slot()
    def _on_cancelled(self) -> None:
        if self._studies.is_running("count"):
            self.stop()

    @Slot()
    def _show(self) -> None:
        self._show_soon.stop()
        self.changed.emit()
        if not self._counts:
            return
        count, tally = self._counts[-1]
        change = setting_change(count.key, count.before.value(count.key), count.value)
        if tally.is_running:
            said = say("status.counting", change=change, done=tally.done, of=tally.of)
            self._window.status.show_progress(said, tally.done / max(tally.of, 1), of="count")
        else:
            self._window.status.show_progress(None, None, of="count")
            if tally.done:
                self._window.status.show_message(say("status.counted", change=change, what=counted(tally)))
