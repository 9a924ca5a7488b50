"""An error that nobody caught leaves its traceback in the log, and one sentence for the window."""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType

from PySide6.QtCore import QObject, Signal

from app.scene import Message

_log = logging.getLogger("boxscope")


class ErrorReporter(QObject):
    """Catches what no one else caught, in every thread.

    Signals:
        reported: a `Message` for the status line. A signal, because the error may come from another thread.
    """

    reported = Signal(object)

    def install(self) -> None:
        """Take the place of Python's own hooks."""
        sys.excepthook = self._on_error
        threading.excepthook = self._on_thread_error

    def uninstall(self) -> None:
        """Give Python's hooks back."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__

    def _on_error(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        _log.error("Uncaught error", exc_info=(kind, error, trace))
        first_line = (str(error).strip().splitlines() or [""])[0]
        what = f"{kind.__name__}: {first_line}" if first_line else kind.__name__
        self.reported.emit(Message("window.unexpected_error", {"what": what}))

    def _on_thread_error(self, found: threading.ExceptHookArgs) -> None:
        self._on_error(found.exc_type, found.exc_value or found.exc_type(), found.exc_traceback)
