"""Settings as torchvision and detectron2 write them: what is pasted must run, and must say the same."""

import inspect
import types

import pytest
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator

from app.settings_text import detectron2_text, torchvision_text, wanted_keys
from detector.config import Settings, settings_info

CLASSIC = Settings()

# Those of detectron2's config/defaults.py, with the type of each value there.
DETECTRON2 = {
    "INPUT.MIN_SIZE_TEST": int,
    "INPUT.MAX_SIZE_TEST": int,
    "MODEL.ANCHOR_GENERATOR.SIZES": list,
    "MODEL.ANCHOR_GENERATOR.ASPECT_RATIOS": list,
    "MODEL.PROPOSAL_GENERATOR.MIN_SIZE": int,
    "MODEL.RPN.BOUNDARY_THRESH": int,
    "MODEL.RPN.IOU_THRESHOLDS": list,
    "MODEL.RPN.BATCH_SIZE_PER_IMAGE": int,
    "MODEL.RPN.POSITIVE_FRACTION": float,
    "MODEL.RPN.PRE_NMS_TOPK_TRAIN": int,
    "MODEL.RPN.PRE_NMS_TOPK_TEST": int,
    "MODEL.RPN.POST_NMS_TOPK_TRAIN": int,
    "MODEL.RPN.POST_NMS_TOPK_TEST": int,
    "MODEL.RPN.NMS_THRESH": float,
    "MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE": int,
    "MODEL.ROI_HEADS.POSITIVE_FRACTION": float,
    "MODEL.ROI_HEADS.IOU_THRESHOLDS": list,
    "MODEL.ROI_HEADS.SCORE_THRESH_TEST": float,
    "MODEL.ROI_HEADS.NMS_THRESH_TEST": float,
    "MODEL.ROI_BOX_HEAD.POOLER_TYPE": str,
    "MODEL.ROI_BOX_HEAD.POOLER_SAMPLING_RATIO": int,
    "MODEL.ROI_BOX_HEAD.BBOX_REG_WEIGHTS": tuple,
    "TEST.DETECTIONS_PER_IMAGE": int,
}

OTHER = {
    "image.min_side": 360, "image.max_side": 1000, "anchors.sizes": (32.0, 80.0), "anchors.ratios": (0.5, 1.0),
    "anchors.stride": 8, "assignment.positive_iou": 0.61, "assignment.negative_iou": 0.25,
    "assignment.best_for_object": False, "assignment.leave_out_outside": False, "assignment.batch_size": 128,
    "assignment.positive_fraction": 0.4, "assignment.seed": 3, "proposals.min_side": 4.0, "proposals.min_score": 0.1,
    "proposals.pre_nms_top_n": 2000, "proposals.nms_iou": 0.65, "proposals.post_nms_top_n": 500,
    "proposals.train_pre_nms_top_n": 6000, "proposals.train_post_nms_top_n": 1000,
    "roi_sampling.append_ground_truth": False, "roi_sampling.batch_size": 64, "roi_sampling.positive_fraction": 0.3,
    "roi_sampling.positive_iou": 0.6, "roi_sampling.negative_iou_high": 0.4, "roi_sampling.negative_iou_low": 0.1,
    "head.pooling": "align", "head.sampling_ratio": 1, "head.box_std": (0.2, 0.2, 0.25, 0.25),
    "detections.min_score": 0.2, "detections.top_n": 50, "detections.min_side": 2.0, "detections.nms_iou": 0.54,
    "detections.max_detections": 20, "matching.iou": 0.6, "matching.working_score": 0.7,
}  # fmt: skip


def changed(**values):
    settings = CLASSIC
    for key, value in values.items():
        settings = settings.with_value(key, value)
    return settings


EVERYTHING = changed(**OTHER)


def arguments(text):
    """What a call would get."""
    return eval(f"dict({text}\n)", {"AnchorGenerator": AnchorGenerator})


