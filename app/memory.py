"""What arrays take, and giving memory back to the system. No Qt."""

from __future__ import annotations

import ctypes
import dataclasses
import sys
from typing import Any

import numpy as np


def array_bytes(value: Any) -> int:
    """Bytes of the arrays in a value, through tuples, lists, dicts and records."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, tuple | list):
        return sum(array_bytes(each) for each in value)
    if isinstance(value, dict):
        return sum(array_bytes(each) for each in value.values())
    if dataclasses.is_dataclass(value):
        return sum(array_bytes(getattr(value, each.name)) for each in dataclasses.fields(value))
    return 0


def give_back() -> None:
    """Hand freed memory back to the system, where the C library keeps it.

    A network frees and takes tens of megabytes for each image, and what is kept of it (features, evidence, pictures)
    comes to lie in between. glibc then holds the gaps, hundreds of megabytes after a hundred images. Takes some ten
    milliseconds, without Python's lock.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
