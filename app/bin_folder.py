"""Images that are to go are moved into a folder beside them, together with their annotation; nothing is deleted. No Qt.

    move_to_bin(image, annotation)  ->  Binned  ->  restore(binned)

The folder is called `.boxscope-bin`. As its name begins with a dot, no list of images shows it.
"""

from __future__ import annotations

import contextlib
import errno
import os
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import NamedTuple

from app.scene import Message
from app.sentences import say
from app.wording import text

BIN_NAME = ".boxscope-bin"


class BinError(Exception):
    """Nothing was moved, and why: one sentence."""

    def __init__(self, message: Message) -> None:
        super().__init__(text(message))
        self.message = message


class Move(NamedTuple):
    """A file that was moved."""

    source: Path
    target: Path


@dataclass(frozen=True, slots=True)
class Binned:
    """What was moved, to be put back.

    Attributes:
        moves: the image, and then its annotation if it has a file of its own.
    """

    moves: tuple[Move, ...]

    @property
    def image(self) -> Path:
        """Where the image was."""
        return self.moves[0].source


def bin_of(image: Path) -> Path:
    """The bin folder of an image."""
    return image.parent / BIN_NAME


def move_to_bin(image: Path, annotation: Path | None = None) -> Binned:
    """Move an image and its annotation into the bin folder; both or none.

    Names stay as they are. Where the bin folder has one of them already, both get the same number: "a (2).png" and
    "a (2).xml".

    Args:
        annotation: the file of this image alone, wherever it is; one that does not exist is left out. None where there
            is none, or where one file holds the annotations of all images.

    Raises:
        BinError: it cannot be moved; everything is as it was.
    """
    if image.parent.name == BIN_NAME:
        raise BinError(say("bin.inside", name=image.name))
    files = [image, *([annotation] if annotation is not None and os.path.lexists(annotation) else [])]
    folder = bin_of(image)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise BinError(say("bin.no_folder", name=str(folder), why=_why(error))) from None
    try:
        return Binned(_move_all([Move(file, target) for file, target in zip(files, _free(folder, files), strict=True)]))
    except BinError:
        _remove_empty(folder)
        raise


def restore(binned: Binned) -> None:
    """Put back what was moved; all of it or nothing. What stands at the old place by now is not overwritten.

    Raises:
        BinError: it cannot be put back; everything is as it was.
    """
    _move_all([Move(move.target, move.source) for move in binned.moves])
    for folder in {move.target.parent for move in binned.moves}:
        _remove_empty(folder)


def _free(folder: Path, files: list[Path]) -> list[Path]:
    """Names that the folder does not have yet, all with the same number; of two that are called the same, the next."""
    names = [file.name for file in files]
    for number in count(1):
        found = [folder / _numbered(file, number + names[:place].count(file.name)) for place, file in enumerate(files)]
        if not any(os.path.lexists(target) for target in found):
            return found
    raise AssertionError("the numbers do not end")


def _numbered(file: Path, number: int) -> str:
    return file.name if number == 1 else f"{file.stem} ({number}){file.suffix}"


def _move_all(moves: list[Move]) -> tuple[Move, ...]:
    done: list[Move] = []
    try:
        for move in moves:
            _move(move)
            done.append(move)
    except BinError:
        for source, target in reversed(done):
            _move(Move(target, source))
        raise
    return tuple(done)


def _move(move: Move) -> None:
    """Move one file. The new name is taken first, so that nothing can be overwritten."""
    source, target = move
    if not os.path.lexists(source):
        raise BinError(say("bin.gone", name=str(source)))
    try:
        with open(target, "xb"):
            pass
    except FileExistsError:
        raise BinError(say("bin.exists", name=str(target))) from None
    except OSError as error:
        raise BinError(say("bin.not_moved", name=source.name, folder=str(target.parent), why=_why(error))) from None
    try:
        os.replace(source, target)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(target)  # the empty file of this moment
        message = "bin.other_disk" if error.errno == errno.EXDEV else "bin.not_moved"
        raise BinError(say(message, name=source.name, folder=str(target.parent), why=_why(error))) from None


def _remove_empty(folder: Path) -> None:
    if folder.name == BIN_NAME:
        with contextlib.suppress(OSError):
            folder.rmdir()  # refuses where something is in it


def _why(error: OSError) -> str:
    return error.strerror or str(error)
