"""`inspect --case FILE`: a saved case read without its model. No Qt, no torch.

The explanation goes to stdout; with --out the JSON and the pictures of every stage are written as for an image. Of
settings moved with --set, those that follow from the record do; what the box head never saw stays open and is said.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app.document import Document
from app.headless import (
    DONE,
    SOME_FAILED,
    WrongCallError,
    changed_settings,
    make_folder,
    summary,
    tell,
    tell_failure,
    write_inspection,
)
from app.panels.details_text import details_plain
from app.scene import Ref, Role, Scene, ViewOptions
from app.scene_builder import build_scene
from app.selection import find_selection, selection_of
from app.wording import text
from detector.case import CaseError, load_case
from detector.config import setting_info
from detector.explanation import explain, verdict_of
from detector.pipeline import follow
from detector.trace_reader import TraceReader

if TYPE_CHECKING:
    from detector.case import Case
    from detector.trace import Trace


def inspect_case(arguments: argparse.Namespace) -> int:
    """Explain a case; the exit code."""
    if arguments.out is not None:
        make_folder(arguments.out)
    try:
        case = load_case(arguments.case)
    except CaseError as error:
        tell(str(error))
        return SOME_FAILED
    trace = _moved(case, arguments.settings)
    selected = find_selection(selection_of(case.selected, case.trace), trace)
    document = Document(Path(case.name), case.image, trace.ground_truth)
    scene = build_scene(document, trace, ViewOptions())
    for warning in scene.warnings:
        tell(_plain(text(warning)))
    _tell_waiting(trace)
    if selected is None:
        _write(_overview(case.name or arguments.case.name, scene, trace))
    else:
        _write(details_plain(explain(TraceReader(trace), selected)))
    if arguments.out is not None:
        try:
            write_inspection(arguments.out, arguments.case.stem, document, trace)
        except Exception as error:
            tell_failure(arguments.case, error)
            return SOME_FAILED
    return DONE


def _moved(case: Case, changes: list[str]) -> Trace:
    """The Trace under the settings of the call.

    Raises:
        WrongCallError: where one does not exist, cannot take its value, or would change what the network says.
    """
    before = case.trace
    settings = changed_settings(before.settings, changes)
    moved = settings.changed_from(before.settings)
    for key in moved:
        if setting_info(key).evidence:
            raise WrongCallError(f"{key} changes what the network says; a case holds that as it was, and no network.")
    if not moved:
        return before
    trace = follow(before.evidence, settings, before.ground_truth, previous=before)
    return dataclasses.replace(trace, warnings=before.warnings)  # about the file: they hold whatever is moved


def _tell_waiting(trace: Trace) -> None:
    waiting = len(trace.detections.waiting)
    if waiting:
        kept = len(trace.proposals.kept)
        tell(
            f"The box head has not seen {waiting:,} of the {kept:,} proposals kept at these settings, and a case holds "
            "no network: what it would say of them stays open."
        )


def _overview(name: str, scene: Scene, trace: Trace) -> str:
    """Counts, then a line for each object that is missed or not known yet and for each false positive."""
    reader = TraceReader(trace)
    lines = [_line(reader, row.ref) for row in scene.objects if row.wrong or row.role is Role.WAITING]
    return "\n".join([summary(name, trace), *lines]) + "\n"


def _line(reader: TraceReader, ref: Ref) -> str:
    verdict = verdict_of(reader, ref)
    sentence = "" if verdict.sentence is None else f" {text(verdict.sentence)}"
    return f"{text(reader.name_of(ref))}: {text(verdict.label)}.{sentence}"


def _write(words: str) -> None:
    """To stdout, whatever letters its terminal knows."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(_plain(words).encode(encoding, "replace").decode(encoding))


_STEERING = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def _plain(words: str) -> str:
    """Without what steers a terminal: names in a case come from anybody."""
    return words.translate(_STEERING)
