"""Traces to make scenes of: three objects that a made-up network knows, and two neighbours of which one is missed."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from app.document import Document
from app.wording import text
from detector.config import Settings
from detector.ground_truth import GroundTruth
from detector.pipeline import follow, inspect
from tests.helpers.evidence import make_evidence, make_first, make_head
from tests.helpers.networks import FakeNetwork

OBJECTS = np.array([[10, 10, 42, 42], [60, 20, 124, 84], [90, 100, 122, 132]], np.float32)
TRUTH = GroundTruth(OBJECTS, ("cat", "dog", "cat"))
IMAGE = np.random.default_rng(0).integers(0, 255, (160, 192, 3)).astype(np.uint8)

# Two classes; the network's pixels are the image's. Box 0 is the object's neighbour, box 1 the object's own.
NEIGHBOURS = GroundTruth(np.array([[0, 0, 40, 40], [10, 0, 50, 40]], np.float32), ("cat", "cat"))


@functools.cache
def three_objects_trace():
    return inspect(FakeNetwork(OBJECTS, (1, 2, 1)), IMAGE, TRUTH)


def neighbours_document():
    return Document(Path("a.png"), np.zeros((100, 100, 3), np.uint8), NEIGHBOURS)


def neighbours_trace(**changes):
    boxes = [[0, 0, 40, 40], [10, 0, 50, 40]]
    first = make_first(boxes, [0.9, 0.8])
    head = make_head([0, 1], [[0.05, 0.9, 0.05], [0.1, 0.8, 0.1]], [[boxes[0]] * 2, [boxes[1]] * 2])
    settings = Settings()
    for key, value in {"proposals.min_side": 1.0, "detections.nms_iou": 0.5, **changes}.items():
        settings = settings.with_value(key.replace("__", "."), value)
    return follow(make_evidence(first, head), settings, NEIGHBOURS)


def messages_of(scene):
    """Every message of a scene."""
    for card in scene.cards:
        yield from (message for message, _ in card.counts)
        if card.reason is not None:
            yield card.reason
    for row in scene.objects:
        yield from (row.name, row.verdict)
    yield from scene.warnings
    yield from (mark.label for mark in scene.marks if mark.label is not None)
    yield from (arrow.label for arrow in scene.arrows)
    for cell in scene.cells:
        yield from (cell.title, *(shape.tip for shape in cell.shapes))
    if scene.details is not None:
        yield from messages_told(scene.details.explanation)


def messages_told(told):
    """Every message of an explanation."""
    yield from (told.title, told.verdict.label, told.geometry, *told.why, *told.notes)
    yield from (each for each in (told.verdict.sentence, told.outcome, told.headline, told.facts_title) if each)
    for fact in (*told.facts, *(fact for section in told.sections for fact in section.facts)):
        yield from (fact.name, fact.value)
    yield from (section.title for section in told.sections)
    yield from (message for message, _ in told.links)


def all_texts(scene):
    texts = [text(message) for message in messages_of(scene)]
    for said, message in zip(texts, messages_of(scene), strict=True):
        assert said != message.id, message  # `text` gives the id where something does not fit
    return texts
