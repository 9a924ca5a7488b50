"""The window on the screen: QApplication, log, window, controller."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QApplication

from app.controller import Controller
from app.error_reporter import ErrorReporter
from app.language import start_speaking
from app.log import start_log
from app.preferences import Preferences
from app.window import MainWindow

SWITCH_SECONDS = 0.0002
"""How long a thread may keep the interpreter while another one waits. At Python's 5 ms the window, which takes it anew
for every paint event, waits for the other threads many times a frame: a list told what others read stood for 0.2 s."""


def run_window(paths: Sequence[Path]) -> int:
    """Show the window and stay until it is closed; the exit code."""
    sys.setswitchinterval(SWITCH_SECONDS)
    application = QApplication(sys.argv[:1])
    application.setApplicationName("boxscope")
    application.setApplicationDisplayName("Boxscope")
    start_log()
    preferences = Preferences()
    start_speaking(application, preferences)
    window = MainWindow(preferences)
    errors = ErrorReporter(window)
    errors.reported.connect(window.show_error)
    errors.install()
    controller = Controller(window)
    window.show()
    # Paint first: only then threads, torch and images.
    application.processEvents()
    controller.start([path.absolute() for path in paths])  # they are remembered
    code = application.exec()
    controller.stop()
    errors.uninstall()
    return code
