"""The training mini-batches in the scene: their layers, the four losses, and what each drawn row adds to them."""

import dataclasses
import math
import re

import numpy as np
import pytest

from app.document import Document
from app.replayed import Replayed, draw_of
from app.scene import Ref, ViewOptions
from app.scene_builder import build_scene
from app.scene_frame import Frame
from app.scene_replay import batch_details, loss_value, percent, replay_warnings, with_losses
from app.sentences import say
from app.wording import text
from detector.config import Settings
from detector.evidence import ModelInfo
from detector.explanation import explain
from detector.ground_truth import GroundTruth
from detector.mini_batch import AnchorSamples, OddLoss, RegionSamples, Replay
from detector.pipeline import follow, inspect
from detector.replay import replay
from tests.helpers.networks import HEAD_DELTAS, SMALL, FakeNetwork
from tests.helpers.traces import IMAGE, OBJECTS, TRUTH, all_texts

NETWORK = FakeNetwork(OBJECTS, (1, 2, 1))
LAYERS = ("sampled_positive", "sampled_negative", "rois_positive", "rois_object", "rois_negative")
MINI_BATCH = text(say("fact.batch"))
EVERY_LAYER = frozenset(f"assignment.{each}" for each in LAYERS)


def replayed_of(trace, network=NETWORK):
    found = replay(network, trace.evidence, IMAGE, trace.ground_truth, trace.settings)
    return Replayed(draw_of(trace), found)


@pytest.fixture
def replayed(trace):
    return replayed_of(trace)


def scene_of(document, trace, replayed, selected=None, stage="assignment"):
    return build_scene(document, trace, ViewOptions(stage, shown=EVERY_LAYER, selected=selected), replayed=replayed)


def counts_of(scene):
    return {row.id.partition(".")[2]: row.count for row in scene.tree if row.id in EVERY_LAYER}


def training_facts(told):
    """The lines about training, wherever they stand, by name."""
    parts = [told.facts] if told.facts_title == say("section.training") else []
    parts += [each.facts for each in told.sections if each.id == "training"]
    assert len(parts) <= 1
    return {text(fact.name): fact for facts in parts for fact in facts}


def training(scene):
    return {name: text(fact.value) for name, fact in training_facts(scene.details.explanation).items()}


def batch_lines(scene):
    told = scene.details.explanation
    assert told.ref is None
    return {text(fact.name): text(fact.value) for fact in told.facts}


# ---- layers ---------------------------------------------------------------------------------------------------------


def test_the_tree_counts_what_the_replay_drew(document, trace, replayed):
    drawn = replayed.replay
    counts = counts_of(scene_of(document, trace, replayed))
    assert counts["sampled_positive"] == drawn.anchors.positives > 0
    assert counts["sampled_negative"] == drawn.anchors.negatives > 0
    assert counts["rois_positive"] + counts["rois_object"] == drawn.regions.positives
    assert counts["rois_object"] == 3  # all three objects: fewer positives than the quota of 32
    assert counts["rois_negative"] == drawn.regions.negatives > 0


def test_the_layers_hold_the_drawn_boxes(document, trace, replayed):
    regions = replayed.replay.regions
    layers = {layer.id.partition(".")[2]: layer for layer in scene_of(document, trace, replayed).layers}
    assert [layers[each].kind for each in LAYERS] == ["anchor", "anchor", "proposal", "object", "proposal"]
    assert all(layers[each].crisp for each in LAYERS)
    # the network's pixels are the image's: the boxes are those that went through the head
    for fate, mask in (
        ("rois_positive", (regions.label > 0) & (regions.anchor >= 0)),
        ("rois_object", regions.object >= 0),
        ("rois_negative", regions.label == 0),
    ):
        assert sorted(layers[fate].boxes.tolist()) == sorted(regions.boxes[mask].tolist()), fate
    assert layers["rois_object"].rows.tolist() == [0, 1, 2]


