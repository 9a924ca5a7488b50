"""A field that takes one key press, and the column of a table in which it opens."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QKeySequenceEdit,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.translation import tr


class ChordEdit(QKeySequenceEdit):
    """Takes one key press; Esc leaves everything as it was.

    Signals:
        chosen(str): the key, as it is written everywhere; once.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_done = False
        self.editingFinished.connect(self._on_finished)
        self.setMaximumSequenceLength(1)
        # Otherwise Tab would end the editing.
        self.setFinishingKeyCombinations([])
        line = self.findChild(QLineEdit)
        if line is not None:
            line.setPlaceholderText(tr("Press the new key"))

    @Slot()
    def _on_finished(self) -> None:
        # Qt says so once more when the keyboard goes elsewhere.
        key = self.keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        if key and not self._is_done:
            self._is_done = True
            self.chosen.emit(key)


class KeyDelegate(QStyledItemDelegate):
    """Edits the column of keys by pressing one.

    Signals:
        pressed(str): a key was pressed in the editor.
    """

    pressed = Signal(str)

    def createEditor(
        self, parent: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QWidget:
        """A field that waits for a key."""
        editor = ChordEdit(parent)
        editor.chosen.connect(self._on_chosen)
        return editor

    def setEditorData(  # noqa: N802  # Qt's name
        self, editor: QWidget, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """It begins empty."""

    def setModelData(  # noqa: N802  # Qt's name
        self, editor: QWidget, model: QAbstractItemModel, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The keymap is told by signal instead."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter and Tab are keys like any other here, and do not end the editing."""
        if isinstance(watched, ChordEdit) and isinstance(event, QKeyEvent):
            is_plain_escape = event.key() == Qt.Key.Key_Escape and not event.modifiers()
            if event.type() == QEvent.Type.KeyPress and not is_plain_escape:
                watched.keyPressEvent(event)
                return True
        return super().eventFilter(watched, event)

    @Slot(str)
    def _on_chosen(self, key: str) -> None:
        editor = self.sender()
        if isinstance(editor, ChordEdit):
            self.closeEditor.emit(editor, QStyledItemDelegate.EndEditHint.NoHint)
            self.pressed.emit(key)
