"""COCO datasets: where the json and its images are found, what other programs read of what is written, real data."""

import contextlib
import io
import json
import os
from pathlib import Path

import faster_coco_eval
import numpy as np
import pycocotools.coco
import pytest

from detector.datasets import DatasetError, open_dataset
from detector.datasets.coco import CocoStore, find_coco_store, write_coco
from detector.datasets.coco_dataset import CocoDataset
from tests.benchmarks.coco_large import make_file, measure
from tests.helpers.coco_files import HW, annotation, moved, picture, raws, without

BCCD = os.environ.get("BOXSCOPE_BCCD", "")


def content(*names, boxes=1):
    return {
        "images": [{"id": 10 + row, "file_name": name, "width": 100, "height": 80} for row, name in enumerate(names)],
        "annotations": [
            {"id": row, "image_id": 10 + row % max(len(names), 1), "category_id": 1, "bbox": [row, 1, 5, 5], "area": 25}
            for row in range(boxes)
        ],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "none"}],
    }  # fmt: skip


def put(place, what):
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(what))
    return place


@pytest.mark.parametrize(
    ("images", "place"),
    [
        (".", "x.json"),
        (".", "_annotations.coco.json"),
        (".", "annotations/x.json"),
        ("train2017", "annotations/instances_train2017.json"),
        ("images", "labels.json"),
    ],
)
def test_a_folders_json_is_found_and_the_jsons_images(tmp_path, images, place):
    one = picture(tmp_path / images / "a.png")
    put(tmp_path / place, content("a.png"))
    put(
        tmp_path / Path(place).with_name("captions.json"),
        {"images": [{"id": 1, "file_name": "a.png"}], "annotations": []},
    )
    put(tmp_path / Path(place).with_name("a_other.json"), content("z.png"))
    (tmp_path / Path(place).with_name("b_broken.json")).write_text('{"images": [{"file_name": "a.png"')
    put(tmp_path / Path(place).with_name("c_list.json"), [{"file_name": "a.png", "images": 1}])
    found = find_coco_store(one.parent)
    assert found.place.resolve() == (tmp_path / place).resolve()
    assert len(found.read(one).annotation.ground_truth) == 1
    dataset = CocoDataset(tmp_path / place)
    assert [each.image_path.resolve() for each in dataset] == [one.resolve()]


def test_the_json_with_more_of_the_folders_images_is_the_one(tmp_path):
    for name in ("a.png", "b.png", "c.png"):
        picture(tmp_path / "train" / name)
    put(tmp_path / "annotations" / "1.json", content("a.png", "x.png", "y.png"))
    put(tmp_path / "annotations" / "2.json", content("a.png", "b.png"))
    assert find_coco_store(tmp_path / "train").place.name == "2.json"
    assert find_coco_store(tmp_path) is None


def test_a_small_part_of_a_large_dataset(tmp_path):
    picture(tmp_path / "few" / "777.png")
    put(tmp_path / "annotations" / "x.json", content(*(f"{row:03d}.png" for row in range(2000))))
    assert find_coco_store(tmp_path / "few").read(tmp_path / "few" / "777.png").annotation is not None


def test_no_parser_is_started_to_find_out(tmp_path, monkeypatch):
    picture(tmp_path / "a.png")
    put(tmp_path / "x.json", content("a.png"))
    put(tmp_path / "y.json", {"version": "5.0", "shapes": [[1, 2]] * 100_000})

    def forbidden(*_args, **_options):
        raise AssertionError("A file was looked through.")

    with monkeypatch.context() as patch:
        patch.setattr("detector.datasets.coco_store.open_index", forbidden)
        store = find_coco_store(tmp_path)
    assert store.place.name == "x.json"
    assert not store.is_loaded
    assert find_coco_store(tmp_path / "nowhere") is None


def test_files_of_equal_names_in_several_folders(tmp_path):
    for name in ("a/1.png", "b/1.png", "c/1.png"):
        picture(tmp_path / name)
    store = CocoStore(put(tmp_path / "x.json", content("a/1.png", "b/1.png", boxes=3)))
    # Boxes 1 and 3 are of a, box 2 of b; nothing is known of c.
    assert len(store.read(tmp_path / "a" / "1.png").annotation.ground_truth) == 2
    assert len(store.read(tmp_path / "b" / "1.png").annotation.ground_truth) == 1
    assert store.read(tmp_path / "c" / "1.png").annotation is None
    store.write(tmp_path / "c" / "1.png", HW, annotation([[0, 0, 2, 2]], ["cat"]), None)
    assert len(store.read(tmp_path / "c" / "1.png").annotation.ground_truth) == 1
    assert len(CocoStore(tmp_path / "x.json").read(tmp_path / "a" / "1.png").annotation.ground_truth) == 2


