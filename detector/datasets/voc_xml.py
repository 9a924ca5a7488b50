"""An XML file as its bytes: where each element stands, so that one value is changed and all else stays as it is.

A tree made of the file and written out again would lose comments, quotes, line ends and white space. So the file stays
what it is, and the tree says only where things are. Positions are those of the file in UTF-8; a file in another
encoding is turned into UTF-8 for the work and back again.
"""

from __future__ import annotations

import codecs
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError  # the type only; every file is parsed by defusedxml
from xml.sax.saxutils import escape

import defusedxml
from defusedxml.ElementTree import XMLParser

from detector.datasets.annotation import Stamp
from detector.datasets.errors import DatasetError
from detector.datasets.splicing import Change

_LARGEST_MB = 64
"""Larger files are refused: 100,000 objects take 25 MB."""

_DEPTH = 4
"""Levels that are kept, which VOC needs: annotation, object, bndbox, xmin. What is below is passed over."""

_DECLARED = re.compile(rb"""<\?xml\s[^>]*?\bencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']""")
_WIDE = (  # how a file begins, its byte order mark, its encoding
    (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\x00", b"", "utf-16-le"),
    (b"\x00<", b"", "utf-16-be"),
)
_UNKNOWN = "xmlcharrefreplace"
"""What becomes of a character that an encoding lacks."""

_START_TAG = re.compile(rb"""<(?:[^"'>]++|"[^"]*+"|'[^']*+')*+>""")
_PIECE = re.compile(rb"<!--.*?-->|<\?.*?\?>|<!\[CDATA\[.*?\]\]>|<|[^<]+", re.DOTALL)
_SPACE_BEFORE = re.compile(rb"(?:\r\n|\r|\n)?[ \t]*\Z")


@dataclass(slots=True, eq=False)
class Element:
    """One element and where it stands: `<tag ...>` from start to inner, `</tag>` from close to end.

    Attributes:
        tag: its name.
        start: of its first byte.
        inner: of the first byte behind its start tag.
        close: of its end tag; where it has none (`<tag/>`) inner = close = end.
        end: of the first byte behind it.
        text: what it says before its first child.
        children: those that are kept.
    """

    tag: str
    start: int
    inner: int
    close: int = 0
    end: int = 0
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def find(self, tag: str) -> Element | None:
        """The first child of a name."""
        return next((each for each in self.children if each.tag == tag), None)

    def said(self, tag: str) -> str:
        """What the first child of a name says, without white space around it; "" where there is none."""
        found = self.find(tag)
        return found.text.strip() if found else ""


@dataclass(frozen=True, slots=True, eq=False)
class XmlFile:
    """A file that was parsed.

    Attributes:
        data: its text in UTF-8; positions are those of these bytes.
        root: its outermost element.
        raw: its bytes.
        codec: its encoding where that is not UTF-8.
        mark: the byte order mark of that encoding, which `data` leaves out.
    """

    data: bytes
    root: Element
    raw: bytes
    codec: str | None
    mark: bytes

    def encoded(self, data: bytes) -> bytes:
        """A text in UTF-8 as this file has to be written; a character that its encoding lacks becomes a reference."""
        return data if self.codec is None else self.mark + data.decode().encode(self.codec, _UNKNOWN)

    @property
    def comes_back(self) -> bool:
        """Whether the bytes of the file are those that its text is written with; some encodings have two ways."""
        return self.encoded(self.data) == self.raw


def file_bytes(path: Path) -> tuple[bytes, Stamp]:
    """The bytes of a file, with the stamp it had before they were read.

    Raises:
        FileNotFoundError: where there is none.
        DatasetError: where it cannot be read, or is too large for an annotation.
    """
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise DatasetError(f"'{path}' cannot be read (it is no ordinary file).")
            if status.st_size > _LARGEST_MB << 20:
                raise DatasetError(
                    f"'{path}' is no annotation of one image: it has {status.st_size >> 20} MB, "
                    f"at most {_LARGEST_MB} MB are read."
                )
            return file.read(), (status.st_mtime_ns, status.st_size)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DatasetError(f"'{path}' cannot be read ({error.strerror or error}).") from None


def parse_xml(path: Path, raw: bytes) -> XmlFile:
    """Find the elements of a file.

    Args:
        path: named in errors.
        raw: its bytes.

    Raises:
        DatasetError: one sentence with the file and the place: empty, broken, in no known encoding, entities declared.
    """
    if not raw:
        raise DatasetError(f"'{path}' is empty (0 bytes).")
    data, codec, mark = _in_utf8(path, raw)
    zero = data.find(0)
    if zero >= 0:  # by which the parser would take it for UTF-16, and count otherwise
        line, column = data.count(b"\n", 0, zero) + 1, zero - data.rfind(b"\n", 0, zero)
        raise DatasetError(f"'{path}' is broken XML at line {line}, column {column}: a zero byte.")
    target = _Elements(data)
    parser = XMLParser(target=target, encoding="utf-8")
    target.expat = parser.parser
    try:
        parser.feed(data)
        root: Element = parser.close()
    except defusedxml.EntitiesForbidden as error:
        raise DatasetError(
            f"'{path}' declares the XML entity '{error.name}'; files with entities are refused."
        ) from None
    except defusedxml.DefusedXmlException:
        raise DatasetError(f"'{path}' refers to other files or entities; such XML is refused.") from None
    except ParseError as error:
        line, column = error.position
        what = str(error).partition(":")[0]
        raise DatasetError(f"'{path}' is broken XML at line {line}, column {column + 1}: {what}.") from None
    return XmlFile(data, root, raw, codec, mark)


def text_changes(data: bytes, element: Element, text: str) -> list[Change]:
    """What to change so that an element says something else; its comments, attributes and white space stay."""
    new = as_text(text)
    if element.close == element.end:  # <tag/>
        return [(element.end - 2, element.end, b">" + new + b"</" + element.tag.encode() + b">")]
    changes: list[Change] = []
    for piece in _PIECE.finditer(data, element.inner, element.close):
        said = piece.group()
        if said.startswith((b"<!--", b"<?")) or said.isspace():
            continue
        if said == b"<":  # the first child
            break
        start = piece.start() + len(said) - len(said.lstrip())
        changes.append((start, start + len(said.strip()), b"" if changes else new))
    return changes or [(element.inner, element.inner, new)]


def as_text(text: str) -> bytes:
    """Characters as they stand between two tags."""
    return escape(text).encode()


def start_tag(data: bytes, element: Element) -> bytes:
    """The start tag of an element."""
    return data[element.start : element.inner]


def space_before(data: bytes, position: int) -> bytes:
    """The white space before a place: a line break, if it is the first on its line, and the indentation."""
    found = _SPACE_BEFORE.search(data, max(0, position - 1000), position)
    return found.group() if found else b""


class _Elements:
    """What the parser tells its events to. Elements are kept down to a depth, without any recursion."""

    def __init__(self, data: bytes) -> None:
        self.expat: Any = None  # knows the place of the event it tells of
        self._data = data
        self._root: Element | None = None
        self._open: list[Element] = []
        self._said: list[str] | None = None  # what the innermost open element says, until it has a child
        self._below = 0  # open elements that are not kept

    def start(self, tag: str, _attributes: dict[str, str]) -> None:
        self._end_text()
        if len(self._open) == _DEPTH:
            self._below += 1
            return
        position = self.expat.CurrentByteIndex
        found = _START_TAG.match(self._data, position)
        element = Element(tag, position, found.end() if found else position)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._root = element
        self._open.append(element)
        self._said = []

    def data(self, text: str) -> None:
        if self._said is not None:
            self._said.append(text)

    def end(self, _tag: str) -> None:
        if self._below:
            self._below -= 1
            return
        self._end_text()
        element = self._open.pop()
        if self._data[element.inner - 2 : element.inner] == b"/>":
            element.close = element.end = element.inner
        else:
            element.close = self.expat.CurrentByteIndex
            element.end = self._data.index(b">", element.close) + 1

    def _end_text(self) -> None:
        if self._said is not None:
            self._open[-1].text = "".join(self._said)
            self._said = None

    def close(self) -> Element | None:
        return self._root


def _in_utf8(path: Path, raw: bytes) -> tuple[bytes, str | None, bytes]:
    """(the text in UTF-8, its encoding if another, that encoding's byte order mark)."""
    for beginning, mark, codec in _WIDE:
        if raw.startswith(beginning):
            return _turned(path, raw[len(mark) :], codec), codec, mark
    declared = _DECLARED.match(raw)
    if declared is None:
        return raw, None, b""
    name = declared.group(1).decode()
    try:
        codec = codecs.lookup(name).name
        # Where even the declaration would read otherwise the file cannot be in this encoding, or it is no encoding.
        is_one = all(
            bytes([code]).decode(codec) == chr(code) and chr(code).encode(codec, _UNKNOWN) == bytes([code])
            for code in (*b"\t\n\r", *range(0x20, 0x7F))
        )
    except (LookupError, ValueError):
        is_one = False
    if not is_one:
        raise DatasetError(f"'{path}' is not readable XML (it says that its encoding is '{name}', which it is not).")
    return (raw, None, b"") if codec == "utf-8" else (_turned(path, raw, codec), codec, b"")


def _turned(path: Path, raw: bytes, codec: str) -> bytes:
    try:
        return raw.decode(codec).encode()
    except ValueError:  # of which UnicodeError is one
        raise DatasetError(f"'{path}' is not readable XML (its bytes are not in its encoding, {codec}).") from None


def _open_at_once(path: str, flags: int) -> int:
    """Opened without waiting for a writer, where it is a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def new_file(path: Path, image_hw: tuple[int, int], filename: str, folder: str) -> XmlFile:
    """A file without objects.

    Args:
        path: named in errors.
        image_hw: (height, width) of the upright image.
        filename: name of the image file; what XML cannot hold of it is replaced, the stem of the XML file decides.
        folder: name of the folder it is in, likewise.
    """
    height, width = image_hw
    lines = (
        "<annotation>",
        f"\t<folder>{_some_text(folder)}</folder>",
        f"\t<filename>{_some_text(filename)}</filename>",
        "\t<size>",
        f"\t\t<width>{width}</width>",
        f"\t\t<height>{height}</height>",
        "\t\t<depth>3</depth>",
        "\t</size>",
        "\t<segmented>0</segmented>",
        "</annotation>",
        "",
    )
    return parse_xml(path, "\n".join(lines).encode())


def _some_text(text: str) -> str:
    return as_text("".join(each if in_xml(each) else "\ufffd" for each in text)).decode()


def in_xml(character: str) -> bool:
    """Whether XML can hold a character unchanged (line ends and tabs would not come back as they were)."""
    code = ord(character)
    return 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
