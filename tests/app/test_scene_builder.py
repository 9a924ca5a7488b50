from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from app.document import Document
from app.scene import STAGES, Ref, Role, ViewOptions
from app.scene_builder import build_scene, first_lesson
from app.scene_frame import Memo, ordinal, ratio_text
from app.scene_layers import SPECS
from app.sentences import SENTENCES
from app.wording import layer_label, text
from detector.boxes import iou
from detector.config import Settings
from detector.ground_truth import GroundTruth
from detector.pipeline import follow, inspect
from detector.trace import Cause, DetectionFate, DetectionOutcome, ProposalFate
from tests.helpers.evidence import make_evidence, make_first, make_head
from tests.helpers.networks import SMALL, FakeNetwork

OBJECTS = np.array([[10, 10, 42, 42], [60, 20, 124, 84], [90, 100, 122, 132]], np.float32)
TRUTH = GroundTruth(OBJECTS, ("cat", "dog", "cat"))
IMAGE = np.random.default_rng(0).integers(0, 255, (160, 192, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def trace():
    return inspect(FakeNetwork(OBJECTS, (1, 2, 1)), IMAGE, TRUTH)


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    return Document(tmp_path_factory.getbasetemp() / "a.png", IMAGE, TRUTH)


def messages_of(scene):
    """Every message of a scene."""
    for card in scene.cards:
        yield from (message for message, _ in card.counts)
        if card.reason is not None:
            yield card.reason
    for row in scene.objects:
        yield from (row.name, row.verdict)
    yield from scene.warnings
    yield from (mark.label for mark in scene.marks if mark.label is not None)
    yield from (arrow.label for arrow in scene.arrows)
    if scene.details is not None:
        yield from (scene.details.title, scene.details.verdict, scene.details.geometry)
        if scene.details.sentence is not None:
            yield scene.details.sentence
        for fact in scene.details.facts:
            yield from (fact.name, fact.value)
        yield from (message for message, _ in scene.details.links)


def all_texts(scene):
    texts = [text(message) for message in messages_of(scene)]
    for said, message in zip(texts, messages_of(scene), strict=True):
        assert said != message.id, message  # `text` gives the id where something does not fit
    return texts


class TestCounts:
    def test_every_anchor_proposal_and_detection_is_in_one_line_of_the_tree(self, document, trace):
        tree = {row.id: row.count for row in build_scene(document, trace, ViewOptions()).tree}
        anchors = len(trace.evidence.first.grid)
        labels = ("positive_iou", "positive_best", "negative", "ignored", "outside")
        assert sum(tree[f"assignment.{each}"] for each in labels) == tree["assignment"] == anchors
        proposals = [spec.id for spec in SPECS if spec.group == "proposals"]
        assert sum(tree[each] for each in proposals) == tree["proposals"] == anchors
        detections = [spec.id for spec in SPECS if spec.group == "detections"]
        assert sum(tree[each] for each in detections) == tree["detections"] == len(trace.detections.fate)
        assert tree["ground_truth"] == 3

    def test_a_layer_holds_as_many_boxes_as_its_line_says(self, document, trace):
        for stage in STAGES:
            every = ViewOptions(stage, shown=frozenset(spec.id for spec in SPECS), hover_cell=(0, 0))
            scene = build_scene(document, trace, every)
            counts = {row.id: row.count for row in scene.tree}
            for layer in scene.layers:
                assert len(layer.boxes) == len(layer.rows) == counts[layer.id], layer.id
                assert len(layer.labels) in (0, len(layer.rows))

    def test_cards(self, document, trace):
        scene = build_scene(document, trace, ViewOptions())
        said = {card.stage: [text(message) for message, _ in card.counts] for card in scene.cards}
        assert said["image"] == ["192 × 160"]
        assert said["anchors"] == [f"{len(trace.evidence.first.grid):,}"]
        assert said["detections"][0] == "3"
        assert [card.number for card in scene.cards] == [1, 2, 3, 4, 5]


class TestPresets:
    def test_each_stage_starts_with_its_own_layers(self, document, trace):
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

    def test_switching_by_hand(self, document, trace):
        options = ViewOptions("detections", frozenset({"anchors.all"}), frozenset({"ground_truth.objects"}))
        ids = [layer.id for layer in build_scene(document, trace, options).layers]
        assert "anchors.all" in ids
        assert "ground_truth.objects" not in ids

    def test_crisp_layers_and_ground_truth_lie_on_top(self, document, trace):
        options = ViewOptions("detections", frozenset(spec.id for spec in SPECS))
        layers = build_scene(document, trace, options).layers
        crisp = [layer.crisp for layer in layers]
        assert crisp == sorted(crisp)
        assert layers[-1].id.startswith("ground_truth.")

    def test_the_cell_under_the_cursor(self, document, trace):
        scene = build_scene(document, trace, ViewOptions("anchors", hover_cell=(2, 1)))
        cell = next(layer for layer in scene.layers if layer.id == "anchors.cell")
        assert cell.rows.tolist() == list(trace.evidence.first.grid.rows_of_cell(2, 1))
        # the middle of cell x 2, y 1 at stride 16: (2.5 * 16, 1.5 * 16)
        assert ((cell.boxes[:, :2] + cell.boxes[:, 2:]) / 2).tolist() == [[40, 24]] * 2
        assert len(scene.centres) == 12 * 10

    def test_a_cell_outside_the_map_shows_nothing(self, document, trace):
        ids = [layer.id for layer in build_scene(document, trace, ViewOptions("anchors", hover_cell=(99, 0))).layers]
        assert "anchors.cell" not in ids

    def test_proposals_near_the_selected_object(self, document, trace):
        options = ViewOptions("proposals", selected=Ref("object", 1))
        scene = build_scene(document, trace, options)
        rows = np.concatenate([layer.rows for layer in scene.layers if layer.kind == "proposal"])
        assert 0 < len(rows) < len(trace.proposals.kept)
        tree = {row.id: row for row in scene.tree}
        near, others = tree["proposals.first"], tree["proposals.kept"]
        assert text(near.name) == "Kept, near dog #2"
        assert near.count == len(rows)
        assert near.count + others.count == len(trace.proposals.kept)
        assert (near.visible, others.visible) == (True, False)
        both = build_scene(document, trace, dataclasses.replace(options, shown=frozenset({"proposals.kept"})))
        assert sum(len(layer.rows) for layer in both.layers if layer.kind == "proposal") == len(trace.proposals.kept)

    def test_names_follow_what_is_known(self, document, trace):
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

    def test_isolate_leaves_what_concerns_the_selection(self, document, trace):
        scene = build_scene(document, trace, ViewOptions(selected=Ref("object", 1), isolate=True))
        objects = [row for layer in scene.layers if layer.kind == "object" for row in layer.rows.tolist()]
        assert objects == [1]

    def test_hidden_boxes_and_labels(self, document, trace):
        assert build_scene(document, trace, ViewOptions(hide_boxes=True)).layers == ()
        scene = build_scene(document, trace, ViewOptions(hide_labels=True, selected=Ref("object", 0)))
        assert not any(layer.labels for layer in scene.layers)
        assert not any(mark.label for mark in scene.marks)


class TestTexts:
    def test_everything_that_can_be_selected_can_be_told(self, document, trace):
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

    def test_a_detection_names_its_parents(self, document, trace):
        row = int(trace.detections.kept[0])
        scene = build_scene(document, trace, ViewOptions(selected=Ref("detection", row)))
        anchor = int(trace.detections.anchor[row])
        refs = [ref for _, ref in scene.details.links]
        assert Ref("proposal", anchor) in refs
        assert Ref("anchor", anchor) in refs
        assert text(scene.details.title) == "Detection 1"
        assert scene.details.scores[0].label in ("cat", "dog")
        assert sum(bar.score for bar in scene.details.scores) == pytest.approx(1, abs=1e-5)

    def test_an_anchor_names_its_object_and_its_targets(self, document, trace):
        row = int(np.flatnonzero(trace.assignment.label == 1)[0])
        scene = build_scene(document, trace, ViewOptions(selected=Ref("anchor", row)))
        names = [text(fact.name) for fact in scene.details.facts]
        assert {"Cell", "Best object", "Target", "RPN"} <= set(names)
        assert text(scene.details.title) == f"Anchor {row:,}"
        assert scene.details.role in (Role.POSITIVE, Role.POSITIVE_BEST)

    def test_a_thing_that_is_gone_is_not_selected(self, document, trace):
        scene = build_scene(document, trace, ViewOptions(selected=Ref("detection", 10**6)))
        assert scene.selected is None
        assert scene.details is None

    def test_every_code_has_its_sentences(self):
        for cause in Cause:
            assert f"cause.{cause}" in SENTENCES
            assert f"cause.{cause}.label" in SENTENCES
            assert cause is Cause.UNKNOWN_CLASS or f"list.missed.{cause}" in SENTENCES
        for fate in ProposalFate:
            assert f"fate.proposal.{fate.name.lower()}.label" in SENTENCES
        for fate in DetectionFate:
            assert f"fate.detection.{fate.name.lower()}.label" in SENTENCES
        for kind in list(DetectionOutcome)[1:-1]:
            assert f"false_positive.{kind}" in SENTENCES
            assert f"list.false_positive.{kind}" in SENTENCES


# Two classes; the network's pixels are the image's. Box 0 is the object's neighbour, box 1 the object's own.
NEIGHBOURS = GroundTruth(np.array([[0, 0, 40, 40], [10, 0, 50, 40]], np.float32), ("cat", "cat"))


def neighbours_trace(**changes):
    boxes = [[0, 0, 40, 40], [10, 0, 50, 40]]
    first = make_first(boxes, [0.9, 0.8])
    head = make_head([0, 1], [[0.05, 0.9, 0.05], [0.1, 0.8, 0.1]], [[boxes[0]] * 2, [boxes[1]] * 2])
    settings = Settings()
    for key, value in {"proposals.min_side": 1.0, "detections.nms_iou": 0.5, **changes}.items():
        settings = settings.with_value(key.replace("__", "."), value)
    return follow(make_evidence(first, head), settings, NEIGHBOURS)


class TestCauses:
    def document(self):
        return Document(OBJECTS, np.zeros((100, 100, 3), np.uint8), NEIGHBOURS)

    def test_suppressed_by_the_neighbour(self):
        trace = neighbours_trace()
        scene = build_scene(self.document(), trace, ViewOptions(selected=Ref("object", 1)))
        # overlap of the boxes: 30 * 40 = 1200 of 2 * 1600 - 1200 = 2000: IoU 0.6
        assert text(scene.details.sentence) == (
            "Its cat box (score 0.800, IoU 1.000) was suppressed by detection 1 (score 0.900), IoU between them "
            "0.600 > 0.50. Detection 1 belongs to cat #1; the two objects themselves overlap at 0.600, above the NMS "
            "limit 0.50: at this setting even perfect boxes could not both stay."
        )
        assert text(scene.details.verdict) == "Missed · Suppressed in detection NMS"
        assert [text(arrow.label) for arrow in scene.arrows] == ["suppresses, IoU 0.60 > 0.50"]
        assert [fact.mark for fact in scene.details.facts][:5] == [True, True, True, True, False]
        assert [(text(row.name), text(row.verdict), row.wrong) for row in scene.objects] == [
            ("cat #2", "missed · suppressed in detection NMS", True),
            ("cat #1", "found 0.90", False),
        ]
        assert first_lesson(trace) == Ref("object", 1)

    def test_class_score_too_low(self):
        trace = neighbours_trace(matching__working_score=0.85, detections__nms_iou=0.7, matching__iou=0.7)
        scene = build_scene(self.document(), trace, ViewOptions(selected=Ref("object", 1)))
        assert text(scene.details.sentence) == (
            "Proposal 2 covers it (IoU 1.000), but the box head gives cat 0.800, working score 0.85; "
            "highest is cat 0.800."
        )
        assert text(scene.objects[0].verdict) == "missed · class score too low (0.80)"

    def test_a_detection_that_another_object_has(self):
        # IoU 0.6 with both objects, 0.5 asked for: each detection takes the object it overlaps most
        for scores, sentence in (
            ((0.9, 0.3), "The only cat detection here (score 0.900, IoU 0.600) was matched to cat #1, IoU 1.000."),
            ((0.9, 0.8), "found"),
        ):
            boxes = [[0, 0, 40, 40], [10, 0, 50, 40]]
            first = make_first(boxes, [0.9, 0.8])
            head = make_head([0, 1], [[0.1 - s / 10, s, 0.9 - s * 0.9] for s in scores], [[b] * 2 for b in boxes])
            settings = Settings().with_value("proposals.min_side", 1.0).with_value("detections.nms_iou", 0.9)
            trace = follow(make_evidence(first, head), settings, NEIGHBOURS)
            scene = build_scene(self.document(), trace, ViewOptions(selected=Ref("object", 1)))
            said = text(scene.details.sentence)
            assert said == sentence if sentence != "found" else said.startswith("Detection 2")

    def test_of_two_detections_here_both_are_another_object_s(self):
        # three objects in one place, two detections: the third object's is not "the only one"
        boxes = np.array([[0, 0, 40, 40], [4, 0, 44, 40], [8, 0, 48, 40]], np.float32)
        truth = GroundTruth(boxes, ("cat",) * 3)
        first = make_first(boxes[:2], [0.9, 0.8])
        head = make_head([0, 1], [[0.05, 0.9, 0.05], [0.1, 0.8, 0.1]], [[box] * 2 for box in boxes[:2].tolist()])
        settings = Settings().with_value("proposals.min_side", 1.0)
        for key, value in (("proposals.nms_iou", 0.95), ("detections.nms_iou", 0.95)):
            settings = settings.with_value(key, value)
        trace = follow(make_evidence(first, head), settings, truth)
        scene = build_scene(Document(OBJECTS, IMAGE, truth), trace, ViewOptions(selected=Ref("object", 2)))
        assert trace.judgement.objects[2].cause is Cause.DUPLICATE_MATCHED
        assert text(scene.details.sentence).startswith("Its cat detection (score 0.")
        assert "was matched to cat #" in text(scene.details.sentence)

    def test_the_first_lesson_is_the_missed_object_that_counts(self):
        far = np.array([[0, 0, 40, 40], [60, 60, 90, 90], [10, 0, 50, 40]], np.float32)
        evidence = neighbours_trace().evidence
        settings = Settings().with_value("proposals.min_side", 1.0).with_value("detections.nms_iou", 0.5)
        trace = follow(evidence, settings, GroundTruth(far, ("horse", "cat", "cat")))
        assert trace.judgement.objects[1].cause is not None
        lesson = first_lesson(trace)
        assert lesson == Ref("object", 1)  # not the horse, which the model does not know, nor the cat it found
        assert first_lesson(follow(evidence, settings, GroundTruth(far[:1], ("cat",)))) == Ref("object", 0)
        assert first_lesson(follow(evidence, settings)) is None

    def test_suppressed_in_proposal_nms(self):
        trace = neighbours_trace(proposals__nms_iou=0.55, matching__iou=0.7)
        scene = build_scene(self.document(), trace, ViewOptions(selected=Ref("object", 1)))
        assert text(scene.details.sentence) == (
            "Proposal of anchor 1 (IoU 1.000 with it) was suppressed by proposal 1, which has higher objectness "
            "(0.900 > 0.800) and overlaps it at IoU 0.600 > 0.55, but the object only at 0.600."
        )

    def test_over_the_limits(self):
        trace = neighbours_trace(detections__nms_iou=0.9, detections__max_detections=1)
        scene = build_scene(self.document(), trace, ViewOptions(selected=Ref("object", 1)))
        assert text(scene.details.sentence) == (
            "Its cat box (score 0.800) ranks 2; only 1 detections are kept per image."
        )
        trace = neighbours_trace(proposals__post_nms_top_n=1, matching__iou=0.7)
        scene = build_scene(self.document(), trace, ViewOptions(selected=Ref("object", 1)))
        assert text(scene.details.sentence) == "Its proposal (IoU 1.000) came 2nd after NMS; only 1 are kept."

    def test_waiting(self):
        trace = neighbours_trace()
        waiting = follow(
            dataclasses.replace(trace.evidence, head=type(trace.evidence.head).empty(2)), trace.settings, NEIGHBOURS
        )
        scene = build_scene(self.document(), waiting, ViewOptions(selected=Ref("object", 0)))
        assert text(scene.details.verdict) == "Not known yet"
        assert text(scene.cards[4].counts[-1][0]) == "2 waiting"
        all_texts(scene)

    def test_not_counted(self):
        truth = GroundTruth(NEIGHBOURS.boxes, ("cat", "horse"), difficult=np.array([True, False]))
        trace = follow(neighbours_trace().evidence, Settings().with_value("proposals.min_side", 1.0), truth)
        scene = build_scene(Document(OBJECTS, IMAGE, truth), trace, ViewOptions(selected=Ref("object", 1)))
        assert [text(row.verdict) for row in scene.objects if row.ref.kind == "object"] == [
            "not counted · difficult",
            "not counted · unknown class",
        ]
        assert text(scene.details.sentence) == "The model knows cat, dog; horse cannot be found. Not counted."
        assert any("horse" in text(message) for message in scene.warnings)
        all_texts(scene)

    def test_a_duplicate_names_the_better_one(self):
        truth = GroundTruth(NEIGHBOURS.boxes[:1], ("cat",))
        settings = Settings().with_value("proposals.min_side", 1.0).with_value("detections.nms_iou", 0.7)
        trace = follow(neighbours_trace().evidence, settings, truth)
        row = int(trace.detections.kept[1])
        scene = build_scene(Document(OBJECTS, IMAGE, truth), trace, ViewOptions(selected=Ref("detection", row)))
        assert text(scene.details.sentence) == "cat #1 already has detection 1 (0.900); this one overlaps it at 0.600."
        assert scene.objects[0].role is Role.FALSE_POSITIVE
        assert scene.details.role is Role.FALSE_POSITIVE


class TestBeforeTheRun:
    def test_only_ground_truth(self, document):
        scene = build_scene(document, None, ViewOptions(selected=Ref("object", 2)))
        assert [layer.id for layer in scene.layers] == ["ground_truth.objects"]
        assert scene.layers[0].labels == ("cat", "dog", "cat")
        assert [text(row.verdict) for row in scene.objects] == ["not run"] * 3
        assert scene.cards[1].reason is not None
        assert {row.count for row in scene.tree if row.stage == "proposals"} == {None}
        all_texts(scene)

    def test_nothing_open(self):
        scene = build_scene(None, None, ViewOptions())
        assert scene.layers == ()
        all_texts(scene)

    def test_no_ground_truth(self, trace):
        plain = follow(trace.evidence, trace.settings, None)
        scene = build_scene(Document(OBJECTS, IMAGE), plain, ViewOptions("assignment", selected=Ref("anchor", 5)))
        assert scene.objects == ()
        assert scene.cards[2].reason is not None
        assert {row.count for row in scene.tree if row.stage == "assignment"} == {None}
        all_texts(scene)


def test_boxes_are_in_image_pixels():
    first = make_first([[0, 0, 50, 40]], [0.9])
    evidence = make_evidence(first, None, image_hw=(200, 100), network_hw=(100, 100))
    trace = follow(evidence, SMALL, None)
    options = ViewOptions("proposals", frozenset({"anchors.all"}))
    scene = build_scene(Document(OBJECTS, np.zeros((200, 100, 3), np.uint8)), trace, options)
    assert {tuple(layer.boxes[0].tolist()) for layer in scene.layers} == {(0.0, 0.0, 50.0, 80.0)}
    assert scene.space.scale_xy == (1.0, 0.5)


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


def test_histograms_count_everything(document, trace):
    found = build_scene(document, trace, ViewOptions()).histograms
    assert found["proposals.min_score"].counts.sum() == len(trace.evidence.first.objectness)
    suppressed = int((trace.proposals.fate == ProposalFate.SUPPRESSED).sum())
    assert found["proposals.nms_iou"].counts.sum() == suppressed


def test_stale_is_passed_on(document, trace):
    assert build_scene(document, trace, ViewOptions(), stale=True).stale


@pytest.mark.parametrize(("ratio", "said"), [(1.0, "h/w 1"), (0.5, "h/w 0.5"), (2.0, "h/w 2"), (1 / 3, "h/w 0.33")])
def test_ratio_text(ratio, said):
    assert ratio_text(ratio) == said


@pytest.mark.parametrize(("number", "said"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (312, "312th")])
def test_ordinal(number, said):
    assert ordinal(number) == said


def test_an_object_tells_its_best_anchor_and_the_one_its_box_came_from(document, trace):
    """The anchor that is judged is the best one, wherever the detection came from."""
    overlap = iou(trace.evidence.first.grid.boxes, trace.gt_boxes)
    anchors = [trace.judgement.objects[number].detail.get("anchor", -1) for number in range(3)]
    for number in range(3):
        scene = build_scene(document, trace, ViewOptions(selected=Ref("object", number)))
        facts = {text(fact.name): fact for fact in scene.details.facts}
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
    head = next(text(fact.value) for fact in scene.details.facts if text(fact.name) == "Box head")
    assert "(working score 0.50)" in head
    settings = settings.with_value("matching.working_score", 0.0).with_value("detections.min_score", 0.3)
    scene = build_scene(document, follow(trace.evidence, settings, TRUTH), ViewOptions(selected=Ref("object", 0)))
    head = next(text(fact.value) for fact in scene.details.facts if text(fact.name) == "Box head")
    assert "(minimum 0.30)" in head
