"""A data.yaml as a dataset: where its images and labels are looked for, as trainers do."""

import os

import numpy as np
import pytest
from PIL import Image

from detector.datasets import DatasetError
from detector.datasets.yolo_dataset import YoloDataset, yolo_splits


def lay(folder, *names, labels=None):
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        Image.new("L", (200, 80)).save(folder / name)
        if labels is not None:
            labels.mkdir(parents=True, exist_ok=True)
            (labels / name).with_suffix(".txt").write_text(f"{number % 2} .5 .5 .1 .25\n")


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "pets"
    lay(root / "images" / "train", "a_10.png", "a_9.png", labels=root / "labels" / "train")
    lay(root / "images" / "train" / "more", "c.png", labels=root / "labels" / "train" / "more")
    lay(root / "images" / "val", "v.png")
    (root / "data.yaml").write_text("train: images/train\nval: images/val\ntest:\nnames: {0: dog, 1: cat}\n")
    return root


def names(dataset):
    return [dataset.image_path(row).name for row in range(len(dataset))]


def test_a_split_and_all(root):
    train = YoloDataset(root / "data.yaml", "train")
    assert names(train) == ["a_9.png", "a_10.png", "c.png"]
    assert train.classes == ("dog", "cat")
    assert train.name == "pets train"
    sample = train[2]
    np.testing.assert_array_equal(sample.ground_truth.boxes, [[90, 30, 110, 50]])
    assert sample.annotation_path == root / "labels" / "train" / "more" / "c.txt"
    assert names(YoloDataset(root / "data.yaml")) == ["a_9.png", "a_10.png", "c.png", "v.png"]
    assert YoloDataset(root / "data.yaml", "val")[0].ground_truth is None
    assert yolo_splits(root / "data.yaml") == ("train", "val")
    with pytest.raises(DatasetError, match=r"no split 'test' \(there: train, val\)"):
        YoloDataset(root / "data.yaml", "test")


@pytest.mark.parametrize("path", [".", "../pets", "pets", "{root}", "nowhere"])
def test_where_the_root_may_be_meant(root, path):
    (root / "data.yaml").write_text(f"path: {path.format(root=root)}\ntrain: images/train\nnames: [a, b]\n")
    assert len(YoloDataset(root / "data.yaml")) == 3


def test_an_export_that_goes_up_one_folder_too_many(root):
    (root / "data.yaml").write_text("train: ../images/train\nnames: [a, b]\n")
    assert len(YoloDataset(root / "data.yaml")) == 3


def test_several_folders_and_a_list(root):
    (root / "some.txt").write_text("./images/val/v.png\n\n./images/train/a_9.png\n")
    (root / "plain.txt").write_text(f"images/train/a_9.png\nimages/val/v.png\n{root}/images/train/a_10.png\n")
    (root / "data.yaml").write_text(
        "train: [images/train/more, images/val]\nval: some.txt\ntest: plain.txt\nfirst: images/val\nnames: [a, b]\n"
    )
    assert names(YoloDataset(root / "data.yaml", "train")) == ["c.png", "v.png"]
    assert names(YoloDataset(root / "data.yaml", "val")) == ["v.png", "a_9.png"]
    assert names(YoloDataset(root / "data.yaml", "test")) == ["a_9.png", "v.png", "a_10.png"]
    assert yolo_splits(root / "data.yaml") == ("train", "val", "test", "first")
    assert names(YoloDataset(root / "data.yaml")) == ["c.png", "v.png", "a_9.png", "a_10.png"]


def test_missing_places(root):
    (root / "data.yaml").write_text("train: gone\nval: images/val\nnames: [a, b]\n")
    assert names(YoloDataset(root / "data.yaml")) == ["v.png"]
    with pytest.raises(DatasetError, match="the split 'train' names 'gone', which is not there"):
        YoloDataset(root / "data.yaml", "train")
    (root / "data.yaml").write_text("train: gone\nnames: [a, b]\n")
    with pytest.raises(DatasetError, match="names no image that is there"):
        YoloDataset(root / "data.yaml")
    (root / "some.txt").write_text("./images/val/gone.png\n")
    (root / "data.yaml").write_text("train: some.txt\nnames: [a, b]\n")
    (error,) = YoloDataset(root / "data.yaml").readable()
    assert "There is no image" in str(error)


def test_a_broken_label_is_an_error_of_its_own_image(root):
    (root / "labels" / "train" / "a_9.txt").write_text("7 .5 .5 .1 .1\n")
    error, *rest = YoloDataset(root / "data.yaml", "train").readable()
    assert "a_9.txt' line 1 has class 7" in str(error)
    assert len(rest) == 2


def test_links_that_go_round_do_not_go_round_for_ever(root):
    os.symlink(root / "images", root / "images" / "train" / "again")
    assert len(YoloDataset(root / "data.yaml", "train")) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("train: images/train\n", "names no classes"),
        ("train: {0: a}\nnames: [a]\n", "line 1: 'train' is a mapping"),
        ("path: [a]\ntrain: images/train\nnames: [a]\n", "line 1: 'path' is a list"),
        ("train: [a\n", "line 1"),
    ],
)
def test_a_broken_data_yaml_is_one_sentence(root, text, words):
    (root / "data.yaml").write_text(text)
    with pytest.raises(DatasetError, match=words):
        YoloDataset(root / "data.yaml")


def test_a_list_in_another_encoding(root):
    (root / "some.txt").write_bytes(b"./a.png\n./\xe4.png\n")
    (root / "data.yaml").write_text("train: some.txt\nnames: [a]\n")
    with pytest.raises(DatasetError, match=r"some\.txt' line 2: this is no UTF-8 text"):
        YoloDataset(root / "data.yaml")
