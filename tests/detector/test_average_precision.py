"""COCO's figures: worked out by hand, and held against pycocotools on random boxes with every kind of tie."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.average_precision import MAX_DETECTIONS, NO_PRECISION, ROW, average_precision, make_rows
from tests.helpers.coco_peer import annotation, pycocotools_figures

SQUARE = [0, 0, 20, 20]
FAR = [60, 60, 80, 80]


def rows(*found, column="score"):
    """(box, score) one row each, all of image 0 and class 1."""
    boxes = np.reshape([box for box, _ in found], (-1, 4))
    return make_rows(0, [1] * len(found), boxes, **{column: [value for _, value in found]})


def objects(*truth):
    """(box, ignored) one row each."""
    return rows(*truth, column="ignored")


def test_worked_out_by_hand():
    # Three objects; by score a box right on the first, one on nothing, and one of height 12.5 on the second, which is
    # IoU 12.5 / 20 = 0.625: good enough at 0.50, 0.55 and 0.60.
    truth = objects((SQUARE, False), (FAR, False), ([0, 60, 20, 80], False))
    found = rows((SQUARE, 0.9), ([200, 0, 220, 20], 0.8), ([60, 60, 80, 72.5], 0.7))
    # There precision is 1, 1/2, 2/3 at recall 1/3, 1/3, 2/3. Read from the right: 1 up to 1/3 (0.00 ... 0.33: 34 points
    # of recall), 2/3 up to 2/3 (0.34 ... 0.66: 33), 0 above: (34 + 33 * 2/3) / 101 = 56 / 101.
    # At the seven higher thresholds only the first is right: 34 / 101.
    precision = average_precision(truth, found)
    assert precision.ap50 == pytest.approx(56 / 101)
    assert precision.ap75 == pytest.approx(34 / 101)
    assert precision.ap == pytest.approx((3 * 56 + 7 * 34) / 1010)


def test_without_an_object_that_counts_there_is_no_figure():
    assert average_precision(objects(), rows((SQUARE, 0.9))) == NO_PRECISION
    assert average_precision(objects((SQUARE, True)), rows((SQUARE, 0.9))) == NO_PRECISION


def test_without_a_detection_it_is_zero():
    assert average_precision(objects((SQUARE, False)), rows()) == (0, 0, 0)


def test_a_detection_in_an_ignored_object_is_no_false_positive():
    # Both small boxes lie wholly in the ignored object, at a share of 1 of their own area; the third lies beside it.
    truth = objects((SQUARE, False), ([40, 0, 100, 60], True))
    inside = [([45, 5, 55, 15], 0.9), ([60, 5, 70, 15], 0.8)]
    assert average_precision(truth, rows(*inside, (SQUARE, 0.7))) == pytest.approx((1, 1, 1))
    beside = ([120, 5, 130, 15], 0.75)
    assert average_precision(truth, rows(*inside, beside, (SQUARE, 0.7))) == pytest.approx((0.5, 0.5, 0.5))


@pytest.mark.parametrize("box", [[30, 30, 30, 50], [50, 30, 30, 50]])
def test_an_object_without_area_counts_and_is_never_found(box):
    # One of two objects found: precision 1 up to recall 0.5, which are 51 of 101 points.
    precision = average_precision(objects((SQUARE, False), (box, False)), rows((SQUARE, 0.9), (box, 0.8)))
    assert precision.ap50 == pytest.approx(51 / 101)


def test_nothing_is_printed_or_warned_of(capfd, caplog):
    with caplog.at_level(logging.WARNING):
        average_precision(objects((SQUARE, False)), rows((SQUARE, 0.9)))
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def random_boxes(random, count, step):
    """Boxes on a coarse grid, so that many overlaps are equal; some have no area."""
    corner = random.integers(0, 10, (count, 2)) * step
    return np.hstack([corner, corner + random.integers(0, 7, (count, 2)) * step]).astype(np.float32)


def random_image(random, number, classes):
    """Objects and detections of one image, some equal, some ignored; scores in a few steps, so that many are equal."""
    step = int(random.choice([1, 8]))
    count, found = int(random.integers(0, 9)), int(random.choice([0, 3, 20, 140]))
    truth = random_boxes(random, count, step)
    boxes = random_boxes(random, found, step)
    if count and found:  # half of them are objects, a little off or not at all
        near = random.random(found) < 0.5
        boxes[near] = truth[random.integers(0, count, near.sum())]
        boxes[near, 2:] += random.integers(0, 3, (near.sum(), 2)) * 0.5
    scores = np.sort(random.integers(0, 12, found) / 11)[::-1]
    labels = random.integers(1, classes + 1, found)
    flagged = random.random(count) < 0.2
    return (
        make_rows(number, random.integers(1, classes + 1, count), truth, ignored=flagged),
        make_rows(number, labels, boxes, score=scores)[:MAX_DETECTIONS],
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_figures_are_those_of_pycocotools(seed):
    random = np.random.default_rng(seed)
    classes, images = int(random.integers(1, 4)), int(random.integers(1, 7))
    parts = [random_image(random, number, classes) for number in range(images)]
    truth, found = (np.concatenate([np.zeros(0, ROW), *column]) for column in zip(*parts, strict=True))
    _, by_class = pycocotools_figures(
        [annotation(row["image"], row["label"], row["box"], ignored=row["ignored"]) for row in truth],
        [annotation(row["image"], row["label"], row["box"], score=row["score"]) for row in found],
        images,
        classes,
    )
    for number, expected in by_class.items():
        ours = average_precision(truth[truth["label"] == number], found[found["label"] == number])
        assert ours == (NO_PRECISION if expected[0] is None else pytest.approx(expected, abs=1e-9))
