"""What would have found a missed object: for each setting the nearest value that does, proven by following it.

    search_remedies(trace, number, complete)    one `Search` a setting, the ones the cause names first

Everything else stays as it is. A value that is found has been followed on the whole image, with the head run on every
proposal that was new; one step nearer the object is still missed. How a setting is looked through, and why what is
left out cannot matter, stands in `detector.remedy_scans`; how a try is cut down to the part of the image that can
matter, in `detector.remedy_trials`.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass

from detector.config import Settings, Value
from detector.remedy_scans import Scan, bisect, scan_first_stage, scan_second_stage
from detector.remedy_steps import Steps
from detector.remedy_trials import Complete, Trials
from detector.trace import FALSE_POSITIVES, Cause, Outcome, Trace

__all__ = ["REMEDY_KEYS", "Complete", "Remedy", "Search", "apply", "cheapest_first", "named_by", "search_remedies"]

REMEDY_KEYS: tuple[str, ...] = (
    "proposals.min_side",
    "proposals.min_score",
    "proposals.pre_nms_top_n",
    "proposals.nms_iou",
    "proposals.post_nms_top_n",
    "detections.min_score",
    "detections.top_n",
    "detections.min_side",
    "detections.nms_iou",
    "detections.max_detections",
    "matching.iou",
    "matching.working_score",
)
"""Every live setting on which it can depend whether an object is found, in the order of the flow."""

_NAMED: dict[Cause, tuple[str, ...]] = {
    Cause.OVER_LIMIT: ("detections.max_detections",),
    Cause.NMS: ("detections.nms_iou",),
    Cause.DETECTION_TOP_N: ("detections.top_n",),
    Cause.DETECTION_TOO_SMALL: ("detections.min_side",),
    Cause.WRONG_CLASS: ("matching.working_score", "detections.min_score"),
    Cause.BACKGROUND: ("matching.working_score", "detections.min_score"),
    Cause.PROPOSAL_LIMIT: ("proposals.post_nms_top_n",),
    Cause.PROPOSAL_NMS: ("proposals.nms_iou",),
    Cause.PROPOSAL_SCORE: ("proposals.min_score",),
    Cause.TOP_N: ("proposals.pre_nms_top_n",),
    Cause.TOO_SMALL: ("proposals.min_side",),
}

_QUICK_FIRST = (
    *(key for key in reversed(REMEDY_KEYS) if not key.startswith("proposals.")),
    "proposals.post_nms_top_n",
    "proposals.pre_nms_top_n",
    "proposals.min_score",
    "proposals.nms_iou",
    "proposals.min_side",
)
"""The order of the search, after the settings that the cause names: a few ms each, then up to a second."""


@dataclass(frozen=True, slots=True, eq=False)
class Remedy:
    """One value of one setting that makes a missed object found, everything else as it is.

    The prices are those of the whole image at this value against the image as it is now.

    Attributes:
        key: GROUP.NAME.
        value: on a step of the setting.
        before: the value now.
        false_positives: how many more there are then; may be negative.
        lost: objects found now that are missed then.
        gained: other objects that are found then, besides this one.
        share: how far the value lies from the one now, as a part of the setting's range.
        anchor: the anchor row of the box that finds the object then; `score` and `iou` are that box's.
        is_own: that box is the one whose loss is the object's cause now; often another one takes its place.
    """

    key: str
    value: Value
    before: Value
    false_positives: int
    lost: int
    gained: int
    share: float
    anchor: int
    score: float
    iou: float
    is_own: bool


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """What came of looking at one setting.

    Attributes:
        key: GROUP.NAME.
        remedy: the nearest value that works, of two equally far the cheaper one; None where none was found.
        tries: settings really followed.
        exhaustive: True where every value that is nearer than the remedy, and without one every value of the setting,
            is known not to find the object: only then "no value does" may be said.
        needs_network: values were left out because the head would have to see new proposals and nobody could run it.
    """

    key: str
    remedy: Remedy | None
    tries: int
    exhaustive: bool
    needs_network: bool


def _nothing() -> None:
    """No cancel button is there."""


def search_remedies(
    trace: Trace,
    number: int,
    complete: Complete | None = None,
    check: Callable[[], None] = _nothing,
    known: Container[str] = (),
) -> Iterator[Search]:
    """Look through every setting for a value that would find a missed object; one answer a setting, as it comes.

    First the settings that the cause names, then those of matching and detections, which take a few ms each, then those
    of the proposals, for which the head has to see proposals it has not seen.

    Nothing comes where the model does not know the object's class, nor where the object turns out to be found once the
    head has seen the proposals that wait in `trace`.

    Args:
        number: the object.
        complete: runs the head on anchor rows; None where there is no network at hand.
        check: called between tries, at least every 50 ms of work done here; may raise `Cancelled`.
        known: settings that need no answer: a search that was cancelled goes on where it was.

    Raises:
        ValueError: where there is no ground truth, or the object is not missed.
        IndexError: where there is no such object.
    """
    cause = _cause(trace, number)
    return iter(()) if cause is Cause.UNKNOWN_CLASS else _searches(trace, number, complete, check, known)


def cheapest_first(found: Iterable[Search]) -> list[Remedy]:
    """Remedies by what they cost: false positives, objects lost, share of the range; else in the order of the flow."""
    remedies = [search.remedy for search in found if search.remedy is not None]
    return sorted(remedies, key=lambda each: (*_price(each), each.share, REMEDY_KEYS.index(each.key)))


def apply(settings: Settings, remedy: Remedy) -> Settings:
    """The settings with the remedy's value."""
    return settings.with_value(remedy.key, remedy.value)


