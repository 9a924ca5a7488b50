"""Every way of changing the objects of an image, worked by hand; and thousands of them undone and done again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.annotating import Copied
from app.canvas.box_changes import moved
from app.copies import cut_to
from app.document import Document
from app.edit import FLAGS, Edit, pasted
from app.jobs import ModelChoice
from app.sentences import say
from app.state import State
from app.undo_flow import UndoFlow
from app.window import MainWindow
from detector.datasets.annotation import Annotation, Stored
from detector.ground_truth import GroundTruth
from tests.helpers.annotations import Line, truth_of

IMAGE_HW = (80, 100)
A, B, C = (10.0, 20.0, 30.0, 50.0), (0.0, 0.0, 100.0, 80.0), (40.25, 40.5, 60.75, 70.125)


@pytest.fixture
def three():
    """cat #1, a difficult dog #2, cat #3 that is cut off; their ids are 0, 1, 2."""
    truth = truth_of(
        A, B, C, labels=["cat", "dog", "cat"], difficult=[False, True, False], truncated=[False, False, True]
    )
    return Edit.of(Annotation(truth))


def said(edit):
    """By id: box, class, flags, proposed, locked."""
    return {
        each: (
            tuple(edit.truth.boxes[row].tolist()),
            edit.truth.labels[row],
            {flag for flag in FLAGS if getattr(edit.truth, flag)[row]},
            each in edit.proposed,
            each in edit.locked,
        )
        for row, each in enumerate(edit.ids)
    }


# What there is


def test_of_a_file_the_ids_count_from_0(three):
    assert (three.ids, three.next_id, len(three)) == ((0, 1, 2), 3, 3)
    assert three.is_annotated
    assert not three.verified
    assert three.proposed == three.locked == frozenset()
    assert said(three) == {
        0: (A, "cat", set(), False, False),
        1: (B, "dog", {"difficult"}, False, False),
        2: (C, "cat", {"truncated"}, False, False),
    }


def test_an_image_that_nobody_annotated_has_no_ground_truth():
    nobody = Edit.of(None)
    assert (len(nobody), nobody.is_annotated, nobody.ground_truth) == (0, False, None)
    # One that is known to hold nothing has some: no object. So has one that a person has found to hold none.
    assert len(Edit.of(Annotation.empty()).ground_truth) == 0
    assert len(nobody.with_verified(True).ground_truth) == 0
    # A first object makes it annotated; without it again it is as it was.
    drawn = nobody.with_objects([A], ["cat"])
    assert len(drawn.ground_truth) == 1
    assert drawn.without([0]).ground_truth is None


def test_verified_is_what_the_file_says():
    assert Edit.of(Annotation(GroundTruth.empty(), verified=True)).verified


def test_an_object_is_found_by_its_id(three):
    left = three.without([0])
    assert [left.row_of(each) for each in (0, 1, 2, 99)] == [-1, 0, 1, -1]
    assert left.rows_of([2, 0, 1]) == [0, 1]  # in the order of the list


def test_as_many_ids_as_objects(three):
    with pytest.raises(ValueError, match="3 objects need as many ids, not 2"):
        Edit(three.truth, (0, 1))


# Changes


def test_more_objects_come_last_and_take_the_next_ids(three):
    more = three.with_objects([A, C], ["bird", "cat"], flags={"crowd": [True, False]})
    assert more.ids == (0, 1, 2, 3, 4)
    assert more.next_id == 5
    assert said(more)[3] == (A, "bird", {"crowd"}, False, False)
    assert said(more)[4] == (C, "cat", set(), False, False)
    assert {each: said(more)[each] for each in (0, 1, 2)} == said(three)
    assert (three.ids, three.next_id) == ((0, 1, 2), 3)  # an Edit never changes


def test_no_more_objects_are_none(three):
    assert three.with_objects([], []).same_as(three)


