"""From an image to a Trace. READ THIS FIRST.

    image, Model, Settings  --observe-->  Evidence            slow: the network
    Evidence, Settings, ground truth  --follow-->  Trace      pure: no network, milliseconds
    Trace with waiting rows  --complete-->  richer Evidence   the head, for just those rows

`inspect` is all of it in one call. `follow` never touches the network: moving a threshold means following again. A
proposal that a setting lets through for the first time is *waiting* until `complete` has run the head on it.

Everything here is numpy; torch stands behind the `Network` protocol, which `detector.models.load` fulfils.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from detector.anchors import anchor_grid
from detector.assignment import Assignment, assign, reassign
from detector.boxes import Floats, Ints, clip, decode, frozen, has_area, scale
from detector.config import AssignmentSettings, Settings
from detector.detections import follow_detections
from detector.evidence import Evidence, FirstStage, HeadOutputs, ImageInfo, ModelInfo
from detector.ground_truth import GroundTruth
from detector.outcome import judge
from detector.proposals import follow_proposals
from detector.trace import Trace

MIN_HEAD_BATCH = 16
"""Smaller batches of regions are padded to this: matrix products of fewer rows differ in the last bit."""


class Cancelled(Exception):  # noqa: N818  # not an error: somebody asked for it
    """The work was cancelled between two stages."""


class Features(Protocol):
    """A feature map with what is needed to use it again; opaque to everyone but its Network."""

    network_hw: tuple[int, int]
    feature_hw: tuple[int, int]
    nbytes: int


class RpnOutputs(NamedTuple):
    """The RPN's raw outputs in anchor order.

    Attributes:
        logits: (A, 2) float32, background first.
        deltas: (A, 4) float32 (dx, dy, dw, dh).
    """

    logits: Floats
    deltas: Floats


class HeadLogits(NamedTuple):
    """The head's raw outputs for R regions.

    Attributes:
        logits: (R, K + 1) float32, background first.
        deltas: (R, K + 1, 4) float32, normalised by `head.box_std`.
    """

    logits: Floats
    deltas: Floats


class Network(Protocol):
    """What the pipeline needs of a model. Arrays in, arrays out; boxes in network pixels."""

    @property
    def info(self) -> ModelInfo:
        """Name, classes and the hash of the weights."""

    @property
    def settings(self) -> Settings:
        """The settings it was trained with and is best used with."""

    def feature_key(self, image: NDArray[np.uint8], settings: Settings) -> str:
        """Names all that a feature map depends on: the image, how it is resized, the weights, where it is computed."""

    def features(self, image: NDArray[np.uint8], settings: Settings, check: Callable[[], None]) -> Features:
        """Resize, normalise and run the backbone; `check` is called between layers and may raise Cancelled."""

    def rpn(self, features: Features, settings: Settings) -> RpnOutputs:
        """Objectness and deltas for every anchor."""

    def head(self, features: Features, boxes: Floats, settings: Settings) -> HeadLogits:
        """Class scores and per-class deltas for regions (R, 4)."""


class FeatureCache:
    """Feature maps of the images seen last, bounded in bytes; the least recently used one leaves first."""

    def __init__(self, max_bytes: int = 512_000_000) -> None:
        self._max_bytes = max_bytes
        self._held: OrderedDict[str, Features] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: str) -> Features | None:
        """The feature map, now the most recently used; None where it has left."""
        if key in self._held:
            self._held.move_to_end(key)
        return self._held.get(key)

    def put(self, key: str, features: Features) -> None:
        """Keep a feature map; older ones leave until all fit. The newest always stays."""
        self._held[key] = features
        self._held.move_to_end(key)
        while len(self._held) > 1 and sum(each.nbytes for each in self._held.values()) > self._max_bytes:
            self._held.popitem(last=False)

    def clear(self) -> None:
        """Let go of everything (another model)."""
        self._held.clear()


def _nothing() -> None:
    """No cancel button is there."""


def observe(
    model: Network,
    image: NDArray[np.uint8],
    settings: Settings | None = None,
    *,
    file: str = "",
    cache: FeatureCache | None = None,
    check: Callable[[], None] = _nothing,
    report: Callable[[str], None] = lambda stage: None,
) -> Evidence:
    """Run backbone and RPN on an image; the head has not been asked anything yet.

    Args:
        image: uint8 (H, W, 3) RGB.
        settings: None for the model's own.
        file: the image's name, for the record.
        cache: keeps the feature map, for `complete` and for other anchors or pooling on the same image; without one
            the backbone runs again.
        check: called between stages and layers; raises `Cancelled` where somebody asked for it.
        report: called with "backbone", then "rpn", as each begins.

    Raises:
        SettingsError: where the settings do not fit the model.
        ValueError: where the image is not of that shape.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
        raise ValueError(f"An image is a uint8 array of shape (H, W, 3), not {image.dtype} {image.shape}.")
    settings = settings or model.settings
    clock = _Clock()
    report("backbone")
    key = model.feature_key(image, settings)
    features = feature_map(model, image, settings, key, cache, check)
    backbone_ms = clock.lap()
    check()
    report("rpn")
    raw = model.rpn(features, settings)
    grid = anchor_grid(settings.anchors, features.feature_hw)
    first = FirstStage(
        grid=grid,
        objectness=frozen(softmax(raw.logits)[:, 1].copy()),
        deltas=frozen(raw.deltas),
        boxes=frozen(clip(decode(grid.boxes, raw.deltas), features.network_hw)),
    )
    info = ImageInfo(file, (int(image.shape[0]), int(image.shape[1])), features.network_hw)
    timings = {"backbone": backbone_ms, "rpn": clock.lap()}
    head = HeadOutputs.empty(len(model.info.classes))
    return Evidence(key, info, model.info, settings, first, head, timings)


