"""ImageNet's weights for VGG16: the start of the classic detector (Faster R-CNN, section 3.1; Fast R-CNN, section 2.2).

The convolutions become the backbone, and fc6 and fc7 the head's two fully connected layers, which see 7 x 7 x 512
numbers in ImageNet classification just as they do here.

The file lies in torch's own cache (`torch.hub.get_dir()`, moved by TORCH_HOME), where other programs find it too; its
name ends with the first letters of its SHA-256, which is compared after the download. 528 MB, fetched once. Fetched
here and not by `torch.hub`, which has no time limit, draws its own progress bar and cannot be cancelled.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlparse

import torch
from torch import Tensor

from detector.model import FasterRCNN
from detector.models.weights import WeightsError, check_fits, file_sha256

IMAGENET_URL = "https://download.pytorch.org/models/vgg16-397923af.pth"
"""`torchvision.models.VGG16_Weights.IMAGENET1K_V1.url`; a test compares the two."""

INSTEAD = "Without ImageNet's weights, start from random ones: --weights none (in Python: weights=None)."
"""What every failure to load them ends with."""

TIMEOUT_S = 30.0
BLOCK = 1 << 20

Report = Callable[[int, int], None]
"""Called with the bytes fetched so far and in all (0 where the server does not say)."""


def load_imagenet(network: FasterRCNN, url: str = IMAGENET_URL, report: Report | None = None) -> None:
    """Fill a VGG16 network's backbone and fc1, fc2 with ImageNet's weights; RPN and output layers stay as they are.

    Args:
        network: with the backbone "vgg16".
        url: of the file; its name ends with -HASH.pth.
        report: called while bytes arrive; it may raise to give up.

    Raises:
        WeightsError: where the file cannot be had, is damaged or fits no VGG16.
        ValueError: for another backbone.
    """
    if network.backbone.name != "vgg16":
        raise ValueError(f"ImageNet's weights are for the backbone vgg16, not {network.backbone.name}.")
    try:
        path = fetch(url, report)
        fill_from_vgg16(network, _loaded(path), path)
    except WeightsError as error:
        raise WeightsError(f"{error} {INSTEAD}") from error


def _loaded(path: Path) -> dict[str, Tensor]:
    try:
        # weights_only: the file is a pickle, and nothing in it may run
        raw: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever the unpickler says, the file is of no use
        raise WeightsError(f"{path} is no file of weights; delete it to fetch it again.") from error
    return raw


def fill_from_vgg16(network: FasterRCNN, raw: dict[str, Tensor], path: str | Path) -> None:
    """Copy torchvision's VGG16 into a network: features -> backbone, classifier.0 and .3 (fc6, fc7) -> head.fc1, fc2.

    Raises:
        WeightsError: where a tensor is missing or of another shape; the network is then as it was.
    """
    places = {"features.": "backbone.layers.", "classifier.0.": "head.fc1.", "classifier.3.": "head.fc2."}
    renamed: dict[str, Tensor] = {}
    for name, tensor in raw.items():
        for theirs, ours in places.items():
            if name.startswith(theirs):
                renamed[ours + name.removeprefix(theirs)] = tensor
    current = network.state_dict()
    wanted = {name: each for name, each in current.items() if name.startswith(tuple(places.values()))}
    check_fits(path, renamed, wanted)
    network.load_state_dict(current | renamed)


def cached(url: str = IMAGENET_URL) -> Path:
    """Where torch's cache holds, or would hold, the file of a web address."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(url).path).name


def fetch(url: str, report: Report | None = None) -> Path:
    """The file of a web address, from torch's cache or fetched into it.

    Raises:
        WeightsError: where it cannot be fetched, or is not the file its name promises.
    """
    path = cached(url)
    folder = path.parent
    if path.exists():
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=folder)
        os.close(handle)
    except OSError as error:
        raise WeightsError(f"{path} cannot be written: {error.strerror or error}.") from error
    temporary = Path(name)
    try:
        _download(url, temporary, report)
        _check_hash(url, temporary, path.stem.rpartition("-")[2])
        temporary.replace(path)
    except (OSError, http.client.HTTPException) as error:  # URLError and time-outs are OSErrors
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it holds the connection
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise WeightsError(f"{url} cannot be fetched ({reason}).") from error
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _download(url: str, target: Path, report: Report | None) -> None:
    request = urllib.request.Request(url, headers={"User-Agent": "boxscope"})
    with contextlib.closing(urllib.request.urlopen(request, timeout=TIMEOUT_S)) as answer:
        total = int(answer.headers.get("Content-Length") or 0)
        if total and shutil.disk_usage(target.parent).free < total:
            raise WeightsError(f"There is no room for the {total // 1_000_000} MB of {url} in {target.parent}.")
        done = 0
        with target.open("wb") as file:
            while block := answer.read(BLOCK):
                file.write(block)
                done += len(block)
                if report is not None:
                    report(done, total)
    if total and done < total:
        raise WeightsError(f"{url} came only in part: {done} of {total} bytes.")


def _check_hash(url: str, target: Path, beginning: str) -> None:
    if not file_sha256(target).startswith(beginning):
        raise WeightsError(f"What came from {url} is not the file its name promises (its SHA-256 differs).")
