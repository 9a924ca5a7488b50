"""What became of an object or a detection: verdicts, causes and kinds of false positives, with their numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from detector.boxes import Ints, iou
from detector.explanation_chain import ratio, why_untouched
from detector.messages import Message, Ref, Verdict, counted, naming, say
from detector.outcome import BACKGROUND_IOU
from detector.trace import FALSE_POSITIVES, Cause, DetectionOutcome, ObjectOutcome, Outcome
from detector.trace_reader import TraceReader


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
        ref = Ref("detection", outcome.detection)
        score = float(reader.trace.detections.score[ref.row])
        overlap = reader.iou(ref, Ref("object", number))
        return Verdict(say("outcome.found"), say("outcome.found.sentence", by=reader.title_of(ref), s=score, a=overlap))
    if outcome.outcome is Outcome.MISSED and outcome.cause is not None:
        verdict = say("verdict.missed", label=say(f"cause.{outcome.cause}.label"))
        return Verdict(verdict, cause_sentence(reader, number))
    return Verdict(say("outcome.pending"), say("cause.waiting", by=_waited_for(reader, number)))


def _waited_for(reader: TraceReader, number: int) -> Message:
    """The proposal that decides and has not been through the box head yet."""
    anchor = outcome_of(reader, number).detail.get("anchor")
    if anchor is None:
        anchor = int(reader.trace.detections.waiting[0])
    return reader.short_name(Ref("proposal", anchor))


def cause_sentence(reader: TraceReader, number: int) -> Message:
    """Which stage lost the object, to what, and by how much."""
    outcome = outcome_of(reader, number)
    detail, cause = outcome.detail, outcome.cause
    if cause is None:
        raise LookupError("Only a missed object has a cause.")
    message_id = f"cause.{cause}"
    if cause is Cause.DUPLICATE_MATCHED and _detections_on(reader, number) > 1:
        message_id += ".several"
    elif cause is Cause.PROPOSAL_NMS and detail["suppressor_score"] == detail["objectness"]:
        message_id += ".tie"
    elif cause in (Cause.BACKGROUND, Cause.WRONG_CLASS) and not _covers(reader, detail["proposal_iou"]):
        message_id += ".refined"  # the box head brought its box there from a proposal that did not cover it
    elif cause is Cause.NO_ANCHOR:
        why = why_untouched(reader, number)
        message_id = "cause.no_anchor" if why is None else f"cause.no_anchor.{why}"
    return Message(message_id, cause_values(reader, number, cause, detail))


def cause_values(reader: TraceReader, number: int, cause: Cause, detail: dict[str, Any]) -> dict[str, Any]:
    """All that the sentences on a cause may tell."""
    values = {
        "me": reader.name_of(Ref("object", number)),
        "cls": reader.object_class(number),
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
    if "detection" in detail:
        values["box"] = naming(Ref("detection", detail["detection"]), "box.of_class", cls=values["cls"])
        values["from"] = reader.short_title(Ref("proposal", detail["anchor"]))
    elif "anchor" in detail:
        values["box"] = naming(Ref("proposal", detail["anchor"]), "box.best")
    more = _CAUSE_VALUES.get(cause)
    if more is not None:
        values |= more(reader, number, detail)
    return {name: value for name, value in values.items() if value is not None}


def _covers(reader: TraceReader, overlap: float) -> bool:
    """Whether an IoU reaches the match IoU, compared in float32 as the judgement does."""
    return bool(np.float32(overlap) >= np.float32(reader.trace.settings.matching.iou))


def _detections_on(reader: TraceReader, number: int) -> int:
    """How many judged detections of its class cover an object."""
    found, boxes = reader.trace.detections, reader.trace.gt_boxes[number][None]
    label = reader.classes.index(reader.object_class(number)) + 1
    rows = reader.judged[found.label[reader.judged] == label]
    overlaps = iou(found.boxes[rows], boxes)[:, 0]
    return int((overlaps >= np.float32(reader.trace.settings.matching.iou)).sum())


def _of_no_anchor(reader: TraceReader, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    smallest, largest, ratios = detail["smallest"], detail["largest"], detail["ratios"]
    return {
        "anchors": counted("count.anchors", detail["anchors"]),
        "a": detail["anchor_iou"],
        "sizes": say(
            "anchor.one_size" if round(smallest) == round(largest) else "anchor.sizes", lo=smallest, hi=largest
        ),
        "ratios": (ratio(ratios[0]), *(round(each, 2) for each in ratios[1:])),
    }


def _of_rpn_regression(reader: TraceReader, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    anchor = reader.title_of(Ref("anchor", detail["anchor"]))
    return {"anchor": anchor, "a": detail["anchor_iou"], "b": detail["iou"]}


def _of_proposal_nms(reader: TraceReader, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    return {
        "by": reader.short_name(Ref("proposal", detail["suppressor"])),
        "q": detail["suppressor_score"],
        "o": detail["suppressor_iou"],
        "b": detail["suppressor_object_iou"],
    }


def _of_proposal_limit(reader: TraceReader, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    return {"place": say("ordinal", n=detail["rank"]), "only": counted("count.kept", detail["limit"])}


def _of_head_regression(reader: TraceReader, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    return {"a": detail["proposal_iou"], "b": detail["iou"]}


def _of_low_score(reader: TraceReader, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    # The sentence speaks of the proposal's own overlap, or where that does not cover it of the refined box's.
    values: dict[str, Any] = {"a": detail["proposal_iou"], "b": detail["iou"]}
    values |= {"top": detail["top_label"], "st": detail["top_score"]}
    values["source"] = reader.short_name(Ref("proposal", detail["anchor"]))
    settings = reader.trace.settings
    decides = settings.matching.working_score > settings.detections.min_score
    values["limit"] = say("limit.working" if decides else "limit.minimum", t=detail["minimum"])
    if detail["top_label"] == reader.object_class(number):
        values["highest"] = say("score.highest")
    else:
        values["highest"] = say("score.higher", top=detail["top_label"], st=detail["top_score"])
    if "other_label" in detail:
        other = naming(Ref("detection", detail["other_detection"]), "text", text=detail["other_label"])
        values |= {"other": other, "so": detail["other_score"]}
    return values


def _of_nms(reader: TraceReader, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    by = reader.name_of(Ref("detection", detail["suppressor"]))
    return {"by": by, "q": detail["suppressor_score"], "o": detail["suppressor_iou"]}


def _of_duplicate(reader: TraceReader, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    detection = naming(Ref("detection", detail["detection"]), "box.detection", cls=reader.object_class(number))
    owner = reader.name_of(Ref("object", detail["matched_object"]))
    return {"box": detection, "owner": owner, "b": detail["matched_iou"]}


def _of_over_limit(reader: TraceReader, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    return {"only": counted("count.detections_kept", detail["limit"])}


def _of_top_n(reader: TraceReader, number: int, detail: dict[str, Any]) -> dict[str, Any]:
    return {"first": counted("count.first", detail["limit"])}


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
    Cause.OVER_LIMIT: _of_over_limit,
    Cause.DETECTION_TOP_N: _of_top_n,
    Cause.TOP_N: _of_top_n,
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
        return Verdict(label, _on_background(reader, row))
    values: dict[str, Any] = {
        "about": reader.name_of(Ref("object", about)),
        "a": reader.iou(Ref("detection", row), Ref("object", about)),
        "m": reader.trace.settings.matching.iou,
        "other": cls,
    }
    if kind is DetectionOutcome.DUPLICATE:
        first = judgement.objects[about].detection
        values |= {"by": reader.name_of(Ref("detection", first)), "q": float(found.score[first])}
    return Verdict(label, say(f"false_positive.{kind}", **values))


def _on_background(reader: TraceReader, row: int) -> Message:
    """That no object is there, and how near the nearest one is."""
    overlaps = reader.overlaps(Ref("detection", row))
    ignored = ignored_beneath(reader, row)
    if ignored >= 0:
        about = reader.name_of(Ref("object", ignored))
        return say(f"false_positive.background.{not_counted(reader, ignored)}", about=about, a=float(overlaps[ignored]))
    overlaps[ignored_objects(reader)] = 0
    if len(overlaps) == 0 or overlaps.max() <= 0:
        return say("false_positive.background")
    nearest = int(overlaps.argmax())
    name = reader.name_of(Ref("object", nearest))
    return say("false_positive.background.near", about=name, a=float(overlaps[nearest]))


def ignored_beneath(reader: TraceReader, row: int) -> int:
    """The object that does not count which a detection meets most, of whatever class; -1 for none.

    Where one is, no label is missing.
    """
    ignored = ignored_objects(reader)
    overlaps = reader.overlaps(Ref("detection", row))[ignored]
    if overlaps.max(initial=0) < np.float32(BACKGROUND_IOU):
        return -1
    return int(ignored[overlaps.argmax()])


def ignored_objects(reader: TraceReader) -> Ints:
    """Numbers of the objects by which no detection is judged: difficult ones and crowds."""
    truth = reader.trace.ground_truth
    return np.zeros(0, np.int64) if truth is None else np.flatnonzero(truth.difficult | truth.crowd)
