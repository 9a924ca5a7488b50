"""Copying and saving the view: the suffix decides, and a failure is one sentence."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog

from app.dialogs import picture_filters
from app.picture_flow import SVG_TYPE
from tests.helpers.app_windows import open_window, wait_settled, write_folder

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def shown(qtbot, tmp_path):
    images = write_folder(tmp_path / "images", 1)
    with open_window(qtbot) as (window, controller):
        controller.start([images[0]])
        wait_settled(qtbot, controller)
        yield window


@pytest.mark.parametrize("name", ["a.svg", "a.SVG"])
def test_a_drawing(shown, tmp_path, name):
    shown.picture_path_chosen.emit(tmp_path / name)
    root = ElementTree.fromstring((tmp_path / name).read_bytes())
    names = [each.get("id") for each in root.iter("{http://www.w3.org/2000/svg}g")]
    assert "detections.judged" in names
    assert shown.status.message.text() == f"Saved {tmp_path / name}."


@pytest.mark.parametrize(("name", "begin"), [("a.png", b"\x89PNG"), ("a.jpg", b"\xff\xd8"), ("a", b"\x89PNG")])
def test_pixels_with_their_legend(shown, tmp_path, name, begin):
    shown.picture_path_chosen.emit(tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(begin)
    saved = QImage(str(tmp_path / name))
    assert saved.width() == shown.canvas.width()
    assert saved.height() > shown.canvas.height()


def test_both_are_copied(shown):
    shown.picture_copy_requested.emit()
    held = QGuiApplication.clipboard().mimeData()
    assert held.hasImage()
    ElementTree.fromstring(bytes(held.data(SVG_TYPE).data()))


@pytest.mark.parametrize("name", ["a.svg", "a.png"])
def test_a_folder_that_is_not_there_is_one_sentence(shown, tmp_path, name):
    shown.picture_path_chosen.emit(tmp_path / "nowhere" / name)
    said = shown.status.message.text()
    assert said.startswith("The picture cannot be saved: ")
    assert "No such file or directory" in said
    assert shown.status.is_error


def test_a_kind_that_cannot_be_written_is_named(shown, tmp_path):
    shown.picture_path_chosen.emit(tmp_path / "a.xyz")
    assert shown.status.message.text() == ("The picture cannot be saved as .xyz, only as .png, .jpg or .svg: a.xyz.")
    assert not (tmp_path / "a.xyz").exists()


def test_without_an_image_there_is_nothing_to_save(qtbot, tmp_path):
    with open_window(qtbot) as (window, _):
        window.picture_path_chosen.emit(tmp_path / "a.png")
        assert window.status.message.text() == "There is no picture yet: open an image first."
        assert not (tmp_path / "a.png").exists()


def test_a_name_without_suffix_gets_that_of_the_chosen_kind(qtbot, monkeypatch):
    asked = []
    with open_window(qtbot) as (window, _):
        monkeypatch.setattr(QFileDialog, "open", lambda dialog: asked.append(dialog))
        window.dialogs.ask_picture_path()
        for words, suffix in picture_filters().items():
            asked[0].filterSelected.emit(words)
            assert asked[0].defaultSuffix() == suffix
