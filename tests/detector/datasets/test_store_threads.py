"""Stores that several threads use at once: nothing is lost, and nobody waits who only asks for names."""

import json
import sys
import threading
from dataclasses import replace

import pytest

from detector.datasets import coco_store
from detector.datasets import sidecar as sidecar_module
from detector.datasets.annotation import ChangedOnDiskError
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


@pytest.fixture
def three(tmp_path):
    """A json of three images with an object each."""
    images = [picture(tmp_path / f"{number}.png") for number in range(3)]
    content = {
        "images": [{"id": n, "file_name": image.name, "width": 100, "height": 100} for n, image in enumerate(images)],
        "annotations": [{"id": n, "image_id": n, "category_id": 1, "bbox": [n, 2, 3, 4]} for n in range(3)],
        "categories": [{"id": 1, "name": "cat"}],
    }
    (tmp_path / "x.json").write_text(json.dumps(content))
    return images


def lefts(store, images):
    return [store.read(image, HW).annotation.ground_truth.boxes[:, 0].tolist() for image in images]


def at(seen, *left):
    """What is seen, with boxes that begin there."""
    found = annotation([[each, 2, each + 3, 6] for each in left], ["cat"] * len(left))
    return replace(found, records=(*seen.annotation.records, *[None] * len(left))[: len(left)])


@pytest.fixture
def while_writing(monkeypatch):
    """What is put in here, with the seconds that it may take, is done by another thread while the next file is written.

    The thread goes into the second list.
    """
    todo, threads, write = [], [], coco_store.write_atomic

    def slow(path, pieces, check):
        def all_and_more():
            yield from pieces
            if todo:
                what, seconds = todo.pop()
                threads.append(threading.Thread(target=what))
                threads[-1].start()
                threads[-1].join(seconds)

        return write(path, all_and_more(), check)

    monkeypatch.setattr(coco_store, "write_atomic", slow)
    return todo, threads


def test_who_reads_a_json_does_not_wait_while_it_is_being_saved(three, while_writing):
    todo, threads = while_writing
    store = CocoStore(three[0].parent / "x.json")
    seen, other, found = store.read(three[0], HW), store.read(three[1], HW), []
    batch = store.batch()

    def look():
        found.append(lefts(store, three))
        found.append(len(store.glance(three[0]).labels))
        found.append(store.class_counts()["cat"])
        batch.add(three[1], HW, at(other, 11, 21), other)
        found.append("all")

    todo.append((look, 10))  # who had to wait for the save would wait for ever
    stored = store.write(three[0], HW, at(seen, 10, 20), seen)
    assert found == [[[0], [1], [2]], 1, 3, "all"]
    threads[0].join()
    assert lefts(store, three) == [[10, 20], [1], [2]]
    written = batch.write()[three[1]]
    assert lefts(store, three) == lefts(CocoStore(store.place), three) == [[10, 20], [11, 21], [2]]
    assert stored.stamp != written.stamp == store.read(three[1], HW).stamp
    ids = [each["id"] for each in json.loads(store.place.read_text())["annotations"]]
    assert ids == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("second", ["save", "rename"])
def test_a_save_waits_for_the_one_before(three, while_writing, second):
    todo, threads = while_writing
    store = CocoStore(three[0].parent / "x.json")
    seen, other = store.read(three[0], HW), store.read(three[1], HW)
    if second == "save":
        todo.append((lambda: store.write(three[1], HW, at(other, 11, 21), other), 0.3))
    else:
        todo.append((lambda: store.rename_class("cat", "lion"), 0.3))
    store.write(three[0], HW, at(seen, 10, 20), seen)
    threads[0].join()
    assert lefts(store, three) == [[10, 20], [11, 21] if second == "save" else [1], [2]]
    assert lefts(CocoStore(store.place), three) == lefts(store, three)
    assert CocoStore(store.place).classes == store.classes == (("cat",) if second == "save" else ("lion",))


def test_a_json_that_is_looked_through_anew_while_it_is_being_saved(three, while_writing):
    todo, _ = while_writing
    store = CocoStore(three[0].parent / "x.json")
    seen = store.read(three[2], HW)
    seen = store.write(three[2], HW, at(seen), seen)  # so that the rows of a new look are others
    other = store.read(three[0], HW)
    todo.append((store.reload, 10))
    store.write(three[0], HW, at(other, 10, 20), other)
    assert lefts(store, three) == lefts(CocoStore(store.place), three) == [[10, 20], [1], []]


def test_a_json_that_another_program_writes_while_it_is_being_saved_and_is_read(three, while_writing):
    todo, _ = while_writing
    store = CocoStore(three[0].parent / "x.json")
    seen, found = store.read(three[0], HW), []

    def theirs():
        text = store.place.read_text().replace('"bbox": [1,', '"bbox": [100,')
        store.place.write_text(text)
        found.append(lefts(store, three))

    todo.append((theirs, 10))
    with pytest.raises(ChangedOnDiskError):
        store.write(three[0], HW, at(seen, 10, 20), seen)
    assert found == [[[0], [100], [2]]]
    assert lefts(store, three) == lefts(CocoStore(store.place), three) == [[0], [100], [2]]


def test_images_of_a_json_that_are_read_while_others_are_saved_by_two(three, often):
    store = CocoStore(three[0].parent / "x.json")
    begun = threading.Event()

    def look():
        (left,), (top,) = lefts(store, three[2:])[0], [len(store.glance(three[2]).labels)]
        assert (left, top) == (2, 1)
        assert len(store.read(three[0], HW).annotation.ground_truth) in (1, 2)

    def save(image, first):
        seen = store.read(image, HW)
        for number in range(first, first + 20):
            seen = store.write(image, HW, at(seen, *[number] * (1 + number % 2)), seen)

    def save_other():
        if not begun.is_set():
            begun.set()
            save(three[1], 200)

    with Meanwhile(look), Meanwhile(save_other):
        begun.wait()
        save(three[0], 100)
    assert lefts(store, three) == lefts(CocoStore(store.place), three) == [[119, 119], [219, 219], [2]]
