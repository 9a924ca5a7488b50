"""The region proposal network: two scores and four deltas for every anchor (Faster R-CNN, section 3.1).

Shapes: N images; C channels; H, W cells; n anchors a cell; A = H * W * n.
Order:  a score channel is anchor * 2 + class (0 background, 1 object), a delta channel anchor * 4 + (dx, dy, dw, dh).
        The maps are turned to (N, H, W, ...) before they are flattened, so that row i speaks of row i of
        `detector.anchors.anchor_grid`: y outer, x inner, anchor innermost. Left in the order (N, ..., H, W), or with x
        outer, every row off the diagonal would speak of another cell, and a square map would not show it.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

INIT_STD = 0.01
"""New layers start from a normal distribution of this width (section 3.1.3)."""


class RpnRows(NamedTuple):
    """The RPN's outputs in anchor order.

    Attributes:
        logits: (N, A, 2), background first.
        deltas: (N, A, 4), (dx, dy, dw, dh) from the anchor.
    """

    logits: Tensor
    deltas: Tensor


class RegionProposalNetwork(nn.Module):
    """A 3x3 convolution with ReLU, then two 1x1 convolutions side by side."""

    def __init__(self, in_channels: int, shapes_per_cell: int) -> None:
        super().__init__()
        self.shapes_per_cell = shapes_per_cell
        self.conv = nn.Conv2d(in_channels, in_channels, 3, padding=1)
        self.relu = nn.ReLU()  # without it the whole RPN would be one linear map
        self.score = nn.Conv2d(in_channels, 2 * shapes_per_cell, 1)
        self.delta = nn.Conv2d(in_channels, 4 * shapes_per_cell, 1)
        for layer in (self.conv, self.score, self.delta):
            init_normal(layer, INIT_STD)

    def maps(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Scores (N, 2n, H, W) and deltas (N, 4n, H, W) of a feature map (N, C, H, W)."""
        hidden = self.relu(self.conv(features))
        return self.score(hidden), self.delta(hidden)

    def forward(self, features: Tensor) -> RpnRows:
        """Both in anchor order, of a feature map (N, C, H, W)."""
        scores, deltas = self.maps(features)
        return RpnRows(in_anchor_order(scores, 2), in_anchor_order(deltas, 4))


def in_anchor_order(maps: Tensor, numbers: int) -> Tensor:
    """Maps (N, n * numbers, H, W) as rows (N, H * W * n, numbers)."""
    return maps.permute(0, 2, 3, 1).reshape(len(maps), -1, numbers)


def init_normal(layer: nn.Conv2d | nn.Linear, std: float) -> None:
    """Weights from a normal distribution of that width, biases 0."""
    nn.init.normal_(layer.weight, std=std)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
