"""The window's questions: which file, which folder, which image. None of them blocks the program."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QFileDialog, QInputDialog, QMessageBox

from app.language import LanguageMenu
from app.panels.cheat_sheet import CheatSheet
from app.places import CASE_SUFFIX, log_dir
from app.scene import Message
from app.shortcuts import Shortcuts
from app.translation import later, tr
from app.wording import text

if TYPE_CHECKING:
    from app.window import MainWindow

_IMAGES = "*.jpg *.jpeg *.png *.bmp *.tif *.tiff *.webp *.gif"
_DATASETS = "*.json *.yaml *.yml"
WEIGHTS_FILTER = "*.safetensors"
"""The only files that `detector.models.load` takes."""

PICTURE_FILTERS = {
    "png": later("PNG picture"),
    "svg": later("SVG drawing: boxes and texts as vectors"),
    "jpg": later("JPEG picture"),
}
"""What a picture can be saved as, by the suffix that a name without one gets."""

_PLACES = {
    "voc": later("VOC XML, a file an image in this folder (*)"),
    "coco": later("COCO json, one file for all (*.json)"),
    "yolo": later("YOLO txt, a file an image in this folder (*)"),
}
"""What annotations can be saved as, by format."""

NON_NATIVE_VARIABLE = "BOXSCOPE_NON_NATIVE_DIALOGS"
"""Set by tests: the system's own dialogs cannot be driven by them."""


