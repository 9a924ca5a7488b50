"""Tooltips and labels that name keys, and follow when somebody gives a command another one."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QLabel, QWidget

from app.key_names import with_keys

_TIP, _TEXT = "keyTip", "keyText"


def set_key_tip(widget: QWidget, template: str) -> None:
    """A tooltip; `{key[undo]}` in it is the key of the moment."""
    widget.setProperty(_TIP, template)
    widget.setToolTip(with_keys(template))


def set_key_text(label: QLabel, template: str) -> None:
    """The words of a label; `{key[undo]}` in them is the key of the moment."""
    label.setProperty(_TEXT, template)
    label.setText(with_keys(template))


def refresh_key_tips() -> None:
    """The commands have other keys: say so wherever some are named."""
    for widget in QApplication.allWidgets():
        tip, words = widget.property(_TIP), widget.property(_TEXT)
        if tip:
            widget.setToolTip(with_keys(tip))
        if words and isinstance(widget, QLabel):
            widget.setText(with_keys(words))