def complete(
    model: Network,
    evidence: Evidence,
    rows: Ints,
    image: NDArray[np.uint8],
    *,
    cache: FeatureCache | None = None,
    check: Callable[[], None] = _nothing,
) -> Evidence:
    """Run the head on anchor rows it has not seen and hand back richer Evidence.

    Args:
        rows: (R,) anchor rows, such as `trace.detections.waiting`; those already known are left alone.
        image: the same image, for the case that its feature map has left the cache.
    """
    rows = np.unique(rows)
    rows = rows[evidence.head.find(rows) < 0]
    if len(rows) == 0:
        return evidence
    clock = _Clock()
    features = feature_map(model, image, evidence.settings, evidence.key, cache, check)
    check()
    boxes = evidence.first.boxes[rows]
    padded = np.concatenate([boxes, np.repeat(boxes[:1], max(0, MIN_HEAD_BATCH - len(boxes)), axis=0)])
    raw = model.head(features, padded, evidence.settings)
    deltas = raw.deltas[: len(rows), 1:] * np.asarray(evidence.settings.head.box_std, np.float32)
    newer = HeadOutputs(
        rows=frozen(rows),
        scores=frozen(softmax(raw.logits[: len(rows)])),
        boxes=frozen(clip(decode(boxes, deltas), evidence.image.network_hw)),
    )
    return evidence.with_head(newer, clock.lap())


def feature_map(
    model: Network,
    image: NDArray[np.uint8],
    settings: Settings,
    key: str,
    cache: FeatureCache | None,
    check: Callable[[], None],
) -> Features:
    """The feature map from the cache, or else from the backbone.

    Args:
        key: its name in the cache, `Evidence.key`.
    """
    features = None if cache is None else cache.get(key)
    if features is None:
        features = model.features(image, settings, check)
        if cache is not None:
            cache.put(key, features)
    return features


