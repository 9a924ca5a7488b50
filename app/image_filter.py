"""The language in which one asks for images of the list. No Qt.

    "is:unverified RBC>3 or smear -missed=0"  --parse_filter-->  ImageFilter  --admits(ImageFacts)-->  listed or not

    alternative   terms one after the other: all of them hold. Between alternatives stands `or`, or `|`.
    term          a word, a field with its value, or a number to compare; `-` before it turns it round.
    word          is in the name, or begins a word of what the list says of the image. In quotes: signs included.

Not everything is known of every image: the detector has not run, its annotation has not been looked into yet. There a
term says neither yes nor no, and the image is listed neither with it nor with its opposite (Kleene's logic).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from app.image_state import AnnotationState, RunCounts
from app.scene import Message
from app.sentences import say

Need: TypeAlias = Literal["annotation", "counts"]
"""What must be known of an image before a term says anything: its annotation, or what the detector found and missed."""

CONDITIONS: tuple[str, ...] = ("unsaved", "error", "run")
STATES: tuple[str, ...] = ("unverified", "verified", "annotated", "empty", "new", "seen", *CONDITIONS)

RUN_NUMBERS: tuple[str, ...] = ("missed", "false", "found")
NUMBERS: tuple[str, ...] = ("boxes", "proposed", *RUN_NUMBERS)
TEXTS: tuple[str, ...] = ("name", "class", "is")

_SIGNS = {"≥": ">=", "≤": "<=", "≠": "!=", "==": "="}
_OPERATOR = re.compile(r">=|<=|!=|==|[<>=:≥≤≠]")
_SPECIAL = re.compile(r'[\s"|<>=:≥≤≠!]')
_MOST_DIGITS = 12
_SHORTEST = 2
"""One letter is the beginning of too much to suggest something."""


class ImageFacts(NamedTuple):
    """What is known of one image.

    Attributes:
        name: of its file, in lower case.
        said: what the list says of it, in lower case.
        annotation: None while nobody has looked into its file.
        counts: None where the detector has not run, or there is no ground truth to count against.
    """

    name: str
    said: str = ""
    annotation: AnnotationState | None = None
    counts: RunCounts | None = None
    is_run: bool = False
    has_problem: bool = False
    is_unsaved: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of the name, or the beginning of a word of what is said of the image; `only_name`: not of that."""

    word: str
    only_name: bool = False

    @property
    def needs(self) -> Need | None:
        """Nothing."""
        return None

    def holds(self, facts: ImageFacts) -> bool:
        """It is in there."""
        return self.word in facts.name or (not self.only_name and begins_in(self.word, facts.said))


def begins_in(word: str, said: str) -> bool:
    """One of the words of what is said begins like this: "at" is not looked for in "annotated"."""
    return f" {word}" in f" {said}"


@dataclass(frozen=True, slots=True)
class WholeName:
    """The name, or the name without its ending."""

    name: str

    @property
    def needs(self) -> Need | None:
        """Nothing."""
        return None

    def holds(self, facts: ImageFacts) -> bool:
        """That is its name."""
        return self.name in (facts.name, facts.name.rpartition(".")[0])


@dataclass(frozen=True, slots=True)
class Condition:
    """A state that is read from more than the annotation: "unsaved", "error" or "run"."""

    state: str

    @property
    def needs(self) -> Need | None:
        """Whether something cannot be read is only known of an image that was looked into."""
        return "annotation" if self.state == "error" else None

    def holds(self, facts: ImageFacts) -> bool | None:
        """It is in this state."""
        if self.state != "error":
            return facts.is_unsaved if self.state == "unsaved" else facts.is_run
        found = facts.annotation
        if facts.has_problem or (found is not None and found.problem):
            return True
        return None if found is None and not facts.is_run else False


