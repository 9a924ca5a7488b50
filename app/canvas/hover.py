"""Follows the cursor: where it is on the image, in which cell, and on which box it rests."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QPointF, QTimer, Signal, Slot

from app.canvas.frame import Frame, Live
from app.canvas.hit_test import Hit
from app.scene import Ref

HOVER_MS = 150


class HoverTracker(QObject):
    """Turns moves of the cursor into the canvas' signals of the same names.

    Signals:
        repaint: something to be seen has changed.
    """

    hovered = Signal(float, float)
    left = Signal()
    cell_hovered = Signal(int, int)
    cell_left = Signal()
    hover_changed = Signal(object)
    repaint = Signal()

    def __init__(self, frame: Frame, live: Live, find: Callable[[QPointF], Hit | None], parent: QObject) -> None:
        super().__init__(parent)
        self._frame = frame
        self._live = live
        self._find = find
        self._on_image = False
        self._cell: tuple[int, int] | None = None
        self._announced: Ref | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(HOVER_MS)
        self._timer.timeout.connect(self._on_rest)

    def move(self, at: QPointF, point: tuple[float, float]) -> None:
        """The cursor is at a widget point that shows a point of the image."""
        image, space = self._frame.image, self._frame.space
        x, y = point
        if image is None or not (0 <= x < image.width and 0 <= y < image.height):
            self._leave_image()
        else:
            self._on_image = True
            self.hovered.emit(x, y)
            self._enter_cell(space.cell(x, y) if space is not None and self._frame.by_cell else None)
        self._live.hover_at = QPointF(at)
        self._rest_on(self._find(at))

    def leave(self) -> None:
        """The cursor has left the canvas, or a drag has begun."""
        self._leave_image()
        self._live.hover_at = None
        self._rest_on(None)

    def scene_changed(self) -> None:
        """Find the box under the cursor in the new scene; tells nobody, for drawing has no effects."""
        if self._live.hover is None or self._live.hover_at is None:
            return
        found = self._find(self._live.hover_at)
        if found is None or found.ref != self._live.hover.ref:
            self.reset()
        else:
            self._live.hover = found

    def reset(self) -> None:
        """Forget the box under the cursor; tells nobody."""
        self._timer.stop()
        self._live.hover = None
        self._live.hover_text = ""
        self._announced = None

    def _leave_image(self) -> None:
        self._enter_cell(None)
        if self._on_image:
            self._on_image = False
            self.left.emit()

    def _enter_cell(self, cell: tuple[int, int] | None) -> None:
        if cell == self._cell:
            return
        self._cell = cell
        if cell is None:
            self.cell_left.emit()
        else:
            self.cell_hovered.emit(*cell)

    def _rest_on(self, found: Hit | None) -> None:
        before = self._live.hover
        self._live.hover = found
        if found is not None and before is not None and found.ref == before.ref:
            if self._announced is None:
                self._timer.start()
            elif self._live.hover_text:
                self.repaint.emit()
            return
        if found is None and before is None:
            return
        self._live.hover_text = ""
        if found is None:
            self._timer.stop()
        else:
            self._timer.start()
        self.repaint.emit()
        if self._announced is not None:
            self._announced = None
            self.hover_changed.emit(None)

    @Slot()
    def _on_rest(self) -> None:
        if self._live.hover is not None:
            self._announced = self._live.hover.ref
            self.hover_changed.emit(self._announced)
