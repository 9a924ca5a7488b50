"""When is what saved. The clock is not waited for: its timer is told that its time is over."""

from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from PySide6.QtCore import QObject, Slot

from app.autosave import DELAY_MS, Autosave

A, B = Path("a.jpg"), Path("b.jpg")


class Listener(QObject):
    def __init__(self, autosave):
        super().__init__()
        self.heard = []
        autosave.save_wanted.connect(self.on_wanted)

    @Slot(object)
    def on_wanted(self, path):
        self.heard.append(path)

    def new(self):
        found, self.heard = self.heard, []
        return found


@pytest.fixture
def autosave(qapp):
    return Autosave()


@pytest.fixture
def heard(autosave):
    return Listener(autosave)


def tick(autosave):
    """The timer's time is over, if it runs."""
    if autosave.timer.isActive():
        autosave.timer.stop()
        autosave.timer.timeout.emit()


def test_an_edit_is_saved_after_a_while(autosave, heard):
    autosave.edited(A)
    assert (autosave.timer.isActive(), autosave.timer.isSingleShot(), autosave.timer.interval()) == (True, True, 600)
    assert DELAY_MS == 600
    assert heard.new() == []
    assert autosave.unsaved == (A,)
    tick(autosave)
    assert heard.new() == [A]
    assert not autosave.timer.isActive()
    assert autosave.unsaved == (A,)  # until it is
    autosave.saved(A)
    assert autosave.unsaved == ()


def test_the_clock_runs_from_the_first_edit(autosave, heard, monkeypatch):
    """One who never stops editing is saved all the same."""
    starts = []
    monkeypatch.setattr(autosave.timer, "start", lambda: starts.append(1))
    monkeypatch.setattr(autosave.timer, "isActive", lambda: bool(starts))
    for _ in range(5):
        autosave.edited(A)
    assert len(starts) == 1


def test_all_images_that_were_changed_are_saved_in_the_order_of_their_edits(autosave, heard):
    for path in (B, A, B):
        autosave.edited(path)
    tick(autosave)
    assert heard.new() == [B, A]


def test_an_edit_while_its_image_is_being_saved_is_saved_too(autosave, heard):
    autosave.edited(A)
    tick(autosave)
    autosave.edited(A)
    autosave.saved(A)  # what was wanted before the second edit
    assert autosave.unsaved == (A,)
    tick(autosave)
    assert heard.new() == [A, A]
    autosave.saved(A)
    assert autosave.unsaved == ()


def test_leaving_an_image_saves_it_at_once(autosave, heard):
    autosave.edited(A)
    autosave.edited(B)
    autosave.leave(A)
    assert heard.new() == [A]
    assert autosave.timer.isActive()  # for the other
    autosave.leave(A)  # is being saved already
    autosave.leave(Path("unchanged.jpg"))
    assert heard.new() == []
    autosave.leave(B)
    assert heard.new() == [B]
    assert not autosave.timer.isActive()


def test_by_hand_one_or_all_are_saved_at_once(autosave, heard):
    autosave.edited(A)
    autosave.edited(B)
    autosave.save_now(B)
    assert heard.new() == [B]
    autosave.save_now()
    assert heard.new() == [A]
    autosave.save_now()
    assert heard.new() == []


def test_switched_off_only_the_hand_saves(autosave, heard):
    autosave.edited(A)
    autosave.set_on(False)
    assert (autosave.is_on, autosave.timer.isActive()) == (False, False)
    autosave.edited(B)
    autosave.leave(A)
    autosave.timer.timeout.emit()
    assert heard.new() == []
    autosave.save_now(A)
    assert heard.new() == [A]
    autosave.saved(A)
    autosave.set_on(True)
    tick(autosave)
    assert heard.new() == [B]


def test_nothing_is_saved_during_a_drag(autosave, heard):
    autosave.edited(A)
    autosave.pause()
    autosave.timer.stop()
    autosave.timer.timeout.emit()
    autosave.leave(A)
    autosave.save_now(A)
    assert heard.new() == []
    autosave.resume()
    assert heard.new() == [A]


def test_a_drag_longer_than_the_clock_is_followed_by_a_save(autosave, heard):
    autosave.edited(A)
    autosave.pause()
    tick(autosave)
    assert heard.new() == []
    autosave.resume()
    tick(autosave)
    assert heard.new() == [A]


def test_what_failed_is_tried_again_at_the_next_occasion_and_not_without_end(autosave, heard):
    autosave.edited(A)
    tick(autosave)
    autosave.failed(A)
    assert not autosave.timer.isActive()
    assert autosave.unsaved == (A,)
    autosave.edited(B)
    tick(autosave)
    autosave.failed(A)
    assert heard.new() == [A, A, B]
    autosave.leave(A)
    autosave.failed(A)
    autosave.save_now()
    assert heard.new() == [A, A]


def test_an_older_answer_hides_no_failure(autosave):
    for _ in range(2):
        autosave.edited(A)
        tick(autosave)
    autosave.saved(A)
    autosave.failed(A)
    assert autosave.unsaved == (A,)


def test_what_fails_at_once_starts_no_clock(autosave):
    autosave.save_wanted.connect(autosave.failed)
    autosave.edited(A)
    tick(autosave)
    assert not autosave.timer.isActive()
    assert autosave.unsaved == (A,)


def test_what_was_undone_needs_no_save(autosave, heard):
    autosave.edited(A)
    autosave.settle(A)
    tick(autosave)
    autosave.save_now()
    assert heard.new() == []


class Hand(RuleBasedStateMachine):
    """Against a model: the number of each image's newest edit, of the newest wanted, and of the newest saved."""

    paths = st.sampled_from([A, B])

    def __init__(self):
        super().__init__()
        self.autosave = Autosave()
        self.autosave.save_wanted.connect(self.on_wanted)
        self.edits, self.under_way, self.in_file = {A: 0, B: 0}, {A: [], B: []}, {A: 0, B: 0}
        self.may = True

    def on_wanted(self, path):
        assert self.may
        self.under_way[path].append(self.edits[path])

    @rule(path=paths)
    def edit(self, path):
        self.edits[path] += 1
        self.autosave.edited(path)

    @rule(path=paths)
    def leave(self, path):
        self.autosave.leave(path)

    @rule(path=paths, saved=st.booleans())
    def answer(self, path, saved):
        if not self.under_way[path]:
            return
        number = self.under_way[path].pop(0)
        if saved:
            self.in_file[path] = number
            self.autosave.saved(path)
        else:
            self.autosave.failed(path)

    @rule(may=st.booleans())
    def drag(self, may):
        self.may = may
        (self.autosave.resume if may else self.autosave.pause)()

    @rule()
    def time(self):
        tick(self.autosave)

    @rule(on=st.booleans())
    def switch(self, on):
        self.autosave.set_on(on)

    @invariant()
    def nothing_is_forgotten(self):
        for path in (A, B):
            if not self.under_way[path] and self.in_file[path] != self.edits[path]:
                assert path in self.autosave.unsaved

    def teardown(self):
        self.drag(True)
        while any(self.under_way.values()):
            for path in (A, B):
                self.answer(path, True)
        self.autosave.save_now()
        for path in (A, B):
            while self.under_way[path]:
                self.answer(path, True)
        assert self.in_file == self.edits
        assert self.autosave.unsaved == ()


@pytest.mark.usefixtures("qapp")
class TestHand(Hand.TestCase):
    settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
