"""Says what is being done to many files, and how far it has come; until that is done nothing else is."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QLabel, QProgressBar, QVBoxLayout, QWidget

from app.scene import Message
from app.sentences import say
from app.theme import scaled
from app.wording import text

_WIDTH = 320


class WaitingDialog(QDialog):
    """A sentence and a bar. It is closed by who has opened it."""

    def __init__(self, message: Message, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(text(message))
        self.told = QLabel(text(message), self)
        self.told.setWordWrap(True)
        self.state = QLabel("", self)
        self.state.setProperty("muted", True)
        self.state.setProperty("small", True)
        self.progress = QProgressBar(self)
        self.progress.setTextVisible(False)
        self.progress.setRange(0, 0)
        self.progress.setAccessibleName(text(say("change.progress")))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(8)
        for widget in (self.told, self.progress, self.state):
            layout.addWidget(widget)
        self.setMinimumWidth(scaled(_WIDTH))
        self.finished.connect(self.deleteLater)

    def show_progress(self, done: int, of: int) -> None:
        """So many files are done."""
        self.progress.setRange(0, max(of, 1))
        self.progress.setValue(done)
        self.state.setText(text(say("change.running", done=done, of=of)))

    def finish(self) -> None:
        """It is done: close."""
        self.accept()

    def reject(self) -> None:
        """Neither Esc nor the cross ends what is being done."""
