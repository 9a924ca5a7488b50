"""The guards of tests/conftest.py, tried on tests that do leave something behind."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

CONFTEST = Path(__file__).parents[1] / "conftest.py"

LEAKS = """
import threading
from PySide6.QtCore import QThread

def test_a_worker_is_left(qapp):
    thread = QThread()
    thread.setObjectName("forgotten")
    thread.start()

def test_a_daemon_is_left():
    threading.Thread(target=threading.Event().wait, args=(60,), name="ghost", daemon=True).start()

def test_all_are_ended(qapp):
    thread = QThread()
    thread.start()
    thread.quit()
    thread.wait()
"""


def test_threads_that_are_left_fail_the_test(tmp_path):
    shutil.copy(CONFTEST, tmp_path)
    (tmp_path / "test_leaks.py").write_text(LEAKS)
    command = [sys.executable, "-m", "pytest", "-c", "/dev/null", "-p", "no:cacheprovider", "-o", "qt_api=pyside6"]
    done = subprocess.run(
        [*command, "--rootdir", str(tmp_path), str(tmp_path)],
        capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False,
    )  # fmt: skip
    assert "QThreads left running: ['forgotten']" in done.stdout
    assert "ghost" in done.stdout
    assert "3 passed, 2 errors" in done.stdout
