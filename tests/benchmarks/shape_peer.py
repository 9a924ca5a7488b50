"""A canvas in the manner of annotation tools: a list of shape objects, each drawn by itself.

labelme's own canvas needs PyQt5, which cannot be in one process with PySide6; so this stands in for it. It paints what
labelme paints for a rectangle (an antialiased path of the outline, one of the two corners, drawn and filled, a second
pen), without labelme's own bookkeeping: the peer is quicker than the real one, which was measured apart at 187 ms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from app.canvas.pyramid import ImagePyramid, wrapped

COLOURS = ("#F0E442", "#56B4E9", "#CC79A7")
CORNER = 8.0
PEN = 2.0


@dataclass
class Shape:
    """A rectangle with its corners."""

    points: list[QPointF]
    colour: QColor

    def paint(self, painter: QPainter, scale: float) -> None:
        pen = QPen(self.colour)
        pen.setWidth(round(PEN))
        painter.setPen(pen)
        first, second = self.points[0] * scale, self.points[2] * scale
        line, corners = QPainterPath(), QPainterPath()
        line.addRect(QRectF(first, second))
        for point in (first, second):
            corners.addEllipse(point, CORNER / 2, CORNER / 2)
        painter.drawPath(line)
        painter.drawPath(corners)
        painter.fillPath(corners, self.colour)
        painter.setPen(QPen(QColor("#FF0000"), PEN))  # for the points that a shape of clicks would have
        painter.drawPath(QPainterPath())


class ShapeCanvas(QWidget):
    """Shows boxes over an image, the whole of it in view."""

    name = "a path a shape"
    what = "drawn as labelme draws (which needs PyQt5 and cannot be in this process)"

    def __init__(self, boxes: np.ndarray, image: np.ndarray) -> None:
        super().__init__()
        pyramid = ImagePyramid(image)
        height, width = image.shape[:2]
        self._pixmap = QPixmap.fromImage(wrapped(pyramid.levels[0], 0, 0, width, height).copy())
        self._shapes = [
            Shape([QPointF(x0, y0), QPointF(x1, y0), QPointF(x1, y1), QPointF(x0, y1)], QColor(COLOURS[place % 3]))
            for place, (x0, y0, x1, y1) in enumerate(boxes.tolist())
        ]

    def paintEvent(self, event: QPaintEvent) -> None:  # Qt's name
        scale = min(self.width() / self._pixmap.width(), self.height() / self._pixmap.height()) * 0.97
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.translate((self.width() - self._pixmap.width() * scale) / 2, 16)
        size = QRectF(0, 0, self._pixmap.width() * scale, self._pixmap.height() * scale)
        painter.drawPixmap(size, self._pixmap, QRectF(self._pixmap.rect()))
        for shape in self._shapes:
            shape.paint(painter, scale)
        painter.end()
