"""The folded parts of an explanation: what a box suppressed, what it overlaps, its cell, what else held an object back.

Each names at most `NAMED` things, the best first, and says how many more there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from detector.boxes import Floats, iou
from detector.cause_facts import passing_score
from detector.explanation_chain import Chain, class_of, ratio
from detector.explanation_fates import anchor_fate, detection_fate
from detector.messages import Fact, Message, Ref, Section, counted, naming, say
from detector.trace import Cause, DetectionFate, ProposalFate
from detector.trace_reader import TraceReader

NAMED = 20


def _section(
    section_id: str, title: Message, things: Sequence[int], tell: Callable[[int], Fact]
) -> tuple[Section, ...]:
    """A line for each of the first things; no section where there are none."""
    if not len(things):
        return ()
    facts = [tell(int(each)) for each in things[:NAMED]]
    if len(things) > NAMED:
        facts.append(Fact(say("text", text=""), say("section.more", n=len(things) - NAMED)))
    return (Section(section_id, title, tuple(facts)),)


def suppressed_sections(reader: TraceReader, chain: Chain) -> tuple[Section, ...]:
    """Whom the boxes of a chain suppressed, in each stage."""
    return (*_suppressed_detections(reader, chain.detection), *_suppressed_proposals(reader, chain.anchor))


def _suppressed_proposals(reader: TraceReader, anchor: int) -> tuple[Section, ...]:
    proposals, objectness = reader.trace.proposals, reader.trace.evidence.first.objectness
    rows = np.flatnonzero(proposals.suppressed_by == anchor) if anchor >= 0 else np.zeros(0, np.int64)
    rows = rows[np.argsort(proposals.rank[rows])]

    def tell(row: int) -> Fact:
        overlap = reader.iou(Ref("proposal", row), Ref("proposal", anchor))
        value = say("suppressed.proposal", p=float(objectness[row]), o=overlap)
        return Fact(naming(Ref("proposal", row), "box.of_anchor", k=row), value)

    title = say("section.suppressed_proposals", n=len(rows))
    return _section("suppressed_proposals", title, rows.tolist(), tell)


def _suppressed_detections(reader: TraceReader, row: int) -> tuple[Section, ...]:
    found = reader.trace.detections
    rows = np.flatnonzero(found.suppressed_by == row) if row >= 0 else np.zeros(0, np.int64)
    rows = rows[np.argsort(-found.score[rows], kind="stable")]

    def tell(other: int) -> Fact:
        ref = Ref("detection", other)
        values = {
            "cls": class_of(reader, other),
            "s": float(found.score[other]),
            "o": reader.iou(ref, Ref("detection", row)),
        }
        name = naming(ref, "box.of_proposal", r=int(found.proposal[other]) + 1)
        covered = _covered(reader, other)
        if covered < 0:
            return Fact(name, say("suppressed.detection", **values))
        who, overlap = Ref("object", covered), reader.iou(ref, Ref("object", covered))
        return Fact(name, say("suppressed.detection.covers", who=reader.name_of(who), a=overlap, **values))

    title = say("section.suppressed", n=len(rows))
    return _section("suppressed", title, rows.tolist(), tell)


def _covered(reader: TraceReader, row: int) -> int:
    """The object of its class that a detection row covers best, -1 for none."""
    overlaps = reader.overlaps(Ref("detection", row))
    cls = reader.class_name(int(reader.trace.detections.label[row]))
    overlaps[[reader.object_class(number) != cls for number in range(len(overlaps))]] = 0
    if len(overlaps) == 0 or overlaps.max() < np.float32(reader.trace.settings.matching.iou):
        return -1
    return int(overlaps.argmax())


def overlap_section(reader: TraceReader, ref: Ref) -> tuple[Section, ...]:
    """The objects that a thing overlaps, each with its IoU; a waiting row's box is not known."""
    if ref.kind == "detection" and reader.trace.detections.fate[ref.row] == DetectionFate.WAITING:
        return ()
    overlaps = reader.overlaps(ref)
    order = [each for each in np.argsort(-overlaps, kind="stable").tolist() if overlaps[each] > 0]
    others = [each for each in order if ref != Ref("object", each)]

    def tell(number: int) -> Fact:
        return Fact(reader.name_of(Ref("object", number)), say("overlap", a=float(overlaps[number])))

    return _section("overlaps", say("section.overlaps", n=len(others)), others, tell)


def cell_section(reader: TraceReader, anchor: int, number: int) -> tuple[Section, ...]:
    """All anchors of the cell of one, measured against an object, or without one each against its own best."""
    grid, found = reader.trace.evidence.first.grid, reader.trace.assignment
    if anchor < 0 or grid.shapes_per_cell == 1:
        return ()
    place = grid.place(anchor)
    rows = grid.rows_of_cell(place.cell_x, place.cell_y)

    def tell(row: int) -> Fact:
        ref, shape = Ref("anchor", row), grid.place(row)
        values = {"shape": say("anchor.shape", size=shape.size, ratio=ratio(shape.ratio))}
        about = number if number >= 0 or found is None else int(found.matched[row])
        if about >= 0:
            values["at"] = say("overlap", a=reader.iou(ref, Ref("object", about)))
        if about >= 0 and number < 0:
            name = reader.name_of(Ref("object", about))
            values["at"] = say("overlap.with", a=reader.iou(ref, Ref("object", about)), name=name)
        if found is not None:
            values["label"] = anchor_fate(reader, row).label
        forms = {0: "cell.line", 1: "cell.line.label", 2: "cell.line.overlap"}
        return Fact(reader.name_of(ref), say(forms[len(values) - 1], **values))

    title = say("section.cell", n=len(rows), x=place.cell_x, y=place.cell_y)
    return _section("cell", title, rows, tell)


