"""The worker of the drawing thread: slow pictures of very many boxes, made with numpy alone.

QPainter would hold Python's lock for a whole picture, and the window with it; numpy lets go of it all the time.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal

from app.canvas.raster import Rasteriser, RasterJob
from app.workers import Worker


class DrawingWorker(Worker):
    """Draws the canvas' jobs.

    Signals:
        drawn: number, `Raster`.
    """

    drawn = Signal(int, object)

    def __init__(self) -> None:
        super().__init__()
        self._rasteriser = Rasteriser()

    def work(self, request: object) -> None:
        """Draw; a newer job makes it stop between two groups of boxes."""
        if isinstance(request, RasterJob):
            raster = self._rasteriser.render(request, check=partial(self.check, request.number))
            self.drawn.emit(request.number, raster)

    def doing(self, request: object) -> str:
        """For the sentence of an unexpected error."""
        return "drawing the boxes"
