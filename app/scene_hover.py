"""The tooltip of the box under the cursor: name, fate and its number, in two short lines."""

from __future__ import annotations

from app.scene import Message, Ref, ViewOptions
from app.scene_fates import anchor_fate, detection_fate, proposal_fate
from app.scene_frame import Frame, Memo
from app.scene_verdicts import object_verdict
from detector.trace import Trace


def hover_messages(trace: Trace, ref: Ref, memo: Memo) -> tuple[Message, ...]:
    """What the box is, its fate, and the sentence behind it."""
    frame = Frame(trace, ViewOptions(), memo)
    if not frame.exists(ref):
        return ()
    make = {"object": object_verdict, "anchor": anchor_fate, "proposal": proposal_fate, "detection": detection_fate}
    verdict, _, sentence = make[ref.kind](frame, ref.row)
    return (frame.name_of(ref), verdict) if sentence is None else (frame.name_of(ref), verdict, sentence)
