"""What all tests share: no screen, one thread of arithmetic, preferences of their own, nothing left behind."""

from __future__ import annotations

import os
import sys
import threading

import pytest
import shiboken6
from PySide6.QtCore import QThread

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_configure(config):
    # The offscreen platform says this each time a window is laid out; it means nothing.
    config.addinivalue_line("qt_log_ignore", "This plugin does not support propagateSizeHints")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """One for each core, but each brings in torch: half a gigabyte."""
    return min(os.cpu_count() or 1, 8)


@pytest.fixture(autouse=True)
def _own_configuration(tmp_path_factory, monkeypatch):
    """No test reads or writes a person's preferences."""
    monkeypatch.setenv("BOXSCOPE_CONFIG_DIR", str(tmp_path_factory.mktemp("config")))


@pytest.fixture(autouse=True)
def _no_thread_left(monkeypatch):
    """A thread that a test started has ended with it: Python's own, and Qt's.

    Python knows a QThread only as a dummy that never ends, so each is kept when it is started and asked itself.
    """
    before, started, start = set(threading.enumerate()), [], QThread.start

    def start_and_keep(thread, *arguments):
        started.append(thread)
        start(thread, *arguments)

    monkeypatch.setattr(QThread, "start", start_and_keep)
    yield
    running = [each for each in started if shiboken6.isValid(each) and each.isRunning()]
    names = [each.objectName() or "without a name" for each in running]
    for each in running:  # or the tests that come next suffer
        each.quit()
        each.wait(5000)
    left = [each for each in threading.enumerate() if each not in before and not _is_ours_to_ignore(each)]
    assert not names, f"QThreads left running: {names}"
    assert not left, f"Threads left running: {left}"


def _is_ours_to_ignore(thread):
    """Not started by Python, or the one that tqdm keeps for all its bars."""
    return isinstance(thread, threading._DummyThread) or type(thread).__name__ == "TMonitor"


@pytest.fixture(autouse=True)
def _no_window_left(request):
    """A window that a test opened is gone with it. Set up before `qtbot`, so it looks after `qtbot` has closed."""
    yield
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return
    from PySide6.QtCore import QCoreApplication, QEvent

    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = [each for each in widgets.QApplication.topLevelWidgets() if each.isVisible()]
    assert not left, f"Windows left open by {request.node.nodeid}: {left}"
