"""M through the images of a folder: what the filter lets pass ends the walk."""

from __future__ import annotations

import dataclasses
import threading

import pytest
from PySide6.QtCore import Qt

from app.object_filter import ObjectFilter
from tests.helpers.app_windows import (
    LABELS,
    OBJECTS,
    WAIT_MS,
    WindowNetwork,
    annotate,
    open_window,
    wait_settled,
    write_folder,
)

ELSEWHERE = [[150, 100, 180, 140]]
"""Where the network knows of nothing: an object there is missed."""


@pytest.fixture
def folder(tmp_path):
    """Five images: all found, all found, one missed, one false positive, all found."""
    paths = write_folder(tmp_path / "images", 5)
    annotate(paths[2], [*OBJECTS.tolist(), *ELSEWHERE], (*LABELS, "cat"))
    annotate(paths[3], OBJECTS[[0, 2]], (LABELS[0], LABELS[2]))
    return paths


def opened_at(window, controller, qtbot, folder, number):
    controller.start([folder[0].parent])
    wait_settled(qtbot, controller, "image_0.png")
    if number:
        window.images.go_to(f"image_{number}")
        wait_settled(qtbot, controller, f"image_{number}.png")
    window.canvas.setFocus()


def walk(qtbot, window, controller, key=Qt.Key.Key_M, modifier=Qt.KeyboardModifier.NoModifier):
    qtbot.keyClick(window.canvas, key, modifier)
    qtbot.waitUntil(lambda: not controller.walks.is_under_way, timeout=WAIT_MS)


def selected(controller, qtbot):
    qtbot.waitUntil(lambda: controller.state.scene.selected is not None, timeout=WAIT_MS)
    scene = controller.state.scene
    (row,) = [row for row in scene.objects if row.ref == scene.selected]
    return row.kind.partition(".")[0]


