"""What was changed the last time and is in no file: offered at the start, and brought back as a step of its image.

Proposed objects, which no file ever has, come back without a question.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from app.edit import Edit
from app.journal_file import Kept, Verdict
from app.save_flow import SaveFlow
from app.save_questions import NotSaved
from app.sentences import say
from app.session import Session
from app.state import State
from app.undo_flow import UndoFlow
from app.window import MainWindow
from detector.datasets import DatasetError, read_size
from detector.datasets.annotation import AnnotationStore, Stored, stamp_of
from detector.messages import counted

LARGE = 20_000_000
"""Bytes of a file of all images; one that is larger takes a while to be looked through."""


class RecoverFlow(QObject):
    """Looks into the journal at the start."""

    def __init__(self, window: MainWindow, state: State, saves: SaveFlow, undo: UndoFlow, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._state, self._saves, self._undo = window, state, saves, undo
        self._waiting: list[Kept] = []
        bar = window.save_bar
        bar.restore_wanted.connect(self.restore)
        bar.discard_wanted.connect(self.discard)
        bar.list_wanted.connect(self.show_list)

    def start(self) -> None:
        """Bring back what needs no question, and ask about the rest."""
        for kept in self._saves.journal.pending():
            verdict = self._verdict(kept)
            if verdict != "saved":
                self._waiting.append(kept)
            elif kept.edit.proposed:
                self._bring_back_quietly(kept)
            else:
                self._saves.journal.discard(kept)
        for problem in self._saves.journal.problems:
            self._window.show_error(problem)
        if self._waiting:
            self._window.save_bar.ask(NotSaved(len({kept.path for kept in self._waiting})))

    def _bring_back_quietly(self, kept: Kept) -> None:
        """What is only proposed; where that cannot be, it waits with the rest."""
        try:
            self._bring_back(kept)
        except DatasetError:
            self._waiting.append(kept)

    @Slot()
    def restore(self) -> None:
        """Bring all of it back; what cannot be stays in the journal."""
        waiting, self._waiting = self._waiting, []
        failed: list[str] = []
        back: set[Path] = set()
        for kept in waiting:
            try:
                self._bring_back(kept)
                back.add(kept.path)
            except DatasetError as error:
                failed.append(str(error))
        if back:
            self._window.status.show_message(counted("recovered.images", len(back)))
        if failed:
            self._window.show_error(say("recovered.failed", n=len(failed), text=failed[0]))

    @Slot()
    def discard(self) -> None:
        """The files are right as they are."""
        for kept in self._waiting:
            self._saves.journal.discard(kept)
        self._waiting.clear()

    @Slot()
    def show_list(self) -> None:
        """Which images they are."""
        self._window.dialogs.show_list(say("recovered.list"), [str(kept.path) for kept in self._waiting])

    def _verdict(self, kept: Kept) -> Verdict:
        try:
            store = self._saves.store_of(kept.path)
            if store is not None and not _is_quick(store):
                return "unsaved"  # it is looked through once a person wants that
            return kept.meets(self._stored(kept))
        except DatasetError:
            return "changed"

    def _stored(self, kept: Kept) -> Stored | None:
        store = self._saves.store_of(kept.path)
        return None if store is None else store.read(kept.path)

    def _bring_back(self, kept: Kept) -> None:
        """As one step of the image.

        Raises:
            DatasetError: where the image or its annotation cannot be read.
        """
        path = kept.path
        if path in self._state.sessions:
            return  # of two programs that were killed the later one counts; the other's entry stays
        stored = self._stored(kept)
        picture = stamp_of(path)
        session = Session.resumed(stored, read_size(path), 0 if picture is None else picture[0])
        before = session.edit
        if stored is not None and kept.meets(stored) == "changed":
            # Somebody else has written the file since: saving will ask whose work counts.
            session.stored = replace(stored, stamp=(-1, -1))
        self._state.sessions[path] = session
        self._undo.bring_back_document(path, before, _adopted(kept, stored), say("undo.recovered"))
        self._saves.journal.discard(kept)


def _is_quick(store: AnnotationStore) -> bool:
    """What it says is known without keeping the first image waiting."""
    stamp = stamp_of(store.place)
    return store.is_loaded or stamp is None or stamp[1] < LARGE


def _adopted(kept: Kept, stored: Stored | None) -> Edit:
    """The objects with the ids that they have in the file as it is now; new ones come after those."""
    annotation = None if stored is None else stored.annotation
    records = () if annotation is None else annotation.records
    rows = {id(record): row for row, record in enumerate(records) if record is not None}
    known = {each: rows[id(record)] for each, record in kept.records_in(stored).items() if id(record) in rows}
    return kept.edit.renumbered(known, len(records), is_annotated=annotation is not None)