class Dialogs(QObject):
    """Opens dialogs and says what was chosen.

    Attributes:
        shortcuts: the keys of the window's commands.
        languages: the menu that chooses the language of the next start.

    Signals:
        paths_chosen(list): images or a folder to open.
        weights_chosen(object), picture_path_chosen(object), case_path_chosen(object): a file.
        image_wanted(str): a number or a piece of a name.
        discard_agreed(): what is not saved may wait for the next start.
        place_chosen(object, str, object): a folder of images, and the format and the `Path` that their annotations
            are saved in.
    """

    paths_chosen = Signal(list)
    weights_chosen = Signal(object)
    picture_path_chosen = Signal(object)
    case_path_chosen = Signal(object)
    image_wanted = Signal(str)
    discard_agreed = Signal()
    place_chosen = Signal(object, str, object)

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._discard: QMessageBox | None = None
        self._placed: Path | None = None
        self.shortcuts = Shortcuts(self, window)
        self.languages = LanguageMenu(window)

    @Slot()
    def ask_images(self) -> None:
        """Images to open."""
        filters = f"{tr('Images')} ({_IMAGES});;{tr('Datasets')} ({_DATASETS});;{tr('All files')} (*)"
        dialog = self.file_dialog(tr("Open image"), QFileDialog.FileMode.ExistingFiles, filters)
        dialog.filesSelected.connect(self._on_paths)
        dialog.open()

    @Slot()
    def ask_folder(self) -> None:
        """A folder to open."""
        dialog = self.file_dialog(tr("Open folder"), QFileDialog.FileMode.Directory, "")
        dialog.filesSelected.connect(self._on_paths)
        dialog.open()

    @Slot()
    def ask_weights(self) -> None:
        """A file of weights."""
        dialog = self.file_dialog(
            tr("Open weights"), QFileDialog.FileMode.ExistingFile, f"{tr('Weights')} ({WEIGHTS_FILTER})"
        )
        dialog.fileSelected.connect(self._on_weights)
        dialog.open()

    @Slot()
    def ask_picture_path(self) -> None:
        """Where to save the picture."""
        dialog = self.file_dialog(tr("Save picture"), QFileDialog.FileMode.AnyFile, ";;".join(picture_filters()))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("png")
        dialog.filterSelected.connect(self._on_picture_filter)
        dialog.fileSelected.connect(self._on_picture)
        dialog.open()

    @Slot()
    def ask_case(self) -> None:
        """Cases to open."""
        dialog = self.file_dialog(tr("Open case"), QFileDialog.FileMode.ExistingFiles, _case_filter())
        self._begin_among_cases(dialog)
        dialog.filesSelected.connect(self._on_paths)
        dialog.open()

    def ask_case_path(self, name: str) -> None:
        """Where to save a case; `name` is offered."""
        dialog = self.file_dialog(tr("Save case"), QFileDialog.FileMode.AnyFile, _case_filter())
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(CASE_SUFFIX[1:])
        self._begin_among_cases(dialog)
        dialog.selectFile(name)
        dialog.fileSelected.connect(self._on_case)
        dialog.open()

    def _begin_among_cases(self, dialog: QFileDialog) -> None:
        folder = self._window.preferences.case_folder
        if folder is not None:
            dialog.setDirectory(str(folder))

    @Slot()
    def ask_image_name(self) -> None:
        """Which image of the list."""
        dialog = QInputDialog(self._window)
        dialog.setWindowTitle(tr("Go to image"))
        dialog.setLabelText(tr("Number or part of the name:"))
        dialog.textValueSelected.connect(self.image_wanted)
        self._show(dialog)

    def ask_place(self, folder: Path) -> None:
        """Where the annotations of a folder's images are to be saved; the kind of file says how."""
        self._placed = folder
        filters = {tr(words): name for name, words in _PLACES.items()}
        dialog = self.file_dialog(tr("Save annotations in"), QFileDialog.FileMode.AnyFile, ";;".join(filters))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
        dialog.setDirectory(str(folder))
        dialog.fileSelected.connect(self._on_place)
        dialog.open()

    @Slot(str)
    def _on_place(self, chosen: str) -> None:
        dialog = self.sender()
        words = dialog.selectedNameFilter() if isinstance(dialog, QFileDialog) else ""
        name = next((name for name, each in _PLACES.items() if tr(each) == words), "voc")
        path = Path(chosen)
        if name == "coco" and path.suffix.lower() != ".json":
            path = path.with_name(f"{path.name}.json")  # of "boxes.2026" nothing is a suffix
        if self._placed is not None:
            self.place_chosen.emit(self._placed, name, path)

    def show_list(self, title: Message, lines: Sequence[str]) -> None:
        """Many lines of text, to be read and copied."""
        dialog = QInputDialog(self._window)
        dialog.setInputMode(QInputDialog.InputMode.TextInput)
        dialog.setOption(QInputDialog.InputDialogOption.UsePlainTextEditForTextInput)
        dialog.setOption(QInputDialog.InputDialogOption.NoButtons)
        dialog.setWindowTitle("Boxscope")
        dialog.setLabelText(text(title))
        dialog.setTextValue("\n".join(lines))
        self._show(dialog)

    def ask_discard(self, unsaved: int, *, are_kept: bool) -> None:
        """Whether to quit though changes of so many images are in no file; asked once at a time.

        Args:
            are_kept: in the journal, for the next start.
        """
        if self._discard is not None:
            self._discard.raise_()
            return
        if are_kept:
            message = "close.unsaved.several" if unsaved > 1 else "close.unsaved"
        else:
            message = "close.lost.several" if unsaved > 1 else "close.lost"
        box = QMessageBox(QMessageBox.Icon.Warning, tr("Quit Boxscope"), "", parent=self._window)
        box.setText(text(Message(message, {"n": unsaved})))
        keep = box.addButton(tr("Keep open"), QMessageBox.ButtonRole.RejectRole)
        box.addButton(tr("Quit"), QMessageBox.ButtonRole.DestructiveRole).clicked.connect(self.discard_agreed)
        box.setDefaultButton(keep)
        box.setEscapeButton(keep)
        box.finished.connect(self._on_discard_answered)
        self._discard = box
        self._show(box)

    @Slot()
    def _on_discard_answered(self) -> None:
        self._discard = None

    @Slot()
    def show_shortcuts(self) -> None:
        """The cheat sheet."""
        sheet = CheatSheet(self._window.actions_by_id, self._window)
        sheet.edit_wanted.connect(self.shortcuts.edit)
        self._show(sheet)

    @Slot()
    def show_about(self) -> None:
        """What this program is."""
        box = QMessageBox(self._window)
        box.setWindowTitle(tr("About Boxscope"))
        box.setText(
            tr(
                "<b>Boxscope</b><p>See every stage of an object detector: anchors, proposals, detections, "
                "every threshold live, and why an object was missed.</p><p>MIT licence.</p>"
            )
        )
        self._show(box)

    @Slot()
    def open_log_folder(self) -> None:
        """The folder of the log file in the system's file manager."""
        folder = log_dir()
        folder.mkdir(parents=True, exist_ok=True)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def file_dialog(self, title: str, mode: QFileDialog.FileMode, name_filter: str) -> QFileDialog:
        """A dialog for a file, at the folder of the last image; not yet open."""
        start = self._window.preferences.last_folder or Path.home()
        dialog = QFileDialog(self._window, title, str(start), name_filter)
        dialog.setFileMode(mode)
        if os.environ.get(NON_NATIVE_VARIABLE):
            dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        dialog.finished.connect(dialog.deleteLater)
        return dialog

    def _show(self, dialog: QDialog) -> None:
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot(list)
    def _on_paths(self, names: list[str]) -> None:
        paths = [Path(name) for name in names]
        if paths:
            self.paths_chosen.emit(paths)

    @Slot(str)
    def _on_weights(self, name: str) -> None:
        self.weights_chosen.emit(Path(name))

    @Slot(str)
    def _on_picture_filter(self, chosen: str) -> None:
        dialog = self.sender()
        if isinstance(dialog, QFileDialog):
            dialog.setDefaultSuffix(picture_filters().get(chosen, "png"))

    @Slot(str)
    def _on_case(self, name: str) -> None:
        self.case_path_chosen.emit(Path(name))

    @Slot(str)
    def _on_picture(self, name: str) -> None:
        self.picture_path_chosen.emit(Path(name))


def _case_filter() -> str:
    return f"{tr('Cases')} (*{CASE_SUFFIX})"


def picture_filters() -> dict[str, str]:
    """By what the dialog offers, the suffix."""
    return {f"{tr(words)} (*.{suffix})": suffix for suffix, words in PICTURE_FILTERS.items()}
