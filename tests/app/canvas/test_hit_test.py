"""What a click means, with numbers worked by hand."""

import numpy as np
import pytest

from app.canvas.hit_test import Cycle, Hit, all_hits, hit, outline_distance
from app.canvas.layers import BoxStore, StoreCache
from app.scene import BoxLayer, Ref, Role


def store(boxes, *, layer_id="proposals.kept", kind="proposal", crisp=False, rows=None):
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    rows = np.arange(len(boxes)) if rows is None else np.array(rows)
    return BoxStore(BoxLayer(layer_id, kind, Role.PROPOSAL, boxes, rows, crisp))


@pytest.mark.parametrize(
    ("x", "y", "distance"),
    [
        (10, 15, 0.0),  # on the left side
        (13, 15, 3.0),  # inside, 3 from the left
        (7, 15, 3.0),  # outside, 3 from the left
        (7, 6, 5.0),  # outside of the corner (10, 10): 3, 4, 5
        (20, 25, 10.0),  # the middle of 20 x 30
    ],
)
def test_distance_to_an_outline(x, y, distance):
    found = outline_distance(store([[10, 10, 30, 40]]).columns, x, y)
    assert found.tolist() == [distance]


def test_the_nearest_outline_wins_over_the_smallest_box():
    layer = store([[0, 0, 100, 100], [40, 40, 60, 60]], rows=[7, 9])
    # (2, 50): 2 from the left side of the large box.
    assert hit([layer], 2, 50, 4).ref == Ref("proposal", 7)
    # (38, 50): 2 from the small one's.
    assert hit([layer], 38, 50, 4).ref == Ref("proposal", 9)
    # (50, 50): in both, no outline within 4: the smaller.
    assert hit([layer], 50, 50, 4).ref == Ref("proposal", 9)
    # (20, 50): only in the large one.
    assert hit([layer], 20, 50, 4).ref == Ref("proposal", 7)
    assert hit([layer], 110, 50, 4) is None


def test_of_two_outlines_the_nearer():
    layer = store([[0, 0, 50, 50], [3, 0, 60, 50]])
    assert hit([layer], 1, 25, 4).ref.row == 0
    assert hit([layer], 2, 25, 4).ref.row == 1


def test_crisp_layers_are_asked_first():
    mass = store([[10, 10, 50, 50]])
    truth = store([[12, 12, 52, 52]], kind="object", layer_id="ground_truth.objects", crisp=True)
    # On the mass outline, 2 from the crisp one: the crisp one is meant.
    assert hit([truth, mass], 10, 30, 4).ref == Ref("object", 0)


def test_anchors_are_picked_in_their_cell_only():
    every = store([[10, 10, 50, 50]], kind="anchor", layer_id="anchors.all")
    cell = store([[20, 20, 90, 90]], kind="anchor", layer_id="anchors.cell", rows=[5])
    assert hit([every], 10, 30, 4) is None
    assert hit([every, cell], 20, 60, 4).ref == Ref("anchor", 5)


def test_all_hits_in_the_order_of_clicks():
    layer = store([[0, 0, 100, 100], [10, 10, 90, 90], [30, 30, 60, 60], [52, 0, 99, 99]])
    # (50, 50): outline of 3 at 2; then by area 30 x 30, 80 x 80, 100 x 100.
    assert [found.ref.row for found in all_hits([layer], 50, 50, 4)] == [3, 2, 1, 0]


def test_a_thing_in_two_layers_is_listed_once():
    first = store([[0, 0, 10, 10]], rows=[4])
    second = store([[0, 0, 10, 10]], rows=[4], layer_id="mark", crisp=True)
    assert [found.ref for found in all_hits([first, second], 5, 5, 1)] == [Ref("proposal", 4)]


def test_the_cycle_goes_round():
    layer = store([[0, 0, 10, 10], [0, 0, 20, 20]])
    cycle = Cycle(all_hits([layer], 5, 5, 1), x=100, y=100, seconds=10.0)
    assert cycle.continues(104, 97, 11.0)
    assert not cycle.continues(105, 100, 10.5)  # 5 points away
    assert not cycle.continues(100, 100, 11.1)  # too late
    assert cycle.step(10.5).ref.row == 1
    assert cycle.step(11.0).ref.row == 0
    assert not Cycle([]).continues(0, 0, 0)


def test_only_plain_numbers_come_out():
    found = hit([store([[0, 0, 10, 10]])], 5, 5, 1)
    assert isinstance(found, Hit)
    assert type(found.ref.row) is int
    assert [type(value) for value in found.box] == [float] * 4


def test_boxes_that_are_no_numbers_are_left_out():
    layer = store([[0, 0, np.nan, 10], [0, 0, 10, 10], [0, 0, np.inf, 5]], rows=[1, 2, 3])
    assert len(layer) == 1
    assert layer.rows.tolist() == [2]
    assert layer.find(Ref("proposal", 2)) == 0
    assert layer.find(Ref("proposal", 1)) is None
    assert layer.find(Ref("anchor", 2)) is None


def test_labels_follow_their_boxes():
    boxes = np.array([[0, 0, np.nan, 10], [0, 0, 10, 10]], np.float32)
    layer = BoxLayer("detections.judged", "detection", Role.DETECTION, boxes, np.array([1, 2]), True, ("a", "b"))
    assert BoxStore(layer).label(0) == "b"


def test_unchanged_layers_are_not_built_again():
    cache = StoreCache()
    one = BoxLayer("a", "proposal", Role.PROPOSAL, np.zeros((3, 4), np.float32), np.arange(3))
    two = BoxLayer("b", "proposal", Role.PROPOSAL, np.zeros((3, 4), np.float32), np.arange(3))
    first = cache.stores([one, two])
    changed = BoxLayer("b", "proposal", Role.PROPOSAL, np.ones((3, 4), np.float32), np.arange(3))
    again = BoxLayer("a", "proposal", Role.DROPPED, np.zeros((3, 4), np.float32), np.arange(3))
    second = cache.stores([again, changed])
    assert second[0].x0 is first[0].x0
    assert second[0].layer is again
    assert second[1].x0 is not first[1].x0
    assert cache.stores([again])[0] is second[0]


def test_an_empty_layer_is_never_hit():
    assert hit([store([])], 1, 1, 4) is None
    assert all_hits([store([])], 1, 1, 4) == []


def test_inside_of_outlines_the_cell_s_anchors_come_before_a_smaller_object():
    """On the classic grid every anchor is larger than most objects, and it is anchors that one wants to pick there."""
    truth = store([[40, 40, 60, 60]], layer_id="ground_truth.objects", kind="object", crisp=True)
    cell = store([[0, 0, 100, 100], [20, 20, 80, 80]], layer_id="anchors.cell", kind="anchor", crisp=True)
    stores = [cell, truth]
    assert hit(stores, 50, 50, 4).ref == Ref("anchor", 1)
    assert [each.ref for each in all_hits(stores, 50, 50, 4)] == [
        Ref("anchor", 1), Ref("anchor", 0), Ref("object", 0),
    ]  # fmt: skip
    # its own outline still picks the object: (42, 50) is 2 from it
    assert hit(stores, 42, 50, 4).ref == Ref("object", 0)
