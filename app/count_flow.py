"""What a remedy does to the other images of the folder: one image at a time, while the network has nothing to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from app.document import Edit
from app.jobs import CountOn, Study
from app.scene import Message
from app.studies import Counts
from app.study_flow import StudyFlow
from app.tally import Tally
from detector.config import Settings, Value


class CountFlow(QObject):
    """Counts one remedy at a time.

    Attributes:
        tallies: by setting; they hold for the object and the settings that were asked about.

    Signals:
        changed: a tally is another one.
    """

    changed = Signal()

    def __init__(self, studies: StudyFlow, parent: QObject) -> None:
        super().__init__(parent)
        self._studies = studies
        self.tallies: dict[str, Tally] = {}
        self._key = ""
        self._before = Settings()
        self._after = Settings()
        self._files: Sequence[str] = ()
        self._edits: Mapping[Path, Edit] = {}
        studies.answered.connect(self._on_answered)
        studies.ended.connect(self._on_ended)
        studies.failed.connect(self._on_failed)

    def begin(
        self, key: str, value: Value, settings: Settings, files: Sequence[str], edits: Mapping[Path, Edit]
    ) -> None:
        """Count what a value does on all files; a count that runs ends where it is.

        Args:
            edits: ground truth that is not saved yet.
        """
        self.stop()
        self._key, self._files, self._edits = key, files, edits
        self._before, self._after = settings, settings.with_value(key, value)
        self.tallies[key] = Tally(value, len(files))
        self.changed.emit()
        self._ask()

    @Slot()
    def stop(self) -> None:
        """Leave it at what is counted so far."""
        self._studies.drop("count")
        running = self.tallies.get(self._key)
        if running is not None and running.is_running:
            self.tallies[self._key] = replace(running, is_running=False)
            self.changed.emit()

    def clear(self) -> None:
        """Other settings or another object: the tallies say nothing about those."""
        self._studies.drop("count")
        self.tallies.clear()

    def _ask(self) -> None:
        tally = self.tallies.get(self._key)
        if tally is None or not tally.is_running:
            return
        if tally.done >= len(self._files):
            self.stop()
            return
        path, before, after = Path(self._files[tally.done]), self._before, self._after

        def make(number: int) -> Study:
            return CountOn(number, path, before, after, self._edits.get(path))

        self._studies.want("count", make)

    @Slot(str, object)
    def _on_answered(self, purpose: str, answer: object) -> None:
        tally = self.tallies.get(self._key)
        if purpose != "count" or not isinstance(answer, Counts) or tally is None or not tally.is_running:
            return
        # A study that had to give way after its answer says it again.
        if tally.done < len(self._files) and answer.path == str(Path(self._files[tally.done])):
            self.tallies[self._key] = tally.with_counts(answer)
            self.changed.emit()

    @Slot(str)
    def _on_ended(self, purpose: str) -> None:
        if purpose == "count":
            self._ask()

    @Slot(str, object)
    def _on_failed(self, purpose: str, message: Message) -> None:
        # The log has it; one image that cannot be counted is left out, as one that cannot be read.
        tally = self.tallies.get(self._key)
        if purpose == "count" and tally is not None and tally.is_running:
            self.tallies[self._key] = replace(tally, done=tally.done + 1)
            self._ask()
