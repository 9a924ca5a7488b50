"""A dataset's figures: what is counted, what is left out, and that both halves agree with their sources."""

from __future__ import annotations

import dataclasses
import gc
import json
import weakref
from collections import Counter

import numpy as np
import pytest

from detector.average_precision import MAX_DETECTIONS
from detector.config import Settings
from detector.datasets import ImageError, Sample, open_dataset, read_image
from detector.evaluation import Evaluator, evaluate
from detector.evidence import ModelInfo
from detector.ground_truth import GroundTruth
from detector.pipeline import complete, follow, inspect
from detector.trace import Cause
from tests.helpers.app_windows import IMAGE_HW, OBJECTS, WindowNetwork, write_folder
from tests.helpers.coco_peer import annotation, pycocotools_figures
from tests.helpers.evidence import make_evidence, make_first, make_head

MODEL = ModelInfo("hand", ("cat", "dog"))
SQUARE = [0, 0, 20, 20]
FAR = [60, 60, 80, 80]


def every_row(**changes):
    """Settings under which each proposal goes on with its best class."""
    settings = Settings()
    changes = {"proposals__min_side": 0.0, "proposals__nms_iou": 1.0, "detections__nms_iou": 1.0} | changes
    for name, value in changes.items():
        settings = settings.with_value(name.replace("__", "."), value)
    return settings


def traced(found, truth, settings=None, **more):
    """A Trace of detections given as (class number, score, box)."""
    first = make_first([box for _, _, box in found], [0.9] * len(found))
    scores = [[1 - score, score, 0.0] if label == 1 else [1 - score, 0.0, score] for label, score, _ in found]
    head = make_head(range(len(found)), scores, [[box, box] for _, _, box in found])
    return follow(make_evidence(first, head, **more), settings or every_row(), truth)


def evaluation(*traces, settings=None):
    evaluator = Evaluator(MODEL, settings or every_row())
    for trace in traces:
        evaluator.add(trace)
    return evaluator.result()


def plain(found):
    """What reaches the file: strict JSON, so no NaN."""
    return json.loads(json.dumps(found.to_dict(), allow_nan=False))


def test_the_json_by_hand():
    # Image 1: the cat is found; the dog's box [60, 60, 80, 72.5] has IoU 12.5 / 20 = 0.625 and a score under 0.5.
    # Image 2: a cat, and no detection.
    first = traced([(1, 0.9, SQUARE), (2, 0.4, [60, 60, 80, 72.5])], GroundTruth([SQUARE, FAR], ["cat", "dog"]))
    second = traced([(2, 0.3, [0, 60, 20, 80])], GroundTruth([SQUARE], ["cat"]))
    found = plain(evaluation(first, second))
    # Cats: precision 1 up to recall 1/2, 51 of 101 points, at every threshold. Dogs: right at 0.50, 0.55 and 0.60 of
    # ten thresholds; the false one comes after it.
    assert found.pop("map") == pytest.approx((51 / 101 + 0.3) / 2)
    assert found.pop("map50") == pytest.approx((51 / 101 + 1) / 2)
    assert found.pop("map75") == pytest.approx(51 / 101 / 2)
    cats, dogs = found["per_class"].pop("cat"), found["per_class"].pop("dog")
    assert cats == {"ap": pytest.approx(51 / 101), "ap50": pytest.approx(51 / 101), "objects": 2}
    assert dogs == {"ap": pytest.approx(0.3), "ap50": pytest.approx(1), "objects": 1}
    assert found == {
        "schema": 1, "images": 2, "per_class": {}, "found": 1, "missed": 2, "ignored": 0,
        "causes": {"background": 1, "no_anchor": 1},
        "model": {"name": "hand", "classes": ["cat", "dog"], "sha256": None}, "settings": every_row().to_dict(),
    }  # fmt: skip


def test_precision_is_measured_in_image_pixels_and_as_written():
    # The image is 100 x 100, the network's 100 x 50 px (h x w): the box [0, 0, 10, 20] there is the square here.
    trace = traced([(1, 0.9, [0, 0, 10, 20])], GroundTruth([SQUARE], ["cat"]), network_hw=(100, 50))
    assert evaluation(trace).precision.ap == pytest.approx(1)
    # An object that leaves the image by half is found, as outcomes cut it at the border, but COCO takes it as written:
    # IoU 200 / 400.
    trace = traced([(1, 0.9, [0, 0, 10, 20])], GroundTruth([[-10, 0, 10, 20]], ["cat"]))
    found = evaluation(trace)
    assert (found.found, found.precision.ap50, found.precision.ap75) == (1, pytest.approx(1), 0)


@pytest.mark.parametrize("flag", ["difficult", "crowd"])
def test_ignored_objects_take_no_part(flag):
    truth = GroundTruth([SQUARE, FAR], ["cat", "cat"], **{flag: [False, True]})
    found = evaluation(traced([(1, 0.9, FAR), (1, 0.8, FAR), (1, 0.7, SQUARE)], truth))
    assert (found.found, found.missed, found.ignored) == (1, 0, 1)
    assert found.per_class["cat"].objects == 1
    assert found.precision.ap == pytest.approx(1)  # what lies on the ignored one is no false positive


