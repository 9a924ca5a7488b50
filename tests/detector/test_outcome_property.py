"""Outcomes, causes and kinds of false positives against a second reading of the rules, on thousands of random images.

The second reading goes pair by pair in plain Python and knows nothing of `detector.outcome` and `detector.causes`. It
takes from a Trace what other tests answer for: fates, suppressors, scores and boxes.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest

from detector.anchors import AnchorGrid
from detector.config import AnchorSettings, Settings
from detector.evidence import Evidence, FirstStage, HeadOutputs, ImageInfo, ModelInfo
from detector.ground_truth import GroundTruth
from detector.pipeline import follow
from detector.trace import Cause, DetectionFate, DetectionOutcome, Outcome, ProposalFate

F = np.float32
SIDE = 64

# --- the second reading ----------------------------------------------------------------------------------------------

AFTER_SCORE = [
    ("over_limit", DetectionFate.OVER_LIMIT),
    ("nms", DetectionFate.SUPPRESSED),
    ("detection_top_n", DetectionFate.BELOW_TOP_N),
    ("detection_too_small", DetectionFate.TOO_SMALL),
    ("duplicate_matched", DetectionFate.KEPT),
]
FIRST_STAGE = [
    ("proposal_limit", ProposalFate.OVER_LIMIT),
    ("proposal_nms", ProposalFate.SUPPRESSED),
    ("proposal_score", ProposalFate.BELOW_SCORE),
    ("top_n", ProposalFate.BELOW_TOP_N),
    ("too_small", ProposalFate.TOO_SMALL),
]


def overlap(a, b):
    """IoU of two boxes, each step rounded to 32 bits as in `detector.boxes`; 0 where there is nothing to divide."""
    width = max(min(a[2], b[2]) - max(a[0], b[0]), F(0))
    height = max(min(a[3], b[3]) - max(a[1], b[1]), F(0))
    shared = width * height
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / union if union else F(0)


def best_row(rows, score, iou):
    """The higher score, then the higher IoU, then the lower row; a score that is no number comes last."""
    chosen = rows[0]
    for row in rows[1:]:
        mine = (-math.inf if np.isnan(score[row]) else score[row], iou[row])
        best = (-math.inf if np.isnan(score[chosen]) else score[chosen], iou[chosen])
        if mine > best or (mine == best and row < chosen):
            chosen = row
    return chosen


@dataclass
class Reading:
    outcome: str
    cause: str | None
    detection: int
    facts: dict


class SecondReading:
    def __init__(self, trace):
        self.trace, self.truth, self.settings = trace, trace.ground_truth, trace.settings
        self.first, found = trace.evidence.first, trace.detections
        self.names = trace.evidence.model.classes
        self.t = F(self.settings.matching.iou)
        self.objects = [self.in_network_pixels(box) for box in self.truth.boxes]
        self.boxes, self.score, self.label = list(found.boxes), list(found.score), found.label.tolist()
        self.fate, self.by = found.fate.tolist(), found.suppressed_by.tolist()
        self.anchor, self.proposal = found.anchor.tolist(), found.proposal.tolist()
        self.rows = range(len(self.fate))
        self.early = trace.proposals.fate.tolist()
        self.iou = [[overlap(box, g) for g in self.objects] for box in self.boxes]
        self.passes = [
            score > F(self.settings.matching.working_score) and score > F(self.settings.detections.min_score)
            for score in self.score
        ]
        self.match()

    def in_network_pixels(self, box):
        height, width = self.trace.evidence.image.network_hw
        image_height, image_width = self.trace.evidence.image.image_hw
        factors, ends = (width / image_width, height / image_height) * 2, (width, height) * 2
        return [min(max(value * F(by), F(0)), F(end)) for value, by, end in zip(box, factors, ends, strict=True)]

    def number(self, g):
        return self.names.index(self.truth.labels[g]) + 1 if self.truth.labels[g] in self.names else 0

    def is_ignored(self, g):
        return bool(self.truth.difficult[g] or self.truth.crowd[g])

    def match(self):
        """Line 1."""
        self.taken, self.matched = {}, {}
        judged = [row for row in self.rows if self.fate[row] == DetectionFate.KEPT]
        judged = [row for row in judged if self.score[row] > F(self.settings.matching.working_score)]
        self.judged = sorted(judged, key=lambda row: (-self.score[row], row))
        for row in self.judged:
            fits = [g for g in range(len(self.objects)) if self.number(g) == self.label[row]]
            fits = [g for g in fits if self.iou[row][g] >= self.t]
            free = [g for g in fits if not self.is_ignored(g) and g not in self.taken]
            among = free or [g for g in fits if self.is_ignored(g)]
            if among:
                most = max(self.iou[row][g] for g in among)
                self.matched[row] = [g for g in among if self.iou[row][g] == most][-1]
                if free:
                    self.taken[self.matched[row]] = row

    def detection(self, row):
        """The kind of a detection row, and the object it is about."""
        if row not in self.judged:
            return "not_judged", -1
        if row in self.matched:
            about = self.matched[row]
            return ("not_judged" if self.is_ignored(about) else "true_positive"), about
        counted = [g for g in range(len(self.objects)) if not self.is_ignored(g)]
        kinds = (("duplicate", "localisation", True), ("class", "class_localisation", False))
        for covering, near, is_own in kinds:
            some = [g for g in counted if (self.number(g) == self.label[row]) == is_own]
            most = max((self.iou[row][g] for g in some), default=F(0))
            for kind, least in ((covering, self.t), (near, F(0.1))):
                if some and most >= least:
                    return kind, next(g for g in some if self.iou[row][g] == most)
        return "background", -1

    def object(self, g):
        """Lines 2 to 7."""
        if self.is_ignored(g):
            return Reading("ignored", None, -1, {"also": []})
        if g in self.taken:
            row = self.taken[g]
            return Reading("found", None, row, {"also": [], "detection": row, "iou": self.iou[row][g]})
        if self.number(g) == 0:
            return Reading("missed", "unknown_class", -1, {"also": []})
        known = set(self.trace.evidence.head.rows.tolist())
        unseen = [a for a in self.with_fate(ProposalFate.KEPT) if a not in known]
        if any(overlap(self.first.boxes[a], self.objects[g]) > 0 for a in unseen):
            return Reading("pending", None, -1, {"also": []})
        lines = self.lines(g)
        cause, facts = lines[0]
        if cause in ("rpn_regression", "no_anchor") and facts["anchor"] in unseen:  # what came of it is not known yet
            return Reading("pending", None, -1, {"also": [], "anchor": facts["anchor"], "waiting": 1})
        return Reading("missed", cause, -1, facts | {"also": [name for name, _ in lines[1:]]})

    def lines(self, g):
        c, iou = self.number(g), [pair[g] for pair in self.iou]
        decoded = [overlap(box, self.objects[g]) for box in self.first.boxes]
        covering = [row for row in self.rows if self.label[row] == c and iou[row] >= self.t]
        passed = [row for row in covering if self.passes[row]]
        kept = [a for a in self.with_fate(ProposalFate.KEPT) if decoded[a] >= self.t]
        reaching = {self.anchor[row] for row in covering}
        moved = [a for a in kept if a not in reaching]
        fallen = [(name, [a for a in self.with_fate(fate) if decoded[a] >= self.t]) for name, fate in FIRST_STAGE]
        early = [(name, self.early_facts(name, rows, decoded)) for name, rows in fallen if rows]
        if moved:
            a = best_row(moved, self.first.objectness, decoded)
            row = next(row for row in self.rows if self.anchor[row] == a and self.label[row] == c)
            facts = {"detection": row, "anchor": a, "iou": iou[row], "proposal_iou": decoded[a]}
            early = [("head_regression", facts), *([] if covering else early)]
        elif kept:
            early = []
        if passed:  # 4
            sets = [(name, [row for row in passed if self.fate[row] == fate]) for name, fate in AFTER_SCORE]
            return [(name, self.late_facts(name, g, rows, iou)) for name, rows in sets if rows] + early
        if covering:  # 5
            sources = {self.proposal[row] for row in covering}
            others = [row for row in self.rows if self.proposal[row] in sources and self.label[row] != c]
            others = [row for row in others if self.passes[row] and iou[row] >= self.t]
            others = [row for row in others if row not in self.matched and self.by[row] not in self.matched]
            if others:
                other = best_row(others, self.score, iou)
                own = next(row for row in covering if self.proposal[row] == self.proposal[other])
                return [("wrong_class", {"other_detection": other, "detection": own}), *early]
            row = best_row(covering, self.score, iou)
            return [("background", {"detection": row, "iou": iou[row], "score": self.score[row]}), *early]
        if early:  # 6
            return early
        anchors = [overlap(box, self.objects[g]) for box in self.first.grid.boxes]  # 7
        most = max(anchors, default=F(0))
        facts = {
            "anchor_iou": most,
            "iou": max(decoded, default=F(0)),
            "anchor": anchors.index(most) if most > 0 else None,
        }
        return [("rpn_regression" if most >= self.t else "no_anchor", facts)]

    def with_fate(self, fate):
        return [a for a, each in enumerate(self.early) if each == fate]

    def early_facts(self, name, rows, decoded):
        objectness = self.first.objectness
        a = best_row(rows, objectness, decoded)
        facts = {"anchor": a, "iou": decoded[a], "objectness": objectness[a]}
        reached = {"top_n": [0], "proposal_limit": [0, 1, 2, 3]}.get(name)  # what fell before the filter
        if reached is not None:
            still = [each for each in range(len(self.early)) if self.early[each] not in reached]
            place = {False: 0, True: 1}
            still.sort(key=lambda each: (place[bool(np.isnan(objectness[each]))], -objectness[each], each))
            facts["rank"] = still.index(a) + 1
        if name == "proposal_nms":
            by = int(self.trace.proposals.suppressed_by[a])
            between = overlap(self.first.boxes[a], self.first.boxes[by])
            facts |= {"suppressor": by, "suppressor_iou": between, "suppressor_object_iou": decoded[by]}
            assert float(between) > self.settings.proposals.nms_iou  # in double precision, as torchvision compares
        return facts

    def late_facts(self, name, g, rows, iou):
        row = best_row(rows, self.score, iou)
        facts = {"detection": row, "iou": iou[row], "score": self.score[row], "anchor": self.anchor[row]}
        before = {
            "over_limit": {fate for _, fate in AFTER_SCORE[1:4]} | {DetectionFate.LOW_SCORE, DetectionFate.WAITING},
            "detection_top_n": {DetectionFate.LOW_SCORE, DetectionFate.WAITING},
        }.get(name)
        if before is not None:
            still = [each for each in self.rows if self.fate[each] not in before]
            facts["rank"] = sorted(still, key=lambda each: (-self.score[each], each)).index(row) + 1
        if name == "nms":
            by = self.by[row]
            owner = self.matched.get(by)
            facts |= {"suppressor": by, "suppressor_object": owner}
            facts |= {"suppressor_iou": overlap(self.boxes[row], self.boxes[by])}
            if owner is not None:
                facts["objects_iou"] = overlap(self.objects[g], self.objects[owner])
        if name == "duplicate_matched":
            facts |= {"matched_object": self.matched[row], "matched_iou": self.iou[row][self.matched[row]]}
        return facts


# --- random images ---------------------------------------------------------------------------------------------------


def some_boxes(random, count, near=None):
    """On a coarse lattice, so that ties are many; most beside given ones, a few without area."""
    corner = random.integers(0, 10, (count, 2)) * 4.0
    boxes = np.hstack(
        [corner, corner + random.choice([0, 4, 8, 16, 24, 32], (count, 2), p=[0.03, 0.07, 0.1, 0.3, 0.3, 0.2])]
    )
    if near is not None and len(near):
        shift = random.integers(-1, 2, (count, 4)) * random.choice([0, 4, 8], (count, 1), p=[0.3, 0.5, 0.2])
        beside = near[random.integers(0, len(near), count)] + shift
        boxes = np.where(random.random((count, 1)) < 0.85, beside, boxes)
    if random.random() < 0.3:  # and some off it, where rounding to 32 bits matters
        boxes += random.normal(0, 1, boxes.shape)
    return boxes.astype(F)


def in_image(boxes):
    """As decoded boxes are: clipped, and never inverted."""
    boxes = boxes.clip(0, SIDE)
    return np.concatenate([boxes[..., :2], np.maximum(boxes[..., 2:], boxes[..., :2])], axis=-1)


def some_truth(random, image_hw):
    count = int(random.choice([0, 1, 2, 3, 4, 5, 6]))
    alone = int(random.integers(0, count + 1))
    boxes = some_boxes(random, alone)
    boxes = np.vstack([boxes, some_boxes(random, count - alone, boxes)])  # some in a crowd
    if count and random.random() < 0.1:  # out of the image, or larger than it
        boxes[0] += random.choice([SIDE, -SIDE])
        boxes[-1, 2:] += 2 * SIDE
    boxes *= np.array([image_hw[1], image_hw[0]] * 2, F) / SIDE
    labels = random.choice(["cat", "dog", "bird", "horse"], count, p=[0.6, 0.25, 0.1, 0.05]).tolist()
    flags = {"difficult": random.random(count) < 0.12, "crowd": random.random(count) < 0.08}
    return GroundTruth(boxes, labels, **flags)


def some_head(random, proposed, objects, numbers, classes):
    """Scores, background first and mostly of eighths, so that ties are many; and boxes, most of them near an object."""
    rows = len(proposed)
    parts = random.integers(0, 4, (rows, classes + 1)) + 1e-9
    wanted = random.integers(0, classes + 1, rows)
    boxes = proposed[:, None] + random.choice([0, 0, 4], (rows, classes, 4))
    if len(objects):
        drawn = random.integers(0, len(objects), rows)
        wanted = np.where(random.random(rows) < 0.7, numbers[drawn], wanted)
        near = objects[drawn][:, None] + random.choice([-4, 0, 0, 0, 4], (rows, classes, 4))
        boxes = np.where(random.random((rows, 1, 1)) < 0.7, near, boxes)
    parts[np.arange(rows), wanted] += random.choice([1, 6, 16, 16], rows)
    scores = parts / parts.sum(axis=1, keepdims=True)
    return np.where(random.random((rows, 1)) < 0.8, np.round(scores * 8) / 8, scores).astype(F), boxes.astype(F)


def some_evidence(random, objects, labels):
    classes = ("cat", "dog", "bird")[: random.choice([1, 2, 2, 3, 3])]
    numbers = np.array([classes.index(each) + 1 if each in classes else 0 for each in labels], int)
    count = int(random.integers(1, 18))
    anchors = some_boxes(random, count, objects)
    boxes = in_image(some_boxes(random, count, objects if random.random() < 0.7 else anchors))
    objectness = random.integers(1, 8, count).astype(F) / 8
    shapes = AnchorSettings(sizes=(16.0, 32.0), ratios=(0.5, 1.0, 2.0))
    seen = np.flatnonzero(random.random(count) < random.choice([1.0, 1.0, 1.0, 0.7]))
    scores, refined = some_head(random, boxes[seen], objects, numbers, len(classes))
    if random.random() < 0.05:  # a network gone wrong
        scores[random.random(scores.shape) < 0.3] = np.nan
        objectness[random.random(count) < 0.2] = np.nan
    first = FirstStage(AnchorGrid(anchors, shapes, (1, count)), objectness, np.zeros((count, 4), F), boxes)
    return first, HeadOutputs(seen, scores, in_image(refined)), classes


def some_settings(random):
    values = {
        "proposals.min_side": random.choice([0, 0, 4, 12]),
        "proposals.min_score": random.choice([0, 0, 0.25, 0.5]),
        "proposals.pre_nms_top_n": random.choice([2, 8, 12, 100]),
        "proposals.nms_iou": random.choice([0.3, 0.7, 1.0, 1.0]),
        "proposals.post_nms_top_n": random.choice([1, 5, 9, 100]),
        "detections.min_score": random.choice([0, 0.05, 0.25, 0.625]),
        "detections.top_n": random.choice([0, 0, 3, 8]),
        "detections.min_side": random.choice([0, 0, 8, 24]),
        "detections.nms_iou": random.choice([0.2, 0.5, 0.9, 1.0]),
        "detections.max_detections": random.choice([1, 3, 8, 100]),
        "matching.iou": random.choice([0.05, 0.3, 0.5, 0.5, 0.5, 0.75, 1.0]),
        "matching.working_score": random.choice([0, 0.125, 0.25, 0.625]),
    }
    groups = {}
    for key, value in values.items():
        group, _, name = key.partition(".")
        groups.setdefault(group, {})[name] = value.item()
    return Settings.from_dict(groups)


def some_traces(random):
    """One image under several settings and for other objects, each Trace made from the one before."""
    image_hw = [(SIDE, SIDE), (2 * SIDE, SIDE), (40, 90)][random.choice(3, p=[0.6, 0.2, 0.2])]
    truth = some_truth(random, image_hw)
    objects = truth.boxes * np.array([SIDE / image_hw[1], SIDE / image_hw[0]] * 2, F)
    first, head, classes = some_evidence(random, objects, truth.labels)
    image = ImageInfo("", image_hw, (SIDE, SIDE))
    evidence = Evidence("", image, ModelInfo("random", classes), Settings(), first, head)
    settings = some_settings(random)
    trace = follow(evidence, settings, truth)
    yield trace
    trace = follow(evidence, some_settings(random), truth, trace)
    yield trace
    for key in ("matching.iou", "detections.nms_iou"):
        trace = follow(evidence, trace.settings.with_value(key, some_settings(random).value(key)), truth, trace)
        yield trace
    other = some_truth(random, image_hw)  # some objects stay, some are new
    labels = [*truth.labels[1:], *other.labels[:2]]
    trace = follow(evidence, settings, GroundTruth(np.vstack([truth.boxes[1:], other.boxes[:2]]), labels), trace)
    yield trace


# --- both readings agree ---------------------------------------------------------------------------------------------


def plain(value):
    """Comparable: NaN equals NaN, and a number of 32 bits the same one in 64."""
    if isinstance(value, float | np.floating):
        return "NaN" if np.isnan(value) else float(value)
    return value


def compare(trace, seen):
    second = SecondReading(trace)
    for g, judged in enumerate(trace.judgement.objects):
        read = second.object(g)
        if read.cause == "proposal_nms":  # a suppressor that covers the object has a fate that speaks first
            assert read.facts["suppressor_object_iou"] < second.t
        assert (str(judged.outcome), judged.cause, judged.detection) == (read.outcome, read.cause, read.detection)
        for name, value in read.facts.items():
            assert plain(judged.detail.get(name)) == plain(value), (g, name)
        seen[read.outcome] += 1
        seen["pending for an anchor"] += "waiting" in read.facts
        seen["cause", read.cause] += 1
        seen.update(("also", name) for name in read.facts["also"])
        seen.update(("also of", read.cause, name) for name in read.facts["also"])
    for row, kind in enumerate(trace.judgement.detections):
        expected, about = second.detection(row)
        assert (str(kind), int(trace.judgement.matched[row])) == (expected, about)
        seen["kind", expected] += 1


LATE = ["nms", "detection_top_n", "detection_too_small", "duplicate_matched"]
EARLY = [name for name, _ in FIRST_STAGE]


@pytest.mark.slow
def test_both_readings_agree():
    seen, traces = Counter(), 0
    for seed in range(440):
        for number, trace in enumerate(some_traces(np.random.default_rng(seed))):
            traces += 1
            try:
                compare(trace, seen)
            except AssertionError as error:
                raise AssertionError(f"image {seed}, trace {number}: {error}") from error
    # The sample holds everything the rules know, or it would prove little.
    assert traces == 2200
    expected = [*(str(each) for each in Outcome), "pending for an anchor"]
    expected += [("cause", str(cause)) for cause in Cause] + [("kind", str(kind)) for kind in DetectionOutcome]
    expected += [("also", name) for name in [*LATE, "head_regression", *EARLY]]
    expected += [("also of", "head_regression", name) for name in EARLY]
    assert {name: seen[name] for name in expected if seen[name] < 5} == {}