def test_proposed_objects_are_not_written(three):
    more = three.with_objects([A, C], ["bird", "cat"], proposed=True)
    assert more.proposed == {3, 4}
    assert more.proposed_rows == {3, 4}
    assert more.confirmed_ids == (0, 1, 2)
    records = {0: Line("zero"), 2: Line("two")}
    confirmed = more.confirmed(records)
    assert confirmed.says_the_same(Annotation(three.truth))
    assert confirmed.records == (records[0], None, records[2])
    accepted = more.with_accepted([4])
    assert accepted.proposed == {3}
    assert accepted.confirmed_ids == (0, 1, 2, 4)
    assert accepted.confirmed({4: Line("four")}).records[3].name == "four"


def test_what_is_proposed_comes_last_and_is_no_ground_truth(three):
    more = three.with_objects([A, C], ["bird", "cat"], proposed=True)
    assert (more.num_accepted, more.proposals.labels) == (3, ("bird", "cat"))
    assert more.ground_truth.labels == ("cat", "dog", "cat")
    assert more.ground_truth is more.ground_truth
    drawn = more.with_objects([B], ["zebra"])
    assert drawn.ids == (0, 1, 2, 5, 3, 4)
    assert drawn.new_ids(more) == (5,)
    assert {each: said(drawn)[each] for each in more.ids} == said(more)
    accepted = drawn.with_accepted([4])
    assert (accepted.ids, accepted.proposed_rows) == ((0, 1, 2, 5, 4, 3), {5})
    assert accepted.ground_truth.labels == ("cat", "dog", "cat", "zebra", "cat")
    assert accepted.ground_truth.boxes[4].tolist() == list(C)


def test_only_proposed_objects_do_not_make_an_image_annotated():
    proposed = Edit.of(None).with_objects([A], ["cat"], proposed=True)
    assert proposed.ground_truth is None
    assert len(proposed.with_accepted([0]).ground_truth) == 1


def test_an_id_that_was_deleted_is_never_given_again(three):
    left = three.without([2, 0])
    assert left.ids == (1,)
    assert said(left) == {1: said(three)[1]}
    again = left.with_objects([A], ["cat"])
    assert again.ids == (1, 3)
    assert again.without([3]).with_objects([A], ["cat"]).ids == (1, 4)


def test_what_is_deleted_is_neither_proposed_nor_locked_any_more(three):
    more = three.with_objects([A], ["cat"], proposed=True).with_lock([0, 3], True)
    left = more.without([0, 3, 77])
    assert (left.ids, left.proposed, left.locked) == ((1, 2), frozenset(), frozenset())


def test_boxes_by_id_accept_what_is_proposed(three):
    more = three.with_objects([A, B], ["cat", "cat"], proposed=True)
    changed = more.with_boxes({2: (1.0, 2.0, 3.0, 4.0), 4: (5.0, 6.0, 7.0, 8.0)})
    assert said(changed)[2] == ((1, 2, 3, 4), "cat", {"truncated"}, False, False)
    assert said(changed)[4] == ((5, 6, 7, 8), "cat", set(), False, False)
    assert said(changed)[3] == said(more)[3]  # still proposed
    assert said(changed)[0] == said(three)[0]
    assert said(more)[2][0] == C
    with pytest.raises(ValueError, match="not in tuple"):
        three.with_boxes({99: A})


def test_a_class_by_id_accepts_what_is_proposed(three):
    more = three.with_objects([A], ["cat"], proposed=True)
    changed = more.with_label([1, 3, 99], "bird")
    assert changed.truth.labels == ("cat", "bird", "cat", "bird")
    assert changed.proposed == frozenset()
    assert said(changed)[1] == (B, "bird", {"difficult"}, False, False)


def test_flags_by_id(three):
    changed = three.with_flag([0, 2], "difficult", True).with_flag([2], "truncated", False)
    assert [said(changed)[each][2] for each in (0, 1, 2)] == [{"difficult"}, {"difficult"}, {"difficult"}]
    assert three.with_flag([1], "crowd", True).truth.crowd.tolist() == [False, True, False]


