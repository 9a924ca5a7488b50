import itertools
import logging
import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

import detector.model
from detector import training, training_step
from detector.augmentation import AUGMENTATIONS
from detector.config import ImageSettings, RoiSamplingSettings, SettingsError
from detector.ground_truth import GroundTruth
from detector.losses import StageLoss
from detector.models import load, pretrained, random_network
from detector.models.presets import COMPACT_SETTINGS
from detector.models.weights import WeightsError, read_weights, save_weights
from detector.optimisation import RunningAverage, learning_rate, make_optimiser
from detector.targets import Objects, propose
from detector.training import TrainingOptions, train
from detector.training_data import Batch, TrainingError, TrainingSet, classes_of
from detector.training_step import LOSSES, StepLosses, not_finite, step_losses

CLASSES = ("dark", "light")
SETTINGS = (
    COMPACT_SETTINGS.with_value("image.min_side", 64)
    .with_value("image.max_side", 96)
    .with_value("anchors.sizes", (16.0, 24.0, 32.0))
    .with_value("roi_sampling.batch_size", 16)
)
PLAIN = TrainingOptions(iterations=3, batch_size=2, augmentation="none", average=0.0)


@dataclass(frozen=True)
class Sample:
    image_path: Path
    ground_truth: GroundTruth | None


class Scenes:
    """Pictures in memory behind made-up names: a dark and a light square on grey."""

    def __init__(self, *sizes_hw):
        self.pictures = {}
        self.samples = []
        for number, (height, width) in enumerate(sizes_hw):
            picture = np.full((height, width, 3), 120, np.uint8)
            boxes = [[8, 10, 32, 34], [width - 40, 26, width - 12, 54]]
            for (x1, y1, x2, y2), grey in zip(boxes, (10, 240), strict=True):
                picture[y1:y2, x1:x2] = grey
            path = Path(f"scene{number}.png")
            self.pictures[path] = picture
            self.samples.append(Sample(path, GroundTruth(boxes, CLASSES)))

    def read(self, path):
        return self.pictures[path]

    def replace(self, number, ground_truth):
        self.samples[number] = Sample(self.samples[number].image_path, ground_truth)
        return self


@pytest.fixture
def scenes():
    return Scenes((64, 96), (64, 96))


def run(scenes, out, options=PLAIN, **more):
    steps = []
    result = train(
        scenes.samples, out, settings=SETTINGS, options=options, read=scenes.read, progress=steps.append, **more
    )
    return result, steps


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
    other, _ = run(scenes, tmp_path / "c.safetensors", TrainingOptions(iterations=3, batch_size=2, seed=6))

    assert first.losses == again.losses
    assert first.path.read_bytes() == again.path.read_bytes()
    assert first.losses != other.losses


def test_epochs_and_iterations():
    # 205 images in batches of 4: 10 epochs are 2050 / 4 = 512.5 steps
    assert TrainingOptions(epochs=10, batch_size=4).steps(205) == 513
    assert TrainingOptions(epochs=10, iterations=7).steps(205) == 7


def test_a_step_on_images_of_different_sizes_leaves_the_padding_out(tmp_path):
    scenes = Scenes((64, 96), (96, 64))
    network = random_network("compact", CLASSES, SETTINGS.with_value("assignment.batch_size", 2000))
    data = TrainingSet(scenes.samples, CLASSES, scenes.read)
    batch = next(data.batches(2, SETTINGS.image, AUGMENTATIONS["none"], np.random.default_rng(0)))

    assert batch.images.shape == (2, 3, 96, 96)
    losses = step_losses(network, batch, np.random.default_rng(0))

    # 4 x 6 cells of 9 anchors each, not the 6 x 6 of the padded batch; ignored anchors are not sampled
    for number in (0, 1):
        assert 0.5 * 4 * 6 * 9 < losses.anchor_images.count(number) <= 4 * 6 * 9
    assert not batch.images[batch.files.index(Path("scene0.png")), :, 64:].any()


