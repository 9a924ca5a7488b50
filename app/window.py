"""The window: puts the panels together and turns menus, keys and drops into signals. It decides nothing.

From the top: the header (menus, open, model, detect, working score); images and layers on the left, stage rail and
canvas in the middle, settings, objects and explanation on the right; the status area at the bottom.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QAction, QCloseEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QMenuBar,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.actions import COMMANDS, build_actions
from app.annotate_side import AnnotateSide
from app.canvas.view import BoxCanvas
from app.dialogs import Dialogs
from app.field_keys import FieldKeys
from app.hold_key import HoldKey
from app.lesson_callouts import LessonCallouts
from app.menus import fill_menus, fill_recent
from app.panels.adjustments import AdjustmentsPopup
from app.panels.class_picker import ClassPicker
from app.panels.details_panel import DetailsPanel
from app.panels.empty_state import EmptyState
from app.panels.header import Header
from app.panels.image_list import ImageList
from app.panels.layer_tree import LayerTree
from app.panels.nms_bar import NmsBar
from app.panels.object_menu import ObjectMenu
from app.panels.objects_panel import ObjectsPanel
from app.panels.save_bar import SaveBar
from app.panels.settings_panel import SettingsPanel
from app.panels.stage_rail import StageRail
from app.panels.status import StatusArea
from app.panels.things_menu import ThingsMenu
from app.preferences import Preferences
from app.scene import Message, Scene, Workspace
from app.theme import Theme, ThemeKeeper, dress, style_sheet
from app.translation import tr
from app.window_commands import WindowCommands
from app.window_intents import WindowIntents
from app.window_sizes import WindowSizes

_SIDE_BUTTONS = {
    Qt.MouseButton.BackButton: "selection_back",
    Qt.MouseButton.ForwardButton: "selection_forward",
}


class MainWindow(WindowIntents):
    """All of the window.

    Attributes:
        canvas, rail, tree, settings, objects, details, images, status, header: the panels.
        things: the list of what is at one place of the canvas.
        actions_by_id: every command as an action.
        lesson: the callouts of the first start.
        sizes: how wide and high the parts are, and that it is remembered.
        dialogs: the questions asked in file dialogs.
    """

    def __init__(self, preferences: Preferences | None = None, parent: QWidget | None = None) -> None:
        preferences = preferences or Preferences()
        themes = ThemeKeeper(preferences.theme, preferences.large_text)
        # Before the first widget: the application's font reaches no widget that is there already.
        dress(themes.theme, themes.large_text)
        super().__init__(parent)
        self.preferences, self.themes = preferences, themes
        self._unsaved, self._are_kept, self._discards = 0, True, False
        self._is_busy = self._is_walking = self._is_studying = False
        themes.setParent(self)
        self.setWindowTitle("Boxscope")
        self.setAcceptDrops(True)
        self.actions_by_id = build_actions(self)
        self.dialogs = Dialogs(self)
        self._build_panels()
        self._lay_out()
        self.recent_menu = fill_menus(self.header.menu_bar, self.actions_by_id, self)
        self._connect_panels()
        self.commands = WindowCommands(self)
        self.hide_key = HoldKey(self.actions_by_id["hide_boxes"], self)
        self.field_keys = FieldKeys(self)
        self.themes.theme_changed.connect(self._on_theme)
        self._on_theme(self.themes.theme)
        self._show_choices()
        self.sizes.restore()
        self.start.setFocus()

    # -- showing -------------------------------------------------------------------------------------------------------

    def show_scene(self, scene: Scene) -> None:
        """Hand a scene to everything that draws it."""
        self.annotate.show_scene(scene)
        if scene.editing is not None:
            self.canvas.show_scene(scene)
            self.status.show_scene(scene)
            return
        for part in (self.canvas, self.rail, self.tree, self.settings, self.objects, self.details, self.status):
            part.show_scene(scene)
        focus = QApplication.focusWidget()
        had_keys = focus is not None and self.nms_bar.isAncestorOf(focus)
        self.nms_bar.show_scene(scene)
        if had_keys and not self.nms_bar.is_open:
            self.canvas.setFocus()

    def show_workspace(self, workspace: Workspace) -> None:
        """The panels and commands of one of the two workspaces."""
        annotates = workspace == "annotate"
        self.actions_by_id["workspace"].setChecked(annotates)
        self.rail.setVisible(not annotates)
        self.tree.setVisible(not annotates)
        self.sides.setCurrentWidget(self.annotate if annotates else self.right)
        self.actions_by_id["accept"].setEnabled(annotates)
        self.commands.offer(workspace)
        self.canvas.setFocus()

    def ask_class(self) -> None:
        """A class is wanted for a box that was drawn, for what is selected or for the next box."""
        self.class_asked.emit()

    def show_start(self, start: bool) -> None:
        """The first page with its buttons, or the canvas."""
        page: QWidget = self.start if start else self.canvas
        if page is not self.middle.currentWidget():
            self.middle.setCurrentWidget(page)
            page.setFocus()

    def show_busy(self, busy: bool) -> None:
        """Whether the detector runs: Detect becomes Cancel."""
        self._is_busy = busy
        self.header.show_busy(busy)
        self._show_cancel()

    def show_walking(self, walking: bool) -> None:
        """Whether images are being walked through, which can be cancelled too."""
        self._is_walking = walking
        self._show_cancel()

    @Slot(bool)
    def show_studying(self, studying: bool) -> None:
        """Whether something is looked into in the background, which can be cancelled too."""
        self._is_studying = studying
        self._show_cancel()

    def _show_cancel(self) -> None:
        self.actions_by_id["cancel"].setEnabled(self._is_busy or self._is_walking or self._is_studying)

    def show_models(self, models: Sequence[tuple[str, str]], current: str, device: str, speaker: str = "") -> None:
        """The models one can choose (id, name), the one in use, its device, and who else said what is on show."""
        self.header.show_models(tuple(models), current, device, speaker)

    def show_device(self, choice: str, available: Sequence[str]) -> None:
        """The chosen device and those this machine has."""
        for name in ("auto", "cpu", "cuda", "mps"):
            action = self.actions_by_id[f"device_{name}"]
            action.setEnabled(name in available)
            action.setChecked(name == choice)

    def show_source(self, words: str, problem: str = "", short: str = "") -> None:
        """Where the ground truth of this image comes from, or that it cannot be read and why; `short` in few words."""
        self.header.show_source(words, problem, short)

    def show_unsaved(self, paths: Iterable[Path]) -> None:
        """The images with something that is in no file."""
        self.images.show_unsaved(paths)

    def show_to_ask(self, images: int, *, are_kept: bool = True) -> None:
        """Changes of so many images would be in no file if the window closed now; kept for the next start, or lost."""
        self._unsaved, self._are_kept = images, are_kept

    def show_title(self, words: str) -> None:
        """The open image in the title."""
        self.setWindowTitle(f"{words} – Boxscope" if words else "Boxscope")

    def remember_folder(self, folder: Path) -> None:
        """Keep a folder as the last opened one."""
        self.preferences.remember_folder(folder)
        self._show_recent()

    def remember_case(self, path: Path) -> None:
        """The dialogs of cases begin in its folder; it is none of the folders of images."""
        self.preferences.case_folder = path.parent

    @Slot(object)
    def show_error(self, message: Message) -> None:
        """One sentence in the status area."""
        self.status.show_message(message, error=True)

    # -- building ------------------------------------------------------------------------------------------------------

    def _build_panels(self) -> None:
        self.header = Header(self.actions_by_id, self)
        self.images = ImageList(self)
        self.tree = LayerTree(self)
        self.rail = StageRail(self)
        self.canvas = BoxCanvas(self)
        self.nms_bar = NmsBar(self.actions_by_id, self)
        self.save_bar = SaveBar(self)
        self.start = EmptyState(self.actions_by_id, self)
        self.settings = SettingsPanel(self)
        self.objects = ObjectsPanel(self)
        self.details = DetailsPanel(self)
        self.status = StatusArea(self)
        self.things = ThingsMenu(self)
        self.annotate = AnnotateSide(self)
        self.class_picker = ClassPicker(self)
        self.object_menu = ObjectMenu(self.actions_by_id, self)
        self.adjustments = AdjustmentsPopup(self)

    def _lay_out(self) -> None:
        self.middle = QStackedWidget(self)
        self.middle.addWidget(self.start)
        self.middle.addWidget(self.canvas)
        self.middle.setMinimumWidth(320)
        centre = QWidget(self)
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.rail)
        column.addWidget(self.save_bar)
        self.canvas.bar_above = self.save_bar
        column.addWidget(self.middle, 1)
        column.addWidget(self.nms_bar)
        self.left = self._side("imagesSide", (self.images, self.tree), (1, 1))
        self.right = self._side("settingsSide", (self.settings, self.objects, self.details), (3, 2, 4))
        self.sides = QStackedWidget(self)
        self.sides.addWidget(self.right)
        self.sides.addWidget(self.annotate)
        self.left.setMinimumWidth(150)
        self.sides.setMinimumWidth(220)
        self.across = QSplitter(Qt.Orientation.Horizontal, self)
        self.across.setHandleWidth(1)
        self.across.setChildrenCollapsible(False)
        for part, stretch in ((self.left, 0), (centre, 1), (self.sides, 0)):
            self.across.addWidget(part)
            self.across.setStretchFactor(self.across.count() - 1, stretch)
        self.sizes = WindowSizes(self, self.across, self.left, self.right, self.actions_by_id)
        whole = QWidget(self)
        rows = QVBoxLayout(whole)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.header)
        rows.addWidget(self.across, 1)
        rows.addWidget(self.status)
        self.setCentralWidget(whole)
        self.lesson = LessonCallouts(whole, self.canvas, self.rail, self.settings, self.details)

    def _side(self, name: str, parts: Sequence[QWidget], stretches: Sequence[int]) -> QSplitter:
        side = QSplitter(Qt.Orientation.Vertical, self)
        side.setObjectName(name)
        side.setHandleWidth(1)
        side.setChildrenCollapsible(False)
        for place, (part, stretch) in enumerate(zip(parts, stretches, strict=True)):
            part.setMinimumHeight(84)
            side.addWidget(part)
            side.setStretchFactor(place, stretch)
        return side

    def _connect_panels(self) -> None:
        self.header.model_chosen.connect(self.model_chosen)
        self.header.working_score_moved.connect(self.working_score_moved)
        self.header.working_score_settled.connect(self.working_score_settled)
        self.header.working_score_reset.connect(self.working_score_reset)
        self.settings.settings_shown.connect(self.header.show_settings)
        self.settings.settings_shown.connect(self.details.show_settings)
        self.settings.all_reset.connect(self.all_reset)
        self.settings.pin_toggled.connect(self._on_pin_toggled)
        self.rail.stage_chosen.connect(self.stage_chosen)
        self.tree.nms_clicked.connect(self.nms_toggled)
        self.status.cancel_requested.connect(self.cancel_requested)
        self.dialogs.paths_chosen.connect(self.paths_opened)
        self.dialogs.weights_chosen.connect(self.weights_chosen)
        self.dialogs.picture_path_chosen.connect(self.picture_path_chosen)
        self.dialogs.case_path_chosen.connect(self.case_path_chosen)
        self.dialogs.image_wanted.connect(self._on_image_wanted)
        self.dialogs.discard_agreed.connect(self._on_discard_agreed)
        for command in COMMANDS:
            if command.on_canvas:
                self.canvas.addAction(self.actions_by_id[command.id])
        # The right button on a line of the list offers it.
        self.objects.view.addAction(self.actions_by_id["accept"])
        self.objects.view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def _show_choices(self) -> None:
        self.actions_by_id[f"theme_{self.themes.choice}"].setChecked(True)
        self.actions_by_id["large_text"].setChecked(self.themes.large_text)
        self.actions_by_id["show_images"].setChecked(True)
        self.actions_by_id["show_settings"].setChecked(True)
        self.show_device("auto", ("auto", "cpu"))
        self.show_models((), tr("no model"), "")
        self.show_busy(False)
        self.commands.offer("inspect")
        for name in ("crosshair", "keep_inside", "autosave"):
            self.actions_by_id[name].setChecked(self.preferences.flag(name, True))
        self.actions_by_id["wheel_scrolls"].setChecked(self.preferences.flag("wheel_scrolls", False))
        for name in ("undo", "redo", "accept", "save_case", "selection_back", "selection_forward"):
            self.actions_by_id[name].setEnabled(False)
        # A key held down accepts one box.
        self.actions_by_id["accept"].setAutoRepeat(False)
        self.settings.show_pinned(self.preferences.pinned_settings)
        self._show_recent()

    def _show_recent(self) -> None:
        fill_recent(self.recent_menu, self.preferences.recent_folders, self._on_recent)

    # -- what a person does --------------------------------------------------------------------------------------------

    @Slot(str, bool)
    def _on_pin_toggled(self, key: str, pinned: bool) -> None:
        keys = self.preferences.pinned_settings
        self.preferences.pinned_settings = keys | {key} if pinned else keys - {key}
        self.settings.show_pinned(self.preferences.pinned_settings)

    @Slot()
    def _on_discard_agreed(self) -> None:
        self._discards = True
        self.close()

    @Slot()
    def _on_recent(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.paths_opened.emit([Path(action.data())])

    @Slot(str)
    def _on_image_wanted(self, wanted: str) -> None:
        if not self.images.go_to(wanted):
            self.show_error(Message("window.no_such_image", {"wanted": wanted}))

    @Slot(object)
    def _on_theme(self, theme: Theme) -> None:
        dress(theme, self.themes.large_text)
        self.setStyleSheet(style_sheet(theme))
        for part in (
            self.header, self.canvas, self.rail, self.tree, self.settings, self.objects, self.details, self.images,
            self.status, self.things, self.lesson, self.nms_bar, self.annotate, self.save_bar, self.class_picker,
            self.object_menu, self.adjustments,
        ):  # fmt: skip
            part.set_theme(theme)
        self.sizes.fit_sides()

    # -- Qt ------------------------------------------------------------------------------------------------------------

    def menuBar(self) -> QMenuBar:  # noqa: N802  # Qt's name
        """The bar stands in the header, in one row with the tools."""
        return self.header.menu_bar

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The side buttons of a mouse go back and forward; canvas and explanation leave them to the window."""
        name = _SIDE_BUTTONS.get(event.button())
        if name is None:
            super().mousePressEvent(event)
        else:
            self.actions_by_id[name].trigger()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Two quick presses are two steps."""
        if event.button() in _SIDE_BUTTONS:
            self.mousePressEvent(event)
        else:
            super().mouseDoubleClickEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The canvas keeps its share of the width."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.sizes.fit_sides()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep the layout; who listens may end what runs. What cannot be saved is asked about first."""
        self.close_wanted.emit()
        if self._unsaved and not self._discards:
            event.ignore()
            self.dialogs.ask_discard(self._unsaved, are_kept=self._are_kept)
            return
        self.sizes.save()
        self.closing.emit()
        super().closeEvent(event)
