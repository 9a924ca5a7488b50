"""Where the annotations of a folder are: found, chosen, opened; and what is read where several places have an image."""

import json
import os

import numpy as np
import pytest

from detector.datasets import DatasetError, GroundTruth
from detector.datasets.annotation import Annotation, ChangedOnDiskError
from detector.datasets.coco import CocoStore
from detector.datasets.stores import Stores, make_store
from detector.datasets.voc_store import VocStore
from tests.helpers.coco_files import HW, picture

CLASSES = ("cat", "dog")


def boxes(*lefts, label="cat"):
    """An annotation with a box of 20 x 20 px at each place."""
    sides = np.array([[left, 10, left + 20, 30] for left in lefts], np.float32).reshape(-1, 4)
    return Annotation(GroundTruth(sides, [label] * len(lefts)))


class Folder:
    """Images, and a person who chooses where they are saved."""

    def __init__(self, place, stores=None):
        self.place, self.stores = place, stores or Stores()
        self.chosen = []
        self._time = 1_000

    def image(self, name):
        return self.place / f"{name}.png"

    def choose(self, kind):
        place = {"voc": self.place, "yolo": self.place / "labels", "coco": self.place / "all.json"}[kind]
        self.chosen = [(kind, place), *(each for each in self.chosen if each[0] != kind)]
        return self.stores.choose(self.place, make_store(kind, place, CLASSES))

    def lefts(self, name):
        """Where the boxes begin, as they are read."""
        found = self.stores.of(self.image(name)).read(self.image(name), HW).annotation
        return None if found is None else [round(left) for left in found.ground_truth.boxes[:, 0].tolist()]

    def warnings(self, name):
        return self.stores.of(self.image(name)).read(self.image(name), HW).warnings

    def save(self, name, annotation):
        """As the program does: what is there was seen. A second passes from one save to the next."""
        store = self.stores.of(self.image(name))
        seen = store.read(self.image(name), HW)
        stored = store.write(self.image(name), HW, annotation, seen)
        self._time += 1
        os.utime(stored.path, (self._time, self._time))
        store.refresh()

    def restarted(self):
        again = Folder(self.place)
        again.stores.remember({self.place: self.chosen})
        again._time = self._time
        return again


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a").mkdir()
    for name in "ijk":
        picture(tmp_path / "a" / f"{name}.png")
    return Folder(tmp_path / "a")


@pytest.mark.parametrize("between", ["yolo", "coco"])
def test_the_chosen_place_counts_where_it_has_the_image_and_says_where_an_older_one_differs(folder, between):
    folder.choose("voc")
    for name, left in (("i", 0), ("j", 1)):
        folder.save(name, boxes(left))
    folder.choose(between)
    assert [folder.lefts(name) for name in "ijk"] == [[0], [1], None]
    folder.save("i", boxes(40))
    folder.save("k", boxes())
    for each in (folder, folder.restarted()):
        assert [each.lefts(name) for name in "ijk"] == [[40], [1], []]
    folder.choose("voc")
    for each in (folder, folder.restarted()):
        assert [each.lefts(name) for name in "ijk"] == [[0], [1], []]
        assert [len(each.warnings(name)) for name in "ijk"] == [1, 0, 0]
    assert "i.xml' says" not in folder.warnings("i")[0]  # which is the one that counts
    folder.save("i", boxes(40))
    assert folder.warnings("i") == ()
    assert len(folder.stores.of(folder.image("i")).stores) == 2
    assert VocStore(folder.place).read(folder.image("i")).annotation.ground_truth.boxes[0, 0] == 40


def test_an_older_file_with_a_newer_date_is_not_what_was_chosen(folder):
    """A copy, a checkout, a backup: the date says nothing."""
    folder.choose("voc")
    folder.save("i", boxes(0))
    folder.choose("coco")
    folder.save("i", boxes(0, 30, 60))
    os.utime(folder.place / "i.xml", (9_999, 9_999))
    again = folder.restarted()
    assert again.lefts("i") == [0, 30, 60]
    (warning,) = again.warnings("i")
    assert "i.xml' says something else of 'i.png'" in warning
    assert "all.json', which counts" in warning
    store = again.stores.of(again.image("i"))
    seen = store.read(again.image("i"), HW)
    store.write(again.image("i"), HW, boxes(1, 30, 60), seen)
    assert CocoStore(folder.place / "all.json").read(again.image("i"), HW).annotation.ground_truth.boxes[
        :, 0
    ].tolist() == [1, 30, 60]


