import math

import numpy as np
import pytest

from detector.anchors import anchor_grid
from detector.boxes import clip, decode, iou
from detector.config import AnchorSettings, AssignmentSettings, ProposalSettings, RoiSamplingSettings, Settings
from detector.evidence import FirstStage
from detector.ground_truth import GroundTruth
from detector.targets import Objects, anchor_targets, proposal_rows, propose, sample_regions, trained_on, within_image

NOTHING = Objects(np.zeros((0, 4), np.float32), np.zeros(0, np.int64))
TWO = Objects(np.array([[30, 20, 500, 400], [400, 300, 600, 500]], np.float32), np.array([3, 7]))
CLASSIC = anchor_grid(AnchorSettings(), (50, 50))


def generator(seed=0):
    return np.random.default_rng(seed)


def boxes(*rows):
    return np.array(rows, np.float32).reshape(-1, 4)


def test_anchor_targets_of_the_classic_example():
    found = anchor_targets(CLASSIC, TWO, (800, 800), AssignmentSettings(), generator())

    # 18 positives are there; the other 238 of 256 are negatives
    assert (found.label == 1).sum() == 18
    assert (found.label == 0).sum() == 238
    assert not found.deltas[found.label == 0].any()
    # each positive's deltas lead from its anchor to one of the two objects
    reached = decode(CLASSIC.boxes[found.rows], found.deltas)[found.label == 1]
    distance = np.abs(reached[:, None] - TWO.boxes[None]).max(axis=2).min(axis=1)
    assert distance.max() < 1e-3


def test_surplus_positive_anchors_are_left_out_without_an_error():
    """Mistake 9: with the threshold at 0.3 there are hundreds of positives for 128 places."""
    settings = AssignmentSettings(positive_iou=0.3, negative_iou=0.3)

    found = anchor_targets(CLASSIC, TWO, (800, 800), settings, generator())

    assert (found.label == 1).sum() == 128
    assert (found.label == 0).sum() == 128


def test_the_draw_is_new_each_time_and_comes_from_the_seed():
    settings = AssignmentSettings()
    one, same = (anchor_targets(CLASSIC, TWO, (800, 800), settings, generator(4)) for _ in range(2))
    drawn = generator(4)
    first, second = (anchor_targets(CLASSIC, TWO, (800, 800), settings, drawn) for _ in range(2))

    assert np.array_equal(one.rows, same.rows)
    assert np.array_equal(one.rows, first.rows)
    assert not np.array_equal(first.rows, second.rows)


def test_no_object_gives_negatives_only():
    """Mistake 9."""
    found = anchor_targets(CLASSIC, NOTHING, (800, 800), AssignmentSettings(), generator())

    assert len(found.rows) == 256
    assert not found.label.any()
    assert not found.deltas.any()


def test_proposals_use_the_counts_of_training():
    objectness = np.linspace(1, 0, len(CLASSIC), dtype=np.float32)
    deltas = np.zeros((len(CLASSIC), 4), np.float32)
    settings = ProposalSettings(train_post_nms_top_n=7, post_nms_top_n=3, nms_iou=1.0)

    found = propose(CLASSIC, objectness, deltas, (800, 800), settings, (1.0, 1.0))

    assert found.shape == (7, 4)
    assert np.array_equal(found, np.clip(CLASSIC.boxes[:7], 0, 800))


def test_the_smallest_side_scales_with_the_image():
    """Mistake 10: 16 px of the image are 32 px of a network image twice as large; boxes of 24 px then go."""
    grid = anchor_grid(AnchorSettings(sizes=(24.0,), ratios=(1.0,)), (6, 8))
    objectness, deltas = np.full(48, 0.5, np.float32), np.zeros((48, 4), np.float32)
    settings = ProposalSettings(min_side=16, nms_iou=1.0)

    inside = propose(grid, objectness, deltas, (96, 128), settings, (1.0, 1.0))
    assert len(inside) == 48
    assert len(propose(grid, objectness, deltas, (96, 128), settings, (2.0, 2.0))) == 0