def test_the_total_is_the_sum_of_all_four():
    """Mistake 3. Powers of two: no other sum of them gives the same."""
    rpn = StageLoss(torch.tensor([1.0, 2.0]), torch.tensor([4.0, 0.0]))  # label 1 + 2, box 4
    head = StageLoss(torch.tensor([8.0]), torch.tensor([16.0]))

    both, first = StepLosses(rpn, head, [0, 0], [0]), StepLosses(rpn, None, [0, 0], [])

    assert {name: float(loss) for name, loss in both.named().items()} == {
        "rpn_label": 3, "rpn_box": 4, "head_label": 8, "head_box": 16
    }  # fmt: skip
    assert float(both.total) == 31
    assert {name: float(loss) for name, loss in first.named().items()} == {"rpn_label": 3, "rpn_box": 4}
    assert float(first.total) == 7


def test_the_total_of_a_step_is_the_sum_of_its_four_losses(scenes):
    network = random_network("compact", CLASSES, SETTINGS)
    data = TrainingSet(scenes.samples, CLASSES, scenes.read)
    batch = next(data.batches(2, SETTINGS.image, AUGMENTATIONS["none"], np.random.default_rng(0)))

    losses = step_losses(network, batch, np.random.default_rng(0))

    four = {name: float(loss.detach()) for name, loss in losses.named().items()}
    assert tuple(four) == LOSSES
    assert min(four.values()) > 0
    assert len(set(four.values())) == 4
    assert float(losses.total.detach()) == pytest.approx(sum(four.values()), rel=1e-6)


class Planted(torch.nn.Module):
    """A backbone that finds one thing in each image: channel 0 is 1 in that cell, and 0 everywhere else."""

    def __init__(self, cells_yx, map_hw):
        super().__init__()
        self.cells_yx, self.map_hw = cells_yx, map_hw

    def forward(self, images):
        features = torch.zeros((len(images), 192, *self.map_hw))
        for number, (y, x) in enumerate(self.cells_yx):
            features[number, 0, y, x] = 1.0
        return features


def test_every_cell_speaks_of_its_own_place(monkeypatch):
    """Mistake 2, end to end: two images of 4 x 6 and 6 x 4 cells in a padded batch of 6 x 6, where every exchange of x
    and y is a valid shape. The object lies where the signal is, and fits anchor 4 (24 px, ratio 1) of that cell.

    Layers set by hand answer rightly where they see the signal, and wrongly for the object where they do not:
        RPN   logits (10, 0); anchor 4 with the signal (10, 20). dx of anchor 4 is 3; with the signal 0, which is right.
        head  logits (10, 0, 0); with the signal above 10 for "dark".
    """
    # cell y 1, x 4: centre (4.5 * 16, 1.5 * 16) = (72, 24); cell y 4, x 2: centre (40, 72). 12 px to each side.
    objects = [[60, 12, 84, 36]], [[28, 60, 52, 84]]
    settings = (
        SETTINGS.with_value("roi_sampling.batch_size", 2)
        .with_value("roi_sampling.positive_fraction", 1.0)
        .with_value("roi_sampling.positive_iou", 0.95)  # the object itself and the proposal that equals it
    )
    network = random_network("compact", CLASSES, settings)
    for each in network.parameters():
        torch.nn.init.zeros_(each)
    network.backbone = Planted([(1, 4), (4, 2)], (6, 6))
    with torch.no_grad():
        network.rpn.conv.weight[0, 0, 1, 1] = 1.0  # the cell itself
        network.rpn.score.bias[::2] = 10.0
        network.rpn.score.weight[4 * 2 + 1, 0] = 20.0
        network.rpn.delta.bias[4 * 4] = 3.0
        network.rpn.delta.weight[4 * 4, 0] = -3.0
        network.head.fc1.weight[0, :49] = 1.0  # the 7 x 7 bins of channel 0
        network.head.fc2.weight[0, 0] = 1.0
        network.head.score.bias[0] = 10.0
        network.head.score.weight[1, 0] = 10.0
    batch = Batch(
        images=torch.zeros((2, 3, 96, 96)),
        network_hw=[(64, 96), (96, 64)],
        scale_xy=[(1.0, 1.0), (1.0, 1.0)],
        objects=[Objects(np.array(boxes, np.float32), np.array([1])) for boxes in objects],
        files=[Path("wide.png"), Path("high.png")],
    )
    seen = []

    def spy(grid, objectness, *rest):
        seen.append((grid.feature_hw, int(objectness.argmax())))
        return propose(grid, objectness, *rest)

    monkeypatch.setattr(training_step, "propose", spy)

    losses = step_losses(network, batch, np.random.default_rng(0))

    # rows: (1 * 6 + 4) * 9 + 4 = 94 and (4 * 4 + 2) * 9 + 4 = 166
    assert seen == [((4, 6), 94), ((6, 4), 166)]
    four = {name: float(loss.detach()) for name, loss in losses.named().items()}
    assert four["rpn_label"] == pytest.approx(math.log1p(math.exp(-10)), rel=1e-3)  # a mean of rows that are all right
    assert four["rpn_box"] == pytest.approx(0, abs=1e-6)  # 3 - 1 / 18 a positive that does not see the signal
    assert losses.region_images == [0, 0, 1, 1]
    assert four["head_label"] < 1e-3  # 10 / 4 a region that does not see the signal
    assert four["head_box"] == pytest.approx(0, abs=1e-6)


