"""Menus from the table of commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from app.actions import COMMANDS, MENUS
from app.translation import tr


def fill_menus(bar: QMenuBar, actions: dict[str, QAction], window: QWidget) -> QMenu:
    """Every command into its menu; gives the menu of recent folders, which is filled later."""
    menus = {name: bar.addMenu(tr(name)) for name in MENUS}
    recent = QMenu(tr("Recent folders"), menus["File"])
    for command in COMMANDS:
        top, _, below = command.menu.partition("/")
        if below and command.menu not in menus:
            menus[command.menu] = menus[top].addMenu(tr(below))
        menu = menus[command.menu]
        if not command.id:
            menu.addSeparator()
            continue
        menu.addAction(actions[command.id])
        if not command.on_canvas:
            # Shortcuts must work where the menu bar is the system's own.
            window.addAction(actions[command.id])
        if command.id == "open_samples":
            menu.addMenu(recent)
    return recent


def fill_recent(menu: QMenu, folders: tuple[Path, ...], slot: Callable[[], None]) -> None:
    """The folders opened before, newest first."""
    menu.clear()
    menu.setEnabled(bool(folders))
    for folder in folders:
        action = menu.addAction(str(folder))
        action.setData(str(folder))
        action.triggered.connect(slot)
