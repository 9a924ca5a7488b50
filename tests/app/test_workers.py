from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject, QThread, Slot
from PySide6.QtGui import QImage

from app.document import Document
from app.jobs import Complete, Detect, Follow, LoadModel, ModelChoice, OpenPaths, ReadImage
from app.reading import ReadingWorker
from app.scene import ViewOptions
from app.torch_import import is_out_of_memory
from app.wording import text
from app.workers import Threads
from detector.datasets import write_voc
from detector.ground_truth import GroundTruth
from detector.pipeline import Cancelled, follow
from tests.helpers.app_windows import LABELS, OBJECTS, WAIT_MS, WindowNetwork, write_folder, write_image

IMAGE = np.zeros((160, 192, 3), np.uint8)
DOCUMENT = Document(Path("a.png"), IMAGE)


class Listener(QObject):
    """Lives in the main thread and keeps what it is told, with the thread it is told in."""

    def __init__(self, threads):
        super().__init__()
        self.heard = []
        self.in_threads = set()
        network = threads.network
        network.model_ready.connect(self.on_two)
        network.observed.connect(self.on_two)
        network.failed.connect(self.on_two)
        network.cancelled.connect(self.on_one)
        threads.follow.followed.connect(self.on_two)

    @Slot(int, object)
    def on_two(self, number, value):
        self.heard.append((number, value))
        self.in_threads.add(QThread.currentThread())

    @Slot(int)
    def on_one(self, number):
        self.heard.append((number, "cancelled"))

    def numbers(self):
        return [number for number, _ in self.heard]


@pytest.fixture
def network():
    return WindowNetwork()


@pytest.fixture
def threads(qapp, network):
    made = Threads(lambda choice, report: network)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def listener(threads):
    return Listener(threads)


def load(threads, listener, qtbot):
    threads.ask_network(LoadModel(threads.next_number(), ModelChoice("fake")))
    qtbot.waitUntil(lambda: bool(listener.heard), timeout=WAIT_MS)


def test_load_detect_complete(qtbot, threads, listener, network):
    load(threads, listener, qtbot)
    assert listener.heard[0][1].info.name == "fake"
    threads.ask_network(Detect(threads.next_number(), DOCUMENT, network.settings))
    qtbot.waitUntil(lambda: len(listener.heard) == 2, timeout=WAIT_MS)
    observed = listener.heard[1][1]
    assert observed.finished
    evidence = observed.evidence
    assert len(follow(evidence, network.settings).detections.waiting) == 0
    more = follow(evidence, network.settings.with_value("proposals.nms_iou", 0.95)).detections.waiting
    assert len(more)
    threads.ask_network(Complete(threads.next_number(), DOCUMENT, evidence, more))
    qtbot.waitUntil(lambda: len(listener.heard) == 3, timeout=WAIT_MS)
    richer = listener.heard[2][1].evidence
    assert richer.first is evidence.first
    assert (richer.head.find(more) >= 0).all()
    assert listener.in_threads == {QThread.currentThread()}
    assert network.calls["features"] == 1


def test_the_newest_request_wins(qtbot, threads, listener, network):
    load(threads, listener, qtbot)
    gate, begun = threading.Event(), threading.Event()

    def hold(check):
        begun.set()
        gate.wait(20)
        check()

    network.on_features = hold
    numbers = [threads.next_number() for _ in range(5)]
    threads.ask_network(Detect(numbers[0], DOCUMENT, network.settings))
    qtbot.waitUntil(begun.is_set, timeout=WAIT_MS)
    for number in numbers[1:]:
        threads.ask_network(Detect(number, DOCUMENT, network.settings))
    gate.set()
    qtbot.waitUntil(lambda: numbers[-1] in listener.numbers(), timeout=WAIT_MS)
    assert (numbers[0], "cancelled") in listener.heard
    assert set(listener.numbers()[1:]) == {numbers[0], numbers[-1]}


