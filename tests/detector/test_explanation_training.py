"""Why an anchor has its label: ties and where they are, better ones that take no part, its own object."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.wording import text
from detector.anchors import AnchorGrid, anchor_grid
from detector.assignment import Reason
from detector.boxes import iou
from detector.config import AnchorSettings, Settings
from detector.evidence import FirstStage
from detector.explanation import explain
from detector.explanation_fates import ties_of
from detector.explanation_training import overlap_as_fraction
from detector.ground_truth import GroundTruth
from detector.messages import Ref
from detector.pipeline import follow
from detector.trace import Trace
from detector.trace_reader import TraceReader
from tests.helpers.evidence import make_evidence

CLASSIC = Settings()


def labelled(grid: AnchorGrid, boxes: list[list[float]], image_hw: tuple[int, int], **changes: object) -> Trace:
    """A trace of which only training's labels matter: every anchor proposes itself."""
    chosen = CLASSIC
    for key, value in changes.items():
        chosen = chosen.with_value(key.replace("__", "."), value)
    first = FirstStage(grid, np.linspace(0.9, 0.1, len(grid)).astype(np.float32), np.zeros((len(grid), 4)), grid.boxes)
    truth = GroundTruth(boxes, tuple(f"c{number}" for number in range(len(boxes))))
    return follow(make_evidence(first, classes=("c0", "c1", "c2"), image_hw=image_hw), chosen, truth)


def why(trace: Trace, row: int) -> list[str]:
    return [text(each) for each in explain(TraceReader(trace), Ref("anchor", row)).why]


GRID = anchor_grid(AnchorSettings(sizes=(32.0,), ratios=(1.0,)), (5, 5))
"""32 x 32 around (8, 8), (24, 8), ...: [-8, -8, 24, 24] and so on; row 6 is [8, 8, 40, 40], row 7 [24, 8, 56, 40]."""


def test_one_best_anchor_has_no_ties() -> None:
    # [8, 8, 40, 32] lies within row 6: 768 / 1024
    trace = labelled(GRID, [[8, 8, 40, 32]], (80, 80), assignment__positive_iou=0.8)
    assert ties_of(TraceReader(trace), 0) == [6]
    assert why(trace, 6) == [
        "IoU with c0 #1 = 768 / 1,024 px = 0.750.",
        "That is under Positive IoU 0.80.",
        "It counts because no other anchor overlaps c0 #1 as much.",
    ]


def test_ties_in_a_row_of_cells() -> None:
    # [16, 8, 48, 40] shares 24 x 32 = 768 of 2048 - 768 px with rows 6 and 7
    trace = labelled(GRID, [[16, 8, 48, 40]], (80, 80))
    assert ties_of(TraceReader(trace), 0) == [6, 7]
    assert why(trace, 6)[2] == (
        "It counts because no anchor overlaps c0 #1 more: 2 anchors tie (32 px, h/w 1, cells x 1-2, y 1)."
    )


def test_ties_that_are_no_block_of_cells() -> None:
    # Rows 6 and 8 around an object that lies in the middle of both, where row 7 is not: two of three cells.
    boxes = np.array([[0, 0, 20, 20], [100, 100, 120, 120], [40, 0, 60, 20]], np.float32)
    grid = AnchorGrid(boxes, AnchorSettings(sizes=(20.0,), ratios=(1.0,)), (1, 3))
    trace = labelled(grid, [[10, 0, 50, 20]], (200, 200))
    # 10 x 20 of each: 200 / (400 + 800 - 200)
    assert why(trace, 0) == [
        "IoU with c0 #1 = 200 / 1,000 px = 0.200.",
        "That is under Positive IoU 0.70.",
        "It counts because no anchor overlaps c0 #1 more: 2 anchors tie (20 px, h/w 1, among cells x 0-2, y 0).",
    ]


def test_ties_of_several_shapes() -> None:
    # 20 x 10 and 10 x 20 around one centre, the object a square of 10 there: 100 / 200 of each
    boxes = np.array([[0, 5, 20, 15], [5, 0, 15, 20]], np.float32)
    grid = AnchorGrid(boxes, AnchorSettings(sizes=(14.0,), ratios=(0.5, 2.0)), (1, 1))
    trace = labelled(grid, [[5, 5, 15, 15]], (100, 100))
    assert why(trace, 0)[2] == (
        "It counts because no anchor overlaps c0 #1 more: 2 anchors of several shapes tie (among cells x 0, y 0)."
    )


def test_a_better_anchor_that_crosses_the_border_is_told() -> None:
    # [0, 0, 24, 24]: row 0, [-8, -8, 24, 24], has 576 / 1024; row 6, [8, 8, 40, 40], 256 / (1024 + 576 - 256).
    trace = labelled(GRID, [[0, 0, 24, 24]], (80, 80))
    assert trace.assignment is not None
    assert trace.assignment.reason[0] == Reason.OUTSIDE
    assert why(trace, 6) == [
        "IoU with c0 #1 = 256 / 1,344 px = 0.190.",
        "That is under Positive IoU 0.70.",
        "It counts because no other anchor overlaps c0 #1 as much.",
        "One that crosses the border reaches 0.562 with c0 #1, but takes no part.",
    ]