class _OfAnnotation:
    """A test that reads nothing but the annotation."""

    __slots__ = ()

    @property
    def needs(self) -> Need | None:
        """What it is read from."""
        return "annotation"

    def holds(self, facts: ImageFacts) -> bool | None:
        """It is so."""
        return None if facts.annotation is None else self.holds_for(facts.annotation)

    def holds_for(self, found: AnnotationState) -> bool | None:
        """It is so for this annotation; None where that cannot be read."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Being(_OfAnnotation):
    """A state of the annotation: one of `STATES` that is no `Condition`."""

    state: str

    def holds_for(self, found: AnnotationState) -> bool | None:
        """It is in this state."""
        state = self.state
        if state in ("new", "seen"):
            return found.looked_at == (state == "seen")
        if found.problem:
            return None
        if state == "empty":
            return not found.boxes and (found.boxes is not None or found.verified)
        if state == "annotated":
            return found.boxes is not None or found.verified
        return found.verified == (state == "verified")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A number: more, fewer, or as many."""

    operator: str
    number: int

    def holds_for(self, number: int) -> bool:
        """It is so for this number."""
        wanted = self.number
        match self.operator:
            case ">":
                return number > wanted
            case ">=":
                return number >= wanted
            case "<":
                return number < wanted
            case "<=":
                return number <= wanted
            case "!=":
                return number != wanted
        return number == wanted


@dataclass(frozen=True, slots=True)
class BoxCount(_OfAnnotation):
    """How many boxes, or how many proposed ones; an image that nobody annotated has none."""

    field: str
    comparison: Comparison

    def holds_for(self, found: AnnotationState) -> bool | None:
        """There are so many."""
        number = found.proposed if self.field == "proposed" else found.boxes or 0
        return None if found.problem else self.comparison.holds_for(number)


@dataclass(frozen=True, slots=True)
class ClassCount(_OfAnnotation):
    """How many objects of a class; `name` in folded case."""

    name: str
    comparison: Comparison

    def holds_for(self, found: AnnotationState) -> bool | None:
        """There are so many."""
        number = 0
        for name, count in found.classes:
            if name.casefold() == self.name:
                number += count
        return None if found.problem else self.comparison.holds_for(number)


@dataclass(frozen=True, slots=True)
class RunCount:
    """How many objects the detector found or missed, or how many detections are false."""

    field: str
    comparison: Comparison

    @property
    def needs(self) -> Need | None:
        """What it is counted in."""
        return "counts"

    def holds(self, facts: ImageFacts) -> bool | None:
        """There are so many."""
        return None if facts.counts is None else self.comparison.holds_for(getattr(facts.counts, self.field))


AnnotationTest: TypeAlias = Being | BoxCount | ClassCount
Test: TypeAlias = Word | WholeName | Condition | AnnotationTest | RunCount


@dataclass(frozen=True, slots=True)
class Term:
    """A test, or the opposite of one."""

    test: Test
    negated: bool = False

    def admits(self, facts: ImageFacts) -> bool:
        """It is known to be so."""
        found = self.test.holds(facts)
        return found is not None and found != self.negated


@dataclass(frozen=True, slots=True)
class ImageFilter:
    """What an image must be to be listed.

    Attributes:
        alternatives: of one of them, all terms hold.
        problem: what is wrong with what was typed, naming the place; None where it can be read.
    """

    alternatives: tuple[tuple[Term, ...], ...] = ((),)
    problem: Message | None = field(default=None, compare=False)

    @property
    def terms(self) -> tuple[Term, ...]:
        """All of them."""
        return tuple(term for terms in self.alternatives for term in terms)

    @property
    def is_all(self) -> bool:
        """It hides nothing."""
        return any(not terms for terms in self.alternatives)

    @property
    def needs(self) -> frozenset[Need]:
        """What must be known of an image for it to be listed or left out for sure."""
        return frozenset(term.test.needs for term in self.terms if term.test.needs is not None)

    @property
    def is_of_names(self) -> bool:
        """What becomes of an image changes nothing: only names are asked for."""
        return all(isinstance(test, WholeName) or (isinstance(test, Word) and test.only_name) for test in self._tests)

    @property
    def is_of_words(self) -> bool:
        """Nothing but words was typed."""
        return all(isinstance(test, Word) for test in self._tests)

    @property
    def classes(self) -> frozenset[str]:
        """The classes that are asked for, in folded case."""
        return frozenset(test.name for test in self._tests if isinstance(test, ClassCount))

    @property
    def _tests(self) -> tuple[Test, ...]:
        return tuple(term.test for term in self.terms)

    def admits(self, facts: ImageFacts) -> bool:
        """The image is listed."""
        return any(all(term.admits(facts) for term in terms) for terms in self.alternatives)


