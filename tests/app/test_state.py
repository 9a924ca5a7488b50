from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from app.document import Document
from app.jobs import ModelChoice, ModelReady
from app.remembered import RememberedSettings
from app.scene import Ref
from app.selection import Selection, find_selection, is_there, selection_of
from app.state import EvidenceStore, State, View
from detector.config import Settings
from detector.ground_truth import GroundTruth
from detector.pipeline import follow, inspect
from tests.helpers.networks import FakeNetwork

OBJECTS = np.array([[10, 10, 42, 42], [60, 20, 124, 84]], np.float32)
IMAGE = np.zeros((160, 192, 3), np.uint8)
CHOICE = ModelChoice("fake")


@pytest.fixture(scope="module")
def trace():
    return inspect(FakeNetwork(OBJECTS, (1, 2)), IMAGE, GroundTruth(OBJECTS, ("cat", "dog")))


def ready(trace):
    return ModelReady(CHOICE, trace.evidence.model, trace.settings, quick=True)


def document(name="a.png", stamp=1):
    return Document(Path(name), IMAGE, stamp=stamp)


class TestView:
    def test_a_layer_switched_on_and_off_again(self):
        view = View()
        view.toggle("anchors.all", True)
        assert view.options.shown == {"anchors.all"}
        view.toggle("anchors.all", False)
        assert view.options.shown == frozenset()
        assert view.options.hidden == {"anchors.all"}

    def test_a_stage_switches_all_its_layers(self):
        view = View()
        view.toggle("ground_truth", False)
        every = ("objects", "proposed", "missed", "not_counted")
        assert view.options.hidden == {f"ground_truth.{each}" for each in every}

    def test_what_was_switched_stays_with_its_stage(self):
        view = View()
        view.toggle("anchors.all", True)
        view.stage = "proposals"
        assert view.options.shown == frozenset()
        view.stage = "detections"
        assert view.options.shown == {"anchors.all"}


class TestSelection:
    def test_anchors_keep_their_number(self, trace):
        assert find_selection(selection_of(Ref("anchor", 7), trace), trace) == Ref("anchor", 7)

    def test_a_detection_is_found_by_anchor_and_class(self, trace):
        row = int(trace.detections.kept[0])
        chosen = selection_of(Ref("detection", row), trace)
        fewer = follow(trace.evidence, trace.settings.with_value("proposals.nms_iou", 0.2))
        found = find_selection(chosen, fewer)
        if found.kind == "detection":
            assert int(fewer.detections.anchor[found.row]) == chosen.anchor
            assert int(fewer.detections.label[found.row]) == chosen.label
        assert find_selection(chosen, trace) == Ref("detection", row)

    def test_a_detection_whose_proposal_was_dropped_becomes_that_proposal(self, trace):
        last = int(trace.proposals.kept[-1])
        row = int(np.flatnonzero(trace.detections.anchor == last)[0])
        fewer = follow(trace.evidence, trace.settings.with_value("proposals.post_nms_top_n", 1))
        assert find_selection(selection_of(Ref("detection", row), trace), fewer) == Ref("proposal", last)

    def test_a_row_that_is_not_there(self, trace):
        assert selection_of(Ref("detection", 10**6), trace) is None
        assert find_selection(Selection(Ref("detection", 0), 10**6, 1), trace) is None

    def test_what_is_there(self, trace):
        kept, anchors = int(trace.detections.kept[0]), len(trace.proposals.fate)
        here = [selection_of(Ref(*each), trace) for each in (("detection", kept), ("anchor", 7), ("object", 1))]
        assert [is_there(each, trace, 2) for each in here] == [True, True, True]
        assert [is_there(each, None, 2) for each in here] == [False, False, True]  # nothing has run
        assert not is_there(Selection(Ref("object", 2)), trace, 2)
        assert not is_there(Selection(Ref("proposal", anchors)), trace, 2)
        assert not is_there(Selection(Ref("detection", 0), anchors, 1), trace, 2)


class TestHistory:
    def test_it_is_of_the_open_image_only(self, trace):
        state = State(CHOICE, settings=trace.settings)
        state.open(document("a.png"))
        state.trace = trace
        for row in (3, 4):
            state.select(Ref("anchor", row))
        assert (state.can_reselect(-1), state.can_reselect(1)) == (True, False)
        assert state.reselect(-1)
        assert state.view.selection == Selection(Ref("anchor", 3))
        assert not state.reselect(-1)
        assert state.can_reselect(1)
        state.open(document("b.png"))
        state.trace = trace
        assert (state.can_reselect(-1), state.can_reselect(1)) == (False, False)


