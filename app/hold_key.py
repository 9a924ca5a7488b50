"""A command whose key works like a lever: a tap leaves it switched, held down it goes back as the key comes up."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QWidget

TAP_SECONDS = 0.3
"""A key that is down for longer is held."""


class HoldKey(QObject):
    """Watches the keys of a checkable action; it is held as long as the key is down, whatever comes of its modifiers.

    Args:
        window: the one whose shortcut it is; a key that comes up in one of its parts ends up there.
    """

    # Qt sends events while a window goes, when Python has already taken the object's own values away.
    _action: QAction | None = None
    _down_since: float | None = None

    def __init__(self, action: QAction, window: QWidget, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(window)
        self._action, self._clock = action, clock
        # Otherwise the keyboard's repetition switches to and fro.
        action.setAutoRepeat(False)
        action.installEventFilter(self)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The key goes down as the action's shortcut, and comes up in the window."""
        kind = event.type()
        if watched is self._action:
            if kind == QEvent.Type.Shortcut:
                self._down_since = self._clock()
        elif self._down_since is not None and (kind == QEvent.Type.WindowDeactivate or self._is_its_release(event)):
            self._let_go()
        return False

    def _is_its_release(self, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyRelease or event.isAutoRepeat():
            return False
        return self._action is not None and any(_has_key(keys, event.key()) for keys in self._action.shortcuts())

    def _let_go(self) -> None:
        since, self._down_since = self._down_since, None
        if self._action is not None and since is not None and self._clock() - since > TAP_SECONDS:
            self._action.toggle()


def _has_key(keys: QKeySequence, key: int) -> bool:
    """The shortcut is this key, alone or with modifiers."""
    written, name = keys.toString(), QKeySequence(key).toString()
    return written == name or written.endswith(f"+{name}")
