"""The lesson of the first start: what the callouts say of an object, and which setting decided about it. No Qt."""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from app.scene import STAGES, Message, Ref, Scene
from app.sentences import say
from app.wording import number_text, setting_label
from detector.config import setting_info
from detector.pipeline import follow
from detector.trace import Cause, Outcome, Trace

About: TypeAlias = Literal["object", "explanation", "setting", "rail"]
"""What a callout points at."""


class Hint(NamedTuple):
    """What one callout says.

    Attributes:
        about: what it points at; of a setting, `key` says which.
        is_solved: what it asked for has come about.
    """

    about: About
    title: Message
    body: Message
    key: str = ""
    is_solved: bool = False


class Remedy(NamedTuple):
    """The one setting by which a stage lost an object, and the value at which that stage lets it through.

    Attributes:
        value: on a step of the setting.
    """

    key: str
    value: float


def first_lesson(trace: Trace) -> Ref | None:
    """The object whose miss teaches most: suppressed by a neighbour, else any missed one, else the first found.

    None where the model could find none of them: of other classes, or not counted.
    """
    judgement = trace.judgement
    if judgement is None:
        return None
    order = ("nms", "wrong_class", "background", "proposal_nms")
    missed = [(number, str(each.cause)) for number, each in enumerate(judgement.objects) if each.cause is not None]
    missed = [(number, cause) for number, cause in missed if cause != "unknown_class"]
    if not missed:
        found = (number for number, each in enumerate(judgement.objects) if each.outcome is Outcome.FOUND)
        first = next(found, None)
        return None if first is None else Ref("object", first)
    best = min(missed, key=lambda pair: order.index(pair[1]) if pair[1] in order else len(order))
    return Ref("object", best[0])


def remedy_of(trace: Trace, number: int) -> Remedy | None:
    """What to move so that the stage which lost an object lets it through; None where no single setting would.

    Proven by following: past the box that dropped it, another may drop it next. A few ms each, `_TRIES` at most.
    """
    remedy = _next_remedy(trace, number)
    if remedy is None or trace.judgement is None:
        return None
    cause = trace.judgement.objects[number].cause
    for _ in range(_TRIES):
        settings = trace.settings.with_value(remedy.key, remedy.value)
        tried = follow(trace.evidence, settings, trace.ground_truth, previous=trace)
        assert tried.judgement is not None
        judged = tried.judgement.objects[number]
        if judged.outcome is Outcome.PENDING:
            return None  # what the head has not seen proves nothing
        if judged.cause is not cause:
            return remedy
        further = _next_remedy(tried, number)
        if further is None or further.key != remedy.key or further.value == remedy.value:
            return None
        remedy = further
    return None


_TRIES = 6


def _next_remedy(trace: Trace, number: int) -> Remedy | None:
    """What the record says would do: past the one box or the one limit that was in the way."""
    judgement = trace.judgement
    if judgement is None:
        return None
    judged = judgement.objects[number]
    detail = judged.detail
    if judged.cause is Cause.NMS:
        return _at_least("detections.nms_iou", detail["suppressor_iou"])
    if judged.cause is Cause.PROPOSAL_NMS:
        return _at_least("proposals.nms_iou", detail["suppressor_iou"])
    if judged.cause in _LIMITS:
        return _at_least(_LIMITS[judged.cause], detail["rank"])
    if judged.cause in (Cause.BACKGROUND, Cause.WRONG_CLASS):
        settings = trace.settings
        limits = {
            "matching.working_score": settings.matching.working_score,
            "detections.min_score": settings.detections.min_score,
        }
        # Under both, no single one would find it.
        in_the_way = [key for key, limit in limits.items() if detail["score"] <= np.float32(limit)]
        return _under(in_the_way[0], detail["score"]) if len(in_the_way) == 1 else None
    if judged.cause is Cause.PROPOSAL_SCORE:
        return _under("proposals.min_score", detail["objectness"])
    return None


_LIMITS = {
    Cause.OVER_LIMIT: "detections.max_detections",
    Cause.DETECTION_TOP_N: "detections.top_n",
    Cause.PROPOSAL_LIMIT: "proposals.post_nms_top_n",
    Cause.TOP_N: "proposals.pre_nms_top_n",
}


