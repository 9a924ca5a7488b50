"""The row of shapes of the selected anchor's cell."""

import numpy as np
import pytest

from app.document import Document
from app.scene import Ref, Role, ViewOptions
from app.scene_builder import build_scene
from app.wording import text
from detector.boxes import iou
from detector.pipeline import follow


def cells_of(document, trace, ref, stage="anchors"):
    return build_scene(document, trace, ViewOptions(stage, selected=ref)).cells


def test_the_shapes_are_the_anchors_of_the_cell_in_the_order_of_the_grid(document, trace):
    grid = trace.evidence.first.grid
    row = grid.rows_of_cell(2, 1)[-1]
    (cell,) = cells_of(document, trace, Ref("anchor", row))
    assert text(cell.title) == "Anchors of cell x 2, y 1"
    assert [shape.ref for shape in cell.shapes] == [Ref("anchor", each) for each in grid.rows_of_cell(2, 1)]
    for shape in cell.shapes:
        x1, y1, x2, y2 = grid.boxes[shape.ref.row].tolist()
        assert (shape.width, shape.height) == (x2 - x1, y2 - y1)


def test_each_shape_says_its_best_overlap_and_its_label(document, trace):
    row = int(np.flatnonzero(trace.assignment.label == 1)[0])
    (cell,) = cells_of(document, trace, Ref("anchor", row), "detections")
    shape = next(each for each in cell.shapes if each.ref.row == row)
    assert shape.overlap == pytest.approx(float(trace.assignment.max_iou[row]))
    assert shape.is_positive
    assert shape.role in (Role.POSITIVE, Role.POSITIVE_BEST)
    assert f"IoU {shape.overlap:.3f} with " in text(shape.tip)
    assert text(shape.tip).endswith(("Positive", "Positive (best for object)"))


def test_for_an_object_the_cell_of_its_best_anchor_measured_against_it(document, trace):
    overlaps = iou(trace.evidence.first.grid.boxes, trace.gt_boxes)[:, 1]
    (cell,) = cells_of(document, trace, Ref("object", 1), "assignment")
    assert int(overlaps.argmax()) in [shape.ref.row for shape in cell.shapes]
    assert text(cell.title).endswith("IoU with dog #2")
    for shape in cell.shapes:
        assert shape.overlap == pytest.approx(float(overlaps[shape.ref.row]))


def test_a_detection_leads_to_the_cell_it_came_of(document, trace):
    row = int(trace.detections.kept[0])
    (cell,) = cells_of(document, trace, Ref("detection", row))
    assert int(trace.detections.anchor[row]) in [shape.ref.row for shape in cell.shapes]


@pytest.mark.parametrize(("ref", "stage"), [(None, "anchors"), (Ref("object", 0), "detections")])
def test_elsewhere_there_is_no_row(document, trace, ref, stage):
    assert cells_of(document, trace, ref, stage) == ()


def test_without_ground_truth_there_are_shapes_without_numbers(document, trace):
    plain = follow(trace.evidence, trace.settings, None)
    (cell,) = cells_of(Document(document.path, document.image), plain, Ref("anchor", 5))
    assert {shape.overlap for shape in cell.shapes} == {None}
    assert not any(shape.is_positive for shape in cell.shapes)
    assert text(cell.shapes[0].tip).startswith("anchor 4: ")
    assert "IoU" not in text(cell.shapes[0].tip)
