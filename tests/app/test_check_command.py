"""`check` as a person types it: what stdout says, what is fixed in the files of each format, and the exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import main
from app import check_command as command
from detector.datasets import DatasetError, check_source, coco_store, read_voc
from detector.datasets.annotation import Annotation
from detector.datasets.coco import CocoStore
from detector.datasets.voc_store import VocStore
from detector.datasets.yolo import YoloStore
from detector.ground_truth import GroundTruth
from tests.helpers.small_datasets import HW, Made, write_as_voc

# HW is 60 x 90 (h x w).
GOOD = [[1, 2, 30, 40], [50, 10, 80, 40]]
BAD = [[40, 2, 10, 30], [5, 5, 5, 9], [100, 5, 120, 9], [80, 50, 95, 58], [10, 10, 30, 30], [10, 10, 30, 30]]
KINDS = ["inverted", "no_area", "outside", "over_edge", "duplicate"]


def one(boxes, labels=None):
    return Annotation(GroundTruth(np.array(boxes, np.float32).reshape(-1, 4), labels or ["cat"] * len(boxes)))


@pytest.fixture
def voc(tmp_path):
    """Two images: one has everything wrong."""
    write_as_voc(tmp_path / "voc", [Made("good", one(GOOD), ()), Made("bad", one([*BAD, *GOOD]), ())])
    return tmp_path / "voc"


def check(*arguments):
    return main.main(["check", *map(str, arguments)])


def boxes_of(voc, stem):
    return read_voc(voc / "Annotations" / f"{stem}.xml").ground_truth.boxes.tolist()


def test_nothing_wrong(tmp_path, capsys):
    write_as_voc(tmp_path / "voc", [Made("a", one(GOOD), ()), Made("b", None, ())])
    assert check(tmp_path / "voc") == 0
    out, error = capsys.readouterr()
    assert out == ""
    assert "Nothing wrong: 2 boxes in 2 images." in error


def test_what_is_found_by_kind(voc, capsys):
    before = (voc / "Annotations" / "bad.xml").read_bytes()
    assert check(voc) == 1
    out, error = capsys.readouterr()
    lines = out.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [
        "Corners the wrong way round: 1 in 1 image. Fix: swap the corners (--fix inverted)",
        "No area: 1 in 1 image. Fix: delete the box (--fix no_area)",
        "Outside the image: 1 in 1 image. Fix: delete the box (--fix outside)",
        "Over the edge of the image: 1 in 1 image. Fix: cut it to the image (--fix over_edge)",
        "Drawn twice: 1 in 1 image. Fix: delete the later one (--fix duplicate)",
    ]
    assert f"  JPEGImages{os.sep}bad.png: cat #4 by 5 px over the right edge [80, 50, 95, 58]" in lines
    assert f"  JPEGImages{os.sep}bad.png: cat #6 is #5 again, IoU 1.000 [10, 10, 30, 30]" in lines
    assert "Checked 10 boxes in 2 images: 5 findings." in error
    assert (voc / "Annotations" / "bad.xml").read_bytes() == before


def test_the_first_few_or_all(tmp_path, capsys):
    write_as_voc(tmp_path / "voc", [Made(f"{n}", one([[5, 5, 5, 9]]), ()) for n in range(7)])
    assert check(tmp_path / "voc") == 1
    out = capsys.readouterr().out
    assert "No area: 7 in 7 images" in out
    assert "  ... and 2 more; --all lists all of them" in out
    assert out.count("cat #1") == 5
    assert check(tmp_path / "voc", "--all") == 1
    assert capsys.readouterr().out.count("cat #1") == 7


def test_only_what_is_named_is_fixed(voc, capsys):
    good = (voc / "Annotations" / "good.xml").read_bytes()
    assert check(voc, "--fix", "no_area", "over_edge") == 1
    out, error = capsys.readouterr()
    assert "No area: 1 fixed (delete the box)." in error
    assert "Over the edge of the image: 1 fixed (cut it to the image)." in error
    assert "No area" not in out
    assert "Corners the wrong way round" in out
    kept = [BAD[0], BAD[2], [80, 50, 90, 58], BAD[4], BAD[5], *GOOD]
    assert boxes_of(voc, "bad") == kept
    assert (voc / "Annotations" / "good.xml").read_bytes() == good


def test_all_is_fixed_and_nothing_is_found_again(voc, capsys):
    assert check(voc, "--fix", *KINDS) == 0
    assert capsys.readouterr().out == ""
    assert boxes_of(voc, "bad") == [[10, 2, 40, 30], [80, 50, 90, 58], BAD[4], *GOOD]
    assert check(voc) == 0
    assert check(voc, "--fix", *KINDS) == 0
    assert "Drawn twice: nothing to fix." in capsys.readouterr().err


def test_as_json(voc, tmp_path):
    assert check(voc, "--json", tmp_path / "found.json") == 1
    found = json.loads((tmp_path / "found.json").read_text())
    assert (found["schema"], found["images"], found["objects"]) == (1, 2, 10)
    assert found["kinds"] == dict.fromkeys(KINDS, 1)
    first = found["findings"][0]
    assert first == {
        "kind": "inverted",
        "file": str(voc / "JPEGImages" / "bad.png"),
        "object": 0,
        "values": {"label": "cat", "box": [40, 2, 10, 30]},
    }
    assert found["findings"][-1]["values"]["first"] == 4
    assert (found["fixed"], found["failed"]) == ({}, [])


def test_classes_by_a_list(tmp_path, capsys):
    write_as_voc(tmp_path / "voc", [Made("a", one(GOOD, ["Platlets", "tree"]), ())])
    assert check(tmp_path / "voc") == 0
    assert check(tmp_path / "voc", "--classes", "Platelets", "RBC") == 1
    out = capsys.readouterr().out
    assert "Platlets #1: did you mean Platelets? [1, 2, 30, 40]" in out
    assert "tree #2 [50, 10, 80, 40]\n" in out
    assert check(tmp_path / "voc", "--classes", "Platelets", "RBC", "--fix", "unknown_class") == 1
    assert read_voc(tmp_path / "voc/Annotations/a.xml").ground_truth.labels == ("Platelets", "tree")


def test_images_that_cannot_be_read_and_annotations_without_image(voc, capsys):
    (voc / "JPEGImages" / "good.png").unlink()
    (voc / "Annotations" / "bad.xml").write_text("<annotation><object>")
    assert check(voc) == 1
    out, error = capsys.readouterr()
    assert "Annotation without image: 1. Fix: none" in out
    assert "There is no image 'good'" in out
    assert "bad.xml" in error
    assert "Could not be read or written, each named above: 1." in error


def test_labels_without_image_in_a_folder(tmp_path, capsys):
    Image.new("L", (90, 60)).save(tmp_path / "a.png")
    (tmp_path / "a.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    (tmp_path / "gone.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    (tmp_path / "notes.txt").write_text("to be done\n")
    assert check(tmp_path) == 1
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith(" ")] == [
        "  gone.txt: no image 'gone'"
    ]


@pytest.mark.parametrize("arguments", [["nowhere"], ["--fix"], ["x", "--fix", "no_image"], ["x", "--fix", "nonsense"]])
def test_wrong_calls(arguments, capsys):
    try:
        code = check(*arguments)
    except SystemExit as end:
        code = end.code
    assert code == 2


def test_a_file_that_cannot_be_written_is_named_and_the_others_are_fixed(tmp_path, capsys):
    made = [Made("a", one([[5, 5, 5, 9]]), ()), Made("b", one([[5, 5, 5, 9]]), ())]
    write_as_voc(tmp_path / "voc", made)
    other = tmp_path / "elsewhere.xml"
    (tmp_path / "voc/Annotations/a.xml").rename(other)
    (tmp_path / "voc/Annotations/a.xml").symlink_to(other)  # out of its folder: never written
    before = other.read_bytes()
    assert check(tmp_path / "voc", "--fix", "no_area") == 1
    assert "a.xml' is a link to a file outside of its folder" in capsys.readouterr().err
    assert other.read_bytes() == before
    assert boxes_of(tmp_path / "voc", "b") == []


# -- other formats -----------------------------------------------------------------------------------------------------


def coco(tmp_path, boxes, names=("a.png",), **entry):
    """A COCO json whose bbox are as given, for one image; beside it the images that are named."""
    for name in names:
        Image.new("L", HW[::-1]).save(tmp_path / name)
    (tmp_path / "c.json").write_text(
        json.dumps(
            {
                "info": {"mine": 1},
                "images": [{"id": 1, "file_name": "a.png", "width": 90, "height": 60, **entry}],
                "annotations": [
                    {"id": n, "image_id": 1, "category_id": 7, "bbox": box, "area": 5, "score": 0.5}
                    for n, box in enumerate(boxes, 1)
                ],
                "categories": [{"id": 7, "name": "cat"}],
            }
        )
    )
    return tmp_path / "c.json"


def test_coco(tmp_path, capsys):
    path = coco(tmp_path, [[1, 2, 29, 38], [80, 50, 15, 8], [5, 5, 0, 4]])
    assert check(path) == 1
    assert check(path, "--fix", "over_edge", "no_area") == 0
    raw = json.loads(path.read_text())
    assert raw["info"] == {"mine": 1}
    assert [(each["id"], each["bbox"], each["score"]) for each in raw["annotations"]] == [
        (1, [1, 2, 29, 38], 0.5),
        (2, [80, 50, 10, 8], 0.5),
    ]


def test_corners_in_coco_where_sizes_belong(tmp_path, capsys):
    corners = [[30 + n, 20 + n, 60 + n, 50 + n] for n in range(10)]
    path = coco(tmp_path, corners)
    assert check(path) == 1
    # 60 + 2n + 30 > 90 for n > 0, and 20 + 50 > 60 always
    assert "10 of 10 boxes reach over the edge, and 10 lie within" in capsys.readouterr().out
    assert check(path, "--fix", "corner_as_size") == 0
    boxes = CocoStore(path).read(tmp_path / "a.png").annotation.ground_truth.boxes
    np.testing.assert_array_equal(boxes, np.array(corners, np.float32))


def test_coco_images_that_are_not_there(tmp_path, capsys):
    path = coco(tmp_path, [[1, 2, 29, 38]], names=("other.png",), file_name="nowhere.png")
    assert check(path) == 1
    assert "Annotation without image: 1" in capsys.readouterr().out


def test_yolo(tmp_path, capsys):
    for part in ("images/train", "labels/train"):
        (tmp_path / part).mkdir(parents=True)
    Image.new("L", HW[::-1]).save(tmp_path / "images/train/a.png")
    # x 81 .. 99 of 90; a box twice
    (tmp_path / "labels/train/a.txt").write_text("0 1.0 0.5 0.2 0.2\n1 0.3 0.3 0.2 0.2 0.9\n1 0.3 0.3 0.2 0.2\n")
    (tmp_path / "labels/train/gone.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    (tmp_path / "data.yaml").write_text("train: images/train\nval: images/train\nnames: [cat, dog]\n")
    assert check(tmp_path / "data.yaml") == 1
    out = capsys.readouterr().out
    assert "cat #1 by 9 px over the right edge [81, 24, 99, 36]" in out
    assert f"  {os.path.join('labels', 'train', 'gone.txt')}: no image 'gone'" in out
    assert check(tmp_path / "data.yaml", "--fix", "over_edge", "duplicate") == 1
    assert "1 finding." in capsys.readouterr().err
    store = YoloStore(tmp_path / "labels/train")
    truth = store.read(tmp_path / "images/train/a.png").annotation.ground_truth
    np.testing.assert_allclose(truth.boxes, [[81, 24, 90, 36], [18, 12, 36, 24]], atol=1e-4)
    assert (tmp_path / "labels/train/a.txt").read_text().splitlines()[1] == "1 0.3 0.3 0.2 0.2 0.9"


def turned_image(path):
    """Stored 90 x 60 (w x h), upright 60 x 90."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", HW[::-1]).save(path, exif=exif)