def test_before_the_answer_regions_are_not_known_and_anchors_are(document, trace):
    counts = counts_of(scene_of(document, trace, None))
    assert [counts[each] for each in LAYERS[2:]] == [None, None, None]
    assert counts["sampled_positive"] + counts["sampled_negative"] == int(trace.assignment.sampled.sum())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("assignment.seed", 1),
        ("assignment.positive_iou", 0.6),
        ("proposals.train_post_nms_top_n", 30),
        ("roi_sampling.batch_size", 64),
    ],
)
def test_an_answer_about_another_draw_is_not_shown(document, trace, replayed, key, value):
    moved = follow(trace.evidence, trace.settings.with_value(key, value), TRUTH)
    scene = scene_of(document, moved, replayed)
    assert counts_of(scene)["rois_negative"] is None
    assert text(scene.details.explanation.verdict.label) == "Being drawn"


def test_an_answer_about_another_image_or_other_objects_is_not_shown(document, trace, replayed):
    same_again = inspect(NETWORK, IMAGE, TRUTH)
    assert not replayed.fits(same_again)
    copy = GroundTruth(OBJECTS, TRUTH.labels)
    assert not replayed.fits(follow(trace.evidence, trace.settings, copy, trace))
    assert not replayed.fits(follow(trace.evidence, trace.settings, None, trace))


def test_a_threshold_of_inference_alone_leaves_the_answer_true(trace, replayed):
    settings = trace.settings.with_value("detections.nms_iou", 0.9).with_value("matching.working_score", 0.1)
    assert replayed.fits(follow(trace.evidence, settings, TRUTH, trace))


# ---- one row --------------------------------------------------------------------------------------------------------


def rpn_logits(trace):
    features = NETWORK.features(IMAGE, trace.settings, lambda: None)
    return NETWORK.rpn(features, trace.settings).logits


def test_an_anchor_tells_its_loss_and_its_share(document, trace, replayed):
    anchors = replayed.replay.anchors
    logits = rpn_logits(trace).astype(np.float64)
    own = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(logits)), trace.assignment.label.clip(0)]
    for positive in (True, False):
        row = int(anchors.rows[(anchors.label > 0) == positive][0])
        lines = training(scene_of(document, trace, replayed, Ref("anchor", row)))
        told = lines["Loss"].split(", ")
        # -ln of the softmax of the label's logit
        assert told[0] == f"objectness {text(loss_value(own[row]))}"
        assert len(told) == (2 if positive else 1)  # only what is positive has a box to learn
        share = own[row] / own[anchors.rows].sum()
        assert lines["Share"].startswith(f"objectness {text(percent(share, 1.0))}")


def test_an_anchor_that_was_not_drawn_has_no_loss(document, trace, replayed):
    row = int(np.flatnonzero(~trace.assignment.sampled)[0])
    assert "Loss" not in training(scene_of(document, trace, replayed, Ref("anchor", row)))


def head_loss(box, label):
    """-ln of the class' probability, as the made-up head speaks of a box."""
    logits = NETWORK.head(None, box[None], SMALL).logits[0].astype(np.float64)
    return float(np.log(np.exp(logits).sum()) - logits[label])


def test_a_proposal_tells_what_it_is_trained_for(document, trace, replayed):
    regions = replayed.replay.regions
    sample = int(np.flatnonzero((regions.label > 0) & (regions.anchor >= 0))[0])
    label, number = int(regions.label[sample]), int(regions.matched[sample])
    lines = training(scene_of(document, trace, replayed, Ref("proposal", int(regions.anchor[sample]))))
    name = f"{TRUTH.labels[number]} #{number + 1}"
    assert lines["RoI"] == f"positive for {name}, IoU {regions.iou[sample]:.3f}"
    # smooth L1 with beta 1 of what the head says of this class
    off = np.abs(HEAD_DELTAS[label] - regions.targets[sample]).astype(np.float64)
    box = float(np.where(off < 1, off**2 / 2, off - 0.5).sum())
    own = head_loss(regions.boxes[sample], label)
    assert lines["RoI loss"] == f"class {text(loss_value(own))}, box {text(loss_value(box))}"
    assert lines["RoI target"].startswith(f"dx {regions.targets[sample, 0]:+.3f}  dy ")


def test_a_negative_proposal_has_no_target_and_no_loss_of_its_box(document, trace, replayed):
    regions = replayed.replay.regions
    sample = int(np.flatnonzero(regions.label == 0)[0])
    lines = training(scene_of(document, trace, replayed, Ref("proposal", int(regions.anchor[sample]))))
    assert lines["RoI"].startswith("negative, ")
    assert "RoI target" not in lines
    assert lines["RoI loss"] == f"class {text(loss_value(head_loss(regions.boxes[sample], 0)))}"


