"""From message ids to what people read. No Qt.

Field term first; the number, then the threshold it met, then who. The sentences of the scene stand in `app.sentences`;
the fixed words (layers, stages, settings) stand in `app.labels`.
"""

from __future__ import annotations

import logging
from typing import Any

from app.labels import LABELS, LAYER_LABELS, SETTING_HELP, SETTING_LABELS, STAGE_LABELS
from app.scene import Message
from app.sentences import SENTENCES
from detector.config import SettingInfo, setting_info, settings_info

_log = logging.getLogger(__name__)


def text(message: Message) -> str:
    """The sentence of a message; its id where there is none, so that a slip is seen and nothing breaks."""
    template = SENTENCES.get(message.id, LABELS.get(message.id))
    if template is None:
        _log.warning("No text for message %r", message.id)
        return message.id
    values = {name: _filled(value) for name, value in message.values.items()}
    if message.id == "ordinal":
        return ordinal(message.values["n"])
    try:
        return template.format(**values)
    except (KeyError, IndexError, ValueError, TypeError) as error:
        _log.warning("The values %r do not fit message %r: %s", values, message.id, error)
        return message.id


def _filled(value: Any) -> Any:
    """A value as a template takes it: messages as their text, several things as a list in one line."""
    if isinstance(value, Message):
        return text(value)
    if isinstance(value, tuple):
        return ", ".join(f"{_filled(each):g}" if isinstance(each, float) else str(_filled(each)) for each in value)
    return value


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 312th."""
    tail = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{tail}"


def _label(table: dict[str, str], key: str) -> str:
    found = table.get(key)
    if found is None:
        _log.warning("No label for %r", key)
        return key
    return found


def layer_label(layer_id: str, name: Message | None = None) -> str:
    """The line of the layer tree; also of a stage's own line. `name` is the one it has in this scene, if any."""
    return _label(LAYER_LABELS, layer_id) if name is None else text(name)


def stage_label(stage: str) -> str:
    """The name on the stage's card."""
    return _label(STAGE_LABELS, stage)


def group_label(group: str) -> str:
    """The heading of a group of settings."""
    return _label(LABELS, f"group.{group}")


def setting_label(key: str) -> str:
    """The name of a setting."""
    return _label(SETTING_LABELS, key)


def setting_name(key: str) -> str:
    """The name of a setting away from its group, which comes first where another group has one of that name."""
    label = setting_label(key)
    if list(SETTING_LABELS.values()).count(label) == 1:
        return label
    return f"{group_label(setting_info(key).group)}: {label[:1].lower()}{label[1:]}"


def setting_mark(info: SettingInfo) -> str:
    """What moving it means beyond the thresholds of the flow; "" for an ordinary one."""
    if info.evidence:
        return "runs the network again"
    return "training" if info.training else "viewer" if info.viewer else ""


def group_mark(group: str) -> str:
    """The mark that all settings of a group share; "" where they differ."""
    marks = {setting_mark(info) for info in settings_info() if info.group == group}
    return marks.pop() if len(marks) == 1 else ""


def number_text(info: SettingInfo, value: Any) -> str:
    """A value as the number box writes it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ", ".join(f"{each:g}" for each in value)
    if isinstance(value, float) and info.step is not None and info.step < 1:
        return f"{value:.2f}"
    if isinstance(value, int | float):
        return f"{value:,.0f}" if value == int(value) else f"{value:g}"
    return str(value)


def setting_tooltip(key: str) -> str:
    """What it does, its default, and what others call it: lines of plain text."""
    info = setting_info(key)
    unit = f" {info.unit}" if info.unit == "px" else ""
    lines = [_label(SETTING_HELP, key), f"Classic value {number_text(info, info.default)}{unit}"]
    if info.low is not None and info.high is not None:
        lines[-1] += f", range {info.low:g} to {info.high:g}"
    if info.training:
        lines.append("Training only: does not change this model's detections.")
    if info.evidence:
        lines.append("Runs the network again.")
    if info.viewer:
        lines.append("Viewer: what is drawn and judged; the model's own detections stay.")
    lines += [
        f"{name}: {value}"
        for name, value in (("torchvision", info.torchvision), ("detectron2", info.detectron2), ("Paper", info.paper))
        if value
    ]
    return "\n".join(lines)
