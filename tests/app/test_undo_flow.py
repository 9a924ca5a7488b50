"""What can be undone of settings and of each image, without threads: a window, the state, and what listens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.commands import FolderStep, setting_change
from app.document import Document
from app.jobs import ModelChoice
from app.sentences import say
from app.state import State
from app.undo_flow import UndoFlow
from app.window import MainWindow
from app.wording import text
from detector.config import Settings

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

KEYS = ("detections.nms_iou", "detections.min_score", "proposals.nms_iou")
IMAGE = np.zeros((40, 60, 3), np.uint8)
LABEL = say("undo.restored")


class Bench:
    """The flow with listeners that do what settings_flow and image_flow do."""

    def __init__(self, window):
        self.window = window
        self.state = State(ModelChoice("fake"))
        self.state.open(Document(Path("a.png"), IMAGE))
        self.flow = UndoFlow(window, self.state, window)
        self.said, self.left = [], []
        self.flow.settings_stepped.connect(self.take)
        self.flow.document_stepped.connect(self.state.edit)
        self.flow.said.connect(lambda message: self.said.append(text(message)))
        self.flow.aside_left.connect(lambda: self.left.append(True))

    def take(self, found, in_hand):
        self.state.settings = found

    def move(self, key, value):
        before = self.state.settings.value(key)
        self.flow.drag_settings(self.state.settings.with_value(key, value), setting_change(key, before, value))

    def accept(self, box, path="a.png"):
        self.open(path)
        after = self.state.document.with_proposed(box, "cat").objects
        self.flow.change_document(after, say("undo.accepted", name="cat #1"))

    def open(self, path):
        if self.state.document.path != Path(path):
            self.state.open(Document(Path(path), IMAGE))
            self.flow.image_changed()

    @property
    def texts(self):
        actions = self.window.actions_by_id
        return actions["undo"].text(), actions["redo"].text()

    @property
    def enabled(self):
        actions = self.window.actions_by_id
        return actions["undo"].isEnabled(), actions["redo"].isEnabled()

    def snapshot(self):
        edits = {path: edit.truth.boxes.tolist() for path, edit in self.state.edits.items()}
        return self.state.settings, edits


@pytest.fixture
def bench(qtbot):
    window = MainWindow()
    qtbot.addWidget(window)
    return Bench(window)


def test_the_menu_names_the_steps(bench):
    assert bench.texts == ("Undo", "Redo")
    assert bench.enabled == (False, False)
    bench.move(KEYS[0], 0.5)
    bench.accept((1, 2, 9, 9))
    assert bench.texts == ("Undo cat #1 accepted", "Redo")
    bench.flow.undo()
    assert bench.texts == ("Undo Detection NMS IoU 0.30 → 0.50", "Redo cat #1 accepted")
    bench.flow.undo()
    assert bench.texts == ("Undo", "Redo Detection NMS IoU 0.30 → 0.50")
    assert bench.enabled == (False, True)
    assert bench.said == [
        "Undone: cat #1 accepted. Ctrl+Y does it again.",
        "Undone: Detection NMS IoU 0.30 → 0.50. Ctrl+Y does it again.",
    ]
    bench.flow.redo()
    assert bench.said[-1] == "Done again: Detection NMS IoU 0.30 → 0.50. Ctrl+Z takes it back."


def test_with_nothing_to_undo_nothing_happens(bench):
    bench.flow.undo()
    bench.flow.redo()
    assert bench.said == []


def test_a_class_with_an_ampersand_is_read_in_the_menu(bench):
    bench.flow.change_settings(Settings().with_value(KEYS[0], 0.5), say("undo.accepted", name="salt&pepper #1"))
    assert bench.texts[0] == "Undo salt&&pepper #1 accepted"


def test_the_settings_that_hold_are_no_step(bench):
    bench.flow.change_settings(bench.state.settings, LABEL)
    assert bench.enabled == (False, False)


def test_a_gesture_ends_with_the_next_step_and_with_undo(bench):
    bench.move(KEYS[0], 0.5)
    bench.move(KEYS[0], 0.6)
    bench.flow.change_settings(bench.state.settings.with_value(KEYS[1], 0.2), LABEL)
    bench.move(KEYS[0], 0.7)
    bench.flow.undo()
    bench.flow.undo()
    bench.flow.undo()
    assert bench.state.settings == Settings()
    bench.flow.redo()
    bench.move(KEYS[0], 0.9)  # as if the slider were still held
    bench.flow.undo()
    assert bench.state.settings.detections.nms_iou == 0.6


def test_steps_of_another_models_settings_go_and_those_of_ground_truth_stay(bench):
    bench.move(KEYS[0], 0.5)
    bench.accept((1, 2, 9, 9))
    bench.flow.end_gesture()
    bench.move(KEYS[0], 0.6)
    bench.accept((3, 3, 9, 9))
    bench.move(KEYS[1], 0.2)
    bench.flow.undo()
    bench.flow.undo()  # the second box is what could be done again
    bench.flow.forget_settings()
    assert bench.state.settings.detections.nms_iou == 0.6
    assert bench.texts == ("Undo cat #1 accepted", "Redo cat #1 accepted")
    bench.flow.redo()
    assert len(bench.state.document.objects) == 2
    bench.flow.undo()
    bench.flow.undo()
    assert bench.state.document.ground_truth is None
    assert bench.enabled == (False, True)
    assert bench.state.settings.detections.nms_iou == 0.6


def test_what_was_done_while_settings_were_set_aside_is_no_step_afterwards(bench):
    bench.move(KEYS[0], 0.5)
    own = bench.state.settings
    bench.flow.set_aside()
    bench.state.settings = Settings()
    bench.move(KEYS[1], 0.2)
    bench.accept((1, 2, 9, 9))
    bench.flow.bring_back()
    bench.state.settings = own
    assert bench.texts == ("Undo cat #1 accepted", "Redo")
    bench.flow.undo()
    bench.flow.undo()
    assert bench.state.settings == Settings()
    assert bench.left == []
    bench.flow.redo()
    assert bench.state.settings == own


def test_undoing_past_the_setting_aside_ends_it(bench):
    bench.move(KEYS[0], 0.5)
    bench.flow.set_aside()
    bench.state.settings = Settings()
    bench.move(KEYS[1], 0.2)
    bench.flow.undo()
    assert bench.left == []
    bench.flow.undo()
    assert bench.left == [True]
    assert bench.state.settings == Settings()
    bench.flow.redo()
    assert bench.state.settings.detections.nms_iou == 0.5


def test_each_image_has_steps_of_its_own(bench):
    bench.accept((1, 2, 9, 9), "a.png")
    bench.accept((3, 3, 9, 9), "b.png")
    bench.accept((5, 5, 9, 9), "b.png")
    assert bench.flow.image_steps == (("cat #1 accepted", "cat #1 accepted"), 2)
    bench.open("a.png")
    assert bench.flow.image_steps == (("cat #1 accepted",), 1)
    bench.flow.undo()
    bench.flow.undo()  # nothing more was done here
    assert bench.state.edits.keys() == {Path("b.png")}
    bench.open("b.png")
    bench.flow.go_to(0)
    assert bench.state.edits == {}
    assert bench.flow.image_steps == (("cat #1 accepted", "cat #1 accepted"), 0)
    bench.flow.go_to(2)
    assert bench.state.document.objects.truth.boxes[:, 0].tolist() == [3, 5]
    bench.flow.forget_document(Path("b.png"))
    assert bench.flow.image_steps == ((), 0)


def test_in_annotate_no_setting_is_undone(bench):
    bench.accept((1, 2, 9, 9))
    bench.move(KEYS[0], 0.5)
    bench.state.view.workspace = "annotate"
    bench.flow.image_changed()
    assert bench.texts == ("Undo cat #1 accepted", "Redo")
    bench.flow.undo()
    bench.state.view.workspace = "inspect"
    bench.flow.image_changed()
    assert bench.texts == ("Undo Detection NMS IoU 0.30 → 0.50", "Redo cat #1 accepted")


def test_what_was_done_to_the_whole_folder_is_undone_in_annotate_while_it_is_open(bench):
    flow, done = bench.flow, []
    flow.open_folder(Path("x"))
    bench.state.view.workspace = "annotate"
    bench.accept((1, 1, 9, 9))
    before = bench.state.document.objects
    number = flow.bring_back_document(Path("a.png"), before, before.without(before.ids), LABEL)
    flow.add_folder_step(
        FolderStep(lambda step, again: done.append(again), Path("x"), say("undo.class.back", what="all"))
    )
    assert flow.next_undo.order == number + 1
    flow.undo()
    assert done == [False]
    assert bench.said[-1].startswith("Undone: all, taken back.")
    # What it consists of is taken back by who has done it, and is not what comes next when all is done again.
    assert flow.step_document(Path("a.png"), number, again=False)
    assert len(bench.state.document.objects) == 1
    assert not flow.step_document(Path("a.png"), number, again=False)
    assert not flow.step_document(Path("b.png"), number, again=False)
    flow.redo()
    assert done == [False, True]
    assert flow.step_document(Path("a.png"), number, again=True)
    assert len(bench.state.document.objects) == 0
    # It is not about another folder, and in Inspect no ground truth is changed but that of the image.
    flow.open_folder(Path("y"))
    assert flow.next_undo.order == number
    flow.open_folder(Path("x"))
    assert flow.next_undo.order == number + 1
    bench.state.view.workspace = "inspect"
    assert flow.next_undo.order == number
    # A step of the image that came later comes first.
    bench.state.view.workspace = "annotate"
    bench.accept((2, 2, 8, 8))
    flow.undo()
    assert done == [False, True]
    flow.undo()
    assert done == [False, True, False]


def test_in_inspect_what_was_done_in_annotate_stays(bench):
    drawn = bench.state.document.objects.with_objects([(1, 2, 9, 9)], ["cat"])
    bench.flow.change_document(drawn, LABEL)
    assert bench.enabled == (False, False)
    bench.flow.undo()
    assert len(bench.state.document.objects) == 1
    bench.flow.change_document(drawn.with_objects([(3, 2, 9, 9)], ["cat"], proposed=True), LABEL)
    bench.flow.undo()  # only proposed: no file says it
    bench.flow.undo()
    assert bench.state.document.objects.same_as(drawn)
    bench.state.view.workspace = "annotate"
    bench.flow.image_changed()
    bench.flow.undo()
    assert not len(bench.state.document.objects)


def test_what_goes_on_is_one_step_until_it_ends(bench):
    bench.state.view.workspace = "annotate"
    start = bench.state.document.with_proposed((1, 2, 9, 9), "cat").objects
    bench.flow.change_document(start, LABEL)
    for x in (2.0, 3.0, 4.0):
        after = bench.state.document.objects.with_boxes({0: (x, 2, x + 8, 9)})
        bench.flow.change_document(after, LABEL, goes_on=True)
    bench.flow.end_gesture()
    after = bench.state.document.objects.with_boxes({0: (5.0, 2, 13, 9)})
    bench.flow.change_document(after, LABEL, goes_on=True)
    assert bench.flow.image_steps[1] == 3
    bench.flow.undo()
    assert bench.state.document.objects.truth.boxes[0].tolist() == [4, 2, 12, 9]
    bench.flow.undo()
    assert bench.state.document.objects.truth.boxes[0].tolist() == [1, 2, 9, 9]
    bench.flow.change_document(bench.state.document.objects, LABEL)  # no change, no step
    assert bench.flow.image_steps[1] == 1


ACTS = st.one_of(
    st.tuples(st.just("move"), st.sampled_from(KEYS), st.sampled_from((0.3, 0.45, 0.6, 0.7))),
    st.tuples(st.just("settle")),
    st.tuples(st.just("accept"), st.sampled_from(("a.png", "b.png")), st.integers(1, 20)),
    st.tuples(st.just("undo")),
    st.tuples(st.just("redo")),
    st.tuples(st.just("reset")),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ACTS, max_size=30))
def test_whatever_was_done_all_undone_is_the_start_and_all_redone_the_end(bench, acts):
    flow = bench.flow
    rewind(bench)
    start = bench.snapshot()
    for act, *values in acts:
        if act == "move":
            bench.move(*values)
        elif act == "settle":
            flow.end_gesture()
        elif act == "accept":
            bench.accept((values[1], 1, 30, 30), values[0])
        elif act == "reset":
            flow.change_settings(Settings(), LABEL)
        else:
            (flow.undo if act == "undo" else flow.redo)()
    redo_all(bench)
    end = bench.snapshot()
    for path in ("a.png", "b.png"):
        bench.open(path)
        while flow.next_undo is not None:
            before = bench.snapshot()
            flow.undo()
            undone = bench.snapshot()
            assert undone != before  # every step is one
            flow.redo()
            assert bench.snapshot() == before
            flow.undo()
            assert bench.snapshot() == undone
    assert bench.snapshot() == start
    redo_all(bench)
    assert bench.snapshot() == end


def redo_all(bench):
    for path in ("b.png", "a.png"):
        bench.open(path)
        while bench.flow.next_redo is not None:
            bench.flow.redo()


def rewind(bench):
    """All undone, and nothing to be done again."""
    for path in ("a.png", "b.png"):
        bench.open(path)
        while bench.flow.next_undo is not None:
            bench.flow.undo()
        bench.flow.forget_document(Path(path))
    bench.flow.forget_settings()
    bench.open("a.png")
