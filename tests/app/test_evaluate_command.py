"""`evaluate` as a person types it: what is written where, what is named, and the exit code."""

from __future__ import annotations

import json
import shutil
import sys

import numpy as np
import pytest

import app.evaluate_command
import app.headless
import main
from detector.datasets import DatasetError, write_voc
from detector.ground_truth import GroundTruth
from tests.helpers.app_windows import IMAGE_HW, OBJECTS, WindowNetwork, write_folder, write_image

KEYS = [
    "schema", "images", "map", "map50", "map75", "per_class", "found", "missed", "ignored", "causes", "model",
    "settings",
]  # fmt: skip

network = WindowNetwork()


def made_up_network():
    """What --model MODULE:FUNCTION calls."""
    return network


@pytest.fixture(autouse=True)
def _module_for_the_command_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "tests.app_model", sys.modules[__name__])
    monkeypatch.setattr(sys.modules[__name__], "network", WindowNetwork())


@pytest.fixture
def folder(tmp_path):
    """Three annotated images."""
    write_folder(tmp_path / "images")
    return tmp_path / "images"


def call(command, *arguments):
    return main.main([command, "--model", "tests.app_model:made_up_network", *map(str, arguments)])


def evaluate(*arguments):
    return call("evaluate", *arguments)


def test_the_json_goes_to_stdout_and_a_table_to_stderr(folder, capsys):
    assert evaluate(folder, "--set", "detections.nms_iou=0.4") == 0
    out, error = capsys.readouterr()
    found = json.loads(out)
    assert list(found) == KEYS
    assert (found["schema"], found["images"], found["found"], found["missed"]) == (1, 3, 9, 0)
    assert found["per_class"]["cat"]["objects"] == 6
    assert found["model"] == {"name": "fake", "classes": ["cat", "dog"], "sha256": None}
    assert found["settings"]["detections"]["nms_iou"] == 0.4
    lines = [line.split() for line in error.splitlines()]
    assert ["cat", "6", *(f"{found['per_class']['cat'][name]:.3f}" for name in ("ap", "ap50"))] in [
        line[:4] for line in lines
    ]
    figures = [f"{found[name]:.3f}" for name in ("map", "map50", "map75")]
    assert ["mean", "of", "classes", "9", *figures] in lines
    assert "found 9, missed 0, not counted 0" in error


def test_it_agrees_with_what_inspect_writes(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(app.headless, "pictures", lambda document, trace: {})  # slow, and not compared
    truth = GroundTruth(OBJECTS, ("cat", "horse", "cat"), difficult=np.array([False, False, True]))
    write_voc(folder / "image_1.xml", IMAGE_HW, "image_1.png", truth)
    (folder / "image_2.png").unlink()
    strict = ("--set", "matching.working_score=0.98")
    assert evaluate(folder, "--out", tmp_path / "new" / "found.json", *strict) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert call("inspect", folder, "--out", tmp_path / "out", *strict) == 0
    rows = [row for path in (tmp_path / "out").glob("*.json") for row in json.loads(path.read_text())["ground_truth"]]
    found = json.loads((tmp_path / "new" / "found.json").read_text())
    outcomes = [row["outcome"] for row in rows]
    assert [found[name] for name in ("found", "missed", "ignored")] == [
        outcomes.count(name) for name in ("found", "missed", "ignored")
    ]
    causes = [row["cause"] for row in rows if row["cause"] is not None]
    assert found["causes"] == {cause: causes.count(cause) for cause in causes}
    assert set(found["causes"]) == {"background", "unknown_class"}
    assert found["found"] + found["missed"] + found["ignored"] == len(rows)
    assert sum(found["causes"].values()) == found["missed"]
    assert "2  Class score too low" in captured.err
    assert "1  Not a class of this model" in captured.err
    assert ["horse", "1", "-", "-", "-"] in [line.split() for line in captured.err.splitlines()]


def test_a_split_of_a_voc_root(folder, tmp_path, capsys):
    root = tmp_path / "root"
    for name in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (root / name).mkdir(parents=True)
    for path in folder.iterdir():
        shutil.move(path, root / ("Annotations" if path.suffix == ".xml" else "JPEGImages"))
    (root / "ImageSets" / "Main" / "test.txt").write_text("image_0\nimage_2\n")
    assert evaluate(root, "--split", "test") == 0
    assert json.loads(capsys.readouterr().out)["images"] == 2


def test_what_is_broken_is_named_and_the_rest_is_counted(folder, capsys):
    write_image(folder / "image_3.png", 3)
    (folder / "image_1.png").write_bytes(b"no image at all")
    (folder / "image_2.xml").write_text("<annotation>")
    assert evaluate(folder) == 1
    out, error = capsys.readouterr()
    assert json.loads(out)["images"] == 2
    for name in ("image_1.png", "image_2.xml"):
        assert len([line for line in error.splitlines() if name in line]) == 1
    assert "2 of 4 images" in error


def test_images_without_ground_truth_are_left_out_and_said(folder, capsys):
    write_image(folder / "image_3.png", 3, annotated=False)
    assert evaluate(folder) == 0
    out, error = capsys.readouterr()
    assert json.loads(out)["images"] == 3
    assert "Without ground truth, so left out: 1 of 4 images." in error


def test_warnings_about_ground_truth_are_told(folder, capsys):
    write_voc(folder / "image_1.xml", IMAGE_HW, "image_1.png", GroundTruth([[5, 5, 5, 9]], ["cat"]))
    assert evaluate(folder) == 0
    out, error = capsys.readouterr()
    assert "image_1.xml" in error
    assert json.loads(out)["missed"] == 1


def test_without_any_ground_truth_it_is_a_wrong_call(folder, tmp_path, capsys):
    for path in folder.glob("*.xml"):
        path.unlink()
    assert evaluate(folder, "--out", tmp_path / "found.json") == 2
    error = capsys.readouterr().err
    assert error == f"'{folder}' has no ground truth to evaluate on.\n"
    assert not (tmp_path / "found.json").exists()


def test_ground_truth_without_any_object_gives_no_figures(folder, capsys):
    for path in folder.glob("*.xml"):
        write_voc(path, IMAGE_HW, f"{path.stem}.png", GroundTruth.empty())
    assert evaluate(folder) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["images"], found["map"], found["per_class"]["cat"]["ap"]) == (3, None, None)