class TestState:
    def test_another_image_shows_nothing_of_the_one_before(self, trace):
        state = State(CHOICE, settings=trace.settings)
        first, second = document("a.png"), document("b.png")
        state.open(first)
        assert state.take(first, trace.evidence, CHOICE)
        state.select(Ref("object", 0))
        state.open(second)
        assert state.evidence is None
        assert state.view.selection is None

    def test_an_answer_about_another_image_is_kept_for_later(self, trace):
        state = State(CHOICE, settings=trace.settings, model=ready(trace))
        first, second = document("a.png"), document("b.png")
        state.open(second)
        assert not state.take(first, trace.evidence, CHOICE)
        assert state.evidence is None
        state.open(first)
        assert state.evidence is trace.evidence

    def test_stale_after_another_model_or_evidence_setting(self, trace):
        state = State(CHOICE, settings=trace.settings)
        opened = document()
        state.open(opened)
        assert not state.stale
        state.take(opened, trace.evidence, CHOICE)
        assert not state.stale
        state.settings = trace.settings.with_value("detections.nms_iou", 0.9)
        assert not state.stale
        state.settings = trace.settings.with_value("image.min_side", 640)
        assert state.stale
        state.settings, state.choice = trace.settings, ModelChoice("other")
        assert state.stale
        state.choice, state.model = CHOICE, ready(trace)
        assert not state.stale
        again = dataclasses.replace(trace.evidence.model, sha256="trained again")
        state.model = dataclasses.replace(state.model, info=again)
        assert state.stale

    def test_what_another_model_said_is_kept_under_that_model_and_not_shown(self, trace):
        state, opened = State(ModelChoice("new"), settings=trace.settings), document()
        state.open(opened)
        assert not state.take(opened, trace.evidence, CHOICE)
        assert state.evidence is None
        assert state.store.get(opened, ModelChoice("new"), None, trace.settings) is None
        assert state.store.get(opened, CHOICE, None, trace.settings) is trace.evidence

    def test_settings_that_were_set_back_keep_what_is_right_already(self, trace):
        state, opened = State(CHOICE, settings=trace.settings, model=ready(trace)), document()
        state.open(opened)
        state.take(opened, trace.evidence, CHOICE)
        other = trace.evidence.settings.with_value("image.min_side", 640)
        late = dataclasses.replace(trace.evidence, settings=other)
        assert not state.take(opened, late, CHOICE)
        assert not state.stale
        state.settings = other
        assert state.recall()
        assert state.evidence is late


class TestEdits:
    def test_an_edit_is_there_again_when_its_image_is(self, trace):
        state = State(CHOICE)
        first, second = document("a.png"), document("b.png")
        state.open(first)
        edited = first.with_proposed((1, 2, 30, 40), "cat")
        assert state.edit(edited.path, edited.edit)
        assert state.document.proposed == {0}
        assert state.read is first
        state.open(second)
        assert state.document is second
        state.open(document("a.png"))
        assert state.document.proposed == {0}

    def test_without_an_edit_all_is_as_read(self):
        state, opened = State(CHOICE), document()
        state.open(opened)
        state.edit(opened.path, opened.with_proposed((1, 2, 30, 40), "cat").edit)
        state.sessions.end(opened.path)
        assert state.document is opened
        assert state.edits == {}

    def test_an_edit_of_an_image_that_is_not_open(self):
        state, other = State(CHOICE), document("b.png")
        state.open(document("a.png"))
        assert not state.edit(other.path, other.with_proposed((1, 2, 30, 40), "cat").edit)
        assert state.document.proposed == frozenset()
        assert state.sessions == {}  # what its file says is not known

    def test_what_is_as_in_the_file_again_is_no_edit(self):
        state, opened = State(CHOICE), document()
        state.open(opened)
        before = opened.objects
        state.edit(opened.path, before.with_objects([(1, 2, 30, 40)], ["cat"]))
        assert state.edits.keys() == {opened.path}
        state.edit(opened.path, before)
        assert state.edits == {}
        assert state.document.ground_truth is before.ground_truth

    def test_a_lock_is_nothing_to_save(self):
        state, opened = State(CHOICE), document()
        state.open(opened)
        state.edit(opened.path, opened.objects.with_lock(opened.objects.ids, True))
        assert state.edits == {}

    def test_what_the_network_says_is_true_of_the_edited_image_too(self, trace):
        state = State(CHOICE, settings=trace.settings, model=ready(trace))
        opened = document()
        state.open(opened)
        state.edit(opened.path, opened.with_proposed((1, 2, 30, 40), "cat").edit)
        assert state.take(opened, trace.evidence, CHOICE)
        assert state.evidence is trace.evidence
        state.open(document())
        assert state.evidence is trace.evidence
        assert state.document.proposed == {0}


