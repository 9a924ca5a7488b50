"""The drawing thread and the canvas that asks it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QApplication

from app.canvas.pyramid import ImagePyramid
from app.canvas.view import BoxCanvas
from app.scene import BoxLayer, Role, Scene, Space
from app.workers import Threads
from tests.helpers.app_windows import WAIT_MS, WindowNetwork

BOXES = np.random.default_rng(0).uniform(0, 400, (500, 4)).astype(np.float32)
BOXES[:, 2:] += BOXES[:, :2]
SCENE = Scene(
    Space((400, 500)), "proposals", (BoxLayer("proposals.kept", "proposal", Role.PROPOSAL, BOXES, np.arange(500)),)
)


@pytest.fixture
def threads(qapp):
    made = Threads(lambda choice, report: WindowNetwork())
    made.start()
    yield made
    made.stop()


class Listener(QObject):
    """Lives in the main thread and keeps the numbers of the answers; told after the canvas."""

    def __init__(self, threads):
        super().__init__()
        self.numbers = []
        threads.drawing.drawn.connect(self.on_drawn)

    @Slot(int, object)
    def on_drawn(self, number, raster):
        self.numbers.append(number)


def make_canvas(qtbot):
    canvas = BoxCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(600, 450)
    canvas.show_image(ImagePyramid(np.zeros((400, 500, 3), np.uint8)))
    with qtbot.waitExposed(canvas):
        canvas.show()
    canvas.show_scene(SCENE)
    return canvas


def test_what_a_zoom_needs_comes_from_the_thread_and_is_the_same(qtbot, threads, monkeypatch):
    here, there = make_canvas(qtbot), make_canvas(qtbot)
    there.repaint()
    there.draw_in(threads.drawing)
    overlay = there._frame._overlay
    overlay.seconds = 1.0  # as if it took long
    monkeypatch.setattr(overlay, "draw", None)  # nothing is drawn here any more
    for canvas in (here, there):
        canvas.zoom_to(2.5)
    qtbot.waitUntil(there.is_sharp, timeout=WAIT_MS)
    np.testing.assert_array_equal(*(pixels(canvas.render_to_image()) for canvas in (here, there)))


def test_an_answer_after_the_next_image_is_not_drawn(qtbot, threads):
    canvas = make_canvas(qtbot)
    canvas.draw_in(threads.drawing)
    heard = Listener(threads)
    canvas.zoom_to(2.5)
    canvas._sharpening.rest()
    asked = canvas._frame._overlay._wish
    assert asked is not None
    canvas.show_image(ImagePyramid(np.zeros((300, 300, 3), np.uint8)))
    canvas.show_scene(Scene(Space((300, 300)), "proposals"))
    canvas.repaint()
    threads.drawing.put(replace(asked, number=asked.number + 1), asked.number + 1)
    qtbot.waitUntil(lambda: asked.number + 1 in heard.numbers, timeout=WAIT_MS)  # and all that was asked before
    assert not (pixels(canvas.render_to_image())[50:-50, 120:-120] & 0xFFFFFF).any()


def pixels(image):
    return np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width()).copy()


class Failing(QObject):
    """A drawing thread whose pictures never come."""

    drawn = Signal(int, object)

    def put(self, request, number):
        pass


def test_a_drawing_that_never_comes_is_not_waited_for_with_paints(qtbot, monkeypatch):
    canvas, failing, paints = make_canvas(qtbot), Failing(), []
    canvas.repaint()
    canvas.draw_in(failing)
    canvas._frame._overlay.seconds = 1.0  # as if it took long
    canvas.zoom_to(2.5)
    canvas.repaint()
    QApplication.processEvents()
    paint = canvas._frame.paint
    monkeypatch.setattr(canvas._frame, "paint", lambda *args: paints.append(1) or paint(*args))
    for timer in (canvas._sharpening.coarse_timer, canvas._sharpening.sharp_timer):
        timer.timeout.emit()
        QApplication.processEvents()
    assert paints == []