def test_locks_by_id(three):
    locked = three.with_lock([0, 2], True)
    assert (locked.locked, locked.locked_rows) == ({0, 2}, {0, 2})
    assert locked.with_lock([2], False).locked == {0}
    assert not locked.same_as(three)


def test_the_same_is_what_looks_the_same(three):
    assert three.same_as(Edit.of(Annotation(three.truth)))
    assert not three.same_as(three.with_verified(True))
    assert not three.same_as(three.without([1]))
    # The same boxes as other objects: what their file says of them is not the same.
    assert not three.same_as(three.without([2]).with_objects([C], ["cat"], flags={"truncated": [True]}))


# Pasting


edges = st.integers(-20, 120).map(float)
boxes_anywhere = st.builds(
    lambda x, y, w, h: (x, y, x + w, y + h), edges, edges, st.integers(1, 40), st.integers(1, 40)
)


def test_pasted_boxes_keep_their_place_where_it_is_free():
    assert pasted([A, C], [B], IMAGE_HW) == [A, C]


def test_pasted_boxes_are_shifted_together_until_none_lies_upon_another():
    # A is taken, so both go 10 down and right; there another lies, so 20.
    assert pasted([A, (40.25, 30.5, 60.75, 60.0)], [A], IMAGE_HW) == [(20, 30, 40, 60), (50.25, 40.5, 70.75, 70)]
    taken = [A, (20.0, 30.0, 40.0, 60.0)]
    assert pasted([A], taken, IMAGE_HW) == [(30, 40, 50, 70)]


def test_pasted_boxes_are_cut_to_the_image():
    assert pasted([(90.0, 70.0, 120.0, 95.0), A], [], IMAGE_HW) == [(90, 70, 100, 80), A]


def test_pasting_again_and_again_lays_no_box_upon_another():
    """Also once the shifted box is cut: [10, 10, 110, 90] and [20, 20, 120, 100] end at the edge of the image."""
    taken = [B]
    for shift in (10.0, 20.0, 30.0):
        (placed,) = pasted([B], taken, IMAGE_HW)
        assert placed == (shift, shift, 100, 80)
        taken.append(placed)


def test_a_box_in_the_lower_right_corner_can_be_duplicated():
    """There is no room for 10 px down and right: 10 px up and left there is."""
    for corner in ((92.0, 71.0, 100.0, 80.0), (85.0, 60.0, 98.0, 75.0)):
        assert pasted([corner], [corner], IMAGE_HW) == [tuple(value - 10 for value in corner)]


@given(st.lists(boxes_anywhere, min_size=1, max_size=3), st.lists(boxes_anywhere, max_size=6))
def test_what_is_pasted_lies_in_the_image_and_on_nothing(boxes, taken):
    boxes = [each.box for each in cut_to([Copied(box, "RBC") for box in boxes], IMAGE_HW)]
    placed = pasted(boxes, taken, IMAGE_HW)
    assert len(placed) == len(boxes)
    for x1, y1, x2, y2 in placed:
        assert 0 <= x1 < x2 <= 100
        assert 0 <= y1 < y2 <= 80
    assert not set(placed) & set(taken)


def test_boxes_that_reach_from_edge_to_edge_go_each_by_itself():
    boxes = [(0.0, 0.0, 1.0, 1.0), (0.0, 70.0, 1.0, 71.0)]  # 10 down the second is out, 10 up the first
    assert pasted(boxes, boxes[:1], IMAGE_HW) == [(10.0, 10.0, 11.0, 11.0), (0.0, 70.0, 1.0, 71.0)]


# Verified


def test_what_a_person_has_changed_is_not_what_was_verified(three):
    before = three.with_verified(True)
    for after in (
        before.without([0]),
        before.with_boxes({0: C}),
        before.with_label([0], "dog"),
        before.with_flag([0], "crowd", True),
        before.with_objects([A], ["cat"]),
    ):
        assert after.verified
        assert not after.judged_since(before).verified


