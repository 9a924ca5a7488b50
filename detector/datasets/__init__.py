"""Datasets: images and their ground truth, read file by file.

`open_dataset(path)` gives samples, `read_image(path)` the pixels of one. Nothing here needs torch or Qt.
"""

from detector.datasets.errors import DatasetError, ImageError
from detector.datasets.folder import FolderDataset, annotation_path_for, ground_truth_for, open_dataset
from detector.datasets.images import IMAGE_SUFFIXES, count_pictures, read_image, read_size, read_thumbnail
from detector.datasets.records import Dataset, Sample
from detector.datasets.voc import VocDataset, VocFile, read_voc, voc_splits, write_voc
from detector.ground_truth import GroundTruth

__all__ = [
    "IMAGE_SUFFIXES",
    "Dataset",
    "DatasetError",
    "FolderDataset",
    "GroundTruth",
    "ImageError",
    "Sample",
    "VocDataset",
    "VocFile",
    "annotation_path_for",
    "count_pictures",
    "ground_truth_for",
    "open_dataset",
    "read_image",
    "read_size",
    "read_thumbnail",
    "read_voc",
    "voc_splits",
    "write_voc",
]
