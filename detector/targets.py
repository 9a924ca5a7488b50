"""What the two stages of the network should have said: the training targets, in numpy.

    anchors, ground truth            --anchor_targets-->  sampled anchors, labels, deltas     (trains the RPN)
    RPN outputs                      --propose-->         proposals
    proposals, ground truth          --sample_regions-->  sampled regions, classes, deltas    (trains the head)

Shapes: A anchors; P proposals; G objects; S sampled rows.
Pixels: network pixels throughout.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detector.anchors import AnchorGrid
from detector.assignment import NEGATIVE, POSITIVE, assign, sample
from detector.boxes import Bools, Floats, Ints, clip, decode, encode, has_area, iou, scale
from detector.config import AssignmentSettings, ProposalSettings, Settings
from detector.evidence import FirstStage
from detector.ground_truth import GroundTruth
from detector.proposals import follow_proposals


@dataclass(frozen=True, slots=True, eq=False)
class Objects:
    """The objects of one image as training uses them: every one has an area and a class the model knows.

    Attributes:
        boxes: (G, 4) float32 in network pixels.
        numbers: (G,) int64 class numbers, 1..K.
    """

    boxes: Floats
    numbers: Ints


@dataclass(frozen=True, slots=True, eq=False)
class AnchorTargets:
    """The RPN's mini-batch of one image.

    Attributes:
        rows: (S,) int64 anchor rows.
        label: (S,) int64: 1 positive, 0 negative.
        deltas: (S, 4) float32 from the anchor to its own best object; 0 for negatives.
        matched: (S,) int64 that object, for negatives too; -1 where it overlaps none.
    """

    rows: Ints
    label: Ints
    deltas: Floats
    matched: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """The head's mini-batch of one image.

    Attributes:
        boxes: (S, 4) float32.
        label: (S,) int64 class number, 0 background.
        deltas: (S, 4) float32 from the region to its object, divided by `head.box_std`; 0 for background.
        source: (S,) int64 place among the P proposals; P + g for the object g that was appended.
        matched: (S,) int64 its own best object, for background too; -1 where it overlaps none.
        iou: (S,) float32 IoU with that object.
    """

    boxes: Floats
    label: Ints
    deltas: Floats
    source: Ints
    matched: Ints
    iou: Floats


def trained_on(ground_truth: GroundTruth) -> Bools:
    """(G,) False for the objects that training leaves out: without area, VOC's difficult and COCO's crowd objects.

    Who clips them to the image leaves out those that lie outside it as well: see `within_image`.
    """
    kept: Bools = ground_truth.has_area & ~ground_truth.difficult & ~ground_truth.crowd
    return kept


def within_image(boxes: Floats, scale_xy: tuple[float, float], image_hw: tuple[int, int]) -> tuple[Floats, Bools]:
    """Objects as the network meets them.

    Args:
        boxes: (G, 4) in image pixels.
        scale_xy: network pixels per image pixel.
        image_hw: of the network's image.

    Returns:
        boxes: (G, 4) in network pixels, clipped.
        inside: (G,) False where no area is left: the object lies outside the image, and no box can learn from it.
    """
    clipped = clip(scale(boxes, scale_xy), image_hw)
    return clipped, has_area(clipped)


def anchor_targets(
    grid: AnchorGrid,
    objects: Objects,
    image_hw: tuple[int, int],
    settings: AssignmentSettings,
    generator: np.random.Generator,
) -> AnchorTargets:
    """Assign, sample and encode (Faster R-CNN, sections 3.1.2 and 3.1.3).

    The mini-batch is drawn from `generator`, anew at each step; the one that `assign` draws from `assignment.seed` is
    what a viewer shows.
    """
    assigned = assign(grid.boxes, objects.boxes, image_hw, settings)
    rows = np.flatnonzero(sample(assigned.label, settings.batch_size, settings.positive_fraction, generator))
    label = assigned.label[rows].astype(np.int64)
    deltas = np.zeros((len(rows), 4), np.float32)
    positive = np.flatnonzero(label == POSITIVE)
    deltas[positive] = encode(grid.boxes[rows[positive]], objects.boxes[assigned.matched[rows[positive]]])
    return AnchorTargets(rows, label, deltas, assigned.matched[rows])


def propose(
    grid: AnchorGrid,
    objectness: Floats,
    deltas: Floats,
    image_hw: tuple[int, int],
    settings: ProposalSettings,
    scale_xy: tuple[float, float],
) -> Floats:
    """Proposals for training, (P, 4) best first: the filters of inference with training's two counts (section 3.3).

    Args:
        grid: A anchors.
        objectness: (A,) probability of an object: the softmax of both logits, not one of them.
        deltas: (A, 4).
        image_hw: of the network's image.
        settings: thresholds of the first stage.
        scale_xy: network pixels per image pixel.
    """
    first = FirstStage(grid, objectness, deltas, clip(decode(grid.boxes, deltas), image_hw))
    return first.boxes[proposal_rows(first, settings, scale_xy)]


def proposal_rows(first: FirstStage, settings: ProposalSettings, scale_xy: tuple[float, float]) -> Ints:
    """The anchor rows of those proposals, (P,) best first; `first.boxes` has their boxes."""
    return follow_proposals(first, settings, scale_xy, training=True).kept


def sample_regions(proposals: Floats, objects: Objects, settings: Settings, generator: np.random.Generator) -> Regions:
    """Choose the regions that train the head (Fast R-CNN, section 2.3).

    Ground truth is appended to the proposals, so that from the first step on there are regions that fit. Surplus
    positives are left out at random; too few of them, or no object at all, is no error.
    """
    chosen = settings.roi_sampling
    candidates = np.concatenate([proposals, objects.boxes]) if chosen.append_ground_truth else proposals
    if len(objects.boxes):
        table = iou(candidates, objects.boxes)
        nearest = table.argmax(axis=1)
        best = table[np.arange(len(candidates)), nearest]
    else:
        nearest, best = np.zeros(len(candidates), np.int64), np.zeros(len(candidates), np.float32)

    side = np.full(len(candidates), -1, np.int8)
    side[(best >= chosen.negative_iou_low) & (best < chosen.negative_iou_high)] = NEGATIVE
    if len(objects.boxes):
        side[best >= chosen.positive_iou] = POSITIVE
    rows = np.flatnonzero(sample(side, chosen.batch_size, chosen.positive_fraction, generator))

    positive = side[rows] == POSITIVE
    label = np.zeros(len(rows), np.int64)
    deltas = np.zeros((len(rows), 4), np.float32)
    targets = nearest[rows[positive]]
    label[positive] = objects.numbers[targets]
    std = np.array(settings.head.box_std, np.float32)
    deltas[positive] = encode(candidates[rows[positive]], objects.boxes[targets]) / std
    # with a threshold of 0 a region is positive for an object that it does not overlap
    matched = np.where((best[rows] > 0) | positive, nearest[rows], -1)
    return Regions(candidates[rows], label, deltas, rows, matched, best[rows])
