"""The optimiser, its learning rate, and the running average of the weights."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

MEMORY = ("step", "exp_avg", "exp_avg_sq")
"""What AdamW remembers of a weight: its steps so far, and the running means of its gradient and of the square."""


def make_optimiser(network: nn.Module, weight_decay: float) -> torch.optim.Optimizer:
    """AdamW that shrinks matrices only; biases and normalisation layers have no reason to be small."""
    trained = [each for each in network.parameters() if each.requires_grad]
    groups = [
        {"params": [each for each in trained if each.ndim > 1], "weight_decay": weight_decay},
        {"params": [each for each in trained if each.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=0.0)


def optimiser_state(optimiser: torch.optim.Optimizer, network: nn.Module) -> dict[str, Tensor]:
    """What the optimiser remembers of every weight it trains, by the network's names: LAYER.exp_avg and so on.

    Of a weight that no step has changed yet it is nothing, which is told as what AdamW would begin with: zeros.
    """
    return {
        f"{name}.{key}": optimiser.state.get(each, {}).get(key, _nothing(each, key))
        for name, each in network.named_parameters()
        if each.requires_grad
        for key in MEMORY
    }


def optimiser_layout(network: nn.Module) -> dict[str, Tensor]:
    """Names and shapes of what `optimiser_state` gives."""
    return {
        f"{name}.{key}": torch.empty(()) if key == "step" else each
        for name, each in network.named_parameters()
        if each.requires_grad
        for key in MEMORY
    }


def _nothing(weight: Tensor, key: str) -> Tensor:
    return torch.zeros(()) if key == "step" else torch.zeros_like(weight)


def restore_optimiser(optimiser: torch.optim.Optimizer, network: nn.Module, state: dict[str, Tensor]) -> None:
    """Let the optimiser remember what `optimiser_state` gave."""
    for name, each in network.named_parameters():
        for key in MEMORY:
            if (value := state.get(f"{name}.{key}")) is not None:
                # laid out in memory as the weight is, or the same sums come out different in the last bit
                optimiser.state[each][key] = torch.empty_like(each).copy_(value) if value.ndim else value.clone()


def learning_rate(iteration: int, iterations: int, highest: float, warm_up: int) -> float:
    """The rate of one step: a straight rise over `warm_up` steps, then half a cosine down towards 0.

    Args:
        iteration: 0 for the first step.
        iterations: steps in all.
        highest: the rate at the end of the warm-up.
        warm_up: at most a fifth of all steps is used for it.
    """
    warm_up = min(warm_up, iterations // 5)
    if iteration < warm_up:
        return highest * (iteration + 1) / warm_up
    done = (iteration - warm_up) / max(iterations - warm_up, 1)
    return highest * 0.5 * (1 + math.cos(math.pi * done))


class RunningAverage:
    """An exponential average of all weights and statistics: steadier than the weights of any one step.

    Args:
        network: where it starts.
        stays: part of the average that stays at each step, less in the first steps; 0 follows the network.
    """

    def __init__(self, network: nn.Module, stays: float) -> None:
        self._stays = stays
        self._updates = 0
        self._held = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Take one step's weights in."""
        self._updates += 1
        # at first the average follows quickly, so that the random start is soon forgotten
        stays = min(self._stays, self._updates / (self._updates + 10.0)) if self._stays else 0.0
        for name, tensor in network.state_dict().items():
            if tensor.is_floating_point():
                self._held[name].lerp_(tensor, 1.0 - stays)
            else:
                self._held[name].copy_(tensor)

    def restore(self, averaged: dict[str, Tensor], updates: int) -> None:
        """Go on from what `state_dict` gave after so many updates."""
        self._updates = updates
        for name, tensor in averaged.items():
            self._held[name].copy_(tensor)

    def state_dict(self) -> dict[str, Tensor]:
        """The averaged weights, by the network's names."""
        return dict(self._held)
