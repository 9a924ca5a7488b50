"""The shortcuts of a window: as they were left, changed in their editor, remembered, written to files and read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog

from app.key_tips import refresh_key_tips
from app.keymap import Keymap, KeymapError, apply, read_keymap, stored_keymap
from app.panels.shortcut_editor import ShortcutEditor
from app.translation import tr
from detector.datasets.errors import DatasetError
from detector.datasets.files import write_atomic
from detector.messages import say

if TYPE_CHECKING:
    from app.dialogs import Dialogs
    from app.window import MainWindow

SUFFIX = "json"
LARGEST_FILE = 1 << 20
"""Bytes that are read of a file of shortcuts; a real one has some thousand."""


class Shortcuts(QObject):
    """Keeps the keymap of a window.

    Attributes:
        keymap: the one in force.
    """

    def __init__(self, dialogs: Dialogs, window: MainWindow) -> None:
        super().__init__(dialogs)
        self._dialogs, self._window = dialogs, window
        self._editor: ShortcutEditor | None = None
        self.keymap = stored_keymap(window.preferences.keymap)
        self._put_in_force()

    @Slot()
    def edit(self) -> None:
        """The editor of shortcuts; what is changed in it is in force at once."""
        editor = ShortcutEditor(self.keymap, self._window)
        editor.keymap_changed.connect(self.take)
        editor.import_wanted.connect(self._ask_import)
        editor.export_wanted.connect(self._ask_export)
        editor.finished.connect(self._on_closed)
        editor.finished.connect(editor.deleteLater)
        self._editor = editor
        editor.open()

    @Slot(object)
    def take(self, keymap: Keymap) -> None:
        """This keymap is in force from now on, also after the next start."""
        self.keymap = keymap
        self._put_in_force()
        self._window.preferences.keymap = keymap.to_json()

    def import_from(self, path: Path) -> None:
        """Take the shortcuts of a file; one that has none changes nothing."""
        editor = self._editor
        try:
            with path.open("rb") as file:
                keymap = read_keymap(file.read(LARGEST_FILE).decode("utf-8-sig"))
        except KeymapError as error:
            problem = say("keys.not_read", name=path.name, why=error.message)
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror or str(error) if isinstance(error, OSError) else say("keys.file.no_json")
            problem = say("keys.not_read", name=path.name, why=why)
        else:
            self.take(keymap)
            if editor is not None:
                editor.show_keymap(keymap)
                editor.show_message(say("keys.read", name=path.name, n=len(keymap.changes)), is_problem=False)
            return
        if editor is not None:
            editor.show_message(problem)

    def export_to(self, path: Path) -> None:
        """Write the shortcuts into a file."""
        try:
            write_atomic(path, (self.keymap.to_json() + "\n").encode("utf-8"))
        except DatasetError as error:
            told, failed = say("text", text=str(error)), True
        else:
            told, failed = say("keys.written", path=str(path)), False
        if self._editor is not None:
            self._editor.show_message(told, is_problem=failed)

    def _put_in_force(self) -> None:
        apply(self.keymap, self._window.actions_by_id)
        refresh_key_tips()

    @Slot()
    def _ask_import(self) -> None:
        dialog = self._dialogs.file_dialog(
            tr("Import shortcuts"), QFileDialog.FileMode.ExistingFile, tr("Shortcuts") + f" (*.{SUFFIX})"
        )
        dialog.fileSelected.connect(self._on_import)
        dialog.open()

    @Slot()
    def _ask_export(self) -> None:
        dialog = self._dialogs.file_dialog(
            tr("Export shortcuts"), QFileDialog.FileMode.AnyFile, tr("Shortcuts") + f" (*.{SUFFIX})"
        )
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(SUFFIX)
        dialog.selectFile(f"boxscope-shortcuts.{SUFFIX}")
        dialog.fileSelected.connect(self._on_export)
        dialog.open()

    @Slot(str)
    def _on_import(self, name: str) -> None:
        self.import_from(Path(name))

    @Slot(str)
    def _on_export(self, name: str) -> None:
        self.export_to(Path(name))

    @Slot()
    def _on_closed(self) -> None:
        self._editor = None
