"""What the hand and the keys do to the objects of the open image, each as one step that can be undone.

canvas, panels, actions  --intents-->  EditFlow  --Edit-->  EditGate
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import cast

from PySide6.QtCore import QObject, Slot

from app.canvas.box_changes import moved
from app.edit import FLAGS, Box, Flag
from app.edit_gate import EditGate
from app.scene import Message, Ref
from app.scene_annotate import name_of, names_of
from app.select_flow import SelectFlow
from app.sentences import say
from app.state import State
from app.undo_flow import UndoFlow
from app.window import MainWindow
from detector.messages import counted

FAR = 10.0
"""Pixels of a step with Shift."""

NUDGES_APART = 1.0
"""Seconds: a key that is pressed again within them goes on with the same step."""


class EditFlow(QObject):
    """Draws, moves and takes away; changes what an object is said to be, and whether the image is right."""

    def __init__(
        self,
        window: MainWindow,
        state: State,
        undo: UndoFlow,
        gate: EditGate,
        selects: SelectFlow,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._window, self._state, self._undo, self._gate, self._selects = window, state, undo, gate, selects
        self._nudged: tuple[int, ...] = ()
        self._nudged_at = 0.0
        window.canvas.box_drawn.connect(self.draw)
        window.canvas.boxes_changed.connect(self.change_boxes)
        window.canvas.locked_dragged.connect(self._on_locked_dragged)
        window.canvas.space_tapped.connect(self._on_space)
        window.annotate.classes.class_chosen.connect(self.relabel)
        window.annotate.classes.class_added.connect(self.add_class)
        window.class_picker.picked.connect(self.relabel)
        window.object_menu.class_chosen.connect(self.relabel)
        window.edit_requested.connect(self._on_command)

    # -- drawing and moving --------------------------------------------------------------------------------------------

    @Slot(object)
    def draw(self, box: Box) -> None:
        """A box was drawn; it takes the current class. Where there is none it waits for one, which is asked for."""
        hand = self._state.annotating
        if self._gate.edit is None:
            return
        hand.unnamed = (*hand.unnamed, box)
        if hand.label:
            self.relabel(hand.label)
        else:
            self._gate.tell(say("annotate.unnamed"))
            self._gate.hand_changed.emit()
            self._window.ask_class()

    @Slot(object)
    def change_boxes(self, boxes: Mapping[int, Box]) -> None:
        """Boxes were moved or resized by the hand, by the id of their object."""
        edit = self._gate.edit
        if edit is None:
            return
        there = set(edit.ids) - edit.locked
        boxes = {each: box for each, box in boxes.items() if each in there}
        if not boxes:
            return
        before = {each: edit.truth.boxes[edit.row_of(each)].tolist() for each in boxes}
        is_moved = all(_same_size(before[each], box) for each, box in boxes.items())
        what = names_of(edit, list(boxes))
        self._gate.change(edit.with_boxes(boxes), say("undo.moved" if is_moved else "undo.resized", what=what))

    @Slot(object)
    def _on_locked_dragged(self, ref: Ref) -> None:
        edit = self._gate.edit
        if edit is not None and ref.row < len(edit):
            self._gate.tell(say("annotate.locked", name=name_of(edit, ref.row)))

    def nudge(self, dx: float, dy: float) -> None:
        """Move what is selected; a key that is held down or pressed again at once is one step."""
        edit, document = self._gate.edit, self._state.document
        if edit is None or document is None:
            return
        ids = self._gate.chosen(edit)
        rows = edit.rows_of(ids)
        if not rows:
            return
        now = time.monotonic()
        if ids != self._nudged or now - self._nudged_at > NUDGES_APART:
            self._undo.end_gesture()
        self._nudged, self._nudged_at = ids, now
        boxes = {edit.ids[row]: cast("Box", tuple(edit.truth.boxes[row].tolist())) for row in rows}
        height, width = document.image_hw
        room = (width, height) if self._state.annotating.keeps_inside else None
        after = edit.with_boxes(moved(boxes, dx, dy, room))
        self._gate.change(after, say("undo.moved", what=names_of(edit, ids)), goes_on=True)

    # -- what an object is ---------------------------------------------------------------------------------------------

    @Slot(str)
    def relabel(self, label: str) -> None:
        """The class of the boxes that wait for one, else of what is selected, else of the next box.

        Where all that is selected is locked, it is refused: the next box keeps its class, too.
        """
        edit, hand = self._gate.edit, self._state.annotating
        if edit is None:
            return
        is_chosen = not hand.unnamed and bool(hand.chosen_of(edit))
        free = self._gate.chosen(edit) if is_chosen else ()
        if is_chosen and not free:
            return
        hand.use(label)
        if hand.unnamed:
            after = edit.with_objects(hand.unnamed, [label] * len(hand.unnamed))
            hand.unnamed = ()
            drawn = after.new_ids(edit)
            hand.choose(drawn[-1:])
            self._gate.change(after, say("undo.drawn", what=names_of(after, drawn)))
        elif free:
            self._gate.change(
                edit.with_label(free, label), say("undo.relabelled", what=names_of(edit, free), cls=label)
            )
        else:
            self._gate.tell(say("annotate.next_class", cls=label))
        self._gate.hand_changed.emit()

    @Slot(str)
    def add_class(self, label: str) -> None:
        """A class for the list and the next box; of the boxes that are there only those that wait for one get it."""
        hand = self._state.annotating
        if self._gate.edit is None:
            return
        if hand.unnamed:
            self.relabel(label)
            return
        hand.use(label)
        self._gate.tell(say("annotate.next_class", cls=label))
        self._gate.hand_changed.emit()

    def toggle_flag(self, flag: Flag) -> None:
        """Difficult, truncated, crowd: set on all that are selected unless all have it."""
        edit = self._gate.edit
        ids = () if edit is None else self._gate.chosen(edit)
        if edit is None or not ids:
            return
        value = not all(getattr(edit.truth, flag)[row] for row in edit.rows_of(ids))
        words = {"what": names_of(edit, ids), "flag": say(f"flag.{flag}")}
        label = Message(f"undo.flag_{'set' if value else 'cleared'}", words)
        self._gate.change(edit.with_flag(ids, flag, value), label)

    def toggle_lock(self) -> None:
        """No gesture changes what is locked."""
        edit = self._gate.edit
        ids = () if edit is None else self._gate.chosen(edit, free=False)
        if edit is None or not ids:
            return
        locked = not all(each in edit.locked for each in ids)
        label = say("undo.locked" if locked else "undo.unlocked", what=names_of(edit, ids))
        self._gate.change(edit.with_lock(ids, locked), label)

    def delete(self) -> None:
        """Take away what is selected; what waits for its class comes first."""
        edit = self._gate.edit
        if edit is None or self._gate.give_unnamed_up():
            return
        ids = self._gate.chosen(edit)
        if ids:
            self._state.select(None)
            self._gate.change(edit.without(ids), say("undo.deleted", what=names_of(edit, ids)))
            if edit.proposed.issuperset(ids):
                # One after the other is accepted or taken away.
                self._selects.go_on_proposed(edit.row_of(ids[0]))

    def verify(self) -> None:
        """The image is right, or no longer; without objects it is verified empty."""
        edit = self._gate.edit
        if edit is None:
            return
        if not edit.verified and edit.proposed:
            self._gate.tell(counted("annotate.proposed_left", len(edit.proposed)))
            return
        if not edit.verified and self._state.annotating.unnamed:
            self._gate.tell(say("annotate.unnamed"))
            return
        verified = not edit.verified
        told = say("annotate.unverified")
        if verified:
            count = counted("annotate.boxes", len(edit))
            told = say("annotate.verified", what=count) if len(edit) else say("annotate.verified_empty")
        label = say("undo.verified" if verified else "undo.unverified")
        self._gate.change(edit.with_verified(verified), label, told=told)

    # -- commands ------------------------------------------------------------------------------------------------------

    @Slot()
    def _on_space(self) -> None:
        if self._state.view.workspace == "annotate":
            self.verify()

    @Slot(str)
    def _on_command(self, name: str) -> None:
        """A command of the menu Annotate, by its id."""
        if self._state.view.workspace != "annotate":
            return
        family, _, which = name.partition("_")
        simple = {"delete_box": self.delete, "lock_box": self.toggle_lock, "verify": self.verify}
        if name in simple:
            simple[name]()
        elif family == "nudge":
            self._nudge_by(which)
        elif family == "class":
            self._choose_digit(which)
        elif family == "flag":
            self.toggle_flag(next(each for each in FLAGS if each == which))

    def _nudge_by(self, which: str) -> None:
        way, _, far = which.partition("_")
        step = FAR if far else 1.0
        dx, dy = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}[way]
        self.nudge(dx * step, dy * step)

    def _choose_digit(self, digit: str) -> None:
        document = self._state.document
        classes = self._state.annotating.classes_shown(None if document is None else document.objects)
        place = (int(digit) - 1) % 10
        if place < len(classes):
            self.relabel(classes[place])
        else:
            self._gate.tell(say("annotate.no_such_class", digit=digit))


def _same_size(one: Sequence[float], other: Sequence[float]) -> bool:
    return all(abs((one[k + 2] - one[k]) - (other[k + 2] - other[k])) < 1e-3 for k in (0, 1))
