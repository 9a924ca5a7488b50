from __future__ import annotations

import numpy as np
import pytest

from detector.config import Settings, SettingsError, setting_info, settings_info


def test_classic_defaults() -> None:
    settings = Settings()
    assert settings.anchors.sizes == (128.0, 256.0, 512.0)
    assert settings.assignment.positive_iou == 0.7
    assert settings.proposals.pre_nms_top_n == 6000
    assert settings.detections.nms_iou == 0.3
    assert settings.matching.working_score == 0.5


def test_every_setting_is_described_and_its_default_is_in_range() -> None:
    for info in settings_info():
        assert Settings().value(info.key) == info.default
        if info.is_slider:
            assert info.low is not None
            assert info.high is not None
            assert info.step
            assert info.low <= float(info.default) <= info.high  # type: ignore[arg-type]


def test_round_trip_through_plain_values() -> None:
    changed = Settings().with_value("anchors.sizes", (32.0, 80.0)).with_value("head.pooling", "align")
    assert Settings.from_dict(changed.to_dict()) == changed


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("assignment.positive_iou=0.5", "assignment.positive_iou", 0.5),
        ("proposals.post_nms_top_n=50", "proposals.post_nms_top_n", 50),
        ("assignment.leave_out_outside=false", "assignment.leave_out_outside", False),
        ("anchors.sizes=32,80,150", "anchors.sizes", (32.0, 80.0, 150.0)),
        ("head.pooling=align", "head.pooling", "align"),
    ],
)
def test_command_line_text(text: str, key: str, value: object) -> None:
    assert Settings().with_text(text).value(key) == value


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("proposals.nms=0.5", "proposals.nms_iou"),
        ("nothing.here=1", "detections"),
        ("detections.min_score=2", "between 0 and 1"),
        ("detections.min_score=nan", "detections.min_score"),
        ("detections.min_score=high", "'high'"),
        ("proposals.post_nms_top_n=1.5", "whole number"),
        ("head.pooling=average", "max, align"),
        ("assignment.leave_out_outside=perhaps", "true or false"),
        ("detections.min_score", "GROUP.NAME=VALUE"),
        ("anchors.sizes=", "anchors.sizes"),
        ("head.box_std=1,1", "four numbers"),
    ],
)
def test_wrong_text_is_one_sentence_that_names_the_place(text: str, names: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings().with_text(text)
    assert names in str(caught.value)
    assert "\n" not in str(caught.value)


def test_same_evidence_looks_at_evidence_settings_only() -> None:
    settings = Settings()
    assert settings.same_evidence(settings.with_value("proposals.nms_iou", 0.5))
    assert not settings.same_evidence(settings.with_value("image.min_side", 600))


def test_changed_from_lists_keys_in_order_of_the_flow() -> None:
    changed = Settings().with_value("detections.min_score", 0.2).with_value("proposals.min_side", 4.0)
    assert changed.changed_from(Settings()) == ("proposals.min_side", "detections.min_score")


def test_unknown_names_in_a_file_are_refused() -> None:
    with pytest.raises(SettingsError, match="speed"):
        Settings.from_dict({"anchors": {"speed": 1}})


def test_names_of_the_libraries_are_there_for_the_thresholds_both_have() -> None:
    info = setting_info("proposals.nms_iou")
    assert (info.torchvision, info.detectron2) == ("rpn_nms_thresh", "RPN.NMS_THRESH")


@pytest.mark.parametrize("value", [np.float32(0.5), np.float64(0.5), np.float16(0.5), 0.5])
def test_numbers_of_numpy_are_numbers(value: float) -> None:
    settings = Settings().with_value("detections.nms_iou", value)
    assert settings.detections.nms_iou == 0.5
    assert type(settings.detections.nms_iou) is float
    assert settings == Settings().with_value("detections.nms_iou", 0.5)


@pytest.mark.parametrize("value", [np.int64(50), np.uint8(50), np.float32(50), 50, 50.0])
def test_whole_numbers_of_numpy_are_whole_numbers(value: int) -> None:
    found = Settings().with_value("proposals.post_nms_top_n", value).proposals.post_nms_top_n
    assert found == 50
    assert type(found) is int
    assert Settings().with_value("anchors.sizes", (value,)).anchors.sizes == (50.0,)


@pytest.mark.parametrize(
    "value",
    [True, np.True_, None, "0.5", 0.5j, np.float32("nan"), np.float64("-inf"), 10**400, -(10**400), 10**5000, [0.5]],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_number_is_refused_in_one_sentence(value: object) -> None:
    for key in ("detections.nms_iou", "proposals.post_nms_top_n"):
        with pytest.raises(SettingsError, match=key) as caught:
            Settings().with_value(key, value)  # type: ignore[arg-type]
        message = str(caught.value)
        assert message.endswith(".")
        assert "\n" not in message
        assert len(message) < 200
