"""A case: one image with all that was seen of it, in one file that anybody can open without the model.

    image, Trace (Evidence, Settings, ground truth), selection  --save_case-->  FILE.boxcase  --load_case-->  Case

The file is a ZIP of `case.json`, the image and plain numpy arrays; CONTRIBUTING.md describes it and shows how to write
one from another framework. Nothing in it is ever executed, and nothing of it is extracted to the disk.

What was drawn and explained follows from the Evidence, so `load_case` makes the Trace again: numpy only, milliseconds,
and no file can claim what its own numbers do not give. The Trace in the file is for readers that do not have `follow`;
where it is not the same, the Trace that was made says so among its warnings.
"""

from __future__ import annotations

import dataclasses
import io
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from detector.boxes import frozen
from detector.case_archive import Archive, ArchiveWriter
from detector.case_archive import CaseError as CaseError
from detector.case_arrays import (
    IMAGE,
    differing_arrays,
    evidence_arrays,
    read_column,
    read_first_stage,
    read_grid,
    read_head,
    read_truth,
    trace_arrays,
    truth_arrays,
)
from detector.case_json import (
    SELECTION_LEFT_OUT,
    TRACE_DIFFERS,
    Content,
    Selection,
    differing_content,
    read_content,
    read_selection,
    read_settings,
    write_content,
)
from detector.config import Settings
from detector.datasets.files import write_atomic
from detector.datasets.images import MAX_PIXELS
from detector.evidence import Evidence, ImageInfo, ModelInfo
from detector.ground_truth import GroundTruth
from detector.messages import Ref
from detector.pipeline import follow
from detector.trace import Trace
from detector.version import version

SUFFIX = ".boxcase"

_JSON, _PNG = "case.json", "image.png"
_MAX_JSON_BYTES = 16_000_000  # 40,000 objects; 300 take 120 kB


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """What a case file holds.

    Attributes:
        image: uint8 (H, W, 3) RGB, read-only.
        trace: with its Evidence, Settings and ground truth; made anew from those.
        selected: what was selected, a detection by its row in `trace`; None for nothing.
        name: the image's file name, without its folder; "" where it came as an array.
    """

    image: NDArray[np.uint8]
    trace: Trace
    selected: Ref | None
    name: str


def save_case(
    path: str | Path, image: NDArray[np.uint8], trace: Trace, selected: tuple[str, int] | None = None
) -> None:
    """Write a case; at every moment either the old file or the whole new one is there.

    Args:
        path: the file; by custom FILE.boxcase.
        image: uint8 (H, W, 3) RGB, the one the Trace is of.
        trace: what is to be seen; the same content gives the same bytes.
        selected: (kind, row) in this Trace.

    Raises:
        CaseError: where the parts do not fit together, or hold NaN; nothing is written then.
        DatasetError: where the file cannot be written.
    """
    try:
        content = _packed(image, trace, selected)
        parts = _read_parts(Archive(io.BytesIO(content)))  # what cannot be read again is not written
        _selection(parts)
    except CaseError as error:
        raise CaseError(f"'{path}' is not written: {error}") from None
    write_atomic(Path(path), content)


