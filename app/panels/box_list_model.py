"""The objects of the image as a list model, texts made when they are asked for."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QObject, Qt

from app.panels.plain_list import NO_INDEX, Index
from app.scene import BoxRow
from app.sentences import say
from app.wording import text

FLAGS = ("difficult", "truncated", "crowd")
"""Of a `BoxRow`, in the order in which their chips stand."""


class BoxListModel(QAbstractListModel):
    """The objects in the order of the ground truth.

    Attributes:
        rows: what is listed.
        widest: the longest text of the sizes.
        num_proposed: how many nobody has accepted.

    Where only what is said of the same objects changes, no signal is sent: a list view answers `dataChanged` by laying
    out all of its lines, at each move of a box that is dragged. Whoever shows the rows updates the view.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[BoxRow, ...] = ()
        self.widest = ""
        self.num_proposed = 0
        self._places: dict[int, int] = {}

    def show_rows(self, rows: tuple[BoxRow, ...]) -> bool:
        """Take new rows; True where other objects are listed than before, False where the view need only be drawn."""
        if rows == self.rows:
            return False
        is_same = len(rows) == len(self.rows) and all(
            one.row == other.row for one, other in zip(rows, self.rows, strict=True)
        )
        if is_same:
            self._take(rows)
            return False
        self.beginResetModel()
        self._take(rows)
        self._places = {row.row: place for place, row in enumerate(rows)}
        self.endResetModel()
        return True

    def _take(self, rows: tuple[BoxRow, ...]) -> None:
        self.rows = rows
        self.num_proposed = sum(row.is_proposed for row in rows)
        longest = max((side for row in rows for side in row.wh), default=0.0)
        self.widest = size_text((longest, longest)) if rows else ""

    def place_of(self, row: int) -> int:
        """The line of an object, -1 where it is not listed."""
        return self._places.get(row, -1)

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """Lines shown."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """What the view and a screen reader ask for."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return line_text(self.rows[index.row()])
        return None


def name_text(row: BoxRow) -> str:
    """What the object is called: "RBC #7"."""
    return text(say("boxes.name", label=row.label, number=row.number))


def size_text(wh: tuple[float, float]) -> str:
    """Width and height in whole image pixels."""
    return text(say("boxes.size", w=round(wh[0]), h=round(wh[1])))


def flag_texts(row: BoxRow, short: bool = False) -> list[str]:
    """The flags that are set, as words or as one letter each."""
    if short:
        return [text(say(f"boxes.{flag}.short")) for flag in FLAGS if getattr(row, flag)]
    return [text(say(f"boxes.{flag}")) for flag in FLAGS if getattr(row, flag)]


def line_text(row: BoxRow) -> str:
    """All of a line in words."""
    words = [text(say("boxes.line", name=name_text(row), w=round(row.wh[0]), h=round(row.wh[1]))), *flag_texts(row)]
    if row.is_proposed:
        words.append(text(say("boxes.is_proposed")))
    if row.is_locked:
        words.append(text(say("boxes.is_locked")))
    return ", ".join(words)
