"""The corpora of odd files through the real window and through `inspect`: each is shown or said, the rest goes on."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

import main
from app import headless
from app.wording import text
from tests.helpers import odd_annotations, odd_images
from tests.helpers.app_windows import WAIT_MS, WindowNetwork, open_window, wait_settled, write_image

LAST = "zz good.png"


def walk(qtbot, window, controller):
    """Every image of the list by the key for the next one; each path with what the window said of it."""
    for row in range(window.images.model.rowCount()):
        path = window.images.model.path(row)
        if row:
            qtbot.keyClick(window, Qt.Key.Key_D)

        def is_there(path=path):
            state = controller.state
            shown = state.document is not None and state.document.path == path
            return controller.images._reading is None and (shown or bool(window.canvas._frame.error))

        qtbot.waitUntil(is_there, timeout=WAIT_MS)
        window.canvas.repaint()
        assert QApplication.activeModalWidget() is None
        yield path, controller.state.document, window.status.message.text()


def test_the_window_walks_through_odd_images(qtbot, tmp_path, caplog):
    made = {odd.name: odd for odd in odd_images.write_all(tmp_path / "odd") if odd.listed}
    write_image(tmp_path / "odd" / LAST)
    vanishing = write_image(tmp_path / "odd" / "yy vanishing.png", annotated=False)
    with open_window(qtbot) as (window, controller):
        controller.start([tmp_path / "odd"])
        qtbot.waitUntil(lambda: window.images.model.total == len(made) + 2, timeout=WAIT_MS)
        vanishing.unlink()
        said = {path.name: told for path, *told in walk(qtbot, window, controller)}
        assert said.keys() == made.keys() | {LAST, vanishing.name}
        for name, odd in made.items():
            document, sentence = said[name]
            assert (document is not None) == odd.opens, name
            if odd.opens:
                assert document.image_hw == odd.hw, name
                assert odd.sentence in sentence, name
                np.testing.assert_allclose(document.image[0, 0].astype(int), odd.pixel, atol=odd.atol, err_msg=name)
            else:
                assert odd.sentence in sentence, name
                assert " ".join(name.splitlines()) in sentence
        assert said[vanishing.name][0] is None
        assert "There is no file" in said[vanishing.name][1]
        wait_settled(qtbot, controller, LAST)
        assert [row.wrong for row in controller.state.scene.objects] == [False] * 3
        assert window.status.message.text() == ""
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_the_window_walks_through_odd_annotations(qtbot, tmp_path, caplog):
    made = {path.name: odd for path, odd in odd_annotations.write_all(tmp_path / "odd")}
    write_image(tmp_path / "odd" / LAST)
    with open_window(qtbot) as (window, controller):
        controller.start([tmp_path / "odd"])
        qtbot.waitUntil(lambda: window.images.model.total == len(made) + 1, timeout=WAIT_MS)
        for path, document, sentence in walk(qtbot, window, controller):
            odd = made.get(path.name)
            if odd is None:
                continue
            truth = document.ground_truth
            assert (None if truth is None else len(truth)) == odd.objects, path
            assert bool(document.warnings) == bool(odd.words), path
            if odd.words:
                assert odd.words in document.warnings[0], path
                assert odd.words in sentence, path
            if odd.objects is None:
                continue
            window.detect_requested.emit()
            wait_settled(qtbot, controller, path.name)
            warned = [text(message) for message in controller.state.scene.warnings]
            assert set(document.warnings) <= set(warned)
            assert len(controller.state.trace.judgement.objects) == odd.objects
        wait_settled(qtbot, controller, LAST)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def made_up_network():
    """What --model MODULE:FUNCTION calls; by then the folder has been listed."""
    for path in VANISHING:
        path.unlink()
    return WindowNetwork()


VANISHING = []


@pytest.fixture
def inspect(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tests.odd_model", sys.modules[__name__])
    monkeypatch.setattr(headless, "PICTURES", ("detections",))  # one of four is enough here
    VANISHING.clear()
    return lambda folder: main.main(
        ["inspect", str(folder), "--out", str(tmp_path / "out"), "--model", "tests.odd_model:made_up_network"]
    )


def test_inspect_goes_through_odd_images(tmp_path, capsys, inspect):
    made = [odd for odd in odd_images.write_all(tmp_path / "odd") if odd.listed]
    vanishing = write_image(tmp_path / "odd" / "yy vanishing.png", annotated=False)
    VANISHING.append(vanishing)
    assert inspect(tmp_path / "odd") == 1
    lines = capsys.readouterr().err.splitlines()
    written = {json.loads(path.read_text())["image"]["file"]: path for path in (tmp_path / "out").glob("*.json")}
    for odd in made:
        path = tmp_path / "odd" / odd.name
        about = [line for line in lines if " ".join(odd.name.splitlines()) in line and odd.sentence in line]
        assert (str(path) in written) == odd.opens, odd.name
        if odd.sentence:
            assert len(about) == 1, odd.name
        if odd.opens:
            image = json.loads(written[str(path)].read_text())["image"]
            assert (image["height"], image["width"]) == odd.hw
    assert [line for line in lines if "There is no file" in line and vanishing.name in line]
    assert not [line for line in lines if "Traceback" in line or "could not be inspected" in line]


def test_inspect_goes_through_odd_annotations(tmp_path, capsys, inspect):
    made = odd_annotations.write_all(tmp_path / "odd")
    assert inspect(tmp_path / "odd") == 1
    lines = capsys.readouterr().err.splitlines()
    for path, odd in made:
        written = tmp_path / "out" / f"{path.stem}.json"
        assert written.exists() == (odd.objects is not None), odd.name
        if odd.words:
            assert [line for line in lines if f"{path.stem}.xml" in line and odd.words in line], odd.name
        if odd.objects is not None:
            assert len(json.loads(written.read_text())["ground_truth"]) == odd.objects
    assert not [line for line in lines if "Traceback" in line or "could not be inspected" in line]