def test_what_the_file_does_not_say_keeps_it_verified(three):
    before = three.with_verified(True)
    proposed = before.with_objects([A], ["cat"], proposed=True)
    for after in (before.with_lock([0], True), proposed, before.with_boxes({0: A})):
        assert after.judged_since(before) is after
    assert not proposed.with_accepted([3]).judged_since(proposed).verified
    # It is verified by this very change.
    assert three.without([0]).with_verified(True).judged_since(three).verified


# Undo and redo


class Bench:
    """The flow and the state as the program has them, without threads; and what the file says of each object."""

    def __init__(self, window):
        self.state = State(ModelChoice("fake"))
        self.state.view.workspace = "annotate"  # in Inspect no step of ground truth is undone
        image = np.zeros((*IMAGE_HW, 3), np.uint8)
        truth = truth_of(A, B, C, labels=["cat", "dog", "cat"])
        self.records = (Line("first"), Line("second"), Line("third"))
        stored = Stored(Annotation(truth, self.records), Path("a.xml"), (1, 1))
        self.state.open(Document(Path("a.png"), image, truth, stored=stored))
        self.undo = UndoFlow(window, self.state, window)
        self.undo.document_stepped.connect(self.state.edit)

    @property
    def edit(self):
        return self.state.document.objects

    def change(self, after, *, goes_on=False):
        self.undo.change_document(after, say("undo.moved", what="box"), goes_on=goes_on)

    def written(self):
        """What a save would write, and by which record each object is known."""
        to_write = self.state.session.to_write
        return [
            (None if record is None else record.name, each)
            for record, each in zip(to_write.records, self.edit.confirmed_ids, strict=True)
        ]


@pytest.fixture
def bench(qtbot):
    window = MainWindow()
    qtbot.addWidget(window)
    return Bench(window)


NAMES = {0: "first", 1: "second", 2: "third"}
whole = st.integers(0, 90).map(float)
new_boxes = st.builds(lambda x, y, w, h: (x, y, x + w, y + h), whole, whole, st.integers(1, 30), st.integers(1, 30))
few = st.lists(st.integers(0, 12), max_size=4)
labels = st.sampled_from(["cat", "dog", "bird"])
operations = st.one_of(
    st.tuples(st.just("draw"), new_boxes, labels, st.booleans()),
    st.tuples(st.just("delete"), few),
    st.tuples(st.just("box"), few, new_boxes),
    st.tuples(st.just("label"), few, labels),
    st.tuples(st.just("flag"), few, st.sampled_from(FLAGS), st.booleans()),
    st.tuples(st.just("accept"), few),
    st.tuples(st.just("lock"), few, st.booleans()),
    st.tuples(st.just("verify"), st.booleans()),
    st.tuples(st.just("nudge"), few, st.integers(-3, 3), st.integers(-3, 3)),
    st.tuples(st.just("undo")),
    st.tuples(st.just("undo")),
    st.tuples(st.just("redo")),
)


def take(bench, operation):
    name, *values = operation
    edit, undo = bench.edit, bench.undo
    if name in ("undo", "redo"):
        getattr(undo, name)()
        return
    ids = [edit.ids[place % len(edit)] for place in values[0]] if len(edit) and isinstance(values[0], list) else []
    if name == "draw":
        box, label, proposed = values
        bench.change(edit.with_objects([box], [label], proposed=proposed))
    elif name == "delete":
        bench.change(edit.without(ids))
    elif name == "box":
        bench.change(edit.with_boxes(dict.fromkeys(ids, values[1])))
    elif name == "label":
        bench.change(edit.with_label(ids, values[1]))
    elif name == "flag":
        bench.change(edit.with_flag(ids, *values[1:]))
    elif name == "accept":
        bench.change(edit.with_accepted(ids))
    elif name == "lock":
        bench.change(edit.with_lock(ids, values[1]))
    elif name == "verify":
        bench.change(edit.with_verified(values[0]))
    else:
        boxes = {each: tuple(edit.truth.boxes[edit.row_of(each)].tolist()) for each in ids}
        bench.change(edit.with_boxes(moved(boxes, *values[1:], None)), goes_on=True)


