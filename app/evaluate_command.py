"""The command `evaluate`: a dataset and a model in, COCO's figures and the fate of every object out. No Qt.

The JSON goes to --out or stdout, a table of the same to stderr. Memory does not grow with the pixels: of an image only
its objects and its best detections are kept.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tqdm import tqdm

from app.headless import (
    DONE,
    INTERRUPTED,
    SOME_FAILED,
    WrongCallError,
    load_chosen,
    make_folder,
    tell,
    tell_failure,
)
from app.sentences import say
from app.wording import text
from detector.datasets import Dataset, DatasetError, open_dataset, read_image
from detector.datasets.files import write_atomic

if TYPE_CHECKING:
    from detector.config import Settings
    from detector.evaluation import Evaluation, Evaluator
    from detector.pipeline import Network


def evaluate(arguments: argparse.Namespace) -> int:
    """Evaluate; Ctrl+C ends it and writes nothing."""
    _check_out(arguments.out)
    dataset = _annotated(arguments.dataset, arguments.split, arguments.images)
    # torch comes last: a wrong call is answered at once
    model, settings = load_chosen(arguments)
    from detector.evaluation import Evaluator

    evaluator = Evaluator(model.info, settings)
    try:
        skipped = _run(evaluator, dataset, model, settings)
        if skipped.without_ground_truth:
            tell(f"Without ground truth, so left out: {skipped.without_ground_truth:,} of {len(dataset):,} images.")
        if skipped.failed:
            tell(f"Could not be evaluated, each named above: {skipped.failed:,} of {len(dataset):,} images.")
        if not evaluator.images:
            return SOME_FAILED
        found = evaluator.result()
    except KeyboardInterrupt:
        tell(f"Stopped after {evaluator.images:,} of {len(dataset):,} images; nothing was written.")
        return INTERRUPTED
    tell(table(found))
    return SOME_FAILED if not _write(found, arguments.out) or skipped.failed else DONE


class _Skipped(NamedTuple):
    """How many images have no part in the figures."""

    failed: int
    without_ground_truth: int


def _check_out(out: Path | None) -> None:
    """An hour's work should not end at a file that cannot be written."""
    if out is None:
        return
    if out.is_dir():
        raise WrongCallError(f"'{out}' is a folder; --out takes a file.")
    make_folder(out.parent)


def _annotated(path: Path, split: str | None, images: Path | None) -> Dataset:
    """The dataset, which has at least one annotated image."""
    try:
        dataset = open_dataset(path, split, images)
    except DatasetError as error:
        raise WrongCallError(str(error)) from error
    broken = []
    for sample in dataset.readable():
        if isinstance(sample, DatasetError):
            broken.append(str(sample))
        elif sample.ground_truth is not None:
            return dataset
    for sentence in broken:
        tell(sentence)
    raise WrongCallError(f"'{path}' has no ground truth to evaluate on.")


def _run(evaluator: Evaluator, dataset: Dataset, model: Network, settings: Settings) -> _Skipped:
    """Every annotated image through the detector; a broken one is named, and the rest goes on."""
    from detector.pipeline import inspect

    failed = without = 0
    bar = tqdm(dataset.readable(), "evaluate", len(dataset), unit="image", file=sys.stderr, disable=len(dataset) < 2)
    for sample in bar:
        if isinstance(sample, DatasetError):
            failed += 1
            tell(str(sample))
            continue
        if sample.ground_truth is None:
            without += 1
            continue
        for warning in sample.warnings:
            tell(warning)
        try:
            evaluator.add(inspect(model, read_image(sample.image_path), sample.ground_truth, settings))
        except Exception as error:
            failed += 1
            tell_failure(sample.image_path, error, "evaluated")
    return _Skipped(failed, without)


def _write(found: Evaluation, out: Path | None) -> bool:
    """The JSON to its file, or to stdout where there is none or it cannot be written."""
    content = found.to_dict()
    if out is not None:
        try:
            write_atomic(out, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False).encode())
            return True
        except DatasetError as error:
            tell(f"{error} The figures follow on stdout.")
    # A terminal may not have every letter of every class.
    sys.stdout.write(json.dumps(content, indent=1, allow_nan=False) + "\n")
    return out is None


def table(found: Evaluation) -> str:
    """What a person wants to know of it, as lines."""
    return "\n".join([*_class_lines(found), "", *_object_lines(found)])


def _class_lines(found: Evaluation) -> list[str]:
    rows: list[tuple[str, ...]] = [("CLASS", "OBJECTS", "AP", "AP@0.5", "AP@0.75")]
    rows += [
        (name, f"{of.objects:,}", *(_figure(value) for value in of.precision)) for name, of in found.per_class.items()
    ]
    total = sum(of.objects for of in found.per_class.values())
    rows.append(("mean of classes", f"{total:,}", *(_figure(value) for value in found.precision)))
    width = max(len(row[0]) for row in rows)
    return [f"{row[0]:<{width}}" + "".join(f"{cell:>9}" for cell in row[1:]) for row in rows]


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _object_lines(found: Evaluation) -> list[str]:
    matching = found.settings.matching
    lines = [
        f"Images {found.images:,}. At working score {matching.working_score:.2f} and IoU {matching.iou:.2f}: "
        f"found {found.found:,}, missed {found.missed:,}, not counted {found.ignored:,}."
    ]
    return lines + [f"{count:>9,}  {text(say(f'cause.{cause}.label'))}" for cause, count in found.causes.items()]
