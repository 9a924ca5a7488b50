"""What a YOLO data.yaml says of classes and splits, read without a YAML library, and its list of classes made longer.

Of YAML only what such files hold is read: a mapping at the left margin whose values are words, lists of words or
mappings of numbers to words, in brackets or line by line. Every other key is stepped over, unread. Each word keeps its
place in the text, so that a class is added by inserting a few characters: comments, order and spelling of all the rest
stay as they were. Tags, anchors and aliases are refused: nothing is built, and nothing can grow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn, TypeAlias

from detector.datasets.errors import DatasetError

LARGEST_BYTES = 1_000_000
"""A larger data.yaml is none; the longest class lists in use have some ten thousand names."""

_KEY = re.compile(r"""("[^"\\\n]*"|'[^'\n]*'|\w[\w.\- ]{0,99}?)[ ]{0,99}:(?=[ \t\n]|\Z)""")
_NUMBER_KEY = re.compile(r"""(?:(\d{1,9})|"(\d{1,9})"|'(\d{1,9})')[ ]*:(?=[ \t\n]|\Z)""")
_SPACE = re.compile(r"[ \t]*")
_INDENT = re.compile(r" *")
_GAP = re.compile(r"(?:[ \t\n]|(?:(?<=[ \t\n])|\A)#[^\n]*)*")  # space, line ends and comments
_FLOW_PLAIN = re.compile(r"[^,\[\]{}#\n:]+(?:(?:(?<![ \t])#|:(?![ \t\n,\]}]))[^,\[\]{}#\n:]*)*")
_BLOCK_PLAIN = re.compile(r"[^#\n]*(?:(?<![ \t])#[^#\n]*)*")
_SINGLE = re.compile(r"'((?:[^'\n]|'')*)'")
_DOUBLE = re.compile(r'"((?:[^"\\\n]|\\[^\n])*)"')
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b"}
_ESCAPES |= {each: each for each in ' "/\\'} | {"N": "\x85", "_": "\xa0"}
_NOT_YAML = re.compile(r"[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_IN_A_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_PLAIN_NAME = re.compile(r"[A-Za-z](?:[\w \-./()+]*[\w\-./()+])?", re.ASCII)
_WORDS_WITH_A_MEANING = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}

Shape: TypeAlias = Literal["word", "list", "mapping", "block list", "block mapping"]


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the file, and the characters of the text that it stands at."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Value:
    """What a key has: one word, or several.

    Attributes:
        shape: how it is written; "list" and "mapping" are those in brackets.
        words: those of a mapping in the order of the file.
        numbers: of a mapping: the number of each word.
        start: where the value begins: its bracket, or the first line of a block.
    """

    shape: Shape
    words: tuple[Word, ...]
    start: int
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class DataYaml:
    """A data.yaml.

    Attributes:
        path: the file.
        text: all of it, as it was, less a byte order mark.
        values: what could be read, by key; other keys are there with None.
    """

    path: Path
    text: str
    values: dict[str, Value | None]

    def word(self, key: str) -> str | None:
        """The one word of a key; None where it has none.

        Raises:
            DatasetError: where it has a list.
        """
        value = self.values.get(key)
        if value is None:
            return None
        if value.shape != "word":
            _refuse(self.path, self.text, value.start, f"'{key}' is a list, where one word is expected")
        return value.words[0].text

    def words(self, key: str) -> tuple[str, ...]:
        """The words of a key, which may be one; () where there is none.

        Raises:
            DatasetError: where it has a mapping.
        """
        value = self.values.get(key)
        if value is None:
            return ()
        if value.numbers:
            _refuse(self.path, self.text, value.start, f"'{key}' is a mapping, where words are expected")
        return tuple(each.text for each in value.words)

    def classes(self) -> tuple[str, ...] | None:
        """The names of the classes by number; where only `nc` is given, class_0 and so on; None without both.

        Raises:
            DatasetError: with the line: no list, a number missing or twice, a name that is empty.
        """
        value = self.values.get("names")
        if value is None:
            if "names" in self.values:
                raise DatasetError(f"'{self.path}' has no classes below 'names'.")
            count = self._count()
            return None if count is None else tuple(f"class_{number}" for number in range(count))
        if value.shape == "word":
            _refuse(self.path, self.text, value.start, "'names' is no list of classes")
        numbers = value.numbers if "mapping" in value.shape else tuple(range(len(value.words)))
        named: dict[int, str] = {}
        for number, word in zip(numbers, value.words, strict=True):
            if number in named:
                _refuse(self.path, self.text, word.start, f"the class {number} is named twice")
            if not is_class_name(word.text):
                _refuse(self.path, self.text, word.start, f"the class {number} has no name that can be used")
            named[number] = word.text
        missing = next((number for number in range(len(named)) if number not in named), None)
        if missing is not None:
            _refuse(self.path, self.text, value.start, f"'names' has no class {missing}")
        return tuple(named[number] for number in range(len(named)))

    def numbers_after_the_box(self) -> int | None:
        """How many numbers the key points of `kpt_shape` add to each line; None where there are none."""
        value = self.values.get("kpt_shape")
        if value is None or len(value.words) != 2 or not all(re.fullmatch(r"\d{1,4}", w.text) for w in value.words):
            return None
        return int(value.words[0].text) * int(value.words[1].text)

    def with_classes(self, added: tuple[str, ...]) -> str:
        """The text with classes added behind the last one; `nc` follows where it was right.

        Raises:
            DatasetError: where the list is written in a way that cannot be added to.
        """
        value = self.values.get("names")
        known = self.classes()
        if value is None or known is None or not (value.words or value.shape in ("list", "mapping")):
            raise DatasetError(f"'{self.path}' has no list 'names' that a class could be added to.")
        edits = [_insertion(self.text, value, len(known), added)]
        count = self.values.get("nc")
        if count is not None and count.shape == "word" and count.words[0].text == str(len(known)):
            word = count.words[0]
            edits.append((word.start, word.end, str(len(known) + len(added))))
        text = self.text
        for start, end, new in sorted(edits, reverse=True):
            text = text[:start] + new + text[end:]
        if parse_data_yaml(self.path, text).classes() != (*known, *added):
            raise DatasetError(f"'{self.path}' has a list 'names' that a class cannot be added to.")
        return text

    def _count(self) -> int | None:
        count = self.word("nc")
        if count is None:
            return None
        if not re.fullmatch(r"\d{1,5}", count):
            place = self.values["nc"].start  # type: ignore[union-attr]  # it has a word
            _refuse(self.path, self.text, place, f"'nc' is '{count[:40]}', which is no number of classes")
        return int(count)


