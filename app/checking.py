"""Checking the images of a folder in short pieces, for a thread that has better things to do. No Qt.

CheckFlow  --check_pieces-->  reading thread  --Progress, CheckDone-->  CheckFlow
           --store_pieces-->                  --Found-->
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from app.edit import Box, Edit
from app.look_up import Found, look_up
from app.near_names import near_name
from app.places import is_case
from app.sessions import Held
from detector.datasets import DatasetError
from detector.datasets.check import Checked, Finding, Fixed, fixed, has_fix
from detector.datasets.check_kinds import KINDS, Kind
from detector.datasets.check_source import Judgement, checked, look_at, orphans, unreadable
from detector.datasets.errors import ImageError
from detector.datasets.images import damage_of
from detector.datasets.stores import Stores

PIECE_SECONDS = 0.03
"""How long one piece takes, if no single file takes longer."""

Phase: TypeAlias = Literal["reading", "judging"]


class Progress(NamedTuple):
    """So many images are done."""

    phase: Phase
    done: int
    of: int


@dataclass(frozen=True, slots=True, eq=False)
class CheckDone:
    """What came of it.

    Attributes:
        images: all that could be read, by path.
        judgement: what is known of them together.
        findings: of the images, by path, in the order of the list; only those with any.
        missing: annotations without an image, and images that cannot be opened.
        failed: a sentence for each image that could not be read.
    """

    images: dict[Path, Checked]
    judgement: Judgement
    findings: dict[Path, list[Finding]]
    missing: list[Finding]
    failed: list[str]


def check_pieces(files: Sequence[str], held: Mapping[Path, Held], stores: Stores) -> Iterator[Progress | CheckDone]:
    """Look at all images, then judge them."""
    images: dict[Path, Checked] = {}
    missing: list[Finding] = []
    failed: list[str] = []
    formats: set[str | None] = set()
    until = time.monotonic() + PIECE_SECONDS
    paths = [path for file in files if not is_case(path := Path(file))]
    for done, path in enumerate(paths, 1):
        try:
            mine, store = held.get(path), stores.of(path)
            formats.add(None if store is None else store.format)
            if mine is None:
                images[path] = look_at(path, store)[0]
            else:
                images[path] = replace(checked_edit(path, *mine), broken=damage_of(path))
        except ImageError as error:
            missing.append(unreadable(path, error))
        except DatasetError as error:
            failed.append(str(error))
        if time.monotonic() > until:
            yield Progress("reading", done, len(paths))
            until = time.monotonic() + PIECE_SECONDS
    yield Progress("judging", 0, len(paths))
    judgement = Judgement.of(list(images.values()), None, near_name, is_voc=formats <= {"voc", None})
    findings: dict[Path, list[Finding]] = {}
    until = time.monotonic() + PIECE_SECONDS
    for done, (path, image) in enumerate(images.items(), 1):
        if found := judgement.findings(image):
            findings[path] = found
        if time.monotonic() > until:
            yield Progress("judging", done, len(paths))
            until = time.monotonic() + PIECE_SECONDS
    try:
        missing += orphans(paths, stores.of)
    except DatasetError as error:
        failed.append(str(error))
    yield CheckDone(images, judgement, findings, missing, failed)


def store_pieces(paths: Sequence[Path], stores: Stores) -> Iterator[list[Found]]:
    """What the files of some images say."""
    some: list[Found] = []
    until = time.monotonic() + PIECE_SECONDS
    for path in paths:
        some.append(look_up(path, stores))
        if time.monotonic() > until:
            yield some
            some, until = [], time.monotonic() + PIECE_SECONDS
    if some:
        yield some


# -- what a person has in hand -----------------------------------------------------------------------------------------


def checked_edit(path: Path, edit: Edit, image_hw: tuple[int, int]) -> Checked:
    """What has to be known of an image as a person has made it.

    Raises:
        ImageError: as `checked`.
    """
    return checked(path, image_hw, edit.confirmed({}))


def fixed_edit(image: Checked, edit: Edit, judgement: Judgement, wanted: Kind | Finding) -> tuple[Edit, int]:
    """An edit with all findings of a kind fixed, or with one of them where it still holds; and how many there were.

    What is locked stays, unless all boxes of the image are meant.

    Args:
        image: as `checked_edit` has it.
    """
    kind = wanted if isinstance(wanted, str) else wanted.kind
    if kind in judgement.of_all.get(image.path, ()):
        found = [each for each in judgement.together if each.kind == kind]
    else:
        found = [each for each in judgement.findings(image) if each.kind == kind and has_fix(each)]
    if not isinstance(wanted, str) and wanted.row is not None:
        found = [each for each in found if is_same(each, wanted)]
    ids = edit.confirmed_ids
    found = [each for each in found if each.row is None or ids[each.row] not in edit.locked]
    return _with_fixed(edit, image, fixed(image, found)) if found else edit, len(found)


def is_same(one: Finding, other: Finding) -> bool:
    """The same of the same object as it was; numbers of objects may have moved up."""
    return (one.kind, one.path) == (other.kind, other.path) and (
        one.values.get("box"), one.values.get("label")
    ) == (other.values.get("box"), other.values.get("label"))  # fmt: skip


def _with_fixed(edit: Edit, image: Checked, new: Fixed) -> Edit:
    ids, truth = edit.confirmed_ids, image.truth
    kept = [ids[row] for row in new.kept]
    after = edit.without(set(ids) - set(kept))
    boxes: dict[int, Box] = {}
    for each, row, (x1, y1, x2, y2) in zip(kept, new.kept, new.boxes.tolist(), strict=True):
        if truth.boxes[row].tolist() != [x1, y1, x2, y2]:
            boxes[each] = (x1, y1, x2, y2)
    after = after.with_boxes(boxes)
    for each, row, label in zip(kept, new.kept, new.labels, strict=True):
        if truth.labels[row] != label:
            after = after.with_label((each,), label)
    return replace(after, stated_hw=new.stated_hw)


def by_kind(done: CheckDone) -> dict[Kind, list[Finding]]:
    """All findings by kind, in the order in which kinds are told."""
    found: dict[Kind, list[Finding]] = {kind: [] for kind in KINDS}
    for finding in (*done.judgement.together, *done.missing):
        found[finding.kind].append(finding)
    for some in done.findings.values():
        for finding in some:
            found[finding.kind].append(finding)
    return {kind: some for kind, some in found.items() if some}
