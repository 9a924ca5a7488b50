"""What opens over the picture in Annotate: the menu of an object, and how picture and boxes look."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QPoint, Slot

from app.copy_flow import CopyFlow
from app.edit import FLAGS
from app.edit_flow import EditFlow
from app.look import Look
from app.scene import BoxRow, Ref
from app.scene_flow import SceneFlow
from app.select_flow import SelectFlow
from app.state import State
from app.window import MainWindow
from detector.trace import Outcome


class LookFlow(QObject):
    """Opens the menu and the sliders, and does what is chosen there."""

    def __init__(
        self,
        window: MainWindow,
        state: State,
        scenes: SceneFlow,
        edits: EditFlow,
        selects: SelectFlow,
        copies: CopyFlow,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._window, self._state, self._scenes = window, state, scenes
        self._edits, self._selects, self._copies = edits, selects, copies
        window.canvas.menu_wanted.connect(self._on_menu_wanted)
        window.annotate.boxes.menu_wanted.connect(self._show_menu)
        window.edit_requested.connect(self._on_command)
        window.adjustments.moved.connect(self._on_look)
        window.adjustments.settled.connect(self._on_settled)
        menu = window.object_menu
        menu.class_wanted.connect(window.ask_class)
        menu.flag_toggled.connect(self._on_flag)
        menu.lock_toggled.connect(self._on_lock)
        menu.accept_wanted.connect(window.accept_requested)
        menu.duplicate_wanted.connect(self._on_duplicate)
        menu.copy_wanted.connect(self._on_copy)
        menu.delete_wanted.connect(self._on_delete)
        menu.zoom_wanted.connect(self._on_zoom)
        menu.inspect_wanted.connect(self._on_inspect)

    def start(self) -> None:
        """As it was left."""
        look = self._window.preferences.look
        self._window.adjustments.show_look(look)
        self._take(look)

    # -- the menu ------------------------------------------------------------------------------------------------------

    @Slot(object, QPoint)
    def _on_menu_wanted(self, ref: Ref | None, place: QPoint) -> None:
        """The right button: the object under it is selected first, unless it is one of several."""
        document = self._state.document
        if document is None:
            return
        objects, hand = document.objects, self._state.annotating
        is_object = ref is not None and ref.kind == "object" and ref.row < len(objects)
        if ref is not None and not (is_object and objects.ids[ref.row] in hand.chosen):
            self._selects.choose(ref)
        self._show_menu(place)

    @Slot(QPoint)
    def _show_menu(self, place: QPoint) -> None:
        scene = self._state.scene
        if scene is not None and scene.editing is not None:
            rows = [row for row in scene.editing.rows if row.row in scene.editing.chosen]
            self._window.object_menu.show_for(rows, scene.editing.classes, place, is_missed=self._is_missed(rows))

    def _is_missed(self, rows: Sequence[BoxRow]) -> bool:
        trace = self._state.trace
        if len(rows) != 1 or trace is None or trace.judgement is None:
            return False
        judged = trace.judgement.objects
        return rows[0].row < len(judged) and judged[rows[0].row].outcome is Outcome.MISSED

    @Slot(str, bool)
    def _on_flag(self, name: str, on: bool) -> None:
        self._edits.toggle_flag(next(flag for flag in FLAGS if flag == name))

    @Slot(bool)
    def _on_lock(self, on: bool) -> None:
        self._edits.toggle_lock()

    @Slot()
    def _on_duplicate(self) -> None:
        self._copies.duplicate()

    @Slot()
    def _on_copy(self) -> None:
        self._copies.copy()

    @Slot()
    def _on_delete(self) -> None:
        self._edits.delete()

    @Slot()
    def _on_zoom(self) -> None:
        document = self._state.document
        if document is None:
            return
        edit = document.objects
        rows = edit.rows_of(self._state.annotating.chosen_of(edit))
        if rows:
            boxes = edit.truth.boxes[rows]
            x1, y1 = boxes[:, :2].min(axis=0).tolist()
            x2, y2 = boxes[:, 2:].max(axis=0).tolist()
            self._window.canvas.zoom_to_box((x1, y1, x2, y2))

    @Slot()
    def _on_inspect(self) -> None:
        """Why it was found or missed."""
        self._window.actions_by_id["workspace"].setChecked(False)

    # -- how it looks --------------------------------------------------------------------------------------------------

    @Slot(str)
    def _on_command(self, name: str) -> None:
        if name == "adjust":
            self._window.adjustments.open_below(self._window.header.workspaces)

    @Slot(object)
    def _on_look(self, look: Look) -> None:
        self._take(look)
        self._scenes.show_annotation()

    @Slot()
    def _on_settled(self) -> None:
        self._window.preferences.look = self._window.adjustments.look

    def _take(self, look: Look) -> None:
        hand, canvas = self._state.annotating, self._window.canvas
        hand.line_width, hand.fill = look.line_width, look.fill
        canvas.set_adjustments(look.brightness, look.contrast, look.gamma)
        font = canvas.font()
        font.setPixelSize(round(look.label_size))
        canvas.setFont(font)
