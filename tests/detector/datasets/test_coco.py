"""COCO json by hand: what is read, what a save writes, byte by byte; conflicts; a file that is made anew."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest

from detector.datasets import DatasetError
from detector.datasets.annotation import Annotation, ChangedOnDiskError, Record
from detector.datasets.coco import CocoStore
from tests.helpers.coco_files import HW, annotation, elements, moved, picked, picture, raws, without

# Everything here is a bit unusual, and has to stay so.
TEXT = """{"info": {"year": 2017, "note": "1.50 {[\\"]}"},
  "licenses":[ ],
  "annotations": [
    {"segmentation": [[10.0,20.0,40.0,20.0,40.0,60.0]], "area": 600.00, "iscrowd": 0, "image_id": 7,
     "bbox": [10.00, 20.0, 3e1, 40.125], "category_id": 18, "id": 1768, "score": 0.50},
    {"id": 900, "image_id": 3, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0},
    {"id": 2, "image_id": 7, "category_id": 1, "bbox": [0.5, 1.25, 10.5, 4.0], "area": 42.0, "iscrowd": 1, "x": null}
  ],
  "images": [{"id": 7, "file_name": "a.png", "width": 100, "height": 80, "coco_url": "http://x/a.png"},
             {"id": 3, "file_name": "train\\\\b.png", "width": 100, "height": 80}],
  "categories": [{"supercategory": "animal", "id": 18, "name": "dog"}, {"id": 1, "name": "cat"}],
  "extra": [1, {"deep": [[]]}]
}"""


@pytest.fixture
def folder(tmp_path):
    for name in "abc":
        picture(tmp_path / f"{name}.png")
    (tmp_path / "x.json").write_text(TEXT, encoding="utf-8")
    return tmp_path


@pytest.fixture
def store(folder):
    return CocoStore(folder / "x.json")


def text_of(folder):
    return (folder / "x.json").read_text(encoding="utf-8")


def counted(store, image):
    """At a glance: how many objects, and whether verified; None where the file does not have the image."""
    glance = store.glance(image)
    return None if glance.labels is None else (len(glance.labels), glance.verified)


def test_what_is_read(folder, store):
    stored = store.read(folder / "a.png", HW)
    truth = stored.annotation.ground_truth
    # x, y, w, h -> 10 + 30 = 40, 20 + 40.125 = 60.125; 0.5 + 10.5 = 11, 1.25 + 4 = 5.25
    np.testing.assert_array_equal(truth.boxes, np.array([[10, 20, 40, 60.125], [0.5, 1.25, 11, 5.25]], np.float32))
    assert truth.labels == ("dog", "cat")
    assert truth.crowd.tolist() == [False, True]
    assert not truth.difficult.any()
    assert stored.warnings == ()
    assert not stored.annotation.verified
    assert store.classes == ("dog", "cat")
    assert store.class_counts() == {"dog": 1, "cat": 2}
    assert store.read(folder / "b.png").annotation.ground_truth.labels == ("cat",)
    assert store.read(folder / "c.png").annotation is None
    assert counted(store, folder / "a.png") == (2, False)
    assert counted(store, folder / "c.png") is None
    assert store.path_of(folder / "c.png") == folder / "x.json"


def test_saving_what_was_read_changes_nothing(folder, store):
    before = os.stat(folder / "x.json")
    for name in ("a.png", "b.png"):
        stored = store.read(folder / name)
        store.write(folder / name, HW, stored.annotation, stored)
    assert text_of(folder) == TEXT
    assert os.stat(folder / "x.json").st_mtime_ns == before.st_mtime_ns  # not even written


def test_a_moved_side_changes_its_own_number_only(folder, store):
    stored = store.read(folder / "a.png")
    store.write(folder / "a.png", HW, moved(stored, 0, [10, 20, 45.5, 60.125]), stored)
    # 45.5 - 10 = 35.5. The area was 600, that of the mask and not 30 x 40.125 = 1203.75: it stays.
    assert text_of(folder) == TEXT.replace("[10.00, 20.0, 3e1, 40.125]", "[10.00, 20.0, 35.5, 40.125]")


def test_area_follows_where_it_was_that_of_the_box(folder, store):
    stored = store.read(folder / "a.png")
    store.write(folder / "a.png", HW, moved(stored, 1, [0.1, 1.25, 11, 5.25]), stored)
    # The right side stays at 11: 11 - 0.1 = 10.9. 10.9 x 4 = 43.6; it was 10.5 x 4 = 42.
    expected = TEXT.replace('[0.5, 1.25, 10.5, 4.0], "area": 42.0', '[0.1, 1.25, 10.9, 4.0], "area": 43.6')
    assert text_of(folder) == expected


def test_class_and_flags(folder, store):
    stored = store.read(folder / "a.png")
    truth = stored.annotation.ground_truth
    changed = annotation(
        truth.boxes, ["cat", "cat"], True, stored.annotation.records, crowd=[1, 0], difficult=[1, 0], truncated=[0, 1]
    )
    again = store.write(folder / "a.png", HW, changed, stored)
    expected = (
        TEXT.replace('"iscrowd": 0, "image_id": 7', '"iscrowd": 1, "image_id": 7')
        .replace('"category_id": 18, "id": 1768', '"category_id": 1, "id": 1768')
        .replace('"score": 0.50}', '"score": 0.50, "difficult": 1}')
        .replace('"iscrowd": 1, "x": null}', '"iscrowd": 0, "x": null, "truncated": 1}')
        .replace('"http://x/a.png"}', '"http://x/a.png", "verified": true}')
    )
    assert text_of(folder) == expected
    assert CocoStore(folder / "x.json").read(folder / "a.png").annotation.says_the_same(changed)
    assert store.class_counts() == {"dog": 0, "cat": 3}
    assert counted(store, folder / "a.png") == (2, True)
    # And back: a flag that is there says no.
    store.write(folder / "a.png", HW, Annotation(truth, again.annotation.records), again)
    assert '"verified": false' in text_of(folder)
    assert '"difficult": 0' in text_of(folder)
    assert CocoStore(folder / "x.json").read(folder / "a.png").annotation.says_the_same(stored.annotation)


def test_difficult_as_cocos_copy_of_voc_has_it(folder):
    (folder / "x.json").write_text(TEXT.replace('"x": null', '"ignore": 1'), encoding="utf-8")
    store = CocoStore(folder / "x.json")
    stored = store.read(folder / "a.png")
    assert stored.annotation.ground_truth.difficult.tolist() == [False, True]
    truth = stored.annotation.ground_truth
    changed = annotation(truth.boxes, truth.labels, records=stored.annotation.records, crowd=truth.crowd)
    store.write(folder / "a.png", HW, changed, stored)
    assert text_of(folder) == TEXT.replace('"x": null', '"ignore": 0')


def test_new_objects_go_to_the_end_in_the_style_of_the_file(folder, store):
    stored = store.read(folder / "b.png")
    one = stored.annotation
    changed = annotation(
        [*one.ground_truth.boxes, [0.1, 0.2, 0.4, 0.7], [1, 2, 3, 4]],
        ["cat", "dog", "bird"],
        records=(*one.records, None, None),
    )
    store.write(folder / "b.png", HW, changed, stored)
    # 0.4 - 0.1 = 0.3, 0.7 - 0.2 = 0.5, 0.3 x 0.5 = 0.15. The largest id was 1768, the largest category 18.
    end = '"x": null}\n  ],'
    new = (
        '"x": null},\n'
        '    {"id": 1769, "image_id": 3, "category_id": 18, "bbox": [0.1, 0.2, 0.3, 0.5], "area": 0.15, '
        '"iscrowd": 0},\n'
        '    {"id": 1770, "image_id": 3, "category_id": 19, "bbox": [1, 2, 2, 2], "area": 4, "iscrowd": 0}\n  ],'
    )
    bird = '{"id": 1, "name": "cat"}, {"id": 19, "name": "bird", "supercategory": ""}]'
    assert text_of(folder) == TEXT.replace(end, new).replace('{"id": 1, "name": "cat"}]', bird)
    assert store.classes == ("dog", "cat", "bird")
    assert store.read(folder / "b.png").annotation.says_the_same(changed)


@pytest.mark.parametrize("rows", [[0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2]])
@pytest.mark.parametrize("spelling", [{}, {"indent": 2}, {"separators": (",", ":")}])
def test_deleted_ones_go_with_one_comma(tmp_path, rows, spelling):
    picture(tmp_path / "a.png")
    boxes = [{"id": each, "image_id": 1, "category_id": 1, "bbox": [each, 0, 5, 5]} for each in (1, 2, 3)]
    content = {
        "images": [{"id": 1, "file_name": "a.png"}], "annotations": boxes, "categories": [{"id": 1, "name": "cat"}],
    }  # fmt: skip
    place = tmp_path / "x.json"
    place.write_text(json.dumps(content, **spelling))
    store = CocoStore(place)
    stored = store.read(tmp_path / "a.png")
    after = store.write(tmp_path / "a.png", HW, without(stored, *rows), stored)
    content["annotations"] = [each for row, each in enumerate(boxes) if row not in rows]
    assert json.loads(place.read_text()) == content
    if len(rows) < 3:
        assert place.read_text() == json.dumps(content, **spelling)  # as if they had never been there
    # And back, as an undo does it: at their places, with their ids.
    store.write(tmp_path / "a.png", HW, stored.annotation, after)
    content["annotations"] = boxes
    assert json.loads(place.read_text()) == content
    if spelling != {"indent": 2} or len(rows) < 3:
        assert place.read_text() == json.dumps(content, **spelling)


def test_what_comes_back_brings_all_its_file_said(folder, store):
    stored = store.read(folder / "a.png")
    gone = store.write(folder / "a.png", HW, without(stored, 0), stored)
    assert "segmentation" not in text_of(folder)
    store.write(folder / "a.png", HW, stored.annotation, gone)
    assert sorted(raws(text_of(folder), "annotations")) == sorted(raws(TEXT, "annotations"))
    assert CocoStore(folder / "x.json").read(folder / "a.png").annotation.says_the_same(stored.annotation)


def test_a_new_order_is_kept(folder, store):
    stored = store.read(folder / "a.png")
    swapped = picked(stored.annotation.ground_truth, stored.annotation.records, [1, 0])
    store.write(folder / "a.png", HW, swapped, stored)
    old, new = raws(TEXT, "annotations"), raws(text_of(folder), "annotations")
    assert new == [old[2], old[1], old[0]]
    assert CocoStore(folder / "x.json").read(folder / "a.png").annotation.says_the_same(swapped)
    assert store.read(folder / "a.png").annotation.says_the_same(swapped)


def test_two_objects_of_one_record_are_two_elements(folder, store):
    stored = store.read(folder / "b.png")
    doubled = picked(stored.annotation.ground_truth, stored.annotation.records, [0, 0])
    store.write(folder / "b.png", HW, doubled, stored)
    ids = [json.loads(each)["id"] for each in raws(text_of(folder), "annotations")]
    assert ids == [1768, 900, 2, 1769]


def test_records_of_another_store_are_new_objects(folder, store):
    changed = annotation([[1, 2, 3, 4]], ["dog"], records=[Record()])
    store.write(folder / "c.png", HW, changed, store.read(folder / "c.png"))
    assert json.loads(raws(text_of(folder), "annotations")[-1])["id"] == 1769


def test_a_new_image_gets_an_entry(folder, store):
    store.write(folder / "c.png", HW, annotation(verified=True), store.read(folder / "c.png"))
    last = '"file_name": "train\\\\b.png", "width": 100, "height": 80}'
    new = last + ',\n             {"id": 8, "file_name": "c.png", "width": 100, "height": 80, "verified": true}'
    assert last in TEXT
    assert text_of(folder) == TEXT.replace(last, new)
    assert store.read(folder / "c.png").annotation.says_the_same(annotation(verified=True))
    assert counted(store, folder / "c.png") == (0, True)


def test_a_new_file(tmp_path):
    for name in "ab":
        picture(tmp_path / f"{name}.png")
    store = CocoStore.new(tmp_path / "new.json", ("cat", "dog"))
    assert store.classes == ("cat", "dog")
    nothing = store.read(tmp_path / "a.png")
    assert nothing.annotation is None
    assert not (tmp_path / "new.json").exists()
    written = annotation([[1, 2, 4, 6.5]], ["bird"], crowd=[1])
    seen = store.write(tmp_path / "a.png", HW, written, nothing)
    assert (tmp_path / "new.json").read_text() == (
        '{\n"images": [\n{"id": 1, "file_name": "a.png", "width": 100, "height": 80}\n],\n'
        '"annotations": [\n'
        '{"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4.5], "area": 13.5, "iscrowd": 1}\n],\n'
        '"categories": [\n{"id": 1, "name": "cat", "supercategory": ""},\n'
        '{"id": 2, "name": "dog", "supercategory": ""},\n{"id": 3, "name": "bird", "supercategory": ""}\n]\n}\n'
    )
    store.write(tmp_path / "b.png", HW, annotation([[0, 0, 1, 1]], ["cat"]), store.read(tmp_path / "b.png"))
    # The file was saved meanwhile, by this store: no conflict.
    store.write(tmp_path / "a.png", HW, moved(seen, 0, [1, 2, 5, 6.5]), seen)
    assert [json.loads(each)["bbox"] for each in raws((tmp_path / "new.json").read_text(), "annotations")] == [
        [1, 2, 4, 4.5], [0, 0, 1, 1],
    ]  # fmt: skip


def test_a_file_that_somebody_else_made_is_not_overwritten(tmp_path):
    picture(tmp_path / "a.png")
    store = CocoStore.new(tmp_path / "new.json")
    nothing = store.read(tmp_path / "a.png")
    content = {"images": [{"id": 7, "file_name": "a.png", "width": 100, "height": 80}], "annotations": []}
    (tmp_path / "new.json").write_text(json.dumps(content))
    with pytest.raises(ChangedOnDiskError, match=r"new\.json"):
        store.write(tmp_path / "a.png", HW, annotation([[0, 0, 1, 1]], ["cat"]), nothing)
    assert json.loads((tmp_path / "new.json").read_text()) == content
    (tmp_path / "new.json").write_text('{"images": [')
    with pytest.raises(ChangedOnDiskError, match=r"new\.json"):
        store.write(tmp_path / "a.png", HW, annotation([[0, 0, 1, 1]], ["cat"]), nothing)
    assert (tmp_path / "new.json").read_text() == '{"images": ['


def test_a_file_that_somebody_else_made_without_the_image_gets_it(tmp_path):
    """Lists that are not there come at the end."""
    picture(tmp_path / "a.png")
    store = CocoStore.new(tmp_path / "new.json")
    nothing = store.read(tmp_path / "a.png")
    (tmp_path / "new.json").write_text('{"images": []}')
    store.write(tmp_path / "a.png", HW, annotation([[0, 0, 1, 1]], ["cat"]), nothing)
    assert [len(json.loads((tmp_path / "new.json").read_text())[key]) for key in ("images", "annotations")] == [1, 1]
    assert store.read(tmp_path / "a.png").annotation.ground_truth.labels == ("cat",)


@pytest.mark.parametrize("is_looked_for", [False, True])
def test_a_file_that_was_removed_is_written_again_only_if_that_is_wanted(folder, store, is_looked_for):
    stored = store.read(folder / "a.png")
    classes = store.classes
    mine = moved(stored, 1, [0, 0, 9, 9])
    (folder / "x.json").unlink()
    if is_looked_for:
        with pytest.raises(DatasetError, match="no file"):
            store.read(folder / "b.png")
    with pytest.raises(ChangedOnDiskError, match=r"x\.json' was removed") as found:
        store.write(folder / "a.png", HW, mine, stored)
    assert found.value.is_gone
    assert not (folder / "x.json").exists()
    store.write(folder / "a.png", HW, mine, None)
    again = CocoStore(folder / "x.json")
    assert again.read(folder / "a.png").annotation.says_the_same(replace(mine, stated_hw=None))
    assert again.classes == classes
    assert again.read(folder / "b.png").annotation is None


def test_another_program_is_noticed(folder, store):
    stored = store.read(folder / "a.png")
    other = store.read(folder / "b.png")
    mine = moved(stored, 1, [0, 0, 9, 9])
    theirs = TEXT.replace("[10.00,", "[11.00,")
    (folder / "x.json").write_text(theirs + " ", encoding="utf-8")
    with pytest.raises(ChangedOnDiskError, match=r"x\.json"):
        store.write(folder / "a.png", HW, mine, stored)
    assert text_of(folder) == theirs + " "
    store.reload()
    # Of image a it is not what was seen; of image b it is.
    with pytest.raises(ChangedOnDiskError):
        store.write(folder / "a.png", HW, mine, stored)
    store.write(folder / "b.png", HW, moved(other, 0, [1, 2, 9, 6]), other)
    # Told to write whatever is there: their change of this image goes, that is what was asked for.
    store.write(folder / "a.png", HW, mine, None)
    assert store.read(folder / "a.png").annotation.says_the_same(mine)


def test_reading_sees_what_another_program_wrote(folder, store):
    store.read(folder / "a.png")
    (folder / "x.json").write_text(TEXT.replace("[10.00,", "[11.5,"), encoding="utf-8")
    assert store.read(folder / "a.png").annotation.ground_truth.boxes[0, 0] == 11.5
    (folder / "x.json").unlink()
    with pytest.raises(DatasetError, match=r"There is no file .*x\.json"):
        store.read(folder / "a.png")


def test_a_failed_save_leaves_the_old_file(folder, store, monkeypatch):
    stored = store.read(folder / "a.png")

    def full(_number):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(DatasetError, match=r"x\.json.*No space"):
            store.write(folder / "a.png", HW, without(stored, 0), stored)
    assert text_of(folder) == TEXT
    assert sorted(each.name for each in folder.iterdir()) == ["a.png", "b.png", "c.png", "x.json"]
    store.write(folder / "a.png", HW, without(stored, 0), stored)
    assert len(elements(text_of(folder), "annotations")) == 2


def test_sizes_that_do_not_fit_are_told(folder, store):
    swapped = store.read(folder / "a.png", (100, 80)).warnings
    assert len(swapped) == 1
    assert "100 x 80 px" in swapped[0]
    assert "swapped" in swapped[0]
    other = store.read(folder / "a.png", (70, 100)).warnings
    assert "but the image has 100 x 70" in other[0]
    assert "swapped" not in other[0]
    outside = store.read(folder / "a.png", (50, 100)).warnings
    assert any("reaches over the edge" in each and "annotation 1 of 'a.png'" in each for each in outside)


def test_a_bom_stays(folder):
    (folder / "x.json").write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    store = CocoStore(folder / "x.json")
    stored = store.read(folder / "a.png")
    store.write(folder / "a.png", HW, moved(stored, 0, [10, 20, 45.5, 60.125]), stored)
    expected = TEXT.replace("[10.00, 20.0, 3e1, 40.125]", "[10.00, 20.0, 35.5, 40.125]")
    assert (folder / "x.json").read_bytes() == b"\xef\xbb\xbf" + expected.encode()


def test_what_a_file_cannot_hold(folder, store):
    # The last is 2e7 px wide: a bbox of that width would be refused when it is read.
    boxes = [[0, 0, float("nan"), 1], [0, 0, 1e30, 1], [-1e7, 0, 1e7, 1]]
    for bad in (annotation([[0, 0, 1, 1]], [" "]), *(annotation([box], ["cat"]) for box in boxes)):
        with pytest.raises(DatasetError, match=r"x\.json' cannot hold"):
            store.write(folder / "a.png", HW, bad, None)
    assert text_of(folder) == TEXT


def test_one_json_for_two_folders(tmp_path):
    from detector.datasets.coco import find_coco_store

    one, two = picture(tmp_path / "one" / "a.png"), picture(tmp_path / "two" / "b.png")
    (tmp_path / "annotations").mkdir()
    content = {
        "images": [{"id": 1, "file_name": "one/a.png"}, {"id": 2, "file_name": "two/b.png"}],
        "annotations": [], "categories": [],
    }  # fmt: skip
    (tmp_path / "annotations" / "all.json").write_text(json.dumps(content))
    first, second = find_coco_store(one.parent), find_coco_store(two.parent)
    seen_one, seen_two = first.read(one), second.read(two)
    first.write(one, HW, annotation([[0, 0, 1, 1]], ["cat"]), seen_one)
    second.write(two, HW, annotation([[0, 0, 1, 1]], ["cat"]), seen_two)  # no conflict with oneself
    assert counted(first, one) == counted(first, two) == (1, False)
