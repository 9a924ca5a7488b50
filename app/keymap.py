"""Which keys a command has: those of the table, what a preset changes of them, what the person changed.

Keys are written as Qt writes them on every platform ("Ctrl+Shift+S"), never as one platform names them ("Strg+S").
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from PySide6.QtGui import QAction, QKeySequence

from app.actions import COMMANDS, Command
from app.key_names import show_keys
from app.scene import Message
from app.translation import tr
from detector.messages import say

_log = logging.getLogger(__name__)

FORMAT = 1
"""Of a file of shortcuts."""

Keys = tuple[str, ...]

OWN = "boxscope"
PRESET_NAMES: Mapping[str, str] = MappingProxyType(
    {OWN: "Boxscope", "labelimg": "labelImg", "cvat": "CVAT", "labelme": "labelme, X-AnyLabeling"}
)

PRESETS: Mapping[str, Mapping[str, Keys]] = MappingProxyType(
    {
        OWN: {},
        "labelimg": {"save_place": ("Ctrl+R",)},
        "cvat": {
            "draw": ("N", "W", "R"),
            "previous_image": ("D",),
            "next_image": ("F",),
            "fit": ("Shift+F",),
            "paste_previous": ("Ctrl+B", "Ctrl+Shift+V"),
            # Ctrl with a digit is a class there; what has such a key elsewhere gives way.
            **{f"class_{digit}": (digit, f"Ctrl+{digit}") for digit in "1234567890"},
            "actual_size": ("Ctrl+Alt+0",),
            "show_images": ("Ctrl+Alt+1",),
            "show_settings": ("Ctrl+Alt+2",),
        },
        "labelme": {"draw": ("Ctrl+R", "W", "N", "R"), "deselect": ("Esc", "Ctrl+J")},
    }
)
"""By command id, what differs from the table of commands: no more than the hands of that program's users need."""

_SHIFT_DIGIT = re.compile(r"(.*\+)?Shift\+\d")
_ABOVE_DIGITS = frozenset('!"§$%&()@#^*£')
"""Shift and a digit on one keyboard or another; Qt may report the sign in place of the two."""

_NO_KEYS = frozenset({"", "Shift", "Control", "Alt", "Meta", "AltGr"})
"""Not known, or only held down beside another one."""

_MODIFIERS = re.compile(r"(Ctrl\+|Shift\+|Alt\+|Meta\+)*")


