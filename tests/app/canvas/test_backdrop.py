"""A pan moves what is painted, and the result is what painting all of it would have given."""

import numpy as np
import pytest
from PySide6.QtGui import QImage, QPainter, QPixmap

from app.canvas.backdrop import Backdrop
from app.canvas.pyramid import ImagePyramid
from app.canvas.transform import ViewTransform
from app.canvas.view import BoxCanvas
from app.scene import Role

PANS = [(7, 0), (0, -5), (-30, 12), (200, 3), (-700, 0), (3, 900), (1, 1)]


class Chequers:
    """Paints a pattern that hangs on the view's origin, and keeps how much of it."""

    def __init__(self):
        self.painted = 0

    def __call__(self, painter, view, canvas_wh):
        self.painted += canvas_wh[0] * canvas_wh[1]
        (x, y), (width, height) = view.origin, canvas_wh
        across, down = np.arange(width) - x, np.arange(height) - y
        pixels = (across[None] % 256 + 256 * (down[:, None] % 256)).astype(np.uint32) | 0xFF000000
        painter.drawImage(0, 0, QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGB32))


def shown(backdrop, paint, view, made_of=(1,), canvas_wh=(120, 90)):
    target = QPixmap(*canvas_wh)
    painter = QPainter(target)
    backdrop.draw(painter, view, canvas_wh, made_of, paint)
    painter.end()
    image = target.toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint32).reshape(canvas_wh[::-1]).copy()


def test_moved_is_as_painted(qapp):
    backdrop, paint, view = Backdrop(), Chequers(), ViewTransform()
    for dx, dy in PANS:
        view = view.panned(dx, dy)
        np.testing.assert_array_equal(shown(backdrop, paint, view), shown(Backdrop(), Chequers(), view))


def test_only_what_comes_into_sight_is_painted(qapp):
    backdrop, paint = Backdrop(), Chequers()
    shown(backdrop, paint, ViewTransform())
    assert paint.painted == 120 * 90
    shown(backdrop, paint, ViewTransform())
    assert paint.painted == 120 * 90
    shown(backdrop, paint, ViewTransform(x=10.0, y=-4.0))
    assert paint.painted == 120 * 90 + 10 * 90 + 120 * 4


@pytest.mark.parametrize("other", [{"made_of": (2,)}, {"view": ViewTransform(1.5)}, {"canvas_wh": (121, 90)}])
def test_another_picture_is_painted_whole(qapp, other):
    backdrop, paint = Backdrop(), Chequers()
    shown(backdrop, paint, ViewTransform())
    before, size = paint.painted, other.get("canvas_wh", (120, 90))
    shown(backdrop, paint, **{"view": ViewTransform()} | other)
    assert paint.painted - before == size[0] * size[1]


def test_boxes_of_every_style_pan_without_a_seam(canvas, make_layer, make_scene, pixels_of, qtbot):
    boxes = [[-2000, -300, 3000, 380], [20.4, 30.6, 480, 300], [100, 50, 130, 3000]]
    scene = make_scene(
        make_layer(boxes, Role.PROPOSAL, layer_id="proposals.kept", kind="proposal", crisp=False),
        make_layer(boxes, Role.MISSED, layer_id="ground_truth.missed"),
        make_layer(boxes, Role.FALSE_POSITIVE, layer_id="detections.false_positive", kind="detection"),
    )
    canvas.show_scene(scene)
    canvas.grab()
    for dx, dy in ((13, -7), (-40, 0), (-111, 60), (0, 33)):
        canvas._pan(canvas.transform.panned(dx, dy))
        moved = pixels_of(canvas.grab().toImage())
    fresh = BoxCanvas()
    qtbot.addWidget(fresh)
    fresh.resize(600, 450)
    fresh.show_image(canvas._frame.image)
    fresh._camera.move(canvas.transform)
    fresh.show_scene(scene)
    np.testing.assert_array_equal(moved, pixels_of(fresh.grab().toImage()))


def test_a_pan_over_large_pixels_ends_as_if_painted_anew(canvas, pixels_of, qtbot):
    noise = np.random.default_rng(0).integers(0, 255, (300, 400, 3)).astype(np.uint8)
    canvas.show_image(ImagePyramid(noise))
    canvas.zoom_to(2.7)
    canvas.grab()
    for dx, dy in ((13, -7), (-40, 11), (-5, 31)):
        canvas._pan(canvas.transform.panned(dx, dy))
        canvas.grab()
    canvas._sharpening.rest()
    rested = pixels_of(canvas.grab().toImage())
    canvas._frame._backdrop.forget()
    np.testing.assert_array_equal(rested, pixels_of(canvas.grab().toImage()))
