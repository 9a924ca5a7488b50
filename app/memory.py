"""Giving memory back to the system. No Qt."""

from __future__ import annotations

import ctypes
import sys


def give_back() -> None:
    """Hand freed memory back to the system, where the C library keeps it.

    A network frees and takes tens of megabytes for each image, and what is kept of it (features, evidence, pictures)
    comes to lie in between. glibc then holds the gaps, hundreds of megabytes after a hundred images. Takes some ten
    milliseconds, without Python's lock.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
