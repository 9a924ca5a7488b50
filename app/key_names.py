"""What the keys of the commands are called at the moment: sentences and tooltips name them as `{key[undo]}`. No Qt."""

from __future__ import annotations

from collections.abc import Mapping

_names: dict[str, str] = {}


def show_keys(names: Mapping[str, str]) -> None:
    """From now on the commands have these keys; one without a key is named by its place in the menus."""
    _names.clear()
    _names.update(names)


class KeyNames:
    """Reads as `{key[undo]}` in a template: always the key of the moment."""

    def __getitem__(self, command_id: str) -> str:
        """The first key of a command as this platform writes it."""
        return _names.get(command_id, command_id)


KEY_NAMES = KeyNames()
"""What a template gets as `key`."""


def with_keys(template: str) -> str:
    """Words that name keys and have no other values."""
    return template.format(key=KEY_NAMES)
