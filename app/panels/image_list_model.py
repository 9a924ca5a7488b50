"""The images of a folder as a list model. Holds paths and short texts only: 100,000 files are shown at once."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QImage

from app.scene import Role

Index = QModelIndex | QPersistentModelIndex
PATH_ROLE = int(Qt.ItemDataRole.UserRole) + 1
UNSAVED = "unsaved"
"""Stands beside the name of such an image."""

THUMBNAILS_KEPT = 1500
"""About 20 MB; those seen longest ago leave first."""

_NO_INDEX = QModelIndex()


class ImageState(NamedTuple):
    """What is known of an image.

    Attributes:
        parts: pieces of its second line, each with the role that colours it.
        problem: what is wrong with its files, before the parts and in the colour of errors; "" for nothing.
    """

    parts: tuple[tuple[str, Role | None], ...]
    is_run: bool
    problem: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """All of the second line."""
        said = tuple(part for part, _ in self.parts)
        return (self.problem, *said) if self.problem else said


class ImageListModel(QAbstractListModel):
    """Images in the order given, filtered by words. Paths are held as text: 100,000 `Path`s take half a second."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._files: Sequence[str] = ()
        self._places: dict[str, int] = {}
        self._names: list[str] = []
        self._shown: Sequence[int] = ()
        self._words: list[str] = []
        self._states: dict[int, ImageState] = {}
        self._thumbnails: OrderedDict[Path, QImage] = OrderedDict()
        self._unsaved: frozenset[str] = frozenset()

    @property
    def files(self) -> Sequence[str]:
        """All images of the folder, shown or not."""
        return self._files

    @property
    def total(self) -> int:
        """Images of the folder, shown or not."""
        return len(self._files)

    @property
    def num_run(self) -> int:
        """Images the detector has run on."""
        return sum(state.is_run for state in self._states.values())

    def show_files(self, files: Sequence[str]) -> None:
        """Take the images of another folder; each path as `str(Path)` writes it."""
        self.beginResetModel()
        self._files = files
        self._places = {file: place for place, file in enumerate(files)}
        self._names = [file.rpartition(os.sep)[2].lower() for file in files]
        self._states.clear()
        self._thumbnails.clear()
        self._filter()
        self.endResetModel()

    def search(self, words: str) -> None:
        """Show only images whose name or state has all of these words."""
        self.beginResetModel()
        self._words = words.lower().split()
        self._filter()
        self.endResetModel()

    def _filter(self) -> None:
        shown: Sequence[int] = range(len(self._files))
        # A plain pass for each word: 100,000 names are looked through between two key strokes.
        for word in self._words:
            shown = [place for place in shown if word in self._names[place]]
        places = {*self._states, *(self._places[file] for file in self._unsaved if file in self._places)}
        by_state = {place for place in places if self._fits(place)}
        self._shown = sorted(by_state.union(shown)) if by_state else shown

    def _fits(self, place: int) -> bool:
        said = " ".join(self._said_of(place)).lower()
        return all(word in self._names[place] or word in said for word in self._words)

    def _said_of(self, place: int) -> tuple[str, ...]:
        state = self._states.get(place)
        unsaved = (UNSAVED,) if self._files[place] in self._unsaved else ()
        return (*(("not run",) if state is None else state.words), *unsaved)

    def path(self, row: int) -> Path | None:
        """The image of a shown line."""
        return Path(self._files[self._shown[row]]) if 0 <= row < len(self._shown) else None

    def row_with(self, piece: str) -> int:
        """The first shown line whose name has this piece, -1 where there is none."""
        return next((row for row, place in enumerate(self._shown) if piece.lower() in self._names[place]), -1)

    def row_of(self, path: Path | None) -> int:
        """The shown line of an image, -1 where it is not shown."""
        place = self._place_of(path)
        row = bisect_left(self._shown, place)
        return row if place >= 0 and row < len(self._shown) and self._shown[row] == place else -1

    def _place_of(self, path: Path | None) -> int:
        return self._places.get(str(path), -1)

    def state(self, row: int) -> ImageState | None:
        """What is known of the image of a shown line."""
        return self._states.get(self._shown[row]) if 0 <= row < len(self._shown) else None

    def set_state(self, path: Path, state: ImageState) -> None:
        """Say what is known of an image."""
        place = self._place_of(path)
        if place >= 0 and self._states.get(place) != state:
            self._states[place] = state
            self._changed(path)

    def is_unsaved(self, row: int) -> bool:
        """Something of the image of a shown line is not saved."""
        return 0 <= row < len(self._shown) and self._files[self._shown[row]] in self._unsaved

    def set_unsaved(self, files: frozenset[str]) -> None:
        """Say of which images something is not saved; they may be of other folders too."""
        changed, self._unsaved = self._unsaved ^ files, files
        for file in changed:
            self._changed(Path(file))

    def thumbnail(self, path: Path) -> QImage | None:
        """The small picture, if it is there."""
        found = self._thumbnails.get(path)
        if found is not None:
            self._thumbnails.move_to_end(path)
        return found

    def set_thumbnail(self, path: Path, image: QImage) -> None:
        """Take a small picture; a null image says that there is none to be had."""
        self._thumbnails[path] = image
        while len(self._thumbnails) > THUMBNAILS_KEPT:
            self._thumbnails.popitem(last=False)
        self._changed(path)

    def without_thumbnail(self, rows: Iterable[int]) -> list[Path]:
        """The images of these lines that still want a small picture."""
        paths = (self.path(row) for row in rows)
        return [path for path in paths if path is not None and path not in self._thumbnails]

    def _changed(self, path: Path) -> None:
        row = self.row_of(path)
        if row >= 0:
            self.dataChanged.emit(self.index(row), self.index(row))

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        """Lines shown."""
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """What the view and a screen reader ask for."""
        path = self.path(index.row()) if index.isValid() else None
        if path is None:
            return None
        if role == PATH_ROLE:
            return path
        if role == Qt.ItemDataRole.DisplayRole:
            return path.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{path} ({UNSAVED})" if self.is_unsaved(index.row()) else str(path)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join([path.name, *self._said_of(self._shown[index.row()])])
        return None