def positives_section(reader: TraceReader, number: int) -> tuple[Section, ...]:
    """The anchors that training would teach an object."""
    found = reader.trace.assignment
    if found is None:
        return ()
    rows = np.flatnonzero((found.label == 1) & (found.matched == number))
    rows = rows[np.argsort(-found.max_iou[rows], kind="stable")]

    def tell(row: int) -> Fact:
        values = {"a": float(found.max_iou[row]), "label": anchor_fate(reader, row).label}
        return Fact(reader.name_of(Ref("anchor", row)), say("positive.line", **values))

    return _section("positives", say("section.positives", n=len(rows)), rows.tolist(), tell)


def about_section(reader: TraceReader, number: int) -> tuple[Section, ...]:
    """The judged detections that are about an object, unless that is only the one that found it."""
    judgement, found = reader.trace.judgement, reader.trace.detections
    rows = [] if judgement is None else [row for row in reader.judged.tolist() if judgement.matched[row] == number]
    if judgement is not None and rows == [judgement.objects[number].detection]:
        return ()

    def tell(row: int) -> Fact:
        ref = Ref("detection", row)
        label = say("outcome.true_positive")
        if judgement is not None and judgement.objects[number].detection != row:
            label = detection_fate(reader, row).label
        values = {"s": float(found.score[row]), "a": reader.iou(ref, Ref("object", number)), "label": label}
        return Fact(reader.name_of(ref), say("about.line", cls=reader.class_name(int(found.label[row])), **values))

    return _section("about", say("section.about", n=len(rows)), rows, tell)


def also_section(reader: TraceReader, number: int) -> tuple[Section, ...]:
    """The other causes that hold of a missed object, each with how many of its boxes it befell."""
    judgement = reader.trace.judgement
    also = [] if judgement is None else [Cause(each) for each in judgement.objects[number].detail.get("also", [])]

    def tell(place: int) -> Fact:
        cause = also[place]
        name = say(f"cause.{cause}.label")
        if cause not in _PROPOSAL_CAUSES and cause not in _DETECTION_CAUSES:
            return Fact(name, say("text", text=""))
        return Fact(name, say(f"also.{cause}", boxes=counted("count.boxes", _befallen(reader, number, cause))))

    return _section("also", say("section.also"), range(len(also)), tell)


_PROPOSAL_CAUSES = {
    Cause.PROPOSAL_LIMIT: ProposalFate.OVER_LIMIT,
    Cause.PROPOSAL_NMS: ProposalFate.SUPPRESSED,
    Cause.PROPOSAL_SCORE: ProposalFate.BELOW_SCORE,
    Cause.TOP_N: ProposalFate.BELOW_TOP_N,
    Cause.TOO_SMALL: ProposalFate.TOO_SMALL,
    Cause.HEAD_REGRESSION: ProposalFate.KEPT,
}
_DETECTION_CAUSES = {
    Cause.OVER_LIMIT: DetectionFate.OVER_LIMIT,
    Cause.NMS: DetectionFate.SUPPRESSED,
    Cause.DETECTION_TOP_N: DetectionFate.BELOW_TOP_N,
    Cause.DETECTION_TOO_SMALL: DetectionFate.TOO_SMALL,
    Cause.DUPLICATE_MATCHED: DetectionFate.KEPT,
}


def _befallen(reader: TraceReader, number: int, cause: Cause) -> int:
    """How many boxes that cover an object met that end: decoded boxes, or boxes of its class above both limits."""
    trace = reader.trace
    target, covers = trace.gt_boxes[number], np.float32(trace.settings.matching.iou)
    found = trace.detections
    own = found.label == trace.evidence.model.class_number(reader.object_class(number))
    covering = own & (_overlap(found.boxes, target) >= covers)
    if cause in _DETECTION_CAUSES:
        passed = found.score > passing_score(trace.settings)
        return int((covering & passed & (found.fate == _DETECTION_CAUSES[cause])).sum())
    decoded = _overlap(trace.evidence.first.boxes, target) >= covers
    fallen = decoded & (trace.proposals.fate == _PROPOSAL_CAUSES[cause])
    if cause is Cause.HEAD_REGRESSION:
        fallen[found.anchor[covering]] = False
    return int(fallen.sum())


def _overlap(boxes: Floats, target: Floats) -> Floats:
    """(N,) IoU of some boxes with one."""
    column: Floats = iou(target[None], boxes)[0]
    return column
