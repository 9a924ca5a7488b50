"""Average precision of one class by COCO's rules, computed by faster-coco-eval.

Pixels: image pixels, ground truth as written: the figures are those that any other tool computes from the same boxes.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from faster_coco_eval.core import COCO, COCOeval_faster
from numpy.typing import ArrayLike, NDArray

MAX_DETECTIONS = 100
"""Of an image so many detections count, the best over all classes. pycocotools takes so many of each class; the two
agree where a model keeps no more than these of an image, as the default settings do."""

ROW = np.dtype(
    [("image", np.int32), ("label", np.int32), ("box", np.float32, 4), ("score", np.float32), ("ignored", np.bool_)]
)
"""An object or a detection: number of its image, class number, xyxy, and the detection's score or the object's flag."""

Rows: TypeAlias = NDArray[np.void]

_EVERY_AREA = [0.0, 1e10]
_CATEGORY = 1


class Precision(NamedTuple):
    """All None where there is no object that counts.

    Attributes:
        ap: mean over the IoU thresholds 0.50, 0.55 ... 0.95.
        ap50: at IoU 0.50.
        ap75: at IoU 0.75.
    """

    ap: float | None
    ap50: float | None
    ap75: float | None


NO_PRECISION = Precision(None, None, None)


def make_rows(image: int, labels: ArrayLike, boxes: ArrayLike, **columns: ArrayLike) -> Rows:
    """Rows of one image; a column that is not given is 0."""
    rows = np.zeros(np.shape(labels), ROW)
    for name, values in {"image": image, "label": labels, "box": boxes, **columns}.items():
        rows[name] = values
    return rows


def average_precision(objects: Rows, detections: Rows) -> Precision:
    """COCO's figures for one class.

    Args:
        objects: those of the class. COCO has one kind of object that does not count, iscrowd, and ignored ones are
            given as such: a detection that finds nothing else is no false positive where it lies in one of them with a
            share of its own area that reaches the IoU threshold.
        detections: those of the class; at most MAX_DETECTIONS an image.
    """
    if objects["ignored"].all():
        return NO_PRECISION
    images = np.union1d(objects["image"], detections["image"]).tolist()
    evaluator = COCOeval_faster(_dataset(images, objects), _dataset(images, detections), "bbox")
    evaluator.params.areaRng, evaluator.params.areaRngLbl = [_EVERY_AREA], ["all"]
    evaluator.params.maxDets = [MAX_DETECTIONS]
    evaluator.evaluate()
    evaluator.accumulate()
    by_threshold = evaluator.eval["precision"][:, :, 0, 0, 0].mean(axis=1)  # over 101 points of recall
    return Precision(float(by_threshold.mean()), float(by_threshold[0]), float(by_threshold[5]))


def _dataset(images: list[int], rows: Rows) -> Any:
    """Rows in COCO's own form."""
    corners = rows["box"].astype(np.float64)
    sides = corners[:, 2:] - corners[:, :2]
    names = ("image_id", "bbox", "area", "iscrowd", "score")
    columns = (
        rows["image"],
        np.hstack([corners[:, :2], sides]),
        # That of a box that is inverted along one side would be negative: below every range, and so ignored.
        np.maximum(sides, 0).prod(axis=1),
        rows["ignored"].astype(int),
        rows["score"],
    )
    # A match is noted by the number of its annotation, and 0 means none: they count from 1.
    annotations = [
        {"id": number, "category_id": _CATEGORY, **dict(zip(names, values, strict=True))}
        for number, values in enumerate(zip(*(column.tolist() for column in columns), strict=True), 1)
    ]
    listed = [{"id": image} for image in images]
    return COCO({"images": listed, "categories": [{"id": _CATEGORY}], "annotations": annotations})
