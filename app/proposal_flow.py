"""Boxes that a person still has to accept: of the detector, of the image before; and accepting them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject, Slot

from app.annotating import Copied
from app.copies import copies_of, cut_to, detected, with_copies
from app.document import Document
from app.edit import Edit
from app.edit_gate import EditGate
from app.jobs import Task
from app.look_up import Found, look_up
from app.pending import pending_detections
from app.scene import Message
from app.scene_annotate import name_of, names_of
from app.select_flow import SelectFlow
from app.sentences import say
from app.state import State
from app.window import MainWindow
from app.workers import Threads
from detector.messages import counted


class _Previous(NamedTuple):
    """The boxes of the image before are being read.

    Attributes:
        on: the image that they are wanted on, as it was read.
    """

    number: int
    on: Document | None


class ProposalFlow(QObject):
    """Proposes boxes, and accepts those that are proposed."""

    def __init__(
        self,
        window: MainWindow,
        state: State,
        threads: Threads,
        gate: EditGate,
        selects: SelectFlow,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._window, self._state, self._threads, self._gate, self._selects = window, state, threads, gate, selects
        self._previous: _Previous | None = None
        threads.saving.task_done.connect(self._on_read)
        window.edit_requested.connect(self._on_command)
        window.annotate.classes.prelabel_wanted.connect(self.prelabel)

    def accept(self) -> bool:
        """Proposed objects that are selected are accepted; False where none is."""
        edit = self._gate.edit
        if edit is None:
            return False
        hand = self._state.annotating
        ids = tuple(each for each in hand.chosen_of(edit) if each in edit.proposed)
        if ids:
            # Those that stay proposed stand behind all others: each that is accepted leaves their rows as they are.
            self._gate.change(edit.with_accepted(ids), say("undo.confirmed", what=names_of(edit, ids)))
            self._selects.go_on_proposed(edit.row_of(ids[-1]) + 1)  # Enter again accepts the next one
        elif edit.proposed and not hand.chosen_of(edit) and self._state.view.selection is None:
            self._selects.go_on_proposed(0)
            self._gate.tell(say("annotate.first_proposed", name=name_of(edit, min(edit.proposed_rows))))
        return bool(ids)

    def accept_all(self) -> None:
        """All that is proposed; where nothing is, all detections that are no object yet are proposed."""
        edit = self._gate.edit
        if edit is None:
            return
        if edit.proposed:
            what = names_of(edit, sorted(edit.proposed))
            self._gate.change(edit.with_accepted(edit.proposed), say("undo.confirmed", what=what))
        else:
            self.prelabel()

    @Slot(str)
    def prelabel(self, label: str | None = None) -> None:
        """Detections that are no object yet become proposed ones, all or those of one class."""
        state, trace, edit = self._state, self._state.trace, self._gate.edit
        if edit is None:
            return
        if trace is None or state.stale or state.document is None:
            self._window.actions_by_id["detect"].trigger()
            self._gate.tell(say("annotate.detecting"))
            return
        if trace.ground_truth is not state.document.ground_truth:
            self._gate.tell(say("annotate.detecting"))  # what is an object already is about to be known
            return
        names, found = trace.evidence.model.classes, trace.detections
        rows = [
            row
            for row in pending_detections(trace, edit.proposals)
            if label in (None, names[int(found.label[row]) - 1])
        ]
        if not rows:
            is_done = not len(found.waiting)
            self._gate.tell(say("annotate.no_detections") if is_done else say("annotate.detecting"))
            return
        copies = detected(trace, rows, state.document.image_hw)
        count = len(copies)
        self._propose(copies, counted("undo.accepted.several", count), counted("annotate.prelabelled", count))

    def propose_previous(self) -> None:
        """The boxes of the image before in the list."""
        document = self._state.document
        if self._gate.edit is None or document is None:
            return
        before = self._window.images.following(-1)
        if before is None:
            self._gate.tell(say("annotate.no_previous"))
            return
        session = self._state.sessions.get(before)
        if session is not None:
            self._propose_copies_of(session.edit, before, document)
            return
        # Its files may lie far away: the saving thread reads them, after what it has to write.
        number, stores = self._threads.next_number(), self._threads.reading.stores
        self._previous = _Previous(number, self._state.read)
        task = Task(number, lambda: look_up(before, stores), f"reading the boxes of {before.name}")
        self._threads.saving.save(task)

    @Slot(int, object)
    def _on_read(self, number: int, found: Found) -> None:
        """What the files of the image before say; nobody wants it on another image than it was asked for."""
        asked, document = self._previous, self._state.document
        if asked is None or asked.number != number:
            return
        self._previous = None
        if document is None or asked.on is not self._state.read:
            return
        session = self._state.sessions.get(found.path)
        if session is not None:
            self._propose_copies_of(session.edit, found.path, document)
        elif found.problem:
            self._window.show_error(say("error", text=found.problem))
        else:
            stored = None if found.stored is None else found.stored.annotation
            self._propose_copies_of(Edit.of(stored), found.path, document)

    def _propose_copies_of(self, edit: Edit, before: Path, document: Document) -> None:
        copies = copies_of(edit)
        fitting = cut_to(copies, document.image_hw)
        if not fitting:
            self._gate.tell(say("annotate.outside") if copies else say("annotate.nothing_previous"))
            return
        truth = document.objects.truth
        here = set(zip(truth.labels, map(tuple, truth.boxes.tolist()), strict=True))
        new = [each for each in fitting if (each.label, each.box) not in here]
        if not new:
            self._gate.tell(say("annotate.previous_there", file=before.name))
            return
        what = counted("annotate.boxes", len(new))
        self._propose(new, say("undo.previous", what=what), say("annotate.previous", what=what, file=before.name))

    def _propose(self, copies: Sequence[Copied], label: Message, told: Message) -> None:
        edit = self._gate.edit
        if edit is not None and copies:
            self._state.select(None)
            self._gate.change(with_copies(edit, copies, proposed=True), label, told=told)

    @Slot(str)
    def _on_command(self, name: str) -> None:
        if self._state.view.workspace != "annotate":
            return
        if name == "accept_all":
            self.accept_all()
        elif name == "paste_previous":
            self.propose_previous()
