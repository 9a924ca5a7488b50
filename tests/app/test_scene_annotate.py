"""The scene of Annotate: every object once, in its class's colour, with what can be done to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.annotating import Annotating
from app.class_colors import class_colors
from app.document import Document
from app.edit import Edit
from app.pending import can_accept, pending_detections
from app.scene import Ref, Role, ViewOptions
from app.scene_annotate import annotate_scene, name_of
from app.scene_builder import space_of
from app.wording import text
from detector.datasets.annotation import Annotation
from detector.ground_truth import GroundTruth
from detector.pipeline import follow
from tests.helpers.annotations import truth_of
from tests.helpers.traces import IMAGE, OBJECTS, TRUTH, three_objects_trace

A, B, C, D = (10, 20, 30, 50), (0, 0, 100, 80), (40, 40, 60, 70), (5, 5, 9, 9)
NONE = GroundTruth.empty()
PIXELS = np.zeros((80, 100, 3), np.uint8)


@pytest.fixture
def edit():
    """cat #1, dog #2 (difficult, locked), cat #3, zebra #4 (proposed)."""
    truth = truth_of(
        A, B, C, labels=["cat", "dog", "cat"], difficult=[False, True, False], truncated=[False, False, True]
    )
    start = Edit.of(Annotation(truth))
    return start.with_lock([1], True).with_objects([D], ["zebra"], proposed=True)


@pytest.fixture
def hand():
    return Annotating(listed=("dog", "cat"), label="cat")


def scene_of(edit, hand, options=None, trace=None, image=PIXELS, warnings=(), **more):
    document = Document(Path("a.png"), image, warnings=warnings).with_edit(edit)
    return annotate_scene(document, options or ViewOptions(), hand, trace, **more)


def test_every_object_is_in_one_layer_by_class(edit, hand):
    layers = {layer.id: layer for layer in scene_of(edit, hand).layers}
    dog, cat, zebra = class_colors(("dog", "cat", "zebra"))
    assert {name: (layer.rows.tolist(), layer.role, layer.color) for name, layer in layers.items()} == {
        "ground_truth.cat": ([0, 2], Role.GROUND_TRUTH, cat),
        "ground_truth.dog": ([1], Role.GROUND_TRUTH, dog),
        "proposed.zebra": ([3], Role.PROPOSED, zebra),
    }
    assert layers["ground_truth.cat"].boxes.tolist() == [list(A), list(C)]
    assert layers["ground_truth.cat"].labels == ("cat", "cat")
    assert all(layer.kind == "object" for layer in layers.values())


def test_one_class_may_be_in_two_layers(edit, hand):
    layers = scene_of(edit.with_objects([D], ["cat"], proposed=True), hand).layers
    assert [(layer.id, layer.rows.tolist()) for layer in layers][:2] == [
        ("ground_truth.cat", [0, 2]), ("proposed.cat", [4]),
    ]  # fmt: skip


def test_editing_has_every_object_also_where_boxes_are_hidden(edit, hand):
    scene = scene_of(edit, hand, ViewOptions(hide_boxes=True, hide_labels=True))
    assert scene.layers == ()
    assert not scene.show_labels
    assert scene.editing.boxes.tolist() == [list(A), list(B), list(C), list(D)]
    assert len(scene.editing.colors) == 4
    assert scene.editing.locked == {1}
    assert scene_of(edit, hand).show_labels


def test_what_is_selected_is_known_by_its_row(edit, hand):
    left = edit.without([0])  # ids 1, 2, 3 in rows 0, 1, 2
    hand.choose([3, 1, 0])
    scene = scene_of(left, hand)
    assert scene.editing.chosen == {0, 2}
    assert scene.selected == Ref("object", 0)  # id 1 was selected last of those that are there
    hand.choose([])
    assert scene_of(left, hand).selected is None


