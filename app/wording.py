"""From message ids to what people read. No Qt.

Field term first; the number, then the threshold it met, then who. The sentences of the scene stand in `app.sentences`;
the fixed words (layers, stages, settings) stand in `app.labels`.
"""

from __future__ import annotations

import logging
from typing import Any

from app.key_names import KEY_NAMES
from app.labels import LABELS, LAYER_LABELS, SETTING_HELP, SETTING_LABELS, STAGE_LABELS
from app.scene import Message
from app.sentences import SENTENCES
from app.translation import Table, spoken, tr, translated
from detector.config import SettingInfo, setting_info, settings_info

_log = logging.getLogger(__name__)


def text(message: Message) -> str:
    """The sentence of a message; its id where there is none, so that a slip is seen and nothing breaks."""
    template = SENTENCES.get(message.id, LABELS.get(message.id))
    if template is None:
        _log.warning("No text for message %r", message.id)
        return message.id
    values = {name: _filled(value) for name, value in message.values.items()}
    found = spoken().find("messages", message.id)
    if message.id == "ordinal" and found is None:
        return ordinal(message.values["n"])
    try:
        return (template if found is None else found).format(**values, key=KEY_NAMES)
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


def _label(table: Table, english: dict[str, str], key: str) -> str:
    found = english.get(key)
    if found is None:
        _log.warning("No label for %r", key)
        return key
    return translated(table, key, found)


def layer_label(layer_id: str, name: Message | None = None) -> str:
    """The line of the layer tree; also of a stage's own line. `name` is the one it has in this scene, if any."""
    return _label("layers", LAYER_LABELS, layer_id) if name is None else text(name)


def stage_label(stage: str) -> str:
    """The name on the stage's card."""
    return _label("stages", STAGE_LABELS, stage)


def group_label(group: str) -> str:
    """The heading of a group of settings."""
    return _label("messages", LABELS, f"group.{group}")


def setting_label(key: str) -> str:
    """The name of a setting."""
    return _label("settings", SETTING_LABELS, key)


def setting_name(key: str) -> str:
    """The name of a setting away from its group, which comes first where another group has one of that name."""
    label = setting_label(key)
    if list(SETTING_LABELS.values()).count(label) == 1:
        return label
    return f"{group_label(setting_info(key).group)}: {label[:1].lower()}{label[1:]}"


def setting_mark(info: SettingInfo) -> str:
    """What moving it means beyond the thresholds of the flow; "" for an ordinary one."""
    if info.evidence:
        return tr("runs the network again")
    return tr("training") if info.training else tr("viewer") if info.viewer else ""


def group_mark(group: str) -> str:
    """The mark that all settings of a group share; "" where they differ."""
    marks = {setting_mark(info) for info in settings_info() if info.group == group}
    return marks.pop() if len(marks) == 1 else ""


def number_text(info: SettingInfo, value: Any) -> str:
    """A value as the number box writes it."""
    if isinstance(value, bool):
        return tr("on") if value else tr("off")
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
    classic = tr("Classic value {value}").format(value=f"{number_text(info, info.default)}{unit}")
    lines = [_label("help", SETTING_HELP, key), classic]
    if info.low is not None and info.high is not None:
        lines[-1] += tr(", range {low:g} to {high:g}").format(low=info.low, high=info.high)
    if info.training:
        lines.append(tr("Training only: does not change this model's detections."))
    if info.evidence:
        lines.append(tr("Runs the network again."))
    if info.viewer:
        lines.append(tr("Viewer: what is drawn and judged; the model's own detections stay."))
    others = (("torchvision", info.torchvision), ("detectron2", info.detectron2), (tr("Paper"), info.paper))
    lines += [f"{name}: {value}" for name, value in others if value]
    return "\n".join(lines)
