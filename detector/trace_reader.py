"""What all explanations look through: a Trace with its boxes in image pixels, each array made once a stage.

`follow` hands on the stages that a moved setting did not touch as the same objects; so arrays made from a stage are
kept for as long as it is the same object, and a slider step pays for what changed only.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from detector.boxes import Floats, Ints, iou, paired_iou
from detector.memo import Memo
from detector.messages import Message, Ref, naming
from detector.trace import FALSE_POSITIVES, Trace


@dataclass(frozen=True, slots=True, eq=False)
class TraceReader:
    """A Trace as it is read. Boxes are image pixels unless a name says network."""

    trace: Trace
    memo: Memo = field(default_factory=Memo)

    @property
    def classes(self) -> tuple[str, ...]:
        """K names, without background."""
        return self.trace.evidence.model.classes

    @property
    def anchors(self) -> Floats:
        """(A, 4) anchors."""
        first = self.trace.evidence.first
        return self.memo.get("anchors", (first,), lambda: self.trace.to_image(first.grid.boxes))

    @property
    def decoded(self) -> Floats:
        """(A, 4) the box each anchor proposes."""
        first = self.trace.evidence.first
        return self.memo.get("decoded", (first,), lambda: self.trace.to_image(first.boxes))

    @property
    def detections(self) -> Floats:
        """(N, 4) each detection row's own box."""
        found = self.trace.detections
        return self.memo.get("detections", (found,), lambda: self.trace.to_image(found.boxes))

    @property
    def proposal_places(self) -> Ints:
        """(A,) place of each anchor row among the kept proposals, -1 where it was dropped."""
        kept = self.trace.proposals.kept
        size = len(self.trace.proposals.fate)
        return self.memo.get("proposal places", (kept,), lambda: _places(kept, size))

    @property
    def detection_places(self) -> Ints:
        """(N,) place of each detection row among the kept ones, -1 where it was dropped."""
        kept = self.trace.detections.kept
        size = len(self.trace.detections.fate)
        return self.memo.get("detection places", (kept,), lambda: _places(kept, size))

    @property
    def judged(self) -> Ints:
        """Rows of the kept detections above the working score, best first."""
        found, least = self.trace.detections, self.trace.settings.matching.working_score
        return found.kept[found.score[found.kept] > np.float32(least)]

    def false_positives(self) -> Ints:
        """Rows of the judged detections that are wrong, best first; none without ground truth."""
        judgement = self.trace.judgement
        if judgement is None:
            return np.zeros(0, np.int64)
        return np.array([row for row in self.judged.tolist() if judgement.detections[row] in FALSE_POSITIVES], np.int64)

    def box(self, ref: Ref) -> Floats:
        """(4,) the box of a thing."""
        if ref.kind == "object":
            table = self.object_boxes()
        elif ref.kind == "anchor":
            table = self.anchors
        else:
            table = self.decoded if ref.kind == "proposal" else self.detections
        box: Floats = table[ref.row]
        return box

    def object_boxes(self) -> Floats:
        """(G, 4) ground truth as given."""
        truth = self.trace.ground_truth
        return np.zeros((0, 4), np.float32) if truth is None else truth.boxes

    def exists(self, ref: Ref) -> bool:
        """Whether there still is such a thing; settings change how many there are."""
        sizes = {
            "object": len(self.trace.gt_boxes),
            "anchor": len(self.trace.evidence.first.grid),
            "proposal": len(self.trace.evidence.first.grid),
            "detection": len(self.trace.detections.fate),
        }
        return 0 <= ref.row < sizes[ref.kind]

    def network_box(self, ref: Ref) -> Floats:
        """(4,) the box of a thing in network pixels."""
        trace = self.trace
        table = {
            "object": trace.gt_boxes,
            "anchor": trace.evidence.first.grid.boxes,
            "proposal": trace.evidence.first.boxes,
            "detection": trace.detections.boxes,
        }[ref.kind]
        box: Floats = table[ref.row]
        return box

    def iou(self, one: Ref, other: Ref) -> float:
        """IoU of two things where the model decides: in network pixels."""
        return float(paired_iou(self.network_box(one)[None], self.network_box(other)[None])[0])

    def overlaps(self, ref: Ref) -> Floats:
        """(G,) IoU of a thing with every object, where the model decides."""
        table: Floats = iou(self.network_box(ref)[None], self.trace.gt_boxes)[0]
        return table

    def anchor_overlaps(self, number: int) -> Floats:
        """(A,) IoU of every anchor with an object."""
        first, boxes = self.trace.evidence.first, self.trace.gt_boxes
        return self.memo.get(
            ("anchor overlaps", number), (first, boxes), lambda: iou(boxes[number][None], first.grid.boxes)[0]
        )

    def class_name(self, number: int) -> str:
        """The name of a class number; 0 is background."""
        return self.classes[number - 1] if number else "background"

    def object_class(self, number: int) -> str:
        """The class of an object."""
        truth = self.trace.ground_truth
        return "" if truth is None else truth.labels[number]

    def name_of(self, ref: Ref) -> Message:
        """What a thing is called within a sentence."""
        if ref.kind == "proposal" and self.proposal_places[ref.row] >= 0:
            kept = len(self.trace.proposals.kept)
            return naming(ref, "proposal.name", r=int(self.proposal_places[ref.row]) + 1, n=kept)
        return self.short_name(ref)

    def short_name(self, ref: Ref) -> Message:
        """The same without what is known from elsewhere: of how many proposals it is one."""
        if ref.kind == "object":
            return naming(ref, "object.name", cls=self.object_class(ref.row), g=ref.row + 1)
        return self._named(ref, "name")

    def title_of(self, ref: Ref) -> Message:
        """The same at the beginning of a sentence, and above an explanation."""
        if ref.kind == "proposal" and self.proposal_places[ref.row] >= 0:
            kept = len(self.trace.proposals.kept)
            return naming(ref, "proposal.title", r=int(self.proposal_places[ref.row]) + 1, n=kept)
        return self.short_name(ref) if ref.kind == "object" else self._named(ref, "title")

    def short_title(self, ref: Ref) -> Message:
        """`short_name` at the beginning of a sentence."""
        return self.short_name(ref) if ref.kind == "object" else self._named(ref, "title")

    def _named(self, ref: Ref, form: str) -> Message:
        """An anchor, proposal or detection by its number; one that was dropped by what it came of."""
        if ref.kind == "anchor":
            return naming(ref, f"anchor.{form}", k=ref.row)
        if ref.kind == "proposal":
            place = int(self.proposal_places[ref.row])
            if place < 0:
                return naming(ref, f"decoded.{form}", k=ref.row)
            return naming(ref, f"proposal.short_{form}", r=place + 1)
        place = int(self.detection_places[ref.row])
        if place >= 0:
            return naming(ref, f"detection.{form}", k=place + 1)
        found = self.trace.detections
        cls = self.class_name(int(found.label[ref.row]))
        return naming(ref, f"candidate.{form}", cls=cls, p=int(found.proposal[ref.row]) + 1)


def _places(kept: Ints, size: int) -> Ints:
    places = np.full(size, -1, np.int64)
    places[kept] = np.arange(len(kept))
    return places