def test_the_lines_of_the_list(edit, hand):
    hand.choose([2])
    rows = scene_of(edit, hand).editing.rows
    assert [(row.row, row.label, row.number, row.wh) for row in rows] == [
        (0, "cat", 1, (20, 30)), (1, "dog", 2, (100, 80)), (2, "cat", 3, (20, 30)), (3, "zebra", 4, (4, 4)),
    ]  # fmt: skip
    facts = [(row.difficult, row.truncated, row.crowd, row.is_proposed, row.is_locked, row.is_chosen) for row in rows]
    assert facts == [
        (False, False, False, False, False, False),
        (True, False, False, False, True, False),
        (False, True, False, False, False, True),
        (False, False, False, True, False, False),
    ]


def test_the_lines_of_the_classes(edit, hand):
    """Those of the files in their order, then what else the image has; the first ten by a digit, the tenth by 0."""
    rows = scene_of(edit, hand, totals={"cat": 12, "dog": 3}).editing.classes
    assert [(row.name, row.count, row.total, row.key, row.is_current) for row in rows] == [
        ("dog", 1, 3, "1", False), ("cat", 2, 12, "2", True), ("zebra", 0, None, "3", False),
    ]  # fmt: skip
    hand.listed = tuple(f"class {number}" for number in range(12))
    keys = [row.key for row in scene_of(edit, hand).editing.classes]
    assert keys == ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "", "", "", "", ""]


def test_the_hand_is_passed_on(edit, hand):
    hand.tool, hand.keeps_inside, hand.crosshair, hand.fill, hand.line_width = "draw", False, False, 0.25, 3.0
    editing = scene_of(edit, hand, badge="13 positive anchors").editing
    assert (editing.tool, editing.label, editing.color) == ("draw", "cat", class_colors(("dog", "cat"))[1])
    assert (editing.keeps_inside, editing.crosshair, editing.fill, editing.line_width) == (False, False, 0.25, 3.0)
    assert editing.badge == "13 positive anchors"


def test_an_image_without_objects(hand):
    scene = scene_of(Edit.of(None), hand, warnings=("The file is odd.",))
    assert scene.layers == ()
    assert scene.editing.boxes.shape == (0, 4)
    assert scene.space.image_hw == (80, 100)
    assert [text(each) for each in scene.warnings] == ["The file is odd."]


def test_people_count_from_1(edit):
    assert [text(name_of(edit, row)) for row in (0, 3)] == ["cat #1", "zebra #4"]


# What the detector proposes


def without_the_dog():
    known = three_objects_trace()
    truth = truth_of(OBJECTS[0], OBJECTS[2], labels=["cat", "cat"])
    return follow(known.evidence, known.settings, truth), Edit.of(Annotation(truth))


def test_detections_that_are_no_object_yet_are_shown_where_one_wants_them(hand):
    trace, edit = without_the_dog()
    assert not any(layer.kind == "detection" for layer in scene_of(edit, hand, trace=trace, image=IMAGE).layers)
    hand.prelabels = True
    scene = scene_of(edit, hand, trace=trace, image=IMAGE, space=space_of(trace))
    (layer,) = [layer for layer in scene.layers if layer.kind == "detection"]
    assert layer.role is Role.SUGGESTED
    (row,) = layer.rows.tolist()
    assert pending_detections(trace, NONE) == [row]
    assert trace.detections.label[row] == 2  # the dog
    assert layer.labels == (f"dog {float(trace.detections.score[row]):.2f}?",)
    assert layer.boxes.tolist() == trace.to_image(trace.detections.boxes[[row]]).tolist()
    assert scene.space.scale_xy is not None
    assert not any(layer.kind == "detection" for layer in scene_of(edit, hand, image=IMAGE).layers)
    assert scene_of(edit, hand, ViewOptions(hide_boxes=True), trace, IMAGE).layers == ()


