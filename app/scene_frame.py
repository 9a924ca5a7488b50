"""What all parts of the scene look through: a Trace to be read, and what is wanted of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.replayed import Replayed
from app.scene import ViewOptions
from detector.mini_batch import Replay
from detector.trace_reader import TraceReader


@dataclass(frozen=True, slots=True, eq=False)
class Frame(TraceReader):
    """A Trace and what is wanted of it. Boxes are image pixels unless a name says network.

    Attributes:
        proposed: numbers of the objects that are not saved.
        replayed: the mini-batches of this very trace; None where nobody has asked, or the answer is still to come.
    """

    options: ViewOptions = field(default_factory=ViewOptions)
    proposed: frozenset[int] = frozenset()
    replayed: Replayed | None = None

    @property
    def replay(self) -> Replay | None:
        """The mini-batches that training would draw; None where they are not known."""
        return None if self.replayed is None else self.replayed.replay