def test_boxes_of_a_picture_before_it_is_turned_in_voc(tmp_path, capsys):
    write_as_voc(tmp_path / "voc", [Made("a", one(GOOD), ())])
    (tmp_path / "voc/JPEGImages/a.png").unlink()
    turned_image(tmp_path / "voc/JPEGImages/a.jpg")
    assert check(tmp_path / "voc") == 1
    assert "2 boxes, written for 90 x 60 px, but EXIF orientation 6 turns the picture" in capsys.readouterr().out
    assert check(tmp_path / "voc", "--fix", "exif_swapped") == 0
    # x' = 60 - y, y' = x
    assert boxes_of(tmp_path / "voc", "a") == [[20, 1, 58, 30], [20, 50, 50, 80]]
    text = (tmp_path / "voc/Annotations/a.xml").read_text()
    assert "<width>60</width>" in text
    assert "<height>90</height>" in text
    assert check(tmp_path / "voc") == 0


def test_boxes_of_a_picture_before_it_is_turned_in_coco(tmp_path, capsys):
    path = coco(tmp_path, [[1, 2, 29, 38]], names=(), file_name="a.jpg")
    turned_image(tmp_path / "a.jpg")
    assert check(path) == 1
    assert check(path, "--fix", "exif_swapped") == 0
    raw = json.loads(path.read_text())
    assert raw["annotations"][0]["bbox"] == [20, 1, 38, 29]
    assert raw["images"] == [{"id": 1, "file_name": "a.jpg", "width": 60, "height": 90}]
    assert check(path) == 0


