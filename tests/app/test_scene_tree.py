"""The rail's cards and the tree: counts, names, eyes."""

from app.document import Document
from app.scene import STAGES, ViewOptions
from app.scene_builder import build_scene
from app.scene_layers import SPECS
from app.wording import layer_label, text
from detector.pipeline import follow
from tests.helpers.traces import IMAGE


def test_every_anchor_proposal_and_detection_is_in_one_line_of_the_tree(document, trace):
    tree = {row.id: row.count for row in build_scene(document, trace, ViewOptions()).tree}
    anchors = len(trace.evidence.first.grid)
    labels = ("positive_iou", "positive_best", "negative", "ignored", "outside")
    assert sum(tree[f"assignment.{each}"] for each in labels) == tree["assignment"] == anchors
    proposals = [spec.id for spec in SPECS if spec.group == "proposals"]
    assert sum(tree[each] for each in proposals) == tree["proposals"] == anchors
    detections = [spec.id for spec in SPECS if spec.group == "detections"]
    assert sum(tree[each] for each in detections) == tree["detections"] == len(trace.detections.fate)
    assert tree["ground_truth"] == 3


def test_a_layer_holds_as_many_boxes_as_its_line_says(document, trace):
    for stage in STAGES:
        every = ViewOptions(stage, shown=frozenset(spec.id for spec in SPECS), hover_cell=(0, 0))
        scene = build_scene(document, trace, every)
        counts = {row.id: row.count for row in scene.tree}
        for layer in scene.layers:
            assert len(layer.boxes) == len(layer.rows) == counts[layer.id], layer.id
            assert len(layer.labels) in (0, len(layer.rows))


def test_cards(document, trace):
    scene = build_scene(document, trace, ViewOptions())
    said = {card.stage: [text(message) for message, _ in card.counts] for card in scene.cards}
    assert said["image"] == ["192 × 160"]
    assert said["anchors"] == [f"{len(trace.evidence.first.grid):,}"]
    assert said["detections"][0] == "3"
    assert [card.number for card in scene.cards] == [1, 2, 3, 4, 5]


def test_names_follow_what_is_known(document, trace):
    def rows(scene):
        return {row.id: (layer_label(row.id, row.name), row.count) for row in scene.tree}

    before = rows(build_scene(document, None, ViewOptions()))
    assert before["ground_truth.objects"] == ("Objects", 3)
    scene = build_scene(document, trace, ViewOptions())
    assert rows(scene)["ground_truth.objects"] == ("Found", 3)
    assert rows(scene)["detections.judged"][0] == "True positives"
    assert {layer_label(layer.id, layer.name) for layer in scene.layers} >= {"Found", "True positives"}
    bare = follow(trace.evidence, trace.settings, None)
    without = rows(build_scene(Document(document.path, IMAGE), bare, ViewOptions()))
    assert without["detections.judged"][0] == "At working score or above"
    assert without["detections.false_positive"] == ("False positives", None)
    assert without["detections"][1] == len(bare.detections.fate)
