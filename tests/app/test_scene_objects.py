"""The list of objects: order, kinds to filter by, and objects that are proposed."""

from __future__ import annotations

import pytest

from app.document import Document
from app.scene import Ref, Role, ViewOptions
from app.scene_builder import build_scene
from app.wording import text
from detector.ground_truth import GroundTruth
from detector.pipeline import follow
from tests.helpers.traces import IMAGE, TRUTH, neighbours_document, neighbours_trace

# of the three objects that the network knows one is not annotated, one is difficult, and one more is nowhere
ODD = GroundTruth(
    [[10, 10, 42, 42], [90, 100, 122, 132], [150, 100, 180, 140]], ("cat", "cat", "cat"), difficult=[False, True, False]
)


def scene_of(document, trace, selected=None, **options):
    followed = follow(trace.evidence, trace.settings, document.ground_truth)
    return build_scene(document, followed, ViewOptions(selected=selected, **options))


@pytest.fixture
def odd(document, trace):
    return scene_of(Document(document.path, IMAGE, ODD), trace)


def test_missed_then_false_then_found_then_not_counted(odd):
    kinds = [row.kind for row in odd.objects]
    assert [kind.partition(".")[0] for kind in kinds] == ["missed", "false_positive", "found", "not_counted"]
    assert kinds[1:] == ["false_positive.background", "found", "not_counted.difficult"]
    assert [row.wrong for row in odd.objects] == [True, True, False, False]


def test_each_line_has_its_class(odd):
    assert [row.label for row in odd.objects] == ["cat", "dog", "cat", "cat"]


def test_a_cause_is_part_of_the_kind():
    scene = build_scene(neighbours_document(), neighbours_trace(), ViewOptions())
    assert [row.kind for row in scene.objects] == ["missed.nms", "found"]


def test_before_the_run(document):
    scene = build_scene(document, None, ViewOptions())
    assert [(row.kind, row.label) for row in scene.objects] == [
        ("not_run", "cat"), ("not_run", "dog"), ("not_run", "cat"),
    ]  # fmt: skip


class TestProposed:
    """The dog of the three objects is accepted, not read."""

    @pytest.fixture
    def edited(self, document):
        without = GroundTruth(TRUTH.boxes[[0, 2]], (TRUTH.labels[0], TRUTH.labels[2]))
        return Document(document.path, IMAGE, without).with_proposed(TRUTH.boxes[1], "dog")

    def test_its_name_in_list_and_title(self, edited, trace):
        scene = scene_of(edited, trace, Ref("object", 2))
        assert [text(row.name) for row in scene.objects] == ["detection 1", "cat #1", "cat #2", "dog #3 · proposed"]
        assert text(scene.details.explanation.title) == "dog #3 · proposed"
        assert text(scene.details.explanation.verdict.label) == "Not judged"
        assert text(scene_of(edited, trace, Ref("object", 0)).details.explanation.title) == "cat #1"

    def test_its_layer_and_its_mark(self, edited, trace):
        scene = scene_of(edited, trace, Ref("object", 2))
        layers = {layer.id: layer for layer in scene.layers}
        assert layers["ground_truth.proposed"].rows.tolist() == [2]
        assert layers["ground_truth.proposed"].labels == ("dog #3 proposed",)
        assert layers["ground_truth.objects"].rows.tolist() == [0, 1]
        assert scene.marks[-1].role is Role.PROPOSED
        assert text(scene.marks[-1].label) == "dog #3 proposed"

    def test_the_tree_lists_it_only_where_there_is_one(self, edited, document, trace):
        def lines(scene):
            return {row.id: row.count for row in scene.tree if row.id.startswith("ground_truth")}

        assert lines(scene_of(edited, trace)) == {
            "ground_truth": 2, "ground_truth.objects": 2, "ground_truth.proposed": 1, "ground_truth.missed": 0,
            "ground_truth.not_counted": 0,
        }  # fmt: skip
        assert "ground_truth.proposed" not in lines(scene_of(document, trace))
        assert "ground_truth.proposed" not in lines(build_scene(None, None, ViewOptions()))

    def test_it_is_neither_found_nor_missed(self, edited, trace):
        """Its own detection is what it was before: there is no object that it could be."""
        kinds = [row.kind for row in scene_of(edited, trace).objects]
        assert kinds == ["false_positive.background", "found", "found", "proposed"]
        strict = follow(trace.evidence, trace.settings.with_value("matching.working_score", 1.0), edited.ground_truth)
        scene = build_scene(edited, strict, ViewOptions(selected=Ref("object", 2)))
        layers = {layer.id: layer for layer in scene.layers}
        assert layers["ground_truth.proposed"].rows.tolist() == [2]
        assert layers["ground_truth.missed"].rows.tolist() == [0, 1]
        assert scene.marks[-1].role is Role.PROPOSED
        accepted = edited.with_edit(edited.objects.with_accepted([2]))
        assert [row.kind for row in scene_of(accepted, trace).objects] == ["found"] * 3

    def test_its_detection_is_not_to_be_accepted_again(self, edited, trace):
        scene = scene_of(edited, trace)
        ref = next(row.ref for row in scene.objects if row.kind == "false_positive.background")
        assert not scene_of(edited, trace, ref).details.explanation.may_be_unlabelled
        alone = Document(edited.path, IMAGE, edited.ground_truth)
        assert scene_of(alone, trace, ref).details.explanation.may_be_unlabelled

    def test_proposals_near_it_are_shown(self, edited, trace):
        scene = scene_of(edited, trace, Ref("object", 2), stage="proposals")
        assert any(layer.id == "proposals.first" for layer in scene.layers)

    def test_where_nobody_annotated_the_image_nothing_is_judged(self, document, trace):
        alone = Document(document.path, IMAGE).with_proposed(TRUTH.boxes[1], "dog")
        scene = scene_of(alone, trace, Ref("object", 0))
        assert [(text(row.name), row.kind) for row in scene.objects] == [("dog #1 · proposed", "proposed")]
        assert scene.marks[-1].role is Role.PROPOSED
        counts = {row.id: row.count for row in scene.tree}
        assert (counts["ground_truth.objects"], counts["ground_truth.proposed"]) == (None, 1)

    def test_before_the_run(self, edited):
        scene = build_scene(edited, None, ViewOptions(selected=Ref("object", 2)))
        assert {layer.id: (layer.rows.tolist(), layer.labels) for layer in scene.layers} == {
            "ground_truth.objects": ([0, 1], ("cat", "cat")),
            "ground_truth.proposed": ([2], ("dog",)),
        }
        assert [text(row.name) for row in scene.objects] == ["cat #1", "cat #2", "dog #3 · proposed"]
        assert text(scene.details.explanation.title) == "dog #3 · proposed"
        assert scene.details.role is Role.PROPOSED
        assert {row.id: row.count for row in scene.tree}["ground_truth.proposed"] == 1
        hidden = build_scene(edited, None, ViewOptions(hidden=frozenset({"ground_truth.proposed"})))
        assert [layer.id for layer in hidden.layers] == ["ground_truth.objects"]

    def test_a_line_style_of_its_own(self):
        from app.roles import role_style

        proposed = role_style(Role.PROPOSED)
        for role in Role:
            if role is not Role.PROPOSED:
                other = role_style(role)
                assert (proposed.on_dark, proposed.dash) != (other.on_dark, other.dash)
        assert proposed.dash is not None
