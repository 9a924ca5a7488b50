"""The classes as a list model: filtered by words, texts made when they are asked for, thousands of classes at once."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QObject, Qt

from app.panels.plain_list import NO_INDEX, Index
from app.scene import ClassRow
from app.sentences import say
from app.wording import text

NAME_ROLE = int(Qt.ItemDataRole.UserRole) + 1


class ClassListModel(QAbstractListModel):
    """The classes that pass the filter, in the order of the list of classes.

    Attributes:
        rows: those on show.
        total: of all classes.
        has_keys, has_totals: whether any class has a key; whether the counts of the folder are known.
        widest: the longest texts of the two columns of counts.

    Where only counts change no signal is sent: a list view answers `dataChanged` by laying out all of its lines, and
    counts change with every box. Whoever shows the rows updates the view.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[ClassRow, ...] = ()
        self.has_keys = self.has_totals = False
        self.widest = ("", "")
        self._all: tuple[ClassRow, ...] = ()
        self._words: list[str] = []

    @property
    def total(self) -> int:
        """How many classes there are."""
        return len(self._all)

    @property
    def names(self) -> list[str]:
        """Of all classes."""
        return [row.name for row in self._all]

    def show_rows(self, rows: tuple[ClassRow, ...]) -> bool:
        """Take new rows; True where other classes are listed than before and not only their counts differ."""
        if rows == self._all:
            return False
        self._all = rows
        self.has_keys = any(row.key for row in rows)
        self.has_totals = any(row.total is not None for row in rows)
        self.widest = (
            max(map(count_words, rows), key=len, default="0"),
            f"{max((row.total or 0 for row in rows), default=0):,}",
        )
        return self._list()

    def search(self, words: str) -> None:
        """List the classes whose names have all these words in them."""
        self._words = words.casefold().split()
        self._list()

    def place_of(self, name: str) -> int:
        """The line of a class, -1 where it is not listed."""
        return next((place for place, row in enumerate(self.rows) if row.name == name), -1)

    def current(self) -> str:
        """The class of the next box, "" for none."""
        return next((row.name for row in self._all if row.is_current), "")

    def _list(self) -> bool:
        words = self._words
        rows = self._all
        if words:
            rows = tuple(row for row in rows if all(word in row.name.casefold() for word in words))
        if [row.name for row in rows] == [row.name for row in self.rows]:
            self.rows = rows
            return False
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()
        return True

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """Lines shown."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """What the view and a screen reader ask for."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == NAME_ROLE:
            return row.name
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return _line(row)
        return None


def count_words(row: ClassRow) -> str:
    """How many are in the image, and how many more are only proposed: "3 +2"."""
    return f"{row.count:,} +{row.proposed:,}" if row.proposed else f"{row.count:,}"


def _line(row: ClassRow) -> str:
    """All of a line in words."""
    line = say("classes.line", name=row.name, count=row.count)
    if row.total is not None:
        line = say("classes.line.folder", name=row.name, count=row.count, total=row.total)
    if row.proposed:
        line = say("classes.line.proposed", line=line, n=row.proposed)
    if row.is_offered:
        line = say("classes.line.offered", line=row.name)
    if row.key:
        line = say("classes.line.key", line=line, digit=row.key)
    return text(say("classes.line.current", line=line) if row.is_current else line)
