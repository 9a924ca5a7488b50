"""Every number a person may move, grouped by stage.

Each setting carries what a slider, a tooltip and the command line need to know about it: its range, step and unit,
whether it changes what the network says (`evidence`) or only what is made of it (`live`), the section of the paper it
comes from (Ren et al. 2015, "Faster R-CNN"; Girshick 2015, "Fast R-CNN") and its name in torchvision and in detectron2.

`Settings()` is the classic configuration: VGG16, stride 16, nine anchors a cell.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import numbers
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

Value: TypeAlias = "bool | int | float | str | tuple[float, ...]"


class SettingsError(ValueError):
    """A setting that does not exist or a value it cannot take; the message names both."""


@dataclass(frozen=True, slots=True)
class SettingInfo:
    """What is known about one setting; `key` is GROUP.NAME, as on the command line."""

    group: str
    name: str
    default: Value
    evidence: bool
    low: float | None
    high: float | None
    step: float | None
    unit: str
    choices: tuple[str, ...]
    training: bool
    viewer: bool
    paper: str
    torchvision: str
    detectron2: str

    @property
    def key(self) -> str:
        """GROUP.NAME."""
        return f"{self.group}.{self.name}"

    @property
    def is_slider(self) -> bool:
        """True for one number within a range."""
        return not isinstance(self.default, bool) and isinstance(self.default, int | float) and self.low is not None


def _setting(
    default: Value,
    *,
    low: float | None = None,
    high: float | None = None,
    step: float | None = None,
    unit: str = "",
    choices: tuple[str, ...] = (),
    evidence: bool = False,
    training: bool = False,
    viewer: bool = False,
    paper: str = "",
    torchvision: str = "",
    detectron2: str = "",
) -> Any:
    facts = {
        "low": low,
        "high": high,
        "step": step,
        "unit": unit,
        "choices": choices,
        "evidence": evidence,
        "training": training,
        "viewer": viewer,
        "paper": paper,
        "torchvision": torchvision,
        "detectron2": detectron2,
    }
    return field(default=default, metadata=facts)


def _iou(default: float, **facts: Any) -> Any:
    return _setting(default, low=0.0, high=1.0, step=0.01, unit="IoU", **facts)


def _score(default: float, **facts: Any) -> Any:
    return _setting(default, low=0.0, high=1.0, step=0.01, **facts)


def _count(default: int, high: int, low: int = 1, **facts: Any) -> Any:
    return _setting(default, low=low, high=high, step=1, **facts)


class _Group:
    """Values are checked when a group is made, so that a wrong one is named where it was written."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for each in dataclasses.fields(self):  # type: ignore[arg-type]  # only dataclasses derive from _Group
            checked = _checked(_info_of(type(self), each), getattr(self, each.name))
            object.__setattr__(self, each.name, checked)


