"""Outlines of a COCO file: they go where their boxes go, and are kept as they are where those are stretched."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detector.datasets.coco import CocoStore
from detector.datasets.coco_outline import is_moved
from tests.helpers.coco_files import HW, moved, picture, raws

POLYGONS = "[ [10, 10.50, 30,10.5, 3e1 ,30.25], [12,12,14.0,12,14,1.5e1] ]"
RLE = '{"size": [80, 100], "counts": "PPYo0"}'


def place_of(folder, outline, bbox="[10, 10.5, 20, 19.75]", area="200"):
    picture(folder / "a.png")
    place = folder / "x.json"
    one = f'{{"id": 1, "segmentation": {outline}, "image_id": 1, "category_id": 1, "bbox": {bbox}, "area": {area}}}'
    other = '{"id": 2, "image_id": 1, "category_id": 1, "bbox": [1,2,3,4], "segmentation": [[1,2,4,2,4,6]]}'
    images = '{"id": 1, "file_name": "a.png", "width": 100, "height": 80}'
    place.write_text(
        f'{{"images": [{images}], "annotations": [{one}, {other}], "categories": [{{"id": 1, "name": "cat"}}]}}'
    )
    return place


def saved(place, box):
    """The text of the annotation with its box there, and what is said of the save."""
    store, image = CocoStore(place), place.parent / "a.png"
    other = raws(place.read_text(), "annotations")[1]
    seen = store.read(image, HW)
    wanted = moved(seen, 0, box)
    stored = store.write(image, HW, wanted, seen)
    assert stored.annotation.says_the_same(wanted)
    assert CocoStore(place).read(image, HW).annotation.says_the_same(wanted)
    one, still = raws(place.read_text(), "annotations")
    assert still == other
    return one, stored.notes


@pytest.mark.parametrize(
    ("box", "outline"),
    [
        ((30, 10.5, 50, 30.25), "[ [30, 10.50, 50,10.5, 50 ,30.25], [32,12,34.0,12,34,15] ]"),
        ((9.5, 8, 29.5, 27.75), "[ [9.5, 8.00, 29.5,8.0, 29.5 ,27.75], [11.5,9.5,13.5,9.5,13.5,12.5] ]"),
    ],
)
def test_a_box_that_is_moved_takes_its_polygons_along(tmp_path, box, outline):
    text, warnings = saved(place_of(tmp_path, POLYGONS), box)
    assert json.loads(text)["segmentation"] == json.loads(outline)
    assert f'"segmentation": {outline}, ' in text
    assert json.loads(text)["area"] == 200  # that of the mask
    assert warnings == ()


def test_moved_and_back_it_is_as_it_was(tmp_path):
    place = place_of(tmp_path, POLYGONS, "[10.123456789, 10.5, 20, 19.75]")
    before = json.loads(raws(place.read_text(), "annotations")[0])["segmentation"]
    box = CocoStore(place).read(tmp_path / "a.png", HW).annotation.ground_truth.boxes[0]
    for shift in (0.1, 3.3, 1 / 3):
        saved(place, box + np.float32(shift))
    saved(place, box)
    after = json.loads(raws(place.read_text(), "annotations")[0])["segmentation"]
    for one, other in zip(before, after, strict=True):
        np.testing.assert_allclose(other, one, atol=1e-5, rtol=0)


@pytest.mark.parametrize("outline", [POLYGONS, RLE, "[[1,2,3]]", '[["a",2]]', "[[true,2]]", "[[1e9,2]]", "7"])
def test_a_box_that_is_stretched_leaves_its_outline_and_that_is_said(tmp_path, outline):
    text, (warning,) = saved(place_of(tmp_path, outline), (10, 10.5, 40, 30.25))
    assert f'"segmentation": {outline}, ' in text
    assert warning.endswith("x.json': the outline of object 1 was kept as it was, and does not fit the new box.")


@pytest.mark.parametrize("outline", [RLE, "[[1,2,3]]"])
def test_a_mask_that_is_no_polygon_stays_where_it_is_and_that_is_said(tmp_path, outline):
    text, (warning,) = saved(place_of(tmp_path, outline), (30, 10.5, 50, 30.25))
    assert f'"segmentation": {outline}, ' in text
    assert "does not fit" in warning


@pytest.mark.parametrize("outline", ["[]", "null", "[[]]", "[ [], [] ]"])
def test_without_an_outline_there_is_nothing_to_say(tmp_path, outline):
    place = place_of(tmp_path, outline)
    for box in ((30, 10.5, 50, 30.25), (30, 10.5, 60, 30.25)):
        text, warnings = saved(place, box)
        assert f'"segmentation": {outline}, ' in text
        assert warnings == ()


def test_a_box_that_is_drawn_around_its_outline_again_fits(tmp_path):
    place = place_of(tmp_path, POLYGONS, "[10, 10.5, 60, 60]")
    _, warnings = saved(place, (9.5, 10, 31, 31))  # within a pixel
    assert warnings == ()
    store, image = CocoStore(place), tmp_path / "a.png"
    seen = store.read(image, HW)
    truth = replace(seen.annotation.ground_truth, boxes=seen.annotation.ground_truth.boxes + np.float32([0, 0, 9, 9]))
    (warning,) = store.write(image, HW, replace(seen.annotation, ground_truth=truth), seen).notes
    assert "the outline of 2 objects" in warning
    seen = store.read(image, HW)
    assert store.write(image, HW, seen.annotation, seen).notes == ()


@given(
    st.tuples(*[st.floats(0, 5000, width=32)] * 2, *[st.floats(1, 5000, width=32)] * 2),
    st.tuples(*[st.floats(-5000, 5000, width=32)] * 2),
)
def test_what_is_moved_is_known_whatever_it_is_rounded_by(box, shift):
    was = np.array([box[0], box[1], box[0] + box[2], box[1] + box[3]], np.float32)
    now = (was + np.array([*shift, *shift], np.float32)).astype(np.float32)
    assert is_moved(was, now)
    now[2] += np.float32(0.01)
    assert not is_moved(was, now)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=6), st.tuples(*[st.floats(-500, 500, width=16)] * 2))
def test_any_polygon_is_shifted_as_the_box_is(tmp_path, numbers, shift):
    place = place_of(tmp_path, json.dumps([numbers]))
    box = np.array([10, 10.5, 30, 30.25], np.float32) + np.array([*shift, *shift], np.float32)
    text, _ = saved(place, box)
    found = json.loads(text)
    wanted = np.reshape(numbers, (-1, 2)) + (np.array(found["bbox"][:2]) - [10, 10.5])
    np.testing.assert_allclose(np.reshape(found["segmentation"], (-1, 2)), wanted, rtol=1e-12, atol=1e-9)
