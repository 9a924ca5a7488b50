"""Stores that several threads use at once: nothing is lost, and nobody waits who only asks for names."""

import json
import sys
import threading
from dataclasses import replace

import pytest

from detector.datasets import coco_store
from detector.datasets import sidecar as sidecar_module
from detector.datasets.coco import CocoStore
from detector.datasets.sidecar import SIDECAR_NAME, Beside, Sidecar
from detector.datasets.yolo import YoloStore
from detector.datasets.yolo_classes import TxtClasses
from tests.helpers.coco_files import annotation, picture

HW = (100, 100)


@pytest.fixture
def often():
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


class Meanwhile:
    """Does something again and again in a thread of its own; what it raises is raised here at the end."""

    def __init__(self, what):
        self._what, self._is_over, self._error = what, threading.Event(), None
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            while not self._is_over.is_set():
                self._what()
        except BaseException as error:
            self._error = error

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *_):
        self._is_over.set()
        self._thread.join()
        if self._error is not None:
            raise self._error


def entries(path):
    return json.loads(path.read_text())["images"]


def test_what_is_kept_while_the_file_is_being_read_takes_nothing_away(tmp_path, monkeypatch):
    path = tmp_path / SIDECAR_NAME
    path.write_text(json.dumps({"version": 1, "images": {name: {"verified": True} for name in "abc"}}))
    kept, read = Sidecar(path), sidecar_module._read
    saving = threading.Thread(target=lambda: kept.put("d", Beside(True)))

    def slow(path):
        if threading.current_thread() is threading.main_thread():
            saving.start()
            saving.join(0.2)  # without turns it would be over by now
        return read(path)

    monkeypatch.setattr(sidecar_module, "_read", slow)
    assert kept.of("a").verified
    saving.join()
    assert set(entries(path)) == {"a", "b", "c", "d"}


def test_flags_of_a_folder_that_is_being_looked_through_while_it_is_saved(tmp_path, often):
    count = 30
    (tmp_path / "classes.txt").write_text("cat\n")
    path = tmp_path / SIDECAR_NAME
    path.write_text(json.dumps({"version": 1, "images": {str(each): {"verified": True} for each in range(200)}}))
    images = [tmp_path / f"{each}.png" for each in range(count)]
    for image in images:
        image.with_suffix(".txt").write_text("0 .5 .5 .25 .25\n")
    store = YoloStore(tmp_path)
    with Meanwhile(lambda: [store.read(image, HW) for image in images]):
        for row, image in enumerate(images, 1):
            seen = store.read(image, HW)
            assert seen.annotation.verified
            store.write(image, HW, replace(seen.annotation, verified=False), seen)
            assert len(entries(path)) == 200 - row


def test_a_list_of_classes_that_is_read_while_it_grows(tmp_path, often):
    (tmp_path / "classes.txt").write_text("0\n")
    classes = TxtClasses(tmp_path / "classes.txt")

    def look():
        names = classes.names()
        assert names == tuple(map(str, range(len(names))))

    with Meanwhile(look):
        for number in range(1, 60):
            assert classes.numbers_of([str(number)], add=True)[str(number)] == number
    assert len(classes.names()) == 60


def test_the_classes_of_a_json_are_told_while_it_is_being_saved(tmp_path, monkeypatch):
    place, image, write = tmp_path / "x.json", picture(tmp_path / "a.png"), coco_store.write_atomic
    place.write_text(json.dumps({"images": [], "annotations": [], "categories": [{"id": 1, "name": "cat"}]}))
    store = CocoStore(place)
    assert store.classes == ("cat",)
    told = []

    def slow(*given):
        asking = threading.Thread(target=lambda: told.append(store.classes))
        asking.start()
        asking.join(5)  # who had to wait for the save would wait for ever
        return write(*given)

    monkeypatch.setattr(coco_store, "write_atomic", slow)
    store.write(image, HW, annotation([[0, 0, 2, 2]], ["dog"]), None)
    assert told == [("cat",)]
    assert store.classes == ("cat", "dog")
    store.rename_class("dog", "wolf")
    assert told == [("cat",), ("cat", "dog")]
    assert store.classes == ("cat", "wolf")
    place.write_text(json.dumps({"images": [], "annotations": [], "categories": [{"id": 1, "name": "bird"}]}))
    store.read(image, HW)
    assert store.classes == ("bird",)
