"""The rail's cards and the tree of stages and fates, with their counts."""

from __future__ import annotations

from app.scene import STAGES, Message, Role, Stage, StageCard, TreeRow, ViewOptions
from app.scene_frame import Frame
from app.scene_layers import SPECS, Group, LayerSpec, counts, visible_layers
from app.sentences import say

_GROUPS: tuple[Group, ...] = ("ground_truth", "anchors", "assignment", "proposals", "detections")


def tree_rows(
    options: ViewOptions, counted: dict[str, int | None], named: dict[str, Message] | None = None
) -> tuple[TreeRow, ...]:
    """Every fate of every stage, with a line for the stage itself that holds the sum; `named` as `layer_names` says."""
    names = named or {}
    visible = visible_layers(options)
    rows: list[TreeRow] = []
    for group in _GROUPS:
        specs = [spec for spec in SPECS if spec.group == group and (counted.get(spec.id) or not spec.is_rare)]
        seen = any(spec.id in visible for spec in specs)
        rows.append(TreeRow(group, group, None, _sum(specs, counted), seen, 0))
        rows.extend(
            TreeRow(spec.id, group, spec.role, counted.get(spec.id), spec.id in visible, 1, names.get(spec.id))
            for spec in specs
        )
    return tuple(rows)


def _sum(specs: list[LayerSpec], counted: dict[str, int | None]) -> int | None:
    values = [counted.get(spec.id) for spec in specs if spec.counted]
    return None if all(value is None for value in values) else sum(value or 0 for value in values)


def tree_before_run(options: ViewOptions, num_objects: int | None, num_proposed: int = 0) -> tuple[TreeRow, ...]:
    """The tree while only the ground truth is known."""
    counted: dict[str, int | None] = dict.fromkeys(spec.id for spec in SPECS)
    if num_objects is not None:
        counted |= {"ground_truth.missed": 0, "ground_truth.not_counted": 0}
        counted["ground_truth.objects"] = num_objects
    counted["ground_truth.proposed"] = num_proposed
    return tree_rows(options, counted)


def cards(frame: Frame, image_hw: tuple[int, int]) -> tuple[StageCard, ...]:
    """The five stages with what there is to know at a glance."""
    counted = counts(frame)
    made = {
        "image": _size(image_hw),
        "anchors": ((say("card.anchors", n=counted["anchors.all"]), None),),
        "assignment": _assignment_counts(counted),
        "proposals": _proposal_counts(frame),
        "detections": _detection_counts(frame, counted),
    }
    none = say("reason.no_ground_truth") if frame.trace.assignment is None else None
    return tuple(
        StageCard(stage, number, made[stage], none if stage == "assignment" else None)
        for number, stage in enumerate(STAGES, start=1)
    )


def cards_before_run(image_hw: tuple[int, int] | None) -> tuple[StageCard, ...]:
    """The five stages before the detector has run."""
    waits = say("reason.not_run" if image_hw else "reason.no_image")
    first = StageCard("image", 1, _size(image_hw) if image_hw else (), None if image_hw else waits)
    others: list[tuple[int, Stage]] = list(enumerate(STAGES, start=1))[1:]
    return (first, *(StageCard(stage, number, (), waits) for number, stage in others))


def _size(image_hw: tuple[int, int]) -> tuple[tuple[Message, Role | None], ...]:
    return ((say("card.image", width=image_hw[1], height=image_hw[0]), None),)


def _assignment_counts(counted: dict[str, int | None]) -> tuple[tuple[Message, Role | None], ...]:
    positive, negative = counted["assignment.sampled_positive"], counted["assignment.sampled_negative"]
    if positive is None or negative is None:
        return ()
    return ((say("card.batch", p=positive, n=negative), None),)


def _proposal_counts(frame: Frame) -> tuple[tuple[Message, Role | None], ...]:
    proposals = frame.trace.proposals
    return ((say("card.proposals", kept=len(proposals.kept), n=len(proposals.fate)), None),)


def _detection_counts(frame: Frame, counted: dict[str, int | None]) -> tuple[tuple[Message, Role | None], ...]:
    found: list[tuple[Message, Role | None]] = [(say("card.detections", n=len(frame.judged)), None)]
    if counted["ground_truth.missed"]:
        found.append((say("card.missed", n=counted["ground_truth.missed"]), Role.MISSED))
    if counted["detections.false_positive"]:
        found.append((say("card.false", n=counted["detections.false_positive"]), Role.FALSE_POSITIVE))
    waiting = len(frame.trace.detections.waiting)
    if waiting:
        found.append((say("card.waiting", n=waiting), Role.WAITING))
    return tuple(found)
