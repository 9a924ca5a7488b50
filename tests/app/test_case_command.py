"""`inspect --case` as a person types it: what is said where, and the exit code; and that no torch is needed for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import main
from app.document import Document
from app.headless import inspect_samples
from app.panels.details_text import details_plain
from app.scene import Ref, ViewOptions
from app.scene_builder import build_scene
from detector.case import save_case
from detector.ground_truth import GroundTruth
from tests.helpers.cases import (
    IMAGE,
    TRUTH,
    made_trace,
    members_of,
    with_array,
    with_json,
    write_case_file,
    write_members,
)

ROOT = Path(__file__).parents[2]
STAGES = ("anchors", "assignment", "proposals", "detections")


def inspect(*arguments):
    return main.main(["inspect", "--case", *map(str, arguments)])


def explained(trace, ref):
    """What the window's panel says of a thing."""
    scene = build_scene(Document(Path("a.png"), IMAGE, trace.ground_truth), trace, ViewOptions(selected=ref))
    return details_plain(scene.details.explanation)


def in_a_new_process(code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], cwd=ROOT, capture_output=True, check=False, timeout=120
    )


def test_a_case_given_to_a_window_that_cannot_be_shown_is_explained(tmp_path, monkeypatch, capsys):
    path = write_case_file(tmp_path / "-a.boxcase", ("object", 1))
    monkeypatch.chdir(tmp_path)
    assert inspect_samples("There is no display", [Path(path.name)]) == 0
    assert capsys.readouterr().out.startswith("dog #2")
    assert (tmp_path / "boxscope-inspection" / "-a.json").exists()


class TestWithoutTorch:
    @pytest.mark.parametrize("ref", [Ref("object", 1), Ref("anchor", 147), Ref("proposal", 147), Ref("detection", 0)])
    def test_a_case_is_explained_identically(self, tmp_path, ref):
        """Saved here, opened where torch is never imported."""
        trace = made_trace()
        save_case(tmp_path / "a.boxcase", IMAGE, trace, ref)
        code = (
            "import sys\n"
            "from pathlib import Path\n"
            "from detector.case import load_case\n"
            "from app.document import Document\n"
            "from app.scene import Ref, ViewOptions\n"
            "from app.scene_builder import build_scene\n"
            "from app.panels.details_text import details_plain\n"
            "case = load_case(sys.argv[1])\n"
            "document = Document(Path(case.name), case.image, case.trace.ground_truth)\n"
            "scene = build_scene(document, case.trace, ViewOptions(selected=Ref(*case.selected)))\n"
            "assert not [n for n in sys.modules if n.split('.')[0] in ('torch', 'torchvision', 'PySide6')]\n"
            "sys.stdout.buffer.write(details_plain(scene.details.explanation).encode())\n"
        )
        done = in_a_new_process(code, tmp_path / "a.boxcase")
        assert done.returncode == 0, done.stderr.decode()
        assert done.stdout.decode().replace("\r\n", "\n") == explained(trace, ref)

    def test_the_command_imports_neither_torch_nor_qt(self, tmp_path):
        path = write_case_file(tmp_path / "a.boxcase")
        code = (
            "import sys, main\n"
            "code = main.main(['inspect', '--case', sys.argv[1], '--out', sys.argv[2],"
            " '--set', 'proposals.nms_iou=0.95'])\n"
            "assert code == 0\n"
            "assert not [n for n in sys.modules if n.split('.')[0] in ('torch', 'torchvision', 'PySide6')]\n"
        )
        done = in_a_new_process(code, path, tmp_path / "out")
        assert done.returncode == 0, done.stderr.decode()
        assert (tmp_path / "out" / "a.json").exists()


