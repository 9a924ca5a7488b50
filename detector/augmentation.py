"""Changed copies of training images, boxes with them.

    none           the image as it is
    photo          mirrored left to right, other colours, other size: for pictures that have an up and a down
    any_way_up     turned and mirrored in all eight ways, other colours, other size: for smears, maps, tops of tables

Size and quarter turns are drawn once for a batch, so that its images still fit one another; mirroring and colours once
for every image.

Shapes: h, w network pixels; G boxes, xyxy in the same pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from detector.boxes import Floats


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How much images are changed.

    Attributes:
        mirror_x: left and right may be exchanged.
        mirror_y: top and bottom may be exchanged.
        turn: x and y may be exchanged; with both mirrorings that gives quarter turns.
        brightness: largest change of brightness, as a part of it.
        contrast: largest change of contrast, as a part of it.
        colour: largest change of each of red, green and blue, as a part of it.
        scale: smallest and largest factor on the size.
    """

    mirror_x: bool = False
    mirror_y: bool = False
    turn: bool = False
    brightness: float = 0.0
    contrast: float = 0.0
    colour: float = 0.0
    scale: tuple[float, float] = (1.0, 1.0)


AUGMENTATIONS = {
    "none": Augmentation(),
    "photo": Augmentation(mirror_x=True, brightness=0.2, contrast=0.2, colour=0.08, scale=(0.8, 1.25)),
    "any_way_up": Augmentation(
        mirror_x=True, mirror_y=True, turn=True, brightness=0.2, contrast=0.2, colour=0.08, scale=(0.8, 1.25)
    ),
}


@dataclass(frozen=True, slots=True)
class BatchDraw:
    """What one batch has in common: the factor on its size, and whether x and y are exchanged."""

    scale: float
    turn: bool


def draw_batch(augmentation: Augmentation, generator: np.random.Generator) -> BatchDraw:
    """Draw what a batch has in common."""
    low, high = augmentation.scale
    # even steps in the logarithm: half the size is as likely as double
    scale = float(np.exp(generator.uniform(np.log(low), np.log(high))))
    return BatchDraw(scale, bool(augmentation.turn and generator.random() < 0.5))


def changed(
    pixels: Tensor, boxes: Floats, draw: BatchDraw, augmentation: Augmentation, generator: np.random.Generator
) -> tuple[Tensor, Floats]:
    """One image and its boxes, changed.

    Args:
        pixels: uint8 (3, h, w), already at the size that `draw` asks for.
        boxes: (G, 4) in the pixels of `pixels`.
        draw: what the batch has in common.
        augmentation: how much.
        generator: draws the rest.

    Returns:
        float32 (3, h, w) or (3, w, h) in 0..255, and the boxes.
    """
    if draw.turn:
        pixels, boxes = pixels.transpose(1, 2), boxes[:, [1, 0, 3, 2]]
    height, width = pixels.shape[1:]
    boxes = boxes.copy()
    flipped: list[int] = []
    if augmentation.mirror_x and generator.random() < 0.5:
        flipped.append(2)
        boxes[:, [0, 2]] = width - boxes[:, [2, 0]]
    if augmentation.mirror_y and generator.random() < 0.5:
        flipped.append(1)
        boxes[:, [1, 3]] = height - boxes[:, [3, 1]]
    if flipped:
        pixels = pixels.flip(flipped)
    return _recoloured(pixels.float(), augmentation, generator), boxes


def _recoloured(pixels: Tensor, augmentation: Augmentation, generator: np.random.Generator) -> Tensor:
    """Other contrast around the mean, then other brightness and other strengths of red, green and blue."""
    if not (augmentation.contrast or augmentation.brightness or augmentation.colour):
        return pixels
    contrast = 1 + generator.uniform(-augmentation.contrast, augmentation.contrast)
    brightness = 1 + generator.uniform(-augmentation.brightness, augmentation.brightness)
    strengths = brightness * (1 + generator.uniform(-augmentation.colour, augmentation.colour, 3))
    mean = pixels.mean()
    factors = torch.from_numpy(strengths.astype(np.float32))[:, None, None]
    return (((pixels - mean) * contrast + mean) * factors).clamp_(0, 255)
