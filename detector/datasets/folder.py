"""Folders of plain images, single images and lists of them; and the one door to all kinds of datasets.

VOC files are picked up by the image's stem: beside the image, in Annotations/ below it, or in ../Annotations.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

from detector.datasets.coco import CocoDataset
from detector.datasets.errors import DatasetError, ImageError
from detector.datasets.files import holds, names_in
from detector.datasets.images import IMAGE_SUFFIXES, read_size
from detector.datasets.records import Dataset, Sample
from detector.datasets.voc import VocDataset, is_voc_root, read_voc, sample_of
from detector.datasets.voc_store import voc_places
from detector.datasets.yolo_classes import YAML_NAMES
from detector.datasets.yolo_dataset import YAML_SUFFIXES, YoloDataset, has_splits
from detector.ground_truth import GroundTruth

AnyPath: TypeAlias = "str | os.PathLike[str]"


class FolderDataset(Dataset):
    """Images given one by one, or those that lie in a folder (not in its subfolders), in natural order.

    Which images are annotated is listed once a folder; annotations made later are found by `annotation_path_for`.
    """

    def __init__(self, name: str, root: Path, paths: list[str]) -> None:
        """Take the image paths as given; the folders around them are listed for annotations."""
        super().__init__(name, root)
        self._paths = paths
        self._annotations: dict[str, dict[str, str]] = {}  # by the image's folder: stem -> annotation path

    def __len__(self) -> int:
        return len(self._paths)

    def image_path(self, row: int) -> Path:
        """The image file of a row."""
        return Path(self._paths[row])

    def image_files(self) -> tuple[list[str], list[DatasetError]]:
        """The image files of all rows as text; none is missing."""
        return list(self._paths), []

    def read(self, row: int) -> Sample:
        """The sample of a row.

        Raises:
            DatasetError: where its annotation is broken.
        """
        path = self.image_path(row)
        folder = str(path.parent)
        if folder not in self._annotations:
            self._annotations[folder] = _annotations_around(path.parent)
        annotation = self._annotations[folder].get(path.stem)
        return Sample(path) if annotation is None else sample_of(path, Path(annotation))


def dataset_file(path: Path) -> Path:
    """What is meant by a folder that holds a whole dataset: its data.yaml, or its one COCO json; else the path itself.

    A data.yaml that names images which are there comes before images that lie beside it; a json comes after them.

    Raises:
        DatasetError: the folder holds no image, and its data.yaml is broken, or which json is meant cannot be told.
    """
    if not path.is_dir() or is_voc_root(path):
        return path
    has_images = holds(path, IMAGE_SUFFIXES)
    found = next((path / name for name in YAML_NAMES if (path / name).is_file()), None)
    if found is not None and (not has_images or has_splits(found)):
        return found
    if has_images:
        return path
    for folder in (path, path / "annotations"):
        names = names_in(folder, {".json"}) if folder.is_dir() else []
        if len(names) > 1:
            raise DatasetError(
                f"There is no image in the folder '{path}', and more than one json; name the one to open."
            )
        if names:
            return folder / names[0]
    return path


def open_dataset(path: AnyPath | Iterable[AnyPath], split: str | None = None, images: AnyPath | None = None) -> Dataset:
    """Open a VOC root, a COCO json, a YOLO data.yaml, a folder of images, a single image, or a list of those two.

    Args:
        path: what to open; of a folder that holds a data.yaml or one COCO json that is opened (see `dataset_file`).
        split: of a VOC root the name of a file in ImageSets/Main, without .txt; of a data.yaml train, val or test.
        images: of a COCO json only: the folder of its images, where they are not found by their names beside it.

    Raises:
        DatasetError: one sentence: it is not there, holds no image, is of no known kind, or has no such split.
    """
    if not isinstance(path, str | os.PathLike):
        return _open_list([Path(each) for each in path], split)
    path = dataset_file(Path(path))
    if path.is_dir() and is_voc_root(path):
        return VocDataset(path, split)
    if path.suffix.lower() in YAML_SUFFIXES and path.is_file():
        return YoloDataset(path, split)
    if path.suffix.lower() == ".json" and path.is_file():
        if split is not None:
            raise DatasetError(f"'{path}' has no split '{split}': a COCO json is one.")
        return CocoDataset(path, None if images is None else Path(images))
    if split is not None:
        raise DatasetError(f"'{path}' has no split '{split}': splits belong to a folder with ImageSets/Main.")
    if path.is_dir():
        return FolderDataset(path.resolve().name, path, _images_in(path))
    _check_image(path)
    return FolderDataset(path.name, path.parent, [str(path)])


def annotation_path_for(image_path: Path, where: Path | None = None) -> Path | None:
    """The annotation file of an image, or None where there is none.

    Args:
        image_path: the image.
        where: a VOC file, taken as this image's, or a folder to look in (also in its Annotations/). None: beside the
            image, in Annotations/ below it and in ../Annotations.

    Raises:
        DatasetError: where `where` does not exist or is of an unknown kind.
    """
    name = f"{image_path.stem}.xml"
    if where is None:
        return next((folder / name for folder in voc_places(image_path.parent) if (folder / name).is_file()), None)
    if where.is_dir():
        return next((folder / name for folder in (where, where / "Annotations") if (folder / name).is_file()), None)
    if not where.exists():
        raise DatasetError(f"There is no ground truth '{where}'.")
    if where.suffix.lower() != ".xml":
        raise DatasetError(f"'{where}' is no ground truth that can be read; VOC XML files are.")
    return where


def ground_truth_for(image_path: AnyPath, where: AnyPath | None = None) -> GroundTruth | None:
    """The objects of an image; None where nobody annotated it. See `annotation_path_for` for the places.

    Raises:
        DatasetError: where the annotation is broken, or `where` does not exist or is of an unknown kind.
    """
    image_path = Path(image_path)
    found = annotation_path_for(image_path, None if where is None else Path(where))
    return None if found is None else read_voc(found, image_path).ground_truth


def _open_list(paths: list[Path], split: str | None) -> Dataset:
    if split is not None:
        raise DatasetError(f"A list of images has no split '{split}'.")
    if len(paths) == 1:
        return open_dataset(paths[0])
    found: list[str] = []
    for path in paths:
        if path.is_dir():
            found.extend(_images_in(path / "JPEGImages" if is_voc_root(path) else path))
        else:
            # A broken file among many is an error of its own when it is read; only what is not there is refused now.
            found.append(str(_existing(path)))
    if not found:
        raise DatasetError("The list names no image.")
    return FolderDataset(f"{len(found)} images", Path(found[0]).parent, list(dict.fromkeys(found)))


def _images_in(folder: Path) -> list[str]:
    names = names_in(folder, IMAGE_SUFFIXES)
    if not names:
        raise DatasetError(f"There is no image in the folder '{folder}'.")
    begin = "" if folder == Path() else os.path.join(folder, "")  # as a Path would be written: no "./" before the name
    return [begin + name for name in names]


def _existing(path: Path) -> Path:
    if not path.exists():
        raise DatasetError(f"There is no file or folder '{path}'.")
    return path


def _check_image(path: Path) -> None:
    """A file with an image's suffix is opened as one; any other has to prove that it is one."""
    if _existing(path).suffix.lower() in IMAGE_SUFFIXES:
        return
    try:
        read_size(path)
    except ImageError:
        raise DatasetError(f"'{path}' is neither an image nor a dataset that can be opened.") from None


def _annotations_around(folder: Path) -> dict[str, str]:
    """Stem -> annotation path; the place nearest to the image wins."""
    found: dict[str, str] = {}
    for place in voc_places(folder):
        if place.is_dir():
            for name in names_in(place, {".xml"}):
                found.setdefault(os.path.splitext(name)[0], str(place / name))
    return found
