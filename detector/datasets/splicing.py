"""Byte ranges of a file replaced by others; everything else stays byte by byte as it was.

What a store changes in a text file goes through here: it finds where a value stands and says what shall stand there
instead, and what it does not understand it never touches.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

Change: TypeAlias = "tuple[int, int, bytes]"
"""(start, end, new): bytes start..end (end not included) become `new`. start = end inserts, new = b"" takes away."""


def splice(data: bytes, changes: Iterable[Change]) -> bytes:
    """The data with its ranges replaced.

    Args:
        data: the old bytes.
        changes: in any order; positions are those of `data`. What is inserted at one place comes in the order given,
            and before a range that begins there.

    Raises:
        ValueError: where a range lies outside the data or two overlap.
    """
    parts: list[bytes | memoryview] = []
    old = memoryview(data)
    done = 0
    for start, end, new in sorted(changes, key=lambda change: change[:2]):
        if not 0 <= start <= end <= len(data):
            raise ValueError(f"There are no bytes {start}..{end} in {len(data)}.")
        if start < done:
            raise ValueError(f"Bytes {start}..{end} are changed already, up to {done}.")
        parts += (old[done:start], new)
        done = end
    if not parts:
        return data
    parts.append(old[done:])
    return b"".join(parts)
