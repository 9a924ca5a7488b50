"""A dataset that a data.yaml describes: classes, and for each split a folder, several, or a list of images.

Where things lie follows Ultralytics: `path` is the root (without it the folder of the data.yaml), a split's entries are
relative to it, a folder is taken with its subfolders, a .txt lists one image a line, and labels are where the last
folder "images" of an image's path is replaced by "labels".
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from detector.datasets.annotation import Stored
from detector.datasets.errors import DatasetError
from detector.datasets.files import natural_key
from detector.datasets.images import IMAGE_SUFFIXES
from detector.datasets.records import Dataset, Sample
from detector.datasets.yolo import YoloStore
from detector.datasets.yolo_classes import YamlClasses
from detector.datasets.yolo_find import labels_folder_for
from detector.datasets.yolo_yaml import DataYaml, read_data_yaml

YAML_SUFFIXES = frozenset({".yaml", ".yml"})
USUAL_SPLITS = ("train", "val", "test")
NO_SPLITS = {"path", "names", "nc", "download", "yaml_file", "kpt_shape", "flip_idx", "kpt_names", "channels"}
_SPLIT = re.compile(r"\w[\w.\-]*")
_LARGEST_LIST = 512_000_000


def is_split_name(name: str) -> bool:
    """Whether a split can be called so in a data.yaml, and its folder too."""
    return bool(_SPLIT.fullmatch(name)) and name not in NO_SPLITS


def yolo_splits(path: Path) -> tuple[str, ...]:
    """The splits of a data.yaml: train, val and test, and other keys that name images which are there.

    Raises:
        DatasetError: where the file is broken.
    """
    return _splits_of(read_data_yaml(path))


def has_splits(path: Path) -> bool:
    """Whether a data.yaml names something for its splits that is there; False where it is broken."""
    try:
        content = read_data_yaml(path)
    except DatasetError:
        return False
    return any(_place_of(content, each) for split in _splits_of(content) for each in content.words(split))


class YoloDataset(Dataset):
    """A data.yaml, or one split of it. Without a split: every image once, in the order of the splits."""

    def __init__(self, path: Path, split: str | None = None) -> None:
        """List the images; no label is read.

        Raises:
            DatasetError: where the data.yaml is broken, there is no such split, or no image.
        """
        content = read_data_yaml(path)
        name = path.resolve().parent.name if path.stem in ("data", "dataset") else path.stem
        super().__init__(name + (f" {split}" if split else ""), path.parent)
        self._list = YamlClasses(path)
        self._list.names()
        self.classes = self._list.names()  # known here; need not be collected from all labels
        self._stores: dict[Path, YoloStore] = {}
        there = _splits_of(content)
        if split is not None and split not in there:
            raise DatasetError(f"'{path}' has no split '{split}' (there: {', '.join(there) or 'none'}).")
        self._paths = list(dict.fromkeys(_images_of(content, there if split is None else (split,), split is None)))
        if not self._paths:
            raise DatasetError(f"'{path}' names no image that is there.")

    def __len__(self) -> int:
        return len(self._paths)

    def image_path(self, row: int) -> Path:
        """The image file of a row."""
        return Path(self._paths[row])

    def image_files(self) -> tuple[list[str], list[DatasetError]]:
        """The image files of all rows as text."""
        return list(self._paths), []

    def stored(self, row: int) -> Stored:
        """What the label file of a row says, with whether it is verified.

        Raises:
            DatasetError: with the file and the line.
        """
        image = self.image_path(row)
        if image.parent not in self._stores:
            self._stores[image.parent] = YoloStore(labels_folder_for(image.parent) or image.parent, self._list)
        return self._stores[image.parent].read(image)

    def read(self, row: int) -> Sample:
        """The sample of a row.

        Raises:
            DatasetError: where its labels are broken, or its image is not there.
        """
        image = self.image_path(row)
        if not image.is_file():
            raise DatasetError(f"There is no image '{image}'.")
        stored = self.stored(row)
        if stored.annotation is None:
            return Sample(image)
        return Sample(image, stored.annotation.ground_truth, stored.path, stored.warnings)


def _splits_of(content: DataYaml) -> tuple[str, ...]:
    usual = [split for split in USUAL_SPLITS if content.words(split)]
    others = [
        key
        for key, value in content.values.items()
        if key not in NO_SPLITS
        and key not in USUAL_SPLITS
        and value is not None
        and not value.numbers
        and is_split_name(key)
    ]
    return (*usual, *(key for key in others if all(_place_of(content, each) for each in content.words(key))))


def _place_of(content: DataYaml, entry: str) -> Path | None:
    """A split's entry as a path that is there; None where there is none."""
    # Some exports write ../train/images for what lies beside the data.yaml, and trainers put up with it.
    entries = (entry, entry[3:]) if entry.startswith("../") else (entry,)
    for root in _roots(content):
        for each in entries:
            try:
                if each and (root / each).exists():
                    return root / each
            except (OSError, ValueError):  # no name that a file can have
                return None
    return None


def _roots(content: DataYaml) -> Iterator[Path]:
    """Where `path` may be meant to lie: beside the data.yaml, where the program runs, beside its folder."""
    folder = content.path.parent
    written = content.word("path")
    if written:
        yield folder / written
        yield Path(written)
        yield folder.resolve().parent / written
    yield folder


def _images_of(content: DataYaml, splits: tuple[str, ...], some_may_miss: bool) -> Iterator[str]:
    for split in splits:
        for entry in content.words(split):
            place = _place_of(content, entry)
            if place is None:
                if some_may_miss:
                    continue
                raise DatasetError(f"'{content.path}': the split '{split}' names '{entry}', which is not there.")
            yield from _listed(place, content) if place.is_file() else _below(place)


def _below(folder: Path) -> Iterator[str]:
    """The images of a folder and its subfolders, in natural order; hidden ones and links to folders are left out."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted((each for each in folders if not each.startswith(".")), key=natural_key)
        images = (name for name in names if os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES)
        yield from (os.path.join(parent, name) for name in sorted(images, key=natural_key) if not name.startswith("."))


def _listed(path: Path, content: DataYaml) -> Iterator[str]:
    """The images of a list: "./" is beside the list; other relative paths are below the root, or beside the list."""
    if path.suffix.lower() in IMAGE_SUFFIXES:
        yield str(path)
        return
    try:
        if path.stat().st_size > _LARGEST_LIST:
            raise DatasetError(f"'{path}' is too large for a list of images.")
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        broken = error.object.count(b"\n", 0, error.start) + 1
        raise DatasetError(f"'{path}' line {broken}: this is no UTF-8 text.") from None
    except OSError as error:
        raise DatasetError(f"'{path}' cannot be read ({error.strerror or error}).") from None
    base: Path | None = None
    for number, line in enumerate(map(str.strip, lines), 1):
        if not line:
            continue
        if "\0" in line:
            raise DatasetError(f"'{path}' line {number}: this is no name of a file.")
        line = line.replace("\\", "/") if os.sep == "/" and not os.path.exists(line) else line
        if line.startswith("./"):
            yield os.path.join(path.parent, line[2:])
            continue
        if base is None:  # where the first one is, all are
            roots = (*_roots(content), path.parent, Path())
            base = next((root for root in roots if os.path.exists(root / line)), path.parent)
        yield os.path.join(base, line)
