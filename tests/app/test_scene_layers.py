"""Which boxes are on show."""

import dataclasses

import numpy as np

from app.document import Document
from app.scene import STAGES, Ref, ViewOptions
from app.scene_builder import build_scene
from app.scene_layers import SPECS
from app.wording import text
from detector.pipeline import follow
from tests.helpers.evidence import make_evidence, make_first
from tests.helpers.networks import SMALL
from tests.helpers.traces import OBJECTS


def test_each_stage_starts_with_its_own_layers(document, trace):
    shown = {}
    for stage in STAGES:
        scene = build_scene(document, trace, ViewOptions(stage))
        shown[stage] = {row.id for row in scene.tree if row.visible and row.depth == 1}
    truth = {"ground_truth.objects", "ground_truth.missed", "ground_truth.not_counted"}
    assert shown["image"] == truth
    assert shown["anchors"] == truth | {"anchors.cell", "anchors.centres"}
    assert shown["assignment"] == truth | {"assignment.positive_iou", "assignment.positive_best"}
    assert shown["proposals"] == truth | {"proposals.first"}
    assert shown["detections"] == truth | {"detections.judged", "detections.false_positive"}


def test_switching_by_hand(document, trace):
    options = ViewOptions("detections", frozenset({"anchors.all"}), frozenset({"ground_truth.objects"}))
    ids = [layer.id for layer in build_scene(document, trace, options).layers]
    assert "anchors.all" in ids
    assert "ground_truth.objects" not in ids


def test_crisp_layers_and_ground_truth_lie_on_top(document, trace):
    options = ViewOptions("detections", frozenset(spec.id for spec in SPECS))
    layers = build_scene(document, trace, options).layers
    crisp = [layer.crisp for layer in layers]
    assert crisp == sorted(crisp)
    assert layers[-1].id.startswith("ground_truth.")


def test_the_cell_under_the_cursor(document, trace):
    scene = build_scene(document, trace, ViewOptions("anchors", hover_cell=(2, 1)))
    cell = next(layer for layer in scene.layers if layer.id == "anchors.cell")
    assert cell.rows.tolist() == list(trace.evidence.first.grid.rows_of_cell(2, 1))
    # the middle of cell x 2, y 1 at stride 16: (2.5 * 16, 1.5 * 16)
    assert ((cell.boxes[:, :2] + cell.boxes[:, 2:]) / 2).tolist() == [[40, 24]] * 2
    assert len(scene.centres) == 12 * 10


def test_a_cell_outside_the_map_shows_nothing(document, trace):
    ids = [layer.id for layer in build_scene(document, trace, ViewOptions("anchors", hover_cell=(99, 0))).layers]
    assert "anchors.cell" not in ids


def test_proposals_near_the_selected_object(document, trace):
    options = ViewOptions("proposals", selected=Ref("object", 1))
    scene = build_scene(document, trace, options)
    rows = np.concatenate([layer.rows for layer in scene.layers if layer.kind == "proposal"])
    assert 0 < len(rows) < len(trace.proposals.kept)
    tree = {row.id: row for row in scene.tree}
    near, others = tree["proposals.first"], tree["proposals.kept"]
    assert text(near.name) == "Kept, near dog #2"
    assert near.count == len(rows)
    assert [layer.bright for layer in scene.layers if layer.kind == "proposal"] == [True]
    assert near.count + others.count == len(trace.proposals.kept)
    assert (near.visible, others.visible) == (True, False)
    both = build_scene(document, trace, dataclasses.replace(options, shown=frozenset({"proposals.kept"})))
    assert sum(len(layer.rows) for layer in both.layers if layer.kind == "proposal") == len(trace.proposals.kept)


def test_isolate_leaves_what_concerns_the_selection(document, trace):
    scene = build_scene(document, trace, ViewOptions(selected=Ref("object", 1), isolate=True))
    objects = [row for layer in scene.layers if layer.kind == "object" for row in layer.rows.tolist()]
    assert objects == [1]


def test_hidden_boxes_and_labels(document, trace):
    assert build_scene(document, trace, ViewOptions(hide_boxes=True)).layers == ()
    scene = build_scene(document, trace, ViewOptions(hide_labels=True, selected=Ref("object", 0)))
    assert not any(layer.labels for layer in scene.layers)
    assert not any(mark.label for mark in scene.marks)


def test_boxes_are_in_image_pixels():
    first = make_first([[0, 0, 50, 40]], [0.9])
    evidence = make_evidence(first, None, image_hw=(200, 100), network_hw=(100, 100))
    trace = follow(evidence, SMALL, None)
    options = ViewOptions("proposals", frozenset({"anchors.all"}))
    scene = build_scene(Document(OBJECTS, np.zeros((200, 100, 3), np.uint8)), trace, options)
    assert {tuple(layer.boxes[0].tolist()) for layer in scene.layers} == {(0.0, 0.0, 50.0, 80.0)}
    assert scene.space.scale_xy == (1.0, 0.5)
