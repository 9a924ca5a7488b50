"""Brightness, contrast and gamma of the picture as it is shown. The image itself stays as it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from app.canvas.pyramid import ImagePyramid, wrapped

TILE = 512
"""Pixels a side of what is converted at once."""

LEAST_GAMMA = 0.05


@dataclass(frozen=True, slots=True)
class Adjustments:
    """How the picture is shown.

    Attributes:
        brightness: -1 to 1, added.
        contrast: times the distance from the middle grey.
        gamma: over 1 lights up the dark parts.
    """

    brightness: float = 0.0
    contrast: float = 1.0
    gamma: float = 1.0

    @property
    def is_neutral(self) -> bool:
        """The picture as it is."""
        return self == Adjustments()

    def table(self) -> NDArray[np.uint8]:
        """(256,) what each value becomes: gamma first, then contrast, then brightness."""
        values = (np.arange(256) / 255.0) ** (1.0 / max(self.gamma, LEAST_GAMMA))
        values = (values - 0.5) * self.contrast + 0.5 + self.brightness
        return np.rint(np.clip(values, 0.0, 1.0) * 255.0).astype(np.uint8)


class AdjustedPyramid(ImagePyramid):
    """An image in other brightness, by a table; only what is looked at is converted, and only once."""

    def __init__(self, image: ImagePyramid, adjustments: Adjustments) -> None:
        # The levels are those of the image, not packed anew.
        self.width, self.height, self.levels = image.width, image.height, image.levels
        self._table = adjustments.table()
        self._done: dict[int, tuple[NDArray[np.uint32], NDArray[np.bool_]]] = {}

    def pixels(self, level: int, x0: int, y0: int, x1: int, y1: int) -> QImage:
        """A part of a level."""
        source = self.levels[level]
        if level not in self._done:
            tiles = tuple(-(-side // TILE) for side in source.shape)
            self._done[level] = np.empty_like(source), np.zeros(tiles, np.bool_)
        made, done = self._done[level]
        for row in range(y0 // TILE, (y1 - 1) // TILE + 1):
            for column in range(x0 // TILE, (x1 - 1) // TILE + 1):
                if not done[row, column]:
                    part = np.s_[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
                    made[part] = self._converted(np.ascontiguousarray(source[part]))
                    done[row, column] = True
        return wrapped(made, x0, y0, x1, y1)

    def _converted(self, pixels: NDArray[np.uint32]) -> NDArray[np.uint32]:
        return self._table[pixels.view(np.uint8)].view(np.uint32) | np.uint32(0xFF000000)
