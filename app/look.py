"""How picture and boxes are shown while annotating, as numbers with their ranges. Files never change by it. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import NamedTuple


class Range(NamedTuple):
    """What one number may be."""

    low: float
    high: float
    step: float
    default: float

    def take(self, value: float) -> float:
        """The nearest number within the range; the default for what is no number."""
        return min(max(value, self.low), self.high) if value == value else self.default


RANGES: dict[str, Range] = {
    "brightness": Range(-1.0, 1.0, 0.05, 0.0),
    "contrast": Range(0.0, 3.0, 0.05, 1.0),
    "gamma": Range(0.2, 3.0, 0.05, 1.0),
    "line_width": Range(1.0, 6.0, 0.5, 2.0),
    "fill": Range(0.0, 1.0, 0.05, 0.0),
    "label_size": Range(8, 24, 1, 12),
}
"""In the order in which they are shown: of the picture, then of the boxes."""

PICTURE = ("brightness", "contrast", "gamma")
"""Those that change how the picture looks."""


@dataclass(frozen=True, slots=True)
class Look:
    """All of them.

    Attributes:
        brightness: -1 to 1, added to the tones, 0 as the file has it.
        contrast: times the distance of a tone from middle grey, 1 as the file has it.
        gamma: over 1 lights up the dark parts.
        line_width: of boxes, screen pixels.
        fill: 0 to 1, how strongly boxes are filled with their colour.
        label_size: height of the text at the boxes, pixels.
    """

    brightness: float = RANGES["brightness"].default
    contrast: float = RANGES["contrast"].default
    gamma: float = RANGES["gamma"].default
    line_width: float = RANGES["line_width"].default
    fill: float = RANGES["fill"].default
    label_size: float = RANGES["label_size"].default

    @property
    def leaves_picture(self) -> bool:
        """The picture is shown as the file has it."""
        return all(getattr(self, name) == RANGES[name].default for name in PICTURE)

    def changed(self, name: str, value: float) -> Look:
        """With another number, kept within its range."""
        return replace(self, **{name: RANGES[name].take(value)})


assert [each.name for each in fields(Look)] == list(RANGES)
