"""What becomes of settings, models and the lesson as a case is entered and left."""

from __future__ import annotations

from app.jobs import ModelChoice
from app.remembered import RememberedSettings
from tests.helpers.app_windows import (
    WAIT_MS,
    open_window,
    settled,
    wait_settled,
)
from tests.helpers.case_windows import NMS, PROPOSALS, Named, message, move, shows_case, wait_case


def test_the_settings_of_a_case_end_with_it(qtbot, case):
    path, trace, _ = case
    network = Named()
    with open_window(qtbot, network) as (window, controller):
        controller.start([path.parent / "images"])
        wait_settled(qtbot, controller, "cell.png")
        move(controller, NMS, 0.33)
        wait_settled(qtbot, controller)
        mine, defaults = controller.state.settings, controller.state.defaults
        own = window.actions_by_id["undo"].text()
        runs = dict(network.calls)
        window.paths_opened.emit([path])
        wait_case(qtbot, controller)
        assert controller.state.settings == controller.state.defaults == trace.settings
        # the person's own steps lie still
        assert not window.actions_by_id["undo"].isEnabled()
        controller.undo.undo()
        assert controller.state.settings == trace.settings
        move(controller, NMS, 0.7)
        wait_case(qtbot, controller)
        assert window.actions_by_id["undo"].text() == "Undo Detection NMS IoU 0.62 → 0.70"
        window.actions_by_id["undo"].trigger()
        wait_case(qtbot, controller)
        assert controller.state.settings == trace.settings
        assert not window.actions_by_id["undo"].isEnabled()
        window.actions_by_id["redo"].trigger()
        wait_case(qtbot, controller)
        assert controller.state.settings.value(NMS) == 0.7
        window.actions_by_id["restore_settings"].trigger()
        wait_case(qtbot, controller)
        assert controller.state.settings == trace.settings
        move(controller, NMS, 0.8)
        window.paths_opened.emit([path.parent / "images"])
        wait_settled(qtbot, controller, "cell.png")
        assert (controller.state.settings, controller.state.defaults) == (mine, defaults)
        assert RememberedSettings().settings("fake", defaults) == mine
        assert window.actions_by_id["undo"].text() == own
        assert not window.actions_by_id["redo"].isEnabled()
        assert network.calls == runs  # what was seen before is shown again
        window.actions_by_id["undo"].trigger()
        wait_settled(qtbot, controller)
        assert controller.state.settings == defaults


def test_a_model_that_comes_while_a_case_is_open_changes_nothing_of_it(qtbot, case):
    path, trace, explained = case
    with open_window(qtbot, Named()) as (window, controller):
        RememberedSettings().remember("fake", Named().settings.with_value(NMS, 0.2), Named().settings)
        controller.network.remembered = RememberedSettings()
        controller.start([path])
        wait_case(qtbot, controller)
        move(controller, NMS, 0.7)
        wait_case(qtbot, controller)
        controller.network.choose(ModelChoice("fake"))
        assert not controller.state.stale
        qtbot.waitUntil(lambda: controller.state.model is not None, timeout=WAIT_MS)
        wait_case(qtbot, controller)
        assert controller.state.settings.value(NMS) == 0.7
        window.actions_by_id["undo"].trigger()
        wait_case(qtbot, controller)
        assert controller.state.settings == trace.settings
        assert window.details.plain_text().startswith(explained.splitlines()[0])
        window.paths_opened.emit([path.parent / "images"])
        wait_settled(qtbot, controller, "cell.png")
        assert controller.state.settings.value(NMS) == 0.2
        assert controller.state.defaults == Named().settings


def test_detecting_on_a_case_makes_it_an_ordinary_image(qtbot, case):
    path, trace, explained = case
    network = Named()
    with open_window(qtbot, network) as (window, controller):
        controller.start([path])
        wait_case(qtbot, controller)
        window.actions_by_id["detect"].trigger()  # nobody has loaded a model yet
        wait_settled(qtbot, controller)
        qtbot.waitUntil(lambda: controller.state.case is None and settled(controller), timeout=WAIT_MS)
        assert network.calls["features"] == 1
        assert controller.state.settings == network.settings
        assert not controller.state.stale
        assert message(window) == "Detected anew by fake under your own settings; the case is as it was."
        assert window.header.model_button.text() == "fake · MADE UP"
        assert window.images.model.state(0).parts[0][0] != "case ·"
        move(controller, PROPOSALS, 20)
        wait_settled(qtbot, controller)
        assert len(controller.state.trace.proposals.kept) > 6
        assert RememberedSettings().settings("fake", network.settings).value(PROPOSALS) == 20
        controller.network.detect()
        window.status.show_message(None)
        window.paths_opened.emit([path])
        wait_case(qtbot, controller)
        assert controller.state.settings == trace.settings
        assert window.details.plain_text().startswith(explained.splitlines()[0])


def test_the_way_back_to_a_case_is_one_click(qtbot, case):
    path, _, explained = case
    with open_window(qtbot, Named()) as (window, controller):
        controller.start([path])
        wait_case(qtbot, controller)
        window.actions_by_id["detect"].trigger()
        qtbot.waitUntil(lambda: controller.state.case is None and settled(controller), timeout=WAIT_MS)
        assert window.status.offer.text() == "Back to the case"
        window.status.offer.click()
        wait_case(qtbot, controller)
        assert window.details.plain_text().startswith(explained.splitlines()[0])


def test_a_detection_that_fails_leaves_the_case(qtbot, case):
    path, trace, explained = case
    network = Named()

    def fail(check):
        raise ValueError("The network cannot.")

    network.on_features = fail
    with open_window(qtbot, network) as (window, controller):
        controller.start([path])
        wait_case(qtbot, controller)
        window.actions_by_id["detect"].trigger()
        qtbot.waitUntil(lambda: "The network cannot." in message(window), timeout=WAIT_MS)
        assert shows_case(controller)
        assert controller.state.settings == trace.settings
        assert window.details.plain_text() == explained


def test_the_lesson_asked_for_in_a_case_gives_back_the_persons_settings(qtbot, case):
    path, trace, _ = case
    with open_window(qtbot, Named()) as (window, controller):
        controller.start([path.parent / "images"])
        wait_settled(qtbot, controller, "cell.png")
        move(controller, NMS, 0.33)
        mine = controller.state.settings
        window.paths_opened.emit([path])
        wait_case(qtbot, controller)
        controller.show_lesson()
        assert controller.state.settings == trace.settings  # until the sample is there
        qtbot.waitUntil(lambda: controller.state.case is None, timeout=WAIT_MS)
        assert controller.state.settings == controller.state.defaults == Named().settings
        window.paths_opened.emit([path])
        wait_case(qtbot, controller)
        assert controller.state.settings == trace.settings
        window.paths_opened.emit([path.parent / "images"])
        wait_settled(qtbot, controller, "cell.png")
        assert controller.state.settings == mine
        assert RememberedSettings().settings("fake", controller.state.defaults) == mine
