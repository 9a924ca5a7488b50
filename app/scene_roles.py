"""The colour of a thing: what its fate or outcome looks like on the canvas and in the panels."""

from __future__ import annotations

import numpy as np

from app.scene import Ref, Role
from app.scene_frame import Frame
from detector.assignment import Reason
from detector.explanation_outcomes import kind_of, not_counted, outcome_of
from detector.trace import FALSE_POSITIVES, DetectionFate, Outcome, ProposalFate

_ANCHORS = {
    Reason.OUTSIDE: Role.OUTSIDE,
    Reason.POSITIVE_IOU: Role.POSITIVE,
    Reason.POSITIVE_BEST: Role.POSITIVE_BEST,
    Reason.NEGATIVE: Role.NEGATIVE,
    Reason.IGNORED: Role.IGNORED,
}
_PROPOSALS = {ProposalFate.KEPT: Role.PROPOSAL, ProposalFate.SUPPRESSED: Role.SUPPRESSED}
_DETECTIONS = {
    DetectionFate.KEPT: Role.DETECTION,
    DetectionFate.SUPPRESSED: Role.SUPPRESSED,
    DetectionFate.WAITING: Role.WAITING,
}
_OBJECTS = {Outcome.FOUND: Role.GROUND_TRUTH, Outcome.MISSED: Role.MISSED, Outcome.PENDING: Role.WAITING}


def role_of(frame: Frame, ref: Ref) -> Role:
    """The colour of any thing."""
    return {"object": object_role, "anchor": anchor_role, "proposal": proposal_role, "detection": detection_role}[
        ref.kind
    ](frame, ref.row)


def object_role(frame: Frame, number: int) -> Role:
    """The colour of an object's outcome."""
    if frame.is_proposed(Ref("object", number)):
        return Role.PROPOSED
    return Role.NOT_COUNTED if not_counted(frame, number) else _OBJECTS[outcome_of(frame, number).outcome]


def anchor_role(frame: Frame, row: int) -> Role:
    """The colour of an anchor's training label."""
    found = frame.trace.assignment
    return Role.ANCHOR if found is None else _ANCHORS[Reason(int(found.reason[row]))]


def proposal_role(frame: Frame, row: int) -> Role:
    """The colour of a proposal's fate."""
    fate = ProposalFate(int(frame.trace.proposals.fate[row]))
    if fate is ProposalFate.KEPT and bool(np.isin(row, frame.trace.detections.waiting)):
        return Role.WAITING
    return _PROPOSALS.get(fate, Role.DROPPED)


def detection_role(frame: Frame, row: int) -> Role:
    """The colour of a detection row's fate, and of a detection's outcome."""
    fate = DetectionFate(int(frame.trace.detections.fate[row]))
    if fate is DetectionFate.KEPT and kind_of(frame, row) in FALSE_POSITIVES:
        return Role.FALSE_POSITIVE
    return _DETECTIONS.get(fate, Role.DROPPED)
