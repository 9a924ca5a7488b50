"""Choosing models and devices in the real window: loading, failing, and whose answer is shown."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from app.jobs import ModelChoice, ModelReady
from tests.helpers.app_windows import (
    WAIT_MS,
    WindowNetwork,
    open_window,
    wait_settled,
    write_image,
)


def test_the_model_is_loaded_after_the_first_image_is_shown(qtbot, folder):
    seen = []

    with open_window(qtbot) as (_window, controller):
        network = controller.threads.network
        load = network._load
        network._load = lambda choice, report: (seen.append(controller.state.scene), load(choice, report))[1]
        controller.start([folder[0]])
        assert not controller.network.busy
        wait_settled(qtbot, controller)
        assert seen[0] is not None


def test_a_model_that_cannot_be_loaded_is_a_sentence(qtbot, folder):
    def load(choice, report):
        raise ValueError("There is no weights file nowhere.safetensors.")

    with open_window(qtbot, load=load) as (window, controller):
        controller.start([folder[0]])
        qtbot.waitUntil(lambda: "nowhere.safetensors" in window.status.message.text(), timeout=WAIT_MS)
        qtbot.waitUntil(lambda: controller.state.document is not None, timeout=WAIT_MS)
        qtbot.waitUntil(lambda: len(controller.state.scene.objects) == 3, timeout=WAIT_MS)


def test_a_model_that_fails_leaves_the_one_before(qtbot, folder):
    network = WindowNetwork()

    def load(choice, report):
        if choice.name != "good":
            raise ValueError(f"{choice.name} cannot be fetched; --weights none does without.")
        return network

    with open_window(qtbot, choice=ModelChoice("good"), load=load) as (window, controller):
        controller.start([folder[0].parent])
        wait_settled(qtbot, controller)
        before = controller.state.evidence
        window.model_chosen.emit("vgg16")
        assert controller.state.stale
        qtbot.waitUntil(lambda: "vgg16 cannot be fetched" in window.status.message.text(), timeout=WAIT_MS)
        wait_settled(qtbot, controller)
        assert controller.state.choice == ModelChoice("good")
        assert controller.state.evidence is before
        assert window.header.model_button.text().startswith("good")
        assert window.status.is_error
        assert "--weights none" in window.status.message.toolTip()
        window.images.image_chosen.emit(folder[1])
        wait_settled(qtbot, controller, "image_1.png")


def test_no_model_at_all_is_said_and_detect_tries_again(qtbot, folder):
    network, fails = WindowNetwork(), [True]

    def load(choice, report):
        if fails:
            raise ValueError("It cannot be fetched.")
        return network

    with open_window(qtbot, load=load) as (window, controller):
        controller.start([folder[0]])
        qtbot.waitUntil(lambda: "cannot be fetched" in window.status.message.text(), timeout=WAIT_MS)
        assert window.header.model_button.text() == "no model"
        qtbot.waitUntil(lambda: controller.state.document is not None, timeout=WAIT_MS)
        fails.clear()
        window.detect_requested.emit()
        wait_settled(qtbot, controller)
        assert window.header.model_button.text().startswith("fake")


def test_the_classic_model_is_offered_with_random_weights(qtbot, folder):
    chosen = []

    def load(choice, report):
        chosen.append(choice)
        return WindowNetwork()

    with open_window(qtbot, load=load) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        actions = {action.text(): action for action in window.header._model_menu.actions()}
        actions["vgg16, random weights"].trigger()
        qtbot.waitUntil(lambda: controller.state.model is not None, timeout=WAIT_MS)
        assert chosen[-1] == ModelChoice("vgg16", weights="none")
        assert window.header.model_button.text().startswith("vgg16, random weights")


def two_models(**networks):
    """A `Load` that gives each name its own network."""
    return lambda choice, report: networks[choice.name]


def test_what_the_old_model_says_late_is_not_shown_as_the_new_one_s(qtbot, folder):
    old, new, held, go_on = WindowNetwork(), WindowNetwork(), threading.Event(), threading.Event()

    def hold():
        held.set()
        go_on.wait(20)

    old.on_head = hold
    with open_window(qtbot, choice=ModelChoice("old"), load=two_models(old=old, new=new)) as (window, controller):
        controller.start([folder[0]])
        qtbot.waitUntil(held.is_set, timeout=WAIT_MS)
        window.model_chosen.emit("new")
        go_on.set()
        wait_settled(qtbot, controller)
        state = controller.state
        assert new.calls["features"] == 1
        assert new.calls["head"]
        assert state.evidence_choice == state.model.choice == ModelChoice("new")
        assert state.store.get(state.document, ModelChoice("old"), None, state.settings) is None


def test_going_back_to_a_model_does_not_run_it_again(qtbot, folder):
    old, new = WindowNetwork(), WindowNetwork()
    new._settings = new.settings.with_value("anchors.sizes", (24.0, 48.0))
    with open_window(qtbot, choice=ModelChoice("old"), load=two_models(old=old, new=new)) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        first = controller.state.evidence
        for name in ("new", "old"):
            window.model_chosen.emit(name)
            assert controller.state.stale
            wait_settled(qtbot, controller)
        assert controller.state.evidence is first
        assert (old.calls["features"], new.calls["features"]) == (1, 1)


def test_weights_that_were_trained_again_under_the_same_name_are_another_model(qtbot, folder):
    before, after = WindowNetwork("1"), WindowNetwork("2")
    networks = [before, after, after]
    with open_window(qtbot, choice=ModelChoice("a.safetensors"), load=lambda *_: networks.pop(0)) as (
        window,
        controller,
    ):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        for _ in range(2):  # the second time nothing is new
            window.weights_chosen.emit(Path("a.safetensors"))
            qtbot.waitUntil(lambda: controller.state.model is not None, timeout=WAIT_MS)
            wait_settled(qtbot, controller)
            assert controller.state.evidence.model.sha256 == "2"
        assert (before.calls["features"], after.calls["features"]) == (1, 1)


def test_a_late_ready_of_a_load_that_was_replaced_is_dropped(qtbot, folder):
    network, go_on = WindowNetwork(), threading.Event()

    def load(choice, report):
        go_on.wait(20)
        return network

    with open_window(qtbot, choice=ModelChoice("one"), load=load) as (window, controller):
        controller.start([folder[0]])
        qtbot.waitUntil(lambda: controller.state.document is not None, timeout=WAIT_MS)
        window.model_chosen.emit("two")
        window.model_chosen.emit("one")
        late = ModelReady(ModelChoice("one"), network.info, network.settings, quick=True)
        controller.threads.network.model_ready.emit(controller.network._loading - 2, late)
        assert controller.state.model is None
        assert controller.network.busy
        go_on.set()
        wait_settled(qtbot, controller)
        assert network.calls["features"] == 1


def test_the_devices_of_this_machine_can_be_chosen_and_the_real_one_is_named(qtbot, folder, monkeypatch):
    monkeypatch.setattr("app.workers.available_devices", lambda: ("auto", "cpu", "cuda"))
    network = WindowNetwork()
    network.device = "cuda:0"
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        enabled = {name: window.actions_by_id[f"device_{name}"].isEnabled() for name in ("auto", "cpu", "cuda", "mps")}
        assert enabled == {"auto": True, "cpu": True, "cuda": True, "mps": False}
        assert window.header.model_button.text() == "fake · CUDA"
        network.device = "cpu"
        window.device_chosen.emit("cpu")
        qtbot.waitUntil(lambda: not controller.network.busy, timeout=WAIT_MS)
        assert window.header.model_button.text() == "fake · CPU"
        assert window.actions_by_id["device_cpu"].isChecked()
        window.detect_requested.emit()  # slow there: it does not begin by itself
        wait_settled(qtbot, controller)


def test_the_real_compact_model_in_the_window(qtbot, tmp_path):
    image = write_image(tmp_path / "noise.png", annotated=False)
    from app.torch_import import load_model

    choice = ModelChoice("compact", weights="none", device="cpu")
    with open_window(qtbot, load=load_model, choice=choice) as (window, controller):
        controller.start([image])
        wait_settled(qtbot, controller)
        trace = controller.state.trace
        assert len(trace.proposals.kept) >= 50
        assert np.isfinite(trace.detections.score).all()
        assert controller.state.scene.num_anchors == len(trace.evidence.first.grid)
        assert window.images.model.num_run == 1
