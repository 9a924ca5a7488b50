"""One training at a time writes into a file: of two, the second would replace what the first has learned."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from detector.models.weights import WeightsError, beside

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


def lock_path(weights: str | Path) -> Path:
    """Where the lock of the training that writes those weights lies while it runs."""
    return beside(weights, ".training.lock")


@contextlib.contextmanager
def only_training(out: Path) -> Iterator[None]:
    """Hold the lock of `out`. The system frees it where the program is killed; the empty file then stays.

    Raises:
        WeightsError: where another training holds it, or no file can be made there.
    """
    place = lock_path(out)
    try:
        descriptor = _locked(place)
    except BlockingIOError:
        raise WeightsError(f"Another training is writing {out}; let it end, or take another --out.") from None
    except OSError as error:
        raise WeightsError(f"{place} cannot be locked: {error.strerror or error}.") from error
    try:
        yield
    finally:
        # POSIX: taken away while it is held. Windows takes no open file away: another may then be faster, and keeps it.
        if sys.platform == "win32":
            os.close(descriptor)
        with contextlib.suppress(OSError):
            place.unlink()
        if sys.platform != "win32":
            os.close(descriptor)


def _locked(place: Path) -> int:
    """The descriptor of the locked file.

    Raises:
        BlockingIOError: where another program, or another training of this one, holds it.
    """
    while True:
        descriptor = os.open(place, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(descriptor)
            if _is_at(descriptor, place):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # its holder took it away in between: what is locked is no longer what others would find


def _is_at(descriptor: int, place: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(place))
    except FileNotFoundError:
        return False


if sys.platform == "win32":

    def _lock(descriptor: int) -> None:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(*error.args) from error

else:

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
