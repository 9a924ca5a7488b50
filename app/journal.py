"""The recovery journal: what a person has made of each image and no annotation file says yet. No Qt.

    journal/                      in the user's state folder (`app.places.journal_dir`)
        4711-1790000000/          of one running program: its process and when it began
            3f2a...-photo.jpg.json        an image's entry, by the program that runs
            3f2a...-photo.jpg.json.1      the same image's entry of a program that was killed
        4711-1790000000.lock      held as long as that program runs
        3f2a...-photo.jpg.json.1.broken   could not be read

Each edit replaces the image's entry as a whole (its text: `app.journal_file`), in the thread that edits: when `keep`
returns, a program that is killed loses nothing. The file is not synced to the disk, which would take tens of
milliseconds at each edit: where the power goes, the edits of the last half minute or so may be lost; an entry of which
only a part has reached the disk is put aside as broken, and what was saved is safe, because saving does sync.

A program touches no folder but its own and those whose program has ended, which is seen by their lock: the system frees
it when a program is killed, and no number of a process can be mistaken for another's. What a dead program has left is
moved into one's own folder, entry by entry, before it is offered. An entry goes only by `forget` and `discard`.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import logging
import os
import re
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from app.edit import Edit
from app.journal_file import BrokenError, Kept, NewerError, State, from_text, state_of, state_to_be, to_text
from app.places import journal_dir
from detector.datasets.annotation import Record, Stamp, Stored
from detector.datasets.files import remove_temporaries
from detector.datasets.sidecar import SIDECAR_NAME
from detector.file_lock import free_lock, take_lock
from detector.messages import Message, say

log = logging.getLogger(__name__)

_LONGEST_TAIL = 40
_WRITTEN_AT_ONCE = 8
"""Saves of one image that nobody has heard the end of; there are hardly ever two."""
_ENTRY = re.compile(r"[0-9a-f]{16}-.*\.json(\.\d+)?", re.DOTALL)
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL})
"""What a file system says that knows no locks, as some of a network."""
_NO_RECORDS: Mapping[int, Record] = MappingProxyType({})


class _Writing(NamedTuple):
    """What was asked to be written since a file was in the state that is known."""

    stored: Stored | None
    states: list[State]


class Journal:
    """The journal of this program. Used by the main thread."""

    def __init__(self, folder: Path | None = None) -> None:
        """Nothing is read or written yet.

        Args:
            folder: of all programs' journals; None for the usual one.
        """
        self._all = folder or journal_dir()
        self._own = self._all / f"{os.getpid()}-{time.time_ns()}"
        self._lock: int | None = None
        self._is_failing = False
        self._problems: list[Message] = []
        self._writing: dict[Path, _Writing] = {}

    @property
    def is_failing(self) -> bool:
        """What was to be kept last could not be written."""
        return self._is_failing

    @property
    def problems(self) -> tuple[Message, ...]:
        """Sentences on what `pending` could not read; each names the files."""
        return tuple(self._problems)

    def keep(
        self,
        path: Path,
        edit: Edit,
        stored: Stored | None,
        image: Stamp = None,
        records: Mapping[int, Record] = _NO_RECORDS,
    ) -> Message | None:
        """Write an image's entry, in place of the one before. Also after a save that was followed by another edit.

        Args:
            edit: all its objects.
            stored: what the annotation file says, as far as this program knows; None where no place is chosen.
            image: stamp of the image file as it was read.
            records: by id, what `stored` says of an object.

        Returns:
            A sentence where it cannot be written, once until it can be again.
        """
        try:
            self._hold_own()
            states = self._states(path, stored, records)
            annotation = None if stored is None else stored.path
            self._replace(self._entry(path), to_text(path, edit, annotation, states, image, time.time()))
        except OSError as error:
            was_failing, self._is_failing = self._is_failing, True
            log.warning("The recovery journal cannot be written", exc_info=not was_failing)
            text = error.strerror or str(error)
            return None if was_failing else say("journal.failed", folder=str(self._all), text=text)
        self._is_failing = False
        return None

    def saving(self, path: Path, edit: Edit, stored: Stored | None) -> None:
        """An edit is about to be written to the annotation file, which nobody here may live to hear of.

        What is kept after it holds that the file may have either state: without it, the file would look as if somebody
        else had changed it.

        Args:
            path: the image.
            edit: what is written.
            stored: as for `keep`; what was being written before another one is known.
        """
        states = [*self._written_since(path, stored), state_to_be(edit)]
        self._writing[path] = _Writing(stored, states[-_WRITTEN_AT_ONCE:])

    def forget(self, path: Path) -> None:
        """All of an image is saved, or undone: its entry goes. What a dead program left of it stays."""
        self._writing.pop(path, None)
        with contextlib.suppress(OSError):
            os.unlink(self._entry(path))

    def read(self, path: Path) -> Kept | None:
        """The entry of an image as this program has kept it."""
        file = self._entry(path)
        try:
            return from_text(file.read_bytes(), file)
        except (OSError, BrokenError, NewerError):
            return None

    def pending(self) -> list[Kept]:
        """What programs that were killed have left, newest first; two may be of one image. Never fails; see `problems`.

        Each is offered again at every start until it is discarded. One that is taken over is first kept anew.
        """
        self._problems = []
        found, broken, newer = [], [], []
        for file in self._adopted():
            try:
                found.append(from_text(file.read_bytes(), file))
            except BrokenError:
                log.warning("%s is broken", file, exc_info=True)
                broken.append(self._put_aside(file))
            except NewerError:
                newer.append(file)
            except OSError:
                log.warning("%s cannot be read", file, exc_info=True)
                broken.append(file)
        for kind, files in (("journal.broken", broken), ("journal.newer", newer)):
            if files:
                names = ", ".join(f"'{each}'" for each in files)
                self._problems.append(say(kind if len(files) > 1 else f"{kind}.one", n=len(files), files=names))
        for each in {kept.annotation for kept in found if kept.annotation is not None}:
            remove_temporaries(each)  # it may have been killed while it saved
            remove_temporaries(each.with_name(SIDECAR_NAME))
        return sorted(found, key=lambda kept: kept.time, reverse=True)

    def discard(self, kept: Kept) -> None:
        """An entry of a dead program has been taken over, or nobody wants it."""
        with contextlib.suppress(OSError):
            os.unlink(kept.file)

    def close(self) -> None:
        """The program ends; what is still in the journal is offered at the next start."""
        if self._lock is not None:
            with contextlib.suppress(OSError):
                self._own.rmdir()
            free_lock(self._lock, self._lock_of(self._own))
            self._lock = None

    def _states(self, path: Path, stored: Stored | None, records: Mapping[int, Record]) -> list[State]:
        if stored is None:
            return []
        states = self._written_since(path, stored)
        self._writing[path] = _Writing(stored, states)
        return [state_of(stored, records), *states]

    def _written_since(self, path: Path, stored: Stored | None) -> list[State]:
        """What was asked to be written after the state that is known now."""
        writing = self._writing.get(path)
        if writing is None:
            return []
        if writing.stored is stored:
            return writing.states
        says = [each.says for each in writing.states]
        known = None if stored is None else state_of(stored, {}).says
        return writing.states[says.index(known) + 1 :] if known in says else []

    # -- files ---------------------------------------------------------------------------------------------------------

    def _entry(self, path: Path) -> Path:
        return self._own / _entry_name(path)

    @staticmethod
    def _lock_of(folder: Path) -> Path:
        return folder.with_name(f"{folder.name}.lock")

    def _hold_own(self) -> None:
        """The lock is held before the folder can be seen: nobody takes it for a dead program's."""
        if self._lock is not None and self._own.is_dir():
            return
        self.close()  # somebody has cleared the folder away under us
        self._all.mkdir(parents=True, exist_ok=True)
        self._lock = _taken(self._lock_of(self._own))
        self._own.mkdir(exist_ok=True)

    @staticmethod
    def _replace(file: Path, text: bytes) -> None:
        temporary = f"{file}.tmp"  # nobody else writes in this folder
        with open(temporary, "wb") as out:
            out.write(text)
        os.replace(temporary, file)

    def _adopted(self) -> list[Path]:
        """Entries of dead programs: those in our own folder by now, and those that cannot be moved there."""
        with contextlib.suppress(OSError):
            self._hold_own()
        left: list[Path] = []
        for folder in self._folders():
            if folder == self._own:
                continue
            place = self._lock_of(folder)
            try:
                descriptor = _taken(place)
            except OSError:  # it runs, or nobody can tell
                continue
            left += self._move_here(folder)
            with contextlib.suppress(OSError):
                folder.rmdir()
            if folder.exists():
                os.close(descriptor)  # the lock file stays as long as its folder does
            else:
                free_lock(descriptor, place)
        return [*left, *(each for each in _entries(self._own) if each.suffix != ".json")]

    def _folders(self) -> list[Path]:
        try:
            with os.scandir(self._all) as entries:
                return sorted(Path(each.path) for each in entries if each.is_dir(follow_symlinks=False))
        except OSError:
            return []

    def _move_here(self, folder: Path) -> list[Path]:
        """Take over a dead program's entries; those that had to stay are returned."""
        stay = []
        for file in _entries(folder):
            try:
                with contextlib.suppress(BrokenError):
                    from_text(file.read_bytes(), file)
                os.replace(file, _free_name(self._own, file.name if file.suffix == ".json" else file.stem))
            except (OSError, NewerError):  # what is newer waits in its own folder for its own program
                stay.append(file)
        for each in folder.glob("*.tmp"):
            with contextlib.suppress(OSError):
                each.unlink()
        return stay

    def _put_aside(self, file: Path) -> Path:
        aside = _free_name(self._all, file.stem, ".broken")
        try:
            os.replace(file, aside)
        except OSError:
            return file
        return aside


