"""Texts on the canvas: tags at boxes and arrows, the tooltip, the counter."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPixmap

from app.canvas.placement import Place, Wanted
from app.canvas.plain import Rect
from app.roles import CASING, role_style, text_on
from app.scene import Ref, Role
from app.theme import SMALL_PX, scaled

DIMMED_GROUND = "#1C2025"
"""Behind the letters of a tag that does not concern the selection."""

DIMMED_INK = "#A9B1BA"
"""Those letters; what went wrong keeps its colour, for the eye should find it."""


MOST_PICTURES = 2000


def dimmed_ink(role: Role) -> str:
    """The colour of the letters on `DIMMED_GROUND`."""
    return role_style(role).on_dark if role in (Role.MISSED, Role.FALSE_POSITIVE) else DIMMED_INK


@dataclass(frozen=True, slots=True)
class Tag:
    """A text with the look of a role at a box.

    Attributes:
        rect: the box, device pixels.
        loud: of the selection: bold, always shown, never dimmed.
        below: rather under the box.
        color: of its ground, in place of the role's.
        ref: what it is written at.
        gap: device pixels that it keeps off the box, beside its casing.
    """

    text: str
    rect: Rect
    role: Role
    loud: bool = False
    below: bool = False
    color: str | None = None
    ref: Ref | None = None
    gap: int = 0


def tag_colours(tag: Tag, dimmed: bool) -> tuple[str, str]:
    """Ground and letters; of a dimmed tag light on dark, not pale: it must be read on any picture."""
    if dimmed and not tag.loud:
        return DIMMED_GROUND, dimmed_ink(tag.role)
    ground = tag.color or role_style(tag.role).on_dark
    return ground, text_on(ground)


def letter_pixels(ratio: float) -> int:
    """The size of the letters in device pixels."""
    return max(1, round(scaled(SMALL_PX) * ratio))


class Tags:
    """Measures and draws tags for one screen.

    Attributes:
        pixels: the size of the letters.
    """

    def __init__(self, font: QFont, ratio: float) -> None:
        self.ratio = ratio
        self.font = font
        self._fonts: dict[bool, QFont] = {}
        self.pixels = letter_pixels(ratio)
        for loud in (False, True):
            sized = QFont(font)
            sized.setPixelSize(self.pixels)
            sized.setBold(loud)
            self._fonts[loud] = sized
        self._metrics = {loud: QFontMetrics(sized) for loud, sized in self._fonts.items()}
        self._widths: dict[tuple[str, bool], int] = {}
        self._pictures: dict[tuple[str, str, str, bool], QPixmap] = {}

    @property
    def height(self) -> int:
        """Of a tag."""
        return self._metrics[True].height() + 2 * round(self.ratio)

    @property
    def plain_font(self) -> QFont:
        """That of tags which are not loud."""
        return self._fonts[False]

    def width(self, text: str, loud: bool) -> int:
        """Of a tag with this text."""
        return self.text_width(text, loud) + 2 * self._padding

    def text_width(self, text: str, loud: bool = False) -> int:
        """Of the letters alone."""
        key = (text, loud)
        if key not in self._widths:
            if len(self._widths) > 5000:
                self._widths.clear()
            self._widths[key] = self._metrics[loud].horizontalAdvance(text)
        return self._widths[key]

    @property
    def _padding(self) -> int:
        return round(4 * self.ratio)

    def wanted(self, tag: Tag) -> Wanted:
        """What has to be placed for a tag."""
        left, top, right, bottom = tag.rect
        # Off the casing of the box.
        gap = max(1, round(self.ratio)) + (1 if tag.loud else 0) + tag.gap
        rect = (left - gap, top - gap, right + gap, bottom + gap)
        return Wanted(rect, self.width(tag.text, tag.loud), self.height, tag.below, tag.loud)

    def draw(self, painter: QPainter, tag: Tag, place: Place, *, dimmed: bool = False) -> None:
        """Draw one tag."""
        painter.drawPixmap(place.left, place.top, self._picture(tag.text, *tag_colours(tag, dimmed), tag.loud))

    def _picture(self, text: str, background: str, ink: str, loud: bool) -> QPixmap:
        """A tag as it is drawn, kept: the same ones are drawn frame by frame, by the hundred."""
        key = (text, background, ink, loud)
        found = self._pictures.get(key)
        if found is None:
            if len(self._pictures) >= MOST_PICTURES:
                self._pictures.clear()
            found = self._pictures[key] = QPixmap(self.width(text, loud), self.height)
            found.fill(Qt.GlobalColor.transparent)
            painter = QPainter(found)
            place = Place(0, 0, found.width(), found.height())
            self.draw_text(painter, text, place, QColor(background), QColor(ink), loud)
            painter.end()
        return found

    def draw_text(
        self, painter: QPainter, text: str, place: Place, background: QColor, ink: QColor, loud: bool = False
    ) -> None:
        """A text on a rounded ground with a fine dark border, which keeps it apart from a ground of its own colour."""
        left, top, right, bottom = place
        area = QRectF(left + 0.5, top + 0.5, right - left - 1, bottom - top - 1)
        edge = QColor(CASING)
        edge.setAlpha(150)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(edge, 1.0))
        painter.setBrush(background)
        painter.drawRoundedRect(area, 2.5 * self.ratio, 2.5 * self.ratio)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(ink)
        painter.setFont(self._fonts[loud])
        painter.drawText(QRect(left, top, right - left, bottom - top), int(Qt.AlignmentFlag.AlignCenter), text)

    def draw_note(self, painter: QPainter, text: str, x: int, y: int, canvas_wh: tuple[int, int]) -> None:
        """A line next to the cursor: the counter of repeated clicks."""
        width, height = self.width(text, True), self.height
        left = min(max(x, 0), canvas_wh[0] - width)
        top = min(max(y, 0), canvas_wh[1] - height)
        place = Place(left, top, left + width, top + height)
        self.draw_text(painter, text, place, QColor("#F2F4F6"), QColor("#0B0D0F"), loud=True)

    def draw_tooltip(
        self, painter: QPainter, text: str, rect: Rect, cursor: tuple[int, int], canvas_wh: tuple[int, int]
    ) -> None:
        """Several lines beside a box, near the cursor but never over the box where the canvas leaves room."""
        metrics, pad, gap = self._metrics[False], round(7 * self.ratio), round(6 * self.ratio)
        limit = min(round(scaled(360) * self.ratio), canvas_wh[0] - 2 * pad)
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop) | int(Qt.TextFlag.TextWordWrap)
        bounds = metrics.boundingRect(QRect(0, 0, max(limit, 1), 10_000), flags, text)
        width, height = bounds.width() + 2 * pad, bounds.height() + 2 * pad
        left, top, right, bottom = rect
        far_x, far_y = canvas_wh[0] - width, canvas_wh[1] - height
        along_x = min(max(cursor[0] - width // 2, 0), far_x)
        along_y = min(max(cursor[1] - height // 2, 0), far_y)
        spots = [
            (right + gap, along_y),
            (left - gap - width, along_y),
            (along_x, bottom + gap),
            # Above, its own text is left room.
            (along_x, top - gap - self.height - height),
        ]
        fitting = [(x, y) for x, y in spots if 0 <= x <= far_x and 0 <= y <= far_y]
        below_cursor = (min(cursor[0] + 3 * gap, far_x), min(cursor[1] + 3 * gap, far_y))
        # The side that is nearest to the cursor.
        x, y = min(
            fitting or [below_cursor],
            key=lambda spot: math.hypot(spot[0] + width / 2 - cursor[0], spot[1] + height / 2 - cursor[1]),
        )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(QPen(QColor("#4A525B"), 1.0))
        painter.setBrush(QColor(28, 32, 37, 240))
        painter.drawRoundedRect(QRectF(x + 0.5, y + 0.5, width - 1, height - 1), 4 * self.ratio, 4 * self.ratio)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QColor("#E6EAEE"))
        painter.setFont(self._fonts[False])
        painter.drawText(QRect(x + pad, y + pad, bounds.width(), bounds.height()), flags, text)

    def draw_message(self, painter: QPainter, text: str, canvas_wh: tuple[int, int]) -> None:
        """A text in the middle of an empty canvas."""
        width = min(canvas_wh[0] - round(48 * self.ratio), round(scaled(520) * self.ratio))
        flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
        painter.setFont(self._fonts[False])
        painter.setPen(QColor("#AEB6BF"))
        painter.drawText(QRect((canvas_wh[0] - width) // 2, 0, max(width, 1), canvas_wh[1]), flags, text)
