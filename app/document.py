"""One image and its ground truth: what is looked at. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.edit import Edit
from app.scene import Message
from app.wording import text
from detector.boxes import clip
from detector.datasets import DatasetError, Sample, annotation_path_for, count_pictures, read_image
from detector.datasets.annotation import Annotation, AnnotationStore, Stored
from detector.datasets.voc import sample_of
from detector.ground_truth import GroundTruth

if TYPE_CHECKING:
    from detector.case import Case
    from detector.evidence import Evidence


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """An image as it was read, with what a person changed since.

    Attributes:
        path: its file.
        image: (H, W, 3) uint8 RGB, upright.
        ground_truth: its objects in image pixels, also those that are not saved yet, but not those that are only
            proposed; None where nobody annotated it.
        warnings: sentences about the file or its ground truth.
        annotation: the file the objects come from.
        problem: why its ground truth cannot be read, a sentence; None where it can, or where there is none.
        stamp: when the image file was last changed, in nanoseconds; tells a changed file from the same one.
        stored: what the annotation file says, with its records; None where no store of the folder is known.
        edit: the objects as a person has made them; None where all is as in the files.
        case: of a saved case (`path` is its file), all that was seen of the image; None for an image.
    """

    path: Path
    image: NDArray[np.uint8]
    ground_truth: GroundTruth | None = None
    warnings: tuple[str, ...] = field(default=())
    annotation: Path | None = None
    stamp: int = 0
    problem: str | None = None
    stored: Stored | None = None
    edit: Edit | None = None
    case: Case | None = None

    @property
    def objects(self) -> Edit:
        """The objects with what is known of each beside the ground truth."""
        if self.edit is not None:
            return self.edit
        if self.stored is not None:
            return Edit.of(self.stored.annotation)
        return Edit.of(None if self.ground_truth is None else Annotation(self.ground_truth))

    @property
    def proposed(self) -> frozenset[int]:
        """Rows of the objects that nobody has accepted yet."""
        return frozenset() if self.edit is None else self.edit.proposed_rows

    def with_proposed(self, box: ArrayLike, label: str) -> Document:
        """With one object of the detector's more: proposed, but in a case, for which there is no Annotate.

        Args:
            box: (4,) xyxy in image pixels; cut to the image.
        """
        corners = clip(np.asarray(box, np.float32).reshape(1, 4), self.image_hw)
        return self.with_edit(self.objects.with_objects(corners, [label], proposed=self.case is None))

    def with_edit(self, edit: Edit) -> Document:
        """The same image with other objects."""
        return replace(self, ground_truth=edit.ground_truth, edit=edit)

    def shows_same_picture(self, other: Document | None) -> bool:
        """The same file in the same state, whatever became of the ground truth."""
        return other is not None and (self.path, self.stamp) == (other.path, other.stamp)

    def holds(self, evidence: Evidence | None) -> bool:
        """This is what its case holds, perhaps with more of the boxes seen by the head; False for an image."""
        return self.case is not None and evidence is not None and evidence.first is self.case.trace.evidence.first

    @property
    def image_hw(self) -> tuple[int, int]:
        """Height and width in image pixels."""
        return int(self.image.shape[0]), int(self.image.shape[1])

    @property
    def name(self) -> str:
        """The file's name, as people read it."""
        return self.path.name


def read_document(path: Path, ground_truth: Path | None = None, store: AnnotationStore | None = None) -> Document:
    """Read an image and what is known of its objects.

    An annotation that cannot be read does not keep the image from being looked at: it becomes the document's problem.

    Args:
        ground_truth: a file or folder to take the objects from; None for the usual places beside the image.
        store: where the annotations of the image's folder are, in place of `ground_truth`.

    Raises:
        ImageError: where the image cannot be read; one sentence.
    """
    return annotated(read_picture(path), ground_truth, store)


def read_picture(path: Path) -> Document:
    """An image without what is known of its objects.

    Raises:
        ImageError: where it cannot be read; one sentence.
    """
    stamp = _stamp(path)
    image = read_image(path)
    return Document(path, image, warnings=picture_warnings(path), stamp=stamp)


def annotated(picture: Document, ground_truth: Path | None = None, store: AnnotationStore | None = None) -> Document:
    """An image with what is known of its objects now; for the arguments see `read_document`."""
    try:
        if store is not None:
            return _with_stored(picture, store.read(picture.path, picture.image_hw))
        found = read_objects(picture.path, ground_truth)
    except DatasetError as error:
        return replace(picture, warnings=(*picture.warnings, str(error)), problem=str(error))
    warnings = (*picture.warnings, *found.warnings)
    return replace(picture, ground_truth=found.ground_truth, warnings=warnings, annotation=found.annotation_path)


def _with_stored(picture: Document, stored: Stored) -> Document:
    found = stored.annotation
    return replace(
        picture,
        ground_truth=None if found is None else found.ground_truth,
        warnings=(*picture.warnings, *stored.warnings),
        annotation=None if found is None else stored.path,
        stored=stored,
    )


def read_case(path: Path) -> Document:
    """The image of a saved case, with its objects and all that was seen of it.

    Raises:
        CaseError: where it cannot be read; one sentence.
    """
    from detector.case import load_case
    from detector.case_json import OF_THE_FILE

    stamp = _stamp(path)
    case = load_case(path)
    # The trace is made again whenever something is moved; what was odd about the file stays with the file.
    odd = [each for each in case.trace.warnings if each[0] in OF_THE_FILE]
    warnings = tuple(text(Message(f"warning.{name}", values)) for name, values in odd)
    return Document(path, case.image, case.trace.ground_truth, warnings, stamp=stamp, case=case)


def _stamp(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # reading it says what is wrong
        return 0


def picture_warnings(path: Path) -> tuple[str, ...]:
    """A sentence where a file holds more than the picture that is shown.

    Raises:
        ImageError: where it cannot be read.
    """
    count = count_pictures(path)
    return (f"'{path}' holds {count} pictures; the first is shown.",) if count > 1 else ()


def read_objects(path: Path, where: Path | None = None) -> Sample:
    """The image's sample: its objects, None where nobody annotated it, and sentences about oddities in their file.

    Raises:
        DatasetError: where the annotation is broken or `where` does not exist.
    """
    annotation = annotation_path_for(path, where)
    return Sample(path) if annotation is None else sample_of(path, annotation)
