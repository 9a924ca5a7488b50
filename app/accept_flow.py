"""Accepting a detection as ground truth: it becomes a proposed object of the Document, which is not saved yet."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from app.copies import detected
from app.edit_gate import EditGate
from app.image_flow import ImageFlow
from app.jobs import Followed
from app.pending import can_accept
from app.proposal_flow import ProposalFlow
from app.scene import Ref
from app.sentences import say
from app.state import State
from app.undo_flow import UndoFlow
from app.window import MainWindow


class AcceptFlow(QObject):
    """Knows which detection can be accepted, and accepts it."""

    def __init__(
        self,
        window: MainWindow,
        state: State,
        images: ImageFlow,
        undo: UndoFlow,
        gate: EditGate,
        proposals: ProposalFlow,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._gate, self._proposals = gate, proposals
        self._window, self._state, self._images, self._undo = window, state, images, undo
        window.accept_requested.connect(self.accept_selected)
        window.details.accept_requested.connect(self.accept)

    def shown(self, followed: Followed) -> None:
        """Offer the command where the selected thing is a detection that is no object yet."""
        ref, trace, document = followed.scene.selected, followed.trace, followed.request.document
        can = (
            ref is not None
            and trace is not None
            and document is not None
            and not followed.request.stale
            and can_accept(trace, ref, document.objects.proposals)
        )
        # In Annotate Enter accepts what is proposed, too.
        self._window.actions_by_id["accept"].setEnabled(can or self._state.view.workspace == "annotate")

    @Slot()
    def accept_selected(self) -> None:
        """What is selected; in Annotate proposed objects first."""
        if self._gate.is_opening():
            return
        if self._proposals.accept():
            return
        scene = self._state.scene
        if scene is not None and scene.selected is not None:
            self.accept(scene.selected)

    @Slot(object)
    def accept(self, ref: Ref) -> None:
        """A detection, by its row, becomes an object. What is on show must be up to date: not twice the same box."""
        state, trace, document = self._state, self._state.trace, self._state.document
        if (
            self._gate.is_opening()
            or trace is None
            or document is None
            or state.stale
            or trace.ground_truth is not document.ground_truth
        ):
            return
        if not can_accept(trace, ref, document.objects.proposals):
            return
        if document.problem is not None:
            self._window.show_error(say("status.not_acceptable"))
            return
        (found,) = detected(trace, [ref.row], document.image_hw) or (None,)
        if found is None:
            return
        after = document.with_proposed(found.box, found.label).objects
        name = say("object.name", cls=found.label, g=len(after))
        step = say("undo.proposed" if after.proposed else "undo.accepted", name=name)
        self._undo.change_document(after, step)
        self._images.tell(say("status.accepted", name=name) if after.proposed else say("annotate.done", what=step))
