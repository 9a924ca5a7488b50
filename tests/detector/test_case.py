"""One image with all that was seen of it: what is saved comes back to the bit, and what is broken is said."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from detector import case_archive
from detector.assignment import Assignment
from detector.case import Case, CaseError, load_case, save_case
from detector.case_arrays import (
    ANCHORS,
    DECODED,
    DELTAS,
    FLAGS,
    HEAD_BOXES,
    HEAD_ROWS,
    HEAD_SCORES,
    OBJECTNESS,
    TRACE,
    TRUTH_BOXES,
)
from detector.case_arrays import IMAGE as IMAGE_COLUMN
from detector.datasets import DatasetError
from detector.ground_truth import GroundTruth
from detector.pipeline import follow
from detector.trace import DetectionFate, Detections, Proposals
from tests.helpers.cases import (
    IMAGE,
    made_trace,
    members_of,
    npy,
    with_array,
    with_json,
    write_case_file,
    write_members,
)

CONTRIBUTING = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
CASES = CONTRIBUTING.split("\n## Cases\n")[1].split("\n## ")[0]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return write_case_file(tmp_path_factory.mktemp("case") / "whole.boxcase")


@pytest.fixture(scope="module")
def members(whole):
    return members_of(whole)


@pytest.fixture
def damaged(tmp_path):
    def refused(members):
        """What is said of a case of these members."""
        path = write_members(tmp_path / "bad.boxcase", members)
        with pytest.raises(CaseError) as error:
            load_case(path)
        sentence = str(error.value)
        assert sentence.startswith(f"'{path}': ")
        assert len(sentence.splitlines()) == 1
        return sentence.removeprefix(f"'{path}': ")

    return refused


NOT_WRITTEN = ("key", "coverage")
"""What belongs to one process: the name of its feature map, and what it has looked up."""


def same(one, other):
    """Equal to the last bit, arrays and records all the way down."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert one.tobytes() == other.tobytes()
    elif dataclasses.is_dataclass(one):
        for each in dataclasses.fields(one):
            if each.name not in NOT_WRITTEN:
                same(getattr(one, each.name), getattr(other, each.name))
    elif isinstance(one, tuple | list):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            same(a, b)
    else:
        assert one == other


