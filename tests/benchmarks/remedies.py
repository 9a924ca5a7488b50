"""What would find the missed objects of a dataset, with the real network, and whether what is said of each is true.

Run with `python -m tests.benchmarks.remedies PATH [--split NAME] [--model compact]`. Every value is held against the
whole image once more, on Evidence of its own: it finds the object, a step nearer does not, the price is right. Where no
value is said to do, and of the values that are nearer than one that does, some are drawn and must not find it. One
violation makes the exit status 1.

Times are CPU times of the search alone on one thread: its wall times where the machine has nothing else to do. The
first missed object of an image is searched cold; the head's answers are carried on to the others.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

from detector.config import Settings, Value, setting_info
from detector.datasets import open_dataset, read_image
from detector.evidence import Evidence
from detector.model import Model
from detector.models import load
from detector.pipeline import FeatureCache, complete, follow, observe
from detector.remedies import REMEDY_KEYS, Remedy, Search, cheapest_first, search_remedies
from detector.trace import Cause, DetectionOutcome, Outcome, Trace
from tests.benchmarks.registry import p95

RIGHT = (DetectionOutcome.TRUE_POSITIVE, DetectionOutcome.NOT_JUDGED)


class Timed(NamedTuple):
    """Of one object, in ms; None where there is no remedy."""

    is_cold: bool
    first: float | None
    last: float | None
    all_settings: float
    unchecked: float


class Watch:
    """The longest time between two looks at whether to stop, the head's own work left out."""

    def __init__(self) -> None:
        self.longest, self._since = 0.0, time.process_time()

    def look(self) -> None:
        now = time.process_time()
        self.longest, self._since = max(self.longest, (now - self._since) * 1e3), now

    def pause(self) -> None:
        self._since = time.process_time()


class Picture:
    """One image: its Evidence, with what the head has said so far, and its Trace as the window would show it."""

    def __init__(self, model: Model, sample) -> None:
        self._model, self._image, self._cache = model, read_image(sample.image_path), FeatureCache()
        self.truth = sample.ground_truth
        self.evidence = observe(model, self._image, cache=self._cache)
        self.trace = self.settled(model.settings)

    def complete(self, evidence: Evidence, rows) -> Evidence:
        self.evidence = complete(self._model, evidence, rows, self._image, cache=self._cache)
        return self.evidence

    def settled(self, settings: Settings) -> Trace:
        """The whole image at these settings, nothing taken over from another."""
        trace = follow(self.evidence, settings, self.truth)
        if len(trace.detections.waiting):
            self.complete(self.evidence, trace.detections.waiting)
            trace = follow(self.evidence, settings, self.truth)
        assert len(trace.detections.waiting) == 0
        return trace

    def at(self, key: str, value: Value) -> Trace:
        """The whole image with one setting moved."""
        return self.settled(self._model.settings.with_value(key, value))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", metavar="PATH", help="a VOC root, a folder of images, or one image")
    parser.add_argument("--split", help="of a VOC root")
    parser.add_argument("--model", default="compact", help="a name or a file of weights (default: compact)")
    parser.add_argument("--draw", type=int, default=2, metavar="N", help="values to draw a setting (default: 2)")
    options = parser.parse_args()
    model = load(options.model)
    causes, wrong, times, searches = Counter(), [], [], []
    images = 0
    for sample in open_dataset(options.path, options.split):
        images += 1
        picture, checked = Picture(model, sample), Picture(model, sample)
        missed = [number for number, each in enumerate(picture.trace.judgement.objects) if is_missed(each)]
        for place, number in enumerate(missed):
            name = f"{sample.image_path.name} object {number + 1}"
            causes[picture.trace.judgement.objects[number].cause] += 1
            found, timed = search(picture, number, is_cold=place == 0)
            wrong += [f"{name}: {each}" for each in violations(checked, number, found, options.draw)]
            searches.append((picture.trace.judgement.objects[number].cause, found))
            times.append(timed)
            picture.trace = follow(picture.evidence, model.settings, picture.truth)
            if sys.stderr.isatty():
                print(f"{images} images, {len(times)} missed objects", end="\r", file=sys.stderr)
    print(
        f"{options.path}{f', {options.split}' if options.split else ''}: {images} images, model {model.info.name}, ",
        end="",
    )
    print(f"{torch.get_num_threads()} thread{'s'[: torch.get_num_threads() - 1]}")
    report(causes, searches)
    report_times(times)
    print(f"\n{len(wrong)} violations")
    for each in wrong:
        print(f"  {each}")
    return int(bool(wrong))


def is_missed(outcome) -> bool:
    return outcome.outcome is Outcome.MISSED and outcome.cause is not Cause.UNKNOWN_CLASS


def search(picture: Picture, number: int, *, is_cold: bool) -> tuple[list[Search], Timed]:
    """All settings for one object, with the clock running."""
    watch, started, found, arrived = Watch(), time.process_time(), [], []

    def ask(evidence: Evidence, rows) -> Evidence:
        answer = picture.complete(evidence, rows)
        watch.pause()
        return answer

    for each in search_remedies(picture.trace, number, ask, watch.look):
        watch.look()
        found.append(each)
        if each.remedy is not None:
            arrived.append((time.process_time() - started) * 1e3)
    ended = (time.process_time() - started) * 1e3
    times = (arrived[0], arrived[-1]) if arrived else (None, None)
    return found, Timed(is_cold, *times, ended, watch.longest)


