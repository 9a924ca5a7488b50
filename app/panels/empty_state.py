"""What stands in the middle while no image is open: what can be done first, as buttons."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.key_tips import set_key_text
from app.translation import tr


class EmptyState(QWidget):
    """Title, hint and three ways to begin."""

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("emptyState")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        title = QLabel(tr("Open an image to see what the detector sees"), self)
        title.setObjectName("emptyTitle")
        hint = QLabel(tr("Drop images or a folder here, or begin with the samples."), self)
        hint.setObjectName("emptyHint")
        keys = QLabel(self)
        set_key_text(keys, tr("{key[shortcuts]} shows all keys and gestures."))
        keys.setObjectName("emptyHint")
        keys.setProperty("small", True)
        for label in (title, hint, keys):
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        buttons = self._buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addStretch(1)
        for name, words in (
            ("open_samples", tr("Open samples")),
            ("open_image", tr("Open image…")),
            ("open_folder", tr("Open folder…")),
        ):
            button = QPushButton(words, self)
            button.setProperty("primary", name == "open_samples")
            button.clicked.connect(actions[name].trigger)
            buttons.addWidget(button)
            if name == "open_samples":
                self.setFocusProxy(button)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addStretch(1)
        for label in (title, hint):
            layout.addWidget(label)
        layout.addSpacing(8)
        layout.addLayout(buttons)
        layout.addSpacing(8)
        layout.addWidget(keys)
        layout.addStretch(1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Buttons that do not fit side by side stand one below the other."""
        super().resizeEvent(event)
        directions = QBoxLayout.Direction
        needed = sum(button.sizeHint().width() + self._buttons.spacing() for button in self.findChildren(QPushButton))
        narrow = needed + 40 > event.size().width()
        self._buttons.setDirection(directions.TopToBottom if narrow else directions.LeftToRight)
