"""COCO files made for tests, and a look at one that owes nothing to the program."""

from __future__ import annotations

import json
import re

from PIL import Image

from detector.datasets import GroundTruth
from detector.datasets.annotation import Annotation

HW = (80, 100)


def picture(path, size=(HW[1], HW[0])):
    """A small image file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (90, 140, 190)).save(path)
    return path


def annotation(boxes=(), labels=(), verified=False, records=(), **flags):
    """An annotation of plain lists."""
    truth = GroundTruth(boxes, labels, **flags) if len(boxes) else GroundTruth.empty()
    return Annotation(truth, tuple(records), verified)


def without(stored, *rows):
    """What was read, without some objects."""
    truth, records = stored.annotation.ground_truth, stored.annotation.records
    kept = [row for row in range(len(truth)) if row not in rows]
    return picked(truth, records, kept, stored.annotation.verified)


def picked(truth, records, rows, verified=False):
    """Some objects in an order."""
    chosen = GroundTruth(
        truth.boxes[rows].reshape(-1, 4), [truth.labels[row] for row in rows], truth.difficult[rows],
        truth.truncated[rows], truth.crowd[rows],
    )  # fmt: skip
    return Annotation(chosen, tuple(records[row] for row in rows), verified)


def moved(stored, row, box):
    """What was read, with one box elsewhere."""
    truth = stored.annotation.ground_truth
    boxes = truth.boxes.copy()
    boxes[row] = box
    changed = GroundTruth(boxes, truth.labels, truth.difficult, truth.truncated, truth.crowd)
    return Annotation(changed, stored.annotation.records, stored.annotation.verified)


def elements(text, key):
    """(start, end) of each element of a list, found with Python's own json; the key must occur once."""
    (found,) = re.finditer(rf'"{key}"\s*:\s*\[', text)
    place, decoder, spans = found.end(), json.JSONDecoder(), []
    while True:
        place = re.compile(r"[\s,]*").match(text, place).end()
        if text[place] == "]":
            return spans
        spans.append((place, decoder.raw_decode(text, place)[1]))
        place = spans[-1][1]


def raws(text, key):
    """The text of each element of a list."""
    return [text[start:end] for start, end in elements(text, key)]