def test_pixels_counted_from_one_are_as_voc_has_them_but_not_coco(tmp_path, capsys):
    boxes = [box for n in range(5) for box in ([1, 1, 20 + 2 * n, 20 + n], [60 + n, 40 - n, 90, 60])]
    write_as_voc(tmp_path / "voc", [Made("a", one(boxes), ())])
    assert check(tmp_path / "voc") == 0
    assert "Pixels are counted from 1, as VOC does: 10 sides lie at 1, 0 at 0." in capsys.readouterr().err
    path = coco(tmp_path, [[x1, y1, x2 - x1, y2 - y1] for x1, y1, x2, y2 in boxes])
    assert check(path) == 1
    assert "Pixels counted from 1: 1 image" in capsys.readouterr().out
    assert check(path, "--fix", "one_based") == 0
    assert json.loads(path.read_text())["annotations"][0]["bbox"] == [0, 0, 20, 20]


def test_pictures_that_are_cut_off(voc, tmp_path, capsys):
    image = next((voc / "JPEGImages").glob("good.*"))
    image.write_bytes(image.read_bytes()[:-30])
    assert check(voc, "--json", tmp_path / "out.json") == 1
    out, error = capsys.readouterr()
    assert (
        "Picture that cannot be read to its end: 1 image. Fix: none: copy the image file from its source again\n"
        f"  JPEGImages/{image.name}: the file ends before the picture is complete\n"
    ) in out
    assert "Checked 10 boxes in 2 images" in error  # its boxes are checked all the same
    (found,) = [each for each in json.loads((tmp_path / "out.json").read_text())["findings"] if "object" not in each]
    assert (found["kind"], found["file"], found["values"]["is_cut_off"]) == ("broken_picture", str(image), True)


