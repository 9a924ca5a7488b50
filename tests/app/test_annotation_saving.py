"""Saving annotations: nothing is lost or overwritten whatever goes wrong, and it is said once."""

import contextlib
import errno
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QThread, Slot

from app.annotation_saving import REMEMBERED, AnnotationSaver, OneSentence, SaveAnnotation, SavedAnnotation, SaveFailed
from app.edit import Edit
from app.saving import SavingWorker
from app.wording import text
from detector.datasets import coco_store
from detector.datasets.annotation import Annotation, Stored
from detector.datasets.coco import CocoStore
from tests.helpers.annotations import IMAGE_HW, Line, PlainStore, edit_of, truth_of

ROOT = Path(__file__).parents[2]
A, B, C = (10, 20, 30, 40), (1, 2, 300, 400), (5, 5, 9, 9)


@pytest.fixture
def store(tmp_path):
    return PlainStore(tmp_path)


@pytest.fixture
def image(tmp_path):
    return tmp_path / "a.jpg"


def request(number, image, store, edit, seen, records=None):
    return SaveAnnotation(number, image, IMAGE_HW, store, edit.confirmed(records or {}), seen, edit.confirmed_ids)


# -- one save ----------------------------------------------------------------------------------------------------------


def test_what_is_saved_is_in_the_file_and_comes_back_with_its_records(image, store):
    answer = AnnotationSaver().save(request(7, image, store, edit_of(A, B), store.read(image)))
    assert isinstance(answer, SavedAnnotation)
    assert (answer.number, answer.image_path) == (7, image)
    assert [each.name for each in answer.stored.annotation.records] == ["a 0", "a 1"]
    assert store.read(image).annotation.says_the_same(edit_of(A, B).confirmed({}))
    assert answer.stored.stamp == store.read(image).stamp


def test_what_another_program_wrote_is_not_overwritten(image, store):
    seen = store.write(image, IMAGE_HW, edit_of(A).confirmed({}), None)
    PlainStore(store.place).write(image, IMAGE_HW, edit_of(A, B, C).confirmed({}), None)
    theirs = seen.path.read_bytes()
    answer = AnnotationSaver().save(request(1, image, store, edit_of(B), seen))
    assert isinstance(answer, SaveFailed)
    assert answer.is_conflict
    assert seen.path.read_bytes() == theirs
    assert text(answer.message) == (
        f"a.jpg is not saved: '{seen.path}' was changed by another program. Your edits are kept here."
    )
    # A person has decided:
    assert isinstance(AnnotationSaver().save(request(2, image, store, edit_of(B), None)), SavedAnnotation)
    assert store.read(image).annotation.says_the_same(edit_of(B).confirmed({}))


def test_a_file_that_is_gone_is_a_conflict(image, store):
    seen = store.write(image, IMAGE_HW, edit_of(A).confirmed({}), None)
    seen.path.unlink()
    answer = AnnotationSaver().save(request(1, image, store, edit_of(A, B), seen))
    assert answer.is_conflict
    assert not seen.path.exists()


def test_a_folder_that_is_gone_is_not_made_anew(tmp_path):
    folder = tmp_path / "drive" / "images"
    store = PlainStore(folder)
    answer = AnnotationSaver().save(request(1, folder / "a.jpg", store, edit_of(A), None))
    assert isinstance(answer, SaveFailed)
    assert not answer.is_conflict
    assert str(folder) in answer.text
    assert not (tmp_path / "drive").exists()


@contextlib.contextmanager
def as_somebody():
    """Without the superuser's right to write everywhere."""
    me = os.geteuid()
    os.seteuid(me or 65534)
    try:
        yield
    finally:
        os.seteuid(me)


