import logging
import re

import pytest

from app.labels import SETTING_HELP, SETTING_LABELS
from app.scene import STAGES, Message
from app.scene_layers import SPECS
from app.sentences import SENTENCES
from app.wording import (
    group_label,
    layer_label,
    number_text,
    setting_label,
    setting_tooltip,
    stage_label,
    text,
)
from detector.assignment import Reason
from detector.config import setting_info, settings_info
from detector.trace import Cause, DetectionFate, DetectionOutcome, ProposalFate

FALSE_POSITIVES = [kind for kind in DetectionOutcome if kind not in ("true_positive", "not_judged")]


def assert_is_a_label(label, code):
    assert label
    assert code not in label
    assert label[0].isupper()


@pytest.fixture(autouse=True)
def nothing_is_missing(request, caplog):
    caplog.set_level(logging.WARNING)
    yield
    if "unknown" not in request.node.name:
        assert not caplog.records


def test_every_cause_has_a_label():
    for cause in Cause:
        assert_is_a_label(SENTENCES[f"cause.{cause}.label"], "cause.")


def test_every_kind_of_false_positive_has_a_label():
    for kind in FALSE_POSITIVES:
        assert_is_a_label(SENTENCES[f"false_positive.{kind}.label"], "false_positive.")


@pytest.mark.parametrize(
    ("stage", "fates"), [("anchor", Reason), ("proposal", ProposalFate), ("detection", DetectionFate)]
)
def test_every_fate_has_a_label(stage, fates):
    for fate in fates:
        assert_is_a_label(SENTENCES[f"fate.{stage}.{fate.name.lower()}.label"], "fate.")


def test_every_stage_and_layer_has_a_label():
    for stage in STAGES:
        assert_is_a_label(stage_label(stage), ".")
    for spec in SPECS:
        assert_is_a_label(layer_label(spec.id), ".")


def test_every_setting_has_a_label_a_sentence_and_no_label_is_left_over():
    keys = {info.key for info in settings_info()}
    assert keys == set(SETTING_LABELS) == set(SETTING_HELP)
    for info in settings_info():
        assert_is_a_label(setting_label(info.key), info.key)
        assert SETTING_HELP[info.key].endswith(".")
        assert_is_a_label(group_label(info.group), "group.")


def test_labels_within_a_group_differ():
    for group in {info.group for info in settings_info()}:
        labels = [setting_label(info.key) for info in settings_info() if info.group == group]
        assert len(labels) == len(set(labels))


def test_the_tooltip_names_both_libraries_and_the_paper():
    tooltip = setting_tooltip("proposals.nms_iou")
    assert "torchvision: rpn_nms_thresh" in tooltip
    assert "detectron2: RPN.NMS_THRESH" in tooltip
    assert "Paper: 3.3" in tooltip
    assert "Classic value 0.70" in tooltip


def test_the_tooltip_says_what_moving_it_costs():
    assert "network again" in setting_tooltip("image.min_side")
    assert "Training only" in setting_tooltip("assignment.positive_iou")
    assert "Viewer" in setting_tooltip("matching.iou")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("proposals.nms_iou", 0.7, "0.70"),
        ("proposals.pre_nms_top_n", 12000, "12,000"),
        ("anchors.ratios", (0.5, 1.0, 2.0), "0.5, 1, 2"),
        ("assignment.best_for_object", True, "on"),
        ("head.pooling", "max", "max"),
        ("proposals.min_side", 16.0, "16"),
    ],
)
def test_numbers_as_people_read_them(key, value, words):
    assert number_text(setting_info(key), value) == words


def test_a_message_is_filled_in():
    assert text(Message("list.found", {"s": 0.9312})) == "found 0.93"


def test_a_message_within_a_message_is_filled_in_first():
    assert text(Message("text", {"text": Message("list.found", {"s": 0.5})})) == "found 0.50"


def test_an_unknown_message_shows_its_id_and_warns(caplog):
    assert text(Message("no.such", {})) == "no.such"
    assert "no.such" in caplog.text


def test_a_message_with_unknown_values_shows_its_id_and_warns(caplog):
    assert text(Message("list.found", {})) == "list.found"
    assert "list.found" in caplog.text


def test_no_sentence_speaks_of_our_own_words():
    ours = re.compile(r"\b(row|rows|trace|evidence|fate|scene|intent)\b", re.IGNORECASE)
    for template in SENTENCES.values():
        assert not ours.search(re.sub(r"{.*?}", "", template)), template
