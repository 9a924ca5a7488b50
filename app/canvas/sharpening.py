"""When the picture of the mass layers is drawn anew: coarse while one zooms, exact once the view rests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal, SignalInstance, Slot

from app.canvas.camera import Camera
from app.canvas.frame import Frame, Live
from app.canvas.overlay import Quality, RasterThread
from app.canvas.raster import Raster

COARSE_MS, SHARP_MS = 12, 90
"""After a step of a zoom: until the coarse picture, and until the sharp one."""


class DrawingThread(RasterThread, Protocol):
    """Draws elsewhere, and says so in this thread: number, `Raster`."""

    @property
    def drawn(self) -> SignalInstance:
        """A picture is there."""


class Sharpening(QObject):
    """Sees to better pictures of the frame.

    Signals:
        repaint(): there is one.
    """

    repaint = Signal()

    def __init__(self, frame: Frame, live: Live, camera: Camera, may_pan: Callable[[], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._frame, self._live, self._camera, self._may_pan = frame, live, camera, may_pan
        self.coarse_timer = self._timer(COARSE_MS, self.coarse)
        self.sharp_timer = self._timer(SHARP_MS, self.rest)

    def _timer(self, milliseconds: int, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(slot)
        return timer

    def draw_in(self, thread: DrawingThread) -> None:
        """Have slow pictures drawn there from now on."""
        thread.drawn.connect(self._on_drawn)
        self._frame.draw_in(thread)

    def scene_changed(self) -> None:
        """Boxes that change are not at rest."""
        if self.sharp_timer.isActive():
            self.sharp_timer.start()

    def panned(self) -> None:
        """At rest texts are placed anew, for what came into sight."""
        self.sharp_timer.start()

    def painted(self, quality: Quality) -> None:
        """A frame of this quality is on the screen."""
        if quality is Quality.STALE:
            self.sharp_timer.start()
            if not self.coarse_timer.isActive():
                self.coarse_timer.start()
        elif quality is not Quality.WIDE and not self.sharp_timer.isActive():
            self.sharp_timer.start()

    @Slot()
    def coarse(self) -> None:
        """Between the steps of a zoom: half the resolution."""
        if self._frame.improve(self._camera.view, self._camera.canvas_wh, cell=2):
            self.repaint.emit()

    @Slot()
    def rest(self) -> None:
        """The view rests: everything exact."""
        self.coarse_timer.stop()
        settled = self._live.panning and not self._may_pan()
        if settled:
            self._live.panning = False
            self._frame.settle(self._camera.view)
        # Only for what is new: a paint starts the timers again, and would go on for as long as a thread draws.
        if self._frame.improve(self._camera.view, self._camera.canvas_wh) or settled:
            self.repaint.emit()

    @Slot(int, object)
    def _on_drawn(self, number: int, raster: Raster) -> None:
        if self._frame.take(raster):
            self.repaint.emit()
