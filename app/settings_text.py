"""Settings as other libraries write them, to be pasted: torchvision's arguments, detectron2's configuration. No Qt.

Where a library has no such number, a comment says so; where it counts in another unit, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.wording import group_label, number_text, setting_label
from detector.config import SettingInfo, Settings, Value, setting_info, settings_info

_GENERATOR = ("anchors.sizes", "anchors.ratios")
"""Together they make one object in torchvision."""

_POOLERS = {"max": "ROIPool", "align": "ROIAlignV2"}
"""Ours aligns with the half-cell shift, which detectron2 calls V2."""

_ONE_STAGE = frozenset({"detections.top_n"})
"""Known to both libraries, but of RetinaNet only."""

_NO_TORCHVISION_ARGUMENT = _ONE_STAGE | {"head.pooling", "head.sampling_ratio"}
"""The last two belong to an object one has to build."""

_MODEL_GROUPS = (
    "RPN", "ROI_HEADS", "ROI_BOX_HEAD", "ANCHOR_GENERATOR", "PROPOSAL_GENERATOR",
)  # fmt: skip


def wanted_keys(settings: Settings, defaults: Settings) -> tuple[str, ...]:
    """The settings that differ from the model's own; where none does, all on which its detections depend."""
    changed = settings.changed_from(defaults)
    return changed or tuple(info.key for info in settings_info() if not info.training and not info.viewer)


def torchvision_text(settings: Settings, defaults: Settings) -> str:
    """Keyword arguments of `torchvision.models.detection.FasterRCNN` and its builders, one a line."""
    keys = wanted_keys(settings, defaults)
    lines: list[str] = []
    missing: list[SettingInfo] = []
    for key in keys:
        info = setting_info(key)
        if key in _GENERATOR:
            if not any(line.startswith("rpn_anchor_generator") for line in lines):
                lines.append(_anchor_generator(settings))
        elif not info.torchvision or key in _NO_TORCHVISION_ARGUMENT:
            missing.append(info)
        else:
            lines.append(f"{info.torchvision}={_argument(key, settings.value(key))},")
    return _joined(lines, "torchvision's FasterRCNN", missing, settings)


def detectron2_text(settings: Settings, defaults: Settings) -> str:
    """Assignments to a detectron2 `cfg`, one a line."""
    lines: list[str] = []
    missing: list[SettingInfo] = []
    for key in wanted_keys(settings, defaults):
        info = setting_info(key)
        if not info.detectron2 or key in _ONE_STAGE:
            missing.append(info)
            continue
        name, value = _detectron2(key, settings)
        line = f"cfg.{name} = {value}"
        if line not in lines:
            lines.append(line)
    return _joined(lines, "detectron2", missing, settings)


def _joined(lines: Sequence[str], library: str, missing: Sequence[SettingInfo], settings: Settings) -> str:
    out = list(lines)
    if missing:
        told = "; ".join(_told(info, settings.value(info.key)) for info in missing)
        out.append(f"# not in {library}: {told}")
    return "\n".join(out) + "\n"


def _told(info: SettingInfo, value: Value) -> str:
    """A setting with its group, as many share their names, and its value."""
    return f"{group_label(info.group)} > {setting_label(info.key)} = {number_text(info, value)}"


def _argument(key: str, value: Value) -> str:
    return repr(_weights(value)) if key == "head.box_std" else _number(value)


def _anchor_generator(settings: Settings) -> str:
    sizes, ratios = (_tuple(getattr(settings.anchors, name)) for name in ("sizes", "ratios"))
    return f"rpn_anchor_generator=AnchorGenerator(sizes=({sizes},), aspect_ratios=({ratios},)),"


def _detectron2(key: str, settings: Settings) -> tuple[str, str]:
    """Name and value, where they do not stand in the setting itself."""
    value, name = settings.value(key), setting_info(key).detectron2
    if name.split(".")[0] in _MODEL_GROUPS:
        name = f"MODEL.{name}"
    assignment = settings.assignment
    special: dict[str, Callable[[], str]] = {
        "anchors.sizes": lambda: f"[[{', '.join(_number(each) for each in settings.anchors.sizes)}]]",
        "anchors.ratios": lambda: f"[[{', '.join(_number(each) for each in settings.anchors.ratios)}]]",
        "assignment.positive_iou": lambda: f"[{assignment.negative_iou:g}, {assignment.positive_iou:g}]",
        "assignment.negative_iou": lambda: f"[{assignment.negative_iou:g}, {assignment.positive_iou:g}]",
        "assignment.leave_out_outside": lambda: "0" if assignment.leave_out_outside else "-1",
        "roi_sampling.positive_iou": lambda: f"[{settings.roi_sampling.positive_iou:g}]",
        "head.pooling": lambda: repr(_POOLERS[settings.head.pooling]),
        "head.box_std": lambda: repr(_weights(settings.head.box_std)),
        "proposals.min_side": lambda: f"{_number(value)}  # there in network pixels, here in image pixels",
    }
    made = special.get(key)
    return name.partition("[")[0], _number(value) if made is None else made()


def _weights(stds: Value) -> tuple[float, ...]:
    """Both libraries divide the deltas by weights where we multiply them."""
    return tuple(round(1.0 / each, 6) for each in stds) if isinstance(stds, tuple) else ()


def _tuple(values: tuple[float, ...]) -> str:
    return f"({', '.join(_number(each) for each in values)}{',' if len(values) == 1 else ''})"


def _number(value: Value) -> str:
    """A value as Python writes it; whole numbers without a point."""
    if isinstance(value, float):
        return repr(int(value)) if value == int(value) and abs(value) >= 1 else repr(round(value, 6))
    return repr(value)