def assignments(text):
    """What a cfg would hold afterwards, by dotted name."""
    cfg = types.SimpleNamespace()
    for name in DETECTRON2:
        at = cfg
        for part in name.split(".")[:-1]:
            at.__dict__.setdefault(part, types.SimpleNamespace())
            at = getattr(at, part)
    exec(text, {"cfg": cfg})
    found = {}

    def collect(at, name):
        for part, value in vars(at).items():
            if isinstance(value, types.SimpleNamespace):
                collect(value, f"{name}{part}.")
            else:
                found[f"{name}{part}"] = value

    collect(cfg, "")
    return found


def test_there_is_another_value_for_every_setting():
    assert OTHER.keys() == {info.key for info in settings_info()}
    assert set(EVERYTHING.changed_from(CLASSIC)) == OTHER.keys()


def test_only_what_differs_is_written():
    settings = changed(**{"detections.nms_iou": 0.54})
    assert torchvision_text(settings, CLASSIC) == "box_nms_thresh=0.54,\n"
    assert detectron2_text(settings, CLASSIC) == "cfg.MODEL.ROI_HEADS.NMS_THRESH_TEST = 0.54\n"
    assert torchvision_text(CLASSIC, settings) == "box_nms_thresh=0.3,\n"


def test_where_nothing_differs_all_that_detections_depend_on_is_written():
    keys = wanted_keys(CLASSIC, CLASSIC)
    assert {info.key for info in settings_info() if not info.training and not info.viewer} == set(keys)
    written = arguments(torchvision_text(CLASSIC, CLASSIC))
    assert written["rpn_nms_thresh"] == 0.7
    assert written["box_detections_per_img"] == 100
    assert "rpn_fg_iou_thresh" not in written


def test_torchvision_takes_every_argument():
    known = inspect.signature(FasterRCNN.__init__).parameters
    written = arguments(torchvision_text(EVERYTHING, CLASSIC))
    assert written.keys() <= known.keys()
    for info in settings_info():
        if info.torchvision in written and info.key != "head.box_std":
            assert written[info.torchvision] == EVERYTHING.value(info.key), info.key
    # 1 / 0.2 = 5, 1 / 0.25 = 4
    assert written["bbox_reg_weights"] == (5.0, 5.0, 4.0, 4.0)
    generator = written["rpn_anchor_generator"]
    assert generator.sizes == ((32, 80),)
    assert generator.aspect_ratios == ((0.5, 1.0),)


def test_detectron2_has_every_key_and_its_type():
    written = assignments(detectron2_text(EVERYTHING, CLASSIC))
    assert written.keys() == DETECTRON2.keys()
    for name, value in written.items():
        kinds = (int, float) if DETECTRON2[name] is float else DETECTRON2[name]
        assert isinstance(value, kinds), name
    assert written["MODEL.RPN.IOU_THRESHOLDS"] == [0.25, 0.61]  # negative, then positive
    assert written["MODEL.ROI_HEADS.IOU_THRESHOLDS"] == [0.6]
    assert written["MODEL.ANCHOR_GENERATOR.SIZES"] == [[32, 80]]
    assert written["MODEL.ROI_BOX_HEAD.BBOX_REG_WEIGHTS"] == (5.0, 5.0, 4.0, 4.0)
    assert written["MODEL.ROI_BOX_HEAD.POOLER_TYPE"] == "ROIAlignV2"
    assert written["MODEL.RPN.BOUNDARY_THRESH"] == -1
    assert assignments(detectron2_text(CLASSIC, EVERYTHING))["MODEL.RPN.BOUNDARY_THRESH"] == 0


@pytest.mark.parametrize(
    ("written", "missing"),
    [
        (
            torchvision_text,
            {"Proposals > Minimum side, px = 4", "Matching > Match IoU = 0.60", "Box head > RoI pooling = align"},
        ),
        (detectron2_text, {"Proposals > Minimum objectness = 0.10", "Matching > Working score = 0.70"}),
    ],
)
def test_what_has_no_equivalent_is_named_with_its_value(written, missing):
    last = written(EVERYTHING, CLASSIC).splitlines()[-1]
    assert last.startswith("# not in ")
    for each in missing:
        assert each in last


def test_every_changed_setting_is_written_or_named():
    for info in settings_info():
        settings = changed(**{info.key: OTHER[info.key]})
        for written in (torchvision_text, detectron2_text):
            assert written(settings, CLASSIC).strip(), info.key