@pytest.mark.skipif(sys.platform == "win32", reason="its folders are never read-only")
def test_a_read_only_folder_keeps_the_old_file():
    with tempfile.TemporaryDirectory() as folder:  # where everybody may look
        image, store = Path(folder) / "a.jpg", PlainStore(Path(folder))
        seen = store.write(image, IMAGE_HW, edit_of(A).confirmed({}), None)
        os.chmod(folder, 0o555)
        try:
            with as_somebody():
                answer = AnnotationSaver().save(request(1, image, store, edit_of(B), seen))
        finally:
            os.chmod(folder, 0o700)
        assert "Permission denied" in answer.text
        assert store.read(image).annotation.says_the_same(edit_of(A).confirmed({}))


@pytest.mark.parametrize(
    ("call", "code"),
    [("fsync", errno.ENOSPC), ("fsync", errno.EIO), ("replace", errno.EACCES), ("replace", errno.EROFS)],
)
def test_a_disk_that_fails_keeps_the_old_file(image, store, tmp_path, monkeypatch, call, code):
    seen = store.write(image, IMAGE_HW, edit_of(A).confirmed({}), None)
    saver = AnnotationSaver()

    def fail(*_):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        answer = saver.save(request(1, image, store, edit_of(B), seen))
    assert isinstance(answer, SaveFailed)
    assert not answer.is_conflict
    assert os.strerror(code) in text(answer.message)
    assert answer.place == tmp_path
    assert store.read(image).annotation.says_the_same(edit_of(A).confirmed({}))
    assert [each.name for each in tmp_path.iterdir()] == ["a.xml"]
    # and what was to be saved can be saved once the disk is well
    assert isinstance(saver.save(request(2, image, store, edit_of(B), seen)), SavedAnnotation)


