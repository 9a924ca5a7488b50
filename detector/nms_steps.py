"""NMS told one box at a time, as a person would do it by hand.

Take the best box that is left: it is kept. Each of the boxes below that it suppresses falls, best first. Take the best
box that is left ... So every box that NMS looked at is decided by exactly one step.

Nothing is computed again: the order is read off a Trace, from the scores and from who suppressed whom. Over several
classes the kept boxes of all classes take their turn in the order of their scores.

Shapes: S steps; A anchors; N detection rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detector.boxes import Bools, Ints, frozen
from detector.trace import DetectionFate, Detections, ProposalFate, Proposals


@dataclass(frozen=True, slots=True, eq=False)
class NmsSteps:
    """The steps in the order in which they happen.

    Attributes:
        rows: (S,) int64 the box that a step decides: an anchor row of the proposals, or a detection row.
        keepers: (S,) int64 the kept box whose turn it is: where that is the box itself the step keeps it, else the step
            suppresses it.
        numbers: (S,) int64 the number that each step has among all, from 0; other than 0..S-1 only after `among`.
    """

    rows: Ints
    keepers: Ints
    numbers: Ints

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def keeps(self) -> Bools:
        """(S,) True where a step keeps its box."""
        found: Bools = self.rows == self.keepers
        return found

    def place_of(self, row: int) -> int:
        """The step that decides a box; -1 where NMS did not look at it."""
        places = np.flatnonzero(self.rows == row)
        return int(places[0]) if len(places) else -1

    def among(self, wanted: Bools) -> NmsSteps:
        """The steps that decide the wanted boxes (S,), and those that keep the boxes by which such fall."""
        told = wanted | np.isin(self.rows, self.keepers[wanted])
        return NmsSteps(frozen(self.rows[told]), frozen(self.keepers[told]), frozen(self.numbers[told]))


def proposal_steps(proposals: Proposals) -> NmsSteps:
    """NMS of the first stage: over all boxes that the filters before it let through."""
    taken = (ProposalFate.SUPPRESSED, ProposalFate.OVER_LIMIT, ProposalFate.KEPT)
    rows = np.flatnonzero(np.isin(proposals.fate, taken))
    return _steps(rows[np.argsort(proposals.rank[rows])], proposals.suppressed_by)


def detection_steps(detections: Detections) -> NmsSteps:
    """NMS of the second stage, within each class; equal scores go by lower row."""
    taken = (DetectionFate.SUPPRESSED, DetectionFate.OVER_LIMIT, DetectionFate.KEPT)
    rows = np.flatnonzero(np.isin(detections.fate, taken))
    return _steps(rows[np.argsort(-detections.score[rows], kind="stable")], detections.suppressed_by)


def _steps(order: Ints, suppressed_by: Ints) -> NmsSteps:
    """From the boxes that NMS looked at, best first, and who suppressed whom."""
    by = suppressed_by[order]
    keepers = np.where(by < 0, order, by)
    place = np.empty(len(suppressed_by), np.int64)
    place[order] = np.arange(len(order))
    # Stable, and a box is better than those it suppresses: each kept box comes right before what falls by it.
    walk = np.argsort(place[keepers], kind="stable")
    return NmsSteps(frozen(order[walk]), frozen(keepers[walk]), frozen(np.arange(len(order))))
