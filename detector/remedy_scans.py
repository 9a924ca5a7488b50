"""The three ways to look for the nearest value of a setting at which a missed object is found.

`bisect`             settings that only ever let more through: the value is closed in on.
`scan_second_stage`  NMS and minimum side of the detections: value by value, on the kept proposals of now.
`scan_first_stage`   settings of the proposals: value by value, and the head has to see what is new.

Each says why what it leaves out cannot matter.

Shapes: A anchors; S survivors; V values.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from detector.boxes import Ints
from detector.config import setting_info
from detector.proposals import follow_proposals, smaller_than
from detector.remedy_steps import Steps
from detector.remedy_trials import Trials
from detector.trace import ProposalFate

MAX_TRIES = 400
"""So many settings at most are followed in the search of one."""

FIRST_BLOCK = 8
"""Values near the one now go first, so few that the head answers at once; then twice as many at a time."""


class Scan(NamedTuple):
    """What came of it.

    Attributes:
        values: that work and are nearest to the one now: none, one, or two equally far.
        exhaustive: every nearer value, or every value where none works, is known not to.
        needs_network: values were left out because nobody could run the head.
    """

    values: tuple[float, ...] = ()
    exhaustive: bool = True
    needs_network: bool = False


def bisect(trials: Trials, key: str, looser: list[float]) -> Scan:
    """The first of some values at which the object is found.

    Args:
        looser: values, nearest first, of which each lets through what the one before does, and maybe more.
    """
    if not looser:
        return Scan()

    def works(value: float) -> bool:
        trace = trials.follow(trials.settings.with_value(key, value))
        return trace is not None and trials.is_found(trace)

    if not works(looser[-1]):
        return Scan()
    fails, found = -1, len(looser) - 1
    while found - fails > 1:
        middle = (fails + found) // 2
        fails, found = (fails, middle) if works(looser[middle]) else (middle, found)
    return Scan((looser[found],))


def scan_second_stage(trials: Trials, key: str, steps: Steps) -> Scan:
    """NMS or the minimum side of the detections. Neither makes a new row, so without a winner now nothing helps."""
    base = trials.base
    rows = trials.strong(base.proposals.kept)
    if not trials.has_winner(rows):
        return Scan()
    # Rows are small or not; values that tell the same rows apart do the same.
    of_rows = np.isin(base.detections.anchor, rows)
    sides, scale_xy = base.detections.boxes[of_rows], base.evidence.image.scale_xy
    known: dict[bytes | float, bool] = {}

    def works(value: float) -> bool:
        does = smaller_than(sides, value, scale_xy).tobytes() if key == "detections.min_side" else value
        if does not in known:
            known[does] = trials.try_part(trials.settings.with_value(key, value), rows)
        return known[does]

    for group in steps.outward():
        found = tuple(value for value in group if works(value))
        if found:
            return Scan(found)
    return Scan()


def scan_first_stage(trials: Trials, key: str, steps: Steps) -> Scan:
    """A setting of the proposals. Only a winner can find the object: values that keep none are not followed."""
    if not trials.possible.any():
        return Scan()
    if key in _CUTS:
        groups, kept_at = _prefixes(trials, key, steps)
    else:
        groups, kept_at = steps.outward(), _lists(trials, key, steps)
    return _Outward(trials, steps, kept_at).scan(list(groups))


class _Outward:
    """Goes through the values in blocks, nearest first; the head is asked once a block.

    A side ends where the head cannot be asked: of what lies farther nobody could say that nothing nearer works.
    """

    def __init__(self, trials: Trials, steps: Steps, kept_at: Callable[[float], Ints]) -> None:
        self._trials, self._steps, self._kept_at = trials, steps, kept_at
        self._most_tries = trials.tries + MAX_TRIES
        self._ended: set[bool] = set()

    def scan(self, groups: list[tuple[float, ...]]) -> Scan:
        at, size = 0, FIRST_BLOCK
        found: tuple[float, ...] = ()
        while at < len(groups) and len(self._ended) < 2 and self._trials.tries < self._most_tries:
            if at:
                self._trials.learn_all_if_few()
            found = self._block(groups[at : at + size])
            if found:
                break
            at, size = at + size, size * 2
        exhaustive = not self._ended and (bool(found) or self._trials.tries < self._most_tries)
        return Scan(found, exhaustive, bool(self._ended) and not self._trials.has_network)

    def _block(self, block: list[tuple[float, ...]]) -> tuple[float, ...]:
        """Those that work of the nearest group of which any does."""
        kept: dict[float, Ints] = {}
        for value in (value for group in block for value in group):
            self._trials.check()
            if self._is_above(value) not in self._ended:
                kept[value] = self._kept_at(value)
        unseen = [self._trials.unseen(each) for each in kept.values()]
        self._trials.learn(np.unique(np.concatenate([*unseen, np.zeros(0, np.int64)])))
        for group in block:
            found = tuple(value for value in group if value in kept and self._works(value, kept[value]))
            if found or self._trials.tries >= self._most_tries:
                return found
        return ()

    def _works(self, value: float, kept: Ints) -> bool:
        side = self._is_above(value)
        if side in self._ended:
            return False
        verdict = self._trials.is_found_with(kept)
        if verdict is None:
            self._ended.add(side)
        return verdict is True

    def _is_above(self, value: float) -> bool:
        return value > self._steps.before


_CUTS = ("proposals.pre_nms_top_n", "proposals.post_nms_top_n", "proposals.min_score")


def _prefixes(trials: Trials, key: str, steps: Steps) -> tuple[Iterator[tuple[float, ...]], Callable[[float], Ints]]:
    """Values and kept proposals for the settings that cut a list by objectness.

    NMS decides about a box by better ones alone. So what is kept of the first so many boxes is the beginning of what is
    kept of all, and the two top-n and the minimum score only say where that list ends: it is made once.
    """
    first, found, now = trials.base.evidence.first, trials.base.proposals, trials.settings.proposals
    top_n, limit = (int(setting_info(each).high or 0) for each in _CUTS[:2])
    trials.check()
    whole = dataclasses.replace(now, min_score=0.0, pre_nms_top_n=top_n, post_nms_top_n=limit)
    survivors = follow_proposals(first, whole, trials.base.evidence.image.scale_xy).kept
    # The place of each among the boxes that are not too small, which is what the first top-n counts.
    alive = (found.fate != ProposalFate.TOO_SMALL)[np.argsort(found.rank)]
    place = (np.cumsum(alive) - 1)[found.rank[survivors]]
    negative = -first.objectness[survivors]  # ascending

    limits: dict[str, Any] = {each: getattr(now, each) for each in ("pre_nms_top_n", "post_nms_top_n", "min_score")}
    limits[key.partition(".")[2]] = steps.values
    first_n = np.searchsorted(place, limits["pre_nms_top_n"])
    scored = np.searchsorted(negative, -np.asarray(limits["min_score"], np.float32), side="right")
    ends = np.minimum(np.minimum(first_n, scored), limits["post_nms_top_n"]).astype(np.int64)

    def kept_at(value: float) -> Ints:
        return survivors[: ends[np.searchsorted(steps.values, value)]]

    # Where the list ends as it does one step nearer, so does all that follows from it.
    return steps.outward(steps.changes(ends)), kept_at


_MARGIN = 128
"""NMS looks at so many boxes more than it took the last time."""


def _lists(trials: Trials, key: str, steps: Steps) -> Callable[[float], Ints]:
    """Kept proposals for the settings that change who survives: NMS and the minimum side.

    NMS decides about a box by better ones alone: the survivors of the first so many boxes are the first survivors of
    all. So NMS goes no further than it takes to fill the limit, nor than the last box that may be a winner: where none
    of those survives, the rest of the list is not needed to say that the object is not found.
    """
    first, rank, now = trials.base.evidence.first, trials.base.proposals.rank, trials.base.proposals.kept
    scale_xy = trials.base.evidence.image.scale_xy
    # How far it went the last time, on either side of the value now.
    depths = dict.fromkeys((False, True), _MARGIN + int(rank[now].max(initial=0)))

    def kept_at(value: float) -> Ints:
        depth = depths[value > steps.before]
        limits = trials.settings.with_value(key, value).proposals
        possible = trials.possible & ~smaller_than(first.boxes, limits.min_side, scale_xy)
        last = int(rank[possible].max(initial=-1)) + 1
        top_n = min(limits.pre_nms_top_n, len(rank))
        n = min(depth, last, top_n)
        kept = rank[:0]
        while n:
            kept = follow_proposals(first, dataclasses.replace(limits, pre_nms_top_n=n), scale_xy).kept
            is_full = len(kept) == limits.post_nms_top_n
            if is_full:
                depths[value > steps.before] = _MARGIN + int(rank[kept[-1]] * 1.25)
            if is_full or n == top_n or (n >= last and not trials.possible[kept].any()):
                break
            depths[value > steps.before] = n = min(max(2 * n, depth), top_n)
        return kept

    return kept_at
