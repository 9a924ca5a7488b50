"""What is kept beside labels: it comes back, unknown content survives, a broken file is never overwritten."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.datasets import DatasetError
from detector.datasets.sidecar import NOTHING, Beside, Sidecar, kept_beside


@pytest.fixture
def sidecar(tmp_path):
    return Sidecar(tmp_path / ".boxscope.json")


def test_it_comes_back_and_goes(sidecar):
    kept = Beside(True, 3, (0,), (), (1, 2))
    sidecar.put("ä b", kept)
    assert Sidecar(sidecar.path).of("ä b") == kept
    assert json.loads(sidecar.path.read_text()) == {
        "version": 1,
        "images": {"ä b": {"verified": True, "objects": 3, "difficult": [0], "crowd": [1, 2]}},
    }
    sidecar.put("ä b", NOTHING)
    assert json.loads(sidecar.path.read_text())["images"] == {}


def test_nothing_to_keep_makes_no_file(sidecar):
    sidecar.put("a", Beside(None, 4))
    assert not sidecar.path.exists()


def test_unknown_content_survives(sidecar):
    content = {
        "made by": "me",
        "version": 1,
        "images": {"a": {"note": "},", "verified": True}, "b": [1], "c": {"x": {}}},
    }
    sidecar.path.write_text(json.dumps(content))
    sidecar.put("a", Beside(None, 1, (0,)))
    content["images"]["a"] = {"note": "},", "objects": 1, "difficult": [0]}
    found = json.loads(sidecar.path.read_text())
    assert found["images"].pop("a") == content["images"].pop("a")
    assert found == content


def test_another_program_changes_it_meanwhile(sidecar):
    sidecar.put("a", Beside(True))
    other = Sidecar(sidecar.path)
    other.put("b", Beside(False))
    sidecar.put("c", Beside(True))
    assert [Sidecar(sidecar.path).of(key).verified for key in "abcd"] == [True, False, True, None]


def test_together_writes_once(sidecar):
    with sidecar.together():
        sidecar.put("a", Beside(True))
        assert not sidecar.path.exists()
        sidecar.put("b", Beside(True))
    assert len(Sidecar(sidecar.path)) == 2


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[]", b"\xff\xfe{}", b'{"version": 2, "images": {}}', b'{"images": {}}',
        b'{"version": 1, "images": []}', b'{"version": 1, "images": {}, "x": NaN}',
        b'{"version": 1, "images": {}, "x": 1e999}', b"[" * 100_000,
    ],
)  # fmt: skip
def test_a_broken_file_is_told_and_never_overwritten(sidecar, data):
    sidecar.path.write_bytes(data)
    assert sidecar.broken.startswith(f"'{sidecar.path}'")
    kept, (warning,) = kept_beside(sidecar.path.with_name("a.txt"), "a", sidecar, 2)
    assert (kept, warning) == (NOTHING, sidecar.broken)
    with pytest.raises(DatasetError, match="cannot be kept"):
        sidecar.put("a", Beside(True))
    sidecar.put("a", NOTHING)
    assert sidecar.path.read_bytes() == data


def test_a_file_that_cannot_be_written_leaves_what_was_known(sidecar, monkeypatch):
    sidecar.put("a", Beside(True))

    def full(path, data, *_):
        raise DatasetError("The disk is full.")

    monkeypatch.setattr("detector.datasets.sidecar.write_atomic", full)
    with pytest.raises(DatasetError, match="full"):
        sidecar.put("a", Beside(False))
    assert sidecar.of("a") == Beside(True)


jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["verified", "objects", "difficult", "crowd", "a", "images"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(entry=jsons)
def test_any_entry_is_read_for_what_makes_sense_in_it(entry, tmp_path_factory):
    sidecar = Sidecar(tmp_path_factory.mktemp("any") / "s.json")
    sidecar.path.write_text(json.dumps({"version": 1, "images": {"a": entry}}))
    found = sidecar.of("a")
    assert found.verified in (None, True, False)
    assert all(type(row) is int and 0 <= row < found.objects for row in (*found.difficult, *found.crowd))
    sidecar.put("a", Beside(True, 2, (1,)))
    assert Sidecar(sidecar.path).of("a") == Beside(True, 2, (1,))
