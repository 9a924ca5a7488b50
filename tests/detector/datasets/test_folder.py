"""Folders, single images and lists; where annotations are looked for; the others still open."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from detector.datasets import (
    DatasetError,
    GroundTruth,
    ImageError,
    annotation_path_for,
    ground_truth_for,
    open_dataset,
    read_image,
    write_voc,
)
from detector.datasets.check_source import stores_of
from detector.datasets.source import open_source


def image(path, size=(20, 10)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size).save(path)
    return path


def boxes(path, x2):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_voc(path, (10, 20), "x.png", GroundTruth([[1, 2, x2, 8]], ["cell"]))
    return path


def names(dataset):
    return [dataset.image_path(row).name for row in range(len(dataset))]


def test_natural_order_and_only_images(tmp_path):
    for name in ("b10.png", "B9.PNG", "a.jpg", ".hidden.png", "._b9.png"):
        image(tmp_path / name)
    (tmp_path / "notes.txt").touch()
    (tmp_path / "folder.png").mkdir()
    image(tmp_path / "below" / "z.png")
    dataset = open_dataset(tmp_path)
    assert names(dataset) == ["a.jpg", "B9.PNG", "b10.png"]
    assert dataset.name == tmp_path.name
    assert dataset[0].ground_truth is None
    assert dataset[0].warnings == ()
    assert dataset.classes == ()


def test_annotations_are_found_in_three_places_the_nearest_wins(tmp_path):
    folder = tmp_path / "images"
    paths = [image(folder / f"{stem}.png") for stem in "abcd"]
    boxes(folder / "a.xml", 3)
    for stem in "ab":
        boxes(folder / "Annotations" / f"{stem}.xml", 4)
    for stem in "abc":
        boxes(tmp_path / "Annotations" / f"{stem}.xml", 5)
    expected = [3, 4, 5, None]
    assert [each.ground_truth and each.ground_truth.boxes[0, 2] for each in open_dataset(folder)] == expected
    assert [(found := ground_truth_for(path)) and found.boxes[0, 2] for path in paths] == expected
    assert open_dataset(folder)[2].annotation_path.samefile(tmp_path / "Annotations" / "c.xml")


def test_relative_folder_finds_its_parents_annotations(tmp_path, monkeypatch):
    image(tmp_path / "images" / "a.png")
    boxes(tmp_path / "Annotations" / "a.xml", 5)
    monkeypatch.chdir(tmp_path / "images")
    assert len(open_dataset(".")[0].ground_truth) == 1
    assert len(ground_truth_for("a.png")) == 1


def test_ground_truth_at_a_given_place(tmp_path):
    path = image(tmp_path / "images" / "a.png")
    named = boxes(tmp_path / "elsewhere" / "any name.xml", 6)
    boxes(tmp_path / "voc" / "Annotations" / "a.xml", 7)
    assert ground_truth_for(path, named).boxes[0, 2] == 6
    assert ground_truth_for(path, tmp_path / "voc").boxes[0, 2] == 7
    assert ground_truth_for(path, tmp_path / "voc" / "Annotations").boxes[0, 2] == 7
    assert ground_truth_for(path, tmp_path / "elsewhere") is None
    assert ground_truth_for(path) is None
    with pytest.raises(DatasetError, match="no ground truth"):
        ground_truth_for(path, tmp_path / "gone.xml")
    (tmp_path / "boxes.csv").touch()
    with pytest.raises(DatasetError, match=r"boxes\.csv"):
        annotation_path_for(path, tmp_path / "boxes.csv")


def test_a_single_image_whatever_its_suffix(tmp_path):
    boxes(tmp_path / "a.xml", 9)
    dataset = open_dataset(str(image(tmp_path / "a.png")))
    assert dataset.name == "a.png"
    assert [len(each.ground_truth) for each in dataset] == [1]
    (tmp_path / "a.png").rename(tmp_path / "a.picture")
    assert len(open_dataset(tmp_path / "a.picture")) == 1


def test_a_list_of_images_and_folders(tmp_path):
    one, two = image(tmp_path / "x" / "b.png"), image(tmp_path / "y" / "a.png")
    dataset = open_dataset([one, two.parent, one])
    assert names(dataset) == ["b.png", "a.png"]
    assert open_dataset([one.parent]).name == "x"
    with pytest.raises(DatasetError, match="no image"):
        open_dataset([])
    with pytest.raises(DatasetError, match=r"gone\.png"):
        open_dataset([one, tmp_path / "gone.png"])


def test_what_cannot_be_opened(tmp_path):
    with pytest.raises(DatasetError, match="nowhere"):
        open_dataset(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="no image in the folder"):
        open_dataset(tmp_path)
    (tmp_path / "table.csv").write_text("a,b")
    with pytest.raises(DatasetError, match=r"table\.csv' is neither"):
        open_dataset(tmp_path / "table.csv")
    image(tmp_path / "a.png")
    with pytest.raises(DatasetError, match="no split 'train'"):
        open_dataset(tmp_path, "train")


def test_broken_files_leave_the_others_open(tmp_path):
    for stem in "abcd":
        image(tmp_path / f"{stem}.png")
        boxes(tmp_path / f"{stem}.xml", 9)
    (tmp_path / "b.xml").write_text("<annotation>")
    (tmp_path / "c.png").write_bytes((tmp_path / "a.png").read_bytes()[:40])
    results = list(open_dataset(tmp_path).readable())
    assert [isinstance(each, DatasetError) for each in results] == [False, True, False, False]
    a, _, c, d = results
    assert read_image(a.image_path).shape == read_image(d.image_path).shape == (10, 20, 3)
    with pytest.raises(ImageError, match=r"c\.png"):
        read_image(c.image_path)


def test_a_large_folder_is_listed_without_reading_files(tmp_path, monkeypatch):
    for number in range(3000):
        (tmp_path / f"{number}.jpg").touch()

    def forbidden(*_args, **_options):
        raise AssertionError("A file was opened or asked for while listing.")

    with monkeypatch.context() as patch:
        patch.setattr("os.path.getsize", forbidden)
        patch.setattr(Image, "open", forbidden)
        patch.setattr("pathlib.Path.open", forbidden)
        dataset = open_dataset(tmp_path)
    assert names(dataset) == [f"{number}.jpg" for number in range(3000)]


def test_the_bundled_samples():
    dataset = open_dataset(Path(__file__).parents[3] / "resources" / "samples")
    assert len(dataset) >= 12
    assert dataset.classes == ("Platelets", "RBC", "WBC")
    for sample in dataset:
        assert sample.warnings == ()
        height, width = read_image(sample.image_path).shape[:2]
        assert np.all(sample.ground_truth.boxes <= [width, height, width, height])


def test_odd_digits_in_names_do_not_spoil_the_order(tmp_path: Path) -> None:
    # A superscript and an Arabic-Indic digit are digits to Python, but not to int() in the first case.
    names = ["²1.png", "٣1.png", "a1.png", "1a.png"]
    for name in names:
        Image.new("RGB", (4, 4)).save(tmp_path / name)
    assert {open_dataset(tmp_path).image_path(row).name for row in range(4)} == set(names)


# -- a folder that holds a whole dataset -------------------------------------------------------------------------------


@pytest.fixture
def yolo(tmp_path):
    """In Ultralytics' layout, with a picture of the class counts beside the data.yaml."""
    for split, stem in (("train", "a"), ("train", "b"), ("val", "c")):
        image(tmp_path / "images" / split / f"{stem}.png")
        label = tmp_path / "labels" / split / f"{stem}.txt"
        label.parent.mkdir(parents=True, exist_ok=True)
        label.write_text("1 .5 .5 .1 .4\n")
    image(tmp_path / "counts.png")
    (tmp_path / "data.yaml").write_text("train: images/train\nval: images/val\nnames: [cat, dog]\n")
    return tmp_path


