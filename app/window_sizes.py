"""How wide and high the parts of the window are: at first, in a small window, with large text, and the next time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QObject, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QSplitter

from app.screen_area import screen_area
from app.theme import text_scale

if TYPE_CHECKING:
    from app.window import MainWindow

LEFT_WIDTH, RIGHT_WIDTH = 268, 384
DEFAULT_SIZE = (1600, 1000)

SIDES_SHARE = 0.48
"""Of the width, what both sides together take at most: the canvas keeps the rest."""

PANELS = ("show_images", "show_settings")
"""The commands that show and hide a side."""


class WindowSizes(QObject):
    """Sizes the sides of a window and the parts of each side.

    Args:
        across: left side, middle, right side.
        left, right: the parts of a side, from the top.
    """

    def __init__(
        self, window: MainWindow, across: QSplitter, left: QSplitter, right: QSplitter, actions: dict[str, QAction]
    ) -> None:
        super().__init__(window)
        self._window, self._actions = window, actions
        self._across, self._left, self._right = across, left, right
        self._wanted = (LEFT_WIDTH, RIGHT_WIDTH)
        across.splitterMoved.connect(self._on_sides_moved)

    def restore(self) -> None:
        """As it was left the last time; the first time as the design has it."""
        preferences = self._window.preferences
        geometry = preferences.layout("geometry")
        if geometry is None or not self._window.restoreGeometry(geometry):
            screen = screen_area()
            self._window.resize(min(DEFAULT_SIZE[0], screen.width()), min(DEFAULT_SIZE[1], screen.height()))
        self._divide()
        for name, splitter in self._splitters().items():
            state = preferences.layout(name)
            if state is not None:
                splitter.restoreState(state)
                splitter.setHandleWidth(1)
        self._restore_sides()
        for name in PANELS:
            self._actions[name].setChecked(preferences.flag(name, True))

    def save(self) -> None:
        """Keep all of it for the next time."""
        preferences = self._window.preferences
        preferences.set_layout("geometry", self._window.saveGeometry())
        for name, splitter in self._splitters().items():
            preferences.set_layout(name, splitter.saveState())
        preferences.set_layout("sides", QByteArray(f"{self._wanted[0]},{self._wanted[1]}".encode()))
        for name in PANELS:
            preferences.set_flag(name, self._actions[name].isChecked())
        preferences.save()

    @Slot()
    def reset(self) -> None:
        """As the design has it."""
        for name in PANELS:
            self._actions[name].setChecked(True)
        self._divide()

    def fit_sides(self) -> None:
        """The sides as wide as wanted, with large text wider, in a small window narrower."""
        width, (left, right) = self._window.width(), self._wanted
        share = min(text_scale(), SIDES_SHARE * width / (left + right))
        left, right = int(left * share), int(right * share)
        self._across.setSizes([left, width - left - right, right])

    def _splitters(self) -> dict[str, QSplitter]:
        return {"across": self._across, "left": self._left, "right": self._right}

    def _restore_sides(self) -> None:
        # The splitter's own state holds widths that a small window may have cut.
        found = self._window.preferences.layout("sides")
        widths = [] if found is None else bytes(found.data()).decode("ascii", "replace").split(",")
        if len(widths) == 2 and all(width.isdigit() and int(width) for width in widths):
            self._wanted = (int(widths[0]), int(widths[1]))
            self.fit_sides()

    @Slot()
    def _on_sides_moved(self) -> None:
        """These widths are wanted as long as there is room for them."""
        left, _, right = (round(width / text_scale()) for width in self._across.sizes())
        self._wanted = (left or self._wanted[0], right or self._wanted[1])

    def _divide(self) -> None:
        self._wanted, height = (LEFT_WIDTH, RIGHT_WIDTH), self._window.height() - 80
        self.fit_sides()
        self._left.setSizes([height * 50 // 100, height * 50 // 100])
        self._right.setSizes([height * 30 // 100, height * 16 // 100, height * 54 // 100])
