"""What the panel says of the selected thing."""

from pathlib import Path

import numpy as np
import pytest

from app.document import Document
from app.scene import STAGES, Ref, Role, ViewOptions
from app.scene_builder import build_scene
from app.wording import text
from detector.boxes import iou
from detector.config import Settings
from detector.ground_truth import GroundTruth
from detector.pipeline import follow
from tests.helpers.evidence import make_evidence, make_first
from tests.helpers.traces import TRUTH, all_texts


def test_everything_that_can_be_selected_can_be_told(document, trace):
    refs = [Ref("object", row) for row in range(3)]
    refs += [Ref("anchor", row) for row in range(0, 240, 7)]
    refs += [Ref("proposal", row) for row in range(0, 240, 7)]
    refs += [Ref("detection", row) for row in range(0, len(trace.detections.fate), 3)]
    for ref in refs:
        scene = build_scene(document, trace, ViewOptions(selected=ref))
        assert scene.selected == ref
        assert scene.details.ref == ref
        assert scene.marks[-1].ref == ref
        assert scene.marks[-1].selected
        for said in all_texts(scene):
            assert not any(word in said for word in ("Evidence", "Trace", "Fate", "nan", "{", "}")), said
            assert " row" not in said


def test_a_detection_names_its_parents(document, trace):
    row = int(trace.detections.kept[0])
    scene = build_scene(document, trace, ViewOptions(selected=Ref("detection", row)))
    anchor = int(trace.detections.anchor[row])
    refs = [ref for _, ref in scene.details.explanation.links]
    assert Ref("proposal", anchor) in refs
    assert Ref("anchor", anchor) in refs
    assert text(scene.details.explanation.title) == "Detection 1"
    assert scene.details.explanation.scores[0].label in ("cat", "dog")
    assert sum(bar.score for bar in scene.details.explanation.scores) == pytest.approx(1, abs=1e-5)


def test_an_anchor_names_its_object_and_its_targets(document, trace):
    row = int(np.flatnonzero(trace.assignment.label == 1)[0])
    scene = build_scene(document, trace, ViewOptions(selected=Ref("anchor", row)))
    told = scene.details.explanation
    training = next(section for section in told.sections if section.id == "training")
    assert [text(fact.name) for fact in training.facts] == ["In the mini-batch", "Target"]
    assert Ref("object", int(trace.assignment.matched[row])) in training.facts[1].refs
    assert [text(fact.name) for fact in told.facts[:2]] == ["RPN", "Decoded box"]
    assert text(told.title) == f"Anchor {row:,}"
    assert scene.details.role in (Role.POSITIVE, Role.POSITIVE_BEST)


def test_a_thing_that_is_gone_is_not_selected(document, trace):
    scene = build_scene(document, trace, ViewOptions(selected=Ref("detection", 10**6)))
    assert scene.selected is None
    assert scene.details is None


def test_an_object_tells_its_best_anchor_and_the_one_its_box_came_from(document, trace):
    """The anchor that is judged is the best one, wherever the detection came from."""
    overlap = iou(trace.evidence.first.grid.boxes, trace.gt_boxes)
    anchors = [trace.judgement.objects[number].detail.get("anchor", -1) for number in range(3)]
    for number in range(3):
        scene = build_scene(document, trace, ViewOptions(selected=Ref("object", number)))
        facts = {text(fact.name): fact for fact in scene.details.explanation.facts}
        best = facts.get("Best anchor", facts.get("Anchor"))
        assert f"IoU {overlap[:, number].max():.3f}" in text(best.value)
        assert best.mark is (True if overlap[:, number].max() >= trace.settings.matching.iou else None)
        assert "h/w 1" in text(best.value)
        if "Best anchor" in facts:
            assert facts["Source anchor"].refs != best.refs
    assert len(anchors) == 3


def test_the_limit_that_decided_is_named(document, trace):
    settings = trace.settings.with_value("matching.working_score", 0.5)
    scene = build_scene(document, follow(trace.evidence, settings, TRUTH), ViewOptions(selected=Ref("object", 0)))
    head = next(text(fact.value) for fact in scene.details.explanation.facts if text(fact.name) == "Box head")
    assert "(working score 0.50)" in head
    settings = settings.with_value("matching.working_score", 0.0).with_value("detections.min_score", 0.3)
    scene = build_scene(document, follow(trace.evidence, settings, TRUTH), ViewOptions(selected=Ref("object", 0)))
    head = next(text(fact.value) for fact in scene.details.explanation.facts if text(fact.name) == "Box head")
    assert "(minimum 0.30)" in head


def test_an_image_too_small_for_any_anchor_has_an_explanation_all_the_same():
    truth = GroundTruth([[0, 0, 20, 20]], ("cat",))
    trace = follow(make_evidence(make_first([], [])), Settings(), truth)
    small = Document(Path("a.png"), np.zeros((100, 100, 3), np.uint8), truth)
    for stage in STAGES:
        scene = build_scene(small, trace, ViewOptions(stage=stage, selected=Ref("object", 0)))
        assert [mark.ref for mark in scene.marks] == [Ref("object", 0)]
        assert scene.cells == ()
        assert "none: the image is too small for the grid" in all_texts(scene)
