"""What would make an anchor positive by overlap: the worked example, and a look at every step and every size."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from detector.anchors import anchor_grid, crosses_border
from detector.assignment import Reason, assign
from detector.boxes import iou
from detector.config import AnchorSettings, Settings
from detector.evidence import FirstStage
from detector.ground_truth import GroundTruth
from detector.pipeline import follow
from detector.training_remedies import CLEARLY_BETTER, EQUALLY_GOOD, anchor_shape_remedies, positive_iou_remedy
from tests.helpers.evidence import make_evidence

CLASSIC = [[30, 20, 500, 400], [400, 300, 600, 500]]


def trace_of(objects, feature_hw=(50, 50), anchors=None, truth=True, **changes):
    settings = dataclasses.replace(Settings(), anchors=anchors or AnchorSettings())
    for name, value in changes.items():
        settings = settings.with_value(f"assignment.{name}", value)
    grid = anchor_grid(settings.anchors, feature_hw)
    stride = settings.anchors.stride
    image_hw = (feature_hw[0] * stride, feature_hw[1] * stride)
    count = len(grid)
    first = FirstStage(grid, np.full(count, 0.5, np.float32), np.zeros((count, 4), np.float32), grid.boxes)
    labels = ["cat"] * len(objects)
    known = GroundTruth(np.asarray(objects, np.float32).reshape(-1, 4), labels) if truth else None
    return follow(make_evidence(first, image_hw=image_hw), settings, known)


def test_the_worked_example():
    trace = trace_of(CLASSIC)
    remedy = positive_iou_remedy(trace, 1)
    # 256 px, 1:1: the object lies inside, IoU 200 * 200 / 256^2 = 40,000 / 65,536 = 0.610; 16 anchors tie
    assert (remedy.before, remedy.value, remedy.anchors) == (0.7, 0.61, 16)
    (shape,) = anchor_shape_remedies(trace, 1)
    assert (shape.size, shape.ratio, shape.new_size, shape.new_ratio) == (200.0, 1.0, True, False)
    # centres lie at 16 * (n + 0.5): the nearest to (500, 400) is 4 px off along x and 8 along y
    assert shape.iou == pytest.approx(196 * 192 / (80_000 - 196 * 192), abs=1e-6)
    assert round(shape.iou, 3) == 0.888


def test_an_object_between_the_ratios_gets_a_size_and_then_a_ratio():
    trace = trace_of(CLASSIC)
    assert positive_iou_remedy(trace, 0).value == 0.68
    size, both = anchor_shape_remedies(trace, 0)
    # 470 x 380 px: the square of the same area has sides of 422.6 px; 380 / 470 = 0.81
    assert (size.size, size.ratio, size.new_size, size.new_ratio) == (423.0, 1.0, True, False)
    assert (both.size, both.ratio, both.new_size, both.new_ratio) == (423.0, 0.81, True, True)
    assert both.iou >= size.iou + CLEARLY_BETTER


def test_an_object_like_an_anchor_needs_nothing():
    anchors = AnchorSettings(sizes=(32.0,), ratios=(1.0,))
    # around the centre of the cell x 5, y 5, at 88 px
    trace = trace_of([[72, 72, 104, 104]], (12, 12), anchors)
    assert trace.assignment.best_iou[0] == 1
    assert positive_iou_remedy(trace, 0) is None
    assert anchor_shape_remedies(trace, 0) == ()


def test_an_iou_that_is_a_step_is_enough():
    anchors = AnchorSettings(sizes=(32.0,), ratios=(1.0,))
    # half of [72, 72, 104, 104] and of [72, 56, 104, 88], which lie one cell apart: 512 / 1,024 of each
    remedy = positive_iou_remedy(trace_of([[72, 72, 104, 88]], (12, 12), anchors), 0)
    assert (remedy.value, remedy.anchors) == (0.5, 2)


def test_only_the_ratio_is_new_where_the_size_is_there():
    anchors = AnchorSettings(sizes=(32.0,), ratios=(1.0,))
    # 64 x 16 px, the area of a square of 32 px; ratio 0.25
    (shape,) = anchor_shape_remedies(trace_of([[56, 80, 120, 96]], (12, 12), anchors), 0)
    assert (shape.size, shape.ratio, shape.new_size, shape.new_ratio) == (32.0, 0.25, False, True)
    assert shape.iou == pytest.approx(1)


def test_anchors_that_leave_the_image_count_only_where_they_take_part():
    # In the corner the anchor of 64 px around the first cell's centre reaches 24 px outside.
    anchors = AnchorSettings(sizes=(64.0,), ratios=(1.0,))
    corner = [[0, 0, 48, 48]]
    # outside allowed: [-24, -24, 40, 40], and next cell [-8, -8, 56, 56] covers it: 48^2 / 64^2 = 0.5625
    assert positive_iou_remedy(trace_of(corner, (12, 12), anchors, leave_out_outside=False), 0).value == 0.56
    # inside only: [8, 8, 72, 72]: 40^2 / (64^2 + 48^2 - 40^2) = 1,600 / 4,800 = 0.333
    assert positive_iou_remedy(trace_of(corner, (12, 12), anchors), 0).value == 0.33
    inside, anywhere = (
        anchor_shape_remedies(trace_of(corner, (12, 12), anchors, leave_out_outside=flag), 0)[0]
        for flag in (True, False)
    )
    # centre at 24 px: 48 px fits exactly
    assert inside.size == anywhere.size == 48
    assert inside.iou == anywhere.iou == pytest.approx(1)


def test_the_border_rule_also_holds_for_the_new_shape():
    # The right edge of the object is that of the image, 24 px from the centre of its last cells at 8 and 24 px.
    anchors = AnchorSettings(sizes=(16.0,), ratios=(1.0,))
    (inside,) = anchor_shape_remedies(trace_of([[140, 70, 192, 122]], (12, 12), anchors), 0)
    (anywhere,) = anchor_shape_remedies(trace_of([[140, 70, 192, 122]], (12, 12), anchors, leave_out_outside=False), 0)
    assert inside.iou < anywhere.iou


def test_an_object_that_no_anchor_overlaps_most_has_no_lower_iou():
    # The second object lies within the first: every anchor overlaps the first more.
    trace = trace_of([[0, 0, 192, 192], [90, 90, 92, 92]], (12, 12), AnchorSettings(sizes=(64.0,), ratios=(1.0,)))
    assert positive_iou_remedy(trace, 1) is None
    # No anchor of 512 px fits into an image of 192 px.
    trace = trace_of([[0, 0, 100, 100]], (12, 12), AnchorSettings(sizes=(512.0,), ratios=(1.0,)))
    assert positive_iou_remedy(trace, 0) is None
    (shape,) = anchor_shape_remedies(trace, 0)
    # 100 px around the centre at 56 px: [6, 6, 106, 106]
    assert shape.iou == pytest.approx(94 * 94 / (20_000 - 94 * 94))


def test_an_object_without_area_has_neither():
    trace = trace_of([[20, 20, 20, 60]])
    assert positive_iou_remedy(trace, 0) is None
    assert anchor_shape_remedies(trace, 0) == ()


@pytest.mark.parametrize("search", [positive_iou_remedy, anchor_shape_remedies])
def test_wrong_questions_are_refused(search):
    with pytest.raises(ValueError, match="Without ground truth"):
        search(trace_of([], truth=False), 0)
    with pytest.raises(IndexError, match="no object 2; there are 2"):
        search(trace_of(CLASSIC), 2)
    with pytest.raises(IndexError):
        search(trace_of(CLASSIC), -1)


boxes = st.tuples(*[st.integers(0, 600)] * 2, *[st.integers(8, 200)] * 2).map(
    lambda b: [b[0] / 4, b[1] / 4, min(b[0] / 4 + b[2], 192), min(b[1] / 4 + b[3], 160)]
)
SMALL = AnchorSettings(sizes=(32.0, 80.0), ratios=(0.5, 1.0, 2.0))


@hypothesis_settings(max_examples=60, deadline=None)
@given(objects=st.lists(boxes, min_size=1, max_size=4), inside=st.booleans(), positive=st.sampled_from([0.7, 0.555]))
def test_the_positive_iou_is_the_highest_step_that_works(objects, inside, positive):
    trace = trace_of(objects, (10, 12), SMALL, leave_out_outside=inside, positive_iou=positive)

    def anchors_at(value):
        settings = dataclasses.replace(trace.settings.assignment, positive_iou=value)
        labels = assign(trace.evidence.first.grid.boxes, trace.gt_boxes, (160, 192), settings)
        return int(((labels.reason == Reason.POSITIVE_IOU) & (labels.matched == 0)).sum())

    remedy = positive_iou_remedy(trace, 0)
    lower = [round(step * 0.01, 2) for step in range(100, -1, -1) if round(step * 0.01, 2) < positive]
    expected = None if anchors_at(positive) else next(((v, anchors_at(v)) for v in lower if anchors_at(v)), None)
    assert (remedy and (remedy.value, remedy.anchors)) == expected


@hypothesis_settings(max_examples=25, deadline=None)
@given(target=boxes, inside=st.booleans())
def test_no_size_is_better_and_the_iou_is_that_of_the_grid(target, inside):
    trace = trace_of([target], (10, 12), SMALL, leave_out_outside=inside)

    def best_iou(sizes, ratios):
        grid = anchor_grid(AnchorSettings(sizes=sizes, ratios=ratios), (10, 12)).boxes
        if inside:
            grid = grid[~crosses_border(grid, (160, 192))]
        return float(iou(trace.gt_boxes, grid).max(initial=0))

    now = best_iou(SMALL.sizes, SMALL.ratios)
    best = max(best_iou((float(size),), SMALL.ratios) for size in range(1, 400))
    shapes = anchor_shape_remedies(trace, 0)
    for shape in shapes:
        assert shape.iou == best_iou((shape.size,), (shape.ratio,))
        assert shape.size == int(shape.size)
        assert shape.iou >= now + EQUALLY_GOOD
    if shapes and not shapes[0].new_ratio:
        assert shapes[0].iou >= best - EQUALLY_GOOD - 1e-5
    else:
        assert best < now + 2 * EQUALLY_GOOD + 1e-5
