"""Models by name: where weights become something the pipeline can ask.

load("compact")            the shipped model: blood cells, 7 MB, quick on any machine
load("vgg16")              the classic network, started from ImageNet; its own layers still know nothing
load("trained.safetensors")    what `train` wrote
load(module)               a `FasterRCNN` that is already in memory
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import torch
from torch import nn

from detector.backbone import BACKBONES
from detector.config import Settings
from detector.model import FasterRCNN, Model
from detector.models.presets import VOC_CLASSES, starting_settings
from detector.models.pretrained import Report, cached, load_imagenet
from detector.models.weights import WeightsError, build_network, read_header, read_weights

__all__ = ["ModelEntry", "WeightsError", "list_models", "load"]

SHIPPED = Path(__file__).parents[2] / "resources" / "models" / "compact.safetensors"

DEFAULT_MODEL = "compact"


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model that `load` knows by name.

    Attributes:
        name: for `load`.
        description: one English sentence.
        classes: it tells apart.
        file: its weights, for fetched ones their place in torch's cache.
        available: False where they are missing here; fetched ones come at the first use (528 MB).
    """

    name: str
    description: str
    classes: tuple[str, ...]
    file: Path
    available: bool


def list_models() -> tuple[ModelEntry, ...]:
    """Every model that `load` knows by name, the default first."""
    try:
        classes, available = read_header(SHIPPED).classes, True
    except WeightsError:
        classes, available = (), False
    return (
        ModelEntry(
            "compact",
            "A small Faster R-CNN, trained on blood cells under the microscope; quick on any machine.",
            classes,
            SHIPPED,
            available,
        ),
        ModelEntry(
            "vgg16",
            "The classic Faster R-CNN on VGG16, started from ImageNet; its proposals and classes are still untrained.",
            VOC_CLASSES,
            cached(),
            cached().exists(),
        ),
    )


def load(
    name: str | Path | nn.Module,
    device: torch.device | str = "auto",
    weights: str | Path | None = "default",
    *,
    seed: int = 0,
    half_backbone: bool = False,
    report: Report | None = None,
) -> Model:
    """A model ready for `detector.pipeline`.

    Args:
        name: "compact", "vgg16", a .safetensors file that `train` wrote, or a `detector.model.FasterRCNN`, which is
            used as it is, not copied (see `detector.model.Model`).
        device: "auto" takes a GPU where there is one.
        weights: "default": the shipped ones, ImageNet's, the file's or the module's own; None: random ones; or a
            .safetensors file of the same backbone, whose classes and settings are then the model's.
        seed: of random weights; same seed, same weights.
        half_backbone: faster, less exact (see `detector.model.Model`).
        report: called with bytes fetched and in all while weights are fetched.

    Raises:
        WeightsError: where weights cannot be read, fetched, or do not fit; one sentence that names the file.
    """
    place = choose_device(device)
    if isinstance(name, nn.Module):
        network, title, sha256 = _of_module(name, weights, seed)
    elif str(name) in BACKBONES:
        network, title, sha256 = _of_name(str(name), weights, seed, report)
    elif Path(name).suffix == ".safetensors":
        network, title, sha256 = _of_file(Path(name), weights, seed)
    else:
        raise WeightsError(f"There is no model '{name}'; known are {', '.join(BACKBONES)} and .safetensors files.")
    return Model(network, title, sha256, place, half_backbone=half_backbone)


_Loaded: TypeAlias = tuple[FasterRCNN, str, str | None]
"""The layers, the name to show, the SHA-256 of the weights' file."""


def _of_name(name: str, weights: str | Path | None, seed: int, report: Report | None) -> _Loaded:
    if weights is None:
        return random_network(name, seed=seed), name, None
    if str(weights) != "default":
        return _filled(Path(weights), name, name)
    if name == "vgg16":
        network = random_network(name, seed=seed)
        load_imagenet(network, report=report)
        return network, name, None
    return _filled(SHIPPED, name, name)


def _of_file(path: Path, weights: str | Path | None, seed: int) -> _Loaded:
    header = read_header(path)
    if weights is None:
        return random_network(header.backbone, header.classes, header.settings, seed), path.stem, None
    return _filled(path if str(weights) == "default" else Path(weights), path.stem, header.backbone)


def _of_module(module: nn.Module, weights: str | Path | None, seed: int) -> _Loaded:
    if not isinstance(module, FasterRCNN):
        raise WeightsError(
            f"A module of the type {type(module).__name__} cannot be inspected: it has to be a "
            f"{FasterRCNN.__module__}.{FasterRCNN.__name__}."
        )
    name = module.backbone.name
    if weights is None:
        return random_network(name, module.classes, module.settings, seed), name, None
    return (module, name, None) if str(weights) == "default" else _filled(Path(weights), name, name)


def _filled(path: Path, title: str, backbone: str) -> _Loaded:
    held = read_weights(path)
    if held.header.backbone != backbone:
        raise WeightsError(f"{path} is for the backbone {held.header.backbone}, not {backbone}.")
    return build_network(path, held), title, held.sha256


def random_network(
    backbone: str, classes: tuple[str, ...] | None = None, settings: Settings | None = None, seed: int = 0
) -> FasterRCNN:
    """Layers with fresh weights, drawn from a seed; the caller's own random numbers stay as they were."""
    if classes is None:
        classes = VOC_CLASSES if backbone == "vgg16" else _shipped_classes()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return FasterRCNN(backbone, classes, settings or starting_settings(backbone))


def choose_device(device: torch.device | str = "auto") -> torch.device:
    """The device asked for; "auto" is CUDA, then Apple's MPS, then the CPU.

    Raises:
        WeightsError: where this machine does not have it.
    """
    if str(device) != "auto":
        try:
            chosen = torch.device(device)
            torch.empty(1, device=chosen)
        except (RuntimeError, AssertionError, NotImplementedError) as error:
            raise WeightsError(f"The device '{device}' is not there on this machine.") from error
        return chosen
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def _shipped_classes() -> tuple[str, ...]:
    try:
        return read_header(SHIPPED).classes
    except WeightsError:
        return ("RBC", "WBC", "Platelets")
