"""One element of a COCO file as text: where its values stand, how it is spelled, and how one like it is written.

Positions are bytes. An element is looked at as Latin-1, in which a byte is a character: what stands in JSON between the
strings is ASCII, and the strings themselves are not touched here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple, NoReturn

import numpy as np

from detector.boxes import Floats
from detector.datasets.splicing import splice

_DECODER: Any = json.JSONDecoder(strict=False)  # NaN and raw line ends are kept where they are, like all we do not know
_SCAN: Callable[[str, int], tuple[Any, int]] = _DECODER.scan_once
_SPACE = re.compile(r"[ \t\n\r]*")
_KEY = re.compile(r'[ \t\n\r]*("(?:[^"\\]|\\.)*")[ \t\n\r]*:[ \t\n\r]*', re.DOTALL)
_COMMA = re.compile(r"[ \t\n\r]*,")
NUMBER = re.compile(r"[-+0-9.eE]+")


class BadElementError(ValueError):
    """An element that is JSON, but not what it should be; the message goes on after 'annotation 7'."""


class Member(NamedTuple):
    """One key of an object and its value; `key_at`, `at` and `end` are where the key, the value and its end stand."""

    key: str
    key_at: int
    at: int
    end: int
    value: Any


class Element:
    """An object of the file, found out about as far as its own keys go.

    Raises:
        ValueError: where it is no JSON object (a RecursionError where it is nested too deeply).
    """

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.text = raw.decode("latin-1")
        self.members = members_of(self.text)
        self._last = {each.key: each for each in self.members}  # of a key given twice all readers take the last

    def get(self, key: str) -> Any:
        """The value of a key, None where it is not there."""
        found = self._last.get(key)
        if found is None:
            return None
        if isinstance(found.value, str):
            return json.loads(self.raw[found.at : found.end].decode(), strict=False)
        return found.value

    def member(self, key: str) -> Member | None:
        """The key with its place."""
        return self._last.get(key)

    def changed(self, values: Mapping[str, str]) -> bytes:
        """The element with some values spelled anew; keys that it lacks come last, in its own style."""
        changes = []
        style = Style.of(self)
        last = self.members[-1].end if self.members else 1
        comma = style.comma if self.members else style.open
        for key, text in values.items():
            there = self._last.get(key)
            if there is not None:
                changes.append((there.at, there.end, text.encode()))
            else:
                changes.append((last, last, f"{comma}{json.dumps(key)}{style.colon}{text}".encode()))
                comma = style.comma
        return splice(self.raw, changes)


def members_of(text: str) -> list[Member]:
    """The keys of a JSON object and their values, in order.

    Raises:
        ValueError: where the text is not one JSON object and nothing else.
    """
    found: list[Member] = []
    place = _after(text, 0, "{")
    if _next(text, place) == "}":
        _end(text, _after(text, place, "}"))
        return found
    while True:
        start = _KEY.match(text, place) or _no_key(text, place)
        key_at, at = start.start(1), start.end()
        key, _ = _value(text, key_at)
        value, place = _value(text, at)
        found.append(Member(key, key_at, at, place, value))
        comma = _COMMA.match(text, place)
        if comma is None:
            _end(text, _after(text, place, "}"))
            return found
        place = comma.end()


def _no_key(text: str, place: int) -> NoReturn:
    """Say what stands where a key and a colon should."""
    key_at = _skip(text, place)
    if text[key_at : key_at + 1] != '"':
        raise _broken(text, key_at, "a key in quotes")
    _, place = _value(text, key_at)
    _after(text, place, ":")
    raise _broken(text, key_at, "a key")


def _value(text: str, place: int) -> tuple[Any, int]:
    try:
        return _SCAN(text, place)
    except StopIteration as stop:
        raise _broken(text, int(stop.value), "a value") from None


def _skip(text: str, place: int) -> int:
    return _SPACE.match(text, place).end()  # type: ignore[union-attr]  # matches nothing too


def _next(text: str, place: int) -> str:
    place = _skip(text, place)
    return text[place : place + 1]


def _after(text: str, place: int, mark: str) -> int:
    place = _skip(text, place)
    if text[place : place + 1] != mark:
        raise _broken(text, place, f"'{mark}'")
    return place + 1


def _end(text: str, place: int) -> None:
    if _skip(text, place) != len(text):
        raise _broken(text, _skip(text, place), "the end")


def _broken(text: str, place: int, expected: str) -> json.JSONDecodeError:
    return json.JSONDecodeError(f"{expected} should stand here", text, place)


@dataclass(frozen=True, slots=True)
class Style:
    """How an element is spelled: what stands between its parts, and between the numbers of its bbox."""

    open: str = ""
    comma: str = ", "
    colon: str = ": "
    close: str = ""
    list_open: str = ""
    list_comma: str = ", "
    list_close: str = ""
    lists_masks: bool = False

    @classmethod
    def of(cls, element: Element) -> Style:
        """That of an element; the usual one for what it does not show."""
        text, members = element.text, element.members
        if not members:
            return cls()
        first = members[0]
        key_end = first.key_at + len(text[first.key_at : first.at].rstrip(": \t\n\r"))
        # The text ends with the closing bracket.
        style = {
            "open": text[1 : first.key_at], "colon": text[key_end : first.at], "close": text[members[-1].end : -1],
            "comma": text[first.end : members[1].key_at] if len(members) > 1 else ", ",
        }  # fmt: skip
        box = element.member("bbox")
        tokens = list(NUMBER.finditer(text, box.at, box.end)) if box is not None else []
        if box is not None and len(tokens) == 4:
            style["list_open"] = text[box.at + 1 : tokens[0].start()]
            style["list_comma"] = text[tokens[0].end() : tokens[1].start()]
            style["list_close"] = text[tokens[3].end() : box.end - 1]
        return cls(**style, lists_masks="segmentation" in element._last)

    def object(self, members: Iterable[tuple[str, str]]) -> str:
        """An object of keys and the text of their values."""
        inner = self.comma.join(f"{json.dumps(key)}{self.colon}{text}" for key, text in members)
        return f"{{{self.open}{inner}{self.close}}}"

    def numbers(self, texts: Sequence[str]) -> str:
        """A list of numbers."""
        return f"[{self.list_open}{self.list_comma.join(texts)}{self.list_close}]"


def spelled(value: float) -> str:
    """The shortest text that reads back as the same double: 12, not 12.0."""
    text = repr(float(value))
    return text[:-2] if text.endswith(".0") else text


def shortest(value: np.float32) -> Decimal:
    """The shortest decimal that reads back as the same float32: 0.1, not 0.10000000149."""
    return Decimal(np.format_float_positional(value, trim="-"))


def extent(low: float, low_text: Decimal, high: np.float32) -> float:
    """The width from a written low side to a high side: low + width, rounded to float32, is the high side again."""
    width = float(shortest(high) - low_text)
    return width if np.float32(low + width) == high else float(high) - low


def xywh_of(box: Floats) -> list[float]:
    """A float32 xyxy box as COCO writes it, in doubles; reading it gives the same float32 box."""
    x, y = shortest(box[0]), shortest(box[1])
    return [float(x), float(y), extent(float(x), x, box[2]), extent(float(y), y, box[3])]


def area_of(width: float, height: float) -> float:
    """Width times height without the noise of binary fractions: 37.8 x 20.1 is 759.78."""
    return float(abs(Decimal(repr(width)) * Decimal(repr(height))))
