"""The right side of the window in Annotate: classes, the boxes of the image, and what was done to it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QWidget

from app.panels.box_list import BoxList
from app.panels.class_list import ClassList
from app.panels.history_panel import HistoryPanel
from app.scene import Scene
from app.theme import Theme


class AnnotateSide(QSplitter):
    """Puts the panels below one another.

    Attributes:
        classes, boxes, history: the panels.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self.setObjectName("annotateSide")
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        self.classes, self.boxes, self.history = ClassList(self), BoxList(self), HistoryPanel(self)
        for part, stretch in ((self.classes, 3), (self.boxes, 4), (self.history, 2)):
            part.setMinimumHeight(84)
            self.addWidget(part)
            self.setStretchFactor(self.indexOf(part), stretch)
        # In what relation they begin: by what they would like, the steps had the most.
        self.setSizes([300, 400, 200])

    def show_scene(self, scene: Scene) -> None:
        """Show classes and boxes. Emits nothing."""
        self.classes.show_scene(scene)
        self.boxes.show_scene(scene)

    def show_steps(self, texts: tuple[str, ...], index: int) -> None:
        """What was done to the image, and how much of it stands."""
        self.history.show_steps(texts, index)

    def set_theme(self, theme: Theme) -> None:
        """Take its colours."""
        for part in (self.classes, self.boxes, self.history):
            part.set_theme(theme)
