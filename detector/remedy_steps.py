"""The values a setting can be moved to, and in which order to try them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from detector.boxes import Bools, Ints
from detector.config import SettingInfo, Value, setting_info


class Steps:
    """The steps of one setting within its range, ascending; the value now is one of them, wherever it lies.

    Attributes:
        before: the value now.
        values: (V,) float64, rounded as a slider rounds them.
    """

    __slots__ = ("before", "info", "values")

    def __init__(self, key: str, before: float) -> None:
        self.info: SettingInfo = setting_info(key)
        self.before = float(before)
        self.values: NDArray[np.float64] = np.union1d(_on_steps(self.info), [self.before])

    @property
    def below(self) -> NDArray[np.float64]:
        """The steps under the value now, nearest first."""
        return self.values[self.values < self.before][::-1]

    @property
    def above(self) -> NDArray[np.float64]:
        """The steps over the value now, nearest first."""
        return self.values[self.values > self.before]

    def outward(self, among: Bools | None = None) -> Iterator[tuple[float, ...]]:
        """All steps but the value now, nearest first; two that are equally far come together.

        Args:
            among: (V,) False for those to leave out.
        """
        both = self.values[(self.values != self.before) if among is None else among & (self.values != self.before)]
        away = np.array([self.away(value) for value in both.tolist()])
        order = np.lexsort((both, away))
        pairs = zip(away[order].tolist(), both[order].tolist(), strict=True)
        for _, group in itertools.groupby(pairs, key=lambda pair: pair[0]):
            yield tuple(value for _, value in group)

    def changes(self, ends: Ints) -> Bools:
        """(V,) True where something that depends on the value, (V,), is not as it is one step nearer."""
        at = int(np.searchsorted(self.values, self.before))
        beside = ends[1:] != ends[:-1]
        return np.concatenate([beside[:at], [False], beside[at:]])

    def away(self, value: float) -> float:
        """How far a value lies from the one now; 0.46 and 0.44 are equally far from 0.45, whatever their last bits."""
        return round(abs(value - self.before), 9)

    def share(self, value: float) -> float:
        """How far a value lies from the one now, as a part of the setting's range."""
        return self.away(value) / ((self.info.high or 0.0) - (self.info.low or 0.0))

    def nearer(self, value: float) -> float:
        """The step beside a value, towards the one now."""
        at = int(np.searchsorted(self.values, value))
        return float(self.values[at - 1 if value > self.before else at + 1])

    def plain(self, value: float) -> Value:
        """A step in the setting's own type."""
        return round(value) if isinstance(self.info.default, int) else float(value)


def _on_steps(info: SettingInfo) -> NDArray[np.float64]:
    """Multiples of the step within the range: where a slider rests."""
    low, high, step = info.low or 0.0, info.high or 0.0, info.step or 1.0
    multiples = np.arange(round(low / step) - 1, round(high / step) + 2) * step
    rounded = np.round(multiples, 6)
    inside: NDArray[np.float64] = rounded[(rounded >= low) & (rounded <= high)]
    return inside
