"""The images of a folder as a list model. Holds paths and short records only: 100,000 files are shown at once."""

from __future__ import annotations

import os
import re
from bisect import bisect_left, insort
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QImage

from app.image_filter import ImageFilter
from app.image_state import AnnotationState, RunCounts, Standing, annotation_message, classes_message
from app.image_terms import AnnotationTest, ImageFacts, RunCount, Term, Word, begins_in
from app.scene import Role
from app.sentences import say
from app.wording import text

Index = QModelIndex | QPersistentModelIndex
PATH_ROLE = int(Qt.ItemDataRole.UserRole) + 1

THUMBNAILS_KEPT = 1500
"""About 20 MB; those seen longest ago leave first."""

_SEARCHED: tuple[Standing, ...] = ("annotated", "empty", "verified", "verified_empty", "error")
_NO_INDEX = QModelIndex()
_LAST_NUMBER = re.compile(r"(\d{1,40})(?:\.[^.]*)?$")


class ImageState(NamedTuple):
    """What the detector made of an image.

    Attributes:
        parts: pieces of its line, each with the role that colours it.
        problem: what is wrong with its files, in the colour of errors; "" for nothing.
        counts: the same in numbers; None where there is no ground truth to count against.
    """

    parts: tuple[tuple[str, Role | None], ...]
    is_run: bool
    problem: str = ""
    counts: RunCounts | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """All that it says."""
        said = tuple(part for part, _ in self.parts)
        return (self.problem, *said) if self.problem else said


