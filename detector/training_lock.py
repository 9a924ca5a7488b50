"""One training at a time writes into a file: of two, the second would replace what the first has learned."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from detector.file_lock import free_lock, take_lock
from detector.models.weights import WeightsError, beside


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
        descriptor = take_lock(place)
    except BlockingIOError:
        raise WeightsError(f"Another training is writing {out}; let it end, or take another --out.") from None
    except OSError as error:
        raise WeightsError(f"{place} cannot be locked: {error.strerror or error}.") from error
    try:
        yield
    finally:
        free_lock(descriptor, place)
