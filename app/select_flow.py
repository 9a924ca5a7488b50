"""Which objects of the open image are selected in Annotate."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Slot

from app.edit_gate import EditGate
from app.scene import Ref
from app.sentences import say
from app.state import State
from app.undo_flow import UndoFlow
from app.window import MainWindow


class SelectFlow(QObject):
    """Selects objects: by click, rubber band, list and keys."""

    def __init__(self, window: MainWindow, state: State, undo: UndoFlow, gate: EditGate, parent: QObject) -> None:
        super().__init__(parent)
        self._state, self._undo, self._gate = state, undo, gate
        window.canvas.object_toggled.connect(self._on_toggled)
        window.canvas.rows_chosen.connect(self.choose_rows)
        window.annotate.boxes.rows_chosen.connect(self.choose_rows)
        window.annotate.classes.select_all_wanted.connect(self._on_class)
        window.edit_requested.connect(self._on_command)

    def choose(self, ref: Ref | None) -> None:
        """Select one object, or nothing."""
        self._state.select(ref)
        self._changed()

    @Slot(list)
    def choose_rows(self, rows: Sequence[int]) -> None:
        """Select several."""
        document = self._state.document
        if document is not None:
            ids = document.objects.ids
            self._state.annotating.choose(ids[row] for row in rows if 0 <= row < len(ids))
            self._changed()

    def select_all(self) -> None:
        """All objects that are seen."""
        document = self._state.document
        if document is not None and not self._are_hidden():
            self.choose_rows(range(len(document.objects)))

    def _are_hidden(self) -> bool:
        """Nobody selects several that nobody sees, to delete them perhaps; it is said."""
        is_hidden = self._state.view.hide_boxes
        if is_hidden:
            self._gate.tell(say("annotate.hidden"))
        return is_hidden

    def step(self, by: int) -> None:
        """Select the next object, or the one before; after the last comes the first."""
        document, hand = self._state.document, self._state.annotating
        edit = None if document is None else document.objects
        if edit is None or not len(edit):
            return
        chosen = hand.chosen_of(edit)
        row = edit.row_of(chosen[-1]) + by if chosen else (0 if by > 0 else -1)
        self.choose(Ref("object", row % len(edit)))

    def go_on_proposed(self, row: int) -> None:
        """Select the next object that nobody has accepted, from a row on; after the last comes the first."""
        document = self._state.document
        proposed = () if document is None else sorted(document.objects.proposed_rows)
        if proposed:
            self.choose(Ref("object", next((each for each in proposed if each >= row), proposed[0])))

    def _changed(self) -> None:
        self._undo.end_gesture()
        self._gate.hand_changed.emit()

    @Slot(object)
    def _on_toggled(self, ref: Ref) -> None:
        document = self._state.document
        if document is not None and ref.kind == "object" and 0 <= ref.row < len(document.objects):
            self._state.annotating.toggle(document.objects.ids[ref.row])
            self._changed()

    @Slot(str)
    def _on_class(self, label: str) -> None:
        document = self._state.document
        if document is not None and not self._are_hidden():
            self.choose_rows([row for row, each in enumerate(document.objects.truth.labels) if each == label])

    @Slot(str)
    def _on_command(self, name: str) -> None:
        if self._state.view.workspace != "annotate":
            return
        if name == "select_all":
            self.select_all()
        elif name in ("next_box", "previous_box"):
            self.step(+1 if name == "next_box" else -1)
