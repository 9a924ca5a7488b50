"""Files as they were, kept so that they can be put back byte by byte. No Qt."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from detector.datasets.errors import DatasetError
from detector.datasets.files import write_atomic

_PIECE = 1 << 20


class KeptBytes:
    """Keeps them in a file without a name: when the program ends, however it does, that is gone. Used by one thread."""

    def __init__(self, room: Path) -> None:
        """Nothing is kept yet.

        Args:
            room: the folder of the file; made where it is not there.

        Raises:
            DatasetError: where it cannot be written.
        """
        self._places: dict[Path, tuple[int, int] | None] = {}
        try:
            room.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=room)  # noqa: SIM115  # closed by `close`
        except OSError as error:
            raise DatasetError(f"'{room}' cannot be written ({error.strerror or error}).") from None

    def close(self) -> None:
        """Nothing can be put back any more."""
        self._file.close()

    def keep(self, path: Path) -> None:
        """Keep a file as it is now, or that there is none; where an earlier state is kept already, nothing is done.

        Raises:
            DatasetError: where it cannot be read, or there is no room for it.
        """
        if path in self._places:
            return
        try:
            with open(path, "rb") as source:
                start = self._file.seek(0, os.SEEK_END)
                shutil.copyfileobj(source, self._file, _PIECE)
                self._places[path] = (start, self._file.tell())
        except FileNotFoundError:
            self._places[path] = None
        except OSError as error:
            raise DatasetError(f"'{path}' cannot be kept as it is ({error.strerror or error}).") from None

    def put_back(self, path: Path) -> None:
        """Make a file what it was; one that is so already is not written.

        Raises:
            DatasetError: where it cannot be written.
        """
        place = self._places[path]
        if place is not None:
            if not self._is_in(path, place):
                write_atomic(path, self._pieces(place))
            return
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise DatasetError(f"'{path}' cannot be removed ({error.strerror or error}).") from None

    def _is_in(self, path: Path, place: tuple[int, int]) -> bool:
        with contextlib.suppress(OSError), open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size == place[1] - place[0]:
                return all(piece == file.read(len(piece)) for piece in self._pieces(place))
        return False

    def _pieces(self, place: tuple[int, int]) -> Iterator[bytes]:
        for start in range(*place, _PIECE):
            self._file.seek(start)
            yield self._file.read(min(_PIECE, place[1] - start))
