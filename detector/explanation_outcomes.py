"""What became of an object or a detection: verdicts, causes and kinds of false positives, with their numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from detector.boxes import iou
from detector.explanation_chain import ratio
from detector.messages import Message, Ref, Verdict, say
from detector.trace import Cause, DetectionOutcome, ObjectOutcome, Outcome
from detector.trace_reader import FALSE_POSITIVES, TraceReader


def outcome_of(reader: TraceReader, number: int) -> ObjectOutcome:
    """What became of an object.

    Raises:
        LookupError: where there is no ground truth.
    """
    judgement = reader.trace.judgement
    if judgement is None:
        raise LookupError("There is no ground truth to judge by.")
    return judgement.objects[number]


def kind_of(reader: TraceReader, row: int) -> DetectionOutcome:
    """Of a detection: right, which kind of false positive, or not judged."""
    judgement = reader.trace.judgement
    return DetectionOutcome.NOT_JUDGED if judgement is None else judgement.detections[row]


def not_counted(reader: TraceReader, number: int) -> str | None:
    """Why an object is left out of the judgement: "difficult", "crowd" or "unknown_class"; None where it counts."""
    truth = reader.trace.ground_truth
    outcome = outcome_of(reader, number)
    if outcome.cause is Cause.UNKNOWN_CLASS:
        return "unknown_class"
    if outcome.outcome is not Outcome.IGNORED or truth is None:
        return None
    return "crowd" if bool(truth.crowd[number]) else "difficult"


def object_verdict(reader: TraceReader, number: int) -> Verdict:
    """Found, missed and why, or not counted; with the sentence behind it."""
    outcome = outcome_of(reader, number)
    why = not_counted(reader, number)
    if why is not None:
        sentence = cause_sentence(reader, number) if outcome.cause is not None else None
        return Verdict(say(f"outcome.not_counted.{why}"), sentence)
    if outcome.outcome is Outcome.FOUND:
        found = reader.trace.detections
        row = outcome.detection
        sentence = say(
            "outcome.found.sentence",
            k=int(reader.detection_places[row]) + 1,
            s=float(found.score[row]),
            a=reader.iou(Ref("detection", row), Ref("object", number)),
        )
        return Verdict(say("outcome.found"), sentence)
    if outcome.outcome is Outcome.MISSED and outcome.cause is not None:
        verdict = say("verdict.missed", label=say(f"cause.{outcome.cause}.label"))
        return Verdict(verdict, cause_sentence(reader, number))
    waiting = reader.trace.detections.waiting
    places = [int(reader.proposal_places[row]) + 1 for row in waiting[:1].tolist()]
    return Verdict(say("outcome.pending"), say("cause.waiting", k=places[0] if places else ""))


def cause_sentence(reader: TraceReader, number: int) -> Message:
    """Which stage lost the object, to what, and by how much."""
    outcome = outcome_of(reader, number)
    detail, cause = outcome.detail, outcome.cause
    if cause is None:
        raise LookupError("Only a missed object has a cause.")
    values = {
        "cls": reader.object_class(number),
        "g": number + 1,
        "m": reader.trace.settings.matching.iou,
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
        values |= more(reader, number, detail)
    message_id = f"cause.{cause}"
    if cause is Cause.NMS and detail.get("suppressor_object") is not None:
        twins = detail["objects_iou"] > detail["threshold"]
        message_id += ".twins" if twins else ".neighbour"
    if cause is Cause.DUPLICATE_MATCHED and _detections_on(reader, number) > 1:
        message_id += ".several"
    return Message(message_id, {name: value for name, value in values.items() if value is not None})


def _detections_on(reader: TraceReader, number: int) -> int:
    """How many judged detections of its class cover an object."""
    found, boxes = reader.trace.detections, reader.trace.gt_boxes[number][None]
    label = reader.classes.index(reader.object_class(number)) + 1
    rows = reader.judged[found.label[reader.judged] == label]
    overlaps = iou(found.boxes[rows], boxes)[:, 0]
    return int((overlaps >= np.float32(reader.trace.settings.matching.iou)).sum())


def _proposal_name(reader: TraceReader, row: int, kept: str, dropped: str) -> Message:
    """A kept proposal by its number, another decoded box by its anchor."""
    place = int(reader.proposal_places[row])
    return say(kept, r=place + 1) if place >= 0 else say(dropped, k=row)


def _of_no_anchor(reader: TraceReader, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    first = reader.trace.evidence.first
    scale = (reader.trace.evidence.image.scale_xy[0] + reader.trace.evidence.image.scale_xy[1]) / 2
    sizes, ratios = first.grid.settings.sizes, first.grid.settings.ratios
    return {
        "n": len(first.grid),
        "a": detail["anchor_iou"],
        "smin": min(sizes) / scale,  # the object's size is told in image pixels, so the anchors' must be too
        "smax": max(sizes) / scale,
        "ratios": (ratio(ratios[0]), *(round(each, 2) for each in ratios[1:])),
    }


def _of_rpn_regression(reader: TraceReader, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    return {"k": detail["anchor"], "a": detail["anchor_iou"], "b": detail["iou"]}


def _of_proposal_nms(reader: TraceReader, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    return {
        "k": _proposal_name(reader, detail["anchor"], "place.number", "place.of_anchor"),
        "j": _proposal_name(reader, detail["suppressor"], "place.proposal", "place.box_of_anchor"),
        "q": detail["suppressor_score"],
        "o": detail["suppressor_iou"],
        "b": detail["suppressor_object_iou"],
    }


def _of_proposal_limit(reader: TraceReader, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    return {"r": say("ordinal", n=detail["rank"])}


def _of_head_regression(reader: TraceReader, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    return {"k": detail["proposal"] + 1, "a": detail["proposal_iou"], "b": detail["iou"]}


def _of_low_score(reader: TraceReader, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {"k": detail["proposal"] + 1, "top": detail["top_label"], "st": detail["top_score"]}
    # The sentence speaks of the proposal's own overlap; `iou` is that of the refined box.
    values["a"] = reader.iou(Ref("proposal", detail["anchor"]), Ref("object", number))
    settings = reader.trace.settings
    decides = settings.matching.working_score > settings.detections.min_score
    values["limit"] = say("limit.working" if decides else "limit.minimum", t=detail["minimum"])
    if "other_label" in detail:
        values |= {"other": detail["other_label"], "so": detail["other_score"]}
    return values


def _of_nms(reader: TraceReader, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {
        "j": int(reader.detection_places[detail["suppressor"]]) + 1,
        "q": detail["suppressor_score"],
        "o": detail["suppressor_iou"],
    }
    owner = detail.get("suppressor_object")
    if owner is not None:
        values |= {"h": owner + 1, "owner": reader.object_class(owner), "go": detail["objects_iou"]}
    return values


def _of_duplicate(reader: TraceReader, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    other = detail["matched_object"]
    return {"h": other + 1, "owner": reader.object_class(other), "b": detail["matched_iou"] or 0.0}


def _of_unknown_class(reader: TraceReader, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    return {"list": ", ".join(reader.classes)}


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


def detection_verdict(reader: TraceReader, row: int) -> Verdict:
    """Of a kept detection above the working score: right, or which kind of false positive, and why."""
    kind = kind_of(reader, row)
    found, judgement = reader.trace.detections, reader.trace.judgement
    cls, score = reader.class_name(int(found.label[row])), float(found.score[row])
    plain = say("fate.detection.kept", cls=cls, s=score)
    if kind not in FALSE_POSITIVES or judgement is None:
        return Verdict(say("fate.detection.kept.label"), plain)
    label = say("verdict.false_positive", label=say(f"false_positive.{kind}.label"))
    about = int(judgement.matched[row])
    if about < 0:
        return Verdict(label, say("false_positive.background"))
    values: dict[str, Any] = {
        "cls": reader.object_class(about),
        "g": about + 1,
        "a": reader.iou(Ref("detection", row), Ref("object", about)),
        "m": reader.trace.settings.matching.iou,
        "other": cls,
    }
    if kind is DetectionOutcome.DUPLICATE:
        first = judgement.objects[about].detection
        values |= {"k": int(reader.detection_places[first]) + 1, "q": float(found.score[first])}
    return Verdict(label, say(f"false_positive.{kind}", **values))