def _at_least(key: str, bound: float) -> Remedy | None:
    """The first step that is not under a bound."""
    info = setting_info(key)
    step = info.step or 1
    value = round(math.ceil(round(bound / step, 6)) * step, 6)
    return Remedy(key, value) if info.high is None or value <= info.high else None


def _under(key: str, bound: float) -> Remedy | None:
    """The last step under a bound: scores must be above their minimum."""
    info = setting_info(key)
    step = info.step or 1
    # A score of 0.8 in 32 bits is a little more than 0.8, but not above it.
    value = round((math.ceil(round(bound / step, 4)) - 1) * step, 6)
    return Remedy(key, value) if value >= (info.low or 0) else None


def hints(trace: Trace, scene: Scene, number: int, remedy: Remedy | None, decided: str) -> tuple[Hint, ...]:
    """What the callouts say of an object as things stand.

    Args:
        remedy: that of the object as things stand.
        decided: the setting that decided when the lesson began; "" where none did.
    """
    judgement, truth = trace.judgement, trace.ground_truth
    if judgement is None or truth is None:
        return ()
    judged, cls = judgement.objects[number], truth.labels[number]
    is_found = judged.outcome is Outcome.FOUND
    key = remedy.key if remedy is not None else decided
    told = [_of_object(scene, cls, is_found, bool(decided)), _of_explanation(trace, number, is_found)]
    if key and is_found:
        told.append(_of_solved_setting(trace, scene, key))
    elif remedy is not None:
        told.append(_of_setting(trace, number, remedy))
    told.append(Hint("rail", say("lesson.rail.title"), say("lesson.rail", first=1, last=len(STAGES), cls=cls)))
    return tuple(told)


def _of_object(scene: Scene, cls: str, is_found: bool, was_missed: bool) -> Hint:
    if not is_found:
        return Hint("object", say("lesson.missed.title", cls=cls), say("lesson.missed"))
    sentence = scene.details.explanation.verdict.sentence if scene.details is not None else None
    title = say("lesson.found_now.title" if was_missed else "lesson.found.title", cls=cls)
    return Hint("object", title, sentence or say("lesson.life"), is_solved=was_missed)


def _of_explanation(trace: Trace, number: int, is_found: bool) -> Hint:
    assert trace.judgement is not None
    judged = trace.judgement.objects[number]
    if is_found or judged.cause is None:
        return Hint("explanation", say("lesson.life.title"), say("lesson.life"))
    title = say(f"cause.{judged.cause}.label")
    owner = judged.detail.get("suppressor_object")
    if judged.cause is not Cause.NMS or owner is None or trace.ground_truth is None:
        return Hint("explanation", title, say("lesson.lost"))
    by = {"owner": trace.ground_truth.labels[owner], "h": owner + 1}
    return Hint("explanation", title, say("lesson.lost.nms", s=judged.detail["score"], **by))


def _of_setting(trace: Trace, number: int, remedy: Remedy) -> Hint:
    assert trace.judgement is not None
    overlap = trace.judgement.objects[number].detail.get("suppressor_iou")
    values = _values(trace, remedy.key) | {"v": number_text(setting_info(remedy.key), remedy.value)}
    body = say("lesson.setting", **values) if overlap is None else say("lesson.setting.nms", o=overlap, **values)
    return Hint("setting", say("lesson.setting.title", **values), body, remedy.key)


def _of_solved_setting(trace: Trace, scene: Scene, key: str) -> Hint:
    wrong = next((row.count or 0 for row in scene.tree if row.id == "detections.false_positive"), 0)
    values = _values(trace, key)
    body = {0: "lesson.solved", 1: "lesson.solved.one"}.get(wrong, "lesson.solved.many")
    return Hint("setting", say("lesson.solved.title"), say(body, n=wrong, **values), key, is_solved=True)


def _values(trace: Trace, key: str) -> dict[str, Any]:
    return {"setting": setting_label(key), "t": number_text(setting_info(key), trace.settings.value(key))}
