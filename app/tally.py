"""What one value of one setting does on the images of a folder, added up. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.studies import Counts
from detector.config import Value


@dataclass(frozen=True, slots=True)
class Tally:
    """What is counted so far of one value of one setting.

    Attributes:
        images: annotated ones that were counted; `done` of `of` were looked at.
        found, lost: objects that are found only then, and that are found only now.
        false: false positives more (or fewer, where it is negative).
        is_running: there is more to come.
    """

    value: Value
    of: int
    done: int = 0
    images: int = 0
    found: int = 0
    lost: int = 0
    false: int = 0
    is_running: bool = True

    def with_counts(self, counts: Counts) -> Tally:
        """One image more."""
        if not counts.is_annotated:
            return replace(self, done=self.done + 1)
        return replace(
            self,
            done=self.done + 1,
            images=self.images + 1,
            found=self.found + counts.found,
            lost=self.lost + counts.lost,
            false=self.false + counts.false,
        )
