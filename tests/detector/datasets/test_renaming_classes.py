"""A class under another name in the list of classes: nothing else changes, and what was read before is no conflict."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from detector.datasets.annotation import Annotation
from detector.datasets.coco import CocoStore
from detector.datasets.errors import DatasetError
from detector.datasets.succeeding import Succeeding
from detector.datasets.voc_store import VocStore
from detector.datasets.yolo import YoloStore
from detector.ground_truth import GroundTruth

HW = (60, 90)
YAML = "# cells\nnames:\n  0: RBC  # red\n  1: 'WBC'\nnc: 2\ntrain: images\n"


def yolo(tmp_path, name="data.yaml", text=YAML):
    labels = tmp_path / "labels"
    labels.mkdir()
    Image.new("RGB", HW[::-1]).save(tmp_path / "a.png")
    (labels / "a.txt").write_bytes(b"0 0.5 0.5 0.2  0.2\n1 0.25 0.5 0.1 0.1\n")
    (tmp_path / name).write_bytes(text.encode())
    return YoloStore(labels)


def test_the_first_object_of_a_new_place_may_have_a_flag(tmp_path):
    store = YoloStore(tmp_path / "labels", ("RBC",))
    truth = GroundTruth(np.array([[1, 2, 3, 4]], np.float32), ("RBC",), crowd=[True])
    store.write(tmp_path / "a.png", HW, Annotation(truth), None)
    assert YoloStore(tmp_path / "labels").read(tmp_path / "a.png", HW).annotation.ground_truth.crowd.tolist() == [True]


def relabelled(stored, old, new):
    truth = stored.annotation.ground_truth
    labels = tuple(new if label == old else label for label in truth.labels)
    return replace(stored.annotation, ground_truth=replace(truth, labels=labels))


@pytest.mark.parametrize(
    ("name", "text", "after"),
    [
        ("data.yaml", YAML, YAML.replace("RBC", "Red cell")),
        ("data.yaml", "names: [RBC, WBC]\n", "names: [Red cell, WBC]\n"),
        ("data.yaml", "\ufeffnames: ['RBC', WBC]\r\nnc: 2\r\n", "\ufeffnames: [Red cell, WBC]\r\nnc: 2\r\n"),
        ("data.yaml", "names:\n- WBC\n- RBC", "names:\n- WBC\n- Red cell"),
        ("classes.txt", " RBC \r\nRBC 2\r\n\r\n", " Red cell \r\nRBC 2\r\n\r\n"),
        ("classes.txt", "\ufeffRBC\nWBC", "\ufeffRed cell\nWBC"),
    ],
)
def test_only_the_name_changes_in_the_list(tmp_path, name, text, after):
    store = yolo(tmp_path, name, text)
    labels = (tmp_path / "labels" / "a.txt").read_bytes()
    numbers = store.classes
    assert store.rename_class("RBC", "Red cell")
    assert (tmp_path / name).read_bytes() == after.encode()
    assert store.classes == tuple("Red cell" if each == "RBC" else each for each in numbers)
    assert (tmp_path / "labels" / "a.txt").read_bytes() == labels


def test_what_was_read_under_the_old_name_is_still_written(tmp_path):
    store = yolo(tmp_path)
    path, labels = tmp_path / "a.png", tmp_path / "labels" / "a.txt"
    before, raw = store.read(path), labels.read_bytes()
    store.rename_class("RBC", "Red")
    assert store.read(path).annotation.ground_truth.labels == ("Red", "WBC")
    store.write(path, HW, relabelled(before, "RBC", "Red"), before)
    assert labels.read_bytes() == raw
    assert store.classes == ("Red", "WBC")
    store.rename_class("Red", "RBC")
    store.write(path, HW, before.annotation, before)
    assert labels.read_bytes() == raw
    assert store.classes == ("RBC", "WBC")


def test_a_list_that_somebody_else_changed_is_still_a_conflict(tmp_path):
    store = yolo(tmp_path)
    before = store.read(tmp_path / "a.png")
    store.rename_class("RBC", "Red")
    (tmp_path / "data.yaml").write_text("names: [WBC, RBC, Red]\n")
    with pytest.raises(DatasetError, match="was changed by another program"):
        store.write(tmp_path / "a.png", HW, relabelled(before, "RBC", "Red"), before)


@pytest.mark.parametrize(
    ("new", "words"), [("WBC", "has the class 'WBC' already"), ("a\nb", "cannot hold"), (" ", "cannot hold")]
)
def test_a_name_that_cannot_be_is_refused(tmp_path, new, words):
    store = yolo(tmp_path)
    with pytest.raises(DatasetError, match=words):
        store.rename_class("RBC", new)
    assert (tmp_path / "data.yaml").read_text() == YAML


@pytest.mark.parametrize("text", ["nc: 2\n", None])
def test_classes_that_are_only_numbers_have_no_name_to_change(tmp_path, text):
    store = yolo(tmp_path, text=text or YAML)
    if text is None:
        (tmp_path / "data.yaml").unlink()
        store = YoloStore(tmp_path / "labels")
    name = "class_0" if text else "0"
    with pytest.raises(DatasetError, match=r"no list|no name"):
        store.rename_class(name, "RBC")


def test_a_class_that_is_in_no_list_is_passed_over(tmp_path):
    store = yolo(tmp_path)
    store.rename_class("Platelets", "Thrombocytes")
    assert (tmp_path / "data.yaml").read_text() == YAML


def test_a_list_without_a_file_yet(tmp_path):
    store = YoloStore(tmp_path / "labels", ("RBC", "WBC"))
    store.rename_class("RBC", "Red")
    assert store.classes == ("Red", "WBC")
    assert list(tmp_path.iterdir()) == []
    store = CocoStore.new(tmp_path / "a.json", ("RBC", "WBC"))
    store.rename_class("RBC", "Red")
    assert store.classes == ("Red", "WBC")


def coco(tmp_path, indent):
    document = {
        "categories": [
            {"id": 7, "name": "RBC", "supercategory": "cell"},
            {"id": 3, "supercategory": "RBC", "name": "W\u00e9BC"},
        ],
        "images": [{"id": 1, "file_name": "a.png", "width": 90, "height": 60}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 7, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0},
            {"id": 2, "image_id": 1, "category_id": 3, "bbox": [1, 2, 3.5, 4], "area": 14, "iscrowd": 0},
        ],
    }
    place = tmp_path / "a.json"
    place.write_text(json.dumps(document, indent=indent, ensure_ascii=False), encoding="utf-8")
    return CocoStore(place), place


@pytest.mark.parametrize("indent", [None, 2])
def test_of_coco_only_the_name_of_the_category_changes(tmp_path, indent):
    store, place = coco(tmp_path, indent)
    path, raw = tmp_path / "a.png", place.read_text(encoding="utf-8")
    before = store.read(path, HW)
    assert store.rename_class("RBC", "Red blood cell")
    assert place.read_text(encoding="utf-8") == raw.replace('"name": "RBC"', '"name": "Red blood cell"')
    assert store.classes == ("Red blood cell", "W\u00e9BC")
    # The index still knows where everything stands, also behind the name that is longer now.
    assert store.read(path, HW).annotation.ground_truth.labels == ("Red blood cell", "W\u00e9BC")
    fresh = CocoStore(place).read(path, HW).annotation
    assert fresh.says_the_same(store.read(path, HW).annotation)
    renamed = place.read_bytes()
    store.write(path, HW, relabelled(before, "RBC", "Red blood cell"), before)
    assert place.read_bytes() == renamed
    boxes = np.array([[1, 2, 4, 6], [1, 2, 4.5, 9]], np.float32)
    truth = GroundTruth(boxes, ("Red blood cell", "W\u00e9BC"))
    store.write(path, HW, Annotation(truth, before.annotation.records), before)
    assert json.loads(place.read_text(encoding="utf-8"))["annotations"][1]["bbox"] == [1, 2, 3.5, 7]


def test_of_coco_a_name_that_is_there_is_refused(tmp_path):
    store, place = coco(tmp_path, None)
    raw = place.read_bytes()
    with pytest.raises(DatasetError, match="already"):
        store.rename_class("RBC", "W\u00e9BC")
    store.rename_class("Platelets", "Thrombocytes")
    assert place.read_bytes() == raw


def test_a_file_that_was_put_back_is_no_conflict(tmp_path):
    store, place = coco(tmp_path, None)
    path, raw = tmp_path / "a.png", place.read_bytes()
    before = store.read(path, HW)
    store.rename_class("RBC", "Red")
    place.write_bytes(raw)
    store.refresh()
    store.write(path, HW, relabelled(before, "RBC", "W\u00e9BC"), before)
    assert [each["category_id"] for each in json.loads(place.read_bytes())["annotations"]] == [3, 3]


def test_voc_has_no_list_and_a_store_that_follows_another_has_its_own(tmp_path):
    voc, store = VocStore(tmp_path), yolo(tmp_path)
    assert not voc.rename_class("RBC", "Red")
    assert voc.shared_files == ()
    both = Succeeding(store, voc)
    assert both.rename_class("RBC", "Red")
    assert both.classes == ("Red", "WBC")
    assert both.shared_files == (tmp_path / "data.yaml", tmp_path / "labels" / ".boxscope.json")
