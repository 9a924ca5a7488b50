"""Sampling replay: the mini-batches that a training step on this one image would draw, and what each row costs.

    ground truth, anchors      --anchor_targets-->   sampled anchors   --rpn_losses-->   rpn_label, rpn_box
    RPN outputs                --proposal_rows-->    proposals
    proposals, ground truth    --sample_regions-->   sampled regions   --head_losses-->  head_label, head_box

The parts are those of `detector.training_step`, called in its order with one generator of `assignment.seed`; the four
losses are those of a step on a batch of this image alone. What differs from a step of `train`: the image is not
augmented, the network is asked as it is for detection (batch normalisation with its kept averages), and the thresholds
are the ones given here, not those that the model was trained with.

Objects that training leaves out (without area, outside the image, difficult, crowd) are left out here, and so is one
whose class the model does not know, for which training would refuse the image. `Assignment.sampled` of a Trace is drawn
for all objects that have an area within the image. So the anchors are exactly those, unless such an object is in
`Replay.left_out`.

Shapes: S sampled rows; G objects.
Pixels: network pixels.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from detector.boxes import Ints, frozen
from detector.config import Settings
from detector.evidence import Evidence
from detector.ground_truth import GroundTruth
from detector.losses import StageLoss
from detector.mini_batch import HUGE, LOSSES, AnchorSamples, OddLoss, RegionSamples, Replay
from detector.pipeline import FeatureCache, Features, Network, feature_map
from detector.roi import HeadRows
from detector.targets import Objects, anchor_targets, proposal_rows, sample_regions, trained_on, within_image
from detector.training_step import StepLosses, head_losses, rpn_losses


def _nothing() -> None:
    """No cancel button is there."""


def replay(
    network: Network,
    evidence: Evidence,
    image: NDArray[np.uint8],
    ground_truth: GroundTruth | None,
    settings: Settings,
    *,
    cache: FeatureCache | None = None,
    check: Callable[[], None] = _nothing,
) -> Replay:
    """Draw the mini-batches of `settings.assignment.seed` and compute the loss of each row.

    Args:
        network: the one that the evidence is of.
        evidence: of this image; its settings decide what the network says, the others are taken from `settings`.
        image: the same image, for the case that its feature map has left the cache.
        ground_truth: in image pixels.
        settings: thresholds, counts and the seed.
        cache: as for `detector.pipeline.observe`.
        check: called between stages; raises `detector.pipeline.Cancelled` where somebody asked for it.

    Raises:
        ValueError: where there is no ground truth (no objects are no error).
    """
    if ground_truth is None:
        raise ValueError("Training draws its mini-batches for ground truth, and this image has none.")
    made_with = evidence.settings
    settings = dataclasses.replace(settings, image=made_with.image, anchors=made_with.anchors, head=made_with.head)
    features = feature_map(network, image, settings, evidence.key, cache, check)
    step = _Step(network, features, evidence, ground_truth, settings)
    check()
    anchors, rpn = step.anchors()
    check()
    regions, head = _NO_REGIONS, None
    if bool(torch.isfinite(rpn.total)):
        rows = step.proposals()
        check()
        regions, head = step.regions(rows)
        check()
    losses = StepLosses(rpn, head, [0] * len(anchors.label), [0] * len(regions.label)).named()
    return Replay(
        seed=settings.assignment.seed,
        anchors=anchors,
        regions=regions,
        losses={name: float(loss) for name, loss in losses.items()},
        odd=_odd(anchors, regions),
        left_out=tuple(np.setdiff1d(np.arange(len(ground_truth)), step.numbers).tolist()),
    )


class _Step:
    """A step of training on one image, stage by stage; its parts are called once each, in this order.

    Attributes:
        numbers: (G,) of the objects that train: their numbers in the ground truth.
    """

    def __init__(
        self, network: Network, features: Features, evidence: Evidence, ground_truth: GroundTruth, settings: Settings
    ) -> None:
        self._network, self._features, self._settings = network, features, settings
        self._first, self._image = evidence.first, evidence.image
        self._generator = np.random.default_rng(settings.assignment.seed)
        classes = np.array([evidence.model.class_number(label) for label in ground_truth.labels], np.int64)
        boxes, inside = within_image(ground_truth.boxes, self._image.scale_xy, self._image.network_hw)
        self.numbers = np.flatnonzero(trained_on(ground_truth) & inside & (classes > 0))
        self._objects = Objects(boxes[self.numbers], classes[self.numbers])

    def anchors(self) -> tuple[AnchorSamples, StageLoss]:
        """Draw the RPN's mini-batch, and its losses."""
        drawn = anchor_targets(
            self._first.grid, self._objects, self._image.network_hw, self._settings.assignment, self._generator
        )
        # Evidence keeps the probabilities, from which the logits do not come back.
        said = self._network.rpn(self._features, self._settings)
        loss = rpn_losses([torch.from_numpy(said.logits)], [torch.from_numpy(said.deltas)], [drawn])
        samples = AnchorSamples(
            label=frozen(drawn.label),
            matched=self._named(drawn.matched),
            targets=frozen(drawn.deltas),
            label_share=frozen(loss.label_rows.numpy()),
            box_share=frozen(loss.box_rows.numpy()),
            rows=frozen(drawn.rows),
        )
        return samples, loss

    def proposals(self) -> Ints:
        """The anchor rows of what the RPN proposes in training, best first."""
        return proposal_rows(self._first, self._settings.proposals, self._image.scale_xy)

    def regions(self, rows: Ints) -> tuple[RegionSamples, StageLoss]:
        """Draw the head's mini-batch from the proposals of those anchors, and its losses."""
        drawn = sample_regions(self._first.boxes[rows], self._objects, self._settings, self._generator)
        said = self._network.head(self._features, drawn.boxes, self._settings)
        loss = head_losses(HeadRows(torch.from_numpy(said.logits), torch.from_numpy(said.deltas)), [drawn])
        proposed, appended = np.full(len(rows), -1, np.int64), np.full(len(self.numbers), -1, np.int64)
        samples = RegionSamples(
            label=frozen(drawn.label),
            matched=self._named(drawn.matched),
            targets=frozen(drawn.deltas),
            label_share=frozen(loss.label_rows.numpy()),
            box_share=frozen(loss.box_rows.numpy()),
            boxes=frozen(drawn.boxes),
            anchor=frozen(np.concatenate([rows, appended])[drawn.source]),
            object=frozen(np.concatenate([proposed, self.numbers])[drawn.source]),
            iou=frozen(drawn.iou),
        )
        return samples, loss

    def _named(self, matched: Ints) -> Ints:
        """Numbers in the ground truth for those among the objects that train; -1 stays."""
        return frozen(np.append(self.numbers, -1)[matched])


def _odd(anchors: AnchorSamples, regions: RegionSamples) -> tuple[OddLoss, ...]:
    own = (anchors.label_loss, anchors.box_loss, regions.label_loss, regions.box_loss)
    found = [
        OddLoss(name, sample, float(values[sample]))
        for name, values in zip(LOSSES, own, strict=True)
        for sample in np.flatnonzero(~(values <= HUGE)).tolist()  # not "> HUGE": NaN is neither
    ]
    return tuple(sorted(found, key=lambda odd: -odd.value if math.isfinite(odd.value) else -math.inf))


def _no_regions() -> RegionSamples:
    whole, real, boxes = np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros((0, 4), np.float32)
    for each in (whole, real, boxes):
        frozen(each)
    return RegionSamples(whole, whole, boxes, real, real, boxes, whole, whole, real)


_NO_REGIONS = _no_regions()
