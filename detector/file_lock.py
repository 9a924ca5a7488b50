"""A file that one program holds at a time. The system frees it where the program is killed, however that ends."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


def take_lock(place: Path) -> int:
    """Hold the lock file `place`, which is made where there is none.

    Returns:
        Its descriptor, for `free_lock`.

    Raises:
        BlockingIOError: where another program, or another part of this one, holds it.
        OSError: where no file can be made there, or the file system knows no locks.
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


def free_lock(descriptor: int, place: Path) -> None:
    """Let go of a lock file and take it away."""
    # POSIX: taken away while it is held. Windows takes no open file away: another may then be faster, and keeps it.
    if sys.platform == "win32":
        os.close(descriptor)
    with contextlib.suppress(OSError):
        place.unlink()
    if sys.platform != "win32":
        os.close(descriptor)


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
