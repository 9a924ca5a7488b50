"""One step of training: a batch, what the network says of it, what it should have said, and the four losses.

Shapes: N images; S sampled anchors and R sampled regions of all images of the batch together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from detector.anchors import AnchorGrid, anchor_grid
from detector.backbone import feature_hw
from detector.losses import StageLoss, head_loss, rpn_loss
from detector.mini_batch import LOSSES as LOSSES
from detector.model import FasterRCNN
from detector.roi import HeadRows
from detector.rpn import in_anchor_order
from detector.targets import AnchorTargets, Regions, anchor_targets, propose, sample_regions
from detector.training_data import Batch


@dataclass(frozen=True, slots=True, eq=False)
class StepLosses:
    """The four losses of a batch, with the rows that each image contributed.

    Attributes:
        rpn: of S anchors.
        head: of S' regions; None where the RPN's loss was not finite and nothing was proposed.
        anchor_images: number of the image of each sampled anchor.
        region_images: number of the image of each sampled region.
    """

    rpn: StageLoss
    head: StageLoss | None
    anchor_images: Sequence[int]
    region_images: Sequence[int]

    @property
    def total(self) -> Tensor:
        """The sum of all four."""
        return self.rpn.total + self.head.total if self.head is not None else self.rpn.total

    def named(self) -> dict[str, Tensor]:
        """The four by name."""
        stages = [self.rpn] if self.head is None else [self.rpn, self.head]
        losses = [loss for stage in stages for loss in (stage.label, stage.box)]
        return dict(zip(LOSSES, losses, strict=False))


def step_losses(
    network: FasterRCNN, batch: Batch, generator: np.random.Generator, *, half_backbone: bool = False
) -> StepLosses:
    """The four losses of a batch. Draws the anchors and regions that count from `generator`."""
    settings = network.settings
    device = next(network.parameters()).device
    images = batch.images.to(device)
    if half_backbone:
        images = images.contiguous(memory_format=torch.channels_last)
    with torch.autocast(device.type, torch.bfloat16, enabled=half_backbone):
        features = network.backbone(images)
    features = features.float().contiguous()  # bfloat16 has 8 bits: coordinates over 256 would be off by pixels

    scores, deltas = network.rpn.maps(features)
    logits_rows: list[Tensor] = []
    delta_rows: list[Tensor] = []
    grids: list[AnchorGrid] = []
    for number, network_hw in enumerate(batch.network_hw):
        height, width = feature_hw(network_hw)  # without the cells of the padding
        grids.append(anchor_grid(settings.anchors, (height, width)))
        logits_rows.append(in_anchor_order(scores[number : number + 1, :, :height, :width], 2)[0])
        delta_rows.append(in_anchor_order(deltas[number : number + 1, :, :height, :width], 4)[0])

    anchors = [
        anchor_targets(grid, objects, network_hw, settings.assignment, generator)
        for grid, objects, network_hw in zip(grids, batch.objects, batch.network_hw, strict=True)
    ]
    rpn = rpn_losses(logits_rows, delta_rows, anchors)
    anchor_images = [number for number, each in enumerate(anchors) for _ in each.rows]
    if not bool(torch.isfinite(rpn.total)):
        return StepLosses(rpn, None, anchor_images, [])

    regions: list[Regions] = []
    for number, grid in enumerate(grids):
        objectness = logits_rows[number].detach().softmax(dim=1)[:, 1].cpu().numpy()
        proposals = propose(
            grid,
            objectness,
            delta_rows[number].detach().cpu().numpy(),
            batch.network_hw[number],
            settings.proposals,
            batch.scale_xy[number],
        )
        regions.append(sample_regions(proposals, batch.objects[number], settings, generator))
    region_images = [number for number, each in enumerate(regions) for _ in each.label]
    rows = network.regions(features, _numbered(regions).to(device), settings)
    return StepLosses(rpn, head_losses(rows, regions), anchor_images, region_images)


def rpn_losses(logits: list[Tensor], deltas: list[Tensor], targets: list[AnchorTargets]) -> StageLoss:
    """Of the sampled anchors of N images: logits (A, 2) and deltas (A, 4) of all anchors of each, and the targets."""
    chosen = [torch.from_numpy(each.rows).to(logits[0].device) for each in targets]
    return rpn_loss(
        torch.cat([rows[which] for rows, which in zip(logits, chosen, strict=True)]),
        torch.cat([rows[which] for rows, which in zip(deltas, chosen, strict=True)]),
        torch.from_numpy(np.concatenate([each.label for each in targets])).to(logits[0].device),
        torch.from_numpy(np.concatenate([each.deltas for each in targets])).to(logits[0].device),
    )


def head_losses(rows: HeadRows, targets: list[Regions]) -> StageLoss:
    """Of the sampled regions of N images: what the head says of all of them in turn, and the targets of each image."""
    label = torch.from_numpy(np.concatenate([each.label for each in targets])).to(rows.logits.device)
    deltas = torch.from_numpy(np.concatenate([each.deltas for each in targets])).to(rows.logits.device)
    return head_loss(rows.logits, rows.deltas, label, deltas)


def _numbered(regions: list[Regions]) -> Tensor:
    """(R, 5) float32: number of the image, xyxy."""
    rows = [np.insert(each.boxes, 0, number, axis=1) for number, each in enumerate(regions)]
    return torch.from_numpy(np.concatenate(rows))


def not_finite(name: str, found: StepLosses, batch: Batch) -> str:
    """A sentence that names the loss and the images whose rows are not finite."""
    stage = found.head if name.startswith("head") and found.head is not None else found.rpn
    images = found.region_images if stage is found.head else found.anchor_images
    rows = stage.label_rows if name.endswith("label") else stage.box_rows
    broken = {images[row] for row in torch.nonzero(~torch.isfinite(rows)).flatten().tolist()}
    return f"The loss {name} is not finite, at {names([batch.files[number] for number in sorted(broken)])}."


def names(files: Sequence[Path]) -> str:
    """Paths as a list to read."""
    return ", ".join(str(file) for file in files)
