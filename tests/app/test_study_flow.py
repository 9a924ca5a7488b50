"""Studies give way to everything else, and begin anew."""

from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Slot

from app.jobs import CountOn
from app.studies import Counts
from detector.config import Settings
from tests.helpers.app_windows import WAIT_MS, WindowNetwork, open_window, wait_settled, write_folder, write_image


class Listener(QObject):
    def __init__(self, studies):
        super().__init__()
        self.answers, self.ended = [], []
        studies.answered.connect(self.on_answered)
        studies.ended.connect(self.on_ended)

    @Slot(str, object)
    def on_answered(self, purpose, answer):
        self.answers.append((purpose, answer))

    @Slot(str)
    def on_ended(self, purpose):
        self.ended.append(purpose)


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "images")


def count(path: Path, after: Settings):
    return lambda number: CountOn(number, path, WindowNetwork().settings, after)


def test_a_study_counts_an_image_while_nothing_else_is_wanted(qtbot, folder):
    network = WindowNetwork()
    with open_window(qtbot, network) as (_, controller):
        controller.start([folder[0].parent])
        wait_settled(qtbot, controller, "image_0.png")
        listener = Listener(controller.studies)
        # a working score no detection reaches: nothing is found any more
        controller.studies.want("count", count(folder[1], network.settings.with_value("matching.working_score", 1.0)))
        qtbot.waitUntil(lambda: listener.ended == ["count"], timeout=WAIT_MS)
        ((purpose, counts),) = listener.answers
        assert purpose == "count"
        assert isinstance(counts, Counts)
        assert (counts.is_annotated, counts.found, counts.lost) == (True, 0, 3)
        assert not controller.studies.is_wanted("count")


def test_an_image_nobody_annotated_is_not_counted(qtbot, folder):
    plain = write_image(folder[0].parent / "plain.png", 9, annotated=False)
    broken = folder[0].parent / "z_broken.png"
    broken.write_bytes(b"no picture")
    with open_window(qtbot) as (_, controller):
        controller.start([folder[0].parent])
        wait_settled(qtbot, controller, "image_0.png")
        listener = Listener(controller.studies)
        for path in (plain, broken):
            listener.ended.clear()
            controller.studies.want("count", count(path, Settings()))
            qtbot.waitUntil(lambda: bool(listener.ended), timeout=WAIT_MS)
        assert [answer.is_annotated for _, answer in listener.answers] == [False, False]


def test_a_study_gives_way_and_begins_anew(qtbot, folder):
    network = WindowNetwork()
    begun = []

    def held_up(check):
        """The first time it is a study that runs: wait until something else is wanted, as a long computation would."""
        begun.append(None)
        while len(begun) == 1:
            check()  # raises as soon as something else is wanted

    with open_window(qtbot, network) as (window, controller):
        controller.start([folder[0].parent])
        wait_settled(qtbot, controller, "image_0.png")
        listener = Listener(controller.studies)
        network.on_features = held_up
        controller.studies.want("count", count(folder[2], network.settings))
        qtbot.waitUntil(lambda: bool(begun), timeout=WAIT_MS)
        window.actions_by_id["next_image"].trigger()
        wait_settled(qtbot, controller, "image_1.png")
        qtbot.waitUntil(lambda: listener.ended == ["count"], timeout=WAIT_MS)
        assert len(begun) == 3  # given up, the next image, begun anew
        assert len(listener.answers) == 1


def test_what_nobody_wants_any_more_is_not_answered(qtbot, folder):
    network = WindowNetwork()
    with open_window(qtbot, network) as (_, controller):
        controller.start([folder[0].parent])
        wait_settled(qtbot, controller, "image_0.png")
        listener = Listener(controller.studies)
        controller.studies.want("count", count(folder[1], network.settings))
        controller.studies.drop("count")
        controller.studies.want("count", count(folder[2], network.settings))
        qtbot.waitUntil(lambda: listener.ended == ["count"], timeout=WAIT_MS)
        assert [answer.path for _, answer in listener.answers] == [str(folder[2])]
