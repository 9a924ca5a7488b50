"""The picture at every size, told by its pixels."""

import numpy as np
import pytest
from PySide6.QtGui import QImage, QPainter

from app.canvas.pyramid import ImagePyramid
from app.canvas.transform import ViewTransform


def drawn(pyramid, view, width, height):
    """What a canvas of this size shows, (h, w, 3)."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    pyramid.draw(painter, view, (width, height))
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(height, width, 4)
    return pixels[..., 2::-1].copy()


def noise(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_levels_are_halves_down_to_the_smallest():
    pyramid = ImagePyramid(noise(1500, 4001))
    assert [level.shape for level in pyramid.levels] == [(1500, 4001), (750, 2001), (375, 1001)]
    assert pyramid.size == (4001, 1500)


@pytest.mark.parametrize(("scale", "level"), [(4, 0), (1, 0), (0.51, 0), (0.5, 1), (0.3, 1), (0.25, 2), (0.01, 2)])
def test_the_level_still_has_a_pixel_for_each_of_the_screen(scale, level):
    assert ImagePyramid(noise(4, 4000)).level_for(scale) == level


def test_one_to_one_is_the_image_itself():
    image = noise(40, 60)
    np.testing.assert_array_equal(drawn(ImagePyramid(image), ViewTransform(), 60, 40), image)


def test_part_of_the_image_at_its_place():
    image = noise(100, 100)
    seen = drawn(ImagePyramid(image), ViewTransform(1.0, -30.0, 10.0), 50, 50)
    np.testing.assert_array_equal(seen[10:], image[:40, 30:80])
    assert not seen[:10].any()


def test_from_two_times_on_pixels_are_squares():
    image = noise(20, 20)
    seen = drawn(ImagePyramid(image), ViewTransform(4.0, -8.0, -8.0), 40, 40)
    np.testing.assert_array_equal(seen, np.repeat(np.repeat(image[2:12, 2:12], 4, 0), 4, 1))


def test_the_image_ends_where_it_ends_at_every_level():
    # 2,049 wide: its halves are 1,025 and 513 wide, the last pixel of which stands for less.
    image = np.full((2000, 2049, 3), 200, np.uint8)
    seen = drawn(ImagePyramid(image), ViewTransform(0.25), 600, 520)
    lit = np.flatnonzero(seen[100, :, 0] > 100)
    assert lit[-1] in (511, 512)  # 2049 / 4 = 512.25
    assert np.flatnonzero(seen[:, 100, 0] > 100)[-1] == 499


@pytest.mark.parametrize("x", [0, 32_700, 39_900])
def test_images_wider_than_qt_can_address(x):
    image = np.zeros((3, 40_000, 3), np.uint8)
    image[..., 0] = np.arange(40_000) % 251
    image[..., 1] = np.arange(40_000) // 251
    seen = drawn(ImagePyramid(image), ViewTransform(1.0, -float(x)), 100, 3)
    np.testing.assert_array_equal(seen, image[:, x : x + 100])
    enlarged = drawn(ImagePyramid(image), ViewTransform(8.0, -8.0 * x), 80, 8)
    np.testing.assert_array_equal(enlarged[4, 4::8], image[0, x : x + 10])


def test_arrays_that_are_no_picture_are_refused():
    for wrong in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)):
        with pytest.raises(ValueError, match="expected"):
            ImagePyramid(wrong)