class TestRoundTrip:
    @pytest.mark.parametrize(
        "made",
        [
            {},
            {"truth": None},
            {"truth": GroundTruth.empty()},
            # without area, and outside the image: two warnings
            {"truth": GroundTruth([[5, 5, 5, 9], [500, 0, 600, 9], [1, 2, 30, 40]], ("cat", "cat", "horse"))},
            {"proposals__post_nms_top_n": 150, "proposals__nms_iou": 0.95},
            {"detections__nms_iou": 0.0, "matching__working_score": 0.05, "assignment__seed": 7},
        ],
    )
    def test_everything_comes_back_to_the_bit(self, tmp_path, made):
        trace = made_trace(**made)
        if "proposals__nms_iou" in made:
            assert len(trace.detections.waiting) > 10
        save_case(tmp_path / "a.boxcase", IMAGE, trace)
        found = load_case(tmp_path / "a.boxcase")
        same(found.trace, trace)
        same(found.image, IMAGE)
        assert found.trace.to_dict() == trace.to_dict()
        assert (found.name, found.selected) == ("a.png", None)

    def test_nothing_of_it_can_be_written(self, whole):
        found = load_case(whole)
        first, head, truth = found.trace.evidence.first, found.trace.evidence.head, found.trace.ground_truth
        arrays = (found.image, first.grid.boxes, first.objectness, first.deltas, first.boxes)
        arrays += (head.rows, head.scores, head.boxes, truth.boxes, truth.difficult)
        assert not any(each.flags.writeable for each in arrays)

    @pytest.mark.parametrize("selected", [("object", 2), ("anchor", 200), ("proposal", 11), ("detection", 5)])
    def test_the_selection(self, tmp_path, selected):
        assert load_case(write_case_file(tmp_path / "a.boxcase", selected)).selected == selected

    def test_a_detection_is_found_by_its_anchor_and_class(self, tmp_path, members):
        trace = made_trace()
        row = 7
        anchor, label = int(trace.detections.anchor[row]), int(trace.detections.label[row])
        selection = {"kind": "detection", "anchor": anchor, "label": label}
        path = write_members(tmp_path / "a.boxcase", with_json(members, lambda c: c.update(selection=selection)))
        assert load_case(path).selected == ("detection", row)

    def test_a_detection_whose_proposal_is_dropped_is_that_proposal(self, tmp_path, members):
        dropped = int(np.flatnonzero(~np.isin(np.arange(300), made_trace().proposals.kept))[0])
        selection = {"kind": "detection", "anchor": dropped, "label": 1}
        path = write_members(tmp_path / "a.boxcase", with_json(members, lambda c: c.update(selection=selection)))
        assert load_case(path).selected == ("proposal", dropped)

    def test_the_same_content_gives_the_same_bytes(self, tmp_path):
        trace = made_trace()
        for name in ("a", "b"):
            save_case(tmp_path / name, IMAGE, trace, ("object", 0))
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()

    def test_a_loaded_case_saved_again_is_the_same_file(self, whole, tmp_path):
        found = load_case(whole)
        save_case(tmp_path / "again", found.image, found.trace, found.selected)
        assert (tmp_path / "again").read_bytes() == whole.read_bytes()

    def test_settings_move_and_what_the_head_never_saw_waits(self, whole):
        found = load_case(whole)
        moved = found.trace.settings.with_value("proposals.nms_iou", 0.95)
        trace = follow(found.trace.evidence, moved, found.trace.ground_truth, previous=found.trace)
        assert len(trace.detections.waiting) > 0
        assert (trace.detections.fate == DetectionFate.WAITING).any()
        same(trace.detections, made_trace(proposals__nms_iou=0.95).detections)

    @pytest.mark.parametrize(
        ("file", "name"),
        [("", ""), ("a.png", "a.png"), ("/home/x/a.png", "a.png"), ("C:\\x\\a.png", "a.png"), ("\udcff.png", "?.png")],
    )
    def test_the_images_name(self, tmp_path, file, name):
        assert load_case(write_case_file(tmp_path / "a.boxcase", file=file)).name == name

    def test_two_cases_share_no_feature_map(self, members, tmp_path):
        one = load_case(write_members(tmp_path / "a", members)).trace.evidence.key
        same = load_case(write_members(tmp_path / "b", members)).trace.evidence.key
        picture = io.BytesIO()
        Image.fromarray(255 - IMAGE).save(picture, "PNG")
        other = load_case(write_members(tmp_path / "c", members | {"image.png": picture.getvalue()})).trace.evidence.key
        assert one == same != other


class TestSaving:
    def test_it_replaces_the_old_file_at_once(self, tmp_path):
        path = write_case_file(tmp_path / "a.boxcase")
        before = path.read_bytes()
        with pytest.raises(CaseError, match=r"a\.boxcase' is not written: .*image"):
            save_case(path, IMAGE[:-1], made_trace())
        assert path.read_bytes() == before
        assert [each.name for each in tmp_path.iterdir()] == ["a.boxcase"]

    def test_what_could_not_be_read_is_not_written(self, tmp_path):
        trace = made_trace()
        objectness = trace.evidence.first.objectness.copy()
        objectness[12] = np.nan
        first = dataclasses.replace(trace.evidence.first, objectness=objectness)
        broken = dataclasses.replace(trace, evidence=dataclasses.replace(trace.evidence, first=first))
        with pytest.raises(CaseError, match=r"arrays/objectness\.npy, row 12 is NaN"):
            save_case(tmp_path / "a.boxcase", IMAGE, broken)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("selected", [("object", 3), ("anchor", 300), ("proposal", -1), ("detection", 10**6)])
    def test_a_selection_that_is_not_there(self, tmp_path, selected):
        with pytest.raises(CaseError, match=r"select"):
            save_case(tmp_path / "a.boxcase", IMAGE, made_trace(), selected)
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_that_is_not_there(self, tmp_path):
        with pytest.raises(DatasetError, match="cannot be written"):
            save_case(tmp_path / "gone" / "a.boxcase", IMAGE, made_trace())


