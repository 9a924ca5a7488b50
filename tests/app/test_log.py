import logging
import sys
import threading
from logging.handlers import RotatingFileHandler

import pytest

from app.error_reporter import ErrorReporter
from app.log import start_log
from app.places import CONFIG_DIR_VARIABLE, log_dir
from app.wording import text


@pytest.fixture
def log_file(tmp_path):
    path = start_log(tmp_path / "log")
    yield path
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, RotatingFileHandler)]:
        root.removeHandler(handler)
        handler.close()


@pytest.fixture
def reporter(qtbot):
    made = ErrorReporter()
    before = sys.excepthook, threading.excepthook
    made.install()
    yield made
    sys.excepthook, threading.excepthook = before


def raised(error):
    try:
        raise error
    except type(error):
        return sys.exc_info()


def test_the_log_stands_beside_the_preferences_where_those_were_moved(monkeypatch, tmp_path):
    monkeypatch.setenv(CONFIG_DIR_VARIABLE, str(tmp_path))
    assert log_dir() == tmp_path / "log"


def test_an_uncaught_error_goes_to_the_log_and_says_one_sentence(qtbot, reporter, log_file):
    with qtbot.waitSignal(reporter.reported) as said:
        sys.excepthook(*raised(ValueError("no such thing\nand more")))
    sentence = text(said.args[0])
    assert "ValueError: no such thing" in sentence
    assert "\n" not in sentence
    written = log_file.read_text(encoding="utf-8")
    assert "Traceback" in written
    assert "and more" in written


def test_an_error_of_another_thread_is_reported_in_the_same_way(qtbot, reporter, log_file):
    def fail():
        raise RuntimeError("in the thread")

    with qtbot.waitSignal(reporter.reported) as said:
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    assert "in the thread" in text(said.args[0])
    assert "in the thread" in log_file.read_text(encoding="utf-8")


def test_starting_twice_leaves_one_handler(log_file, tmp_path):
    start_log(tmp_path / "other")
    handlers = [each for each in logging.getLogger().handlers if isinstance(each, RotatingFileHandler)]
    assert len(handlers) == 1
