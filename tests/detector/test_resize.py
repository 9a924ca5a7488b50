import numpy as np
import pytest
import torch
from PIL import Image

from detector.config import ImageSettings
from detector.resize import network_size, normalised, resized


@pytest.mark.parametrize(
    ("image_hw", "expected"),
    [
        ((800, 800), (800, 800)),
        ((480, 640), (800, 1067)),  # 800 / 480 = 1.667; 640 * 1.667 = 1066.7
        ((400, 1000), (533, 1333)),  # 800 / 400 = 2 would make 2000 > 1333; 1333 / 1000 = 1.333; 533.2
        ((1, 1), (800, 800)),
        ((1, 4000), (32, 1333)),  # a third of a pixel high: never under two cells of 16 px
    ],
)
def test_the_short_side_becomes_min_side_unless_the_long_one_passes_max_side(image_hw, expected):
    assert network_size(image_hw, ImageSettings()) == expected


def test_an_image_without_pixels_is_refused():
    with pytest.raises(ValueError, match="5 x 0"):
        network_size((0, 5), ImageSettings())


def test_normalisation_is_imagenets():
    """Mistake 10: black is -mean / std, white (1 - mean) / std."""
    pixels = torch.zeros(1, 3, 2, 2, dtype=torch.uint8)
    pixels[..., 1] = 255

    out = normalised(pixels)

    assert out[0, :, 0, 0].tolist() == pytest.approx([-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225], abs=1e-5)
    assert out[0, :, 0, 1].tolist() == pytest.approx([0.515 / 0.229, 0.544 / 0.224, 0.594 / 0.225], abs=1e-5)


def test_channels_stay_red_green_blue():
    image = np.full((40, 50, 3), (10, 20, 30), np.uint8)

    out = resized(image, (64, 32))

    assert out.shape == (1, 3, 64, 32)
    assert out.dtype == torch.uint8
    assert [int(channel.float().mean()) for channel in out[0]] == [10, 20, 30]


def test_shrinking_smooths():
    """Every second column black: shrunk to a quarter it is grey, not one of the two."""
    image = np.zeros((32, 128, 3), np.uint8)
    image[:, ::2] = 200

    out = resized(image, (32, 32))[0, 0, :, 4:-4]

    assert int(out.min()) > 90
    assert int(out.max()) < 110


def test_it_resembles_pillows_resize():
    image = np.random.default_rng(0).integers(0, 256, (61, 83, 3), np.uint8)

    ours = resized(image, (32, 40))[0].permute(1, 2, 0).numpy().astype(int)
    theirs = np.asarray(Image.fromarray(image).resize((40, 32), Image.Resampling.BILINEAR)).astype(int)

    assert np.abs(ours - theirs).max() <= 2


def test_read_only_and_mirrored_arrays_are_taken_as_they_are():
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    expected = resized(image, (32, 32))
    locked = image.copy()
    locked.flags.writeable = False

    assert torch.equal(resized(locked, (32, 32)), expected)
    assert not locked.flags.writeable
    assert torch.equal(resized(image[:, ::-1][:, ::-1], (32, 32)), expected)
    assert torch.equal(resized(image[:, ::-1], (32, 32)), resized(image[:, ::-1].copy(), (32, 32)))


@pytest.mark.parametrize("image", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3))])
def test_other_arrays_are_refused(image):
    with pytest.raises(ValueError, match="uint8"):
        resized(image, (32, 32))
