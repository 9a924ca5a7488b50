"""A dataset as `convert` takes it, whatever its format: images, what is known of each, splits and classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from detector.datasets.annotation import Annotation, Stored
from detector.datasets.coco import CocoDataset
from detector.datasets.errors import DatasetError
from detector.datasets.folder import FolderDataset, dataset_file, open_dataset
from detector.datasets.records import Dataset
from detector.datasets.stores import Stores
from detector.datasets.voc import VocDataset, voc_splits
from detector.datasets.voc_store import VocStore
from detector.datasets.yolo_dataset import YoloDataset, yolo_splits


@runtime_checkable
class _Storing(Protocol):
    """A dataset that knows more of an image than a sample holds: whether it is verified."""

    def stored(self, row: int) -> Stored:
        """What the files say of a row."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """The images of a dataset, in its order.

    Attributes:
        path: what was opened.
        images: one file a row.
        missing: an error for each row that has no image.
        splits: the images of each split, in its order; {} where the dataset has none.
        read_row: what is known of an image, by its row.
        listed: the dataset's own list of classes; None where it has none.
        warnings: what is odd about the dataset as a whole, a sentence each.
    """

    path: Path
    images: tuple[Path, ...]
    missing: tuple[DatasetError, ...]
    splits: dict[str, tuple[Path, ...]]
    read_row: Callable[[int], Stored]
    listed: tuple[str, ...] | None
    warnings: tuple[str, ...] = ()

    def classes(self, progress: Callable[[], object] = lambda: None) -> tuple[str, ...]:
        """The dataset's own list; else all names that occur, in alphabetical order, for which every label is read.

        Args:
            progress: called after each image.
        """
        if self.listed is not None:
            return self.listed
        found: set[str] = set()
        for stored in self._readable():
            if stored is not None and stored.annotation is not None:
                found.update(stored.annotation.ground_truth.labels)
            progress()
        return tuple(sorted(found))

    def _readable(self) -> Iterator[Stored | None]:
        for row in range(len(self.images)):
            try:
                yield self.read_row(row)
            except DatasetError:  # told when it is converted
                yield None


def open_source(path: Path, split: str | None = None, images: Path | None = None) -> Source:
    """Open a dataset of any format, or one split of it.

    Args:
        images: of a COCO json, the folder of its images.

    Raises:
        DatasetError: as `open_dataset`.
    """
    path = dataset_file(path)
    dataset = open_dataset(path, split, images)
    rows, files, missing = _images(dataset)
    read = _reader(dataset)
    names = (split,) if split is not None else _split_names(path, dataset)
    splits = {name: tuple(_images(dataset if name == split else open_dataset(path, name))[1]) for name in names}
    warnings = dataset.warnings if isinstance(dataset, CocoDataset) else ()
    listed = _own_list(dataset, files)
    return Source(path, tuple(files), tuple(missing), splits, lambda row: read(rows[row]), listed, warnings)


def _images(dataset: Dataset) -> tuple[list[int], list[Path], list[DatasetError]]:
    rows: list[int] = []
    images: list[Path] = []
    missing: list[DatasetError] = []
    for row in range(len(dataset)):
        try:
            images.append(dataset.image_path(row))
            rows.append(row)
        except DatasetError as error:
            missing.append(error)
    return rows, images, missing


def _split_names(path: Path, dataset: Dataset) -> tuple[str, ...]:
    if isinstance(dataset, YoloDataset):
        return yolo_splits(path)
    if not isinstance(dataset, VocDataset):
        return ()
    # VOC2007 has a list for each class too: aeroplane_train beside train.
    names = voc_splits(path)
    return tuple(name for name in names if "_" not in name or name.rpartition("_")[2] not in names)


def _reader(dataset: Dataset) -> Callable[[int], Stored]:
    """How to read a row with all that its files say."""
    if isinstance(dataset, _Storing):
        return dataset.stored
    if isinstance(dataset, VocDataset):
        voc = VocStore(dataset.root / "Annotations")
        return lambda row: voc.read(dataset.image_path(row))
    if isinstance(dataset, FolderDataset):
        stores = Stores()
        return lambda row: _in_its_folder(stores, dataset.image_path(row))
    return lambda row: _of_sample(dataset, row)


def _in_its_folder(stores: Stores, image: Path) -> Stored:
    store = stores.of(image)
    return Stored(None, image) if store is None else store.read(image)


def _of_sample(dataset: Dataset, row: int) -> Stored:
    sample = dataset[row]
    known = None if sample.ground_truth is None else Annotation(sample.ground_truth)
    return Stored(known, sample.annotation_path or sample.image_path, warnings=sample.warnings)


def _own_list(dataset: Dataset, images: list[Path]) -> tuple[str, ...] | None:
    if isinstance(dataset, VocDataset):
        return None
    if isinstance(dataset, FolderDataset):
        store = Stores().of(images[0]) if images and len({image.parent for image in images}) == 1 else None
        return None if store is None else store.classes
    return dataset.classes
