"""What a person has in hand while annotating: tool, class of the next box, selection, clipboard. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from app.edit import Box, Edit, Flag
from app.scene import Tool
from detector.datasets.files import natural_key

RECENT = 8
"""Classes that come first where one is chosen by typing."""


@dataclass(frozen=True, slots=True)
class Copied:
    """One object on the clipboard: its box, class and the flags that are set."""

    box: Box
    label: str
    flags: frozenset[Flag] = frozenset()


class ClassNames(NamedTuple):
    """How the lists of classes were at one moment; for the parts see `Annotating`."""

    listed: tuple[str, ...]
    added: tuple[str, ...]
    recent: tuple[str, ...]
    label: str
    order: tuple[str, ...] = ()


@dataclass
class Annotating:
    """Holds for all images of a folder, but the selection.

    Attributes:
        tool: what a drag does on free ground.
        keeps_drawing: the tool stays after a box.
        label: class of the next box; "" until one is chosen.
        listed: classes in the order in which the folder's files have them.
        added: classes that a person has made here and no file has yet.
        recent: classes used last, the newest first.
        detector: classes that the loaded model knows.
        offers_detector: the folder had no classes of its own, so those of the detector are offered.
        offered: those that were offered in the folder the last time; they count until a model is loaded.
        order: of a folder that offers classes, how they were shown; whatever comes later stands behind.
        chosen: ids of the selected objects; the last one was selected last.
        unnamed: boxes that were drawn and wait for their class.
        clipboard: what was copied.
        keeps_inside: boxes end at the edge of the image.
        crosshair, fill, line_width: how editing looks.
        prelabels: detections are shown to be accepted.
        sees: the detector's view of a box is written at it.
    """

    tool: Tool = "select"
    keeps_drawing: bool = False
    label: str = ""
    listed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    recent: tuple[str, ...] = ()
    detector: tuple[str, ...] = ()
    offers_detector: bool = False
    offered: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    chosen: tuple[int, ...] = ()
    unnamed: tuple[Box, ...] = ()
    clipboard: tuple[Copied, ...] = ()
    keeps_inside: bool = True
    crosshair: bool = True
    fill: float = 0.0
    line_width: float = 2.0
    prelabels: bool = False
    sees: bool = False
    colors: dict[str, str] = field(default_factory=dict)

    def classes(self, edit: Edit | None = None) -> tuple[str, ...]:
        """All classes: those of the files in their order, those made here, and what else an image has."""
        found = dict.fromkeys((*self.listed, *self.added))
        others = () if edit is None else sorted(set(edit.truth.labels) - found.keys(), key=natural_key)
        return (*found, *others)

    def classes_shown(self, edit: Edit | None = None) -> tuple[str, ...]:
        """The same, with those of the detector where they are offered.

        One that is used keeps its place, and so its digit and colour.
        """
        names = self.classes(edit)
        if not self.offers_detector:
            return names
        offers = self.offers
        known = {*names, *offers}
        first = (name for name in self.order if name in known)
        return tuple(dict.fromkeys((*first, *names, *offers)))

    @property
    def offers(self) -> tuple[str, ...]:
        """What is offered beside the classes of the folder, with those of it that the detector has too."""
        return (self.detector or self.offered) if self.offers_detector else ()

    def offer_detector(self, order: tuple[str, ...] = (), offered: tuple[str, ...] = ()) -> None:
        """The folder has no classes of its own, or had none when it was opened first.

        Args:
            order, offered: as they were then.
        """
        self.offers_detector, self.order, self.offered = True, order, offered
        self.keep_shown()

    def know_detector(self, names: tuple[str, ...]) -> None:
        """Another model is loaded."""
        self.detector = names
        self.keep_shown()

    def keep_shown(self) -> None:
        """Where classes are offered, those on show stay in their order."""
        if self.offers_detector:
            self.order = self.classes_shown()

    def forget_classes(self) -> None:
        """Another folder has classes of its own."""
        self.listed = self.added = self.recent = self.offered = self.order = ()
        self.offers_detector = False
        self.label = ""

    @property
    def class_names(self) -> ClassNames:
        """The lists as they are."""
        return ClassNames(self.listed, self.added, self.recent, self.label, self.order)

    def rename_class(self, name: str, into: str) -> None:
        """A class is called otherwise, or has become another one; with "" it is gone."""
        lists = (self.listed, self.added, self.recent)
        self.listed, self.added, self.recent = (_renamed(names, name, into) for names in lists)
        self.added = tuple(each for each in self.added if each not in self.listed)
        if into:  # one that is gone may be offered again, at its place
            self.order = _renamed(self.order, name, into)
        self.clipboard = tuple(
            replace(each, label=into) if into and each.label == name else each for each in self.clipboard
        )
        if self.label == name:
            self.label = into or next(iter((*self.listed, *self.added)), "")

    def bring_names_back(self, names: ClassNames, gone: str, name: str) -> None:
        """The lists as they were, and what came since.

        Args:
            names: as they were.
            gone: a class that is there no more, and is called `name` again; "" for none.
        """
        known = {*names.listed, *names.added, gone}
        self.listed = (*names.listed, *(each for each in self.listed if each not in known))
        self.added = (*names.added, *(each for each in self.added if each not in known))
        self.order = (*names.order, *(each for each in self.order if each not in {*names.order, gone}))
        self.recent = names.recent
        if self.label == gone or not self.label:
            self.label = name
        self.clipboard = tuple(replace(each, label=name) if each.label == gone else each for each in self.clipboard)

    def use(self, label: str) -> None:
        """A class is chosen: the next box has it too."""
        self.label = label
        self.recent = (label, *(each for each in self.recent if each != label))[:RECENT]
        if label not in self.listed and label not in self.added:
            self.added = (*self.added, label)

    def choose(self, ids: Iterable[int]) -> None:
        """Select these and no others."""
        self.chosen = tuple(dict.fromkeys(ids))

    def toggle(self, object_id: int) -> None:
        """Add one to the selection, or take it out."""
        if object_id in self.chosen:
            self.chosen = tuple(each for each in self.chosen if each != object_id)
        else:
            self.chosen = (*self.chosen, object_id)

    def chosen_of(self, edit: Edit) -> tuple[int, ...]:
        """The selected objects that are still there."""
        there = set(edit.ids)
        return tuple(each for each in self.chosen if each in there)


def _renamed(names: Sequence[str], name: str, into: str) -> tuple[str, ...]:
    """In place; one that is there twice then stays where it was first."""
    found = (into if each == name else each for each in names)
    return tuple(dict.fromkeys(each for each in found if each))


def keep_order(before: Sequence[str], found: Iterable[str]) -> tuple[str, ...]:
    """Classes that are known keep their places, so that their digits and colours do; new ones come in natural order."""
    known = dict.fromkeys(before)
    return (*known, *sorted(set(found) - known.keys(), key=natural_key))
