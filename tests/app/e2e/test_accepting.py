"""A detection becomes ground truth, is taken back and done again, in the real window with the real threads."""

from __future__ import annotations

import os

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMessageBox

from app.scene import Ref, Role
from app.scene_flow import image_state
from app.wording import text
from tests.helpers.app_windows import (
    LABELS,
    OBJECTS,
    WAIT_MS,
    annotate,
    forget_edits,
    open_window,
    settled,
    wait_settled,
    write_folder,
    write_image,
)


@pytest.fixture
def folder(tmp_path):
    """Three images; in the first one nobody annotated the dog."""
    paths = write_folder(tmp_path / "images")
    annotate(paths[0], OBJECTS[[0, 2]], (LABELS[0], LABELS[2]))
    return paths


@pytest.fixture
def opened(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0].parent])
        wait_settled(qtbot, controller, "image_0.png")
        yield window, controller
        forget_edits(controller)
        window.show_unsaved({})


def up_to_date(controller):
    """The scene shows the open image with the ground truth it has now."""
    state = controller.state
    scene, document = state.scene, state.document
    if scene.editing is None and sum(row.kind == "proposed" for row in scene.objects) != len(document.proposed):
        return False
    return settled(controller) and state.trace.ground_truth is document.ground_truth


def wait(qtbot, controller):
    qtbot.waitUntil(lambda: up_to_date(controller), timeout=WAIT_MS)


def select_false_positive(qtbot, window, controller):
    (row,) = [row for row in controller.state.scene.objects if row.kind.startswith("false_positive")]
    window.objects.picked.emit(row.ref)
    qtbot.waitUntil(lambda: controller.state.scene.selected == row.ref, timeout=WAIT_MS)
    return row.ref


def told(controller):
    """The image's second line in the list."""
    return [text(message) for message, _ in image_state(controller.state.trace, controller.state.scene)]


def kinds(controller):
    return [row.kind for row in controller.state.scene.objects]


def accept(qtbot, window, controller):
    ref = select_false_positive(qtbot, window, controller)
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_Return)
    wait(qtbot, controller)
    return ref


