import dataclasses
import threading

import numpy as np
import pytest
import torch

from detector.anchors import anchor_grid
from detector.boxes import scale
from detector.config import AnchorSettings, HeadSettings, ImageSettings, Settings, SettingsError
from detector.model import FasterRCNN, Model
from detector.models import load
from detector.pipeline import Cancelled

SETTINGS = Settings(
    image=ImageSettings(min_side=96, max_side=160),
    anchors=AnchorSettings(sizes=(16, 32, 64)),
    head=HeadSettings(pooling="align"),
)


def nothing():
    pass


def make_model(**options):
    torch.manual_seed(1)
    return Model(FasterRCNN("compact", ("a", "b"), SETTINGS), "test", **options)


@pytest.fixture(scope="module")
def model():
    return make_model()


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(5).integers(0, 256, (60, 100, 3), np.uint8)


def test_shapes_and_sizes(model, image):
    features = model.features(image, SETTINGS, nothing)

    # 96 / 60 = 1.6; 100 * 1.6 = 160
    assert features.network_hw == (96, 160)
    assert features.feature_hw == (6, 10)
    assert features.nbytes == 6 * 10 * 192 * 4
    rpn = model.rpn(features, SETTINGS)
    assert rpn.logits.shape == (6 * 10 * 9, 2)
    assert rpn.deltas.shape == (6 * 10 * 9, 4)
    assert len(anchor_grid(SETTINGS.anchors, features.feature_hw)) == len(rpn.logits)
    head = model.head(features, np.array([[0, 0, 50, 50], [20, 10, 90, 80], [5, 5, 6, 6]], np.float32), SETTINGS)
    assert head.logits.shape == (3, 3)
    assert head.deltas.shape == (3, 3, 4)
    assert all(each.dtype == np.float32 for each in (*rpn, *head))
    assert model.head(features, np.zeros((0, 4), np.float32), SETTINGS).logits.shape == (0, 3)


def test_it_is_the_module_on_normalised_pixels(model, image):
    """Mistake 10: the same numbers by another way, with the image already of the network's size."""
    same_size = np.ascontiguousarray(np.repeat(np.repeat(image, 2, 0), 2, 1)[:96, :160])
    features = model.features(same_size, SETTINGS, nothing)

    pixels = torch.from_numpy(same_size).permute(2, 0, 1)[None] / 255
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    with torch.inference_mode():
        expected = model.network.backbone((pixels - mean[:, None, None]) / std[:, None, None])

    assert torch.allclose(features.tensor, expected, atol=1e-4)


def test_regions_of_the_resized_image_are_in_network_pixels(model, image):
    """Mistake 10: the image is 60 x 100 and resized by 1.6. Only one cell of the map holds anything."""
    features = model.features(image, SETTINGS, nothing)
    assert features.network_hw == (96, 160)
    planted = torch.zeros_like(features.tensor)  # 6 x 10 cells
    planted[..., 3, 5] = 10.0  # y 3, x 5: network pixels [80, 48, 96, 64], image pixels [50, 30, 60, 40]
    here, nowhere = (
        dataclasses.replace(features, tensor=each) for each in (planted, torch.zeros_like(features.tensor))
    )
    boxes = [
        [80, 48, 96, 64],  # the cell in network pixels
        [50, 30, 60, 40],  # the same place in image pixels
        [128, 77, 154, 96],  # 1.6 times too far
        [48, 80, 64, 96],  # x and y exchanged
    ]

    with_it, without = (model.head(each, np.array(boxes, np.float32), SETTINGS).logits for each in (here, nowhere))

    assert [not np.allclose(one, other) for one, other in zip(with_it, without, strict=True)] == [
        True,
        False,
        False,
        False,
    ]


def test_a_region_of_the_image_says_the_same_at_any_resolution(model):
    """The same picture at two resolutions: the same region, each time scaled with it, gets the same answer."""
    ramp = np.add.outer(np.arange(60) * 2.0, np.arange(100) * 1.2).astype(np.uint8)
    small = np.stack([ramp, ramp[::-1], 255 - ramp], axis=2)
    large = np.ascontiguousarray(np.repeat(np.repeat(small, 2, 0), 2, 1))
    box = np.array([[10, 20, 60, 50]], np.float32)  # of the small image
    other = np.array([[60, 5, 95, 30]], np.float32)

    answers = []
    for picture, times in ((small, 1), (large, 2)):
        features = model.features(picture, SETTINGS, nothing)
        factors = (features.network_hw[1] / picture.shape[1], features.network_hw[0] / picture.shape[0])
        regions = scale(np.concatenate([box, other]) * times, factors)
        answers.append(model.head(features, regions, SETTINGS).logits)

    between_pictures = np.abs(answers[0] - answers[1]).max()
    between_regions = np.abs(answers[0][0] - answers[0][1]).max()
    assert between_pictures < 0.1 * between_regions