def test_a_folder_with_a_data_yaml(yolo):
    dataset = open_dataset(yolo)
    assert names(dataset) == ["a.png", "b.png", "c.png"]
    assert dataset[2].ground_truth.labels == ("dog",)
    assert dataset.classes == ("cat", "dog")
    assert names(open_dataset(str(yolo), "val")) == ["c.png"]
    with pytest.raises(DatasetError, match=r"data.yaml' has no split 'test' \(there: train, val\)"):
        open_dataset(yolo, "test")
    assert names(open_dataset(yolo / "images" / "train")) == ["a.png", "b.png"]


def test_a_data_yaml_that_leads_nowhere_among_images(yolo):
    for text in ("train: far/away\nnames: [cat, dog]\n", "train: images/train\nnames: {"):
        (yolo / "data.yaml").write_text(text)
        assert names(open_dataset(yolo)) == ["counts.png"]
    (yolo / "counts.png").unlink()
    with pytest.raises(DatasetError, match=r"'.*data.yaml' line 2"):
        open_dataset(yolo)


def test_source_and_stores_of_such_a_folder(yolo):
    source = open_source(yolo)
    assert source.path == yolo / "data.yaml"
    assert {name: len(images) for name, images in source.splits.items()} == {"train": 2, "val": 1}
    assert source.listed == ("cat", "dog")
    assert [stores_of(yolo)(path).place.name for path in source.images] == ["train", "train", "val"]
    assert open_source(yolo, "val").images == (yolo / "images" / "val" / "c.png",)


@pytest.mark.parametrize("place", [".", "annotations"])
def test_a_folder_with_one_coco_json(tmp_path, place):
    image(tmp_path / "images" / "a.png")
    file = tmp_path / place / "instances.json"
    file.parent.mkdir(exist_ok=True)
    entry = {"id": 1, "file_name": "a.png", "width": 20, "height": 10}
    file.write_text(json.dumps({"images": [entry], "annotations": [], "categories": []}))
    assert open_dataset(tmp_path).image_files() == ([str(tmp_path / "images" / "a.png")], [])
    (file.parent / "other.json").write_text("{}")
    with pytest.raises(DatasetError, match=r"There is no image in the folder '.*', and more than one json"):
        open_dataset(tmp_path)
    image(tmp_path / "b.png")
    assert names(open_dataset(tmp_path)) == ["b.png"]


def test_an_empty_folder(tmp_path):
    with pytest.raises(DatasetError, match="There is no image in the folder"):
        open_dataset(tmp_path)
