"""COCO json, one file for all images: what is used of the files beside this one. Begin with coco_store.py."""

from pathlib import Path

from detector.datasets.coco_dataset import CocoDataset
from detector.datasets.coco_find import find_place
from detector.datasets.coco_image import CocoRecord
from detector.datasets.coco_store import CocoStore
from detector.datasets.coco_write import write_coco

__all__ = ["CocoDataset", "CocoRecord", "CocoStore", "find_coco_store", "write_coco"]


def find_coco_store(folder: Path) -> CocoStore | None:
    """The COCO json with the annotations of the images of a folder; None where there is none.

    Looked at are the json files in the folder, in annotations/ in it and beside it, and beside the folder itself. One
    counts that has COCO's lists and names images that lie in the folder.

    Raises:
        DatasetError: where a folder cannot be listed.
    """
    place = find_place(folder)
    return None if place is None else CocoStore.shared(place, folder)
