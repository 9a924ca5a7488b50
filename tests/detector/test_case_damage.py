"""Cases that are broken, in a way somebody thought of or in any other: one sentence each."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from detector.case import Case, CaseError, load_case
from tests.helpers.cases import (
    IMAGE,
    at,
    drop,
    npy,
    put,
    with_array,
    with_json,
    write_members,
)


class TestBadFiles:
    def test_no_file(self, tmp_path):
        with pytest.raises(CaseError, match=r"There is no file '.*gone\.boxcase'"):
            load_case(tmp_path / "gone.boxcase")

    def test_a_folder(self, tmp_path):
        with pytest.raises(CaseError, match="is a folder"):
            load_case(tmp_path)

    def test_something_else(self, tmp_path):
        for content in (b"", b"no case", b"PK\x05\x06"):
            (tmp_path / "a.boxcase").write_bytes(content)
            with pytest.raises(CaseError, match=r"a\.boxcase': cut short, damaged or no case at all"):
                load_case(tmp_path / "a.boxcase")

    def test_another_zip_file(self, damaged):
        assert damaged({"word/document.xml": b"<a/>"}) == "case.json is missing."

    def test_a_newer_version(self, damaged, members):
        said = damaged(with_json(members, put("schema", 7)))
        assert said == "written by a newer version (schema 7; this program reads 1)."

    def test_a_newer_version_with_another_structure(self, damaged):
        said = damaged({"case.json": b'{"schema": 2, "pages": []}'})
        assert said == "written by a newer version (schema 2; this program reads 1)."

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (put("schema", 0), "case.json has the schema 0"),
            (drop("schema"), "`schema`"),
            (drop("model"), "`model`"),
            (drop("image", "height"), "case.json, image: object missing required field `height`"),
            (put("image", "width", "wide"), "case.json, image.width: expected `int`, got `str`"),
            (put("image", "width", 0), "image.width"),
            (put("image", "width", 161), "image.png is 160 x 128 px; case.json says 161 x 128"),
            (put("image", "width", 10**7), "image.width"),
            (put("model", "classes", []), "model.classes"),
            (put("model", "classes", ["cat", 3]), "model.classes[1]: expected `str`, got `int`"),
            (put("model", "classes", ["cat", ""]), "model.classes"),
            (put("model", "classes", ["cat", "dog", "cow"]), "arrays/head/scores.npy has the shape"),
            (put("feature_hw", [10]), "feature_hw"),
            (put("feature_hw", [10, 14]), "arrays/anchors.npy has 300 anchors; the grid of case.json, 10 x 14 cells"),
            (put("feature_hw", [15, 10]), "arrays/anchors.npy, row 20 is ["),
            (put("feature_hw", [100_000, 100_000]), "20,000,000,000 anchors"),
            (
                put("settings", "detections", "nms_iou", 7),
                "case.json, settings: detections.nms_iou lies between 0 and 1",
            ),
            (put("settings", "detections", "gone", 7), "case.json, settings: There is no setting 'detections.gone'"),
            (put("settings", "detections", 7), "settings"),
            (put("settings", "anchors", "sizes", [[1]]), "settings: anchors.sizes is a number"),
            (put("evidence_settings", "anchors", "sizes", [32.0, 96.0]), "arrays/anchors.npy, row 1 is ["),
            (put("evidence_settings", "head", "pooling", "mean"), "evidence_settings: head.pooling is one of"),
            (
                put("ground_truth", "labels", ["cat"]),
                "arrays/ground_truth/boxes.npy has 3 rows, but there is 1 object.",
            ),
            (put("ground_truth", "labels", ["cat", None, "cat"]), "ground_truth.labels[1]: expected `str`, got `null`"),
            (put("ground_truth", None), "arrays/ground_truth/boxes.npy holds boxes, but case.json has no ground_truth"),
            (put("timings_ms", {"rpn": "soon"}), "timings_ms"),
            (put("timings_ms", {"rpn": -1}), "timings_ms"),
            (put("trace", "timings_ms", {"rpn": None}), "trace.timings_ms"),
        ],
    )
    def test_a_value_that_cannot_be(self, damaged, members, change, said):
        assert said in damaged(with_json(members, change))

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "case.json"),
            (b"{", "case.json is not valid JSON (input data was truncated)."),
            (b"\xff\xfe", "case.json is not valid JSON at byte 0 (invalid character)."),
            (b'{"schema": 1, "program": "\xff"}', "case.json is not valid JSON (it holds bytes that are no UTF-8)."),
            (b'{"schema": 1,}', "case.json is not valid JSON at byte 13 (trailing comma in object)."),
            (b"[1]", "case.json: expected `object`"),
            (b'{"schema": NaN}', "at byte 11 (NaN and Infinity are no JSON numbers)."),
            (b'{"a": nan}', "(NaN and Infinity are no JSON numbers)."),
            (b'{"schema": 1, "a": [2, Infinity]}', "at byte 23 (NaN and Infinity are no JSON numbers)."),
            (b'{"schema": 1, "a": -Infinity}', "at byte 20 (NaN and Infinity are no JSON numbers)."),
            (b'{"schema": 1e400}', "schema"),
            (b"9" * 5000, "case.json"),
            (b'{"schema": 1, "a": ' + b"[" * 100_000, "nested too deeply"),
        ],
    )
    def test_no_json(self, damaged, members, content, said):
        assert said.lower() in damaged(members | {"case.json": content}).lower()

    @pytest.mark.parametrize("letters", ['"\\ud800"', '"a\\u001b[2Jb"'])
    def test_letters_that_are_none_do_not_reach_the_terminal(self, damaged, members, letters):
        content = members["case.json"].replace(b'"min_score"', letters.encode(), 1)
        assert "\x1b" not in damaged(members | {"case.json": content})

    def test_a_sentence_stays_short(self, damaged, members):
        assert len(damaged(with_json(members, put("settings", "x" * 10_000, {"y": 1})))) < 700

    @pytest.mark.parametrize(
        "name", ["anchors", "objectness", "decoded", "head/rows", "head/scores", "head/boxes", "ground_truth/boxes"]
    )
    def test_an_array_that_is_missing(self, damaged, members, name):
        assert damaged(members | {f"arrays/{name}.npy": None}) == f"arrays/{name}.npy is missing."

    def test_the_image_is_missing(self, damaged, members):
        assert damaged(members | {"image.png": None}) == "image.png is missing, and so is arrays/image.npy."

    def test_two_images(self, damaged, members):
        assert "two images" in damaged(members | {"arrays/image.npy": npy(IMAGE)})

    @pytest.mark.parametrize(
        ("pixels", "said"), [(IMAGE[:, :, 0], "L pixels"), (np.dstack([IMAGE, IMAGE[:, :, :1]]), "RGBA pixels")]
    )
    def test_an_image_of_other_pixels(self, damaged, members, pixels, said):
        picture = io.BytesIO()
        Image.fromarray(pixels).save(picture, "PNG")
        assert said in damaged(members | {"image.png": picture.getvalue()})

    @pytest.mark.parametrize("end", [0, 20, 200])
    def test_an_image_cut_short(self, damaged, members, end):
        said = damaged(members | {"image.png": members["image.png"][:end]})
        assert said.startswith("image.png is damaged")
        assert "object at" not in said

    def test_an_image_of_another_kind(self, damaged, members):
        picture = io.BytesIO()
        Image.fromarray(IMAGE).save(picture, "BMP")
        said = damaged(members | {"image.png": picture.getvalue()})
        assert said == "image.png is damaged from its beginning, or no PNG picture."

    @pytest.mark.parametrize(
        ("name", "change", "said"),
        [
            ("objectness", lambda a: a[:-1], "arrays/objectness.npy has 299 values, but there are 300 anchors."),
            ("objectness", lambda a: a[:, None], "arrays/objectness.npy has the shape (300, 1); it takes (A)"),
            ("objectness", lambda a: a.astype(np.float64), "arrays/objectness.npy holds <f8; it takes <f4 (float32)"),
            ("objectness", lambda a: a.astype(">f4"), "arrays/objectness.npy holds >f4"),
            (
                "objectness",
                lambda a: a.astype(object),
                "arrays/objectness.npy holds something other than plain numbers",
            ),
            ("objectness", lambda a: a.astype(str), "arrays/objectness.npy holds something other than plain numbers"),
            ("objectness", at(17, np.nan), "arrays/objectness.npy, row 17 is NaN or infinite."),
            (
                "objectness",
                at(3, 7.25),
                "arrays/objectness.npy, row 3 is no probability: they lie between 0 and 1 (7.25).",
            ),
            ("deltas", at((4, 1), np.inf), "arrays/deltas.npy, row 4 is NaN or infinite."),
            ("decoded", at((40, 2), np.nan), "arrays/decoded.npy, row 40 is NaN or infinite."),
            ("decoded", at(40, [9, 9, 3, 9]), "arrays/decoded.npy, row 40 is inverted: x2 or y2 lies before x1 or y1"),
            ("decoded", at(40, [0, 0, 240, 170]), "row 40 leaves the network's image of 240 x 160 px"),
            ("decoded", lambda a: a[:5], "arrays/decoded.npy has 5 rows, but there are 300 anchors."),
            ("anchors", at((0, 0), np.nan), "arrays/anchors.npy, row 0 is NaN or infinite."),
            ("anchors", lambda a: a[::-1], "arrays/anchors.npy, row 0 is ["),
            ("anchors", lambda a: a[:, [1, 0, 3, 2]], "arrays/anchors.npy, row 4 is ["),
            ("head/rows", at(0, -1), "arrays/head/rows.npy, row 0 is no row of the 300 anchors."),
            ("head/rows", at(-1, 300), "is no row of the 300 anchors."),
            ("head/rows", lambda a: a[::-1], "arrays/head/rows.npy, row 1 is not above the row before"),
            ("head/rows", lambda a: a.astype(np.int32), "arrays/head/rows.npy holds <i4; it takes <i8 (int64)"),
            ("head/rows", lambda a: a[:-1], "arrays/head/scores.npy has"),
            ("head/scores", at((2, 1), np.nan), "arrays/head/scores.npy, row 2 is NaN or infinite."),
            (
                "head/scores",
                at((2, 1), -3),
                "arrays/head/scores.npy, row 2 is no probability: they lie between 0 and 1 (-3)",
            ),
            ("head/scores", lambda a: a[:, :2], "arrays/head/scores.npy has the shape"),
            ("head/boxes", at((2, 1), [5, 5, 4, 6]), "arrays/head/boxes.npy, row 2 is inverted"),
            ("ground_truth/boxes", at((1, 1), np.inf), "arrays/ground_truth/boxes.npy, row 1 is NaN or infinite."),
            ("ground_truth/boxes", at((1, 1), 1e30), "arrays/ground_truth/boxes.npy, row 1 is no place in an image."),
            (
                "ground_truth/crowd",
                lambda a: a[:1],
                "arrays/ground_truth/crowd.npy has 1 value, but there are 3 objects.",
            ),
        ],
    )
    def test_an_array_that_does_not_fit(self, damaged, members, name, change, said):
        assert said in damaged(with_array(members, name, change))

    def test_a_flag_that_is_neither(self, damaged, members):
        data = members["arrays/ground_truth/crowd.npy"][:-1] + b"\x02"
        assert "neither true nor false" in damaged(members | {"arrays/ground_truth/crowd.npy": data})

    def test_pickles_are_not_read(self, damaged, members, tmp_path):
        touched = tmp_path / "touched"

        class Touch:
            def __reduce__(self):
                return Path.touch, (touched,)

        objects = np.array([Touch()] * 300, dtype=object)
        assert "plain numbers" in damaged(members | {"arrays/objectness.npy": npy(objects)})
        assert not touched.exists()

    @pytest.mark.parametrize(
        "header",
        [
            "{'descr': __import__('os').getcwd(), 'fortran_order': False, 'shape': (300,), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (300,), 'more': 1}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3" + "0" * 30 + ",), }",
            "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (300,), }",
            "{'descr': '<f4', 'shape': (300,), }",
            "{" * 5000,
            "",
        ],
    )
    def test_a_header_that_is_no_plain_one(self, damaged, members, header):
        text = header.encode()
        data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + bytes(1200)
        assert "header" in damaged(members | {"arrays/objectness.npy": data})

    def test_a_type_numpy_does_not_know(self, damaged, members):
        data = members["arrays/objectness.npy"].replace(b"'<f4'", b"'<f7'")
        assert "which numpy does not know" in damaged(members | {"arrays/objectness.npy": data})

    def test_a_member_twice(self, members, tmp_path):
        path = write_members(tmp_path / "a.boxcase", members)
        with zipfile.ZipFile(path, "a") as file, pytest.warns(UserWarning, match="Duplicate name"):
            file.writestr("case.json", members["case.json"])
        with pytest.raises(CaseError, match=r"a\.boxcase': two members are called case\.json"):
            load_case(path)

    def test_hostile_names_are_left_alone(self, members, tmp_path):
        (tmp_path / "in").mkdir()
        strange = {"../evil": b"x", "/evil": b"x", "arrays/../../evil": b"x", "C:\\evil": b"x", "arrays/": b""}
        path = write_members(tmp_path / "in" / "a.boxcase", members | strange)
        assert isinstance(load_case(path), Case)
        assert sorted(each.name for each in tmp_path.rglob("*")) == ["a.boxcase", "in"]

    def test_packed_in_another_way_or_encrypted(self, members, tmp_path):
        path = tmp_path / "a.boxcase"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as file:
            file.writestr("case.json", members["case.json"])
        with pytest.raises(CaseError, match=r"case\.json is packed in a way"):
            load_case(path)
        data = bytearray(write_members(path, {"case.json": members["case.json"]}).read_bytes())
        data[data.index(b"PK\x01\x02") + 8] |= 1  # the flags in the directory
        path.write_bytes(data)
        with pytest.raises(CaseError, match=r"case\.json is encrypted"):
            load_case(path)

    def test_a_flipped_bit_in_an_array(self, whole, tmp_path):
        data = bytearray(whole.read_bytes())
        data[data.index(b"arrays/decoded.npy") + 1000] ^= 1
        (tmp_path / "a.boxcase").write_bytes(data)
        with pytest.raises(CaseError, match=r"a\.boxcase': arrays/decoded\.npy is damaged or cut short"):
            load_case(tmp_path / "a.boxcase")

    def test_more_memory_than_there_is(self, whole, monkeypatch):
        def read(*_):
            raise MemoryError

        monkeypatch.setattr("detector.case._read", read)
        with pytest.raises(CaseError, match="more memory than there is"):
            load_case(whole)


JSON_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 10**6), st.integers(), st.floats(), st.text(max_size=5),
    st.just([]), st.just({}), st.lists(st.floats(0, 9), max_size=3), st.just({"kind": "object", "row": 0}),
)  # fmt: skip


def places_in(content, before=()):
    """Every place in a JSON value, as keys from its root."""
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in items:
        yield (*before, key)
        yield from places_in(value, (*before, key))


class TestAnyDamage:
    """A case or one sentence: nothing else, whatever the file holds."""

    def tried(self, path):
        try:
            found = load_case(path)
        except CaseError as error:
            said = str(error)
        else:
            assert json.dumps(found.trace.to_dict())
            return
        assert said.startswith(f"'{path}': ")
        assert len(said.splitlines()) == 1

    @settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_flipped_bytes(self, whole, tmp_path, data):
        content = bytearray(whole.read_bytes())
        end = len(content)
        # Half of them in the directory at the end, where there is most to go wrong.
        start = data.draw(st.sampled_from([0, end - 3000]))
        for _ in range(data.draw(st.integers(1, 4))):
            content[data.draw(st.integers(start, end - 1))] = data.draw(st.integers(0, 255))
        (tmp_path / "a.boxcase").write_bytes(content)
        self.tried(tmp_path / "a.boxcase")

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_cut_short_and_cut_out(self, whole, tmp_path, data):
        content = whole.read_bytes()
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.one_of(st.just(len(content)), st.integers(start, len(content))))
        path = tmp_path / "a.boxcase"
        path.write_bytes(content[:start] + content[end:])
        self.tried(path)
        if end == len(content) > start:
            with pytest.raises(CaseError):
                load_case(path)

    @settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_other_values_in_the_json(self, members, tmp_path, data):
        content = json.loads(members["case.json"])
        for _ in range(data.draw(st.integers(1, 3))):
            place = data.draw(st.sampled_from(list(places_in(content))))
            put(*place, data.draw(JSON_VALUES))(content)
        changed = members | {"case.json": json.dumps(content).encode()}
        self.tried(write_members(tmp_path / "a.boxcase", changed))

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_other_bytes_in_the_members(self, members, tmp_path, data):
        name = data.draw(st.sampled_from(sorted(members)))
        content = bytearray(members[name])
        for _ in range(data.draw(st.integers(1, 6))):
            # mostly in the header
            place = data.draw(st.one_of(st.integers(0, min(len(content), 128) - 1), st.integers(0, len(content) - 1)))
            content[place] = data.draw(st.integers(0, 255))
        self.tried(write_members(tmp_path / "a.boxcase", members | {name: bytes(content)}))