def test_more_rows_do_not_throw_away_those_at_hand(qtbot, threads, listener, network):
    load(threads, listener, qtbot)
    threads.ask_network(Detect(threads.next_number(), DOCUMENT, network.settings))
    qtbot.waitUntil(lambda: len(listener.heard) == 2, timeout=WAIT_MS)
    evidence = listener.heard[1][1].evidence
    waiting = follow(evidence, network.settings.with_value("proposals.nms_iou", 0.95)).detections.waiting
    threads.ask_network(Complete(threads.next_number(), DOCUMENT, evidence, waiting[:3]))
    qtbot.waitUntil(lambda: len(listener.heard) == 3, timeout=WAIT_MS)
    # asked of the evidence as it was, answered with what is known by now
    threads.ask_network(Complete(threads.next_number(), DOCUMENT, evidence, waiting[3:6]))
    qtbot.waitUntil(lambda: len(listener.heard) == 4, timeout=WAIT_MS)
    assert (listener.heard[3][1].evidence.head.find(waiting[:6]) >= 0).all()


def test_cancel(qtbot, threads, listener, network):
    load(threads, listener, qtbot)
    begun, go_on = threading.Event(), threading.Event()

    def until_cancelled(check):
        begun.set()
        go_on.wait(20)
        check()

    network.on_features = until_cancelled
    number = threads.next_number()
    threads.ask_network(Detect(number, DOCUMENT, network.settings))
    qtbot.waitUntil(begun.is_set, timeout=WAIT_MS)
    waiting = threads.next_number()
    threads.ask_network(Detect(waiting, DOCUMENT, network.settings))
    threads.network.cancel()
    assert listener.heard[-1] == (waiting, "cancelled")  # it never began: at once
    go_on.set()
    qtbot.waitUntil(lambda: (number, "cancelled") in listener.heard, timeout=WAIT_MS)


def test_an_answer_nobody_wants_any_more_is_not_given(qtbot, threads, listener, network):
    load(threads, listener, qtbot)
    begun, go_on = threading.Event(), threading.Event()
    network.on_head = lambda: (begun.set(), go_on.wait(20))
    number = threads.next_number()
    threads.ask_network(Detect(number, DOCUMENT, network.settings))
    qtbot.waitUntil(begun.is_set, timeout=WAIT_MS)
    loading = threads.next_number()
    threads.ask_network(LoadModel(loading, ModelChoice("other")))
    go_on.set()
    qtbot.waitUntil(lambda: loading in listener.numbers(), timeout=WAIT_MS)
    assert [value for each, value in listener.heard if each == number] == ["cancelled"]


def test_settings_that_do_not_fit_are_told_as_they_are(qtbot, threads, listener, network):
    from detector.config import SettingsError

    load(threads, listener, qtbot)

    def refuse(check):
        raise SettingsError("The model has outputs for 9 anchors a cell.")

    network.on_features = refuse
    threads.ask_network(Detect(threads.next_number(), DOCUMENT, network.settings))
    qtbot.waitUntil(lambda: len(listener.heard) == 2, timeout=WAIT_MS)
    assert text(listener.heard[1][1]) == "The model has outputs for 9 anchors a cell."


def test_an_error_is_a_sentence_and_the_thread_lives_on(qtbot, threads, listener, network):
    load(threads, listener, qtbot)
    network.on_features = lambda check: 1 / 0
    threads.ask_network(Detect(threads.next_number(), DOCUMENT, network.settings))
    qtbot.waitUntil(lambda: len(listener.heard) == 2, timeout=WAIT_MS)
    sentence = text(listener.heard[1][1])
    assert sentence.startswith("Something went wrong while detecting in a.png: division by zero.")
    network.on_features = None
    threads.ask_network(Detect(threads.next_number(), DOCUMENT, network.settings))
    qtbot.waitUntil(lambda: len(listener.heard) == 3, timeout=WAIT_MS)
    assert listener.heard[2][1].finished


def test_follow_makes_a_scene_without_the_network(qtbot, threads, listener):
    number = threads.next_number()
    threads.follow.put(Follow(number, DOCUMENT, None, WindowNetwork().settings, ViewOptions(), False), number)
    qtbot.waitUntil(lambda: number in listener.numbers(), timeout=WAIT_MS)
    followed = listener.heard[0][1]
    assert followed.trace is None
    assert followed.scene.space.image_hw == (160, 192)


