"""Broken and hostile COCO files: one sentence with the file and the place, or a warning and the rest opens."""

import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.datasets import DatasetError
from detector.datasets.coco import CocoStore, find_coco_store
from detector.datasets.coco_dataset import CocoDataset
from tests.helpers.coco_files import HW, annotation, picture

GOOD = {
    "info": {"n": [1, {"a": "}"}]},
    "images": [{"id": 1, "file_name": "a.png", "width": 100, "height": 80}, {"id": 2, "file_name": "b.png"}],
    "annotations": [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]},
        {"id": 2, "image_id": 2, "category_id": 1, "bbox": [1, 2, 3, 4], "segmentation": [[1, 2.5, "\\\"]"]]},
    ],
    "categories": [{"id": 1, "name": "cat"}],
}  # fmt: skip
TEXT = json.dumps(GOOD)


def sentence(error):
    text = str(error.value)
    assert text.endswith(".")
    assert "\n" not in text
    assert len(text) < 400
    assert "x.json" in text
    return text


@pytest.fixture
def folder(tmp_path):
    for name in ("a.png", "b.png", "c.png"):
        picture(tmp_path / name)
    return tmp_path


def write(folder, content):
    data = content if isinstance(content, bytes) else content.encode() if isinstance(content, str) else None
    (folder / "x.json").write_bytes(json.dumps(content).encode() if data is None else data)
    return CocoStore(folder / "x.json")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"   ", "broken JSON"),
        (b"null", "broken JSON"),
        (b"hello", "broken JSON"),
        (b"[]", "it is a list"),
        (b'[{"image_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}]', "it is a list"),
        (b"{}", "no list 'images'"),
        (b'{"images": {}}', "'images' is no list"),
        (b'{"images": null}', "'images' is no list"),
        (b'{"images": [], "images": []}', "two lists 'images'"),
        (b'{"images": [], "annotations": 3}', "'annotations' is no list"),
        (b'{"images": [1, 2]}', "between two images"),
        (b'{"images": [[]]}', "image 1"),
        (b'{"images": [{} {}]}', "between two images"),
        (b'{"images": [{},]}', "between two images"),
        (b'{"images": [,{}]}', "between two images"),
        (b'{"images": []} x', "broken JSON"),
        (b'{"images": []}}', "a bracket closes"),
        (b'{"images": [}]', "broken JSON"),
        (b'{"images": [{"id": 1]}]', "broken JSON"),
        (b'{"images": [{"id": 1,}]}', "in image 1"),
        (b'{"images": [{"id": tru}]}', "in image 1"),
        (b'{"images": [], "info": {"a" 1}}', "broken JSON outside"),
        (TEXT.encode()[:200], "is cut off: it ends at byte 200"),
        (TEXT.encode()[:-1], "is cut off"),
        (TEXT.encode("utf-16"), "UTF-16"),
        (TEXT.encode("utf-16-le"), "UTF-16"),
        (TEXT.encode("utf-32"), "UTF-16 or UTF-32"),
        (TEXT.replace("a.png", "ä.png").encode("latin-1"), "not UTF-8 at byte"),
        (b'{"images": [], "x": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "nested too deeply"),
        (b'{"images": [{"id": 1, "file_name": "a.png", "x": ' + b"[" * 200_000 + b"]" * 200_000 + b"}]}", "nested too"),
        (b'{"images": [{"id": 1, "file_name": "a.png", "x": NaN, "y": 1' + b"0" * 5000 + b"}]}", "in image 1"),
        (b"\0" * 100, "UTF-16"),
        (b'{"images": [{"id": 1, "file_name": "a\0.png", "x": }]}', "in image 1"),
    ],
)  # fmt: skip
def test_what_is_no_coco_file_says_so(folder, data, words):
    store = write(folder, data)
    with pytest.raises(DatasetError) as error:
        store.load()
    assert words in sentence(error)
    with pytest.raises(DatasetError):
        store.write(folder / "a.png", HW, annotation([[1, 2, 3, 4]], ["cat"]), None)
    assert (folder / "x.json").read_bytes() == data  # nothing is overwritten


