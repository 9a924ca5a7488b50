"""A canvas with a black picture, and ways to look at its pixels."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtWidgets import QApplication

from app.canvas.pyramid import ImagePyramid
from app.canvas.view import BoxCanvas
from app.scene import BoxLayer, Editing, Ref, Role, Scene, Space


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


class MovableCanvas(BoxCanvas):
    """On a screen whose scale the test says."""

    ratio = 1.0

    def devicePixelRatioF(self):  # noqa: N802  # Qt's name
        return self.ratio


EDIT_INTENTS = (
    "box_drawn", "boxes_changed", "boxes_duplicated", "box_dragged", "drag_ended", "object_toggled", "rows_chosen",
    "menu_wanted", "draw_ended", "locked_dragged",
)  # fmt: skip


class Hand:
    """A mouse over a canvas whose boxes can be edited, in image pixels; and all that the canvas says."""

    def __init__(self, canvas):
        self.canvas, self.keys, self.buttons = canvas, Qt.KeyboardModifier.NoModifier, Qt.MouseButton.NoButton
        self.said = []
        for name in ("picked", "box_activated", "things_listed", *EDIT_INTENTS):
            getattr(canvas, name).connect(lambda *values, name=name: self.said.append((name, *values)))

    def heard(self, *names):
        """What was said, by those signals only, or by all but the live ones."""
        return [
            each for each in self.said if (each[0] in names if names else each[0] not in ("box_dragged", "drag_ended"))
        ]

    def point(self, x, y):
        return QPointF(*self.canvas.transform.to_widget(x, y))

    def _send(self, kind, at, button, keys):
        keys = self.keys if keys is None else keys
        event = QMouseEvent(kind, at, self.canvas.mapToGlobal(at), button, self.buttons, keys)
        QApplication.sendEvent(self.canvas, event)

    def press(self, x, y, keys=None, button=Qt.MouseButton.LeftButton, *, double=False):
        self.buttons |= button
        kind = QEvent.Type.MouseButtonDblClick if double else QEvent.Type.MouseButtonPress
        self._send(kind, self.point(x, y), button, keys)

    def move(self, x, y, keys=None):
        self._send(QEvent.Type.MouseMove, self.point(x, y), Qt.MouseButton.NoButton, keys)

    def release(self, x, y, keys=None, button=Qt.MouseButton.LeftButton):
        self.buttons &= ~button
        self._send(QEvent.Type.MouseButtonRelease, self.point(x, y), button, keys)

    def click(self, x, y, keys=None, button=Qt.MouseButton.LeftButton):
        self.press(x, y, keys, button)
        self.release(x, y, keys, button)

    def drag(self, start, end, keys=None, button=Qt.MouseButton.LeftButton):
        """By way of the middle, as a mouse does; where the points lie is said before the picture moves along."""
        first, last = self.point(*start), self.point(*end)
        self.buttons |= button
        self._send(QEvent.Type.MouseButtonPress, first, button, keys)
        for at in ((first + last) / 2, last):
            self._send(QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton, keys)
        self.buttons &= ~button
        self._send(QEvent.Type.MouseButtonRelease, last, button, keys)


@pytest.fixture
def editable(qtbot):
    """600 x 450 points, the image 500 x 400."""
    widget = MovableCanvas()
    qtbot.addWidget(widget)
    widget.resize(600, 450)
    widget.show_image(ImagePyramid(np.zeros((400, 500, 3), np.uint8)))
    with qtbot.waitExposed(widget):
        widget.show()
    widget.zoom_to(1.0)
    return widget


@pytest.fixture
def hand(editable):
    return Hand(editable)


RED, BLUE = "#FF5A5F", "#3DA5FF"


@pytest.fixture
def edit(editable):
    """Shows boxes that can be edited, every other one blue; `hidden` rows are in no layer."""

    def show(
        boxes, *, hidden=(), proposed=(), labels=True, selected=None, others=(), settled=True, ids=None, **editing
    ):
        boxes = np.array(boxes, np.float32).reshape(-1, 4)
        ids = tuple(range(len(boxes))) if ids is None else ids
        colors = tuple(BLUE if row % 2 else RED for row in range(len(boxes)))
        layers = []
        for role, color in (
            (Role.GROUND_TRUTH, RED),
            (Role.GROUND_TRUTH, BLUE),
            (Role.PROPOSED, RED),
            (Role.PROPOSED, BLUE),
        ):
            wanted = [
                row
                for row in range(len(boxes))
                if colors[row] == color and row not in hidden and (row in proposed) == (role is Role.PROPOSED)
            ]
            rows = np.array(wanted, np.int64)
            texts = ("RBC",) * len(rows) if labels else ()
            layers.append(BoxLayer(f"{role}.{color}", "object", role, boxes[rows], rows, True, texts, color=color))
        chosen = frozenset(editing.pop("chosen", ()))
        ref = None if selected is None and not chosen else Ref("object", max(chosen) if selected is None else selected)
        scene = Scene(
            Space((400, 500)), "image", (*layers, *others), selected=ref,
            editing=Editing(boxes, ids, colors, chosen, **{name: _frozen(value) for name, value in editing.items()}),
        )  # fmt: skip
        if settled:
            editable._hand._settle()
        editable.show_scene(scene)
        return scene

    return show


def _frozen(value):
    return frozenset(value) if isinstance(value, set | list) else value


@pytest.fixture(params=[(1.0, 1.0), (2.5, 1.0), (2.0, 2.0), (3.0, 2.0)], ids=["1", "2.5", "1 at 2x", "1.5 at 2x"])
def screen(request, editable):
    """Zooms and screens; at all of them the middle of the image is in sight."""
    scale, editable.ratio = request.param
    editable.zoom_to(scale)