@dataclass(frozen=True, slots=True)
class ImageSettings(_Group):
    """Resize before the network: the short side to `min_side`, unless the long side then passes `max_side`."""

    min_side: int = _setting(
        800, low=64, high=2000, step=8, unit="px", evidence=True, paper="3.3", torchvision="min_size",
        detectron2="INPUT.MIN_SIZE_TEST",
    )  # fmt: skip
    max_side: int = _setting(
        1333, low=64, high=4000, step=8, unit="px", evidence=True, paper="3.3", torchvision="max_size",
        detectron2="INPUT.MAX_SIZE_TEST",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class AnchorSettings(_Group):
    """The grid of reference boxes. `sizes` is the side of the square of the same area; `ratios` is height / width."""

    sizes: tuple[float, ...] = _setting(
        (128.0, 256.0, 512.0), low=1, high=4096, unit="px", evidence=True, paper="3.1.1", torchvision="sizes",
        detectron2="ANCHOR_GENERATOR.SIZES",
    )  # fmt: skip
    ratios: tuple[float, ...] = _setting(
        (0.5, 1.0, 2.0), low=0.01, high=100, evidence=True, paper="3.1.1", torchvision="aspect_ratios",
        detectron2="ANCHOR_GENERATOR.ASPECT_RATIOS",
    )  # fmt: skip
    stride: int = _setting(16, low=1, high=128, step=1, unit="px", evidence=True, paper="3.1.1")


@dataclass(frozen=True, slots=True)
class AssignmentSettings(_Group):
    """Training labels of the anchors and the mini-batch drawn from them; a branch beside inference."""

    positive_iou: float = _iou(
        0.7, training=True, paper="3.1.2", torchvision="rpn_fg_iou_thresh", detectron2="RPN.IOU_THRESHOLDS[1]"
    )
    negative_iou: float = _iou(
        0.3, training=True, paper="3.1.2", torchvision="rpn_bg_iou_thresh", detectron2="RPN.IOU_THRESHOLDS[0]"
    )
    best_for_object: bool = _setting(True, training=True, paper="3.1.2 (i)")
    leave_out_outside: bool = _setting(True, training=True, paper="3.3", detectron2="RPN.BOUNDARY_THRESH")
    batch_size: int = _count(
        256, 2048, training=True, paper="3.1.3", torchvision="rpn_batch_size_per_image",
        detectron2="RPN.BATCH_SIZE_PER_IMAGE",
    )  # fmt: skip
    positive_fraction: float = _score(
        0.5, training=True, paper="3.1.3", torchvision="rpn_positive_fraction", detectron2="RPN.POSITIVE_FRACTION"
    )
    seed: int = _count(0, 9999, low=0, training=True)


@dataclass(frozen=True, slots=True)
class ProposalSettings(_Group):
    """From anchors to proposals: sizes, ranks and NMS of the first stage. `min_side` is in image pixels."""

    min_side: float = _setting(
        16.0, low=0, high=200, step=1, unit="px", paper="3.3", detectron2="PROPOSAL_GENERATOR.MIN_SIZE"
    )
    min_score: float = _score(0.0, torchvision="rpn_score_thresh")
    pre_nms_top_n: int = _count(
        6000, 12000, paper="3.3", torchvision="rpn_pre_nms_top_n_test", detectron2="RPN.PRE_NMS_TOPK_TEST"
    )
    nms_iou: float = _iou(0.7, paper="3.3", torchvision="rpn_nms_thresh", detectron2="RPN.NMS_THRESH")
    post_nms_top_n: int = _count(
        300, 2000, paper="3.3", torchvision="rpn_post_nms_top_n_test", detectron2="RPN.POST_NMS_TOPK_TEST"
    )
    train_pre_nms_top_n: int = _count(
        12000, 12000, training=True, paper="3.3", torchvision="rpn_pre_nms_top_n_train",
        detectron2="RPN.PRE_NMS_TOPK_TRAIN",
    )  # fmt: skip
    train_post_nms_top_n: int = _count(
        2000, 4000, training=True, paper="3.3", torchvision="rpn_post_nms_top_n_train",
        detectron2="RPN.POST_NMS_TOPK_TRAIN",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class RoiSamplingSettings(_Group):
    """The mini-batch of regions that trains the head (Fast R-CNN, section 2.3)."""

    append_ground_truth: bool = _setting(True, training=True)
    batch_size: int = _count(
        128, 1024, training=True, paper="Fast R-CNN 2.3", torchvision="box_batch_size_per_image",
        detectron2="ROI_HEADS.BATCH_SIZE_PER_IMAGE",
    )  # fmt: skip
    positive_fraction: float = _score(
        0.25, training=True, paper="Fast R-CNN 2.3", torchvision="box_positive_fraction",
        detectron2="ROI_HEADS.POSITIVE_FRACTION",
    )  # fmt: skip
    positive_iou: float = _iou(
        0.5, training=True, paper="Fast R-CNN 2.3", torchvision="box_fg_iou_thresh",
        detectron2="ROI_HEADS.IOU_THRESHOLDS",
    )  # fmt: skip
    negative_iou_high: float = _iou(0.5, training=True, paper="Fast R-CNN 2.3", torchvision="box_bg_iou_thresh")
    negative_iou_low: float = _iou(0.0, training=True, paper="Fast R-CNN 2.3")


@dataclass(frozen=True, slots=True)
class HeadSettings(_Group):
    """How a region is cut out of the feature map, and the scale of the head's box deltas."""

    pooling: str = _setting(
        "max", choices=("max", "align"), evidence=True, paper="Fast R-CNN 2.1", torchvision="box_roi_pool",
        detectron2="ROI_BOX_HEAD.POOLER_TYPE",
    )  # fmt: skip
    sampling_ratio: int = _count(
        2, 8, evidence=True, torchvision="sampling_ratio", detectron2="ROI_BOX_HEAD.POOLER_SAMPLING_RATIO"
    )
    box_std: tuple[float, ...] = _setting(
        (0.1, 0.1, 0.2, 0.2), low=1e-3, high=1.0, evidence=True, torchvision="bbox_reg_weights",
        detectron2="ROI_BOX_HEAD.BBOX_REG_WEIGHTS",
    )  # fmt: skip

    def __post_init__(self) -> None:
        _Group.__post_init__(self)
        if len(self.box_std) != 4:
            raise SettingsError(f"head.box_std takes four numbers (dx, dy, dw, dh), not {len(self.box_std)}.")


@dataclass(frozen=True, slots=True)
class DetectionSettings(_Group):
    """From the head's outputs to detections. `top_n` 0 means all; `min_side` is in image pixels."""

    min_score: float = _score(0.05, torchvision="box_score_thresh", detectron2="ROI_HEADS.SCORE_THRESH_TEST")
    top_n: int = _count(0, 10000, low=0, torchvision="topk_candidates", detectron2="RETINANET.TOPK_CANDIDATES_TEST")
    min_side: float = _setting(0.0, low=0, high=200, step=1, unit="px")
    nms_iou: float = _iou(
        0.3, paper="Fast R-CNN 3", torchvision="box_nms_thresh", detectron2="ROI_HEADS.NMS_THRESH_TEST"
    )
    max_detections: int = _count(
        100, 1000, torchvision="box_detections_per_img", detectron2="TEST.DETECTIONS_PER_IMAGE"
    )


@dataclass(frozen=True, slots=True)
class MatchingSettings(_Group):
    """The viewer's: what counts as found, and which detections are drawn and judged."""

    iou: float = _setting(0.5, low=0.05, high=1.0, step=0.01, unit="IoU", viewer=True)
    working_score: float = _score(0.5, viewer=True)


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, in the order of the flow. Immutable: `with_value` gives a changed copy."""

    image: ImageSettings = field(default_factory=ImageSettings)
    anchors: AnchorSettings = field(default_factory=AnchorSettings)
    assignment: AssignmentSettings = field(default_factory=AssignmentSettings)
    proposals: ProposalSettings = field(default_factory=ProposalSettings)
    roi_sampling: RoiSamplingSettings = field(default_factory=RoiSamplingSettings)
    head: HeadSettings = field(default_factory=HeadSettings)
    detections: DetectionSettings = field(default_factory=DetectionSettings)
    matching: MatchingSettings = field(default_factory=MatchingSettings)

    def value(self, key: str) -> Value:
        """The value of GROUP.NAME.

        Raises:
            SettingsError: where there is no such setting.
        """
        info = setting_info(key)
        found: Value = getattr(getattr(self, info.group), info.name)
        return found

    def with_value(self, key: str, value: Value) -> Settings:
        """A copy in which GROUP.NAME has another value.

        Raises:
            SettingsError: where there is no such setting or it cannot take the value.
        """
        info = setting_info(key)
        group = dataclasses.replace(getattr(self, info.group), **{info.name: value})
        return dataclasses.replace(self, **{info.group: group})

    def with_text(self, assignment: str) -> Settings:
        """A copy changed as the text GROUP.NAME=VALUE says (the command line's --set).

        Raises:
            SettingsError: where the text cannot be understood.
        """
        key, equals, text = assignment.partition("=")
        if not equals:
            raise SettingsError(f"'{assignment}' is not of the form GROUP.NAME=VALUE.")
        return self.with_value(key.strip(), _parsed(setting_info(key.strip()), text.strip()))

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """{group: {name: value}} of plain Python values, ready for JSON."""
        return {
            group.name: {
                each.name: _plain(getattr(getattr(self, group.name), each.name))
                for each in dataclasses.fields(getattr(self, group.name))
            }
            for group in dataclasses.fields(self)
        }

    @classmethod
    def from_dict(cls, values: dict[str, dict[str, Any]]) -> Settings:
        """Settings from `to_dict`; what is not named keeps its classic value.

        Raises:
            SettingsError: on an unknown name or a value out of range.
        """
        settings = cls()
        if not isinstance(values, dict):
            raise SettingsError("The settings are not a table of groups.")
        for group, named in values.items():
            if not isinstance(named, dict):
                raise SettingsError(f"The settings group '{group}' is not a table of values.")
            for name, value in named.items():
                settings = settings.with_value(f"{group}.{name}", tuple(value) if isinstance(value, list) else value)
        return settings

    def same_evidence(self, other: Settings) -> bool:
        """True where both make the network say the same thing."""
        return all(self.value(info.key) == other.value(info.key) for info in settings_info() if info.evidence)

    def changed_from(self, other: Settings) -> tuple[str, ...]:
        """Keys whose values differ, in the order of the flow."""
        return tuple(info.key for info in settings_info() if self.value(info.key) != other.value(info.key))


def _plain(value: Value) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _info_of(group_type: type, each: dataclasses.Field[Any]) -> SettingInfo:
    return SettingInfo(
        group=_GROUP_NAMES[group_type], name=each.name, default=cast("Value", each.default), **each.metadata
    )


_GROUP_NAMES: dict[type, str] = {
    ImageSettings: "image",
    AnchorSettings: "anchors",
    AssignmentSettings: "assignment",
    ProposalSettings: "proposals",
    RoiSamplingSettings: "roi_sampling",
    HeadSettings: "head",
    DetectionSettings: "detections",
    MatchingSettings: "matching",
}


@functools.cache
def settings_info() -> tuple[SettingInfo, ...]:
    """Everything known about every setting, in the order of the flow."""
    return tuple(_info_of(group, each) for group in _GROUP_NAMES for each in dataclasses.fields(group))


@functools.cache
def _info_by_key() -> dict[str, SettingInfo]:
    return {info.key: info for info in settings_info()}


def setting_info(key: str) -> SettingInfo:
    """What is known about GROUP.NAME.

    Raises:
        SettingsError: where there is no such setting; the message lists the names of the group.
    """
    found = _info_by_key().get(key)
    if found is not None:
        return found
    group = key.partition(".")[0]
    near = [info.key for info in settings_info() if info.group == group] or list(_GROUP_NAMES.values())
    raise SettingsError(f"There is no setting '{key}'. Known: {', '.join(near)}.")


def _checked(info: SettingInfo, value: Any) -> Value:
    """The value in the setting's own type, or a SettingsError that says what it takes."""
    default = info.default
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise SettingsError(f"{info.key} is on or off, not {value!r}.")
        return value
    if isinstance(default, str):
        if value not in info.choices:
            raise SettingsError(f"{info.key} is one of {', '.join(info.choices)}, not {value!r}.")
        return str(value)
    if isinstance(default, tuple):
        if not isinstance(value, tuple | list) or not value:
            raise SettingsError(f"{info.key} is a list of numbers, not {value!r}.")
        return tuple(_number(info, each) for each in value)
    number = _number(info, value)
    if isinstance(default, int):
        if number != int(number):
            raise SettingsError(f"{info.key} is a whole number, not {value!r}.")
        return int(number)
    return number


def _number(info: SettingInfo, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):  # numpy's numbers are Real, its bool is not
        raise SettingsError(f"{info.key} is a number, not {value!r}.")
    try:
        number = float(value)
    except OverflowError:  # an int of more than 308 digits
        raise SettingsError(f"{info.key} takes no number as large as that.") from None
    if not math.isfinite(number):
        raise SettingsError(f"{info.key} is a number, not {number}.")
    if info.low is not None and info.high is not None and not info.low <= number <= info.high:
        raise SettingsError(f"{info.key} lies between {info.low:g} and {info.high:g}, not at {number:g}.")
    return number


def _parsed(info: SettingInfo, text: str) -> Value:
    if isinstance(info.default, bool):
        words = {
            "true": True,
            "on": True,
            "yes": True,
            "1": True,
            "false": False,
            "off": False,
            "no": False,
            "0": False,
        }
        if text.lower() not in words:
            raise SettingsError(f"{info.key} is true or false, not '{text}'.")
        return words[text.lower()]
    if isinstance(info.default, str):
        return text
    try:
        if isinstance(info.default, tuple):
            return tuple(float(part) for part in text.strip("()[]").split(",") if part.strip())
        return float(text)
    except ValueError:
        raise SettingsError(f"{info.key} takes a number, not '{text}'.") from None