def test_the_heads_mini_batch_follows_the_settings(scenes):
    data = TrainingSet(scenes.samples, CLASSES, scenes.read)
    batch = next(data.batches(2, SETTINGS.image, AUGMENTATIONS["none"], np.random.default_rng(0)))
    for size in (6, 20):
        network = random_network("compact", CLASSES, SETTINGS.with_value("roi_sampling.batch_size", size))
        losses = step_losses(network, batch, np.random.default_rng(0))

        assert losses.region_images == [0] * size + [1] * size
        assert losses.head is not None
        assert len(losses.head.label_rows) == 2 * size
        positive = int((losses.head.box_rows > 0).sum())
        assert 1 <= positive <= 2 * math.floor(size * RoiSamplingSettings().positive_fraction)


def test_proposals_are_ranked_by_the_softmax_of_both_logits(scenes, monkeypatch):
    """Mistake 5: with background's logit high everywhere, one raw logit would rank as before."""
    seen = []

    def spy(grid, objectness, *rest):
        seen.append(objectness)
        return propose(grid, objectness, *rest)

    monkeypatch.setattr(training_step, "propose", spy)
    network = random_network("compact", CLASSES, SETTINGS)
    torch.nn.init.zeros_(network.rpn.score.weight)
    with torch.no_grad():  # background 2, object 1, for every anchor
        network.rpn.score.bias.copy_(torch.tensor([2.0, 1.0] * 9))
    data = TrainingSet(scenes.samples, CLASSES, scenes.read)
    batch = next(data.batches(2, SETTINGS.image, AUGMENTATIONS["none"], np.random.default_rng(0)))

    step_losses(network, batch, np.random.default_rng(0))

    assert len(seen) == 2
    assert seen[0] == pytest.approx(1 / (1 + math.e))  # e^1 / (e^2 + e^1)


def test_vgg16_starts_from_imagenet_and_keeps_conv1_and_conv2(scenes, tmp_path, monkeypatch):
    started = []
    monkeypatch.setitem(detector.model.HIDDEN, "vgg16", 8)  # fc6 and fc7 of 4096 would take 480 MB
    monkeypatch.setattr(training, "load_imagenet", lambda network, report: started.append(report))

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
    monkeypatch.setattr(training, "load_imagenet", None)  # would fail if it were called

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


def test_the_learning_rate_is_the_backbones_own_unless_said(scenes, tmp_path, monkeypatch):
    assert TrainingOptions().highest_rate("compact") == 1e-3
    assert TrainingOptions().highest_rate("vgg16") == 1e-4
    assert TrainingOptions(learning_rate=0.0).highest_rate("vgg16") == 0.0

    monkeypatch.setitem(detector.model.HIDDEN, "vgg16", 8)
    options = TrainingOptions(iterations=1, batch_size=1, augmentation="none")
    for backbone, rate in (("compact", 1e-3), ("vgg16", 1e-4)):
        _, steps = run(scenes, tmp_path / "w.safetensors", options, backbone=backbone, weights=None)
        assert steps[0].learning_rate == rate


