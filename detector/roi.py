"""Cutting regions out of the feature map, and the head that names and refines them (Fast R-CNN, sections 2.1 to 2.3).

Shapes: R regions; C channels; K classes without background.
Pixels: regions in network pixels; the feature map is 1 / 16 of them.

Pooling "max" is the paper's: coordinates rounded to whole cells (not floored: that shifts nearly every region), then
the largest value of each of 7 x 7 bins. "align" samples `sampling_ratio` x `sampling_ratio` points a bin by bilinear
interpolation, with no rounding, and averages them; with `aligned=True`, that is with the half-cell shift that makes a
point of the image fall on the same point of the map. Both are torchvision's.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torchvision.ops import roi_align, roi_pool

from detector.backbone import STRIDE
from detector.config import HeadSettings
from detector.rpn import init_normal

BINS = 7
"""A region becomes BINS x BINS cells, whatever its size."""


class HeadRows(NamedTuple):
    """The head's raw outputs.

    Attributes:
        logits: (R, K + 1), background first.
        deltas: (R, K + 1, 4), one set a class, normalised by `head.box_std`; set 0 means nothing.
    """

    logits: Tensor
    deltas: Tensor


def pool_regions(features: Tensor, regions: Tensor, settings: HeadSettings) -> Tensor:
    """Cut regions out of feature maps.

    Args:
        features: (N, C, H, W) float32.
        regions: (R, 5) float32: the number of the image, then xyxy in network pixels.
        settings: `pooling` and `sampling_ratio`.

    Returns:
        (R, C, 7, 7); NaN for a region with a coordinate that is not finite.
    """
    finite = torch.isfinite(regions).all(dim=1)
    if not bool(finite.all()):
        # a network with broken weights; for a NaN, roi_align reads outside the map and ends the process
        filled = pool_regions(features, torch.where(finite[:, None], regions, 0), settings)
        return torch.where(finite[:, None, None, None], filled, torch.nan)
    pooled: Tensor
    if settings.pooling == "max":
        pooled = roi_pool(features, regions, BINS, spatial_scale=1.0 / STRIDE)
    else:
        pooled = roi_align(
            features, regions, BINS, 1.0 / STRIDE, sampling_ratio=settings.sampling_ratio, aligned=True
        )  # fmt: skip
    return pooled


class BoxHead(nn.Module):
    """Two fully connected layers with ReLU, then scores and per-class deltas side by side."""

    def __init__(self, in_channels: int, hidden: int, num_classes: int) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.fc1 = nn.Linear(in_channels * BINS * BINS, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.relu = nn.ReLU()  # after each: two linear layers in a row are one linear map
        self.score = nn.Linear(hidden, num_classes + 1)
        self.delta = nn.Linear(hidden, (num_classes + 1) * 4)
        for layer in (self.fc1, self.fc2):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
        init_normal(self.score, 0.01)  # Fast R-CNN, section 2.3
        init_normal(self.delta, 0.001)

    def forward(self, pooled: Tensor) -> HeadRows:
        """Scores and deltas of pooled regions (R, C, 7, 7)."""
        hidden = self.relu(self.fc1(torch.flatten(pooled, 1)))
        hidden = self.relu(self.fc2(hidden))
        return HeadRows(self.score(hidden), self.delta(hidden).reshape(-1, self.num_classes + 1, 4))
