from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from app.memory import give_back
from detector.memo import Memo, array_bytes


@dataclass(frozen=True, slots=True)
class Record:
    boxes: np.ndarray
    name: str = ""


def test_arrays_are_counted_wherever_they_are():
    ten = np.zeros(10, np.uint8)
    assert array_bytes(ten) == 10
    assert array_bytes((ten, [ten, {"a": ten}], Record(np.zeros((3, 4), np.float32)), "words", 7, None)) == 30 + 48


@pytest.mark.parametrize(("platform", "trimmed"), [("linux", [0]), ("darwin", []), ("win32", [])])
def test_memory_is_given_back_where_the_c_library_keeps_it(monkeypatch, platform, trimmed):
    calls = []
    monkeypatch.setattr("ctypes.CDLL", lambda name: SimpleNamespace(malloc_trim=calls.append))
    monkeypatch.setattr("sys.platform", platform)
    give_back()
    assert calls == trimmed


def test_a_c_library_without_trim_is_left_alone(monkeypatch):
    monkeypatch.setattr("ctypes.CDLL", lambda name: SimpleNamespace())
    monkeypatch.setattr("sys.platform", "linux")
    give_back()


class TestMemo:
    def made(self, memo, name, nbytes, owner):
        """Whether the memo had to make it."""
        asked = []
        memo.get(name, (owner,), lambda: asked.append(1) or np.zeros(nbytes, np.uint8))
        return bool(asked)

    def test_the_oldest_leave_until_all_fit(self):
        memo, owner = Memo(max_bytes=100), object()
        assert self.made(memo, "a", 60, owner)
        assert self.made(memo, "b", 30, owner)
        assert not self.made(memo, "a", 60, owner)  # b is the oldest now
        assert self.made(memo, "c", 40, owner)  # 60 + 30 + 40 > 100 = 60 + 40
        assert not self.made(memo, "a", 60, owner)
        assert not self.made(memo, "c", 40, owner)
        assert self.made(memo, "b", 30, owner)

    def test_the_newest_stays_however_large(self):
        memo, owner = Memo(max_bytes=100), object()
        self.made(memo, "small", 10, owner)
        assert self.made(memo, "large", 500, owner)
        assert not self.made(memo, "large", 500, owner)
        assert self.made(memo, "small", 10, owner)

    def test_bounded_in_number(self):
        memo, owner = Memo(size=2), object()
        for name in "abc":
            self.made(memo, name, 1, owner)
        assert self.made(memo, "a", 1, owner)
