"""What the panel shows of the selected thing: its explanation, with the colour of its verdict."""

from __future__ import annotations

from dataclasses import replace

from app.pending import can_accept
from app.scene import Details, Ref, Role
from app.scene_frame import Frame
from app.scene_replay import with_losses
from app.scene_roles import role_of
from app.sentences import say
from detector.explanation import explain, explain_unknown
from detector.messages import Verdict

PROPOSED = Verdict(say("outcome.proposed"), say("outcome.proposed.sentence"))
"""Of an object that nobody has accepted."""


def details(frame: Frame, ref: Ref) -> Details:
    """The panel's text on one thing."""
    if frame.is_proposed(ref):
        x1, y1, x2, y2 = (float(value) for value in frame.box(ref))
        return details_before_run(frame.object_class(ref.row), ref.row, (x1, y1, x2, y2), is_proposed=True)
    told = explain(frame, ref)
    if told.may_be_unlabelled and not can_accept(frame.trace, ref, frame.proposed):
        told = replace(told, may_be_unlabelled=False)  # it is proposed already
    return Details(with_losses(frame, ref, told), role_of(frame, ref))


def details_before_run(
    label: str, number: int, box: tuple[float, float, float, float], is_proposed: bool = False
) -> Details:
    """The text of an object that is not judged: the detector has not run, or nobody has accepted the object."""
    told = explain_unknown(label, number, box)
    if not is_proposed:
        return Details(told, Role.GROUND_TRUTH)
    title = say("object.proposed", cls=label, g=number + 1)
    return Details(replace(told, title=title, verdict=PROPOSED), Role.PROPOSED)