def test_an_image_of_another_place_is_no_conflict_after_the_json_was_written_for_others(folder):
    folder.choose("voc")
    folder.save("i", boxes(0))
    store = folder.choose("coco")
    seen = store.read(folder.image("i"), HW)
    folder.save("j", boxes(20))
    store.write(folder.image("i"), HW, boxes(5), seen)
    assert folder.lefts("i") == [5]
    with pytest.raises(ChangedOnDiskError):
        store.write(folder.image("i"), HW, boxes(6), seen)


def test_a_place_that_is_chosen_twice_is_one_store(folder):
    voc = folder.choose("voc")
    assert folder.choose("voc") is voc
    both = folder.choose("yolo")
    assert folder.choose("yolo") is both
    assert folder.choose("voc").stores == (voc, both.stores[0])
    assert folder.choose("yolo").stores == both.stores


def test_a_new_json_of_two_folders_is_one_store(tmp_path):
    """Whoever saves second is no stranger to what the first one made."""
    place, stores, folders = tmp_path / "all.json", Stores(), [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
        picture(folder / f"{folder.name}.png")
    one, two = (
        stores.choose(folder, make_store("coco", place, classes))
        for folder, classes in zip(folders, (CLASSES, ("fish", "cat")), strict=True)
    )
    assert one is two
    images = [folder / f"{folder.name}.png" for folder in folders]
    seen = [one.read(image, HW) for image in images]
    for image, each in zip(images, seen, strict=True):
        one.write(image, HW, boxes(1), each)
    assert [CocoStore(place).read(image, HW).annotation.ground_truth.labels for image in images] == [("cat",)] * 2
    assert CocoStore(place).classes == ("cat", "dog", "fish")


def test_a_broken_file_of_an_older_place_hides_nothing(folder):
    folder.choose("voc")
    folder.save("i", boxes(0))
    store = folder.choose("yolo")
    folder.save("j", boxes(10))
    for name in "ij":
        (folder.place / f"{name}.xml").write_text("<annotation>")
    with pytest.raises(DatasetError, match=r"i\.xml"):
        store.read(folder.image("i"))
    stored = store.read(folder.image("j"))
    assert len(stored.annotation.ground_truth) == 1
    assert "j.xml" in stored.warnings[0]


def test_the_file_that_goes_with_an_image_is_the_one_that_counts(folder):
    folder.choose("voc")
    folder.save("i", boxes(0))
    folder.save("j", boxes(0))
    store = folder.choose("yolo")
    folder.save("i", boxes(10))
    files = [store.own_file(folder.image(name)) for name in "ijk"]
    assert files == [folder.place / "labels" / "i.txt", folder.place / "j.xml", folder.place / "labels" / "k.txt"]
    folder.choose("coco")
    assert folder.stores.of(folder.image("i")).own_file(folder.image("i")) == files[0]


def json_of(place, *names):
    images = [{"id": row, "file_name": name, "width": HW[1], "height": HW[0]} for row, name in enumerate(names)]
    place.write_text(json.dumps({"images": images, "annotations": [], "categories": [{"id": 1, "name": "cat"}]}))
    return CocoStore.shared(place)


def test_a_json_that_is_opened_takes_the_place_of_all_before(folder, tmp_path):
    folder.choose("voc")
    folder.save("i", boxes(0))
    train, val = json_of(tmp_path / "train.json", "i.png", "j.png"), json_of(tmp_path / "val.json", "j.png")
    for opened in (train, val):
        folder.stores.use(folder.place, opened)
        assert folder.stores.of(folder.image("i")) is opened
    assert folder.lefts("i") is None
    # The folder itself: what lies there.
    folder.stores.end_use(folder.place)
    assert folder.lefts("i") == [0]
    # A person's choice goes before the file that was opened, and stays.
    folder.stores.use(folder.place, val)
    folder.choose("yolo")
    folder.stores.end_use(folder.place)
    assert folder.stores.of(folder.image("i")).stores[1] is val
