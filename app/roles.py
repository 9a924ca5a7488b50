"""How each role looks: colour, line style, width. No Qt, so that headless pictures use the same table.

The colours come from Okabe and Ito's set, which stays distinguishable with every common kind of colour blindness; the
line style is the second sign. `on_dark` is for the canvas and dark panels (the canvas is nearly black in both themes),
`on_light` for text and legends on a light panel.
"""

from __future__ import annotations

from typing import NamedTuple

from app.scene import BoxLayer, Role

CANVAS_BACKGROUND = "#0B0D0F"
"""Nearly black in both themes: the picture is what is to be looked at."""

CASING = "#0B0D0F"
"""The dark line on both sides of a cased outline, which keeps it legible on white."""


class RoleStyle(NamedTuple):
    """One line of the legend.

    Attributes:
        on_dark: colour on the canvas and on dark panels.
        on_light: colour on light panels.
        dash: lengths of lines and gaps in multiples of the width, None for a solid line.
        width: of the line, in screen pixels.
        casing: a dark line on both sides, where the box is drawn by itself and not in a mass.
    """

    on_dark: str
    on_light: str
    dash: tuple[float, ...] | None = None
    width: float = 1.0
    casing: bool = False

    def quieter(self) -> RoleStyle:
        """The same one step thinner: beside what one looks at."""
        return self._replace(width=max(1.0, self.width - 1.0))

    def colored(self, color: str | None) -> RoleStyle:
        """The same in another colour, where there is one."""
        return self if color is None else self._replace(on_dark=color, on_light=color)


DASHED = (4.0, 2.5)
DOTTED = (1.0, 1.0)
LONG_DASHED = (6.0, 3.0)

ROLE_STYLES: dict[Role, RoleStyle] = {
    Role.GROUND_TRUTH: RoleStyle("#FFFFFF", "#24292F", casing=True),
    # Ground truth, but not for good: white, and broken where the other is whole.
    Role.PROPOSED: RoleStyle("#FFFFFF", "#24292F", dash=LONG_DASHED, width=2.0, casing=True),
    Role.MISSED: RoleStyle("#FF38A8", "#C4127A", dash=DASHED, width=3.0, casing=True),
    Role.NOT_COUNTED: RoleStyle("#C9CED4", "#6A737D", dash=DASHED, casing=True),
    Role.ANCHOR: RoleStyle("#F0E442", "#8A7F00", casing=True),
    Role.POSITIVE: RoleStyle("#00C896", "#00795A", width=2.0, casing=True),
    Role.POSITIVE_BEST: RoleStyle("#00C896", "#00795A", dash=DASHED, width=2.0, casing=True),
    Role.NEGATIVE: RoleStyle("#9AA7B5", "#5B6876"),
    Role.IGNORED: RoleStyle("#C2A878", "#7C6330"),
    Role.OUTSIDE: RoleStyle("#6E7681", "#8B949E"),
    Role.PROPOSAL: RoleStyle("#56B4E9", "#0072B2", casing=True),
    Role.DETECTION: RoleStyle("#E69F00", "#9A6A00", width=2.0, casing=True),
    Role.FALSE_POSITIVE: RoleStyle("#FF6A1F", "#C24A00", dash=DOTTED, width=3.0, casing=True),
    Role.SUPPRESSED: RoleStyle("#B58CF0", "#6F42C1", casing=True),
    Role.DROPPED: RoleStyle("#8B949E", "#6A737D", casing=True),
    Role.WAITING: RoleStyle("#D0D7DE", "#57606A", dash=DOTTED),
    # A detection that may become an object; in Annotate it has the colour of its class.
    Role.SUGGESTED: RoleStyle("#E69F00", "#9A6A00", dash=DOTTED, width=2.0, casing=True),
    Role.SELECTED: RoleStyle("#4DEEEA", "#007C89", width=2.0, casing=True),
}


def role_style(role: Role) -> RoleStyle:
    """The look of a role."""
    return ROLE_STYLES[role]


def layer_style(layer: BoxLayer) -> RoleStyle:
    """The look of a layer: its role's, in the layer's own colour where it has one."""
    return role_style(layer.role).colored(layer.color)


def rgb(color: str) -> tuple[int, int, int]:
    """Red, green and blue of "#RRGGBB"."""
    value = int(color[1:], 16)
    return value >> 16, value >> 8 & 255, value & 255


def text_on(color: str) -> str:
    """Black or white, whichever reads better on a background of this colour (relative luminance, Rec. 709)."""
    red, green, blue = rgb(color)
    return "#0B0D0F" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 105 else "#FFFFFF"
