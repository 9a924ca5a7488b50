"""Training Faster R-CNN: both stages together, in one step (Faster R-CNN, section 3.2, "approximate joint training").

    batch -> backbone -> RPN -> rpn_loss
                      -> proposals -> sampled regions -> head -> head_loss
    sum of the four losses -> gradient -> step

What a step teaches is numpy (`detector.targets`); torch computes the layers and their gradients.

Departs from the paper: AdamW with a warm-up and a cosine instead of SGD in steps; several images a step; a running
average of the weights is what is saved. As in the paper, gradients do not flow through the proposals' coordinates.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from detector.augmentation import AUGMENTATIONS, Augmentation
from detector.config import Settings
from detector.datasets.files import remove_temporaries
from detector.model import FasterRCNN
from detector.models.pretrained import Report
from detector.models.weights import WeightsError, WeightsHeader, save_weights
from detector.optimisation import RunningAverage, learning_rate, make_optimiser, optimiser_state, restore_optimiser
from detector.training_curves import CurveRow, Curves
from detector.training_data import Batch, ReadImage, TrainingError, TrainingSample, TrainingSet, classes_of
from detector.training_lock import only_training
from detector.training_options import LEARNING_RATES, TrainingOptions
from detector.training_start import (
    check_place,
    complete_steps,
    fresh_network,
    keeps_early,
    network_from,
    network_of,
    real_file,
    same_file,
)
from detector.training_state import (
    StateHeader,
    TrainingState,
    check_asked,
    check_data,
    check_layers,
    computed_on,
    read_state,
    save_state,
    state_path,
)
from detector.training_step import LOSSES, names, not_finite, step_losses

__all__ = ["LEARNING_RATES", "Progress", "TrainingError", "TrainingOptions", "TrainingResult", "train"]

SAVE_EVERY_S = 60.0
"""Seconds between two saves while training runs."""

TRAINED_PER_SAVED = 20.0
"""A save of a large network that takes long comes less often: this many times as long is trained before the next."""


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
        seconds: of training, those of earlier sessions too.
        complete: False where it was cancelled; given as `start`, `path` then goes on.
    """

    path: Path
    iterations: int
    losses: dict[str, float]
    seconds: float
    complete: bool = True


def train(
    dataset: Iterable[TrainingSample],
    out: str | Path,
    backbone: str | None = None,
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
    save_every: float | None = None,
) -> TrainingResult:
    """Train a model and write its weights; beside them its curves and, until it is complete, its state.

    Killed at any moment, and started again with `start` the same as `out`, it goes on from the last save and ends with
    the same weights as if it had run through: on a CPU, with as many threads, to the last bit. The first save, of the
    state alone, comes before the first step.

    Args:
        dataset: samples with ground truth, of one dataset or several joined.
        out: the weights file; a link is followed.
        backbone: "compact" or "vgg16"; None for that of the `start` file, or compact.
        settings: None for those of the `start` file, or the backbone's own.
        options: how to train; None for those of a training that goes on, or the usual ones.
        classes: K names; None for those of the `start` file, or of the dataset.
        start: a weights file to start from. Where the state of its training lies beside it, that training goes on, and
            the other arguments must be as they were or None. Otherwise a new one begins with its weights; where its
            classes are others, the head's last layers start fresh.
        weights: where there is no `start`: "default" lets vgg16 start from ImageNet's weights, which are fetched once,
            and compact from random ones; None lets both start from random ones.
        report: called with bytes fetched and in all while weights are fetched; it may raise to give up.
        progress: called after every step.
        cancelled: asked before every step; True ends training, and what was learned is kept.
        device: where to compute.
        read: decodes an image file; None for `detector.datasets.images.read_image`.
        save_every: seconds between two saves; None for a minute, or longer where a save takes long.

    Raises:
        TrainingError: where there is nothing to train on, a file is broken, a loss is not finite, memory runs out, or a
            save fails while training runs (a full disk); `out` and its state then hold what they held before, or the
            last save.
        WeightsError: before the first step, where `start`, its state or ImageNet's weights cannot be had or used, where
            another training of `out` is unfinished or running, where `start` is the same as `out` and complete, or
            where nothing can be written there.
        SettingsError: where the settings do not fit the backbone.
    """
    out = real_file(out)
    start = None if start is None else real_file(start)
    check_place(out)
    with only_training(out):
        for left in (out, state_path(out)):
            remove_temporaries(left)
        _check_not_lost(out, start)
        training = _prepared(
            list(dataset), out, backbone, settings, options,
            classes=None if classes is None else tuple(classes), start=start, weights=weights, report=report,
            device=device, read=read or _read_image(), save_every=save_every,
        )  # fmt: skip
        return training.run(progress or _nobody, cancelled or _never)


