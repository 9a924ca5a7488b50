"""The canvas as a picture, and how much of it the story of the selection takes."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QFont, QImage, QPainter

from app.canvas.frame import Frame, Live, Parts
from app.canvas.legend_painting import paint_legend
from app.canvas.plain import columns_of, device_rects
from app.canvas.transform import ViewTransform
from app.legend import Legend, legend_of


def still_image(
    frame: Frame, view: ViewTransform, canvas_wh: tuple[int, int], font: QFont, *, with_legend: bool = False
) -> QImage:
    """The view as it is, sharp, without the marks of the cursor."""
    width, height = canvas_wh
    tags, legend = None, Legend((), 0)
    parts = frame.parts(view, canvas_wh, font)
    if with_legend and parts.scene is not None:
        tags = parts.tags
        legend = legend_of(parts.scene, width, tags.text_width, view.ratio)
    image = QImage(width, height + legend.height, QImage.Format.Format_RGB32)
    frame.sharpen(view, canvas_wh)
    painter = QPainter(image)
    frame.paint(painter, view, canvas_wh, Live(), font, as_it_is=True)
    if tags is not None:
        paint_legend(painter, legend, tags, height, canvas_wh)
    painter.end()
    image.setDevicePixelRatio(view.ratio)
    return image


def story_area(parts: Parts, view: ViewTransform, canvas_wh: tuple[int, int]) -> QRect:
    """What is drawn of the selection, its boxes and texts together, in widget points; empty without one."""
    rects, _ = device_rects(columns_of([mark.box for mark in parts.marks]), view, canvas_wh)
    area = QRect()
    for left, top, right, bottom in (*rects, *(place for tag, place in parts.placed if tag.loud)):
        area = area.united(QRect(left, top, right - left, bottom - top))
    ratio = view.ratio
    corner = QPoint(round(area.left() / ratio), round(area.top() / ratio))
    return QRect(corner, QSize(round(area.width() / ratio), round(area.height() / ratio)))
