"""`case.json`: everything of a case that is no array, checked value by value.

The structure below is the format; CONTRIBUTING.md says what each value means. Unknown names are left alone, so that a
writer may keep notes of its own.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct

from detector.assignment import Reason
from detector.case_archive import CaseError
from detector.config import Settings, SettingsError
from detector.messages import Kind
from detector.trace import DetectionFate, DetectionOutcome, ObjectOutcome, ProposalFate, Trace, without_nan

SCHEMA = 1

_MAX_SETTINGS_BYTES = 100_000
"""A hundred times what all settings take."""

_WIDEST = 4
"""So many times as long as a value written without blanks the same value may be: indented, its numbers in full."""

CODES = {
    "assignment/reason": [each.name.lower() for each in Reason],
    "proposals/fate": [each.name.lower() for each in ProposalFate],
    "detections/fate": [each.name.lower() for each in DetectionFate],
    "judgement/outcomes": [str(each) for each in DetectionOutcome],
}
"""What the numbers in these arrays mean, by place in the list: written along for readers that do not have this code."""

TRACE_DIFFERS = "case_trace_differs"
"""The warning that a file's Trace is not what `follow` makes of its Evidence."""

SELECTION_LEFT_OUT = "case_selection"
"""The warning that what a file says was selected is not there."""

OF_THE_FILE = (TRACE_DIFFERS, SELECTION_LEFT_OUT)
"""Warnings about a file, not about what it holds; so they are never written."""

_BYTE = re.compile(r"(?:JSON is malformed: )?(.*) \(byte (\d+)\)")
_NO_NUMBER = re.compile(rb"nan\b|inf(inity)?\b", re.IGNORECASE)

Side: TypeAlias = Annotated[int, Meta(ge=1, le=100_000)]
Row: TypeAlias = Annotated[int, Meta(ge=0, le=2**31)]
Name: TypeAlias = Annotated[str, Meta(min_length=1)]
Milliseconds: TypeAlias = dict[str, Annotated[float, Meta(ge=0)]]
SettingsTable: TypeAlias = dict[str, dict[str, Any]]


class Size(Struct, frozen=True):
    """Pixels."""

    height: Side
    width: Side

    @property
    def hw(self) -> tuple[int, int]:
        """(height, width)."""
        return self.height, self.width


class Image(Size, frozen=True):
    """The image, and the path it came from."""

    file: str = ""


class Model(Struct, frozen=True):
    """See `ModelInfo`."""

    name: str
    classes: Annotated[list[Name], Meta(min_length=1)]
    sha256: str | None = None


class Objects(Struct, frozen=True):
    """The classes of the ground truth; its boxes are arrays."""

    labels: list[str]


class Selection(Struct, frozen=True):
    """What was selected: an object, anchor or proposal by its row, a detection by its anchor and its class number."""

    kind: Kind
    row: Row | None = None
    anchor: Row | None = None
    label: Row | None = None


class StoredTrace(Struct, frozen=True):
    """The part of the Trace that is no array.

    All but the timings is compared, never trusted; so it stays text until its length says that it may be the same.
    """

    objects: Raw = Raw(b"null")
    warnings: Raw = Raw(b"null")
    codes: Raw = Raw(b"null")
    timings_ms: Milliseconds = {}


class Content(Struct, frozen=True):
    """All of `case.json`; the selection stays text, as a wrong one is no reason to refuse the rest."""

    schema: int
    image: Image
    network: Size
    model: Model
    feature_hw: tuple[Side, Side]
    settings: SettingsTable
    evidence_settings: SettingsTable | None = None
    ground_truth: Objects | None = None
    selection: Raw = Raw(b"null")
    timings_ms: Milliseconds = {}
    trace: StoredTrace | None = None
    program: str = ""


class _Outline(Struct):
    """What is looked at before anything is made of the rest: a short text can stand for a very large structure."""

    schema: int
    settings: Raw = Raw()
    evidence_settings: Raw = Raw()


def read_content(data: bytes) -> Content:
    """Check and take in `case.json`.

    Raises:
        CaseError: where it is no JSON, of another schema, or a value is missing or not what it should be.
    """
    outline: _Outline = _decoded(data, _Outline)
    schema = outline.schema
    if schema > SCHEMA:
        raise CaseError(f"written by a newer version (schema {schema}; this program reads {SCHEMA}).")
    if schema != SCHEMA:
        raise CaseError(f"case.json has the schema {schema}, which never was (this program reads {SCHEMA}).")
    for name in ("settings", "evidence_settings"):
        length = len(getattr(outline, name))
        if length > _MAX_SETTINGS_BYTES:
            raise CaseError(
                f"case.json, {name} takes {length:,} bytes, where at most {_MAX_SETTINGS_BYTES:,} are read."
            )
    content: Content = _decoded(data, Content)
    return content


