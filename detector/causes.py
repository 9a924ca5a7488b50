"""Why one object was missed: exactly one cause, the numbers that prove it, and the other lines that hold.

The lines are tried in the order of the pipeline read backwards: what reached the end speaks before what fell early. A
line is a set of rows, and the first that is not empty names the cause. Within it the row with the higher score speaks
(of the first stage, objectness), then the higher IoU, then the lower row.

The lines after it that hold as well go to `detail["also"]`, in the same order. None is named that could not have lost
the object:

* Where a box of its class passed its score: what else befell such boxes.
* Where a box of its class covers it, passed or not: `head_regression`, if a kept proposal covers it whose own box of
  the class does not; if no kept proposal covers it, what befell the decoded boxes that do.
* Where no box of its class covers it: what else befell the decoded boxes that do.
* Nothing beside `unknown_class`, `rpn_regression` and `no_anchor`, before which no box came so far.

Shapes: G objects; N detection rows; A anchors; R rows of a line.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from detector.boxes import Bools, Columns, Ints, iou
from detector.cause_facts import FACTS, Detail, Missed, Situation, waiting_facts
from detector.trace import Cause, DetectionFate, ProposalFate

_AFTER_SCORE = (
    (DetectionFate.OVER_LIMIT, Cause.OVER_LIMIT),
    (DetectionFate.SUPPRESSED, Cause.NMS),
    (DetectionFate.BELOW_TOP_N, Cause.DETECTION_TOP_N),
    (DetectionFate.TOO_SMALL, Cause.DETECTION_TOO_SMALL),
    (DetectionFate.KEPT, Cause.DUPLICATE_MATCHED),
)
_FIRST_STAGE = (  # the filters in their order, read backwards
    (ProposalFate.OVER_LIMIT, Cause.PROPOSAL_LIMIT),
    (ProposalFate.SUPPRESSED, Cause.PROPOSAL_NMS),
    (ProposalFate.BELOW_SCORE, Cause.PROPOSAL_SCORE),
    (ProposalFate.BELOW_TOP_N, Cause.TOP_N),
    (ProposalFate.TOO_SMALL, Cause.TOO_SMALL),
)
_OF_ANCHORS = (Cause.RPN_REGRESSION, Cause.NO_ANCHOR)

Lines: TypeAlias = list[tuple[Cause, Ints]]
"""Causes with their rows, in order: detection rows down to `background`, anchor rows from `head_regression` on."""


def cause_of(situation: Situation, number: int) -> tuple[Cause | None, Detail]:
    """The cause of a missed object and its details; None where a row that decides is still waiting."""
    if situation.classes[number] == 0:
        known = list(situation.evidence.model.classes)
        return Cause.UNKNOWN_CLASS, {"label": situation.truth.labels[number], "known": known, "also": []}
    waiting = _waiting(situation, number)
    if len(waiting):
        return None, waiting_facts(situation, number, waiting) | {"also": []}
    target = Columns(situation.gt_boxes[number : number + 1])
    missed = Missed(situation, number, situation.boxes.iou(target)[:, 0])
    lines = _lines(missed)
    cause, rows = lines[0]
    if cause in _OF_ANCHORS:
        waiting = np.intersect1d(rows, situation.detections.waiting)
        if len(waiting):
            return None, waiting_facts(situation, number, waiting) | {"also": []}
    return cause, FACTS[cause](missed, rows) | {"also": [str(other) for other, _ in lines[1:]]}


def _waiting(situation: Situation, number: int) -> Ints:
    """The proposals that decide and have not been through the head yet: those that touch the object.

    A refined box stays near its proposal; one that does not even touch the object is not waited for, so that dragging a
    slider does not make every missed object flicker. Unless it is all that came of the anchor that would be named as
    the best for the object: see `cause_of`.
    """
    waiting = situation.detections.waiting
    if len(waiting) == 0:
        return waiting
    touching: Ints = waiting[
        iou(situation.evidence.first.boxes[waiting], situation.gt_boxes[number : number + 1])[:, 0] > 0
    ]
    return touching


def _lines(missed: Missed) -> Lines:
    """All lines that hold, in order; the first is the cause."""
    situation = missed.situation
    own_class = situation.detections.label == situation.classes[missed.number]
    covering = own_class & (missed.overlap >= np.float32(situation.settings.matching.iou))
    passed = covering & situation.passed
    if passed.any():
        fate = situation.detections.fate
        after_score = [(cause, np.flatnonzero(passed & (fate == each))) for each, cause in _AFTER_SCORE]
        return [line for line in after_score if len(line[1])] + _first_stage(missed, covering)
    if covering.any():
        rows = np.flatnonzero(covering)
        others = _other_class(missed, rows)
        line = (Cause.WRONG_CLASS, others) if len(others) else (Cause.BACKGROUND, rows)
        return [line, *_first_stage(missed, covering)]
    return _first_stage(missed, covering) or [_grid(missed)]


def _other_class(missed: Missed, rows: Ints) -> Ints:
    """Passed rows of another class on the same source rows that cover the object and belong to no other object."""
    situation, found = missed.situation, missed.situation.detections
    is_source = np.zeros(len(situation.proposals.kept), bool)
    is_source[found.proposal[rows]] = True
    covering = missed.overlap >= np.float32(situation.settings.matching.iou)
    other = situation.passed & covering & (found.label != situation.classes[missed.number])
    candidates = np.flatnonzero(other & is_source[found.proposal])
    by = found.suppressed_by[candidates]
    free: Ints = candidates[(situation.matched[candidates] < 0) & ((by < 0) | (situation.matched[by] < 0))]
    return free


def _first_stage(missed: Missed, own: Bools) -> Lines:
    """What befell the decoded boxes that cover the object.

    Args:
        own: (N,) the rows whose own box of the object's class covers it.
    """
    situation, covering = missed.situation, missed.situation.coverage.decoded(missed.number)
    fate = situation.proposals.fate[covering.rows]
    lines: Lines = []
    kept = covering.rows[fate == ProposalFate.KEPT]
    if len(kept):
        moved_away = np.setdiff1d(kept, situation.detections.anchor[own])
        if len(moved_away):
            lines.append((Cause.HEAD_REGRESSION, moved_away))
        if own.any():
            return lines
    fallen = [(cause, covering.rows[fate == each]) for each, cause in _FIRST_STAGE]
    return lines + [line for line in fallen if len(line[1])]


def _grid(missed: Missed) -> tuple[Cause, Ints]:
    """No decoded box covers the object: its anchors, the boxes of which an IoU is the only measure."""
    anchor, overlap = missed.situation.coverage.best_anchor(missed.number)
    fits = anchor >= 0 and overlap >= np.float32(missed.situation.settings.matching.iou)
    return (Cause.RPN_REGRESSION if fits else Cause.NO_ANCHOR), np.array([anchor] if anchor >= 0 else [], np.int64)
