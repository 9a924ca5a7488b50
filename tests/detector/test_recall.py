"""Objects found, against the recall that COCO's evaluation computes from the same detections.

Both match greedily by score and give each detection the free object it overlaps most, so the counts must be equal where
nothing is ignored: per class, at working score 0, with at most 100 detections an image.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from faster_coco_eval.core import COCO, COCOeval_faster

from detector.config import Settings
from detector.ground_truth import GroundTruth
from detector.pipeline import follow, inspect
from tests.helpers.evidence import make_evidence, make_first, make_head

CLASSES = ("cat", "dog", "bird")


def everything(settings, threshold=0.5):
    """Every detection counts, whatever its score, up to COCO's 100 an image."""
    values = {"detections.min_score": 0.0, "detections.max_detections": 100, "matching.working_score": 0.0}
    for key, value in {**values, "matching.iou": threshold}.items():
        settings = settings.with_value(key, value)
    return settings


def of_coco(written, classes, threshold):
    """Class -> objects, and objects that COCO's evaluation counts as recalled, from the JSON of `inspect`."""

    def dataset(name):
        rows = [(image, row) for image, found in enumerate(written) for row in rows_of(found, name)]
        annotations = [
            {
                "id": number,
                "image_id": image,
                "category_id": classes.index(row["label"]) + 1,
                "bbox": [row["box"][0], row["box"][1], row["box"][2] - row["box"][0], row["box"][3] - row["box"][1]],
                "area": (row["box"][2] - row["box"][0]) * (row["box"][3] - row["box"][1]),
                "iscrowd": 0,
                "score": row.get("score", 0.0),
            }
            for number, (image, row) in enumerate(rows, 1)
        ]
        categories = [{"id": number} for number in range(1, len(classes) + 1)]
        return COCO(
            {"images": [{"id": n} for n in range(len(written))], "categories": categories, "annotations": annotations}
        )

    judge = COCOeval_faster(dataset("ground_truth"), dataset("detections"), "bbox")
    judge.params.maxDets = [100]
    judge.params.areaRng, judge.params.areaRngLbl = [[0, 1e10]], ["all"]
    judge.params.iouThrs = np.array([threshold])
    judge.evaluate()
    judge.accumulate()
    recall = judge.eval["recall"][0, :, 0, 0]
    objects = Counter(row["label"] for found in written for row in found["ground_truth"])
    return {name: (objects[name], round(value * objects[name], 6)) for name, value in named(classes, recall, objects)}


def rows_of(found, name):
    return found["ground_truth"] if name == "ground_truth" else found["detections"]["rows"]


def named(classes, recall, objects):
    return ((name, value) for name, value in zip(classes, recall.tolist(), strict=True) if objects[name])


def of_inspect(written):
    objects = Counter(row["label"] for found in written for row in found["ground_truth"])
    found = Counter(row["label"] for each in written for row in each["ground_truth"] if row["outcome"] == "found")
    return {name: (count, found[name]) for name, count in objects.items()}


def crowded(random, threshold):
    """Some 30 objects on a coarse lattice, where overlaps and scores tie, and 70 boxes on half of them."""
    count = int(random.integers(20, 40))
    corner = random.integers(0, 8, (count, 2)) * 8.0
    objects = np.hstack([corner, corner + random.integers(2, 5, (count, 2)) * 8])
    numbers = random.integers(1, len(CLASSES) + 1, count)
    drawn = random.integers(0, count // 2, 70)
    boxes = (objects[drawn] + random.integers(-1, 2, (70, 4)) * random.choice([0, 4, 8], (70, 1))).clip(0, 100)
    scores = np.full((70, len(CLASSES) + 1), 1e-4)
    label = np.where(random.random(70) < 0.8, numbers[drawn], random.integers(1, len(CLASSES) + 1, 70))
    scores[np.arange(70), label] = random.integers(1, 40, 70) / 40
    first = make_first(boxes, np.linspace(0.9, 0.1, 70))
    head = make_head(range(70), scores, np.repeat(boxes[:, None], len(CLASSES), axis=1))
    settings = everything(Settings(), threshold)
    for key, value in (("proposals.min_side", 0.0), ("proposals.nms_iou", 1.0), ("detections.nms_iou", 0.9)):
        settings = settings.with_value(key, value)
    truth = GroundTruth(objects, [CLASSES[number - 1] for number in numbers])
    return follow(make_evidence(first, head, CLASSES), settings, truth).to_dict()


@pytest.mark.parametrize("threshold", [0.5, 0.75])
@pytest.mark.parametrize("seed", range(6))
def test_found_equals_coco_s_recall_in_a_crowd(seed, threshold):
    random = np.random.default_rng(seed)
    written = [crowded(random, threshold) for _ in range(12)]
    found = of_inspect(written)
    assert found == of_coco(written, CLASSES, threshold)
    # Many are found and many missed, some of them to a neighbour: it tests something.
    assert len(found) == len(CLASSES)
    assert all(0.2 < recalled / count < 0.9 for count, recalled in found.values())
    causes = Counter(row["cause"] for each in written for row in each["ground_truth"])
    assert causes["nms"] + causes["duplicate_matched"] > 0
    kinds = Counter(row["outcome"] for each in written for row in each["detections"]["rows"])
    assert min(kinds["duplicate"], kinds["class"], kinds["true_positive"]) > 10


@pytest.mark.slow
@pytest.mark.parametrize("threshold", [0.5, 0.75])
def test_found_equals_coco_s_recall_on_the_samples(threshold):
    from app.places import SAMPLES
    from detector.datasets import open_dataset, read_image
    from detector.models import load

    model = load("compact", "cpu")
    settings = everything(model.settings, threshold)
    written = [
        inspect(model, read_image(sample.image_path), sample.ground_truth, settings).to_dict()
        for sample in open_dataset(SAMPLES)
    ]
    found = of_inspect(written)
    assert found == of_coco(written, model.info.classes, threshold)
    assert sum(count for count, _ in found.values()) > 100
    assert any(recalled < count for count, recalled in found.values())
