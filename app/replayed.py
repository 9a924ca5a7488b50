"""The training mini-batches of the image on show, with what they were drawn for. No Qt, no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from app.scene import Message
from detector.config import AssignmentSettings, ProposalSettings, RoiSamplingSettings
from detector.evidence import FirstStage
from detector.ground_truth import GroundTruth
from detector.mini_batch import Replay
from detector.trace import Trace


class Draw(NamedTuple):
    """All that decides what is drawn and what it costs; two are equal where they are about the same records.

    What the box head says of the regions follows from what names the first stage: image, model, evidence settings.
    """

    first: FirstStage
    ground_truth: GroundTruth
    assignment: AssignmentSettings
    proposals: ProposalSettings
    roi_sampling: RoiSamplingSettings


def draw_of(trace: Trace) -> Draw | None:
    """What a trace draws; None where there is no ground truth to draw for."""
    if trace.ground_truth is None:
        return None
    settings = trace.settings
    return Draw(
        trace.evidence.first, trace.ground_truth, settings.assignment, settings.proposals, settings.roi_sampling
    )


@dataclass(frozen=True, slots=True, eq=False)
class Replayed:
    """The answer to one draw.

    Attributes:
        replay: None where it cannot be computed, and then `problem` says why.
    """

    draw: Draw
    replay: Replay | None
    problem: Message | None = None

    def fits(self, trace: Trace) -> bool:
        """It is about what the trace shows."""
        return self.draw == draw_of(trace)
