"""The state of an unfinished training: all it takes to go on as if it had never ended.

For the weights NAME.safetensors it lies in NAME.training.safetensors, and is gone once the training is complete:

    network.*      the weights of the last step, in full; NAME.safetensors holds their running average, in half
    average.*      that average in full
    optimiser.*    what AdamW remembers of every weight
    random         torch's random numbers
    waiting        rows of the samples that this round still has to show
    samples        fingerprints of the samples, so that other data are not taken for the same
    curves         learning rate and losses of all steps so far

and in its header, as JSON: the weights' own header, the options, the steps done and in all, numpy's random numbers,
what it was computed on. Nothing in it can run code.

It needs nothing of NAME.safetensors, so it does not matter at which moment between the two writes a program is killed.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from detector.config import Settings
from detector.model import FasterRCNN
from detector.models.weights import (
    STATE_KEY,
    WeightsError,
    WeightsHeader,
    beside,
    check_fits,
    header_from,
    read_metadata,
    read_safetensors,
    write_safetensors,
)
from detector.optimisation import optimiser_layout
from detector.training_curves import TABLE_WIDTH
from detector.training_data import TrainingSet
from detector.training_options import TrainingOptions

SCHEMA = 1

STATE_ENDING = ".training.safetensors"


def state_path(weights: str | Path) -> Path:
    """Where the state of the training that writes those weights lies."""
    return beside(weights, STATE_ENDING)


@dataclass(frozen=True, slots=True, eq=False)
class StateHeader:
    """What a state says of itself.

    Attributes:
        weights: the header of the weights, as far as they are trained.
        options: how it trains.
        done: steps done.
        steps: steps in all.
        generator: state of numpy's random numbers.
        computed_on: device, threads and torch's version; the last digits of the losses depend on them.
    """

    weights: WeightsHeader
    options: TrainingOptions
    done: int
    steps: int
    generator: dict[str, Any]
    computed_on: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class TrainingState:
    """A state in memory; see the top of this file.

    Attributes:
        header: what it says of itself.
        network: the weights of the last step.
        average: their running average.
        optimiser: see `detector.optimisation.optimiser_state`.
        random: torch's random numbers.
        waiting: rows of the samples still to come.
        samples: a fingerprint of each sample.
        curves: see `detector.training_curves.Curves.table`.
    """

    header: StateHeader
    network: dict[str, Tensor]
    average: dict[str, Tensor]
    optimiser: dict[str, Tensor]
    random: Tensor
    waiting: list[int]
    samples: NDArray[np.int64]
    curves: NDArray[np.float64]


_GROUPS = ("network", "average", "optimiser")


def save_state(path: Path, state: TrainingState) -> None:
    """Write a state; it is whole, or the one before stays.

    Raises:
        WeightsError: where the place cannot be written.
    """
    tensors = {
        f"{group}.{name}": tensor.detach().cpu().contiguous()
        for group in _GROUPS
        for name, tensor in getattr(state, group).items()
    }
    tensors |= {
        "random": state.random,
        "waiting": torch.tensor(state.waiting, dtype=torch.int64),
        "samples": torch.from_numpy(state.samples),
        "curves": torch.from_numpy(state.curves),
    }
    told = {each.name: getattr(state.header, each.name) for each in dataclasses.fields(StateHeader)}
    told |= {"weights": state.header.weights.to_dict(), "options": dataclasses.asdict(state.header.options)}
    write_safetensors(path, tensors, {STATE_KEY: json.dumps({"schema": SCHEMA} | told)})


def read_state_header(path: Path) -> StateHeader:
    """Only what a state says of itself.

    Raises:
        WeightsError: where it is no state of this program and version.
    """
    return _header(path, read_metadata(path))


def read_state(path: Path) -> TrainingState:
    """A whole state.

    Raises:
        WeightsError: where it is cut short, damaged, or no state of this program and version.
    """
    metadata, tensors = read_safetensors(path)
    header = _header(path, metadata)
    groups: dict[str, dict[str, Tensor]] = {group: {} for group in _GROUPS}
    for name, tensor in tensors.items():
        group, _, rest = name.partition(".")
        if group in groups:
            groups[group][rest] = tensor
    try:
        state = TrainingState(
            header,
            groups["network"],
            groups["average"],
            groups["optimiser"],
            random=tensors["random"],
            waiting=tensors["waiting"].tolist(),
            samples=tensors["samples"].numpy(),
            curves=tensors["curves"].numpy(),
        )
    except KeyError as error:
        raise WeightsError(f"{path} is damaged: {error} is missing.") from error
    _check_agrees(path, state)
    return state


def _check_agrees(path: Path, state: TrainingState) -> None:
    """Whether the parts tell of one training.

    Raises:
        WeightsError: naming the first that does not.
    """
    done, steps = state.header.done, state.header.steps
    if not 0 <= done < steps:
        raise WeightsError(f"{path} is damaged: {done:,} of {steps:,} steps done is no unfinished training.")
    if state.curves.shape != (done, TABLE_WIDTH):
        raise WeightsError(f"{path} is damaged: its curves are not those of {done:,} steps.")
    known = range(len(state.samples) if state.samples.ndim == 1 else 0)
    rows = state.waiting if isinstance(state.waiting, list) else [None]
    if not all(isinstance(row, int) and row in known for row in rows):
        raise WeightsError(f"{path} is damaged: images wait in it that it does not have.")


def _header(path: Path, metadata: dict[str, str]) -> StateHeader:
    if STATE_KEY not in metadata:
        raise WeightsError(f"{path} is not the state of a training.")
    try:
        told = json.loads(metadata[STATE_KEY])
        schema = told["schema"]
        if schema != SCHEMA:
            raise WeightsError(
                f"{path} is of schema {schema!r}; this version continues trainings of schema {SCHEMA}. "
                "Continue it with the version that began it."
            )
        return StateHeader(
            header_from(path, told["weights"]),
            TrainingOptions(**told["options"]),
            int(told["done"]),
            int(told["steps"]),
            dict(told["generator"]),
            dict(told["computed_on"]),
        )
    except WeightsError:
        raise
    # ValueError: no json, or a number of thousands of digits; RecursionError: lists in lists without end
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise WeightsError(f"{path} has a damaged header.") from error


def computed_on(device: torch.device) -> dict[str, Any]:
    """What the last digits of the losses depend on."""
    return {"device": device.type, "threads": torch.get_num_threads(), "torch": str(torch.__version__)}


def check_asked(
    path: Path,
    header: StateHeader,
    backbone: str | None,
    settings: Settings | None,
    options: TrainingOptions | None,
    classes: tuple[str, ...] | None,
) -> None:
    """Whether what is asked for is the training that was begun; None asks for nothing.

    Raises:
        WeightsError: naming the first difference.
    """
    begun = header.weights
    if backbone not in (None, begun.backbone):
        raise _other(path, "the backbone", begun.backbone, backbone)
    if classes not in (None, begun.classes):
        raise _other(path, "the classes", ", ".join(begun.classes), ", ".join(classes or ()))
    if settings is not None:
        for key in settings.changed_from(begun.settings):
            raise _other(path, f"the setting {key}", begun.settings.value(key), settings.value(key))
    if options is not None:
        asked = options.each_step(begun.backbone)
        for name, value in header.options.each_step(begun.backbone).items():
            if asked[name] != value:
                raise _other(path, name.replace("_", " "), value, asked[name])


def check_layers(path: Path, state: TrainingState, network: FasterRCNN) -> None:
    """Whether the numbers have the shapes that the network wants.

    Raises:
        WeightsError: naming the first that does not fit.
    """
    for tensors in (state.network, state.average):
        check_fits(path, tensors, network.state_dict())
    check_fits(path, state.optimiser, optimiser_layout(network))


def check_data(path: Path, state: TrainingState, options: TrainingOptions | None, data: TrainingSet) -> None:
    """Whether the samples, and the steps over them, are those it was begun with.

    Raises:
        WeightsError: naming the first difference.
    """
    if len(state.samples) != len(data):
        raise WeightsError(f"{path} was begun with {len(state.samples):,} images, not {len(data):,}.")
    for place, same in zip(data.paths, state.samples == data.fingerprints(), strict=True):
        if not same:
            raise WeightsError(f"{path} was begun with other data: {place} is another image, or has other objects.")
    steps = state.header.steps if options is None else options.steps(len(data))
    if steps != state.header.steps:
        raise WeightsError(
            f"{path} was begun for {state.header.steps:,} steps, not {steps:,}: the learning rate falls over all of "
            "them, so that a longer training is another one. Let it end, then start from its weights."
        )


def _other(path: Path, what: str, begun: Any, asked: Any) -> WeightsError:
    return WeightsError(
        f"{path} was begun with {what} {begun}, not {asked}; a training is continued as it was begun. "
        "Without that file, the weights beside it are a start."
    )
