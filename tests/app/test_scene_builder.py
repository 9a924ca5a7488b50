"""The whole scene: before the run, stale, and what is kept from one to the next."""

from app.document import Document
from app.scene import Ref, ViewOptions
from app.scene_builder import build_scene
from app.wording import text
from detector.memo import Memo
from detector.pipeline import follow
from tests.helpers.traces import IMAGE, OBJECTS, TRUTH, all_texts


def test_only_ground_truth(document):
    scene = build_scene(document, None, ViewOptions(selected=Ref("object", 2)))
    assert [layer.id for layer in scene.layers] == ["ground_truth.objects"]
    assert scene.layers[0].labels == ("cat", "dog", "cat")
    assert [text(row.verdict) for row in scene.objects] == ["not run"] * 3
    assert scene.cards[1].reason is not None
    assert {row.count for row in scene.tree if row.stage == "proposals"} == {None}
    all_texts(scene)


def test_nothing_open():
    scene = build_scene(None, None, ViewOptions())
    assert scene.layers == ()
    all_texts(scene)


def test_no_ground_truth(trace):
    plain = follow(trace.evidence, trace.settings, None)
    scene = build_scene(Document(OBJECTS, IMAGE), plain, ViewOptions("assignment", selected=Ref("anchor", 5)))
    assert scene.objects == ()
    assert scene.cards[2].reason is not None
    assert {row.count for row in scene.tree if row.stage == "assignment"} == {None}
    all_texts(scene)


def test_the_same_stages_give_the_same_arrays(document, trace):
    memo = Memo()
    options = ViewOptions("assignment", frozenset({"anchors.all", "proposals.suppressed"}))
    before = build_scene(document, trace, options, memo=memo)
    settings = trace.settings.with_value("detections.nms_iou", 0.61)
    after = build_scene(document, follow(trace.evidence, settings, TRUTH, trace), options, memo=memo)
    boxes = {layer.id: layer.boxes for layer in before.layers}
    assert all(boxes[layer.id] is layer.boxes for layer in after.layers if layer.id == "anchors.all")
    assert before.histograms["proposals.min_score"] is after.histograms["proposals.min_score"]
    assert before.histograms["detections.nms_iou"] is not after.histograms["detections.nms_iou"]


def test_stale_is_passed_on(document, trace):
    assert build_scene(document, trace, ViewOptions(), stale=True).stale
