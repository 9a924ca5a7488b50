"""Explanations of whole traces: lineage both ways, only what is there, nothing that the trace does not hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.wording import text
from detector.boxes import iou
from detector.config import Settings
from detector.explanation import explain, verdict_of
from detector.explanation_sections import NAMED
from detector.ground_truth import GroundTruth
from detector.messages import Explanation, Message, Ref, Section, refs_in
from detector.pipeline import follow, inspect
from detector.trace import Cause, DetectionFate, DetectionOutcome, Outcome, ProposalFate, Trace
from detector.trace_reader import TraceReader
from tests.helpers.evidence import make_evidence, make_first, make_head
from tests.helpers.judged import evidence, only_cause, traced
from tests.helpers.networks import FakeNetwork
from tests.helpers.traces import messages_told, three_objects_trace

SIDE = 64


def random_trace(seed: int) -> Trace:
    """Two classes, boxes on a coarse lattice so that they meet, every setting drawn, some proposals not yet seen."""
    random = np.random.default_rng(seed)
    count = int(random.integers(1, 14))
    objects = some_boxes(random, int(random.integers(0, 5)))
    boxes = some_boxes(random, count, objects)
    first = make_first(boxes.tolist(), random.random(count).tolist(), some_boxes(random, count, objects).tolist())
    seen = np.flatnonzero(random.random(count) < random.choice([1.0, 1.0, 0.6]))
    scores = random.dirichlet([0.4, 0.6, 0.4], len(seen))
    refined = np.stack([some_boxes(random, len(seen), objects) for _ in range(2)], axis=1)
    head = make_head(seen.tolist(), scores.tolist(), refined.reshape(-1, 2, 4).tolist()) if len(seen) else None
    labels = random.choice(["cat", "dog", "horse"], len(objects), p=[0.6, 0.3, 0.1]).tolist()
    flags = {"difficult": random.random(len(objects)) < 0.15, "crowd": random.random(len(objects)) < 0.1}
    image_hw = (SIDE, SIDE) if random.random() < 0.5 else (2 * SIDE, SIDE // 2)
    scale = np.array([image_hw[1] / SIDE, image_hw[0] / SIDE] * 2, np.float32)
    truth = GroundTruth(objects * scale, labels, **flags) if random.random() < 0.85 else None
    found = make_evidence(first, head, image_hw=image_hw, network_hw=(SIDE, SIDE))
    return follow(found, some_settings(random), truth)


def some_boxes(random: np.random.Generator, count: int, near: Any = None) -> np.ndarray:
    corners = random.integers(0, 8, (count, 2)) * 4.0
    boxes = np.hstack([corners, corners + random.choice([8, 16, 24, 32], (count, 2))])
    if near is not None and len(near):
        beside = near[random.integers(0, len(near), count)] + random.choice([-4, 0, 0, 4], (count, 4))
        boxes = np.where(random.random((count, 1)) < 0.8, beside, boxes)
    return boxes.clip(0, SIDE).astype(np.float32)


def some_settings(random: np.random.Generator) -> Settings:
    values = {
        "proposals.min_side": random.choice([0.0, 0.0, 12.0]),
        "proposals.min_score": random.choice([0.0, 0.3]),
        "proposals.pre_nms_top_n": int(random.choice([4, 100])),
        "proposals.nms_iou": random.choice([0.5, 0.9, 1.0]),
        "proposals.post_nms_top_n": int(random.choice([3, 100])),
        "detections.min_score": random.choice([0.05, 0.3]),
        "detections.top_n": int(random.choice([0, 3])),
        "detections.min_side": random.choice([0.0, 0.0, 12.0]),
        "detections.nms_iou": random.choice([0.2, 0.6, 1.0]),
        "detections.max_detections": int(random.choice([1, 3, 100])),
        "matching.iou": random.choice([0.3, 0.5, 0.8]),
        "matching.working_score": random.choice([0.1, 0.4, 0.7]),
        "assignment.positive_iou": random.choice([0.5, 0.7]),
        "assignment.leave_out_outside": bool(random.random() < 0.5),
        "assignment.batch_size": int(random.choice([4, 256])),
    }
    made = Settings()
    for key, value in values.items():
        made = made.with_value(key, value)
    return made


def things(trace: Trace) -> Iterator[Ref]:
    """Everything that can be selected."""
    for number in range(len(trace.gt_boxes)):
        yield Ref("object", number)
    for row in range(len(trace.evidence.first.grid)):
        yield Ref("anchor", row)
        yield Ref("proposal", row)
    for row in range(len(trace.detections.fate)):
        yield Ref("detection", row)


def messages(told: Explanation) -> list[Message]:
    return list(messages_told(told))


def named(told: Explanation) -> set[Ref]:
    """Everything an explanation leads to."""
    found = {ref for message in messages(told) for ref in refs_in(message)}
    return found | {ref for _, ref in told.links} | {bar.ref for bar in told.scores if bar.ref is not None}


def section(told: Explanation, name: str) -> Section | None:
    return next((each for each in told.sections if each.id == name), None)


def listed(told: Explanation, name: str) -> list[Ref]:
    """The things a section names at the beginning of its lines."""
    found = section(told, name)
    return [] if found is None else [ref for fact in found.facts for ref in refs_in(fact.name)]


seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_all_that_is_said_is_a_sentence_about_things_that_are_there(seed: int) -> None:
    trace = random_trace(seed)
    reader = TraceReader(trace)
    for ref in things(trace):
        told = explain(reader, ref)
        assert told.ref == ref
        assert all(reader.exists(other) for other in named(told))
        assert len({each.id for each in told.sections}) == len(told.sections)
        for message in messages(told):
            said = text(message)
            assert said != message.id  # `text` gives the id where something does not fit
            assert not any(bad in said for bad in ("{", "}", "nan", "inf", "None", "np."))
            assert not re.search(r"\b1 (anchors|others|boxes|positives|negatives|are)\b", said)
        assert all(len(each.facts) <= NAMED + 1 for each in told.sections)
        assert verdict_of(reader, ref) == told.verdict


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_lineage_leads_both_ways(seed: int) -> None:
    trace = random_trace(seed)
    reader, found = TraceReader(trace), trace.detections
    told = {ref: explain(reader, ref) for ref in things(trace)}
    for row, anchor in enumerate(found.anchor.tolist()):
        down = named(told[Ref("detection", row)])
        assert {Ref("proposal", anchor), Ref("anchor", anchor)} <= down
        if found.fate[row] != DetectionFate.WAITING:
            for kind in ("anchor", "proposal"):  # per-class rows, and back
                assert Ref("detection", row) in {bar.ref for bar in told[Ref(kind, anchor)].scores}
    for row in range(len(trace.evidence.first.grid)):
        assert Ref("proposal", row) in named(told[Ref("anchor", row)])
        assert Ref("anchor", row) in named(told[Ref("proposal", row)])
    if trace.judgement is None:
        return
    for number, judged in enumerate(trace.judgement.objects):
        if judged.outcome is Outcome.FOUND:
            assert Ref("detection", judged.detection) in named(told[Ref("object", number)])
    for row, number in enumerate(trace.judgement.matched.tolist()):
        if number >= 0:
            assert Ref("object", number) in named(told[Ref("detection", row)])
            own = trace.judgement.objects[number].detection == row
            assert own or Ref("detection", row) in listed(told[Ref("object", number)], "about")


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_who_suppressed_it_and_whom_it_suppressed(seed: int) -> None:
    trace = random_trace(seed)
    reader = TraceReader(trace)
    for kind, name, stage in (
        ("proposal", "suppressed_proposals", trace.proposals),
        ("detection", "suppressed", trace.detections),
    ):
        for row, by in enumerate(stage.suppressed_by.tolist()):
            if by >= 0:
                assert Ref(kind, by) in named(explain(reader, Ref(kind, row)))
        for row in set(stage.suppressed_by.tolist()) - {-1}:
            fallen = np.flatnonzero(stage.suppressed_by == row)
            score = trace.evidence.first.objectness if kind == "proposal" else trace.detections.score
            best_first = sorted(fallen.tolist(), key=lambda each: (-float(score[each]), each))
            assert listed(explain(reader, Ref(kind, row)), name) == [Ref(kind, each) for each in best_first[:NAMED]]


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_the_stations_end_where_the_box_ended(seed: int) -> None:
    trace = random_trace(seed)
    reader, found = TraceReader(trace), trace.detections
    for row in range(len(trace.evidence.first.grid)):
        marks = {fact.name.id: fact.mark for fact in explain(reader, Ref("proposal", row)).facts}
        kept = trace.proposals.fate[row] == ProposalFate.KEPT
        assert marks["fact.proposal_nms"] is bool(kept)
        assert ("fact.head" in marks) == kept
    for row, fate in enumerate(found.fate.tolist()):
        facts = explain(reader, Ref("detection", row)).facts
        marks = {fact.name.id: fact.mark for fact in facts}
        if fate == DetectionFate.WAITING:
            assert marks["fact.head"] is None
        elif fate == DetectionFate.LOW_SCORE:
            assert marks["fact.head"] is False
        elif marks["fact.head"]:
            assert marks["fact.detection_nms"] is (fate == DetectionFate.KEPT)


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_a_found_object_passes_every_station_and_a_missed_one_does_not(seed: int) -> None:
    trace = random_trace(seed)
    for number, judged in enumerate(() if trace.judgement is None else trace.judgement.objects):
        facts = explain(TraceReader(trace), Ref("object", number)).facts
        marks = [fact.mark for fact in facts]
        if judged.outcome is Outcome.FOUND:
            assert False not in marks
        elif judged.outcome is Outcome.MISSED and judged.cause is not Cause.UNKNOWN_CLASS:
            assert marks[-1] is False


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_overlaps_are_those_of_the_boxes_best_first(seed: int) -> None:
    trace = random_trace(seed)
    reader = TraceReader(trace)
    table = {"proposal": trace.evidence.first.boxes, "detection": trace.detections.boxes, "object": trace.gt_boxes}
    for ref in things(trace):
        told = section(explain(reader, ref), "overlaps")
        if ref.kind == "anchor" or (
            ref.kind == "detection" and trace.detections.fate[ref.row] == DetectionFate.WAITING
        ):
            continue
        overlap = iou(table[ref.kind][ref.row][None], trace.gt_boxes)[0]
        wanted = {
            number: float(value) for number, value in enumerate(overlap) if value > 0 and ref != Ref("object", number)
        }
        found = [] if told is None else [(refs_in(each.name)[0].row, each.value.values["a"]) for each in told.facts]
        assert dict(found) == wanted
        assert [value for _, value in found] == sorted(wanted.values(), reverse=True)


def test_a_real_trace_tests_something() -> None:
    """The one that most tests look at has all kinds of fates."""
    trace = three_objects_trace()
    assert len(set(trace.proposals.fate.tolist())) >= 2
    assert len(set(trace.detections.fate.tolist())) >= 3
    kinds: set[DetectionOutcome] = set()
    causes: set[object] = set()
    for seed in range(200):
        judgement = random_trace(seed).judgement
        if judgement is not None:
            kinds |= set(judgement.detections)
            causes |= {each.cause for each in judgement.objects}
    assert len(kinds) == 7  # all of them
    assert len(causes) >= 10


# -- by hand -----------------------------------------------------------------------------------------------------------

OBJECT = [0, 0, 20, 20]


def test_an_iou_exactly_at_the_match_iou_passes_every_station() -> None:
    box = [0, 0, 20, 14]  # IoU 14 / 20 = 0.7, in float32 0.69999999, as the match IoU 0.7 is
    trace = traced(evidence([(0.9, box, [0.1, 0.9, 0.0], [box, box])]), [OBJECT], ["cat"], matching__iou=0.7)
    marks = [fact.mark for fact in explain(TraceReader(trace), Ref("object", 0)).facts]
    assert marks == [True] * 6  # anchor, RPN, proposal NMS, box head, detection NMS, match


def test_an_object_s_story_is_that_of_its_own_class() -> None:
    # The RPN leaves a strip with IoU 80 / 400 = 0.2 of it, from which only the box of dog comes back.
    rows = [(0.9, [0, 0, 20, 4], [0.1, 0.05, 0.85], [[60, 60, 80, 80], OBJECT])]
    trace = traced(evidence(rows, anchors=[OBJECT]), [OBJECT], ["cat"])
    assert only_cause(trace) is Cause.RPN_REGRESSION
    last = explain(TraceReader(trace), Ref("object", 0)).facts[-1]
    assert (last.name.id, last.mark) == ("fact.head", False)
    assert text(last.value) == "cat 0.050 (working score 0.50), background 0.100; refined box IoU 0.000"


def test_a_long_list_names_twenty_and_counts_the_rest() -> None:
    # 26 boxes in one place: the first suppresses 25.
    first = make_first([OBJECT] * 26, [0.9 - place / 100 for place in range(26)])
    trace = follow(make_evidence(first), Settings().with_value("proposals.min_side", 1.0), None)
    told = explain(TraceReader(trace), Ref("proposal", 0))
    assert listed(told, "suppressed_proposals") == [Ref("proposal", row) for row in range(1, 21)]
    found = section(told, "suppressed_proposals")
    assert found is not None
    assert found.facts[-1].value == Message("section.more", {"n": 5})


def test_hundreds_of_objects() -> None:
    boxes = np.array([[x, y, x + 25, y + 25] for x in range(0, 100, 5) for y in range(0, 100, 5)], np.float32)
    trace = inspect(FakeNetwork(), np.zeros((100, 100, 3), np.uint8), GroundTruth(boxes, ("cat",) * len(boxes)))
    assert len(boxes) == 400
    told = explain(TraceReader(trace), Ref("object", 200))
    found = section(told, "overlaps")
    assert found is not None
    assert len(found.facts) == NAMED + 1


def test_no_objects() -> None:
    trace = inspect(FakeNetwork(), np.zeros((64, 64, 3), np.uint8), GroundTruth(np.zeros((0, 4)), ()))
    reader = TraceReader(trace)
    for ref in things(trace):
        told = explain(reader, ref)
        assert section(told, "overlaps") is None
        assert not any(ref.kind == "object" for ref in named(told))


def test_an_image_too_small_for_any_anchor() -> None:
    trace = follow(make_evidence(make_first([], [])), Settings(), GroundTruth([OBJECT], ("cat",)))
    told = explain(TraceReader(trace), Ref("object", 0))
    assert [fact.value.id for fact in told.facts] == ["fact.anchor.no_anchors"]
    assert told.scores == ()
    assert told.links == ()


@pytest.mark.parametrize("beyond", [Ref("object", 3), Ref("anchor", 10**6), Ref("detection", -1)])
def test_what_is_not_there_does_not_exist(beyond: Ref) -> None:
    assert not TraceReader(three_objects_trace()).exists(beyond)
