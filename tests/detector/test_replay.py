import math

import numpy as np
import pytest
import torch

from detector.augmentation import AUGMENTATIONS
from detector.boxes import decode, iou
from detector.config import Settings
from detector.ground_truth import GroundTruth
from detector.mini_batch import HUGE
from detector.model import Model
from detector.models import random_network
from detector.pipeline import Cancelled, FeatureCache, HeadLogits, RpnOutputs, follow, observe
from detector.replay import replay
from detector.training_data import TrainingSet
from detector.training_step import LOSSES, step_losses
from tests.helpers.networks import FakeNetwork
from tests.helpers.training import CLASSES, SETTINGS, Scenes

TWO = GroundTruth([[30, 20, 500, 400], [400, 300, 600, 500]], ("cat", "dog"))


def replayed(network, image, truth, settings=None, **more):
    evidence = observe(network, image, settings)
    return replay(network, evidence, image, truth, settings or network.settings, **more)


def in_image(truth, settings=None, network=None):
    """Of the classic 800 x 800 image."""
    network = network or FakeNetwork(TWO.boxes, (1, 2), Settings())
    return replayed(network, np.zeros((800, 800, 3), np.uint8), truth, settings)


# ---- by hand --------------------------------------------------------------------------------------------------------

CELLS = (
    Settings()
    .with_value("anchors.sizes", (16.0,))
    .with_value("anchors.ratios", (1.0,))
    .with_value("assignment.batch_size", 4)
    .with_value("proposals.min_side", 4.0)
)
"""The anchors of a 32 x 32 image are its four cells of 16 x 16."""

TALL = GroundTruth([[0, 0, 16, 20]], ("dog",))
"""IoU with cell 0: 256 / 320 = 0.8; with cell 2 below it: 64 / (320 + 256 - 64) = 0.125; with the others 0."""


class Told(FakeNetwork):
    """Says what it was told of the four anchors, and the same of every region."""

    def __init__(self, logits=((0, 0),) * 4, deltas=((0, 0, 0, 0),) * 4, region=(0, 0, 0), settings=CELLS):
        super().__init__(settings=settings)
        self.told = np.array(logits, np.float32), np.array(deltas, np.float32), np.array(region, np.float32)

    def rpn(self, features, settings):
        self.calls["rpn"] += 1
        return RpnOutputs(self.told[0].copy(), self.told[1].copy())

    def head(self, features, boxes, settings):
        self.calls["head"] += 1
        deltas = np.zeros((len(boxes), 3, 4), np.float32)
        deltas[:, :2] = 9  # of background and cat: nothing that counts here
        return HeadLogits(np.repeat(self.told[2][None], len(boxes), axis=0), deltas)


SMALL_IMAGE = np.zeros((32, 32, 3), np.uint8)


def test_losses_of_the_anchors_by_hand():
    three = math.log(3)  # logits (0, ln 3): an object with probability 3 / 4
    deltas = [[0.5, 0.125, 0, math.log(1.25) + 0.05], [1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]]

    found = replayed(Told([[0, three]] * 4, deltas), SMALL_IMAGE, TALL)
    anchors = found.anchors

    assert anchors.rows.tolist() == [0, 1, 2, 3]
    assert anchors.label.tolist() == [1, 0, 0, 0]
    assert (anchors.positives, anchors.negatives) == (1, 3)
    assert anchors.matched.tolist() == [0, -1, 0, -1]
    # centre (8, 8) to (8, 10): dy 2 / 16; height 16 to 20: dh ln(20 / 16)
    assert anchors.targets[0].tolist() == pytest.approx([0, 0.125, 0, math.log(1.25)], abs=1e-6)
    assert not anchors.targets[1:].any()
    # -ln(3 / 4) for the object, -ln(1 / 4) for each negative
    assert anchors.label_loss.tolist() == pytest.approx([0.287682] + [1.386294] * 3, rel=1e-5)
    assert anchors.label_share.tolist() == pytest.approx([0.0719205] + [0.3465736] * 3, rel=1e-5)  # a quarter
    # smooth L1 with beta 1 / 9: 0.5 - 1 / 18 for dx, 0.5 * 0.05^2 * 9 for dh; what is said of negatives costs nothing
    assert anchors.box_loss.tolist() == pytest.approx([0.444444 + 0.01125, 0, 0, 0], rel=1e-4)
    assert found.losses["rpn_label"] == pytest.approx((0.287682 + 3 * 1.386294) / 4, rel=1e-5)
    assert found.losses["rpn_box"] == pytest.approx(0.455694 / 4, rel=1e-4)
    assert found.odd == ()


