"""The command `train`: a dataset in, a weights file out, with the four losses as it goes. No Qt."""

from __future__ import annotations

import argparse
import dataclasses
import json
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from tqdm import tqdm

from app.headless import DONE, SOME_FAILED, FetchBar, WrongCallError, changed_settings, tell
from detector.datasets import DatasetError, Sample, open_dataset


def train(arguments: argparse.Namespace) -> int:
    """Train; Ctrl+C ends it and keeps what was learned."""
    if arguments.out.suffix != ".safetensors":
        raise WrongCallError(f"--out takes a file that ends in .safetensors, not '{arguments.out}'.")
    if arguments.out.is_dir():
        raise WrongCallError(f"'{arguments.out}' is a folder.")
    samples: list[Sample] = []
    broken = 0
    for path in arguments.datasets:
        found, failed = _samples(path, arguments.split)
        samples += found
        broken += failed

    # torch comes last: a wrong call is answered at once
    from detector.models import WeightsError
    from detector.models.presets import starting_settings
    from detector.models.weights import read_header
    from detector.training import TrainingOptions
    from detector.training import train as run_training
    from detector.training_data import TrainingError

    try:
        start = arguments.resume
        settings = read_header(start).settings if start else starting_settings(arguments.backbone)
        settings = changed_settings(settings, arguments.settings)
        options = dataclasses.replace(
            TrainingOptions(),
            iterations=arguments.iterations,
            epochs=arguments.epochs or TrainingOptions().epochs,
            batch_size=arguments.batch_size,
            augmentation=arguments.augmentation,
            seed=arguments.seed,
            half_backbone=arguments.half_backbone,
        )
        device = _device(arguments.device)
        with FetchBar(arguments.backbone) as fetching, _Bar() as bar:
            result = run_training(
                samples, arguments.out, arguments.backbone, settings, options,
                start=start, weights=None if arguments.weights == "none" else arguments.weights,
                report=fetching.show, progress=bar.show, cancelled=bar.asked_to_stop, device=device,
            )  # fmt: skip
    except (WeightsError, ValueError) as error:  # SettingsError is a ValueError
        raise WrongCallError(str(error)) from error
    except TrainingError as error:
        tell(str(error))
        return SOME_FAILED
    _report(result)
    return SOME_FAILED if broken or not result.iterations else DONE


def _device(name: str) -> Any:
    from detector.models import choose_device

    return choose_device(name)


def _report(result: Any) -> None:
    if not result.iterations:
        tell("Stopped before the first step; nothing was written.")
        return
    told = {
        "weights": str(result.path),
        "iterations": result.iterations,
        "seconds": round(result.seconds, 1),
        "losses": {name: round(value, 4) for name, value in result.losses.items()},
    }
    sys.stdout.write(json.dumps(told) + "\n")


def _samples(path: Path, split: str | None) -> tuple[list[Sample], int]:
    """The annotated samples, and how many could not be read."""
    try:
        dataset = open_dataset(path, split)
    except DatasetError as error:
        raise WrongCallError(str(error)) from error
    samples: list[Sample] = []
    broken = 0
    for sample in dataset.readable():
        if isinstance(sample, DatasetError):
            broken += 1
            tell(str(sample))
        elif sample.ground_truth is not None:
            samples.append(sample)
    if not samples:
        raise WrongCallError(f"'{path}' has no annotated image to train on.")
    tell(f"{len(samples)} annotated images in '{path}'.")
    return samples, broken


class _Bar:
    """The progress bar, and Ctrl+C as a wish to stop after the step at hand."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._stop = False
        self._before: Any = None

    def __enter__(self) -> _Bar:
        self._bar = tqdm(desc="train", unit="step", file=sys.stderr, mininterval=0.5)
        self._before = signal.signal(signal.SIGINT, self._on_interrupt)
        return self

    def __exit__(self, *error: object) -> None:
        signal.signal(signal.SIGINT, self._before)
        self._bar.close()

    def show(self, progress: Any) -> None:
        """One step further."""
        self._bar.total = progress.iterations
        losses = "  ".join(f"{name} {value:.3f}" for name, value in progress.losses.items())
        self._bar.set_postfix_str(losses, refresh=False)
        self._bar.update(1)

    def asked_to_stop(self) -> bool:
        """True after Ctrl+C."""
        return self._stop

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._stop:  # pressed twice: now
            raise KeyboardInterrupt
        self._stop = True
        tell("Stopping after this step; what was learned is kept. Press Ctrl+C again to stop at once.")
