"""What is wrong with one image's annotation, by hand; and what a fix does to what was found, for any image."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.datasets.annotation import Annotation, Record
from detector.datasets.check import (
    Checked,
    Doubt,
    after,
    check_image,
    doubtful_classes,
    fixed,
    has_fix,
    with_fixed,
)
from detector.datasets.images import turned_boxes
from detector.ground_truth import GroundTruth

PATH = Path("a.jpg")
HW = (100, 200)


def image(*boxes, labels=None, hw=HW, **more):
    return Checked(PATH, GroundTruth(list(boxes), labels or ["cat"] * len(boxes)), hw, **more)


def found(checked, doubts=None, of_all=()):
    return [(each.kind, each.row) for each in check_image(checked, doubts or {}, of_all)]


def one(checked, kind, doubts=None):
    (finding,) = [each for each in check_image(checked, doubts or {}) if each.kind == kind]
    return finding


def boxes_after(checked, finding):
    return fixed(checked, [finding]).boxes.tolist()


# -- each kind ---------------------------------------------------------------------------------------------------------


def test_nothing_is_wrong_with_boxes_within_the_image_also_at_its_edges():
    assert found(image([0, 0, 200, 100], [10, 10, 11, 11])) == []
    assert found(image()) == []


def test_six_decimals_of_a_share_are_not_over_the_edge():
    # 0.500001 * 200 + 0.5 * 200 / 2 ... at most 1e-6 * 200 beyond; allowed is 0.01 + 2e-6 * 200 = 0.0104
    assert found(image([0, 0, 200.01, 100])) == []
    assert found(image([0, 0, 200.02, 100])) == [("over_edge", 0)]


def test_corners_the_wrong_way_round_are_swapped():
    checked = image([60, 10, 20, 30], [10, 50, 20, 40])
    assert found(checked) == [("inverted", 0), ("inverted", 1)]
    assert boxes_after(checked, check_image(checked, {})[0]) == [[20, 10, 60, 30], [10, 50, 20, 40]]


@pytest.mark.parametrize("box", [[10, 10, 10, 30], [10, 30, 40, 30], [40, 30, 10, 30], [7, 7, 7, 7]])
def test_a_box_without_area_is_deleted(box):
    checked = image([1, 1, 5, 5], box)
    assert found(checked) == [("no_area", 1)]
    assert fixed(checked, check_image(checked, {})).kept == (0,)


@pytest.mark.parametrize("box", [[200, 10, 240, 30], [-30, 10, 0, 30], [10, 100, 20, 130], [10, -9, 20, -1]])
def test_a_box_outside_is_deleted(box):
    checked = image(box)
    assert found(checked) == [("outside", 0)]
    assert fixed(checked, check_image(checked, {})).kept == ()


def test_a_box_over_the_edge_is_cut():
    checked = image([-3, 90, 250, 104])  # 3 left, 250 - 200 = 50 right, 104 - 100 = 4 below
    finding = one(checked, "over_edge")
    assert (finding.values["by"], finding.values["side"]) == (50, 2)
    assert boxes_after(checked, finding) == [[0, 90, 200, 100]]


def test_the_same_box_of_the_same_class_is_drawn_twice():
    # 10 x 10 shifted by 0.2: 9.8 * 10 / (2 * 100 - 98) = 98 / 102 = 0.961; by 0.3: 97 / 103 = 0.942
    checked = image([10, 10, 20, 20], [10.2, 10, 20.2, 20], [9.7, 10, 19.7, 20])
    finding = one(checked, "duplicate")
    assert (finding.row, finding.values["first"]) == (1, 0)
    assert finding.values["iou"] == pytest.approx(98 / 102, abs=1e-6)
    assert fixed(checked, [finding]).kept == (0, 2)


def test_two_classes_or_a_crowd_at_one_place_are_no_duplicates():
    assert found(image([10, 10, 20, 20], [10, 10, 20, 20], labels=["cat", "dog"])) == []
    truth = GroundTruth([[10, 10, 20, 20]] * 2, ["cat"] * 2, crowd=[False, True])
    assert found(Checked(PATH, truth, HW)) == []


def test_of_three_alike_the_first_stays():
    checked = image(*[[10, 10, 20, 20]] * 3)
    assert found(checked) == [("duplicate", 1), ("duplicate", 2)]
    assert fixed(checked, check_image(checked, {})).kept == (0,)


def test_more_boxes_than_a_block_are_compared():
    boxes = [[x, y, x + 1, y + 1] for y in range(30) for x in range(40)]  # 1,200
    many = image(*boxes, boxes[0], boxes[-1])
    assert [row for _, row in found(many)] == [1200, 1201]


def test_an_inverted_box_may_be_outside_too_and_keeps_that():
    checked = image([260, 10, 220, 30])
    assert found(checked) == [("inverted", 0), ("outside", 0)]
    swapped = after(checked, fixed(checked, [one(checked, "inverted")]))
    assert found(swapped) == [("outside", 0)]


def test_classes_that_are_not_in_the_list_become_the_nearest():
    doubts = doubtful_classes({"Platlets": 1, "RBC": 4, "tree": 2}, ["RBC", "Platelets"], _near)
    assert doubts == {
        "Platlets": Doubt("unknown_class", "Platelets", 0),
        "tree": Doubt("unknown_class", None, 0),
    }
    checked = image([1, 1, 5, 5], [7, 7, 9, 9], labels=["Platlets", "tree"])
    findings = check_image(checked, doubts)
    assert [(each.kind, each.row, has_fix(each)) for each in findings] == [
        ("unknown_class", 0, True),
        ("unknown_class", 1, False),
    ]
    assert fixed(checked, findings).labels == ("Platelets", "tree")


def test_without_a_list_a_rare_name_like_a_frequent_one_is_a_slip():
    counts = {"Platelets": 40, "Platlets": 4, "RBC": 40}
    assert doubtful_classes(counts, None, _near) == {"Platlets": Doubt("class_slip", "Platelets", 40)}
    assert doubtful_classes(counts | {"Platlets": 5}, None, _near) == {}  # 40 < 10 * 5
    assert doubtful_classes({"Platelets": 19, "Platlets": 1}, None, _near) == {}  # fewer than 20


def _near(name, names):
    """Without "e" they are the same."""
    return next((each for each in names if each != name and each.replace("e", "") == name.replace("e", "")), None)


# -- the picture before it is turned -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("orientation", "corner"),
    [
        # A stored picture of 4 x 2 px whose pixel in the top left corner is marked: where it is in the upright one.
        (1, [0, 0, 1, 1]),
        (2, [3, 0, 4, 1]),  # mirrored: at the right
        (3, [3, 1, 4, 2]),  # half a turn
        (4, [0, 1, 1, 2]),  # upside down
        (5, [0, 0, 1, 1]),  # 2 x 4 from here on; along the diagonal
        (6, [1, 0, 2, 1]),  # a quarter to the right: at the top right
        (7, [1, 3, 2, 4]),
        (8, [0, 3, 1, 4]),  # a quarter to the left: at the bottom left
    ],
)
def test_a_corner_is_turned_with_the_picture(orientation, corner):
    assert turned_boxes(np.array([[0, 0, 1, 1]], np.float32), (2, 4), orientation).tolist() == [corner]


def test_boxes_of_the_stored_picture_are_turned_and_the_size_is_put_right():
    # stored 200 x 100 (w x h), upright 100 x 200: HW is the stored one
    checked = image([10, 20, 30, 60], hw=(200, 100), stated_hw=(100, 200), orientation=6)
    finding = one(checked, "exif_swapped")
    assert finding.row is None
    new = fixed(checked, [finding])
    # x' = h - y, y' = x: [100 - 60, 10, 100 - 20, 30]
    assert new.boxes.tolist() == [[40, 10, 80, 30]]
    assert new.stated_hw == (200, 100)
    assert found(after(checked, new)) == []


def test_without_orientation_or_with_the_right_size_nothing_is_turned():
    assert found(image([1, 1, 5, 5], hw=(200, 100), stated_hw=(100, 200))) == []
    assert found(image([1, 1, 5, 5], hw=(200, 100), stated_hw=(200, 100), orientation=6)) == []
    assert found(image([1, 1, 5, 5], hw=(100, 100), stated_hw=(100, 100), orientation=6)) == []


def test_boxes_of_the_stored_picture_are_held_against_its_edges():
    # 150 px to the right is within the stored 200 x 100, not within the upright 100 x 200
    assert found(image([110, 20, 150, 60], hw=(200, 100), stated_hw=(100, 200), orientation=6)) == [
        ("exif_swapped", None)
    ]


# -- together with the others ------------------------------------------------------------------------------------------


def test_what_is_no_corner_is_not_held_against_the_edges():
    bad = image([60, 10, 20, 30], [150, 80, 300, 90])
    assert found(bad, of_all={"size_as_corner"}) == []
    assert found(image([1, 1, 201, 101]), of_all={"shifted"}) == []


# -- records -----------------------------------------------------------------------------------------------------------


class Line(Record):
    __slots__ = ()


def test_what_stays_keeps_its_record_and_flags():
    truth = GroundTruth([[1, 1, 5, 5], [7, 7, 7, 7], [190, 2, 210, 9]], ["a", "b", "c"], difficult=[0, 1, 1])
    lines = (Line(), Line(), Line())
    annotation = Annotation(truth, lines, verified=True)
    checked = Checked(PATH, truth, HW)
    new = with_fixed(annotation, fixed(checked, check_image(checked, {})))
    assert new.records == (lines[0], lines[2])
    assert new.ground_truth.labels == ("a", "c")
    assert new.ground_truth.difficult.tolist() == [False, True]
    assert new.ground_truth.boxes.tolist() == [[1, 1, 5, 5], [190, 2, 200, 9]]
    assert new.verified


# -- any image ---------------------------------------------------------------------------------------------------------

SIDE = st.integers(-6, 46) | st.floats(-6, 46, width=32)
BOX = st.lists(SIDE, min_size=4, max_size=4)
NAMES = st.sampled_from(["cat", "cta", "tree"])
DOUBTS = {"cta": Doubt("class_slip", "cat", 50), "tree": Doubt("unknown_class", None)}


@st.composite
def images(draw):
    boxes = draw(st.lists(BOX, max_size=8))
    boxes += [list(box) for box in draw(st.lists(st.sampled_from(boxes), max_size=3))] if boxes else []
    labels = [draw(NAMES) for _ in boxes]
    turned = draw(st.booleans())
    more = {"stated_hw": (30, 40), "orientation": draw(st.sampled_from([5, 6, 7, 8]))} if turned else {}
    truth = GroundTruth(np.array(boxes, np.float32).reshape(-1, 4), labels)
    return Checked(PATH, truth, (40, 30) if turned else (30, 40), **more)


def named(checked, kept=None):
    """Findings by kind and by the object as it was at first."""
    rows = kept or range(len(checked.truth))
    return Counter((each.kind, None if each.row is None else rows[each.row]) for each in check_image(checked, DOUBTS))


@given(images(), st.data())
@settings(deadline=None, max_examples=300)
def test_a_fix_takes_its_finding_away_and_adds_none(checked, data):
    findings = [each for each in check_image(checked, DOUBTS) if has_fix(each) and each.kind != "exif_swapped"]
    if not findings:
        return
    finding = data.draw(st.sampled_from(findings))
    new = fixed(checked, [finding])
    before, now = named(checked), named(after(checked, new), new.kept)
    assert (finding.kind, finding.row) not in now
    assert now <= before
    gone = {row for _, row in before - now}
    assert gone - {None} == {finding.row}  # nothing of any other object; without any object none is to be turned


@given(images())
@settings(deadline=None, max_examples=300)
def test_after_all_fixes_nothing_is_left_that_has_one(checked):
    # Turned first: then its edges are those of the upright picture. By a float's rounding a share may differ.
    for _ in range(2):
        findings = check_image(checked, DOUBTS)
        turn = [each for each in findings if each.kind == "exif_swapped"]
        checked = after(checked, fixed(checked, turn or findings))
    left = check_image(checked, DOUBTS)
    assert [each.kind for each in left if has_fix(each)] == []
    assert {each.kind for each in left} <= {"unknown_class"}


@given(images())
@settings(deadline=None)
def test_boxes_that_are_not_fixed_stay_to_the_last_bit(checked):
    bad = {each.row for each in check_image(checked, DOUBTS)}
    if None in bad:
        return
    new = fixed(checked, check_image(checked, DOUBTS))
    for row, box in zip(new.kept, new.boxes, strict=True):
        if row not in bad:
            np.testing.assert_array_equal(box, checked.truth.boxes[row])
