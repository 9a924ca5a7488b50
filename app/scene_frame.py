"""What all parts of the scene look through: a Trace to be read, and what is wanted of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from app.replayed import Replayed
from app.scene import Message, Ref, ViewOptions
from app.sentences import say
from detector.boxes import Floats, clip, scale
from detector.ground_truth import GroundTruth
from detector.mini_batch import Replay
from detector.trace_reader import TraceReader

_NONE = GroundTruth.empty()


@dataclass(frozen=True, slots=True, eq=False)
class Frame(TraceReader):
    """A Trace and what is wanted of it. Boxes are image pixels unless a name says network.

    Objects that nobody has accepted are no ground truth, and the Trace knows nothing of them. They are numbered after
    those that it judges, as in `Edit`.

    Attributes:
        proposed: the objects that nobody has accepted.
        replayed: the mini-batches of this very trace; None where nobody has asked, or the answer is still to come.
    """

    options: ViewOptions = field(default_factory=ViewOptions)
    proposed: GroundTruth = _NONE
    replayed: Replayed | None = None

    @property
    def replay(self) -> Replay | None:
        """The mini-batches that training would draw; None where they are not known."""
        return None if self.replayed is None else self.replayed.replay

    @property
    def num_judged(self) -> int:
        """Objects of the ground truth; numbers from there on are those of proposed ones."""
        return len(self.trace.gt_boxes)

    def is_proposed(self, ref: Ref) -> bool:
        """An object that nobody has accepted."""
        return ref.kind == "object" and ref.row >= self.num_judged

    def exists(self, ref: Ref) -> bool:
        """Whether there still is such a thing."""
        if self.is_proposed(ref):
            return ref.row < self.num_judged + len(self.proposed)
        return TraceReader.exists(self, ref)

    def object_boxes(self) -> Floats:
        """(G + P, 4) all objects as given."""
        truth = TraceReader.object_boxes(self)
        return np.concatenate([truth, self.proposed.boxes]) if len(self.proposed) else truth

    def network_box(self, ref: Ref) -> Floats:
        """(4,) the box of a thing in network pixels."""
        if not self.is_proposed(ref):
            return TraceReader.network_box(self, ref)
        image = self.trace.evidence.image
        return clip(scale(self.proposed.boxes[ref.row - self.num_judged], image.scale_xy), image.network_hw)

    def object_class(self, number: int) -> str:
        """The class of an object."""
        beyond = number - self.num_judged
        return TraceReader.object_class(self, number) if beyond < 0 else self.proposed.labels[beyond]

    def title_of(self, ref: Ref) -> Message:
        """What a thing is called above its explanation."""
        if self.is_proposed(ref):
            return say("object.proposed", cls=self.object_class(ref.row), g=ref.row + 1)
        return TraceReader.title_of(self, ref)
