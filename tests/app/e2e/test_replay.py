"""The training mini-batches in the real window: drawn in the background, drawn anew at a key."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PySide6.QtCore import QObject, Qt, Slot

from app.scene import Ref
from app.scene_replay import loss_value
from app.wording import text
from tests.helpers.app_windows import WAIT_MS, WindowNetwork, open_window, settled, wait_settled, write_image

DRAWN = ("sampled_positive", "sampled_negative", "rois_positive", "rois_object", "rois_negative")


class Choosy(WindowNetwork):
    """Draws few of its anchors: by default a mini-batch holds all that an image so small has."""

    @property
    def settings(self):
        return super().settings.with_value("assignment.batch_size", 32)


class Shown(QObject):
    """Which draws stood in the scenes that were shown, in order, each once."""

    def __init__(self, controller):
        super().__init__()
        self.paths = []
        controller.scenes.shown.connect(self.on_shown)

    @Slot(object)
    def on_shown(self, followed):
        replayed, trace = followed.request.replayed, followed.trace
        if replayed is not None and trace is not None and replayed.fits(trace):
            name = followed.request.document.name
            self.paths += [name] if self.paths[-1:] != [name] else []


def counts(controller):
    rows = {row.id: row.count for row in controller.state.scene.tree}
    return {each: rows[f"assignment.{each}"] for each in DRAWN}


def answered(controller):
    """The scene on show is about the mini-batches of the settings as they are."""
    state = controller.state
    if not settled(controller) or state.replayed is None or not state.replayed.fits(state.trace):
        return False
    return counts(controller)["rois_negative"] is not None


def outcome(controller):
    return text(controller.state.scene.details.explanation.verdict.label)


def wait_answered(qtbot, controller):
    qtbot.waitUntil(lambda: answered(controller), timeout=WAIT_MS)


def look_at_training_targets(qtbot, window, controller):
    wait_settled(qtbot, controller)
    qtbot.keyClick(window, Qt.Key.Key_3)
    wait_answered(qtbot, controller)


def status(window):
    return "" if window.status.shown is None else text(window.status.shown)


def test_training_targets_bring_the_mini_batches(qtbot, folder):
    network = Choosy()
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        assert network.calls == {"features": 1, "rpn": 1, "head": network.calls["head"]}
        assert controller.state.replayed is None  # nobody has asked
        look_at_training_targets(qtbot, window, controller)
        assert network.calls["features"] == 1  # the feature map was still there
        drawn = controller.state.replayed.replay
        found = counts(controller)
        assert found["sampled_positive"] == drawn.anchors.positives
        assert found["sampled_negative"] == drawn.anchors.negatives
        assert found["rois_positive"] + found["rois_object"] == drawn.regions.positives
        assert found["rois_negative"] == drawn.regions.negatives
        assert window.details.header.title.text() == "Mini-batch"
        assert status(window) == ""  # a person has drawn nothing


def test_an_anchor_of_the_mini_batch_tells_its_loss(qtbot, folder):
    network = Choosy()
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        look_at_training_targets(qtbot, window, controller)
        row = int(controller.state.replayed.replay.anchors.rows[0])
        label = int(controller.state.trace.assignment.label[row])
        logits = network.rpn(network.features(controller.state.document.image, network.settings, lambda: None),
                             network.settings).logits[row].astype(np.float64)  # fmt: skip
        own = np.log(np.exp(logits).sum()) - logits[label]  # -ln of the softmax
        window.details.picked.emit(Ref("anchor", row))
        qtbot.waitUntil(lambda: controller.state.scene.selected == Ref("anchor", row), timeout=WAIT_MS)
        told = controller.state.scene.details.explanation
        lines = {text(fact.name): text(fact.value) for fact in told.facts}
        assert lines["Loss"].split(", ")[0] == f"objectness {text(loss_value(float(own)))}"


def test_a_key_draws_with_another_seed_and_one_draws_the_one_before(qtbot, folder):
    with open_window(qtbot, Choosy()) as (window, controller):
        controller.start([folder[0]])
        look_at_training_targets(qtbot, window, controller)
        first = controller.state.replayed.replay
        qtbot.keyClick(window, Qt.Key.Key_B)
        qtbot.waitUntil(lambda: controller.state.settings.assignment.seed == 1, timeout=WAIT_MS)
        wait_answered(qtbot, controller)
        second = controller.state.replayed.replay
        assert second.seed == 1
        assert second.anchors.rows.tolist() != first.anchors.rows.tolist()
        a, r = second.anchors, second.regions
        assert status(window) == (
            f"Mini-batch drawn with seed 1: {a.positives} + {a.negatives} anchors, {r.positives} + {r.negatives} RoIs."
        )
        # what was drawn is there to be seen
        layers = {layer.id: layer for layer in controller.state.scene.layers}
        rows = np.concatenate([layers[f"assignment.sampled_{side}"].rows for side in ("positive", "negative")])
        assert sorted(rows.tolist()) == a.rows.tolist()
        qtbot.keyClick(window, Qt.Key.Key_B, Qt.KeyboardModifier.ShiftModifier)
        qtbot.waitUntil(lambda: controller.state.settings.assignment.seed == 0, timeout=WAIT_MS)
        wait_answered(qtbot, controller)
        assert controller.state.replayed.replay.anchors.rows.tolist() == first.anchors.rows.tolist()
        assert status(window).startswith("Mini-batch drawn with seed 0: ")


def test_before_the_first_seed_comes_the_last(qtbot, folder):
    with open_window(qtbot, Choosy()) as (window, controller):
        controller.start([folder[0]])
        look_at_training_targets(qtbot, window, controller)
        window.actions_by_id["draw_batch_back"].trigger()
        assert controller.state.settings.assignment.seed == 9999
        window.actions_by_id["draw_batch"].trigger()
        window.actions_by_id["draw_batch"].trigger()
        assert controller.state.settings.assignment.seed == 1
        qtbot.waitUntil(lambda: answered(controller) and controller.state.replayed.replay.seed == 1, timeout=WAIT_MS)


def test_layers_that_a_person_has_switched_off_stay_off(qtbot, folder):
    with open_window(qtbot, Choosy()) as (window, controller):
        controller.start([folder[0]])
        look_at_training_targets(qtbot, window, controller)
        window.tree.layer_toggled.emit("assignment.sampled_negative", True)
        window.tree.layer_toggled.emit("assignment.sampled_negative", False)
        window.actions_by_id["draw_batch"].trigger()
        qtbot.waitUntil(lambda: answered(controller) and controller.state.replayed.replay.seed == 1, timeout=WAIT_MS)
        assert not any(layer.id.startswith("assignment.sampled") for layer in controller.state.scene.layers)


def test_drawing_at_another_stage_says_where_it_is_to_be_seen(qtbot, folder):
    network = Choosy()
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        asked = network.calls["rpn"]
        qtbot.keyClick(window, Qt.Key.Key_B)
        qtbot.waitUntil(lambda: bool(status(window)), timeout=WAIT_MS)
        sampled = controller.state.trace.assignment.sampled
        assert status(window).startswith("Mini-batch drawn with seed 1: ")
        assert status(window).endswith("Training targets (3) show it.")
        label = controller.state.trace.assignment.label[sampled]
        assert f" {(label == 1).sum()} + {(label == 0).sum()} anchors. " in status(window)
        assert network.calls["rpn"] == asked
        assert controller.state.replayed is None


def test_an_image_nobody_annotated_has_nothing_to_draw(qtbot, folder):
    plain = write_image(folder[0].parent / "plain.png", 9, annotated=False)
    with open_window(qtbot, Choosy()) as (window, controller):
        controller.start([folder[0].parent])
        look_at_training_targets(qtbot, window, controller)
        window.images.go_to(plain.name)
        wait_settled(qtbot, controller, plain.name)
        told = controller.state.scene.details.explanation
        assert text(told.verdict.label) == "Nothing to draw"
        assert text(told.verdict.sentence) == "No ground truth for this image."
        window.actions_by_id["draw_batch"].trigger()
        assert status(window) == "No mini-batch to draw: this image has no ground truth."
        assert controller.state.settings.assignment.seed == 0


def test_a_network_whose_loss_is_no_number_names_the_row(qtbot, folder):
    sick = []

    class Sick(Choosy):
        """Says of one anchor what is no number."""

        def rpn(self, features, settings):
            said = super().rpn(features, settings)
            deltas = said.deltas.copy()
            deltas[sick] = np.nan
            return said._replace(deltas=deltas)

    network = Sick()
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        look_at_training_targets(qtbot, window, controller)
        row = int(controller.state.replayed.replay.anchors.rows[controller.state.replayed.replay.anchors.label > 0][0])
        sick.append(row)  # from the next draw on
        window.actions_by_id["draw_batch"].trigger()
        qtbot.waitUntil(lambda: answered(controller) and controller.state.replayed.replay.seed == 1, timeout=WAIT_MS)
        sentence = f"RPN box loss of anchor {row} is NaN."
        assert status(window) == sentence
        assert window.status.is_error
        assert sentence in [text(each) for each in controller.state.scene.warnings]
        facts = controller.state.scene.details.explanation.facts
        assert Ref("anchor", row) in next(fact for fact in facts if text(fact.value) == sentence).refs
        assert counts(controller)["rois_negative"] == 0  # nothing is proposed after such a loss


def test_a_draw_that_fails_says_so_once_and_the_next_one_works(qtbot, folder):
    network = Choosy()
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        network.on_rpn = lambda: (_ for _ in ()).throw(RuntimeError("no luck"))
        qtbot.keyClick(window, Qt.Key.Key_3)
        qtbot.waitUntil(lambda: controller.state.replayed is not None, timeout=WAIT_MS)
        assert "drawing the mini-batch of image_0.png: no luck." in status(window)
        qtbot.waitUntil(lambda: outcome(controller) == "Losses not known", timeout=WAIT_MS)
        told = controller.state.scene.details.explanation
        assert "no luck" in text(told.verdict.sentence)
        assert not controller.studies.is_wanted("replay")
        network.on_rpn = None
        window.actions_by_id["draw_batch"].trigger()
        wait_answered(qtbot, controller)


def test_another_image_while_the_draw_runs_gets_its_own(qtbot, folder):
    network, release, began = Choosy(), threading.Event(), threading.Event()
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0].parent])
        wait_settled(qtbot, controller, "image_0.png")
        shown = Shown(controller)

        def held_up():
            began.set()
            release.wait(20)

        network.on_rpn = held_up
        qtbot.keyClick(window, Qt.Key.Key_3)
        qtbot.waitUntil(began.is_set, timeout=WAIT_MS)
        network.on_rpn = None
        window.actions_by_id["next_image"].trigger()
        qtbot.waitUntil(lambda: controller.state.document.name == "image_1.png", timeout=WAIT_MS)
        release.set()
        wait_settled(qtbot, controller, "image_1.png")
        wait_answered(qtbot, controller)
        assert controller.state.replayed.draw.first is controller.state.trace.evidence.first
        assert shown.paths == ["image_1.png"]


def test_a_moved_threshold_of_training_draws_anew_and_one_of_inference_does_not(qtbot, folder):
    network = Choosy()
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        look_at_training_targets(qtbot, window, controller)
        before, asked = controller.state.replayed, network.calls["rpn"]
        window.settings.setting_moved.emit("detections.min_score", 0.3)
        wait_settled(qtbot, controller)
        assert counts(controller)["rois_negative"] is not None
        window.settings.setting_moved.emit("roi_sampling.batch_size", 20)
        qtbot.waitUntil(lambda: answered(controller) and controller.state.replayed is not before, timeout=WAIT_MS)
        assert len(controller.state.replayed.replay.regions.label) == 20
        assert network.calls["rpn"] == asked + 1


def test_nothing_is_drawn_once_one_looks_elsewhere(qtbot, folder):
    network, release, began = Choosy(), threading.Event(), threading.Event()
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)

        def held_up():
            began.set()
            release.wait(20)

        network.on_rpn = held_up
        qtbot.keyClick(window, Qt.Key.Key_3)
        qtbot.waitUntil(began.is_set, timeout=WAIT_MS)
        qtbot.keyClick(window, Qt.Key.Key_5)
        qtbot.waitUntil(lambda: controller.state.scene.stage == "detections", timeout=WAIT_MS)
        assert not controller.studies.is_wanted("replay")
        release.set()
        network.on_rpn = None
        look_at_training_targets(qtbot, window, controller)  # and is when one looks again


@pytest.mark.parametrize("key", ["draw_batch", "draw_batch_back"])
def test_without_an_image_the_keys_only_say_so(qtbot, key):
    with open_window(qtbot, Choosy()) as (window, controller):
        window.actions_by_id[key].trigger()
        assert status(window) == "No mini-batch to draw yet: the detector has not run on this image."
        assert controller.state.settings.assignment.seed == 0
