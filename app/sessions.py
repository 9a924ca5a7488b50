"""The images that a person has worked on, and the one place that knows when that is over. No Qt; main thread only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from app.document import Document
from app.edit import Edit
from app.places import is_case
from app.session import Session
from detector.datasets.annotation import Stored


class Held(NamedTuple):
    """An image in a person's hand: what its objects are here counts, not what its file says."""

    edit: Edit
    image_hw: tuple[int, int]


class Sessions(Mapping[Path, Session]):
    """By image. Whoever keeps something of a session (steps, a place in the journal) hears of its end."""

    def __init__(self) -> None:
        self._sessions: dict[Path, Session] = {}
        self._tell: list[Callable[[Path], None]] = []

    def __getitem__(self, path: Path) -> Session:
        return self._sessions[path]

    def __iter__(self) -> Iterator[Path]:
        return iter(self._sessions)

    def __len__(self) -> int:
        return len(self._sessions)

    def when_ended(self, tell: Callable[[Path], None]) -> None:
        """Call this with the image whenever a session has ended."""
        self._tell.append(tell)

    def begin(self, document: Document) -> Session:
        """Of an image that is open, as its files have it. One that goes on already is what it was."""
        return self._sessions.setdefault(document.path, Session.begin(document))

    def resume(self, path: Path, stored: Stored | None, image_hw: tuple[int, int], picture: int) -> Session:
        """Of an image that need not be open, as its files have it; for the arguments see `Session.resumed`."""
        return self._sessions.setdefault(path, Session.resumed(stored, image_hw, picture))

    def end(self, path: Path) -> None:
        """What was done to the image here counts no more; its files do. Nothing where there is no session."""
        if self._sessions.pop(path, None) is not None:
            for tell in self._tell:
                tell(path)

    @property
    def edits(self) -> dict[Path, Edit]:
        """Images with something of a person's that their files do not say, and all their objects."""
        return {path: each.edit for path, each in self._sessions.items() if each.is_changed}

    def held(self, path: Path, document: Document | None) -> Held | None:
        """An image that a person has worked on, or the open one; None for others, and for a case, which is no image.

        Args:
            document: the open image.
        """
        if is_case(path):
            return None
        if document is not None and document.path == path and document.problem is None:
            return Held(document.objects, document.image_hw)
        session = self._sessions.get(path)
        return None if session is None else Held(session.edit, session.image_hw)

    def in_hand(self, document: Document | None) -> dict[Path, Held]:
        """All of them."""
        paths = dict.fromkeys(self._sessions) if document is None else dict.fromkeys((*self._sessions, document.path))
        return {path: held for path in paths if (held := self.held(path, document)) is not None}