class TestWhatIsSaid:
    @pytest.mark.parametrize("ref", [Ref("object", 0), Ref("object", 2), Ref("anchor", 3), Ref("detection", 1)])
    def test_the_selection_is_explained(self, tmp_path, capsys, ref):
        assert inspect(write_case_file(tmp_path / "a.boxcase", ref)) == 0
        captured = capsys.readouterr()
        assert captured.out == explained(made_trace(), ref)
        assert captured.err == ""

    def test_nothing_is_selected(self, tmp_path, capsys):
        # At this working score no dog is left, and everything overlaps too little to match at IoU 0.97.
        path = write_case_file(tmp_path / "a.boxcase", None, matching__iou=0.97)
        assert inspect(path) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].startswith("a.png: ")
        assert "0 of 2 objects found" in lines[0]  # the third is difficult
        assert [line.split(":")[0] for line in lines[1:3]] == ["cat #1", "dog #2"]
        assert "Missed" in lines[1]
        assert any(line.startswith("detection 1: ") for line in lines[3:])

    def test_without_ground_truth(self, tmp_path, capsys):
        assert inspect(write_case_file(tmp_path / "a.boxcase", None, truth=None)) == 0
        out = capsys.readouterr().out
        assert out.endswith("; no ground truth.\n")
        assert len(out.splitlines()) == 1

    def test_objects_that_wait_for_the_head_are_not_called_missed(self, tmp_path, capsys):
        members = members_of(write_case_file(tmp_path / "a.boxcase", None))
        for name in ("head/rows", "head/scores", "head/boxes"):
            members = with_array(members, name, lambda array: array[:0])
        assert inspect(write_members(tmp_path / "b.boxcase", members)) == 0
        out = capsys.readouterr().out
        assert "0 of 2 objects found, 2 not known." in out
        assert "Missed" not in out
        assert "cat #1: Not known yet." in out

    def test_json_and_pictures(self, tmp_path, capsys):
        path, out = write_case_file(tmp_path / "seen.boxcase"), tmp_path / "out"
        assert inspect(path, "--out", out) == 0
        assert sorted(each.name for each in out.iterdir()) == sorted(
            ["seen.json", *(f"seen.{stage}.png" for stage in STAGES)]
        )
        trace = made_trace()
        found = json.loads((out / "seen.json").read_text())
        assert found["image"]["file"] == "pictures/a.png"
        assert found["detections"] == trace.to_dict()["detections"]
        assert found["ground_truth"] == trace.to_dict()["ground_truth"]
        assert "dog #2" in capsys.readouterr().out

    def test_settings_moved(self, tmp_path, capsys):
        path = write_case_file(tmp_path / "a.boxcase", Ref("object", 1))
        assert inspect(path, "--set", "matching.iou=0.97", "--set", "matching.working_score=0.2") == 0
        captured = capsys.readouterr()
        moved = made_trace(matching__iou=0.97, matching__working_score=0.2)
        assert captured.out == explained(moved, Ref("object", 1)) != explained(made_trace(), Ref("object", 1))
        assert captured.err == ""

    def test_a_detection_keeps_its_box_when_settings_renumber_it(self, tmp_path, capsys):
        moved = made_trace(proposals__nms_iou=0.95)
        before, after = (
            list(zip(each.detections.anchor.tolist(), each.detections.label.tolist(), strict=True))
            for each in (made_trace(), moved)
        )
        row = next(row for row, it in enumerate(before) if it in after and after.index(it) != row)
        path = write_case_file(tmp_path / "a.boxcase", Ref("detection", row))
        assert inspect(path, "--set", "proposals.nms_iou=0.95") == 0
        assert capsys.readouterr().out == explained(moved, Ref("detection", after.index(before[row])))

    def test_what_the_head_never_saw_is_said(self, tmp_path, capsys):
        path, out = write_case_file(tmp_path / "a.boxcase"), tmp_path / "out"
        assert inspect(path, "--set", "proposals.nms_iou=0.95", "--out", out) == 0
        trace = made_trace(proposals__nms_iou=0.95)
        waiting, kept = len(trace.detections.waiting), len(trace.proposals.kept)
        assert waiting > 0
        said = capsys.readouterr().err.strip()
        assert said.startswith(f"The box head has not seen {waiting} of the {kept} proposals")
        assert len(said.splitlines()) == 1
        rows = json.loads((out / "a.json").read_text())["detections"]["waiting"]
        assert rows == waiting * 2  # two classes

    def test_a_file_that_says_something_else_is_told(self, tmp_path, capsys):
        members = members_of(write_case_file(tmp_path / "a.boxcase"))

        def first_is_kept(fates):
            fates[0] = 5 if fates[0] != 5 else 0
            return fates

        path = write_members(tmp_path / "b.boxcase", with_array(members, "proposals/fate", first_is_kept))
        for moved in ([], ["--set", "detections.nms_iou=0.1"]):
            assert inspect(path, *moved) == 0
            assert "arrays/proposals/fate.npy" in capsys.readouterr().err

    def test_oddities_of_the_ground_truth_are_told(self, tmp_path, capsys):
        truth = GroundTruth([[5, 5, 5, 9], [1, 2, 30, 40]], ("cat", "horse"))
        assert inspect(write_case_file(tmp_path / "a.boxcase", None, truth=truth)) == 0
        said = capsys.readouterr().err
        assert "Without area" in said
        assert "horse" in said

    def test_names_do_not_steer_the_terminal(self, tmp_path, capsys):
        members = members_of(write_case_file(tmp_path / "a.boxcase"))
        named = with_json(members, lambda content: content["model"].update(classes=["cat\x1b[2J", "dog\x9b1m"]))
        named = with_json(named, lambda content: content["ground_truth"].update(labels=["cat\x1b[2J", "x\x07", "y"]))
        assert inspect(write_members(tmp_path / "b.boxcase", named)) == 0
        captured = capsys.readouterr()
        assert not set("\x1b\x9b\x07") & set(captured.out + captured.err)

    def test_letters_the_terminal_does_not_know(self, tmp_path):
        truth = GroundTruth(TRUTH.boxes, ("кот", "dog", "cat"))
        path = write_case_file(tmp_path / "a.boxcase", Ref("object", 0), truth=truth)
        code = "import sys, main; sys.stdout.reconfigure(encoding='ascii'); sys.exit(main.main(sys.argv[1:]))"
        done = in_a_new_process(code, "inspect", "--case", path)
        assert done.returncode == 0, done.stderr.decode()
        assert done.stdout.decode().startswith("??? #1")


