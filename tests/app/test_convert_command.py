"""`convert` as a person types it: what is written where, what is told, and the exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import app.convert_command
import main
from detector.datasets.annotation import Annotation
from detector.datasets.source import open_source
from detector.ground_truth import GroundTruth
from tests.helpers.small_datasets import HW, Made, assert_same, known, write_as_voc


def one(box=(1, 2, 30, 40), label="cat", **flags):
    return Annotation(GroundTruth([box], [label], **flags))


@pytest.fixture
def voc(tmp_path):
    """Three images in two splits; one is not annotated, one object is difficult."""
    write_as_voc(
        tmp_path / "voc",
        [Made("a", one(difficult=[1]), ("train",)), Made("b 2", one(label="dog"), ("val",)), Made("ö", None, ("val",))],
    )
    return tmp_path / "voc"


def convert(*arguments):
    return main.main(["convert", *map(str, arguments)])


def test_what_is_told_and_written(voc, tmp_path, capsys):
    assert convert(voc, "--to", "yolo", "--out", tmp_path / "yolo") == 0
    out, error = capsys.readouterr()
    assert json.loads(out) == {"out": str(tmp_path / "yolo"), "images": 3, "objects": 2, "failed": 0}
    assert f"In '{tmp_path / 'yolo'}' as YOLO txt: 3 images with 2 boxes. Boxes, classes," in error
    assert "Not annotated, so copied without labels: 1 image." in error
    assert "kept in .boxscope.json beside the labels, of 1 image." in error
    assert_same(known(open_source(voc)), known(open_source(tmp_path / "yolo" / "data.yaml")))


@pytest.mark.parametrize(("kind", "name"), [("coco", "annotations.json"), ("yolo", "data.yaml")])
def test_pixels_counted_from_one_are_told_and_can_be_moved(tmp_path, capsys, kind, name):
    """Ten left and top sides at 1 and none at 0, ten right and lower ones at the edge of 90 x 60."""
    boxes = [box for n in range(5) for box in ([1, 1, 20 + 2 * n, 20 + n], [60 + n, 40 - n, 90, 60])]
    write_as_voc(tmp_path / "voc", [Made("a", Annotation(GroundTruth(boxes, ["cat"] * len(boxes))), ())])
    place = tmp_path / "new" / name
    assert convert(tmp_path / "voc", "--to", kind, "--out", tmp_path / "new") == 0
    error = capsys.readouterr().err
    assert "Pixels are counted from 1, as VOC does: 10 sides lie at 1, 0 at 0. Boxes are taken as written." in error
    assert f"check '{place}' --fix one_based" in error
    assert main.main(["check", str(place), "--fix", "one_based"]) == 0
    assert convert(tmp_path / "voc", "--to", "voc", "--out", tmp_path / "again") == 0
    assert "Pixels" not in capsys.readouterr().err.partition("In '")[2]


def test_one_split_without_its_images(voc, tmp_path, capsys):
    arguments = ("--split", "train", "--files", "none")
    assert convert(voc, "--to", "voc", "--out", tmp_path / "new", *arguments) == 0
    assert json.loads(capsys.readouterr().out)["images"] == 1
    assert sorted(path.name for path in (tmp_path / "new").rglob("*.*")) == ["a.xml", "train.txt"]


def test_coco_says_what_it_has_no_place_for(voc, tmp_path, capsys):
    assert convert(voc, "--to", "coco", "--out", tmp_path / "coco") == 0
    error = capsys.readouterr().err
    assert "Not annotated, so left out, for COCO would call them empty: 1 image." in error
    assert "no place for splits, so train, val are together in it; --split NAME converts one." in error
    content = json.loads((tmp_path / "coco" / "annotations.json").read_text())
    assert [image["file_name"] for image in content["images"]] == ["a.png", "b 2.png"]
    assert [category["name"] for category in content["categories"]] == ["cat", "dog"]


def test_a_folder_of_labelme_files(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    Image.new("L", HW[::-1]).save(tmp_path / "in" / "a.png")
    shape = {"label": "cat", "points": [[30, 40], [1, 2]], "shape_type": "rectangle", "flags": {"difficult": True}}
    line = {"label": "cat", "points": [[30, 40], [1, 2]], "shape_type": "line"}
    (tmp_path / "in" / "a.json").write_text(json.dumps({"shapes": [shape, line], "imageData": None}))
    assert convert(tmp_path / "in", "--to", "voc", "--out", tmp_path / "out") == 0
    assert "(1 line)" in capsys.readouterr().err
    found = known(open_source(tmp_path / "out"))
    assert_same(found, {"a": one(difficult=[1])})


def test_a_broken_file_is_named_and_the_rest_converted(voc, tmp_path, capsys):
    (voc / "Annotations" / "a.xml").write_text("<annotation><object>")
    assert convert(voc, "--to", "yolo", "--out", tmp_path / "yolo") == 1
    out, error = capsys.readouterr()
    assert "a.xml' is broken XML at line 1" in error
    assert "Could not be converted, each named above: 1." in error
    assert json.loads(out)["failed"] == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("{voc}", "--to", "yolo", "--out", "{voc}"), "is not empty; --out takes a new or an empty one."),
        (("{voc}", "--to", "yolo", "--out", "{voc}/../x", "--split", "test"), "has no split 'test'"),
        (("{voc}", "--to", "yolo", "--out", "{voc}/ImageSets/Main/val.txt/deeper"), "cannot be made"),
        (("{voc}/gone", "--to", "yolo", "--out", "{voc}/../x"), "There is no file or folder"),
        (("{voc}/data.yaml", "--to", "yolo", "--out", "{voc}/../x"), "There is no file"),
    ],
)
def test_wrong_calls_are_one_sentence(voc, tmp_path, capsys, arguments, words):
    assert convert(*(each.format(voc=voc) for each in arguments)) == 2
    error = capsys.readouterr().err.strip()
    assert words in error
    assert "\n" not in error
    assert not (tmp_path / "x").exists()


def test_a_call_without_a_format_or_a_place(voc, capsys):
    for arguments in ((voc, "--out", "x"), (voc, "--to", "labelme", "--out", "x"), (voc, "--to", "voc")):
        with pytest.raises(SystemExit) as error:
            convert(*arguments)
        assert error.value.code == 2
        assert capsys.readouterr().err.startswith("usage: main.py convert")


def test_nothing_to_convert_writes_nothing(voc, tmp_path, capsys):
    for path in (voc / "JPEGImages").iterdir():
        path.write_bytes(b"no image")
    assert convert(voc, "--to", "yolo", "--out", tmp_path / "yolo") == 1
    assert "Nothing of" in capsys.readouterr().err
    assert not (tmp_path / "yolo").exists()


def test_ctrl_c_leaves_nothing_and_says_so(voc, tmp_path, capsys, monkeypatch):
    def stopped(source, kind, out, classes, images, tell, progress):
        progress()
        raise KeyboardInterrupt

    monkeypatch.setattr(app.convert_command, "convert", stopped)
    assert convert(voc, "--to", "yolo", "--out", tmp_path / "yolo") == 130
    assert "Stopped after 1 of 3 images; nothing was written." in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
def test_a_real_ctrl_c_leaves_nothing(tmp_path):
    write_as_voc(tmp_path / "voc", [Made(stem, one(), ("train",)) for stem in ("a", "b")])
    for number in range(6000):  # long enough for a signal to come in the middle, on any machine
        path = tmp_path / "voc" / "Annotations" / f"{number}.xml"
        path.write_bytes((tmp_path / "voc" / "Annotations" / "a.xml").read_bytes())
        os.link(tmp_path / "voc" / "JPEGImages" / "a.png", tmp_path / "voc" / "JPEGImages" / f"{number}.png")
    root = Path(main.__file__).parent
    command = [
        sys.executable,
        "main.py",
        "convert",
        str(tmp_path / "voc"),
        "--to",
        "yolo",
        "--out",
        str(tmp_path / "out"),
    ]
    environment = {**os.environ, "BOXSCOPE_CONFIG_DIR": str(tmp_path / "config")}
    with subprocess.Popen(
        command, cwd=root, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        seen = b""
        while b"convert:" not in seen or not (tmp_path / "out").exists():
            seen += process.stderr.read1(1000)
            assert process.poll() is None, seen
        process.send_signal(signal.SIGINT)
        _, error = process.communicate()
    assert process.returncode == 130
    assert b"nothing was written." in error
    assert not (tmp_path / "out").exists()


def test_pictures_that_are_cut_off_are_taken_and_named(voc, tmp_path, capsys):
    image = next((voc / "JPEGImages").iterdir())
    image.write_bytes(image.read_bytes()[: image.stat().st_size // 2])
    assert main.main(["convert", str(voc), "--to", "coco", "--out", str(tmp_path / "out")]) == 0
    error = capsys.readouterr().err
    assert f"'{image}' is cut off: the file ends before the picture is complete." in error
    assert "Taken as they are, though they cannot be read to their end, each named above: 1 image." in error


def test_nothing_annotated_is_nothing_for_coco(tmp_path, capsys):
    write_as_voc(tmp_path / "voc", [Made("a", None, ()), Made("b", None, ())])
    assert main.main(["convert", str(tmp_path / "voc"), "--to", "coco", "--out", str(tmp_path / "out")]) == 1
    assert (
        f"Nothing of '{tmp_path / 'voc'}' could be converted, for COCO would call images that are not annotated empty; "
        f"'{tmp_path / 'out'}' was not made."
    ) in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