def test_a_detection_is_selected_where_no_object_is(hand):
    trace, edit = without_the_dog()
    (row,) = pending_detections(trace, NONE)
    hand.prelabels = True
    options = ViewOptions(selected=Ref("detection", row))
    assert scene_of(edit, hand, options, trace, IMAGE).selected == Ref("detection", row)
    hand.choose([0])
    assert scene_of(edit, hand, options, trace, IMAGE).selected == Ref("object", 0)
    hand.choose([])
    # Another kind of thing, selected in Inspect, is nothing here.
    assert scene_of(edit, hand, ViewOptions(selected=Ref("anchor", 3)), trace, IMAGE).selected is None


def test_nothing_is_pending_where_all_are_objects():
    trace = three_objects_trace()
    assert pending_detections(trace, NONE) == []
    # Without ground truth every judged detection is, the best score first.
    alone = follow(trace.evidence, trace.settings, None)
    rows = pending_detections(alone, NONE)
    assert len(rows) == len(TRUTH)
    scores = alone.detections.score[rows].tolist()
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > alone.settings.matching.working_score


def test_a_detection_that_is_proposed_is_not_pending_any_more(hand):
    trace, edit = without_the_dog()
    (row,) = pending_detections(trace, edit.proposals)
    box = trace.to_image(trace.detections.boxes[[row]])
    assert can_accept(trace, Ref("detection", row), edit.proposals)
    taken = edit.with_objects(np.rint(box), ["dog"], proposed=True)
    assert pending_detections(trace, taken.proposals) == []
    assert not can_accept(trace, Ref("detection", row), taken.proposals)
    hand.prelabels = True
    assert not any(layer.kind == "detection" for layer in scene_of(taken, hand, trace=trace, image=IMAGE).layers)
    # Of another class, or elsewhere, it is another thing.
    for boxes, label in ((box, "cat"), (box + 40, "dog")):
        other = edit.with_objects(boxes, [label], proposed=True)
        assert pending_detections(trace, other.proposals) == [row]
        assert can_accept(trace, Ref("detection", row), other.proposals)


def test_a_proposed_object_is_not_counted_with_its_class(edit, hand):
    more = edit.with_objects([A, B], ["cat", "cat"], proposed=True)
    classes = {row.name: (row.count, row.proposed) for row in scene_of(more, hand).editing.classes}
    assert classes == {"dog": (1, 0), "cat": (2, 2), "zebra": (0, 1)}
    accepted = more.with_accepted([4])
    assert {row.name: row.count for row in scene_of(accepted, hand).editing.classes} == {"dog": 1, "cat": 3, "zebra": 0}


def test_classes_of_the_detector_stand_where_the_folder_has_none(edit, hand):
    """The detector's come first, and keep their digits; those of the image are no offer."""
    hand.listed, hand.label = (), ""
    hand.offer_detector()
    hand.know_detector(("ant", "dog", "eel"))
    rows = scene_of(edit, hand).editing.classes
    assert [(row.name, row.key, row.is_offered) for row in rows] == [
        ("ant", "1", True), ("dog", "2", False), ("eel", "3", True), ("cat", "4", False), ("zebra", "5", False),
    ]  # fmt: skip
    hand.use("eel")
    rows = scene_of(edit, hand).editing.classes
    assert [row.name for row in rows if row.is_offered] == ["ant"]
    assert [row.name for row in rows] == ["ant", "dog", "eel", "cat", "zebra"]
    hand.forget_classes()
    assert [row.name for row in scene_of(edit, hand).editing.classes] == ["cat", "dog", "zebra"]


def test_boxes_without_a_class_are_no_objects(edit, hand):
    hand.unnamed = (A,)
    scene = scene_of(edit, hand)
    assert scene.editing.unnamed == (A,)
    assert len(scene.editing.boxes) == len(scene.editing.rows) == 4


def test_why_nothing_can_be_changed(edit, hand):
    assert scene_of(edit, hand).editing.refused is None
    broken = Document(Path("a.png"), PIXELS, problem="It is broken.")
    assert annotate_scene(broken, ViewOptions(), hand).editing.refused.id == "annotate.cannot"