def test_an_anchor_that_is_best_for_one_object_and_overlaps_another_more() -> None:
    # Anchors 10 x 10 and 10 x 5. The small object has 4 x 4 = 16 of the first's 100 px and nothing of the second; the
    # other object is the second anchor, and half of the first.
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 5]], np.float32)
    grid = AnchorGrid(boxes, AnchorSettings(sizes=(10.0,), ratios=(1.0,)), (1, 2))
    trace = labelled(grid, [[6, 6, 10, 10], [0, 0, 10, 5]], (10, 10))
    assert why(trace, 0) == [
        "IoU with c0 #1 = 16 / 100 px = 0.160.",
        "That is under Positive IoU 0.70.",
        "It counts because no other anchor overlaps c0 #1 as much.",
        "It overlaps c1 #2 more (IoU 0.500) and is trained towards that.",
    ]
    told = explain(TraceReader(trace), Ref("anchor", 0))
    target = next(text(fact.value) for each in told.sections for fact in each.facts if text(fact.name) == "Target")
    assert target.startswith("c1 #2: ")
    (section,) = [each for each in explain(TraceReader(trace), Ref("object", 0)).sections if each.id == "training"]
    assert text(section.facts[0].value) == "none: those that are best for it overlap another object more"


def test_more_than_three_others_fill_a_section() -> None:
    others = [[8, 8, 20, 20], [20, 8, 40, 20], [8, 20, 20, 40], [20, 20, 40, 40]]
    trace = labelled(GRID, [[8, 8, 40, 40], *others], (80, 80))
    told = explain(TraceReader(trace), Ref("anchor", 6))
    assert not any(each.id == "why.others" for each in told.why)
    (section,) = [each for each in told.sections if each.id == "overlaps"]
    assert [text(fact.name) for fact in section.facts][:2] == ["c0 #1", "c4 #5"]


def test_pixels_are_those_of_the_network_where_the_image_is_scaled() -> None:
    grid = AnchorGrid(np.array([[0, 0, 20, 20]], np.float32), AnchorSettings(sizes=(20.0,), ratios=(1.0,)), (1, 1))
    first = FirstStage(grid, np.ones(1, np.float32), np.zeros((1, 4), np.float32), grid.boxes)
    found = make_evidence(first, image_hw=(200, 100), network_hw=(100, 100))
    trace = follow(found, CLASSIC, GroundTruth([[0, 0, 20, 20]], ("cat",)))  # 20 x 10 px there
    assert text(overlap_as_fraction(TraceReader(trace), Ref("anchor", 0), 0)) == (
        "IoU with cat #1 = 200 / 400 network px = 0.500."
    )


@pytest.mark.parametrize("batch", [4, 256])
@pytest.mark.parametrize("kind", [Reason.POSITIVE_BEST, Reason.NEGATIVE, Reason.IGNORED, Reason.OUTSIDE])
def test_in_the_mini_batch_or_not(batch: int, kind: Reason) -> None:
    trace = labelled(GRID, [[16, 8, 48, 40]], (80, 80), assignment__batch_size=batch, assignment__seed=7)
    found = trace.assignment
    assert found is not None
    for row in np.flatnonzero(found.reason == kind).tolist():
        (section,) = [
            each for each in explain(TraceReader(trace), Ref("anchor", row)).sections if each.id == "training"
        ]
        said = {text(fact.name): text(fact.value) for fact in section.facts}
        drawn = [int((found.sampled & (found.label == label)).sum()) for label in (1, 0)]
        in_all = [int((found.label == label).sum()) for label in (1, 0)]
        if found.sampled[row]:
            one = [f"{drawn[0]} positive{'s' * (drawn[0] != 1)}", f"{drawn[1]} negative{'s' * (drawn[1] != 1)}"]
            wanted = f"yes, one of {one[0]} and {one[1]} (seed 7)"
        elif kind is Reason.OUTSIDE:
            wanted = "no, anchors that cross the border are not drawn"
        elif kind is Reason.IGNORED:
            wanted = "no, ignored anchors are not drawn"
        else:
            side = 0 if kind is Reason.POSITIVE_BEST else 1
            wanted = f"no, {drawn[side]} of {in_all[side]} {('positives', 'negatives')[side]} drawn (seed 7)"
        assert said["In the mini-batch"] == wanted
        assert ("Target" in said) == (found.label[row] >= 0)


def test_an_object_with_no_positive_anchor() -> None:
    # Row 6 has 256 of 1,344 px with it, under 0.7, and the best one does not count here.
    trace = labelled(GRID, [[0, 0, 24, 24]], (80, 80), assignment__best_for_object=False)
    told = explain(TraceReader(trace), Ref("object", 0))
    (section,) = [each for each in told.sections if each.id == "training"]
    assert text(section.facts[0].value) == "none"
    assert text(section.facts[1].value) == "0.70 → 0.19: 1 anchor by overlap (training only)"
    assert "positives" not in [each.id for each in told.sections]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_ties_are_all_the_anchors_with_the_highest_overlap(seed: int) -> None:
    random = np.random.default_rng(seed)
    corners = random.integers(0, 12, (3, 2)) * 4.0
    objects = np.hstack([corners, corners + random.choice([8, 16, 32], (3, 2))])
    trace = labelled(GRID, objects.tolist(), (80, 80), assignment__leave_out_outside=bool(random.random() < 0.5))
    found = trace.assignment
    assert found is not None
    inside = np.flatnonzero(found.reason != Reason.OUTSIDE)
    for number in range(3):
        overlap = iou(GRID.boxes[inside], objects[number : number + 1].astype(np.float32))[:, 0]
        best = overlap.max(initial=0)
        assert ties_of(TraceReader(trace), number) == (inside[overlap == best].tolist() if best > 0 else [])
