"""What an explanation says where more than one thing keeps an object from being found.

The object is [0, 0, 20, 20]; BESIDE lies 8 px further, 12 x 20 = 240 of 560 px with it: IoU 0.429 > 0.30.
"""

import numpy as np
import pytest

from app.wording import text
from detector.explanation import explain
from detector.messages import Ref
from detector.trace import Cause
from detector.trace_reader import TraceReader
from tests.helpers.judged import AWAY, OBJECT, evidence, only_cause, traced

BESIDE = [8, 0, 28, 20]


def row(objectness, box, cat, refined=None):
    refined = box if refined is None else refined
    return objectness, box, [1 - cat, cat, 0.0], [refined, refined]


def told(trace, kind="object", number=0):
    return explain(TraceReader(trace), Ref(kind, number))


def notes(trace):
    return " ".join(text(each) for each in told(trace).notes)


def marks(explained):
    return [(text(fact.name), fact.mark) for fact in explained.facts]


def test_a_box_under_the_working_score_that_nms_dropped_too():
    # 0.4 is over the minimum score, so NMS looked at it, and dropped it for the cat beside it.
    trace = traced(evidence([row(0.9, BESIDE, 0.9), row(0.8, OBJECT, 0.4)]), [OBJECT], ["cat"])
    assert only_cause(trace) is Cause.BACKGROUND
    assert notes(trace) == (
        "Detection NMS dropped this box as well: IoU 0.429 with detection 1 (cat 0.900) > 0.30. A lower working score "
        "would not bring it back."
    )
    assert marks(told(trace))[-2:] == [("Box head", False), ("Detection NMS", False)]
    # and indeed it does not
    assert only_cause(traced(trace.evidence, [OBJECT], ["cat"], matching__working_score=0.3)) is Cause.NMS


def test_a_box_under_the_working_score_that_the_limit_dropped_too():
    trace = traced(
        evidence([row(0.9, AWAY, 0.9), row(0.8, OBJECT, 0.4)]), [OBJECT], ["cat"], detections__max_detections=1
    )
    assert notes(trace).startswith("A later filter dropped this box as well: Over the detection limit.")


def test_a_box_under_the_working_score_that_nothing_else_dropped():
    trace = traced(evidence([row(0.9, AWAY, 0.9), row(0.8, OBJECT, 0.4)]), [OBJECT], ["cat"])
    assert only_cause(trace) is Cause.BACKGROUND
    assert notes(trace) == ""
    assert marks(told(trace))[-1] == ("Box head", False)


@pytest.mark.parametrize(
    ("score", "said"),
    [
        (0.008, "Its class score is low as well: cat 0.008, limit 0.50. A better box alone would not be enough."),
        (0.9, ""),
    ],
)
def test_a_box_that_the_head_moved_away_may_have_a_low_score_as_well(score, said):
    trace = traced(evidence([row(0.8, OBJECT, score, refined=AWAY)]), [OBJECT], ["cat"])
    assert only_cause(trace) is Cause.HEAD_REGRESSION
    assert notes(trace) == said


def test_the_best_anchor_may_be_trained_towards_another_object():
    # Anchor 0 is [0, 0, 20, 20]. It overlaps the first object, [0, 0, 20, 12], at 12 / 20 = 0.6, more than any other
    # anchor does, and the second, which is itself, at 1.
    found = evidence([row(0.9, OBJECT, 0.9)])
    trace = traced(found, [[0, 0, 20, 12], OBJECT], ["cat", "cat"], matching__iou=0.7)
    assert trace.assignment.label[0] == 1
    assert (int(trace.assignment.matched[0]), int(np.count_nonzero(trace.assignment.matched == 0))) == (1, 0)
    first = next(text(fact.value) for fact in told(trace).facts)
    assert first.endswith("trained towards cat #2, which it overlaps more. 0 positive anchors")
    assert "trained towards" not in text(told(trace, number=1).facts[0].value)


def test_a_judged_detection_names_the_score_it_is_judged_by():
    trace = traced(evidence([row(0.9, AWAY, 0.9), row(0.8, OBJECT, 0.4)]), [], [])
    judged = next(text(fact.value) for fact in told(trace, "detection", 0).facts if text(fact.name) == "Box head")
    assert "(working score 0.50)" in judged
    below = next(text(fact.value) for fact in told(trace, "detection", 2).facts if text(fact.name) == "Box head")
    assert "(minimum 0.05)" in below
