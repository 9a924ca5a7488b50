"""A canvas with a black picture, and ways to look at its pixels."""

import numpy as np
import pytest
from PySide6.QtGui import QImage

from app.canvas.pyramid import ImagePyramid
from app.canvas.view import BoxCanvas
from app.scene import BoxLayer, Role, Scene, Space


@pytest.fixture
def make_layer():
    def make(boxes, role=Role.GROUND_TRUTH, *, layer_id="ground_truth.objects", kind="object", crisp=True, labels=()):
        boxes = np.array(boxes, np.float32).reshape(-1, 4)
        return BoxLayer(layer_id, kind, role, boxes, np.arange(len(boxes)), crisp, labels)

    return make


@pytest.fixture
def make_scene():
    def make(*layers, stage="detections", **more):
        return Scene(Space((400, 500), (400, 500), (1.0, 1.0), 16, (25, 31)), stage, layers, **more)

    return make


@pytest.fixture
def canvas(qtbot):
    """600 x 450, the image 500 x 400 at scale 1 in the middle, so that image (0, 0) lies at (50, 25)."""
    widget = BoxCanvas()
    qtbot.addWidget(widget)
    widget.resize(600, 450)
    widget.show_image(ImagePyramid(np.zeros((400, 500, 3), np.uint8)))
    with qtbot.waitExposed(widget):
        widget.show()
    widget.zoom_to(1.0)
    return widget


@pytest.fixture
def pixels_of():
    def pixels(image):
        image = image.convertToFormat(QImage.Format.Format_RGB32)
        array = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width())
        return array & 0xFFFFFF

    return pixels
