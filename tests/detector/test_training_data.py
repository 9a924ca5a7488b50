import itertools
import logging
from pathlib import Path

import numpy as np
import pytest

from detector.augmentation import AUGMENTATIONS
from detector.config import ImageSettings
from detector.ground_truth import GroundTruth
from detector.training_data import TrainingSet
from tests.helpers.training import CLASSES, SETTINGS, Scenes


@pytest.fixture
def scenes():
    return Scenes((64, 96), (64, 96))


def test_objects_that_do_not_count_are_left_out(scenes, caplog):
    boxes = [[8, 10, 32, 34], [50, 20, 50, 40], [60, 20, 80, 40], [20, 20, 40, 40]]
    flags = {"difficult": [False, False, True, False], "crowd": [False, False, False, True]}
    scenes.replace(0, GroundTruth(boxes, ["dark"] * 4, **flags))

    with caplog.at_level(logging.WARNING, "detector"):
        data = TrainingSet(scenes.samples[:1], CLASSES, scenes.read)
    batch = next(data.batches(1, SETTINGS.image, AUGMENTATIONS["none"], np.random.default_rng(0)))

    assert batch.objects[0].boxes.tolist() == [[8, 10, 32, 34]]
    assert caplog.messages == ["scene0.png: 1 object(s) without area are left out of training."]


def test_objects_outside_the_image_are_left_out(scenes):
    # The image is 64 x 96 px: the second lies to the right of it, the third reaches 4 px into it.
    boxes = [[8, 10, 32, 34], [100, 10, 120, 34], [92, 10, 120, 34]]
    scenes.replace(0, GroundTruth(boxes, ["dark", "dark", "dark"]))
    batch = next(
        TrainingSet(scenes.samples[:1], CLASSES, scenes.read).batches(
            1, SETTINGS.image, AUGMENTATIONS["none"], np.random.default_rng(0)
        )
    )
    assert batch.objects[0].boxes.tolist() == [[8, 10, 32, 34], [92, 10, 96, 34]]
    assert len(batch.objects[0].numbers) == 2


def test_boxes_go_with_the_resize():
    """Mistake 10: the picture is 128 x 192, the network sees 64 x 96."""
    scenes = Scenes((128, 192))
    data = TrainingSet(scenes.samples, CLASSES, scenes.read)
    batch = next(
        data.batches(1, ImageSettings(min_side=64, max_side=96), AUGMENTATIONS["none"], np.random.default_rng(0))
    )

    assert batch.network_hw == [(64, 96)]
    assert batch.scale_xy == [(0.5, 0.5)]
    assert batch.objects[0].boxes[0].tolist() == [4, 5, 16, 17]
    inside = batch.images[0, :, 6:16, 5:15]
    assert float(inside.max()) < -1.5  # (10 / 255 - 0.485) / 0.229 = -1.95: the dark square is where its box says


def test_every_image_comes_once_a_round():
    scenes = Scenes(*[(64, 96)] * 5)
    data = TrainingSet(scenes.samples, CLASSES, scenes.read)
    batches = data.batches(2, SETTINGS.image, AUGMENTATIONS["none"], np.random.default_rng(0))

    files = [file for batch in itertools.islice(batches, 5) for file in batch.files]

    assert sorted(files[:5]) == sorted(files[5:]) == sorted(scenes.pictures)
    assert files[:5] != files[5:]


def test_images_are_read_once_while_there_is_room(scenes):
    reads = []

    def read(path):
        reads.append(path)
        return scenes.read(path)

    one = scenes.pictures[Path("scene0.png")].nbytes
    data = TrainingSet(scenes.samples, CLASSES, read, cache_bytes=one)
    for path in [Path("scene0.png"), Path("scene1.png")] * 3:
        data.image(path)

    assert reads.count(Path("scene0.png")) == 1
    assert reads.count(Path("scene1.png")) == 3
