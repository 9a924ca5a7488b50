"""The class list that YOLO's numbers refer to: data.yaml, classes.txt, or none.

A list is never written in another order or shorter: the numbers in thousands of label files would mean something else.
A new class goes last, by inserting its name; the rest of the file stays as it was, byte by byte.
"""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path

from detector.datasets.annotation import Stamp, check_stamp, stamp_of
from detector.datasets.errors import DatasetError
from detector.datasets.files import make_folder, names_in, write_atomic
from detector.datasets.yolo_rename import with_renamed
from detector.datasets.yolo_yaml import (
    LARGEST_BYTES,
    DataYaml,
    is_class_name,
    name_as_yaml,
    read_data_yaml,
)

YAML_NAMES = ("data.yaml", "data.yml", "dataset.yaml")
TXT_NAME = "classes.txt"
_BOM = "\ufeff"


class ClassList(ABC):
    """Names by number, read again whenever the file has changed. A call may come from any thread; they take turns.

    Attributes:
        path: the file.
    """

    path: Path

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: Stamp = None
        self._names: tuple[str, ...] | None = None
        self._lock = threading.RLock()

    def names(self) -> tuple[str, ...]:
        """The classes in order; () where the file does not exist yet.

        Raises:
            DatasetError: with the file and the line.
        """
        with self._lock:
            stamp = stamp_of(self.path)
            if self._names is None or stamp != self._stamp:
                self._names, self._stamp = self._read(), stamp
            return self._names

    def numbers_of(self, labels: Iterable[str], *, add: bool) -> dict[str, int]:
        """The number of each class; with `add`, those that are missing are written to the list first.

        Where two classes have one name, the first is meant.

        Raises:
            DatasetError: a name that no list can hold, or a list that cannot be added to.
        """
        with self._lock:
            names = self.names()
            missing = tuple(dict.fromkeys(label for label in labels if label not in names))
            if missing and add:
                for label in missing:
                    if not is_class_name(label):
                        raise DatasetError(f"'{self.path}' cannot hold the class name {label!r}.")
            if add and (missing or not self._is_written):
                self._write(missing)
                names = self.names()
        return {name: number for number, name in reversed(list(enumerate(names)))}

    def rename(self, old: str, new: str) -> None:
        """Write another name for a class; where it is not listed, nothing is done.

        Raises:
            DatasetError: a name that no list can hold or that is there already, or a list that cannot be changed.
        """
        with self._lock:
            if old not in self.names():
                return
            if not is_class_name(new):
                raise DatasetError(f"'{self.path}' cannot hold the class name {new!r}.")
            if new in self.names():
                raise DatasetError(f"'{self.path}' has the class {new!r} already.")
            self._rename(old, new)

    def _rename(self, old: str, new: str) -> None:
        self._put(self._renamed(old, new))

    def _write(self, added: tuple[str, ...]) -> None:
        self._put(self._with(added))

    def _put(self, text: str) -> None:
        if os.path.realpath(self.path.parent) != os.path.dirname(os.path.realpath(self.path)):
            raise DatasetError(f"'{self.path}' is a link that leads out of its folder; it is not written.")
        make_folder(self.path.parent)
        write_atomic(self.path, text.encode(), lambda: check_stamp(self.path, self._stamp))
        self._names = None

    @property
    def _is_written(self) -> bool:
        """Whether the file has all its names; False for a list that begins with names before there is a file."""
        return True

    def numbers_after_the_box(self) -> int | None:
        """How many numbers of key points follow each box; None where a line has none."""
        return None

    @abstractmethod
    def _read(self) -> tuple[str, ...]: ...

    @abstractmethod
    def _with(self, added: tuple[str, ...]) -> str: ...

    @abstractmethod
    def _renamed(self, old: str, new: str) -> str: ...


class YamlClasses(ClassList):
    """The `names` of a data.yaml."""

    def _read(self) -> tuple[str, ...]:
        self._file: DataYaml = read_data_yaml(self.path)
        names = self._file.classes()
        if names is None:
            raise DatasetError(f"'{self.path}' names no classes.")
        return names

    def numbers_after_the_box(self) -> int | None:
        """From `kpt_shape`."""
        with self._lock:
            self.names()
            return self._file.numbers_after_the_box()

    def _with(self, added: tuple[str, ...]) -> str:
        return self._bom + self._file.with_classes(added)

    def _renamed(self, old: str, new: str) -> str:
        return self._bom + with_renamed(self._file, old, new)

    @property
    def _bom(self) -> str:
        return _BOM if self.path.read_bytes().startswith(_BOM.encode()) else ""


