"""Annotations of many images written together: a file of all is written once, and what goes wrong leaves it whole."""

from __future__ import annotations

import json

import pytest

from detector.datasets import coco_store
from detector.datasets.annotation import ChangedOnDiskError, Stored
from detector.datasets.coco import CocoStore
from detector.datasets.errors import DatasetError
from detector.datasets.succeeding import in_front
from detector.datasets.voc_store import VocStore
from tests.helpers.coco_files import HW, annotation, picture, without

NAMES = [f"{number}.png" for number in range(4)]


@pytest.fixture
def place(tmp_path):
    for name in NAMES:
        picture(tmp_path / name)
    content = {
        "images": [{"id": n, "file_name": name, "width": 100, "height": 80} for n, name in enumerate(NAMES[:3])],
        "annotations": [
            {"id": 10 * n + k, "image_id": n, "category_id": 1 + k, "bbox": [1 + k, 2, 30, 40], "score": 1.50}
            for n in range(3)
            for k in range(2)
        ],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    }
    path = tmp_path / "x.json"
    path.write_text(json.dumps(content))
    return path


def batch_of(store, folder, names=NAMES[:3], rows=(0,)):
    """Of each image some objects taken out."""
    batch = store.batch()
    for name in names:
        seen = store.read(folder / name, HW)
        batch.add(folder / name, HW, without(seen, *rows), seen)
    return batch


def test_the_file_is_written_once(place, monkeypatch):
    written = []
    real = coco_store.write_atomic
    monkeypatch.setattr(coco_store, "write_atomic", lambda *given: written.append(given[0]) or real(*given))
    store = CocoStore(place)
    batch = batch_of(store, place.parent, rows=(0, 1))
    new = annotation([[1, 2, 3, 4]], ["fish"])
    batch.add(place.parent / NAMES[3], HW, new, None)
    assert written == []
    found = batch.write()
    assert written == [place]
    assert all(isinstance(each, Stored) for each in found.values())
    content = json.loads(place.read_text())
    assert [each["id"] for each in content["annotations"]] == [22]  # 21 was the largest there
    assert content["images"][3] == {"id": 3, "file_name": "3.png", "width": 100, "height": 80}
    assert content["categories"][2]["name"] == "fish"
    assert batch.write() == {}


def test_a_batch_that_is_given_up_leaves_everything(place):
    before, store = place.read_bytes(), CocoStore(place)
    batch_of(store, place.parent)
    assert place.read_bytes() == before
    assert len(store.read(place.parent / "0.png", HW).annotation.ground_truth) == 2


def test_a_disk_that_fails_in_the_middle_leaves_the_old_file(place, monkeypatch):
    before, store = place.read_bytes(), CocoStore(place)
    batch = batch_of(store, place.parent)

    def fails(path, pieces, *_):
        next(iter(pieces))
        raise DatasetError(f"'{path}' cannot be written (No space left on device).")

    monkeypatch.setattr(coco_store, "write_atomic", fails)
    found = batch.write()
    assert {str(each) for each in found.values()} == {f"'{place}' cannot be written (No space left on device)."}
    assert place.read_bytes() == before
    monkeypatch.undo()
    assert all(isinstance(each, Stored) for each in batch_of(store, place.parent).write().values())


def test_another_program_that_was_there_meanwhile_is_not_overwritten(place):
    store = CocoStore(place)
    batch = batch_of(store, place.parent)
    theirs = place.read_text().replace('"score": 1.5', '"score": 2.75')
    place.write_text(theirs)
    batch.add(place.parent / NAMES[3], HW, annotation([[1, 2, 3, 4]], ["cat"]), None)  # whatever is there
    found = batch.write()
    assert [type(found[place.parent / name]) for name in NAMES[:3]] == [ChangedOnDiskError] * 3
    now = json.loads(place.read_text())
    assert [each.get("score") for each in now["annotations"]] == [2.75] * 6 + [None]


def test_a_save_of_another_image_between_them(place):
    store = CocoStore(place)
    batch = batch_of(store, place.parent, NAMES[:2])
    seen = store.read(place.parent / "2.png", HW)
    store.write(place.parent / "2.png", HW, without(seen, 0, 1), seen)
    assert all(isinstance(each, Stored) for each in batch.write().values())
    assert [each["id"] for each in json.loads(place.read_text())["annotations"]] == [1, 11]
    assert len(store.read(place.parent / "2.png", HW).annotation.ground_truth) == 0


def test_an_image_written_meanwhile_is_found_out(place):
    store = CocoStore(place)
    batch = batch_of(store, place.parent)
    seen = store.read(place.parent / "1.png", HW)
    store.write(place.parent / "1.png", HW, without(seen, 1), seen)
    found = batch.write()
    assert [type(each) for each in found.values()] == [Stored, ChangedOnDiskError, Stored]
    assert [each["id"] for each in json.loads(place.read_text())["annotations"]] == [1, 10, 21]


def test_new_images_of_one_name_in_two_folders(place):
    batch = CocoStore(place).batch()
    for folder in ("a", "b"):
        batch.add(picture(place.parent / folder / "new.png"), HW, annotation(), None)
    assert [type(each) for each in batch.write().values()] == [Stored, Stored]
    names = [each["file_name"] for each in json.loads(place.read_text())["images"]]
    assert names == ["0.png", "1.png", "2.png", "a/new.png", "b/new.png"]


def test_a_link_and_what_it_leads_to_are_one_entry(place, tmp_path):
    link = tmp_path / "elsewhere" / "0.png"
    link.parent.mkdir()
    link.symlink_to(place.parent / "0.png")
    content = json.loads(place.read_text())
    content["images"][0]["file_name"] = "C:\\far\\0.png"
    place.write_text(json.dumps(content))
    store = CocoStore(place)
    batch = store.batch()
    for path in (place.parent / "0.png", link):
        seen = store.read(path, HW)
        batch.add(path, HW, without(seen, 0), seen)
    one, two = batch.write().values()
    assert isinstance(one, Stored)
    assert str(two) == f"'{place}' has one entry for '{place.parent / '0.png'}' and '{link}'; that is the first one's."
    assert len(json.loads(place.read_text())["annotations"]) == 5


def test_files_of_their_own_are_written_one_after_the_other(tmp_path):
    store = VocStore(tmp_path)
    batch = store.batch()
    for name in NAMES[:3]:
        batch.add(picture(tmp_path / name), HW, annotation([[1, 2, 3, 4]], ["cat"]), None)
    (tmp_path / "1.xml").mkdir()
    found = batch.write()
    assert [isinstance(each, Stored) for each in found.values()] == [True, False, True]
    assert [(tmp_path / f"{number}.xml").is_file() for number in range(3)] == [True, False, True]


def test_a_place_in_front_of_another(place):
    voc = VocStore(place.parent)
    voc.write(place.parent / "3.png", HW, annotation([[1, 2, 3, 4]], ["fish"]), None)
    store = in_front(CocoStore(place), voc)
    batch = batch_of(store, place.parent, NAMES[2:], rows=())
    found = batch.write()
    assert all(isinstance(each, Stored) for each in found.values())
    assert CocoStore(place).read(place.parent / "3.png", HW).annotation.ground_truth.labels == ("fish",)
    assert store.read(place.parent / "3.png", HW).path == place
