"""What the commands of the menus do to the window: signals for those who decide, and what only concerns the view.

QAction  -->  WindowCommands  -->  signals of the window, its panels
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QApplication

from app.actions import COMMANDS
from app.scene import STAGES, Stage, Workspace
from app.sentences import say
from app.theme import THEME_CHOICES

if TYPE_CHECKING:
    from app.window import MainWindow

ALL = 1_000_000_000
"""Steps: more than there are of anything."""

_SWITCHES = ("crosshair", "keep_inside", "prelabels", "sees")
"""Commands of Annotate that are on or off."""


class WindowCommands(QObject):
    """Connects every command of the window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._actions = window, window.actions_by_id
        self._connect()

    def _connect(self) -> None:
        slots = {
            "open_image": self._window.dialogs.ask_images,
            "open_folder": self._window.dialogs.ask_folder,
            "open_samples": self._window.samples_requested,
            "open_weights": self._window.dialogs.ask_weights,
            "open_case": self._window.dialogs.ask_case,
            "save_case": self._window.case_save_requested,
            "save_picture": self._window.dialogs.ask_picture_path,
            "copy_picture": self._window.picture_copy_requested,
            "quit": self._window.close,
            "fit": self._window.canvas.fit,
            "zoom_in": self._window.canvas.zoom_in,
            "zoom_out": self._window.canvas.zoom_out,
            "deselect": self._on_escape,
            "selection_back": self._window.back_requested,
            "selection_forward": self._window.forward_requested,
            "add_previous_stage": self._on_add_previous,
            "add_next_stage": self._on_add_next,
            "step_nms": self._window.nms_toggled,
            "detect": self._window.detect_requested,
            "cancel": self._window.cancel_requested,
            "restore_settings": self._window.all_reset,
            "undo": self._window.undo_requested,
            "redo": self._window.redo_requested,
            "accept": self._window.accept_requested,
            "save": self._window.save_requested,
            "save_place": self._window.place_requested,
            "change_class": self._on_change_class,
            "next_panel": self._on_next_panel,
            "edit_shortcuts": self._window.dialogs.shortcuts.edit,
            "filter_objects": self._on_filter_objects,
            "go_to_image": self._window.dialogs.ask_image_name,
            "lesson": self._window.lesson_requested,
            "shortcuts": self._window.dialogs.show_shortcuts,
            "open_log": self._window.dialogs.open_log_folder,
            "about": self._window.dialogs.show_about,
            "reset_layout": self._window.sizes.reset,
        }
        for name, slot in slots.items():
            self._actions[name].triggered.connect(slot)
        for name, signal in {
            "isolate": self._window.isolate_toggled,
            "hide_boxes": self._window.boxes_hidden,
            "hide_labels": self._window.labels_hidden,
            "large_text": self._on_large_text,
            "show_images": self._window.left.setVisible,
            "show_settings": self._window.sides.setVisible,
            "workspace": self._on_workspace,
            "wheel_scrolls": self._on_wheel,
        }.items():
            self._actions[name].toggled.connect(signal)
        for command in COMMANDS:
            if command.workspace == "annotate" and command.id not in slots and command.id not in _SWITCHES:
                self._actions[command.id].triggered.connect(self._on_edit)
        for name in (*_SWITCHES, "autosave"):
            self._actions[name].toggled.connect(self._on_switch)
        families = ("at_", "theme_", "device_", "stage_", "previous_", "next_", "first_", "last_")
        chosen = (*families, "actual_size", "search_images")
        for name, action in self._actions.items():
            if name.startswith(chosen):
                action.triggered.connect(self._on_command)

    def offer(self, workspace: Workspace) -> None:
        """Only what works there is in the menus and has its keys; one key may mean one thing here, another there."""
        for command in COMMANDS:
            if command.workspace is not None:
                self._actions[command.id].setVisible(command.workspace == workspace)

    # -- what a person does --------------------------------------------------------------------------------------------

    @Slot()
    def _on_command(self) -> None:
        """The commands that come in families, by the last part of their id."""
        name = self.sender().objectName()
        family, _, which = name.partition("_")
        step = {"previous": -1, "next": 1, "first": -ALL, "last": ALL}.get(family, 0)
        steps = {
            "stage": self._window.rail.step,
            "image": self._step_image,
            "nms": self._window.nms_moved.emit,
            "unverified": self._step_unverified,
            "wrong": self._window.objects.pick_wrong,
        }
        if step and which in steps:
            steps[which](step)
        elif family == "theme":
            self._choose_theme(which)
        elif family == "device":
            self._window.device_chosen.emit(which)
        elif family in ("stage", "at") and which in STAGES:
            self._actions["workspace"].setChecked(False)
            self._window.rail.choose(which)
        elif name == "actual_size":
            self._window.canvas.zoom_to(1.0)
        elif name == "search_images":
            self._actions["show_images"].setChecked(True)
            self._window.images.search_field.setFocus()
            self._window.images.search_field.selectAll()

    def _step_image(self, by: int) -> None:
        if not self._window.images.step(by) and self._window.images.model.rowCount():
            self._window.status.show_message(say("status.last_image" if by > 0 else "status.first_image"))

    def _step_unverified(self, by: int) -> None:
        if not self._window.images.step_unverified(by):
            self._window.status.show_message(say("image.all_verified"))

    @Slot()
    def _on_add_previous(self) -> None:
        self._toggle_stage(self._window.rail.beside(-1))

    @Slot()
    def _on_add_next(self) -> None:
        self._toggle_stage(self._window.rail.beside(+1))

    def _toggle_stage(self, stage: Stage | None) -> None:
        """Another stage's boxes beside those of the stage on show, or no longer; of the image that is its objects."""
        if stage is not None:
            self._window.tree.toggle("ground_truth" if stage == "image" else stage)

    @Slot()
    def _on_edit(self) -> None:
        self._window.edit_requested.emit(self.sender().objectName())

    @Slot()
    def _on_change_class(self) -> None:
        self._window.ask_class()

    @Slot(bool)
    def _on_switch(self, on: bool) -> None:
        self._window.option_toggled.emit(self.sender().objectName(), on)

    @Slot(bool)
    def _on_workspace(self, annotates: bool) -> None:
        self._window.workspace_chosen.emit("annotate" if annotates else "inspect")

    @Slot()
    def _on_next_panel(self) -> None:
        """The keyboard goes from panel to panel, those that are hidden left out."""
        panels = [
            part
            for part in (self._window.images, self._window.canvas, self._window.sides, self._window.header)
            if part.isVisible()
        ]
        focus = QApplication.focusWidget()
        at = next((k for k, part in enumerate(panels) if focus is not None and part.isAncestorOf(focus)), -1)
        if focus in panels:
            at = panels.index(focus)
        target = panels[(at + 1) % len(panels)]
        if target is not self._window.canvas:
            target.setFocus(Qt.FocusReason.TabFocusReason)
            if not target.hasFocus():
                target.focusNextChild()
        else:
            target.setFocus()

    def _choose_theme(self, name: str) -> None:
        choice = next(each for each in THEME_CHOICES if each == name)
        self._window.preferences.theme = choice
        self._window.themes.choose(choice)

    @Slot()
    def _on_escape(self) -> None:
        """First away with the callouts, then with what is in hand, the steps of NMS, the selection, the tool."""
        if self._actions["workspace"].isChecked() and not self._window.lesson.is_open:
            self._window.edit_requested.emit("escape")
        elif self._window.lesson.is_open:
            self._window.lesson.end()
        elif self._window.nms_bar.is_open:
            self._window.nms_toggled.emit()
        else:
            self._window.deselected.emit()

    @Slot(bool)
    def _on_wheel(self, scrolls: bool) -> None:
        self._window.preferences.set_flag("wheel_scrolls", scrolls)
        self._window.canvas.set_wheel_scrolls(scrolls)

    @Slot(bool)
    def _on_large_text(self, large: bool) -> None:
        self._window.preferences.large_text = large
        self._window.themes.enlarge(large)

    @Slot()
    def _on_filter_objects(self) -> None:
        self._actions["show_settings"].setChecked(True)
        self._window.objects.filter_button.show_choices()