class ReadingListener(QObject):
    """pytest-qt's own `waitSignal` would be called in the worker's thread."""

    def __init__(self, reading):
        super().__init__()
        self.folders, self.images, self.failed, self.small = [], [], [], {}
        reading.folder_opened.connect(self.on_folder)
        reading.image_read.connect(self.on_image)
        reading.image_failed.connect(self.on_failed)
        reading.thumbnail_read.connect(self.on_thumbnail)

    @Slot(int, object)
    def on_folder(self, number, folder):
        self.folders.append(folder)

    @Slot(int, object, object)
    def on_image(self, number, document, pyramid):
        self.images.append((document, pyramid))

    @Slot(int, object, str)
    def on_failed(self, number, path, sentence):
        self.failed.append((path, sentence))

    @Slot(object, QImage)
    def on_thumbnail(self, path, image):
        self.small[path] = image


class TestReading:
    @pytest.fixture
    def reading(self, threads):
        return ReadingListener(threads.reading)

    def test_a_folder_and_an_image_of_it(self, qtbot, threads, reading, tmp_path):
        paths = write_folder(tmp_path / "images", 3)
        number = threads.next_number()
        threads.reading.put(OpenPaths(number, (paths[1],)), number)
        qtbot.waitUntil(lambda: bool(reading.folders), timeout=WAIT_MS)
        assert reading.folders[0].files == tuple(map(str, paths))
        assert reading.folders[0].first == paths[1]
        number = threads.next_number()
        threads.reading.put(ReadImage(number, paths[1], (paths[2],)), number)
        qtbot.waitUntil(lambda: bool(reading.images), timeout=WAIT_MS)
        document, pyramid = reading.images[0]
        assert document.path == paths[1]
        assert pyramid.size == (192, 160)

    def test_an_annotation_without_its_image_is_named_and_the_rest_opens(self, qtbot, threads, reading, tmp_path):
        folder = write_folder(tmp_path / "root" / "JPEGImages", 2)
        (tmp_path / "root" / "Annotations").mkdir()
        (tmp_path / "root" / "Annotations" / "orphan.xml").write_text("<annotation/>")
        number = threads.next_number()
        threads.reading.put(OpenPaths(number, (tmp_path / "root",)), number)
        qtbot.waitUntil(lambda: bool(reading.folders), timeout=WAIT_MS)
        assert reading.folders[0].files == tuple(map(str, folder))
        assert "orphan" in reading.folders[0].problems[0]

    def test_images_of_several_places_come_in_natural_order_and_once(self, qtbot, threads, reading, tmp_path):
        later = [write_image(tmp_path / name) for name in ("b_10.png", "b_2.png")]
        folder = write_folder(tmp_path / "images", 2)
        asked = (*later, tmp_path / "images", folder[1], tmp_path / "nowhere")
        number = threads.next_number()
        threads.reading.put(OpenPaths(number, asked), number)
        qtbot.waitUntil(lambda: bool(reading.folders), timeout=WAIT_MS)
        found = reading.folders[0]
        assert found.files == tuple(map(str, (later[1], later[0], *folder)))
        assert found.first == later[1]
        assert len(found.problems) == 1

    def test_an_image_with_an_odd_name_has_its_place_in_its_folder(self, qtbot, threads, reading, tmp_path):
        paths = write_folder(tmp_path / "images", 2)
        odd = paths[0].rename(paths[0].with_name("image_0.data"))
        number = threads.next_number()
        threads.reading.put(OpenPaths(number, (odd,)), number)
        qtbot.waitUntil(lambda: bool(reading.folders), timeout=WAIT_MS)
        assert reading.folders[0].files == (str(odd), str(paths[1]))
        assert reading.folders[0].first == odd

    def test_an_image_read_ahead_is_the_same_object(self, qtbot, threads, reading, tmp_path):
        paths = write_folder(tmp_path / "images", 2)
        for path, beside in ((paths[0], (paths[1],)), (paths[1], (paths[0],)), (paths[0], ())):
            count = len(reading.images)
            number = threads.next_number()
            threads.reading.put(ReadImage(number, path, beside), number)
            qtbot.waitUntil(lambda count=count: len(reading.images) > count, timeout=WAIT_MS)
        assert reading.images[0][0].image is reading.images[2][0].image

    def test_reading_ahead_gives_way_to_a_request_unless_it_is_for_the_same_image(self, tmp_path):
        paths = write_folder(tmp_path / "images", 2)
        worker = ReadingWorker()
        worker.put(ReadImage(1, paths[1], ()), 1)
        with pytest.raises(Cancelled):
            worker._read(paths[0], gives_way=True)
        assert not worker._held
        worker._read(paths[1], gives_way=True)
        assert list(worker._held) == [paths[1]]

    @pytest.mark.parametrize(("images", "room", "left"), [(2, 10**9, (1, 2)), (9, 1, (2,)), (9, 10**9, (0, 1, 2))])
    def test_images_kept_ready_are_bounded_in_number_and_bytes(self, tmp_path, monkeypatch, images, room, left):
        monkeypatch.setattr("app.reading.HELD_IMAGES", images)
        monkeypatch.setattr("app.reading.HELD_BYTES", room)
        paths = write_folder(tmp_path / "images", 3)
        worker = ReadingWorker()
        for path in paths:
            worker._read(path)
        assert list(worker._held) == [paths[number] for number in left]

    def test_an_annotation_that_changed_on_the_disk_is_read_again(self, qtbot, threads, reading, tmp_path):
        path = write_folder(tmp_path / "images", 1)[0]
        for count in (3, 1, None):
            if count == 1:
                write_voc(path.with_suffix(".xml"), (160, 192), path.name, GroundTruth(OBJECTS[:1], LABELS[:1]))
            elif count is None:
                path.with_suffix(".xml").unlink()
            before, number = len(reading.images), threads.next_number()
            threads.reading.put(ReadImage(number, path, ()), number)
            qtbot.waitUntil(lambda before=before: len(reading.images) > before, timeout=WAIT_MS)
            truth = reading.images[-1][0].ground_truth
            assert (None if truth is None else len(truth)) == count

    def test_small_pictures_also_of_what_cannot_be_read(self, qtbot, threads, reading, tmp_path):
        paths = write_folder(tmp_path / "images", 2)
        paths[1].write_bytes(b"")
        threads.reading.want_thumbnails(paths)
        qtbot.waitUntil(lambda: len(reading.small) == 2, timeout=WAIT_MS)
        assert max(reading.small[paths[0]].width(), reading.small[paths[0]].height()) <= 128
        assert reading.small[paths[1]].isNull()

    def test_a_broken_image_is_one_sentence(self, qtbot, threads, reading, tmp_path):
        broken = tmp_path / "broken.png"
        broken.write_bytes(b"")
        number = threads.next_number()
        threads.reading.put(ReadImage(number, broken, ()), number)
        qtbot.waitUntil(lambda: bool(reading.failed), timeout=WAIT_MS)
        path, sentence = reading.failed[0]
        assert path == broken
        assert "broken.png" in sentence


