"""Where the entries of a picture's legend stand: one a visible layer, in lines below the picture. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from app.roles import RoleStyle, role_style
from app.scene import Role, Scene
from app.wording import layer_label

GROUND, INK = "#16191D", "#E6EAEE"

_MARGIN, _LINE_HEIGHT, _SAMPLE, _GAP = 8, 22, 26, 18
_TEXT_FROM = _SAMPLE + 8


class Entry(NamedTuple):
    """One layer: a sample of its line, and its name with how many there are.

    Attributes:
        x, y: where the sample begins, and the middle of its line, from the corner of the legend.
        text_x: where the text begins.
        sample: the length of the sample.
        color: of the sample, in place of the role's.
    """

    role: Role
    text: str
    x: float
    y: float
    text_x: float
    sample: float
    color: str | None = None

    @property
    def style(self) -> RoleStyle:
        """The look of the sample."""
        return role_style(self.role).colored(self.color)


class Legend(NamedTuple):
    """All entries, and how high they are together; 0 without any."""

    entries: tuple[Entry, ...]
    height: int


def legend_of(scene: Scene, width: float, measure: Callable[[str], float], unit: float = 1.0) -> Legend:
    """The legend of a picture that is so wide.

    Args:
        measure: the width of a text.
        unit: times all lengths, for a picture in the pixels of a finer screen.
    """
    margin, line = _MARGIN * unit, _LINE_HEIGHT * unit
    entries: list[Entry] = []
    x, row = margin, 0
    for layer in scene.layers:
        text = f"{layer_label(layer.id, layer.name)} {len(layer.rows):,}"
        needed = _TEXT_FROM * unit + measure(text) + _GAP * unit
        if x + needed > width and x > margin:
            x, row = margin, row + 1
        y = margin / 2 + (row + 0.5) * line
        entries.append(Entry(layer.role, text, x, y, x + _TEXT_FROM * unit, _SAMPLE * unit, layer.color))
        x += needed
    return Legend(tuple(entries), round((row + 1) * line + margin) if entries else 0)
