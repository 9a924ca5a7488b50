"""What a folder's annotations say, in pieces: at a glance first, by reading where that does not tell."""

import json

import pytest

import app.folder_scan
from app.folder_scan import FolderScan
from app.image_state import AnnotationState
from detector.datasets.coco import CocoStore
from detector.datasets.stores import Stores
from tests.helpers.coco_files import picture
from tests.helpers.small_datasets import Made, write_as_voc


def never():
    return False


def coco(folder, *annotations):
    """A COCO json of a.png (id 1), b.png (id 2) and c.png, which it does not list."""
    paths = [picture(folder / name) for name in ("a.png", "b.png", "c.png")]
    content = {
        "images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png", "verified": True}],
        "annotations": [{"id": row, "bbox": [1, 2, 3, 4]} | each for row, each in enumerate(annotations)],
        "categories": [{"id": 7, "name": "cat"}, {"id": 8, "name": "dog"}],
    }
    (folder / "x.json").write_text(json.dumps(content))
    stores = Stores()
    stores.use(folder, CocoStore.shared(folder / "x.json"))
    return stores, paths


def all_told(scan):
    """The answers one after the other."""
    told = []
    while not scan.is_done:
        answer = scan.some(never)
        if answer is not None:
            told.append(answer)
    return told


def test_a_coco_file_is_told_without_reading_its_annotations(tmp_path, monkeypatch):
    stores, (a, b, c) = coco(
        tmp_path,
        {"image_id": 1, "category_id": 8},
        {"image_id": 2, "category_id": 7},
        {"image_id": 1, "category_id": 7},
        {"image_id": 1, "category_id": 7},
    )
    reads = []
    monkeypatch.setattr(CocoStore, "read", lambda store, path: reads.append(path))
    told = FolderScan(stores, list(map(str, (a, b, c)))).some(never)
    assert told.is_last
    assert told.states == {
        a: AnnotationState(3, (("dog", 1), ("cat", 2))),
        b: AnnotationState(1, (("cat", 1),), verified=True),
        c: AnnotationState(),
    }
    assert not reads


def test_what_is_broken_shows_in_the_second_round(tmp_path):
    stores, (a, b, c) = coco(
        tmp_path,
        {"image_id": 1, "category_id": 7, "bbox": [1, 2, "three", 4]},  # only reading tells
        {"image_id": 2, "category_id": 9},  # no such category: the index tells that something is wrong
    )
    first, second = all_told(FolderScan(stores, list(map(str, (a, b, c)))))
    assert first.is_last
    assert (first.states[a].boxes, first.states[a].problem) == (1, "")
    assert first.states[b].problem
    assert not second.is_last
    assert list(second.states) == [a]
    assert second.states[a].problem


def test_where_reading_is_needed_there_is_one_round(tmp_path):
    write_as_voc(tmp_path, [Made("a", None, ()), Made("b", None, ())])
    files = [str(tmp_path / "JPEGImages" / name) for name in ("a.png", "b.png")]
    scan = FolderScan(Stores(), files)
    told = scan.some(never)
    assert told.is_last
    assert len(told.states) == 2
    assert scan.is_done


def test_whoever_asks_comes_first(tmp_path):
    stores, paths = coco(tmp_path)
    scan = FolderScan(stores, list(map(str, paths)))
    asked = iter((False, False, True))
    assert scan.some(lambda: next(asked)) is not None  # two images
    told = all_told(scan)
    assert [list(each.states) for each in told] == [paths[2:]]


@pytest.mark.parametrize("seconds", [0.0, 1000.0])
def test_answers_come_seldom_and_the_last_at_once(tmp_path, monkeypatch, seconds):
    stores, paths = coco(tmp_path)
    monkeypatch.setattr(app.folder_scan, "TELL_SECONDS", seconds)
    scan = FolderScan(stores, list(map(str, paths)))
    asked = iter((False, True) * 3)
    told = [scan.some(lambda: next(asked)) for _ in paths]
    # The first answer is always due: nothing was ever told.
    expected = [1, 1, 1] if seconds == 0.0 else [1, None, None]
    assert [each and len(each.states) for each in told] == expected
    last = scan.some(never)
    assert (last.is_last, len(last.states)) == (True, 0 if seconds == 0.0 else 2)


def test_an_empty_folder_is_told_at_once():
    scan = FolderScan(Stores(), ())
    assert scan.some(never) == ({}, True)
    assert scan.is_done