def test_no_file(folder):
    with pytest.raises(DatasetError) as error:
        CocoStore(folder / "x.json").load()
    assert "There is no file" in sentence(error)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_is_not_waited_for(folder):
    os.mkfifo(folder / "x.json")
    with pytest.raises(DatasetError) as error:
        CocoStore(folder / "x.json").load()
    assert "ordinary file" in sentence(error)
    assert find_coco_store(folder) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bbox": [1, 2, 3]}, "annotation 1 (id 1) has a bbox of 3 numbers, not 4"),
        ({"bbox": {"x": 1}}, "no list of 4 numbers"),
        ({"bbox": None}, "has no bbox"),
        ({"bbox": [1, 2, "3", 4]}, "'3' in it, which is not a number"),
        ({"bbox": [1, 2, True, 4]}, "'True' in it, which is not a number"),
        ({"bbox": [1, 2, float("nan"), 4]}, "nan in it, which is no place in an image"),
        ({"bbox": [1, 2, float("inf"), 4]}, "inf in it"),
        ({"bbox": [1, -1e8, 3, 4]}, "-100000000.0 in it"),
        ({"bbox": [10**400, 2, 3, 4]}, "no place in an image"),
        ({"category_id": 9}, "category_id 9, which is no category of the file"),
        ({"category_id": None}, "no category_id"),
        ({"category_id": "x" * 5000}, "which is no category of the file"),
        ({"category_id": [1]}, None),
    ],
)
def test_an_annotation_that_makes_no_sense_is_an_error_of_its_image(folder, change, words):
    content = json.loads(TEXT)
    content["annotations"][0] |= change
    store = write(folder, content)
    if words is None:  # so odd that not even its image counts; kept, and told of
        assert any("annotation 1 makes no sense" in each for each in store.warnings)
    else:
        with pytest.raises(DatasetError) as error:
            store.read(folder / "a.png")
        assert words in sentence(error)
        with pytest.raises(DatasetError):
            store.write(folder / "a.png", HW, annotation(), None)
    # The rest opens and is saved around it.
    stored = store.read(folder / "b.png")
    assert len(stored.annotation.ground_truth) == 1
    store.write(folder / "b.png", HW, annotation([[0, 0, 1, 1]], ["dog"]), stored)
    assert json.dumps(json.loads((folder / "x.json").read_text())["annotations"][0]) == json.dumps(
        content["annotations"][0]
    )


def test_negative_and_large_but_possible_boxes_are_kept_with_a_warning(folder):
    content = json.loads(TEXT)
    content["annotations"][0]["bbox"] = [50, 50, -20, -10]
    content["annotations"][1] |= {"bbox": [-500, 3, 9e6, 1e-9], "image_id": 1}
    stored = write(folder, content).read(folder / "a.png")
    assert stored.annotation.ground_truth.boxes[0].tolist() == [50, 50, 30, 40]
    assert [each for each in stored.warnings if "no area" in each]
    assert len(stored.warnings) == 2


def test_nan_elsewhere_is_no_reason_to_refuse(folder):
    text = TEXT.replace('"bbox"', '"score": NaN, "x": -Infinity, "y": 1e999, "bbox"').replace(
        '"a.png"', '"a.png", "z": NaN'
    )
    store = write(folder, text)
    stored = store.read(folder / "a.png")
    store.write(folder / "a.png", HW, annotation(stored.annotation.ground_truth.boxes, ["cat"], True), stored)
    assert (folder / "x.json").read_text().count("NaN") == 2  # that of the image, and that of the other annotation


