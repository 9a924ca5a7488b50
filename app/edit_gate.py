"""The one way to the objects of the open image, for everything that changes them by hand.

    flows of Annotate  --edit, chosen-->  EditGate  --change-->  UndoFlow

Only in Annotate: in Inspect ground truth is locked, and every intent comes to nothing.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from app.commands import DocumentStep
from app.edit import Edit
from app.image_flow import ImageFlow
from app.scene import Message
from app.scene_annotate import name_of, refusal
from app.sentences import say
from app.state import State
from app.undo_flow import UndoFlow
from app.window import MainWindow


class EditGate(QObject):
    """Says what may be changed and what is meant, and makes each change one step.

    Signals:
        hand_changed(): tool, class or selection are others; the objects are the same.
    """

    hand_changed = Signal()

    def __init__(self, window: MainWindow, state: State, images: ImageFlow, undo: UndoFlow, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._state, self._images, self._undo = window, state, images, undo
        window.undo_requested.connect(self.undo)
        window.redo_requested.connect(self.redo)

    @property
    def edit(self) -> Edit | None:
        """The objects of the open image; None where they cannot be changed, which is said."""
        state = self._state
        if state.document is None or state.view.workspace != "annotate":
            return None
        if self.is_opening():
            return None
        why_not = refusal(state.document)
        if why_not is not None:
            self._window.show_error(why_not)
            return None
        return state.document.objects

    def is_opening(self) -> bool:
        """What is pressed now is meant for an image that is not there yet: nothing is done, which is said."""
        if self._images.is_reading:
            self._window.status.show_message(say("annotate.opening"))
        return self._images.is_reading

    @Slot()
    def undo(self) -> None:
        """Take back what was done last, be it to settings."""
        if not (isinstance(self._undo.next_undo, DocumentStep) and self.is_opening()):
            self._undo.undo()

    @Slot()
    def redo(self) -> None:
        """Do again what was taken back last."""
        if not (isinstance(self._undo.next_redo, DocumentStep) and self.is_opening()):
            self._undo.redo()

    @Slot(int)
    def go_to(self, place: int) -> None:
        """Let so many steps of the open image stand, from the first."""
        if not self.is_opening():
            self._undo.go_to(place)

    def chosen(self, edit: Edit, *, free: bool = True) -> tuple[int, ...]:
        """Ids of the selected objects, said where there are none; `free`: without the locked ones."""
        found = self._state.annotating.chosen_of(edit)
        if not found:
            self.tell(say("annotate.none_chosen"))
        elif free:
            locked = [each for each in found if each in edit.locked]
            found = tuple(each for each in found if each not in edit.locked)
            if locked and not found:
                self.tell(say("annotate.locked", name=name_of(edit, edit.row_of(locked[0]))))
        return found

    def give_unnamed_up(self) -> bool:
        """Boxes that were drawn and have no class are gone; whether there were any."""
        hand = self._state.annotating
        if not hand.unnamed:
            return False
        hand.unnamed = ()
        self.tell(say("annotate.given_up"))
        self.hand_changed.emit()
        return True

    def tell(self, message: Message) -> None:
        """Say something in the status line."""
        self._images.tell(message)

    def change(
        self,
        after: Edit,
        label: Message,
        *,
        goes_on: bool = False,
        what: Message | None = None,
        told: Message | None = None,
    ) -> None:
        """Give the open image other objects as one step, and say so. What was verified before is so no longer.

        Args:
            goes_on: of a gesture that began before; see `UndoFlow.change_document`.
            what: says what was done in more words than the step's label.
            told: said in place of what was done.
        """
        document = self._state.document
        if document is None:
            return
        judged = after.judged_since(document.objects)
        done = what or label
        if after.verified and not judged.verified:
            done = say("annotate.no_longer", what=done)
        is_step = self._undo.change_document(judged, label, goes_on=goes_on)
        self.tell((told or say("annotate.done", what=done)) if is_step else say("annotate.unchanged"))
