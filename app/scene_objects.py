"""The list of objects and false positives: outcome and cause of each, in a few words."""

from __future__ import annotations

from collections.abc import Sequence

from app.scene import Message, ObjectRow, Ref, Role
from app.scene_frame import Frame
from app.sentences import say
from detector.explanation_outcomes import kind_of, not_counted, outcome_of
from detector.trace import Outcome


def object_rows(frame: Frame) -> tuple[ObjectRow, ...]:
    """The list: missed objects, false positives, what was found, what does not count, and what is only proposed."""
    labels = frame.proposed.labels
    proposed = tuple(_proposed_row(label, number) for number, label in enumerate(labels, start=frame.num_judged))
    if frame.trace.judgement is None:
        return proposed
    objects = [_object_row(frame, number) for number in range(frame.num_judged)]
    wrong = [_false_positive_row(frame, row) for row in frame.false_positives().tolist()]
    missed = [row for row in objects if row.wrong]
    return (*missed, *wrong, *sorted((row for row in objects if not row.wrong), key=_after_missed), *proposed)


def objects_before_run(labels: Sequence[str], num_accepted: int) -> tuple[ObjectRow, ...]:
    """The list while only the objects are known; those from `num_accepted` on are only proposed."""
    return tuple(
        _proposed_row(label, number)
        if number >= num_accepted
        else ObjectRow(Ref("object", number), _name(label, number), say("list.not_run"), None, False, "not_run", label)
        for number, label in enumerate(labels)
    )


def _name(label: str, number: int) -> Message:
    return say("object.name", cls=label, g=number + 1)


def _proposed_row(label: str, number: int) -> ObjectRow:
    name = say("object.proposed", cls=label, g=number + 1)
    return ObjectRow(Ref("object", number), name, say("list.proposed"), Role.PROPOSED, False, "proposed", label)


def _after_missed(row: ObjectRow) -> int:
    return 1 if row.role is Role.NOT_COUNTED else 0


def _object_row(frame: Frame, number: int) -> ObjectRow:
    ref = Ref("object", number)
    outcome = outcome_of(frame, number)
    why = not_counted(frame, number)
    label = frame.object_class(number)
    name = _name(label, number)
    if why is not None:
        verdict = say(f"list.not_counted.{why}")
        return ObjectRow(ref, name, verdict, Role.NOT_COUNTED, False, f"not_counted.{why}", label)
    if outcome.outcome is Outcome.FOUND:
        score = float(frame.trace.detections.score[outcome.detection])
        return ObjectRow(ref, name, say("list.found", s=score), Role.GROUND_TRUTH, False, "found", label)
    if outcome.outcome is Outcome.MISSED and outcome.cause is not None:
        verdict = say(f"list.missed.{outcome.cause}", s=outcome.detail.get("score", 0.0))
        return ObjectRow(ref, name, verdict, Role.MISSED, True, f"missed.{outcome.cause}", label)
    return ObjectRow(ref, name, say("list.pending"), Role.WAITING, False, "pending", label)


def _false_positive_row(frame: Frame, row: int) -> ObjectRow:
    kind = kind_of(frame, row)
    ref = Ref("detection", row)
    return ObjectRow(
        ref,
        frame.name_of(ref),
        say(f"list.false_positive.{kind}"),
        Role.FALSE_POSITIVE,
        True,
        f"false_positive.{kind}",
        frame.class_name(int(frame.trace.detections.label[row])),
    )
