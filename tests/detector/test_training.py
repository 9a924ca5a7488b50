import itertools
import os
from dataclasses import replace

import numpy as np
import pytest
import torch

import detector.model
from detector import training
from detector.ground_truth import GroundTruth
from detector.models import load
from detector.models.weights import read_weights, save_weights
from detector.training import TrainingOptions, train
from detector.training_data import TrainingError
from detector.training_step import LOSSES, step_losses
from tests.helpers.training import CLASSES, PLAIN, SETTINGS, Scenes, run


@pytest.fixture
def scenes():
    return Scenes((64, 96), (64, 96))


def test_a_few_steps_lower_the_loss(scenes, tmp_path):
    out = tmp_path / "folder" / "weights.safetensors"
    options = TrainingOptions(iterations=15, batch_size=2, augmentation="none", average=0.0, warm_up=2)

    result, steps = run(scenes, out, options)

    totals = [sum(step.losses.values()) for step in steps]
    assert np.mean(totals[-3:]) < 0.6 * np.mean(totals[:2])
    assert [step.iteration for step in steps] == list(range(1, 16))
    assert all(tuple(step.losses) == LOSSES for step in steps)
    assert steps[-1].seconds_left == 0
    assert result.iterations == 15
    held = read_weights(out)
    assert held.header.classes == CLASSES
    assert held.header.settings == SETTINGS
    assert held.header.trained["iterations"] == 15
    assert load(out, device="cpu").info.sha256 == held.sha256


def test_same_seed_same_result(scenes, tmp_path):
    options = TrainingOptions(iterations=3, batch_size=2, augmentation="any_way_up", seed=5)
    first, _ = run(scenes, tmp_path / "a.safetensors", options)
    again, _ = run(scenes, tmp_path / "b.safetensors", options)
    other, _ = run(scenes, tmp_path / "c.safetensors", replace(options, seed=6))

    assert first.losses == again.losses
    assert first.path.read_bytes() == again.path.read_bytes()
    assert first.losses != other.losses


def test_epochs_and_iterations():
    # 205 images in batches of 4: 10 epochs are 2050 / 4 = 512.5 steps
    assert TrainingOptions(epochs=10, batch_size=4).steps(205) == 513
    assert TrainingOptions(epochs=10, iterations=7).steps(205) == 7


def test_the_learning_rate_is_the_backbones_own_unless_said(scenes, tmp_path, monkeypatch):
    assert TrainingOptions().highest_rate("compact") == 1e-3
    assert TrainingOptions().highest_rate("vgg16") == 1e-4
    assert TrainingOptions(learning_rate=0.0).highest_rate("vgg16") == 0.0

    monkeypatch.setitem(detector.model.HIDDEN, "vgg16", 8)
    options = TrainingOptions(iterations=1, batch_size=1, augmentation="none")
    for backbone, rate in (("compact", 1e-3), ("vgg16", 1e-4)):
        _, steps = run(scenes, tmp_path / "w.safetensors", options, backbone=backbone, weights=None)
        assert steps[0].learning_rate == rate


