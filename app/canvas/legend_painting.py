"""The legend below a saved picture."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QPainter

from app.canvas.painting import draw_outlines
from app.canvas.tags import Tags
from app.legend import GROUND, INK, Legend


def paint_legend(painter: QPainter, legend: Legend, tags: Tags, top: int, canvas_wh: tuple[int, int]) -> None:
    """Draw it from `top` on."""
    painter.fillRect(0, top, canvas_wh[0], legend.height, QColor(GROUND))
    for entry in legend.entries:
        style, y = entry.style, top + entry.y
        line = round(max(style.width, 2.0) * tags.ratio)
        start, upper = round(entry.x), round(y - line / 2)
        sample = np.array([[start, upper, start + round(entry.sample) - 1, upper + line - 1]], np.int32)
        plain = style._replace(casing=False, width=line / tags.ratio)
        draw_outlines(painter, sample, plain, tags.ratio, (canvas_wh[0], top + legend.height))
        painter.setPen(QColor(INK))
        painter.setFont(tags.plain_font)
        painter.drawText(QPointF(entry.text_x, y + 0.36 * tags.pixels), entry.text)
