"""Annotate, the other of the two workspaces: its switch, its panels, and what is seen of the detector in it."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from PySide6.QtCore import QObject, QPoint, QTimer, Slot

from app.class_colors import class_colors
from app.edit import Box, Edit
from app.edit_gate import EditGate
from app.image_flow import ImageFlow
from app.network_flow import NetworkFlow
from app.scan_flow import ScanFlow
from app.scene import ClassRow, Message, Ref, Workspace
from app.scene_flow import SceneFlow
from app.sees import view_of
from app.sentences import say
from app.state import State
from app.tool_flow import ToolFlow
from app.undo_flow import UndoFlow
from app.window import MainWindow
from detector.messages import counted


class AnnotateFlow(QObject):
    """Goes between the workspaces, and between the panels of Annotate and what changes objects."""

    def __init__(
        self,
        window: MainWindow,
        state: State,
        images: ImageFlow,
        network: NetworkFlow,
        scenes: SceneFlow,
        undo: UndoFlow,
        gate: EditGate,
        tools: ToolFlow,
        scans: ScanFlow,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._window, self._state, self._images, self._network = window, state, images, network
        self._scenes, self._undo, self._gate, self._tools, self._scans = scenes, undo, gate, tools, scans
        self._dragged: tuple[int, Box] | None = None
        self._at: Path | None = None
        self._unnamed: dict[Path, tuple[Box, ...]] = {}
        """Boxes that wait for their class on images that are not open."""
        # Of the boxes that come while the hand moves, the last one of a turn is looked at.
        self._look = QTimer(self)
        self._look.setSingleShot(True)
        self._look.setInterval(0)
        self._look.timeout.connect(self._on_look)
        window.workspace_chosen.connect(self.choose_workspace)
        window.option_toggled.connect(self._on_option)
        window.canvas.box_dragged.connect(self._on_dragged)
        window.canvas.drag_ended.connect(self._on_drag_ended)
        window.annotate.boxes.row_activated.connect(self._on_row_activated)
        window.annotate.history.step_wanted.connect(gate.go_to)
        window.class_asked.connect(self._on_class_asked)
        window.class_picker.given_up.connect(self._on_class_given_up)
        network.evidence_changed.connect(self._on_model)
        gate.hand_changed.connect(self._on_hand_changed)
        undo.steps_changed.connect(self._show_steps)

    def start(self) -> None:
        """Switches as they were left."""
        hand, preferences = self._state.annotating, self._window.preferences
        hand.crosshair, hand.keeps_inside = preferences.flag("crosshair", True), preferences.flag("keep_inside", True)
        for name in ("prelabels", "sees"):
            self._window.actions_by_id[name].setChecked(preferences.flag(name, False))
        if preferences.flag("annotates", False):
            self.choose_workspace("annotate")

    # -- workspaces ----------------------------------------------------------------------------------------------------

    @Slot(str)
    def choose_workspace(self, name: str) -> None:
        """Annotate, or Inspect; what is selected stays so."""
        workspace: Workspace = "annotate" if name == "annotate" else "inspect"
        view = self._state.view
        if view.workspace == workspace:
            return
        view.workspace = workspace
        self._window.preferences.set_flag("annotates", workspace == "annotate")
        self._window.show_workspace(workspace)
        self._carry_unnamed()
        self._tools.select()
        self._carry_selection()
        self._undo.image_changed()
        self._images.tell(say(f"workspace.{workspace}"))
        self._scenes.ask()

    def _carry_selection(self) -> None:
        """The object one works on is the one that is explained, and the other way round."""
        state, hand = self._state, self._state.annotating
        if state.document is None:
            return
        objects = state.document.objects
        if state.view.workspace == "inspect":
            chosen = hand.chosen_of(objects)
            if chosen:
                state.select(Ref("object", objects.row_of(chosen[-1])))
            elif state.view.selection is not None and state.view.selection.ref.kind == "object":
                state.select(None)  # by its row it may be another one by now
        elif state.view.selection is not None:
            state.select(state.view.selection.ref)

    def document_changed(self) -> None:
        """Another image is open: classes it has, steps done to it."""
        self._window.class_picker.hide()
        self._carry_unnamed()
        self._tools.image_changed()
        self._choose_class()
        self._undo.image_changed()
        self.show_badge()

    def _carry_unnamed(self) -> None:
        """Boxes that wait for their class stay with their image, and are there again when it is; both is told."""
        hand, document = self._state.annotating, self._state.document
        is_here = document is not None and self._state.view.workspace == "annotate"
        path = document.path if document is not None and is_here else None
        if path == self._at:
            return
        if self._at is not None and hand.unnamed:
            self._unnamed[self._at] = hand.unnamed
            left = counted("annotate.unnamed_left", len(hand.unnamed))
            self._gate.tell(Message(left.id, {**left.values, "file": self._at.name}))
        self._at = path
        hand.unnamed = () if path is None else self._unnamed.pop(path, ())
        if hand.unnamed:
            self._gate.tell(say("annotate.unnamed"))

    def _choose_class(self) -> None:
        state, hand = self._state, self._state.annotating
        classes = hand.classes(None if state.document is None else state.document.objects)
        if not hand.label and classes:
            hand.label = classes[0]

    @Slot()
    def _on_model(self) -> None:
        """Its classes are at hand where the folder has none."""
        model = self._state.model
        # torchvision calls the numbers that COCO left out so.
        names = () if model is None else tuple(name for name in model.info.classes if name != "N/A")
        self._state.annotating.know_detector(names)

    @Slot()
    def show_classes(self) -> None:
        """Others are known in the folder, or other numbers of them."""
        self._scenes.totals = self._scans.totals
        self._choose_class()
        self._scenes.show_annotation()

    # -- panels and switches -------------------------------------------------------------------------------------------

    @Slot()
    def _on_hand_changed(self) -> None:
        actions, hand = self._window.actions_by_id, self._state.annotating
        actions["draw"].setChecked(hand.tool == "draw" and not hand.keeps_drawing)
        actions["draw_more"].setChecked(hand.tool == "draw" and hand.keeps_drawing)
        self.show_badge()
        self._show_checks()
        self._scenes.ask()

    def shown(self) -> None:
        """A scene is on the screen."""
        if self._state.view.workspace == "annotate":
            self.show_badge()
            self._show_checks()

    def _show_checks(self) -> None:
        """What is selected, in the ticks of the menu."""
        document = self._state.document
        if document is None:
            return
        edit, actions = document.objects, self._window.actions_by_id
        ids = self._state.annotating.chosen_of(edit)
        rows = edit.rows_of(ids)
        for flag in ("difficult", "truncated", "crowd"):
            actions[f"flag_{flag}"].setChecked(bool(rows) and bool(getattr(edit.truth, flag)[rows].all()))
        actions["lock_box"].setChecked(bool(ids) and all(each in edit.locked for each in ids))
        actions["verify"].setChecked(edit.verified)

    @Slot(str, bool)
    def _on_option(self, name: str, on: bool) -> None:
        hand = self._state.annotating
        if name == "crosshair":
            hand.crosshair = on
        elif name == "keep_inside":
            hand.keeps_inside = on
        elif name == "sees":
            hand.sees = on
        elif name == "prelabels":
            hand.prelabels = on
        else:
            return
        self._window.preferences.set_flag(name, on)
        if on and name in ("sees", "prelabels") and self._state.trace is None and not self._network.busy:
            self._window.actions_by_id["detect"].trigger()
        self.show_badge()
        self._scenes.ask()

    @Slot(int)
    def _on_row_activated(self, row: int) -> None:
        """Twice on a line: look at the box."""
        document = self._state.document
        if document is not None and row < len(document.objects):
            x1, y1, x2, y2 = document.objects.truth.boxes[row].tolist()
            self._window.canvas.zoom_to_box((x1, y1, x2, y2))

    @Slot()
    def _on_class_asked(self) -> None:
        """By typing: the class of the box that was just drawn, else of what is selected, else of the next box."""
        document, hand, canvas = self._state.document, self._state.annotating, self._window.canvas
        if document is None or self._state.view.workspace != "annotate":
            return
        edit = document.objects
        chosen = () if hand.unnamed else hand.chosen_of(edit)
        place, current = canvas.rect().center(), hand.label
        if chosen or hand.unnamed:
            row = edit.row_of(chosen[-1]) if chosen else -1
            x1, _, _, y2 = edit.truth.boxes[row].tolist() if chosen else hand.unnamed[-1]
            x, y = canvas.transform.to_widget(x1, y2)
            place, current = QPoint(round(x), round(y)), edit.truth.labels[row] if chosen else ""
        classes = self._rows_to_choose_from(edit)
        self._window.class_picker.open_at(canvas.mapToGlobal(place), classes, hand.recent, current)

    def _rows_to_choose_from(self, edit: Edit) -> tuple[ClassRow, ...]:
        """The classes of the list, then what else the model knows."""
        hand, scene = self._state.annotating, self._state.scene
        rows = () if scene is None or scene.editing is None else scene.editing.classes
        known = {row.name for row in rows}
        others = [name for name in hand.detector if name not in known]
        colors = class_colors((*(row.name for row in rows), *others), hand.colors)[len(rows) :]
        return (
            *rows, *(ClassRow(name, color, 0, is_offered=True) for name, color in zip(others, colors, strict=True)),
        )  # fmt: skip

    @Slot()
    def _on_class_given_up(self) -> None:
        self._gate.give_unnamed_up()

    @Slot()
    def _show_steps(self) -> None:
        self._window.annotate.show_steps(*self._undo.image_steps)

    # -- the detector's view -------------------------------------------------------------------------------------------

    @Slot(int, object)
    def _on_dragged(self, row: int, box: Box) -> None:
        if self._state.annotating.sees:
            self._dragged = (row, box)
            self._look.start()

    @Slot()
    def _on_drag_ended(self) -> None:
        self._look.stop()
        self._dragged = None
        self.show_badge()

    @Slot()
    def _on_look(self) -> None:
        self.show_badge()
        self._scenes.show_annotation()

    def show_badge(self) -> None:
        """What training would make of the selected box, or of the one in hand."""
        state, hand = self._state, self._state.annotating
        self._scenes.badge = None
        if not hand.sees or state.trace is None or state.stale or state.document is None:
            return
        edit = state.document.objects
        chosen = hand.chosen_of(edit)
        if self._dragged is not None:
            row, box = self._dragged
        elif len(chosen) == 1:
            row = edit.row_of(chosen[0])
            box = cast("Box", tuple(edit.truth.boxes[row].tolist()))
        else:
            return
        # Training would know nothing of the others that are only proposed.
        count = edit.num_accepted
        row = row if 0 <= row < count else count
        self._scenes.badge = view_of(state.trace, edit.truth.boxes[:count], row, box)