def test_a_full_disk_keeps_the_last_good_save(scenes, tmp_path, monkeypatch):
    """It fills up at the fourth write: the state before step 1, then at each save the state and the weights, so that
    is the save of step 2.
    """
    out, writes = tmp_path / "w.safetensors", []
    sync = os.fsync

    def fill_up(descriptor):
        writes.append(descriptor)
        if len(writes) == 4:
            raise OSError(28, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fill_up)
    with pytest.raises(
        TrainingError, match=r"at step 2 of 3: .*No space left on device.*goes on after step 1"
    ) as caught:
        run(scenes, out, save_every=0)
    assert "\n" not in str(caught.value)
    assert read_weights(out).header.trained["iterations"] == 1
    assert sorted(each.name for each in tmp_path.iterdir()) == ["w.curves", "w.safetensors", "w.training.safetensors"]

    again, _ = run(scenes, out, start=out)  # there is room again
    through, _ = run(scenes, tmp_path / "through.safetensors")
    assert again.path.read_bytes() == through.path.read_bytes()


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nMore lines."),
        RuntimeError("MPS backend out of memory"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: 4 TB"),
        MemoryError(),
    ],
)
def test_memory_that_runs_out_is_one_sentence_and_the_last_save_stays(scenes, tmp_path, monkeypatch, error):
    out, calls = tmp_path / "w.safetensors", []

    def run_out(*arguments, **more):
        calls.append(1)
        if len(calls) == 3:
            raise error
        return step_losses(*arguments, **more)

    monkeypatch.setattr(training, "step_losses", run_out)
    with pytest.raises(
        TrainingError, match=r"on cpu at step 3 of 3, with 2 image.*smaller --batch-size.*after step 2"
    ) as caught:
        run(scenes, out, save_every=0)
    assert "\n" not in str(caught.value)

    again, _ = run(scenes, out, start=out)
    assert again.iterations == 3


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: 4 TB")])
def test_memory_that_runs_out_in_a_save_is_one_sentence(scenes, tmp_path, monkeypatch, error):
    out, save, calls = tmp_path / "w.safetensors", training.save_weights, []

    def run_out(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise error
        save(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(training, "save_weights", run_out)
        with pytest.raises(TrainingError) as caught:
            run(scenes, out, save_every=0)
    assert str(caught.value).startswith("Memory ran out while step 2 of 3 was saved. The same command with --resume ")
    assert run(scenes, out, start=out)[0].complete


def test_a_training_that_fails_before_its_first_save_leaves_all_as_it_was(scenes, tmp_path, monkeypatch):
    """No state lies in the way of the next try, which may need a smaller batch."""
    out = tmp_path / "w.safetensors"
    run(scenes, out)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def run_out(*arguments, **more):
        raise MemoryError

    monkeypatch.setattr(training, "step_losses", run_out)
    with pytest.raises(TrainingError, match="Memory ran out") as caught:
        run(scenes, out)
    assert "--resume" not in str(caught.value)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_other_errors_of_torch_are_not_taken_for_it(scenes, tmp_path, monkeypatch):
    def fail(*arguments, **more):
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(training, "step_losses", fail)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        run(scenes, tmp_path / "w.safetensors")


def test_a_save_that_takes_long_comes_less_often(scenes, tmp_path, monkeypatch):
    """A clock by hand: each step takes 10 s, each save 8 s. 60 s would be six steps; 20 x 8 s are sixteen."""
    clock, saves = [0.0], []

    def step(self, batch, rate):
        clock[0] += 10
        return dict.fromkeys(LOSSES, 1.0)

    def save(self):
        clock[0] += 8
        saves.append(self.done)

    monkeypatch.setattr(training.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(training._Training, "step", step)
    monkeypatch.setattr(training._Training, "save", save)
    run(scenes, tmp_path / "w.safetensors", TrainingOptions(iterations=25, batch_size=1, augmentation="none"))

    assert saves == [6, 22, 25]


def test_images_without_objects_teach_too(scenes, tmp_path):
    """Mistake 9: not one object in the whole batch."""
    for number in (0, 1):
        scenes.replace(number, GroundTruth.empty())

    _, steps = run(scenes, tmp_path / "w.safetensors", classes=CLASSES)

    for step in steps:
        assert step.losses["rpn_box"] == 0.0
        assert step.losses["head_box"] == 0.0
        assert 0 < step.losses["rpn_label"] < 10


@pytest.mark.parametrize(
    ("layer", "loss"),
    [("rpn.score", "rpn_label"), ("rpn.delta", "rpn_box"), ("head.score", "head_label"), ("head.delta", "head_box")],
)
def test_a_loss_that_is_not_finite_stops_at_once_and_names_the_image(scenes, tmp_path, layer, loss):
    start, out = tmp_path / "start.safetensors", tmp_path / "out.safetensors"
    run(scenes, start)
    run(scenes, out)
    before = out.read_bytes()
    broken = read_weights(start)

    broken.tensors[f"{layer}.bias"][:] = 3e38
    broken.tensors[f"{layer}.bias"][::2] *= -1
    save_weights(start, broken.tensors, broken.header)
    steps = []

    with pytest.raises(TrainingError, match=rf"The loss {loss} is not finite, at scene[01]\.png") as caught:
        train(
            scenes.samples, out, settings=SETTINGS, options=PLAIN, read=scenes.read, start=start, progress=steps.append
        )

    assert steps == []
    assert out.read_bytes() == before
    assert "\n" not in str(caught.value)


def test_cancelling_keeps_what_was_learned(scenes, tmp_path):
    out = tmp_path / "w.safetensors"
    asked = itertools.count()

    result, steps = run(scenes, out, cancelled=lambda: next(asked) == 2)

    assert len(steps) == result.iterations == 2
    assert read_weights(out).header.trained["iterations"] == 2

    nothing, _ = run(scenes, tmp_path / "none.safetensors", cancelled=lambda: True)
    assert nothing.iterations == 0
    assert not nothing.path.exists()


def test_half_precision_backbone_trains(scenes, tmp_path):
    options = TrainingOptions(iterations=2, batch_size=2, augmentation="none", half_backbone=True)
    _, half = run(scenes, tmp_path / "h.safetensors", options)
    _, exact = run(scenes, tmp_path / "e.safetensors", PLAIN)

    assert half[0].losses["rpn_label"] == pytest.approx(exact[0].losses["rpn_label"], rel=0.02)
