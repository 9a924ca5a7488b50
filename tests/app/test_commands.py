"""Single steps; what Ctrl+Z does with them stands in test_undo_flow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QUndoStack

from app.commands import DocumentStep, SettingsStep, setting_change
from app.document import Document
from app.sentences import say
from detector.config import Settings

LABEL = say("undo.restored")
START = Settings()


def moved(value):
    return START.with_value("detections.nms_iou", value)


@pytest.fixture
def applied():
    return []


@pytest.fixture
def stack(qapp):
    return QUndoStack()


def drag(stack, applied, before, after, gesture=1):
    label = setting_change("detections.nms_iou", before.detections.nms_iou, after.detections.nms_iou)
    stack.push(SettingsStep(lambda step, now, in_hand: applied.append((now, in_hand)), before, after, label, gesture))


def test_a_drag_is_one_step_from_its_first_value_to_its_last(stack, applied):
    for before, after in ((START, moved(0.4)), (moved(0.4), moved(0.5)), (moved(0.5), moved(0.6))):
        drag(stack, applied, before, after)
    assert stack.count() == 1
    assert stack.undoText() == "Detection NMS IoU 0.30 → 0.60"
    assert [in_hand for _, in_hand in applied] == [True] * 3
    stack.undo()
    assert applied[-1] == (START, False)
    stack.redo()
    assert applied[-1] == (moved(0.6), False)


def test_another_gesture_is_another_step(stack, applied):
    drag(stack, applied, START, moved(0.4), gesture=1)
    drag(stack, applied, moved(0.4), moved(0.5), gesture=2)
    assert stack.count() == 2


def test_a_drag_that_ends_where_it_began_is_no_step(stack, applied):
    drag(stack, applied, START, moved(0.4))
    drag(stack, applied, moved(0.4), START)
    assert stack.count() == 0
    assert applied[-1] == (START, True)


def test_a_step_that_is_no_gesture_stays_by_itself(stack, applied):
    drag(stack, applied, START, moved(0.4), gesture=0)
    drag(stack, applied, moved(0.4), moved(0.5), gesture=0)
    assert stack.count() == 2
    assert [in_hand for _, in_hand in applied] == [False, False]


def test_a_copy_does_not_go_on_with_the_gesture(stack, applied):
    drag(stack, applied, START, moved(0.4))
    copied = stack.command(0).copy()
    assert (copied.before, copied.after, copied.gesture, copied.label) == (
        START, moved(0.4), 0, stack.command(0).label,
    )  # fmt: skip


def test_a_step_of_ground_truth(stack):
    document = Document(Path("a.png"), np.zeros((9, 9, 3), np.uint8))
    before, after = document.objects, document.with_proposed((1, 1, 5, 5), "cat").objects
    applied = []
    stack.push(DocumentStep(lambda *what: applied.append(what), document.path, before, after, say("undo.restored")))
    stack.undo()
    stack.redo()
    assert applied == [(document.path, after), (document.path, before), (document.path, after)]


def test_pieces_of_one_gesture_on_an_image_are_one_step(stack):
    start = Document(Path("a.png"), np.zeros((9, 9, 3), np.uint8)).with_proposed((1, 1, 5, 5), "cat").objects
    applied = []

    def push(before, after, gesture):
        step = DocumentStep(lambda *what: applied.append(what), Path("a.png"), before, after, LABEL, gesture)
        stack.push(step)

    one, two = start.with_boxes({0: (2, 1, 6, 5)}), start.with_boxes({0: (3, 1, 7, 5)})
    push(start, one, 7)
    push(one, two, 7)
    assert stack.count() == 1
    stack.undo()
    assert applied[-1][1] is start
    stack.redo()
    assert applied[-1][1] is two
    push(two, start.with_boxes({0: (1, 1, 5, 5)}).with_accepted([]), 8)
    assert stack.count() == 2