def load_case(path: str | Path) -> Case:
    """Read a case; every part is checked before it is used.

    Raises:
        CaseError: one sentence with the file and the place in it: missing, cut short, damaged, of a newer version, with
            arrays that do not fit, with numbers that cannot be.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            return _read(Archive(file))
    except CaseError as error:
        raise CaseError(f"'{path}': {error}") from None
    except FileNotFoundError:
        raise CaseError(f"There is no file '{path}'.") from None
    except IsADirectoryError:
        raise CaseError(f"'{path}' is a folder, not a case.") from None
    except OSError as error:
        raise CaseError(f"'{path}' cannot be read ({error.strerror or error}).") from None
    except MemoryError:
        raise CaseError(f"'{path}' needs more memory than there is.") from None


def _packed(image: NDArray[np.uint8], trace: Trace, selected: tuple[str, int] | None) -> bytes:
    height, width = trace.evidence.image.image_hw
    if image.dtype != np.uint8 or image.shape != (height, width, 3):
        raise CaseError(f"the image is {image.dtype} {image.shape}; the Trace is of uint8 ({height}, {width}, 3).")
    picture = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(picture, "PNG", compress_level=3)
    archive = ArchiveWriter()
    archive.add(_JSON, write_content(trace, _written_selection(selected, trace), f"boxscope {version()}"))
    archive.add(_PNG, picture.getvalue(), packed=False)
    parts = (evidence_arrays(trace.evidence.first, trace.evidence.head), truth_arrays(trace.ground_truth))
    for column, array in (*parts[0], *parts[1], *trace_arrays(trace)):
        archive.add_array(column.member, array)
    return archive.finish()


def _read(archive: Archive) -> Case:
    parts = _read_parts(archive)
    image = _read_image(archive, parts.content)
    trace = follow(parts.evidence, parts.settings, parts.truth)
    stored = parts.content.trace
    differing = differing_arrays(archive, trace)
    if stored is not None:
        differing += [f"{_JSON}, trace.{name}" for name in differing_content(stored, trace)]
    if differing:
        trace = _warned(trace, TRACE_DIFFERS, {"place": differing[0], "n": len(differing)})
    elif stored is not None and stored.timings_ms:
        trace = dataclasses.replace(trace, timings_ms=stored.timings_ms)  # of the machine that the file tells of
    try:
        selection = _selection(parts)
    except CaseError as error:
        selection = None  # all else of the case is as good as it was
        trace = _warned(trace, SELECTION_LEFT_OUT, {"why": str(error)})
    return Case(image, trace, _found_selection(selection, trace), _base_name(parts.content.image.file))


def _warned(trace: Trace, name: str, values: dict[str, Any]) -> Trace:
    return dataclasses.replace(trace, warnings=(*trace.warnings, (name, values)))


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """All of a case but its picture and its Trace."""

    content: Content
    evidence: Evidence
    settings: Settings
    truth: GroundTruth | None
    sizes: dict[str, int]


def _read_parts(archive: Archive) -> _Parts:
    content = read_content(archive.read(_JSON, _MAX_JSON_BYTES))
    settings = read_settings(content.settings, "settings")
    of_evidence = settings
    if content.evidence_settings is not None:
        of_evidence = read_settings(content.evidence_settings, "evidence_settings")
    classes = tuple(content.model.classes)
    sizes = {"K": len(classes), "K+1": len(classes) + 1}
    grid = read_grid(archive, sizes, of_evidence.anchors, content.feature_hw)
    evidence = Evidence(
        # Names no feature map of this process, whatever the file says: what the head would say of it is not known.
        key=f"case {archive.fingerprint()}",
        image=ImageInfo(content.image.file, content.image.hw, content.network.hw),
        model=ModelInfo(content.model.name, classes, content.model.sha256),
        settings=of_evidence,
        first=read_first_stage(archive, sizes, grid, content.network.hw),
        head=read_head(archive, sizes, content.network.hw),
        timings_ms=content.timings_ms,
    )
    truth = read_truth(archive, sizes, None if content.ground_truth is None else content.ground_truth.labels)
    return _Parts(content, evidence, settings, truth, sizes)


def _read_image(archive: Archive, content: Content) -> NDArray[np.uint8]:
    height, width = content.image.hw
    if height * width > MAX_PIXELS:
        raise CaseError(
            f"{_JSON} says {width} x {height} pixels, where at most {MAX_PIXELS // 1_000_000} megapixels are opened."
        )
    if _PNG not in archive:
        if IMAGE.member not in archive:
            raise CaseError(f"{_PNG} is missing, and so is {IMAGE.member}.")
        return read_column(archive, IMAGE, {"H": height, "W": width})
    if IMAGE.member in archive:
        raise CaseError(f"two images are there, {_PNG} and {IMAGE.member}.")
    # A picture that cannot be squeezed is a little larger than its pixels.
    data = archive.read(_PNG, 1_000_000 + height * width * 6)
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            if picture.size != (width, height):
                raise CaseError(f"{_PNG} is {picture.width} x {picture.height} px; {_JSON} says {width} x {height}.")
            if picture.mode != "RGB":
                raise CaseError(f"{_PNG} holds {picture.mode} pixels; a case's image is RGB.")
            return frozen(np.array(picture))
    except CaseError:
        raise
    except UnidentifiedImageError:
        raise CaseError(f"{_PNG} is damaged from its beginning, or no PNG picture.") from None
    except Exception as error:  # Pillow's readers raise almost anything on damaged files
        raise CaseError(f"{_PNG} is damaged ({' '.join(str(error).split()).rstrip('.')}).") from error


def _written_selection(selected: tuple[str, int] | None, trace: Trace) -> dict[str, Any] | None:
    """A detection by anchor and class: its row counts proposals, which other settings renumber."""
    if selected is None:
        return None
    kind, row = selected
    found = trace.detections
    if kind == "detection":
        if not 0 <= row < len(found.fate):
            raise CaseError(f"there is no detection row {row:,} to select; the Trace has {len(found.fate):,}.")
        return {"kind": kind, "anchor": int(found.anchor[row]), "label": int(found.label[row])}
    return {"kind": kind, "row": int(row)}


def _selection(parts: _Parts) -> Selection | None:
    """What was selected.

    Raises:
        CaseError: where it is not there.
    """
    selection, sizes = read_selection(parts.content), parts.sizes
    if selection is None:
        return None
    if selection.kind == "detection":
        named = {"anchor": (selection.anchor, 0, sizes["A"] - 1), "label": (selection.label, 1, sizes["K"])}
    else:
        named = {"row": (selection.row, 0, sizes.get("G", 0) - 1 if selection.kind == "object" else sizes["A"] - 1)}
    for name, (value, low, high) in named.items():
        if value is None:
            raise CaseError(f"{_JSON}, selection: a selected {selection.kind} has no '{name}'.")
        if not low <= value <= high:
            raise CaseError(f"{_JSON}, selection: there is no {selection.kind} with {name} {value:,}.")
    return selection


def _found_selection(selection: Selection | None, trace: Trace) -> Ref | None:
    """Where the selected thing is; a detection whose proposal is not kept is that proposal."""
    if selection is None:
        return None
    if selection.row is not None and selection.kind != "detection":
        return Ref(selection.kind, selection.row)
    found = trace.detections
    rows = np.flatnonzero((found.anchor == selection.anchor) & (found.label == selection.label))
    return Ref("detection", int(rows[0])) if len(rows) else Ref("proposal", int(selection.anchor or 0))


def _base_name(file: str) -> str:
    """The last part of a path from either kind of system."""
    return PureWindowsPath(PurePosixPath(file).name).name
