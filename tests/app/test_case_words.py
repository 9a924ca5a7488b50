"""What is said about a case."""

import dataclasses
from pathlib import Path

import pytest

from app.case_words import opened, source, speaker_name, waiting
from app.document import Document, read_case
from app.jobs import ModelChoice, ModelReady
from app.places import CASE_SUFFIX, is_case
from app.wording import text
from detector.case import SUFFIX
from detector.config import Settings
from detector.evidence import ModelInfo
from tests.helpers.cases import IMAGE, write_case_file

SPEAKER = ModelInfo("compact", ("cat", "dog"), "ab")


def loaded(info):
    return ModelReady(ModelChoice(info.name), info, Settings(), quick=True)


def test_a_case_is_told_by_its_suffix():
    assert CASE_SUFFIX == SUFFIX
    assert [is_case(each) for each in ("a.boxcase", Path("/b/A.BOXCASE"), "a.png", "boxcase", "a.boxcase.png")] == [
        True, True, False, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "said"),
    [("compact", "compact"), (" a\n b ", "a b"), ("", "unnamed model"), ("x" * 41, "x" * 39 + "…")],
)
def test_a_model_of_any_name_can_be_named(name, said):
    assert speaker_name(ModelInfo(name, ("cat",))) == said


@pytest.mark.parametrize(
    ("changes", "speaker", "why"),
    [
        (None, SPEAKER, "not loaded"),
        ({"name": "vgg16"}, SPEAKER, "vgg16 is loaded"),
        ({"classes": ("cat",)}, SPEAKER, "compact is loaded"),
        ({"sha256": "cd"}, SPEAKER, "loaded with other weights"),
        ({"sha256": None}, SPEAKER, "loaded with other weights"),
        ({}, dataclasses.replace(SPEAKER, sha256=None), "its weights have no hash to know them by"),
    ],
)
def test_why_boxes_wait(changes, speaker, why):
    model = None if changes is None else loaded(dataclasses.replace(SPEAKER, **changes))
    assert text(waiting(1204, speaker, model)) == (
        f"1,204 proposals wait for the model that said this (compact, {why})."
    )
    assert text(waiting(1, speaker, model)).startswith("1 proposal waits for the model")


def test_where_image_and_objects_come_from(tmp_path):
    document = read_case(write_case_file(tmp_path / "x.boxcase"))
    assert document.name == "x.boxcase"
    assert text(source(document)) == "Case of a.png"
    assert text(source(dataclasses.replace(document, ground_truth=None))) == "Case of a.png · no ground truth"
    nameless = read_case(write_case_file(tmp_path / "y.boxcase", file=""))
    assert text(source(nameless)) == "Case of y.boxcase"
    assert text(opened(nameless, SPEAKER, loaded(SPEAKER))) == (
        "A case: y.boxcase as compact saw it. F5 runs compact on it anew."
    )


def test_a_case_holds_what_was_seen_of_it_and_nothing_else(tmp_path):
    document = read_case(write_case_file(tmp_path / "x.boxcase"))
    evidence = document.case.trace.evidence
    richer = evidence.with_head(evidence.head, 1.0)
    assert document.holds(evidence)
    assert document.holds(richer)
    assert not document.holds(read_case(tmp_path / "x.boxcase").case.trace.evidence)
    assert not document.holds(None)
    assert not Document(Path("a.png"), IMAGE).holds(evidence)
