"""A folder of three small images with known objects, and a case."""

from __future__ import annotations

import pytest

from app.scene import Ref
from tests.helpers.app_windows import (
    WAIT_MS,
    open_window,
    settled,
    wait_settled,
    write_folder,
    write_image,
)
from tests.helpers.case_windows import NMS, Named, move, wait_saved


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "images")


@pytest.fixture
def case(qtbot, tmp_path):
    """A case saved by the window, with a moved setting and an object selected; its trace and its explanation."""
    (tmp_path / "images").mkdir()
    image = write_image(tmp_path / "images" / "cell.png", 3)
    path = tmp_path / "saved.boxcase"
    with open_window(qtbot, Named()) as (window, controller):
        controller.start([image])
        wait_settled(qtbot, controller)
        move(controller, NMS, 0.62)
        controller.scenes.pick(Ref("object", 1))
        qtbot.waitUntil(
            lambda: settled(controller) and controller.state.scene.selected == Ref("object", 1), timeout=WAIT_MS
        )
        assert window.actions_by_id["save_case"].isEnabled()
        controller.cases.save(path)
        wait_saved(qtbot, window, "saved.boxcase")
        trace, explained = controller.state.trace, window.details.plain_text()
        controller.settings.reset(NMS)  # a person's own settings are other ones from here on
        return path, trace, explained
