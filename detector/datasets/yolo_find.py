"""Where the YOLO labels of a folder of images are."""

from __future__ import annotations

import os
from pathlib import Path

from detector.datasets.errors import DatasetError
from detector.datasets.files import names_in
from detector.datasets.images import IMAGE_SUFFIXES
from detector.datasets.yolo import YoloStore
from detector.datasets.yolo_classes import TXT_NAME, YamlClasses, class_list_at, find_class_list
from detector.datasets.yolo_lines import label_bytes, split_lines

_LOOKED_AT = 20
"""Label files that are tried before a folder of texts is taken for something else."""


def labels_folder_for(images: Path) -> Path | None:
    """Ultralytics' place of the labels: the last "images" of the path replaced; None where it has no such part."""
    parts = images.parts
    if "images" not in parts:
        images = images.resolve()  # a relative path may begin below it
        parts = images.parts
        if "images" not in parts:
            return None
    last = len(parts) - 1 - parts[::-1].index("images")
    return Path(*parts[:last], "labels", *parts[last + 1 :])


def find_yolo_store(folder: Path) -> YoloStore | None:
    """The YOLO labels of a folder of images; None where there are none, nor a data.yaml for a folder "images".

    Raises:
        DatasetError: where the data.yaml that belongs to them is broken.
    """
    apart = labels_folder_for(folder)
    if apart is not None and (_has_texts(apart) or isinstance(find_class_list(apart, folder), YamlClasses)):
        return YoloStore(apart, class_list_at(apart, folder))
    labels = _labels_beside(folder)
    if labels and (_are_labels(labels) or ((folder / TXT_NAME).is_file() and _are_empty(labels))):
        return YoloStore(folder, class_list_at(folder, folder))
    return None


def _has_texts(folder: Path) -> bool:
    return folder.is_dir() and bool(names_in(folder, {".txt"}))


def _labels_beside(folder: Path) -> list[Path]:
    """Texts with the stem of an image, at most as many as are looked at."""
    stems = {os.path.splitext(name)[0] for name in names_in(folder, IMAGE_SUFFIXES)}
    texts = (name for name in names_in(folder, {".txt"}) if name != TXT_NAME)
    return [folder / name for name in texts if os.path.splitext(name)[0] in stems][:_LOOKED_AT]


def _are_labels(paths: list[Path]) -> bool:
    """Whether one of the texts has a line of YOLO; captions of images are texts beside them too."""
    for path in paths:
        try:
            if split_lines(path, label_bytes(path) or b"", None):
                return True
        except DatasetError:
            continue
    return False


def _are_empty(paths: list[Path]) -> bool:
    return not any(label_bytes(path) for path in paths)
