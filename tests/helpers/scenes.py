"""A Scene written out by hand: three objects (one missed), one false positive, a selected object with its story."""

from __future__ import annotations

from app.scene import (
    STAGES,
    ClassScore,
    Details,
    Explanation,
    Fact,
    Message,
    ObjectRow,
    Ref,
    Role,
    Scene,
    Space,
    Stage,
    StageCard,
    TreeRow,
)
from detector.messages import Verdict, naming


def say(words: str) -> Message:
    """A message that is its own text."""
    return Message("text", {"text": words})


OBJECTS = (
    ObjectRow(Ref("object", 0), say("RBC #1"), say("found 0.93"), Role.DETECTION, False, "found", "RBC"),
    ObjectRow(Ref("object", 1), say("RBC #2"), say("missed"), Role.MISSED, True, "missed.nms", "RBC"),
    ObjectRow(Ref("object", 2), say("RBC #3"), say("found 0.88"), Role.DETECTION, False, "found", "RBC"),
    ObjectRow(
        Ref("detection", 14),
        say("detection 14"),
        say("on background"),
        Role.FALSE_POSITIVE,
        True,
        "false_positive.background",
        "WBC",
    ),
)

TREE = (
    TreeRow("ground_truth", "ground_truth", None, 3, True, 0),
    TreeRow("ground_truth.objects", "ground_truth", Role.GROUND_TRUTH, 2, True),
    TreeRow("ground_truth.missed", "ground_truth", Role.MISSED, 1, True),
    TreeRow("proposals", "proposals", None, 5940, False, 0),
    TreeRow("proposals.kept", "proposals", Role.PROPOSAL, 300, False),
    TreeRow("detections", "detections", None, None, True, 0),
    TreeRow("detections.judged", "detections", Role.DETECTION, None, True),
)

ANCHOR = naming(Ref("anchor", 2541), "anchor.name", k=2541)
DETECTION = naming(Ref("detection", 9), "detection.name", k=3)

EXPLANATION = Explanation(
    ref=Ref("object", 1),
    title=say("RBC #2"),
    verdict=Verdict(say("Missed"), say("Suppressed by detection 3.")),
    geometry=say("[212, 148, 318, 249]   106 x 101 px"),
    facts=(
        Fact(say("Anchor"), Message("fact.object", {"name": ANCHOR, "a": 0.895}), True),
        Fact(say("Detection NMS"), Message("overlap.with", {"a": 0.531, "name": DETECTION}), False),
    ),
    scores=(ClassScore("RBC", 0.871, True), ClassScore("<WBC>", 0.012, False)),
    links=((say("RBC #4"), Ref("object", 3)),),
)
DETAILS = Details(EXPLANATION, Role.MISSED)


def make_scene(stage: Stage = "detections", selected: Ref | None = None, details: Details | None = None) -> Scene:
    """A scene in which every panel has something to draw."""
    counts: dict[Stage, tuple[tuple[Message, Role | None], ...]] = {
        "detections": ((say("14"), None), (say("1 missed"), Role.MISSED)),
        "proposals": ((say("300 of 5,940"), None),),
    }
    cards = tuple(
        StageCard(
            each,
            number,
            counts.get(each, ()),
            say("No ground truth for this image.") if each == "assignment" else None,
        )
        for number, each in enumerate(STAGES, start=1)
    )
    return Scene(
        space=Space((480, 640), (360, 480), (0.75, 0.75), 16, (23, 30)),
        stage=stage,
        cards=cards,
        tree=TREE,
        objects=OBJECTS,
        details=details,
        selected=selected,
        num_anchors=5940,
        milliseconds=143.2,
    )