def test_new_images_are_named_as_the_file_names_its_others(tmp_path):
    paths = [picture(tmp_path / "images" / f"{name}.png") for name in "ab"]
    lone = picture(tmp_path / "lone" / "c.png")
    made = {}
    for place, known in (("x.json", []), ("y.json", ["images/a.png"]), ("z.json", ["a.png"]), ("json/v.json", [])):
        put(tmp_path / place, content(*known))
        CocoStore(tmp_path / place, paths[0].parent if known else None).write(paths[1], HW, annotation(), None)
        CocoStore(tmp_path / place).write(lone, HW, annotation(), None)
        made[place] = [each["file_name"] for each in json.loads((tmp_path / place).read_text())["images"][len(known) :]]
        assert CocoDataset(tmp_path / place).image_path(len(known)).resolve() == paths[1]
    assert made == {
        "x.json": ["images/b.png", "lone/c.png"], "y.json": ["images/b.png", "lone/c.png"],
        "z.json": ["b.png", "lone/c.png"], "json/v.json": ["b.png", "c.png"],
    }  # fmt: skip


@pytest.mark.parametrize("opened", ["json", "folder"])
def test_a_new_image_is_named_alike_whether_the_json_was_opened_or_found(tmp_path, opened):
    one, two = (picture(tmp_path / "a" / name) for name in ("i0.png", "i1.png"))
    place = put(tmp_path / "val.json", content("i0.png"))
    store = CocoDataset(place).store if opened == "json" else find_coco_store(one.parent)
    store.write(two, HW, annotation(), store.read(two))
    assert [each["file_name"] for each in json.loads(place.read_text())["images"]] == ["i0.png", "i1.png"]


def test_a_json_that_is_opened_and_found_is_one_store(tmp_path):
    one = picture(tmp_path / "a" / "i0.png")
    place = put(tmp_path / "val.json", content("i0.png"))
    store = find_coco_store(one.parent)
    assert len(store.read(one).annotation.ground_truth) == 1
    put(place, content("i0.png", "i2.png", boxes=3))  # boxes 1 and 3 are of i0
    dataset = CocoDataset(place)
    assert dataset.store is store
    assert len(dataset) == 2
    assert len(dataset[0].ground_truth) == 2
    put(place, content("i2.png", "i0.png"))
    store.refresh()
    with pytest.raises(DatasetError, match="changed by another program"):
        dataset[0]


def test_the_images_may_be_anywhere(tmp_path):
    place = put(tmp_path / "json" / "x.json", content("a.png", "b.png", "gone.png"))
    a, b = picture(tmp_path / "elsewhere" / "deep" / "a.png"), picture(tmp_path / "elsewhere" / "deep" / "b.png")
    with pytest.raises(DatasetError, match=r"a\.png.*x\.json"):
        CocoDataset(place)[0]
    dataset = CocoDataset(place, a.parent)
    assert [dataset.image_path(row) for row in (0, 1)] == [a, b]
    results = list(dataset.readable())
    assert [isinstance(each, DatasetError) for each in results] == [False, False, True]
    assert "gone.png" in str(results[2])
    files, missing = dataset.image_files()
    assert (len(files), len(missing)) == (2, 1)
    assert dataset.name == "x"
    assert dataset.classes == ("cat", "none")
    assert results[1].ground_truth.labels == ()
    with pytest.raises(DatasetError, match="no folder"):
        CocoDataset(place, tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="lists no image"):
        CocoDataset(put(tmp_path / "empty.json", content()))


def test_a_file_without_annotations_says_nothing_of_its_images(tmp_path):
    picture(tmp_path / "a.png")
    place = put(tmp_path / "x.json", {"images": [{"id": 1, "file_name": "a.png"}], "categories": []})
    assert CocoDataset(place)[0].ground_truth is None