def test_an_object_whose_box_was_added_says_so(document, trace, replayed):
    lines = training(scene_of(document, trace, replayed, Ref("object", 1)))
    assert lines["RoI"] == "positive: its own box was added to the proposals"
    assert lines["RoI loss"].startswith(f"class {text(loss_value(head_loss(OBJECTS[1], 2)))}, box ")


def test_an_anchor_and_a_detection_name_the_region_that_came_of_them(document, trace, replayed):
    regions = replayed.replay.regions
    sample = int(np.flatnonzero((regions.anchor >= 0) & np.isin(regions.anchor, trace.detections.anchor))[0])
    anchor = int(regions.anchor[sample])
    detection = int(np.flatnonzero(trace.detections.anchor == anchor)[0])
    place = trace.proposals.kept.tolist().index(anchor) + 1
    for ref in (Ref("anchor", anchor), Ref("detection", detection)):
        scene = scene_of(document, trace, replayed, ref)
        assert training(scene)["RoI"].startswith(f"proposal {place}, ")
        assert Ref("proposal", anchor) in training_facts(scene.details.explanation)["RoI"].refs


def test_training_comes_first_where_one_looks_at_training_targets(document, trace, replayed):
    row = int(replayed.replay.anchors.rows[0])
    at_targets = scene_of(document, trace, replayed, Ref("anchor", row)).details.explanation
    elsewhere = scene_of(document, trace, replayed, Ref("anchor", row), "anchors").details.explanation
    assert at_targets.facts_title == say("section.training")
    assert at_targets.sections[0].title == elsewhere.facts_title
    told = [[(fact.name, fact.value) for fact in facts] for facts in (at_targets.sections[0].facts, elsewhere.facts)]
    assert told[0] == told[1]
    assert at_targets.sections[0].is_open
    assert [each.id for each in at_targets.sections[1:]] == [
        each.id for each in elsewhere.sections if each.id != "training"
    ]
    assert list(training_facts(at_targets)) == list(training_facts(elsewhere))


# ---- the whole ------------------------------------------------------------------------------------------------------


def test_the_panel_tells_the_four_losses_while_nothing_is_selected(document, trace, replayed):
    drawn = replayed.replay
    scene = scene_of(document, trace, replayed)
    told = scene.details.explanation
    assert text(told.title) == "Mini-batch"
    assert text(told.geometry).startswith("Seed 0 ")
    assert text(told.verdict.label) == f"Loss {text(loss_value(sum(drawn.losses.values())))}"
    assert text(told.verdict.sentence) == (
        f"{drawn.anchors.positives} positive and {drawn.anchors.negatives} negative anchors, "
        f"{drawn.regions.positives} positive and {drawn.regions.negatives} negative RoIs."
    )
    lines = batch_lines(scene)
    assert list(lines) == ["RPN objectness", "RPN box", "Head class", "Head box"]
    for name, loss in zip(lines, drawn.losses, strict=True):
        assert lines[name].startswith(f"{text(loss_value(drawn.losses[loss]))}: ")
        shares = np.sort(drawn.share(loss))[::-1][:3] / drawn.losses[loss]
        assert re.findall(r"\((.*?)\)", lines[name]) == [text(percent(float(each), 1.0)) for each in shares]
    largest = int(drawn.anchors.rows[drawn.anchors.label_share.argmax()])
    assert told.facts[0].refs[0] == Ref("anchor", largest)
    assert len(told.facts[0].refs) == 3


def test_nothing_is_told_of_the_batch_elsewhere_or_while_something_is_selected(document, trace, replayed):
    assert scene_of(document, trace, replayed, stage="proposals").details is None
    assert scene_of(document, trace, replayed, Ref("object", 0)).details.ref == Ref("object", 0)
    assert scene_of(document, None, replayed).details is None


def test_the_lines_to_come_keep_their_places(document, trace, replayed):
    coming, there = scene_of(document, trace, None), scene_of(document, trace, replayed)
    assert list(batch_lines(coming)) == list(batch_lines(there))
    assert set(batch_lines(coming).values()) == {"…"}


