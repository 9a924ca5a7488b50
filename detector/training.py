"""Training Faster R-CNN: both stages together, in one step (Faster R-CNN, section 3.2, "approximate joint training").

    batch -> backbone -> RPN -> rpn_loss
                      -> proposals -> sampled regions -> head -> head_loss
    sum of the four losses -> gradient -> step

What a step teaches is numpy (`detector.targets`); torch computes the layers and their gradients.

Departs from the paper: AdamW with a warm-up and a cosine instead of SGD in steps; several images a step; a running
average of the weights is what is saved. As in the paper, gradients do not flow through the proposals' coordinates.
"""

from __future__ import annotations

import math
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from detector.augmentation import AUGMENTATIONS, Augmentation
from detector.config import Settings
from detector.model import FasterRCNN
from detector.models.presets import starting_settings
from detector.models.pretrained import Report, load_imagenet
from detector.models.weights import WeightsError, WeightsHeader, check_fits, read_weights, save_weights
from detector.optimisation import RunningAverage, learning_rate, make_optimiser
from detector.training_data import Batch, ReadImage, TrainingError, TrainingSample, TrainingSet, classes_of
from detector.training_step import names, not_finite, step_losses

SAVE_EVERY_S = 60.0
"""Seconds between two saves of the weights while training runs."""

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


@dataclass(frozen=True, slots=True)
class Progress:
    """One finished step.

    Attributes:
        iteration: 1 after the first step.
        iterations: steps in all.
        losses: the four, by the names in `detector.training_step.LOSSES`.
        learning_rate: that of this step.
        seconds_left: estimated from the steps so far.
    """

    iteration: int
    iterations: int
    losses: dict[str, float]
    learning_rate: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What came out.

    Attributes:
        path: the weights file.
        iterations: steps done; fewer than asked for where it was cancelled.
        losses: of the last step.
        seconds: from the first step to the last.
    """

    path: Path
    iterations: int
    losses: dict[str, float]
    seconds: float


def train(
    dataset: Iterable[TrainingSample],
    out: str | Path,
    backbone: str = "compact",
    settings: Settings | None = None,
    options: TrainingOptions | None = None,
    *,
    classes: Sequence[str] | None = None,
    start: str | Path | None = None,
    weights: str | None = "default",
    report: Report | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    device: torch.device | str = "cpu",
    read: ReadImage | None = None,
) -> TrainingResult:
    """Train a model and write its weights.

    Args:
        dataset: samples with ground truth, of one dataset or several joined.
        out: the weights file, written every minute and at the end.
        backbone: "compact" or "vgg16".
        settings: None for those of the `start` file, or the backbone's own.
        options: how to train.
        classes: K names; None for those of the `start` file, or of the dataset.
        start: a weights file of the same backbone to start from; where its classes are others, the head's last layers
            start fresh.
        weights: where there is no `start`: "default" lets vgg16 start from ImageNet's weights, which are fetched once,
            and compact from random ones; None lets both start from random ones.
        report: called with bytes fetched and in all while weights are fetched; it may raise to give up.
        progress: called after every step.
        cancelled: asked before every step; True ends training, and what was learned is kept.
        device: where to compute.
        read: decodes an image file; None for `detector.datasets.images.read_image`.

    Raises:
        TrainingError: where there is nothing to train on, a file is broken, a loss is not finite, or a save fails while
            training runs (a full disk); `out` then holds what it held before, or the last save.
        WeightsError: before the first step, where `start` or ImageNet's weights cannot be had or used, or where
            nothing can be written at the place of `out`.
        SettingsError: where the settings do not fit the backbone.
    """
    options = options or TrainingOptions()
    _check_place(Path(out))
    samples = list(dataset)
    torch.manual_seed(options.seed)
    if start is not None:
        network = _network_from(start, backbone, settings, tuple(classes or classes_of(samples)), classes is not None)
    else:
        network = _new_network(backbone, settings, tuple(classes or classes_of(samples)), weights, report)
    data = TrainingSet(samples, network.classes, read or _read_image())
    return _Training(network.to(device), data, Path(out), options, start).run(progress, cancelled)


class _Training:
    """One run: the network, its optimiser, the average of its weights."""

    def __init__(
        self, network: FasterRCNN, data: TrainingSet, out: Path, options: TrainingOptions, start: str | Path | None
    ) -> None:
        self.network, self.data, self.out, self.options = network, data, out, options
        self.device = next(network.parameters()).device
        self.steps = options.steps(len(data))
        self.highest_rate = options.highest_rate(network.backbone.name)
        self.optimiser = make_optimiser(network, options.weight_decay)
        self.average = RunningAverage(network, options.average)
        self.generator = np.random.default_rng(options.seed)
        self.start = start
        if options.half_backbone:
            network.backbone.to(memory_format=torch.channels_last)

    def run(self, progress: Callable[[Progress], None] | None, cancelled: Callable[[], bool] | None) -> TrainingResult:
        """All steps."""
        batches = self.data.batches(
            self.options.batch_size, self.network.settings.image, _augmentation(self.options), self.generator
        )
        self.network.train()
        began = saved = time.monotonic()
        losses: dict[str, float] = {}
        done = 0
        while done < self.steps and not (cancelled is not None and cancelled()):
            rate = learning_rate(done, self.steps, self.highest_rate, self.options.warm_up)
            losses = self.step(next(batches), rate)
            done += 1
            now = time.monotonic()
            if progress is not None:
                left = (now - began) / done * (self.steps - done)
                progress(Progress(done, self.steps, losses, rate, left))
            if now - saved > SAVE_EVERY_S:
                self.save(done)
                saved = now
        if done:
            self.save(done)
        return TrainingResult(self.out, done, losses, time.monotonic() - began)

    def step(self, batch: Batch, rate: float) -> dict[str, float]:
        """One step; the weights stay as they were where a loss is not finite."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        found = step_losses(self.network, batch, self.generator, half_backbone=self.options.half_backbone)
        values = {name: float(loss.detach()) for name, loss in found.named().items()}
        for name, value in values.items():
            if not math.isfinite(value):
                raise TrainingError(not_finite(name, found, batch))
        self.optimiser.zero_grad(set_to_none=True)
        found.total.backward()  # type: ignore[no-untyped-call]
        trained = [each for each in self.network.parameters() if each.requires_grad]
        length = float(nn.utils.clip_grad_norm_(trained, self.options.max_gradient))
        if not math.isfinite(length):
            raise TrainingError(f"The gradient of the losses is not finite, at {names(batch.files)}.")
        self.optimiser.step()
        self.average.update(self.network)
        return values

    def save(self, done: int) -> None:
        """Write the averaged weights; where that fails, the last save stays.

        Raises:
            TrainingError: where it fails. The place was fine before the first step, so the call was not wrong.
        """
        trained: dict[str, Any] = {
            "iterations": done,
            "images": len(self.data),
            "batch_size": self.options.batch_size,
            "seed": self.options.seed,
            "augmentation": self.options.augmentation,
        }
        if self.start is not None:
            trained["started_from"] = Path(self.start).name
        network = self.network
        header = WeightsHeader(network.backbone.name, network.classes, network.settings, trained)
        try:
            save_weights(self.out, self.average.state_dict(), header)
        except WeightsError as error:
            raise TrainingError(f"Training ended at step {done} of {self.steps}: {error}") from error


