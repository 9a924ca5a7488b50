from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.models.detection._utils import Matcher
from torchvision.ops import box_iou

from detector import assignment as asg
from detector.anchors import anchor_grid
from detector.assignment import Reason, assign, sample
from detector.boxes import iou
from detector.config import AssignmentSettings, Settings

CLASSIC = Settings()
TWO_OBJECTS = np.array([[30, 20, 500, 400], [400, 300, 600, 500]], np.float32)


def classic(ground_truth: object = TWO_OBJECTS, **changes: object) -> asg.Assignment:
    boxes = anchor_grid(CLASSIC.anchors, (50, 50)).boxes
    return assign(boxes, ground_truth, image_hw=(800, 800), settings=AssignmentSettings(**changes))


def test_classic_numbers() -> None:
    found = classic()
    assert np.bincount(found.reason, minlength=5).tolist() == [13560, 0, 18, 7690, 1232]
    assert [(found.label == value).sum() for value in (1, 0, -1)] == [18, 7690, 13560 + 1232]
    best = [found.max_iou[found.best_for == g] for g in (0, 1)]
    assert [len(values) for values in best] == [2, 16]
    assert best[0][0] == pytest.approx(0.68130, abs=5e-6)
    assert best[1][0] == pytest.approx(0.61035, abs=5e-6)


def test_classic_mini_batch() -> None:
    found = classic()
    assert found.sampled.sum() == 256
    assert (found.sampled & (found.label == 1)).sum() == 18
    assert (found.sampled & (found.label == 0)).sum() == 238


def test_seed_decides_the_mini_batch_and_nothing_else() -> None:
    one, again, other = classic(seed=1), classic(seed=1), classic(seed=2)
    np.testing.assert_array_equal(one.sampled, again.sampled)
    assert (one.sampled != other.sampled).any()
    np.testing.assert_array_equal(one.label, other.label)


@pytest.mark.parametrize(
    "unreachable", [[5000, 5000, 5100, 5100], [30, 30, 30, 90]], ids=["far outside every anchor", "zero area"]
)
def test_object_without_overlap_makes_no_anchor_positive(unreachable: list[float]) -> None:
    found = classic([unreachable])
    assert (found.label == 1).sum() == 0
    assert (found.best_for >= 0).sum() == 0
    # beside an ordinary object it changes nothing either
    both, alone = classic([TWO_OBJECTS[0], unreachable]), classic(TWO_OBJECTS[:1])
    np.testing.assert_array_equal(both.label, alone.label)


def test_no_ground_truth_is_all_negative() -> None:
    found = classic(np.zeros((0, 4)))
    assert set(np.unique(found.reason)) == {Reason.OUTSIDE, Reason.NEGATIVE}
    assert (found.matched == -1).all()


def test_each_reason_by_hand() -> None:
    # Objects A [0,0,10,10] and B [20,0,40,10] in an image of 60 x 20 px (w x h); IoU of each anchor with its own best:
    anchors = [
        [0, 0, 10, 8],  # A at 80 / 100 = 0.8 >= 0.7
        [20, 0, 40, 16],  # B at 200 / 320 = 0.625, and no other is better for B
        [20, 0, 32, 10],  # B at 120 / 200 = 0.6: between 0.3 and 0.7
        [40, 0, 60, 10],  # none: under 0.3
        [0, 0, 5, 5],  # A at 25 / 100 = 0.25: under 0.3
        [-1, 0, 10, 10],  # A at 100 / 110, but it leaves the image
    ]
    found = assign(anchors, [[0, 0, 10, 10], [20, 0, 40, 10]], (20, 60), AssignmentSettings(batch_size=2))
    assert found.reason.tolist() == [
        Reason.POSITIVE_IOU, Reason.POSITIVE_BEST, Reason.IGNORED, Reason.NEGATIVE, Reason.NEGATIVE, Reason.OUTSIDE,
    ]  # fmt: skip
    assert found.label.tolist() == [1, 1, -1, 0, 0, -1]
    assert found.matched.tolist() == [0, 1, 1, -1, 0, 0]
    assert found.max_iou.tolist() == pytest.approx([0.8, 0.625, 0.6, 0, 0.25, 100 / 110])
    assert found.sampled[:2].sum() == found.sampled[3:5].sum() == 1  # two drawn, half of them positive
    assert not found.sampled[[2, 5]].any()


def test_matched_is_the_anchors_own_best_which_may_differ_from_the_one_it_is_best_for() -> None:
    # Anchor [0,0,10,10]. Small object A inside it: IoU 4*4/100 = 0.16. Object B [0,0,10,5]: IoU 0.5.
    # A second anchor equals B, so B's best is that one; A's best is the first anchor, whose own best is B.
    anchors = [[0, 0, 10, 10], [0, 0, 10, 5]]
    objects = [[6, 6, 10, 10], [0, 0, 10, 5]]
    found = assign(anchors, objects, image_hw=(10, 10))
    assert found.matched.tolist() == [1, 1]
    assert found.best_for.tolist() == [0, 1]
    assert found.reason.tolist() == [Reason.POSITIVE_BEST, Reason.POSITIVE_IOU]


