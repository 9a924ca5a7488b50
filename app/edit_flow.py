"""What the hand and the keys do to the objects of the open image, each as one step that can be undone.

    canvas, panels, actions  --intents-->  EditFlow  --Edit-->  UndoFlow  -->  who holds it

Only in Annotate: in Inspect ground truth is locked, and every intent comes to nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from app.annotating import Copied
from app.edit import FLAGS, Box, Edit, Flag, moved, pasted
from app.image_flow import ImageFlow
from app.pending import pending_detections
from app.scene import Message, Ref
from app.scene_annotate import name_of
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
    """Changes the objects of the open image.

    Signals:
        hand_changed(): tool, class or selection are others; the objects are the same.
    """

    hand_changed = Signal()

    def __init__(self, window: MainWindow, state: State, images: ImageFlow, undo: UndoFlow, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._state, self._images, self._undo = window, state, images, undo
        self._gives_up = False
        self._nudged: tuple[int, ...] = ()
        self._nudged_at = 0.0
        canvas = window.canvas
        canvas.box_drawn.connect(self.draw)
        canvas.boxes_changed.connect(self.change_boxes)
        canvas.boxes_duplicated.connect(self.put_copies)
        canvas.object_toggled.connect(self._on_toggled)
        canvas.rows_chosen.connect(self.choose_rows)
        canvas.draw_ended.connect(self._on_draw_ended)
        canvas.space_tapped.connect(self._on_space)
        window.edit_requested.connect(self._on_command)

    # -- what can be changed -------------------------------------------------------------------------------------------

    @property
    def edit(self) -> Edit | None:
        """The objects of the open image; None where they cannot be changed, which is said."""
        state = self._state
        if state.document is None or state.view.workspace != "annotate":
            return None
        if self._images.is_reading:
            # What is pressed now is meant for the image that is not there yet.
            self._window.status.show_message(say("annotate.opening"))
            return None
        if state.document.case is not None:
            self._window.show_error(say("annotate.case"))
            return None
        if state.document.problem is not None:
            self._window.show_error(say("annotate.cannot"))
            return None
        return state.document.objects

    def _chosen(self, edit: Edit, *, free: bool = True) -> tuple[int, ...]:
        """The selected objects, said where there are none; `free`: without the locked ones."""
        found = self._state.annotating.chosen_of(edit)
        if not found:
            self._say(say("annotate.none_chosen"))
        elif free:
            locked = [each for each in found if each in edit.locked]
            found = tuple(each for each in found if each not in edit.locked)
            if locked and not found:
                self._say(say("annotate.locked", name=name_of(edit, edit.row_of(locked[0]))))
        return found

    def _say(self, message: Message) -> None:
        self._images.tell(message)

    def _change(self, after: Edit, label: Message, *, goes_on: bool = False, told: Message | None = None) -> None:
        self._undo.change_document(after, label, goes_on=goes_on)
        self._say(told or say("annotate.done", what=label))

    # -- drawing and moving --------------------------------------------------------------------------------------------

    @Slot(object)
    def draw(self, box: Box) -> None:
        """A box was drawn; it takes the current class, else it is asked for."""
        edit, hand = self.edit, self._state.annotating
        if edit is None:
            return
        if not hand.label:
            self._window.ask_class(for_box=box)
            return
        after = edit.with_objects([box], [hand.label])
        hand.choose(after.new_ids(edit))
        hand.use(hand.label)
        self._change(after, say("undo.drawn", name=name_of(after, after.row_of(hand.chosen[-1]))))

    @Slot(object)
    def change_boxes(self, boxes: Mapping[int, Box]) -> None:
        """Boxes were moved or resized by the hand, by row."""
        edit = self.edit
        if edit is None or not boxes:
            return
        by_id = {edit.ids[row]: box for row, box in boxes.items() if edit.ids[row] not in edit.locked}
        before = edit.truth.boxes[list(boxes)].tolist()
        is_moved = all(_same_size(one, other) for one, other in zip(before, boxes.values(), strict=True))
        what = self._what(edit, [edit.ids[row] for row in boxes])
        self._change(edit.with_boxes(by_id), say("undo.moved" if is_moved else "undo.resized", what=what))

    @Slot(object)
    def put_copies(self, boxes: Mapping[int, Box]) -> None:
        """Copies of objects were dropped at other places, by the row they are of."""
        edit = self.edit
        if edit is None or not boxes:
            return
        rows = list(boxes)
        after = _with_copies(edit, [_copied(edit, row, box) for row, box in boxes.items()])
        self._state.annotating.choose(after.new_ids(edit))
        self._change(after, say("undo.duplicated", what=self._what(edit, [edit.ids[row] for row in rows])))

    def nudge(self, dx: float, dy: float) -> None:
        """Move what is selected; a key that is held down or pressed again at once is one step."""
        edit, document = self.edit, self._state.document
        if edit is None or document is None:
            return
        ids = self._chosen(edit)
        rows = edit.rows_of(ids)
        if not rows:
            return
        now = time.monotonic()
        if ids != self._nudged or now - self._nudged_at > NUDGES_APART:
            self._undo.end_gesture()
        self._nudged, self._nudged_at = ids, now
        boxes = {edit.ids[row]: cast("Box", tuple(edit.truth.boxes[row].tolist())) for row in rows}
        inside = document.image_hw if self._state.annotating.keeps_inside else None
        after = edit.with_boxes(moved(boxes, dx, dy, inside))
        self._change(after, say("undo.moved", what=self._what(edit, ids)), goes_on=True)

    # -- copies --------------------------------------------------------------------------------------------------------

    def duplicate(self) -> None:
        """Copies beside what is selected."""
        edit, document = self.edit, self._state.document
        if edit is None or document is None:
            return
        ids = self._chosen(edit, free=False)
        if ids:
            copies = [_copied(edit, row) for row in edit.rows_of(ids)]
            self._paste(edit, copies, say("undo.duplicated", what=self._what(edit, ids)))

    def copy(self) -> None:
        """To the clipboard, for this image or another."""
        edit = self.edit
        ids = () if edit is None else self._chosen(edit, free=False)
        if edit is not None and ids:
            self._state.annotating.clipboard = tuple(_copied(edit, row) for row in edit.rows_of(ids))
            self._say(say("annotate.copied", what=self._what(edit, ids)))

    def paste(self) -> None:
        """What was copied, beside what is there already."""
        edit, copies = self.edit, self._state.annotating.clipboard
        if edit is None:
            return
        if not copies:
            self._say(say("annotate.nothing_copied"))
            return
        self._paste(edit, copies, say("undo.pasted", what=_several(copies)))

    def _paste(self, edit: Edit, copies: Sequence[Copied], label: Message) -> None:
        document = self._state.document
        assert document is not None
        there = [cast("Box", tuple(box)) for box in edit.truth.boxes.tolist()]
        placed = pasted([each.box for each in copies], there, document.image_hw)
        if len(placed) < len(copies):
            self._say(say("annotate.outside"))
            return
        moved_copies = [Copied(box, each.label, each.flags) for box, each in zip(placed, copies, strict=True)]
        after = _with_copies(edit, moved_copies)
        self._state.annotating.choose(after.new_ids(edit))
        self._change(after, label)

    def propose(self, copies: Sequence[Copied], label: Message, told: Message) -> None:
        """Objects that a person still has to accept: of the image before, of the detector."""
        edit = self.edit
        if edit is not None and copies:
            after = _with_copies(edit, copies, proposed=True)
            self._state.select(None)
            self._change(after, label, told=told)

    # -- what an object is ---------------------------------------------------------------------------------------------

    def relabel(self, label: str) -> None:
        """The class of what is selected; with nothing selected, of the next box."""
        edit, hand = self.edit, self._state.annotating
        if edit is None:
            return
        hand.use(label)
        ids = hand.chosen_of(edit)
        free = tuple(each for each in ids if each not in edit.locked)
        if free:
            self._change(edit.with_label(free, label), say("undo.relabelled", what=self._what(edit, free), cls=label))
        elif ids:
            self._chosen(edit)
        self.hand_changed.emit()

    def toggle_flag(self, flag: Flag) -> None:
        """Difficult, truncated, crowd: set on all that are selected unless all have it."""
        edit = self.edit
        ids = () if edit is None else self._chosen(edit)
        if edit is None or not ids:
            return
        value = not all(getattr(edit.truth, flag)[row] for row in edit.rows_of(ids))
        words = {"what": self._what(edit, ids), "flag": say(f"flag.{flag}")}
        self._change(edit.with_flag(ids, flag, value), Message(f"undo.flag_{'set' if value else 'cleared'}", words))

    def toggle_lock(self) -> None:
        """No gesture changes what is locked."""
        edit = self.edit
        ids = () if edit is None else self._chosen(edit, free=False)
        if edit is None or not ids:
            return
        locked = not all(each in edit.locked for each in ids)
        label = say("undo.locked" if locked else "undo.unlocked", what=self._what(edit, ids))
        self._change(edit.with_lock(ids, locked), label)

    def delete(self) -> None:
        """Take away what is selected."""
        edit = self.edit
        ids = () if edit is None else self._chosen(edit)
        if edit is not None and ids:
            self._state.select(None)
            self._change(edit.without(ids), say("undo.deleted", what=self._what(edit, ids)))

    # -- what is proposed ----------------------------------------------------------------------------------------------

    def accept(self) -> bool:
        """Proposed objects that are selected are accepted; False where none is."""
        edit = self.edit
        if edit is None:
            return False
        hand = self._state.annotating
        ids = tuple(each for each in hand.chosen_of(edit) if each in edit.proposed)
        if ids:
            after = edit.with_accepted(ids)
            self._change(after, say("undo.confirmed", what=self._what(edit, ids)))
            left = [each for each in edit.ids if each in after.proposed]
            if left:
                # Enter again accepts the next one.
                following = (each for each in left if edit.row_of(each) > edit.row_of(ids[-1]))
                self.choose(Ref("object", after.row_of(next(following, left[0]))))
        elif edit.proposed and self._state.view.selection is None:
            self._say(say("annotate.choose_proposed", n=len(edit.proposed)))
        return bool(ids)

    def accept_all(self) -> None:
        """All that is proposed; where nothing is, all detections that are no object yet are proposed."""
        edit = self.edit
        if edit is None:
            return
        if edit.proposed:
            what = self._what(edit, sorted(edit.proposed))
            self._change(edit.with_accepted(edit.proposed), say("undo.confirmed", what=what))
        else:
            self.prelabel()

    def prelabel(self, label: str | None = None) -> None:
        """Detections that are no object yet become proposed ones, all or those of one class."""
        state, trace = self._state, self._state.trace
        edit = self.edit
        if edit is None:
            return
        if trace is None or state.stale or state.document is None:
            self._window.actions_by_id["detect"].trigger()
            return
        if trace.ground_truth is not state.document.ground_truth:
            return  # what is an object already is about to be known
        names, found = trace.evidence.model.classes, trace.detections
        rows = [
            row
            for row in pending_detections(trace, edit.proposals)
            if label in (None, names[int(found.label[row]) - 1])
        ]
        if not rows:
            self._say(say("annotate.no_detections"))
            return
        # Whole pixels, as those that are drawn: many readers of VOC take nothing else.
        boxes = np.rint(trace.to_image(found.boxes[rows])).tolist()
        copies = [
            Copied(cast("Box", tuple(box)), names[int(found.label[row]) - 1])
            for row, box in zip(rows, boxes, strict=True)
        ]
        self.propose(copies, say("undo.accepted.several", n=len(copies)), say("annotate.prelabelled", n=len(copies)))

    def verify(self) -> None:
        """The image is right, or no longer; without objects it is verified empty."""
        edit = self.edit
        if edit is None:
            return
        if not edit.verified and edit.proposed:
            self._say(say("annotate.proposed_left", n=len(edit.proposed)))
            return
        verified = not edit.verified
        told = say("annotate.unverified")
        if verified:
            count = counted("annotate.boxes", len(edit))
            told = say("annotate.verified", what=count) if len(edit) else say("annotate.verified_empty")
        self._change(edit.with_verified(verified), say("undo.verified" if verified else "undo.unverified"), told=told)

    # -- selection -----------------------------------------------------------------------------------------------------

    def choose(self, ref: Ref | None) -> None:
        """Select one object, or nothing."""
        self._state.select(ref)
        self._undo.end_gesture()
        self.hand_changed.emit()

    @Slot(list)
    def choose_rows(self, rows: Sequence[int]) -> None:
        """Select several."""
        document = self._state.document
        if document is not None:
            ids = document.objects.ids
            self._state.annotating.choose(ids[row] for row in rows if 0 <= row < len(ids))
            self._undo.end_gesture()
            self.hand_changed.emit()

    @Slot(object)
    def _on_toggled(self, ref: Ref) -> None:
        document = self._state.document
        if document is not None and ref.kind == "object" and 0 <= ref.row < len(document.objects):
            self._state.annotating.toggle(document.objects.ids[ref.row])
            self._undo.end_gesture()
            self.hand_changed.emit()

    def step(self, by: int) -> None:
        """Select the next object, or the one before; after the last comes the first."""
        document, hand = self._state.document, self._state.annotating
        edit = None if document is None else document.objects
        if edit is None or not len(edit):
            return
        chosen = hand.chosen_of(edit)
        row = edit.row_of(chosen[-1]) + by if chosen else (0 if by > 0 else -1)
        self.choose(Ref("object", row % len(edit)))

    def select_all(self) -> None:
        """All objects."""
        document = self._state.document
        if document is not None:
            self.choose_rows(range(len(document.objects)))

    # -- commands ------------------------------------------------------------------------------------------------------

    def set_tool(self, drawing: bool, keeps: bool = False) -> None:
        """Draw, once or until it is ended; or select."""
        hand = self._state.annotating
        hand.tool, hand.keeps_drawing = ("draw", keeps) if drawing else ("select", False)
        self.hand_changed.emit()

    @Slot()
    def _on_draw_ended(self) -> None:
        if not self._state.annotating.keeps_drawing and not self._gives_up:
            self.set_tool(drawing=False)

    def escape(self) -> None:
        """Give up what is in hand; else the selection; else the tool."""
        self._gives_up = True
        gave_up = self._window.canvas.cancel_gesture()
        self._gives_up = False
        if gave_up:
            return
        document, hand = self._state.document, self._state.annotating
        if document is not None and (hand.chosen_of(document.objects) or self._state.view.selection is not None):
            self.choose(None)
        else:
            self.set_tool(drawing=False)

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
        simple = {
            "delete_box": self.delete,
            "duplicate_box": self.duplicate,
            "copy_box": self.copy,
            "paste_box": self.paste,
            "select_all": self.select_all,
            "lock_box": self.toggle_lock,
            "verify": self.verify,
            "accept_all": self.accept_all,
            "escape": self.escape,
        }
        if name in simple:
            simple[name]()
        elif family == "nudge":
            self._nudge_by(which)
        elif family == "class":
            self._choose_digit(which)
        elif family == "flag":
            self.toggle_flag(next(each for each in FLAGS if each == which))
        elif name in ("next_box", "previous_box"):
            self.step(+1 if family == "next" else -1)
        elif name in ("draw", "draw_more"):
            hand = self._state.annotating
            keeps = name == "draw_more"
            self.set_tool(drawing=hand.tool != "draw" or hand.keeps_drawing != keeps, keeps=keeps)

    def _nudge_by(self, which: str) -> None:
        way, _, far = which.partition("_")
        step = FAR if far else 1.0
        dx, dy = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}[way]
        self.nudge(dx * step, dy * step)

    def _choose_digit(self, digit: str) -> None:
        document = self._state.document
        classes = self._state.annotating.classes(None if document is None else document.objects)
        place = (int(digit) - 1) % 10
        if place < len(classes):
            self.relabel(classes[place])

    def _what(self, edit: Edit, ids: Sequence[int]) -> Message:
        """The one object by name, several by their number."""
        if len(ids) == 1:
            return name_of(edit, edit.row_of(ids[0]))
        return say("annotate.boxes", n=len(ids))


def _copied(edit: Edit, row: int, box: Box | None = None) -> Copied:
    truth = edit.truth
    flags: frozenset[Flag] = frozenset(each for each in FLAGS if getattr(truth, each)[row])
    return Copied(box or cast("Box", tuple(truth.boxes[row].tolist())), truth.labels[row], flags)


def copies_of(edit: Edit) -> list[Copied]:
    """All objects that a person has made or accepted."""
    return [_copied(edit, row) for row in range(len(edit)) if edit.ids[row] not in edit.proposed]


def _with_copies(edit: Edit, copies: Sequence[Copied], *, proposed: bool = False) -> Edit:
    flags = {each: [each in copy.flags for copy in copies] for each in FLAGS}
    return edit.with_objects(
        [copy.box for copy in copies], [copy.label for copy in copies], proposed=proposed, flags=flags
    )


def _several(copies: Sequence[Copied]) -> Message:
    return say("text", text=copies[0].label) if len(copies) == 1 else say("annotate.boxes", n=len(copies))


def _same_size(one: Sequence[float], other: Sequence[float]) -> bool:
    return all(abs((one[k + 2] - one[k]) - (other[k + 2] - other[k])) < 1e-3 for k in (0, 1))
