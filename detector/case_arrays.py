"""The arrays of a case: their names, types and shapes, and what has to hold of their numbers.

Shapes: H, W the image; A anchors; R rows the head has seen; K classes; G objects; and of the Trace P kept proposals,
N detection rows (P x K), D kept detections, U waiting rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detector.anchors import AnchorGrid, anchor_grid
from detector.boxes import Floats, frozen
from detector.case_archive import MAX_ARRAY_BYTES, Archive, CaseError
from detector.config import AnchorSettings
from detector.evidence import FirstStage, HeadOutputs
from detector.ground_truth import GroundTruth
from detector.trace import DetectionOutcome, Trace

MAX_ANCHORS = 4_000_000

LARGEST = 1e7
"""Pixels: far above any image, and below it no product of sides leaves float32."""

SLACK_PX = 1.0
"""So far a clipped box may lie outside: others round the network's image in other ways."""


class Column(NamedTuple):
    """One array of the format.

    Attributes:
        name: its member is arrays/NAME.npy.
        dtype: as numpy writes it.
        shape: letters as above, and plain numbers.
    """

    name: str
    dtype: str
    shape: tuple[str | int, ...]

    @property
    def member(self) -> str:
        """Its name in the file."""
        return f"arrays/{self.name}.npy"


IMAGE = Column("image", "|u1", ("H", "W", 3))
ANCHORS = Column("anchors", "<f4", ("A", 4))
OBJECTNESS = Column("objectness", "<f4", ("A",))
DELTAS = Column("deltas", "<f4", ("A", 4))
DECODED = Column("decoded", "<f4", ("A", 4))
HEAD_ROWS = Column("head/rows", "<i8", ("R",))
HEAD_SCORES = Column("head/scores", "<f4", ("R", "K+1"))
HEAD_BOXES = Column("head/boxes", "<f4", ("R", "K", 4))
TRUTH_BOXES = Column("ground_truth/boxes", "<f4", ("G", 4))
FLAGS = tuple(Column(f"ground_truth/{name}", "|b1", ("G",)) for name in ("difficult", "truncated", "crowd"))

TRACE = (
    Column("trace/gt_boxes", "<f4", ("G", 4)),
    Column("assignment/label", "|i1", ("A",)),
    Column("assignment/reason", "|u1", ("A",)),
    Column("assignment/matched", "<i8", ("A",)),
    Column("assignment/best_for", "<i8", ("A",)),
    Column("assignment/max_iou", "<f4", ("A",)),
    Column("assignment/sampled", "|b1", ("A",)),
    Column("assignment/best_iou", "<f4", ("G",)),
    Column("proposals/fate", "|u1", ("A",)),
    Column("proposals/suppressed_by", "<i8", ("A",)),
    Column("proposals/rank", "<i8", ("A",)),
    Column("proposals/kept", "<i8", ("P",)),
    Column("detections/proposal", "<i8", ("N",)),
    Column("detections/anchor", "<i8", ("N",)),
    Column("detections/label", "<i8", ("N",)),
    Column("detections/score", "<f4", ("N",)),
    Column("detections/boxes", "<f4", ("N", 4)),
    Column("detections/fate", "|u1", ("N",)),
    Column("detections/suppressed_by", "<i8", ("N",)),
    Column("detections/kept", "<i8", ("D",)),
    Column("detections/waiting", "<i8", ("U",)),
    Column("judgement/outcomes", "|u1", ("N",)),
    Column("judgement/matched", "<i8", ("N",)),
)
"""The Trace: GROUP/FIELD of its records. Given or not, together or not: it is compared, never trusted."""

_OUTCOME_CODES = {outcome: code for code, outcome in enumerate(DetectionOutcome)}

_COUNTED = {
    "A": ("anchor", "anchors"),
    "G": ("object", "objects"),
    "R": ("row in arrays/head/rows.npy", "rows in arrays/head/rows.npy"),
}


def evidence_arrays(first: FirstStage, head: HeadOutputs) -> Iterator[tuple[Column, NDArray[Any]]]:
    """What the network said, as it is written."""
    yield ANCHORS, first.grid.boxes
    yield OBJECTNESS, first.objectness
    if not np.isnan(first.deltas).all():  # read from a case that has none
        yield DELTAS, first.deltas
    yield DECODED, first.boxes
    yield HEAD_ROWS, head.rows
    yield HEAD_SCORES, head.scores
    yield HEAD_BOXES, head.boxes


def truth_arrays(truth: GroundTruth | None) -> Iterator[tuple[Column, NDArray[Any]]]:
    """The ground truth, as it is written."""
    if truth is not None:
        yield TRUTH_BOXES, truth.boxes
        yield from zip(FLAGS, (truth.difficult, truth.truncated, truth.crowd), strict=True)


