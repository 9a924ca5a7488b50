"""The two workspaces side by side; the one that one is in stands out."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QWidget

from app.key_tips import set_key_tip
from app.scene import Workspace
from app.translation import later, tr

_WORKSPACES: tuple[tuple[Workspace, str, str], ...] = (
    ("annotate", later("Annotate"), later("Draw and correct ground truth ({key[workspace]})")),
    ("inspect", later("Inspect"), later("See inside the detector; ground truth is locked ({key[workspace]})")),
)


class WorkspaceSwitch(QWidget):
    """Follows the action that switches, and switches it.

    Attributes:
        buttons: by workspace.
    """

    def __init__(self, action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._action = action
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        group = QButtonGroup(self)
        self.buttons: dict[Workspace, QToolButton] = {}
        for name, words, tip in _WORKSPACES:
            button = QToolButton(self)
            button.setObjectName(f"workspace_{name}")
            button.setText(tr(words))
            set_key_tip(button, tr(tip))
            button.setAccessibleName(tr(words))
            button.setCheckable(True)
            button.setProperty("segment", True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(self._on_clicked)
            group.addButton(button)
            row.addWidget(button)
            self.buttons[name] = button
        action.toggled.connect(self._show)
        self._show(action.isChecked())

    @Slot(bool)
    def _show(self, annotates: bool) -> None:
        self.buttons["annotate" if annotates else "inspect"].setChecked(True)

    @Slot()
    def _on_clicked(self) -> None:
        self._action.setChecked(self.buttons["annotate"].isChecked())
