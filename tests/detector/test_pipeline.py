from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from detector.config import Settings
from detector.ground_truth import GroundTruth
from detector.pipeline import Cancelled, FeatureCache, complete, follow, inspect, observe
from detector.trace import Trace
from tests.helpers.networks import FakeFeatures, FakeNetwork

OBJECTS = np.array([[10, 10, 42, 42], [60, 20, 124, 84], [90, 100, 122, 132]], np.float32)
TRUTH = GroundTruth(OBJECTS, ("cat", "dog", "cat"))
IMAGE = np.random.default_rng(0).integers(0, 255, (160, 192, 3)).astype(np.uint8)


def network() -> FakeNetwork:
    return FakeNetwork(OBJECTS, (1, 2, 1))


def counts_add_up(found: dict) -> None:
    anchors, proposals, detections = found["anchors"], found["proposals"], found["detections"]
    assert anchors["total"] == sum(anchors[name] for name in ("outside", "positive", "negative", "ignored"))
    fates = ("too_small", "below_score", "below_top_n", "suppressed", "over_limit", "kept")
    assert proposals["decoded"] == sum(proposals[name] for name in fates) == anchors["total"]
    fates = ("low_score", "below_top_n", "too_small", "suppressed", "over_limit", "kept")
    assert detections["candidates"] == sum(detections[name] for name in fates)
    assert detections["kept"] == len(detections["rows"])


def test_inspect_finds_the_objects_and_nothing_waits() -> None:
    trace = inspect(network(), IMAGE, TRUTH)
    assert len(trace.detections.waiting) == 0
    found = trace.to_dict()
    counts_add_up(found)
    assert [each["outcome"] for each in found["ground_truth"]] == ["found"] * 3
    assert found["detections"]["candidates"] == found["proposals"]["kept"] * 2
    assert json.loads(json.dumps(found)) == found  # plain values only


def test_without_ground_truth_those_parts_are_null() -> None:
    found = inspect(network(), IMAGE).to_dict()
    assert found["ground_truth"] is None
    assert found["anchors"]["total"] > 0
    assert {found["anchors"][name] for name in found["anchors"] if name != "total"} == {None}
    assert {row["outcome"] for row in found["detections"]["rows"]} == {None}


def test_no_objects_is_not_the_same_as_no_ground_truth() -> None:
    found = inspect(network(), IMAGE, GroundTruth.empty()).to_dict()
    assert found["ground_truth"] == []
    assert found["anchors"]["positive"] == 0
    counts_add_up(found)


def test_backbone_runs_once_over_100_moves_and_the_head_sees_each_row_once() -> None:
    model, cache = network(), FeatureCache()
    evidence = observe(model, IMAGE, model.settings, cache=cache)
    trace = follow(evidence, model.settings, TRUTH)
    asked: set[int] = set()
    generator = np.random.default_rng(1)
    for _ in range(100):
        key, value = [
            ("proposals.nms_iou", float(generator.random())),
            ("proposals.post_nms_top_n", int(generator.integers(1, 200))),
            ("proposals.min_score", float(generator.random() * 0.5)),
            ("detections.min_score", float(generator.random())),
            ("detections.nms_iou", float(generator.random())),
        ][int(generator.integers(5))]
        trace = follow(evidence, trace.settings.with_value(key, value), TRUTH, previous=trace)
        waiting = set(trace.detections.waiting.tolist())
        assert not waiting & asked
        asked |= waiting
        evidence = complete(model, evidence, trace.detections.waiting, IMAGE, cache=cache)
        trace = follow(evidence, trace.settings, TRUTH, previous=trace)
        assert len(trace.detections.waiting) == 0
    assert model.calls["features"] == 1
    assert set(evidence.head.rows.tolist()) == asked
    assert len(asked) > 50


def test_rows_added_bit_by_bit_equal_a_fresh_run() -> None:
    model = network()
    few = model.settings.with_value("proposals.post_nms_top_n", 3)
    evidence = observe(model, IMAGE, few)
    for limit in (3, 10, 60):
        changed = few.with_value("proposals.post_nms_top_n", limit)
        waiting = follow(evidence, changed).detections.waiting
        evidence = complete(model, evidence, waiting, IMAGE)
    grown = follow(evidence, changed, TRUTH)
    fresh = inspect(model, IMAGE, TRUTH, changed)
    for name in ("score", "boxes", "fate", "kept", "suppressed_by"):
        np.testing.assert_array_equal(getattr(grown.detections, name), getattr(fresh.detections, name))


def test_small_batches_are_padded_and_nothing_asked_runs_nothing() -> None:
    model = network()
    evidence = observe(model, IMAGE)
    evidence = complete(model, evidence, np.array([5]), IMAGE)
    assert model.head_rows == 16
    assert evidence.head.rows.tolist() == [5]
    complete(model, evidence, np.array([5]), IMAGE)
    complete(model, evidence, np.zeros(0, np.int64), IMAGE)
    assert model.calls["head"] == 1