def test_check_raises_once_closing(threads):
    threads.network.close()
    with pytest.raises(Cancelled):
        threads.network.check(10**6)


@pytest.mark.parametrize(
    "words", ["CUDA out of memory.", "DefaultCPUAllocator: can't allocate memory", "not enough memory"]
)
def test_torch_says_in_many_ways_that_memory_is_full(words):
    assert is_out_of_memory(RuntimeError(f"{words} You tried to allocate 20 GB."))
    assert not is_out_of_memory(RuntimeError("The layer is on fire."))


def test_a_full_device_is_a_sentence_and_its_feature_maps_go(qtbot, threads, listener, network, caplog):
    threads.network.device_full.connect(listener.on_two)
    network.device = "cuda:0"
    load(threads, listener, qtbot)

    def full():
        raise RuntimeError("CUDA out of memory.")

    network.on_head = full
    number = threads.next_number()
    threads.ask_network(Detect(number, DOCUMENT, network.settings))
    qtbot.waitUntil(lambda: len(listener.heard) == 2, timeout=WAIT_MS)
    assert listener.heard[1][0] == number
    assert text(listener.heard[1][1]) == "The GPU ran out of memory while detecting in a.png."
    assert len(threads.network._features) == 0
    assert "CUDA out of memory" in caplog.text
