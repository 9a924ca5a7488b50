"""Tiny images judged by hand; t = 0.5, working score 0.5 unless said otherwise.

The object is almost always [0, 0, 20, 20] (400 px); a box [0, 0, 20, h] with h < 20 overlaps it at h / 20.
"""

from __future__ import annotations

from typing import Any

from detector.config import Settings
from detector.evidence import Evidence
from detector.ground_truth import GroundTruth
from detector.pipeline import follow
from detector.trace import Cause, Outcome, Trace
from tests.helpers.evidence import make_evidence, make_first, make_head

OBJECT = [0, 0, 20, 20]
AWAY = [60, 60, 80, 80]
LIMITS: dict[str, Any] = {"proposals.min_side": 4.0, "detections.nms_iou": 0.3}


def settings(**changes: Any) -> Settings:
    made = Settings()
    for key, value in (LIMITS | {name.replace("__", "."): value for name, value in changes.items()}).items():
        made = made.with_value(key, value)
    return made


def evidence(rows: list[tuple[float, list[float], list[float], list[list[float]]]], **more: Any) -> Evidence:
    """Rows of (objectness, proposed box, class scores with background first, box of each class)."""
    first = make_first([row[1] for row in rows], [row[0] for row in rows], more.pop("anchors", None))
    head = make_head(range(len(rows)), [row[2] for row in rows], [row[3] for row in rows])
    return make_evidence(first, head, **more)


def traced(found: Evidence, boxes: list[list[float]], labels: list[str], **changes: Any) -> Trace:
    flags = {name: changes.pop(name) for name in ("difficult", "crowd") if name in changes}
    return follow(found, settings(**changes), GroundTruth(boxes, labels, **flags))


def only_cause(trace: Trace, number: int = 0) -> Cause | None:
    assert trace.judgement is not None
    outcome = trace.judgement.objects[number]
    assert outcome.outcome is Outcome.MISSED
    return outcome.cause


def facts(trace: Trace, number: int = 0) -> dict[str, Any]:
    """The details of an object, without `also`."""
    assert trace.judgement is not None
    return {name: value for name, value in trace.judgement.objects[number].detail.items() if name != "also"}


def also(trace: Trace, number: int = 0) -> list[str]:
    assert trace.judgement is not None
    found: list[str] = trace.judgement.objects[number].detail["also"]
    return found
