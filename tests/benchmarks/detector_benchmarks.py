"""The detector's stages against torchvision and against the classic loops."""

from __future__ import annotations

import statistics
from pathlib import Path

import numpy as np
import torch
import torchvision
from torch import nn
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection._utils import Matcher
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.ops import MultiScaleRoIAlign

from detector.anchors import AnchorGrid, anchor_grid
from detector.assignment import assign
from detector.boxes import clip, decode, frozen, iou
from detector.config import AssignmentSettings, Settings
from detector.datasets import open_dataset, read_image
from detector.evidence import Evidence, FirstStage, HeadOutputs, ImageInfo, ModelInfo
from detector.ground_truth import GroundTruth
from detector.models import load
from detector.models.presets import VOC_CLASSES
from detector.nms import nms
from detector.pipeline import follow, inspect
from tests.benchmarks.made_up import OBJECTS, classic_grid
from tests.benchmarks.registry import Result, benchmark, cpu_ms, paired_ms, timed_ms

CLASSIC = Settings()
SAMPLES = Path(__file__).parents[2] / "resources" / "samples"


def proposals(count: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` boxes as an RPN makes them: anchors of the classic grid, moved a little, with random scores."""
    generator = np.random.default_rng(0)
    rows = generator.permutation(22500)[:count]
    deltas = generator.normal(0, 0.25, (count, 4)).astype(np.float32)
    return clip(decode(classic_grid()[0].boxes[rows], deltas), (800, 800)), generator.random(count).astype(np.float32)


def nms_row(name: str, iou: float, at_least: int, limit: float) -> Result:
    boxes, scores = proposals(12000)
    tensors = torch.from_numpy(boxes), torch.from_numpy(scores)
    kept = nms(boxes, scores, iou).kept
    assert len(kept) >= at_least
    np.testing.assert_array_equal(kept, torchvision.ops.nms(*tensors, iou).numpy())
    ours, peer = paired_ms(lambda: nms(boxes, scores, iou), lambda: torchvision.ops.nms(*tensors, iou))
    target = f"12,000 boxes, IoU {iou}, {len(kept):,} kept, the same rows; ours names every suppressor"
    return Result(name, target, ours.median, "torchvision.ops.nms", peer.median, limit, worst=ours.worst)


@benchmark
def nms_12000() -> Result:
    return nms_row("nms_12000", 0.7, 2000, 0.6)


@benchmark
def nms_12000_low() -> Result:
    return nms_row("nms_12000_low", 0.3, 100, 1.5)


def evidence_of(grid: AnchorGrid, image_hw: tuple[int, int], head: HeadOutputs | None = None) -> Evidence:
    """Anchors moved a little, with objectness that never ties."""
    generator = np.random.default_rng(1)
    logits = generator.permutation(np.linspace(-8, 3, len(grid))).astype(np.float32)
    deltas = generator.normal(0, 0.1, (len(grid), 4)).astype(np.float32)
    first = FirstStage(
        grid,
        frozen(torch.sigmoid(torch.from_numpy(logits)).numpy()),
        frozen(deltas),
        frozen(clip(decode(grid.boxes, deltas), image_hw)),
    )
    info = ModelInfo("made up", VOC_CLASSES)
    head = head or HeadOutputs.empty(len(VOC_CLASSES))
    return Evidence("", ImageInfo("", image_hw, image_hw), info, CLASSIC, first, head)


def head_logits(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores and normalised deltas of so many regions; some five classes of each pass the minimum score."""
    generator = np.random.default_rng(2)
    logits = generator.normal(0, 1.5, (rows, len(VOC_CLASSES) + 1)).astype(np.float32)
    return logits, generator.normal(0, 0.5, (rows, len(VOC_CLASSES) + 1, 4)).astype(np.float32)


def head_outputs(rows: np.ndarray, boxes: np.ndarray, logits: np.ndarray, deltas: np.ndarray) -> HeadOutputs:
    """What `pipeline.complete` makes of what the head says, with torch's softmax in place of the model's."""
    scores = torch.softmax(torch.from_numpy(logits), -1).numpy()
    order = np.argsort(rows)
    std = np.asarray(CLASSIC.head.box_std, np.float32)
    decoded = clip(decode(boxes, deltas[:, 1:] * std), (800, 800))
    return HeadOutputs(frozen(rows[order]), frozen(scores[order]), frozen(decoded[order]))


@benchmark
def follow_torchvision() -> Result:
    """Both decode the head's boxes and take the softmax.

    RPN boxes are decoded before on either side. Ours are also clipped and have their scores before, as `Evidence` keeps
    them; the peer clips and scores them within what is timed.
    """
    evidence = evidence_of(*classic_grid())
    first = evidence.first
    kept = follow(evidence, CLASSIC).proposals.kept
    logits, deltas = head_logits(len(kept))
    boxes = first.boxes[kept]

    def ours() -> object:
        head = head_outputs(kept, boxes, logits, deltas)
        return follow(Evidence("", evidence.image, evidence.model, CLASSIC, first, head), CLASSIC)

    rpn, roi = torchvision_filters()
    objectness = torch.logit(torch.from_numpy(first.objectness.copy()).double()).float()[None]
    raw = torch.from_numpy(decode(first.grid.boxes, first.deltas))[None]
    said, shifts = torch.from_numpy(logits), torch.from_numpy(deltas.reshape(len(kept), -1))

    def peer() -> object:
        found, _ = rpn.filter_proposals(raw, objectness, [(800, 800)], [len(first.objectness)])
        return found, roi.postprocess_detections(said, shifts, found, [(800, 800)])

    trace, (found, (their_boxes, their_scores, their_labels)) = ours(), peer()
    assert len(kept) == 300
    np.testing.assert_array_equal(found[0].numpy(), boxes)
    rows = trace.detections.kept
    np.testing.assert_array_equal(their_labels[0].numpy(), trace.detections.label[rows])
    np.testing.assert_array_equal(their_scores[0].numpy(), trace.detections.score[rows])
    np.testing.assert_allclose(their_boxes[0].numpy(), trace.detections.boxes[rows], atol=1e-3)
    mine, theirs = paired_ms(ours, peer, 21)
    candidates = int((trace.detections.score > CLASSIC.detections.min_score).sum())
    target = f"22,500 anchors, 6,000 to NMS, 300 kept, {candidates:,} candidates, {len(rows)} detections; same rows"
    return Result(
        "follow_torchvision", target, mine.median, "filter + postprocess", theirs.median, 1.0, worst=mine.worst
    )


def torchvision_filters():
    """torchvision's RPN and RoI head with the classic numbers; only their filters are called."""
    backbone = nn.Conv2d(3, 8, 1)
    backbone.out_channels = 8
    stages = CLASSIC.proposals, CLASSIC.detections
    network = FasterRCNN(
        backbone, len(VOC_CLASSES) + 1,
        rpn_anchor_generator=AnchorGenerator((CLASSIC.anchors.sizes,), (CLASSIC.anchors.ratios,)),
        box_roi_pool=MultiScaleRoIAlign(["0"], 7, 2),
        rpn_pre_nms_top_n_test=stages[0].pre_nms_top_n, rpn_post_nms_top_n_test=stages[0].post_nms_top_n,
        rpn_nms_thresh=stages[0].nms_iou, box_score_thresh=stages[1].min_score, box_nms_thresh=stages[1].nms_iou,
        box_detections_per_img=stages[1].max_detections,
    ).eval()  # fmt: skip
    network.rpn.min_size = stages[0].min_side
    return network.rpn, network.roi_heads


@benchmark
def threshold_proposal_nms() -> Result:
    evidence = evidence_of(*classic_grid())
    kept = np.arange(len(evidence.first.grid))
    head = head_outputs(kept, evidence.first.boxes, *head_logits(len(kept)))  # whatever is let through, it is known
    evidence = Evidence("", evidence.image, evidence.model, CLASSIC, evidence.first, head)
    truth = GroundTruth(OBJECTS, VOC_CLASSES[:2])
    trace = follow(evidence, CLASSIC, truth)
    found = {
        value: timed_ms(
            lambda value=value: follow(evidence, CLASSIC.with_value("proposals.nms_iou", value), truth, trace)
        )
        for value in (0.3, 0.5, 0.6, 0.8, 0.9, 0.95, 0.99)
    }
    slowest = max(found, key=lambda value: found[value].median)
    target = (
        f"follow after another proposal NMS IoU, 6,000 boxes spread evenly; the slowest of 0.3 ... 0.99 is {slowest}"
    )
    figure, worst = found[slowest]
    notes = {"median and worst ms by IoU": found}
    return Result("threshold_proposal_nms", target, figure, at_most=40, worst=worst, notes=notes)


def assignment_slider(name: str, feature_hw: tuple[int, int], settings: Settings, at_most: float) -> Result:
    """The share of `follow`; painting has a benchmark of its own."""
    image_hw = (feature_hw[0] * settings.anchors.stride, feature_hw[1] * settings.anchors.stride)
    evidence = evidence_of(anchor_grid(settings.anchors, feature_hw), image_hw)
    generator = np.random.default_rng(3)
    corner = generator.random((20, 2)) * np.array(image_hw[::-1]) * 0.8
    boxes = np.concatenate([corner, corner + 30 + generator.random((20, 2)) * 200], axis=1).astype(np.float32)
    truth = GroundTruth(boxes, ("dog",) * 20)
    trace = follow(evidence, settings, truth)
    moves = [settings.with_value("assignment.positive_iou", value) for value in (0.4, 0.5, 0.6, 0.8)]
    times = [cpu_ms(lambda each=each: follow(evidence, each, truth, trace)) for _ in range(9) for each in moves]
    target = (
        f"follow after another positive IoU, {len(evidence.first.grid):,} anchors, 20 objects; painting not counted"
    )
    return Result(name, target, statistics.median(times), at_most=at_most, worst=max(times))


@benchmark
def assignment_slider_22500() -> Result:
    return assignment_slider("assignment_slider_22500", (50, 50), CLASSIC, 24)


@benchmark
def assignment_slider_217413() -> Result:
    # 219,024 anchors: torchvision's 217,413 lie on five maps of other strides
    return assignment_slider("assignment_slider_217413", (156, 156), CLASSIC, 40)


@benchmark
def assignment_torchvision() -> Result:
    anchors = classic_grid()[0].boxes
    settings = AssignmentSettings(leave_out_outside=False)
    a, g, matcher = torch.from_numpy(anchors.copy()), torch.from_numpy(OBJECTS), Matcher(0.7, 0.3, True)

    def ours():
        return assign(anchors, OBJECTS, (800, 800), settings)

    def peer():
        return matcher(torchvision.ops.box_iou(g, a))

    expected = peer().numpy()
    np.testing.assert_array_equal(ours().label == 1, expected >= 0)
    np.testing.assert_array_equal(ours().label == 0, expected == Matcher.BELOW_LOW_THRESHOLD)
    mine, theirs = paired_ms(ours, peer, 51)
    target = "22,500 anchors, 2 objects, the same labels; ours with reasons and a sampled mini-batch"
    return Result(
        "assignment_torchvision", target, mine.median, "box_iou + Matcher", theirs.median, 1.0, worst=mine.worst
    )


def nested_loop(anchors: np.ndarray, objects: np.ndarray) -> np.ndarray:
    """Labels as the notebooks that circulate make them: each anchor against each object, rows of numpy arrays."""
    ious = np.empty((len(anchors), len(objects)), dtype=np.float32)
    for i, anchor in enumerate(anchors):
        xa1, ya1, xa2, ya2 = anchor
        anchor_area = (ya2 - ya1) * (xa2 - xa1)
        for j, box in enumerate(objects):
            xb1, yb1, xb2, yb2 = box
            box_area = (yb2 - yb1) * (xb2 - xb1)
            inter_x1 = max([xb1, xa1])
            inter_y1 = max([yb1, ya1])
            inter_x2 = min([xb2, xa2])
            inter_y2 = min([yb2, ya2])
            if (inter_x1 < inter_x2) and (inter_y1 < inter_y2):
                inter_area = (inter_y2 - inter_y1) * (inter_x2 - inter_x1)
                ious[i, j] = inter_area / (anchor_area + box_area - inter_area)
            else:
                ious[i, j] = 0.0
    best = ious.max(axis=1)
    label = np.full(len(anchors), -1, np.int8)
    label[best < 0.3] = 0
    label[np.where(ious == ious.max(axis=0))[0]] = 1
    label[best >= 0.7] = 1
    return label


@benchmark
def assignment_loop() -> Result:
    anchors = classic_grid()[0].boxes
    settings = AssignmentSettings(leave_out_outside=False)

    def ours():
        return assign(anchors, OBJECTS, (800, 800), settings)

    np.testing.assert_array_equal(ours().label, nested_loop(anchors, OBJECTS))
    mine, theirs = paired_ms(ours, lambda: nested_loop(anchors, OBJECTS), 15)
    target = "22,500 anchors, 2 objects, the same labels: 150 times as fast"
    return Result(
        "assignment_loop", target, mine.median, "nested loop over arrays", theirs.median, 1 / 150, worst=mine.worst
    )


@benchmark
def features_vgg16() -> Result:
    """Random weights of VGG16 are the same work; whether boxes agree can only be seen on the model that is trained."""
    plain, half = (load("vgg16", "cpu", None, half_backbone=each) for each in (False, True))
    image = np.random.default_rng(0).integers(0, 256, (800, 800, 3), np.uint8)
    mine, theirs = paired_ms(lambda: half.features(image, CLASSIC, int), lambda: plain.features(image, CLASSIC, int), 3)
    agreement = half_agreement()
    assert agreement["lowest IoU"] > 0.9
    assert agreement["largest score difference"] < 0.02
    target = "VGG16 features at 800 x 800, half_backbone (bf16, channels last); compact finds the same boxes with it"
    return Result(
        "features_vgg16", target, mine.median, "plain float32 call", theirs.median, 1 / 2.4,
        worst=mine.worst, notes=agreement,
    )  # fmt: skip


def half_agreement() -> dict[str, float]:
    """The shipped model with and without half_backbone on its samples: the detections over 0.5 in pairs."""
    plain, half = (load("compact", "cpu", half_backbone=each) for each in (False, True))
    pairs, overlaps, differences = 0, [1.0], [0.0]
    for sample in open_dataset(SAMPLES):
        image = read_image(sample.image_path)
        wanted, got = (confident(inspect(model, image).to_dict()) for model in (plain, half))
        assert len(wanted) == len(got)
        table = iou(*(np.array([row["box"] for row in rows], np.float32) for rows in (wanted, got)))
        for row, other in enumerate(table.argmax(axis=1).tolist()):
            assert wanted[row]["label"] == got[other]["label"]
            overlaps.append(float(table[row, other]))
            differences.append(abs(wanted[row]["score"] - got[other]["score"]))
        pairs += len(wanted)
    return {"pairs": pairs, "lowest IoU": min(overlaps), "largest score difference": max(differences)}


def confident(found: dict) -> list[dict]:
    return [row for row in found["detections"]["rows"] if row["score"] > 0.5]
