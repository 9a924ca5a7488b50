"""From the image a person opens to what the network sees.

    uint8 (H, W, 3)  --resized-->  uint8 (1, 3, h, w)  --normalised-->  float32, mean 0 and deviation 1 as in ImageNet

The resize works on the bytes as they stand, so that a picture of 12,000 x 9,000 pixels needs no float copy of itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from detector.backbone import STRIDE
from detector.config import ImageSettings

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
"""Of ImageNet's red, green and blue, in units of full brightness: what pretrained weights expect."""

SMALLEST = 2 * STRIDE
"""No side of the network's image is shorter, so that even a 1 x 1 picture has cells."""


def network_size(image_hw: tuple[int, int], settings: ImageSettings) -> tuple[int, int]:
    """Height and width in network pixels (Faster R-CNN, section 3.3).

    The short side becomes `min_side`, unless the long side would then pass `max_side`; each side is rounded by itself.

    Raises:
        ValueError: where a side is 0.
    """
    if min(image_hw) < 1:
        raise ValueError(f"An image of {image_hw[1]} x {image_hw[0]} pixels holds nothing.")
    factor = min(settings.min_side / min(image_hw), settings.max_side / max(image_hw))
    height, width = (max(round(side * factor), SMALLEST) for side in image_hw)
    return height, width


def resized(image: NDArray[np.uint8], network_hw: tuple[int, int]) -> Tensor:
    """The image as uint8 (1, 3, h, w), smoothed while it shrinks.

    Raises:
        ValueError: where it is not uint8 (H, W, 3).
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"An image is uint8 (height, width, 3), not {image.dtype} {image.shape}.")
    whole = torch.from_numpy(_as_writable(image)).permute(2, 0, 1)[None]  # a view: no copy of the picture
    return functional.interpolate(whole, network_hw, mode="bilinear", antialias=True, align_corners=False)


def normalised(pixels: Tensor) -> Tensor:
    """uint8 (N, 3, h, w) as float32 with ImageNet's mean taken away and its deviation divided out."""
    mean = torch.tensor(MEAN, device=pixels.device)[:, None, None] * 255
    std = torch.tensor(STD, device=pixels.device)[:, None, None] * 255
    return (pixels.float() - mean) / std


class _Writable:
    """Shows a read-only array as a writable one without copying it; torch warns of read-only arrays, and only reads."""

    def __init__(self, array: NDArray[np.uint8]) -> None:
        self._array = array  # keeps the memory alive
        interface: dict[str, Any] = dict(array.__array_interface__)
        self.__array_interface__ = {**interface, "data": (interface["data"][0], False)}


def _as_writable(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if any(step < 0 for step in image.strides):
        return image.copy()  # a mirrored view; torch has no negative strides
    return image if image.flags.writeable else np.asarray(_Writable(image))
