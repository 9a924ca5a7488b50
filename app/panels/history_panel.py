"""The steps of the open image, so that one sees what undo would take back; a click goes to any of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QLabel, QListView, QVBoxLayout, QWidget

from app.panels.glyphs import paint_dot
from app.panels.panel_header import PanelHeader
from app.panels.plain_list import NO_INDEX, Index, LineDelegate, dress_list
from app.sentences import say
from app.theme import BASE_PX, Theme, scaled, text_scale, ui_font
from app.wording import text

_DOT = 16
_LEFT = int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextSingleLine)


class _StepModel(QAbstractListModel):
    """Line 0 is the image as it was opened; line k is what it was after step k."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.texts: tuple[str, ...] = ()
        self.index_now = 0

    def show_steps(self, texts: tuple[str, ...], index: int) -> None:
        """Take other steps; those that are the same stay as they are."""
        self.index_now = index
        same = next(
            (at for at, (one, other) in enumerate(zip(texts, self.texts, strict=False)) if one != other),
            min(len(texts), len(self.texts)),
        )
        if same < len(self.texts):
            self.beginRemoveRows(NO_INDEX, same + 1, len(self.texts))
            self.texts = self.texts[:same]
            self.endRemoveRows()
        if same < len(texts):
            self.beginInsertRows(NO_INDEX, same + 1, len(texts))
            self.texts = texts
            self.endInsertRows()

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """Steps, and the beginning."""
        return 0 if parent.isValid() else len(self.texts) + 1

    def line(self, row: int) -> str:
        """The words of a line."""
        return self.texts[row - 1] if row else text(say("history.opened"))

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """What the view and a screen reader ask for."""
        if not index.isValid() or index.row() > len(self.texts):
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self.line(index.row())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            line = self.line(index.row())
            return line if index.row() <= self.index_now else text(say("history.undone", words=line))
        return None


class _StepDelegate(LineDelegate):
    """A dot for each step on a line from top to bottom: full up to where the image is, empty beyond."""

    def __init__(self, model: _StepModel, view: QListView) -> None:
        super().__init__(view)
        self._model = model

    def paint_line(self, painter: QPainter, area: QRectF, index: Index) -> None:
        """Draw what the line says."""
        row, now, theme = index.row(), self._model.index_now, self.theme
        x, middle, gap = area.left() + 4, area.center().y(), 6 * text_scale()
        painter.setPen(QPen(theme.edge, 1.0))
        if row:
            painter.drawLine(QPointF(x, area.top()), QPointF(x, middle - gap))
        if row < len(self._model.texts):
            painter.drawLine(QPointF(x, middle + gap), QPointF(x, area.bottom()))
        colour = theme.accent if row == now else theme.muted
        paint_dot(painter, QPointF(x, middle), colour, filled=row <= now, radius=3.4 if row == now else 2.8)
        painter.setFont(ui_font(BASE_PX))
        painter.setPen(theme.text if row <= now else theme.faint)
        words = area.adjusted(scaled(_DOT), 0, 0, 0)
        shown = painter.fontMetrics().elidedText(self._model.line(row), Qt.TextElideMode.ElideRight, int(words.width()))
        painter.drawText(words, _LEFT, shown)


class HistoryPanel(QWidget):
    """The steps that can be undone, above those that can be done again.

    Signals:
        step_wanted(int): go to where so many steps are done; 0 is the image as it was opened.
    """

    step_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = PanelHeader(text(say("history.title")), self)
        self.count = QLabel("", self)
        self.count.setProperty("muted", True)
        self.count.setProperty("small", True)
        self.header.add_beside_title(self.count)
        self.model = _StepModel(self)
        self.view = QListView(self)
        dress_list(self.view, text(say("history.title")))
        self.view.setModel(self.model)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._delegate = _StepDelegate(self.model, self.view)
        self.view.setItemDelegate(self._delegate)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.view, 1)
        # Keyboard and mouse both change the current line; showing steps changes it with signals blocked.
        self.view.selectionModel().currentChanged.connect(self._on_current)
        self.show_steps((), 0)

    def show_steps(self, texts: Sequence[str], index: int) -> None:
        """List the steps of the open image, of which the first `index` are done."""
        now = min(max(index, 0), len(texts))
        selection = self.view.selectionModel()
        selection.blockSignals(True)
        self.model.show_steps(tuple(texts), now)
        self.view.setCurrentIndex(self.model.index(now))
        self.view.scrollTo(self.model.index(now))
        selection.blockSignals(False)
        undone = now < len(texts)
        self.count.setText(text(say("history.place", k=now, n=len(texts))) if undone else f"{now:,}" if now else "")
        self.view.viewport().update()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours."""
        self._delegate.theme = theme
        self.view.viewport().update()

    @Slot(QModelIndex)
    def _on_current(self, index: QModelIndex) -> None:
        if index.isValid() and index.row() != self.model.index_now:
            self.step_wanted.emit(index.row())
