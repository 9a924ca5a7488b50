"""What became of an object or a detection, in words: verdicts of the list, causes and kinds of false positives."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.scene import Message, ObjectRow, Ref, Role
from app.scene_frame import FALSE_POSITIVES, Frame, ordinal, ratio_text
from app.sentences import say
from detector.boxes import iou
from detector.trace import Cause, DetectionOutcome, ObjectOutcome, Outcome


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
    outcome = _judged(frame, number)
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
    kind = _kind(frame, row)
    ref = Ref("detection", row)
    return ObjectRow(ref, frame.name_of(ref), say(f"list.false_positive.{kind}"), Role.FALSE_POSITIVE, True)


def _judged(frame: Frame, number: int) -> ObjectOutcome:
    judgement = frame.trace.judgement
    if judgement is None:
        raise LookupError("There is no ground truth to judge by.")
    return judgement.objects[number]


def _kind(frame: Frame, row: int) -> DetectionOutcome:
    judgement = frame.trace.judgement
    return DetectionOutcome.NOT_JUDGED if judgement is None else judgement.detections[row]


def not_counted(frame: Frame, number: int) -> str | None:
    """Why an object is left out of the judgement: "difficult", "crowd" or "unknown_class"; None where it counts."""
    truth = frame.trace.ground_truth
    outcome = _judged(frame, number)
    if outcome.cause is Cause.UNKNOWN_CLASS:
        return "unknown_class"
    if outcome.outcome is not Outcome.IGNORED or truth is None:
        return None
    return "crowd" if bool(truth.crowd[number]) else "difficult"


def object_verdict(frame: Frame, number: int) -> tuple[Message, Role | None, Message | None]:
    """Verdict, its colour and the sentence behind it."""
    outcome = _judged(frame, number)
    why = not_counted(frame, number)
    if why is not None:
        sentence = cause_sentence(frame, number) if outcome.cause is not None else None
        return say(f"outcome.not_counted.{why}"), Role.NOT_COUNTED, sentence
    if outcome.outcome is Outcome.FOUND:
        found = frame.trace.detections
        row = outcome.detection
        sentence = say(
            "outcome.found.sentence",
            k=int(frame.detection_places[row]) + 1,
            s=float(found.score[row]),
            a=frame.iou(Ref("detection", row), Ref("object", number)),
        )
        return say("outcome.found"), Role.GROUND_TRUTH, sentence
    if outcome.outcome is Outcome.MISSED and outcome.cause is not None:
        verdict = say("verdict.missed", label=say(f"cause.{outcome.cause}.label"))
        return verdict, Role.MISSED, cause_sentence(frame, number)
    waiting = frame.trace.detections.waiting
    places = [int(frame.proposal_places[row]) + 1 for row in waiting[:1].tolist()]
    return say("outcome.pending"), Role.WAITING, say("cause.waiting", k=places[0] if places else "")


def cause_sentence(frame: Frame, number: int) -> Message:
    """Which stage lost the object, to what, and by how much."""
    outcome = _judged(frame, number)
    detail, cause = outcome.detail, outcome.cause
    if cause is None:
        raise LookupError("Only a missed object has a cause.")
    values = {
        "cls": frame.object_class(number),
        "g": number + 1,
        "m": frame.trace.settings.matching.iou,
        "a": detail.get("iou"),
        "s": detail.get("score"),
        "p": detail.get("objectness"),
        "t": detail.get("threshold", detail.get("minimum")),
        "min": detail.get("minimum"),
        "w": detail.get("width"),
        "h": detail.get("height"),
        "n": detail.get("limit"),
        "r": detail.get("rank"),
    }
    more = _CAUSE_VALUES.get(cause)
    if more is not None:
        values |= more(frame, number, detail)
    message_id = f"cause.{cause}"
    if cause is Cause.NMS and detail.get("suppressor_object") is not None:
        twins = detail["objects_iou"] > detail["threshold"]
        message_id += ".twins" if twins else ".neighbour"
    if cause is Cause.DUPLICATE_MATCHED and _detections_on(frame, number) > 1:
        message_id += ".several"
    return Message(message_id, {name: value for name, value in values.items() if value is not None})


def _detections_on(frame: Frame, number: int) -> int:
    """How many judged detections of its class cover an object."""
    found, boxes = frame.trace.detections, frame.trace.gt_boxes[number][None]
    label = frame.classes.index(frame.object_class(number)) + 1
    rows = frame.judged[found.label[frame.judged] == label]
    overlaps = iou(found.boxes[rows], boxes)[:, 0]
    return int((overlaps >= np.float32(frame.trace.settings.matching.iou)).sum())


def _proposal_number(frame: Frame, row: int) -> str:
    """A kept proposal by its number, another decoded box by its anchor."""
    place = int(frame.proposal_places[row])
    return str(place + 1) if place >= 0 else f"of anchor {row:,}"


def _of_no_anchor(frame: Frame, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    first = frame.trace.evidence.first
    scale = (frame.trace.evidence.image.scale_xy[0] + frame.trace.evidence.image.scale_xy[1]) / 2
    sizes, ratios = first.grid.settings.sizes, first.grid.settings.ratios
    return {
        "n": len(first.grid),
        "a": detail["anchor_iou"],
        "smin": min(sizes) / scale,  # the object's size is told in image pixels, so the anchors' must be too
        "smax": max(sizes) / scale,
        "ratios": ", ".join(ratio_text(ratio) for ratio in ratios).replace(", h/w", ","),
    }


def _of_rpn_regression(frame: Frame, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    return {"k": detail["anchor"], "a": detail["anchor_iou"], "b": detail["iou"]}


def _of_proposal_nms(frame: Frame, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    by = detail["suppressor"]
    place = int(frame.proposal_places[by])
    return {
        "k": _proposal_number(frame, detail["anchor"]),
        "j": f"proposal {place + 1}" if place >= 0 else f"the box of anchor {by:,}",
        "q": detail["suppressor_score"],
        "o": detail["suppressor_iou"],
        "b": detail["suppressor_object_iou"],
    }


def _of_proposal_limit(frame: Frame, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    return {"r": ordinal(detail["rank"])}


def _of_head_regression(frame: Frame, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    return {"k": detail["proposal"] + 1, "a": detail["proposal_iou"], "b": detail["iou"]}


def _of_low_score(frame: Frame, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {"k": detail["proposal"] + 1, "top": detail["top_label"], "st": detail["top_score"]}
    # The sentence speaks of the proposal's own overlap; `iou` is that of the refined box.
    values["a"] = frame.iou(Ref("proposal", detail["anchor"]), Ref("object", number))
    settings = frame.trace.settings
    decides = settings.matching.working_score > settings.detections.min_score
    values["limit"] = say("limit.working" if decides else "limit.minimum", t=detail["minimum"])
    if "other_label" in detail:
        values |= {"other": detail["other_label"], "so": detail["other_score"]}
    return values


def _of_nms(frame: Frame, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {
        "j": int(frame.detection_places[detail["suppressor"]]) + 1,
        "q": detail["suppressor_score"],
        "o": detail["suppressor_iou"],
    }
    owner = detail.get("suppressor_object")
    if owner is not None:
        values |= {"h": owner + 1, "owner": frame.object_class(owner), "go": detail["objects_iou"]}
    return values


def _of_duplicate(frame: Frame, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    other = detail["matched_object"]
    return {"h": other + 1, "owner": frame.object_class(other), "b": detail["matched_iou"] or 0.0}


def _of_unknown_class(frame: Frame, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    return {"list": ", ".join(frame.classes)}


_CAUSE_VALUES = {
    Cause.NO_ANCHOR: _of_no_anchor,
    Cause.RPN_REGRESSION: _of_rpn_regression,
    Cause.PROPOSAL_NMS: _of_proposal_nms,
    Cause.PROPOSAL_LIMIT: _of_proposal_limit,
    Cause.HEAD_REGRESSION: _of_head_regression,
    Cause.BACKGROUND: _of_low_score,
    Cause.WRONG_CLASS: _of_low_score,
    Cause.NMS: _of_nms,
    Cause.DUPLICATE_MATCHED: _of_duplicate,
    Cause.UNKNOWN_CLASS: _of_unknown_class,
}


def detection_verdict(frame: Frame, row: int) -> tuple[Message, Role | None, Message | None]:
    """Of a kept detection above the working score: right, or which kind of false positive, and why."""
    kind = _kind(frame, row)
    found, judgement = frame.trace.detections, frame.trace.judgement
    cls, score = frame.class_name(int(found.label[row])), float(found.score[row])
    plain = say("fate.detection.kept", cls=cls, s=score)
    if kind not in FALSE_POSITIVES or judgement is None:
        return say("fate.detection.kept.label"), Role.DETECTION, plain
    label = say("verdict.false_positive", label=say(f"false_positive.{kind}.label"))
    about = int(judgement.matched[row])
    if about < 0:
        return label, Role.FALSE_POSITIVE, say("false_positive.background")
    values: dict[str, Any] = {
        "cls": frame.object_class(about),
        "g": about + 1,
        "a": frame.iou(Ref("detection", row), Ref("object", about)),
        "m": frame.trace.settings.matching.iou,
        "other": cls,
    }
    if kind is DetectionOutcome.DUPLICATE:
        first = judgement.objects[about].detection
        values |= {"k": int(frame.detection_places[first]) + 1, "q": float(found.score[first])}
    return label, Role.FALSE_POSITIVE, say(f"false_positive.{kind}", **values)