def test_losses_of_the_regions_by_hand():
    found = replayed(Told(region=(0, 0, math.log(2))), SMALL_IMAGE, TALL)  # probabilities 1/4, 1/4, 1/2
    regions = found.regions

    # the four cells are proposed as they are, then the object itself
    assert regions.boxes.tolist() == [
        [0, 0, 16, 16], [16, 0, 32, 16], [0, 16, 16, 32], [16, 16, 32, 32], [0, 0, 16, 20]
    ]  # fmt: skip
    assert regions.anchor.tolist() == [0, 1, 2, 3, -1]
    assert regions.object.tolist() == [-1, -1, -1, -1, 0]
    assert regions.label.tolist() == [2, 0, 0, 0, 2]
    assert regions.matched.tolist() == [0, -1, 0, -1, 0]
    assert regions.iou.tolist() == pytest.approx([0.8, 0, 0.125, 0, 1])
    assert (regions.positives, regions.negatives) == (2, 3)
    # dy 0.125 / 0.1, dh ln(1.25) / 0.2
    assert regions.targets[0].tolist() == pytest.approx([0, 1.25, 0, 1.115718], abs=1e-5)
    assert not regions.targets[1:].any()
    # -ln(1 / 2) for a dog, -ln(1 / 4) for background
    dog, background = 0.693147, 1.386294
    assert regions.label_loss.tolist() == pytest.approx([dog, background, background, background, dog], rel=1e-5)
    # smooth L1 with beta 1 of the deltas of dog, 0: 1.25 - 0.5 and 1.115718 - 0.5; the last has nothing left to move
    assert regions.box_loss.tolist() == pytest.approx([1.365718, 0, 0, 0, 0], rel=1e-5)
    assert found.losses["head_label"] == pytest.approx((2 * dog + 3 * background) / 5, rel=1e-5)
    assert found.losses["head_box"] == pytest.approx(1.365718 / 5, rel=1e-5)
    assert tuple(found.losses) == LOSSES


def test_a_region_names_the_anchor_that_proposed_it():
    """Best first: cell 3, 1, 0, 2; and the anchor is named where only some are drawn."""
    logits = [[0, 2.0], [0, 3.0], [0, 1.0], [0, 4.0]]

    regions = replayed(Told(logits), SMALL_IMAGE, GroundTruth.empty()).regions

    assert regions.anchor.tolist() == [3, 1, 0, 2]
    assert regions.boxes[:, :2].tolist() == [[16, 16], [16, 0], [0, 0], [0, 16]]


# ---- the draw -------------------------------------------------------------------------------------------------------


def test_the_classic_example():
    settings = Settings()
    network, image = FakeNetwork(TWO.boxes, (1, 2), settings), np.zeros((800, 800, 3), np.uint8)
    evidence = observe(network, image)
    shown = follow(evidence, settings, TWO)

    found = replay(network, evidence, image, TWO, settings)

    assert (found.anchors.positives, found.anchors.negatives) == (18, 238)
    assert found.anchors.rows.tolist() == np.flatnonzero(shown.assignment.sampled).tolist()
    assert found.anchors.matched.tolist() == shown.assignment.matched[found.anchors.rows].tolist()
    assert found.left_out == ()
    regions = found.regions
    assert regions.positives <= 32
    assert regions.positives + regions.negatives == 128
    assert {1, 2} <= set(regions.label.tolist())
    assert (regions.iou[regions.label > 0] >= 0.5).all()
    assert (regions.iou[regions.label == 0] < 0.5).all()
    # boxes and lineage: the proposal's own box, or an object's
    proposed = regions.anchor >= 0
    assert np.array_equal(regions.boxes[proposed], evidence.first.boxes[regions.anchor[proposed]])
    overlap = iou(regions.boxes, shown.gt_boxes)
    assert np.array_equal(overlap.max(axis=1), regions.iou)
    drawn = regions.label > 0
    reached = decode(regions.boxes[drawn], regions.targets[drawn] * np.float32([0.1, 0.1, 0.2, 0.2]))
    assert np.abs(reached - shown.gt_boxes[regions.matched[drawn]]).max() < 1e-2