def test_the_rows_of_the_proposals_are_the_anchors_they_come_from():
    objectness = np.linspace(0, 1, len(CLASSIC), dtype=np.float32)
    deltas = generator().normal(0, 0.1, (len(CLASSIC), 4)).astype(np.float32)
    first = FirstStage(CLASSIC, objectness, deltas, clip(decode(CLASSIC.boxes, deltas), (800, 800)))
    settings = ProposalSettings(train_post_nms_top_n=50)

    rows = proposal_rows(first, settings, (1.0, 1.0))

    assert len(rows) == 50
    assert np.array_equal(first.boxes[rows], propose(CLASSIC, objectness, deltas, (800, 800), settings, (1.0, 1.0)))
    assert (np.diff(objectness[rows]) < 0).all()


@pytest.mark.parametrize(("objectness", "delta"), [(math.nan, 0.0), (0.5, math.nan), (math.nan, math.nan)])
def test_an_anchor_of_which_nan_is_said_proposes_nothing(objectness, delta):
    scores, deltas = np.full(len(CLASSIC), objectness, np.float32), np.full((len(CLASSIC), 4), delta, np.float32)
    scores[7], deltas[7] = 0.5, 0.0

    found = propose(CLASSIC, scores, deltas, (800, 800), ProposalSettings(), (1.0, 1.0))

    assert found.tolist() == clip(CLASSIC.boxes[7:8], (800, 800)).tolist()


def test_anchors_name_their_object():
    found = anchor_targets(CLASSIC, TWO, (800, 800), AssignmentSettings(), generator())

    positive = found.label == 1
    assert np.bincount(found.matched[positive]).tolist() == [2, 16]
    reached = decode(CLASSIC.boxes[found.rows[positive]], found.deltas[positive])
    assert np.abs(reached - TWO.boxes[found.matched[positive]]).max() < 1e-3
    overlap = iou(CLASSIC.boxes[found.rows], TWO.boxes).max(axis=1)
    assert np.array_equal(found.matched == -1, overlap == 0)
    assert (found.matched == -1).any()


def test_objects_that_do_not_train():
    truth = GroundTruth(
        [[0, 0, 9, 9], [0, 0, 9, 0], [0, 0, 9, 9], [0, 0, 9, 9]],
        ("a",) * 4,
        difficult=[False, False, True, False],
        crowd=[False, False, False, True],
    )

    assert trained_on(truth).tolist() == [True, False, False, False]


def test_objects_within_the_image():
    # An image of 100 x 50 px (w x h), twice as large for the network. To the right, and with its edge on the border.
    given = boxes([10, 10, 20, 20], [110, 10, 120, 20], [100, 10, 120, 20], [-5, -5, 1, 60])
    found, inside = within_image(given, (2.0, 2.0), (100, 200))
    assert inside.tolist() == [True, False, False, True]
    assert found[inside].tolist() == [[20, 20, 40, 40], [0, 0, 2, 100]]


# ---- regions of the head --------------------------------------------------------------------------------------------


def test_ground_truth_is_appended_before_sampling():
    """Mistake 7: no proposal fits, yet there are positives: the objects themselves, with nothing left to move."""
    proposals = boxes([700, 700, 790, 790], [0, 600, 50, 700])

    found = sample_regions(proposals, TWO, Settings(), generator())

    positive = found.label > 0
    assert sorted(found.label[positive]) == [3, 7]
    assert {tuple(box) for box in found.boxes[positive]} == {tuple(box) for box in TWO.boxes}
    assert not found.deltas[positive].any()

    without = Settings(roi_sampling=RoiSamplingSettings(append_ground_truth=False))
    assert not sample_regions(proposals, TWO, without, generator()).label.any()


