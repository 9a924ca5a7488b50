"""Sliders moved in a case, with the model that spoke and without."""

from __future__ import annotations

import dataclasses

import pytest

from app.jobs import ModelChoice
from detector.case import load_case, save_case
from tests.helpers.app_windows import (
    WAIT_MS,
    open_window,
    settled,
    wait_settled,
)
from tests.helpers.case_windows import (
    NMS,
    PROPOSALS,
    Named,
    message,
    move,
    nobody,
    same_trace,
    wait_case,
    wait_saved,
    wait_waiting,
)


def test_a_slider_moves_a_case_and_what_the_head_has_not_seen_waits(qtbot, case):
    path, trace, _ = case
    with open_window(qtbot, load=nobody) as (window, controller):
        controller.start([path])
        wait_case(qtbot, controller)
        assert trace.settings.value(PROPOSALS) == 6
        move(controller, PROPOSALS, 20)
        wait_waiting(qtbot, window, controller)
        waiting = len(controller.state.trace.detections.waiting)
        assert waiting == len(controller.state.trace.proposals.kept) - 6 > 1
        assert message(window) == f"{waiting} proposals wait for the model that said this (fake, not loaded)."
        assert not window.status.is_error
        assert window.actions_by_id["save_case"].isEnabled()
        move(controller, PROPOSALS, 7)
        qtbot.waitUntil(lambda: message(window).startswith("1 proposal waits"), timeout=WAIT_MS)
        move(controller, PROPOSALS, 6)
        wait_case(qtbot, controller)
        assert message(window) == ""
        same_trace(controller.state.trace, trace)


def test_the_same_model_completes_a_case(qtbot, case):
    path, _, _ = case
    network, plain = Named(name="compact"), Named(name="compact")
    shown = load_case(path)
    model = dataclasses.replace(shown.trace.evidence.model, name="compact")
    evidence = dataclasses.replace(shown.trace.evidence, model=model)
    save_case(path, shown.image, dataclasses.replace(shown.trace, evidence=evidence), ("object", 1))
    with open_window(qtbot, network, ModelChoice("compact")) as (window, controller):
        controller.start([path])
        wait_case(qtbot, controller)
        move(controller, PROPOSALS, 20)
        wait_waiting(qtbot, window, controller)
        assert window.status.offer.text() == "Load compact"
        window.status.offer.click()
        qtbot.waitUntil(lambda: settled(controller), timeout=WAIT_MS)
        state = controller.state
        assert state.case is not None
        assert len(state.trace.proposals.kept) > 6
        assert network.calls["features"] == 1
        assert message(window) == "A case: cell.png as compact saw it. F5 runs compact on it anew."
        completed, settings = state.trace, state.settings
        assert window.header.model_button.text() == "compact · from a case"
    with open_window(qtbot, plain, ModelChoice("compact")) as (window, controller):
        controller.start([path.parent / "images"])
        wait_settled(qtbot, controller)
        for key in (NMS, PROPOSALS):
            move(controller, key, settings.value(key))
        wait_settled(qtbot, controller)
        same_trace(completed, controller.state.trace)


@pytest.mark.parametrize(
    ("network", "why"),
    [
        (Named(sha256="00" * 32), "loaded with other weights"),
        (Named(sha256=None), "loaded with other weights"),
        (Named(name="vgg16"), "vgg16 is loaded"),
    ],
)
def test_another_model_says_nothing_in_a_case(qtbot, case, network, why):
    path, trace, _ = case
    with open_window(qtbot, network, ModelChoice("vgg16")) as (window, controller):
        controller.start([path])
        wait_case(qtbot, controller)
        window.model_chosen.emit("vgg16")
        qtbot.waitUntil(lambda: controller.state.model is not None, timeout=WAIT_MS)
        assert controller.state.settings == trace.settings
        said = f"A case: cell.png as fake saw it. F5 runs {network.name} on it anew."
        qtbot.waitUntil(lambda: message(window) == said, timeout=WAIT_MS)
        move(controller, PROPOSALS, 20)
        wait_waiting(qtbot, window, controller)
        assert f"(fake, {why})." in message(window)
        assert window.status.offer.isHidden()
        assert network.calls == {"features": 0, "rpn": 0, "head": 0}


def test_weights_without_a_hash_are_never_known_again(qtbot, folder, tmp_path):
    network = Named(sha256=None)
    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        controller.cases.save(tmp_path / "a.boxcase")
        wait_saved(qtbot, window, "a.boxcase")
        window.paths_opened.emit([tmp_path / "a.boxcase"])
        wait_case(qtbot, controller)
        heads = network.calls["head"]
        move(controller, PROPOSALS, 20)
        wait_waiting(qtbot, window, controller)
        assert "no hash" in message(window)
        assert network.calls["head"] == heads


def test_settings_that_need_the_network_stand_fast(qtbot, case):
    path, trace, _ = case
    with open_window(qtbot, load=nobody) as (window, controller):
        controller.start([path])
        wait_case(qtbot, controller)
        window.settings.setting_moved.emit("image.min_side", 300)
        assert message(window).startswith("Short side, px: this changes what the network says")
        assert controller.state.settings == trace.settings
        assert not window.actions_by_id["undo"].isEnabled()


def test_what_would_find_an_object_is_looked_for_as_far_as_it_can_be(qtbot, case):
    path, _, _ = case
    with open_window(qtbot, Named()) as (window, controller):
        controller.start([path])
        wait_case(qtbot, controller)
        move(controller, "matching.working_score", 1.0)

        def remarks():
            found = window.details.remedies
            return [each.id for each in found.remarks] if found is not None and found.done == found.of else None

        qtbot.waitUntil(lambda: remarks() is not None, timeout=WAIT_MS)
        keys = [line.key for line in window.details.remedies.lines]
        assert "matching.working_score" in keys
        assert "remedy.needs_network" in remarks()
        assert window.details.remedies.images == 0
        controller.network.choose(ModelChoice("fake"))
        qtbot.waitUntil(lambda: remarks() is not None and "remedy.needs_network" not in remarks(), timeout=WAIT_MS)
        assert controller.state.case is not None


def test_mini_batches_need_the_model_that_spoke(qtbot, case):
    path, _, _ = case
    with open_window(qtbot, Named()) as (window, controller):
        controller.start([path])
        wait_case(qtbot, controller)
        window.actions_by_id["stage_assignment"].trigger()
        qtbot.waitUntil(lambda: controller.state.replayed is not None, timeout=WAIT_MS)
        assert controller.state.replayed.problem.id == "replay.needs_model"
        controller.network.choose(ModelChoice("fake"))
        qtbot.waitUntil(lambda: controller.state.replayed.problem is None, timeout=WAIT_MS)
        assert controller.state.replayed.replay is not None
        assert controller.state.replayed.fits(controller.state.trace)
