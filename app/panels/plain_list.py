"""What the lists of Annotate have in common: a quiet list view, lines that are drawn by hand, a place that is kept."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.panels.glyphs import paint_focus
from app.theme import dark_theme, scaled

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()
MARGIN = 12
"""Left and right of a line, as in the headers of panels."""

_HEIGHT = 24


def dress_list(view: QListView, name: str) -> None:
    """Make a view a list of lines of one height, called `name` by a screen reader."""
    view.setUniformItemSizes(True)
    view.setMouseTracking(True)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.verticalScrollBar().setSingleStep(_HEIGHT)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setAccessibleName(name)


class LineDelegate(QStyledItemDelegate):
    """Draws the ground of a line and the ring around it; what stands on it is drawn by `paint_line`."""

    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self.view = view
        self.theme = dark_theme()

    def is_marked(self, index: Index, option: QStyleOptionViewItem) -> bool:
        """Whether the line stands out: the selected ones."""
        return bool(option.state & QStyle.StateFlag.State_Selected)

    def paint_line(self, painter: QPainter, area: QRectF, index: Index) -> None:
        """Draw what the line says, within its margins."""
        raise NotImplementedError

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one line."""
        theme, area = self.theme, QRectF(option.rect)
        if self.is_marked(index, option):
            painter.fillRect(area, theme.chosen)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, theme.hover)
        painter.save()
        self.paint_line(painter, area.adjusted(MARGIN, 0, -MARGIN, 0), index)
        painter.restore()
        if option.state & QStyle.StateFlag.State_HasFocus and self.view.hasFocus():
            paint_focus(painter, area.adjusted(2.5, 0.5, -2.5, -0.5), theme, 4)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """The height of a line."""
        return QSize(120, scaled(_HEIGHT))