def test_images_that_cannot_be_opened(voc, capsys):
    (voc / "JPEGImages" / "good.png").write_bytes(b"")
    (voc / "JPEGImages" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    assert check(voc) == 1
    out, error = capsys.readouterr()
    assert "Picture that cannot be read to its end: 2 images." in out
    assert "  JPEGImages/good.png: is empty (0 bytes)\n" in out
    assert "Could not be read" not in error
    assert "Checked 0 boxes in 0 images: 2 findings." in error


def test_an_image_of_a_list_that_is_not_there(tmp_path, capsys):
    (tmp_path / "train.txt").write_text("a.png\ngone.png\n")
    Image.new("L", (90, 60)).save(tmp_path / "a.png")
    (tmp_path / "data.yaml").write_text("train: train.txt\nnames: [cat]\n")
    assert check(tmp_path / "data.yaml") == 1
    out, error = capsys.readouterr()
    assert f"  There is no file '{tmp_path / 'gone.png'}'.\n" in out
    assert "1 image: 1 finding." in error


def test_what_cannot_be_read_is_told_once_also_with_fix(voc, capsys):
    (voc / "Annotations" / "good.xml").write_text("<annotation><object>")
    assert check(voc, "--fix", *KINDS) == 1
    error = capsys.readouterr().err
    assert error.count("good.xml") == 1
    assert "Could not be read or written, each named above: 1." in error


def test_what_is_odd_about_a_whole_file_is_told(tmp_path, capsys):
    path = coco(tmp_path, [[1, 2, 29, 38], [4, 8, 15, 8]])
    path.write_text(path.read_text().replace('"image_id": 1', '"image_id": 9', 1))
    assert check(path) == 0
    told = f"'{path}': 1 annotation(s) belong to no image of the file, the first is number 1; they are kept.\n"
    assert told in capsys.readouterr().err
    assert main.main(["convert", str(path), "--to", "voc", "--out", str(tmp_path / "out")]) == 0
    assert told in capsys.readouterr().err


def test_a_class_that_is_like_no_other_is_offered_no_fix(voc, capsys):
    assert check(voc, "--classes", "Platelets") == 1
    assert "Class not in the list: 10 in 2 images. Fix: none: no class in the list has nearly this name\n" in (
        capsys.readouterr().out
    )


def three_images(tmp_path):
    """A COCO json with a box over the edge in each of three images."""
    path = coco(tmp_path, [], names=("a.png", "b.png", "c.png"))
    content = json.loads(path.read_text())
    content["images"] = [{"id": n, "file_name": f"{'abc'[n]}.png", "width": 90, "height": 60} for n in range(3)]
    content["annotations"] = [{"id": n, "image_id": n, "category_id": 7, "bbox": [80, 10, 15 + n, 8]} for n in range(3)]
    path.write_text(json.dumps(content))
    return path


def test_one_file_of_many_images_is_written_once(tmp_path, capsys, monkeypatch):
    path, written = three_images(tmp_path), []
    real = coco_store.write_atomic
    monkeypatch.setattr(coco_store, "write_atomic", lambda *given: written.append(given[0]) or real(*given))
    assert check(path, "--fix", "over_edge") == 0
    assert written == [path]
    assert [each["bbox"] for each in json.loads(path.read_text())["annotations"]] == [[80, 10, 10, 8]] * 3
    assert "Over the edge of the image: 3 fixed (cut it to the image)." in capsys.readouterr().err


def test_one_file_that_cannot_be_written_is_said_once(tmp_path, capsys, monkeypatch):
    path = three_images(tmp_path)
    before = path.read_bytes()

    def full(path, pieces, *_):
        raise DatasetError(f"'{path}' cannot be written (No space left on device).")

    monkeypatch.setattr(coco_store, "write_atomic", full)
    assert check(path, "--fix", "over_edge") == 1
    out, error = capsys.readouterr()
    assert error.count("No space left on device") == 1
    assert "Over the edge of the image: nothing was fixed." in error
    assert "Over the edge of the image: 3 in 3 images." in out
    assert path.read_bytes() == before


# -- all of it ---------------------------------------------------------------------------------------------------------


def test_bccd(capsys):
    folder = os.environ.get("BOXSCOPE_BCCD")
    if not folder:
        pytest.skip("needs BCCD")
    assert check(folder) == 1
    out, error = capsys.readouterr()
    assert [line for line in out.splitlines() if not line.startswith(" ")] == [
        "No area: 2 in 2 images. Fix: delete the box (--fix no_area)"
    ]
    assert "625 sides lie at 1, 0 at 0" in error
    assert "Checked 4,888 boxes in 364 images: 2 findings." in error


def test_ctrl_c_changes_nothing_more(voc):
    script = (
        "import os, signal, sys, main\n"
        "import app.check_command as command\n"
        "real = command.Fixing.fix\n"
        "def fix(*arguments):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    return real(*arguments)\n"
        "command.Fixing.fix = fix\n"
        f"sys.exit(main.main(['check', {str(voc)!r}, '--fix', 'no_area']))\n"
    )
    before = (voc / "Annotations" / "bad.xml").read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False
    )
    assert done.returncode == 130
    assert "Stopped. Fixed so far: 0 images; all others are as they were." in done.stderr
    assert "Traceback" not in done.stderr
    assert (voc / "Annotations" / "bad.xml").read_bytes() == before


