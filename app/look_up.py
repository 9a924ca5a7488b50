"""What the files of an image say, for one who has not opened it: a thread looks, so that no window waits. No Qt."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from detector.datasets import DatasetError, read_size
from detector.datasets.annotation import Stored, stamp_of
from detector.datasets.stores import Stores


class Found(NamedTuple):
    """What an image's files say.

    Attributes:
        stored: None where the folder has no place for annotations.
        picture: when the image file was last changed.
        problem: why they cannot be read, a sentence; "" where they can.
    """

    path: Path
    stored: Stored | None
    image_hw: tuple[int, int]
    picture: int
    problem: str = ""


def look_up(path: Path, stores: Stores, image_hw: tuple[int, int] | None = None) -> Found:
    """Read them.

    Args:
        image_hw: (height, width) of the upright image where they are known, so that it need not be there.
    """
    try:
        store, image_hw, picture = stores.of(path), image_hw or read_size(path), stamp_of(path)
        stored = None if store is None else store.read(path, image_hw)
    except DatasetError as error:
        return Found(path, None, (0, 0), 0, str(error))
    return Found(path, stored, image_hw, 0 if picture is None else picture[0])