def test_the_same_seed_draws_the_same_and_another_seed_draws_anew():
    one, same, other = (in_image(TWO, Settings().with_value("assignment.seed", seed)) for seed in (3, 3, 4))

    assert (one.seed, other.seed) == (3, 4)
    assert one.anchors.rows.tolist() == same.anchors.rows.tolist()
    assert one.regions.boxes.tolist() == same.regions.boxes.tolist()
    assert one.losses == same.losses
    assert one.anchors.rows.tolist() != other.anchors.rows.tolist()
    assert one.regions.boxes.tolist() != other.regions.boxes.tolist()
    # 18 positives are fewer than 128: all of them, whatever the seed
    positives = [set(each.anchors.rows[each.anchors.label == 1].tolist()) for each in (one, other)]
    assert positives[0] == positives[1]


def test_shares_add_up_to_the_losses_and_only_positives_have_a_box_loss():
    found = in_image(TWO)

    for name, samples in (("rpn", found.anchors), ("head", found.regions)):
        assert samples.label_share.sum() == pytest.approx(found.losses[f"{name}_label"], rel=1e-5)
        assert samples.box_share.sum() == pytest.approx(found.losses[f"{name}_box"], rel=1e-5)
        assert samples.label_loss.mean() == pytest.approx(found.losses[f"{name}_label"], rel=1e-5)
        assert (samples.label_share > 0).all()
        assert not samples.box_share[samples.label == 0].any()
        assert samples.box_share[samples.label > 0].any()
        assert not samples.label_share.flags.writeable


def test_thresholds_are_those_given_and_what_the_network_says_is_that_of_the_evidence():
    image = np.zeros((800, 800, 3), np.uint8)
    network = FakeNetwork(TWO.boxes, (1, 2), Settings())
    evidence = observe(network, image)
    moved = (
        Settings()
        .with_value("assignment.batch_size", 40)
        .with_value("roi_sampling.batch_size", 20)
        .with_value("anchors.sizes", (64.0,))
        .with_value("head.box_std", (1.0, 1.0, 1.0, 1.0))
    )
    plain = replay(network, evidence, image, TWO, moved.with_value("head.box_std", (0.1, 0.1, 0.2, 0.2)))

    found = replay(network, evidence, image, TWO, moved)

    assert (found.anchors.positives, found.anchors.negatives) == (18, 22)
    assert len(found.regions.label) == 20
    assert found.regions.positives <= 5
    assert found.losses == plain.losses


@pytest.mark.parametrize("odd", ["difficult", "crowd", "unknown class", "no area", "outside"])
def test_objects_that_training_leaves_out_take_no_part(odd):
    flags = {odd: [True, False]} if odd in ("difficult", "crowd") else {}
    first = {"no area": [30, 20, 30, 400], "outside": [900, 20, 990, 400]}.get(odd, [30, 20, 500, 400])
    truth = GroundTruth([first, [400, 300, 600, 500]], ("zebra" if odd == "unknown class" else "cat", "dog"), **flags)
    alone = GroundTruth([[400, 300, 600, 500]], ("dog",))

    found, expected = in_image(truth), in_image(alone)

    assert found.left_out == (0,)
    assert found.anchors.rows.tolist() == expected.anchors.rows.tolist()
    assert found.losses == expected.losses
    # the number is that of the ground truth as it stands, not of those that train
    assert set(found.anchors.matched.tolist()) == {-1, 1}
    assert set(found.regions.matched.tolist()) == {-1, 1}


# ---- the same as training -------------------------------------------------------------------------------------------


def network_that_tells_places_apart():
    """Random layers, louder: with the weights of a fresh one all anchors are about equally good."""
    network = random_network("compact", CLASSES, SETTINGS)
    with torch.no_grad():
        for layer in (network.rpn.score, network.rpn.delta, network.head.score, network.head.delta):
            layer.weight *= 30
    return network