def parse_filter(typed: str) -> ImageFilter:
    """Read what was typed. Never raises: what cannot be read is in `problem`, and the filter then hides nothing."""
    try:
        return ImageFilter(_Reader(typed).alternatives())
    except _BrokenError as error:
        return ImageFilter(problem=error.message)


class _BrokenError(Exception):
    """A term that cannot be read."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.id)
        self.message = message


class _Reader:
    """Reads terms one after the other; knows the place it is at, and where the term began."""

    def __init__(self, typed: str) -> None:
        self._typed, self._at, self._began = typed, 0, 0

    def alternatives(self) -> tuple[tuple[Term, ...], ...]:
        """All of it."""
        read: list[list[Term]] = [[]]
        between = ""
        while self._skip_space():
            self._began = self._at
            found = self._or(bool(read[-1]))
            if found:
                if not read[-1]:
                    raise self._broken("no_first", operator=found)
                read.append([])
                between = found
            else:
                read[-1].append(self._term())
        if between and not read[-1]:
            raise self._broken("no_term", operator=between)
        return tuple(tuple(terms) for terms in read)

    def _or(self, may_be_word: bool) -> str:
        """Step over what stands between two alternatives. Where nothing stands before it, "or" is a word."""
        found = re.compile(r"\|+|or(?=[\s|]|$)", re.IGNORECASE).match(self._typed, self._at)
        if found is None or (found[0].lower() == "or" and not may_be_word):
            return ""
        self._at = found.end()
        return found[0]

    def _term(self) -> Term:
        negated = False
        while self._typed.startswith("-", self._at):
            negated, self._at = not negated, self._at + 1
        key, is_quoted = self._word(until_operator=True)
        operator = self._operator()
        if not key and not is_quoted:
            if operator:
                raise self._broken("no_key", operator=operator)
            raise self._broken("no_term", operator="-")
        if not operator:
            return Term(Word(key.lower()), negated)
        test, turned = self._field(key, is_quoted, operator)
        return Term(test, negated != turned)

    def _field(self, key: str, is_quoted: bool, operator: str) -> tuple[Test, bool]:
        """A field or a class with its operator; and whether the operator turns it round."""
        name = "" if is_quoted else key.lower()
        if name in NUMBERS:
            comparison = self._comparison("=" if operator == ":" else operator)
            return (RunCount if name in RUN_NUMBERS else BoxCount)(name, comparison), False
        if name not in TEXTS:
            if operator == ":":
                raise self._broken("no_field", field=key)
            return ClassCount(key.casefold(), self._comparison(operator)), False
        if operator not in (":", "=", "!="):
            raise self._broken("no_order", field=name, operator=operator)
        turned = operator == "!="
        what = {"name": "name", "class": "class", "is": "state"}[name]
        if operator != ":":
            self._skip_space()
        value, is_quoted = self._word(until_operator=name == "class")
        if not value and not is_quoted:
            raise self._broken("no_value", operator=operator, what=say(f"images.filter.{what}"))
        if name == "name":
            return (Word(value.lower(), True) if operator == ":" else WholeName(value.lower())), turned
        if name == "is":
            return self._state(value), turned
        more = self._operator()
        comparison = self._comparison("=" if more == ":" else more) if more else Comparison(">", 0)
        return ClassCount(value.casefold(), comparison), turned

    def _state(self, value: str) -> Being | Condition:
        state = value.lower()
        if state not in STATES:
            raise self._broken("no_state", value=value, states=STATES)
        return Condition(state) if state in CONDITIONS else Being(state)

    def _comparison(self, operator: str) -> Comparison:
        self._skip_space()
        value, _ = self._word(until_operator=False)
        if not value:
            raise self._broken("no_number", operator=operator)
        digits = value.replace(",", "")
        if not re.fullmatch(r"[0-9]+", digits):
            raise self._broken("not_number", value=value)
        # Python refuses to read thousands of digits; so many boxes nobody has.
        digits = digits.lstrip("0") or "0"
        return Comparison(operator, int(digits) if len(digits) <= _MOST_DIGITS else 10**_MOST_DIGITS)

    def _word(self, until_operator: bool) -> tuple[str, bool]:
        """Up to the next space that is not in quotes, `|`, or operator; and whether there were quotes.

        A quote that is not closed goes on to the end: it is being typed.
        """
        typed, read, was_quoted, is_open = self._typed, [], False, False
        while self._at < len(typed):
            here = typed[self._at]
            if here == '"' and is_open and typed.startswith('""', self._at):
                read.append('"')
                self._at += 2
                continue
            if here == '"':
                is_open, was_quoted = not is_open, True
            elif not is_open and (
                here.isspace() or here == "|" or (until_operator and _OPERATOR.match(typed, self._at))
            ):
                break
            else:
                read.append(here)
            self._at += 1
        return "".join(read), was_quoted

    def _operator(self) -> str:
        """Step over an operator, "" where there is none; one that compares may stand apart from its field."""
        place = self._at
        has_room = self._skip_space() and self._at > place
        found = _OPERATOR.match(self._typed, self._at)
        if found is None or (has_room and found[0] == ":"):
            self._at = place
            return ""
        self._at = found.end()
        return _SIGNS.get(found[0], found[0])

    def _skip_space(self) -> bool:
        """Go to the next sign; False at the end."""
        while self._at < len(self._typed) and self._typed[self._at].isspace():
            self._at += 1
        return self._at < len(self._typed)

    def _broken(self, reason: str, **values: object) -> _BrokenError:
        term = self._typed[self._began : self._at].strip()
        return _BrokenError(say(f"images.filter.{reason}", term=term, **values))


class Completion(NamedTuple):
    """What may stand instead of a piece of what was typed.

    Attributes:
        start, end: the piece.
        options: whole pieces, the likeliest first.
    """

    start: int
    end: int
    options: tuple[str, ...] = ()


def completion(typed: str, place: int, classes: Iterable[str] = ()) -> Completion:
    """What the term before a place may become; no options where it is whole, or there is none."""
    start = _start_of_term(typed, place)
    piece = typed[start:place]
    sign = piece[: len(piece) - len(piece.lstrip("-"))]
    begun = _plain(piece[len(sign) :])
    if len(begun) < _SHORTEST:
        return Completion(start, place)
    fields = [*(f"{name}:" for name in TEXTS), *(f"{name}>" for name in NUMBERS)]
    whole = [*(f"is:{state}" for state in STATES), *(f"class:{quoted(name)}" for name in classes)]
    if ":" in begun:
        found = [each for each in whole if _plain(each).startswith(begun)]
    else:
        found = [each for each in fields if each.startswith(begun)]
        found += [each for each in whole if _plain(each).partition(":")[2].startswith(begun)]
    return Completion(start, place, tuple(sign + each for each in found if _plain(each) != begun))


def _plain(piece: str) -> str:
    return piece.replace('"', "").lower()


def _start_of_term(typed: str, place: int) -> int:
    start, is_open = 0, False
    for at, sign in enumerate(typed[:place]):
        if sign == '"':
            is_open = not is_open
        elif not is_open and (sign.isspace() or sign == "|"):
            start = at + 1
    return start


def quoted(word: str) -> str:
    """A word as the language takes it whole: in quotes where it has spaces or signs."""
    if word and not _SPECIAL.search(word) and not word.startswith("-"):
        return word
    doubled = word.replace('"', '""')
    return f'"{doubled}"'


HELP: tuple[tuple[str, str], ...] = (
    ("smear", "images.help.words"),
    ("smear is:new", "images.help.several"),
    ("is:new or boxes=0", "images.help.or"),
    ("-smear", "images.help.not"),
    ('"a = b"', "images.help.quotes"),
    ("name:smear", "images.help.name"),
    ("class:RBC", "images.help.class"),
    ("RBC>3", "images.help.class_count"),
    ("boxes>=10", "images.help.boxes"),
    ("missed>0", "images.help.run"),
    *((f"is:{state}", f"images.help.is.{state}") for state in STATES),
)
"""Examples, each with the message that says what it asks for."""
