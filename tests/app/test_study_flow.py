"""Studies give way to everything else, and begin anew."""

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Slot

from app import remedy_flow, replay_flow, studies, workers
from app.jobs import CountOn
from app.scene import Ref
from app.studies import Counts
from detector.config import Settings
from detector.datasets.stores import Stores
from tests.helpers.app_windows import (
    OBJECTS,
    WAIT_MS,
    WindowNetwork,
    annotate,
    open_window,
    wait_settled,
    write_folder,
    write_image,
)


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
    return lambda number: CountOn(number, path, WindowNetwork().settings, after, Stores())


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


def test_a_picture_nobody_annotated_is_not_even_read(qtbot, folder, monkeypatch):
    plain = write_image(folder[0].parent / "plain.png", 9, annotated=False)
    with open_window(qtbot) as (_, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller, "image_0.png")
        listener, read = Listener(controller.studies), []
        monkeypatch.setattr(studies, "read_picture", read.append)
        controller.studies.want("count", count(plain, Settings()))
        qtbot.waitUntil(lambda: listener.ended == ["count"], timeout=WAIT_MS)
        assert not listener.answers[0][1].is_annotated
        assert not read


def test_counting_leaves_the_features_of_the_image_on_show_where_they_are(qtbot, folder, monkeypatch):
    monkeypatch.setattr(workers, "FEATURE_BYTES", 0)  # room for those of one image
    network = WindowNetwork()
    with open_window(qtbot, network) as (_, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller, "image_0.png")
        listener, before = Listener(controller.studies), network.calls["features"]
        controller.studies.want("count", count(folder[1], network.settings))
        qtbot.waitUntil(lambda: listener.ended == ["count"], timeout=WAIT_MS)
        assert network.calls["features"] == before + 1
        seen = network.head_rows
        controller.settings.move("proposals.nms_iou", 0.9)
        controller.settings.settle("proposals.nms_iou")
        wait_settled(qtbot, controller)
        assert network.head_rows > seen
        assert network.calls["features"] == before + 1


def missed_object(controller):
    controller.scenes.pick(Ref("object", len(OBJECTS)))


def training_targets(controller):
    controller.scenes.choose_stage("assignment")


@pytest.mark.parametrize(
    ("module", "purpose", "look_at"),
    [(remedy_flow, "remedies", missed_object), (replay_flow, "replay", training_targets)],
)
def test_a_study_is_about_the_image_of_its_trace(qtbot, folder, monkeypatch, module, purpose, look_at):
    """Another image is open by the time it is asked for, and its scene is not there yet."""
    annotate(folder[0], [*OBJECTS, [150, 100, 180, 130]], ("cat", "dog", "cat", "cat"))  # the network misses the last
    monkeypatch.setattr(module, "REST_MS", 500)
    asked, go_on = [], threading.Event()
    go_on.set()
    build = workers.build_scene

    def held_up(*arguments, **others):
        go_on.wait(20)
        return build(*arguments, **others)

    monkeypatch.setattr(workers, "build_scene", held_up)
    with open_window(qtbot) as (window, controller):
        controller.start([folder[0].parent])
        wait_settled(qtbot, controller, "image_0.png")
        monkeypatch.setattr(controller.studies, "want", lambda purpose, make: asked.append((purpose, make(0))))
        with qtbot.waitSignal(controller.scenes.shown, timeout=WAIT_MS):
            look_at(controller)
        go_on.clear()
        window.actions_by_id["next_image"].trigger()
        qtbot.waitUntil(lambda: controller.state.document.name == "image_1.png", timeout=WAIT_MS)
        qtbot.waitUntil(lambda: bool(asked), timeout=WAIT_MS)
        go_on.set()
        assert [(each, request.document.name) for each, request in asked] == [(purpose, "image_0.png")]
        assert asked[0][1].trace.evidence.image.file.endswith("image_0.png")


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


def test_a_short_study_does_not_wait_for_a_long_one(qtbot, folder):
    network = WindowNetwork()
    begun = []

    def held_up(check):
        begun.append(None)
        while len(begun) == 1:
            check()

    with open_window(qtbot, network) as (_, controller):
        controller.start([folder[0]])
        wait_settled(qtbot, controller, "image_0.png")
        listener = Listener(controller.studies)
        network.on_features = held_up
        controller.studies.want("count", count(folder[1], network.settings))
        qtbot.waitUntil(lambda: bool(begun), timeout=WAIT_MS)
        controller.studies.want("replay", count(folder[2], network.settings))
        qtbot.waitUntil(lambda: listener.ended == ["replay", "count"], timeout=WAIT_MS)
        assert [answer.path for _, answer in listener.answers] == [str(folder[2]), str(folder[1])]


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
