"""The picture at every size: the image and its halves, of which only the visible part is ever touched.

Making one of a large photograph takes a second: do it in a worker and hand it over finished. Drawing takes the level
that is just larger than what the screen shows, so that 300 megapixels cost as little as one.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from app.canvas.transform import ViewTransform

SMALLEST_SIDE = 1024
"""No level is made below this."""

SMOOTH_BELOW = 2.0
"""From this scale on, pixels of the image are shown as the squares that they are."""


class Part(NamedTuple):
    """What can be seen of one level.

    Attributes:
        source: of the image, the part that belongs to the photograph; target: where that lies, device pixels.
        step: device pixels per pixel of the level.
    """

    image: QImage
    source: QRectF
    target: QRectF
    step: float


class ImagePyramid:
    """An image in full, half, quarter, ... size, packed as 0xFFRRGGBB.

    Attributes:
        width, height: of the image.
        levels: (h, w) uint32; level k has ceil(size / 2**k) pixels. Qt looks into this memory, so it must stay alive.
    """

    def __init__(self, image: NDArray[np.uint8]) -> None:
        """Build all levels from (H, W, 3) uint8."""
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
            raise ValueError(f"expected (H, W, 3) uint8, got {image.shape} {image.dtype}")
        self.height, self.width = int(image.shape[0]), int(image.shape[1])
        self.levels: list[NDArray[np.uint32]] = [_packed(image)]
        # On the packed memory itself: Pillow keeps four bytes a pixel anyway, and cares not what they are called.
        half = Image.frombuffer("RGBX", self.size, self.levels[0], "raw", "RGBX", 0, 1)
        while max(half.size) > SMALLEST_SIDE and min(half.size) > 1:
            half = half.reduce(2)
            self.levels.append(np.array(half).view(np.uint32)[..., 0])

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.width, self.height

    def level_for(self, scale: float) -> int:
        """The smallest level that still has a pixel for each pixel of the screen."""
        if scale >= 1.0:
            return 0
        return min(int(math.log2(1.0 / scale) + 1e-9), len(self.levels) - 1)

    def draw(self, painter: QPainter, transform: ViewTransform, canvas_wh: tuple[int, int]) -> None:
        """Draw the visible part; the painter works in device pixels."""
        part = self.part(transform, canvas_wh, self.level_for(transform.scale))
        if part is None:
            return
        is_exact = part.step == 1.0
        painter.setRenderHint(
            QPainter.RenderHint.SmoothPixmapTransform, transform.scale < SMOOTH_BELOW and not is_exact
        )
        painter.drawImage(part.target, part.image, part.source)

    def part(self, transform: ViewTransform, canvas_wh: tuple[int, int], level: int) -> Part | None:
        """What can be seen of a level; None where nothing can."""
        origin_x, origin_y = transform.origin
        pixels = self.levels[level]
        # Screen pixels per pixel of this level.
        step = transform.scale * 2**level
        x0, x1 = _visible(origin_x, step, canvas_wh[0], pixels.shape[1])
        y0, y1 = _visible(origin_y, step, canvas_wh[1], pixels.shape[0])
        if x0 >= x1 or y0 >= y1:
            return None
        # The last pixel of a level may stand for less than its share of the image: it is cut at the image's edge.
        right = min(x1 * step, self.width * transform.scale)
        bottom = min(y1 * step, self.height * transform.scale)
        target = QRectF(origin_x + x0 * step, origin_y + y0 * step, right - x0 * step, bottom - y0 * step)
        source = QRectF(0.0, 0.0, right / step - x0, bottom / step - y0)
        # Only this part is wrapped: Qt's own source coordinates end at 32,767.
        return Part(self.pixels(level, x0, y0, x1, y1), source, target, step)

    def pixels(self, level: int, x0: int, y0: int, x1: int, y1: int) -> QImage:
        """A part of a level, on its own memory: keep this object alive as long as the QImage."""
        return wrapped(self.levels[level], x0, y0, x1, y1)


def wrapped(pixels: NDArray[np.uint32], x0: int, y0: int, x1: int, y1: int) -> QImage:
    """A part of a level as a QImage on the same memory: keep the level alive as long as the QImage."""
    width = pixels.shape[1]
    flat = pixels.reshape(-1)[y0 * width + x0 : (y1 - 1) * width + x1]
    return QImage(flat.view(np.uint8).data, x1 - x0, y1 - y0, width * 4, QImage.Format.Format_RGB32)


def _visible(origin: int, step: float, canvas: int, size: int) -> tuple[int, int]:
    """First and behind-last pixel of a level that the canvas shows, two more on each side for smoothing."""
    first = math.floor(-origin / step) - 2
    last = math.ceil((canvas - origin) / step) + 2
    return max(first, 0), min(last, size)


def _packed(image: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """(H, W, 3) uint8 as (H, W) 0xFFRRGGBB."""
    height, width = image.shape[:2]
    packed = np.empty((height, width, 4), np.uint8)
    # Little-endian byte order: blue first.
    packed[..., 0] = image[..., 2]
    packed[..., 1] = image[..., 1]
    packed[..., 2] = image[..., 0]
    packed[..., 3] = 255
    return packed.view(np.uint32)[..., 0]
