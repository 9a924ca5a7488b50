"""How many of the images are verified: a line of words, and a thin bar below it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.panels.elided_label import ElidedLabel
from app.sentences import say
from app.theme import Theme, dark_theme, scaled
from app.wording import text


class VerifiedBar(QWidget):
    """Words such as "340 of 1,200 verified" over a bar that fills."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = ElidedLabel(parent=self)
        self.label.setProperty("small", True)
        self.label.setProperty("muted", True)
        self.bar = _Bar(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.label)
        layout.addWidget(self.bar)

    def show_counts(self, verified: int, scanned: int, total: int) -> None:
        """Say how far it is; while not all annotations are known, that too."""
        is_scanning = scanned < total
        words = "images.verified.scanning" if is_scanning else "images.verified"
        said = text(say(words, n=verified, scanned=scanned, of=total))
        self.label.setText(said)
        self.label.setToolTip(said)
        self.bar.show_share(verified / total if total else 0.0)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours."""
        self.bar.set_theme(theme)


class _Bar(QWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._share = dark_theme(), 0.0

    def show_share(self, share: float) -> None:
        if share != self._share:
            self._share = share
            self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(80, scaled(4))

    def minimumSizeHint(self) -> QSize:
        return QSize(20, scaled(4))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        area = QRectF(self.rect())
        round_by = area.height() / 2
        painter.setBrush(self._theme.edge)
        painter.drawRoundedRect(area, round_by, round_by)
        if self._share > 0:
            # A little is seen from the first image on.
            width = max(self._share * area.width(), area.height())
            painter.setBrush(self._theme.good)
            painter.drawRoundedRect(QRectF(area.left(), area.top(), width, area.height()), round_by, round_by)
