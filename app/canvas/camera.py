"""Where the image lies on the canvas, and every way of moving it there."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, QSize, Signal
from PySide6.QtWidgets import QWidget

from app.canvas.box_changes import Box
from app.canvas.transform import ViewTransform

FIT_MARGIN = 16.0
"""Widget points around the fitted image."""
BOX_MARGIN = 0.2
"""Of the canvas, around a box that was zoomed to."""


class Camera(QObject):
    """Looks at the image on a canvas; some of it always remains in sight.

    Signals:
        moved(): the image lies elsewhere, or in another size.
        zoomed(float): device pixels per image pixel.
    """

    moved = Signal()
    zoomed = Signal(float)

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._view = ViewTransform()
        self._image_wh: tuple[int, int] | None = None
        self._is_fitted = True

    @property
    def view(self) -> ViewTransform:
        """Where the image lies, on the screen that the canvas is on now."""
        return self._view.on_screen(self._canvas.devicePixelRatioF())

    @property
    def canvas_wh(self) -> tuple[int, int]:
        """The canvas in device pixels."""
        ratio = self._canvas.devicePixelRatioF()
        return max(1, round(self._canvas.width() * ratio)), max(1, round(self._canvas.height() * ratio))

    def show(self, image_wh: tuple[int, int], *, keeps: bool) -> None:
        """Another image is on show.

        Args:
            keeps: in the scale of the one before, with the same part of it in the middle; one that was fitted stays
                fitted.
        """
        before, self._image_wh = self._image_wh, image_wh
        if not keeps or before is None or self._is_fitted:
            self.fit()
        elif before != image_wh:
            view, middle = self.view, QPointF(self._canvas.width() / 2, self._canvas.height() / 2)
            x, y = view.to_image(middle.x(), middle.y())
            there = view.to_widget(x * image_wh[0] / before[0], y * image_wh[1] / before[1])
            self._set(view.panned(middle.x() - there[0], middle.y() - there[1]))

    def fit(self) -> None:
        """The whole image, with a small margin; it stays fitted when the canvas changes its size."""
        self._is_fitted = True
        if self._image_wh is not None:
            width, height = self._image_wh
            margin = FIT_MARGIN * self._canvas.devicePixelRatioF()
            self._set(self.view.showing((0.0, 0.0, float(width), float(height)), self.canvas_wh, margin))

    def move(self, view: ViewTransform) -> None:
        """Look from elsewhere."""
        self._is_fitted = False
        self._set(view)

    def zoom(self, scale: float, at: QPointF | None = None) -> None:
        """Another scale; what lies at a widget point stays there, in the middle of the canvas unless one is given."""
        middle = QPointF(self._canvas.width() / 2, self._canvas.height() / 2) if at is None else at
        self.move(self.view.zoomed(scale, middle.x(), middle.y()))

    def zoom_to_box(self, box: Box) -> None:
        """Bring a box into the middle, with some of what is around it."""
        x1, y1, x2, y2 = (float(value) for value in box)
        self.move(self.view.showing((x1, y1, x2, y2), self.canvas_wh, BOX_MARGIN * min(self.canvas_wh)))

    def canvas_resized(self, before: QSize, after: QSize) -> None:
        """Stay fitted; else keep what is in the middle there."""
        if self._is_fitted:
            self.fit()
        elif before.isValid():
            change = after - before
            self._set(self.view.panned(change.width() / 2, change.height() / 2))

    def shift(self, by: int) -> None:
        """Move the image down by widget points; one that is fitted counts as fitted still."""
        self._set(self.view.panned(0.0, float(by)))

    def screen_changed(self) -> None:
        """A screen of another scale shows the same view in its own pixels."""
        self._set(self.view)

    def _set(self, view: ViewTransform) -> None:
        if self._image_wh is not None:
            view = view.held(self._image_wh, self.canvas_wh)
        zoomed, moved = view.scale != self._view.scale, view != self._view
        self._view = view
        if moved:
            self.moved.emit()
        if zoomed:
            self.zoomed.emit(view.scale)