def trace_arrays(trace: Trace) -> Iterator[tuple[Column, NDArray[Any]]]:
    """The Trace, as it is written."""
    judgement = trace.judgement
    groups: dict[str, Any] = {
        "trace": trace if trace.ground_truth is not None else None,
        "assignment": trace.assignment,
        "proposals": trace.proposals,
        "detections": trace.detections,
        "judgement": judgement,
    }
    for column in TRACE:
        group, _, name = column.name.partition("/")
        if groups[group] is None:
            continue
        if column.name == "judgement/outcomes" and judgement is not None:
            yield column, np.array([_OUTCOME_CODES[each] for each in judgement.detections], np.uint8)
        else:
            yield column, getattr(groups[group], name)


def differing_arrays(archive: Archive, trace: Trace) -> list[str]:
    """Members of a file's Trace that are given and are not as in `trace`."""
    own = {column.name: array for column, array in trace_arrays(trace)}
    return [
        column.member
        for column in TRACE
        if column.member in archive and not _holds(archive, column.member, own.get(column.name))
    ]


def _holds(archive: Archive, member: str, wanted: NDArray[Any] | None) -> bool:
    header = archive.header(member)
    if wanted is None or header.shape != wanted.shape or header.dtype != wanted.dtype:
        return False
    return np.array_equal(archive.array(member, header), wanted, equal_nan=wanted.dtype.kind == "f")


def read_column(archive: Archive, column: Column, sizes: dict[str, int]) -> NDArray[Any]:
    """An array that is what the format says; a letter of its shape that is not in `sizes` yet is put there.

    Raises:
        CaseError: where it is missing, or its type or shape is another.
    """
    header = archive.header(column.member)
    wanted = np.dtype(column.dtype)
    if header.dtype != wanted:
        raise CaseError(f"{column.member} holds {header.dtype.str}; it takes {wanted.str} ({wanted.name}).")
    open_ended = [side for side in column.shape if isinstance(side, str) and side not in sizes]
    if open_ended and header.nbytes > MAX_ARRAY_BYTES:
        raise CaseError(f"{column.member} takes {header.nbytes:,} bytes, where at most {MAX_ARRAY_BYTES:,} are read.")
    if len(header.shape) == len(column.shape):
        sizes.update({side: header.shape[column.shape.index(side)] for side in open_ended})
    shape = tuple(side if isinstance(side, int) else sizes.get(side, -1) for side in column.shape)
    if header.shape != shape:
        raise CaseError(_misfit(column, header.shape, shape))
    return archive.array(column.member, header)