def test_a_folder_that_cannot_be_written_is_said_before_training(scenes, tmp_path, monkeypatch):
    out = tmp_path / "w.safetensors"
    asked = []

    def refused(*, prefix, dir):
        asked.append(dir)
        raise PermissionError(13, "Permission denied")

    def read(_path):
        raise AssertionError("training began")

    monkeypatch.setattr(training.tempfile, "NamedTemporaryFile", refused)
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


def test_a_failed_save_while_training_keeps_the_last_good_file(scenes, tmp_path, monkeypatch):
    """The disk fills up at the second save, after step 2."""
    out, saves = tmp_path / "w.safetensors", []
    sync = os.fsync

    def fill_up(descriptor):
        saves.append(descriptor)
        if len(saves) == 2:
            raise OSError(28, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(training, "SAVE_EVERY_S", -1.0)  # after every step
    monkeypatch.setattr(os, "fsync", fill_up)
    with pytest.raises(TrainingError, match=r"at step 2 of 3: .*w\.safetensors.*No space left on device"):
        run(scenes, out)

    assert read_weights(out).header.trained["iterations"] == 1
    assert [each.name for each in tmp_path.iterdir()] == ["w.safetensors"]


def test_images_without_objects_teach_too(scenes, tmp_path):
    """Mistake 9: not one object in the whole batch."""
    for number in (0, 1):
        scenes.replace(number, GroundTruth.empty())

    _, steps = run(scenes, tmp_path / "w.safetensors", classes=CLASSES)

    for step in steps:
        assert step.losses["rpn_box"] == 0.0
        assert step.losses["head_box"] == 0.0
        assert 0 < step.losses["rpn_label"] < 10


def test_objects_that_do_not_count_are_left_out(scenes, caplog):
    boxes = [[8, 10, 32, 34], [50, 20, 50, 40], [60, 20, 80, 40], [20, 20, 40, 40]]
    flags = {"difficult": [False, False, True, False], "crowd": [False, False, False, True]}
    scenes.replace(0, GroundTruth(boxes, ["dark"] * 4, **flags))

    with caplog.at_level(logging.WARNING, "detector"):
        data = TrainingSet(scenes.samples[:1], CLASSES, scenes.read)
    batch = next(data.batches(1, SETTINGS.image, AUGMENTATIONS["none"], np.random.default_rng(0)))

    assert batch.objects[0].boxes.tolist() == [[8, 10, 32, 34]]
    assert caplog.messages == ["scene0.png: 1 object(s) without area are left out of training."]


def test_boxes_go_with_the_resize():
    """Mistake 10: the picture is 128 x 192, the network sees 64 x 96."""
    scenes = Scenes((128, 192))
    data = TrainingSet(scenes.samples, CLASSES, scenes.read)
    batch = next(
        data.batches(1, ImageSettings(min_side=64, max_side=96), AUGMENTATIONS["none"], np.random.default_rng(0))
    )

    assert batch.network_hw == [(64, 96)]
    assert batch.scale_xy == [(0.5, 0.5)]
    assert batch.objects[0].boxes[0].tolist() == [4, 5, 16, 17]
    inside = batch.images[0, :, 6:16, 5:15]
    assert float(inside.max()) < -1.5  # (10 / 255 - 0.485) / 0.229 = -1.95: the dark square is where its box says


def test_every_image_comes_once_a_round():
    scenes = Scenes(*[(64, 96)] * 5)
    data = TrainingSet(scenes.samples, CLASSES, scenes.read)
    batches = data.batches(2, SETTINGS.image, AUGMENTATIONS["none"], np.random.default_rng(0))

    files = [file for batch in itertools.islice(batches, 5) for file in batch.files]

    assert sorted(files[:5]) == sorted(files[5:]) == sorted(scenes.pictures)
    assert files[:5] != files[5:]


def test_images_are_read_once_while_there_is_room(scenes):
    reads = []

    def read(path):
        reads.append(path)
        return scenes.read(path)

    one = scenes.pictures[Path("scene0.png")].nbytes
    data = TrainingSet(scenes.samples, CLASSES, read, cache_bytes=one)
    for path in [Path("scene0.png"), Path("scene1.png")] * 3:
        data.image(path)

    assert reads.count(Path("scene0.png")) == 1
    assert reads.count(Path("scene1.png")) == 3


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


def test_only_the_broken_image_is_named(scenes):
    """One image's numbers overflow; in evaluation mode the other's do not notice."""

    network = random_network("compact", CLASSES, SETTINGS).eval()
    data = TrainingSet(scenes.samples, CLASSES, scenes.read)
    batch = next(data.batches(2, SETTINGS.image, AUGMENTATIONS["none"], np.random.default_rng(0)))
    batch.images[1] = float("nan")

    losses = step_losses(network, batch, np.random.default_rng(0))

    message = not_finite("rpn_label", losses, batch)
    assert str(batch.files[1]) in message
    assert str(batch.files[0]) not in message
    assert losses.head is None  # nothing is proposed from such numbers


def test_cancelling_keeps_what_was_learned(scenes, tmp_path):
    out = tmp_path / "w.safetensors"
    asked = itertools.count()

    result, steps = run(scenes, out, cancelled=lambda: next(asked) == 2)

    assert len(steps) == result.iterations == 2
    assert read_weights(out).header.trained["iterations"] == 2

    nothing, _ = run(scenes, tmp_path / "none.safetensors", cancelled=lambda: True)
    assert nothing.iterations == 0
    assert not nothing.path.exists()


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
    with pytest.raises(SettingsError, match=r"anchors\.stride"):
        train(scenes.samples, out, settings=SETTINGS.with_value("anchors.stride", 8), read=scenes.read)

    def broken(path):
        raise OSError("no such file")

    with pytest.raises(TrainingError, match=r"scene[01]\.png cannot be trained on: no such file"):
        train(scenes.samples, out, settings=SETTINGS, options=PLAIN, read=broken)
    assert classes_of(scenes.samples) == CLASSES


# ---- the optimiser --------------------------------------------------------------------------------------------------


def test_the_learning_rate_rises_and_falls():
    # 110 steps, 10 of warm-up: a tenth of the highest at first, all of it at step 10, half of it half way down
    assert learning_rate(0, 110, 1.0, 10) == pytest.approx(0.1)
    assert learning_rate(9, 110, 1.0, 10) == pytest.approx(1.0)
    assert learning_rate(10, 110, 1.0, 10) == pytest.approx(1.0)
    assert learning_rate(60, 110, 1.0, 10) == pytest.approx(0.5)
    assert learning_rate(109, 110, 1.0, 10) == pytest.approx(0.0, abs=1e-3)
    # 5 steps in all: the warm-up takes one of them, not 60
    assert learning_rate(0, 5, 1.0, 60) == pytest.approx(1.0)
    assert learning_rate(0, 1, 1.0, 60) == pytest.approx(1.0)


def test_only_matrices_decay():
    network = random_network("compact", CLASSES, SETTINGS)
    decaying, staying = make_optimiser(network, 0.02).param_groups

    assert decaying["weight_decay"] == 0.02
    assert staying["weight_decay"] == 0.0
    assert all(each.ndim > 1 for each in decaying["params"])
    assert all(each.ndim == 1 for each in staying["params"])
    assert len(decaying["params"]) + len(staying["params"]) == len(list(network.parameters()))


def test_frozen_layers_are_not_in_the_optimiser():
    network = random_network("compact", CLASSES, SETTINGS)
    network.backbone.layers[0].requires_grad_(False)
    groups = make_optimiser(network, 0.02).param_groups

    assert all(each.requires_grad for group in groups for each in group["params"])


def test_the_average_by_hand():
    layer = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        layer.weight.fill_(0.0)
        average = RunningAverage(layer, 0.9)
        layer.weight.fill_(11.0)
        average.update(layer)
    # at the first step 1 / 11 stays: 0 / 11 + 11 * 10 / 11
    assert average.state_dict()["weight"].item() == pytest.approx(10.0)
    for _ in range(200):
        average.update(layer)
    assert average.state_dict()["weight"].item() == pytest.approx(11.0)


def test_half_precision_backbone_trains(scenes, tmp_path):
    options = TrainingOptions(iterations=2, batch_size=2, augmentation="none", half_backbone=True)
    _, half = run(scenes, tmp_path / "h.safetensors", options)
    _, exact = run(scenes, tmp_path / "e.safetensors", PLAIN)

    assert half[0].losses["rpn_label"] == pytest.approx(exact[0].losses["rpn_label"], rel=0.02)
