"""How good a model is on a dataset: COCO's average precision, and what became of every object.

    for each annotated image:   image, ground truth  --inspect-->  Trace  --Evaluator.add-->  columns and counts
    at the end:                 columns and counts   --Evaluator.result-->  Evaluation

Two halves, two rules. Average precision asks how well *all* detections that the model's settings keep are ranked. Found
and missed, with their causes, are the outcomes of `detector.outcome`: what is drawn at `matching.working_score`. An
object that is ignored takes no part in either; one of a class the model does not know is missed for that reason, and
its class has no average precision and no part in the mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from detector.average_precision import MAX_DETECTIONS, NO_PRECISION, ROW, Precision, Rows, average_precision, make_rows
from detector.config import Settings
from detector.datasets import Sample, read_image
from detector.evidence import ModelInfo
from detector.pipeline import Network, inspect
from detector.trace import Cause, Outcome, Trace


@dataclass(frozen=True, slots=True, eq=False)
class ClassFigures:
    """Of one class.

    Attributes:
        precision: all None where no object of the class counts, or the model does not know it.
        objects: how many count, that is without the ignored ones.
    """

    precision: Precision
    objects: int


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """A model on a dataset.

    Attributes:
        images: how many were looked at; all are annotated.
        precision: the means over the classes that have one; all None where none has.
        per_class: the model's classes in its order, then those it does not know, by name.
        found: objects; `missed` and `ignored` with it are all there are.
        causes: of the missed objects, those that occur, the most frequent first; they add up to `missed`.
    """

    model: ModelInfo
    settings: Settings
    images: int
    precision: Precision
    per_class: dict[str, ClassFigures]
    found: int
    missed: int
    ignored: int
    causes: dict[Cause, int]

    def to_dict(self) -> dict[str, Any]:
        """The JSON of the `evaluate` command; null for a precision that does not exist."""
        return {
            "schema": 1,
            "images": self.images,
            "map": self.precision.ap,
            "map50": self.precision.ap50,
            "map75": self.precision.ap75,
            "per_class": {
                name: {"ap": of.precision.ap, "ap50": of.precision.ap50, "objects": of.objects}
                for name, of in self.per_class.items()
            },
            "found": self.found,
            "missed": self.missed,
            "ignored": self.ignored,
            "causes": {str(cause): count for cause, count in self.causes.items()},
            "model": self.model.to_dict(),
            "settings": self.settings.to_dict(),
        }


def evaluate(model: Network, samples: Iterable[Sample], settings: Settings | None = None) -> Evaluation:
    """Run the detector on every annotated sample and add up what comes out.

    The first image that cannot be read ends it. Who wants to go on, to show how far it is, or to stop in between, goes
    over the samples with an `Evaluator`, as `app.evaluate_command` does.

    Args:
        samples: a dataset, or any samples; those without ground truth are left out.
        settings: None for the model's own.

    Raises:
        DatasetError: where an annotation or an image cannot be read.
    """
    settings = settings or model.settings
    evaluator = Evaluator(model.info, settings)
    for sample in samples:
        if sample.ground_truth is not None:
            evaluator.add(inspect(model, read_image(sample.image_path), sample.ground_truth, settings))
    return evaluator.result()


class Evaluator:
    """Adds up Traces made by one model under one choice of settings, and holds on to none of them.

    Kept of an image are its objects and its best detections, 29 bytes each.
    """

    def __init__(self, model: ModelInfo, settings: Settings) -> None:
        self.images = 0
        self._model = model
        self._settings = settings
        self._objects = [np.zeros(0, ROW)]
        self._detections = [np.zeros(0, ROW)]
        self._outcomes: Counter[Outcome] = Counter()
        self._causes: Counter[Cause] = Counter()
        self._unknown: Counter[str] = Counter()

    def add(self, trace: Trace) -> None:
        """One image more.

        Raises:
            ValueError: where the trace was followed without ground truth, or has rows that wait for the network.
        """
        truth, judgement, found = trace.ground_truth, trace.judgement, trace.detections
        if truth is None or judgement is None or len(found.waiting):
            raise ValueError("Only a complete Trace with ground truth can be evaluated.")
        ignored = truth.difficult | truth.crowd
        labels = np.array([self._model.class_number(label) for label in truth.labels], np.int64)
        best = found.kept[:MAX_DETECTIONS]
        boxes = trace.to_image(found.boxes[best])
        self._objects.append(make_rows(self.images, labels, truth.boxes, ignored=ignored))
        self._detections.append(make_rows(self.images, found.label[best], boxes, score=found.score[best]))
        self._outcomes.update(each.outcome for each in judgement.objects)
        self._causes.update(each.cause for each in judgement.objects if each.cause is not None)
        self._unknown.update(truth.labels[row] for row in np.flatnonzero((labels == 0) & ~ignored).tolist())
        self.images += 1

    def result(self) -> Evaluation:
        """The figures of all images so far."""
        per_class = self._per_class()
        return Evaluation(
            model=self._model,
            settings=self._settings,
            images=self.images,
            precision=_mean(each.precision for each in per_class.values()),
            per_class=per_class,
            found=self._outcomes[Outcome.FOUND],
            missed=self._outcomes[Outcome.MISSED],
            ignored=self._outcomes[Outcome.IGNORED],
            causes=dict(self._causes.most_common()),
        )

    def _per_class(self) -> dict[str, ClassFigures]:
        objects, detections = np.concatenate(self._objects), np.concatenate(self._detections)
        # One class at a time: in COCO's form a row takes some forty times the memory.
        known = {
            name: _class_figures(objects[objects["label"] == number], detections[detections["label"] == number])
            for number, name in enumerate(self._model.classes, 1)
        }
        return known | {name: ClassFigures(NO_PRECISION, count) for name, count in sorted(self._unknown.items())}


def _class_figures(objects: Rows, detections: Rows) -> ClassFigures:
    return ClassFigures(average_precision(objects, detections), int((~objects["ignored"]).sum()))


def _mean(precisions: Iterable[Precision]) -> Precision:
    """Over those that are not None."""
    there = [each for each in precisions if each != NO_PRECISION]
    return Precision(*np.array(there, np.float64).mean(axis=0).tolist()) if there else NO_PRECISION
