"""The convolutional layers that turn an image into a feature map of stride 16.

Two of them, with one interface:
    vgg16    VGG16's thirteen convolutions without the last pooling (Faster R-CNN, section 3.1): 512 channels, 14.7 M
             numbers, started from ImageNet weights; conv1 and conv2 stay as they are in training (section 3.3).
    compact  eight 3x3 convolutions with batch normalisation, 192 channels, 0.8 M numbers, trained from scratch.

Shapes: N images; H, W network pixels; the feature map has floor(H / 16) x floor(W / 16) cells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn

STRIDE = 16
"""Network pixels from one cell to the next: four poolings by two."""

COMPACT_WIDTHS: tuple[int | None, ...] = (16, None, 32, None, 64, 64, None, 128, 128, None, 192, 192)
VGG16_WIDTHS: tuple[int | None, ...] = (
    64, 64, None, 128, 128, None, 256, 256, 256, None, 512, 512, 512, None, 512, 512, 512,
)  # fmt: skip
"""Output channels of each convolution; None is a 2x2 max pooling."""

BACKBONES = ("compact", "vgg16")


class Backbone(nn.Module):
    """A chain of layers; `forward` looks up between any two of them whether somebody wants to stop.

    Attributes:
        name: "compact" or "vgg16".
        out_channels: channels of the feature map.
        first_trained: layers before this one stay as they are once `freeze_early` was called.
    """

    def __init__(self, name: str, layers: Sequence[nn.Module], out_channels: int, first_trained: int = 0) -> None:
        super().__init__()
        self.name = name
        self.layers = nn.Sequential(*layers)
        self.out_channels = out_channels
        self.first_trained = first_trained

    def forward(self, images: Tensor, check: Callable[[], None] | None = None) -> Tensor:
        """Feature map (N, C, H // 16, W // 16) of normalised images (N, 3, H, W).

        Args:
            images: sides of at least 16 px.
            check: called before every layer; what it raises ends the pass.
        """
        features = images
        for layer in self.layers:
            if check is not None:
                check()
            features = layer(features)
        return features

    def freeze_early(self) -> None:
        """Keep the first layers as they were pretrained (VGG16: conv1 and conv2; section 3.3)."""
        for layer in self.layers[: self.first_trained]:
            layer.requires_grad_(False)


def build_backbone(name: str) -> Backbone:
    """A backbone with fresh random weights.

    Raises:
        ValueError: where there is none of that name.
    """
    if name == "compact":
        return Backbone("compact", _chain(COMPACT_WIDTHS, normalise=True), 192)
    if name == "vgg16":
        return Backbone("vgg16", _chain(VGG16_WIDTHS, normalise=False), 512, first_trained=10)  # 10: conv1_1 ... pool2
    raise ValueError(f"There is no backbone '{name}'. Known: {', '.join(BACKBONES)}.")


def _chain(widths: Sequence[int | None], *, normalise: bool) -> list[nn.Module]:
    """3x3 convolutions with ReLU, and poolings by two; the places in the list are torchvision's."""
    layers: list[nn.Module] = []
    before = 3
    for width in widths:
        if width is None:
            layers.append(nn.MaxPool2d(2))
            continue
        conv = nn.Conv2d(before, width, 3, padding=1, bias=not normalise)  # a normalisation brings its own bias
        nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
        if conv.bias is not None:
            nn.init.zeros_(conv.bias)
        layers += [conv, nn.BatchNorm2d(width), nn.ReLU(inplace=True)] if normalise else [conv, nn.ReLU(inplace=True)]
        before = width
    return layers


def feature_hw(network_hw: tuple[int, int]) -> tuple[int, int]:
    """Cells (H, W) of the feature map of an image of `network_hw` pixels; poolings drop what does not fill a cell."""
    return network_hw[0] // STRIDE, network_hw[1] // STRIDE
