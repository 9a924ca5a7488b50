"""Cases in the real window: what is on show, and waiting for it."""

from __future__ import annotations

import dataclasses

import numpy as np

from tests.helpers.app_windows import (
    WAIT_MS,
    WindowNetwork,
)

SHA = "5a" * 32
NMS = "detections.nms_iou"
PROPOSALS = "proposals.post_nms_top_n"


class Named(WindowNetwork):
    """A network of another name; proposes few, so that a slider lets new ones through."""

    def __init__(self, sha256=SHA, name="fake"):
        super().__init__(sha256)
        self.name = name

    @property
    def info(self):
        return dataclasses.replace(super().info, name=self.name)

    @property
    def settings(self):
        return super().settings.with_value(PROPOSALS, 6)


def nobody(choice, report):
    raise AssertionError(f"nobody asked for {choice.name}")


def shows_case(controller, name=None):
    """A case is on show under the settings as they are, whether or not something of it waits."""
    state = controller.state
    if state.case is None or state.trace is None or (name is not None and state.document.name != name):
        return False
    is_of_now = state.trace.evidence is state.evidence and state.trace.settings == state.settings
    return is_of_now and state.trace.ground_truth is state.document.ground_truth and not controller.network.busy


def wait_case(qtbot, controller, name=None):
    qtbot.waitUntil(lambda: shows_case(controller, name), timeout=WAIT_MS)


def wait_waiting(qtbot, window, controller):
    qtbot.waitUntil(lambda: shows_case(controller) and "wait" in message(window), timeout=WAIT_MS)


def wait_saved(qtbot, window, name):
    qtbot.waitUntil(lambda: message(window) == f"Saved {name}.", timeout=WAIT_MS)


def message(window):
    return window.status.message.text()


def move(controller, key, value):
    controller.settings.move(key, value)
    controller.settings.settle(key)


def same_trace(one, other):
    """All that is seen of them; the scores of waiting rows are NaN."""
    for stage in ("proposals", "detections"):
        for field in dataclasses.fields(getattr(one, stage)):
            first, second = (getattr(getattr(each, stage), field.name) for each in (one, other))
            np.testing.assert_array_equal(first, second, err_msg=f"{stage}.{field.name}")
    assert [each.cause for each in one.judgement.objects] == [each.cause for each in other.judgement.objects]