def test_without_ground_truth_there_is_nothing_to_draw(document, trace):
    bare = follow(trace.evidence, trace.settings, None)
    scene = scene_of(Document(document.path, IMAGE), bare, None)
    assert counts_of(scene) == dict.fromkeys(LAYERS)
    assert text(scene.details.explanation.verdict.sentence) == "No ground truth for this image."
    assert scene.details.explanation.facts == ()


def test_an_image_known_to_be_empty_draws_negatives(document, trace):
    empty = follow(trace.evidence, trace.settings, GroundTruth.empty())
    scene = scene_of(document, empty, replayed_of(empty))
    assert counts_of(scene)["sampled_positive"] == counts_of(scene)["rois_positive"] == 0
    lines = batch_lines(scene)
    assert lines["RPN box"] == lines["Head box"] == "0: nothing drawn is positive"


def test_why_the_losses_are_not_known(document, trace):
    problem = say("replay.needs_model", name="other")
    scene = scene_of(document, trace, Replayed(draw_of(trace), None, problem))
    assert text(scene.details.explanation.verdict.label) == "Losses not known"
    assert "other" in text(scene.details.explanation.verdict.sentence)
    assert counts_of(scene)["rois_negative"] is None


# ---- odd losses, objects left out -----------------------------------------------------------------------------------


def frame_with(trace, *, label_loss=(0.5, 0.5, 0.5), box_loss=(0.0, 0.0, 0.0), odd=(), losses=None, left_out=()):
    """Anchors 4, 5 and 6 drawn, the first one positive for object 0; no regions."""
    whole, real, none = np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros((0, 4), np.float32)
    label, rows = np.array([1, 0, 0]), np.array([4, 5, 6])
    label_share, box_share = np.float32(label_loss) / 3, np.float32(box_loss) / 3
    anchors = AnchorSamples(
        label, np.array([0, -1, -1]), np.zeros((3, 4), np.float32), label_share, box_share, rows
    )  # fmt: skip
    regions = RegionSamples(whole, whole, none, real, real, none, whole, whole, real)
    losses = losses or {"rpn_label": float(label_share.sum()), "rpn_box": float(box_share.sum())}
    found = Replay(0, anchors, regions, losses, tuple(odd), tuple(left_out))
    return Frame(trace, options=ViewOptions("assignment"), replayed=Replayed(draw_of(trace), found))


def test_a_loss_that_is_not_a_number_names_its_row(trace):
    frame = frame_with(trace, label_loss=(math.nan, 0.5, 0.5), odd=[OddLoss("rpn_label", 0, math.nan)])
    assert [text(each) for each in replay_warnings(frame)] == ["RPN objectness loss of anchor 4 is NaN."]
    told = batch_details(frame).explanation
    lines = {text(fact.name): fact for fact in told.facts}
    assert text(told.verdict.label) == "Loss NaN"
    assert text(lines["RPN objectness"].value) == "NaN: anchor 4"  # no share of NaN, and nobody else is to blame
    assert text(lines["Head class"].value) == "none: the RPN's loss is not finite, so nothing is proposed"
    assert lines["Look at"].mark is False
    assert lines["Look at"].refs == (Ref("anchor", 4),)


def test_a_huge_loss_names_its_row_and_the_bound(trace):
    odd = [OddLoss("rpn_box", 0, 31.25)]
    frame = frame_with(trace, box_loss=(31.25, 0, 0), odd=odd, losses={"rpn_label": 0.5, "rpn_box": 31.25 / 3})
    # 25 ln 2 = 17.33
    assert [text(each) for each in replay_warnings(frame)] == ["RPN box loss of anchor 4 is 31.2, more than 17.3."]
    fact = training_facts(with_losses(frame, Ref("anchor", 4), explain(frame, Ref("anchor", 4))))["Loss"]
    assert fact.mark is False
    assert text(fact.value) == "objectness 0.500, box 31.2"


def test_many_odd_rows_are_counted(trace):
    odd = [OddLoss("rpn_label", sample % 3, math.inf) for sample in range(7)]
    frame = frame_with(trace, label_loss=(math.inf,) * 3, odd=odd)
    assert len(replay_warnings(frame)) == 3
    lines = [text(fact.value) for fact in batch_details(frame).explanation.facts if text(fact.name) == "Look at"]
    assert lines[0] == "RPN objectness loss of anchor 4 is infinite."
    assert lines[3:] == ["4 more of them."]


