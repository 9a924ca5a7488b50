"""The command `check`: what is wrong with a dataset's annotations, and with --fix, what of it is put right. No Qt.

Findings go to stdout, by kind; progress and what cannot be read go to stderr. Nothing is changed unasked.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from app.check_words import line_of
from app.headless import DONE, INTERRUPTED, SOME_FAILED, WrongCallError, tell
from app.kept_bytes import KeptBytes
from app.near_names import near_name
from app.scene import Message
from app.sentences import say
from app.wording import text
from detector.datasets import DatasetError
from detector.datasets.check import Checked, Finding, has_fix
from detector.datasets.check_kinds import FIXABLE, KINDS, TOGETHER, Kind
from detector.datasets.check_source import (
    Fixing,
    Judgement,
    StoreOf,
    look_at,
    missing_images,
    orphans,
    stores_of,
    unreadable,
)
from detector.datasets.errors import ImageError
from detector.datasets.files import write_atomic
from detector.datasets.source import Source, open_source
from detector.datasets.voc import is_voc_root
from detector.messages import counted

SHOWN = 5
"""Findings of a kind that are listed without --all."""


@dataclass(slots=True, eq=False)
class _Report:
    """What came of looking at a dataset.

    Attributes:
        images: those that could be read.
        findings: by kind, in the order of the images.
    """

    images: list[Checked]
    judgement: Judgement
    findings: list[Finding]

    @property
    def num_objects(self) -> int:
        return sum(len(image.truth) for image in self.images)


def run_check(arguments: argparse.Namespace) -> int:
    """Check; with --fix put right what it names, and check again.

    Ctrl+C ends it after the file that is written. What is put right in all images or in none is taken back then.
    """
    try:
        source = open_source(arguments.dataset, arguments.split, arguments.images)
    except DatasetError as error:
        raise WrongCallError(str(error)) from error
    store_of = stores_of(arguments.dataset, arguments.images)
    done = [0]
    changed: Counter[Kind] = Counter()
    failures = _Failures()
    for warning in source.warnings:
        tell(warning)
    fixing: Fixing | None = None
    try:
        report = _look(source, arguments, store_of, failures, done)
        if arguments.fix:
            fixing = Fixing(store_of, arguments.fix, report.judgement)
            if _fix(fixing, report, arguments.fix, failures):
                changed = fixing.changed
            report = _look(source, arguments, stores_of(arguments.dataset, arguments.images), failures, done)
    except KeyboardInterrupt:
        if fixing is not None and fixing.is_whole:
            tell(text(say("check.stopped.back")))
        elif fixing is not None:
            tell(text(say("check.stopped.fixing", images=counted("check.images", fixing.images))))
        else:
            tell(text(say("check.stopped", done=done[0], of=counted("check.images", len(source.images)))))
        return INTERRUPTED
    failed = failures.sentences
    _tell(report, arguments, changed, failed)
    if arguments.json is not None:
        try:
            write_atomic(arguments.json, (json.dumps(as_json(report, arguments, changed, failed)) + "\n").encode())
        except DatasetError as error:
            tell(str(error))
            return SOME_FAILED
    return SOME_FAILED if report.findings or failed else DONE


class _Failures:
    """What could not be read or written; each is told once, as soon as it happens."""

    def __init__(self) -> None:
        self._said: dict[str, None] = {}

    @property
    def sentences(self) -> list[str]:
        return list(self._said)

    def add(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said[sentence] = None
            tell(sentence)


def _look(
    source: Source, arguments: argparse.Namespace, store_of: StoreOf, failures: _Failures, done: list[int]
) -> _Report:
    images: list[Checked] = []
    lost: list[Finding] = []
    formats = set()
    for path in _bar("check", source.images, done):
        try:
            store = store_of(path)
            formats.add(None if store is None else store.format)
            images.append(look_at(path, store)[0])
        except ImageError as error:
            lost.append(unreadable(path, error))
        except DatasetError as error:
            failures.add(str(error))
    judgement = Judgement.of(images, arguments.classes, near_name, is_voc=formats <= {"voc", None})
    found = [*judgement.together, *(finding for image in images for finding in judgement.findings(image))]
    found += [*lost, *missing_images(source.missing, source.path)]
    if not _knows_its_images(source, arguments.split):
        try:
            found += orphans(source.images, store_of)
        except DatasetError as error:
            failures.add(str(error))
    found.sort(key=lambda finding: KINDS.index(finding.kind))  # stable: within a kind the order of the images stays
    return _Report(images, judgement, found)


def _knows_its_images(source: Source, split: str | None) -> bool:
    """Whether the dataset itself has said which annotations lack their image; of a split the others are no orphans."""
    path = source.path
    return split is not None or path.suffix.lower() == ".json" or is_voc_root(path)


def _fix(fixing: Fixing, report: _Report, kinds: Sequence[Kind], failures: _Failures) -> bool:
    """Every image that has a finding of these kinds, one file after the other.

    Returns:
        False where it was all or nothing, and nothing it is.
    """
    wanted = {
        path
        for finding in report.findings
        if finding.kind in kinds
        for path in (finding.images or (finding.path,))
    }  # fmt: skip
    is_failed = False
    for path in _bar("fix", [image.path for image in report.images if image.path in wanted]):
        try:
            fixing.fix(path)
        except DatasetError as error:
            failures.add(str(error))
            is_failed = True
    if not fixing.is_whole:
        for sentence in fixing.end():
            failures.add(sentence)
        return True
    if is_failed or not _end_or_take_back(fixing, failures):
        tell(text(say("check.back")))
        return False
    return True


def _end_or_take_back(fixing: Fixing, failures: _Failures) -> bool:
    """Write all that was planned; where that fails or is interrupted, every file gets back the bytes it had."""
    try:
        kept = KeptBytes(Path(tempfile.gettempdir()))
        for file in fixing.files:
            kept.keep(file)
    except DatasetError as error:
        failures.add(str(error))
        return False
    sentences: list[str] = []
    is_done = False
    try:
        sentences = fixing.end()
        is_done = not sentences
    finally:
        if not is_done:
            _put_back(kept, fixing, failures)
        kept.close()
    for sentence in sentences:
        failures.add(sentence)
    return is_done


def _put_back(kept: KeptBytes, fixing: Fixing, failures: _Failures) -> None:
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)  # half of it would be the worst
    for file in fixing.files:
        try:
            kept.put_back(file)
        except DatasetError as error:
            failures.add(str(error))
    signal.signal(signal.SIGINT, heard)


def _bar(name: str, paths: Sequence[Path], done: list[int] | None = None) -> Iterator[Path]:
    """The paths, with a bar; `done` counts those that are gone through."""
    with tqdm(desc=name, total=len(paths), unit="image", file=sys.stderr, disable=len(paths) < 2) as bar:
        for path in paths:
            yield path
            bar.update()
            if done is not None:
                done[0] += 1


# -- telling -----------------------------------------------------------------------------------------------------------


def _tell(report: _Report, arguments: argparse.Namespace, changed: Counter[Kind], failed: Sequence[str]) -> None:
    for line in lines_of(report.findings, arguments.dataset, all_of_them=arguments.all):
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    for kind in arguments.fix or ():
        name, fix = say(f"check.kind.{kind}"), say(f"check.fix.{kind}")
        number = changed[kind]
        if number:
            tell(text(say("check.fixed", kind=name, n=number, fix=fix)))
        else:
            is_there = any(finding.kind == kind for finding in report.findings)
            tell(text(say("check.fixed.not" if is_there else "check.fixed.none", kind=name)))
    if report.judgement.note is not None:
        tell(text(say("check.note.one_based", **report.judgement.note.values)))
    if failed:
        tell(text(say("check.failed", n=len(failed))))
    objects, images = counted("check.objects", report.num_objects), counted("check.images", len(report.images))
    number = len(report.findings)
    if not number:
        tell(text(say("check.nothing", objects=objects, images=images)))
    else:
        words = "check.summary.one" if number == 1 else "check.summary"
        tell(text(say(words, objects=objects, images=images, n=number)))


def lines_of(findings: Iterable[Finding], root: Path, *, all_of_them: bool) -> Iterator[str]:
    """What stdout says: a heading for each kind, and below it where it was found."""
    by_kind: dict[Kind, list[Finding]] = {}
    for finding in findings:
        by_kind.setdefault(finding.kind, []).append(finding)
    for kind, some in by_kind.items():
        words = {"kind": say(f"check.kind.{kind}"), "found": found_in(some), "fix": say(f"check.fix.{kind}")}
        if kind in FIXABLE and not any(map(has_fix, some)):
            yield text(say("check.group.no_class", **words))
        elif kind in FIXABLE:
            yield text(say("check.group", **words, code=kind))
        else:
            yield text(say("check.group.no_fix", **words))
        shown = some if all_of_them else some[:SHOWN]
        for finding in shown:
            says_where = kind in TOGETHER or (kind == "no_image" and finding.values["text"])
            where = "" if says_where else f"{_relative(finding.path, root)}: "
            yield f"  {where}{text(line_of(finding))}"
        if len(shown) < len(some):
            yield f"  {text(say('check.more', n=len(some) - len(shown)))}"


def found_in(some: Sequence[Finding]) -> Message:
    """How often a kind was found, in how many images."""
    kind = some[0].kind
    if kind in TOGETHER:
        return say("check.found.all", images=counted("check.images", len(some[0].images)))
    if kind == "no_image":
        return say("check.found.files", n=len(some))
    if kind == "broken_picture":
        return say("check.found.all", images=counted("check.images", len(some)))
    return say("check.found", n=len(some), images=counted("check.images", len({each.path for each in some})))


def _relative(path: Path, root: Path) -> str:
    folder = root if root.is_dir() else root.parent
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


def as_json(
    report: _Report, arguments: argparse.Namespace, changed: Counter[Kind], failed: Sequence[str]
) -> dict[str, Any]:
    """All of it; as in every JSON of this program objects count from 0."""
    kinds = Counter(finding.kind for finding in report.findings)
    return {
        "schema": 1,
        "dataset": str(arguments.dataset),
        "images": len(report.images),
        "objects": report.num_objects,
        "kinds": {kind: kinds[kind] for kind in KINDS if kinds[kind]},
        "findings": [_finding_json(finding) for finding in report.findings],
        "fixed": {kind: changed[kind] for kind in KINDS if changed[kind]},
        "failed": list(failed),
    }


def _finding_json(finding: Finding) -> dict[str, Any]:
    made: dict[str, Any] = {"kind": finding.kind, "file": str(finding.path)}
    if finding.row is not None:
        made["object"] = finding.row
    values = dict(finding.values)
    if finding.images:
        made["files"] = [str(path) for path in finding.images]
        values.pop("images", None)
    return {**made, "values": values}
