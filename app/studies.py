"""Work that nobody waits for, in the network thread: remedies, training mini-batches, what a setting does elsewhere.

A study is an iterator of answers. Between two of them, and within long work, `Asked.check` ends it as soon as something
more urgent is wanted. No Qt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.document import read_picture
from app.edit import Edit
from app.jobs import CountOn, FindRemedies, ReplayBatch, Study
from app.replayed import Replayed, draw_of
from app.sentences import say
from detector.datasets import DatasetError
from detector.evidence import Evidence, ModelInfo
from detector.pipeline import FeatureCache, complete, follow, observe
from detector.trace import Outcome, Trace
from detector.trace_reader import TraceReader

if TYPE_CHECKING:
    from detector.boxes import Ints
    from detector.config import Settings
    from detector.pipeline import Network

STUDY_ROWS = 64
"""So many regions go through the head at a time: a slider must not wait long for the network."""


class Asked(NamedTuple):
    """What a study may ask of the network thread.

    Attributes:
        model: None where none is loaded.
        check: raises `Cancelled` where something else is wanted.
        enrich: the head on more rows of the image on show.
    """

    model: Network | None
    features: FeatureCache
    check: Callable[[], None]
    enrich: Callable[[Evidence, Ints, NDArray[np.uint8]], Evidence]


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the objects of one image, before and after.

    Attributes:
        path: the image, as it was asked for.
        is_annotated: False where there is nothing to count, because nobody annotated it or it cannot be read.
        found: objects that are found only afterwards; `lost`: only before.
        false: how many more false positives there are afterwards; may be negative.
    """

    path: str
    is_annotated: bool
    found: int = 0
    lost: int = 0
    false: int = 0


def study(request: Study, asked: Asked) -> Iterator[object]:
    """The answers to a request, as they come."""
    if isinstance(request, FindRemedies):
        yield from _remedies(request, asked)
    elif isinstance(request, ReplayBatch):
        yield from _replays(request, asked)
    else:
        yield _counts(request, asked)


def _remedies(request: FindRemedies, asked: Asked) -> Iterator[object]:
    from detector.remedies import search_remedies

    trace, image = request.trace, request.document.image

    def enrich(evidence: Evidence, rows: Ints) -> Evidence:
        return asked.enrich(evidence, rows, image)

    is_there = asked.model is not None and _is_by(asked.model.info, request)
    yield from search_remedies(trace, request.object, enrich if is_there else None, asked.check, request.known)


def _is_by(model: ModelInfo, request: FindRemedies | ReplayBatch) -> bool:
    """The same weights; the head of another model would say something else. Those of a case are known by their hash."""
    evidence = request.trace.evidence
    return model == evidence.model and not (model.sha256 is None and request.document.holds(evidence))


def _replays(request: ReplayBatch, asked: Asked) -> Iterator[Replayed]:
    from detector.replay import replay

    trace = request.trace
    draw = draw_of(trace)
    if draw is None:
        return
    speaker = trace.evidence.model
    if asked.model is None or not _is_by(asked.model.info, request):
        yield Replayed(draw, None, say("replay.needs_model", name=speaker.name))
        return
    image, truth = request.document.image, trace.ground_truth
    found = replay(
        asked.model, trace.evidence, image, truth, trace.settings, cache=asked.features, check=asked.check
    )  # fmt: skip
    yield Replayed(draw, found)


def _objects(request: CountOn) -> Edit | None:
    """The objects of an image; None where nobody has annotated it."""
    if request.edit is not None:
        return request.edit if request.edit.ground_truth is not None else None
    store = request.stores.of(request.path)
    annotation = None if store is None else store.read(request.path).annotation
    return None if annotation is None else Edit.of(annotation)


def _counts(request: CountOn, asked: Asked) -> Counts:
    path = str(request.path)
    try:
        objects = _objects(request)
        if asked.model is None or objects is None:
            return Counts(path, is_annotated=False)  # without a look at the picture, which takes longest
        document = read_picture(request.path).with_edit(objects)
    except DatasetError:
        return Counts(path, is_annotated=False)
    asked.check()
    # Its features are of no use later; those of the image on show stay where they are.
    model, features = asked.model, FeatureCache(0)
    evidence = observe(model, document.image, request.before, cache=features, check=asked.check)

    def traced(evidence: Evidence, settings: Settings, previous: Trace | None = None) -> Trace:
        trace = follow(evidence, settings, document.ground_truth, previous)
        while len(trace.detections.waiting):
            asked.check()
            rows = trace.detections.waiting[:STUDY_ROWS]
            evidence = complete(model, evidence, rows, document.image, cache=features)
            trace = follow(evidence, settings, document.ground_truth, trace)
        return trace

    before = traced(evidence, request.before)
    after = traced(before.evidence, request.after, before)
    found, found_then = _found(before), _found(after)
    false = len(TraceReader(after).false_positives()) - len(TraceReader(before).false_positives())
    return Counts(path, True, len(found_then - found), len(found - found_then), false)


def _found(trace: Trace) -> set[int]:
    """The objects that are found."""
    objects = () if trace.judgement is None else trace.judgement.objects
    return {number for number, each in enumerate(objects) if each.outcome is Outcome.FOUND}
