"""What a model starts from where nobody says otherwise: its settings and its classes."""

from __future__ import annotations

from detector.config import (
    AnchorSettings,
    AssignmentSettings,
    DetectionSettings,
    HeadSettings,
    ImageSettings,
    ProposalSettings,
    Settings,
)

VOC_CLASSES = (
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog",
    "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip

COMPACT_SETTINGS = Settings(
    image=ImageSettings(min_side=360, max_side=640),
    anchors=AnchorSettings(sizes=(32, 80, 150)),
    # at this size a third of the anchors leaves the image, among them the best ones of every cut-off cell
    assignment=AssignmentSettings(leave_out_outside=False),
    proposals=ProposalSettings(min_side=4, train_pre_nms_top_n=2000, train_post_nms_top_n=2000),
    head=HeadSettings(pooling="align"),
    detections=DetectionSettings(nms_iou=0.45),
)
"""For microscope images of 640 x 480 pixels: smaller images and anchors than the classic ones, RoIAlign."""


def starting_settings(backbone: str) -> Settings:
    """The settings a new model with that backbone is trained with: the classic ones, but for `compact`."""
    return COMPACT_SETTINGS if backbone == "compact" else Settings()
