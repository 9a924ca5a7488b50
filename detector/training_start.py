"""Where training starts: a place to write, and a network with fresh weights or with those of a file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from detector.config import Settings
from detector.model import FasterRCNN
from detector.models.presets import starting_settings
from detector.models.pretrained import Report, load_imagenet
from detector.models.weights import WeightsError, WeightsHeader, check_fits, read_header, read_weights
from detector.training_data import TrainingError
from detector.training_state import STATE_ENDING, state_path


def real_file(path: str | Path) -> Path:
    """Where a link leads, as a save follows it too: so the state lies beside the weights. Other names stay as typed."""
    path = Path(path)
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def same_file(first: Path, second: Path) -> bool:
    """Whether two names are of one file, which need not be there."""
    return os.path.realpath(first) == os.path.realpath(second)


def complete_steps(weights: Path) -> int | None:
    """The steps of the complete training that wrote a weights file; None where it is not known to be complete.

    Raises:
        WeightsError: where the file is no weights file.
    """
    if state_path(weights).exists():
        return None
    trained = read_header(weights).trained
    steps = trained.get("iterations")
    return steps if trained.get("complete") is True and isinstance(steps, int) else None


def check_place(out: Path) -> None:
    """Whether the weights can be written there; asked before an hour of training, not after.

    Raises:
        WeightsError: where they cannot.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WeightsError(f"The folder {out.parent} cannot be made: {error.strerror or error}.") from error
    if out.is_dir():
        raise WeightsError(f"{out} is a folder; the weights need a file's name.")
    if out.name.endswith(STATE_ENDING):
        raise WeightsError(f"{out} is the name of a training's state; the weights need another.")
    folder = Path(os.path.realpath(out)).parent  # a save follows a link too
    try:
        # only making a file tells for certain: permissions do not know of file systems mounted read-only
        with tempfile.NamedTemporaryFile(prefix=f".{out.name[:80]}.", dir=folder):
            pass
    except OSError as error:
        raise WeightsError(f"Nothing can be written in the folder {folder}: {error.strerror or error}.") from error


def fresh_network(
    backbone: str, settings: Settings | None, classes: tuple[str, ...], weights: str | None, report: Report | None
) -> FasterRCNN:
    """Random layers; a VGG16's convolutions and fully connected ones from ImageNet, where `weights` is "default".

    Raises:
        TrainingError: where there are no classes.
        WeightsError: where the weights cannot be had.
    """
    if weights not in ("default", None):
        raise WeightsError(f"Training starts from 'default' weights or None, not from {weights!r}; a file is `start`.")
    if not classes:
        raise TrainingError("There is no object to train on.")
    network = FasterRCNN(backbone, classes, settings or starting_settings(backbone))
    if backbone == "vgg16" and weights == "default":
        load_imagenet(network, report=report)
        network.backbone.freeze_early()  # random layers have nothing worth keeping
    return network


def keeps_early(network: FasterRCNN) -> bool:
    """Whether training leaves its early layers as they are."""
    early = network.backbone.layers[: network.backbone.first_trained]
    return not any(each.requires_grad for each in early.parameters())


def network_of(header: WeightsHeader) -> FasterRCNN:
    """The layers that a header describes, still random; its early ones frozen where they were so in training."""
    network = FasterRCNN(header.backbone, header.classes, header.settings)
    if header.keeps_early:
        network.backbone.freeze_early()
    return network


def network_from(
    start: str | Path, backbone: str | None, settings: Settings | None, classes: tuple[str, ...], *, classes_given: bool
) -> FasterRCNN:
    """A network with the weights of a file; the head's last layers are fresh where its classes are others.

    Raises:
        WeightsError: where the file cannot be read or does not fit.
    """
    weights = read_weights(start)
    header = weights.header
    if backbone not in (None, header.backbone):
        raise WeightsError(f"{start} is for the backbone {header.backbone}, not {backbone}.")
    if not classes_given and set(classes) <= set(header.classes):
        classes = header.classes
    network = network_of(WeightsHeader(header.backbone, classes, settings or header.settings, {}, header.keeps_early))
    fresh = network.state_dict()
    tensors = dict(weights.tensors)
    if classes != header.classes:
        tensors |= {name: fresh[name] for name in fresh if name.startswith(("head.score.", "head.delta."))}
    check_fits(start, tensors, fresh)
    network.load_state_dict(tensors)
    return network