def test_ids_that_are_no_small_numbers(folder):
    content = json.loads(TEXT)
    content["images"][0]["id"] = content["annotations"][0]["image_id"] = "a/1 ü"
    content["images"][1]["id"] = content["annotations"][1]["image_id"] = 2**70
    content["annotations"][0]["id"] = 7.0
    content["annotations"][1]["id"] = None
    content["categories"][0]["id"] = content["annotations"][0]["category_id"] = "c"
    content["annotations"][1]["category_id"] = "c"
    for spelling in ({}, {"ensure_ascii": False}):
        store = write(folder, json.dumps(content, **spelling))
        assert store.warnings == ()
        for name in ("a.png", "b.png"):
            stored = store.read(folder / name)
            assert stored.annotation.ground_truth.labels == ("cat",)
            changed = annotation(
                [[0, 0, 9, 9], [1, 1, 2, 2]], ["cat", "dog"], records=(*stored.annotation.records, None)
            )
            store.write(folder / name, HW, changed, stored)
        written = json.loads((folder / "x.json").read_text(encoding="utf-8"))
        assert [each["image_id"] for each in written["annotations"]] == ["a/1 ü", 2**70, "a/1 ü", 2**70]
        assert written["annotations"][2]["category_id"] == 1


def test_duplicate_ids(folder):
    content = json.loads(TEXT)
    content["annotations"][1]["id"] = 1
    content["annotations"][1]["image_id"] = 1
    content["images"].append({"id": 2, "file_name": "c.png"})
    content["categories"].append({"id": 1, "name": "dog"})
    store = write(folder, content)
    assert any("have the id of another one, the first is id 1" in each for each in store.warnings)
    assert any("'cat' and 'dog' have the same id 1" in each for each in store.warnings)
    assert all("x.json" in each for each in store.warnings)
    stored = store.read(folder / "a.png")
    assert stored.annotation.ground_truth.labels == ("cat", "cat")
    truth, records = stored.annotation.ground_truth, stored.annotation.records
    store.write(folder / "a.png", HW, annotation(truth.boxes[1:], ["cat"], records=records[1:]), stored)
    assert json.loads((folder / "x.json").read_text())["annotations"] == content["annotations"][1:]
    for name in ("b.png", "c.png"):  # whose are the boxes of image 2?
        with pytest.raises(DatasetError) as error:
            store.read(folder / name)
        assert "'b.png' and 'c.png' have the same id 2" in sentence(error)


def test_an_image_listed_twice_has_the_boxes_of_both(folder):
    content = json.loads(TEXT)
    content["images"][1]["file_name"] = "a.png"
    store = write(folder, content)
    stored = store.read(folder / "a.png")
    assert len(stored.annotation.ground_truth) == 2
    truth, records = stored.annotation.ground_truth, stored.annotation.records
    both = annotation(truth.boxes[[1, 0]], ["cat", "cat"], True, records=(records[1], records[0]))
    store.write(folder / "a.png", HW, both, stored)
    assert store.read(folder / "a.png").annotation.says_the_same(both)
    assert CocoStore(folder / "x.json").read(folder / "a.png").annotation.says_the_same(both)


def test_an_annotation_of_no_image_is_told_and_kept(folder):
    content = json.loads(TEXT)
    content["annotations"][0]["image_id"] = 77
    del content["annotations"][1]["image_id"]
    store = write(folder, content)
    assert any("annotation 2 makes no sense" in each for each in store.warnings)
    assert any(
        "2 annotation(s) belong to no image of the file, the first is number 1" in each for each in store.warnings
    )
    store.write(folder / "a.png", HW, annotation([[0, 0, 1, 1]], ["cat"]), None)
    assert json.loads((folder / "x.json").read_text())["annotations"][:2] == content["annotations"]


def test_what_is_new_does_not_inherit_what_is_lost(folder):
    content = json.loads(TEXT)
    content["annotations"][0] |= {"image_id": 3, "category_id": 2}
    content["annotations"][1]["category_id"] = 4
    content["images"].append({"id": 4})
    content["categories"].append({"id": 5})
    write(folder, content).write(folder / "c.png", HW, annotation([[0, 0, 1, 1]], ["dog"]), None)
    written = json.loads((folder / "x.json").read_text())
    assert written["images"][-1]["id"] == 5
    assert written["categories"][-1]["id"] == 6
    assert written["annotations"][:2] == content["annotations"]


