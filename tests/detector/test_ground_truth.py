from __future__ import annotations

import numpy as np
import pytest

from detector.ground_truth import GroundTruth


def test_flags_default_to_false_and_arrays_are_read_only() -> None:
    truth = GroundTruth([[0, 0, 1, 1]], ["cat"])
    assert truth.labels == ("cat",)
    assert not truth.difficult[0]
    with pytest.raises(ValueError, match="read-only"):
        truth.boxes[0, 0] = 3


def test_its_boxes_are_its_own() -> None:
    boxes = np.zeros((1, 4), np.float32)
    truth = GroundTruth(boxes, ["cat"])
    boxes[0] = 7
    assert truth.boxes[0, 0] == 0


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="1 boxes need as many labels, not 2"):
        GroundTruth([[0, 0, 1, 1]], ["cat", "dog"])
    with pytest.raises(ValueError, match="difficult"):
        GroundTruth([[0, 0, 1, 1]], ["cat"], difficult=[True, False])


def test_area() -> None:
    truth = GroundTruth([[0, 0, 2, 2], [3, 3, 3, 9], [9, 9, 5, 5]], ["a", "b", "c"])
    assert truth.has_area.tolist() == [True, False, False]
    assert len(GroundTruth.empty()) == 0


def test_some_of_it_in_another_order() -> None:
    boxes = [[0, 0, 2, 2], [3, 3, 5, 9], [1, 1, 4, 5]]
    truth = GroundTruth(boxes, ["a", "b", "c"], [True, False, False], [False, True, False], [False, False, True])
    some = truth.taken([2, 0])
    assert some.boxes.tolist() == [boxes[2], boxes[0]]
    assert some.labels == ("c", "a")
    assert (some.difficult.tolist(), some.truncated.tolist(), some.crowd.tolist()) == (
        [False, True], [False, False], [True, False],
    )  # fmt: skip
    assert len(truth.taken([])) == len(truth.taken(range(0))) == 0
