"""A column of widgets that scrolls so that something whole, never a piece of a line, stands at its upper edge."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QSizePolicy, QSpacerItem, QVBoxLayout, QWidget


class ScrollColumn(QScrollArea):
    """Keeps what it was asked to show first at the upper edge, until a person scrolls.

    Attributes:
        lines: the layout of what is in it; `close_lines` when it has all.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Where there is nothing to scroll its place stays empty: the numbers must not move from stage to stage.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self._first: QWidget | None = None
        self._wanted: QWidget | None = None
        self._inside = QWidget()
        self.lines = QVBoxLayout(self._inside)
        self.lines.setContentsMargins(0, 0, 0, 0)
        self.lines.setSpacing(0)
        # So long that the last group, too, can stand at the upper edge.
        self._tail = QSpacerItem(0, 0)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self.settle)
        self.verticalScrollBar().actionTriggered.connect(self._on_scrolled_by_hand)
        # Lines may get their height any time after they were asked to fold or unfold.
        self._inside.installEventFilter(self)

    def close_lines(self) -> None:
        """All lines are there."""
        self.lines.addItem(self._tail)
        self.lines.addStretch(1)
        self.setWidget(self._inside)

    def show_first(self, first: QWidget, wanted: QWidget | None = None) -> None:
        """Scroll to a line, or to the one wanted below it where both do not fit."""
        self._first, self._wanted = first, wanted
        self.settle()

    def settle_soon(self) -> None:
        """Lines are about to change their height: settle once they have."""
        self._timer.start()

    @Slot()
    def settle(self) -> None:
        """Scroll again to what was asked for."""
        if self._first is None or not self._inside.isAncestorOf(self._first):
            return
        room, bar = self.viewport().height(), self.verticalScrollBar()
        # Folded and unfolded groups tell the column one after the other; it must know all before it can scroll there.
        self._update_height()
        top = self._top(self._first)
        if self._wanted is not None and self._top(self._wanted) + self._wanted.height() - top > room:
            top = self._top(self._wanted)
        height = self._inside.minimumSizeHint().height() - self._tail.sizeHint().height()
        missing = top + room - height if height > room else 0
        self._tail.changeSize(0, max(missing, 0), QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.lines.invalidate()
        self._update_height()
        bar.setValue(top)

    def _top(self, widget: QWidget) -> int:
        return widget.mapTo(self._inside, QPoint()).y()

    def _update_height(self) -> None:
        QApplication.sendEvent(self._inside, QEvent(QEvent.Type.LayoutRequest))

    @Slot()
    def _on_scrolled_by_hand(self) -> None:
        self._first = self._wanted = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What is in it has another height: what stands at the upper edge stays there."""
        if event.type() == QEvent.Type.Resize and watched is self._inside:
            self.settle_soon()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What stands at the upper edge stays there."""
        super().resizeEvent(event)
        self.settle()
