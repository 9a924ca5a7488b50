"""The colour of each class, by its place in the list of classes. No Qt.

The first six are Okabe and Ito's; six more were searched so that of the twelve any two stay apart to normal eyes and
with every common kind of colour blindness (Machado et al. 2009, full severity): at least 0.07 in OKLab, where colours
0.02 apart can just be told from one another side by side. All have a contrast of 3:1 or more against black and against
the dark casing of a box, which is what they are seen by on white and on photographs.

From the thirteenth on a rule gives as many as are needed: hues a golden angle apart, so that neighbours in the list
never look alike, in three lightnesses. So many cannot be told apart by anybody; the name stands at the box.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping, Sequence

FIRST: tuple[str, ...] = (
    "#E69F00", "#56B4E9", "#009E73", "#D55E00", "#CC79A7", "#0072B2",
    "#FFE187", "#6E26FF", "#A53C1E", "#F0B4A5", "#9678FF", "#1E6969",
)  # fmt: skip
"""Orange, sky blue, bluish green, vermilion, reddish purple, blue; straw, violet, brick, salmon, lavender, teal."""

_GOLDEN_ANGLE = 137.50776
_LIGHTNESS = (0.72, 0.60, 0.82)
_CHROMA = (0.14, 0.09)
_WRITTEN = re.compile(r"#[0-9A-Fa-f]{6}")


def class_colors(names: Sequence[str], chosen: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """A colour "#RRGGBB" for each class.

    Args:
        names: the classes in the order of their list.
        chosen: colours "#RRGGBB" that a person picked, by class; what is no such text is passed over.
    """
    picked = {name: color.upper() for name, color in (chosen or {}).items() if _WRITTEN.fullmatch(color)}
    return tuple(picked.get(name, color_at(place)) for place, name in enumerate(names))


@functools.cache
def color_at(place: int) -> str:
    """The colour of the class at a place of the list, counted from 0; whatever other classes there are."""
    if place < len(FIRST):
        return FIRST[place]
    turn = place - len(FIRST)
    hue = math.radians(turn * _GOLDEN_ANGLE % 360.0)
    return _from_oklch(_LIGHTNESS[turn % 3], _CHROMA[turn // 3 % 2], hue)


def _from_oklch(lightness: float, chroma: float, hue: float) -> str:
    """The sRGB colour of a lightness, chroma and hue (radians) of OKLCh, with less chroma where sRGB ends before."""
    while True:
        light = _linear(lightness, chroma * math.cos(hue), chroma * math.sin(hue))
        if all(0.0 <= each <= 1.0 for each in light) or chroma <= 0.0:
            return "#" + "".join(f"{round(255 * _encoded(min(max(each, 0.0), 1.0))):02X}" for each in light)
        chroma -= 0.005


def _linear(lightness: float, a: float, b: float) -> tuple[float, float, float]:
    """OKLab to linear sRGB (Ottosson 2020)."""
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )


def _encoded(light: float) -> float:
    """The transfer function of sRGB."""
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
