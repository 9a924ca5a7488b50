"""Shows that boxes are being drawn, and begins or ends it; there in Annotate only."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QToolButton, QWidget

from app.key_tips import set_key_tip
from app.translation import tr


class DrawButton(QToolButton):
    """Follows the commands that draw one box, or one after another.

    Signals:
        changed(): it is wanted, or no longer, or has another width.
    """

    changed = Signal()

    def __init__(self, draw: QAction, draw_more: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draw, self._draw_more = draw, draw_more
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(tr("Draw a box"))
        set_key_tip(self, tr("Draw a box ({key[draw]}); {key[draw_more]} keeps drawing"))
        self.clicked.connect(self._on_clicked)
        for action in (draw, draw_more):
            action.changed.connect(self._show)
        self._shown: tuple[str, bool] | None = None
        self._show()

    @property
    def is_wanted(self) -> bool:
        """Boxes can be drawn."""
        return self._draw.isVisible()

    @Slot()
    def _show(self) -> None:
        is_on = self._draw.isChecked() or self._draw_more.isChecked()
        action = self._draw_more if self._draw_more.isChecked() else self._draw
        key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        self.setText(f"{tr('Draw')}  {key}".rstrip())
        self.setChecked(is_on)
        if (self.text(), self.is_wanted) != self._shown:
            self._shown = self.text(), self.is_wanted
            self.changed.emit()

    @Slot()
    def _on_clicked(self) -> None:
        """End what is on; else draw one box."""
        (self._draw_more if self._draw_more.isChecked() else self._draw).trigger()
        self._show()