def violations(picture: Picture, number: int, found: list[Search], draw: int) -> Iterator[str]:
    """What does not hold of what was said of one object, looked up without the search."""
    if {each.key for each in found} != set(REMEDY_KEYS):
        yield "not every setting was answered for"
    for each in found:
        before = picture.trace.settings.value(each.key)
        values = steps(each.key, before)
        if each.remedy is not None:
            yield from wrong_of(picture, number, each.remedy, values)
            least = abs(each.remedy.value - before) - 1e-9
            values = [value for value in values if abs(value - before) < least]
        for value in drawn(values, f"{number} {each.key}", draw) if each.exhaustive else ():
            if is_found(picture.at(each.key, value), number):
                yield f"{each.key} {value} finds it, and is not told"


def wrong_of(picture: Picture, number: int, remedy: Remedy, values: list[Value]) -> Iterator[str]:
    """What does not hold of a value that is said to find an object."""
    name = f"{remedy.key} {remedy.before} -> {remedy.value}"
    then = picture.at(remedy.key, remedy.value)
    if not is_found(then, number):
        yield f"{name} does not find it"
    if price(picture.trace, then, number) != (remedy.false_positives, remedy.lost, remedy.gained):
        yield f"{name} costs {price(picture.trace, then, number)}, not as said"
    if remedy.value not in values:
        yield f"{name} is not on a step"
    low, high = sorted((remedy.before, remedy.value))
    between = [value for value in values if low < value < high]
    if between:
        nearer = min(between, key=lambda value: abs(value - remedy.value))
        if is_found(picture.at(remedy.key, nearer), number):
            yield f"{name}: {nearer} finds it already"


def steps(key: str, before: Value) -> list[Value]:
    """Every value of a setting but the one now."""
    info = setting_info(key)
    count = round((info.high - info.low) / info.step)
    values = [round(info.low + step * info.step, 6) for step in range(count + 1)]
    return [int(value) if isinstance(info.default, int) else value for value in values if value != before]


def drawn(values: list[Value], seed: str, count: int) -> list[Value]:
    """Some of the values, the same each time."""
    random = np.random.default_rng(list(seed.encode()))
    return (
        [values[at] for at in random.choice(len(values), min(count, len(values)), replace=False).tolist()]
        if values
        else []
    )


def is_found(trace: Trace, number: int) -> bool:
    return trace.judgement.objects[number].outcome is Outcome.FOUND


def price(now: Trace, then: Trace, number: int) -> tuple[int, int, int]:
    """False positives more, objects lost, other objects gained."""
    more = [sum(each not in RIGHT for each in trace.judgement.detections) for trace in (now, then)]
    were, are = (
        {at for at, each in enumerate(trace.judgement.objects) if each.outcome is Outcome.FOUND}
        for trace in (now, then)
    )
    return more[1] - more[0], len(were - are), len(are - were - {number})


def report(causes: Counter, searches: list[tuple[Cause, list[Search]]]) -> None:
    """How many objects each cause lost, how many of them a single setting would find, and which settings."""
    helped = Counter(cause for cause, found in searches if cheapest_first(found))
    print(f"\n{'cause':24}{'missed':>8}{'one setting would find':>26}")
    for cause, count in causes.most_common():
        print(f"{cause:24}{count:>8}{helped[cause]:>26}")
    print(f"{'all':24}{causes.total():>8}{helped.total():>26}")
    print(f"\n{'setting':28}{'finds':>7}{'cheapest':>10}{'no value does':>15}{'not known':>11}")
    cheapest = Counter(cheapest_first(found)[0].key for _, found in searches if cheapest_first(found))
    for key in REMEDY_KEYS:
        of_key = [each for _, found in searches for each in found if each.key == key]
        works = sum(each.remedy is not None for each in of_key)
        never = sum(each.remedy is None and each.exhaustive for each in of_key)
        print(f"{key:28}{works:>7}{cheapest[key]:>10}{never:>15}{len(of_key) - works - never:>11}")


def report_times(times: list[Timed]) -> None:
    print(f"\n{'ms of CPU':44}{'objects':>9}{'median':>9}{'p95':>9}{'most':>9}")
    for words, is_cold in (("first missed object of an image", True), ("others, the head's answers carried on", False)):
        some = [each for each in times if each.is_cold is is_cold]
        print(words)
        for name, values in (
            ("to the first remedy", [each.first for each in some if each.first is not None]),
            ("to the last remedy", [each.last for each in some if each.last is not None]),
            ("to the end, all settings looked through", [each.all_settings for each in some]),
            ("longest between two looks at whether to stop", [each.unchecked for each in some]),
        ):
            if values:
                figures = f"{np.median(values):>9.0f}{p95(values):>9.0f}{max(values):>9.0f}"
                print(f"  {name:42}{len(values):>9}{figures}")


if __name__ == "__main__":
    raise SystemExit(main())