class TestEvidenceStore:
    def test_keyed_by_image_model_weights_and_evidence_settings(self, trace):
        store = EvidenceStore()
        settings = trace.evidence.settings
        store.put(document(), CHOICE, trace.evidence)
        assert store.get(document(), CHOICE, None, settings) is trace.evidence
        assert store.get(document(), CHOICE, None, settings.with_value("matching.iou", 0.9)) is trace.evidence
        assert store.get(document(), CHOICE, None, settings.with_value("image.min_side", 640)) is None
        assert store.get(document(stamp=2), CHOICE, None, settings) is None
        assert store.get(document(), ModelChoice("other"), None, settings) is None
        assert store.get(document(), CHOICE, "trained again", settings) is None

    def test_the_oldest_leave_until_all_fit(self, trace):
        store, settings = EvidenceStore(max_bytes=2 * trace.evidence.nbytes), trace.evidence.settings
        for name in ("a", "b"):
            store.put(document(name), CHOICE, trace.evidence)
        assert store.get(document("a"), CHOICE, None, settings) is trace.evidence  # b is the oldest now
        store.put(document("c"), CHOICE, trace.evidence)
        there = [store.get(document(name), CHOICE, None, settings) is not None for name in ("a", "b", "c")]
        assert there == [True, False, True]

    def test_the_newest_stays_however_large(self, trace):
        store = EvidenceStore(max_bytes=1)
        for name in ("a", "b"):
            store.put(document(name), CHOICE, trace.evidence)
        assert len(store) == 1
        assert store.get(document("b"), CHOICE, None, trace.evidence.settings) is trace.evidence

    def test_evidence_knows_its_size(self, trace):
        # A = 12 x 10 cells x 2 anchors: 4 + 4 + 4 numbers and an objectness, each 4 bytes;
        # R rows of the head: the row, 3 scores, 2 boxes
        anchors, rows = len(trace.evidence.first.grid), len(trace.evidence.head.rows)
        assert anchors == 240
        assert rows
        assert trace.evidence.nbytes == anchors * 13 * 4 + rows * (8 + 3 * 4 + 2 * 4 * 4)


class TestRememberedSettings:
    def test_only_changes_are_kept(self, tmp_path):
        path = tmp_path / "deep" / "settings.json"
        changed = Settings().with_value("detections.nms_iou", 0.44).with_value("anchors.sizes", (8.0, 16.0))
        RememberedSettings(path).remember("compact", changed, Settings())
        other_default = Settings().with_value("proposals.nms_iou", 0.6)
        found = RememberedSettings(path).settings("compact", other_default)
        assert found == changed.with_value("proposals.nms_iou", 0.6)
        assert RememberedSettings(path).settings("vgg16", Settings()) == Settings()

    @pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": 99}', '{"schema": 1, "models": 3}'])
    def test_a_damaged_file_is_as_none(self, tmp_path, content):
        path = tmp_path / "settings.json"
        path.write_text(content)
        assert RememberedSettings(path).settings("compact", Settings()) == Settings()

    def test_values_that_no_longer_fit_are_left_out(self, tmp_path):
        path = tmp_path / "settings.json"
        path.write_text(
            '{"schema": 1, "models": {"compact": {"gone.away": 1, "matching.iou": 7, "detections.nms_iou": 0.2}}}'
        )
        found = RememberedSettings(path).settings("compact", Settings())
        assert found == Settings().with_value("detections.nms_iou", 0.2)

    def test_a_folder_that_cannot_be_written_is_no_error(self, tmp_path):
        (tmp_path / "file").write_text("")
        remembered = RememberedSettings(tmp_path / "file" / "settings.json")
        remembered.remember("compact", Settings().with_value("matching.iou", 0.6), Settings())