def test_a_class_without_objects_has_no_figure_and_no_part_in_the_mean():
    truth = GroundTruth([SQUARE], ["cat"])
    found = plain(evaluation(traced([(1, 0.9, SQUARE), (2, 0.9, FAR)], truth)))
    assert found["per_class"]["dog"] == {"ap": None, "ap50": None, "objects": 0}
    assert found["map"] == pytest.approx(1)


def test_a_class_the_model_does_not_know_is_missed_and_has_no_figure():
    truth = GroundTruth([SQUARE, FAR, FAR], ["cat", "horse", "horse"], difficult=[False, False, True])
    found = plain(evaluation(traced([(1, 0.9, SQUARE)], truth)))
    assert list(found["per_class"]) == ["cat", "dog", "horse"]
    assert found["per_class"]["horse"] == {"ap": None, "ap50": None, "objects": 1}
    assert (found["found"], found["missed"], found["ignored"]) == (1, 1, 1)
    assert found["causes"] == {"unknown_class": 1}
    assert found["map"] == pytest.approx(1)


def test_without_any_object_there_is_no_mean():
    found = plain(evaluation(traced([(1, 0.9, SQUARE)], GroundTruth.empty())))
    assert (found["images"], found["map"], found["map50"], found["map75"]) == (1, None, None, None)
    assert (found["found"], found["missed"], found["causes"]) == (0, 0, {})
    assert plain(evaluation())["images"] == 0


def test_false_positives_on_an_image_without_objects_count():
    empty = traced([(1, 0.95, SQUARE)], GroundTruth.empty())
    right = traced([(1, 0.9, SQUARE)], GroundTruth([SQUARE], ["cat"]))
    assert evaluation(right, empty).precision.ap == pytest.approx(0.5)


def test_the_most_frequent_cause_comes_first():
    low = traced([(1, 0.4, SQUARE), (1, 0.4, FAR)], GroundTruth([SQUARE, FAR], ["cat", "cat"]))
    gone = traced([(1, 0.9, FAR)], GroundTruth([SQUARE], ["cat"]))
    found = evaluation(gone, low)
    assert list(found.causes.items()) == [(Cause.BACKGROUND, 2), (Cause.NO_ANCHOR, 1)]
    assert sum(found.causes.values()) == found.missed


def random_trace(random, rows):
    """Objects of three classes, one unknown, some ignored or without area; half of the detections lie on objects."""
    count = int(random.integers(1, 12))
    corner = random.integers(0, 8, (count, 2)) * 10
    truth = np.hstack([corner, corner + random.integers(0, 5, (count, 2)) * 10]).clip(0, 100)
    boxes = random.integers(0, 8, (rows, 2)) * 10.0
    boxes = np.hstack([boxes, boxes + random.integers(1, 5, (rows, 2)) * 10]).clip(0, 100)
    numbers, scores = random.integers(1, 3, rows), random.integers(1, 20, rows) / 20
    labels = random.choice(["cat", "dog", "horse"], count, p=[0.5, 0.4, 0.1]).tolist()
    for row in np.flatnonzero(random.random(rows) < 0.5).tolist():
        number = int(random.integers(0, count))
        boxes[row], numbers[row] = truth[number], MODEL.class_number(labels[number]) or 1
    boxes *= (0.5, 1, 0.5, 1)  # to network pixels
    found = list(zip(numbers.tolist(), scores.tolist(), boxes, strict=True))
    flags = {"difficult": random.random(count) < 0.2, "crowd": random.random(count) < 0.1}
    settings = every_row(detections__max_detections=300, detections__min_score=0.1)
    return traced(found, GroundTruth(truth, labels, **flags), settings, network_hw=(100, 50))


@pytest.mark.parametrize("seed", range(8))
def test_equal_to_pycocotools_on_the_detections_that_inspect_writes(seed):
    random = np.random.default_rng(seed)
    traces = [random_trace(random, rows) for rows in (300, 10, 1, 10, 300)]
    truths = [(number, trace.ground_truth) for number, trace in enumerate(traces)]
    objects = [
        annotation(number, MODEL.class_number(label), box, ignored=ignored)
        for number, truth in truths
        for box, label, ignored in zip(truth.boxes, truth.labels, truth.difficult | truth.crowd, strict=True)
        if MODEL.class_number(label)
    ]
    rows = [(number, trace.to_dict()["detections"]["rows"]) for number, trace in enumerate(traces)]
    assert max(len(written) for _, written in rows) > MAX_DETECTIONS
    detections = [
        annotation(number, MODEL.class_number(row["label"]), row["box"], score=row["score"])
        for number, written in rows
        for row in written[:MAX_DETECTIONS]
    ]
    over_all, by_class = pycocotools_figures(objects, detections, len(traces), 2)
    found = evaluation(*traces)
    assert found.precision == pytest.approx(over_all, abs=1e-6)
    assert over_all[0] > 0.01  # some are right: otherwise any wrong rule would give 0 too
    for number, name in enumerate(MODEL.classes, 1):
        assert found.per_class[name].precision == pytest.approx(by_class[number], abs=1e-6)
    assert found.found + found.missed + found.ignored == sum(len(truth) for _, truth in truths)
    assert sum(found.causes.values()) == found.missed
    assert sum(each.objects for each in found.per_class.values()) == found.found + found.missed


