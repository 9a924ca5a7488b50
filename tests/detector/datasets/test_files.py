"""Which files are there, for many questions at once; names that are long."""

import os
import sys

import pytest

from detector.datasets.files import ListedFiles, remove_temporaries, write_atomic


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


@pytest.mark.parametrize(
    "name", ["图" * 83 + ".xml", "a" * 251 + ".xml", "ä" + "图" * 83 + ".xm", "x.xml"], ids=range(4)
)
def test_the_longest_names_that_the_system_takes_can_be_written(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"old")
    written = write_atomic(path, b"new")
    assert path.read_bytes() == b"new"
    assert written == (path.stat().st_mtime_ns, 3)
    assert os.listdir(tmp_path) == [name]


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes only there")
def test_a_name_that_is_no_text_can_be_written(tmp_path):
    path = tmp_path / os.fsdecode(b"\xfc" * 250)
    write_atomic(path, b"new")
    assert path.read_bytes() == b"new"


def killed(path):
    """Write a file and be killed before it is in its place."""

    def stop():
        raise KeyboardInterrupt

    unlink, os.unlink = os.unlink, lambda _: None
    try:
        with pytest.raises(KeyboardInterrupt):
            write_atomic(path, b"half", stop)
    finally:
        os.unlink = unlink


@pytest.mark.parametrize("stem", ["x", "图" * 20, "a" * 72], ids=range(3))
def test_what_a_killed_save_left_is_taken_away(tmp_path, stem):
    killed(tmp_path / f"{stem}.xml")
    killed(tmp_path / f"{stem}x.xml")
    assert len(os.listdir(tmp_path)) == 2
    remove_temporaries(tmp_path / f"{stem}.xml")
    (left,) = os.listdir(tmp_path)
    assert f"{stem}x.xm" in left


def test_where_two_long_names_begin_alike_nothing_is_taken_away(tmp_path):
    killed(tmp_path / ("图" * 30 + "one.xml"))
    remove_temporaries(tmp_path / ("图" * 30 + "two.xml"))
    remove_temporaries(tmp_path / ("图" * 26))  # as the temporary one repeats it
    assert len(os.listdir(tmp_path)) == 1
