"""What a remedy does to the images of the folder, added up one image at a time."""

import pytest
from PySide6.QtCore import QObject, Signal

from app.count_flow import CountFlow
from app.studies import Counts
from detector.config import Settings

KEY = "matching.working_score"
FILES = ["/images/a.png", "/images/b.png", "/images/c.png"]


class Studies(QObject):
    """Asks nothing of a network; keeps what it was asked for last."""

    answered = Signal(str, object)
    ended = Signal(str)
    failed = Signal(str, object)

    def __init__(self):
        super().__init__()
        self.asked = None

    def want(self, purpose, make):
        self.asked = str(make(1).path)

    def drop(self, purpose):
        self.asked = None


@pytest.fixture
def studies(qapp):
    return Studies()


@pytest.fixture
def flow(studies):
    made = CountFlow(studies, None)
    made.begin(KEY, 0.3, Settings(), FILES, {})
    return made


def test_images_are_counted_one_after_the_other(studies, flow):
    asked = []
    while studies.asked is not None:
        asked.append(studies.asked)
        studies.answered.emit("count", Counts(studies.asked, True, found=2, lost=1, false=-1))
        studies.ended.emit("count")
    assert asked == FILES
    tally = flow.tallies[KEY]
    assert (tally.done, tally.images, tally.found, tally.lost, tally.false) == (3, 3, 6, 3, -3)
    assert not tally.is_running


def test_an_answer_that_is_said_again_counts_once(studies, flow):
    """The study had to give way just after its answer, and began anew."""
    for path in (FILES[0], FILES[0]):
        studies.answered.emit("count", Counts(path, True, found=1))
    studies.ended.emit("count")
    assert studies.asked == FILES[1]
    assert (flow.tallies[KEY].done, flow.tallies[KEY].found) == (1, 1)


def test_an_image_that_fails_is_left_out(studies, flow):
    studies.failed.emit("count", None)
    assert studies.asked == FILES[1]
    assert (flow.tallies[KEY].done, flow.tallies[KEY].images) == (1, 0)


def test_answers_for_another_purpose_are_not_counted(studies, flow):
    studies.answered.emit("remedies", Counts(FILES[0], True, found=1))
    studies.ended.emit("remedies")
    assert studies.asked == FILES[0]
    assert flow.tallies[KEY].done == 0


def test_a_stopped_count_stays_as_it_is(studies, flow):
    studies.answered.emit("count", Counts(FILES[0], True, found=1))
    flow.stop()
    assert studies.asked is None
    studies.answered.emit("count", Counts(FILES[1], True, found=1))
    assert (flow.tallies[KEY].done, flow.tallies[KEY].found, flow.tallies[KEY].is_running) == (1, 1, False)
