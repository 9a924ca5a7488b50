"""What a change of a class over the whole dataset would do, as a record; the dialog that asks shows it. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from app.sentences import say
from detector.messages import Message, counted

Change: TypeAlias = Literal["rename", "merge", "delete"]


@dataclass(frozen=True, slots=True)
class FileCount:
    """A file in which boxes of the class are.

    Attributes:
        name: as people find it, relative to the folder.
        num_boxes: of the class, in it.
    """

    name: str
    num_boxes: int


@dataclass(frozen=True, slots=True)
class ClassUse:
    """Where a class is used, as far as that has been counted.

    Attributes:
        num_images: that have boxes of it.
        files: whose content would change; one COCO file holds many images.
        done, of: images looked at, and in all; equal when all have been counted.
    """

    num_images: int = 0
    files: tuple[FileCount, ...] = ()
    done: int = 0
    of: int = 0

    @property
    def is_counted(self) -> bool:
        """All images have been looked at."""
        return self.done >= self.of

    @property
    def num_boxes(self) -> int:
        """In all files."""
        return sum(each.num_boxes for each in self.files)


def question(change: Change, name: str, into: str, use: ClassUse) -> Message:
    """What is asked before the change is made; of a renaming to no other name only what it would be about."""
    if change == "rename" and into in ("", name):
        return say("change.rename.unnamed", name=name)
    if not use.num_boxes:
        return say(f"change.{change}.nowhere", name=name, into=into)
    where = say(
        "change.where", images=counted("change.images", use.num_images), boxes=counted("change.boxes", use.num_boxes)
    )
    return say(f"change.{change}", name=name, into=into, where=where)


def becomes(change: Change, name: str, into: str, names: Sequence[str]) -> Change | None:
    """What it comes to: a renaming to a class that is there is a merge. None where nothing would change."""
    if change == "delete":
        return change
    if not into or into == name:
        return None
    if change == "merge":
        return change if into in names else None
    return "merge" if into in names else "rename"
