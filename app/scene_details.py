"""What the panel shows of the selected thing: its explanation, with the colour of its verdict."""

from __future__ import annotations

from dataclasses import replace

from app.scene import Details, Explanation, Ref, Role
from app.scene_frame import Frame
from app.scene_replay import with_losses
from app.scene_roles import role_of
from app.sentences import say
from detector.explanation import explain, explain_unknown


def details(frame: Frame, ref: Ref) -> Details:
    """The panel's text on one thing."""
    told = explain(frame, ref)
    if ref.kind == "object" and ref.row in frame.proposed:
        told = _proposed(told, frame.object_class(ref.row), ref.row)
    return Details(with_losses(frame, ref, told), role_of(frame, ref))


def details_before_run(
    label: str, number: int, box: tuple[float, float, float, float], is_proposed: bool = False
) -> Details:
    """An object's text while the detector has not run."""
    told = explain_unknown(label, number, box)
    return Details(_proposed(told, label, number), Role.PROPOSED) if is_proposed else Details(told, Role.GROUND_TRUTH)


def _proposed(told: Explanation, label: str, number: int) -> Explanation:
    """The same of an object that is not saved: its title says so."""
    return replace(told, title=say("object.proposed", cls=label, g=number + 1))
