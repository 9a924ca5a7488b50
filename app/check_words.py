"""What is said of a finding of `check`: in the terminal, and in the window's list. No Qt."""

from __future__ import annotations

from app.scene import Message
from app.sentences import say
from detector.datasets.check import Finding
from detector.datasets.check_kinds import TOGETHER
from detector.messages import counted

_SIDES = ("left", "top", "right", "bottom")


def line_of(finding: Finding) -> Message:
    """One finding, without the name of its image."""
    kind, values = finding.kind, finding.values
    if kind in TOGETHER:
        return _line_of_all(finding)
    if kind == "exif_swapped":
        return say("check.line.exif_swapped", **{**values, "objects": counted("check.objects", values["objects"])})
    if kind == "no_image":
        name, said = values.get("name", ""), values["text"]
        if said:
            return say("text", text=said)
        return say("check.line.no_image.named", name=name) if name else say("check.line.no_image")
    if kind == "broken_picture":
        cut_off = "check.line.broken_picture.cut_off"
        return say(cut_off) if values["is_cut_off"] else say("check.line.broken_picture", text=values["text"])
    assert finding.row is not None
    name = say("check.name", cls=values["label"], n=finding.row + 1)
    box = ", ".join(f"{value:g}" for value in values["box"])
    if kind == "over_edge":
        by, side = values["by"], _SIDES[values["side"]]
        words = {"by": f"{by:.1f}".removesuffix(".0"), "side": say(f"check.side.{side}")}
        return say("check.line.over_edge", name=name, box=box, **words)
    if kind == "duplicate":
        return say("check.line.duplicate", name=name, box=box, first=values["first"] + 1, iou=values["iou"])
    if kind == "unknown_class" and values["into"] is not None:
        return say("check.line.unknown_class.near", name=name, box=box, into=values["into"])
    return say(f"check.line.{kind}", **{**values, "name": name, "box": box})


def _line_of_all(finding: Finding) -> Message:
    values = dict(finding.values)
    if finding.kind == "shifted" and values["by"] < 0:
        return say("check.line.shifted_back", **values)
    return say(f"check.line.{finding.kind}", **values)
