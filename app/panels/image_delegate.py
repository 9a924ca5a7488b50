"""How a line of the list of images is drawn: small picture, name, how far a person is, what the detector made of it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPainterPath
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.panels.glyphs import paint_dot, paint_focus
from app.panels.image_list_model import ImageListModel, ImageState
from app.panels.image_signs import paint_standing, paint_unsaved, standing_colour
from app.sentences import say
from app.theme import BASE_PX, SMALL_PX, dark_theme, scaled, ui_font
from app.wording import text

Index = QModelIndex | QPersistentModelIndex
THUMBNAIL = QSize(56, 42)
ROW_HEIGHT = 60
_LINE = 17
_NARROW = 190
"""In a list narrower than this the small picture gives half its room to the words."""


def one_line(name: str) -> str:
    """A name as it is shown: what would break the line is a space."""
    return re.sub(r"[\s\x00-\x1f]", " ", name)


def short_name(name: str, metrics: QFontMetrics, room: int) -> str:
    """What of a file name fits: first the suffix goes, then the beginning, as the end is what tells images apart."""
    if metrics.horizontalAdvance(name) <= room:
        return name
    return metrics.elidedText(os.path.splitext(name)[0], Qt.TextElideMode.ElideLeft, room)


class ImageDelegate(QStyledItemDelegate):
    """Small picture on the left; name and states beside it."""

    def __init__(self, model: ImageListModel, view: QWidget) -> None:
        super().__init__(view)
        self._model, self._view = model, view
        self.theme = dark_theme()
        self.open_path: Path | None = None

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one line."""
        row = index.row()
        path = self._model.path(row)
        if path is None:
            return
        area = QRectF(option.rect).adjusted(6, 1, -6, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._paint_ground(painter, area, option.state, path == self.open_path)
        width = THUMBNAIL.width() if option.rect.width() >= scaled(_NARROW) else THUMBNAIL.width() // 2
        place = QRectF(area.left() + 6, area.center().y() - 21, width, THUMBNAIL.height())
        self._paint_thumbnail(painter, place, self._model.thumbnail(path))
        left = place.right() + 9
        standing = self._model.standing(row)
        line = scaled(_LINE)
        num_lines = 2 if standing is None else 3
        words = QRectF(left, area.center().y() - num_lines * line / 2 - 0.5, area.right() - 3 - left, line)
        self._paint_name(painter, words, row, path.name)
        words.translate(0, line)
        if standing is not None:
            sign = QPointF(words.left() + scaled(5), words.center().y() + 0.5)
            paint_standing(painter, sign, standing, self.theme)
            colour = standing_colour(standing, self.theme)
            self._paint_words(painter, words, [(self._model.standing_words(row), colour)])
            words.translate(0, line)
        self._paint_run(painter, words, self._model.state(row))
        if option.state & QStyle.StateFlag.State_HasFocus and self._view.hasFocus():
            paint_focus(painter, area.adjusted(2.5, 2.5, -2.5, -2.5), self.theme, 5)
        painter.restore()

    def _paint_ground(self, painter: QPainter, area: QRectF, state: QStyle.StateFlag, is_open: bool) -> None:
        """The open image has an outline; others that are selected with it have none."""
        theme = self.theme
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if state & QStyle.StateFlag.State_Selected:
            painter.setBrush(theme.chosen)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(theme.hover)
        if is_open:
            painter.setPen(theme.accent)
            area = area.adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(area, 6, 6)

    def _paint_name(self, painter: QPainter, area: QRectF, row: int, name: str) -> None:
        painter.setFont(ui_font(BASE_PX))
        name = one_line(name)
        wanted = painter.fontMetrics().horizontalAdvance(name)
        room = area.width()
        if self._model.is_unsaved(row):
            room -= self._paint_unsaved(painter, area, area.width() - wanted)
        painter.setPen(self.theme.muted if self._model.is_kept(row) else self.theme.text)
        painter.setFont(ui_font(BASE_PX))
        shown = short_name(name, painter.fontMetrics(), int(room))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), shown)

    def _paint_unsaved(self, painter: QPainter, area: QRectF, spare: float) -> float:
        """The mark at the right of the name, a sign where there is no room for the word; the room it takes."""
        painter.setFont(ui_font(SMALL_PX))
        word, sign = text(say("image.unsaved")), float(scaled(10))
        width = painter.fontMetrics().horizontalAdvance(word) + sign + 12.0
        has_room = width <= spare
        left = area.right() - (width - 8.0 if has_room else sign)
        paint_unsaved(painter, QPointF(left + sign / 2, area.center().y() + 0.5), self.theme)
        if not has_room:
            return sign + 6.0
        painter.setPen(self.theme.accent)
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.AlignmentFlag.AlignRight), word)
        return width

    def _paint_thumbnail(self, painter: QPainter, area: QRectF, image: QImage | None) -> None:
        outline = QPainterPath()
        outline.addRoundedRect(area, 3, 3)
        painter.fillPath(outline, self.theme.hover)
        if image is None or image.isNull():
            return
        scale = max(area.width() / image.width(), area.height() / image.height())
        width, height = area.width() / scale, area.height() / scale
        source = QRectF((image.width() - width) / 2, (image.height() - height) / 2, width, height)
        painter.save()
        painter.setClipPath(outline)
        painter.drawImage(area, image, source)
        painter.restore()

    def _paint_run(self, painter: QPainter, area: QRectF, state: ImageState | None) -> None:
        theme = self.theme
        is_run = state is not None and state.is_run
        place = QPointF(area.left() + scaled(5), area.center().y() + 0.5)
        paint_dot(painter, place, theme.good if is_run else theme.muted, filled=is_run)
        parts = state.parts if state is not None else ()
        said = [(words, theme.muted if role is None else theme.role(role)) for words, role in parts]
        self._paint_words(painter, area, said or [(text(say("image.not_run")), theme.muted)])

    def _paint_words(self, painter: QPainter, area: QRectF, parts: list[tuple[str, QColor]]) -> None:
        """Pieces of a line beside its sign, as many as there is room for."""
        painter.setFont(ui_font(SMALL_PX))
        metrics = painter.fontMetrics()
        x = area.left() + scaled(15)
        for words, colour in parts:
            room = area.right() - x
            if room < 12:
                break
            painter.setPen(colour)
            painter.drawText(
                QRectF(x, area.top(), room, area.height()),
                int(Qt.AlignmentFlag.AlignVCenter),
                metrics.elidedText(words, Qt.TextElideMode.ElideRight, int(room)),
            )
            x += metrics.horizontalAdvance(f"{words} ")
