"""Whether there is a screen to show a window on. No Qt in this process: where there is none, Qt ends the process."""

from __future__ import annotations

import os
import subprocess
import sys

_PROBE = "from PySide6.QtGui import QGuiApplication; QGuiApplication(['boxscope'])"
_PROBE_SECONDS = 20.0
_WITHOUT_SCREEN = ("offscreen", "minimal", "vnc", "eglfs", "linuxfb")


class DisplayProbe:
    """Asks in a process of its own; what this one does until it calls `problem` costs no time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._problem: str | None = None
        if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM", "").split(":")[0] in _WITHOUT_SCREEN:
            return  # elsewhere there is a screen; an explicit platform is the user's own wish
        if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
            self._problem = "There is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)"
            return
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROBE], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip

    @property
    def is_asking(self) -> bool:
        """The answer is on its way."""
        return self._process is not None

    def problem(self) -> str | None:
        """Why no window can be shown, as the beginning of a sentence; None where one can."""
        if self._process is not None:
            try:
                code = self._process.wait(_PROBE_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
                code = -1
            self._process = None
            if code:
                place = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
                self._problem = f"The display '{place}' cannot be used"
        return self._problem
