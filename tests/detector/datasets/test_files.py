"""Which files are there, for many questions at once."""

import os

import pytest

from detector.datasets.files import ListedFiles


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.png").touch()
    (tmp_path / "inside").mkdir()
    (tmp_path / "link.png").symlink_to(tmp_path / "a.png")
    (tmp_path / "nowhere.png").symlink_to(tmp_path / "gone.png")
    return tmp_path


@pytest.mark.parametrize(
    "name", ["a.png", "link.png", "nowhere.png", "inside", "b.png", "inside/a.png", "none/a.png", "a\0.png", ""]
)
def test_it_says_what_the_system_says(folder, name):
    path = os.path.join(folder, name)
    assert ListedFiles().has(path) is os.path.isfile(path)


def test_each_folder_is_listed_once(folder, monkeypatch):
    listed, scandir = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda place: listed.append(place) or scandir(place))
    files = ListedFiles()
    for number in range(100):
        assert not files.has(os.path.join(folder, f"{number}.png"))
        assert files.has(os.path.join(folder, "a.png"))
    assert listed == [str(folder)]


def test_a_file_that_came_later_is_there(folder):
    files = ListedFiles()
    assert not files.has(os.path.join(folder, "later.png"))
    (folder / "later.png").touch()
    assert files.has(os.path.join(folder, "later.png"))