def put(*keys_and_value):
    """A change of case.json: content[keys...] = value."""
    *keys, last, value = keys_and_value

    def change(content):
        for key in keys:
            content = content[key]
        content[last] = value

    return change


def drop(*keys):
    def change(content):
        *parents, last = keys
        for key in parents:
            content = content[key]
        del content[last]

    return change


def at(index, value):
    """A change of an array: array[index] = value."""

    def change(array):
        array[index] = value
        return array

    return change


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


class TestSelectionThatIsNotThere:
    """A wrong selection is left out, and the rest of the case is as good as it was."""

    @pytest.mark.parametrize(
        ("selection", "why"),
        [
            ({"kind": "loss", "row": 1}, "case.json, selection.kind: invalid enum value 'loss'."),
            ({"row": 1}, "case.json, selection: object missing required field `kind`."),
            ({"kind": "object", "row": "1"}, "case.json, selection.row: expected `int | null`, got `str`."),
            (7, "case.json, selection: expected `object | null`, got `int`."),
            ({"kind": "object"}, "case.json, selection: a selected object has no 'row'."),
            ({"kind": "object", "row": 3}, "case.json, selection: there is no object with row 3."),
            (
                {"kind": "detection", "anchor": 300, "label": 1},
                "case.json, selection: there is no detection with anchor 300.",
            ),
            (
                {"kind": "detection", "anchor": 0, "label": 3},
                "case.json, selection: there is no detection with label 3.",
            ),
        ],
    )
    def test_it_is_left_out_and_said(self, members, tmp_path, selection, why):
        path = write_members(tmp_path / "a.boxcase", with_json(members, put("selection", selection)))
        found = load_case(path)
        assert found.selected is None
        assert found.trace.warnings == (("case_selection", {"why": why}),)
        same(found.trace.detections, made_trace().detections)

    def test_the_warning_is_about_that_file_only(self, members, tmp_path):
        changed = with_json(members, put("selection", {"kind": "object", "row": 3}))
        found = load_case(write_members(tmp_path / "a.boxcase", changed))
        save_case(tmp_path / "b.boxcase", found.image, found.trace, found.selected)
        assert load_case(tmp_path / "b.boxcase").trace.warnings == ()


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


class TestOtherGrids:
    """Anchors of other frameworks: centres at a corner of the cell, sides rounded."""

    def test_nearly_the_same_grid_is_kept_as_it_is(self, tmp_path, members):
        shifted = with_array(members, "anchors", lambda a: np.round(a - 8))
        found = load_case(write_members(tmp_path / "a.boxcase", shifted))
        want = np.round(made_trace().evidence.first.grid.boxes - 8)
        assert (found.trace.evidence.first.grid.boxes == want).all()

    def test_a_column_order_other_than_c(self, tmp_path, members):
        fortran = with_array(members, "decoded", np.asfortranarray)
        assert b"'fortran_order': True" in fortran["arrays/decoded.npy"]
        same(
            load_case(write_members(tmp_path / "a", fortran)).trace,
            load_case(write_members(tmp_path / "b", members)).trace,
        )

    def test_an_array_that_is_not_aligned(self, tmp_path, members):
        text = b"{'descr': '<f4', 'fortran_order': False, 'shape': (300,)}"
        numbers = members["arrays/objectness.npy"][-1200:]
        data = b"\x93NUMPY\x02\x00" + struct.pack("<I", len(text)) + text + numbers
        found = load_case(write_members(tmp_path / "a", members | {"arrays/objectness.npy": data}))
        assert found.trace.evidence.first.objectness.tobytes() == numbers

    def test_without_deltas(self, tmp_path, members):
        path = write_members(tmp_path / "a.boxcase", members | {"arrays/deltas.npy": None})
        found = load_case(path)
        assert np.isnan(found.trace.evidence.first.deltas).all()
        save_case(tmp_path / "b.boxcase", found.image, found.trace)
        assert "arrays/deltas.npy" not in members_of(tmp_path / "b.boxcase")


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