def test_previous_stages_are_taken_over_only_where_nothing_they_depend_on_changed() -> None:
    trace = inspect(network(), IMAGE, TRUTH)
    settings = trace.settings

    def again(key: str, value: float) -> Trace:
        return follow(trace.evidence, settings.with_value(key, value), TRUTH, previous=trace)

    moved = again("matching.iou", 0.9)
    assert moved.detections is trace.detections
    assert moved.judgement is not trace.judgement
    moved = again("detections.min_score", 0.5)
    assert moved.proposals is trace.proposals
    assert moved.assignment is trace.assignment
    assert moved.detections is not trace.detections
    moved = again("assignment.positive_iou", 0.5)
    assert moved.assignment is not trace.assignment
    assert moved.judgement is trace.judgement
    moved = again("proposals.nms_iou", 0.5)
    assert moved.proposals is not trace.proposals


def test_reuse_gives_what_a_fresh_follow_gives() -> None:
    trace = inspect(network(), IMAGE, TRUTH)
    generator = np.random.default_rng(3)
    moved = trace
    for _ in range(30):
        key = str(
            generator.choice(["assignment.positive_iou", "proposals.nms_iou", "detections.nms_iou", "matching.iou"])
        )
        changed = moved.settings.with_value(key, float(0.05 + 0.9 * generator.random()))
        truth = TRUTH if generator.random() < 0.7 else None
        moved = follow(trace.evidence, changed, truth, previous=moved)
        fresh = follow(trace.evidence, changed, truth)
        one, other = moved.to_dict(), fresh.to_dict()
        one.pop("timings_ms")
        other.pop("timings_ms")
        assert one == other


def test_follow_changes_nothing_it_was_given() -> None:
    trace = inspect(network(), IMAGE, TRUTH)
    for record in (trace.evidence.first, trace.evidence.head, trace.proposals, trace.detections, trace.assignment):
        for each in dataclasses.fields(record):
            value = getattr(record, each.name)
            if isinstance(value, np.ndarray):
                assert not value.flags.writeable, f"{type(record).__name__}.{each.name}"


def test_cancel_between_stages() -> None:
    model, calls = network(), []

    def check() -> None:
        calls.append(1)
        if len(calls) == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        observe(model, IMAGE, check=check)
    assert model.calls["rpn"] == 0


def test_wrong_images_are_refused_in_one_sentence() -> None:
    for image in (IMAGE[..., 0], IMAGE.astype(np.float32), np.zeros((0, 5, 3), np.uint8)):
        with pytest.raises(ValueError, match="uint8 array of shape"):
            observe(network(), image)


def test_odd_ground_truth_is_warned_about() -> None:
    truth = GroundTruth([[5, 5, 5, 9], [1000, 1000, 1010, 1010], [10, 10, 42, 42]], ("cat", "cat", "cat"))
    trace = inspect(network(), IMAGE, truth)
    assert trace.warnings == (("gt_without_area", {"objects": [1]}), ("gt_outside_image", {"objects": [2]}))
    assert trace.to_dict()["ground_truth"][2]["outcome"] == "found"


def test_cache_is_bounded_in_bytes_and_keeps_the_newest() -> None:
    cache = FeatureCache(max_bytes=2500)
    for name in "abc":
        cache.put(FakeFeatures(name, (1, 1), (1, 1), 1000))
    assert cache.get("a") is None
    assert cache.get("b") is not None
    cache.put(FakeFeatures("d", (1, 1), (1, 1), 1000))  # "b" was used last, so "c" leaves
    assert cache.get("c") is None
    assert cache.get("b") is not None
    cache.put(FakeFeatures("huge", (1, 1), (1, 1), 10_000))
    assert cache.get("huge") is not None
    assert len(cache) == 1


def test_classic_example_through_the_whole_pipeline() -> None:
    model = FakeNetwork(settings=Settings())
    truth = GroundTruth([[30, 20, 500, 400], [400, 300, 600, 500]], ("cat", "dog"))
    found = inspect(model, np.zeros((800, 800, 3), np.uint8), truth).to_dict()
    counts_add_up(found)
    assert found["anchors"] == {
        "total": 22500,
        "outside": 13560,
        "positive": 18,
        "negative": 7690,
        "ignored": 1232,
        "sampled_positive": 18,
        "sampled_negative": 238,
    }
    assert [each["positive_anchors"] for each in found["ground_truth"]] == [2, 16]
    assert [each["best_anchor_iou"] for each in found["ground_truth"]] == pytest.approx([0.68130, 0.61035], abs=5e-6)
