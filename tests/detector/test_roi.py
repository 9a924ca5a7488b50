import math

import numpy as np
import pytest
import torch
from torchvision.ops import roi_align, roi_pool

from detector.config import HeadSettings
from detector.roi import BINS, BoxHead, pool_regions

MAX, ALIGN = HeadSettings(pooling="max"), HeadSettings(pooling="align")


def ramp(height, width):
    """(1, 2, H, W): channel 0 counts columns, channel 1 counts rows."""
    y, x = torch.meshgrid(torch.arange(float(height)), torch.arange(float(width)), indexing="ij")
    return torch.stack([x, y])[None]


def regions(*boxes):
    return torch.tensor([[0.0, *box] for box in boxes])


def test_max_pooling_rounds_coordinates_and_does_not_floor_them():
    """Mistake 8: 12 / 16 = 0.75 rounds to cell 1 and floors to cell 0; 116 / 16 = 7.25 rounds to cell 7."""
    pooled = pool_regions(ramp(10, 12), regions((12.0, 28.0, 116.0, 124.0)), MAX)[0]

    # columns 1..7 (7.25 -> 7): seven cells in seven bins, so every bin is one column
    assert pooled[0, 0].tolist() == [1, 2, 3, 4, 5, 6, 7]
    # rows: 28 / 16 = 1.75 -> 2 and 124 / 16 = 7.75 -> 8: again seven cells
    assert pooled[1, :, 0].tolist() == [2, 3, 4, 5, 6, 7, 8]


def test_align_does_not_round_and_has_the_half_cell_shift():
    """A bin's value on a ramp is the position of its middle: x / 16 - 0.5, as cell i has its middle at 16 i + 8."""
    x1, y1, x2, y2 = 21.0, 35.0, 21.0 + 7 * 10.0, 35.0 + 7 * 12.0
    pooled = pool_regions(ramp(12, 14), regions((x1, y1, x2, y2)), ALIGN)[0]

    middles_x = [(x1 + 10.0 * (i + 0.5)) / 16 - 0.5 for i in range(7)]
    middles_y = [(y1 + 12.0 * (i + 0.5)) / 16 - 0.5 for i in range(7)]
    assert pooled[0, 3].tolist() == pytest.approx(middles_x, abs=1e-5)
    assert pooled[1, :, 3].tolist() == pytest.approx(middles_y, abs=1e-5)


@pytest.mark.parity
def test_both_are_torchvisions():
    generator = np.random.default_rng(3)
    features = torch.from_numpy(generator.normal(size=(2, 6, 11, 17)).astype(np.float32))
    corners = np.sort(generator.uniform(0, 170, (20, 2, 2)), axis=1).reshape(20, 4).astype(np.float32)
    boxes = torch.from_numpy(np.insert(corners, 0, generator.integers(0, 2, 20), axis=1).astype(np.float32))

    assert torch.equal(pool_regions(features, boxes, MAX), roi_pool(features, boxes, (7, 7), 1 / 16))
    for ratio in (1, 2, 4):
        ours = pool_regions(features, boxes, HeadSettings(pooling="align", sampling_ratio=ratio))
        assert torch.equal(ours, roi_align(features, boxes, (7, 7), 1 / 16, ratio, True))


@pytest.mark.parametrize("settings", [MAX, ALIGN])
def test_a_region_that_is_not_finite_gives_nan_and_the_others_what_they_give_alone(settings):
    """torchvision's roi_align ends the process with a segmentation fault where a coordinate is NaN."""
    good, broken = (10.0, 20.0, 90.0, 80.0), (10.0, math.nan, 90.0, 80.0)

    pooled = pool_regions(ramp(10, 12), regions(good, broken, (math.nan,) * 4, (0.0, 0.0, math.inf, 9.0)), settings)

    assert torch.equal(pooled[:1], pool_regions(ramp(10, 12), regions(good), settings))
    assert pooled[1:].isnan().all()


def test_regions_belong_to_their_image():
    features = torch.stack([torch.zeros(1, 8, 8), torch.ones(1, 8, 8)])
    boxes = torch.tensor([[0.0, 10, 10, 90, 90], [1.0, 10, 10, 90, 90]])

    pooled = pool_regions(features, boxes, ALIGN)

    assert float(pooled[0].max()) == 0.0
    assert float(pooled[1].min()) == 1.0


def test_the_numbers_of_the_classic_head():
    head = BoxHead(512, 16, 20)

    assert pool_regions(torch.zeros(1, 512, 4, 4), regions((0, 0, 60, 60)), MAX).shape == (1, 512, 7, 7)
    assert head.fc1.in_features == 25_088  # 512 * 7 * 7
    assert head.score.out_features == 21  # 20 classes and background
    assert head.delta.out_features == 84  # four a class, background included


def test_deltas_of_a_class_are_four_neighbouring_outputs():
    head = BoxHead(2, 8, 3).eval()
    with torch.no_grad():
        head.delta.weight.zero_()
        head.delta.bias.copy_(torch.arange(16.0))

    deltas = head(torch.rand(5, 2, BINS, BINS)).deltas

    assert deltas.shape == (5, 4, 4)
    assert deltas[0, 2].tolist() == [8.0, 9.0, 10.0, 11.0]  # class 2: outputs 2 * 4 ... 2 * 4 + 3


@pytest.mark.parametrize("layer", ["fc1", "fc2"])
def test_a_relu_follows_each_fully_connected_layer(layer):
    """Mistake 6: a layer whose outputs are all below 0 passes nothing on."""
    torch.manual_seed(0)
    head = BoxHead(2, 8, 3).eval()
    with torch.no_grad():
        getattr(head, layer).bias.fill_(-1e6)

    with torch.inference_mode():
        rows = head(torch.randn(6, 2, BINS, BINS))

    assert torch.equal(rows.logits, rows.logits[:1].expand_as(rows.logits))  # the same whatever came in
    assert float(rows.logits.abs().max()) < 10  # and not -1e6 times a weight


def test_output_layers_start_small():
    head = BoxHead(4, 512, 20)

    assert float(head.score.weight.detach().std()) == pytest.approx(0.01, rel=0.1)
    assert float(head.delta.weight.detach().std()) == pytest.approx(0.001, rel=0.1)
