from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from detector.boxes import decode
from detector.config import Settings
from detector.ground_truth import GroundTruth
from detector.pipeline import Cancelled, FeatureCache, complete, follow, inspect, observe
from detector.trace import DetectionFate, Outcome, ProposalFate, Trace
from tests.helpers.evidence import make_evidence, make_first, make_head
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
    for each in found["ground_truth"]:  # what found it is named by its place in the list of detections
        row = found["detections"]["rows"][each["detail"]["detection"]]
        assert (row["label"], row["score"], row["outcome"]) == (each["label"], each["detail"]["score"], "true_positive")
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


def test_backbone_runs_again_only_for_what_the_feature_map_depends_on() -> None:
    model, cache = network(), FeatureCache()
    settings = model.settings
    first = observe(model, IMAGE, settings, cache=cache)
    for key, value in (("anchors.sizes", (20.0, 50.0)), ("head.pooling", "align"), ("anchors.ratios", (2.0,))):
        changed = settings.with_value(key, value)
        found = observe(model, IMAGE, changed, cache=cache)
        complete(model, found, np.arange(20), IMAGE, cache=cache)
        assert found.settings is changed
    assert model.calls["features"] == 1
    assert model.calls["rpn"] == 4
    assert observe(model, IMAGE, settings, cache=cache).first is not first.first  # made anew from the same map
    observe(model, IMAGE, settings.with_value("image.min_side", 400), cache=cache)
    assert model.calls["features"] == 2
    observe(model, IMAGE[::-1].copy(), settings, cache=cache)
    assert model.calls["features"] == 3


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


def test_the_heads_deltas_by_hand() -> None:
    # The head says (0.5, -0.25, 0.5, -0.5) for cat and the same with other signs for dog, to be multiplied by
    # (0.1, 0.1, 0.2, 0.2): (0.05, -0.025, 0.1, -0.1). exp(0.1) = 1.105171, exp(-0.1) = 0.904837.
    # [20,40,60,80] has the centre (40, 60) and 40 px sides. Cat: centre (40 + 0.05 * 40, 60 - 0.025 * 40) = (42, 59),
    # sides 44.2068 and 36.1935. Dog: centre (38, 61), sides 36.1935 and 44.2068.
    # [80,80,100,100], centre (90, 90), 20 px. Cat: centre (91, 89.5), sides 22.1034, 18.0967: x2 = 102.05, clipped.
    # Dog: centre (89, 90.5), sides 18.0967, 22.1034: y2 = 101.55, clipped.
    evidence = make_evidence(make_first([[20, 40, 60, 80], [80, 80, 100, 100]], [0.9, 0.8]), image_hw=(100, 100))
    found = complete(FakeNetwork(), evidence, np.array([0, 1]), np.zeros((100, 100, 3), np.uint8)).head
    assert found.rows.tolist() == [0, 1]
    np.testing.assert_allclose(found.boxes[0, 0], [19.8966, 40.9033, 64.1034, 77.0967], atol=1e-3)
    np.testing.assert_allclose(found.boxes[0, 1], [19.9033, 38.8966, 56.0967, 83.1034], atol=1e-3)
    np.testing.assert_allclose(found.boxes[1, 0], [79.9483, 80.4516, 100, 98.5484], atol=1e-3)
    np.testing.assert_allclose(found.boxes[1, 1], [79.9516, 79.4483, 98.0484, 100], atol=1e-3)


def test_boxes_are_clipped_to_the_image_the_network_sees() -> None:
    # The image is 160 x 192; the network sees 80 x 96, 5 x 6 cells. An anchor of 64 px in the corner cell leaves it.
    model = FakeNetwork(network_hw=(80, 96))
    evidence = observe(model, IMAGE)
    assert (evidence.image.image_hw, evidence.image.network_hw) == ((160, 192), (80, 96))
    first = evidence.first
    raw = decode(first.grid.boxes, first.deltas)
    assert raw.min() < 0
    assert raw[:, 2].max() > 96
    assert raw[:, 3].max() > 80
    np.testing.assert_array_equal(first.boxes, np.clip(raw, 0, np.array([96, 80, 96, 80], np.float32)))


