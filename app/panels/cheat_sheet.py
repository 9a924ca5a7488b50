"""All shortcuts on one page, made from the actions themselves."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.actions import COMMANDS, MENUS, key_text

MOUSE: tuple[tuple[str, str], ...] = (
    ("Wheel", "Zoom at the cursor"),
    ("Shift+wheel", "Scroll sideways"),
    ("Drag", "Move the picture"),
    ("Click", "Select; again: the next box here"),
    ("Double click", "Zoom to the box"),
    ("Alt+click", "List the boxes here"),
    ("Double click on a slider", "Back to its default"),
)

_COLUMNS: tuple[tuple[str, ...], ...] = (("File", "Image", "Help"), ("View",), ("Detector", "Mouse"))


def lines(actions: dict[str, QAction], menu: str) -> list[tuple[str, str]]:
    """(keys, what they do) of a menu, in its order."""
    if menu == "Mouse":
        return list(MOUSE)
    named = [command for command in COMMANDS if command.id and command.menu.split("/")[0] == menu]
    return [(key_text(actions[command.id]), command.text.rstrip("…")) for command in named if command.keys]


class CheatSheet(QDialog):
    """Keys and mouse, by menu."""

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        columns = QHBoxLayout()
        columns.setSpacing(32)
        for menus in _COLUMNS:
            column = QVBoxLayout()
            for menu in menus:
                self._add_menu(column, menu, lines(actions, menu))
            column.addStretch(1)
            columns.addLayout(column)
        close = QPushButton("Close", self)
        close.setDefault(True)
        close.clicked.connect(self.accept)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.addLayout(columns)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)

    def _add_menu(self, column: QVBoxLayout, menu: str, found: list[tuple[str, str]]) -> None:
        assert menu in (*MENUS, "Mouse")
        title = QLabel(menu, self)
        title.setObjectName("panelTitle")
        title.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        column.addWidget(title)
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        for row, (keys, what) in enumerate(found):
            key_label = QLabel(keys, self)
            key_label.setProperty("muted", True)
            grid.addWidget(key_label, row, 0)
            grid.addWidget(QLabel(what, self), row, 1)
        column.addLayout(grid)
        column.addSpacing(10)
