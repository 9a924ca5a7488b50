"""How to train; what to train is said by Settings."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

LEARNING_RATES = {"compact": 1e-3, "vgg16": 1e-4}
"""AdamW moves every weight by about its rate at each step: VGG16's pretrained ones would soon be lost at 1e-3."""


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """How to train; what to train is said by Settings.

    Attributes:
        epochs: rounds over all images; used where `iterations` is None.
        iterations: steps.
        batch_size: images a step; normalisation layers want 4 or more.
        learning_rate: highest, after the warm-up; None for the backbone's own (`LEARNING_RATES`).
        weight_decay: of matrices only, not of biases and normalisation.
        warm_up: steps in which the learning rate rises.
        max_gradient: longest gradient; a longer one is shortened.
        average: part of the running average that stays at each step; 0 saves the plain weights.
        augmentation: one of `detector.augmentation.AUGMENTATIONS`.
        seed: same seed, same machine, same result.
        half_backbone: compute the backbone in bfloat16 with channels last; the RPN and the head never.
    """

    epochs: int = 40
    iterations: int | None = None
    batch_size: int = 4
    learning_rate: float | None = None
    weight_decay: float = 0.02
    warm_up: int = 60
    max_gradient: float = 10.0
    average: float = 0.998
    augmentation: str = "photo"
    seed: int = 0
    half_backbone: bool = False

    def steps(self, images: int) -> int:
        """Steps in all, for that many images."""
        return self.iterations if self.iterations is not None else math.ceil(self.epochs * images / self.batch_size)

    def highest_rate(self, backbone: str) -> float:
        """The learning rate after the warm-up, for that backbone."""
        return LEARNING_RATES[backbone] if self.learning_rate is None else self.learning_rate

    def each_step(self, backbone: str) -> dict[str, Any]:
        """What every step depends on, by name: all but how many there are."""
        told = dataclasses.asdict(self) | {"learning_rate": self.highest_rate(backbone)}
        return {name: value for name, value in told.items() if name not in ("epochs", "iterations")}
