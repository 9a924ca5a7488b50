"""One step of NMS as a scene: layers, marks, arrow, sentence, and where one stands."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from app.scene import NmsCursor, Ref, Role, ViewOptions
from app.scene_builder import build_scene
from app.state import View
from app.wording import text
from detector.ground_truth import GroundTruth
from tests.helpers.nms_scenes import row_document, row_trace
from tests.helpers.traces import all_texts


def scene_at(step, stage="detections", trace=None, **options):
    cursor = step if isinstance(step, NmsCursor) else NmsCursor(step)
    return build_scene(row_document(), trace or row_trace(), ViewOptions(stage, nms=cursor, **options))


def rows_by_layer(scene):
    return {layer.id: layer.rows.tolist() for layer in scene.layers}


def test_detections_one_step_after_another():
    # Cat boxes by score: rows 0 (0.95, x 41), 2 (0.90, x 0), 4 (0.80, x 2), 6 (0.70, x 5), 8 (0.60, x 40). Dogs are
    # under the minimum. 0 stays, 8 is 1 from it and falls; 2 stays, 4 is 2 from it and falls; 6 is 5 from it and stays.
    told = [text(scene_at(step).nms.told) for step in range(5)]
    assert told == [
        "Detection 1 (cat 0.950) is kept: no cat box has a higher score. It suppresses 1 box.",
        "Detection 1 (cat 0.950) suppresses the cat box of proposal 5 (0.600): IoU 0.818 > 0.50.",
        "Detection 2 (cat 0.900) is kept: no cat box kept before overlaps it at IoU > 0.50. It suppresses 1 box.",
        "Detection 2 (cat 0.900) suppresses the cat box of proposal 3 (0.800): IoU 0.667 > 0.50.",
        "Detection 3 (cat 0.700) is kept: no cat box kept before overlaps it at IoU > 0.50. It suppresses none.",
    ]
    assert rows_by_layer(scene_at(0)) == {"nms.undecided": [8, 2, 4, 6], "nms.kept": [0]}
    assert rows_by_layer(scene_at(3)) == {"nms.undecided": [6], "nms.suppressed": [8, 4], "nms.kept": [0, 2]}
    assert rows_by_layer(scene_at(4)) == {"nms.suppressed": [8, 4], "nms.kept": [0, 2, 6]}


def test_the_box_whose_turn_it_is_and_the_one_that_falls_are_marked():
    kept, falls = scene_at(2), scene_at(3)
    assert [(mark.ref, mark.role, text(mark.label)) for mark in kept.marks] == [
        (Ref("detection", 2), Role.DETECTION, "cat 0.90")
    ]
    assert kept.arrows == ()
    assert [(mark.ref, mark.role, text(mark.label)) for mark in falls.marks] == [
        (Ref("detection", 2), Role.DETECTION, "cat 0.90"),
        (Ref("detection", 4), Role.SUPPRESSED, "cat 0.80"),
    ]
    (arrow,) = falls.arrows
    assert text(arrow.label) == "suppresses, IoU 0.667 > 0.50"
    # from the middle of the top of [0, 0, 10, 10] to three quarters along that of [2, 0, 12, 10]
    assert (arrow.start, arrow.end) == ((5.0, 0.0), (9.5, 0.0))


def test_proposals_are_told_by_their_objectness():
    trace = row_trace(proposals__nms_iou=0.5, proposals__post_nms_top_n=2)
    told = [text(scene_at(step, "proposals", trace).nms.told) for step in range(5)]
    # of the three that stay (anchors 4, 0, 2) the limit of 2 cuts the last
    assert told == [
        "Proposal 1 (objectness 0.950) is kept: no box has a higher objectness. It suppresses 1 box.",
        "Proposal 1 (objectness 0.950) suppresses the decoded box of anchor 3 (0.600): IoU 0.818 > 0.50.",
        "Proposal 2 (objectness 0.900) is kept: no box kept before overlaps it at IoU > 0.50. It suppresses 1 box.",
        "Proposal 2 (objectness 0.900) suppresses the decoded box of anchor 1 (0.800): IoU 0.667 > 0.50.",
        "The decoded box of anchor 2 (objectness 0.700) is kept by NMS, but comes 3rd: over the limit of 2. "
        "It suppresses none.",
    ]
    last = scene_at(4, "proposals", trace)
    assert rows_by_layer(last) == {"nms.suppressed": [3, 1], "nms.cut": [2], "nms.kept": [4, 0]}
    assert [(mark.role, text(mark.label)) for mark in last.marks] == [(Role.DROPPED, "objectness 0.70")]


def test_a_detection_over_the_limit_is_said_to_be():
    trace = row_trace(detections__max_detections=1)
    assert text(scene_at(3, trace=trace).nms.told) == (
        "The cat box of proposal 2 (0.900) suppresses the cat box of proposal 3 (0.800): IoU 0.667 > 0.50."
    )
    assert text(scene_at(4, trace=trace).nms.told) == (
        "The cat box of proposal 4 (0.700) is kept by NMS, but comes 3rd: over the limit of 1. It suppresses none."
    )


@pytest.mark.parametrize("stage", ["proposals", "detections"])
def test_the_tree_counts_along_and_its_eyes_work(stage):
    trace = row_trace(proposals__nms_iou=0.5) if stage == "proposals" else row_trace()
    scene = scene_at(1, stage, trace)
    rows = {row.id: row for row in scene.tree}
    counts = {layer: rows[layer].count for layer in ("nms.kept", "nms.cut", "nms.suppressed", "nms.undecided")}
    assert counts == {"nms.kept": 1, "nms.cut": 0, "nms.suppressed": 1, "nms.undecided": 3}
    assert all(rows[layer].visible for layer in counts)
    ids = [row.id for row in scene.tree]
    assert ids[ids.index(stage) + 1] == "nms.kept"
    assert rows[stage].visible
    hidden = scene_at(1, stage, trace, hidden=frozenset({"nms.undecided"}))
    assert "nms.undecided" not in rows_by_layer(hidden)
    assert {row.id: row.visible for row in hidden.tree}["nms.undecided"] is False
    all_texts(scene)


def test_without_stepping_nothing_of_it_is_there():
    scene = build_scene(row_document(), row_trace(), ViewOptions())
    assert scene.nms is None
    assert not [row.id for row in scene.tree if row.id.startswith("nms.")]


def test_one_begins_where_the_selection_is_decided():
    trace = row_trace()
    # anchor 1 became row 4, which falls in step 3; anchor 2 became row 6: step 4
    assert scene_at(NmsCursor(), trace=trace, selected=Ref("proposal", 1)).nms.cursor.step == 3
    assert scene_at(NmsCursor(), trace=trace, selected=Ref("detection", 6)).nms.cursor.step == 4
    assert scene_at(NmsCursor(), trace=trace).nms.cursor.step == 0
    truth = GroundTruth(np.array([[2, 0, 12, 10]], np.float32), ("cat",))
    judged = row_trace(truth)
    shown = build_scene(row_document(truth), judged, ViewOptions(selected=Ref("object", 0), nms=NmsCursor()))
    assert shown.nms.cursor.step == 2  # found by the better one beside it: IoU 0.667


def test_one_stays_at_the_box_when_a_setting_moves_and_else_at_the_number():
    here = scene_at(4).nms.cursor
    assert here.box == (2, 1)  # anchor 2 as a cat
    # At 0.7 only boxes 1 apart suppress: 4 stays by itself, and 6 is decided fifth: 0, 8, 2, 4, 6.
    assert scene_at(here, trace=row_trace(detections__nms_iou=0.7)).nms.cursor == here
    # Minimum score 0.65: 8 is gone, and 6 is decided fourth.
    moved = scene_at(here, trace=row_trace(detections__min_score=0.65))
    assert (moved.nms.cursor.step, moved.nms.count) == (3, 4)
    # Minimum score 0.75: 6 is gone too, its number is beyond the three that are left.
    gone = scene_at(here, trace=row_trace(detections__min_score=0.75))
    assert (gone.nms.cursor.step, gone.nms.count) == (2, 3)
    assert scene_at(NmsCursor(99)).nms.cursor.step == 4


def test_only_what_overlaps_the_selection():
    trace = row_trace()
    near = scene_at(NmsCursor(0, None, near=True), trace=trace, selected=Ref("proposal", 1))
    # With [2, 0, 12, 10]: x 0 at 0.667, x 2 itself, x 5 at 0.538. Step 0 and 1 are far away.
    assert near.nms.count == 3
    assert rows_by_layer(near) == {"nms.undecided": [4, 6], "nms.kept": [2]}
    assert text(near.nms.target) == "proposal 3 of 5"
    # coming from the box that is not told here, the next one that is
    from_far = scene_at(NmsCursor(1, (3, 1), near=True), trace=trace, selected=Ref("proposal", 1))
    assert from_far.nms.cursor.box == (0, 1)
    # nothing is selected: all of them
    assert scene_at(NmsCursor(0, None, near=True), trace=trace).nms.count == 5


def test_what_falls_near_the_selection_comes_with_what_suppresses_it():
    # With [8, 0, 18, 10]: x 5 at 7/13 = 0.538, x 2 at 4/16 = 0.25, x 0 at 2/18 = 0.111, and x 0 suppresses x 5.
    truth = GroundTruth(np.array([[8, 0, 18, 10]], np.float32), ("cat",))
    options = ViewOptions(selected=Ref("object", 0), nms=NmsCursor(0, None, near=True))
    scene = build_scene(row_document(truth), row_trace(truth, detections__nms_iou=0.3), options)
    assert scene.nms.count == 2
    # the object is missed, and seen so here too
    assert rows_by_layer(scene) == {"nms.undecided": [6], "nms.kept": [2], "ground_truth.missed": [0]}


def test_nothing_near_and_nothing_at_all():
    truth = GroundTruth(np.array([[80, 80, 90, 90]], np.float32), ("cat",))
    options = ViewOptions(selected=Ref("object", 0), nms=NmsCursor(0, None, near=True))
    lonely = build_scene(row_document(truth), row_trace(truth), options)
    assert lonely.nms.count == 0
    assert text(lonely.nms.told) == "None of the boxes that came as far as this NMS overlaps the selection."
    empty = scene_at(0, trace=row_trace(detections__min_score=0.99))
    assert (empty.nms.count, empty.layers) == (0, ())
    assert text(empty.nms.told) == "No box came as far as this NMS."


def test_isolated_is_the_turn_of_one_box():
    scene = scene_at(2, isolate=True)
    assert rows_by_layer(scene) == {"nms.undecided": [4], "nms.kept": [2]}
    assert rows_by_layer(scene_at(3, isolate=True)) == {"nms.suppressed": [4], "nms.kept": [2]}


def test_the_selection_is_marked_beside_the_step():
    scene = scene_at(1, selected=Ref("detection", 6))
    assert [mark.ref.row for mark in scene.marks] == [6, 0, 8]
    assert [mark.ref.row for mark in scene_at(1, selected=Ref("detection", 8)).marks] == [0, 8]
    anchor = scene_at(1, selected=Ref("anchor", 2))
    assert anchor.marks[0].ref == Ref("anchor", 2)


def test_hidden_boxes_and_labels_are_hidden_here_too():
    bare = scene_at(1, hide_boxes=True)
    assert (bare.layers, bare.marks, bare.arrows) == ((), (), ())
    assert bare.nms.count == 5
    silent = scene_at(1, hide_labels=True)
    assert silent.arrows == ()
    assert not any(mark.label for mark in silent.marks)
    assert not any(layer.labels for layer in silent.layers)


def test_many_kept_boxes_step_back(monkeypatch):
    assert [layer.bright for layer in scene_at(4).layers if layer.id == "nms.kept"] == [True]
    monkeypatch.setattr("app.scene_nms.MOST_BRIGHT", 2)
    assert [(layer.bright, layer.crisp) for layer in scene_at(4).layers if layer.id == "nms.kept"] == [(False, False)]


def test_before_the_detector_has_run():
    scene = build_scene(row_document(), None, ViewOptions(nms=NmsCursor()))
    assert scene.nms.count == 0
    assert text(scene.nms.told) == "The detector has not run on this image yet."


def test_each_stage_has_its_own_place_and_its_line_in_the_tree_means_the_steps():
    view = View("proposals", nms={"proposals": NmsCursor(3)})
    assert view.options.nms == NmsCursor(3)
    view.toggle("proposals", visible=False)
    assert view.options.hidden == {"nms.kept", "nms.cut", "nms.suppressed", "nms.undecided"}
    view.toggle("nms.kept", visible=True)
    assert view.options.hidden == {"nms.cut", "nms.suppressed", "nms.undecided"}
    view.stage = "detections"
    assert view.options.nms is None
    assert dataclasses.replace(view.options, stage="proposals").hidden == frozenset()