def is_class_name(name: str) -> bool:
    """Whether a class list can hold a name: on one line, with no space around it."""
    return bool(name) and name == name.strip() and not _NOT_IN_A_NAME.search(name)


def name_as_yaml(name: str) -> str:
    """A class name as it is written: quoted where a bare word would mean something else."""
    if _PLAIN_NAME.fullmatch(name) and name.lower() not in _WORDS_WITH_A_MEANING:
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def read_data_yaml(path: Path) -> DataYaml:
    """Read a data.yaml.

    Raises:
        DatasetError: one sentence with the file and the line.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise DatasetError(f"'{path}' is too large for a data.yaml: over {LARGEST_BYTES // 1_000_000} MB.")
        data = path.read_bytes()
    except FileNotFoundError:
        raise DatasetError(f"There is no file '{path}'.") from None
    except OSError as error:
        raise DatasetError(f"'{path}' cannot be read ({error.strerror or error}).") from None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DatasetError(f"'{path}' line {line}: this is no UTF-8 text.") from None
    return parse_data_yaml(path, text.removeprefix("\ufeff"))


def parse_data_yaml(path: Path, text: str) -> DataYaml:
    """What a text says; the file is only named.

    Raises:
        DatasetError: one sentence with the file and the line.
    """
    return DataYaml(path, text, _Reader(path, text).read())


def _refuse(path: Path, text: str, place: int, what: str) -> NoReturn:
    line = text.count("\n", 0, place) + 1
    raise DatasetError(f"'{path}' line {line}: {what}.")


def _insertion(text: str, value: Value, count: int, added: tuple[str, ...]) -> tuple[int, int, str]:
    """Where (start, end) to put what; `count` classes are there."""
    written = [name_as_yaml(name) for name in added]
    if "mapping" in value.shape:
        written = [f"{count + row}: {name}" for row, name in enumerate(written)]
    if not value.shape.startswith("block"):
        place = value.words[-1].end if value.words else value.start + 1
        return place, place, (", " if value.words else "") + ", ".join(written)
    line_end = text.find("\n", value.words[-1].end)
    indent = _match(_INDENT, text, text.rfind("\n", 0, value.words[-1].start) + 1)[0]
    mark = "" if "mapping" in value.shape else "- "
    end = "\r\n" if "\r\n" in text else "\n"
    lines = [f"{indent}{mark}{each}" for each in written]
    if line_end < 0:
        return len(text), len(text), "".join(end + each for each in lines)
    return line_end + 1, line_end + 1, "".join(each + end for each in lines)


def _match(pattern: re.Pattern[str], text: str, place: int) -> re.Match[str]:
    """For patterns that also match nothing."""
    found = pattern.match(text, place)
    assert found is not None
    return found


class _Reader:
    """Walks the text once, from key to key."""

    def __init__(self, path: Path, text: str) -> None:
        # Places must be those of the text with its own line ends; a \r is a space before the \n for all that reads.
        self._path, self._text = path, re.sub(r"\r(?=\n)", " ", text)

    def read(self) -> dict[str, Value | None]:
        found: dict[str, Value | None] = {}
        place = self._begin()
        while (place := self._next_line(place)) < len(self._text):
            key_at = _KEY.match(self._text, place)
            if key_at is None:
                self._refuse(place, "there is no 'key:' at the left margin")
            key = key_at[1].strip("\"'")
            if key in found:
                self._refuse(place, f"the key '{key[:40]}' stands here a second time")
            found[key], place = self._value(key_at.end())
        return found

    def _refuse(self, place: int, what: str) -> NoReturn:
        _refuse(self._path, self._text, place, what)

    def _begin(self) -> int:
        if strange := _NOT_YAML.search(self._text):
            self._refuse(strange.start(), f"the character {strange[0]!a} has no place in YAML")
        begin = re.match(r"(?:[ \t]*(?:#[^\n]*)?\n|%[^\n]*\n)*---[ \t]*(?:#[^\n]*)?(?:\n|\Z)", self._text)
        return begin.end() if begin else 0

    def _next_line(self, place: int) -> int:
        """The next line that says something; it must stand at the left margin."""
        place = self._gap(place)
        if place < len(self._text) and self._column(place) > 0:
            self._refuse(place, "this does not belong to the key above it")
        return place

    def _column(self, place: int) -> int:
        return place - (self._text.rfind("\n", 0, place) + 1)

    def _gap(self, place: int) -> int:
        return _match(_GAP, self._text, place).end()

    def _value(self, place: int) -> tuple[Value | None, int]:
        place = _match(_SPACE, self._text, place).end()
        letter = self._text[place : place + 1]
        if letter and letter in "&*!":
            self._refuse(place, "tags, anchors and aliases of YAML are not read")
        if letter in ("[", "{"):
            return self._flow(place)
        if letter in ("|", ">"):
            return None, self._past_block(place)
        if letter in ("", "\n", "#"):
            return self._block(place)
        word = self._word(place, _BLOCK_PLAIN)
        end = self._line_end(word.end)
        if self._is_indented(end):  # a text of several lines, which no key that is read has
            return None, self._past_block(place)
        empty = self._text[place] not in "\"'" and word.text in ("~", "null", "Null", "NULL")
        return (None if empty else Value("word", (word,), place)), end

    def _line_end(self, place: int) -> int:
        """The end of a line that says no more."""
        place = self._after_spaces_and_comment(place)
        if place < len(self._text) and self._text[place] != "\n":
            self._refuse(place, "this does not belong behind a value")
        return place

    def _after_spaces_and_comment(self, place: int) -> int:
        end = _match(_SPACE, self._text, place).end()
        if self._text[end : end + 1] == "#" and self._text[end - 1] in " \t":
            stop = self._text.find("\n", end)
            return len(self._text) if stop < 0 else stop
        return end

    def _is_indented(self, place: int) -> bool:
        """Whether the next line that says something is indented."""
        after = self._gap(place)
        return after < len(self._text) and self._column(after) > 0

    def _past_block(self, place: int) -> int:
        """Where the next key begins: the first line at the left margin that is neither empty nor a comment."""
        while (line := self._text.find("\n", place) + 1) > 0:
            if self._text[line : line + 1] not in ("", " ", "\t", "\n", "#"):
                return line
            place = line
        return len(self._text)

    def _flow(self, place: int) -> tuple[Value | None, int]:
        """A list or mapping in brackets; one that holds others is stepped over."""
        is_list, start = self._text[place] == "[", place
        words: list[Word] = []
        numbers: list[int] = []
        place = self._gap(place + 1)
        while self._text[place : place + 1] != ("]" if is_list else "}"):
            if self._text[place : place + 1] in ("[", "{"):
                return None, self._line_end(self._past_brackets(start))
            if not is_list:
                key = _NUMBER_KEY.match(self._text, place)
                if key is None:
                    return None, self._line_end(self._past_brackets(start))
                numbers.append(int(key[1] or key[2] or key[3]))
                place = self._gap(key.end())
                if self._text[place : place + 1] in ("[", "{"):
                    return None, self._line_end(self._past_brackets(start))
            words.append(self._word(place, _FLOW_PLAIN))
            place = self._gap(words[-1].end)
            if self._text[place : place + 1] == ",":
                place = self._gap(place + 1)
            elif self._text[place : place + 1] != ("]" if is_list else "}"):
                self._refuse(min(place, len(self._text) - 1), "a list in brackets is not closed")
        shape: Shape = "list" if is_list else "mapping"
        return Value(shape, tuple(words), start, tuple(numbers)), self._line_end(place + 1)

    def _past_brackets(self, start: int) -> int:
        """The end of what a bracket opens; without recursion, so no depth is too deep."""
        depth, place = 0, start
        while place < len(self._text):
            letter = self._text[place]
            quoted = (_SINGLE if letter == "'" else _DOUBLE).match(self._text, place) if letter in "\"'" else None
            place = quoted.end() if quoted else place + 1
            depth += (letter in "[{") - (letter in "]}")
            if depth == 0:
                return place
        return self._refuse(start, "a list in brackets is not closed")

    def _block(self, place: int) -> tuple[Value | None, int]:
        """The lines below a key: `- word` each, or `number: word` each; anything else is stepped over."""
        begin = self._gap(self._line_end(place))
        indent = self._column(begin) if begin < len(self._text) else 0
        is_list = self._text[begin : begin + 2] in ("- ", "-\n", "-")
        if begin >= len(self._text) or (indent == 0 and not is_list):
            return None, begin
        words: list[Word] = []
        numbers: list[int] = []
        at = begin
        while at < len(self._text) and self._column(at) >= indent and (indent or self._text[at] == "-"):
            start = self._block_item(at, indent, is_list, numbers)
            if start is None:
                return None, self._past_list(begin) if is_list and not indent else self._past_block(begin)
            words.append(self._word(start, _BLOCK_PLAIN))
            at = self._gap(self._line_end(words[-1].end))
        shape: Shape = "block list" if is_list else "block mapping"
        return Value(shape, tuple(words), begin, tuple(numbers)), at

    def _block_item(self, at: int, indent: int, is_list: bool, numbers: list[int]) -> int | None:
        """Where the word of a line begins; None where it is no such line."""
        if self._column(at) != indent:
            return None
        if is_list:
            start = at + 1 if self._text[at : at + 2] in ("- ", "-\n", "-") else None
        else:
            key = _NUMBER_KEY.match(self._text, at)
            start = key.end() if key else None
            if key:
                numbers.append(int(key[1] or key[2] or key[3]))
        if start is None:
            return None
        start = _match(_SPACE, self._text, start).end()
        begins = self._text[start : start + 2]
        return None if begins == "- " or begins[:1] in ("[", "{", "|", ">") else start

    def _past_list(self, place: int) -> int:
        while (place := self._past_block(place)) < len(self._text) and self._text[place] == "-":
            pass
        return place

    def _word(self, place: int, plain: re.Pattern[str]) -> Word:
        letter = self._text[place : place + 1]
        if letter == '"' and (found := _DOUBLE.match(self._text, place)):
            return Word(_ESCAPE.sub(self._unescaped, found[1]), place, found.end())
        if letter == "'" and (found := _SINGLE.match(self._text, place)):
            return Word(found[1].replace("''", "'"), place, found.end())
        if letter and letter in "\"'":
            self._refuse(place, "a quoted word is not closed on its line")
        if letter and letter in "&*!":
            self._refuse(place, "tags, anchors and aliases of YAML are not read")
        if letter and letter in "%@`,]}":
            self._refuse(place, f"a word cannot begin with '{letter}'")
        bare = plain.match(self._text, place)
        text = bare[0].rstrip() if bare else ""
        if not text or re.search(r":(?:[ \t]|\Z)", text):
            self._refuse(min(place, max(len(self._text) - 1, 0)), "a word is missing, or a ':' stands in it")
        return Word(text, place, place + len(text))

    def _unescaped(self, found: re.Match[str]) -> str:
        code = found[1]
        if len(code) == 1:
            return _ESCAPES.get(code, code)
        number = int(code[1:], 16)
        return chr(number) if number < 0x110000 else "\ufffd"
