"""Brightness, contrast and gamma, told by the pixels."""

import numpy as np
import pytest
from PySide6.QtGui import QImage, QPainter

from app.canvas.adjustments import TILE, AdjustedPyramid, Adjustments
from app.canvas.pyramid import ImagePyramid
from app.canvas.transform import ViewTransform


def drawn(pyramid, view, width, height):
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    pyramid.draw(painter, view, (width, height))
    painter.end()
    return np.frombuffer(image.constBits(), np.uint8).reshape(height, width, 4)[..., 2::-1].copy()


def noise(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("adjustments", "values"),
    [
        (Adjustments(), {0: 0, 100: 100, 255: 255}),
        (Adjustments(brightness=0.2), {0: 51, 100: 151, 250: 255}),  # 0.2 x 255 = 51
        (Adjustments(brightness=-0.2), {0: 0, 100: 49}),
        (Adjustments(contrast=2), {0: 0, 100: 73, 200: 255}),  # (100 - 127.5) x 2 + 127.5 = 72.5, rounded to even 72
        (Adjustments(contrast=0), {0: 128, 255: 128}),
        (Adjustments(gamma=2), {0: 0, 64: 128, 255: 255}),  # sqrt(64 / 255) x 255 = 127.75
        (Adjustments(gamma=0), {0: 0, 128: 0, 255: 255}),
    ],
)
def test_what_each_value_becomes(adjustments, values):
    table = adjustments.table()
    assert table.shape == (256,)
    for value, expected in values.items():
        assert abs(int(table[value]) - expected) <= 1


def test_only_the_settings_that_change_nothing_are_neutral():
    assert Adjustments().is_neutral
    assert not Adjustments(gamma=1.1).is_neutral
    np.testing.assert_array_equal(Adjustments().table(), np.arange(256))


@pytest.mark.parametrize(
    "view", [ViewTransform(), ViewTransform(1.0, -TILE + 30.0, -20.0), ViewTransform(4.0, -9.0, 5.0)]
)
def test_the_picture_is_that_of_the_converted_image(view):
    image, adjustments = noise(TILE + 70, TILE + 90), Adjustments(0.1, 1.5, 0.8)
    expected = ImagePyramid(adjustments.table()[image])
    np.testing.assert_array_equal(
        drawn(AdjustedPyramid(ImagePyramid(image), adjustments), view, 200, 150), drawn(expected, view, 200, 150)
    )


def test_only_what_is_looked_at_is_converted():
    image = ImagePyramid(noise(4 * TILE, 4 * TILE))
    adjusted = AdjustedPyramid(image, Adjustments(0.1))
    drawn(adjusted, ViewTransform(1.0, -TILE - 10.0, -TILE - 10.0), 100, 100)
    assert np.argwhere(adjusted._done[0][1]).tolist() == [[1, 1]]
    assert adjusted.levels[0] is image.levels[0]


def test_the_canvas_shows_it_and_saves_the_image_as_it_is(canvas, pixels_of):
    canvas.show_image(ImagePyramid(np.full((400, 500, 3), 100, np.uint8)))
    canvas.set_adjustments(brightness=0.2)
    assert pixels_of(canvas.grab().toImage())[225, 300] == 0x979797  # 151
    assert pixels_of(canvas.render_to_image())[225, 300] == 0x646464
    assert pixels_of(canvas.grab().toImage())[225, 300] == 0x979797
    # the next image too, until it is neutral again
    canvas.show_image(ImagePyramid(np.full((400, 500, 3), 50, np.uint8)))
    assert pixels_of(canvas.grab().toImage())[225, 300] == 0x656565  # 101
    canvas.set_adjustments()
    assert pixels_of(canvas.grab().toImage())[225, 300] == 0x323232


def test_the_svg_holds_the_image_as_it_is(canvas):
    canvas.show_image(ImagePyramid(noise(400, 500)))
    before = canvas.render_to_svg()
    canvas.set_adjustments(np.float32(0.2), np.float32(1.5), np.float64(0.7))
    assert canvas.render_to_svg() == before


def test_what_was_converted_is_kept_while_nothing_changes(canvas):
    canvas.show_image(ImagePyramid(noise(400, 500)))
    canvas.set_adjustments(0.2)
    shown = canvas._frame.shown
    canvas.set_adjustments(0.2)
    canvas.repaint()
    assert canvas._frame.shown is shown