def test_the_module_itself_is_used():
    network = FasterRCNN("compact", ("a",), SETTINGS).train()

    made = load(network, "cpu")

    assert made.network is network  # the docstring warns: in place
    assert not network.training
    assert not any(each.requires_grad for each in network.parameters())


def test_a_picture_of_one_pixel_works(model):
    features = model.features(np.zeros((1, 1, 3), np.uint8), SETTINGS, nothing)
    assert features.network_hw == (96, 96)

    tiny = Settings(image=ImageSettings(min_side=64, max_side=64), anchors=SETTINGS.anchors)
    features = model.features(np.zeros((1, 5000, 3), np.uint8), tiny, nothing)
    assert features.network_hw == (32, 64)
    assert len(model.rpn(features, tiny).logits) == 2 * 4 * 9


def test_anchors_that_do_not_fit_are_named(model, image):
    fewer = SETTINGS.with_value("anchors.sizes", (16.0, 32.0))
    with pytest.raises(SettingsError, match=r"9 anchors a cell.*2 x 3 = 6"):
        model.features(image, fewer, nothing)
    features = model.features(image, SETTINGS, nothing)
    with pytest.raises(SettingsError, match=r"9 anchors a cell"):
        model.rpn(features, fewer)
    with pytest.raises(SettingsError, match=r"every 16 px.*8"):
        model.features(image, SETTINGS.with_value("anchors.stride", 8), nothing)
    with pytest.raises(SettingsError, match=r"16 px.*not 32"):
        FasterRCNN("compact", ("a",), SETTINGS.with_value("anchors.stride", 32))
    with pytest.raises(ValueError, match="class"):
        FasterRCNN("compact", (), SETTINGS)


def test_the_key_names_image_size_and_weights_and_nothing_else(model, image):
    key = Model.feature_key
    first = key(model, image, SETTINGS)
    darker = image.copy()
    darker[30, 50] //= 2
    assert key(model, image.copy(), SETTINGS) == first
    for name, value in (("detections.nms_iou", 0.1), ("head.pooling", "max"), ("anchors.sizes", (20.0, 30.0, 40.0))):
        assert key(model, image, SETTINGS.with_value(name, value)) == first  # the same feature map
    assert key(model, image, SETTINGS.with_value("image.min_side", 128)) != first
    assert key(model, image[:, ::-1], SETTINGS) != first
    assert key(model, image.reshape(100, 60, 3), SETTINGS) != first  # the same bytes
    assert key(model, darker, SETTINGS) != first
    assert key(make_model(), image, SETTINGS) != first  # random weights are only equal to themselves
    assert key(make_model(sha256="x"), image, SETTINGS) == key(make_model(sha256="x"), image, SETTINGS)
    assert key(make_model(sha256="x"), image, SETTINGS) != key(make_model(sha256="y"), image, SETTINGS)


def test_pooling_follows_the_settings(model, image):
    features = model.features(image, SETTINGS, nothing)
    box = np.array([[3, 9, 77, 55]], np.float32)

    aligned = model.head(features, box, SETTINGS).logits
    rounded = model.head(features, box, SETTINGS.with_value("head.pooling", "max")).logits

    assert not np.array_equal(aligned, rounded)


def test_it_can_be_cancelled_between_layers(model, image):
    calls = []

    def check():
        calls.append(1)
        if len(calls) > 10:
            raise Cancelled

    with pytest.raises(Cancelled):
        model.features(image, SETTINGS, check)
    assert len(calls) == 11


def test_threads_may_ask_at_once(model, image):
    """It computes in evaluation mode, without gradients, in any thread."""
    expected = model.features(image, SETTINGS, nothing).tensor
    found = []

    def ask():
        features = model.features(image, SETTINGS, nothing)
        found.append((features.tensor, torch.is_grad_enabled(), model.rpn(features, SETTINGS).logits))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 3
    assert all(torch.equal(tensor, expected) and not tensor.requires_grad for tensor, _, _ in found)
    assert not model.network.training


def test_half_precision_is_the_backbones_only(image):
    exact, half = make_model(), make_model(half_backbone=True)
    wanted, got = exact.features(image, SETTINGS, nothing), half.features(image, SETTINGS, nothing)

    assert got.tensor.dtype == torch.float32
    size = float(wanted.tensor.abs().max())
    assert 0 < float((wanted.tensor - got.tensor).abs().max()) < 0.05 * size
    # the RPN itself is exact: on the same features it says the same, to the bit
    borrowed = dataclasses.replace(got, tensor=wanted.tensor)
    assert np.array_equal(half.rpn(borrowed, SETTINGS).deltas, exact.rpn(wanted, SETTINGS).deltas)