def test_objects_left_out_are_named_with_the_reason(document, trace):
    boxes = np.concatenate([OBJECTS, [[5, 5, 5, 9], [5000, 5, 5009, 9]]]).astype(np.float32)
    labels = ("cat", "dog", "horse", "cat", "dog")
    truth = GroundTruth(boxes, labels, difficult=[True, False, False, False, False])
    seen = follow(trace.evidence, trace.settings, truth)
    drawn = replayed_of(seen)
    scene = scene_of(Document(document.path, IMAGE, truth), seen, drawn)
    assert batch_lines(scene)["Left out"] == (
        "cat #1 (difficult), horse #3 (not a class of this model), cat #4 (no area), dog #5 (outside the image)"
    )
    # what is shown is what training would draw, not what the trace drew for all objects
    anchors = drawn.replay.anchors
    assert counts_of(scene)["sampled_positive"] == anchors.positives
    assert anchors.positives != int((seen.assignment.sampled & (seen.assignment.label == 1)).sum())


def test_the_line_about_the_batch_is_put_right_where_training_leaves_objects_out(document, trace):
    truth = GroundTruth(OBJECTS, TRUTH.labels, crowd=[True, False, False])
    seen = follow(trace.evidence, trace.settings, truth)
    drawn = replayed_of(seen)
    positives = np.flatnonzero(seen.assignment.sampled & (seen.assignment.label == 1))
    anchors = drawn.replay.anchors
    for row in positives.tolist():
        line = training(scene_of(Document(document.path, IMAGE, truth), seen, drawn, Ref("anchor", row)))[MINI_BATCH]
        at = np.flatnonzero(anchors.rows == row)
        if len(at) == 0:
            assert line == "no: training leaves out cat #1 (crowd), and draws others (seed 0)"
        elif anchors.label[at[0]] == 0:
            assert line == "yes, as a negative: training leaves out cat #1 (crowd) (seed 0)"
        else:
            assert line.startswith("yes, one of ")
    changed = [row for row in positives.tolist() if row not in anchors.rows[anchors.label > 0].tolist()]
    assert 0 < len(changed) < len(positives)


# ---- numbers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0.000"),
        (0.00004, "under 0.0001"),
        (0.0002, "0.0002"),
        (0.094, "0.0940"),
        (0.69315, "0.693"),
        (17.328, "17.3"),
        (12345.6, "12,345.6"),
        (math.nan, "NaN"),
        (math.inf, "infinite"),
    ],
)
def test_losses_as_people_read_them(value, said):
    assert text(loss_value(value)) == said


def test_shares_as_people_read_them():
    assert text(percent(0.25, 2.0)) == "12\u00a0%"  # 12.5 to the even number
    assert text(percent(0.004, 1.0)) == "under 1\u00a0%"
    assert text(percent(0.0, 1.0)) == "0\u00a0%"
    assert text(percent(0.0, 0.0)) == "0\u00a0%"
    assert percent(math.nan, 1.0) is None
    assert percent(0.5, math.inf) is None


def test_everything_that_is_said_can_be_read(document, trace, replayed):
    """No message without its sentence, whatever is selected."""
    refs = [None, *(Ref("object", row) for row in range(3)), *(Ref("anchor", row) for row in range(0, 240, 5))]
    refs += [Ref("proposal", row) for row in range(0, 240, 5)]
    for ref in refs:
        for said in all_texts(scene_of(document, trace, replayed, ref)):
            assert "{" not in said
            assert " row" not in said


def test_other_weights_of_the_same_name_are_another_model(trace):
    """The draw is known by the first stage itself, not by its model's name."""
    other = dataclasses.replace(trace.evidence, model=ModelInfo("fake", ("cat", "dog"), "other"))
    assert draw_of(follow(other, trace.settings, TRUTH)) == draw_of(trace)  # the same numbers: the same draw
    assert draw_of(inspect(FakeNetwork(OBJECTS, (1, 2, 1), Settings()), IMAGE, TRUTH)) != draw_of(trace)
