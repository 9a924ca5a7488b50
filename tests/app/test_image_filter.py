"""The language of the list: what a filter admits, what it says of what it cannot read, what it suggests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.image_filter import ImageFilter, parse_filter
from app.image_state import AnnotationState, RunCounts
from app.image_suggestions import HELP, completion, quoted
from app.image_terms import NUMBERS, STATES, ImageFacts
from app.sentences import say
from app.wording import text

SEEN = {"looked_at": True}
IMAGES = {
    "blank": ImageFacts("blank.png"),  # nothing is known of it
    "new": ImageFacts("new_1.png", annotation=AnnotationState()),
    "seen": ImageFacts("smear 2.png", annotation=AnnotationState(**SEEN)),
    "empty": ImageFacts("a=b.png", annotation=AnnotationState(0, **SEEN)),
    "three": ImageFacts("or.jpg", annotation=AnnotationState(3, (("RBC", 2), ("white cell", 1)), proposed=4, **SEEN)),
    "right": ImageFacts(
        "smear_12.png", "24 found", AnnotationState(12, (("RBC", 12),), True, True), RunCounts(11, 1, 0), is_run=True
    ),
    "void": ImageFacts("-minus.png", annotation=AnnotationState(0, (), True, True), is_unsaved=True),
    "broken": ImageFacts("broken.png", "cannot be read", AnnotationState(problem="?"), has_problem=True),
    "run": ImageFacts("run_3.png", "31 detections", is_run=True),
}
ALL = set(IMAGES)


def admitted(typed):
    read = parse_filter(typed)
    assert read.problem is None, text(read.problem)
    return {name for name, facts in IMAGES.items() if read.admits(facts)}


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("", ALL),
        ("   ", ALL),
        ("SMEAR", {"seen", "right"}),
        ("smear 12", {"right"}),
        ('"smear 2"', {"seen"}),
        ("found", {"right"}),
        ("name:found", set()),
        ("name:smear", {"seen", "right"}),
        ("name=new_1", {"new"}),
        ("name=new_1.png", {"new"}),
        ("name=new", set()),
        ("name != new_1", ALL - {"new"}),
        ('"a=b"', {"empty"}),
        ("or", {"three"}),
        ('smear "or"', set()),
        ('"-minus"', {"void"}),
        ("class:rbc", {"three", "right"}),
        ("class=RBC", {"three", "right"}),
        ("class:RB", set()),
        ('class:"White Cell"', {"three"}),
        ("class!=RBC", {"new", "seen", "empty", "void"}),
        ("RBC>2", {"right"}),
        ("class:RBC>2", {"right"}),
        ("class:RBC=2", {"three"}),
        ('"white cell">=1', {"three"}),
        ("RBC = 0", {"new", "seen", "empty", "void"}),
        ("boxes>10", {"right"}),
        ("boxes:3", {"three"}),
        ("boxes=0", {"new", "seen", "empty", "void"}),
        ("boxes != 0", {"three", "right"}),
        ("boxes≤3 boxes≥1", {"three"}),
        ("boxes<1,000", {"new", "seen", "empty", "three", "right", "void"}),
        (f"boxes<{'9' * 5000}", {"new", "seen", "empty", "three", "right", "void"}),
        ("proposed>0", {"three"}),
        ("is:verified", {"right", "void"}),
        ("is:unverified", {"new", "seen", "empty", "three"}),
        ("-is:unverified", {"right", "void"}),
        ("--is:verified", {"right", "void"}),
        ("is:empty", {"empty", "void"}),
        ("is:annotated", {"empty", "three", "right", "void"}),
        ("is:new", {"new", "broken"}),
        ("is=seen", {"seen", "empty", "three", "right", "void"}),
        ("is:unsaved", {"void"}),
        ("-is:unsaved", ALL - {"void"}),
        ("is:error", {"broken"}),
        ("-is:error", ALL - {"broken", "blank"}),
        ("is:run", {"right", "run"}),
        ("missed>0", {"right"}),
        ("-missed>0", set()),
        ("missed=0", set()),
        ("found>=11 false=0", {"right"}),
        ("is:run or is:empty", {"right", "run", "empty", "void"}),
        ("is:run|is:empty", {"right", "run", "empty", "void"}),
        ("is:seen smear OR is:verified -smear", {"seen", "right", "void"}),
        ('name:"smear 2', {"seen"}),  # a quote that is still open
    ],
)
def test_what_is_admitted(typed, names):
    assert admitted(typed) == names


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("smear missed>", "missed>: a number is missing after '>'"),
        ("missed> or smear", "missed> or: 'or' is not a whole number"),
        ("boxes>=x smear", "boxes>=x: 'x' is not a whole number"),
        ("boxes>1.5", "boxes>1.5: '1.5' is not a whole number"),
        ("boxes=-1", "boxes=-1: '-1' is not a whole number"),
        ("class:RBC>", "class:RBC>: a number is missing after '>'"),
        ("class:", "class:: the name of a class is missing after ':'"),
        ("name= ", "name=: a piece of a name is missing after '='"),
        ("is:", "is:: a state is missing after ':'"),
        (
            "-is:verifed",
            "-is:verifed: 'verifed' is not a state; the states are "
            "unverified, verified, annotated, empty, new, seen, unsaved, error, run",
        ),
        ("12:30", "12:: '12' is not a field; to search for it in names, put it in quotes"),
        ("name>3", "name>: 'name' takes ':' or '=', not '>'"),
        ("smear or", "or: a term is missing after 'or'"),
        ("a | | b", "|: a term is missing before '|'"),
        ("| b", "|: a term is missing before '|'"),
        ("smear -", "-: a term is missing after '-'"),
        (">3", ">: a class or a field is missing before '>'"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(typed, sentence):
    read = parse_filter(typed)
    assert text(read.problem) == sentence
    assert read.is_all


def test_what_a_filter_needs_to_know():
    needs = {
        typed: set(parse_filter(typed).needs)
        for typed in ("smear", "is:run is:unsaved", "missed>0", "is:new", "RBC>3 or false=0", "is:error")
    }
    assert needs == {
        "smear": set(),
        "is:run is:unsaved": set(),
        "missed>0": {"counts"},
        "is:new": {"annotation"},
        "RBC>3 or false=0": {"annotation", "counts"},
        "is:error": {"annotation"},
    }
    assert parse_filter("class:RBC wbc>1 -class:x").classes == {"rbc", "wbc", "x"}
    assert parse_filter("name:a -name=b").is_of_names
    assert not parse_filter("a").is_of_names  # the state is looked through as well
    assert parse_filter("a -b").is_of_words
    assert ImageFilter().is_all


PIECES = st.sampled_from(
    [*'-|"<>=!:≥≤ ', "or", "is:", "name:", "class:", "RBC", "3", "1,2", "²", "٣", "\n", "\x00", "é", *STATES, *NUMBERS]
)
TYPED = st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=12).map("".join))
FACTS = st.builds(
    ImageFacts,
    st.sampled_from(["a.png", "rbc 3.jpg", ""]),
    st.sampled_from(["", "2 missed"]),
    st.none()
    | st.builds(
        AnnotationState,
        st.none() | st.integers(0, 4),
        st.lists(st.tuples(st.sampled_from(["RBC", "wbc"]), st.integers(1, 3)), max_size=2).map(tuple),
        st.booleans(),
        st.booleans(),
        st.integers(0, 2),
        st.sampled_from(["", "broken"]),
    ),
    st.none() | st.builds(RunCounts, *[st.integers(0, 3)] * 3),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


@given(TYPED, FACTS)
def test_anything_may_be_typed(typed, facts):
    read = parse_filter(typed)
    if read.problem is not None:
        assert text(read.problem) != read.problem.id
        assert read.is_all
    read.admits(facts)
    completion(typed, len(typed) // 2, ("RBC", "white cell"))


TERMS = st.sampled_from(
    ["a", "name:rbc", "name=a", "class:rbc", "RBC>1", "class:wbc<=2", *(f"is:{state}" for state in STATES)]
    + [f"{name}{sign}1" for name in NUMBERS for sign in ("<", "<=", "=", "!=", ">=", ">")]
)


@given(TERMS, FACTS)
def test_the_opposite_is_the_complement_among_what_is_known(typed, facts):
    (term,), (opposite,) = parse_filter(typed).terms, parse_filter(f"-{typed}").terms
    if term.test.holds(facts) is None:
        assert not term.admits(facts)
        assert not opposite.admits(facts)
        assert term.test.needs is not None
    else:
        assert term.admits(facts) != opposite.admits(facts)
    assert parse_filter(f"--{typed}") == parse_filter(typed)


@given(TERMS, TERMS, TERMS, FACTS)
def test_terms_are_joined_by_and_before_or(one, two, three, facts):
    a, b, c = (parse_filter(each).admits(facts) for each in (one, two, three))
    assert parse_filter(f"{one} {two} or {three}").admits(facts) == ((a and b) or c)
    assert parse_filter(f"{one}|{two} {three}").admits(facts) == (a or (b and c))


@given(st.text(min_size=1, max_size=12))
def test_a_quoted_class_is_read_as_it_is(name):
    read = parse_filter(f"class:{quoted(name)}")
    assert read.problem is None
    assert read.classes == {name.casefold()}


@pytest.mark.parametrize(
    ("typed", "options"),
    [
        ("", ()),
        ("s", ()),
        ("is", ("is:",)),
        ("is:v", ("is:verified",)),
        ("smear -is:un", ("-is:unverified", "-is:unsaved")),
        ("is:verified", ()),
        ("bo", ("boxes>",)),
        ("unv", ("is:unverified",)),
        ("rb", ("class:RBC",)),
        ("class:", ("class:RBC", 'class:"white cell"', 'class:"-odd"')),
        ("class:w", ('class:"white cell"',)),
        ('class:"wh', ('class:"white cell"',)),
        ("fal|mis", ("missed>",)),
    ],
)
def test_what_is_suggested(typed, options):
    found = completion(typed, len(typed), ("RBC", "white cell", "-odd"))
    assert found.options == options
    for option in options:
        value = "new" if option == "is:" else "1" if option[-1] in ":>" else ""
        assert parse_filter(typed[: found.start] + option + value).problem is None


def test_a_suggestion_replaces_only_the_term_before_the_cursor():
    found = completion("smear is:v boxes>3", len("smear is:v"))
    assert (found.start, found.end, found.options) == (6, 10, ("is:verified",))


def test_all_examples_of_the_help_can_be_read_and_are_explained():
    assert [example for example, _ in HELP if parse_filter(example).problem is not None] == []
    assert [message for _, message in HELP if text(say(message)) == message] == []
