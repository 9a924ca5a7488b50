"""Undo and redo of what changes settings or objects.

    others  --change_settings, change_document-->  UndoFlow  --settings_stepped, document_stepped-->  who holds them

Settings hold for all images and have one line of steps; each image has a line of its own, without an end, which is
there again when the image is. What can be undone are the settings and the open image, whichever was changed last; in
Annotate, where no settings are seen, the image only. What was done there to all images of the folder at once has a line
beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction, QUndoStack

from app.commands import DocumentStep, FolderStep, SettingsStep, Step
from app.edit import Edit
from app.scene import Message
from app.state import State
from app.window import MainWindow
from app.wording import text
from detector.config import Settings

MOST_SETTINGS_STEPS = 1000


class UndoFlow(QObject):
    """Holds the steps. Whoever changes settings or ground truth does it here.

    Signals:
        settings_stepped(object, bool): `Settings` that hold from now on; True: within a gesture that goes on.
        document_stepped(object, object): the `Path` of the open image, and its `Edit`.
        said(object): a `Message` about what was undone or done again.
        steps_changed(): there are others, or one stands elsewhere among them.
        aside_left(): undoing has led back before the person's own settings were set aside.
    """

    settings_stepped = Signal(object, bool)
    document_stepped = Signal(object, object)
    said = Signal(object)
    aside_left = Signal()
    steps_changed = Signal()

    def __init__(self, window: MainWindow, state: State, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._state = window, state
        self._settings_steps = QUndoStack(self)
        self._settings_steps.setUndoLimit(MOST_SETTINGS_STEPS)
        self._image_steps: dict[Path, QUndoStack] = {}
        self._folder_steps: dict[Path, QUndoStack] = {}
        self._folder: Path | None = None
        self._gesture, self._order = 1, 0
        self._aside, self._asides = 0, 0
        self._is_quiet = False
        state.sessions.when_ended(self.forget_document)
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

    def change_document(self, after: Edit, label: Message, *, goes_on: bool = False) -> bool:
        """Give the open image other objects as one step.

        Args:
            goes_on: of a gesture that began before: until `end_gesture` all such are one step.

        Returns:
            Whether there is a step that takes it back: not where nothing is changed, or a gesture has led back.
        """
        document = self._state.document
        if document is None:
            return False
        if not goes_on:
            self.end_gesture()
        path, gesture = document.path, self._gesture if goes_on else 0
        is_change = not after.same_as(document.objects)
        stack = self._image_steps.setdefault(path, QUndoStack(self))
        if is_change:
            self._push(stack, DocumentStep(self._apply_edit, path, document.objects, after, label, gesture))
        made = _before(stack)
        is_of_gesture = isinstance(made, DocumentStep) and made.gesture == gesture
        return is_of_gesture if goes_on else is_change

    def bring_back_document(self, path: Path, before: Edit, after: Edit, label: Message) -> int:
        """What was done to an image the last time, as one step; the image need not be open, but has a session.

        Returns:
            The number of the step.
        """
        step = DocumentStep(self._apply_edit, path, before, after, label)
        self._push(self._image_steps.setdefault(path, QUndoStack(self)), step)
        return step.order

    def step_document(self, path: Path, number: int, *, again: bool) -> bool:
        """Take back one step of an image, or do it again, as part of something larger.

        Returns:
            False where it is not the next one; nothing is done then.
        """
        stack = self._image_steps.get(path)
        step = None if stack is None else _step(stack, stack.index() - (not again))
        if stack is None or step is None or step.order != number:
            return False
        step.undone = 0  # the larger one comes first
        (QUndoStack.redo if again else QUndoStack.undo)(stack)
        self._show()
        return True

    def drop_step(self, path: Path, number: int) -> bool:
        """Take back one step of an image as if it had never been made.

        Returns:
            False where it is not the next one; nothing is done then.
        """
        stack = self._image_steps.get(path)
        step = None if stack is None else _before(stack)
        if stack is None or step is None or step.order != number:
            return False
        stack.undo()
        step.setObsolete(True)  # instead of doing such a step again the stack forgets it
        stack.redo()
        self._show()
        return True

    def add_folder_step(self, step: FolderStep) -> None:
        """Something has been done to all images of a folder."""
        self.end_gesture()
        self._push(self._folder_steps.setdefault(step.folder, QUndoStack(self)), step)

    def undo_folder_step(self, step: FolderStep) -> None:
        """Take back what was done last to all images of a folder, in any workspace; another step is left alone."""
        stack = self._folder_steps.get(step.folder)
        if stack is not None and _before(stack) is step:
            self.end_gesture()
            stack.undo()
            self._show()

    @property
    def folder(self) -> Path | None:
        """The one whose steps can be taken back now."""
        return self._folder

    def open_folder(self, folder: Path | None) -> None:
        """What was done to all images of this folder can be taken back from now on."""
        self._folder = folder
        self._show()

    def _push_settings(self, after: Settings, label: Message, gesture: int) -> None:
        before = self._state.settings
        if after != before:
            step = SettingsStep(self._apply_settings, before, after, label, gesture, self._aside)
            self._push(self._settings_steps, step)

    def _push(self, stack: QUndoStack, step: Step) -> None:
        self._order += 1
        step.order = self._order
        stack.push(step)
        self._show()

    # -- what is undone ------------------------------------------------------------------------------------------------

    @property
    def next_undo(self) -> Step | None:
        """What Ctrl+Z would take back: of settings and image what was done last."""
        found = [step for stack in self._stacks() if (step := self._reachable(stack, stack.index() - 1)) is not None]
        return max(found, key=_order, default=None)

    @property
    def next_redo(self) -> Step | None:
        """What Ctrl+Y would do again: of settings and image what was taken back last."""
        found = [step for stack in self._stacks() if (step := self._reachable(stack, stack.index())) is not None]
        return max(found, key=_undone, default=None)

    @property
    def image_steps(self) -> tuple[tuple[str, ...], int]:
        """What was done to the open image, in order, and how much of it stands."""
        stack = self._of_image()
        if stack is None:
            return (), 0
        return tuple(stack.text(place) for place in range(stack.count())), stack.index()

    @Slot()
    def undo(self) -> None:
        """Take back what was done last."""
        step = self.next_undo
        if step is not None:
            self._order += 1
            step.undone = self._order
        self._step_by(step, QUndoStack.undo, "status.undone")

    @Slot()
    def redo(self) -> None:
        """Do again what was taken back last."""
        self._step_by(self.next_redo, QUndoStack.redo, "status.redone")

    @Slot(int)
    def go_to(self, place: int) -> None:
        """Let so many steps of the open image stand, from the first."""
        stack = self._of_image()
        if stack is not None:
            self.end_gesture()
            stack.setIndex(place)
            self._show()

    def _step_by(self, step: Step | None, go: Callable[[QUndoStack], None], message: str) -> None:
        if step is None:
            return
        self.end_gesture()
        label = step.label
        go(next(stack for stack in self._stacks() if step in (_step(stack, stack.index()), _before(stack))))
        self._show()
        self.said.emit(Message(message, {"what": label}))

    def _of_image(self) -> QUndoStack | None:
        document = self._state.document
        return None if document is None else self._image_steps.get(document.path)

    def _stacks(self) -> list[QUndoStack]:
        is_annotating = self._state.view.workspace == "annotate"
        of_folder = None if self._folder is None else self._folder_steps.get(self._folder)
        found = of_folder if is_annotating else self._settings_steps
        return [stack for stack in (found, self._of_image()) if stack is not None]

    def _reachable(self, stack: QUndoStack, place: int) -> Step | None:
        """What may be undone now.

        While a case is open the steps of a person's own settings lie still: they are not about its settings. In Inspect
        ground truth is locked, and what was done to it in Annotate stays.
        """
        step = _step(stack, place)
        if isinstance(step, DocumentStep) and self._state.view.workspace == "inspect" and not step.proposes:
            return None
        is_own = isinstance(step, SettingsStep) and step.aside != self._aside
        return None if is_own and self._state.case is not None else step

    def _apply_settings(self, step: SettingsStep, settings: Settings, in_hand: bool) -> None:
        if self._is_quiet:
            return
        if self._aside and step.aside != self._aside:
            self._aside = 0
            self.aside_left.emit()
        self.settings_stepped.emit(settings, in_hand)

    def _apply_edit(self, path: Path, edit: Edit) -> None:
        self.document_stepped.emit(path, edit)

    # -- what is forgotten ---------------------------------------------------------------------------------------------

    def forget_settings(self) -> None:
        """Settings of another model hold: the way back to those before is gone.

        So do the settings of a case that is open: they are not about that model.
        """
        if self._state.case is None:
            self._aside = 0
        kept = self._aside
        self._keep(lambda step: kept > 0 and step.aside == kept)

    def forget_document(self, path: Path) -> None:
        """What was done to an image is over: its objects are others now."""
        stack = self._image_steps.pop(path, None)
        if stack is not None:
            stack.deleteLater()
        self._show()

    def image_changed(self) -> None:
        """Another image is open, or the other workspace."""
        self.end_gesture()
        self._show()

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
            self._keep(lambda step: step.aside != over)

    def _keep(self, is_wanted: Callable[[SettingsStep], bool]) -> None:
        """Make the line of settings anew with some of its steps: Qt cannot take one out of the middle."""
        self.end_gesture()
        stack = self._settings_steps
        steps = [step for place in range(stack.count()) if isinstance(step := _step(stack, place), SettingsStep)]
        done = sum(is_wanted(step) for step in steps[: stack.index()])
        kept = [step.copy() for step in steps if is_wanted(step)]
        self._is_quiet = True
        stack.clear()
        for step in kept:
            stack.push(step)
        stack.setIndex(done)
        self._is_quiet = False
        self._show()

    # -- showing -------------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        """The names of the steps in the menu."""
        actions = self._window.actions_by_id
        _name(actions["undo"], "step.undo", self.next_undo)
        _name(actions["redo"], "step.redo", self.next_redo)
        self.steps_changed.emit()


def _order(step: Step) -> int:
    return step.order


def _undone(step: Step) -> int:
    return step.undone


def _step(stack: QUndoStack, place: int) -> Step | None:
    step = stack.command(place) if 0 <= place < stack.count() else None
    return step if isinstance(step, Step) else None


def _before(stack: QUndoStack) -> Step | None:
    """What the stack would take back."""
    return _step(stack, stack.index() - 1)


def _name(action: QAction, message: str, step: Step | None) -> None:
    words = text(Message(message, {"what": "" if step is None else step.label})).strip(" :")
    # In a menu "&" would underline the letter after it.
    action.setText(words.replace("&", "&&"))
    action.setEnabled(step is not None)
