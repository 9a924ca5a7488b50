"""What is known of one change of a class over the whole folder; `app.class_change_flow` makes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from app.annotating import ClassNames
from app.class_change import Change, ClassUse, FileCount
from app.class_work import ClassCount, ClassWork, Hit
from app.commands import FolderStep
from app.edit import Edit
from app.scene import Message
from detector.messages import counted


class InHand(NamedTuple):
    """What was changed of an image that a person works on: the number of the step, and its objects before."""

    number: int
    before: Edit


@dataclass(eq=False)
class ClassJob:
    """One change, from the first question on.

    Attributes:
        files: all images of the folder.
        use: what has been counted.
        hits: images whose files are to be changed.
        per_file: boxes of the class in each file.
        num_images: that have the class, and then, that have been changed.
        count: what the saving thread counts with.
        work: what it changes with; None before that is wanted.
        hand: how the classes were before.
        in_hand: what was changed of images that a person works on.
        done: images that have been gone through.
        failures: a sentence for each file that was left as it is.
        step: of the folder; None until all is done once.
        is_back: it has been taken back, and may be done again.
        is_stopped: a person does not want it.
    """

    kind: Change
    name: str
    into: str
    files: tuple[str, ...]
    use: ClassUse
    hits: list[Hit] = field(default_factory=list)
    per_file: dict[Path, int] = field(default_factory=dict)
    num_images: int = 0
    count: ClassCount | None = None
    work: ClassWork | None = None
    hand: ClassNames | None = None
    in_hand: dict[Path, InHand] = field(default_factory=dict)
    done: int = 0
    failures: list[str] = field(default_factory=list)
    step: FolderStep | None = None
    is_back: bool = False
    is_stopped: bool = False

    def add(self, hit: Hit) -> None:
        """One more image that may have the class."""
        if hit.num_boxes:
            self.per_file[hit.file] = self.per_file.get(hit.file, 0) + hit.num_boxes
            self.num_images += 1

    def count_on(self, num_done: int) -> ClassUse:
        """So many more images have been counted."""
        files = tuple(FileCount(f"{file.parent.name}/{file.name}", count) for file, count in self.per_file.items())
        self.use = ClassUse(self.num_images, files, min(self.use.done + num_done, self.use.of), self.use.of)
        return self.use

    @property
    def folder(self) -> Path:
        """The step belongs to it."""
        return Path(self.files[0]).parent

    def label(self, num_images: int | None = None) -> Message:
        """What was done, in so many images; None: for one that speaks of itself."""
        words = {"name": self.name, "into": self.into}
        if num_images is None:
            return Message(f"undo.class.{self.kind}.here", words)
        return Message(f"undo.class.{self.kind}", words | {"images": counted("change.images", num_images)})
