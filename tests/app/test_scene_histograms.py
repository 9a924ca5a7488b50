"""The values behind the sliders."""

from app.scene import ViewOptions
from app.scene_builder import build_scene
from detector.trace import ProposalFate


def test_histograms_count_everything(document, trace):
    found = build_scene(document, trace, ViewOptions()).histograms
    assert found["proposals.min_score"].counts.sum() == len(trace.evidence.first.objectness)
    suppressed = int((trace.proposals.fate == ProposalFate.SUPPRESSED).sum())
    assert found["proposals.nms_iou"].counts.sum() == suppressed
