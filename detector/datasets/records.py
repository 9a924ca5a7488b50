"""What a dataset hands out: one sample an image, read when it is asked for.

A dataset knows file names only. An annotation is parsed when its sample is asked for, so that a folder of 100,000
images opens at once, and a broken file is an error of its own sample: `readable` goes on with the others.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

from detector.datasets.errors import DatasetError, one_line
from detector.ground_truth import GroundTruth


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One image with what is known of it.

    Attributes:
        image_path: the image file; `detector.datasets.read_image` reads it.
        ground_truth: its objects in pixels of the upright image; None where nobody annotated it.
        annotation_path: the file the objects come from.
        warnings: one sentence for each oddity that was kept as it is (a box without area, outside the image ...).
    """

    image_path: Path
    ground_truth: GroundTruth | None = None
    annotation_path: Path | None = None
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "warnings", tuple(one_line(each) for each in self.warnings))


class Dataset(Sequence[Sample]):
    """Samples in a fixed order. Subclasses say how many there are and read one.

    Attributes:
        name: what a person calls it: the folder's name, with the split.
        root: the folder.
    """

    def __init__(self, name: str, root: Path) -> None:
        self.name = name
        self.root = root

    def __len__(self) -> int:
        raise NotImplementedError

    def image_path(self, row: int) -> Path:
        """The image file of a row; nothing is read. Subclasses say how.

        Raises:
            DatasetError: where there is no image for the annotation of this row.
        """
        raise NotImplementedError

    def image_files(self) -> tuple[list[str], list[DatasetError]]:
        """The image files of all rows as text, and an error for each row that has none.

        Text, because where there are 100,000 a Path for each takes its time.
        """
        files: list[str] = []
        missing: list[DatasetError] = []
        for row in range(len(self)):
            try:
                files.append(str(self.image_path(row)))
            except DatasetError as error:
                missing.append(error)
        return files, missing

    def read(self, row: int) -> Sample:
        """The sample of a row, 0 <= row < len. Subclasses say how.

        Raises:
            DatasetError: where its annotation is broken or its image is not there.
        """
        raise NotImplementedError

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> list[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | list[Sample]:
        """The sample of a row, or those of a slice.

        Raises:
            DatasetError: where an annotation is broken or an image is not there.
            IndexError: where there is no such row.
        """
        if isinstance(index, slice):
            return [self.read(row) for row in range(len(self))[index]]
        return self.read(range(len(self))[index])

    def readable(self) -> Iterator[Sample | DatasetError]:
        """Every sample in order; where one cannot be read, its error instead, and on with the next."""
        for row in range(len(self)):
            try:
                yield self.read(row)
            except DatasetError as error:
                yield error

    @functools.cached_property
    def classes(self) -> tuple[str, ...]:
        """The class names that occur, in alphabetical order. Reads every annotation once; broken ones are left out."""
        found: set[str] = set()
        for sample in self.readable():
            if isinstance(sample, Sample) and sample.ground_truth is not None:
                found.update(sample.ground_truth.labels)
        return tuple(sorted(found))