def test_thresholds_include_what_they_say() -> None:
    # IoU exactly 0.5: [0,0,10,10] and [0,0,10,5]
    anchors, objects = [[0, 0, 10, 10]], [[0, 0, 10, 5]]
    at = assign(anchors, objects, (10, 10), AssignmentSettings(positive_iou=0.5, best_for_object=False))
    assert at.reason[0] == Reason.POSITIVE_IOU  # >= positive_iou
    low = assign(anchors, objects, (10, 10), AssignmentSettings(negative_iou=0.5, best_for_object=False))
    assert low.reason[0] == Reason.IGNORED  # negative is below, not at


def test_anchors_that_leave_the_image_take_part_where_the_setting_says_so() -> None:
    found = classic(leave_out_outside=False)
    assert (found.reason == Reason.OUTSIDE).sum() == 0


def test_best_for_an_object_is_the_best_of_those_that_take_part() -> None:
    # Object [0,0,6,10]. Anchor [-1,0,6,10] leaves the image: IoU 60 / 70 = 0.857. [0,0,10,10] does not: 60 / 100 = 0.6.
    anchors, objects = [[-1, 0, 6, 10], [0, 0, 10, 10]], [[0, 0, 6, 10]]
    found = assign(anchors, objects, image_hw=(10, 10))
    assert found.best_for.tolist() == [-1, 0]
    assert found.reason.tolist() == [Reason.OUTSIDE, Reason.POSITIVE_BEST]
    assert found.best_iou[0] == pytest.approx(60 / 70)  # of any anchor, those outside included
    both = assign(anchors, objects, (10, 10), AssignmentSettings(leave_out_outside=False))
    assert both.best_for.tolist() == [0, -1]
    assert both.reason.tolist() == [Reason.POSITIVE_IOU, Reason.IGNORED]


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_labels_equal_torchvisions_matcher_where_every_object_is_reached(seed: int) -> None:
    generator = np.random.default_rng(seed)
    corner = generator.random((6, 2)) * 300
    objects = np.concatenate([corner, corner + 20 + generator.random((6, 2)) * 150], axis=1).astype(np.float32)
    anchors = anchor_grid(CLASSIC.anchors, (25, 25)).boxes
    found = assign(anchors, objects, (400, 400), AssignmentSettings(leave_out_outside=False))
    table = box_iou(torch.from_numpy(objects), torch.from_numpy(anchors.copy()))
    expected = Matcher(0.7, 0.3, allow_low_quality_matches=True)(table).numpy()
    np.testing.assert_array_equal(found.label == 1, expected >= 0)
    np.testing.assert_array_equal(found.label == 0, expected == Matcher.BELOW_LOW_THRESHOLD)


@pytest.mark.parametrize("leave_out", [True, False])
def test_one_object_at_a_time_gives_what_the_whole_table_says(leave_out: bool) -> None:
    # Round corners, and two objects alike: anchors tie for an object and objects for an anchor.
    generator = np.random.default_rng(4)
    corner = generator.integers(0, 40, (12, 2)) * 16.0
    objects = np.concatenate([corner, corner + generator.integers(2, 30, (12, 2)) * 16.0], axis=1).astype(np.float32)
    objects[5] = objects[4]
    found = classic(objects, leave_out_outside=leave_out)

    table = iou(objects, anchor_grid(CLASSIC.anchors, (50, 50)).boxes)
    np.testing.assert_array_equal(found.max_iou, table.max(axis=0))
    np.testing.assert_array_equal(found.best_iou, table.max(axis=1))
    np.testing.assert_array_equal(found.matched, np.where(table.max(axis=0) > 0, table.argmax(axis=0), -1))
    if leave_out:
        table[:, found.reason == Reason.OUTSIDE] = 0
    best = np.where(table == table.max(axis=1, keepdims=True), table, 0)  # of each object, where it is above 0
    assert (best > 0).sum(axis=1).max() > 1
    assert (best > 0).sum(axis=0).max() > 1
    np.testing.assert_array_equal(found.best_for, np.where(best.max(axis=0) > 0, best.argmax(axis=0), -1))


@pytest.mark.parametrize("leave_out", [True, False])
def test_other_thresholds_on_known_overlaps_give_what_a_fresh_assignment_gives(leave_out: bool) -> None:
    changes = {"positive_iou": 0.5, "negative_iou": 0.2, "best_for_object": False, "batch_size": 64, "seed": 3}
    known = classic(leave_out_outside=leave_out)
    for name, value in changes.items():
        changed = AssignmentSettings(leave_out_outside=leave_out, **{name: value})
        found, fresh = asg.reassign(known, changed), classic(leave_out_outside=leave_out, **{name: value})
        for each in ("label", "reason", "matched", "best_for", "max_iou", "sampled", "best_iou"):
            np.testing.assert_array_equal(getattr(found, each), getattr(fresh, each))
        assert any((getattr(found, each) != getattr(known, each)).any() for each in ("label", "sampled"))


def test_surplus_positives_are_sampled_down_and_negatives_fill_the_rest() -> None:
    label = np.array([1] * 300 + [0] * 300, np.int8)
    drawn = sample(label, 256, 0.5, np.random.default_rng(0))
    assert drawn[:300].sum() == 128
    assert drawn[300:].sum() == 128


def test_too_few_of_either_is_no_error() -> None:
    assert sample(np.array([1, 0, 0], np.int8), 256, 0.5, np.random.default_rng(0)).sum() == 3
    assert sample(np.array([-1, -1], np.int8), 256, 0.5, np.random.default_rng(0)).sum() == 0