@pytest.mark.parity
@pytest.mark.parametrize("seed", [0, 7])
def test_losses_are_those_of_a_training_step(seed):
    settings = SETTINGS.with_value("assignment.seed", seed).with_value("assignment.batch_size", 32)
    scenes = Scenes((70, 101))
    network = network_that_tells_places_apart().eval()
    network.settings = settings
    data = TrainingSet(scenes.samples, CLASSES, scenes.read)
    batch = data.batch([0], settings.image, AUGMENTATIONS["none"], np.random.default_rng(5))
    expected = step_losses(network, batch, np.random.default_rng(seed))

    [image] = scenes.pictures.values()
    found = replayed(Model(network, "compact"), image, scenes.samples[0].ground_truth, settings)

    assert found.losses == pytest.approx(
        {name: float(loss.detach()) for name, loss in expected.named().items()}, rel=1e-4
    )
    assert found.anchors.label_share == pytest.approx(expected.rpn.label_rows.detach().numpy(), rel=1e-3, abs=1e-6)
    assert found.anchors.box_share == pytest.approx(expected.rpn.box_rows.detach().numpy(), rel=1e-3, abs=1e-6)
    assert found.regions.label_share == pytest.approx(expected.head.label_rows.detach().numpy(), rel=1e-3, abs=1e-6)
    assert found.regions.box_share == pytest.approx(expected.head.box_rows.detach().numpy(), rel=1e-3, abs=1e-6)
    # it tests something: both stages have both kinds, and the image was resized
    assert min(found.anchors.positives, found.anchors.negatives) > 0
    assert min(found.regions.positives, found.regions.negatives) > 0
    assert (found.regions.anchor == -1).any()
    assert batch.network_hw != [(70, 101)]
    assert min(found.losses.values()) > 0


# ---- nothing, and broken numbers ------------------------------------------------------------------------------------


def test_no_ground_truth_is_refused_in_one_sentence():
    with pytest.raises(
        ValueError, match=r"^Training draws its mini-batches for ground truth, and this image has none\.$"
    ):
        in_image(None)


def test_no_objects_give_negatives_only_and_finite_losses():
    """Mistake 9."""
    found = in_image(GroundTruth.empty())

    assert (found.anchors.positives, found.anchors.negatives) == (0, 256)
    assert (found.regions.positives, found.regions.negatives) == (0, 128)
    assert set(found.anchors.matched.tolist()) == set(found.regions.matched.tolist()) == {-1}
    assert all(math.isfinite(loss) for loss in found.losses.values())
    assert found.losses["rpn_box"] == found.losses["head_box"] == 0
    assert found.losses["rpn_label"] > 0
    assert found.odd == ()


def test_no_proposal_and_no_object_give_no_region():
    network = random_network("compact", CLASSES, SETTINGS.with_value("proposals.min_side", 200.0))

    found = replayed(Model(network, "compact"), np.zeros((64, 96, 3), np.uint8), GroundTruth.empty())

    assert len(found.regions.label) == 0
    assert found.regions.boxes.shape == found.regions.targets.shape == (0, 4)
    assert found.losses["head_label"] == found.losses["head_box"] == 0
    assert found.losses["rpn_label"] > 0


