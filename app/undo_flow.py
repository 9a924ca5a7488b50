"""Undo and redo of what changes settings or ground truth, in the order in which it was done.

    others  --change_settings, change_document-->  UndoFlow  --settings_stepped, document_stepped-->  who holds them

There is one order for all: Ctrl+Z takes back what was done last, whatever it was. Where that was on another image, that
image is opened, so that one sees what happens.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction, QUndoStack

from app.commands import DocumentStep, SettingsStep, Step
from app.document import Document, Edit
from app.scene import Message
from app.state import State
from app.window import MainWindow
from app.wording import text
from detector.config import Settings

MOST_STEPS = 1000


class UndoFlow(QObject):
    """Holds the steps. Whoever changes settings or ground truth does it here.

    Signals:
        settings_stepped(object, bool): `Settings` that hold from now on; True: within a gesture that goes on.
        document_stepped(object, object): the `Path` of an image, and its `Edit` or None.
        said(object): a `Message` about what was undone or done again.
        aside_left(): undoing has led back before the person's own settings were set aside.
    """

    settings_stepped = Signal(object, bool)
    document_stepped = Signal(object, object)
    said = Signal(object)
    aside_left = Signal()

    def __init__(self, window: MainWindow, state: State, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._state = window, state
        self._stack = QUndoStack(self)
        self._stack.setUndoLimit(MOST_STEPS)
        self._gesture = 1
        self._aside, self._asides = 0, 0
        self._is_quiet = False
        window.undo_requested.connect(self.undo)
        window.redo_requested.connect(self.redo)
        self._show()

    # -- what others change --------------------------------------------------------------------------------------------

    def change_settings(self, after: Settings, label: Message) -> None:
        """Put settings in force as one step; the ones that hold already are none."""
        self.end_gesture()
        self._push_settings(after, label, gesture=0)

    def drag_settings(self, after: Settings, label: Message) -> None:
        """The same within a gesture: until `end_gesture` all is one step. The label's `before` is that of the first."""
        self._push_settings(after, label, self._gesture)

    def end_gesture(self) -> None:
        """What is dragged next is another step."""
        self._gesture += 1

    def change_document(self, after: Document, label: Message) -> None:
        """Give an image another ground truth as one step."""
        self.end_gesture()
        before = self._state.edits.get(after.path)
        self._stack.push(DocumentStep(self._apply_edit, after.path, before, after.edit, label))
        self._show()

    def _push_settings(self, after: Settings, label: Message, gesture: int) -> None:
        before = self._state.settings
        if after != before:
            self._stack.push(SettingsStep(self._apply_settings, before, after, label, gesture, self._aside))
            self._show()

    # -- what is undone ------------------------------------------------------------------------------------------------

    @property
    def next_undo(self) -> Step | None:
        """What Ctrl+Z would take back."""
        return self._reachable(self._stack.index() - 1)

    @property
    def next_redo(self) -> Step | None:
        """What Ctrl+Y would do again."""
        return self._reachable(self._stack.index())

    @Slot()
    def undo(self) -> None:
        """Take back what was done last."""
        self._step_by(self.next_undo, self._stack.undo, "status.undone")

    @Slot()
    def redo(self) -> None:
        """Do again what was taken back last."""
        self._step_by(self.next_redo, self._stack.redo, "status.redone")

    def _step_by(self, step: Step | None, go: Callable[[], None], message: str) -> None:
        if step is None:
            return
        self.end_gesture()
        label = step.label
        go()
        self._show()
        self.said.emit(Message(message, {"what": label}))

    def _reachable(self, place: int) -> Step | None:
        """While a case is open the steps of a person's own settings lie still: they are not about its settings."""
        step = self._step(place)
        is_own = isinstance(step, SettingsStep) and step.aside != self._aside
        return None if is_own and self._state.case is not None else step

    def _step(self, place: int) -> Step | None:
        step = self._stack.command(place) if 0 <= place < self._stack.count() else None
        return step if isinstance(step, Step) else None

    def _apply_settings(self, step: SettingsStep, settings: Settings, in_hand: bool) -> None:
        if self._is_quiet:
            return
        if self._aside and step.aside != self._aside:
            self._aside = 0
            self.aside_left.emit()
        self.settings_stepped.emit(settings, in_hand)

    def _apply_edit(self, path: Path, edit: Edit | None) -> None:
        if not self._is_quiet:
            self.document_stepped.emit(path, edit)

    # -- what is forgotten ---------------------------------------------------------------------------------------------

    def forget_settings(self) -> None:
        """Settings of another model hold: the way back to those before is gone, ground truth keeps its own.

        So do the settings of a case that is open: they are not about that model.
        """
        if self._state.case is None:
            self._aside = 0
        kept = self._aside
        self._keep(lambda step: not isinstance(step, SettingsStep) or (kept > 0 and step.aside == kept))

    def forget_document(self, path: Path) -> None:
        """What was done to an image's ground truth is in its file now."""
        self._keep(lambda step: not isinstance(step, DocumentStep) or step.path != path)

    def set_aside(self) -> None:
        """Settings from now on are for a while."""
        self.end_gesture()
        if not self._aside:
            self._asides += 1
            self._aside = self._asides
            self._show()

    def bring_back(self) -> None:
        """The while is over: what was done to the settings in it is no step any more."""
        over, self._aside = self._aside, 0
        if over:
            self._keep(lambda step: not isinstance(step, SettingsStep) or step.aside != over)

    def _keep(self, is_wanted: Callable[[Step], bool]) -> None:
        """Make the stack anew with some of its steps: Qt cannot take one out of the middle."""
        self.end_gesture()
        steps = [step for step in map(self._step, range(self._stack.count())) if step is not None]
        done = sum(is_wanted(step) for step in steps[: self._stack.index()])
        kept = [step.copy() for step in steps if is_wanted(step)]
        self._is_quiet = True
        self._stack.clear()
        for step in kept:
            self._stack.push(step)
        self._stack.setIndex(done)
        self._is_quiet = False
        self._show()

    # -- showing -------------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        """The names of the steps in the menu."""
        actions = self._window.actions_by_id
        _name(actions["undo"], "step.undo", self.next_undo)
        _name(actions["redo"], "step.redo", self.next_redo)


def _name(action: QAction, message: str, step: Step | None) -> None:
    words = text(Message(message, {"what": "" if step is None else step.label})).strip()
    # In a menu "&" would underline the letter after it.
    action.setText(words.replace("&", "&&"))
    action.setEnabled(step is not None)