def _check_place(out: Path) -> None:
    """Whether the weights can be written there; asked before an hour of training, not after."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WeightsError(f"The folder {out.parent} cannot be made: {error.strerror or error}.") from error
    if out.is_dir():
        raise WeightsError(f"{out} is a folder; the weights need a file's name.")
    folder = Path(os.path.realpath(out)).parent  # a save follows a link too
    try:
        # only making a file tells for certain: permissions do not know of file systems mounted read-only
        with tempfile.NamedTemporaryFile(prefix=f".{out.name[:80]}.", dir=folder):
            pass
    except OSError as error:
        raise WeightsError(f"Nothing can be written in the folder {folder}: {error.strerror or error}.") from error


def _augmentation(options: TrainingOptions) -> Augmentation:
    if options.augmentation not in AUGMENTATIONS:
        raise TrainingError(f"There is no augmentation '{options.augmentation}'. Known: {', '.join(AUGMENTATIONS)}.")
    return AUGMENTATIONS[options.augmentation]


def _read_image() -> ReadImage:
    from detector.datasets.images import read_image

    return read_image


def _new_network(
    backbone: str, settings: Settings | None, classes: tuple[str, ...], weights: str | None, report: Report | None
) -> FasterRCNN:
    if weights not in ("default", None):
        raise WeightsError(f"Training starts from 'default' weights or None, not from {weights!r}; a file is `start`.")
    if not classes:
        raise TrainingError("There is no object to train on.")
    network = FasterRCNN(backbone, classes, settings or starting_settings(backbone))
    if backbone == "vgg16" and weights == "default":
        load_imagenet(network, report=report)
        network.backbone.freeze_early()  # random layers have nothing worth keeping
    return network


def _network_from(
    start: str | Path, backbone: str, settings: Settings | None, classes: tuple[str, ...], classes_given: bool
) -> FasterRCNN:
    weights = read_weights(start)
    header = weights.header
    if header.backbone != backbone:
        raise TrainingError(f"{start} has the backbone {header.backbone}, not {backbone}.")
    if not classes_given and set(classes) <= set(header.classes):
        classes = header.classes
    network = FasterRCNN(backbone, classes, settings or header.settings)
    fresh = network.state_dict()
    tensors = dict(weights.tensors)
    if classes != header.classes:
        tensors |= {name: fresh[name] for name in fresh if name.startswith(("head.score.", "head.delta."))}
    check_fits(start, tensors, fresh)
    network.load_state_dict(tensors)
    if backbone == "vgg16":
        network.backbone.freeze_early()
    return network
