"""The steps that can be undone: other settings, other objects of an image.

A step holds what was before and what is after, whole and immutable, and a callable that puts either in force. It knows
nothing of the window. `app.undo_flow` makes the steps and keeps them on the stack.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from PySide6.QtGui import QUndoCommand

from app.edit import Edit
from app.scene import Message
from app.sentences import say
from app.wording import number_text, setting_name, text
from detector.config import Settings, Value, setting_info

_MERGES = 1
"""The id of steps that may become one with the step before."""


class Step(QUndoCommand):
    """One thing that a person did.

    Attributes:
        label: what was done, for the menu and the status line.
        order: of two steps on different stacks the higher one was done later.
        undone: the same of when they were taken back.
    """

    def __init__(self, label: Message) -> None:
        super().__init__(text(label))
        self.label = label
        self.order = self.undone = 0


class SettingsStep(Step):
    """Other settings; they hold for every image.

    Attributes:
        before, after: all of them.
        gesture: steps of one number that follow one another are one step: a slider that is dragged; 0 for none.
        aside: made while a person's own settings were set aside, the so-maniest time; 0 for not.
    """

    def __init__(
        self,
        apply: ApplySettings,
        before: Settings,
        after: Settings,
        label: Message,
        gesture: int = 0,
        aside: int = 0,
    ) -> None:
        super().__init__(label)
        self._apply = apply
        self._in_hand = gesture > 0
        self.before, self.after, self.gesture, self.aside = before, after, gesture, aside

    def copy(self) -> SettingsStep:
        """The same for another stack, which frees those it has; no longer part of a gesture."""
        copied = SettingsStep(self._apply, self.before, self.after, self.label, aside=self.aside)
        copied.order, copied.undone = self.order, self.undone
        return copied

    def redo(self) -> None:
        """What is after; within a gesture the first time, later all at once."""
        in_hand, self._in_hand = self._in_hand, False
        self._apply(self, self.after, in_hand)

    def undo(self) -> None:
        """What was before."""
        self._apply(self, self.before, False)

    def id(self) -> int:
        """Of steps that may be merged."""
        return _MERGES if self.gesture else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take in the next piece of the same gesture; one that ends where it began is no step at all."""
        if not isinstance(other, SettingsStep) or other.gesture != self.gesture:
            return False
        self.after = other.after
        self.label = Message(other.label.id, {**other.label.values, "before": self.label.values.get("before")})
        self.setText(text(self.label))
        self.setObsolete(self.after == self.before)
        return True


class DocumentStep(Step):
    """Other objects of one image.

    Attributes:
        path: the image.
        before, after: all objects as they were and as they are.
        gesture: steps of one number that follow one another are one step: a key that is held down; 0 for none.
    """

    def __init__(
        self, apply: ApplyEdit, path: Path, before: Edit, after: Edit, label: Message, gesture: int = 0
    ) -> None:
        super().__init__(label)
        self._apply = apply
        self.path, self.before, self.after, self.gesture = path, before, after, gesture

    @property
    def proposes(self) -> bool:
        """Only what is proposed is another; what the file is to say of the image is the same."""
        return self.before.confirmed({}).says_the_same(self.after.confirmed({}))

    def redo(self) -> None:
        """What is after."""
        self._apply(self.path, self.after)

    def undo(self) -> None:
        """What was before."""
        self._apply(self.path, self.before)

    def id(self) -> int:
        """Of steps that may be merged."""
        return _MERGES if self.gesture else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take in the next piece of the same gesture; one that ends where it began is no step at all."""
        if not isinstance(other, DocumentStep) or other.gesture != self.gesture:
            return False
        self.after = other.after
        self.setObsolete(self.after.same_as(self.before))
        return True


class FolderStep(Step):
    """Something that was done to all images of a folder; whoever did it takes it back, in the background.

    Attributes:
        folder: it can be taken back while this one is open.
    """

    def __init__(self, apply: ApplyToFolder, folder: Path, label: Message) -> None:
        super().__init__(label)
        self._apply, self._is_done = apply, True
        self.folder = folder

    def redo(self) -> None:
        """Do it again; when the step is made it is done already."""
        if not self._is_done:
            self._is_done = True
            self._apply(self, True)

    def undo(self) -> None:
        """Take it back."""
        self._is_done = False
        self._apply(self, False)


ApplySettings: TypeAlias = Callable[[SettingsStep, Settings, bool], None]
"""Puts settings in force for a step; True: a gesture goes on, so the network is not asked yet."""

ApplyEdit: TypeAlias = Callable[[Path, Edit], None]
"""Gives an image other objects."""

ApplyToFolder: TypeAlias = Callable[[FolderStep, bool], None]
"""Begins to do a step again (True), or to take it back."""


def setting_change(key: str, before: Value, after: Value) -> Message:
    """What a moved setting is called as a step: "Detection NMS IoU 0.40 → 0.54"."""
    info = setting_info(key)
    return say(
        "undo.setting", setting=setting_name(key), before=number_text(info, before), after=number_text(info, after)
    )