class TxtClasses(ClassList):
    """A classes.txt: one name a line."""

    def __init__(self, path: Path, first: tuple[str, ...] = ()) -> None:
        """Take a file that need not be there yet.

        Args:
            path: the file.
            first: the classes as long as there is none; it is written with the first label.
        """
        super().__init__(path)
        self._first = first

    @property
    def _is_written(self) -> bool:
        return self.path.exists()

    def _read(self) -> tuple[str, ...]:
        if not self._is_written:
            return self._first
        names = [line.strip() for line in self._text().removeprefix(_BOM).split("\n")]
        while names and not names[-1]:
            names.pop()
        for number, name in enumerate(names, 1):
            if not is_class_name(name):
                raise DatasetError(f"'{self.path}' line {number}: this is no name of a class.")
        return tuple(names)

    def _text(self) -> str:
        try:
            if self.path.exists() and not self.path.is_file():
                raise DatasetError(f"'{self.path}' is not an ordinary file.")
            if self.path.exists() and self.path.stat().st_size > LARGEST_BYTES:
                raise DatasetError(f"'{self.path}' is too large for a list of classes.")
            data = self.path.read_bytes()
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise DatasetError(f"'{self.path}' cannot be read ({error.strerror or error}).") from None
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise DatasetError(f"'{self.path}' line {line}: this is no UTF-8 text.") from None

    def _with(self, added: tuple[str, ...]) -> str:
        text = self._text()
        if not self._is_written:
            added = (*self._first, *added)
        end = "\r\n" if "\r\n" in text else "\n"
        lines = "".join(name + end for name in added)
        if not text.removeprefix(_BOM).strip():
            return (_BOM if text.startswith(_BOM) else "") + lines
        line_end = text.find("\n", len(text.rstrip()))
        return text + end + lines if line_end < 0 else text[: line_end + 1] + lines + text[line_end + 1 :]

    def _rename(self, old: str, new: str) -> None:
        if self._is_written:
            super()._rename(old, new)
        else:
            self._first, self._names = tuple(new if name == old else name for name in self._first), None

    def _renamed(self, old: str, new: str) -> str:
        lines = self._text().split("\n")
        words = (line.strip(_BOM).strip() if at == 0 else line.strip() for at, line in enumerate(lines))
        return "\n".join(
            line.replace(old, new) if word == old else line for line, word in zip(lines, words, strict=True)
        )


class NoClasses(ClassList):
    """Labels that lie there without a list: a class is called by its number, and no other can be added."""

    def __init__(self, place: Path) -> None:
        super().__init__(place / TXT_NAME)

    def numbers_of(self, labels: Iterable[str], *, add: bool) -> dict[str, int]:
        """The numbers that the names are."""
        del add
        numbers: dict[str, int] = {}
        for label in labels:
            if not (label.isascii() and label.isdigit() and len(label) < 6 and str(int(label)) == label):
                raise DatasetError(
                    f"'{self.path.parent}' has labels but neither data.yaml nor {TXT_NAME}, so the class "
                    f"{label!r} has no number; write their names to '{self.path}'."
                )
            numbers[label] = int(label)
        return numbers

    def rename(self, old: str, new: str) -> None:
        """There is no name that could be changed."""
        raise DatasetError(
            f"'{self.path.parent}' has labels but neither data.yaml nor {TXT_NAME}, so the class {old!r} has no name "
            f"that could be changed; write the names to '{self.path}'."
        )

    def _read(self) -> tuple[str, ...]:
        return ()

    def _with(self, added: tuple[str, ...]) -> str:
        raise NotImplementedError

    def _renamed(self, old: str, new: str) -> str:
        raise NotImplementedError


def find_class_list(labels: Path, images: Path) -> ClassList | None:
    """The nearest list: beside the labels, beside the images, then in up to three folders above them.

    Raises:
        DatasetError: where the nearest data.yaml is broken.
    """
    folders = dict.fromkeys((labels, images, *images.resolve().parents[:3]))
    for folder in folders:
        for path in (folder / name for name in YAML_NAMES):
            if path.is_file() and _names_classes(path):
                return YamlClasses(path)
        if (folder / TXT_NAME).is_file():
            return TxtClasses(folder / TXT_NAME)
    return None


def class_list_at(place: Path, images: Path, first: tuple[str, ...] = ()) -> ClassList:
    """The list of labels that are, or will be, in a folder.

    Args:
        place: the folder of the labels.
        images: the folder of their images.
        first: the classes of a list that is not there yet.

    Raises:
        DatasetError: where the data.yaml that belongs to them is broken.
    """
    found = find_class_list(place, images)
    if found is not None:
        return found
    has_labels = place.is_dir() and bool(names_in(place, {".txt"}))
    return NoClasses(place) if has_labels and not first else TxtClasses(place / TXT_NAME, first)


def _names_classes(path: Path) -> bool:
    """Whether it is a data.yaml of YOLO; a broken one that does not speak of names is somebody else's."""
    try:
        return read_data_yaml(path).classes() is not None
    except DatasetError:
        try:
            if b"names" not in path.read_bytes():
                return False
        except OSError:
            return False
        raise


def data_yaml_of(names: Iterable[str], splits: dict[str, str | list[str]]) -> str:
    """A new data.yaml. Without `path`: what stands in it is relative to its own folder.

    Args:
        names: the classes in order.
        splits: folders, or a .txt with a list, by split.
    """
    lines: list[str] = []
    for split, places in splits.items():
        if isinstance(places, str):
            lines.append(f"{split}: {name_as_yaml(places)}")
        else:
            lines += [f"{split}:", *(f"  - {name_as_yaml(place)}" for place in places)]
    rows = [f"  {number}: {name_as_yaml(name)}" for number, name in enumerate(names)]
    lines += ["", "names:", *rows] if rows else ["", "names: {}"]
    return "\n".join(lines) + "\n"