def check(bench, seen):
    """No id stands for two objects; what the file says of an object stays with it."""
    edit = bench.edit
    assert len(set(edit.ids)) == len(edit)
    assert all(each < edit.next_id for each in edit.ids)
    assert edit.proposed | edit.locked <= set(edit.ids)
    assert edit.proposed == set(edit.ids[edit.num_accepted :])
    for row, each in enumerate(edit.ids):
        if each in NAMES or each in seen:
            continue
        seen[each] = tuple(edit.truth.boxes[row].tolist())
    if bench.state.session is not None:
        for name, each in bench.written():
            assert name == NAMES.get(each)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(operations, min_size=40, max_size=40))
def test_a_thousand_random_edits_are_undone_and_done_again_exactly(bench, taken):
    """25 times 40 of them."""
    bench.state.sessions.end(Path("a.png"))
    start, seen = bench.edit, {}
    for operation in taken:
        take(bench, operation)
        check(bench, seen)
    # Forward, so that what was undone stands, too; each state on the way back is met again on the way forth.
    while bench.undo.next_redo is not None:
        bench.undo.redo()
    states = [bench.edit]
    while bench.undo.next_undo is not None:
        bench.undo.undo()
        check(bench, seen)
        states.append(bench.edit)
    assert bench.edit.same_as(start)
    assert bench.edit.ids == (0, 1, 2)
    for expected in reversed(states[:-1]):
        bench.undo.redo()
        assert bench.edit.same_as(expected)
    assert bench.undo.next_redo is None
    assert bench.edit.same_as(states[0])


def test_a_thousand_edits_in_one_line_of_steps(bench):
    """None is forgotten, however long one works on an image."""
    start = bench.edit
    for place in range(1000):
        bench.change(bench.edit.with_objects([(place % 50, 0, place % 50 + 10, 10)], ["cat"]))
    end = bench.edit
    assert len(end) == 1003
    for _ in range(1000):
        bench.undo.undo()
    assert bench.undo.next_undo is None
    assert bench.edit.same_as(start)
    for _ in range(1000):
        bench.undo.redo()
    assert bench.edit.same_as(end)


def test_a_new_edit_after_undo_takes_no_id_that_was_used(bench):
    """A save may know the object that was taken back by its id: the next one is another object."""
    bench.change(bench.edit.with_objects([A], ["cat"]))
    assert bench.edit.ids == (0, 1, 2, 3)
    bench.state.session.saved(
        bench.edit, Stored(Annotation(bench.edit.truth, (*bench.records, Line("drawn"))), Path("a.xml"), (2, 2))
    )
    bench.undo.undo()
    bench.change(bench.edit.with_objects([C], ["dog"]))
    # Other boxes, another class: it is not the object that the file knows.
    assert bench.written()[-1][0] is None
    assert bench.edit.ids[-1] != 3


def test_the_objects_of_another_that_one_does_not_have():
    theirs = Edit.of(None).with_objects([(0, 0, 10, 10)], ["cat"])
    mine = Edit.of(None).with_objects(
        [(1, 0, 11, 10), (50, 50, 60, 60)], ["cat", "cat"], flags={"crowd": [False, True]}
    )
    mine = mine.with_objects([(80, 80, 90, 90)], ["dog"], proposed=True)
    both = theirs.with_objects_of(mine)
    assert both.truth.boxes.tolist() == [[0, 0, 10, 10], [50, 50, 60, 60], [80, 80, 90, 90]]
    assert both.truth.labels == ("cat", "cat", "dog")
    assert both.truth.crowd.tolist() == [False, True, False]
    assert (both.ids, both.proposed) == ((0, 1, 2), {2})
