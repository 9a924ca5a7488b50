import os

import pytest

from app.changed_on_disk import changed_since
from detector.datasets.annotation import Annotation, Stored, stamp_of
from tests.helpers.annotations import IMAGE_HW, PlainStore, truth_of

BOX = (10, 20, 30, 40)


@pytest.fixture
def stored(tmp_path):
    return PlainStore(tmp_path).write(tmp_path / "a.jpg", IMAGE_HW, Annotation(truth_of(BOX)), None)


def test_our_own_state_is_no_change(stored, tmp_path):
    assert not changed_since(stored)
    assert not changed_since(None)
    assert not changed_since(PlainStore(tmp_path).read(tmp_path / "a.jpg"))


def test_another_s_save_is_seen_whatever_its_way(stored):
    content = stored.path.read_bytes()
    other = stored.path.with_suffix(".new")
    other.write_bytes(content + b"\n")
    os.replace(other, stored.path)
    assert changed_since(stored)
    stored.path.write_bytes(content)
    os.utime(stored.path, ns=(0, stored.stamp[0] + 1))  # the same length a nanosecond later
    assert changed_since(stored)


def test_our_own_save_of_another_image_in_the_same_file_is_no_change(stored):
    stored.path.write_bytes(stored.path.read_bytes() + b"\n")
    ours = {stamp_of(stored.path)}
    assert changed_since(stored)
    assert not changed_since(stored, ours)
    stored.path.write_bytes(b"another's")
    assert changed_since(stored, ours)
    stored.path.unlink()
    assert changed_since(stored, {*ours, None})


def test_a_file_that_is_gone_or_new_has_changed(stored, tmp_path):
    stored.path.unlink()
    assert changed_since(stored)
    nothing = Stored(None, tmp_path / "b.xml")
    assert not changed_since(nothing)
    (tmp_path / "b.xml").write_text("<annotation/>")
    assert changed_since(nothing)