def _check_not_lost(out: Path, start: Path | None) -> None:
    """Whether nothing is written over that is worth keeping: an unfinished training, or the weights it starts from.

    Raises:
        WeightsError: where something would be.
    """
    same = start is not None and same_file(start, out)
    if state_path(out).exists() and not same:
        raise WeightsError(
            f"The training of {out} is not complete. Go on with it (--resume {out}; in Python: start), or delete "
            f"{state_path(out)} to begin anew."
        )
    if same and not state_path(out).exists() and complete_steps(out) is not None:
        raise WeightsError(f"The training of {out} is complete; another from these weights needs another --out.")


def _prepared(
    samples: list[TrainingSample],
    out: Path,
    backbone: str | None,
    settings: Settings | None,
    options: TrainingOptions | None,
    *,
    classes: tuple[str, ...] | None,
    start: Path | None,
    weights: str | None,
    report: Report | None,
    device: torch.device | str,
    read: ReadImage,
    save_every: float | None,
) -> _Training:
    """The training that goes on, or a new one; see `train`."""
    if start is not None and (place := state_path(start)).exists():
        state = read_state(place)
        check_asked(place, state.header, backbone, settings, options, classes)
        network = network_of(state.header.weights)
        check_layers(place, state, network)
        data = TrainingSet(samples, network.classes, read)
        check_data(place, state, options, data)
        training = _Training(network.to(device), data, out, state.header.options, save_every)
        training.restore(start, state)
    else:
        options = options or TrainingOptions()
        torch.manual_seed(options.seed)
        found = classes or classes_of(samples)
        if start is None:
            network = fresh_network(backbone or "compact", settings, found, weights, report)
        else:
            network = network_from(start, backbone, settings, found, classes_given=classes is not None)
        data = TrainingSet(samples, network.classes, read)
        training = _Training(network.to(device), data, out, options, save_every)
        training.started_from = None if start is None else start.name
    return training


