"""What is played while fuzzing, with the seeds: so that it stays right when nobody fuzzes."""

from __future__ import annotations

import pytest

from detector.datasets.annotation import Stored
from detector.datasets.voc_store import VocStore
from tests.helpers.fuzzed import TARGETS, VocTarget


@pytest.mark.parametrize("reader", TARGETS)
def test_the_seeds_hold(reader, tmp_path):
    target = TARGETS[reader](tmp_path)
    for seed in target.seeds():
        target.play(seed)
        target.play(seed[: len(seed) // 2])


@pytest.fixture
def voc(tmp_path):
    return VocTarget(tmp_path)


def test_a_store_that_overwrites_what_it_refused_is_found(voc, monkeypatch):
    def write(self, image_path, image_hw, annotation, seen):
        self.path_of(image_path).write_bytes(b"<annotation/>")
        return Stored(annotation, self.path_of(image_path))

    monkeypatch.setattr(VocStore, "write", write)
    with pytest.raises(AssertionError, match="was refused and has been overwritten"):
        voc.play(b"<annotation")


def test_a_store_that_bends_what_was_not_edited_is_found(voc, monkeypatch):
    write = VocStore.write

    def bent(self, *given):
        stored = write(self, *given)
        path = self.path_of(given[0])
        path.write_bytes(path.read_bytes() + b"\n")
        return stored

    monkeypatch.setattr(VocStore, "write", bent)
    with pytest.raises(AssertionError, match="without an edit has changed a file"):
        voc.play(voc.seeds()[0])
