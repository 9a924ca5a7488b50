"""The language in which one asks for images of the list. No Qt.

    "is:unverified RBC>3 or smear -missed=0"  --parse_filter-->  ImageFilter  --admits(ImageFacts)-->  listed or not

    alternative   terms one after the other: all of them hold. Between alternatives stands `or`, or `|`.
    term          a word, a field with its value, or a number to compare; `-` before it turns it round.
    word          is in the name, or begins a word of what the list says of the image. In quotes: signs included.

What the terms mean stands in `app.image_terms`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from app.image_terms import (
    CONDITIONS,
    NUMBERS,
    RUN_NUMBERS,
    STATES,
    Being,
    BoxCount,
    ClassCount,
    Comparison,
    Condition,
    ImageFacts,
    Need,
    RunCount,
    Term,
    Test,
    WholeName,
    Word,
)
from app.scene import Message
from app.sentences import say

TEXTS: tuple[str, ...] = ("name", "class", "is")

_SIGNS = {"≥": ">=", "≤": "<=", "≠": "!=", "==": "="}
_OPERATOR = re.compile(r">=|<=|!=|==|[<>=:≥≤≠]")
_OR = re.compile(r"\|+|or(?=[\s|]|$)", re.IGNORECASE)
_MOST_DIGITS = 12


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
        found = _OR.match(self._typed, self._at)
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
