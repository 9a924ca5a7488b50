"""What pycocotools says of the same objects and detections."""

from __future__ import annotations

import contextlib
import io

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def annotation(image, category, box, *, score=0.0, ignored=False):
    """An object or a detection as COCO writes it; `box` is xyxy."""
    x1, y1, x2, y2 = (float(value) for value in box)
    width, height = x2 - x1, y2 - y1
    area = max(width, 0) * max(height, 0)
    return {
        "image_id": int(image), "category_id": int(category), "bbox": [x1, y1, width, height], "area": area,
        "iscrowd": int(ignored), "score": float(score),
    }  # fmt: skip


def pycocotools_figures(objects, detections, images, classes):
    """(ap, ap50, ap75) over all, and the same by class number; None where pycocotools says -1.

    Args:
        objects, detections: lists of `annotation`.
        images: how many there are, numbered from 0.
        classes: how many there are, numbered from 1.
    """
    with contextlib.redirect_stdout(io.StringIO()):
        judge = COCOeval(_dataset(objects, images, classes), _dataset(detections, images, classes), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    precision = judge.eval["precision"][:, :, :, 0, 2]  # thresholds, recalls, classes; all areas; 100 detections
    by_class = {
        number + 1: _plain([part.mean(), part[0].mean(), part[5].mean()])
        for number, part in enumerate(np.moveaxis(precision, 2, 0))
    }
    return _plain(judge.stats[:3]), by_class


def _dataset(annotations, images, classes):
    made = COCO()
    made.dataset = {
        "images": [{"id": number} for number in range(images)],
        "categories": [{"id": number} for number in range(1, classes + 1)],
        "annotations": [each | {"id": number} for number, each in enumerate(annotations, 1)],
    }
    with contextlib.redirect_stdout(io.StringIO()):
        made.createIndex()
    return made


def _plain(values):
    return tuple(None if value == -1 else float(value) for value in values)