def test_nothing_is_written_where_no_image_can_be_read(folder, tmp_path, capsys):
    for path in folder.glob("*.png"):
        path.write_bytes(b"no image")
    assert evaluate(folder, "--out", tmp_path / "found.json") == 1
    out, error = capsys.readouterr()
    assert out == ""
    assert "3 of 3 images" in error
    assert not (tmp_path / "found.json").exists()


def test_ctrl_c_ends_it_and_writes_nothing(folder, tmp_path, capsys):
    (tmp_path / "found.json").write_text("older")
    calls = []

    def pressed_at_the_third(check):
        calls.append(check)
        if len(calls) == 3:
            raise KeyboardInterrupt

    network.on_features = pressed_at_the_third
    assert evaluate(folder, "--out", tmp_path / "found.json") == 130
    out, error = capsys.readouterr()
    assert out == ""
    assert error.splitlines()[-1] == "Stopped after 2 of 3 images; nothing was written."
    assert (tmp_path / "found.json").read_text() == "older"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["found.json"]


def test_an_error_of_the_model_is_a_failed_image(folder, capsys):
    def broken(check):
        network.on_features = None
        raise RuntimeError("out of memory")

    network.on_features = broken
    assert evaluate(folder) == 1
    out, error = capsys.readouterr()
    assert json.loads(out)["images"] == 2
    assert f"'{folder / 'image_0.png'}' could not be evaluated: out of memory" in error


def test_figures_that_cannot_be_written_are_not_lost(folder, tmp_path, capsys, monkeypatch):
    def full(path, data):
        raise DatasetError(f"'{path}' cannot be written (No space left on device).")

    monkeypatch.setattr(app.evaluate_command, "write_atomic", full)
    assert evaluate(folder, "--out", tmp_path / "found.json") == 1
    out, error = capsys.readouterr()
    assert json.loads(out)["images"] == 3
    assert "No space left on device" in error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gone"], "gone"),
        (["images", "--split", "test"], "has no split 'test'"),
        (["images", "--out", "images"], "'images' is a folder"),
        (["images", "--out", "images/image_0.png/found.json"], "image_0.png"),
        (["images", "--set", "detections.gone=1"], "detections.gone"),
        (["images", "--model", "nothing-known"], "nothing-known"),
    ],
)
def test_a_wrong_call(folder, capsys, monkeypatch, arguments, said):
    monkeypatch.chdir(folder.parent)
    assert evaluate(*arguments) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert said in error
    assert len(error.splitlines()) == 1


def test_help_lists_it(capsys):
    with pytest.raises(SystemExit, match="0"):
        main.main(["--help"])
    assert "  evaluate  " in capsys.readouterr().out
    with pytest.raises(SystemExit, match="0"):
        main.main(["evaluate", "--help"])
    told = capsys.readouterr().out
    assert all(option in told for option in ("--split", "--model", "--weights", "--device", "--set", "--out"))
    with pytest.raises(SystemExit, match="2"):
        main.main(["evaluate"])
