"""Tooltips that name keys, and follow when somebody gives a command another one."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QWidget

from app.key_names import with_keys

_PROPERTY = "keyTip"


def set_key_tip(widget: QWidget, template: str) -> None:
    """A tooltip; `{key[undo]}` in it is the key of the moment."""
    widget.setProperty(_PROPERTY, template)
    widget.setToolTip(with_keys(template))


def refresh_key_tips() -> None:
    """The commands have other keys: say so in every tooltip that names some."""
    for widget in QApplication.allWidgets():
        template = widget.property(_PROPERTY)
        if template:
            widget.setToolTip(with_keys(template))
