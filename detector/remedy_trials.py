"""Trying settings on one missed object: the whole image where something is to be proven, a cut-down one to look around.

Whether an object is found depends on a small part of the image. Two arguments cut the rest away; both hold whatever
the settings are, so what is found out on the part is true of the whole.

Weak rows.     A row counts for matching where its score is above `matching.working_score` and `detections.min_score`.
               Every filter after the score works from the top: top-n, NMS and the limit decide about a row by those
               with a higher score alone. So a row that is not above both never changes what becomes of one that is,
               and a proposal of which no class is above both may as well not be there.
Other classes. NMS works within a class, and a detection is matched to objects of its own class. Other classes have a
               say only where the top-n or the limit counts rows: not where fewer rows are above both scores than these
               let through.

And an object can only be found by a *winner*: a row of its class that is above both scores and has enough IoU with it.

Shapes: A anchors; R anchor rows; K classes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from detector.boxes import Bools, Ints, iou
from detector.cause_facts import passing_score
from detector.config import Settings
from detector.detections import follow_detections
from detector.evidence import Evidence, HeadOutputs
from detector.outcome import match
from detector.pipeline import follow
from detector.trace import Outcome, Trace

Complete: TypeAlias = Callable[[Evidence, Ints], Evidence]
"""Runs the head on anchor rows it has not seen and hands back richer Evidence."""

HEAD_BATCH = 256
"""So many proposals go through the head between two looks at whether to stop."""

HEAD_ROWS = 6000
"""So many proposals at most go through the head for one object; some 25 s where it is VGG16's and on one core."""


