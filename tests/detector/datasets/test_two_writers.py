"""Two programs that write one file at the same moment: the one that is later by a hair overwrites nothing."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from detector.datasets import DatasetError, GroundTruth
from detector.datasets.annotation import Annotation, ChangedOnDiskError, stamp_of
from detector.datasets.coco import CocoStore
from detector.datasets.files import write_atomic
from detector.datasets.sidecar import Beside, Sidecar
from detector.datasets.voc_store import VocStore
from detector.datasets.yolo import YoloStore

HW = (80, 200)
STORES = {
    "voc": lambda folder: VocStore(folder),
    "yolo": lambda folder: YoloStore(folder, ("cat", "dog")),
    "coco": lambda folder: (
        CocoStore(folder / "x.json") if (folder / "x.json").exists() else CocoStore.new(folder / "x.json")
    ),
}


def boxes(label, left, verified=False):
    truth = GroundTruth(np.array([[left, 10, left + 20, 30]], np.float32), (label,))
    return Annotation(truth, verified=verified)


def lefts(store, image):
    found = store.read(image, HW).annotation
    return None if found is None else [round(each) for each in found.ground_truth.boxes[:, 0].tolist()]


@pytest.fixture
def images(tmp_path):
    for name in "ab":
        Image.new("L", HW[::-1]).save(tmp_path / f"{name}.png")
    return [tmp_path / f"{name}.png" for name in "ab"]


@pytest.fixture
def between(monkeypatch):
    """What is put in here is done once, when the next file has been written and is about to be put in place."""
    todo, sync = [], os.fsync

    def sync_and_do(descriptor):
        sync(descriptor)
        if todo:
            todo.pop()()

    monkeypatch.setattr(os, "fsync", sync_and_do)
    return todo


@pytest.fixture
def right_after(monkeypatch):
    """What is put in here is done once, right after the next file has been put in place."""
    todo, replaced = [], os.replace

    def replace_and_do(old, new):
        replaced(old, new)
        if todo:
            todo.pop()()

    monkeypatch.setattr(os, "replace", replace_and_do)
    return todo


@pytest.mark.parametrize("kind", STORES)
def test_what_another_program_writes_right_after_a_save_is_not_taken_for_ones_own(kind, tmp_path, images, right_after):
    STORES[kind](tmp_path).write(images[0], HW, boxes("cat", 50), None)
    mine, other = STORES[kind](tmp_path), STORES[kind](tmp_path)
    seen = mine.read(images[0], HW)
    theirs = other.read(images[0], HW)
    right_after.append(lambda: other.write(images[0], HW, boxes("cat", 70), None))
    stored = mine.write(images[0], HW, replace(seen.annotation, ground_truth=boxes("cat", 60).ground_truth), seen)
    assert theirs.stamp != stored.stamp
    again = replace(stored.annotation, ground_truth=boxes("cat", 80).ground_truth)
    with pytest.raises(ChangedOnDiskError):
        mine.write(images[0], HW, again, stored)
    assert lefts(mine, images[0]) == [70]
    assert mine.read(images[0], HW).stamp == stamp_of(stored.path)


def test_a_json_that_another_program_writes_right_after_a_renaming_is_read_anew(tmp_path, images, right_after):
    mine = CocoStore.new(tmp_path / "x.json")
    mine.write(images[0], HW, boxes("cat", 50), None)
    other = CocoStore(tmp_path / "x.json")
    right_after.append(lambda: other.write(images[0], HW, boxes("dog", 70), None))
    mine.rename_class("cat", "lion")
    assert lefts(mine, images[0]) == [70]
    assert mine.classes == ("lion", "dog")


def test_what_is_kept_beside_by_another_right_after_is_read_anew(tmp_path, right_after):
    mine, other = Sidecar(tmp_path / "x.json"), Sidecar(tmp_path / "x.json")
    right_after.append(lambda: other.put("b", Beside(False)))
    mine.put("a", Beside(True))
    assert mine.of("b") == Beside(False)


@pytest.mark.parametrize("kind", STORES)
@pytest.mark.parametrize("is_new", [True, False])
def test_a_file_that_another_program_writes_meanwhile_is_not_overwritten(tmp_path, images, between, kind, is_new):
    mine = STORES[kind](tmp_path)
    if not is_new:
        mine.write(images[0], HW, boxes("cat", 0), mine.read(images[0], HW))
    elif kind == "yolo":
        mine.write(images[1], HW, boxes("cat", 0), mine.read(images[1], HW))  # the list of classes is there
    seen = mine.read(images[0], HW)

    def theirs():
        store = STORES[kind](tmp_path)
        store.write(images[0], HW, boxes("dog", 50), store.read(images[0], HW))

    between.append(theirs)
    with pytest.raises(ChangedOnDiskError):
        mine.write(images[0], HW, boxes("cat", 100), seen)
    assert between == []
    assert lefts(STORES[kind](tmp_path), images[0]) == [50]
    assert not list(tmp_path.glob(".*.tmp"))
    # Told to write all the same, it does.
    mine.write(images[0], HW, boxes("cat", 100), None)
    assert lefts(STORES[kind](tmp_path), images[0]) == [100]


def test_a_json_that_is_written_for_another_image_meanwhile_keeps_that(tmp_path, images, between):
    mine = STORES["coco"](tmp_path)
    seen = mine.read(images[0], HW)
    other = STORES["coco"](tmp_path)
    between.append(lambda: other.write(images[1], HW, boxes("dog", 50), other.read(images[1], HW)))
    with pytest.raises(ChangedOnDiskError):
        mine.write(images[0], HW, boxes("cat", 100), seen)
    mine.write(images[0], HW, boxes("cat", 100), None)
    assert [lefts(STORES["coco"](tmp_path), image) for image in images] == [[100], [50]]


def test_classes_that_two_add_at_once_keep_their_numbers(tmp_path, images, between):
    mine, other = YoloStore(tmp_path), YoloStore(tmp_path)
    seen = mine.read(images[0], HW)
    between.append(lambda: other.write(images[1], HW, boxes("dog", 50), other.read(images[1], HW)))
    with pytest.raises(ChangedOnDiskError, match=r"classes\.txt"):
        mine.write(images[0], HW, boxes("cat", 100), seen)
    mine.write(images[0], HW, boxes("cat", 100), None)
    found = [YoloStore(tmp_path).read(image, HW).annotation.ground_truth.labels for image in images]
    assert found == [("cat",), ("dog",)]


def test_what_is_kept_beside_by_two_at_once_is_all_kept(tmp_path, images, between):
    store = YoloStore(tmp_path)
    for image in images:
        store.write(image, HW, boxes("cat", 0), None)
    mine, other = YoloStore(tmp_path), YoloStore(tmp_path)
    seen = mine.read(images[0], HW)
    between.append(lambda: other.write(images[1], HW, boxes("cat", 0, True), other.read(images[1], HW)))
    with pytest.raises(ChangedOnDiskError):
        mine.write(images[0], HW, boxes("cat", 0, True), seen)
    mine.write(images[0], HW, boxes("cat", 0, True), mine.read(images[0], HW))
    assert all(YoloStore(tmp_path).read(image, HW).annotation.verified for image in images)


def test_what_the_check_says_leaves_the_old_file(tmp_path):
    file = tmp_path / "x"
    file.write_bytes(b"old")

    def check():
        assert [path.read_bytes() for path in tmp_path.glob(".*.tmp")] == [b"new"]
        raise DatasetError("No.")

    with pytest.raises(DatasetError, match="No"):
        write_atomic(file, b"new", check)
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert file.read_bytes() == b"old"