class _Training:
    """One run: the network, its optimiser, the average of its weights, the curves of its losses."""

    def __init__(
        self, network: FasterRCNN, data: TrainingSet, out: Path, options: TrainingOptions, save_every: float | None
    ) -> None:
        self.network, self.data, self.out, self.options = network, data, out, options
        self.save_every = save_every
        self.device = next(network.parameters()).device
        self.steps = options.steps(len(data))
        self.done = 0
        self.kept: tuple[Path, int] | None = None
        self.highest_rate = options.highest_rate(network.backbone.name)
        self.optimiser = make_optimiser(network, options.weight_decay)
        self.average = RunningAverage(network, options.average)
        self.generator = np.random.default_rng(options.seed)
        self.batches = data.batches(options.batch_size, network.settings.image, _augmentation(options), self.generator)
        self.curves = Curves(out)
        self.started_from: str | None = None
        if options.half_backbone:
            network.backbone.to(memory_format=torch.channels_last)

    def restore(self, start: Path, state: TrainingState) -> None:
        """Go on where the state beside `start` was saved.

        Raises:
            WeightsError: where its random numbers are none.
        """
        try:
            self.generator.bit_generator.state = state.header.generator
            torch.set_rng_state(state.random)
        except (TypeError, ValueError, KeyError, RuntimeError) as error:
            raise WeightsError(f"{state_path(start)} is damaged: its random numbers cannot be used.") from error
        self.done = state.header.done
        self.kept = start, self.done
        self.network.load_state_dict(state.network)
        self.average.restore(state.average, self.done)
        restore_optimiser(self.optimiser, self.network, state.optimiser)
        self.batches.waiting = list(state.waiting)
        self.curves = Curves(self.out, state.curves)
        self.started_from = state.header.weights.trained.get("started_from")

    def run(self, progress: Callable[[Progress], None], cancelled: Callable[[], bool]) -> TrainingResult:
        """All steps that are left."""
        self.network.train()
        begun_here = self.kept is None
        try:
            self._run(progress, cancelled)
        except Exception:
            if begun_here and self.kept == (self.out, 0):
                self._forget()  # an error before the first step was saved: there is nothing to go on with
            raise
        finally:
            self.curves.close()
        last = self.curves.rows[-1] if self.curves.rows else CurveRow(0.0, (), 0.0, 0.0)
        losses = dict(zip(LOSSES, last.losses, strict=False))
        return TrainingResult(self.out, self.done, losses, last.seconds, self.done == self.steps)

    def _run(self, progress: Callable[[Progress], None], cancelled: Callable[[], bool]) -> None:
        first = self.done
        before = self.curves.rows[-1].seconds if self.curves.rows else 0.0
        began = time.monotonic()
        next_save = began + (SAVE_EVERY_S if self.save_every is None else self.save_every)
        while self.done < self.steps and not cancelled():
            if self.kept is None or self.kept[0] != self.out:
                self._save_state(self._header())  # a kill from here on can be continued
            rate = learning_rate(self.done, self.steps, self.highest_rate, self.options.warm_up)
            losses = self._next_step(rate)
            self.done += 1
            now = time.monotonic()
            self.curves.add(CurveRow(rate, tuple(losses.values()), before + now - began, time.time()))
            left = (now - began) / (self.done - first) * (self.steps - self.done)
            progress(Progress(self.done, self.steps, losses, rate, left))
            if now >= next_save and self.done < self.steps:
                self.save()
                saved = time.monotonic()
                wait = max(SAVE_EVERY_S, TRAINED_PER_SAVED * (saved - now))
                next_save = saved + (wait if self.save_every is None else self.save_every)
        if self.done:
            self.save()

    def _next_step(self, rate: float) -> dict[str, float]:
        try:
            return self.step(next(self.batches), rate)
        except (RuntimeError, MemoryError) as error:
            if not _is_out_of_memory(error):
                raise
            raise TrainingError(self._out_of_memory()) from error

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

    def save(self) -> None:
        """Write the state and the averaged weights; where that fails, the last save stays.

        Raises:
            TrainingError: where it fails. The place was fine before the first step, so the call was not wrong.
        """
        self.curves.save()
        header = self._header()
        if self.done < self.steps:
            self._save_state(header)
        with self._saving():
            save_weights(self.out, self.average.state_dict(), header)
        if self.done == self.steps:
            self._forget()

    def _save_state(self, header: WeightsHeader) -> None:
        with self._saving():
            save_state(state_path(self.out), self._state(header))
        self.kept = self.out, self.done

    @contextlib.contextmanager
    def _saving(self) -> Iterator[None]:
        """Says what a failed save means."""
        try:
            yield
        except WeightsError as error:
            raise TrainingError(
                f"Training ended at step {self.done} of {self.steps}: {error}{self._goes_on()}"
            ) from error
        except (RuntimeError, MemoryError) as error:
            if not _is_out_of_memory(error):
                raise
            raise TrainingError(
                f"Memory ran out while step {self.done} of {self.steps} was saved.{self._goes_on()}"
            ) from error

    def _forget(self) -> None:
        """Take the state away; without one, the weights are a start for others."""
        with contextlib.suppress(OSError):
            state_path(self.out).unlink()

    def _header(self) -> WeightsHeader:
        network = self.network
        trained: dict[str, Any] = {
            "iterations": self.done,
            "images": len(self.data),
            "batch_size": self.options.batch_size,
            "seed": self.options.seed,
            "augmentation": self.options.augmentation,
            "complete": self.done == self.steps,
        }
        if self.started_from is not None:
            trained["started_from"] = self.started_from
        return WeightsHeader(network.backbone.name, network.classes, network.settings, trained, keeps_early(network))

    def _state(self, header: WeightsHeader) -> TrainingState:
        return TrainingState(
            StateHeader(
                header,
                self.options,
                self.done,
                self.steps,
                dict(self.generator.bit_generator.state),
                computed_on(self.device),
            ),
            self.network.state_dict(),
            self.average.state_dict(),
            optimiser_state(self.optimiser, self.network),
            torch.get_rng_state(),
            self.batches.waiting,
            self.data.fingerprints(),
            self.curves.table(),
        )

    def _goes_on(self) -> str:
        """How to go on from the last save, where a step was saved."""
        if self.kept is None or not self.kept[1]:
            return ""
        weights, done = self.kept
        return f" The same command with --resume {weights} goes on after step {done} (in Python: start)."

    def _out_of_memory(self) -> str:
        less = "a smaller --batch-size" + ("" if self.device.type == "cpu" else " or --device cpu")
        return (
            f"Memory ran out on {self.device} at step {self.done + 1} of {self.steps}, with "
            f"{self.options.batch_size} image(s) a step; {less} may do.{self._goes_on()}"
        )


def _augmentation(options: TrainingOptions) -> Augmentation:
    if options.augmentation not in AUGMENTATIONS:
        raise TrainingError(f"There is no augmentation '{options.augmentation}'. Known: {', '.join(AUGMENTATIONS)}.")
    return AUGMENTATIONS[options.augmentation]


def _read_image() -> ReadImage:
    from detector.datasets.images import read_image

    return read_image


def _is_out_of_memory(error: Exception) -> bool:
    """Of a GPU, or of the machine; only CUDA has a class of its own for it."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return type(error) is RuntimeError and ("out of memory" in str(error) or "can't allocate memory" in str(error))


def _nobody(_progress: Progress) -> None:
    pass


def _never() -> bool:
    return False
