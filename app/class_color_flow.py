"""The colour of a class, which a person may choose: it holds in every folder that has a class of this name."""

from __future__ import annotations

import os

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog

from app.dialogs import NON_NATIVE_VARIABLE
from app.scene_flow import SceneFlow
from app.sentences import say
from app.state import State
from app.window import MainWindow
from app.wording import text


class ClassColorFlow(QObject):
    """Asks for a colour, and remembers it."""

    def __init__(self, window: MainWindow, state: State, scenes: SceneFlow, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._state, self._scenes = window, state, scenes
        self._name = ""
        window.annotate.classes.color_wanted.connect(self._on_wanted)

    def start(self) -> None:
        """Colours as they were chosen."""
        self._state.annotating.colors = dict(self._window.preferences.class_colors)

    def give(self, name: str, color: str) -> None:
        """From now on a class has this colour, "#RRGGBB"."""
        self._state.annotating.colors[name] = color
        self._window.preferences.remember_class_color(name, color)
        self._scenes.show_annotation()

    @Slot(str)
    def _on_wanted(self, name: str) -> None:
        scene = self._state.scene
        rows = () if scene is None or scene.editing is None else scene.editing.classes
        color = next((row.color for row in rows if row.name == name), "#FFFFFF")
        self._name = name
        dialog = QColorDialog(QColor(color), self._window)
        dialog.setWindowTitle(text(say("classes.color.title", name=name)))
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog, bool(os.environ.get(NON_NATIVE_VARIABLE)))
        dialog.colorSelected.connect(self._on_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot(QColor)
    def _on_chosen(self, color: QColor) -> None:
        self.give(self._name, color.name().upper())
