"""What is here: a list of all boxes at one place of the picture, to pick one of them."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QAction, QFontMetrics, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QMenu, QWidget

from app.panels.glyphs import paint_swatch
from app.scene import ObjectRow, Ref, Role
from app.screen_area import screen_area
from app.theme import Theme, dark_theme
from app.translation import tr
from app.wording import text

MOST_LISTED = 24
"""Lines; how many more there are is said below them."""

_WIDEST = 460
_GAP = 8


class ThingsMenu(QMenu):
    """Arrow keys, Enter and Esc work as in every menu.

    Signals:
        picked(object): the `Ref` a person chose.
    """

    picked = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("What is here"))
        # Room for the swatches, which the style would put at the very edge.
        self.setStyleSheet("QMenu::item { padding-left: 10px; } QMenu::icon { padding-left: 10px; }")
        self._theme = dark_theme()
        self._refs: dict[QAction, Ref] = {}

    def set_theme(self, theme: Theme) -> None:
        """Take the colours."""
        self._theme = theme

    def show_things(self, rows: list[ObjectRow], selected: Ref | None, cursor: QPoint, box: QRect) -> None:
        """List things, with a rule between two kinds, and open beside a box on the screen."""
        self.clear()
        self._refs.clear()
        for place, row in enumerate(rows[:MOST_LISTED]):
            if place and row.ref.kind != rows[place - 1].ref.kind:
                self.addSeparator()
            self._add(row, row.ref == selected)
        if len(rows) > MOST_LISTED:
            self.addSeparator()
            self.addAction(tr("and {n:,} more").format(n=len(rows) - MOST_LISTED)).setEnabled(False)
        if not rows:
            return
        self.popup(self._beside(cursor, box))
        current = next((action for action, ref in self._refs.items() if ref == selected), self.actions()[0])
        self.setActiveAction(current)

    def _add(self, row: ObjectRow, is_selected: bool) -> None:
        words = f"{text(row.name)} – {text(row.verdict)}"
        shown = QFontMetrics(self.font()).elidedText(words, Qt.TextElideMode.ElideRight, _WIDEST)
        # In a menu "&" would underline the letter after it.
        action = self.addAction(shown.replace("&", "&&"))
        action.setToolTip(words)
        font = action.font()
        font.setBold(is_selected)
        action.setFont(font)
        if row.role is not None:
            action.setIcon(self._swatch(row.role))
        action.triggered.connect(self._on_chosen)
        self._refs[action] = row.ref

    def _swatch(self, role: Role) -> QIcon:
        pixmap = QPixmap(36, 36)
        pixmap.setDevicePixelRatio(2.0)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        paint_swatch(painter, QRectF(1, 0, 16, 18), role, self._theme)
        painter.end()
        return QIcon(pixmap)

    def _beside(self, cursor: QPoint, box: QRect) -> QPoint:
        """Right or left of the box where the screen leaves room, else at the cursor."""
        area, width = screen_area(cursor), self.sizeHint().width()
        for x in (box.right() + _GAP, box.left() - _GAP - width):
            if area.left() <= x and x + width <= area.right():
                return QPoint(x, cursor.y())
        return cursor + QPoint(_GAP, _GAP)

    @Slot()
    def _on_chosen(self) -> None:
        action = self.sender()
        if isinstance(action, QAction) and action in self._refs:
            self.picked.emit(self._refs[action])
