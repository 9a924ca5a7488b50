"""What a case claims to hold is measured before it is read, and its trace is made anew."""

from __future__ import annotations

import dataclasses
import io
import json
import struct
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from detector.assignment import Assignment
from detector.case import CaseError, load_case, save_case
from detector.case_arrays import (
    TRACE,
)
from detector.trace import Detections, Proposals
from tests.helpers.cases import (
    drop,
    made_trace,
    npy,
    put,
    same,
    with_array,
    with_json,
    write_members,
)

BOMB = 60_000_000


@pytest.fixture(scope="module")
def zeros():
    """A .npy member of that many bytes of zeros, which a ZIP squeezes to some thousand."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({BOMB // 4},), }}".ljust(118).encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(BOMB)


class TestClaims:
    """What a file claims to hold is measured before it is read."""

    def said_within(self, path, most):
        """The sentence, where no more than so many bytes are held at any moment."""
        tracemalloc.start()
        try:
            with pytest.raises(CaseError) as error:
                load_case(path)
            assert tracemalloc.get_traced_memory()[1] < most
        finally:
            tracemalloc.stop()
        return str(error.value)

    def test_a_bomb_in_an_array_of_known_size(self, members, zeros, tmp_path):
        path = write_members(tmp_path / "a.boxcase", members | {"arrays/objectness.npy": zeros})
        assert path.stat().st_size < 1_000_000
        assert "has 15,000,000 values, but there are 300 anchors" in self.said_within(path, 10_000_000)

    def test_a_bomb_in_an_array_of_any_size(self, members, zeros, tmp_path, monkeypatch):
        monkeypatch.setattr("detector.case_arrays.MAX_ARRAY_BYTES", 1_000_000)
        rows = zeros.replace(b"'<f4'", b"'<i8'").replace(b"15000000,", b"7500000, ")
        path = write_members(tmp_path / "a.boxcase", members | {"arrays/head/rows.npy": rows})
        assert "takes 60,000,000 bytes, where at most 1,000,000 are read" in self.said_within(path, 10_000_000)

    def test_a_bomb_in_the_trace_is_not_read(self, members, zeros, tmp_path):
        path = write_members(tmp_path / "a.boxcase", members | {"arrays/detections/score.npy": zeros})
        tracemalloc.start()
        try:
            found = load_case(path)
            assert tracemalloc.get_traced_memory()[1] < 10_000_000
        finally:
            tracemalloc.stop()
        assert [name for name, _ in found.trace.warnings] == ["case_trace_differs"]

    def test_a_bomb_in_the_json(self, members, zeros, tmp_path, monkeypatch):
        monkeypatch.setattr("detector.case._MAX_JSON_BYTES", 1_000_000)
        path = write_members(tmp_path / "a.boxcase", members | {"case.json": zeros})
        assert "case.json claims 60,000,128 bytes, where at most 1,000,000" in self.said_within(path, 10_000_000)

    def test_a_structure_in_the_trace_is_not_built(self, members, tmp_path):
        # Two million empty lists: 6 MB of text, 120 MB of lists.
        content = json.loads(members["case.json"])
        text = json.dumps(content | {"trace": {"objects": "HERE"}}).replace('"HERE"', "[" + "[]," * 2_000_000 + "[]]")
        path = write_members(tmp_path / "a.boxcase", members | {"case.json": text.encode()})
        tracemalloc.start()
        try:
            found = load_case(path)
            assert tracemalloc.get_traced_memory()[1] < 30_000_000
        finally:
            tracemalloc.stop()
        assert found.trace.warnings[-1] == ("case_trace_differs", {"place": "case.json, trace.objects", "n": 1})

    @pytest.mark.parametrize("name", ["settings", "evidence_settings"])
    def test_a_structure_in_the_settings_is_not_built(self, members, tmp_path, name):
        # Two million empty lists again.
        table = '{"a":{"b":[' + "[]," * 2_000_000 + "[]]}}"
        content = json.loads(members["case.json"])
        text = json.dumps(content | {name: "HERE"}).replace('"HERE"', table)
        path = write_members(tmp_path / "a.boxcase", members | {"case.json": text.encode()})
        said = self.said_within(path, 30_000_000)
        assert f"case.json, {name} takes {len(table):,} bytes, where at most 100,000 are read" in said

    def test_what_is_written_more_widely_is_still_the_same(self, members, tmp_path):
        content = json.dumps(json.loads(members["case.json"]), indent=4).encode()
        found = load_case(write_members(tmp_path / "a.boxcase", members | {"case.json": content}))
        assert found.trace.warnings == ()

    def test_a_bomb_in_the_picture(self, members, zeros, tmp_path):
        path = write_members(tmp_path / "a.boxcase", members | {"image.png": zeros})
        assert "image.png claims 60,000,128 bytes" in self.said_within(path, 10_000_000)

    def test_a_picture_larger_than_it_is_said_to_be(self, members, tmp_path):
        picture = io.BytesIO()
        Image.new("RGB", (6000, 6000)).save(picture, "PNG")
        path = write_members(tmp_path / "a.boxcase", members | {"image.png": picture.getvalue()})
        assert "image.png is 6000 x 6000 px" in self.said_within(path, 10_000_000)

    def test_more_pixels_than_are_opened(self, members, damaged):
        said = damaged(with_json(members, put("image", {"height": 50_000, "width": 50_000})))
        assert "50000 x 50000 pixels, where at most 400 megapixels are opened" in said

    def test_a_member_that_inflates_beyond_its_claim(self, members, zeros, tmp_path):
        path = write_members(tmp_path / "a.boxcase", {"case.json": zeros})
        data = path.read_bytes()
        claims = struct.pack("<I", 200)
        at = data.index(b"PK\x01\x02") + 24  # the inflated size in the directory
        path.write_bytes(data[:at] + claims + data[at + 4 :])
        assert "case.json" in self.said_within(path, 10_000_000)

    def test_a_header_that_says_more_than_there_is(self, members, damaged):
        data = members["arrays/objectness.npy"].replace(b"(300,)", b"(301,)")
        said = damaged(members | {"arrays/objectness.npy": data})
        assert said == "arrays/objectness.npy says 301 of float32, which takes 1,204 bytes, but has 1,200."


class TestTrace:
    """The Trace in a file is compared with what the rest gives; it is never believed."""

    def warned(self, tmp_path, members):
        found = load_case(write_members(tmp_path / "a.boxcase", members))
        same(found.trace.detections, made_trace().detections)
        same(found.trace.proposals, made_trace().proposals)
        same(found.trace.judgement, made_trace().judgement)
        return dict(found.trace.warnings).get("case_trace_differs")

    def test_it_may_be_left_out(self, tmp_path, members):
        names = {column.member for column in TRACE}
        kept = {name: data for name, data in members.items() if name not in names}
        assert len(kept) == len(members) - len(TRACE)
        assert self.warned(tmp_path, with_json(kept, drop("trace"))) is None
        assert self.warned(tmp_path, kept) is None
        assert self.warned(tmp_path, with_json(members, drop("trace"))) is None

    @pytest.mark.parametrize("column", TRACE, ids=lambda column: column.name)
    def test_an_array_that_says_something_else(self, tmp_path, members, column):
        def other(array):
            assert array.size
            flat = array.reshape(-1)
            flat[0] = not flat[0] if array.dtype == bool else 1 if flat[0] != 1 else 2
            return array

        if column.name == "detections/waiting":  # of which there are none
            changed = members | {column.member: npy(np.array([3], np.int64))}
        else:
            changed = with_array(members, column.name, other)
        assert self.warned(tmp_path, changed) == {"place": column.member, "n": 1}

    @pytest.mark.parametrize("change", [lambda a: a[:-1], lambda a: a.astype(np.float64), lambda a: a[None]])
    def test_an_array_of_another_kind(self, tmp_path, members, change):
        assert self.warned(tmp_path, with_array(members, "proposals/kept", change))["n"] == 1

    def test_an_outcome_that_is_not_so(self, tmp_path, members):
        changed = with_json(members, put("trace", "objects", 1, "outcome", "missed"))
        assert self.warned(tmp_path, changed) == {"place": "case.json, trace.objects", "n": 1}

    def test_codes_that_mean_something_else(self, tmp_path, members):
        changed = with_json(members, put("trace", "codes", "proposals/fate", 0, "kept"))
        assert self.warned(tmp_path, changed) == {"place": "case.json, trace.codes", "n": 1}

    def test_settings_that_give_something_else(self, tmp_path, members):
        path = write_members(
            tmp_path / "a.boxcase", with_json(members, put("settings", "proposals", "post_nms_top_n", 20))
        )
        found = load_case(path)
        same(found.trace.proposals, made_trace(proposals__post_nms_top_n=20).proposals)
        assert found.trace.warnings[-1][1]["n"] > 3

    def test_the_warning_is_about_that_file_only(self, tmp_path, members):
        changed = with_json(members, put("trace", "objects", 1, "outcome", "missed"))
        found = load_case(write_members(tmp_path / "a.boxcase", changed))
        save_case(tmp_path / "b.boxcase", found.image, found.trace)
        assert load_case(tmp_path / "b.boxcase").trace.warnings == ()

    def test_a_damaged_array_of_it_is_damage(self, whole, tmp_path):
        data = bytearray(whole.read_bytes())
        data[data.index(b"arrays/proposals/rank.npy") + 100] ^= 1
        (tmp_path / "a.boxcase").write_bytes(data)
        with pytest.raises(CaseError, match=r"arrays/proposals/rank\.npy is damaged"):
            load_case(tmp_path / "a.boxcase")

    def test_every_field_of_its_records_is_written(self):
        written = {column.name for column in TRACE}
        for group, record in (("assignment", Assignment), ("proposals", Proposals), ("detections", Detections)):
            assert {f"{group}/{each.name}" for each in dataclasses.fields(record)} <= written
