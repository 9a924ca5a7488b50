import math
from pathlib import Path

import numpy as np
import pytest
import torch

from detector import training_step
from detector.augmentation import AUGMENTATIONS
from detector.config import RoiSamplingSettings
from detector.losses import StageLoss
from detector.models import random_network
from detector.targets import Objects, propose
from detector.training_data import Batch, TrainingSet
from detector.training_step import LOSSES, StepLosses, not_finite, step_losses
from tests.helpers.training import CLASSES, SETTINGS, Scenes


@pytest.fixture
def scenes():
    return Scenes((64, 96), (64, 96))


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
