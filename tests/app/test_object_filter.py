"""What the list of objects shows, and what can be chosen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.object_filter import OUTCOMES, ObjectFilter, choices_of, kind_name
from app.scene import ObjectRow, Ref, Role
from app.sentences import say
from app.wording import text
from detector.trace import FALSE_POSITIVES, Cause

KINDS = (
    *(f"missed.{cause}" for cause in Cause if cause is not Cause.UNKNOWN_CLASS),
    *(f"false_positive.{kind}" for kind in FALSE_POSITIVES),
    "not_counted.difficult", "not_counted.crowd", "not_counted.unknown_class", "found", "pending", "not_run",
)  # fmt: skip


def row(kind, label="RBC", number=0):
    name = say("text", text=f"{label} {number}")
    wrong = kind.startswith(("missed", "false_positive"))
    return ObjectRow(Ref("object", number), name, name, Role.MISSED, wrong, kind, label)


ROWS = (
    row("missed.nms"), row("missed.nms", "WBC"), row("missed.background"), row("false_positive.background", "WBC"),
    row("found"), row("found"), row("found", "WBC"), row("not_counted.crowd"),
)  # fmt: skip


def shown(chosen):
    return [ROWS.index(each) for each in ROWS if chosen.admits(each)]


@pytest.mark.parametrize(
    ("chosen", "places"),
    [
        (ObjectFilter(), [0, 1, 2, 3, 4, 5, 6, 7]),
        (ObjectFilter("missed"), [0, 1, 2]),
        (ObjectFilter("missed.nms"), [0, 1]),
        (ObjectFilter("missed.nms", "WBC"), [1]),
        (ObjectFilter("", "WBC"), [1, 3, 6]),
        (ObjectFilter("false_positive"), [3]),
        (ObjectFilter("not_counted"), [7]),
        (ObjectFilter("missed.top_n"), []),
        (ObjectFilter("found", "Platelets"), []),
    ],
)
def test_outcome_cause_and_class(chosen, places):
    assert shown(chosen) == places
    assert chosen.is_all == (len(places) == len(ROWS))


def test_something_wrong_can_pass_unless_the_outcome_is_another():
    admits = {kind: ObjectFilter(kind).admits_wrong for kind in ("", "missed", "missed.nms", "false_positive.class")}
    assert all(admits.values())
    assert not any(ObjectFilter(kind).admits_wrong for kind in ("found", "not_counted", "not_counted.crowd", "not_run"))
    assert ObjectFilter("", "RBC").admits_wrong


def test_the_choices_and_their_counts():
    found = choices_of(ROWS, ObjectFilter())
    assert [(text(each.name), each.num_rows) for each in found.outcomes] == [
        ("All", 8), ("Missed", 3), ("False positives", 1), ("Found", 3), ("Not counted", 1),
    ]  # fmt: skip
    assert [(text(each.name), each.num_rows) for each in found.causes] == [
        ("Missed · Suppressed in detection NMS", 2),
        ("Missed · Class score too low", 1),
        ("False positive · On background", 1),
        ("Not counted (crowd)", 1),
    ]
    assert [(text(each.name), each.num_rows) for each in found.classes] == [
        ("All classes", 8), ("RBC", 5), ("WBC", 3),
    ]  # fmt: skip


def test_a_chosen_class_holds_for_the_counts_of_outcomes_and_the_other_way_round():
    found = choices_of(ROWS, ObjectFilter("missed", "WBC"))
    assert [each.num_rows for each in found.outcomes] == [3, 1, 1, 1, 0]
    assert [(text(each.name), each.num_rows) for each in found.classes] == [("All classes", 3), ("RBC", 2), ("WBC", 1)]
    assert found.outcomes[1].filter == ObjectFilter("missed", "WBC")
    assert found.outcomes[0].filter == ObjectFilter("", "WBC")
    assert found.classes[0].filter == ObjectFilter("missed", "")
    assert [each.is_chosen for each in found.outcomes] == [False, True, False, False, False]
    assert [each.is_chosen for each in found.classes] == [False, False, True]


def test_what_is_chosen_can_be_chosen_also_where_it_does_not_occur():
    found = choices_of(ROWS, ObjectFilter("missed.top_n", "Platelets"))
    chosen = [each for part in found for each in part if each.is_chosen]
    assert [(text(each.name), each.num_rows) for each in chosen] == [
        ("Missed · Below pre-NMS top-n", 0),
        ("Platelets", 0),
    ]


@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from("abc"))),
    st.sampled_from(("", *OUTCOMES, *KINDS)),
    st.sampled_from(("", "a", "d")),
)
def test_every_count_is_what_would_be_listed(pairs, kind, label):
    rows = [row(*pair, number) for number, pair in enumerate(pairs)]
    chosen = ObjectFilter(kind, label)
    found = choices_of(rows, chosen)
    for part in found:
        for choice in part:
            assert choice.num_rows == sum(choice.filter.admits(each) for each in rows)
            assert choice.is_chosen == (choice.filter == chosen)
    # every row is in one outcome, and in one class
    assert sum(each.num_rows for each in found.outcomes[1:]) == found.outcomes[0].num_rows
    assert sum(each.num_rows for each in found.classes[1:]) == found.classes[0].num_rows


def test_every_kind_of_row_has_a_name():
    names = {text(kind_name(kind)) for kind in KINDS}
    assert len(names) == len(KINDS)
    assert not [name for name in names if "." in name]
    assert text(ObjectFilter("missed.nms", "RBC").name) == "Missed · Suppressed in detection NMS · RBC"
    assert text(ObjectFilter("", "RBC").name) == "RBC"