def named_by(cause: Cause | None) -> tuple[str, ...]:
    """The settings that a cause names: those whose own limit the object's box did not pass."""
    return () if cause is None else _NAMED.get(cause, ())


def _cause(trace: Trace, number: int) -> Cause:
    """The cause of a missed object, or a ValueError that says what it is instead."""
    if trace.judgement is None:
        raise ValueError("Without ground truth no object is missed.")
    if not 0 <= number < len(trace.judgement.objects):
        raise IndexError(f"There is no object {number}; there are {len(trace.judgement.objects)}.")
    judged = trace.judgement.objects[number]
    if judged.outcome is not Outcome.MISSED or judged.cause is None:
        raise ValueError(f"Object {number} is {judged.outcome}, not missed.")
    return judged.cause


def _searches(
    trace: Trace, number: int, complete: Complete | None, check: Callable[[], None], known: Container[str]
) -> Iterator[Search]:
    trials = Trials(trace, number, complete, check)
    assert trials.base.judgement is not None
    judged = trials.base.judgement.objects[number]
    if judged.outcome is not Outcome.MISSED:
        return
    named = named_by(judged.cause)
    for key in (*named, *(key for key in _QUICK_FIRST if key not in named)):
        if key not in known:
            yield _search(trials, key)


def _search(trials: Trials, key: str) -> Search:
    if not trials.is_settled:
        return Search(key, None, 0, exhaustive=False, needs_network=not trials.has_network)
    started = trials.tries
    steps = Steps(key, _now(trials, key))
    found = _scan(trials, key, steps)
    remedy = _proven(trials, key, steps, found.values)
    # Were a try on a part of the image ever wrong, nothing is claimed.
    exhaustive = found.exhaustive and (remedy is not None or not found.values)
    return Search(key, remedy, trials.tries - started, exhaustive, found.needs_network)


def _now(trials: Trials, key: str) -> float:
    value = trials.settings.value(key)
    assert isinstance(value, int | float)
    return value


def _scan(trials: Trials, key: str, steps: Steps) -> Scan:
    """The nearest values that work.

    Four settings only ever let more through when they are moved one way; the other way never finds an object:

    scores      A lower minimum or working score adds rows below all others. Top-n, NMS, limit and matching work from
                the top, so nothing above changes: the new rows only take objects that are still free.
    top-n,      A larger one does the same. (A top-n of 0 is the largest: all.)
    limit
    match IoU   The objects taken at a high match IoU are taken at a lower one as well. For suppose that holds so far;
                the next row picks the best of the objects still free. Low, fewer of those are free and more of them
                qualify. An object it picks high but not low either was taken already, low; or the pick, low, is a
                better one, but then that one qualified high too and would have been picked there.
    """
    if key.startswith("proposals."):
        return scan_first_stage(trials, key, steps)
    if key in ("matching.iou", "matching.working_score", "detections.min_score"):
        return bisect(trials, key, steps.below.tolist())
    if key == "detections.max_detections":
        return bisect(trials, key, steps.above.tolist())
    if key == "detections.top_n":
        return _top_n(bisect(trials, key, [*steps.above.tolist(), 0.0] if steps.before else []), steps)
    return scan_second_stage(trials, key, steps)


def _top_n(found: Scan, steps: Steps) -> Scan:
    """0 lets all through: where any number works it does, and may lie nearer."""
    values = dict.fromkeys((*found.values, 0.0)) if found.values else {}
    least = min(map(steps.away, values), default=0.0)
    return Scan(tuple(value for value in values if steps.away(value) == least))


def _proven(trials: Trials, key: str, steps: Steps, values: tuple[float, ...]) -> Remedy | None:
    """Of the values that work on the whole image, but not one step nearer, the cheapest."""
    remedies = []
    for value in values:
        then = trials.follow(trials.settings.with_value(key, steps.plain(value)))
        nearer = steps.nearer(value)
        if then is None or not trials.is_found(then):
            continue
        if nearer != steps.before:
            almost = trials.follow(trials.settings.with_value(key, steps.plain(nearer)))
            if almost is None or trials.is_found(almost):
                continue
        remedies.append(_priced(trials, key, steps, value, then))
    return min(remedies, key=_price, default=None)


def _priced(trials: Trials, key: str, steps: Steps, value: float, then: Trace) -> Remedy:
    assert trials.base.judgement is not None
    assert then.judgement is not None
    pairs = list(zip(trials.base.judgement.objects, then.judgement.objects, strict=True))
    was, is_now = ([pair[at].outcome is Outcome.FOUND for pair in pairs] for at in (0, 1))
    changes = [now - before for before, now in zip(was, is_now, strict=True)]
    finder, lost = then.judgement.objects[trials.number].detail, trials.base.judgement.objects[trials.number].detail
    return Remedy(
        key=key,
        value=steps.plain(value),
        before=steps.plain(steps.before),
        false_positives=_false_positives(then) - _false_positives(trials.base),
        lost=changes.count(-1),
        gained=changes.count(1) - 1,
        share=steps.share(value),
        anchor=finder["anchor"],
        score=finder["score"],
        iou=finder["iou"],
        is_own=finder["anchor"] == lost.get("anchor"),
    )


def _false_positives(trace: Trace) -> int:
    assert trace.judgement is not None
    return sum(outcome in FALSE_POSITIVES for outcome in trace.judgement.detections)


def _price(remedy: Remedy) -> tuple[int, int]:
    return remedy.false_positives, remedy.lost