def follow(
    evidence: Evidence,
    settings: Settings,
    ground_truth: GroundTruth | None = None,
    previous: Trace | None = None,
) -> Trace:
    """Give every row of every stage its fate under these settings. Pure; no network.

    Args:
        ground_truth: in image pixels; None where it is not known (not the same as no objects).
        previous: a Trace made before; stages whose inputs are the same objects or values are taken over from it.
    """
    old = previous if previous is not None and previous.evidence.first is evidence.first else None
    scale_xy = evidence.image.scale_xy
    # A stage that is taken over keeps the time it took when it was made.
    timings = dict(old.timings_ms) if old else {}
    clock = _Clock()

    gt_boxes, warnings = old.gt_boxes if old else NO_BOXES, old.warnings if old else ()
    if ground_truth is None:
        gt_boxes, warnings = NO_BOXES, ()
    elif old is None or old.ground_truth is not ground_truth:
        gt_boxes = frozen(clip(scale(ground_truth.boxes, scale_xy), evidence.image.network_hw))
        warnings = _warnings(ground_truth, gt_boxes)

    assignment = None
    if ground_truth is None:
        timings.pop("assignment", None)
    elif old and old.gt_boxes is gt_boxes and old.settings.assignment == settings.assignment:
        assignment = old.assignment
    else:
        assignment = _assignment(evidence, gt_boxes, settings.assignment, old)
        timings["assignment"] = clock.lap()

    if old and old.settings.proposals == settings.proposals:
        proposals = old.proposals
    else:
        proposals = follow_proposals(evidence.first, settings.proposals, scale_xy)
        timings["proposals"] = clock.lap()

    same_rows = old is not None and old.evidence.head is evidence.head and old.proposals is proposals
    if old and same_rows and old.settings.detections == settings.detections:
        detections = old.detections
    else:
        head = evidence.head
        detections = follow_detections(head, proposals.kept, evidence.first.boxes, settings.detections, scale_xy)
        timings["detections"] = clock.lap()

    judgement = None
    unchanged = old is not None and old.detections is detections and old.gt_boxes is gt_boxes
    if ground_truth is None:
        timings.pop("judgement", None)
    elif old and unchanged and old.settings.matching == settings.matching:
        judgement = old.judgement
    else:
        judgement = judge(
            evidence, settings, ground_truth, gt_boxes, proposals, detections, old.judgement if old else None
        )
        timings["judgement"] = clock.lap()
    return Trace(
        evidence, settings, ground_truth, gt_boxes, assignment, proposals, detections, judgement, warnings, timings
    )


def inspect(
    model: Network,
    image: NDArray[np.uint8],
    ground_truth: GroundTruth | None = None,
    settings: Settings | None = None,
    *,
    file: str = "",
    check: Callable[[], None] = _nothing,
) -> Trace:
    """Network and thresholds in one call; nothing waits afterwards.

    Args:
        image: uint8 (H, W, 3) RGB.
        ground_truth: in image pixels; None where it is not known.
        settings: None for the model's own.
        file: the image's name, for the record.
    """
    settings = settings or model.settings
    cache = FeatureCache()
    evidence = observe(model, image, settings, file=file, cache=cache, check=check)
    # Proposals do not depend on the head: follow once to learn which rows it must see, then again.
    before = follow(evidence, settings)
    evidence = complete(model, evidence, before.detections.waiting, image, cache=cache, check=check)
    return follow(evidence, settings, ground_truth, previous=before)


NO_BOXES: Floats = frozen(np.zeros((0, 4), np.float32))


def softmax(logits: Floats) -> Floats:
    """Probabilities along the last axis, float32."""
    shifted: Floats = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shifted /= shifted.sum(axis=-1, keepdims=True)
    return shifted


def _assignment(evidence: Evidence, gt_boxes: Floats, settings: AssignmentSettings, old: Trace | None) -> Assignment:
    """New labels; from the overlaps known already where the same objects meet the same anchors."""
    known = None if old is None or old.gt_boxes is not gt_boxes else old.assignment
    if old and known and old.settings.assignment.leave_out_outside == settings.leave_out_outside:
        return reassign(known, settings)
    return assign(evidence.first.grid.boxes, gt_boxes, evidence.image.network_hw, settings)


def _warnings(truth: GroundTruth, gt_boxes: Floats) -> tuple[tuple[str, dict[str, Any]], ...]:
    """What is odd about the ground truth: boxes that take no part, or only in part."""
    found: list[tuple[str, dict[str, Any]]] = []
    without = np.flatnonzero(~truth.has_area)
    if len(without):
        found.append(("gt_without_area", {"objects": (without + 1).tolist()}))
    away = np.flatnonzero(truth.has_area & ~has_area(gt_boxes))
    if len(away):
        found.append(("gt_outside_image", {"objects": (away + 1).tolist()}))
    return tuple(found)


class _Clock:
    """Milliseconds since the last lap."""

    __slots__ = ("_since",)

    def __init__(self) -> None:
        self._since = time.perf_counter()

    def lap(self) -> float:
        now = time.perf_counter()
        since, self._since = self._since, now
        return (now - since) * 1e3