class Trials:
    """One missed object under other settings; what the head said is carried from one try to the next.

    Attributes:
        base: the image as it is now, nothing waiting unless there is no network.
        number: the object.
        tries: settings followed so far.
        has_network: False where nobody can run the head.
    """

    def __init__(self, trace: Trace, number: int, complete: Complete | None, check: Callable[[], None]) -> None:
        assert trace.ground_truth is not None
        self.base, self.number, self.check = trace, number, check
        self.tries = 0
        self.has_network = complete is not None
        self._complete, self._asked = complete, 0
        self._truth = trace.ground_truth
        self._wanted = trace.evidence.model.class_number(self._truth.labels[number])
        # No other object takes a detection from an object of this class.
        self._objects = np.flatnonzero([label == self._truth.labels[number] for label in self._truth.labels])
        self._ignored = (self._truth.difficult | self._truth.crowd)[self._objects]
        self._part: tuple[Ints, HeadOutputs, int] | None = None
        self._verdicts: dict[bytes, bool] = {}
        self._mark()
        self.learn(trace.detections.waiting)

    @property
    def settings(self) -> Settings:
        """As they are now."""
        return self.base.settings

    @property
    def is_settled(self) -> bool:
        """False where proposals of the image as it is now wait for a network."""
        return len(self.base.detections.waiting) == 0

    @property
    def possible(self) -> Bools:
        """(A,) anchor rows that may hold a winner: those that do, and those the head has not seen."""
        return self._winner | ~self._seen

    def is_found(self, trace: Trace) -> bool:
        """True where the whole image says so."""
        assert trace.judgement is not None
        return trace.judgement.objects[self.number].outcome is Outcome.FOUND

    def follow(self, settings: Settings) -> Trace | None:
        """The whole image under other settings; None where proposals wait that the head cannot be asked about."""
        self.check()
        self.tries += 1
        trace = follow(self.base.evidence, settings, self._truth, previous=self.base)
        while len(trace.detections.waiting):
            if not self.learn(trace.detections.waiting):
                return None
            trace = follow(self.base.evidence, settings, self._truth, previous=trace)
        return trace

    def learn(self, rows: Ints) -> bool:
        """Run the head on those of some anchor rows that it has not seen; False where it does not come to that."""
        unseen = np.unique(rows[~self._seen[rows]])
        if len(unseen) == 0:
            return True
        if self._complete is None or self._asked + len(unseen) > HEAD_ROWS:
            return False
        self._asked += len(unseen)
        evidence = self.base.evidence
        for start in range(0, len(unseen), HEAD_BATCH):
            self.check()
            evidence = self._complete(evidence, unseen[start : start + HEAD_BATCH])
        self.base = follow(evidence, self.settings, self._truth, previous=self.base)
        self._mark()
        return bool(self._seen[unseen].all())

    def learn_all_if_few(self) -> None:
        """Run the head on every anchor's box at once, where that is not too much.

        A scan of the first stage mostly needs about half of them, a few at a time; and where all are known, most
        objects turn out to have no winner anywhere, which ends the search.
        """
        everything = np.arange(len(self._seen))
        if np.count_nonzero(~self._seen) <= HEAD_ROWS - self._asked:
            self.learn(everything)

    def unseen(self, rows: Ints) -> Ints:
        """Those of some anchor rows that the head has not seen."""
        return rows[~self._seen[rows]]

    def strong(self, kept: Ints) -> Ints:
        """Of some kept proposals those that have a row above both scores, in order."""
        return kept[self._strong[kept]]

    def has_winner(self, rows: Ints) -> bool:
        """True where one of these anchor rows could find the object."""
        return bool(self._winner[rows].any())

    def is_found_with(self, kept: Ints) -> bool | None:
        """Whether these kept proposals, best first, find the object; None where the head has not seen all of them."""
        if not self._seen[kept].all():
            return None
        rows = self.strong(kept)
        if not self.has_winner(rows):
            return False
        key = rows.tobytes()
        if key not in self._verdicts:
            self._verdicts[key] = self.try_part(self.settings, rows)
        return self._verdicts[key]

    def try_part(self, settings: Settings, rows: Ints) -> bool:
        """Whether the object is found on the part of the image that can matter.

        Args:
            settings: those of now but for the second stage's NMS and minimum side.
            rows: `strong` of the kept proposals.
        """
        self.check()
        self.tries += 1
        evidence, limits = self.base.evidence, settings.matching
        head, wanted = self._part_of_head(rows)
        # Nothing waits, so that the proposals' own boxes stand in for none.
        found = follow_detections(head, head.rows, head.boxes[:, 0], settings.detections, evidence.image.scale_xy)
        judged = found.kept[found.score[found.kept] > np.float32(limits.working_score)]
        overlap = iou(found.boxes[judged], self.base.gt_boxes[self._objects])
        same_class = np.broadcast_to(found.label[judged, None] == wanted, overlap.shape)
        taken_by, _ = match(overlap, same_class, self._ignored, limits.iou)
        return bool(taken_by[self._objects == self.number] >= 0)

    def _mark(self) -> None:
        """Which anchor rows the head has seen, and which of those are strong and hold a winner."""
        evidence, head = self.base.evidence, self.base.evidence.head
        target = self.base.gt_boxes[self.number : self.number + 1]
        least = passing_score(self.settings)
        enough = iou(head.boxes[:, self._wanted - 1], target)[:, 0] >= np.float32(self.settings.matching.iou)
        count = len(evidence.first.boxes)
        self._seen = np.zeros(count, dtype=bool)
        self._seen[head.rows] = True
        self._strong = np.zeros(count, dtype=bool)
        self._strong[head.rows] = (head.scores[:, 1:] > least).any(axis=1)
        self._winner = np.zeros(count, dtype=bool)
        self._winner[head.rows] = (head.scores[:, self._wanted] > least) & enough

    def _part_of_head(self, rows: Ints) -> tuple[HeadOutputs, int]:
        """What the head said of these proposals, in this order, and the number the object's class has there.

        Of the one class alone where no limit can count others.
        """
        if self._part is None or self._part[0] is not rows:
            head = self.base.evidence.head
            at = head.find(rows)
            scores, boxes, wanted = head.scores[at], head.boxes[at], self._wanted
            counted, limits = int((scores[:, 1:] > passing_score(self.settings)).sum()), self.settings.detections
            if counted <= limits.max_detections and (limits.top_n == 0 or counted <= limits.top_n):
                scores, boxes, wanted = scores[:, [0, wanted]], boxes[:, [wanted - 1]], 1
            self._part = rows, HeadOutputs(np.arange(len(rows)), scores, boxes), wanted
        return self._part[1:]
