"""The part of the view-model that annotating needs: what the hand may change, what the panels of Annotate show. No Qt.

Objects are known by their row in the image's ground truth; by their id where they are changed, for a row may come to
stand for another object while a hand moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from detector.boxes import Floats
from detector.messages import Message


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class in the list of Annotate.

    Attributes:
        count: objects of this class in the image; proposed ones left out.
        total: in the folder; None where that is not known.
        key: the digit that chooses it, "" for none.
        is_current: the next box gets it.
        proposed: objects of this class in the image that nobody has accepted.
        is_offered: the detector knows it; the folder has it once it is used.
        is_found: the detector may find it: it is one of its classes, or they are not known yet.
    """

    name: str
    color: str
    count: int
    total: int | None = None
    key: str = ""
    is_current: bool = False
    proposed: int = 0
    is_offered: bool = False
    is_found: bool = True


@dataclass(frozen=True, slots=True)
class BoxRow:
    """One object in the list of Annotate.

    Attributes:
        row: in the ground truth.
        number: #1, #2, ... as people count.
        wh: width and height in image pixels.
        is_proposed: by the detector or the image before, nobody has accepted it.
        is_locked: no gesture changes it.
    """

    row: int
    label: str
    number: int
    color: str
    wh: tuple[float, float]
    difficult: bool = False
    truncated: bool = False
    crowd: bool = False
    is_proposed: bool = False
    is_locked: bool = False
    is_chosen: bool = False


Tool: TypeAlias = Literal["select", "draw"]
"""What a drag with the left button does on free ground: pan, or draw a box."""


@dataclass(frozen=True, slots=True, eq=False)
class Editing:
    """What can be edited, and what the panels of Annotate show. A scene without it is locked.

    Attributes:
        boxes: (G, 4) all objects of the image, xyxy image pixels, also those that are hidden.
        ids: G ids, one each.
        colors: G colours "#RRGGBB", by class.
        chosen: rows that are selected; `Scene.selected` is the one selected last.
        locked: rows that no gesture changes.
        label, color: class of the next box.
        keeps_inside: boxes end at the edge of the image (Ctrl held while drawing or resizing: not).
        crosshair: lines through the cursor from edge to edge while drawing.
        fill: 0 to 1, how strongly boxes are filled with their colour.
        line_width: of their outlines, screen pixels.
        refused: why nothing can be changed, a sentence; None where it can.
        badge: what is written at the box that is selected or dragged; "" for nothing.
        unnamed: boxes that were drawn and are no objects yet: they wait for a class.
    """

    boxes: Floats
    ids: tuple[int, ...]
    colors: tuple[str, ...]
    chosen: frozenset[int] = frozenset()
    locked: frozenset[int] = frozenset()
    tool: Tool = "select"
    label: str = ""
    color: str = "#FFFFFF"
    keeps_inside: bool = True
    crosshair: bool = True
    fill: float = 0.0
    line_width: float = 2.0
    classes: tuple[ClassRow, ...] = ()
    rows: tuple[BoxRow, ...] = ()
    badge: str = ""
    refused: Message | None = None
    unnamed: tuple[tuple[float, float, float, float], ...] = ()