def test_what_is_written_loads_elsewhere(tmp_path):
    paths = [picture(tmp_path / f"{name} ü.png") for name in "abc"]
    one = annotation([[1, 2, 30.25, 40.5], [0.1, 0.2, 0.4, 0.7]], ["dog", "cat ü"], crowd=[0, 1], difficult=[1, 0])
    samples = [(paths[0].name, HW, one), (paths[1].name, HW, annotation()), (paths[2].name, HW, one)]
    place = tmp_path / "x.json"
    write_coco(place, iter(samples), ["cat ü"])
    store = CocoStore(place)
    seen = store.read(paths[0])
    assert seen.annotation.says_the_same(one)
    store.write(paths[0], HW, moved(seen, 0, [1, 2, 31.25, 40.5]), seen)
    seen = store.read(paths[2])
    store.write(paths[2], HW, without(seen, 1), seen)
    store.write(paths[1], HW, annotation([[5, 5, 7, 8]], ["new"], verified=True), store.read(paths[1]))
    for kind in (pycocotools.coco.COCO, faster_coco_eval.COCO):
        with contextlib.redirect_stdout(io.StringIO()):
            loaded = kind(str(place))
        names = {each["id"]: each["name"] for each in loaded.loadCats(loaded.getCatIds())}
        for path in paths:
            (number,) = (each for each in loaded.getImgIds() if loaded.loadImgs(each)[0]["file_name"] == path.name)
            objects = loaded.loadAnns(loaded.getAnnIds(imgIds=[number], iscrowd=None))
            truth = store.read(path).annotation.ground_truth
            assert [names[each["category_id"]] for each in objects] == list(truth.labels)
            assert [bool(each["iscrowd"]) for each in objects] == truth.crowd.tolist()
            boxes = np.array([each["bbox"] for each in objects], np.float64)
            sides = truth.boxes[:, 2:].astype(np.float64) - truth.boxes[:, :2]
            np.testing.assert_allclose(boxes, np.hstack([truth.boxes[:, :2], sides]), atol=1e-5)
            np.testing.assert_allclose([each["area"] for each in objects], sides.prod(axis=1), atol=1e-3)
        assert len(loaded.getAnnIds(iscrowd=True)) == 1


def test_writing_a_dataset_that_fails_leaves_nothing(tmp_path):
    def samples():
        yield "a.png", HW, annotation([[1, 2, 3, 4]], ["cat"])
        raise KeyboardInterrupt

    place = tmp_path / "x.json"
    with pytest.raises(KeyboardInterrupt):
        write_coco(place, samples(), [])
    with pytest.raises(DatasetError, match=r"x\.json' cannot hold"):
        write_coco(place, [("a.png", HW, annotation([[1, 2, float("inf"), 4]], ["cat"]))], [])
    assert list(tmp_path.iterdir()) == []


def test_a_dataset_of_nothing(tmp_path):
    write_coco(tmp_path / "x.json", [], ["cat"])
    assert CocoStore(tmp_path / "x.json").classes == ("cat",)
    assert json.loads((tmp_path / "x.json").read_text())["images"] == []


def test_the_benchmark_measures_a_small_file(tmp_path):
    make_file(tmp_path / "x.json", 20, 200)
    figures = measure(tmp_path / "x.json", 10, 2)
    assert figures.keys() >= {"open_s", "saves_own_pause_ms", "peak_mb"}
    assert len(raws((tmp_path / "x.json").read_text(), "annotations")) == 201
    with contextlib.redirect_stdout(io.StringIO()):
        assert len(pycocotools.coco.COCO(str(tmp_path / "x.json")).anns) == 201


@pytest.mark.skipif(not BCCD, reason="needs BCCD")
def test_bccd_comes_back_box_for_box(tmp_path):
    root = Path(BCCD)
    samples = list(open_dataset(root))
    given = [(each.image_path.name, HW, annotation_of(each.ground_truth)) for each in samples]
    write_coco(tmp_path / "x.json", given, ["WBC", "RBC", "Platelets"])
    dataset = CocoDataset(tmp_path / "x.json", root / "JPEGImages")
    assert dataset.classes == ("WBC", "RBC", "Platelets")
    before = (tmp_path / "x.json").read_text()
    assert len(raws(before, "annotations")) == sum(len(each.ground_truth) for each in samples) > 4000
    store = CocoStore(tmp_path / "x.json")
    for sample, again in zip(samples, dataset, strict=True):
        assert annotation_of(again.ground_truth).says_the_same(annotation_of(sample.ground_truth))
        stored = store.read(sample.image_path, HW)
        store.write(sample.image_path, HW, stored.annotation, stored)
    assert (tmp_path / "x.json").read_text() == before


def annotation_of(truth):
    return annotation(
        truth.boxes, truth.labels, difficult=truth.difficult, truncated=truth.truncated, crowd=truth.crowd
    )