def test_targets_are_normalised():
    """Mistake 7: by hand, for one region."""
    objects = Objects(boxes([110, 105, 210, 165]), np.array([2]))
    proposals = boxes([100, 100, 180, 160])  # 80 x 60 around (140, 130); the object is 100 x 60 around (160, 135)
    settings = Settings(roi_sampling=RoiSamplingSettings(append_ground_truth=False))

    found = sample_regions(proposals, objects, settings, generator())

    # IoU: 70 * 55 / (4800 + 6000 - 3850) = 0.554 >= 0.5
    assert found.label.tolist() == [2]
    # dx 20 / 80, dy 5 / 60, dw ln(100 / 80), dh ln(60 / 60), divided by 0.1, 0.1, 0.2, 0.2
    expected = [0.25 / 0.1, (5 / 60) / 0.1, math.log(1.25) / 0.2, 0.0]
    assert found.deltas[0].tolist() == pytest.approx(expected, abs=1e-5)


def overlapping(count):
    """Regions that all fit the first object."""
    drawn = generator(1).uniform(-5, 5, (count, 4)).astype(np.float32)
    return TWO.boxes[0] + drawn


def test_surplus_positives_are_sampled_down_to_a_quarter():
    """Mistake 9: 500 fitting regions, 128 places, a quarter of them for positives."""
    elsewhere = np.tile(boxes([700, 0, 790, 90]), (500, 1))

    found = sample_regions(np.concatenate([overlapping(500), elsewhere]), TWO, Settings(), generator())

    assert (found.label > 0).sum() == 32
    assert (found.label == 0).sum() == 96
    assert not found.deltas[found.label == 0].any()


def test_sampling_follows_the_settings():
    settings = Settings(roi_sampling=RoiSamplingSettings(batch_size=10, positive_fraction=0.5))
    elsewhere = np.tile(boxes([700, 0, 790, 90]), (50, 1))

    found = sample_regions(np.concatenate([overlapping(50), elsewhere]), TWO, settings, generator())

    assert (found.label > 0).sum() == 5
    assert (found.label == 0).sum() == 5


def test_a_region_between_the_thresholds_is_not_used():
    objects = Objects(boxes([0, 0, 100, 100]), np.array([1]))
    proposals = boxes([0, 0, 100, 80], [0, 0, 100, 60], [0, 0, 100, 40], [0, 0, 100, 5])  # IoU 0.8, 0.6, 0.4, 0.05
    sampling = RoiSamplingSettings(
        append_ground_truth=False, positive_iou=0.7, negative_iou_high=0.5, negative_iou_low=0.1, positive_fraction=1.0
    )

    found = sample_regions(proposals, objects, Settings(roi_sampling=sampling), generator())

    assert {tuple(box): int(label) for box, label in zip(found.boxes, found.label, strict=True)} == {
        (0, 0, 100, 80): 1,
        (0, 0, 100, 40): 0,
    }


def test_regions_say_where_they_come_from():
    """Proposal 0 lies away from both objects, 1 is half of the second object, 2 its upper 80 %; then both objects."""
    proposals = boxes([700, 700, 790, 790], [400, 300, 600, 400], [400, 300, 600, 460])
    settings = Settings(roi_sampling=RoiSamplingSettings(positive_fraction=1.0, positive_iou=0.6))

    found = sample_regions(proposals, TWO, settings, generator())

    # proposal 1 has IoU 0.5: neither at least 0.6 nor under 0.5
    assert found.source.tolist() == [0, 2, 3, 4]
    assert found.label.tolist() == [0, 7, 3, 7]
    assert found.matched.tolist() == [-1, 1, 0, 1]
    assert found.iou.tolist() == pytest.approx([0, 0.8, 1, 1])


def test_at_the_threshold_0_a_region_is_matched_to_the_object_it_is_trained_for():
    settings = Settings(roi_sampling=RoiSamplingSettings(append_ground_truth=False, positive_iou=0.0))

    found = sample_regions(boxes([700, 700, 790, 790]), TWO, settings, generator())

    assert found.label.tolist() == [3]
    assert found.matched.tolist() == [0]


def test_no_object_gives_background_only():
    """Mistake 9."""
    found = sample_regions(overlapping(200), NOTHING, Settings(), generator())

    assert len(found.label) == 128
    assert not found.label.any()
    assert np.isfinite(found.deltas).all()


def test_nothing_at_all_is_no_error():
    found = sample_regions(boxes(), NOTHING, Settings(), generator())

    assert found.boxes.shape == (0, 4)
    assert found.deltas.shape == (0, 4)
