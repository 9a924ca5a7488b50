"""What was changed the last time and is in no file: offered at the start, and brought back as a step of its image.

    Journal --Kept--> RecoverFlow --Task--> saving thread
                                  <--Looked--           what the files say now: a step of each image, or a question

Proposed objects, which no file ever has, come back without a question.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject, Slot

from app.edit import Edit
from app.jobs import Task
from app.journal_file import Kept, Verdict
from app.look_up import Found, look_up
from app.save_flow import SaveFlow
from app.save_questions import NotSaved
from app.scene import Message
from app.sentences import say
from app.state import State
from app.undo_flow import UndoFlow
from app.window import MainWindow
from app.workers import Threads
from detector.datasets import DatasetError
from detector.datasets.alike import matches
from detector.datasets.annotation import Stored, stamp_of
from detector.datasets.stores import Stores
from detector.messages import counted

PIECE_SECONDS = 0.05
"""How long one piece of looking takes, if no single file takes longer: what is to be saved comes between."""

LARGE = 20_000_000
"""Bytes of a file of all images; one that is larger takes a while to be looked through."""


class _Looked(NamedTuple):
    """What was kept of an image, and what its files say now; None where nobody has looked yet."""

    kept: Kept
    found: Found | None = None

    @property
    def verdict(self) -> Verdict:
        if self.found is None:
            return "unsaved"
        return "changed" if self.found.problem else self.kept.meets(self.found.stored)


@dataclass(eq=False)
class _Looking:
    """Looking at the files of what was kept.

    Attributes:
        wanted: to be brought back whatever they say; else only what needs no question.
        todo: what is still to be looked at.
        back: images that are back.
        failed: a sentence for each entry that cannot be.
    """

    wanted: bool
    todo: deque[Kept]
    number: int = 0
    back: set[Path] = field(default_factory=set)
    failed: list[Message] = field(default_factory=list)


class RecoverFlow(QObject):
    """Looks into the journal at the start."""

    def __init__(
        self, window: MainWindow, state: State, threads: Threads, saves: SaveFlow, undo: UndoFlow, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._window, self._state, self._threads = window, state, threads
        self._journal, self._undo = saves.journal, undo
        self._waiting: list[Kept] = []
        self._looking: _Looking | None = None
        threads.saving.task_done.connect(self._on_looked)
        threads.saving.failed.connect(self._on_failed)
        bar = window.save_bar
        bar.restore_wanted.connect(self.restore)
        bar.discard_wanted.connect(self.discard)
        bar.list_wanted.connect(self.show_list)

    def start(self) -> None:
        """Bring back what needs no question, and ask about the rest."""
        kept = self._journal.pending()
        for problem in self._journal.problems:
            self._window.show_error(problem)
        self._look(kept, wanted=False)

    @Slot()
    def restore(self) -> None:
        """Bring all of it back; what cannot be stays in the journal."""
        waiting, self._waiting = self._waiting, []
        self._look(waiting, wanted=True)

    @Slot()
    def discard(self) -> None:
        """The files are right as they are."""
        for kept in self._waiting:
            self._journal.discard(kept)
        self._waiting.clear()

    @Slot()
    def show_list(self) -> None:
        """Which images they are."""
        self._window.dialogs.show_list(say("recovered.list"), [str(kept.path) for kept in self._waiting])

    # -- looking -------------------------------------------------------------------------------------------------------

    def _look(self, kept: Iterable[Kept], *, wanted: bool) -> None:
        looking = _Looking(wanted, deque(kept))
        if looking.todo:
            self._looking = looking
            self._go_on(looking)

    def _go_on(self, looking: _Looking) -> None:
        stores = self._threads.reading.stores
        looking.number = self._threads.next_number()
        self._threads.saving.save(
            Task(looking.number, lambda: _look_at_some(looking.todo, stores, also_large=looking.wanted), "recovering")
        )

    @Slot(int, object)
    def _on_looked(self, number: int, some: list[_Looked]) -> None:
        looking = self._looking
        if looking is None or looking.number != number:
            return
        for each in some:
            self._take(looking, each)
        if looking.todo:
            self._go_on(looking)
            return
        self._end(looking)

    @Slot(int, object)
    def _on_failed(self, number: int, message: Message) -> None:
        """Something that nobody expected: the log has it, and the journal the rest."""
        if self._looking is not None and self._looking.number == number:
            self._waiting += self._looking.todo
            self._end(self._looking)

    def _end(self, looking: _Looking) -> None:
        self._looking = None
        if self._waiting and not looking.wanted:
            self._window.save_bar.ask(NotSaved(len({kept.path for kept in self._waiting})))
        if looking.back and looking.wanted:
            self._window.status.show_message(counted("recovered.images", len(looking.back)))
        if looking.failed:
            failed = counted("recovered.failed", len(looking.failed))
            self._window.show_error(Message(failed.id, {**failed.values, "text": looking.failed[0]}))

    def _take(self, looking: _Looking, looked: _Looked) -> None:
        kept = looked.kept
        if not looking.wanted and looked.verdict != "saved":
            self._waiting.append(kept)
        elif not looking.wanted and not kept.edit.proposed:
            self._journal.discard(kept)
        elif kept.path in self._state.sessions:
            # Of two programs that were killed the later one counts, and more than that what was done since.
            looking.failed.append(say("recovered.other_changes", name=kept.path.name))
        elif looked.found is not None and looked.found.problem:
            looking.failed.append(say("error", text=looked.found.problem))
        elif looked.found is not None:
            self._bring_back(kept, looked.found)
            looking.back.add(kept.path)

    def _bring_back(self, kept: Kept, found: Found) -> None:
        """As one step of the image."""
        path, stored = kept.path, found.stored
        session = self._state.sessions.resume(path, stored, found.image_hw, found.picture)
        before = session.edit
        if stored is not None and kept.meets(stored) == "changed":
            # Somebody else has written the file since: saving will ask whose work counts.
            session.dispute = "changed"
        self._undo.bring_back_document(path, before, _adopted(kept, stored), say("undo.recovered"))
        if not session.is_changed or self._journal.read(path) is not None:  # no disk may be full at this moment
            self._journal.discard(kept)


def _look_at_some(todo: deque[Kept], stores: Stores, *, also_large: bool) -> list[_Looked]:
    """In the thread: take some from the front, and look at their files."""
    some: list[_Looked] = []
    until = time.monotonic() + PIECE_SECONDS
    while todo and (not some or time.monotonic() < until):
        kept = todo.popleft()
        is_wanted = also_large or _is_quick(kept.path, stores)
        some.append(_Looked(kept, look_up(kept.path, stores) if is_wanted else None))
    return some


def _is_quick(path: Path, stores: Stores) -> bool:
    """What its file says is known soon; a large one is looked through once a person wants that."""
    try:
        store = stores.of(path)
    except DatasetError:
        return True
    stamp = None if store is None or store.is_loaded else stamp_of(store.place)
    return stamp is None or stamp[1] < LARGE


def _adopted(kept: Kept, stored: Stored | None) -> Edit:
    """The objects with the ids that they have in the file as it is now; new ones come after those."""
    annotation = None if stored is None else stored.annotation
    records = () if annotation is None else annotation.records
    rows = {id(record): row for row, record in enumerate(records) if record is not None}
    known = {each: rows[id(record)] for each, record in kept.records_in(stored).items() if id(record) in rows}
    if (
        annotation is not None and kept.meets(stored) == "changed"
    ):  # somebody else's: what it says of boxes that it has too is to stay
        found = zip(kept.edit.ids, matches(kept.edit.truth, annotation.ground_truth), strict=True)
        known = {each: row for each, row in found if row >= 0}
    return kept.edit.renumbered(known, len(records), is_annotated=annotation is not None)
