import pytest
import torch

from detector.models import random_network
from detector.optimisation import RunningAverage, learning_rate, make_optimiser
from tests.helpers.training import CLASSES, SETTINGS


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
