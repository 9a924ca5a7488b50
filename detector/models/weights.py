"""Weights on disk: one safetensors file that also says which classes, settings and layers belong to it.

In the file:    tensors named as in `FasterRCNN.state_dict()`; matrices in half precision, vectors (biases, statistics
                of normalisation layers) in full, as they are small and can be large in value.
In its header:  "boxscope" -> json {"schema", "backbone", "classes", "settings", "trained", "keeps_early"}.

Nothing in such a file can run code. Writing goes to a file beside the target, is synced, and then replaces the target,
so that an interrupted save leaves the old file as it was.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from detector.backbone import BACKBONES
from detector.config import Settings, SettingsError
from detector.datasets.errors import DatasetError
from detector.datasets.files import write_atomic
from detector.model import FasterRCNN

SCHEMA = 1
HEADER_KEY = "boxscope"
STATE_KEY = "boxscope_training"
"""In the header of the file that an unfinished training is continued from; see `detector.training_state`."""


class WeightsError(ValueError):
    """Weights that cannot be used; the message is one sentence that names the file."""


def beside(weights: str | Path, ending: str) -> Path:
    """Where what belongs to NAME.safetensors lies: NAME with another ending, in the same folder."""
    weights = Path(weights)
    return weights.with_name(weights.name.removesuffix(".safetensors") + ending)


@dataclass(frozen=True, slots=True, eq=False)
class WeightsHeader:
    """What a weights file says of itself.

    Attributes:
        backbone: "compact" or "vgg16".
        classes: K names, without background.
        settings: those it was trained with.
        trained: how, for people to read (data, iterations, seed); may be empty.
        keeps_early: training leaves a pretrained backbone's first layers as they are; False where they began random.
    """

    backbone: str
    classes: tuple[str, ...]
    settings: Settings
    trained: dict[str, Any] = field(default_factory=dict)
    keeps_early: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; `header_from` reads them again."""
        return {
            "schema": SCHEMA,
            "backbone": self.backbone,
            "classes": list(self.classes),
            "settings": self.settings.to_dict(),
            "trained": self.trained,
            "keeps_early": self.keeps_early,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """A weights file in memory.

    Attributes:
        header: what it says of itself.
        tensors: float32, as `FasterRCNN.load_state_dict` takes them.
        sha256: of the file.
    """

    header: WeightsHeader
    tensors: dict[str, Tensor]
    sha256: str


def save_weights(path: str | Path, tensors: dict[str, Tensor], header: WeightsHeader) -> None:
    """Write a weights file; it is whole or not there.

    Raises:
        WeightsError: where the place cannot be written.
    """
    path = Path(path)
    stored = {name: _as_stored(tensor) for name, tensor in tensors.items()}
    write_safetensors(path, stored, {HEADER_KEY: json.dumps(header.to_dict())})


def write_safetensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write a safetensors file; it is whole or not there.

    Raises:
        WeightsError: where the place cannot be written.
    """
    content = save(tensors, metadata=metadata)
    try:
        write_atomic(path, content)
    except DatasetError as error:
        raise WeightsError(str(error)) from error


def _as_stored(tensor: Tensor) -> Tensor:
    tensor = tensor.detach().cpu().contiguous()
    return tensor.half() if tensor.is_floating_point() and tensor.ndim > 1 else tensor


def read_header(path: str | Path) -> WeightsHeader:
    """Only what a weights file says of itself; the tensors stay on disk.

    Raises:
        WeightsError: where it is no weights file, or not one of this program.
    """
    path = Path(path)
    return _header(path, read_metadata(path))


def read_metadata(path: Path) -> dict[str, str]:
    """What stands in the header of a safetensors file; the tensors stay on disk.

    Raises:
        WeightsError: where it is missing, a folder or no safetensors file.
    """
    _check_there(path)
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise _unreadable(path, error) from error


def read_safetensors(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    """A whole safetensors file: what stands in its header, and the tensors as they were stored.

    Raises:
        WeightsError: where it is missing, a folder, cut short or no safetensors file.
    """
    _check_there(path)
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # not a dict
            return file.metadata() or {}, tensors
    except (SafetensorError, OSError) as error:
        raise _unreadable(path, error) from error


def read_weights(path: str | Path) -> Weights:
    """A whole weights file.

    Raises:
        WeightsError: where it is missing, a folder, no weights file, cut short, or not one of this program.
    """
    path = Path(path)
    metadata, stored = read_safetensors(path)
    try:
        sha256 = file_sha256(path)
    except OSError as error:
        raise _unreadable(path, error) from error
    header = _header(path, metadata)
    tensors = {name: _as_used(tensor) for name, tensor in stored.items()}
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise WeightsError(f"{path} holds numbers that are not finite, in '{name}'.")
    return Weights(header, tensors, sha256)


def _as_used(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor


def file_sha256(path: str | Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_there(path: Path) -> None:
    if path.is_dir():
        raise WeightsError(f"{path} is a folder, not a weights file.")
    if not path.exists():
        raise WeightsError(f"There is no weights file {path}.")


def _unreadable(path: Path, error: Exception) -> WeightsError:
    text = str(error)
    if isinstance(error, OSError):
        return WeightsError(f"{path} cannot be read: {error.strerror or error}.")
    # safetensors says it so where the tensors announced in the header are not all there
    if "IncompleteBuffer" in text or "incomplete" in text.lower() or "not fully covered" in text.lower():
        return WeightsError(f"{path} is cut short: it announces more numbers than it holds.")
    return WeightsError(f"{path} is no safetensors weights file.")


def _header(path: Path, metadata: dict[str, str]) -> WeightsHeader:
    if STATE_KEY in metadata:
        raise WeightsError(f"{path} is the state of an unfinished training; its weights lie beside it.")
    if HEADER_KEY not in metadata:
        raise WeightsError(f"{path} does not say which classes and settings belong to it: it was not made by `train`.")
    try:
        told = json.loads(metadata[HEADER_KEY])
    except (ValueError, RecursionError) as error:  # no json, a number of thousands of digits, lists without end
        raise _damaged(path) from error
    return header_from(path, told)


def _damaged(path: Path) -> WeightsError:
    return WeightsError(f"{path} has a damaged header.")


def header_from(path: Path, told: Any) -> WeightsHeader:
    """The header of which `WeightsHeader.to_dict` gave the values.

    Raises:
        WeightsError: where they are of another version, damaged or unknown here.
    """
    try:
        schema = told["schema"]
        if schema != SCHEMA:
            raise WeightsError(f"{path} is of schema {schema!r}; this version reads schema {SCHEMA}.")
        backbone, classes, trained = told["backbone"], told["classes"], told.get("trained", {})
        keeps_early = bool(told.get("keeps_early", True))
        settings = Settings.from_dict(told["settings"])
    except SettingsError as error:
        raise WeightsError(f"{path} holds settings that do not exist here: {error}") from error
    except WeightsError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise _damaged(path) from error
    if backbone not in BACKBONES:
        raise WeightsError(f"{path} is for the backbone {backbone!r}; known are {', '.join(BACKBONES)}.")
    if not isinstance(classes, list) or not classes or not all(isinstance(each, str) for each in classes):
        raise WeightsError(f"{path} names no classes.")
    return WeightsHeader(backbone, tuple(classes), settings, trained if isinstance(trained, dict) else {}, keeps_early)


def build_network(path: str | Path, weights: Weights) -> FasterRCNN:
    """The layers that a weights file describes, filled with its numbers.

    Raises:
        WeightsError: where the numbers do not fit the layers that its header asks for.
    """
    header = weights.header
    try:
        network = FasterRCNN(header.backbone, header.classes, header.settings)
    except SettingsError as error:
        raise WeightsError(f"{path} asks for a network that does not exist: {error}") from error
    _check_classes(path, weights)
    check_fits(path, weights.tensors, network.state_dict())
    network.load_state_dict(weights.tensors)
    return network


def _check_classes(path: str | Path, weights: Weights) -> None:
    """A header that names other classes than the numbers are for, in words instead of shapes."""
    scores = weights.tensors.get("head.score.bias")
    classes = weights.header.classes
    if scores is not None and scores.shape != (len(classes) + 1,):
        raise WeightsError(
            f"{path} names {len(classes)} class(es) ({', '.join(classes)}), but its numbers are for "
            f"{scores.numel() - 1}; the two do not belong together."
        )


def check_fits(path: str | Path, tensors: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    """Whether tensors have the names and shapes that a network wants.

    Raises:
        WeightsError: naming the first that is missing, unknown or of another shape.
    """
    for name, tensor in wanted.items():
        if name not in tensors:
            raise WeightsError(f"{path} does not fit the network: '{name}' is missing.")
        if tensors[name].shape != tensor.shape:
            have, want = tuple(tensors[name].shape), tuple(tensor.shape)
            raise WeightsError(f"{path} does not fit the network: '{name}' is {have}, not {want}.")
    unknown = sorted(set(tensors) - set(wanted))
    if unknown:
        raise WeightsError(f"{path} does not fit the network: there is no place for '{unknown[0]}'.")
