from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.boxes import iou
from detector.config import DetectionSettings
from detector.detections import follow_detections
from detector.evidence import HeadOutputs
from detector.trace import DetectionFate as Fate
from tests.helpers.evidence import make_head

PLACEHOLDERS = np.tile(np.array([[0, 0, 50, 50]], np.float32), (10, 1))


def test_each_fate_by_hand() -> None:
    # One class, so that row = proposal. Scores are of that class; background is the rest.
    boxes = [
        [0, 0, 20, 20],  # 0: 0.90 kept
        [2, 0, 22, 20],  # 1: 0.80 IoU with 0: 18 / 22 = 0.82 > 0.3, suppressed
        [40, 0, 60, 20],  # 2: 0.70 over the limit of 1
        [0, 40, 5, 60],  # 3: 0.60 5 px wide, under 10
        [40, 40, 60, 60],  # 4: 0.50 fifth by score, below the top 4
        [70, 70, 90, 90],  # 5: 0.05 not above 0.05
    ]
    scores = [0.9, 0.8, 0.7, 0.6, 0.5, 0.05]
    head = make_head(range(6), [[1 - s, s] for s in scores], [[box] for box in boxes])
    limits = DetectionSettings(min_score=0.05, top_n=4, min_side=10, nms_iou=0.3, max_detections=1)
    found = follow_detections(head, np.arange(7), PLACEHOLDERS, limits, (1.0, 1.0))
    assert found.fate.tolist() == [
        Fate.KEPT, Fate.SUPPRESSED, Fate.OVER_LIMIT, Fate.TOO_SMALL, Fate.BELOW_TOP_N, Fate.LOW_SCORE, Fate.WAITING,
    ]  # fmt: skip
    assert found.suppressed_by.tolist() == [-1, 0, -1, -1, -1, -1, -1]
    assert found.kept.tolist() == [0]
    assert found.waiting.tolist() == [6]
    assert np.isnan(found.score[6])


def test_nms_runs_within_each_class() -> None:
    # The same box twice in each class: cat 0.6 and 0.5, dog 0.3 and 0.4
    box = [0, 0, 20, 20]
    head = make_head([3, 7], [[0.1, 0.6, 0.3], [0.1, 0.5, 0.4]], [[box, box], [box, box]])
    found = follow_detections(head, np.array([7, 3]), PLACEHOLDERS, DetectionSettings(), (1.0, 1.0))
    # rows: proposal 0 is anchor 7 (cat 0.5, dog 0.4), proposal 1 is anchor 3 (cat 0.6, dog 0.3)
    assert found.anchor.tolist() == [7, 7, 3, 3]
    assert found.proposal.tolist() == [0, 0, 1, 1]
    assert found.label.tolist() == [1, 2, 1, 2]
    assert found.kept.tolist() == [2, 1]
    assert found.suppressed_by.tolist() == [2, -1, -1, 1]


def test_score_must_be_above_the_minimum_and_nms_above_its_threshold() -> None:
    # scores in exact binary fractions; IoU of the two boxes 200 / 400 = 0.5 exactly
    head = make_head([0, 1], [[0.5, 0.5], [0.75, 0.25]], [[[0, 0, 20, 20]], [[0, 0, 20, 10]]])
    strict = follow_detections(
        head, np.arange(2), PLACEHOLDERS, DetectionSettings(min_score=0.25, nms_iou=0.5), (1.0, 1.0)
    )
    assert strict.fate.tolist() == [Fate.KEPT, Fate.LOW_SCORE]
    both = follow_detections(
        head, np.arange(2), PLACEHOLDERS, DetectionSettings(min_score=0.2, nms_iou=0.5), (1.0, 1.0)
    )
    assert both.fate.tolist() == [Fate.KEPT, Fate.KEPT]


def test_of_equal_scores_the_lower_row_comes_first_at_every_rank() -> None:
    boxes = [[[x, 0, x + 20, 20]] for x in (0, 30, 60, 2)]  # the last overlaps the first at 18 / 22
    head = make_head(range(4), [[0.5, 0.5]] * 4, boxes)
    limits = DetectionSettings(top_n=3, max_detections=2)
    found = follow_detections(head, np.arange(4), PLACEHOLDERS, limits, (1.0, 1.0))
    assert found.fate.tolist() == [Fate.KEPT, Fate.KEPT, Fate.OVER_LIMIT, Fate.BELOW_TOP_N]
    found = follow_detections(head, np.arange(4), PLACEHOLDERS, DetectionSettings(), (1.0, 1.0))
    assert found.suppressed_by.tolist() == [-1, -1, -1, 0]


def test_what_is_no_number_goes_no_further_and_does_not_wait() -> None:
    # A network gone wrong: a score, one side of a box; and a proposal the head has not seen.
    nan = float("nan")
    head = make_head(
        range(3), [[0.1, nan], [0.1, 0.9], [0.2, 0.8]], [[[0, 0, 20, 20]], [[0, 0, 20, nan]], [[0, 40, 20, 60]]]
    )
    limits = DetectionSettings(min_score=0, min_side=0)
    found = follow_detections(head, np.arange(4), PLACEHOLDERS, limits, (1.0, 1.0))
    assert found.fate.tolist() == [Fate.LOW_SCORE, Fate.TOO_SMALL, Fate.KEPT, Fate.WAITING]
    assert found.waiting.tolist() == [3]
    assert found.kept.tolist() == [2]


def test_nothing_kept_gives_nothing() -> None:
    found = follow_detections(
        HeadOutputs.empty(3), np.zeros(0, np.int64), PLACEHOLDERS, DetectionSettings(), (1.0, 1.0)
    )
    assert len(found.fate) == len(found.kept) == len(found.waiting) == 0


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_every_row_has_one_fate_and_valid_parents(seed: int, count: int, num_classes: int) -> None:
    generator = np.random.default_rng(seed)
    corner = generator.random((count, num_classes, 2)) * 60
    boxes = np.concatenate([corner, corner + generator.random((count, num_classes, 2)) * 40], axis=2)
    scores = generator.dirichlet(np.ones(num_classes + 1), count)
    rows = np.sort(generator.permutation(100)[:count])
    known = generator.random(count) < 0.8
    head = make_head(rows[known], scores[known], boxes[known].reshape(-1, num_classes, 4))
    kept = generator.permutation(rows)
    limits = DetectionSettings(
        min_score=float(generator.random() * 0.4),
        top_n=int(generator.integers(0, 30)),
        min_side=float(generator.integers(0, 10)),
        nms_iou=float(generator.random()),
        max_detections=int(generator.integers(1, 20)),
    )
    stand_in = np.zeros((100, 4), np.float32)
    found = follow_detections(head, kept, stand_in, limits, (1.0, 1.0))
    assert len(found.fate) == count * num_classes
    np.testing.assert_array_equal(found.anchor, kept[found.proposal])
    assert (found.fate == Fate.WAITING).sum() == (~known).sum() * num_classes
    assert set(found.kept) == set(np.flatnonzero(found.fate == Fate.KEPT))
    for row in np.flatnonzero(found.fate == Fate.SUPPRESSED):
        by = found.suppressed_by[row]
        assert found.label[by] == found.label[row]
        assert found.fate[by] in (Fate.KEPT, Fate.OVER_LIMIT)
        assert iou(found.boxes[row : row + 1], found.boxes[by : by + 1])[0, 0] > limits.nms_iou
