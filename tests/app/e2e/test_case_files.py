"""Cases that cannot be read or written, in the real window: one sentence each."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from detector.case import load_case
from tests.helpers.app_windows import (
    WAIT_MS,
    open_window,
    settled,
    wait_settled,
)
from tests.helpers.case_windows import NMS, Named, message, move, nobody, wait_case, wait_saved
from tests.helpers.cases import members_of, with_array, write_case_file, write_members

IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def test_a_broken_case_is_one_sentence_and_the_window_goes_on(qtbot, case, tmp_path):
    path, _, _ = case
    broken = tmp_path / "broken.boxcase"
    broken.write_bytes(path.read_bytes()[:2000])
    with open_window(qtbot, Named()) as (window, controller):
        controller.start([broken])
        qtbot.waitUntil(lambda: "broken.boxcase" in message(window), timeout=WAIT_MS)
        assert window.status.is_error
        assert message(window).count("\n") == 0
        assert window.canvas._frame.error == message(window)
        assert window.images.model.state(0).problem == "cannot be read"
        assert controller.state.model is None
        window.paths_opened.emit([path])
        wait_case(qtbot, controller, "saved.boxcase")
        assert not window.status.is_error
        window.paths_opened.emit([tmp_path / "gone.boxcase"])
        qtbot.waitUntil(lambda: "gone.boxcase" in message(window), timeout=WAIT_MS)
        assert controller.state.case is None
        window.paths_opened.emit([path.parent / "images"])
        wait_settled(qtbot, controller, "cell.png")


def test_an_oddity_of_the_file_is_said_and_stays(qtbot, tmp_path):
    path = write_case_file(tmp_path / "a.boxcase", ("object", 1))
    members = with_array(members_of(path), "proposals/fate", lambda fate: np.zeros_like(fate))
    write_members(path, members)
    with open_window(qtbot, load=nobody) as (window, controller):
        controller.start([path])
        wait_case(qtbot, controller)
        assert "do not follow" in message(window)
        move(controller, NMS, 0.7)
        wait_case(qtbot, controller)
        assert ["do not follow" in each.values["text"] for each in controller.state.scene.warnings] == [True]


@pytest.mark.parametrize("name", ["folder.boxcase", "file/x.boxcase", "other.zip"])
def test_a_case_that_cannot_be_saved_is_one_sentence(qtbot, folder, tmp_path, name):
    (tmp_path / "folder.boxcase").mkdir()
    (tmp_path / "file").write_text("not a folder")
    with open_window(qtbot, Named()) as (window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        controller.cases.save(tmp_path / name)
        qtbot.waitUntil(lambda: window.status.is_error, timeout=WAIT_MS)
        assert Path(name).name in message(window)
        assert message(window).count("\n") == 0
        assert settled(controller)
        assert not [each for each in tmp_path.iterdir() if each.name.endswith((".tmp", ".zip"))]
        controller.cases.save(tmp_path / "well.boxcase")
        wait_saved(qtbot, window, "well.boxcase")


@pytest.mark.skipif(IS_ROOT, reason="root may write anywhere")
def test_a_place_that_is_read_only_is_one_sentence_and_the_old_case_stays(qtbot, folder, tmp_path):
    place = tmp_path / "locked"
    place.mkdir()
    old = write_case_file(place / "old.boxcase")
    before = old.read_bytes()
    place.chmod(0o500)
    try:
        with open_window(qtbot, Named()) as (window, controller):
            controller.start([folder[0]])
            wait_settled(qtbot, controller)
            controller.cases.save(old)
            qtbot.waitUntil(lambda: window.status.is_error, timeout=WAIT_MS)
            assert "old.boxcase" in message(window)
            assert old.read_bytes() == before
    finally:
        place.chmod(0o700)


def test_every_case_that_was_asked_for_is_written_also_as_the_window_closes(qtbot, folder, tmp_path):
    paths = [tmp_path / f"{number}.boxcase" for number in range(5)]
    with open_window(qtbot, Named()) as (_window, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller)
        for path in paths:
            controller.cases.save(path)
    assert [load_case(path).name for path in paths] == ["image_0.png"] * 5


def test_nothing_is_saved_before_something_is_detected(qtbot, folder, tmp_path):
    with open_window(qtbot, load=nobody) as (window, controller):
        controller.threads.start()
        window.paths_opened.emit([folder[0]])
        qtbot.waitUntil(lambda: controller.state.scene is not None and controller.state.document is not None)
        controller._model_timer.stop()
        assert not window.actions_by_id["save_case"].isEnabled()
        controller.cases.save(tmp_path / "a.boxcase")
        assert message(window) == "There is nothing to save as a case yet: detect first (F5)."
        assert not (tmp_path / "a.boxcase").exists()


def test_the_folder_of_the_image_is_not_given_away(qtbot, case):
    path, _, _ = case
    assert load_case(path).trace.evidence.image.file == "cell.png"
