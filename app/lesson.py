"""The lesson of the first start: what the callouts say of an object, and which setting decided about it. No Qt."""

from __future__ import annotations

from itertools import islice
from typing import Any, Literal, NamedTuple, TypeAlias

from app.scene import Message, Ref, Scene
from app.sentences import say
from app.wording import number_text, setting_label
from detector.config import setting_info
from detector.remedies import Remedy, named_by, search_remedies
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
    """What to move so that a missed object is found: of the settings its cause names, the first that does it alone.

    None where none does, or none is known to without a network.
    """
    judged = None if trace.judgement is None else trace.judgement.objects[number]
    if judged is None or judged.outcome is not Outcome.MISSED:
        return None
    # The settings that the cause names are looked through first.
    searches = islice(search_remedies(trace, number), len(named_by(judged.cause)))
    return next((search.remedy for search in searches if search.remedy is not None), None)


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
    told.append(Hint("rail", say("lesson.rail.title"), say("lesson.rail", cls=cls)))
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
    if overlap is None:
        body = say("lesson.setting", **values)
    elif remedy.is_own:
        body = say("lesson.setting.nms", o=overlap, **values)
    else:
        body = say("lesson.setting.nms.other", o=overlap, s=remedy.score, **values)
    return Hint("setting", say("lesson.setting.title", **values), body, remedy.key)


def _of_solved_setting(trace: Trace, scene: Scene, key: str) -> Hint:
    wrong = next((row.count or 0 for row in scene.tree if row.id == "detections.false_positive"), 0)
    values = _values(trace, key)
    body = {0: "lesson.solved", 1: "lesson.solved.one"}.get(wrong, "lesson.solved.many")
    return Hint("setting", say("lesson.solved.title"), say(body, n=wrong, **values), key, is_solved=True)


def _values(trace: Trace, key: str) -> dict[str, Any]:
    return {"setting": setting_label(key), "t": number_text(setting_info(key), trace.settings.value(key))}