FULL = (
    "import resource, signal, sys\n"
    "from pathlib import Path\n"
    "from app.annotation_saving import AnnotationSaver, SaveAnnotation\n"
    "from tests.helpers.annotations import IMAGE_HW, PlainStore, edit_of\n"
    "folder = Path(sys.argv[1])\n"
    "store, saver = PlainStore(folder), AnnotationSaver()\n"
    "def save(number, edit, seen):\n"
    "    wanted = edit.confirmed({})\n"
    "    return saver.save(SaveAnnotation(number, folder / 'a.jpg', IMAGE_HW, store, wanted, seen, edit.ids))\n"
    "first = save(1, edit_of((1, 2, 3, 4)), None)\n"
    "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))\n"
    "failed = save(2, edit_of(*[(1, 2, 3, 4)] * 100), first.stored)\n"
    "print(type(failed).__name__, failed.text)\n"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
    "print(len(store.read(folder / 'a.jpg').annotation.ground_truth), [each.name for each in folder.iterdir()])\n"
    "print(type(save(3, edit_of(*[(1, 2, 3, 4)] * 100), first.stored)).__name__)\n"
)


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
def test_a_disk_that_is_full_in_the_middle_of_a_file_keeps_the_old_one(tmp_path):
    """The system itself stops the writing after 2,000 of some 20,000 bytes."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    failed, left, again = done.stdout.splitlines()
    assert failed.startswith("SaveFailed")
    assert "cannot be written (File too large)" in failed
    assert left == "1 ['a.xml']"
    assert again == "SavedAnnotation"


def test_a_mistake_of_our_own_is_an_answer_too(image, store, monkeypatch, caplog):
    def slip(*_):
        raise KeyError("bndbox")

    monkeypatch.setattr(store, "write", slip)
    answer = AnnotationSaver().save(request(1, image, store, edit_of(A), None))
    assert isinstance(answer, SaveFailed)
    assert "bndbox" in answer.text
    assert "log file" in answer.text
    assert str(image) in caplog.text


# -- one save after the other ------------------------------------------------------------------------------------------


def test_edits_during_a_save_are_no_conflict_and_keep_the_records_that_it_made(image, store):
    """All three are asked for before the first answer comes: made from what the file said at first."""
    saver = AnnotationSaver()
    seen = store.write(image, IMAGE_HW, edit_of(A).confirmed({}), None)
    records = {0: seen.annotation.records[0]}
    one = edit_of(A).with_objects([B], ["new"])
    two = one.with_objects([C], ["newer"]).without([0])
    three = two.with_label([1], "WBC")
    made = []
    for number, edit in enumerate((one, two, three)):
        answer = saver.save(request(number, image, store, edit, seen, records))
        assert isinstance(answer, SavedAnnotation), answer.text
        asked = store.writes[-1][1].records
        assert len(asked) == len(edit)
        made.append(dict(zip(edit.ids, answer.stored.annotation.records, strict=True)))
        if number:
            known = {**made[number - 1], 2: None} if number == 1 else made[number - 1]
            assert all(record is known[each] for each, record in zip(edit.ids, asked, strict=True))
    assert store.read(image).annotation.says_the_same(three.confirmed({}))


def test_one_answer_later_it_still_fits(image, store):
    """The answer to the first save has come, that to the second has not, as the third is asked for."""
    saver = AnnotationSaver()
    one = edit_of(A).with_objects([B], ["new"])
    first = saver.save(request(1, image, store, edit_of(A), store.read(image)))
    records = {0: first.stored.annotation.records[0]}
    second = saver.save(request(2, image, store, one, first.stored, records))
    third = saver.save(request(3, image, store, one.with_label([1], "x"), first.stored, records))
    assert isinstance(third, SavedAnnotation)
    assert all(
        mine is theirs
        for mine, theirs in zip(store.writes[-1][1].records, second.stored.annotation.records, strict=True)
    )


def test_another_program_between_two_of_our_saves_is_noticed(image, store):
    saver, seen = AnnotationSaver(), store.read(image)
    saver.save(request(1, image, store, edit_of(A), seen))
    PlainStore(store.place).write(image, IMAGE_HW, edit_of(A, B, C).confirmed({}), None)
    assert saver.save(request(2, image, store, edit_of(B), seen)).is_conflict


def test_who_saw_no_file_is_no_stranger_to_the_one_that_was_made_since(image, store):
    saver = AnnotationSaver()
    for number, edit in enumerate((edit_of(A), edit_of(A, B))):
        answer = saver.save(request(number, image, store, edit, Stored(None, store.path_of(image))))
        assert isinstance(answer, SavedAnnotation)
    answer.stored.path.unlink()  # and read again: there is none
    answer = saver.save(request(2, image, store, edit_of(C), Stored(None, store.path_of(image))))
    assert isinstance(answer, SavedAnnotation)


def test_a_record_that_the_asker_has_from_elsewhere_is_left_to_him(image, store):
    saver, seen = AnnotationSaver(), store.read(image)
    saver.save(request(1, image, store, edit_of(A), seen))
    mine = Line("mine")
    saver.save(request(2, image, store, edit_of(B), seen, {0: mine}))
    assert store.writes[-1][1].records == (mine,)


def test_without_ids_the_file_is_known_all_the_same(image, store):
    saver, seen = AnnotationSaver(), store.read(image)
    for number, edit in enumerate((edit_of(A), edit_of(A, B))):
        answer = saver.save(SaveAnnotation(number, image, IMAGE_HW, store, edit.confirmed({}), seen))
        assert isinstance(answer, SavedAnnotation)


def test_what_it_knows_of_images_is_bounded(store, tmp_path):
    saver = AnnotationSaver()
    store.write = lambda image, hw, annotation, seen: store.read(image)
    for number in range(REMEMBERED + 10):
        path = tmp_path / f"{number}.jpg"
        saver.save(request(number, path, store, edit_of(A), store.read(path)))
    assert len(saver._written) == REMEMBERED


# -- what is said ------------------------------------------------------------------------------------------------------


def failure(name, place="/p", conflict=False):
    return SaveFailed(1, Path(place) / name, Path(place), f"'{name}' cannot be written (disk full).", conflict)


def test_a_failing_place_is_said_once_until_it_works():
    once = OneSentence()
    said = text(once.failed(failure("a.jpg")))
    assert "a.jpg is not saved" in said
    assert "disk full" in said
    assert "once" in said
    assert once.failed(failure("a.jpg")) is None
    assert once.failed(failure("b.jpg")) is None
    assert once.failed(failure("c.jpg", "/other")) is not None
    once.succeeded(Path("/p/b.jpg"), Path("/p"))
    assert once.failed(failure("a.jpg")) is not None
    assert once.failed(failure("c.jpg", "/other")) is None


def test_by_hand_it_is_said_each_time():
    once = OneSentence()
    for _ in range(2):
        assert once.failed(failure("a.jpg"), by_hand=True) == failure("a.jpg").message
    assert once.failed(failure("a.jpg")) is None


def test_each_conflict_is_said_also_while_the_place_fails():
    once = OneSentence()
    once.failed(failure("a.jpg"))
    assert once.failed(failure("a.jpg", conflict=True)) is not None
    assert once.failed(failure("a.jpg", conflict=True)) is None
    assert once.failed(failure("b.jpg", conflict=True)) is not None
    once.succeeded(Path("/p/a.jpg"), Path("/p"))
    assert once.failed(failure("a.jpg", conflict=True)) is not None
    assert once.failed(failure("b.jpg", conflict=True)) is None


# -- the saving thread -------------------------------------------------------------------------------------------------


class Gate(PlainStore):
    """Waits in each write until it is let through; two at once are an error."""

    def __init__(self, place):
        super().__init__(place)
        self.began, self.go_on = threading.Semaphore(0), threading.Semaphore(0)
        self.inside = 0

    def write(self, *arguments):
        self.inside += 1
        assert self.inside == 1
        self.began.release()
        assert self.go_on.acquire(timeout=10)
        try:
            return super().write(*arguments)
        finally:
            self.inside -= 1


class Listener(QObject):
    def __init__(self, worker):
        super().__init__()
        self.heard = []
        worker.annotation_saved.connect(self.on_answer)
        worker.annotation_failed.connect(self.on_answer)
        worker.cancelled.connect(self.on_cancelled)

    @Slot(int, object)
    def on_answer(self, number, answer):
        assert QThread.currentThread() is self.thread()
        self.heard.append((number, type(answer).__name__))

    @Slot(int)
    def on_cancelled(self, number):
        self.heard.append((number, "cancelled"))


@pytest.fixture
def worker(qapp):
    worker, thread = SavingWorker(), QThread()
    worker.moveToThread(thread)
    thread.start()
    yield worker
    thread.quit()
    thread.wait()


def objects(call):
    return len(call[1].ground_truth)


def test_the_newest_of_an_image_is_saved_and_what_waited_is_dropped(worker, image, tmp_path, qtbot):
    store, heard = Gate(tmp_path), Listener(worker)
    seen = store.read(image)
    worker.save(request(1, image, store, edit_of(A), seen))
    assert store.began.acquire(timeout=10)
    other = tmp_path / "b.jpg"
    worker.save(request(2, image, store, edit_of(A, B), seen))
    worker.save(request(3, other, store, edit_of(A), store.read(other)))
    worker.save(request(4, image, store, edit_of(A, B, C), seen))
    for _ in range(3):
        store.go_on.release()
    qtbot.waitUntil(lambda: len(heard.heard) == 4)
    assert heard.heard == [(2, "cancelled"), *((number, "SavedAnnotation") for number in (1, 4, 3))]
    assert [(call[0].name, objects(call)) for call in store.writes] == [("a.jpg", 1), ("a.jpg", 3), ("b.jpg", 1)]
    assert store.read(image).annotation.says_the_same(edit_of(A, B, C).confirmed({}))


def test_another_place_is_another_save(worker, image, tmp_path, qtbot):
    """After the format was changed the old file is not left half way."""
    (tmp_path / "other").mkdir()
    one, other, heard = Gate(tmp_path), PlainStore(tmp_path / "other"), Listener(worker)
    worker.save(request(1, image, one, edit_of(A), None))
    assert one.began.acquire(timeout=10)
    worker.save(request(2, image, one, edit_of(A, B), None))
    worker.save(request(3, image, other, edit_of(A, B), None))
    one.go_on.release()
    one.go_on.release()
    qtbot.waitUntil(lambda: len(heard.heard) == 3)
    assert (len(one.writes), len(other.writes)) == (2, 1)


def test_a_failure_is_heard_and_the_next_goes_on(worker, image, store, tmp_path, qtbot):
    heard = Listener(worker)
    worker.save(request(1, tmp_path / "gone" / "a.jpg", PlainStore(tmp_path / "gone"), edit_of(A), None))
    worker.save(request(2, image, store, edit_of(A), None))
    qtbot.waitUntil(lambda: len(heard.heard) == 2)
    assert heard.heard == [(1, "SaveFailed"), (2, "SavedAnnotation")]


def test_all_that_was_asked_for_is_written_when_the_window_closes(qapp, store, tmp_path):
    """The thread has ended before it came to it."""
    worker = SavingWorker()
    heard = Listener(worker)
    for number in range(20):
        worker.save(request(number, tmp_path / f"{number}.jpg", store, edit_of(A), None))
    worker.close()
    worker.finish()
    assert heard.heard == [(number, "SavedAnnotation") for number in range(20)]
    assert len(store.writes) == 20


def test_what_goes_to_one_file_is_written_together(qapp, store, tmp_path, monkeypatch):
    """What was asked for in front of something else stays in front of it."""
    written, real = [], coco_store.write_atomic
    monkeypatch.setattr(coco_store, "write_atomic", lambda *given: written.append(given[0].name) or real(*given))
    coco, worker = CocoStore.new(tmp_path / "c.json"), SavingWorker()
    heard = Listener(worker)

    def ask(number, place):
        path = tmp_path / f"{number}.jpg"
        worker.save(request(number, path, place, edit_of(A), place.read(path)))

    for number in range(REMEMBERED + 50):
        ask(number, coco)
    number += 1
    ask(number, store)
    worker.save(
        request(0, tmp_path / "0.jpg", coco, edit_of(A, B), Stored(None, coco.place))
    )  # in the place of the first
    ask(number + 1, coco)
    worker.close()
    worker.finish()
    assert written == ["c.json", "c.json"]
    assert heard.heard == [(0, "cancelled"), *((each, "SavedAnnotation") for each in range(number + 2))]
    fresh = CocoStore(coco.place)
    assert [len(fresh.read(tmp_path / name).annotation.ground_truth) for name in ("0.jpg", "1.jpg")] == [2, 1]


def test_one_file_that_cannot_be_written_fails_all_and_is_said_once(tmp_path):
    coco = CocoStore.new(tmp_path / "gone" / "c.json")
    paths = [tmp_path / f"{number}.jpg" for number in range(3)] + [tmp_path / "far" / "3.jpg"]
    asked = [request(number, path, coco, edit_of(A), None) for number, path in enumerate(paths)]
    answers = AnnotationSaver().save_all(asked)
    assert [answer.number for answer in answers] == [0, 1, 2, 3]
    assert "No such file or directory" in answers[0].text
    assert answers[3].text == f"There is no folder '{tmp_path / 'far'}' any more."
    once = OneSentence()
    assert [once.failed(answer) is None for answer in answers[:3]] == [False, True, True]


def test_an_edit_whose_proposed_objects_are_left_out(image, store):
    edit = Edit.of(Annotation(truth_of(A))).with_objects([B], ["guess"], proposed=True)
    AnnotationSaver().save(request(1, image, store, edit, None))
    assert len(store.read(image).annotation.ground_truth) == 1
