"""What the panel shows of the selected thing: its explanation, with the colour of its verdict."""

from __future__ import annotations

from app.scene import Details, Ref, Role
from app.scene_frame import Frame
from app.scene_roles import role_of
from detector.explanation import explain, explain_unknown


def details(frame: Frame, ref: Ref) -> Details:
    """The panel's text on one thing."""
    return Details(explain(frame, ref), role_of(frame, ref))


def details_before_run(label: str, number: int, box: tuple[float, float, float, float]) -> Details:
    """An object's text while the detector has not run."""
    return Details(explain_unknown(label, number, box), Role.GROUND_TRUTH)
