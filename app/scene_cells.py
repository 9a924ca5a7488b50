"""The anchors of a cell as a row of shapes: anchors are picked by their cell, for a pixel lies in thousands of them."""

from __future__ import annotations

from app.scene import AnchorShape, CellShapes, Ref
from app.scene_frame import Frame
from app.scene_roles import anchor_role
from app.sentences import say
from detector.explanation_chain import best_anchor, ratio
from detector.explanation_fates import anchor_fate


def cells(frame: Frame, ref: Ref) -> tuple[CellShapes, ...]:
    """The cell of a selected anchor; where anchors are on show also of what came of one, or of what it should fit."""
    if ref.kind != "anchor" and frame.options.stage not in ("anchors", "assignment"):
        return ()
    about, anchor = ref.row if ref.kind == "object" else -1, _anchor_of(frame, ref)
    if anchor < 0:  # none touches the object
        return ()
    grid = frame.trace.evidence.first.grid
    place = grid.place(anchor)
    rows = grid.rows_of_cell(place.cell_x, place.cell_y)
    title = say("cell.title", x=place.cell_x, y=place.cell_y)
    if about >= 0:
        title = say("cell.title.object", x=place.cell_x, y=place.cell_y, name=frame.name_of(ref))
    return (CellShapes(title, tuple(_shape(frame, row, about) for row in rows)),)


def _anchor_of(frame: Frame, ref: Ref) -> int:
    if ref.kind == "object":
        return -1 if frame.is_proposed(ref) else best_anchor(frame, ref.row)
    return int(frame.trace.detections.anchor[ref.row]) if ref.kind == "detection" else ref.row


def _shape(frame: Frame, row: int, about: int) -> AnchorShape:
    """One anchor, with its overlap with the object it is about: the given one, else its own best."""
    ref, found = Ref("anchor", row), frame.trace.assignment
    place = frame.trace.evidence.first.grid.place(row)
    x1, y1, x2, y2 = (float(value) for value in frame.network_box(ref))
    label, role = anchor_fate(frame, row).label, anchor_role(frame, row)
    if about < 0 and found is not None and float(found.max_iou[row]) > 0:
        about = int(found.matched[row])
    overlap = frame.iou(ref, Ref("object", about)) if about >= 0 else None
    values = {"k": row, "size": place.size, "ratio": ratio(place.ratio), "fate": label}
    if overlap is not None:
        tip = say("cell.shape.iou", a=overlap, name=frame.name_of(Ref("object", about)), **values)
    else:
        tip = say("cell.shape" if found is None else "cell.shape.fate", **values)
    is_positive = found is not None and int(found.label[row]) == 1
    return AnchorShape(ref, x2 - x1, y2 - y1, role, overlap, is_positive, tip)