def test_a_resized_image_end_to_end() -> None:
    # Halved for the network: what it finds at [30,20,62,52] is [60,40,124,104] in the image.
    model = FakeNetwork(np.array([[30, 20, 62, 52]], np.float32), (1,), network_hw=(80, 96))
    trace = inspect(model, IMAGE, GroundTruth([[60, 40, 124, 104]], ["cat"]))
    assert trace.gt_boxes.tolist() == [[30, 20, 62, 52]]
    found = trace.to_dict()
    assert found["ground_truth"][0]["outcome"] == "found"
    best = trace.judgement.objects[0].detection
    np.testing.assert_allclose(
        found["detections"]["rows"][trace.detections.kept.tolist().index(best)]["box"], trace.detections.boxes[best] * 2
    )


def test_ground_truth_is_scaled_by_both_factors() -> None:
    # Image 40 x 20 px (h x w), network 20 x 40: x doubled, y halved. [4,10,14,30] is [8,5,28,15] there, off every
    # border, so that clipping cannot put right what scaling left out.
    box = [8, 5, 28, 15]
    evidence = make_evidence(
        make_first([box], [0.9]),
        make_head([0], [[0.1, 0.9, 0.0]], [[box, box]]),
        image_hw=(40, 20),
        network_hw=(20, 40),
    )
    trace = follow(evidence, Settings().with_value("proposals.min_side", 4.0), GroundTruth([[4, 10, 14, 30]], ["cat"]))
    assert trace.gt_boxes.tolist() == [box]
    assert trace.judgement.objects[0].outcome is Outcome.FOUND
    assert trace.judgement.objects[0].detail["iou"] == 1
    assert trace.to_dict()["detections"]["rows"][0]["box"] == [4, 10, 14, 30]


def test_minimum_sides_are_in_image_pixels_along_each_axis() -> None:
    # Image 200 x 50 px (h x w), network 100 x 100: x doubled, y halved. At least 16 px in the image:
    # flat  60 x 10 network px is 30 x 20 in the image: kept, though 10 < 16
    # high  20 x 60 network px is 10 x 120 in the image: too small, though 20 >= 16
    flat, high = [0, 0, 60, 10], [0, 20, 20, 80]
    evidence = make_evidence(
        make_first([flat, high], [0.9, 0.8]),
        make_head([0], [[0.0, 0.6, 0.4]], [[flat, high]]),
        image_hw=(200, 50),
        network_hw=(100, 100),
    )
    settings = Settings().with_value("proposals.min_side", 16.0).with_value("detections.min_side", 16.0)
    trace = follow(evidence, settings)
    assert trace.proposals.fate.tolist() == [ProposalFate.KEPT, ProposalFate.TOO_SMALL]
    assert trace.detections.fate.tolist() == [DetectionFate.KEPT, DetectionFate.TOO_SMALL]


def test_positive_anchors_are_counted_for_the_object_they_match() -> None:
    # Anchors [0,0,10,10] and [0,0,10,5]; objects A [6,6,10,10] and B = the second anchor. The first anchor overlaps A
    # at 16 / 100 and B at 50 / 100: it is positive because A has no better one, but what it is matched to, and taught
    # to become, is B.
    evidence = make_evidence(make_first([[0, 0, 10, 10], [0, 0, 10, 5]], [0.9, 0.8]), image_hw=(10, 10))
    trace = follow(evidence, Settings(), GroundTruth([[6, 6, 10, 10], [0, 0, 10, 5]], ["cat", "cat"]))
    assert trace.assignment.label.tolist() == [1, 1]
    assert trace.assignment.best_for.tolist() == [0, 1]
    assert [each["positive_anchors"] for each in trace.to_dict()["ground_truth"]] == [0, 2]


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
        changed = changed.with_value("assignment.leave_out_outside", bool(generator.random() < 0.7))
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
        cache.put(name, FakeFeatures((1, 1), (1, 1), 1000))
    assert cache.get("a") is None
    assert cache.get("b") is not None
    cache.put("d", FakeFeatures((1, 1), (1, 1), 1000))  # "b" was used last, so "c" leaves
    assert cache.get("c") is None
    assert cache.get("b") is not None
    cache.put("huge", FakeFeatures((1, 1), (1, 1), 10_000))
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
