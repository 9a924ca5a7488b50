"""What one image's annotation says, and what a store of annotations has to be able to do.

A store reads and writes the annotations of a folder's images in one format at one place:

    Stores.of(image)  ->  AnnotationStore  --read-->   Stored (Annotation, its file, warnings)
                                           <--write--  Annotation

A file is more than the boxes we understand. So an object keeps its *record*: all that its file says of it, whole. A
store that writes changes in a record only what differs from the object; an object without a record is new, a record
that no object has any more goes. What is not changed comes out byte by byte as it was.

Shapes: G objects. Boxes are xyxy float32 in pixels of the upright image.
"""

from __future__ import annotations

import contextlib
import os
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from detector.datasets.errors import DatasetError, one_line
from detector.datasets.same_stem import other_owner
from detector.ground_truth import GroundTruth

Format: TypeAlias = Literal["voc", "coco", "yolo", "labelme"]
FORMATS: tuple[Format, ...] = ("voc", "coco", "yolo")
"""Those that are written; labelme's are read."""

FORMAT_NAMES: dict[Format, str] = {"voc": "VOC XML", "coco": "COCO json", "yolo": "YOLO txt", "labelme": "labelme json"}
"""As people read them."""


class Record:
    """What a file says of one object, whole. Each store has a kind of its own and knows no other's."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class Annotation:
    """What is known of one image.

    Attributes:
        ground_truth: its G objects.
        records: G records, None for an object that is in no file yet; () for all None.
        verified: a person has looked at it and found it right.
        stated_hw: (height, width) of the image as the file states them, right or not; None: not stated, or not known,
            so that a store leaves what its file says.

    Raises:
        ValueError: where the lengths differ.
    """

    ground_truth: GroundTruth
    records: tuple[Record | None, ...] = ()
    verified: bool = False
    stated_hw: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if not self.records:
            object.__setattr__(self, "records", (None,) * len(self.ground_truth))
        if len(self.records) != len(self.ground_truth):
            raise ValueError(f"{len(self.ground_truth)} objects need as many records, not {len(self.records)}.")

    @classmethod
    def empty(cls) -> Annotation:
        """An image that is known to hold no object, which nobody has verified."""
        return cls(GroundTruth.empty())

    def says_the_same(self, other: Annotation) -> bool:
        """The same objects in the same order, and verified or not, and no other size; whatever the records."""
        one, two = self.ground_truth, other.ground_truth
        flags = ("boxes", "difficult", "truncated", "crowd")
        return (
            self.verified == other.verified
            and (None in (self.stated_hw, other.stated_hw) or self.stated_hw == other.stated_hw)
            and one.labels == two.labels
            and all(np.array_equal(getattr(one, each), getattr(two, each)) for each in flags)
        )


Hw: TypeAlias = "tuple[int, int]"

Stamp: TypeAlias = "tuple[int, int] | None"
"""When a file was last changed (ns) and its size in bytes; None where there is no file."""


def stamp_of(path: Path) -> Stamp:
    """The stamp of a file as it is now."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """An image's annotation as its file has it.

    Attributes:
        annotation: None where nobody annotated the image.
        path: the file it is in, or would be.
        stamp: of that file when it was read or written.
        warnings: one sentence for each oddity that was kept as it is.
        owner: the image of the same stem that the file belongs to; "" where that is this very image.
        notes: what a person has to know of the save that has just written it: a sentence each.
    """

    annotation: Annotation | None
    path: Path
    stamp: Stamp = None
    warnings: tuple[str, ...] = field(default=())
    owner: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("warnings", "notes"):
            object.__setattr__(self, name, tuple(one_line(each) for each in getattr(self, name)))

    @property
    def is_there(self) -> bool:
        """It is what the file says; False where that does not have the image, and another place does."""
        return True


class Waiting(NamedTuple):
    """What is to be written of an image; see `AnnotationStore.write`."""

    image_hw: Hw
    annotation: Annotation
    seen: Stored | None


class Glance(NamedTuple):
    """What can be told of an image without reading its annotation.

    Attributes:
        labels: the class of each object, in the order of the file; None where nobody annotated the image.
        verified: a person has found it right.
    """

    labels: tuple[str, ...] | None
    verified: bool = False


class ChangedOnDiskError(DatasetError):
    """A file was changed by somebody else since it was read; it was not overwritten.

    Attributes:
        is_gone: it was removed.
    """

    def __init__(self, sentence: str, *, is_gone: bool = False) -> None:
        super().__init__(sentence)
        self.is_gone = is_gone

    @classmethod
    def of(cls, path: Path, now: Stamp) -> ChangedOnDiskError:
        """Of a file that has another stamp now than was known."""
        what = "changed" if now else "removed"
        return cls(
            f"'{path}' was {what} by another program since it was read; it was not overwritten.", is_gone=not now
        )


def check_stamp(path: Path, stamp: Stamp) -> None:
    """Raise a ChangedOnDiskError where a file is no longer the one that had this stamp."""
    now = stamp_of(path)
    if now != stamp:
        raise ChangedOnDiskError.of(path, now)


def forgotten(written: Stored) -> Stored:
    """Take away a file that speaks of one image alone; where it is another one by now, or is held, it stays.

    Returns:
        What is said of the image now.
    """
    with contextlib.suppress(OSError):
        if stamp_of(written.path) == written.stamp:
            os.unlink(written.path)
    return written if written.path.exists() else Stored(None, written.path)


class SharedFileError(DatasetError):
    """The file belongs to another image that has the same stem; it was not written.

    Attributes:
        owner: the name of that image.
    """

    def __init__(self, path: Path, image_path: Path, owner: str) -> None:
        name = image_path.name
        super().__init__(
            f"'{name}' and '{owner}' share the annotation file '{path}', which belongs to '{owner}': "
            f"it was not written for '{name}'."
        )
        self.owner = owner


class Batch:
    """The annotations of some images, to be written together. Used by one thread.

    Until `write` no file is changed by it: who gives it up leaves everything as it was. Between the calls others may
    use the store; who writes an image that waits here is found out as by `AnnotationStore.write`.
    """

    def __init__(self, store: AnnotationStore) -> None:
        """Nothing is to be written yet."""
        self._store = store
        self._waiting: dict[Path, Waiting] = {}

    def add(self, image_path: Path, image_hw: Hw, annotation: Annotation, seen: Stored | None) -> None:
        """One more image, as `AnnotationStore.write` takes it; what was to be written of it before is not."""
        self._waiting[image_path] = Waiting(image_hw, annotation, seen)

    def write(self) -> dict[Path, Stored | DatasetError]:
        """Write them all, and begin anew.

        Returns:
            Of each image in order what its file says now, or why it was not written. Each file is replaced as a whole
            or not at all.
        """
        waiting, self._waiting = self._waiting, {}
        return self._write(waiting)

    def _write(self, waiting: dict[Path, Waiting]) -> dict[Path, Stored | DatasetError]:
        found: dict[Path, Stored | DatasetError] = {}
        for path, each in waiting.items():
            try:
                found[path] = self._store.write(path, *each)
            except DatasetError as error:
                found[path] = error
        return found


class AnnotationStore(ABC):
    """Annotations of a folder's images, in one format at one place.

    Several threads use a store at once: one reads images and looks through the folder, one saves, the window asks for
    places and classes. So a store sees to it that its calls from any threads take turns where they share what they
    know of files, that nobody writes between its look at a file and its writing of it, and that `classes`, `is_loaded`,
    `path_of` and `shared_files`, which the window asks for, wait for no save and no large file.

    Attributes:
        format: how they are written.
        place: the folder they are in, or the one file that holds all.
        is_writable: False for a format that is only read.
    """

    format: Format
    place: Path
    is_writable: bool = True

    @property
    def is_loaded(self) -> bool:
        """What is asked for is answered at once; a large file may have to be looked through first."""
        return True

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The classes in the order the files have them; None where the format has no list. A new class goes last."""
        return None

    @property
    def shared_files(self) -> tuple[Path, ...]:
        """The files that say something of several images: a list of classes, what is kept beside, one file of all."""
        return ()

    def rename_class(self, old: str, new: str) -> bool:
        """Give a class another name in the list of classes; its number and the order stay.

        Args:
            old: where the list does not have it, nothing is done.
            new: a name that the list does not have.

        Returns:
            False where the format has no list, so that the name stands at each object.

        Raises:
            DatasetError: the list cannot be changed, or cannot hold the name; it is untouched.
        """
        return False

    def refresh(self) -> None:  # noqa: B027  # most formats keep nothing in memory
        """Files were put back as they were by this very program: that is no change by another one.

        Raises:
            DatasetError: where they cannot be read.
        """

    @abstractmethod
    def path_of(self, image_path: Path) -> Path:
        """The file an image's annotation is in, or would be; nothing is read."""

    def own_file(self, image_path: Path) -> Path | None:
        """The file that goes where the image goes: it speaks of this image alone, or would.

        Returns:
            None where one file has the annotations of many images, or where the file belongs to another image, from
            which this one differs only in its suffix.
        """
        return None if other_owner(image_path) else self.path_of(image_path)

    def batch(self) -> Batch:
        """To write the annotations of several images: a file that holds many images is written once for all of them."""
        return Batch(self)

    def glance(self, image_path: Path) -> Glance | None:
        """What can be told at once, for a first look at very many images; None where only reading tells.

        What would be wrong with an annotation is not looked for: reading may find it broken all the same.
        """
        return None

    def forget(self, image_path: Path, written: Stored) -> Stored:
        """Nobody has annotated an image after all: take out what was written of it, which is no object.

        Only for what this program itself has made: where there was nothing of the image before.

        Args:
            written: what the file says; where it says something else by now, it stays.

        Returns:
            What it says now; without an annotation where nothing is left.
        """
        return written

    @abstractmethod
    def read(self, image_path: Path, image_hw: tuple[int, int] | None = None) -> Stored:
        """The annotation of an image.

        Args:
            image_hw: (height, width) of the upright image where they are known; else its header is read if needed.

        Raises:
            DatasetError: one sentence with the file and the place where it is broken.
        """

    @abstractmethod
    def write(self, image_path: Path, image_hw: tuple[int, int], annotation: Annotation, seen: Stored | None) -> Stored:
        """Write the annotation of an image; the file is replaced as a whole or not at all.

        Args:
            image_hw: (height, width) of the upright image.
            annotation: all its objects in order.
            seen: what the caller believes to be in the file; None: write whatever is there.

        Returns:
            The same annotation with the records and the stamp that the file has now.

        Raises:
            SharedFileError: the file belongs to another image.
            ChangedOnDiskError: the file is not the one that was `seen`.
            DatasetError: it cannot be written, or the format cannot hold a class name; the old file is untouched.
        """
