"""The badge: what training would make of a box, on the classic image and by hand; the same as the assignment says."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sees import view_of
from app.wording import text
from detector.anchors import AnchorGrid, anchor_grid
from detector.assignment import POSITIVE, Reason, assign
from detector.boxes import iou, scale
from detector.config import AnchorSettings, AssignmentSettings, Settings
from detector.evidence import ImageInfo

PERSON, DOG = [30, 20, 500, 400], [400, 300, 600, 500]
CLASSIC = np.array([PERSON, DOG], np.float32)


def trace_of(grid, image_hw, network_hw=None, **assignment):
    """As much of a trace as anchors and their labels need."""
    return SimpleNamespace(
        evidence=SimpleNamespace(
            image=ImageInfo("a.png", image_hw, network_hw or image_hw), first=SimpleNamespace(grid=grid)
        ),
        settings=SimpleNamespace(assignment=AssignmentSettings(**assignment)),
    )


def classic(image_hw=(800, 800), **assignment):
    return trace_of(anchor_grid(Settings().anchors, (50, 50)), image_hw, (800, 800), **assignment)


def badge(trace, boxes, row, box=None):
    return text(view_of(trace, np.asarray(boxes, np.float32).reshape(-1, 4), row, box))


# The classic image: 18 anchors are positive only as best, 2 for the person and 16 for the dog


def test_on_the_classic_image_both_objects_are_positive_only_as_best():
    trace = classic()
    one, two = (view_of(trace, CLASSIC, row) for row in (0, 1))
    assert (one.id, two.id) == ("sees.best", "sees.best")
    assert one.values["n"] + two.values["n"] == 18
    assert (one.values["n"], two.values["n"]) == (2, 16)
    assert one.values["a"] == pytest.approx(0.68130, abs=5e-6)
    # 256 px, 1:1 at [360, 264, 616, 520]: 200 * 200 / 256 / 256
    assert two.values["a"] == pytest.approx(40_000 / 65_536, abs=5e-6)
    assert text(one) == "positive only as best, IoU 0.68"
    assert text(two) == "positive only as best, IoU 0.61"


def test_a_box_in_the_hand_is_looked_at_where_it_is_and_the_others_where_they_are():
    trace = classic()
    # The dog drawn exactly as an anchor: that one overlaps it by 1. Its neighbours, 16 px to a side, by
    # 240 / (2 * 256 - 240) = 0.882, 32 px by 224 / 288 = 0.778, 48 px by 208 / 304 = 0.684 < 0.7. Across corners
    # (16, 16): 240^2 / (2 * 256^2 - 240^2) = 0.784; (16, 32): 240 * 224 / (2 * 256^2 - 240 * 224) = 0.695 < 0.7.
    # So 1 + 4 + 4 + 4 = 13, and none of other sizes or shapes.
    assert badge(trace, CLASSIC, 1, (360.0, 264.0, 616.0, 520.0)) == "13 positive anchors"
    assert badge(trace, CLASSIC, 1) == "positive only as best, IoU 0.61"  # nothing was changed
    # One that is being drawn comes after the others.
    assert badge(trace, CLASSIC[:1], 1, (360.0, 264.0, 616.0, 520.0)) == "13 positive anchors"
    assert badge(trace, [], 0, (360.0, 264.0, 616.0, 520.0)) == "13 positive anchors"


def test_a_box_that_is_smaller_than_the_anchors():
    """20 x 20 in a 128 px anchor: 400 / 16,384 = 0.024 < 0.3, though that anchor is positive as best for it."""
    assert badge(classic(), [[400, 400, 420, 420]], 0) == "smaller than the anchors can reach, best IoU 0.02"


def test_a_large_box_that_no_anchor_fits_is_not_called_small():
    """780 x 60 px: side sqrt(46,800) = 216 > 128."""
    assert badge(classic(), [[10, 100, 790, 160]], 0).startswith("positive only as best, IoU 0.")
    assert badge(classic(best_for_object=False), [[10, 100, 790, 160]], 0).startswith("no positive anchor, best IoU 0.")


def test_pixels_are_the_networks():
    """An image of 400 x 400 that the network sees at 800 x 800: the same boxes, halved."""
    small = classic(image_hw=(400, 400))
    for row in (0, 1):
        assert badge(small, CLASSIC / 2, row) == badge(classic(), CLASSIC, row)
    # 80 x 80 px are 160 x 160 of the network's: not under 128.
    assert not badge(small, [[100, 100, 180, 180]], 0).startswith("smaller")


def by_hand(anchors, **more):
    grid = AnchorGrid(np.asarray(anchors, np.float32), AnchorSettings(sizes=(10.0,), ratios=(1.0,)), (1, len(anchors)))
    return trace_of(grid, (20, 60), **more)


def test_the_number_of_positive_anchors_by_hand():
    """A [0,0,10,10]: anchors at IoU 80 / 100 and 75 / 100 >= 0.7. B [20,0,40,10]: the best at 120 / 200."""
    trace = by_hand([[0, 0, 10, 8], [0, 0, 10, 7.5], [20, 0, 32, 10], [50, 0, 60, 10]])
    objects = [[0, 0, 10, 10], [20, 0, 40, 10]]
    assert badge(trace, objects, 0) == "2 positive anchors"
    assert badge(trace, objects, 1) == "positive only as best, IoU 0.60"
    assert badge(by_hand([[0, 0, 10, 8]]), objects, 0) == "1 positive anchor"


def test_what_crosses_the_border_is_not_what_makes_a_box_positive():
    """The anchor [-1,0,10,10] has IoU 100 / 110 with A, but leaves the image: [0,0,10,6] is positive, at 0.6."""
    objects = [[0, 0, 10, 10]]
    assert badge(by_hand([[-1, 0, 10, 10], [0, 0, 10, 6]]), objects, 0) == "positive only as best, IoU 0.60"
    with_all = by_hand([[-1, 0, 10, 10], [0, 0, 10, 6]], leave_out_outside=False)
    assert badge(with_all, objects, 0) == "1 positive anchor"


def test_anchors_that_are_best_for_another_object_count_for_the_one_they_are_matched_to():
    """As `positive_anchors` counts them. A [6,6,10,10] lies in B [0,0,10,10]; the second anchor is best for A
    (16 / 90 against 16 / 100), but overlaps B more (90 / 100)."""
    trace = by_hand([[0, 0, 10, 10], [0, 1, 10, 10]])
    objects = [[6, 6, 10, 10], [0, 0, 10, 10]]
    assert badge(trace, objects, 1) == "2 positive anchors"
    assert badge(trace, objects, 0) == "smaller than the anchors can reach, best IoU 0.18"


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(*[st.integers(0, 700)] * 2, *[st.integers(10, 400)] * 2), min_size=1, max_size=4), st.data())
def test_it_says_what_the_assignment_says(drawn, data):
    boxes = np.array([[x, y, min(x + w, 800), min(y + h, 800)] for x, y, w, h in drawn], np.float32)
    row = data.draw(st.integers(0, len(boxes) - 1))
    image_hw = data.draw(st.sampled_from([(800, 800), (600, 1200)]))
    trace = classic(image_hw=image_hw)
    grid, image = trace.evidence.first.grid, trace.evidence.image
    found = assign(grid.boxes, scale(boxes, image.scale_xy), (800, 800), trace.settings.assignment)
    mine = found.matched == row
    positive = mine & (found.label == POSITIVE)
    said = view_of(trace, boxes, row)
    if (positive & (found.reason == Reason.POSITIVE_IOU)).any():
        assert said.id in ("sees.positive", "sees.positive.one")
        assert said.values.get("n", 1) == positive.sum()
        return
    assert said.id in ("sees.small", "sees.best", "sees.none")
    if said.id == "sees.best":
        assert said.values["n"] == positive.sum() > 0
        best = iou(grid.boxes[positive], scale(boxes, image.scale_xy)[row : row + 1])
        assert said.values["a"] == pytest.approx(float(best.max()), abs=1e-6)
    elif said.id == "sees.none":
        assert not positive.any()
