"""`train` as a person types it: stopped, killed and continued."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import detector.model
import main
from app.headless import INTERRUPTED
from detector import training, training_state
from detector.models.weights import read_header
from detector.training_curves import curves_folder
from detector.training_lock import only_training
from detector.training_state import read_state, state_path
from tests.helpers.app_windows import write_folder

ROOT = Path(__file__).parents[2]
SMALL = ("--set", "image.min_side=160", "--set", "image.max_side=200")


@pytest.fixture
def images(tmp_path):
    write_folder(tmp_path / "images", 3)
    return tmp_path / "images"


@pytest.fixture
def _small_head(monkeypatch):
    monkeypatch.setitem(detector.model.HIDDEN, "compact", 8)  # a state of 14 MB, not of 60


def train(images, out, *more):
    return main.main(["train", str(images), "--out", str(out), "--device", "cpu", *map(str, more)])


def interrupted(images, out, monkeypatch, *more):
    """Ctrl+C in the middle of the second step."""
    real, calls = training.step_losses, []

    def step_losses(*arguments, **named):
        calls.append(1)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return real(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(training, "step_losses", step_losses)
        return train(images, out, "--iterations", 3, "--batch-size", 2, "--seed", 4, *SMALL, *more)


@pytest.mark.usefixtures("_small_head")
def test_stopped_it_says_how_to_go_on_and_does(images, tmp_path, capsys, monkeypatch):
    out = tmp_path / "w.safetensors"
    assert interrupted(images, out, monkeypatch) == INTERRUPTED
    said = capsys.readouterr()
    assert f"Stopped after step 2. The same command with --resume {out} goes on." in said.err
    assert json.loads(said.out)["iterations"] == 2

    # what is not typed is as it was begun
    assert train(images, out, "--resume", out) == 0
    said = capsys.readouterr()
    assert f"Going on with the training of '{out}' after step 2 of 3." in said.err
    assert json.loads(said.out)["iterations"] == 3
    trained = read_header(out).trained
    assert (trained["seed"], trained["batch_size"], trained["iterations"]) == (4, 2, 3)
    steps = [line.split(",")[0] for line in (curves_folder(out) / "losses.csv").read_text().splitlines()]
    assert steps == ["step", "1", "2", "3"]


@pytest.mark.usefixtures("_small_head")
def test_what_cannot_go_on_is_a_wrong_call_in_one_sentence(images, tmp_path, capsys, monkeypatch):
    out = tmp_path / "w.safetensors"
    interrupted(images, out, monkeypatch)
    for typed, said in {
        ("--resume", out, "--seed", 5): "was begun with seed 4, not 5",
        ("--resume", out, "--iterations", 9): "was begun for 3 steps, not 9",
        ("--resume", out, "--epochs", 4): "was begun for 3 steps, not 6",  # 4 x 3 images in batches of 2
        ("--resume", out, "--set", "anchors.sizes=10,20,30"): "was begun with the setting anchors.sizes",
        ("--resume", out, "--backbone", "vgg16"): "was begun with the backbone compact, not vgg16",
        ("--resume", out, "--half-backbone"): "was begun with half backbone False, not True",
        (): "is not complete",
    }.items():
        capsys.readouterr()
        assert train(images, out, *typed) == 2
        error = capsys.readouterr().err
        assert said in error
        assert "Traceback" not in error


@pytest.mark.usefixtures("_small_head")
def test_weights_without_a_training_are_a_start_and_it_says_so(images, tmp_path, capsys, monkeypatch):
    out, more = tmp_path / "w.safetensors", tmp_path / "more.safetensors"
    assert train(images, out, "--iterations", 1, *SMALL) == 0
    assert train(images, more, "--iterations", 1, "--resume", out) == 0
    assert f"'{out}' has no unfinished training beside it" in capsys.readouterr().err
    assert read_header(more).trained["started_from"] == "w.safetensors"


@pytest.mark.usefixtures("_small_head")
def test_a_complete_training_has_nothing_left_to_do(images, tmp_path, capsys):
    out = tmp_path / "w.safetensors"
    assert train(images, out, "--iterations", 1, *SMALL) == 0
    before = out.read_bytes()
    for typed, code, said in (
        ((), 0, "is complete; another from these weights needs another --out."),
        (("--iterations", 1), 0, "is complete;"),
        (("--iterations", 2), 2, "is complete after 1 steps, not 2; another from these weights needs another --out."),
        (("--epochs", 2, "--batch-size", 1), 2, "after 1 steps, not 6"),
    ):
        capsys.readouterr()
        assert train(images, out, "--resume", out, *typed) == code
        said_now = capsys.readouterr()
        assert said in said_now.err
        assert said_now.out == ""
        assert out.read_bytes() == before


@pytest.mark.usefixtures("_small_head")
def test_two_at_once_are_a_wrong_call(images, tmp_path, capsys):
    out = tmp_path / "w.safetensors"
    with only_training(out):
        assert train(images, out, "--iterations", 1, *SMALL) == 2
    assert "Another training is writing" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.usefixtures("_small_head")
def test_a_fault_of_the_program_is_no_wrong_call_and_is_logged(images, tmp_path, capsys, caplog, monkeypatch):
    def fail(*arguments, **named):
        raise ValueError("shapes (2,) and (3,) do not match")

    monkeypatch.setattr(training, "step_losses", fail)
    assert train(images, tmp_path / "w.safetensors", "--iterations", 1, *SMALL) == 1
    assert "train failed: shapes (2,) and (3,) do not match" in capsys.readouterr().err
    assert any(record.exc_info for record in caplog.records)


def test_settings_that_fit_no_network_are_a_wrong_call(images, tmp_path, capsys):
    assert train(images, tmp_path / "w.safetensors", "--iterations", 1, "--set", "anchors.stride=8") == 2
    assert "anchors.stride" in capsys.readouterr().err


@pytest.mark.parametrize("seed", ["-1", str(10**23), str(2**63), "1.5", "one"])
def test_a_seed_that_is_none(images, tmp_path, capsys, seed):
    with pytest.raises(SystemExit) as end:
        train(images, tmp_path / "w.safetensors", "--seed", seed)
    assert end.value.code == 2
    assert f"{seed} is not a whole number from 0 to 2**63 - 1" in capsys.readouterr().err


@pytest.mark.usefixtures("_small_head")
def test_the_largest_seed_and_what_it_is_computed_on(images, tmp_path, capsys):
    assert train(images, tmp_path / "w.safetensors", "--iterations", 1, "--seed", 2**63 - 1, *SMALL) == 0
    said = capsys.readouterr().err
    assert f"Training on cpu with {torch.get_num_threads()} thread(s)" in said
    assert said.index("Training on cpu") < said.index("1/1")


def test_weights_and_resume_contradict_each_other(images, tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        train(images, tmp_path / "w.safetensors", "--resume", "a.safetensors", "--weights", "default")
    assert end.value.code == 2
    assert "not allowed with" in capsys.readouterr().err


@pytest.mark.usefixtures("_small_head")
def test_another_machine_is_said(images, tmp_path, capsys, monkeypatch):
    out = tmp_path / "w.safetensors"
    interrupted(images, out, monkeypatch)
    threads = torch.get_num_threads()
    monkeypatch.setattr(training_state.torch, "get_num_threads", lambda: 64)
    assert train(images, out, "--resume", out) == 0
    assert f"It began with threads {threads} and goes on with 64" in capsys.readouterr().err


@pytest.mark.usefixtures("_small_head")
def test_memory_that_runs_out_is_a_failure_not_a_wrong_call(images, tmp_path, capsys, monkeypatch):
    def run_out(*arguments, **named):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    monkeypatch.setattr(training, "step_losses", run_out)
    assert train(images, tmp_path / "w.safetensors", "--iterations", 2, *SMALL) == 1
    error = capsys.readouterr().err
    assert "Memory ran out on cpu at step 1 of 2" in error
    assert "--resume" not in error  # nothing was saved yet
    assert "Traceback" not in error


@pytest.mark.usefixtures("_small_head")
def test_what_training_warns_of_is_told(images, tmp_path, capsys):
    out = tmp_path / "w.safetensors"
    curves_folder(out).write_text("in the way")
    assert train(images, out, "--iterations", 1, *SMALL) == 0
    assert f"The curves in {curves_folder(out)} cannot be written" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.usefixtures("_small_head")
def test_a_real_kill(images, tmp_path, capsys):
    """The command itself, killed by the system between the state and the weights of step 3."""
    options = ("--iterations", 4, "--batch-size", 2, "--save-every", 0, *SMALL)
    out, through = tmp_path / "w.safetensors", tmp_path / "through.safetensors"
    assert train(images, through, *options) == 0

    code = (
        "import os, signal, sys, main\n"
        "from detector import model, training\n"
        "model.HIDDEN['compact'] = 8\n"
        "save = training.save_weights\n"
        "def killed(path, tensors, header):\n"
        "    if header.trained['iterations'] == 3:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    save(path, tensors, header)\n"
        "training.save_weights = killed\n"
        "main.main(sys.argv[1:])\n"
    )
    call = ["train", str(images), "--out", str(out), "--device", "cpu", *map(str, options)]
    done = subprocess.run([sys.executable, "-c", code, *call], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert read_header(out).trained["iterations"] == 2
    assert read_state(state_path(out)).header.done == 3

    assert train(images, out, *options, "--resume", out) == 0
    assert out.read_bytes() == through.read_bytes()
    assert _losses(out) == _losses(through)


def _losses(out):
    """The lines of the curves without their seconds."""
    return [line.rsplit(",", 1)[0] for line in (curves_folder(out) / "losses.csv").read_text().splitlines()]
