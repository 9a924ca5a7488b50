"""The line at the top of a panel: its title, and on the right what can be done with all of it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from app.panels.elided_label import ElidedLabel


class PanelHeader(QWidget):
    """A title with room for buttons."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # In the middle: the number at the end tells one from another.
        self.title = ElidedLabel(Qt.TextElideMode.ElideMiddle, self)
        self.title.setText(title)
        self.title.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.title.setObjectName("panelTitle")
        self.note = ElidedLabel(parent=self)
        self.note.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.note.setProperty("muted", True)
        self.note.setProperty("small", True)
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(12, 6, 8, 4)
        self._layout.setSpacing(6)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._layout.addWidget(self.title)
        self._layout.addStretch(1)
        self.note.setContentsMargins(0, 0, 4, 0)
        self._layout.addWidget(self.note)

    def add_beside_title(self, widget: QWidget) -> None:
        """Something that belongs to the title."""
        self._layout.insertWidget(1, widget)

    def add_widget(self, widget: QWidget) -> None:
        """Something on the right."""
        self._layout.addWidget(widget)

    def add_button(self, text: str, tooltip: str) -> QPushButton:
        """A quiet button on the right."""
        button = QPushButton(text, self)
        button.setProperty("flat", True)
        button.setProperty("small", True)
        button.setToolTip(tooltip)
        button.setAccessibleName(tooltip)
        self._layout.addWidget(button)
        return button
