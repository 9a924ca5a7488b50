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
        self._has_key = True
        self._show()

    @property
    def is_wanted(self) -> bool:
        """Boxes can be drawn."""
        return self._draw.isVisible()

    @Slot()
    def _show(self) -> None:
        self.setText(self._words(self._has_key))
        self.setChecked(self._draw.isChecked() or self._draw_more.isChecked())
        shown = self._words(with_key=True), self.is_wanted
        if shown != self._shown:
            self._shown = shown
            self.changed.emit()

    def _words(self, with_key: bool) -> str:
        action = self._draw_more if self._draw_more.isChecked() else self._draw
        key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText) if with_key else ""
        return f"{tr('Draw')}  {key}".rstrip()

    def widths(self) -> tuple[int, int]:
        """Of the button without its key, and what the key takes."""
        metrics = self.fontMetrics()
        short, whole = (metrics.horizontalAdvance(self._words(with_key)) for with_key in (False, True))
        return self.sizeHint().width() - metrics.horizontalAdvance(self.text()) + short, whole - short

    def show_key(self, has_key: bool) -> None:
        """Whether there is room for it."""
        self._has_key = has_key
        self.setText(self._words(has_key))

    @Slot()
    def _on_clicked(self) -> None:
        """End what is on; else draw one box."""
        (self._draw_more if self._draw_more.isChecked() else self._draw).trigger()
        self._show()
