"""A COCO json as a dataset: its images in the order of the file, wherever they lie."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from detector.datasets.annotation import Stored
from detector.datasets.coco_index import parts_of
from detector.datasets.coco_store import CocoStore
from detector.datasets.errors import DatasetError
from detector.datasets.files import ListedFiles
from detector.datasets.records import Dataset, Sample

_TRIED = 50
"""Names by which it is found out which folders the images are in."""

_NEAR = ("images", "JPEGImages")


class CocoDataset(Dataset):
    """A COCO json with its images.

    The images are looked for by the names in the file: in `images`; without it beside the json and in the folders
    there; where none is found, in the folder above and the folders in that (so annotations/instances_train2017.json
    finds train2017/). One that is not there is an error of its own row.
    """

    def __init__(self, place: Path, images: Path | None = None) -> None:
        """Look through the file.

        Raises:
            DatasetError: it cannot be read or is no COCO json, or there is no folder `images`.
        """
        super().__init__(place.stem, place.parent)
        if images is not None and not images.is_dir():
            raise DatasetError(f"There is no folder '{images}'.")
        store = CocoStore.shared(place, images)
        store.refresh()
        self._place = place
        self._names = tuple(store.load().image_names)  # the file may get more of them
        if not self._names:
            raise DatasetError(f"'{place}' lists no image.")
        self._folders = [images] if images is not None else self._likely_folders()
        # With the folder that was found, so that a new image gets a name like those of the others.
        self._store = CocoStore.shared(place, self._folders[0])

    @property
    def store(self) -> CocoStore:
        """The file itself, to be read and written image by image."""
        return self._store

    def __len__(self) -> int:
        return len(self._names)

    @functools.cached_property
    def classes(self) -> tuple[str, ...]:
        """The categories in the order of the file, also those of which no object is there."""
        return self._store.classes

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is odd about the file as a whole: a sentence each."""
        return self._store.warnings

    def image_path(self, row: int) -> Path:
        """The image file of a row.

        Raises:
            DatasetError: there is none, or its name leads out of the folder.
        """
        return Path(self._file_of(row, os.path.isfile))

    def image_files(self) -> tuple[list[str], list[DatasetError]]:
        """The image files of all rows as text, and an error for each row that has none."""
        files: list[str] = []
        missing: list[DatasetError] = []
        listed = ListedFiles()
        for row in range(len(self)):
            try:
                files.append(self._file_of(row, listed.has))
            except DatasetError as error:
                missing.append(error)
        return files, missing

    def _file_of(self, row: int, is_file: Callable[[str], bool]) -> str:
        name = self._names[row]
        parts = parts_of(name)
        if not parts:
            raise DatasetError(f"'{self._place}': image {row + 1} has no file_name.")
        if ".." in parts:
            raise DatasetError(f"'{self._place}': the name '{name}' of image {row + 1} leads out of the folder.")
        for folder in self._folders:
            begin = os.path.join(folder, "")
            for tail in _tails(name, parts):
                if is_file(begin + tail):  # False for a name that no system can have
                    return begin + tail
        where = f"'{self._folders[0]}'" if len(self._folders) == 1 else f"'{self.root}' and the folders around it"
        raise DatasetError(f"There is no image '{name}' of '{self._place}' in {where}.")

    def read(self, row: int) -> Sample:
        """The sample of a row.

        Raises:
            DatasetError: one of its annotations makes no sense or its image is not there.
        """
        path = self.image_path(row)
        stored = self._stored(row, path)
        truth = None if stored.annotation is None else stored.annotation.ground_truth
        return Sample(path, truth, self._place, stored.warnings)

    def stored(self, row: int) -> Stored:
        """All that the file says of a row.

        Raises:
            DatasetError: one of its annotations makes no sense or its image is not there.
        """
        return self._stored(row, self.image_path(row))

    def _stored(self, row: int, path: Path) -> Stored:
        names = self._store.load().image_names  # other rows, where another program has written the file meanwhile
        if row >= len(names) or names[row] != self._names[row]:
            raise DatasetError(f"'{self._place}' was changed by another program: image {row + 1} is another one.")
        return self._store.read_entry(row, path)

    def _likely_folders(self) -> list[Path]:
        """The folders in which some of the names are files, that with the most first; else the json's own."""
        step = max(len(self._names) // _TRIED, 1)
        some = [(name, parts_of(name)) for name in self._names[::step][:_TRIED]]
        some = [(name, parts) for name, parts in some if parts and ".." not in parts]
        # What lies around the json's folder belongs to it only where nothing in it does.
        for near in (self.root, self.root.resolve().parent):
            hits = {folder: sum(_is_in(folder, *each) for each in some) for folder in _folders_in(near)}
            if any(hits.values()):
                return sorted((each for each in hits if hits[each]), key=lambda each: -hits[each])
        return [self.root]


def _folders_in(folder: Path) -> Iterator[Path]:
    """The folder itself, then those in it, the usual ones first."""
    yield folder
    yield from (folder / name for name in _NEAR)
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        yield from (folder / name for name in sorted(each.name for each in entries if each.is_dir()))


def _tails(name: str, parts: tuple[str, ...]) -> Iterator[str]:
    """The ways a name may be meant: within the folder as it stands; of a path of another machine its last part."""
    is_absolute = name.startswith(("/", "\\")) or name[1:2] == ":"
    if len(parts) > 1 and not is_absolute:
        yield os.sep.join(parts)
    yield parts[-1]


def _is_in(folder: Path, name: str, parts: tuple[str, ...]) -> bool:
    return any(os.path.isfile(os.path.join(folder, tail)) for tail in _tails(name, parts))
