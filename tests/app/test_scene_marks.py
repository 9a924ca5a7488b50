"""The selection's story: what it came by, its suppressor, and what it suppressed."""

from __future__ import annotations

import numpy as np

from app.scene import Ref, Role, ViewOptions
from app.scene_builder import build_scene
from app.wording import text
from detector.config import Settings
from detector.ground_truth import GroundTruth
from detector.pipeline import follow
from tests.helpers.evidence import make_evidence, make_first, make_head
from tests.helpers.nms_scenes import row_document, row_trace


def scene_of(ref, trace=None, **options):
    return build_scene(row_document(), trace or row_trace(), ViewOptions(selected=ref, **options))


def suppressed(scene):
    return [layer for layer in scene.layers if layer.id == "nms.by_selection"]


def test_a_suppressed_detection_shows_who_suppressed_it():
    scene = scene_of(Ref("detection", 4))
    assert [(mark.ref, mark.role) for mark in scene.marks] == [
        (Ref("anchor", 1), Role.ANCHOR),
        (Ref("proposal", 1), Role.PROPOSAL),
        (Ref("detection", 2), Role.DETECTION),
        (Ref("detection", 4), Role.SUPPRESSED),
    ]
    # [0, 0, 10, 10] and [2, 0, 12, 10]: 80 / 120
    assert [text(arrow.label) for arrow in scene.arrows] == ["suppresses, IoU 0.667 > 0.50"]
    assert suppressed(scene) == []


def test_a_kept_detection_shows_what_it_suppressed():
    scene = scene_of(Ref("detection", 2))
    (layer,) = suppressed(scene)
    assert (layer.kind, layer.role, layer.rows.tolist()) == ("detection", Role.SUPPRESSED, [4])
    assert layer.boxes.tolist() == [[2, 0, 12, 10]]
    assert layer.crisp
    assert layer.bright
    assert text(layer.name) == "Suppressed by detection 2"
    (arrow,) = scene.arrows
    # from the middle of its own top to three quarters along the other's
    assert (arrow.start, arrow.end) == ((5.0, 0.0), (9.5, 0.0))


def test_a_kept_proposal_shows_the_proposals_it_suppressed():
    trace = row_trace(proposals__nms_iou=0.3)
    # Anchor 0 (0.9) suppresses 1 (0.667) and 2 (0.333), best first; of these came nothing to the head.
    scene = scene_of(Ref("proposal", 0), trace, stage="proposals")
    (layer,) = suppressed(scene)
    assert layer.rows.tolist() == [1, 2]
    assert [text(arrow.label) for arrow in scene.arrows] == [
        "suppresses, IoU 0.667 > 0.30",
        "suppresses, IoU 0.333 > 0.30",
    ]


def test_others_have_nothing_to_show():
    assert suppressed(scene_of(Ref("detection", 6))) == []
    assert suppressed(scene_of(Ref("anchor", 0))) == []
    assert suppressed(scene_of(Ref("detection", 2), hide_boxes=True)) == []


def test_of_many_the_best_are_drawn_and_none_has_an_arrow():
    boxes, scores = [[0, 0, 100, 100]] * 41, np.linspace(0.9, 0.5, 41)
    trace = follow(make_evidence(make_first(boxes, scores)), Settings().with_value("proposals.min_side", 1.0), None)
    scene = scene_of(Ref("proposal", 0), trace, stage="proposals")
    (layer,) = suppressed(scene)
    assert layer.rows.tolist() == list(range(1, 31))
    assert text(layer.name) == "Suppressed by proposal 1 of 1, the best of 40"
    assert scene.arrows == ()


def test_at_most_three_arrows_the_suppressor_s_among_them():
    # Four proposals in one place; what the head makes of the first falls by what it makes of the fifth.
    same, away = [[0, 0, 40, 40]], [60, 0, 100, 40]
    first = make_first([*same * 4, away], [0.9, 0.8, 0.7, 0.6, 0.5])
    refined = [[[0, 0, 40, 40]] * 2, [[0, 0, 40, 40]] * 2]
    head = make_head([0, 4], [[0.18, 0.8, 0.02], [0.08, 0.9, 0.02]], refined)
    trace = follow(make_evidence(first, head), Settings().with_value("proposals.min_side", 1.0), None)
    assert trace.proposals.kept.tolist() == [0, 4]
    scene = scene_of(Ref("proposal", 0), trace)
    assert len(suppressed(scene)[0].rows) == 3
    assert [text(arrow.label) for arrow in scene.arrows] == ["suppresses, IoU 1.000 > 0.30"]


def test_an_object_that_no_anchor_touches_is_marked_alone():
    # The row's boxes lie in the first 20 px; the object stands far to the right of the image.
    plain = row_trace()
    trace = follow(plain.evidence, plain.settings, GroundTruth([[900, 0, 920, 20]], ["cat"]))
    assert [mark.ref for mark in scene_of(Ref("object", 0), trace, stage="anchors").marks] == [Ref("object", 0)]


def test_isolated_are_the_story_and_what_it_suppressed():
    scene = scene_of(Ref("detection", 2), isolate=True, shown=frozenset({"detections.suppressed"}))
    rows = {layer.id: layer.rows.tolist() for layer in scene.layers}
    assert rows == {"detections.judged": [2], "nms.by_selection": [4]}
    back = scene_of(Ref("detection", 4), isolate=True, shown=frozenset({"detections.suppressed"}))
    assert {layer.id: layer.rows.tolist() for layer in back.layers} == {
        "detections.judged": [2],
        "detections.suppressed": [4],
    }
