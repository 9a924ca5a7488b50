"""What only the boxes of all images can tell, on datasets made by hand, and what its fix leaves of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detector.datasets.check import Checked, after, fixed
from detector.datasets.check_together import check_together
from detector.ground_truth import GroundTruth

HW = (100, 200)


def image(boxes, name="a", hw=HW, **more):
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    return Checked(Path(f"{name}.jpg"), GroundTruth(boxes, ["cat"] * len(boxes)), hw, **more)


def right(count=20, seed=0, touching=12):
    """Images with five boxes each as they should be; the first ones also have boxes along all their edges."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        low = rng.integers(20, [150, 70], (5, 2))
        boxes = np.concatenate([low, low + rng.integers(5, [45, 25], (5, 2))], axis=1)
        if number < touching:
            boxes = np.concatenate([boxes, [[0, 0, 9, 9], [180, 80, 200, 100]]])
        made.append(image(boxes, str(number)))
    return made


def changed(images, change):
    return [
        Checked(each.path, GroundTruth(change(each.truth.boxes.copy()), each.truth.labels), each.image_hw)
        for each in images
    ]


def one(images):
    (finding,) = check_together(images)
    return finding


def all_fixed(images, finding):
    return [after(each, fixed(each, [finding])) if each.path in finding.images else each for each in images]


def assert_boxes(images, others):
    for each, other in zip(images, others, strict=True):
        np.testing.assert_array_equal(each.truth.boxes, other.truth.boxes)


def sizes(boxes):
    boxes[:, 2:] -= boxes[:, :2]
    return boxes


def doubled(boxes):
    boxes[:, 2:] += boxes[:, :2]
    return boxes


def test_nothing_is_wrong_with_boxes_as_they_should_be():
    assert check_together(right()) == []
    assert check_together([]) == []
    assert check_together([image([])]) == []


def test_width_and_height_taken_for_a_corner():
    images = changed(right(), sizes)
    finding = one(images)
    assert finding.kind == "size_as_corner"
    assert finding.values["fits"] == finding.values["of"] == 20 * 5 + 12 * 2
    assert len(finding.images) == 20
    assert_boxes(all_fixed(images, finding), right())
    assert check_together(all_fixed(images, finding)) == []


def test_an_image_whose_boxes_do_not_fit_as_sizes_is_left_alone():
    images = [*changed(right(60), sizes), image([[150, 50, 190, 90]], "other")]  # 150 + 190 > 200
    finding = one(images)
    assert Path("other.jpg") not in finding.images
    assert len(finding.images) == 60


def test_some_inverted_boxes_are_no_evidence():
    images = right()
    few = changed(images[:4], lambda boxes: boxes[:, [2, 3, 0, 1]])  # 4 of 20 images, under a quarter of the boxes
    assert check_together([*few, *images[4:]]) == []


def test_inverted_boxes_that_do_not_fit_as_sizes_are_just_inverted():
    images = changed(right(), lambda boxes: boxes[:, [2, 3, 0, 1]])
    # [180, 80, 200, 100] became [200, 100, 180, 80]: 200 + 180 is far beyond 200
    assert check_together(images) == []


def test_a_corner_taken_for_width_and_height():
    images = changed(right(), doubled)
    finding = one(images)
    assert finding.kind == "corner_as_size"
    assert finding.values["fits"] == 20 * 5 + 12 * 2
    assert_boxes(all_fixed(images, finding), right())
    assert check_together(all_fixed(images, finding)) == []


def test_too_few_boxes_say_nothing():
    assert check_together(changed([image([[100, 50, 120, 60]] * 9)], sizes)) == []
    assert one(changed([image([[100, 50, 120, 60]] * 10)], sizes)).kind == "size_as_corner"


@pytest.mark.parametrize("by", [1, -1])
def test_all_boxes_a_pixel_off(by):
    images = changed(right(), lambda boxes: boxes + np.float32(by))
    finding = one(images)
    assert (finding.kind, finding.values["by"]) == ("shifted", by)
    # 12 images with 2 sides each: x and y
    assert finding.values["behind" if by > 0 else "before"] == 24
    assert_boxes(all_fixed(images, finding), right())
    assert check_together(all_fixed(images, finding)) == []


def test_pixels_counted_from_one():
    images = changed(right(), lambda boxes: boxes + np.array([1, 1, 0, 0], np.float32))
    finding = one(images)
    assert finding.kind == "one_based"
    assert (finding.values["at_one"], finding.values["at_zero"], finding.values["at_size"]) == (24, 0, 24)
    assert_boxes(all_fixed(images, finding), right())


def test_boxes_that_end_with_the_last_pixel():
    images = changed(right(), lambda boxes: boxes - np.array([0, 0, 1, 1], np.float32))
    finding = one(images)
    assert finding.kind == "zero_based"
    assert (finding.values["at_zero"], finding.values["short"], finding.values["at_size"]) == (24, 24, 0)
    assert_boxes(all_fixed(images, finding), right())


def test_a_few_boxes_over_the_edge_by_a_pixel_are_no_shift():
    images = right()
    two = image([[50, 50, 201, 80], [50, 30, 70, 101]], "two")
    assert check_together([*images, two]) == []


def test_a_shift_back_leaves_no_box_without_area_and_none_outside():
    images = changed(right(touching=20), lambda boxes: boxes + np.float32(1))
    thin = image([[0, 10, 1, 20]], "thin")  # would end at 0
    finding = one([*images, thin])
    (left,) = all_fixed([thin], finding)
    assert left.truth.boxes.tolist() == [[0, 10, 1, 20]]


def test_boxes_of_a_stored_picture_are_held_against_its_own_edges():
    # 150 px wide boxes in a stored picture of 200 x 100, which is upright 100 x 200
    turned = [
        Checked(each.path, each.truth, HW[::-1], stated_hw=HW, orientation=6) for each in right()
    ]  # fmt: skip
    assert check_together(turned) == []


@pytest.mark.parametrize("by", [1, -1])
def test_images_that_are_right_already_are_left_alone(by):
    images = changed(right(24, touching=24), lambda boxes: boxes + np.float32(by))
    images += changed([image([[50, 30, 60, 40]], "inner")], lambda boxes: boxes + np.float32(by))
    # Half done: a third of the images is put right; only sides at the edge where the shift leads over it are counted.
    kept = []
    for each in images:
        boxes = each.truth.boxes
        kept.append(image(boxes[boxes[:, 0] >= 20 if by > 0 else boxes[:, 2] < 178], each.path.stem))
    finding = one(kept)
    assert len(finding.images) == 25
    half = [*all_fixed(kept[:8], finding), *kept[8:]]
    again = one(half)
    assert set(again.images) == {each.path for each in kept[8:24]}  # of the inner one nothing is known now
    assert_boxes(all_fixed(half, again)[:8], half[:8])


def test_one_image_that_looks_right_by_itself_is_left_alone():
    images = changed(right(), lambda boxes: boxes + np.float32(1))
    finding = one([*images, image([[50, 50, 200, 80]], "other")])
    assert len(finding.images) == 20
    assert Path("other.jpg") not in finding.images
