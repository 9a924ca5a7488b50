"""The list of objects and false positives: outcome and cause of each, in a few words."""

from __future__ import annotations

from app.scene import ObjectRow, Ref, Role
from app.scene_frame import Frame
from app.sentences import say
from detector.explanation_outcomes import kind_of, not_counted, outcome_of
from detector.trace import Outcome


def object_rows(frame: Frame) -> tuple[ObjectRow, ...]:
    """The list: missed objects first, then false positives, then what was found, then what does not count."""
    truth, judgement = frame.trace.ground_truth, frame.trace.judgement
    if truth is None or judgement is None:
        return ()
    objects = [_object_row(frame, number) for number in range(len(truth))]
    wrong = [_false_positive_row(frame, row) for row in frame.false_positives().tolist()]
    missed = [row for row in objects if row.wrong]
    return (*missed, *wrong, *sorted((row for row in objects if not row.wrong), key=_after_missed))


def objects_before_run(labels: tuple[str, ...]) -> tuple[ObjectRow, ...]:
    """The list while only the ground truth is known."""
    return tuple(
        ObjectRow(Ref("object", number), say("object.name", cls=label, g=number + 1), say("list.not_run"), None, False)
        for number, label in enumerate(labels)
    )


def _after_missed(row: ObjectRow) -> int:
    return 1 if row.role is Role.NOT_COUNTED else 0


def _object_row(frame: Frame, number: int) -> ObjectRow:
    ref = Ref("object", number)
    outcome = outcome_of(frame, number)
    why = not_counted(frame, number)
    name = frame.name_of(ref)
    if why is not None:
        return ObjectRow(ref, name, say(f"list.not_counted.{why}"), Role.NOT_COUNTED, False)
    if outcome.outcome is Outcome.FOUND:
        score = float(frame.trace.detections.score[outcome.detection])
        return ObjectRow(ref, name, say("list.found", s=score), Role.GROUND_TRUTH, False)
    if outcome.outcome is Outcome.MISSED and outcome.cause is not None:
        verdict = say(f"list.missed.{outcome.cause}", s=outcome.detail.get("score", 0.0))
        return ObjectRow(ref, name, verdict, Role.MISSED, True)
    return ObjectRow(ref, name, say("list.pending"), Role.WAITING, False)


def _false_positive_row(frame: Frame, row: int) -> ObjectRow:
    kind = kind_of(frame, row)
    ref = Ref("detection", row)
    return ObjectRow(ref, frame.name_of(ref), say(f"list.false_positive.{kind}"), Role.FALSE_POSITIVE, True)
