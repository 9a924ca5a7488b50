"""Copies of objects: beside them, to the clipboard, from it to this image or another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from PySide6.QtCore import QObject, Slot

from app.annotating import Copied
from app.copies import copied, cut_to, with_copies
from app.edit import Box, Edit, pasted
from app.edit_gate import EditGate
from app.scene import Message
from app.scene_annotate import names_of
from app.sentences import say
from app.state import State
from app.window import MainWindow
from detector.messages import counted


class CopyFlow(QObject):
    """Copies, and puts down what was copied."""

    def __init__(self, window: MainWindow, state: State, gate: EditGate, parent: QObject) -> None:
        super().__init__(parent)
        self._state, self._gate = state, gate
        window.canvas.boxes_duplicated.connect(self.put_copies)
        window.edit_requested.connect(self._on_command)

    @Slot(object)
    def put_copies(self, boxes: Mapping[int, Box]) -> None:
        """Copies of objects were dropped at other places, by the id of the object they are of."""
        edit = self._gate.edit
        ids = [] if edit is None else [each for each in boxes if each in edit.ids]
        if edit is not None and ids:
            copies = [copied(edit, edit.row_of(each), boxes[each]) for each in ids]
            self._put(edit, copies, say("undo.duplicated", what=names_of(edit, ids)))

    def duplicate(self) -> None:
        """Copies beside what is selected."""
        edit = self._gate.edit
        ids = () if edit is None else self._gate.chosen(edit, free=False)
        if edit is not None and ids:
            copies = [copied(edit, row) for row in edit.rows_of(ids)]
            self._paste(edit, copies, "undo.duplicated", names_of(edit, ids))

    def copy(self) -> None:
        """To the clipboard, for this image or another."""
        edit = self._gate.edit
        ids = () if edit is None else self._gate.chosen(edit, free=False)
        if edit is not None and ids:
            self._state.annotating.clipboard = tuple(copied(edit, row) for row in edit.rows_of(ids))
            self._gate.tell(say("annotate.copied", what=names_of(edit, ids)))

    def paste(self) -> None:
        """What was copied, beside what is there already; what lies outside of the image is left out, and told."""
        edit, copies = self._gate.edit, self._state.annotating.clipboard
        if edit is not None and copies:
            self._paste(edit, copies, "undo.pasted")
        elif edit is not None:
            self._gate.tell(say("annotate.nothing_copied"))

    def _paste(self, edit: Edit, copies: Sequence[Copied], step: str, what: Message | None = None) -> None:
        """Put copies beside what is there; those that lie outside of the image are left out, and told."""
        document = self._state.document
        assert document is not None
        fitting = cut_to(copies, document.image_hw)
        if not fitting:
            self._gate.tell(say("annotate.outside"))
            return
        there = [cast("Box", tuple(box)) for box in edit.truth.boxes.tolist()]
        placed = pasted([each.box for each in fitting], there, document.image_hw)
        left_out = len(copies) - len(fitting)
        label = Message(step, {"what": what if what is not None and not left_out else _several(fitting)})
        done = _left_out(label, left_out) if left_out else None
        self._put(edit, [replace(each, box=box) for box, each in zip(placed, fitting, strict=True)], label, done)

    def _put(self, edit: Edit, copies: Sequence[Copied], label: Message, what: Message | None = None) -> None:
        after = with_copies(edit, copies)
        self._state.annotating.choose(after.new_ids(edit))
        self._gate.change(after, label, what=what)

    @Slot(str)
    def _on_command(self, name: str) -> None:
        done = {"duplicate_box": self.duplicate, "copy_box": self.copy, "paste_box": self.paste}
        if self._state.view.workspace == "annotate" and name in done:
            done[name]()


def _left_out(what: Message, number: int) -> Message:
    said = counted("annotate.left_out", number)
    return Message(said.id, {**said.values, "what": what})


def _several(copies: Sequence[Copied]) -> Message:
    return say("text", text=copies[0].label) if len(copies) == 1 else say("annotate.boxes", n=len(copies))
