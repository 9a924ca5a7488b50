"""What moves the picture: a drag, wheels and touchpads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QInputDevice, QWheelEvent

from app.canvas.transform import ViewTransform

DRAG_STARTS = 4.0
"""Widget points that a press may move and still be a click."""

NOTCHES_TO_DOUBLE = 3.0
"""Three notches of the wheel double the scale."""

SIDEWAYS_STEP = 60.0
"""Widget points a notch, with Shift."""


class Zoom(NamedTuple):
    """Make the picture larger by a factor."""

    factor: float


class Scroll(NamedTuple):
    """Move the picture by widget points."""

    dx: float
    dy: float


def wheel_meaning(event: QWheelEvent, *, scrolls: bool = False) -> Zoom | Scroll:
    """A wheel zooms, with Shift it moves sideways; two fingers on a touchpad move, with Ctrl they zoom.

    Args:
        event: of the wheel.
        scrolls: a wheel moves up and down, as in labelImg and labelme; with Ctrl it zooms all the same.
    """
    modifiers = event.modifiers()
    angle, pixels = event.angleDelta(), event.pixelDelta()
    # Some systems swap the axes while Shift or Alt is held.
    turned = angle.y() or angle.x()
    # Fingers have a phase or say that they are a touchpad; pixel deltas alone are unreliable on X11.
    fingers = not pixels.isNull() and (
        event.phase() != Qt.ScrollPhase.NoScrollPhase or event.device().type() == QInputDevice.DeviceType.TouchPad
    )
    if modifiers & Qt.KeyboardModifier.ControlModifier:
        return Zoom(2.0 ** (turned / 120.0 / NOTCHES_TO_DOUBLE))
    if fingers:
        return Scroll(float(pixels.x()), float(pixels.y()))
    if modifiers & Qt.KeyboardModifier.ShiftModifier:
        return Scroll(turned / 120.0 * SIDEWAYS_STEP, 0.0)
    if scrolls:
        return Scroll(0.0, turned / 120.0 * SIDEWAYS_STEP)
    return Zoom(2.0 ** (turned / 120.0 / NOTCHES_TO_DOUBLE))


@dataclass(slots=True)
class Pan:
    """A drag that moves the picture; until it has moved far enough it may still become a click.

    Attributes:
        start: where it was pressed.
        view: the view then.
        button: that holds it.
        may_click: a press of the left button; the middle one only pans.
    """

    start: QPointF
    view: ViewTransform
    button: Qt.MouseButton
    may_click: bool
    dragging: bool = False

    def move(self, at: QPointF) -> ViewTransform | None:
        """The view that a movement leads to."""
        dx, dy = at.x() - self.start.x(), at.y() - self.start.y()
        if not self.dragging and self.may_click and max(abs(dx), abs(dy)) < DRAG_STARTS:
            return None
        self.dragging = True
        return self.view.panned(dx, dy)

    @property
    def is_click(self) -> bool:
        """Whether a release now would be a click."""
        return self.may_click and not self.dragging
