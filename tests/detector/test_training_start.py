import os
from pathlib import Path

import pytest
import torch

import detector.model
from detector import training_start
from detector.config import SettingsError
from detector.ground_truth import GroundTruth
from detector.models import pretrained
from detector.models.weights import WeightsError, read_weights
from detector.training import TrainingOptions, train
from detector.training_data import TrainingError, classes_of
from tests.helpers.training import CLASSES, PLAIN, SETTINGS, Sample, Scenes, run


@pytest.fixture
def scenes():
    return Scenes((64, 96), (64, 96))


def test_vgg16_starts_from_imagenet_and_keeps_conv1_and_conv2(scenes, tmp_path, monkeypatch):
    started = []
    monkeypatch.setitem(detector.model.HIDDEN, "vgg16", 8)  # fc6 and fc7 of 4096 would take 480 MB
    monkeypatch.setattr(training_start, "load_imagenet", lambda network, report: started.append(report))

    def step(rate, name):
        options = TrainingOptions(iterations=1, batch_size=1, augmentation="none", average=0.0, learning_rate=rate)
        return read_weights(run(scenes, tmp_path / name, options, backbone="vgg16", report=print)[0].path).tensors

    before, after = step(0.0, "before.safetensors"), step(0.01, "after.safetensors")

    assert started == [print, print]
    for place in (0, 2, 5, 7):  # conv1_1, conv1_2, conv2_1, conv2_2
        assert torch.equal(before[f"backbone.layers.{place}.weight"], after[f"backbone.layers.{place}.weight"])
    for place in (10, 28):  # conv3_1 and conv5_3
        assert not torch.equal(before[f"backbone.layers.{place}.weight"], after[f"backbone.layers.{place}.weight"])


def test_vgg16_from_random_weights_fetches_nothing_and_trains_every_layer(scenes, tmp_path, monkeypatch):
    monkeypatch.setitem(detector.model.HIDDEN, "vgg16", 8)
    monkeypatch.setattr(training_start, "load_imagenet", None)  # would fail if it were called

    def step(rate):
        options = TrainingOptions(iterations=1, batch_size=1, augmentation="none", average=0.0, learning_rate=rate)
        result, _ = run(scenes, tmp_path / f"{rate}.safetensors", options, backbone="vgg16", weights=None)
        return read_weights(result.path).tensors

    before, after = step(0.0), step(0.01)

    for place in (0, 28):  # conv1_1: frozen random numbers would teach nothing
        assert not torch.equal(before[f"backbone.layers.{place}.weight"], after[f"backbone.layers.{place}.weight"])


def test_without_imagenets_weights_it_says_how_to_start_without_them(scenes, tmp_path, monkeypatch):
    def fetch(_url, _report):
        raise WeightsError("x.pth cannot be fetched (no route).")

    monkeypatch.setitem(detector.model.HIDDEN, "vgg16", 8)
    monkeypatch.setattr(pretrained, "fetch", fetch)
    with pytest.raises(WeightsError, match=r"x\.pth cannot be fetched.*random ones: --weights none"):
        run(scenes, tmp_path / "w.safetensors", backbone="vgg16")
    with pytest.raises(WeightsError, match=r"not from 'other\.safetensors'; a file is `start`"):
        run(scenes, tmp_path / "w.safetensors", weights="other.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said_before_training(scenes, tmp_path, monkeypatch):
    out = tmp_path / "w.safetensors"
    asked = []

    def refused(*, prefix, dir):
        asked.append(dir)
        raise PermissionError(13, "Permission denied")

    def read(_path):
        raise AssertionError("training began")

    monkeypatch.setattr(training_start.tempfile, "NamedTemporaryFile", refused)
    with pytest.raises(WeightsError, match=r"Nothing can be written in the folder .*: Permission denied\."):
        train(scenes.samples, out, settings=SETTINGS, options=PLAIN, read=read)
    assert asked == [tmp_path.resolve()]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_read_only_folder_is_said_before_training(scenes, tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(WeightsError, match="Nothing can be written"):
            run(scenes, tmp_path / "w.safetensors")
    finally:
        tmp_path.chmod(0o700)


def test_trying_the_place_leaves_nothing_behind(scenes, tmp_path):
    run(scenes, tmp_path / "w.safetensors", cancelled=lambda: True)
    assert list(tmp_path.iterdir()) == []


def test_starting_from_a_file(scenes, tmp_path):
    start = tmp_path / "start.safetensors"
    run(scenes, start)
    still = TrainingOptions(iterations=1, batch_size=2, augmentation="none", learning_rate=0.0, average=0.0)

    same, _ = run(scenes, tmp_path / "same.safetensors", still, start=start)
    assert torch.equal(
        read_weights(same.path).tensors["head.score.weight"], read_weights(start).tensors["head.score.weight"]
    )

    for number in (0, 1):  # other classes: only the head's last layers start fresh
        scenes.replace(number, GroundTruth([[8, 10, 32, 34]], ["blue"]))
    other, _ = run(scenes, tmp_path / "other.safetensors", still, start=start)
    held = read_weights(other.path)
    assert held.header.classes == ("blue",)
    assert held.header.trained["started_from"] == "start.safetensors"
    assert torch.equal(held.tensors["rpn.conv.weight"], read_weights(start).tensors["rpn.conv.weight"])
    assert held.tensors["head.score.weight"].shape == (2, 256)


def test_what_cannot_be_trained_is_said_before_it_starts(scenes, tmp_path):
    out = tmp_path / "w.safetensors"
    with pytest.raises(TrainingError, match="no object"):
        train([], out, read=scenes.read)
    with pytest.raises(TrainingError, match="no image with ground truth"):
        train([Sample(Path("a.png"), None)], out, classes=CLASSES, read=scenes.read)
    with pytest.raises(TrainingError, match=r"scene0\.png.*'light'"):
        run(scenes, out, classes=["dark"])
    with pytest.raises(TrainingError, match="augmentation 'mosaic'"):
        run(scenes, out, TrainingOptions(augmentation="mosaic"))
    with pytest.raises(WeightsError, match="is a folder"):
        run(scenes, tmp_path)
    with pytest.raises(WeightsError, match=r"w\.training\.safetensors is the name of a training's state"):
        run(scenes, tmp_path / "w.training.safetensors")
    with pytest.raises(SettingsError, match=r"anchors\.stride"):
        train(scenes.samples, out, settings=SETTINGS.with_value("anchors.stride", 8), read=scenes.read)

    def broken(path):
        raise OSError("no such file")

    with pytest.raises(TrainingError, match=r"scene[01]\.png cannot be trained on: no such file"):
        train(scenes.samples, out, settings=SETTINGS, options=PLAIN, read=broken)
    assert classes_of(scenes.samples) == CLASSES
