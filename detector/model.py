"""Faster R-CNN as one module, and the Model that the pipeline asks.

    FasterRCNN   backbone + RPN + head, nothing but layers: what is trained and saved.
    Model        a FasterRCNN on a device, with numpy at its border: fulfils `detector.pipeline.Network`.

Shapes: H, W cells; n anchors a cell; A = H * W * n anchors; R regions; K classes without background.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from detector.backbone import STRIDE, build_backbone, feature_hw
from detector.boxes import Floats
from detector.config import Settings, SettingsError
from detector.evidence import ModelInfo
from detector.pipeline import HeadLogits, RpnOutputs
from detector.resize import network_size, normalised, resized
from detector.roi import BoxHead, HeadRows, pool_regions
from detector.rpn import RegionProposalNetwork, RpnRows

HIDDEN = {"vgg16": 4096, "compact": 256}
"""Width of the head's two fully connected layers: VGG16's own fc6 and fc7, and a small one."""


def shapes_per_cell(settings: Settings) -> int:
    """Anchors in each cell: ratios x sizes."""
    return len(settings.anchors.sizes) * len(settings.anchors.ratios)


class FasterRCNN(nn.Module):
    """Backbone, region proposal network and head.

    Attributes:
        classes: K names, without background; classes[i] has the number i + 1.
        settings: those it is trained and best used with.

    Raises:
        SettingsError: where the anchors' stride is not the backbone's.
        ValueError: where there is no such backbone, or no class.
    """

    def __init__(self, backbone: str, classes: tuple[str, ...], settings: Settings) -> None:
        super().__init__()
        if not classes:
            raise ValueError("A model needs at least one class.")
        if settings.anchors.stride != STRIDE:
            raise SettingsError(
                f"anchors.stride is {STRIDE} px for the backbone {backbone}, not {settings.anchors.stride}."
            )
        self.classes = tuple(classes)
        self.settings = settings
        self.backbone = build_backbone(backbone)
        self.rpn = RegionProposalNetwork(self.backbone.out_channels, shapes_per_cell(settings))
        self.head = BoxHead(self.backbone.out_channels, HIDDEN[backbone], len(classes))

    def regions(self, features: Tensor, regions: Tensor, settings: Settings) -> HeadRows:
        """What the head says of regions (R, 5): number of the image, xyxy in network pixels."""
        rows: HeadRows = self.head(pool_regions(features, regions, settings.head))
        return rows


@dataclass(slots=True, eq=False)
class FeatureMap:
    """A feature map, kept by the pipeline so that the backbone runs once per image.

    Attributes:
        network_hw: height and width of the network's image in pixels.
        feature_hw: cells.
        nbytes: memory it holds.
        tensor: (1, C, H, W) float32 on the model's device.
    """

    network_hw: tuple[int, int]
    feature_hw: tuple[int, int]
    nbytes: int
    tensor: Tensor


class Model:
    """A FasterRCNN ready to be asked. It holds no state between calls, so several threads may ask at once.

    Args:
        network: the layers. They are not copied but changed in place: moved to the device, put into evaluation mode,
            and no gradients flow to them any more. Train a copy (`copy.deepcopy`), not these: feature maps of before a
            change would be taken for those of after it.
        name: as shown to people.
        sha256: of the weights' file, None where they are random.
        device: where to compute.
        half_backbone: run the backbone in bfloat16 with channels last: 2.4 times as fast on a CPU that has it, features
            off by 0.8 %. Never the RPN and the head, where it would ruin coordinates.
    """

    def __init__(
        self,
        network: FasterRCNN,
        name: str,
        sha256: str | None = None,
        device: torch.device | str = "cpu",
        *,
        half_backbone: bool = False,
    ) -> None:
        self.device = torch.device(device)
        self.network = network.to(self.device).eval().requires_grad_(False)
        self.half_backbone = half_backbone
        if half_backbone:
            self.network.backbone.to(memory_format=torch.channels_last)
        self._info = ModelInfo(name, network.classes, sha256)
        # random weights have no hash; they are their own, for as long as this Model lives
        self._identity = f"{sha256 or secrets.token_hex(16)} {half_backbone} {self.device}"

    @property
    def info(self) -> ModelInfo:
        """Name, classes and the hash of the weights."""
        return self._info

    @property
    def settings(self) -> Settings:
        """The settings it was trained with and is best used with."""
        return self.network.settings

    def check_settings(self, settings: Settings) -> None:
        """Whether these layers can work with these settings.

        Raises:
            SettingsError: where the anchors are not those the RPN has outputs for.
        """
        built, asked = self.network.rpn.shapes_per_cell, shapes_per_cell(settings)
        if asked != built:
            raise SettingsError(
                f"The model {self.info.name} has outputs for {built} anchors a cell, but anchors.sizes x "
                f"anchors.ratios are {len(settings.anchors.sizes)} x {len(settings.anchors.ratios)} = {asked}."
            )
        if settings.anchors.stride != STRIDE:
            raise SettingsError(
                f"The model {self.info.name} has a cell every {STRIDE} px; anchors.stride cannot be "
                f"{settings.anchors.stride}."
            )

    def feature_key(self, image: NDArray[np.uint8], settings: Settings) -> str:
        """blake2b of everything a feature map depends on: the image, `image` of the settings, weights and device."""
        digest = hashlib.blake2b(f"{self._identity} {settings.image} {image.shape}".encode(), digest_size=16)
        digest.update(np.ascontiguousarray(image).data)
        return digest.hexdigest()

    def features(self, image: NDArray[np.uint8], settings: Settings, check: Callable[[], None]) -> FeatureMap:
        """Resize, normalise and run the backbone.

        Args:
            image: uint8 (H, W, 3), red first.
            settings: `image` decides the size; `anchors` have to fit.
            check: called between layers; what it raises ends the pass.

        Raises:
            SettingsError: where the anchors do not fit the model.
            ValueError: where the image has another type or no pixels.
        """
        self.check_settings(settings)
        network_hw = network_size((image.shape[0], image.shape[1]), settings.image)
        check()
        with torch.inference_mode():
            pixels = resized(image, network_hw)
            check()
            batch = normalised(pixels.to(self.device))
            if self.half_backbone:
                batch = batch.contiguous(memory_format=torch.channels_last)
            with self._backbone_precision():
                tensor = self.network.backbone(batch, check)
            tensor = tensor.float().contiguous()
        return FeatureMap(network_hw, feature_hw(network_hw), tensor.numel() * tensor.element_size(), tensor)

    def rpn(self, features: FeatureMap, settings: Settings) -> RpnOutputs:
        """Objectness and deltas for every anchor, in the order of the grid.

        Raises:
            SettingsError: where the anchors do not fit the model.
        """
        self.check_settings(settings)
        with torch.inference_mode():
            rows: RpnRows = self.network.rpn(features.tensor)
        return RpnOutputs(_numpy(rows.logits[0]), _numpy(rows.deltas[0]))

    def head(self, features: FeatureMap, boxes: Floats, settings: Settings) -> HeadLogits:
        """Class scores and normalised per-class deltas for regions (R, 4) in network pixels.

        The last bits of a row depend on how many are asked at once; the pipeline pads small batches.
        """
        with torch.inference_mode():
            regions = torch.zeros((len(boxes), 5), device=self.device)  # column 0: the only image
            regions[:, 1:] = torch.from_numpy(np.array(boxes, np.float32)).to(self.device)
            rows = self.network.regions(features.tensor, regions, settings)
        return HeadLogits(_numpy(rows.logits), _numpy(rows.deltas))

    def _backbone_precision(self) -> AbstractContextManager[object]:
        return torch.autocast(self.device.type, torch.bfloat16) if self.half_backbone else nullcontext()


def _numpy(tensor: Tensor) -> Floats:
    array: Floats = tensor.float().cpu().numpy()
    return array