@pytest.fixture
def opened(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        opened_at(window, controller, qtbot, folder, 0)
        yield window, controller


def test_without_a_filter_the_next_wrong_one_of_all(opened, qtbot):
    window, controller = opened
    walk(qtbot, window, controller)
    assert controller.state.document.name == "image_2.png"
    assert selected(controller, qtbot) == "missed"
    assert window.status.message.text() == "1 image without any passed by."
    walk(qtbot, window, controller)
    assert controller.state.document.name == "image_3.png"
    assert selected(controller, qtbot) == "false_positive"
    assert window.status.message.text() == ""


def test_the_filter_decides_what_ends_the_walk(opened, qtbot):
    window, controller = opened
    window.objects.set_filter(ObjectFilter("false_positive"))
    walk(qtbot, window, controller)
    assert controller.state.document.name == "image_3.png"
    assert selected(controller, qtbot) == "false_positive"
    assert window.images.model.num_run == 4
    assert window.objects.filter == ObjectFilter("false_positive")
    assert window.objects.count.text() == "1 of 3"
    assert window.status.message.text() == "2 images without any passed by."
    # back, along what is missed
    window.objects.set_filter(ObjectFilter("missed"))
    walk(qtbot, window, controller, modifier=Qt.KeyboardModifier.ShiftModifier)
    assert controller.state.document.name == "image_2.png"
    assert selected(controller, qtbot) == "missed"


def test_a_class_in_the_filter_counts(opened, qtbot):
    window, controller = opened
    window.objects.set_filter(ObjectFilter("", "dog"))
    walk(qtbot, window, controller)
    assert controller.state.document.name == "image_3.png"  # the cat that is missed before it is none


def test_at_the_end_of_the_folder_it_says_so(opened, qtbot):
    window, controller = opened
    window.objects.set_filter(ObjectFilter("missed.top_n"))
    walk(qtbot, window, controller)
    assert controller.state.document.name == "image_4.png"
    assert window.status.message.text() == "Missed · Below pre-NMS top-n: none here or further on."
    walk(qtbot, window, controller, modifier=Qt.KeyboardModifier.ShiftModifier)
    assert controller.state.document.name == "image_0.png"
    assert window.status.message.text() == "Missed · Below pre-NMS top-n: none here or further back."
    window.objects.clear_filter()
    walk(qtbot, window, controller, modifier=Qt.KeyboardModifier.ShiftModifier)
    assert window.status.message.text() == "Nothing missed or false here or further back."


@pytest.mark.parametrize(
    ("chosen", "what"),
    [
        (ObjectFilter(), "Nothing more missed or false further"),
        (ObjectFilter("missed"), "Missed: no more further"),
        (ObjectFilter("false_positive"), "False positives: no more further"),
        (ObjectFilter("", "dog"), "dog: no more further"),
    ],
)
def test_what_is_selected_here_is_not_said_to_be_none(qtbot, tmp_path, chosen, what):
    """One image with a missed cat and a dog that nobody annotated: whatever is listed is there, only no more of it."""
    (path,) = write_folder(tmp_path / "images", 1)
    annotate(path, [*OBJECTS[[0, 2]].tolist(), *ELSEWHERE], (LABELS[0], LABELS[2], "cat"))
    with open_window(qtbot) as (window, controller):
        controller.start([path])
        wait_settled(qtbot, controller)
        window.canvas.setFocus()
        window.objects.set_filter(chosen)
        wrong = window.objects.wrong_rows(controller.state.scene.objects)
        assert len(wrong) == (2 if chosen.is_all else 1)
        for row, modifier, way in (
            (wrong[0], Qt.KeyboardModifier.ShiftModifier, "back"),
            (wrong[-1], Qt.KeyboardModifier.NoModifier, "on"),
        ):
            controller.scenes.pick(row.ref)
            qtbot.waitUntil(lambda row=row: controller.state.scene.selected == row.ref, timeout=WAIT_MS)
            walk(qtbot, window, controller, modifier=modifier)
            assert window.status.message.text() == f"{what} {way}."
            assert controller.state.scene.selected == row.ref


def test_of_an_image_that_was_not_detected_nothing_is_claimed(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        opened_at(window, controller, qtbot, folder, 0)
        controller.state.trace = None  # as before the first run
        walk(qtbot, window, controller, modifier=Qt.KeyboardModifier.ShiftModifier)
        assert window.status.message.text() == "Nothing more missed or false further back."


def test_a_filter_for_what_is_right_leads_nowhere(opened, qtbot):
    window, controller = opened
    window.objects.set_filter(ObjectFilter("found"))
    walk(qtbot, window, controller)
    assert controller.state.document.name == "image_0.png"
    assert window.status.message.text().startswith("M walks along what is missed or false")


@pytest.mark.parametrize("how", ["escape", "cancel"])
def test_it_can_be_stopped_and_says_how_far_it_is(qtbot, folder, how):
    network, release, asked = WindowNetwork(), threading.Event(), threading.Event()

    def hold():
        asked.set()
        release.wait(20)

    with open_window(qtbot, network) as (window, controller):
        opened_at(window, controller, qtbot, folder, 0)
        window.images.go_to("image_1")
        wait_settled(qtbot, controller, "image_1.png")
        window.images.go_to("image_0")
        wait_settled(qtbot, controller, "image_0.png")
        window.objects.set_filter(ObjectFilter("missed.top_n"))
        network.on_rpn = hold
        qtbot.keyClick(window.canvas, Qt.Key.Key_M)
        qtbot.waitUntil(asked.is_set, timeout=WAIT_MS)
        assert controller.state.document.name == "image_2.png"
        assert window.status.task.text() == "Looking for Missed · Below pre-NMS top-n: image 3 of 5"
        assert window.status.cancel.isVisible()
        if how == "escape":
            qtbot.keyClick(window.canvas, Qt.Key.Key_Escape)
        else:
            qtbot.keyClick(window.canvas, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
        assert not controller.walks.is_under_way
        release.set()
        qtbot.waitUntil(lambda: not controller.network.busy, timeout=WAIT_MS)
        assert controller.state.document.name == "image_2.png"
        assert not window.status.task.isVisible()


def test_opening_another_image_ends_it(opened, qtbot):
    window, controller = opened
    window.objects.set_filter(ObjectFilter("missed.top_n"))
    qtbot.keyClick(window.canvas, Qt.Key.Key_M)
    window.images.go_to("image_4")
    wait_settled(qtbot, controller, "image_4.png")
    assert not controller.walks.is_under_way
    assert controller.state.scene.selected is None


def test_images_that_cannot_be_read_are_passed_by(opened, qtbot, folder):
    window, controller = opened
    folder[2].write_bytes(b"no image")
    walk(qtbot, window, controller)
    assert controller.state.document.name == "image_3.png"
    assert selected(controller, qtbot) == "false_positive"


def test_a_slow_model_is_asked_by_a_person(qtbot, folder):
    with open_window(qtbot) as (window, controller):
        opened_at(window, controller, qtbot, folder, 0)
        controller.network._last_ms = 60_000.0  # as if the last pass had taken that long
        controller.state.model = dataclasses.replace(controller.state.model, quick=False)
        walk(qtbot, window, controller)
        assert controller.state.document.name == "image_1.png"
        assert controller.state.trace is None
        assert "F5" in window.status.message.text()


def test_from_a_false_positive_that_was_accepted_to_the_next_image(opened, qtbot):
    window, controller = opened
    window.objects.set_filter(ObjectFilter("false_positive"))
    walk(qtbot, window, controller)
    assert selected(controller, qtbot) == "false_positive"
    qtbot.keyClick(window.canvas, Qt.Key.Key_Return)
    assert controller.state.document.proposed
    qtbot.waitUntil(lambda: any(row.kind == "proposed" for row in controller.state.scene.objects))
    assert len([row for row in controller.state.scene.objects if row.wrong]) == 1  # until it is accepted in Annotate
    walk(qtbot, window, controller, modifier=Qt.KeyboardModifier.ShiftModifier)
    assert controller.state.document.name == "image_0.png"
    controller.undo.undo()  # what was done there is undone there
    assert controller.state.document.name == "image_0.png"
