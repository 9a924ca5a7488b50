"""The log file. No Qt."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from app.places import log_dir


def start_log(folder: Path | None = None) -> Path | None:
    """Write warnings and errors to a file of at most 1 MB.

    Returns:
        Its path; None where it cannot be written, which is no reason not to work.
    """
    folder = folder or log_dir()
    path: Path | None = folder / "boxscope.log"
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each, RotatingFileHandler)]:
        root.removeHandler(old)
        old.close()
    handler: logging.Handler
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / "boxscope.log", "ab"):
            pass  # a folder that is there may still refuse the file
        handler = RotatingFileHandler(
            folder / "boxscope.log", maxBytes=1_000_000, backupCount=2, encoding="utf-8", delay=True
        )
    except OSError:
        # Without any handler Python would write tracebacks to the terminal.
        handler, path = logging.NullHandler(), None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    return path
