"""What is said of a box in a few words."""

import numpy as np

from app.scene import Ref, Role
from app.scene_frame import Frame
from app.scene_hover import hover_messages, listed_things
from app.wording import text
from detector.ground_truth import GroundTruth


def test_a_box_says_its_name_its_fate_and_the_number_behind_it(trace):
    row = int(trace.detections.kept[0])
    said = [text(message) for message in hover_messages(Frame(trace), Ref("detection", row))]
    assert said[0] == "detection 1"
    assert f"{float(trace.detections.score[row]):.3f}" in said[-1]
    assert hover_messages(Frame(trace), Ref("detection", 10**6)) == ()


def test_what_is_here_is_listed_by_kind_and_worth(trace):
    kept = trace.proposals.kept[:3].tolist()
    detections = trace.detections.kept[:2].tolist()
    refs = [Ref("anchor", 3), *(Ref("proposal", row) for row in reversed(kept)), Ref("object", 1)]
    refs += [Ref("detection", row) for row in reversed(detections)] + [Ref("object", 0), Ref("anchor", 10**6)]
    rows = listed_things(Frame(trace), refs)
    assert [row.ref for row in rows] == [
        Ref("object", 0), Ref("object", 1), *(Ref("detection", row) for row in detections),
        *(Ref("proposal", row) for row in kept), Ref("anchor", 3),
    ]  # fmt: skip
    assert text(rows[0].verdict) == "Found"
    assert rows[0].role is Role.GROUND_TRUTH
    score = float(trace.detections.score[detections[0]])
    assert f"{score:.2f} · " in text(rows[2].verdict)
    objectness = trace.evidence.first.objectness[kept]
    assert (np.diff(objectness) <= 0).all()
    assert text(rows[4].verdict) == f"objectness {float(objectness[0]):.2f} · Kept"
    assert f"IoU {float(trace.assignment.max_iou[3]):.2f} · " in text(rows[-1].verdict)


def test_an_object_that_nobody_accepted_is_not_judged(trace):
    frame = Frame(trace, proposed=GroundTruth([[5, 6, 25, 36]], ["dog"]))
    ref = Ref("object", len(trace.gt_boxes))
    said = [text(message) for message in hover_messages(frame, ref)]
    assert said[:2] == [f"dog #{ref.row + 1}", "Not judged"]
    (row,) = listed_things(frame, [ref, Ref("object", ref.row + 1)])
    assert (row.role, row.wrong, text(row.verdict)) == (Role.PROPOSED, False, "Not judged")