def test_proposed_undone_and_redone(opened, qtbot):
    """Nobody's ground truth: what was found, missed and false stays so until it is accepted in Annotate."""
    window, controller = opened
    assert told(controller) == ["2 found", "1 false"]
    runs = controller.state.evidence
    ref = accept(qtbot, window, controller)
    assert (
        window.status.message.text()
        == "dog #3 is proposed; Enter in Annotate accepts it for good. Ctrl+Z takes it back."
    )
    assert controller.state.document.proposed == {2}
    # the detection's own box, in whole pixels of the image
    box = controller.state.trace.to_image(controller.state.trace.detections.boxes[ref.row][None])[0]
    assert controller.state.document.objects.truth.boxes[2].tolist() == np.rint(box).tolist()
    assert told(controller) == ["2 found", "1 false"]
    assert window.images.model.state(0).words == ("2 found", "1 false")
    assert kinds(controller) == ["false_positive.background", "found", "found", "proposed"]
    assert window.images.model.is_unsaved(0)
    assert "1 object proposed" in window.header.source.text()
    assert controller.state.scene.selected == ref

    qtbot.keyClick(window.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    wait(qtbot, controller)
    assert window.status.message.text() == "Undone: dog #3 proposed. Ctrl+Y does it again."
    assert told(controller) == ["2 found", "1 false"]
    assert controller.state.document.proposed == frozenset()
    assert not window.images.model.is_unsaved(0)
    assert "proposed" not in window.header.source.text()

    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(window.canvas, Qt.Key.Key_Z, keys)
    wait(qtbot, controller)
    assert controller.state.document.proposed == {2}
    qtbot.keyClick(window.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(window.canvas, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    wait(qtbot, controller)
    assert controller.state.document.proposed == {2}
    assert controller.state.evidence is runs  # the network was not asked again


def test_accepted_found_undone_false_again_and_redone(opened, qtbot):
    """In Annotate: only there somebody says that it is an object."""
    window, controller = opened
    accept(qtbot, window, controller)
    runs = controller.state.evidence

    def listed(*words):
        qtbot.waitUntil(lambda: window.images.model.state(0).words == words, timeout=WAIT_MS)

    window.actions_by_id["workspace"].setChecked(True)
    wait(qtbot, controller)
    dog = window.annotate.classes.model.rows[window.annotate.classes.model.place_of("dog")]
    assert (dog.count, dog.proposed) == (0, 1)
    controller.selects.choose(Ref("object", 2))
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_Return)
    wait(qtbot, controller)
    dog = window.annotate.classes.model.rows[window.annotate.classes.model.place_of("dog")]
    assert (dog.count, dog.proposed) == (1, 0)
    assert controller.state.document.proposed == frozenset()
    listed("3 found")
    window.actions_by_id["undo"].trigger()
    wait(qtbot, controller)
    listed("2 found", "1 false")
    assert controller.state.document.proposed == {2}
    window.actions_by_id["redo"].trigger()
    wait(qtbot, controller)
    listed("3 found")
    window.actions_by_id["workspace"].setChecked(False)
    qtbot.waitUntil(lambda: kinds(controller) == ["found"] * 3, timeout=WAIT_MS)
    assert controller.state.evidence is runs  # the network was not asked again


def test_a_proposed_object_can_be_told_from_a_saved_one(opened, qtbot):
    window, controller = opened
    accept(qtbot, window, controller)
    names = [text(row.name) for row in controller.state.scene.objects]
    assert names == ["detection 1", "cat #1", "cat #2", "dog #3 · proposed"]
    layers = {layer.id: layer for layer in controller.state.scene.layers}
    assert layers["ground_truth.proposed"].role is Role.PROPOSED
    assert layers["ground_truth.proposed"].labels == ("dog #3 proposed",)
    assert len(layers["ground_truth.objects"].rows) == 2
    window.objects.picked.emit(Ref("object", 2))
    qtbot.waitUntil(lambda: controller.state.scene.selected == Ref("object", 2), timeout=WAIT_MS)
    assert text(controller.state.scene.details.explanation.title) == "dog #3 · proposed"
    assert controller.state.scene.marks[-1].role is Role.PROPOSED
    # where the detector finds nothing, it is not missed
    window.settings.setting_moved.emit("matching.working_score", 1.0)
    wait(qtbot, controller)
    missed = {layer.id: layer for layer in controller.state.scene.layers}["ground_truth.missed"]
    assert missed.labels == ("cat #1 missed", "cat #2 missed")


def test_enter_twice_accepts_once(opened, qtbot):
    window, controller = opened
    select_false_positive(qtbot, window, controller)
    for _ in range(3):
        window.actions_by_id["accept"].trigger()
    wait(qtbot, controller)
    assert len(controller.state.document.objects) == 3
    assert not window.actions_by_id["accept"].isEnabled()  # it is proposed already
    window.accept_requested.emit()
    assert len(controller.state.document.objects) == 3


def test_the_explanation_and_the_list_accept_too(opened, qtbot):
    window, controller = opened
    ref = select_false_positive(qtbot, window, controller)
    assert window.actions_by_id["accept"] in window.objects.view.actions()
    window.details.accept_requested.emit(ref)
    wait(qtbot, controller)
    assert controller.state.document.proposed == {2}


def test_only_a_selected_detection_can_be_accepted(opened, qtbot):
    window, controller = opened
    accept_action = window.actions_by_id["accept"]
    assert not accept_action.isEnabled()
    window.accept_requested.emit()
    for ref in (Ref("object", 0), Ref("anchor", 3), Ref("proposal", 3)):
        window.objects.picked.emit(ref)
        qtbot.waitUntil(lambda ref=ref: controller.state.scene.selected == ref, timeout=WAIT_MS)
        assert not accept_action.isEnabled()
        window.accept_requested.emit()
    assert controller.state.edits == {}
    ref = select_false_positive(qtbot, window, controller)
    assert accept_action.isEnabled()
    window.details.accept_requested.emit(Ref("detection", 10**6))
    assert controller.state.edits == {}


def test_enter_in_a_text_field_accepts_nothing(opened, qtbot):
    window, controller = opened
    select_false_positive(qtbot, window, controller)
    window.settings.headers["detections"].setChecked(True)
    for field in (window.images.search_field, window.settings.rows["detections.nms_iou"].box):
        field.setFocus()
        qtbot.keyClick(field, Qt.Key.Key_Return)
        qtbot.keyClick(field, Qt.Key.Key_Enter)
    assert controller.state.edits == {}


def test_it_is_there_again_when_its_image_is(opened, qtbot):
    window, controller = opened
    accept(qtbot, window, controller)
    edited, runs = controller.state.document.objects, controller.state.evidence
    qtbot.keyClick(window.canvas, Qt.Key.Key_D)
    wait_settled(qtbot, controller, "image_1.png")
    assert controller.state.document.proposed == frozenset()
    assert [window.images.model.is_unsaved(row) for row in range(3)] == [True, False, False]
    qtbot.keyClick(window.canvas, Qt.Key.Key_A)
    wait_settled(qtbot, controller, "image_0.png")
    wait(qtbot, controller)
    assert controller.state.document.objects is edited
    assert controller.state.evidence is runs
    assert kinds(controller)[-1] == "proposed"


def test_what_was_done_on_another_image_is_undone_there(opened, qtbot):
    window, controller = opened
    accept(qtbot, window, controller)
    qtbot.keyClick(window.canvas, Qt.Key.Key_D)
    wait_settled(qtbot, controller, "image_1.png")
    assert not window.actions_by_id["undo"].isEnabled()
    qtbot.keyClick(window.canvas, Qt.Key.Key_A)
    wait_settled(qtbot, controller, "image_0.png")
    window.actions_by_id["undo"].trigger()
    wait(qtbot, controller)
    assert controller.state.document.proposed == frozenset()
    assert window.status.message.text() == "Undone: dog #3 proposed. Ctrl+Y does it again."


def test_files_that_change_meanwhile_do_not_take_it_away(opened, qtbot, folder):
    window, controller = opened
    accept(qtbot, window, controller)
    qtbot.keyClick(window.canvas, Qt.Key.Key_D)
    wait_settled(qtbot, controller, "image_1.png")
    annotate(folder[0], OBJECTS[:1], LABELS[:1])
    os.utime(folder[0].with_suffix(".xml"), ns=(1, 1))
    qtbot.keyClick(window.canvas, Qt.Key.Key_A)
    wait_settled(qtbot, controller, "image_0.png")
    assert controller.state.document.proposed == {2}
    assert "was changed by another program" in window.status.message.text()


def test_an_image_without_ground_truth_has_one_object_once_it_is_accepted(qtbot, tmp_path):
    path = write_image(tmp_path / "a.png", annotated=False)
    with open_window(qtbot) as (window, controller):
        controller.start([path])
        wait_settled(qtbot, controller)
        assert controller.state.trace.judgement is None
        row = int(controller.state.trace.detections.kept[0])
        window.canvas.picked.emit(Ref("detection", row))
        qtbot.waitUntil(lambda: window.actions_by_id["accept"].isEnabled(), timeout=WAIT_MS)
        window.actions_by_id["accept"].trigger()
        wait(qtbot, controller)
        assert kinds(controller) == ["proposed"]
        assert controller.state.document.ground_truth is None
        assert controller.state.trace.judgement is None
        window.actions_by_id["workspace"].setChecked(True)
        controller.selects.choose(Ref("object", 0))
        window.actions_by_id["accept"].trigger()
        wait(qtbot, controller)
        assert len(controller.state.document.ground_truth) == 1
        assert controller.state.trace.assignment is not None
        window.actions_by_id["undo"].trigger()
        window.actions_by_id["undo"].trigger()
        wait(qtbot, controller)
        assert controller.state.document.objects.ids == ()
        assert controller.state.document.ground_truth is None
        assert controller.state.trace.judgement is None


def test_nothing_is_added_to_a_ground_truth_that_cannot_be_read(qtbot, tmp_path):
    path = write_image(tmp_path / "a.png")
    path.with_suffix(".xml").write_text("<broken")
    with open_window(qtbot) as (window, controller):
        controller.start([path])
        wait_settled(qtbot, controller)
        row = int(controller.state.trace.detections.kept[0])
        window.canvas.picked.emit(Ref("detection", row))
        qtbot.waitUntil(lambda: window.actions_by_id["accept"].isEnabled(), timeout=WAIT_MS)
        window.actions_by_id["accept"].trigger()
        assert "cannot be read" in window.status.message.text()
        assert controller.state.edits == {}


def test_quitting_keeps_what_is_proposed_without_a_question(opened, qtbot):
    window, controller = opened
    accept(qtbot, window, controller)
    with qtbot.waitSignal(window.closing):
        window.close()
    assert not window.findChildren(QMessageBox)
    assert controller.saves.journal.read(controller.state.document.path).edit.proposed == {2}


def test_quitting_asks_about_what_would_be_in_no_file(opened, qtbot):
    window, controller = opened
    window.actions_by_id["autosave"].setChecked(False)
    window.actions_by_id["workspace"].setChecked(True)
    controller.selects.choose(Ref("object", 0))
    window.actions_by_id["delete_box"].trigger()
    window.close()
    window.close()  # impatient
    (box,) = window.findChildren(QMessageBox)
    assert box.text() == ("1 image has changes that are in no file yet. They are kept and offered at the next start.")
    assert {button.text() for button in box.buttons()} == {"Quit", "Keep open"}
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    assert window.isVisible()
    qtbot.waitUntil(lambda: not window.findChildren(QMessageBox), timeout=WAIT_MS)
    window.close()
    (box,) = window.findChildren(QMessageBox)
    leave = next(button for button in box.buttons() if button.text() == "Quit")
    with qtbot.waitSignal(window.closing):
        leave.click()
    assert not window.isVisible()
    assert len(controller.saves.journal.read(controller.state.document.path).edit) == 1


def test_with_nothing_unsaved_quitting_asks_nothing(opened, qtbot):
    window, controller = opened
    accept(qtbot, window, controller)
    window.actions_by_id["undo"].trigger()
    wait(qtbot, controller)
    with qtbot.waitSignal(window.closing):
        window.close()
    assert not window.findChildren(QMessageBox)


def test_an_accepted_box_is_clicked_like_every_other(opened, qtbot):
    window, controller = opened
    accept(qtbot, window, controller)
    window.deselected.emit()
    qtbot.waitUntil(lambda: controller.state.scene.selected is None, timeout=WAIT_MS)
    x1, y1, _, y2 = controller.state.document.objects.truth.boxes[2].tolist()
    x, y = window.canvas.transform.to_widget(x1, (y1 + y2) / 2)
    qtbot.mouseClick(window.canvas, Qt.MouseButton.LeftButton, pos=QPoint(round(x), round(y)))
    qtbot.waitUntil(lambda: controller.state.scene.selected is not None, timeout=WAIT_MS)
    assert controller.state.scene.selected.kind in ("object", "detection")
