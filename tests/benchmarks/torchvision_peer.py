"""torchvision's FasterRCNN on our compact backbone, trained on our batches: the peer of the training benchmark.

Same layers before the RPN, same anchors, numbers, images, changes of images, optimiser, schedule and running average.
What differs is what is compared: its anchor labels, proposals, sampling, losses and filters.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import MultiScaleRoIAlign

from detector.augmentation import AUGMENTATIONS
from detector.backbone import build_backbone
from detector.config import Settings
from detector.datasets import read_image
from detector.model import HIDDEN
from detector.optimisation import RunningAverage, learning_rate, make_optimiser
from detector.resize import network_size, normalised, resized
from detector.training import LEARNING_RATES, TrainingOptions
from detector.training_data import Batch, TrainingSet


class HalfBackbone(nn.Module):
    """Our backbone in bfloat16, and nothing else: torchvision's boxes would lose pixels in it."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = build_backbone("compact").to(memory_format=torch.channels_last)
        self.out_channels = self.inside.out_channels

    def forward(self, images: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            features = self.inside(images.contiguous(memory_format=torch.channels_last))
        return features.float().contiguous()


def build_peer(settings: Settings, classes: int) -> FasterRCNN:
    """The peer with our numbers: K classes, without background."""
    rpn, roi, proposals = settings.assignment, settings.roi_sampling, settings.proposals
    backbone = HalfBackbone()
    hidden = HIDDEN["compact"]
    return FasterRCNN(
        backbone,
        rpn_anchor_generator=AnchorGenerator((settings.anchors.sizes,), (settings.anchors.ratios,)),
        box_roi_pool=MultiScaleRoIAlign(["0"], 7, settings.head.sampling_ratio),
        box_head=TwoMLPHead(backbone.out_channels * 49, hidden),
        box_predictor=FastRCNNPredictor(hidden, classes + 1),
        rpn_pre_nms_top_n_train=proposals.train_pre_nms_top_n,
        rpn_post_nms_top_n_train=proposals.train_post_nms_top_n,
        rpn_pre_nms_top_n_test=proposals.pre_nms_top_n,
        rpn_post_nms_top_n_test=proposals.post_nms_top_n,
        rpn_nms_thresh=proposals.nms_iou,
        rpn_fg_iou_thresh=rpn.positive_iou,
        rpn_bg_iou_thresh=rpn.negative_iou,
        rpn_batch_size_per_image=rpn.batch_size,
        rpn_positive_fraction=rpn.positive_fraction,
        box_batch_size_per_image=roi.batch_size,
        box_positive_fraction=roi.positive_fraction,
        box_fg_iou_thresh=roi.positive_iou,
        box_bg_iou_thresh=roi.negative_iou_high,
        box_score_thresh=settings.detections.min_score,
        box_nms_thresh=settings.detections.nms_iou,
        box_detections_per_img=settings.detections.max_detections,
    )


class Peer:
    """The peer, its training and its detections.

    Attributes:
        steps: done.
    """

    def __init__(self, settings: Settings, classes: tuple[str, ...], seed: int) -> None:
        torch.manual_seed(seed)
        self.settings, self.classes, self.seed = settings, classes, seed
        self.network = build_peer(settings, len(classes))
        self.steps = 0

    def train(self, data: TrainingSet, options: TrainingOptions, cpu_seconds: float) -> None:
        """As many steps as fit into so many seconds of CPU time; how many that will be is estimated at every step."""
        generator = np.random.default_rng(self.seed)
        batches = data.batches(options.batch_size, self.settings.image, AUGMENTATIONS[options.augmentation], generator)
        optimiser = make_optimiser(self.network, options.weight_decay)
        average = RunningAverage(self.network, options.average)
        self.network.train()
        began = time.process_time()
        expected = 1000
        while (used := time.process_time() - began) < cpu_seconds:
            if self.steps >= 20:
                expected = max(self.steps + 1, round(self.steps * cpu_seconds / used))
            rate = learning_rate(self.steps, expected, LEARNING_RATES["compact"], options.warm_up)
            for group in optimiser.param_groups:
                group["lr"] = rate
            total = sum(self._losses(next(batches)).values())
            optimiser.zero_grad(set_to_none=True)
            total.backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), options.max_gradient)
            optimiser.step()
            average.update(self.network)
            self.steps += 1
        self.network.load_state_dict(average.state_dict())
        self.network.eval()

    @torch.no_grad()
    def detect(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Boxes (D, 4) in image pixels, scores (D,), class numbers (D,) from 1, of a uint8 (H, W, 3) image."""
        hw = network_size(image.shape[:2], self.settings.image)
        pixels = normalised(resized(image, hw)[0].float())[None]
        features = {"0": self.network.backbone(pixels)}
        proposals, _ = self.network.rpn(ImageList(pixels, [hw]), features)
        found = self.network.roi_heads(features, proposals, [hw])[0][0]
        scale = np.array([image.shape[1] / hw[1], image.shape[0] / hw[0]] * 2, np.float32)
        return found["boxes"].numpy() * scale, found["scores"].numpy(), found["labels"].numpy()

    def _losses(self, batch: Batch) -> dict[str, Tensor]:
        targets = [
            {"boxes": torch.from_numpy(each.boxes), "labels": torch.from_numpy(each.numbers)} for each in batch.objects
        ]
        features = {"0": self.network.backbone(batch.images)}
        images = ImageList(batch.images, batch.network_hw)
        proposals, losses = self.network.rpn(images, features, targets)
        _, more = self.network.roi_heads(features, proposals, batch.network_hw, targets)
        return losses | more


def peer_data(samples: list, classes: tuple[str, ...]) -> TrainingSet:
    """The same images as ours."""
    return TrainingSet(samples, classes, read_image)