def test_rows_that_are_not_finite_or_huge_are_named_the_worst_first():
    # sample 2 is not finite; sample 1 says "object" with 30 : 0 and is a negative: ln(1 + e^30) = 30
    logits = [[0, 0], [0, 30], [math.nan, 0], [0, 0]]
    # the positive's dx is 20 off: 20 - 1 / 18; dy and dh are off by their targets of 0.125 and 0.2231
    deltas = [[20, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]

    found = replayed(Told(logits, deltas), SMALL_IMAGE, TALL)

    assert [(each.loss, each.sample) for each in found.odd] == [("rpn_label", 2), ("rpn_label", 1), ("rpn_box", 0)]
    nan, label, box = (each.value for each in found.odd)
    assert math.isnan(nan)
    assert label == pytest.approx(30)
    # 4.5 * 0.125^2 = 0.0703; 0.2231 - 1 / 18 = 0.1676
    assert box == pytest.approx(20 - 1 / 18 + 0.0703 + 0.1676, abs=1e-3)
    # as in training nothing is proposed from such numbers, and the head has no loss
    assert tuple(found.losses) == ("rpn_label", "rpn_box")
    assert math.isnan(found.losses["rpn_label"])
    assert len(found.regions.label) == 0


def test_a_row_just_above_the_limit_is_named_and_one_just_below_is_not():
    def odd(own):
        logits = [[0, 0], [0, own], [0, 0], [0, 0]]  # a negative's loss is ln(1 + e^own) = own, as e^-own is nothing
        return [(each.loss, each.sample) for each in replayed(Told(logits), SMALL_IMAGE, TALL).odd]

    assert odd(HUGE + 0.01) == [("rpn_label", 1)]
    assert odd(HUGE - 0.01) == []


def test_a_huge_loss_of_the_head_is_named():
    found = replayed(Told(region=(0, 0, -50)), SMALL_IMAGE, TALL)

    # the two dogs; ln(e^0 + e^0 + e^-50) + 50 = 50.693
    assert [(each.loss, each.sample) for each in found.odd] == [("head_label", 0), ("head_label", 4)]
    assert found.odd[0].value == pytest.approx(50 + math.log(2), rel=1e-5)
    assert found.losses["head_label"] == pytest.approx((2 * 50.693147 + 3 * math.log(2)) / 5, rel=1e-5)


@pytest.mark.parametrize(
    ("part", "broken", "without_objects"),
    [
        ("backbone", {"rpn_label", "rpn_box"}, {"rpn_label"}),
        ("rpn.score", {"rpn_label"}, {"rpn_label"}),
        ("rpn.delta", {"rpn_box"}, set()),  # negatives have no box loss, and NaN boxes are not proposed
        ("head.score", {"head_label"}, {"head_label"}),
        ("head.delta", {"head_box"}, set()),
    ],
)
def test_a_network_whose_weights_are_nan_is_no_crash(part, broken, without_objects):
    [sample] = Scenes((64, 96)).samples
    network = random_network("compact", CLASSES, SETTINGS)
    for weights in network.get_submodule(part).parameters():
        torch.nn.init.constant_(weights, math.nan)
    model, image = Model(network, "compact"), np.full((64, 96, 3), 90, np.uint8)

    for truth, expected in ((sample.ground_truth, broken), (GroundTruth.empty(), without_objects)):
        found = replayed(model, image, truth)

        assert {each.loss for each in found.odd} == expected
        assert {name for name, loss in found.losses.items() if math.isnan(loss)} == expected
        for samples, name in ((found.anchors, "rpn_label"), (found.regions, "head_label")):
            named = [each.sample for each in found.odd if each.loss == name]
            assert named == (list(range(len(samples.label))) if name in expected else [])


# ---- feature map and cancel -----------------------------------------------------------------------------------------


def test_the_feature_map_of_the_cache_is_used_again():
    network, image, cache = (
        FakeNetwork(TWO.boxes, (1, 2), Settings()),
        np.zeros((800, 800, 3), np.uint8),
        FeatureCache(),
    )
    evidence = observe(network, image, cache=cache)

    for seed in range(3):
        replay(network, evidence, image, TWO, Settings().with_value("assignment.seed", seed), cache=cache)
    assert network.calls["features"] == 1

    replay(network, evidence, image, TWO, Settings())
    assert network.calls["features"] == 2


@pytest.mark.parametrize("at", range(5))
def test_cancel_between_stages(at):
    """Within the backbone; before the RPN, the proposals, the head; after it."""
    network = Told()
    evidence = observe(network, SMALL_IMAGE)
    asked = iter(range(100))

    def check():
        if next(asked) == at:
            raise Cancelled

    with pytest.raises(Cancelled):
        replay(network, evidence, SMALL_IMAGE, TALL, CELLS, check=check)
    assert network.calls["rpn"] == (1 if at < 2 else 2)  # the first is that of the evidence
    assert network.calls["head"] == (1 if at == 4 else 0)
