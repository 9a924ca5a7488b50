"""Every command as a person types it: what is written where, and the exit code."""

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
from app.places import DEFAULT_MODEL, MODELS
from detector.datasets import write_voc
from detector.ground_truth import GroundTruth
from tests.helpers.app_windows import IMAGE_HW, OBJECTS, WindowNetwork, write_folder, write_image
from tests.helpers.cases import write_case_file

ROOT = Path(__file__).parents[2]

STAGES = ("anchors", "assignment", "proposals", "detections")


def made_up_network():
    """What --model MODULE:FUNCTION calls."""
    return WindowNetwork()


MODEL = "tests.app_model:made_up_network"


@pytest.fixture(autouse=True)
def _module_for_the_command_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "tests.app_model", sys.modules[__name__])


def inspect(*arguments):
    return main.main(["inspect", "--model", MODEL, *map(str, arguments)])


def program(*arguments, cwd=ROOT, **environment):
    plain = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    plain |= {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)} | environment
    plain = {name: value for name, value in plain.items() if value is not None}
    command = [sys.executable, str(ROOT / "main.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=plain, timeout=300, check=False)


def write_root(root: Path) -> Path:
    """A VOC root of two images with their annotations, and an annotation without an image."""
    for folder in ("Annotations", "JPEGImages"):
        (root / folder).mkdir(parents=True)
    for path in write_folder(root / "JPEGImages", 2):
        path.with_suffix(".xml").rename(root / "Annotations" / f"{path.stem}.xml")
    write_voc(root / "Annotations" / "orphan.xml", IMAGE_HW, "orphan.png", GroundTruth(OBJECTS, ("cat", "dog", "cat")))
    return root


def test_a_mistyped_command_is_not_taken_for_a_path(capsys):
    with pytest.raises(SystemExit) as ended:
        main.main(["evaluat", str(ROOT)])
    assert ended.value.code == 2
    assert "did you mean 'evaluate'?" in capsys.readouterr().err


class TestInspect:
    def test_an_annotation_without_its_image_is_named_and_the_rest_inspected(self, tmp_path, capsys):
        assert inspect(write_root(tmp_path / "root"), "--out", tmp_path / "out") == 1
        assert "no image 'orphan'" in capsys.readouterr().err
        assert {path.stem for path in (tmp_path / "out").glob("*.json")} == {"image_0", "image_1"}

    def test_a_case_among_the_images_is_told_what_explains_it_and_the_rest_inspected(self, tmp_path, capsys):
        case = write_case_file(tmp_path / "seen.boxcase")
        image, out = write_image(tmp_path / "a.png"), tmp_path / "out"
        assert inspect(case, image, "--out", out) == 1
        said = f"'{case}' is a saved case, not an image: inspect --case '{case}' explains it."
        assert said in capsys.readouterr().err
        assert {path.stem for path in out.glob("*.json")} == {"a"}

    def test_the_summary_counts_the_detections_that_are_drawn(self, tmp_path, capsys):
        image, out = write_image(tmp_path / "a.png"), tmp_path / "out"
        assert inspect(image, "--out", out, "--set", "matching.working_score=0.9") == 0
        rows = json.loads((out / "a.json").read_text())["detections"]["rows"]
        drawn = sum(row["score"] > 0.9 for row in rows)
        assert drawn < len(rows)
        assert f" {drawn} detections" in capsys.readouterr().err

    def test_json_and_pictures_of_every_stage(self, tmp_path, capsys):
        image, out = write_image(tmp_path / "a.png"), tmp_path / "out"
        assert inspect(image, "--out", out) == 0
        assert sorted(each.name for each in out.iterdir()) == sorted(
            ["a.json", *(f"a.{stage}.png" for stage in STAGES)]
        )
        for stage in STAGES:
            with Image.open(out / f"a.{stage}.png") as picture:
                assert picture.width == 6 * IMAGE_HW[1]  # 192 px enlarged to over 1000
        captured = capsys.readouterr()
        assert captured.out == ""
        assert "3 of 3 objects found" in captured.err

    def test_objects_that_do_not_count_are_not_counted(self, tmp_path, capsys):
        image = write_image(tmp_path / "a.png")
        truth = GroundTruth(OBJECTS, ("cat", "horse", "cat"), difficult=np.array([False, False, True]))
        write_voc(image.with_suffix(".xml"), IMAGE_HW, image.name, truth)
        assert inspect(image, "--out", tmp_path / "out") == 0
        assert "1 of 1 objects found" in capsys.readouterr().err

    def test_fetching_weights_shows_how_far_it_is(self, tmp_path, capsys, monkeypatch):
        import detector.models

        def load(name, device, weights, *, report):
            report(100_000_000, 528_000_000)
            report(528_000_000, 528_000_000)
            return WindowNetwork()

        monkeypatch.setattr(detector.models, "load", load)
        call = ["inspect", str(write_image(tmp_path / "a.png")), "--out", str(tmp_path / "out"), "--model", "vgg16"]
        assert main.main(call) == 0
        captured = capsys.readouterr()
        assert "fetching vgg16: 100%" in captured.err
        assert "528M/528M" in captured.err
        assert captured.out == ""

    def test_counts_add_up(self, tmp_path):
        image, out = write_image(tmp_path / "a.png"), tmp_path / "out"
        assert inspect(image, "--out", out, "--set", "proposals.post_nms_top_n=20") == 0
        found = json.loads((out / "a.json").read_text())
        anchors, proposals, detections = found["anchors"], found["proposals"], found["detections"]
        assert anchors["total"] == sum(anchors[name] for name in ("outside", "positive", "negative", "ignored"))
        assert proposals["decoded"] == sum(value for name, value in proposals.items() if name != "decoded")
        six = ("low_score", "below_top_n", "too_small", "suppressed", "over_limit", "kept")
        assert detections["candidates"] == sum(detections[name] for name in six)
        assert detections["kept"] == len(detections["rows"])
        assert proposals["kept"] == 20
        assert found["settings"]["proposals"]["post_nms_top_n"] == 20
        assert found["image"] == {"file": str(image), "height": 160, "width": 192}
        assert [each["outcome"] for each in found["ground_truth"]] == ["found"] * 3

    def test_without_ground_truth_no_assignment_picture(self, tmp_path):
        image, out = write_image(tmp_path / "a.png", annotated=False), tmp_path / "out"
        assert inspect(image, "--out", out) == 0
        assert not (out / "a.assignment.png").exists()
        found = json.loads((out / "a.json").read_text())
        assert found["ground_truth"] is None
        assert found["anchors"]["positive"] is None
        assert {row["outcome"] for row in found["detections"]["rows"]} == {None}

    def test_ground_truth_from_elsewhere(self, tmp_path):
        image, out = write_image(tmp_path / "a.png", annotated=False), tmp_path / "out"
        labels = tmp_path / "labels"
        labels.mkdir()
        write_voc(labels / "a.xml", IMAGE_HW, "a.png", GroundTruth(OBJECTS[:1], ("cat",)))
        assert inspect(image, "--out", out, "--ground-truth", labels) == 0
        assert len(json.loads((out / "a.json").read_text())["ground_truth"]) == 1
        assert inspect(image, "--out", out, "--ground-truth", labels / "a.xml") == 0

    def test_a_broken_image_is_named_and_the_others_are_done(self, tmp_path, capsys):
        paths, out = write_folder(tmp_path / "images"), tmp_path / "out"
        paths[1].write_bytes(b"no image at all")
        assert inspect(paths[0].parent, "--out", out) == 1
        assert sorted(each.name for each in out.glob("*.json")) == ["image_0.json", "image_2.json"]
        said = [line for line in capsys.readouterr().err.splitlines() if "image_1.png" in line]
        assert len(said) == 1

    def test_a_broken_annotation_is_a_failed_input(self, tmp_path, capsys):
        image = write_image(tmp_path / "a.png")
        image.with_suffix(".xml").write_text("<annotation>")
        assert inspect(image, "--out", tmp_path / "out") == 1
        assert "a.xml" in capsys.readouterr().err

    def test_what_is_not_there_is_a_failed_input(self, tmp_path, capsys):
        image = write_image(tmp_path / "a.png")
        assert inspect(image, tmp_path / "gone.png", "--out", tmp_path / "out") == 1
        assert "gone.png" in capsys.readouterr().err
        assert (tmp_path / "out" / "a.json").exists()

    def test_the_same_stem_twice(self, tmp_path, capsys):
        (tmp_path / "b").mkdir()
        first, second = write_image(tmp_path / "a.png", 1), write_image(tmp_path / "b" / "a.png", 2)
        third = write_image(tmp_path / "a-2.png", 3)
        assert inspect(first, second, third, first, "--out", tmp_path / "out") == 0
        names = sorted(each.name for each in (tmp_path / "out").glob("*.json"))
        assert names == ["a-2.json", "a-3.json", "a.json"]
        assert "is written as a-3" in capsys.readouterr().err
        assert json.loads((tmp_path / "out" / "a-3.json").read_text())["image"]["file"] == str(second)

    @pytest.mark.parametrize(
        ("extra", "said"),
        [
            (["--set", "detections.gone=1"], "detections.gone"),
            (["--set", "detections.nms_iou"], "GROUP.NAME=VALUE"),
            (["--set", "detections.nms_iou=9"], "detections.nms_iou"),
            (["--ground-truth", "nowhere"], "nowhere"),
        ],
    )
    def test_a_wrong_call(self, tmp_path, capsys, extra, said):
        assert inspect(write_image(tmp_path / "a.png"), "--out", tmp_path / "out", *extra) == 2
        error = capsys.readouterr().err.strip()
        assert said in error
        assert len(error.splitlines()) == 1

    @pytest.mark.parametrize(
        "model",
        ["nothing-known", "gone.safetensors", "no_such_module_here:make", "tests.app_model:gone", "json:JSONDecoder"],
    )
    def test_a_model_that_is_not_there(self, tmp_path, capsys, model):
        image = write_image(tmp_path / "a.png")
        assert main.main(["inspect", str(image), "--out", str(tmp_path / "out"), "--model", model]) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1

    def test_one_annotation_for_many_images_is_a_wrong_call(self, tmp_path):
        paths = write_folder(tmp_path / "images")
        annotation = paths[0].with_suffix(".xml")
        assert inspect(*paths, "--out", tmp_path / "out", "--ground-truth", annotation) == 2

    def test_an_output_folder_that_cannot_be_made(self, tmp_path, capsys):
        (tmp_path / "file").write_text("")
        assert inspect(write_image(tmp_path / "a.png"), "--out", tmp_path / "file" / "out") == 2
        assert "file" in capsys.readouterr().err

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
    def test_an_output_folder_that_cannot_be_written(self, tmp_path):
        out = tmp_path / "out"
        out.mkdir(mode=0o500)
        assert inspect(write_image(tmp_path / "a.png"), "--out", out) == 2

    def test_arguments_that_argparse_refuses(self, tmp_path):
        with pytest.raises(SystemExit, match="2"):
            main.main(["inspect", "a.png"])


class TestOthers:
    def test_models(self, capsys):
        assert main.main(["models"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].split() == ["NAME", "CLASSES", "READY", "DESCRIPTION"]
        assert [line.split()[0] for line in lines[1:]] == list(MODELS)

    def test_the_names_known_without_torch_are_those_of_the_detector(self):
        from detector.backbone import BACKBONES
        from detector.models import DEFAULT_MODEL as DEFAULT

        assert set(MODELS) == set(BACKBONES)
        assert DEFAULT_MODEL == DEFAULT

    def test_version_and_help_import_neither_torch_nor_qt(self):
        code = (
            "import sys, main\n"
            "for call in (['--version'], ['--help'], ['train', '--help']):\n"
            "    try: main.main(call)\n"
            "    except SystemExit as end: assert not end.code\n"
            "assert not [n for n in ('torch', 'PySide6', 'numpy') if n in sys.modules]\n"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("boxscope ")
        assert "inspect" in done.stdout

    def test_inspect_needs_no_qt(self, tmp_path):
        image = write_image(tmp_path / "a.png")
        code = (
            "import sys, main\n"
            f"code = main.main(['inspect', {str(image)!r}, '--out', {str(tmp_path / 'out')!r}, '--weights', 'none'])\n"
            "assert code == 0 and not [n for n in sys.modules if n.startswith('PySide6')]\n"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr

    def test_training_two_steps(self, tmp_path, capsys):
        folder = tmp_path / "images"
        write_folder(folder, 2)
        out = tmp_path / "made.safetensors"
        call = ["train", str(folder), "--out", str(out), "--iterations", "2", "--batch-size", "1", "--device", "cpu"]
        assert main.main([*call, "--set", "image.min_side=160"]) == 0
        captured = capsys.readouterr()
        told = json.loads(captured.out)
        assert told["iterations"] == 2
        assert set(told["losses"]) == {"rpn_label", "rpn_box", "head_label", "head_box"}
        assert all(name in captured.err for name in told["losses"])
        again = tmp_path / "again.safetensors"
        resumed = ["train", str(folder), "--out", str(again), "--iterations", "1", "--resume", str(out)]
        assert main.main([*resumed, "--device", "cpu"]) == 0
        assert inspect(folder, "--out", tmp_path / "looked", "--model", str(again)) == 0

    @pytest.mark.parametrize(("typed", "passed"), [([], "default"), (["--weights", "none"], None)])
    def test_training_says_what_it_starts_from_and_fetches(self, tmp_path, capsys, monkeypatch, typed, passed):
        import detector.training

        def train(*arguments, weights, report, **others):
            assert weights == passed
            report(1000, 1000)
            return detector.training.TrainingResult(tmp_path / "a", 1, {}, 1.0)

        monkeypatch.setattr(detector.training, "train", train)
        write_folder(tmp_path / "images", 1)
        call = ["train", str(tmp_path / "images"), "--out", str(tmp_path / "a.safetensors"), "--backbone", "vgg16"]
        assert main.main([*call, *typed]) == 0
        assert "fetching vgg16: 100%" in capsys.readouterr().err

    @pytest.mark.parametrize(
        "extra", [["--out", "made.pth"], ["--split", "gone"], ["--set", "anchors.stride=8"], ["--resume", "gone"]]
    )
    def test_training_wrongly_called(self, tmp_path, capsys, monkeypatch, extra):
        monkeypatch.chdir(tmp_path)
        write_folder(tmp_path / "images", 1)
        call = ["train", "images", "--out", "made.safetensors", "--iterations", "1", *extra]
        assert main.main(call) == 2
        assert "Traceback" not in capsys.readouterr().err

    def test_training_on_images_without_objects(self, tmp_path, capsys):
        write_image(tmp_path / "a.png", annotated=False)
        assert main.main(["train", str(tmp_path), "--out", str(tmp_path / "a.safetensors")]) == 2
        assert "no annotated image" in capsys.readouterr().err


class TestWithoutADisplay:
    def test_the_window_is_imported_while_the_display_is_asked(self):
        code = (
            "import sys, main, app.display, app.headless\n"
            "class Probe:\n"
            "    is_asking = True\n"
            "    def problem(self):\n"
            "        return 'Imported' if 'app.launch' in sys.modules else 'Waited'\n"
            "app.display.DisplayProbe = Probe\n"
            "app.headless.inspect_samples = lambda problem, paths: print(problem) or 0\n"
            "main.main([])\n"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.stdout == "Imported\n", done.stderr

    @pytest.mark.parametrize("display", [None, ":987"])
    def test_the_window_command_inspects_instead(self, tmp_path, display):
        image = write_image(tmp_path / "a.png")
        done = program(image, cwd=tmp_path, DISPLAY=display, QT_QPA_PLATFORM=None)
        assert done.returncode == 0, done.stderr
        first = done.stderr.splitlines()[0]
        assert "no window can be shown" in first
        assert "./boxscope-inspection" in first
        assert (tmp_path / "boxscope-inspection" / "a.json").exists()
        assert "Traceback" not in done.stderr
