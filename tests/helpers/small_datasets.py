"""Datasets made up for one test: small images, any boxes, classes and flags, in VOC's layout; and comparing two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from PIL import Image

from detector.datasets.annotation import Annotation
from detector.datasets.voc_store import VocStore
from detector.ground_truth import GroundTruth

HW = (60, 90)


@dataclass(frozen=True)
class Made:
    """One image: its stem, what is known of it (None: not annotated), and its splits."""

    stem: str
    annotation: Annotation | None
    splits: tuple[str, ...]


def _truth(count, draw):
    def edge(limit):
        return st.floats(0, limit, width=32) | st.integers(0, limit).map(float)

    xs = [sorted((draw(edge(HW[1])), draw(edge(HW[1])))) for _ in range(count)]
    ys = [sorted((draw(edge(HW[0])), draw(edge(HW[0])))) for _ in range(count)]
    boxes = np.array([[x[0], y[0], x[1], y[1]] for x, y in zip(xs, ys, strict=True)], np.float32).reshape(-1, 4)
    # Below a hundredth of a pixel a box is of no use, and a centre and half a size do not give it back to the last bit.
    boxes[boxes < 0.01] = 0
    labels = [draw(st.sampled_from(["cat", "Hund", "traffic light", "no", "ä: b", "0"])) for _ in range(count)]
    flags = {name: [draw(st.booleans()) for _ in range(count)] for name in ("difficult", "truncated", "crowd")}
    return GroundTruth(boxes, labels, **flags)


@st.composite
def datasets(draw, annotated=False):
    """One to four images; with `annotated`, each has an annotation."""
    stems = draw(st.lists(st.sampled_from(["a", "b 2", "b 10", "ö"]), min_size=1, unique=True))
    made = []
    for stem in stems:
        known = annotated or draw(st.integers(0, 4)) > 0
        truth = _truth(draw(st.integers(0, 4)), draw) if known else None
        annotation = None if truth is None else Annotation(truth, (), draw(st.booleans()))
        made.append(Made(stem, annotation, draw(st.sampled_from([("train",), ("val",), ("train", "all"), ()]))))
    return made


def write_as_voc(root, made):
    """As a VOC root."""
    for part in ("JPEGImages", "Annotations", "ImageSets/Main"):
        (root / part).mkdir(parents=True)
    store = VocStore(root / "Annotations")
    for each in made:
        path = root / "JPEGImages" / f"{each.stem}.png"
        Image.new("L", HW[::-1]).save(path)
        if each.annotation is not None:
            store.write(path, HW, each.annotation, None)
    for split in dict.fromkeys(name for each in made for name in each.splits):
        lines = "".join(f"{each.stem}\n" for each in made if split in each.splits)
        (root / "ImageSets" / "Main" / f"{split}.txt").write_text(lines, encoding="utf-8")


def known(source):
    """What a source knows, by the stem of the image."""
    return {image.stem: source.read_row(row).annotation for row, image in enumerate(source.images)}


def assert_same(one, other, tolerance=0.0):
    """The same images with the same objects in the same order, flags and verified."""
    assert one.keys() == other.keys()
    for stem, first in one.items():
        second = other[stem]
        assert (first is None) == (second is None), stem
        if first is None:
            continue
        assert first.verified == second.verified, stem
        assert first.ground_truth.labels == second.ground_truth.labels, stem
        np.testing.assert_allclose(second.ground_truth.boxes, first.ground_truth.boxes, rtol=0, atol=tolerance)
        for flag in ("difficult", "truncated", "crowd"):
            np.testing.assert_array_equal(getattr(second.ground_truth, flag), getattr(first.ground_truth, flag))
