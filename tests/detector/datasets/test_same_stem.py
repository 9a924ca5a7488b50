"""Images that differ by their suffix only: the file of their stem belongs to one of them."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from detector.datasets import DatasetError, GroundTruth
from detector.datasets.annotation import Annotation, ChangedOnDiskError, SharedFileError
from detector.datasets.coco import CocoStore
from detector.datasets.labelme import LabelmeStore
from detector.datasets.same_stem import other_owner
from detector.datasets.voc_store import VocStore
from detector.datasets.yolo import YoloStore

HW = (80, 200)
ONE = Annotation(GroundTruth(np.array([[10, 10, 50, 40]], np.float32), ("cat",)))


def images(folder, *names):
    for name in names:
        Image.new("L", HW[::-1]).save(folder / name)
    return [folder / name for name in names]


@pytest.mark.parametrize(
    ("there", "image", "named", "owner"),
    [
        (["x.png"], "x.png", "", None),
        (["x.png", "y.jpg"], "x.png", "", None),
        (["x.png", "x.jpg"], "x.png", "", "x.jpg"),  # j before p
        (["x.png", "x.jpg"], "x.jpg", "", None),
        (["x.png", "x.jpg"], "x.png", "x.png", None),
        (["x.png", "x.jpg"], "x.jpg", "x.png", "x.png"),
        (["x.png", "x.jpg"], "x.jpg", "x.gif", None),  # what it names is not there
        (["x.png", "x.jpg"], "x.png", "x.gif", "x.jpg"),
        (["x.png", "x.jpg"], "x.png", "y", "x.jpg"),
        (["x.png", "x.JPG"], "x.png", "", "x.JPG"),
        (["x.png", "x.jpg", "x.bmp"], "x.jpg", "", "x.bmp"),
    ],
)
def test_the_one_that_is_named_else_the_first_of_the_list(tmp_path, there, image, named, owner):
    images(tmp_path, *there)
    assert other_owner(tmp_path / image, named) == owner


def test_folders_and_links_to_oneself_are_no_other_image(tmp_path):
    (image,) = images(tmp_path, "x.png")
    (tmp_path / "x.jpg").mkdir()
    (tmp_path / "x.bmp").symlink_to(image)
    assert other_owner(image) is None


def test_yolo_labels_belong_to_the_first_and_are_not_written_for_the_other(tmp_path):
    png, jpg = images(tmp_path, "x.png", "x.jpg")
    labels = tmp_path / "x.txt"
    (tmp_path / "classes.txt").write_text("cat\n")
    labels.write_text("0 .5 .5 .25 .25\n")
    store = YoloStore(tmp_path)
    assert store.read(jpg).warnings == ()
    shown = store.read(png)
    assert len(shown.annotation.ground_truth) == 1
    assert shown.warnings == (f"'{labels}' belongs to 'x.jpg'; it is shown for 'x.png', but cannot be changed there.",)
    for seen in (shown, None):
        with pytest.raises(SharedFileError, match=r"'x\.png' and 'x\.jpg' share .*x\.txt', which belongs to 'x\.jpg'"):
            store.write(png, HW, ONE, seen)
    assert labels.read_text() == "0 .5 .5 .25 .25\n"
    store.write(jpg, HW, ONE, store.read(jpg))
    jpg.unlink()
    seen = store.read(png)
    assert seen.warnings == ()
    store.write(png, HW, Annotation.empty(), seen)
    assert labels.read_text() == ""


def test_a_voc_file_that_names_neither_belongs_to_the_first(tmp_path):
    png, jpg = images(tmp_path, "x.png", "x.jpg")
    store = VocStore(tmp_path)
    store.write(jpg, HW, ONE, None)
    file = tmp_path / "x.xml"
    file.write_text(file.read_text().replace("x.jpg", "photo"))
    with pytest.raises(DatasetError, match=r"belongs to 'x\.jpg'"):
        store.write(png, HW, Annotation.empty(), None)
    store.write(jpg, HW, Annotation.empty(), store.read(jpg))
    assert len(store.read(jpg).annotation.ground_truth) == 0


def test_a_voc_file_that_was_made_for_the_other_meanwhile_is_shared_not_changed(tmp_path):
    """Both were opened before there was a file."""
    png, jpg = images(tmp_path, "x.png", "x.jpg")
    store = VocStore(tmp_path)
    seen = store.read(png)
    assert seen.annotation is None
    store.write(jpg, HW, ONE, store.read(jpg))
    before = (tmp_path / "x.xml").read_bytes()
    with pytest.raises(SharedFileError) as found:
        store.write(png, HW, Annotation.empty(), seen)
    assert found.value.owner == store.read(png).owner == "x.jpg"
    assert (tmp_path / "x.xml").read_bytes() == before
    assert store.read(jpg).owner == ""


def test_what_cannot_be_read_any_more_was_changed(tmp_path):
    (png,) = images(tmp_path, "x.png")
    store = VocStore(tmp_path)
    seen = store.write(png, HW, ONE, None)
    (tmp_path / "x.xml").write_text("<annotation><obj")
    with pytest.raises(ChangedOnDiskError, match="changed by another program") as found:
        store.write(png, HW, ONE, seen)
    assert not found.value.is_gone
    (tmp_path / "x.xml").unlink()
    with pytest.raises(ChangedOnDiskError, match="removed by another program") as found:
        store.write(png, HW, ONE, seen)
    assert found.value.is_gone


def test_which_file_goes_with_an_image(tmp_path):
    png, jpg, lone = images(tmp_path, "x.png", "x.jpg", "y.png")
    voc, yolo = VocStore(tmp_path), YoloStore(tmp_path)
    voc.write(png, HW, ONE, None)  # names it
    assert (voc.own_file(png), voc.own_file(jpg)) == (tmp_path / "x.xml", None)
    assert (yolo.own_file(png), yolo.own_file(jpg)) == (None, tmp_path / "x.txt")
    for store, suffix in ((voc, ".xml"), (yolo, ".txt"), (LabelmeStore(tmp_path), ".json")):
        assert store.own_file(lone) == lone.with_suffix(suffix)
    (tmp_path / "x.xml").write_text("<broken")
    assert (voc.own_file(png), voc.own_file(jpg)) == (None, tmp_path / "x.xml")
    coco = tmp_path / "all.json"
    coco.write_text(json.dumps({"images": [], "annotations": [], "categories": []}))
    assert CocoStore(coco).own_file(Path(lone)) is None