def _entry_name(path: Path) -> str:
    """The same for the same image, other for any other, and to be recognised by people."""
    whole = os.path.abspath(path)
    digest = hashlib.sha256(os.path.normcase(whole).encode("utf-8", "surrogateescape")).hexdigest()
    tail = re.sub(r"[^\w.-]", "_", os.path.basename(whole)[-_LONGEST_TAIL:])
    return f"{digest[:16]}-{tail}.json"


def _entries(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(each.path) for each in entries if _ENTRY.fullmatch(each.name))
    except OSError:
        return []


def _free_name(folder: Path, name: str, ending: str = "") -> Path:
    return next(each for n in itertools.count(1) if not (each := folder / f"{name}.{n}{ending}").exists())


def _taken(place: Path) -> int:
    """Hold a folder's lock file, which also says who holds it.

    Raises:
        OSError: another program holds it, or it cannot be made.
    """
    try:
        descriptor = take_lock(place)
    except OSError as error:
        if sys.platform == "win32" or error.errno not in _NO_LOCKS:
            raise
        descriptor = _taken_without_lock(place)
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{socket.gethostname()} {os.getpid()}".encode())
    return descriptor


if sys.platform != "win32":

    def _taken_without_lock(place: Path) -> int:
        """On a file system that knows no locks, a program is dead whose process is gone on this machine."""
        owner = place.read_text("utf-8", "replace") if place.exists() else ""
        if owner and not _is_gone(*owner.rpartition(" ")[::2]):
            raise BlockingIOError(errno.EAGAIN, f"held by {owner}")
        return os.open(place, os.O_RDWR | os.O_CREAT, 0o666)

    def _is_gone(host: str, number: str) -> bool:
        if host != socket.gethostname() or not number.isdecimal():
            return False
        try:
            os.kill(int(number), 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):  # it is somebody else's, or no number of a process
            return False
        return False