def read_selection(content: Content) -> Selection | None:
    """What was selected.

    Raises:
        CaseError: where a value is missing or not what it should be.
    """
    selection: Selection | None = _decoded(bytes(content.selection), Selection | None, "selection")
    return selection


def read_settings(table: SettingsTable, place: str) -> Settings:
    """Settings; what the table does not name has its classic value.

    Raises:
        CaseError: naming the setting.
    """
    try:
        return Settings.from_dict(table)
    except SettingsError as error:
        raise CaseError(f"case.json, {place}: {error}") from None


def _decoded(data: bytes, kind: Any, inside: str = "") -> Any:
    """A text as what it should be; `inside` is the place in `case.json` that the text was taken from."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        said, _, place = str(error).partition(" - at `$")
        names = [name for name in (inside, place.strip("`.")) if name]
        where = f", {'.'.join(names)}" if names else ""
        raise CaseError(f"case.json{where}: {said[:1].lower()}{said[1:]}.") from None
    except UnicodeDecodeError:
        raise CaseError("case.json is not valid JSON (it holds bytes that are no UTF-8).") from None
    except msgspec.DecodeError as error:
        raise CaseError(f"case.json is not valid JSON{_what_is_wrong(data, str(error))}.") from None
    except RecursionError:
        raise CaseError("case.json is nested too deeply.") from None


def _what_is_wrong(data: bytes, said: str) -> str:
    """Where a text stops being JSON, and why; many writers put NaN where a number is not known."""
    found = _BYTE.fullmatch(said)
    if found is None:
        return f" ({said[:1].lower()}{said[1:]})"
    why, place = found[1], int(found[2])
    if _NO_NUMBER.search(data[max(place - 3, 0) : place + 9]):
        why = "NaN and Infinity are no JSON numbers"
    return f" at byte {place} ({why})"


def write_content(trace: Trace, selection: dict[str, Any] | None, program: str) -> bytes:
    """`case.json` of a Trace.

    Raises:
        CaseError: where a number is NaN or infinite.
    """
    evidence, truth = trace.evidence, trace.ground_truth
    file = evidence.image.file.encode("utf-8", "replace").decode()  # a name may hold bytes that are no text
    content = {
        "schema": SCHEMA,
        "program": program,
        "image": {"file": file, **_size(evidence.image.image_hw)},
        "network": _size(evidence.image.network_hw),
        "model": evidence.model.to_dict(),
        "feature_hw": list(evidence.first.grid.feature_hw),
        "settings": trace.settings.to_dict(),
        "evidence_settings": evidence.settings.to_dict(),
        "ground_truth": None if truth is None else {"labels": list(truth.labels)},
        "selection": selection,
        "timings_ms": evidence.timings_ms,
        "trace": trace_content(trace) | {"timings_ms": trace.timings_ms},
    }
    return _dumped(content).encode()


def trace_content(trace: Trace) -> dict[str, Any]:
    """The part of a Trace that is no array, but for its timings; and what the codes in its arrays mean."""
    objects = trace.judgement.objects if trace.judgement is not None else None
    return {
        "objects": None if objects is None else [_outcome(each) for each in objects],
        "warnings": [list(each) for each in trace.warnings if each[0] not in OF_THE_FILE],
        "codes": CODES,
    }


def differing_content(stored: StoredTrace, trace: Trace) -> list[str]:
    """Names of those parts of a file's Trace that are given and are not as in `trace`."""
    return [name for name, value in trace_content(trace).items() if not _is_same(getattr(stored, name), value)]


def _is_same(stored: Raw, value: Any) -> bool:
    """Whether a stored text is not given or says what this value does; of one that is far too long nothing is made."""
    text = bytes(stored)
    if text == b"null":
        return True
    own = json.dumps(value, allow_nan=False)
    if len(text) > _WIDEST * len(own) + 100:
        return False
    try:
        return bool(msgspec.json.decode(text) == json.loads(own))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _outcome(each: ObjectOutcome) -> dict[str, Any]:
    return {
        "outcome": str(each.outcome),
        "cause": None if each.cause is None else str(each.cause),
        "detection": each.detection,
        "detail": without_nan(each.detail),
    }


def _size(hw: tuple[int, int]) -> dict[str, int]:
    return {"height": hw[0], "width": hw[1]}


def _dumped(content: Any) -> str:
    try:
        return json.dumps(content, indent=1, allow_nan=False)
    except ValueError:
        raise CaseError("case.json would hold a number that is NaN or infinite.") from None
