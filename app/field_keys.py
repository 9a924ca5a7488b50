"""Which keys a text field or a button keeps for itself, where the window has a command on them.

Enter ends what is typed, and never accepts a box somewhere else; nor does it while a button has the keyboard. Left
and Right stay in a field, with Alt too. Ctrl+Z takes back typing as long as there is some; after that it is the
window's: the number that was entered is a step like any other.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QLineEdit, QTextBrowser, QWidget

_ENDS_TYPING = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_WALK_THE_TEXT = (Qt.Key.Key_Left, Qt.Key.Key_Right)
_STANDARD = (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo)


class FieldKeys(QObject):
    """Watches all text fields and buttons that a window has when this is made."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        for kind in (QLineEdit, QAbstractSpinBox, QTextBrowser, QAbstractButton):
            for field in window.findChildren(kind):
                field.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Before a key becomes a command the field under it is asked whether it wants it."""
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return False
        if event.key() in _ENDS_TYPING:
            if isinstance(watched, QTextBrowser) and not watched.textCursor().hasSelection():
                return False  # no link is in hand
            event.accept()
            return True
        if event.key() in _WALK_THE_TEXT and isinstance(watched, QLineEdit | QAbstractSpinBox):
            event.accept()  # with Alt too: a slip of the hand while typing leaves the selection alone
            return True
        if any(event.matches(standard) for standard in _STANDARD) and not _is_typed_in(watched):
            event.ignore()
            return True
        return False


def _is_typed_in(field: QObject) -> bool:
    """There is typing that can be taken back."""
    edit = field.findChild(QLineEdit) if isinstance(field, QAbstractSpinBox) else field
    return isinstance(edit, QLineEdit) and edit.isModified() and (edit.isUndoAvailable() or edit.isRedoAvailable())
