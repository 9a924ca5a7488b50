"""The four losses, row by row before they are summed, so that each row's share can be shown.

    L = label loss + box loss, for the RPN (Faster R-CNN, eq. 1) and for the head (Fast R-CNN, eq. 1 to 3)

Shapes: S sampled rows of all images of the batch together.
Label:  cross-entropy over 2 (RPN) or K + 1 (head) classes.
Box:    smooth L1 summed over the four deltas, of positive rows only (the paper's p*_i and [u >= 1]).
Normalised: each stage's two losses are divided by its own S, the rows of its mini-batch. The paper divides the RPN's
        box loss by the number of places (about 2400) and multiplies by 10, which comes to about the same and is, as it
        says, "not required"; dividing both by S needs no weight between the two (so do torchvision and py-faster-rcnn).
        They are not divided by the positive rows alone: one lone positive would then weigh as much as 128.
Beta:   where smooth L1 turns from a parabola into a line: 1/9 for the RPN (py-faster-rcnn's sigma 3), 1 for the head
        (whose deltas are normalised, so that 1 is about one standard deviation).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

RPN_BETA = 1.0 / 9
HEAD_BETA = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class StageLoss:
    """The two losses of one stage, as shares of each row.

    Attributes:
        label_rows: (S,) share of each row in the label loss; their sum is the loss.
        box_rows: (S,) share in the box loss, 0 for rows that are not positive.
    """

    label_rows: Tensor
    box_rows: Tensor

    @property
    def label(self) -> Tensor:
        """The label loss: a mean over the mini-batch; 0 where it is empty."""
        return self.label_rows.sum()

    @property
    def box(self) -> Tensor:
        """The box loss; 0, never NaN, where no row is positive."""
        return self.box_rows.sum()

    @property
    def total(self) -> Tensor:
        """Both together: the box loss is added, not the label loss a second time."""
        return self.label + self.box


def rpn_loss(logits: Tensor, deltas: Tensor, label: Tensor, targets: Tensor) -> StageLoss:
    """Losses of the sampled anchors (Faster R-CNN, section 3.1.2, eq. 1).

    Args:
        logits: (S, 2), background first.
        deltas: (S, 4).
        label: (S,) int64: 1 positive, 0 negative.
        targets: (S, 4) deltas from the anchor to its object; only positive rows are looked at.
    """
    return _stage_loss(logits, deltas, label, targets, RPN_BETA)


def head_loss(logits: Tensor, deltas: Tensor, label: Tensor, targets: Tensor) -> StageLoss:
    """Losses of the sampled regions (Fast R-CNN, section 2.3, eq. 1 to 3).

    Args:
        logits: (S, K + 1), background first.
        deltas: (S, K + 1, 4); only the set of the row's own class is looked at.
        label: (S,) int64 class, 0 background.
        targets: (S, 4) normalised deltas from the region to its object; only positive rows are looked at.
    """
    own = deltas[torch.arange(len(label), device=label.device), label]
    return _stage_loss(logits, own, label, targets, HEAD_BETA)


def _stage_loss(logits: Tensor, deltas: Tensor, label: Tensor, targets: Tensor, beta: float) -> StageLoss:
    count = max(len(label), 1)
    label_rows = functional.cross_entropy(logits, label, reduction="none")
    box_rows = functional.smooth_l1_loss(deltas, targets, reduction="none", beta=beta).sum(dim=1)
    # where, not a product: the targets of negative rows mean nothing
    box_rows = torch.where(label > 0, box_rows, torch.zeros_like(box_rows))
    return StageLoss(label_rows / count, box_rows / count)