class ImageListModel(QAbstractListModel):
    """Images in the order given, filtered. Paths are held as text: 100,000 `Path`s take half a second."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._files: Sequence[str] = ()
        self._places: dict[str, int] = {}
        self._names: list[str] = []
        self._shown: Sequence[int] = ()
        self._filter = ImageFilter()
        self._kept = -1
        self._states: dict[int, ImageState] = {}
        self._annotations: dict[int, AnnotationState] = {}
        self._verified: set[int] = set()
        self._class_counts: Counter[str] = Counter()
        self._num_run = self._num_counted = 0
        self._thumbnails: OrderedDict[Path, QImage] = OrderedDict()
        self._unsaved: frozenset[str] = frozenset()

    # -- the images ----------------------------------------------------------------------------------------------------

    @property
    def files(self) -> Sequence[str]:
        """All images of the folder, shown or not."""
        return self._files

    @property
    def total(self) -> int:
        """Images of the folder, shown or not."""
        return len(self._files)

    def show_files(self, files: Sequence[str]) -> None:
        """Take the images of another folder; each path as `str(Path)` writes it."""
        self.beginResetModel()
        self._take(files)
        for known in (self._states, self._annotations, self._verified, self._class_counts, self._thumbnails):
            known.clear()
        self._num_run = self._num_counted = 0
        self._pass()
        self.endResetModel()

    def replace_files(self, files: Sequence[str]) -> None:
        """The same folder with images more or fewer: what is known of the others stays known."""
        before = self._files
        states, annotations = self._states, self._annotations
        self.beginResetModel()
        self._take(files)
        self._states = {self._places[file]: states[at] for at, file in _known(before, states) if file in self._places}
        self._annotations = {
            self._places[file]: annotations[at] for at, file in _known(before, annotations) if file in self._places
        }
        self._verified = {at for at, state in self._annotations.items() if state.verified}
        self._num_run = sum(state.is_run for state in self._states.values())
        self._num_counted = sum(state.counts is not None for state in self._states.values())
        self._class_counts.clear()
        for state in self._annotations.values():
            self._count_classes(state, 1)
        self._pass()
        self.endResetModel()

    def _take(self, files: Sequence[str]) -> None:
        self._files = files
        self._places = {file: place for place, file in enumerate(files)}
        self._names = [file.rpartition(os.sep)[2].lower() for file in files]
        self._kept = -1

    def path(self, row: int) -> Path | None:
        """The image of a shown line."""
        return Path(self._files[self._shown[row]]) if 0 <= row < len(self._shown) else None

    def row_with(self, piece: str) -> int:
        """The first shown line whose name has this piece, -1 where there is none."""
        return next((row for row, place in enumerate(self._shown) if piece.lower() in self._names[place]), -1)

    def row_numbered(self, digits: str) -> int:
        """The first shown line whose name ends in this number, before its suffix; -1 where there is none.

        Zeros before it count where they are given.
        """

        def is_it(name: str) -> bool:
            found = _LAST_NUMBER.search(name)
            if found is None:
                return False
            return found[1].endswith(digits) if digits.startswith("0") else int(found[1]) == int(digits)

        return next((row for row, place in enumerate(self._shown) if is_it(self._names[place])), -1)

    def row_of(self, path: Path | None) -> int:
        """The shown line of an image, -1 where it is not shown."""
        place = self._place_of(path)
        row = bisect_left(self._shown, place)
        return row if place >= 0 and row < len(self._shown) and self._shown[row] == place else -1

    def _place_of(self, path: Path | None) -> int:
        return self._places.get(str(path), -1)

    # -- the filter ----------------------------------------------------------------------------------------------------

    @property
    def filter(self) -> ImageFilter:
        """What an image must be to be listed."""
        return self._filter

    def set_filter(self, wanted: ImageFilter) -> None:
        """List only what passes."""
        self.beginResetModel()
        self._filter, self._kept = wanted, -1
        self._pass()
        self.endResetModel()

    def pass_again(self, keep: Path | None = None) -> bool:
        """Look once more at what passes, as more is known by now; False where the same lines stay.

        Args:
            keep: stays in the list, where it is in it, whether it passes or not.
        """
        before, place = self._shown, self._place_of(keep)
        kept = place if self.row_of(keep) >= 0 else -1
        passing = self._passing()
        row = bisect_left(passing, kept)
        if kept >= 0 and (row == len(passing) or passing[row] != kept):
            passing = list(passing)
            insort(passing, kept)
        else:
            kept = -1
        was_kept, self._kept = self._kept, kept
        if list(passing) == list(before):
            for row in {bisect_left(before, place) for place in (kept, was_kept) if place >= 0}:
                self._tell(row, row)
            return False
        self.beginResetModel()
        self._shown = passing
        self.endResetModel()
        return True

    def is_kept(self, row: int) -> bool:
        """The line does not pass any more; it stays because its image is open."""
        return 0 <= row < len(self._shown) and self._shown[row] == self._kept

    def _pass(self) -> None:
        self._shown = self._passing()

    def _passing(self) -> Sequence[int]:
        everything = range(len(self._files))
        if self._filter.is_all:
            return everything
        if len(self._filter.alternatives) == 1:
            return self._passing_all(everything, self._filter.alternatives[0])
        found: set[int] = set()
        for terms in self._filter.alternatives:
            found.update(self._passing_all(everything, terms))
        return sorted(found)

    def _passing_all(self, places: Sequence[int], terms: Sequence[Term]) -> Sequence[int]:
        # Words first: a plain pass over 100,000 names takes no longer than a key stroke, and little is left.
        for term in sorted(terms, key=lambda term: not isinstance(term.test, Word)):
            places = self._passing_one(places, term)
        return places

    def _passing_one(self, places: Sequence[int], term: Term) -> list[int]:
        test, names = term.test, self._names
        if isinstance(test, AnnotationTest):
            known, wanted = self._annotations.get, not term.negated
            return [
                place for place in places if (found := known(place)) is not None and test.holds_for(found) is wanted
            ]
        if isinstance(test, RunCount):
            places = [place for place in places if place in self._states]
        if not isinstance(test, Word):
            return [place for place in places if term.admits(self._facts(place))]
        named = [place for place in places if test.word in names[place]]
        if not test.only_name:
            said = self._places_said(test.word)
            if said:
                named = [place for place in places if place in said or test.word in names[place]]
        if not term.negated:
            return named
        left_out = set(named)
        return [place for place in places if place not in left_out]

    def _places_said(self, word: str) -> set[int]:
        """The images of which the list says this word. Numbers are searched for in names only.

        What is said of all images at first is left out: it would list everything while a name is being typed.
        """
        found = {place for place, state in self._states.items() if begins_in(word, _wordy(state.words))}
        standings = {each for each in _SEARCHED if begins_in(word, text(say(f"image.standing.{each}")).lower())}
        if standings:
            found.update(place for place, state in self._annotations.items() if state.standing in standings)
        if begins_in(word, text(say("image.unsaved")).lower()):
            found.update(self._places[file] for file in self._unsaved if file in self._places)
        return found

    def _facts(self, place: int) -> ImageFacts:
        state = self._states.get(place)
        known = (state.counts, state.is_run, bool(state.problem)) if state is not None else (None, False, False)
        is_unsaved = self._files[place] in self._unsaved
        return ImageFacts(self._names[place], "", self._annotations.get(place), *known, is_unsaved)

    # -- what is known of them -----------------------------------------------------------------------------------------

    @property
    def num_run(self) -> int:
        """Images the detector has run on."""
        return self._num_run

    @property
    def num_counted(self) -> int:
        """Those of them that have ground truth to count against."""
        return self._num_counted

    @property
    def num_scanned(self) -> int:
        """Images whose annotation is known."""
        return len(self._annotations)

    @property
    def num_verified(self) -> int:
        """Images that a person has found right."""
        return len(self._verified)

    @property
    def classes(self) -> Sequence[str]:
        """The classes of all known annotations, that with the most objects first."""
        counts = self._class_counts
        return sorted((name for name, count in counts.items() if count > 0), key=lambda name: (-counts[name], name))

    def state(self, row: int) -> ImageState | None:
        """What the detector made of the image of a shown line."""
        return self._states.get(self._shown[row]) if 0 <= row < len(self._shown) else None

    def set_state(self, path: Path, state: ImageState) -> bool:
        """Say what the detector made of an image; False where that is nothing new."""
        place = self._place_of(path)
        before = self._states.get(place)
        if place < 0 or before == state:
            return False
        self._states[place] = state
        self._num_run += state.is_run - (before is not None and before.is_run)
        self._num_counted += (state.counts is not None) - (before is not None and before.counts is not None)
        self._changed(path)
        return True

    def annotation(self, row: int) -> AnnotationState | None:
        """What is known of the annotation of a shown line; None while nobody has looked into it."""
        return self._annotations.get(self._shown[row]) if 0 <= row < len(self._shown) else None

    def set_annotations(self, states: Mapping[Path, AnnotationState]) -> bool:
        """Say what is known of annotations, of thousands at once; False where that is nothing new."""
        places, known = self._places, self._annotations
        changed = []
        for path, state in states.items():
            place = places.get(str(path), -1)
            before = known.get(place)
            if place >= 0 and before != state:
                known[place] = state
                changed.append(place)
                if before is not None:
                    self._count_classes(before, -1)
                self._count_classes(state, 1)
                (self._verified.add if state.verified else self._verified.discard)(place)
        if changed:
            # One notice for all: the view then paints once, whatever came.
            first, last = bisect_left(self._shown, min(changed)), bisect_left(self._shown, max(changed) + 1) - 1
            self._tell(first, last)
        return bool(changed)

    def _count_classes(self, state: AnnotationState, times: int) -> None:
        for name, count in state.classes:
            self._class_counts[name] += times * count

    def is_verified(self, row: int) -> bool:
        """A person has found the image of a shown line right."""
        return 0 <= row < len(self._shown) and self._shown[row] in self._verified

    def standing(self, row: int) -> Standing | None:
        """How far a person is with the image of a shown line; None where that is not known yet."""
        state, found = self.state(row), self.annotation(row)
        if state is not None and state.problem:
            return "error"
        return None if found is None else found.standing

    def standing_words(self, row: int) -> str:
        """The same in words, "" where it is not known yet."""
        state, found = self.state(row), self.annotation(row)
        if state is not None and state.problem:
            return state.problem
        return "" if found is None else text(annotation_message(found))

    def is_unsaved(self, row: int) -> bool:
        """Something of the image of a shown line is not saved."""
        return 0 <= row < len(self._shown) and self._files[self._shown[row]] in self._unsaved

    def set_unsaved(self, files: frozenset[str]) -> bool:
        """Say of which images something is not saved, they may be of other folders too; False where that is known."""
        changed, self._unsaved = self._unsaved ^ files, files
        for file in changed:
            self._changed(Path(file))
        return bool(changed)

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
            self._tell(row, row)

    def _tell(self, first: int, last: int) -> None:
        if 0 <= first <= last < len(self._shown):
            self.dataChanged.emit(self.index(first), self.index(last))

    # -- what Qt asks for ----------------------------------------------------------------------------------------------

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
            return "\n".join([str(path), *self._told_of(index.row())])
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join([path.name, *self._said_of(index.row())])
        return None

    def _said_of(self, row: int) -> list[str]:
        state, standing = self.state(row), self.standing_words(row)
        said = [standing] if standing else []
        said += [text(say("image.not_run"))] if state is None else [part for part, _ in state.parts]
        return [*said, text(say("image.unsaved"))] if self.is_unsaved(row) else said

    def _told_of(self, row: int) -> list[str]:
        """The lines of the tooltip after the path."""
        found = self.annotation(row)
        classes = None if found is None else classes_message(found)
        lines = [" · ".join(self._said_of(row))]
        lines += [text(classes)] if classes is not None else []
        return [*lines, text(say("image.left_filter"))] if self.is_kept(row) else lines


def _known(files: Sequence[str], places: Iterable[int]) -> list[tuple[int, str]]:
    return [(place, files[place]) for place in places]


def _wordy(words: Iterable[str]) -> str:
    """What is said, without its numbers."""
    return " ".join(piece for said in words for piece in said.lower().split() if not piece[:1].isdigit())
