"""What a person does with the window as a whole, as signals: menus, keys, dialogs, what is dropped, closing."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QMainWindow


class WindowIntents(QMainWindow):
    """A window that says what is wanted of the program. Panels have signals of their own.

    Signals:
        paths_opened(list), paths_dropped(list): `Path`s of images or folders, from a dialog or dropped.
        samples_requested(), lesson_requested(): the bundled samples, and with what they teach.
        weights_chosen(object), picture_path_chosen(object), case_path_chosen(object): a `Path` from a dialog.
        case_save_requested(): what is on show as a case.
        picture_copy_requested(): the canvas to the clipboard.
        detect_requested(), cancel_requested(): the detector.
        model_chosen(str), device_chosen(str): by id ("auto", "cpu", "cuda", "mps").
        working_score_moved(float), working_score_settled(), working_score_reset(): the slider in the header.
        stage_chosen(str): by card or key.
        isolate_toggled(bool), boxes_hidden(bool), labels_hidden(bool): the view.
        nms_toggled(), nms_moved(int): begin or end stepping through NMS; so many steps on.
        deselected(): nothing is to be selected.
        back_requested(), forward_requested(): what was selected before, and after that.
        all_reset(): all settings to their defaults.
        undo_requested(), redo_requested(): of what changed settings or ground truth.
        accept_requested(): the selected detection is ground truth.
        edit_requested(str): a command of Annotate, by its id.
        workspace_chosen(str): "annotate" or "inspect".
        save_requested(), place_requested(): the annotation now; where and how annotations are saved.
        class_asked(): a class is wanted, by typing.
        option_toggled(str, bool): a switch of Annotate, by its id.
        activated(): the window has the keyboard again.
        close_wanted(): whether something has to be asked first is about to be looked at.
        closing(): the window is about to go.
    """

    paths_opened = Signal(list)
    paths_dropped = Signal(list)
    samples_requested = Signal()
    lesson_requested = Signal()
    weights_chosen = Signal(object)
    picture_path_chosen = Signal(object)
    case_path_chosen = Signal(object)
    case_save_requested = Signal()
    picture_copy_requested = Signal()
    detect_requested = Signal()
    cancel_requested = Signal()
    model_chosen = Signal(str)
    device_chosen = Signal(str)
    working_score_moved = Signal(float)
    working_score_settled = Signal()
    working_score_reset = Signal()
    stage_chosen = Signal(str)
    isolate_toggled = Signal(bool)
    boxes_hidden = Signal(bool)
    labels_hidden = Signal(bool)
    nms_toggled = Signal()
    nms_moved = Signal(int)
    deselected = Signal()
    back_requested = Signal()
    forward_requested = Signal()
    all_reset = Signal()
    undo_requested = Signal()
    redo_requested = Signal()
    accept_requested = Signal()
    edit_requested = Signal(str)
    workspace_chosen = Signal(str)
    save_requested = Signal()
    place_requested = Signal()
    class_asked = Signal()
    option_toggled = Signal(str, bool)
    activated = Signal()
    close_wanted = Signal()
    closing = Signal()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files may be dropped."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Files were dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.paths_dropped.emit(paths)

    def changeEvent(self, event: QEvent) -> None:
        """Back from another program."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.activated.emit()
