"""Whole datasets from one format to another and back: the same boxes, classes, flags, splits and order."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from PIL import Image

from detector.datasets import DatasetError, GroundTruth, open_dataset
from detector.datasets.annotation import Annotation
from detector.datasets.convert import COCO_NAME, convert
from detector.datasets.source import open_source
from tests.helpers.small_datasets import HW, Made, assert_same, datasets, known, write_as_voc
from tests.helpers.ultralytics_layout import read_names_and_splits, read_split

BCCD = os.environ.get("BOXSCOPE_BCCD")
needs_bccd = pytest.mark.skipif(not BCCD, reason="BOXSCOPE_BCCD names no data")

OPENED = {"voc": "", "coco": COCO_NAME, "yolo": "data.yaml"}
CLOSE = 1e-3  # px


def to(kind, source, out, **more):
    """Convert, and open what was written."""
    found = convert(source, kind, out, () if kind == "voc" else source.classes(), **more)
    return found, open_source(out / OPENED[kind])


def there_and_back(root, way):
    """A VOC root or a converted dataset, through the formats of a way; the first source and the last."""
    first = source = open_source(root)
    for number, kind in enumerate(way):
        _, source = to(kind, source, root.parent / f"{number}-{kind}")
    return first, source


def splits_of(source):
    return {name: {image.stem for image in images} for name, images in source.splits.items() if images}


made_up = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@made_up
@given(made=datasets())
def test_voc_to_yolo_and_back(made, tmp_path_factory):
    root = tmp_path_factory.mktemp("made") / "voc"
    write_as_voc(root, made)
    first, last = there_and_back(root, ("yolo", "voc"))
    assert_same(known(first), known(last))
    if first.splits:  # a dataset without splits gets train and val, which trainers of YOLO ask for
        assert {name: splits_of(last)[name] for name in splits_of(first)} == splits_of(first)


@made_up
@given(made=datasets(annotated=True))
def test_voc_to_coco_and_back(made, tmp_path_factory):
    root = tmp_path_factory.mktemp("made") / "voc"
    write_as_voc(root, made)
    first, last = there_and_back(root, ("coco", "voc"))
    assert_same(known(first), known(last), CLOSE)


@made_up
@given(made=datasets(annotated=True))
def test_coco_to_yolo_and_back(made, tmp_path_factory):
    root = tmp_path_factory.mktemp("made") / "voc"
    write_as_voc(root, made)
    _, coco = to("coco", open_source(root), root.parent / "first")
    _, yolo = to("yolo", coco, root.parent / "second")
    _, last = to("coco", yolo, root.parent / "third")
    assert_same(known(coco), known(last), CLOSE)
    assert last.classes() == coco.classes() == yolo.classes()


@pytest.fixture
def few(tmp_path):
    """Forty images of BCCD, with its splits."""
    root = tmp_path / "bccd"
    for part in ("JPEGImages", "Annotations", "ImageSets/Main"):
        (root / part).mkdir(parents=True)
    stems = {}
    for split, count in (("train", 20), ("val", 10), ("test", 10)):
        stems[split] = (Path(BCCD) / "ImageSets" / "Main" / f"{split}.txt").read_text().split()[:count]
        for stem in stems[split]:
            shutil.copy(Path(BCCD) / "JPEGImages" / f"{stem}.jpg", root / "JPEGImages")
            shutil.copy(Path(BCCD) / "Annotations" / f"{stem}.xml", root / "Annotations")
    stems["trainval"] = stems["train"] + stems["val"]
    for split, names in stems.items():
        (root / "ImageSets" / "Main" / f"{split}.txt").write_text("\n".join(names))
    return root


def check_ways(root):
    for way in (("yolo", "voc"), ("coco", "voc"), ("coco", "yolo", "coco")):
        first, last = there_and_back(root, way)
        assert_same(known(first), known(last), CLOSE)
        if "coco" not in way:
            assert splits_of(first) == splits_of(last)
        for number, kind in enumerate(way):
            shutil.rmtree(root.parent / f"{number}-{kind}")


@needs_bccd
def test_bccd_there_and_back(few):
    check_ways(few)


@needs_bccd
@pytest.mark.slow
def test_all_of_bccd_there_and_back(tmp_path):
    os.symlink(BCCD, tmp_path / "bccd")
    check_ways(tmp_path / "bccd")


@needs_bccd
def test_an_independent_reader_takes_the_yolo_layout(few):
    source = open_source(few)
    _, _ = to("yolo", source, few.parent / "yolo")
    path = few.parent / "yolo" / "data.yaml"
    names, splits = read_names_and_splits(path)
    assert list(names.values()) == ["Platelets", "RBC", "WBC"]
    assert set(splits) == {"train", "val", "test", "trainval"}
    voc = open_dataset(few)
    truths = {sample.image_path.stem: sample.ground_truth for sample in voc}
    for split, count in (("train", 20), ("val", 10), ("test", 10), ("trainval", 30)):
        found = read_split(path, split)
        assert len(found) == count
        for image, rows in found.items():
            truth = truths[image.stem]
            assert tuple(row[0] for row in rows) == truth.labels
            x, y, w, h = np.array([row[1:] for row in rows]).T
            with Image.open(image) as picture:
                width, height = picture.size
            boxes = np.stack([(x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height], 1)
            np.testing.assert_allclose(boxes, truth.boxes, rtol=0, atol=1e-4)
            assert image.read_bytes() == (few / "JPEGImages" / image.name).read_bytes()


def a_voc(folder, *made):
    write_as_voc(folder, made)
    return open_source(folder)


def one(box=(1, 2, 30, 40), label="cat", **flags):
    return Annotation(GroundTruth([box], [label], **flags))


def test_splits_that_cut_across_folders_become_lists(tmp_path):
    source = a_voc(
        tmp_path / "voc", Made("a", one(), ("train", "hard")), Made("b", one(), ("train",)),
        Made("c", one(), ("val", "hard")), Made("d", one(), ()),
    )  # fmt: skip
    found, yolo = to("yolo", source, tmp_path / "yolo")
    path = tmp_path / "yolo" / "data.yaml"
    assert read_names_and_splits(path)[1] == {
        "train": ["images/train"], "val": ["images/val"], "hard": ["hard.txt"], "unlisted": ["images/unlisted"],
    }  # fmt: skip
    assert [image.name for image in read_split(path, "hard")] == ["a.png", "c.png"]
    assert found.unlisted == 1
    _, voc = to("voc", yolo, tmp_path / "again")
    assert splits_of(voc) == splits_of(source)
    assert len(voc.images) == 4


def test_without_splits_train_and_val_are_the_same_images(tmp_path):
    source = a_voc(tmp_path / "voc", Made("a", one(), ()))
    found, _ = to("yolo", source, tmp_path / "yolo")
    assert found.repeated_split == ("val",)
    assert read_names_and_splits(tmp_path / "yolo" / "data.yaml")[1] == {
        "train": ["images/train"], "val": ["images/train"],
    }  # fmt: skip
    to("voc", source, tmp_path / "voc2")
    assert (tmp_path / "voc2" / "ImageSets" / "Main" / "trainval.txt").read_text() == "a\n"


def test_one_split_only(tmp_path):
    write_as_voc(tmp_path / "voc", [Made("a", one(), ("train",)), Made("b", one(), ("test",))])
    source = open_source(tmp_path / "voc", "test")
    found, yolo = to("yolo", source, tmp_path / "yolo")
    assert [image.name for image in yolo.images] == ["b.png"]
    assert found.repeated_split == ("train", "val")


def test_names_of_splits_that_no_yaml_or_folder_can_have(tmp_path):
    source = a_voc(tmp_path / "voc", Made("a", one(), ("nc",)), Made("b", one(), ("so gut",)))
    to("yolo", source, tmp_path / "yolo")
    assert sorted(each.name for each in (tmp_path / "yolo" / "images").iterdir()) == ["split_nc", "split_so_gut"]


def test_a_data_yaml_cannot_write_elsewhere(tmp_path):
    (tmp_path / "in" / "images").mkdir(parents=True)
    Image.new("L", HW[::-1]).save(tmp_path / "in" / "images" / "a.png")
    (tmp_path / "in" / "data.yaml").write_text('train: images\n"../../out": images\nnames: [a]\n')
    _, voc = to("voc", open_source(tmp_path / "in" / "data.yaml"), tmp_path / "x" / "y" / "voc")
    assert list(voc.splits) == ["train"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["in", "x"]


def test_images_that_share_a_name(tmp_path):
    write_as_voc(tmp_path / "voc", [Made("a", one(), ("train",))])
    source = open_source(tmp_path / "voc")
    twice = (tmp_path / "voc" / "JPEGImages" / "a.png", tmp_path / "A.png")
    Image.new("L", HW[::-1]).save(twice[1])
    dataset = open_source(tmp_path / "voc")
    object.__setattr__(dataset, "images", twice)
    object.__setattr__(dataset, "splits", {})
    object.__setattr__(dataset, "read_row", lambda row: source.read_row(0))
    found, yolo = to("yolo", dataset, tmp_path / "yolo")
    assert found.renamed == 1
    assert sorted(image.name for image in yolo.images) == ["A-2.png", "a.png"]


def test_a_broken_image_is_told_and_the_rest_goes_on(tmp_path):
    a, b, c = (Made(stem, one(label=stem), ("train",)) for stem in ("a", "b 2", "c"))
    write_as_voc(tmp_path / "voc", [a, b, c])
    (tmp_path / "voc" / "Annotations" / "a.xml").write_text("<annotation><object>")
    (tmp_path / "voc" / "JPEGImages" / "c.png").write_bytes(b"\x89PNG but no more")
    (tmp_path / "voc" / "Annotations" / "gone.xml").write_text("<annotation/>")
    source = open_source(tmp_path / "voc")
    for kind in ("voc", "coco", "yolo"):
        told = []
        out = tmp_path / "out" / kind
        found = convert(source, kind, out, source.classes(), tell=told.append)
        assert (found.images, found.failed) == (1, 3)
        assert [name in sentence for name, sentence in zip(("'gone'", "a.xml", "c.png"), told, strict=True)] == [
            True
        ] * 3
        assert len(list(out.rglob("*.png"))) == 1


def test_a_class_that_the_format_cannot_hold(tmp_path):
    write_as_voc(tmp_path / "voc", [Made("a", one(), ("train",)), Made("b 2", one(label="x\u2028y"), ("train",))])
    source = open_source(tmp_path / "voc")
    told = []
    found = convert(source, "yolo", tmp_path / "yolo", source.classes(), tell=told.append)
    assert (found.images, found.failed) == (1, 1)
    assert "cannot hold the class name" in told[0]
    assert [each.name for each in (tmp_path / "yolo").rglob("*.png")] == ["a.png"]


def test_coco_leaves_out_what_nobody_annotated(tmp_path):
    source = a_voc(tmp_path / "voc", Made("a", one(), ("train",)), Made("b 2", None, ("val",)))
    found = convert(source, "coco", tmp_path / "coco", source.classes())
    assert (found.images, found.not_annotated, found.lost_splits) == (1, 1, ("train", "val"))
    assert [each.name for each in (tmp_path / "coco" / "images").iterdir()] == ["a.png"]


def test_images_linked_or_not_at_all(tmp_path, monkeypatch):
    source = a_voc(tmp_path / "voc", Made("a", one(), ("train",)))
    to("yolo", source, tmp_path / "linked", images="link")
    linked = tmp_path / "linked" / "images" / "train" / "a.png"
    assert linked.samefile(tmp_path / "voc" / "JPEGImages" / "a.png")
    convert(source, "yolo", tmp_path / "none", source.classes(), images="none")
    assert not list((tmp_path / "none").rglob("*.png"))
    assert (tmp_path / "none" / "labels" / "train" / "a.txt").exists()

    def refuse(*paths):
        raise OSError("another disk")

    monkeypatch.setattr(os, "link", refuse)
    found, _ = to("voc", source, tmp_path / "copied", images="link")
    assert found.copied == 1
    assert (tmp_path / "copied" / "JPEGImages" / "a.png").is_file()


@pytest.mark.parametrize("kind", ["voc", "coco", "yolo"])
@pytest.mark.parametrize("exists", [False, True])
def test_stopped_in_the_middle_nothing_is_left(tmp_path, kind, exists):
    source = a_voc(tmp_path / "voc", Made("a", one(), ("train",)), Made("b 2", one(), ("val",)))
    out = tmp_path / "deep" / "out"
    if exists:
        out.mkdir(parents=True)
    calls = []

    def stop():
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(source, kind, out, source.classes(), progress=stop)
    assert out.exists() == exists
    assert not exists or not list(out.iterdir())
    assert (tmp_path / "deep").exists() == exists


def test_a_place_that_is_taken(tmp_path):
    source = a_voc(tmp_path / "voc", Made("a", one(), ("train",)))
    (tmp_path / "file").write_text("mine")
    for out, words in ((tmp_path / "voc", "is not empty"), (tmp_path / "file", "is no folder")):
        with pytest.raises(DatasetError, match=words):
            convert(source, "yolo", out, ("cat",))
    with pytest.raises(DatasetError, match="cannot be made: nothing can be written in"):
        convert(source, "yolo", tmp_path / "file" / "deeper", ("cat",))
    assert (tmp_path / "file").read_text() == "mine"


def test_nothing_that_can_be_converted(tmp_path):
    write_as_voc(tmp_path / "voc", [Made("a", one(), ("train",))])
    (tmp_path / "voc" / "Annotations" / "a.xml").write_text("<annotation>")
    with pytest.raises(DatasetError, match="Nothing of"):
        convert(open_source(tmp_path / "voc"), "yolo", tmp_path / "out", ())
    assert not (tmp_path / "out").exists()
