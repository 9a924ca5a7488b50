"""What a remedy does to the images of the folder, added up one image at a time."""

import pytest
from PySide6.QtCore import QObject, Signal

from app.count_flow import CountFlow
from app.studies import Counts
from app.wording import text
from detector.config import Settings
from detector.datasets.stores import Stores
from detector.messages import Message

KEY = "matching.working_score"
SETTINGS = Settings()
FILES = ["/images/a.png", "/images/b.png", "/images/c.png"]


class Studies(QObject):
    """Asks nothing of a network; keeps what it was asked for last."""

    answered = Signal(str, object)
    ended = Signal(str)
    failed = Signal(str, object)

    def __init__(self):
        super().__init__()
        self.stores = Stores()
        self.asked = None

    def want(self, purpose, make):
        self.asked = str(make(1).path)

    def drop(self, purpose):
        self.asked = None

    def is_running(self, purpose):
        return self.asked is not None


class Status:
    """What the status line says."""

    def __init__(self):
        self.progress, self.message = None, None

    def show_progress(self, message, fraction, of):
        self.progress = None if message is None else (text(message), fraction)

    def show_message(self, message):
        self.message = text(message)


class Window(QObject):
    cancel_requested = Signal()

    def __init__(self):
        super().__init__()
        self.status, self.error = Status(), None

    def show_error(self, message):
        self.error = message.id


@pytest.fixture
def studies(qapp):
    return Studies()


@pytest.fixture
def window(qapp):
    return Window()


@pytest.fixture
def flow(window, studies):
    made = CountFlow(window, studies, window)
    made.begin(KEY, 0.3, SETTINGS, FILES, {})
    return made


def tally_of(flow):
    return flow.tallies(SETTINGS, FILES)[KEY]


def test_images_are_counted_one_after_the_other(studies, flow):
    asked = []
    while studies.asked is not None:
        asked.append(studies.asked)
        studies.answered.emit("count", Counts(studies.asked, True, found=2, lost=1, false=-1))
        studies.ended.emit("count")
    assert asked == FILES
    tally = tally_of(flow)
    assert (tally.done, tally.images, tally.found, tally.lost, tally.false) == (3, 3, 6, 3, -3)
    assert not tally.is_running


def test_an_answer_that_is_said_again_counts_once(studies, flow):
    """The study had to give way just after its answer, and began anew."""
    for path in (FILES[0], FILES[0]):
        studies.answered.emit("count", Counts(path, True, found=1))
    studies.ended.emit("count")
    assert studies.asked == FILES[1]
    assert (tally_of(flow).done, tally_of(flow).found) == (1, 1)


def test_an_image_that_fails_is_left_out(studies, flow):
    studies.failed.emit("count", Message("error.unexpected", {}))
    assert studies.asked == FILES[1]
    assert (tally_of(flow).done, tally_of(flow).images) == (1, 0)


def test_answers_for_another_purpose_are_not_counted(studies, flow):
    studies.answered.emit("remedies", Counts(FILES[0], True, found=1))
    studies.ended.emit("remedies")
    assert studies.asked == FILES[0]
    assert tally_of(flow).done == 0


def test_a_stopped_count_stays_as_it_is(studies, flow):
    studies.answered.emit("count", Counts(FILES[0], True, found=1))
    flow.stop()
    assert studies.asked is None
    studies.answered.emit("count", Counts(FILES[1], True, found=1))
    assert (tally_of(flow).done, tally_of(flow).found, tally_of(flow).is_running) == (1, 1, False)


def test_a_device_that_is_full_ends_it(window, studies, flow):
    studies.failed.emit("count", Message("error.device_full", {"doing": "counting"}))
    assert studies.asked is None
    assert window.error == "error.device_full"
    assert not tally_of(flow).is_running


def test_the_status_line_says_how_far_it_is_and_what_came_of_it(window, studies, flow):
    assert window.status.progress == ("Counting Working score 0.50 \u2192 0.30: 0 of 3 images", 0.0)
    for path in FILES:
        studies.answered.emit("count", Counts(path, True, found=1))
        studies.ended.emit("count")
    assert window.status.progress is None
    assert window.status.message == (
        "Working score 0.50 \u2192 0.30 \u2013 all 3 annotated images: 3 more found, 0 lost, +0 false positives."
    )


def test_a_tally_is_of_its_settings_and_images(studies, flow):
    assert flow.tallies(SETTINGS.with_value("detections.nms_iou", 0.4), FILES) == {}
    assert flow.tallies(SETTINGS, list(FILES)) == {}
    flow.forget()
    assert flow.tallies(SETTINGS, FILES) == {}
    assert studies.asked is None


def test_the_cancel_key_ends_it(window, studies, flow):
    window.cancel_requested.emit()
    assert studies.asked is None
    assert not tally_of(flow).is_running
