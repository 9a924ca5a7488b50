"""What all parts of the scene look through: a Trace to be read, and what is wanted of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.scene import ViewOptions
from detector.trace_reader import TraceReader


@dataclass(frozen=True, slots=True, eq=False)
class Frame(TraceReader):
    """A Trace and what is wanted of it. Boxes are image pixels unless a name says network."""

    options: ViewOptions = field(default_factory=ViewOptions)
