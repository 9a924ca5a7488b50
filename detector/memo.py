"""Results that are kept as long as what they were made from is the same object."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")


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


class Memo:
    """Results by name and by the objects they were made from, bounded in number and bytes.

    The least recently used one leaves first.

    The owners are held as well, so that no other object can come to live at the same address.
    """

    def __init__(self, size: int = 96, max_bytes: int = 128_000_000) -> None:
        self._size, self._max_bytes = size, max_bytes
        self._bytes = 0
        self._held: OrderedDict[tuple[Any, ...], tuple[tuple[Any, ...], Any, int]] = OrderedDict()

    def get(self, name: tuple[Any, ...] | str, owners: tuple[Any, ...], make: Callable[[], T]) -> T:
        """The result, made if it is not held; `name` is hashable and tells apart results of the same owners."""
        key = (name, *map(id, owners))
        held = self._held.get(key)
        if held is None:
            made = make()
            held = (owners, made, array_bytes(made))
            self._held[key] = held
            self._bytes += held[2]
            while len(self._held) > self._size or (self._bytes > self._max_bytes and len(self._held) > 1):
                self._bytes -= self._held.popitem(last=False)[1][2]
        else:
            self._held.move_to_end(key)
        result: T = held[1]
        return result
