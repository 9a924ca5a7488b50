"""The view of the list of images: a line opens its image, several can be selected for the menu."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

Index = QModelIndex | QPersistentModelIndex
_EXTENDING = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


class ImageView(QTableView):
    """A list in which Ctrl, Shift, a drag and the right button select without opening.

    Attributes:
        opens: what the last press or key leads to is to be opened, not only selected.

    Signals:
        menu_wanted(QPoint): a menu for what is selected, at this place of the screen.
    """

    menu_wanted = Signal(QPoint)

    def __init__(self, row_height: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.opens = True
        # A QListView asks the model for every line whenever lines come or go: 0.4 s for 100,000. A table of one column
        # whose lines are all of one height asks for those in sight.
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setMinimumSectionSize(1)
        self.horizontalHeader().hide()
        self.horizontalHeader().setMinimumSectionSize(1)
        self.horizontalHeader().setStretchLastSection(True)
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.set_row_height(row_height)

    def set_row_height(self, pixels: int) -> None:
        """How high each line is."""
        self.verticalHeader().setDefaultSectionSize(pixels)
        self.verticalScrollBar().setSingleStep(pixels // 2)

    def dataChanged(self, first: Index, last: Index, roles: Sequence[int] = ()) -> None:
        """Paint what is in sight anew; news of a hundred thousand lines mostly concern none of these."""
        top, bottom = self.rowAt(0), self.rowAt(self.viewport().height() - 1)
        if last.row() >= top and (bottom < 0 or first.row() <= bottom):
            self.viewport().update()

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Home and End lead to the first and the last line; a table of several columns would mean its columns."""
        last = self.model().rowCount() - 1
        ends = {QAbstractItemView.CursorAction.MoveHome: 0, QAbstractItemView.CursorAction.MoveEnd: last}
        if action in ends:
            return self.model().index(ends[action], 0)
        return super().moveCursor(action, modifiers)

    def selectionCommand(self, index: Index, event: QEvent | None = None) -> QItemSelectionModel.SelectionFlag:
        """Note whether this is only about the selection; Qt asks before it moves the current line."""
        if isinstance(event, QMouseEvent):
            is_drag = event.type() == QEvent.Type.MouseMove
            is_right = event.button() == Qt.MouseButton.RightButton
            self.opens = not (is_drag or is_right or event.modifiers() & _EXTENDING)
        elif isinstance(event, QKeyEvent):
            self.opens = not event.modifiers() & _EXTENDING
        return super().selectionCommand(index, event)

    def keyboardSearch(self, search: str) -> None:
        """Typing the beginning of a name leads to it."""
        self.opens = True
        super().keyboardSearch(search)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu where a line is under the cursor, or by its key."""
        is_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        if is_key and self.selectionModel().hasSelection():
            self.menu_wanted.emit(self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).center()))
        elif not is_key and self.indexAt(event.pos()).isValid():
            self.menu_wanted.emit(event.globalPos())