class TestFailing:
    @pytest.mark.parametrize("content", [None, b"", b"no case at all"])
    def test_a_case_that_cannot_be_read(self, tmp_path, capsys, content):
        path = tmp_path / "bad.boxcase"
        if content is not None:
            path.write_bytes(content)
        assert inspect(path, "--out", tmp_path / "out") == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        assert "bad.boxcase" in captured.err
        assert len(captured.err.strip().splitlines()) == 1

    def test_a_case_cut_short(self, tmp_path, capsys):
        path = write_case_file(tmp_path / "a.boxcase")
        path.write_bytes(path.read_bytes()[:-100])
        assert inspect(path) == 1
        assert "cut short" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("extra", "said"),
        [
            (["--set", "detections.gone=1"], "detections.gone"),
            (["--set", "detections.nms_iou=9"], "detections.nms_iou"),
            (["--set", "image.min_side=400"], "image.min_side changes what the network says"),
        ],
    )
    def test_a_setting_that_cannot_be_moved(self, tmp_path, capsys, extra, said):
        assert inspect(write_case_file(tmp_path / "a.boxcase"), *extra) == 2
        captured = capsys.readouterr()
        assert said in captured.err
        assert len(captured.err.strip().splitlines()) == 1
        assert captured.out == ""

    def test_a_setting_of_the_network_left_as_it_is(self, tmp_path):
        side = made_trace().settings.image.min_side
        assert inspect(write_case_file(tmp_path / "a.boxcase"), "--set", f"image.min_side={side}") == 0

    @pytest.mark.parametrize(
        ("extra", "said"),
        [
            (["a.png"], "--case takes the place of images"),
            (["--model", "vgg16"], "--model does nothing beside --case"),
            (["--weights", "none"], "--weights does nothing"),
            (["--device", "cpu"], "--device does nothing"),
            (["--ground-truth", "x"], "--ground-truth does nothing"),
        ],
    )
    def test_what_makes_no_sense_beside_a_case(self, tmp_path, capsys, extra, said):
        with pytest.raises(SystemExit, match="2"):
            inspect(write_case_file(tmp_path / "a.boxcase"), *extra)
        assert said in capsys.readouterr().err

    @pytest.mark.parametrize("call", [[], ["a.png"], ["--out", "x"]])
    def test_neither_images_nor_a_case(self, capsys, call):
        with pytest.raises(SystemExit, match="2"):
            main.main(["inspect", *call])
        assert "(or --case FILE)" in capsys.readouterr().err

    def test_an_output_folder_that_cannot_be_made(self, tmp_path, capsys):
        (tmp_path / "file").write_text("")
        assert inspect(write_case_file(tmp_path / "a.boxcase"), "--out", tmp_path / "file" / "out") == 2
        assert "file" in capsys.readouterr().err

    def test_a_file_that_cannot_be_written(self, tmp_path, capsys):
        (tmp_path / "out" / "a.json").mkdir(parents=True)
        assert inspect(write_case_file(tmp_path / "a.boxcase"), "--out", tmp_path / "out") == 1
        captured = capsys.readouterr()
        assert "a.json' cannot be written" in captured.err
        assert "dog #2" in captured.out
