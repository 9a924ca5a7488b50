"""One image with all that was seen of it: what is saved comes back to the bit."""

from __future__ import annotations

import dataclasses
import io
import struct

import numpy as np
import pytest
from PIL import Image

from detector.case import CaseError, load_case, save_case
from detector.datasets import DatasetError
from detector.ground_truth import GroundTruth
from detector.pipeline import follow
from detector.trace import DetectionFate
from tests.helpers.cases import (
    IMAGE,
    made_trace,
    members_of,
    put,
    same,
    with_array,
    with_json,
    write_case_file,
    write_members,
)


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