def test_images_and_categories_that_make_no_sense(folder):
    content = json.loads(TEXT)
    content["images"] += [{"id": 3}, {"file_name": "c.png"}, {"id": 4, "file_name": 5}, {"id": 5, "file_name": ""}]
    content["categories"] += [{"id": 3}, {"name": "x"}, {"id": 5, "name": " "}]
    store = write(folder, content)
    assert len(store.read(folder / "a.png").annotation.ground_truth) == 1
    assert store.read(folder / "c.png").annotation is None
    assert store.classes == ("cat",)
    assert any("image 4 makes no sense" in each for each in store.warnings)
    assert any("category 3 makes no sense" in each for each in store.warnings)
    results = list(CocoDataset(folder / "x.json").readable())
    assert [isinstance(each, DatasetError) for each in results] == [False, False, True, True, True, True]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("C:\\\\data\\\\imgs\\\\a.png", True),
        ("/home/somebody/a.png", True),
        ("imgs\\\\a.png", True),
        ("./a.png", True),
        ("../secret/a.png", False),
        ("x/../../a.png", False),
        ("..", False),
        ("a.png\\u0000", False),
        ("\\ud800.png", False),
        ("a" * 5000 + ".png", False),
        ("/", False),
    ],
)
def test_names_of_other_systems_and_names_that_lead_away(folder, name, found):
    picture(folder.parent / "secret" / "a.png")
    write(folder, TEXT.replace('"a.png"', f'"{name}"'))
    dataset = CocoDataset(folder / "x.json")
    if found:
        assert dataset[0].image_path == folder / "a.png"
        assert len(dataset[0].ground_truth) == 1
    else:
        with pytest.raises(DatasetError) as error:
            dataset[0]
        text = str(error.value)
        assert "x.json" in text
        assert text.endswith(".")
    assert dataset[1].image_path == folder / "b.png"
    # A store asked for an image by its path finds it by its name, where that leads to no other file.
    stored = CocoStore(folder / "x.json").read(folder / "a.png")
    assert (stored.annotation is not None) == (found or name == "x/../../a.png")


MARKS = [
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b'"',
    b"\\",
    b"null",
    b"1e999",
    b"NaN",
    b"-",
    b"\xff",
    b"\xc3",
    b" ",
    b"\n",
    b"9" * 30,
]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_mutated_files_never_surprise(data):
    text = bytearray(TEXT.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(start + data.draw(st.sampled_from([0, 1, 3, 40])), len(text))))
        text[start:end] = data.draw(st.one_of(st.sampled_from(MARKS), st.binary(max_size=3)))
    _try(bytes(text))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_never_surprise(data):
    _try(data)
    _try(b'{"images": [' + data + b"]}")


def _try(data):
    """Nothing but a DatasetError; what opens is JSON to Python's own reader, before and after a save."""
    with tempfile.TemporaryDirectory() as name:
        place, image = Path(name) / "x.json", Path(name) / "a.png"
        image.touch()
        place.write_bytes(data)
        store = CocoStore(place)
        if _error_of(store.load, place, data):
            return
        before = json.loads(data.decode("utf-8-sig"), strict=False)
        new = annotation([[1, 2, 3, 4]], ["dog"], True)
        if _error_of(lambda: store.write(image, HW, new, store.read(image, HW)), place, data):
            return
        after = json.loads(place.read_bytes().decode("utf-8-sig"), strict=False)
        assert len(after["images"]) >= len(before["images"])
        for one in (store, CocoStore(place)):
            assert one.read(image, HW).annotation.says_the_same(new)


def _error_of(work, place, data):
    """Whether it could not be done; then the file is as it was."""
    try:
        work()
    except DatasetError as error:
        said = str(error)
    else:
        return False
    assert place.name in said
    assert place.read_bytes() == data
    return True
