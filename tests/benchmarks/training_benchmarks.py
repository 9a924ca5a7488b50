"""The compact model, trained from scratch on photographs, against torchvision's FasterRCNN given as many minutes."""

from __future__ import annotations

import dataclasses
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from detector.average_precision import average_precision, make_rows
from detector.datasets import open_dataset, read_image
from detector.evaluation import evaluate
from detector.models import load
from detector.training import TrainingOptions, train
from detector.training_data import classes_of
from tests.benchmarks.registry import Result, long_benchmark
from tests.benchmarks.torchvision_peer import Peer, peer_data

OPTIONS = TrainingOptions(epochs=24, augmentation="any_way_up", half_backbone=True)
"""Those of the README's training command."""

SEEDS = (0, 1, 2)
LEAST_AP50 = 0.86


@long_benchmark
def training_bccd() -> list[Result]:
    """Takes about 100 minutes on one thread: three seeds of ours, and as long for each of the peer."""
    torch.set_num_threads(1)
    root = os.environ.get("BOXSCOPE_BCCD")
    if not root:
        raise SystemExit("training_bccd needs the BCCD photographs: name their folder in BOXSCOPE_BCCD.")
    samples, test = list(open_dataset(root, "train")), list(open_dataset(root, "test"))
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    minutes, steps = [], []
    with tempfile.TemporaryDirectory() as folder:
        for seed in SEEDS:
            began = time.process_time()
            weights = Path(folder) / f"{seed}.safetensors"
            _train_ours(samples, weights, seed)
            spent = time.process_time() - began
            model = load(str(weights))
            precision = evaluate(model, test).precision
            assert precision.ap50 is not None
            assert precision.ap is not None
            ours.append((precision.ap50, precision.ap))
            peer = Peer(model.settings, classes_of(samples), seed)
            peer.train(peer_data(samples, peer.classes), OPTIONS, spent)
            theirs.append(peer_precision(peer, test))
            minutes.append(spent / 60)
            steps.append(peer.steps)
    cost = {"minutes": minutes, "peer_steps": steps}
    rows = []
    for name, unit, place, at_least in (("training_ap50", "mAP@0.5", 0, LEAST_AP50), ("training_ap", "mAP", 1, None)):
        mine, others = [each[place] for each in ours], [each[place] for each in theirs]
        target = f"{unit}, BCCD test, median of {len(SEEDS)} seeds: ours {_listed(mine)}, peer {_listed(others)}"
        notes = {"ours": mine, "peer": others} | cost
        figure, peer_figure = statistics.median(mine), statistics.median(others)
        rows.append(
            Result(
                name, target, figure, "torchvision FasterRCNN", peer_figure, at_least=at_least, unit=unit, notes=notes
            )
        )
    return rows


def _listed(values: list[float]) -> str:
    return " ".join(f"{value:.3f}" for value in values)


def _train_ours(samples: list, out: Path, seed: int) -> None:
    train(samples, out, options=dataclasses.replace(OPTIONS, seed=seed))


def peer_precision(peer: Peer, samples: list) -> tuple[float, float]:
    """mAP@0.5 and mAP, by the same rules as ours."""
    objects, detections = [], []
    numbers = {name: number for number, name in enumerate(peer.classes, 1)}
    for image, sample in enumerate(samples):
        truth = sample.ground_truth
        labels = [numbers[label] for label in truth.labels]
        objects.append(make_rows(image, labels, truth.boxes, ignored=truth.difficult | truth.crowd))
        boxes, scores, found = peer.detect(read_image(sample.image_path))
        detections.append(make_rows(image, found, boxes, score=scores))
    truth_rows, found_rows = np.concatenate(objects), np.concatenate(detections)
    per_class = [
        average_precision(truth_rows[truth_rows["label"] == number], found_rows[found_rows["label"] == number])
        for number in numbers.values()
    ]
    return statistics.mean(each.ap50 for each in per_class), statistics.mean(each.ap for each in per_class)
