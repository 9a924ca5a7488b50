"""Screens of every scale, and a window that goes from one to another while a slider moves."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from app.canvas.overlay import Quality
from app.canvas.pyramid import ImagePyramid
from app.canvas.view import BoxCanvas
from app.roles import role_style
from app.scene import Role

BOX = [240, 190, 260, 210]
RATIOS = (1.0, 1.5, 2.0)


class MovableCanvas(BoxCanvas):
    """On a screen whose scale the test says."""

    ratio = 1.0

    def devicePixelRatioF(self):  # noqa: N802  # Qt's name
        return self.ratio

    def move_to_screen(self, ratio):
        self.ratio = ratio
        QApplication.sendEvent(self, QEvent(QEvent.Type.DevicePixelRatioChange))


@pytest.fixture
def movable(qtbot):
    """600 x 450 points; a white block on black, where BOX is."""
    widget = MovableCanvas()
    qtbot.addWidget(widget)
    widget.resize(600, 450)
    image = np.zeros((400, 500, 3), np.uint8)
    image[190:210, 240:260] = 255
    widget.show_image(ImagePyramid(image))
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


@pytest.fixture
def scenes(make_layer, make_scene):
    """Scenes as a slider makes them: the same masses in new arrays each, and one crisp box."""

    def make(boxes=(BOX,)):
        mass = make_layer(boxes, Role.PROPOSAL, layer_id="proposals.kept", kind="proposal", crisp=False)
        return make_scene(mass), make_scene(make_layer(boxes, Role.DETECTION))

    return make


def edges(mask):
    rows, columns = np.nonzero(mask)
    return columns.min(), columns.max(), rows.min(), rows.max()


def is_of(picture, role):
    return picture == int(role_style(role).on_dark[1:], 16)


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("zoom", [2.0, 3.0, 5.0])
def test_a_box_lies_on_the_edges_of_what_it_encloses(movable, scenes, pixels_of, ratio, zoom):
    movable.move_to_screen(ratio)
    movable.zoom_to(zoom)
    block = edges(pixels_of(movable.render_to_image()) == 0xFFFFFF)
    assert block[1] - block[0] + 1 == 20 * zoom
    mass, crisp = scenes()
    movable.show_scene(crisp)
    assert edges(is_of(pixels_of(movable.render_to_image()), Role.DETECTION)) == block
    movable.show_scene(replace(mass, layers=()))
    plain = pixels_of(movable.render_to_image()).copy()
    movable.show_scene(mass)
    assert edges(pixels_of(movable.render_to_image()) != plain) == block


@pytest.mark.parametrize("ratio", [1.5, 2.0])
def test_the_screen_changes_while_a_slider_moves(movable, scenes, pixels_of, ratio):
    movable.zoom_to(1.0)
    scales = []
    movable.zoom_changed.connect(scales.append)
    for step, screen in enumerate((1.0, 1.0, ratio, ratio, 1.0, ratio)):
        if screen != movable.ratio:
            movable.move_to_screen(screen)
            assert scales[-1] == screen
        for scene in scenes((BOX, [300 + step, 100, 400 + step, 200])):
            movable.show_scene(scene)
            movable.repaint()
    picture = movable.render_to_image()
    # The canvas' corner to the image's: 50, 25 points. Half a pixel goes up.
    left, top = int(50 * ratio + 0.5), int(25 * ratio + 0.5)
    assert (picture.width(), picture.height()) == (600 * ratio, 450 * ratio)
    found = is_of(pixels_of(picture), Role.DETECTION)[:, : int(left + 290 * ratio)]
    assert edges(found) == (left + 240 * ratio, left + 260 * ratio - 1, top + 190 * ratio, top + 210 * ratio - 1)
    line = round(role_style(Role.DETECTION).width * ratio)
    assert found.sum() == (20 * ratio) ** 2 - (20 * ratio - 2 * line) ** 2


def test_the_masses_are_drawn_anew_for_the_other_screen(movable, scenes):
    movable.zoom_to(1.0)
    movable.show_scene(scenes()[0])
    movable.repaint()
    overlay = movable._frame._overlay
    first = overlay.picture.job
    movable.move_to_screen(2.0)
    assert overlay.quality(movable.transform, (1200, 900)) is Quality.STALE
    movable.repaint()
    second = overlay.picture.job
    assert (first.scale, first.width, second.scale, second.width) == (1.0, 1, 2.0, 2)
    assert overlay.quality(movable.transform, (1200, 900)) >= Quality.SHARP
