"""The records of a training mini-batch: what was drawn, what it should have said, what each row costs. No torch.

`detector.replay` makes them.

Shapes: S sampled rows; G objects.
Pixels: network pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from detector.boxes import Floats, Ints

LOSSES = ("rpn_label", "rpn_box", "head_label", "head_box")
"""The names of the four losses, in the order in which a step of training computes them."""

HUGE = 25 * math.log(2)
"""A row whose own loss is above this, 17.3, is named.

Label: its probability is under 2^-25, so that the other classes' rounds to 1 in float32: no network can be surer, and
        it is wrong.
Box:    one of the four deltas misses by 4 or more. For the RPN that is by four sides of the anchor, or by 55 times its
        size. A head that moves nothing pays 7.5 at most for a region at IoU 0.5.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """What both mini-batches tell of their rows. All arrays are read-only.

    A share is a row's part of the stage's loss: its own loss divided by S, so that the shares add up to the loss.

    Attributes:
        label: (S,) int64 class number, 0 negative; of anchors 1 or 0.
        matched: (S,) int64 the row's own best object, for negatives too; -1 where it overlaps none that counts.
        targets: (S, 4) float32 deltas to that object; 0 for negatives. Of regions divided by `head.box_std`.
        label_share: (S,) float32.
        box_share: (S,) float32, 0 for negatives.
    """

    label: Ints
    matched: Ints
    targets: Floats
    label_share: Floats
    box_share: Floats

    @property
    def positives(self) -> int:
        """How many are not negative."""
        return int(np.count_nonzero(self.label))

    @property
    def negatives(self) -> int:
        """The others."""
        return len(self.label) - self.positives

    @property
    def label_loss(self) -> Floats:
        """(S,) each row's own cross-entropy, -ln of the probability of its label."""
        return self.label_share * np.float32(len(self.label))

    @property
    def box_loss(self) -> Floats:
        """(S,) each row's own smooth L1, summed over its four deltas."""
        return self.box_share * np.float32(len(self.label))


@dataclass(frozen=True, slots=True, eq=False)
class AnchorSamples(Samples):
    """The RPN's mini-batch.

    Attributes:
        rows: (S,) int64 anchor rows, ascending.
    """

    rows: Ints


@dataclass(frozen=True, slots=True, eq=False)
class RegionSamples(Samples):
    """The head's mini-batch: proposals, best first, then ground truth.

    Attributes:
        boxes: (S, 4) float32.
        anchor: (S,) int64 row of the anchor that proposed it, -1 for an appended ground-truth box.
        object: (S,) int64 number of the object whose box was appended, -1 for a proposal.
        iou: (S,) float32 IoU with its object, 0 where it overlaps none.
    """

    boxes: Floats
    anchor: Ints
    object: Ints
    iou: Floats


class OddLoss(NamedTuple):
    """A row whose loss is not finite, or above HUGE.

    Attributes:
        loss: name of the loss.
        sample: place in the mini-batch of that stage.
        value: the row's own loss.
    """

    loss: str
    sample: int
    value: float


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """Both mini-batches of one image, as one seed draws them.

    Attributes:
        seed: `assignment.seed`.
        regions: empty where the RPN's loss is not finite: as in training, nothing is proposed then.
        losses: by name, in the order of `LOSSES`; without the head's two where nothing is proposed.
        odd: rows to look at; those not finite first, then the largest.
        left_out: numbers of the objects, 0..G-1, that take no part.
    """

    seed: int
    anchors: AnchorSamples
    regions: RegionSamples
    losses: dict[str, float]
    odd: tuple[OddLoss, ...]
    left_out: tuple[int, ...]

    def samples(self, loss: str) -> Samples:
        """The mini-batch that a loss is of."""
        return self.anchors if loss.startswith("rpn") else self.regions

    def share(self, loss: str) -> Floats:
        """(S,) what each row adds to a loss."""
        samples = self.samples(loss)
        return samples.label_share if loss.endswith("label") else samples.box_share

    def own(self, loss: str) -> Floats:
        """(S,) each row's own loss, before it is divided by S."""
        samples = self.samples(loss)
        return samples.label_loss if loss.endswith("label") else samples.box_loss