class KeymapError(ValueError):
    """A text that holds no shortcuts; `message` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.id)
        self.message = message


@dataclass(frozen=True, slots=True)
class Conflict:
    """One key of two commands that can be wanted at the same time: Qt then obeys neither.

    Attributes:
        key: as it is written everywhere.
        command_id: who has it too.
    """

    key: str
    command_id: str


def canonical(key: str) -> str | None:
    """A key as it is written everywhere; None where it is no key or more than one."""
    sequence = QKeySequence(key, QKeySequence.SequenceFormat.PortableText)
    written = sequence.toString(QKeySequence.SequenceFormat.PortableText)
    sign = _MODIFIERS.sub("", written, count=1)
    is_one = sequence.count() == 1 and sign.isprintable() and sign not in _NO_KEYS
    return written if is_one else None


def refusal(key: str) -> Message | None:
    """Why a key cannot be given to a command; None where it can."""
    if canonical(key) is None:
        return say("keys.none", pressed=key)
    sign = _MODIFIERS.sub("", key, count=1)
    if _SHIFT_DIGIT.fullmatch(key) or sign in _ABOVE_DIGITS:
        return say("keys.shift_digit", pressed=native(key))
    return None


def native(key: str) -> str:
    """A key as this platform and language write it."""
    sequence = QKeySequence(key, QKeySequence.SequenceFormat.PortableText)
    return sequence.toString(QKeySequence.SequenceFormat.NativeText)


@dataclass(frozen=True, slots=True)
class Keymap:
    """The keys of all commands.

    Attributes:
        preset: whose habits.
        changes: the person's own, by command id; also of commands that this version does not have.
    """

    preset: str = OWN
    changes: Mapping[str, Keys] = field(default_factory=dict)
    commands: Sequence[Command] = COMMANDS

    def keys_of(self, command_id: str) -> Keys:
        """The keys of a command, the first is shown in its menu; () for an unknown one."""
        return self.changes[command_id] if command_id in self.changes else self.default_of(command_id)

    def default_of(self, command_id: str) -> Keys:
        """What the preset gives a command."""
        preset = PRESETS[self.preset]
        if command_id in preset:
            return preset[command_id]
        return next((each.keys for each in self.commands if each.id == command_id), ())

    def is_changed(self, command_id: str) -> bool:
        """The person gave it other keys than the preset."""
        return self.keys_of(command_id) != self.default_of(command_id)

    def with_keys(self, command_id: str, keys: Sequence[str]) -> Keymap:
        """Give a command these keys; those of the preset are no change."""
        wanted = tuple(dict.fromkeys(keys))
        rest = {name: held for name, held in self.changes.items() if name != command_id}
        return replace(self, changes=rest if wanted == self.default_of(command_id) else {**rest, command_id: wanted})

    def without_key(self, command_id: str, key: str) -> Keymap:
        """Take one key away from a command."""
        return self.with_keys(command_id, [each for each in self.keys_of(command_id) if each != key])

    def restored(self, command_id: str) -> Keymap:
        """A command as the preset has it."""
        return self.with_keys(command_id, self.default_of(command_id))

    def all_restored(self) -> Keymap:
        """Every command as the preset has it."""
        return replace(self, changes={})

    def with_preset(self, preset: str) -> Keymap:
        """Other habits; what the person changed stays."""
        return replace(self, preset=preset if preset in PRESETS else OWN)

    def conflicts(self) -> dict[str, tuple[Conflict, ...]]:
        """By command id, the keys that another command of the same workspace has too; only those that have some."""
        holders: dict[str, list[Command]] = {}
        for command in self.commands:
            for key in self.keys_of(command.id) if command.id else ():
                holders.setdefault(key, []).append(command)
        found: dict[str, tuple[Conflict, ...]] = {}
        for key, commands in holders.items():
            for command in commands:
                others = [Conflict(key, each.id) for each in commands if each is not command and _meet(each, command)]
                if others:
                    found[command.id] = (*found.get(command.id, ()), *others)
        return found

    def to_json(self) -> str:
        """As it is stored and exported."""
        keys = {name: list(keys) for name, keys in sorted(self.changes.items())}
        return json.dumps({"shortcuts": FORMAT, "preset": self.preset, "keys": keys}, ensure_ascii=False)


def _meet(first: Command, second: Command) -> bool:
    """Both can be wanted at the same time; None is every workspace."""
    return first.workspace == second.workspace or first.workspace is None or second.workspace is None


def read_keymap(text: str, commands: Sequence[Command] = COMMANDS) -> Keymap:
    """The keymap of an exported or stored text.

    Keys that no keyboard has are left out, with a line in the log.

    Raises:
        KeymapError: it is no JSON, or no shortcuts.
    """
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise KeymapError(say("keys.file.no_json")) from error
    if not isinstance(found, dict) or not isinstance(found.get("keys"), dict):
        raise KeymapError(say("keys.file.no_shortcuts"))
    if found.get("shortcuts") != FORMAT:
        raise KeymapError(say("keys.file.version", version=str(found.get("shortcuts"))[:20]))
    preset = str(found.get("preset", OWN))
    if preset not in PRESETS:
        _log.warning("Shortcuts name an unknown preset: %r", preset)
        preset = OWN
    changes = {str(name): _usable(str(name), keys) for name, keys in found["keys"].items()}
    return Keymap(preset, {name: keys for name, keys in changes.items() if keys is not None}, commands)


def _usable(command_id: str, keys: Any) -> Keys | None:
    """Those keys of a list that can be used; None where it is no list, so that the preset's stay."""
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        _log.warning("Shortcuts of %r are not a list of keys: %r", command_id, keys)
        return None
    used = [key for key in keys if refusal(key) is None]
    if len(used) < len(keys):
        _log.warning("Shortcuts of %r that are no keys for it: %s", command_id, sorted(set(keys) - set(used)))
        if not used:
            return None
    return tuple(dict.fromkeys(each for key in used if (each := canonical(key)) is not None))


def stored_keymap(text: str) -> Keymap:
    """The keymap the preferences hold; the program's own where that is no keymap, with a line in the log."""
    if not text:
        return Keymap()
    try:
        return read_keymap(text)
    except KeymapError as error:
        _log.warning("The stored shortcuts cannot be read (%s): %.200s", error.message.id, text)
        return Keymap()


def names_of(keymap: Keymap) -> dict[str, str]:
    """By command id, the first key as this platform writes it, else the place in the menus."""
    return {
        command.id: native(keys[0]) if (keys := keymap.keys_of(command.id)) else _place(command)
        for command in keymap.commands
        if command.id
    }


def _place(command: Command) -> str:
    return " > ".join(tr(words) for words in (*command.menu.split("/"), command.text))


def apply(keymap: Keymap, actions: Mapping[str, QAction]) -> None:
    """Give the actions their keys; sentences name these from now on."""
    show_keys(names_of(keymap))
    portable = QKeySequence.SequenceFormat.PortableText
    for name, action in actions.items():
        wanted = [QKeySequence(key, portable) for key in keymap.keys_of(name)]
        if wanted != action.shortcuts():
            action.setShortcuts(wanted)