@pytest.fixture
def shifted(tmp_path):
    """Eight images whose boxes are all one pixel too far right and down."""
    boxes = [[30, 30, 91, 61], [50, 40, 91, 61], [20, 50, 91, 61]]
    write_as_voc(tmp_path / "shifted", [Made(f"im{number}", one(boxes), ()) for number in range(8)])
    return tmp_path / "shifted"


def bytes_of(voc):
    return {path.name: path.read_bytes() for path in sorted((voc / "Annotations").iterdir())}


def broken_at(monkeypatch, number, error):
    """The so-maniest writing of a file ends with an error."""
    real, count = VocStore.write, [0]

    def write(*arguments):
        count[0] += 1
        if count[0] == number:
            raise error
        return real(*arguments)

    monkeypatch.setattr(VocStore, "write", write)


def test_what_all_images_have_is_fixed_in_all_or_in_none(shifted, capsys, monkeypatch):
    before = bytes_of(shifted)
    with monkeypatch.context() as patch:
        broken_at(patch, 4, KeyboardInterrupt())
        assert check(shifted, "--fix", "shifted") == 130
    assert "everything is as it was" in capsys.readouterr().err
    assert bytes_of(shifted) == before
    with monkeypatch.context() as patch:
        broken_at(patch, 4, DatasetError("'im3.xml' cannot be written."))
        assert check(shifted, "--fix", "shifted") == 1
    error = capsys.readouterr().err
    assert "'im3.xml' cannot be written." in error
    assert "in all images or in none" in error
    assert "All boxes one pixel off: nothing was fixed." in error
    assert bytes_of(shifted) == before
    assert check(shifted, "--fix", "shifted") == 0
    assert all(boxes_of(shifted, f"im{number}")[0] == [29, 29, 90, 60] for number in range(8))


def test_what_is_fixed_in_all_or_in_none_is_not_begun_where_one_cannot_be_read(shifted, capsys, monkeypatch):
    before, real = bytes_of(shifted), command.look_at
    monkeypatch.setattr(
        check_source, "look_at", lambda path, store: _refused(path) if path.stem == "im6" else real(path, store)
    )
    assert check(shifted, "--fix", "shifted") == 1
    assert bytes_of(shifted) == before


def _refused(path):
    raise DatasetError(f"'{path}' cannot be read.")
