import pytest
import torch
from torch import nn
from torchvision.models import vgg

from detector.backbone import BACKBONES, build_backbone, feature_hw
from detector.pipeline import Cancelled


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("network_hw", [(32, 32), (64, 96), (70, 111)])
def test_the_map_has_a_cell_every_16_px(name, network_hw):
    backbone = build_backbone(name).eval()

    with torch.inference_mode():
        features = backbone(torch.zeros(1, 3, *network_hw))

    # 70 = 4 * 16 + 6 and 111 = 6 * 16 + 15: what does not fill a cell is dropped
    expected = {(32, 32): (2, 2), (64, 96): (4, 6), (70, 111): (4, 6)}[network_hw]
    assert features.shape == (1, backbone.out_channels, *expected)
    assert feature_hw(network_hw) == expected


def test_vgg16_has_the_layers_of_torchvision_in_the_same_places():
    theirs = vgg.make_layers(vgg.cfgs["D"])[:30]
    ours = build_backbone("vgg16").layers

    assert [type(layer) for layer in ours] == [type(layer) for layer in theirs]
    assert {k: v.shape for k, v in ours.state_dict().items()} == {k: v.shape for k, v in theirs.state_dict().items()}

    ours.load_state_dict(theirs.state_dict())
    image = torch.rand(1, 3, 32, 48)
    with torch.inference_mode():
        assert torch.equal(ours(image), theirs(image))


def test_freezing_keeps_conv1_and_conv2_only():
    backbone = build_backbone("vgg16")
    backbone.freeze_early()

    convolutions = [layer for layer in backbone.layers if isinstance(layer, nn.Conv2d)]
    # conv1_1 conv1_2 conv2_1 conv2_2 stay; the other nine learn
    assert [layer.weight.requires_grad for layer in convolutions] == [False] * 4 + [True] * 9
    compact = build_backbone("compact")
    compact.freeze_early()
    assert all(each.requires_grad for each in compact.parameters())


def test_a_pass_can_be_stopped_between_any_two_layers():
    backbone = build_backbone("compact").eval()
    calls = []

    def stop_at_the_fifth():
        calls.append(1)
        if len(calls) == 5:
            raise Cancelled

    with torch.inference_mode(), pytest.raises(Cancelled):
        backbone(torch.zeros(1, 3, 32, 32), stop_at_the_fifth)
    assert len(calls) == 5

    calls.clear()
    with torch.inference_mode():
        backbone(torch.zeros(1, 3, 32, 32), lambda: calls.append(1))
    assert len(calls) == len(backbone.layers)


def test_compact_is_small():
    # sum of 9 * in * out over the convolutions, plus 2 numbers a channel of each normalisation:
    # 9 * (3*16 + 16*32 + 32*64 + 64*64 + 64*128 + 128*128 + 128*192 + 192*192) + 2 * (16+32+2*64+2*128+2*192)
    numbers = sum(each.numel() for each in build_backbone("compact").parameters())
    assert numbers == 9 * 92_720 + 2 * 816


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match=r"'resnet'. Known: compact, vgg16"):
        build_backbone("resnet")
