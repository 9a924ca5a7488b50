"""COCO json, one file for all images: what is used of the files beside this one. Begin with coco_store.py."""

from detector.datasets.coco_dataset import CocoDataset
from detector.datasets.coco_image import CocoRecord
from detector.datasets.coco_store import CocoStore, Overview, find_coco_store
from detector.datasets.coco_write import write_coco

__all__ = ["CocoDataset", "CocoRecord", "CocoStore", "Overview", "find_coco_store", "write_coco"]
