"""Images go to a folder beside them and come back; nothing is overwritten, nothing is lost."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import bin_folder
from app.bin_folder import BIN_NAME, BinError, bin_of, move_to_bin, restore


def files_in(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def make(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return [folder / name for name in names]


def test_an_image_and_its_annotation_go_and_come_back(tmp_path):
    image, annotation = make(tmp_path, "a.png", "Annotations/a.xml")
    before = files_in(tmp_path)
    binned = move_to_bin(image, annotation)
    assert binned.image == image
    assert files_in(tmp_path) == {f"{BIN_NAME}/a.png": b"a.png", f"{BIN_NAME}/a.xml": b"Annotations/a.xml"}
    restore(binned)
    assert files_in(tmp_path) == before
    assert not bin_of(image).exists()


def test_without_an_annotation_the_image_goes_alone(tmp_path):
    one, two = make(tmp_path, "a.png", "b.png")
    assert len(move_to_bin(one).moves) == len(move_to_bin(two, tmp_path / "b.xml").moves) == 1
    assert set(files_in(tmp_path)) == {f"{BIN_NAME}/a.png", f"{BIN_NAME}/b.png"}


def test_names_that_are_there_get_a_number_and_a_pair_stays_a_pair(tmp_path):
    for content in ("first", "second", "third"):
        image, annotation = make(tmp_path, "a.png", "a.xml")
        if content == "second":
            annotation.unlink()  # so the xml would still be free under the first number
        move_to_bin(image, annotation)
    found = set(files_in(tmp_path / BIN_NAME))
    assert found == {"a.png", "a.xml", "a (2).png", "a (3).png", "a (3).xml"}


def test_two_files_of_one_name_are_told_apart(tmp_path):
    image, annotation = make(tmp_path, "a.txt", "labels/a.txt")
    before = files_in(tmp_path)
    binned = move_to_bin(image, annotation)
    assert files_in(tmp_path) == {f"{BIN_NAME}/a.txt": b"a.txt", f"{BIN_NAME}/a (2).txt": b"labels/a.txt"}
    restore(binned)
    assert files_in(tmp_path) == before


def test_what_stands_at_the_old_place_is_not_overwritten(tmp_path):
    image, annotation = make(tmp_path, "a.png", "a.xml")
    binned = move_to_bin(image, annotation)
    annotation.write_bytes(b"new")
    before = files_in(tmp_path)
    with pytest.raises(BinError, match=r"'.*a\.xml' exists already and is not overwritten"):
        restore(binned)
    assert files_in(tmp_path) == before


def test_an_image_that_is_gone_or_in_a_bin_is_said_so(tmp_path):
    with pytest.raises(BinError, match=r"'.*a\.png' is not there any more"):
        move_to_bin(tmp_path / "a.png")
    assert not (tmp_path / BIN_NAME).exists()
    (image,) = make(tmp_path, "b.png")
    moved = move_to_bin(image).moves[0].target
    with pytest.raises(BinError, match=r"b\.png is in a bin folder already"):
        move_to_bin(moved)


def test_where_the_second_file_cannot_be_moved_the_first_comes_back(tmp_path, monkeypatch):
    image, annotation = make(tmp_path, "a.png", "a.xml")
    before, replace = files_in(tmp_path), os.replace

    def refuse(source, target):
        if Path(source) == annotation:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        replace(source, target)

    monkeypatch.setattr(bin_folder.os, "replace", refuse)
    with pytest.raises(BinError, match=r"a\.xml is on another disk than"):
        move_to_bin(image, annotation)
    assert files_in(tmp_path) == before
    assert not (tmp_path / BIN_NAME).exists()


def test_a_bin_folder_that_cannot_be_made(tmp_path):
    image, _ = make(tmp_path, "a.png", BIN_NAME)
    with pytest.raises(BinError, match=r"The bin folder '.*' cannot be made"):
        move_to_bin(image)
    assert image.exists()


def test_a_link_is_moved_itself(tmp_path):
    (target,) = make(tmp_path, "store/a.png")
    link = tmp_path / "a.png"
    link.symlink_to(target)
    binned = move_to_bin(link)
    assert binned.moves[0].target.is_symlink()
    assert target.read_bytes() == b"store/a.png"
    restore(binned)
    assert link.is_symlink()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=8), st.randoms())
@settings(max_examples=40)
def test_whatever_goes_comes_back_as_it_was(goings, random):
    """The same name may go several times: another image by that name takes its place meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        go_and_come_back(Path(folder), goings, random)


def go_and_come_back(folder, goings, random):
    goes, kept = [], []
    for place, (name, has_annotation) in enumerate(goings):
        image, annotation = folder / f"{name}.png", folder / f"{name}.xml"
        image.write_bytes(str(place).encode())
        if has_annotation:
            annotation.write_bytes(f"xml {place}".encode())
        goes.append(move_to_bin(image, annotation))
        kept.append({move.source: move.target.read_bytes() for move in goes[-1].moves})
    assert len(files_in(folder)) == sum(len(each) for each in kept)
    order = list(range(len(goings)))
    random.shuffle(order)
    for place in order:
        restore(goes[place])
        for path, content in kept[place].items():
            assert path.read_bytes() == content
            path.unlink()
    assert files_in(folder) == {}
