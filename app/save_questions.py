"""What is asked of a person about saving, as records; the bar above the picture asks it. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from detector.datasets.yolo_find import labels_folder_for


@dataclass(frozen=True, slots=True)
class WhereToSave:
    """Asked once a folder, at the first edit.

    Attributes:
        folder: of the images.
        places: what is offered, (format, path) each.
    """

    folder: Path
    places: tuple[tuple[str, Path], ...]

    @classmethod
    def beside(cls, folder: Path) -> WhereToSave:
        """Where other programs look for the three formats.

        For YOLO that is the folder in which Ultralytics looks, "labels" in place of "images"; else the images' own.
        """
        labels = labels_folder_for(folder) or folder
        return cls(folder, (("voc", folder / "Annotations"), ("coco", folder / "annotations.json"), ("yolo", labels)))

    @property
    def subject(self) -> Path:
        """What it is about."""
        return self.folder


@dataclass(frozen=True, slots=True)
class ChangedOnDisk:
    """Another program has written the file since it was read, or removed it; or it was chosen, and is not empty.

    Attributes:
        path: the annotation file.
        images: whose changes it keeps from being saved.
        is_gone: it was removed.
        is_other: it was chosen, and has other objects of these images already.
    """

    path: Path
    images: tuple[Path, ...] = ()
    is_gone: bool = False
    is_other: bool = False

    def without(self, image: Path) -> ChangedOnDisk:
        """Nothing keeps this image from being saved any more."""
        return replace(self, images=tuple(each for each in self.images if each != image))

    @property
    def kind(self) -> Literal["there", "removed", "conflict"]:
        """What it is that happened; part of the ids of the sentences about it."""
        return "there" if self.is_other else "removed" if self.is_gone else "conflict"

    @property
    def subject(self) -> Path:
        """What it is about."""
        return self.path


@dataclass(frozen=True, slots=True)
class NotWritten:
    """The file cannot be written; what was changed is kept.

    Attributes:
        reason: a sentence, as in "'a.xml' cannot be written (Permission denied)."
    """

    path: Path
    reason: str

    @property
    def subject(self) -> Path:
        """What it is about."""
        return self.path


@dataclass(frozen=True, slots=True)
class SharedFile:
    """The file belongs to another image of the same stem, and is not written for this one.

    Attributes:
        path: the annotation file.
        owner: the name of the other image.
    """

    path: Path
    image: Path
    owner: str

    @property
    def images(self) -> tuple[Path, ...]:
        """Whose changes are not saved."""
        return (self.image,)

    @property
    def subject(self) -> Path:
        """What it is about."""
        return self.image


@dataclass(frozen=True, slots=True)
class NotSaved:
    """The program ended before so many changed images were saved; the journal has them."""

    num_images: int

    @property
    def subject(self) -> None:
        """There is one journal."""


Question: TypeAlias = WhereToSave | ChangedOnDisk | SharedFile | NotWritten | NotSaved

URGENCY: tuple[type, ...] = (NotSaved, ChangedOnDisk, SharedFile, NotWritten, WhereToSave)
"""Of those that wait the first one is asked first."""


def is_same(one: Question, other: Question) -> bool:
    """Whether the second takes the place of the first: of one kind, and about the same file or folder."""
    return type(one) is type(other) and one.subject == other.subject
