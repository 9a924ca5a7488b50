"""Where the image lies on the canvas. No Qt.

Three kinds of points: image pixels; widget points, in which Qt reports the mouse; device pixels, in which everything is
painted. On an ordinary screen the last two are the same, on a 2x screen a widget point is two device pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

MIN_SCALE = 0.02
MAX_SCALE = 64.0
KEEP_VISIBLE = 48
"""Device pixels of the image that cannot be pushed off the canvas."""


@dataclass(frozen=True, slots=True)
class ViewTransform:
    """One scale and one place.

    Attributes:
        scale: device pixels per image pixel, so that 1 shows each pixel of the image as one of the screen.
        x, y: device pixels from the canvas' corner to the image's corner.
        ratio: device pixels per widget point.
    """

    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0
    ratio: float = 1.0

    @property
    def origin(self) -> tuple[int, int]:
        """The image's corner in whole device pixels: what is drawn starts there, so that a pan only moves pixels."""
        return math.floor(self.x + 0.5), math.floor(self.y + 0.5)

    def to_image(self, x: float, y: float) -> tuple[float, float]:
        """Widget point to image pixels."""
        return (x * self.ratio - self.x) / self.scale, (y * self.ratio - self.y) / self.scale

    def to_widget(self, x: float, y: float) -> tuple[float, float]:
        """Image pixels to widget point."""
        return (x * self.scale + self.x) / self.ratio, (y * self.scale + self.y) / self.ratio

    def to_device(self, x: float, y: float) -> tuple[float, float]:
        """Image pixels to device pixels, from the whole-numbered origin."""
        left, top = self.origin
        return x * self.scale + left, y * self.scale + top

    def reach(self, points: float) -> float:
        """A distance in widget points as image pixels."""
        return points * self.ratio / self.scale

    def on_screen(self, ratio: float) -> ViewTransform:
        """The same view on a screen of another pixel ratio."""
        if ratio == self.ratio:
            return self
        factor = ratio / self.ratio
        return ViewTransform(self.scale * factor, self.x * factor, self.y * factor, ratio)

    def panned(self, dx: float, dy: float) -> ViewTransform:
        """Moved by widget points."""
        return replace(self, x=self.x + dx * self.ratio, y=self.y + dy * self.ratio)

    def zoomed(self, scale: float, x: float, y: float) -> ViewTransform:
        """Another scale; the image point under the widget point (x, y) stays there."""
        scale = min(max(scale, MIN_SCALE), MAX_SCALE)
        image_x, image_y = self.to_image(x, y)
        return replace(self, scale=scale, x=x * self.ratio - image_x * scale, y=y * self.ratio - image_y * scale)

    def showing(
        self, box: tuple[float, float, float, float], canvas_wh: tuple[int, int], margin: float = 0.0
    ) -> ViewTransform:
        """A box of the image in the middle, as large as it fits into a canvas of device pixels less a margin."""
        x0, y0, x1, y1 = box
        width, height = max(canvas_wh[0] - 2 * margin, 1.0), max(canvas_wh[1] - 2 * margin, 1.0)
        scale = min(width / max(x1 - x0, 1e-3), height / max(y1 - y0, 1e-3))
        scale = min(max(scale, MIN_SCALE), MAX_SCALE)
        return replace(
            self,
            scale=scale,
            x=canvas_wh[0] / 2 - (x0 + x1) / 2 * scale,
            y=canvas_wh[1] / 2 - (y0 + y1) / 2 * scale,
        )

    def held(self, image_wh: tuple[int, int], canvas_wh: tuple[int, int]) -> ViewTransform:
        """Moved so far that some of the image remains in sight."""
        return replace(
            self,
            x=_hold(self.x, image_wh[0] * self.scale, canvas_wh[0]),
            y=_hold(self.y, image_wh[1] * self.scale, canvas_wh[1]),
        )


def _hold(start: float, length: float, canvas: int) -> float:
    keep = min(KEEP_VISIBLE, length, canvas)
    return min(max(start, keep - length), canvas - keep)