def _misfit(column: Column, found: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    counted = _COUNTED.get(str(column.shape[0]))
    if counted is not None and len(found) == len(wanted) and found[1:] == wanted[1:]:
        what = _number(found[0], *(("value", "values") if len(found) == 1 else ("row", "rows")))
        are = "is" if wanted[0] == 1 else "are"
        return f"{column.member} has {what}, but there {are} {_number(wanted[0], *counted)}."
    letters = ", ".join(str(side) for side in column.shape)
    return f"{column.member} has the shape {found}; it takes ({letters}), here {wanted}."


def _number(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"


def read_grid(
    archive: Archive, sizes: dict[str, int], settings: AnchorSettings, feature_hw: tuple[int, int]
) -> AnchorGrid:
    """The anchors, which stand where the settings put them: else a cell or a size named of them would be wrong.

    Raises:
        CaseError: where they are not one regular grid in this program's order.
    """
    shapes = len(settings.sizes) * len(settings.ratios)
    sizes["A"] = feature_hw[0] * feature_hw[1] * shapes
    if sizes["A"] > MAX_ANCHORS:
        raise CaseError(f"case.json has a grid of {sizes['A']:,} anchors, where at most {MAX_ANCHORS:,} are read.")
    header = archive.header(ANCHORS.member)
    if len(header.shape) == 2 and header.shape[0] != sizes["A"]:
        raise CaseError(
            f"{ANCHORS.member} has {_number(header.shape[0], 'anchor', 'anchors')}; the grid of case.json, "
            f"{feature_hw[0]} x {feature_hw[1]} cells with {_number(shapes, 'shape', 'shapes')} each, has "
            f"{sizes['A']:,}."
        )
    boxes = read_column(archive, ANCHORS, sizes)
    _refuse(ANCHORS, ~np.isfinite(boxes), "is NaN or infinite")
    expected = anchor_grid(settings, feature_hw).boxes
    if not np.array_equal(boxes, expected):
        _check_places(boxes, expected, settings.stride)
    return AnchorGrid(boxes, settings, feature_hw)


def _check_places(boxes: Floats, expected: Floats, stride: int) -> None:
    """Others put the centre at a corner of the cell or round the sides; within that it is the anchor it should be."""
    sides, expected_sides = boxes[:, 2:] - boxes[:, :2], expected[:, 2:] - expected[:, :2]
    moved = np.abs((boxes[:, 2:] + boxes[:, :2]) - (expected[:, 2:] + expected[:, :2])) / 2
    off = (moved > stride) | (np.abs(sides - expected_sides) > np.maximum(1.0, 0.05 * expected_sides))
    rows = np.flatnonzero(off.any(axis=1))
    if len(rows):
        row = int(rows[0])
        raise CaseError(
            f"{ANCHORS.member}, row {row:,} is {_written(boxes[row])}; the grid of case.json has "
            f"{_written(expected[row])} there (rows of cells, then cells, then ratios, then sizes)."
        )


def _written(box: Floats) -> str:
    return "[" + ", ".join(f"{value:.6g}" for value in box.tolist()) + "]"


def read_first_stage(
    archive: Archive, sizes: dict[str, int], grid: AnchorGrid, network_hw: tuple[int, int]
) -> FirstStage:
    """The RPN's outputs.

    Raises:
        CaseError: where a number cannot be one.
    """
    objectness = read_column(archive, OBJECTNESS, sizes)
    _check_probabilities(OBJECTNESS, objectness)
    boxes = read_column(archive, DECODED, sizes)
    _check_boxes(DECODED, boxes, network_hw)
    if DELTAS.member in archive:
        deltas = read_column(archive, DELTAS, sizes)
        _refuse(DELTAS, ~np.isfinite(deltas), "is NaN or infinite")
    else:
        deltas = frozen(np.full((sizes["A"], 4), np.nan, np.float32))  # not known, and nothing asks for them
    return FirstStage(grid, objectness, deltas, boxes)


def read_head(archive: Archive, sizes: dict[str, int], network_hw: tuple[int, int]) -> HeadOutputs:
    """The head's outputs.

    Raises:
        CaseError: where a number cannot be one.
    """
    rows = read_column(archive, HEAD_ROWS, sizes)
    _refuse(HEAD_ROWS, (rows < 0) | (rows >= sizes["A"]), f"is no row of the {sizes['A']:,} anchors")
    _refuse(HEAD_ROWS, np.diff(rows, prepend=-1) <= 0, "is not above the row before; they go upwards, each once")
    scores = read_column(archive, HEAD_SCORES, sizes)
    _check_probabilities(HEAD_SCORES, scores)
    boxes = read_column(archive, HEAD_BOXES, sizes)
    _check_boxes(HEAD_BOXES, boxes, network_hw)
    return HeadOutputs(rows, scores, boxes)


def read_truth(archive: Archive, sizes: dict[str, int], labels: list[str] | None) -> GroundTruth | None:
    """The ground truth; boxes without area are left as they are, as in any other file.

    Raises:
        CaseError: where boxes and labels do not fit, or a number cannot be one.
    """
    if labels is None:
        if TRUTH_BOXES.member in archive:
            raise CaseError(f"{TRUTH_BOXES.member} holds boxes, but case.json has no ground_truth with their labels.")
        return None
    sizes["G"] = len(labels)
    boxes = read_column(archive, TRUTH_BOXES, sizes)
    _refuse(TRUTH_BOXES, ~np.isfinite(boxes), "is NaN or infinite")
    _refuse(TRUTH_BOXES, np.abs(boxes) > LARGEST, "is no place in an image")
    flags = [read_column(archive, flag, sizes) if flag.member in archive else None for flag in FLAGS]
    for flag, values in zip(FLAGS, flags, strict=True):
        if values is not None:
            _refuse(flag, values.view(np.uint8) > 1, "is neither true nor false")
    return GroundTruth(boxes, labels, *flags)  # type: ignore[arg-type]  # None: all false


def _check_probabilities(column: Column, values: Floats) -> None:
    _refuse(column, ~np.isfinite(values), "is NaN or infinite")
    # A hair above 1 is rounding.
    _refuse(column, (values < 0) | (values > 1 + 1e-5), "is no probability: they lie between 0 and 1", values)


def _check_boxes(column: Column, boxes: Floats, network_hw: tuple[int, int]) -> None:
    """Boxes that the network gave, clipped to its image."""
    _refuse(column, ~np.isfinite(boxes), "is NaN or infinite")
    inverted = np.any(boxes[..., 2:] < boxes[..., :2], axis=-1)
    _refuse(column, inverted, "is inverted: x2 or y2 lies before x1 or y1", boxes)
    height, width = network_hw
    low, high = -SLACK_PX, np.array([width, height, width, height], np.float32) + SLACK_PX
    outside = np.any((boxes < low) | (boxes > high), axis=-1)
    _refuse(column, outside, f"leaves the network's image of {width} x {height} px, to which boxes are clipped", boxes)


def _refuse(column: Column, wrong: NDArray[np.bool_] | np.bool_, what: str, values: Floats | None = None) -> None:
    """Name the first row of which something is wrong, and show the value or the box that is."""
    if not wrong.any():
        return
    place = np.unravel_index(int(wrong.argmax()), wrong.shape)
    shown = "" if values is None else f" ({', '.join(f'{value:g}' for value in np.atleast_1d(values[place]).tolist())})"
    raise CaseError(f"{column.member}, row {int(place[0]):,} {what}{shown}.")
