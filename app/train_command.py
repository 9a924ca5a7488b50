"""The command `train`: a dataset in, a weights file out, with the four losses as it goes. No Qt.

With --resume, what is not typed is as it was in the training that goes on; what is typed must agree with it.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

from tqdm import tqdm

from app.headless import DONE, INTERRUPTED, SOME_FAILED, FetchBar, WrongCallError, changed_settings, tell
from app.places import DEFAULT_MODEL
from detector.config import Settings, SettingsError
from detector.datasets import DatasetError, Sample, open_dataset

if TYPE_CHECKING:
    from detector.training import TrainingOptions


def train(arguments: argparse.Namespace) -> int:
    """Train; Ctrl+C ends it and keeps what was learned."""
    if arguments.out.suffix != ".safetensors":
        raise WrongCallError(f"--out takes a file that ends in .safetensors, not '{arguments.out}'.")
    if arguments.out.is_dir():
        raise WrongCallError(f"'{arguments.out}' is a folder.")
    samples: list[Sample] = []
    broken = 0
    for path in arguments.datasets:
        found, failed = _samples(path, arguments.split, arguments.images)
        samples += found
        broken += failed

    # torch comes last: a wrong call is answered at once
    from detector.models import WeightsError
    from detector.training import train as run_training
    from detector.training_data import TrainingError
    from detector.training_start import real_file

    out = real_file(arguments.out)
    if arguments.resume is not None:
        arguments.resume = real_file(arguments.resume)
    try:
        if _is_complete(arguments, out, len(samples)):
            tell(f"The training of '{out}' is complete; another from these weights needs another --out.")
            return SOME_FAILED if broken else DONE
        plan = _plan(arguments)
        _tell_device(arguments.device)
        with FetchBar(plan.backbone) as fetching, _Warnings(), _Bar(plan.done) as bar:
            result = run_training(
                samples, out, plan.backbone, plan.settings, plan.options, start=arguments.resume,
                weights=None if arguments.weights == "none" else "default", report=fetching.show,
                progress=bar.show, cancelled=bar.asked_to_stop, device=_device(arguments.device),
                save_every=arguments.save_every,
            )  # fmt: skip
    except (WeightsError, SettingsError) as error:  # any other ValueError is a fault of the program, for the log
        raise WrongCallError(str(error)) from error
    except TrainingError as error:
        tell(str(error))
        return SOME_FAILED
    _report(result)
    if not result.complete:  # `train … && evaluate …` should not take half a training for a whole one
        return INTERRUPTED
    return SOME_FAILED if broken else DONE


def _is_complete(arguments: argparse.Namespace, out: Path, images: int) -> bool:
    """Whether nothing is left to do of the training that is to go on.

    Raises:
        WrongCallError: where it is complete, and was typed with another length.
    """
    from detector.training import TrainingOptions
    from detector.training_start import complete_steps, same_file

    if arguments.resume is None or not same_file(arguments.resume, out):
        return False
    done = complete_steps(out)
    if done is None:
        return False
    if arguments.epochs or arguments.iterations:
        told = {name: getattr(arguments, name) for name in ("epochs", "iterations", "batch_size")}
        asked = TrainingOptions(**{name: value for name, value in told.items() if value is not None}).steps(images)
        if asked != done:
            raise WrongCallError(
                f"The training of '{out}' is complete after {done:,} steps, not {asked:,}; another from these weights "
                "needs another --out."
            )
    return True


class _Plan(NamedTuple):
    """What is to be trained, and how many steps of it are done."""

    backbone: str
    settings: Settings
    options: TrainingOptions
    done: int


def _plan(arguments: argparse.Namespace) -> _Plan:
    """What was typed; for the rest what --resume holds, or the defaults."""
    from detector.models.presets import starting_settings
    from detector.models.weights import read_header
    from detector.training import TrainingOptions
    from detector.training_state import read_state_header, state_path

    options, done = TrainingOptions(), 0
    if arguments.resume is None:
        backbone = arguments.backbone or DEFAULT_MODEL
        settings = starting_settings(backbone)
    else:
        place = state_path(arguments.resume)
        if place.exists():
            state = read_state_header(place)
            header, options, done = state.weights, state.options, state.done
            tell(f"Going on with the training of '{arguments.resume}' after step {done:,} of {state.steps:,}.")
            _tell_machine(state.computed_on, arguments.device)
        else:
            header = read_header(arguments.resume)
            tell(f"'{arguments.resume}' has no unfinished training beside it; its weights are where a new one begins.")
        backbone, settings = arguments.backbone or header.backbone, header.settings
    typed = {name: getattr(arguments, name) for name in ("batch_size", "augmentation", "seed", "half_backbone")}
    if arguments.epochs or arguments.iterations:
        options = dataclasses.replace(options, iterations=arguments.iterations)
        typed["epochs"] = arguments.epochs
    options = dataclasses.replace(options, **{name: value for name, value in typed.items() if value is not None})
    return _Plan(backbone, changed_settings(settings, arguments.settings), options, done)


def _tell_machine(before: dict[str, Any], device: str) -> None:
    """The same numbers come out only where they are computed in the same way."""
    from detector.training_state import computed_on

    now = computed_on(_device(device))
    for name, value in before.items():
        if now.get(name) != value:
            tell(f"It began with {name} {value} and goes on with {now.get(name)}: the losses' last digits may differ.")


def _tell_device(device: str) -> None:
    from detector.training_state import computed_on

    now = computed_on(_device(device))
    tell(f"Training on {now['device']} with {now['threads']} thread(s) of the processor.")


def _device(name: str) -> Any:
    from detector.models import choose_device

    return choose_device(name)


def _report(result: Any) -> None:
    if not result.iterations:
        tell("Stopped before the first step; nothing was written.")
        return
    if not result.complete:
        tell(f"Stopped after step {result.iterations:,}. The same command with --resume {result.path} goes on.")
    told = {
        "weights": str(result.path),
        "iterations": result.iterations,
        "seconds": round(result.seconds, 1),
        "losses": {name: round(value, 4) for name, value in result.losses.items()},
    }
    sys.stdout.write(json.dumps(told) + "\n")


def _samples(path: Path, split: str | None, images: Path | None) -> tuple[list[Sample], int]:
    """The annotated samples, and how many could not be read."""
    try:
        dataset = open_dataset(path, split, images)
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


class _Warnings(logging.Handler):
    """What the detector warns of while it trains, told on stderr too."""

    def __enter__(self) -> _Warnings:
        self.setLevel(logging.WARNING)
        logging.getLogger("detector").addHandler(self)
        return self

    def __exit__(self, *error: object) -> None:
        logging.getLogger("detector").removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """One warning."""
        tell(record.getMessage())


class _Bar:
    """The progress bar, and Ctrl+C as a wish to stop after the step at hand."""

    def __init__(self, done: int) -> None:
        self._done = done
        self._bar: Any = None
        self._stop = False
        self._before: Any = None

    def __enter__(self) -> _Bar:
        self._bar = tqdm(desc="train", unit="step", file=sys.stderr, mininterval=0.5, initial=self._done)
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