def arrays_of(record):
    """Every array that hangs on a record."""
    for each in dataclasses.fields(record):
        value = getattr(record, each.name)
        if isinstance(value, np.ndarray):
            yield value
        elif dataclasses.is_dataclass(value):
            yield from arrays_of(value)


def test_nothing_of_a_trace_is_held():
    network = WindowNetwork()
    evaluator = Evaluator(network.info, network.settings)
    image = np.zeros((*IMAGE_HW, 3), np.uint8)
    trace = inspect(network, image, GroundTruth(OBJECTS, ("cat", "dog", "cat")))
    arrays = [weakref.ref(array) for array in arrays_of(trace)]
    assert len(arrays) > 20
    evaluator.add(trace)
    del trace
    gc.collect()
    assert not [array() for array in arrays if array() is not None]
    assert evaluator.result().found == 3


def test_only_a_complete_trace_can_be_added():
    evaluator = Evaluator(MODEL, every_row())
    with pytest.raises(ValueError, match="ground truth"):
        evaluator.add(traced([(1, 0.9, SQUARE)], None))
    first = make_first([SQUARE], [0.9])
    with pytest.raises(ValueError, match="complete"):
        evaluator.add(follow(make_evidence(first), every_row(), GroundTruth([SQUARE], ["cat"])))
    assert evaluator.images == 0


def test_samples_without_ground_truth_are_left_out_and_a_broken_image_ends_it(tmp_path):
    paths = write_folder(tmp_path / "images")
    paths[0].with_suffix(".xml").unlink()
    assert evaluate(WindowNetwork(), open_dataset(tmp_path / "images")).images == 2
    stricter = WindowNetwork().settings.with_value("matching.working_score", 0.99)
    assert evaluate(WindowNetwork(), open_dataset(tmp_path / "images"), stricter).missed > 0
    paths[1].write_bytes(b"no image")
    with pytest.raises(ImageError, match="image_1"):
        evaluate(WindowNetwork(), [Sample(paths[1], GroundTruth.empty())])


def sums(rows):
    """Outcomes and causes in the JSON's rows of objects, as `evaluate` adds them up."""
    outcomes = [row["outcome"] for row in rows]
    causes = Counter(row["cause"] for row in rows if row["cause"] is not None)
    return {name: outcomes.count(name) for name in ("found", "missed", "ignored")} | {"causes": dict(causes)}


@pytest.mark.slow
def test_the_shipped_model_gives_what_inspect_gives_of_the_samples():
    from app.places import SAMPLES
    from detector.models import load

    model, samples = load("compact", "cpu"), open_dataset(SAMPLES)[:6]
    images = [read_image(each.image_path) for each in samples]
    traces = [inspect(model, image, each.ground_truth) for image, each in zip(images, samples, strict=True)]
    assert len(traces) == 6
    # The settings of the model, and some under which objects get lost in other ways.
    for changes in (
        {},
        {"detections.nms_iou": 0.1, "detections.max_detections": 10},
        {"proposals.post_nms_top_n": 30, "matching.working_score": 0.9},
        {"proposals.pre_nms_top_n": 200, "proposals.min_side": 60.0, "matching.iou": 0.7},
    ):
        settings = model.settings
        for key, value in changes.items():
            settings = settings.with_value(key, value)
        evaluator, rows = Evaluator(model.info, settings), []
        for image, trace in zip(images, traces, strict=True):
            again = follow(trace.evidence, settings, trace.ground_truth, trace)
            evidence = complete(model, trace.evidence, again.detections.waiting, image)
            again = follow(evidence, settings, trace.ground_truth, again)
            evaluator.add(again)
            written = again.to_dict()
            objects = written["ground_truth"]
            kinds = [row["outcome"] for row in written["detections"]["rows"]]
            assert kinds.count("true_positive") == sum(row["outcome"] == "found" for row in objects)
            rows += objects
        found = plain(evaluator.result())
        assert {name: found[name] for name in ("found", "missed", "ignored", "causes")} == sums(rows)
        assert found["found"] + found["missed"] + found["ignored"] == len(rows)
        assert sum(found["causes"].values()) == found["missed"]
        assert found["found"] > 5
        assert not changes or len(found["causes"]) > 2


@pytest.mark.slow
def test_evaluate_and_inspect_on_their_own_way_through_a_sample():
    from app.places import SAMPLES
    from detector.models import load

    model, samples = load("compact", "cpu"), open_dataset(SAMPLES)[:2]
    found = evaluate(model, samples)
    rows = [
        row
        for sample in samples
        for row in inspect(model, read_image(sample.image_path), sample.ground_truth).to_dict()["ground_truth"]
    ]
    assert {name: getattr(found, name) for name in ("found", "missed", "ignored")} | {
        "causes": {str(cause): count for cause, count in found.causes.items()}
    } == sums(rows)