class TestDocumentation:
    def writer(self):
        (code,) = re.findall(r"^```python\n(.*?)^```", CASES, re.MULTILINE | re.DOTALL)
        assert len(code.splitlines()) <= 30
        assert "detector" not in code
        names = {"__name__": "contributing"}
        exec(compile(code, "CONTRIBUTING.md", "exec"), names)
        return names["write_case"]

    def test_the_writer_writes_a_case(self, tmp_path):
        # 2 x 3 cells of 16 px, one square shape of 32 px; a cat was found at the third anchor.
        rng = np.random.default_rng(0)
        centres = [(8 + 16 * x, 8 + 16 * y) for y in range(2) for x in range(3)]
        anchors = [[x - 16, y - 16, x + 16, y + 16] for x, y in centres]
        decoded = np.clip(anchors, 0, [48, 32, 48, 32])
        arrays = {
            "anchors": anchors,
            "objectness": [0.1, 0.2, 0.9, 0.3, 0.2, 0.1],
            "decoded": decoded,
            "head/rows": [2],
            "head/scores": [[0.1, 0.8, 0.1]],
            "head/boxes": [[[24, 0, 46, 22], [20, 0, 48, 24]]],
            "ground_truth/boxes": [[25, 1, 47, 23]],
            "ground_truth/difficult": [False],
        }
        image = rng.integers(0, 255, (32, 48, 3))
        settings = {
            "anchors": {"sizes": [32], "ratios": [1], "stride": 16},
            "proposals": {"min_side": 1, "nms_iou": 0.2, "post_nms_top_n": 1},
        }
        path = tmp_path / "a.boxcase"
        self.writer()(path, image, (32, 48), (2, 3), arrays, ["cat", "dog"], settings, file="a.png", labels=["cat"])
        found = load_case(path)
        assert (found.image == image).all()
        assert found.trace.proposals.kept.tolist() == [2]
        # IoU of [24, 0, 46, 22] with [25, 1, 47, 23]: 21 * 21 / (2 * 22 * 22 - 21 * 21) = 441 / 527 = 0.837
        (row,) = found.trace.to_dict()["ground_truth"]
        assert row["outcome"] == "found"
        assert row["detail"]["iou"] == pytest.approx(441 / 527)
        assert found.trace.warnings == ()

    def test_the_table_names_every_array(self):
        rows = re.findall(r"^\| `([\w/]+)` \| (\w+) \| ([\w, +]+) \|", CASES, re.MULTILINE)
        columns = (IMAGE_COLUMN, ANCHORS, OBJECTNESS, DELTAS, DECODED, HEAD_ROWS, HEAD_SCORES, HEAD_BOXES, TRUTH_BOXES)
        columns += (*FLAGS, *TRACE)
        assert rows == [
            (each.name, np.dtype(each.dtype).name, ", ".join(str(side) for side in each.shape)) for each in columns
        ]

    def test_the_table_names_every_value(self, members):
        rows = re.findall(r"^\| `(\w+)`( \*)? \| ", CASES, re.MULTILINE)
        content = json.loads(members["case.json"])
        assert {name for name, _ in rows} >= content.keys()
        needed = {name for name, star in rows if star}
        assert needed == {"schema", "image", "network", "model", "feature_hw", "settings"}

    def test_what_it_says_of_sizes_holds(self):
        assert case_archive.MAX_ARRAY_BYTES >= 16_000_000 * 16
