import dataclasses

import numpy as np
import pytest
import torch

from detector.augmentation import AUGMENTATIONS, Augmentation, BatchDraw, changed, draw_batch

BOX = np.array([[3, 5, 11, 8]], np.float32)


def marked():
    """A dark image of 12 x 20 pixels whose box is bright: wherever the pixels go, the box must go."""
    pixels = torch.full((3, 12, 20), 20, dtype=torch.uint8)
    pixels[:, 5:8, 3:11] = 220
    return pixels


@pytest.mark.parametrize("turn", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_boxes_go_where_their_pixels_go(turn, seed):
    every = Augmentation(mirror_x=True, mirror_y=True, turn=True)

    pixels, boxes = changed(marked(), BOX, BatchDraw(1.0, turn), every, np.random.default_rng(seed))

    assert pixels.shape == ((3, 20, 12) if turn else (3, 12, 20))
    x1, y1, x2, y2 = boxes[0].astype(int)
    assert (x2 - x1) * (y2 - y1) == 24
    assert float(pixels[:, y1:y2, x1:x2].min()) == 220
    assert int((pixels[0] == 220).sum()) == 24


def test_all_eight_ways_occur():
    every = Augmentation(mirror_x=True, mirror_y=True, turn=True)
    generator = np.random.default_rng(0)

    seen = {
        tuple(changed(marked(), BOX, draw_batch(every, generator), every, generator)[1][0].tolist()) for _ in range(200)
    }

    assert len(seen) == 8


def test_none_changes_nothing():
    nothing, generator = AUGMENTATIONS["none"], np.random.default_rng(0)
    draw = draw_batch(nothing, generator)

    pixels, boxes = changed(marked(), BOX, draw, nothing, generator)

    assert draw == BatchDraw(1.0, False)
    assert torch.equal(pixels, marked().float())
    assert np.array_equal(boxes, BOX)


def test_photographs_keep_their_up_and_down():
    photo, generator = AUGMENTATIONS["photo"], np.random.default_rng(0)

    for _ in range(50):
        draw = draw_batch(photo, generator)
        _, boxes = changed(marked(), BOX, draw, photo, generator)
        assert not draw.turn
        assert 0.8 <= draw.scale <= 1.25
        assert boxes[0, [1, 3]].tolist() == [5, 8]


def test_colours_change_and_stay_in_range():
    only_colour = dataclasses.replace(AUGMENTATIONS["photo"], mirror_x=False)
    generator = np.random.default_rng(0)

    results = [changed(marked(), BOX, BatchDraw(1.0, False), only_colour, generator)[0] for _ in range(20)]

    assert all(float(each.min()) >= 0 and float(each.max()) <= 255 for each in results)
    assert len({float(each.mean()) for each in results}) == 20
    assert any(float((each[0] - each[1]).abs().max()) > 5 for each in results)  # red and green by other factors


def test_the_input_stays_as_it_was():
    pixels, boxes = marked(), BOX.copy()

    changed(pixels, boxes, BatchDraw(1.0, True), AUGMENTATIONS["any_way_up"], np.random.default_rng(1))

    assert torch.equal(pixels, marked())
    assert np.array_equal(boxes, BOX)
