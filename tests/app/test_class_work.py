"""A class counted, changed and brought back in files, without a window."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import class_work
from app.class_work import ClassCount, ClassWork
from app.kept_bytes import KeptBytes
from detector.datasets import coco_store
from detector.datasets.annotation import Annotation
from detector.datasets.coco import CocoStore
from detector.datasets.errors import DatasetError
from detector.datasets.stores import Stores
from detector.datasets.voc_store import VocStore
from detector.datasets.yolo import YoloStore
from detector.ground_truth import GroundTruth
from tests.helpers.app_windows import IMAGE_HW, LABELS, OBJECTS, write_image
from tests.helpers.small_datasets import HW, datasets, write_as_voc


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    """A piece is all there is, however slow the machine; what is kept is let go however a test ends."""
    monkeypatch.setattr(class_work, "PIECE_SECONDS", 600.0)
    kept = []
    monkeypatch.setattr(class_work, "KeptBytes", lambda room: kept.append(KeptBytes(room)) or kept[-1])
    yield
    for each in kept:
        each.close()


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "images"
    root.mkdir()
    for number in range(3):
        write_image(root / f"{number}.png", number)
    (root / "2.xml").unlink()
    return root


def all_of(some):
    """Every piece, as one."""
    pieces = [some()]
    while not pieces[-1].is_last:
        pieces.append(some())
    return pieces


def images(folder):
    return sorted(folder.glob("*.png"))


def bytes_in(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".png"}


def work(folder, kind="rename", name="cat", into="lion"):
    return ClassWork(kind, name, into, Stores(), folder.parent / "state" / "room")


def make(made, folder):
    assert made.begin([folder], images(folder)) == ""
    pieces = all_of(made.change_some)
    made.end()
    return pieces


def take_back(made, skipped=()):
    assert made.begin_back(skipped) == ""
    return all_of(made.back_some)


def test_counting_in_pieces(folder, monkeypatch):
    (folder / "1.xml").write_text("<annotation>")  # broken: there is nothing in it that could be changed
    monkeypatch.setattr(class_work, "PIECE_SECONDS", -1.0)
    count = ClassCount(Stores(), "cat", [str(path) for path in images(folder)], {folder / "9.png"})
    pieces = all_of(count.some)
    assert [piece.num_done for piece in pieces] == [1, 1, 1, 0]
    hits = [hit for piece in pieces for hit in piece.hits]
    assert [(hit.path.name, hit.file.name, hit.num_boxes) for hit in hits] == [("0.png", "0.xml", 2)]


def test_those_that_others_count_are_left_out(folder):
    count = ClassCount(Stores(), "cat", [str(path) for path in images(folder)], {folder / "0.png"})
    piece = count.some()
    assert (piece.num_done, [hit.path.name for hit in piece.hits], piece.is_last) == (3, ["1.png"], True)


@pytest.mark.parametrize(("kind", "after"), [("rename", ("lion", "dog", "lion")), ("delete", ("dog",))])
def test_it_says_what_became_of_each_image(folder, kind, after):
    before, made = bytes_in(folder), work(folder, kind)
    (piece,) = make(made, folder)
    assert piece.num_done == 3
    assert {path.name: state.boxes for path, state in piece.states.items()} == dict.fromkeys(
        ["0.png", "1.png"], len(after)
    )
    assert VocStore(folder).read(folder / "1.png").annotation.ground_truth.labels == after
    (back,) = take_back(made)
    assert [dict(state.classes) for state in back.states.values()] == [{"cat": 2, "dog": 1}] * 2
    assert bytes_in(folder) == before
    made.close()
    assert list((folder.parent / "state" / "room").iterdir()) == []


def test_it_can_be_made_again(folder):
    before, made = bytes_in(folder), work(folder)
    make(made, folder)
    after = bytes_in(folder)
    assert after != before
    take_back(made)
    make(made, folder)
    assert bytes_in(folder) == after
    take_back(made)
    assert bytes_in(folder) == before
    made.close()


def test_what_is_half_done_when_it_is_closed_is_taken_back(folder, monkeypatch):
    monkeypatch.setattr(class_work, "PIECE_SECONDS", -1.0)
    before, made = bytes_in(folder), work(folder, "delete")
    made.begin([folder], images(folder))
    made.change_some()
    assert bytes_in(folder) != before
    made.close()
    assert bytes_in(folder) == before


def test_images_in_the_hands_of_others_are_not_brought_back(folder):
    before, made = bytes_in(folder), work(folder)
    make(made, folder)
    take_back(made, {folder / "0.png"})
    assert [path.name for path in before if path.read_bytes() != before[path]] == ["0.xml"]
    assert made.before(folder / "0.png").ground_truth.labels == LABELS
    assert made.before(folder / "2.png") is None
    made.close()


@pytest.mark.parametrize("kind", ["rename", "merge", "delete"])
def test_what_was_done_to_a_file_since_stays(folder, kind):
    made = work(folder, kind, into="dog" if kind == "merge" else "lion")
    make(made, folder)
    store, path = VocStore(folder), folder / "0.png"
    now = store.read(path)
    truth = now.annotation.ground_truth
    # The first box is moved; a new dog is drawn.
    boxes = np.concatenate([truth.boxes + [[1, 0, 1, 0]] * np.eye(len(truth), 1), [[3, 3, 9, 9]]]).astype(np.float32)
    changed = Annotation(GroundTruth(boxes, (*truth.labels, "dog")), (*now.annotation.records, None))
    store.write(path, IMAGE_HW, changed, now)
    take_back(made)
    found = VocStore(folder).read(path).annotation.ground_truth.labels
    assert (
        found
        == {
            "rename": ("lion", "dog", "cat", "dog"),  # what was moved is not the box of before any more
            "merge": ("dog", "dog", "cat", "dog"),
            "delete": ("dog", "dog", "cat", "cat"),
        }[kind]
    )
    assert VocStore(folder).read(folder / "1.png").annotation.ground_truth.labels == LABELS
    made.close()


def yolo(tmp_path):
    root = tmp_path / "images"
    root.mkdir()
    (tmp_path / "data.yaml").write_text("names: ['cat', dog]  # two\n")
    store = YoloStore(tmp_path / "labels")
    for number in range(2):
        path = write_image(root / f"{number}.png", number, annotated=False)
        store.write(path, IMAGE_HW, Annotation(GroundTruth(OBJECTS, LABELS, crowd=[True, False, False])), None)
    return root


def test_what_stands_in_lists_and_beside_comes_back_too(tmp_path):
    root = yolo(tmp_path)
    before = bytes_in(tmp_path)
    for kind in ("rename", "merge", "delete"):
        made = work(root, kind, into="dog" if kind == "merge" else "lion")
        make(made, root)
        after = bytes_in(tmp_path)
        named = {path.name for path in before if before[path] != after[path]}
        lines = {"0.txt", "1.txt"}
        assert named == {"rename": {"data.yaml"}, "merge": lines, "delete": lines | {".boxscope.json"}}[kind]
        take_back(made)
        made.close()
        assert bytes_in(tmp_path) == before


def test_a_list_that_cannot_be_changed_leaves_everything(tmp_path):
    root = yolo(tmp_path)
    (tmp_path / "data.yaml").unlink()
    before, made = bytes_in(tmp_path), work(root, name="0", into="lion")
    assert "neither data.yaml nor classes.txt" in made.begin([root], images(root))
    made.close()
    assert bytes_in(tmp_path) == before


def test_without_room_for_what_is_kept_nothing_is_begun(folder):
    (folder.parent / "state").write_text("no folder")
    before, made = bytes_in(folder), work(folder)
    assert "cannot be written" in made.begin([folder], images(folder))
    made.close()
    assert bytes_in(folder) == before


def test_kept_bytes(tmp_path):
    kept = KeptBytes(tmp_path / "room")
    one, two, missing = (tmp_path / name for name in ("one", "two", "missing"))
    one.write_bytes(b"x" * 3_000_000)  # more than a piece
    two.write_bytes(b"")
    for path in (one, two, missing):
        kept.keep(path)
    one.write_bytes(b"y" * 3_000_000)
    kept.keep(one)  # only the first state counts
    two.write_bytes(b"2")
    missing.write_bytes(b"3")
    for path in (one, two, missing, missing):
        kept.put_back(path)
    assert one.read_bytes() == b"x" * 3_000_000
    assert two.read_bytes() == b""
    assert not missing.exists()
    stamp = one.stat().st_mtime_ns
    kept.put_back(one)
    assert one.stat().st_mtime_ns == stamp
    with pytest.raises(DatasetError, match="cannot be kept"):
        kept.keep(tmp_path)
    kept.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=datasets(annotated=True), kind=st.sampled_from(["rename", "merge", "delete"]), data=st.data())
def test_any_dataset_comes_back_byte_by_byte(tmp_path, made, kind, data):
    root = tmp_path / "any"
    shutil.rmtree(root, ignore_errors=True)
    write_as_voc(root, made)
    there = sorted({label for each in made for label in each.annotation.ground_truth.labels}) or ["cat"]
    name = data.draw(st.sampled_from(there))
    into = {"rename": "a new & <name>", "merge": there[-1], "delete": ""}[kind]
    folder = root / "JPEGImages"
    before, change = bytes_in(root), ClassWork(kind, name, into, Stores(), tmp_path / "room")
    pieces = make(change, folder)
    assert [piece.failures for piece in pieces] == [()] * len(pieces)
    store = VocStore(root / "Annotations")
    for each in made:
        labels = store.read(folder / f"{each.stem}.png", HW).annotation.ground_truth.labels
        expected = [into if label == name else label for label in each.annotation.ground_truth.labels]
        assert list(labels) == [label for label in expected if label]
    take_back(change)
    change.close()
    assert bytes_in(root) == before


@pytest.fixture
def coco(tmp_path):
    root = tmp_path / "images"
    root.mkdir()
    content = {"images": [], "annotations": [], "categories": [{"id": 3, "name": "cat"}, {"id": 7, "name": "dog"}]}
    for number in range(4):
        path = write_image(root / f"{number}.png", number, annotated=False)
        content["images"].append({"id": number, "file_name": path.name, "width": IMAGE_HW[1], "height": IMAGE_HW[0]})
        for box, label in zip(OBJECTS.tolist(), LABELS, strict=True):
            sides = [box[0], box[1], box[2] - box[0], box[3] - box[1]]
            number_of = {"cat": 3, "dog": 7}[label]
            row = {"id": len(content["annotations"]), "image_id": number, "category_id": number_of, "bbox": sides}
            content["annotations"].append(row | {"score": 1.50})
    (tmp_path / "a.json").write_text(json.dumps(content, indent=1))
    return root


@pytest.mark.parametrize("kind", ["merge", "delete"])
def test_one_file_of_many_images_is_written_with_the_last_piece(coco, kind, monkeypatch):
    monkeypatch.setattr(class_work, "PIECE_SECONDS", -1.0)
    file, made = coco.parent / "a.json", work(coco, kind, into="dog")
    before = file.read_bytes()
    made.begin([coco], images(coco))
    pieces = [made.change_some() for _ in range(4)]
    assert [piece.states for piece in pieces] == [{}] * 4
    assert file.read_bytes() == before
    last = made.change_some()
    made.end()
    assert (last.is_last, last.failures, sorted(last.states)) == (True, (), images(coco))
    boxes = {"merge": {"dog": 3}, "delete": {"dog": 1}}[kind]
    assert [dict(state.classes) for state in last.states.values()] == [boxes] * 4
    labels = [CocoStore(file).read(path).annotation.ground_truth.labels for path in images(coco)]
    assert labels == [("dog",) * sum(boxes.values())] * 4
    take_back(made)
    assert file.read_bytes() == before
    made.close()


def test_one_file_of_many_images_that_is_given_up_was_never_touched(coco, monkeypatch):
    monkeypatch.setattr(class_work, "PIECE_SECONDS", -1.0)
    file, made = coco.parent / "a.json", work(coco, "delete")
    stamp = file.stat().st_mtime_ns
    made.begin([coco], images(coco))
    for _ in range(3):
        made.change_some()
    assert [piece.num_done for piece in take_back(made)] == [0]
    assert file.stat().st_mtime_ns == stamp
    made.begin([coco], images(coco))
    made.change_some()
    made.close()
    assert file.stat().st_mtime_ns == stamp


def test_a_full_disk_is_said_once_for_one_file(coco, monkeypatch):
    file, made = coco.parent / "a.json", work(coco, "delete")
    before = file.read_bytes()

    def full(path, pieces, *_):
        raise DatasetError(f"'{path}' cannot be written (No space left on device).")

    monkeypatch.setattr(coco_store, "write_atomic", full)
    (piece,) = make(made, coco)
    assert piece.failures == (f"'{file}' cannot be written (No space left on device).",)
    assert piece.states == {}
    assert made.before(images(coco)[0]) is None
    assert file.read_bytes() == before
    monkeypatch.undo()
    assert take_back(made)[0].failures == ()
    make(made, coco)
    assert b'"category_id": 3' not in file.read_bytes()
    made.close()


def test_what_another_program_wrote_meanwhile_is_not_brought_back_over(coco, monkeypatch):
    monkeypatch.setattr(class_work, "PIECE_SECONDS", -1.0)
    file, stores = coco.parent / "a.json", Stores()
    made = ClassWork("delete", "cat", "", stores, coco.parent / "room")
    made.begin([coco], images(coco))
    made.change_some()
    theirs = json.loads(file.read_text())
    theirs["images"][3]["verified"] = True
    theirs["annotations"][-1]["score"] = 9
    file.write_text(json.dumps(theirs, indent=1))
    stores.of(images(coco)[0]).refresh()  # the reading thread opens an image
    pieces = all_of(made.change_some)
    made.end()
    assert pieces[-1].failures == ()  # what they changed had not been read yet
    take_back(made)
    found = json.loads(file.read_text())
    assert found["images"][3]["verified"] is True
    assert sorted(map(str, found["annotations"])) == sorted(map(str, theirs["annotations"]))
    made.close()


def test_objects_of_one_file_that_was_changed_since_come_back(coco):
    file, stores = coco.parent / "a.json", Stores()
    made = ClassWork("delete", "cat", "", stores, coco.parent / "room")
    before = json.loads(file.read_text())["annotations"]
    make(made, coco)
    store, path = stores.of(images(coco)[2]), images(coco)[2]
    now = store.read(path, IMAGE_HW)
    store.write(path, IMAGE_HW, Annotation(GroundTruth.empty()), now)
    (piece,) = take_back(made)
    assert (piece.failures, piece.states[path].boxes, piece.states[images(coco)[0]].boxes) == ((), 2, 3)
    kept = [each for each in before if (each["image_id"], each["category_id"]) != (2, 7)]
    assert sorted(map(str, json.loads(file.read_text())["annotations"])) == sorted(map(str, kept))
    made.close()
