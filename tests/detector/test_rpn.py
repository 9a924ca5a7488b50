import numpy as np
import pytest
import torch

from detector.anchors import anchor_grid
from detector.config import AnchorSettings
from detector.rpn import RegionProposalNetwork, in_anchor_order

HEIGHT, WIDTH, SHAPES = 3, 5, 9  # not square: a square map hides exchanged axes


@pytest.fixture
def rpn():
    torch.manual_seed(0)
    return RegionProposalNetwork(4, SHAPES).eval()


@pytest.mark.parametrize(("cell_y", "cell_x", "shape"), [(0, 4, 0), (2, 1, 8), (1, 3, 4), (2, 0, 5)])
def test_a_signal_lands_on_the_row_of_its_anchor(cell_y, cell_x, shape):
    """Mistake 2: plant a signal in the convolution's output and find it at the row of the grid with that place."""
    scores = torch.zeros(1, 2 * SHAPES, HEIGHT, WIDTH)
    deltas = torch.zeros(1, 4 * SHAPES, HEIGHT, WIDTH)
    scores[0, 2 * shape + 1, cell_y, cell_x] = 7.0
    deltas[0, 4 * shape : 4 * shape + 4, cell_y, cell_x] = torch.tensor([1.0, 2.0, 3.0, 4.0])

    logits_rows = in_anchor_order(scores, 2)[0]
    delta_rows = in_anchor_order(deltas, 4)[0]

    grid = anchor_grid(AnchorSettings(), (HEIGHT, WIDTH))
    row = int(logits_rows[:, 1].argmax())
    place = grid.place(row)
    assert (place.cell_y, place.cell_x, place.shape) == (cell_y, cell_x, shape)
    # y outer, x inner, anchor innermost
    assert row == (cell_y * WIDTH + cell_x) * SHAPES + shape
    assert logits_rows[row].tolist() == [0.0, 7.0]
    assert delta_rows[row].tolist() == [1.0, 2.0, 3.0, 4.0]
    # the centre of that anchor is the middle of that cell
    x1, y1, x2, y2 = grid.boxes[row]
    assert ((x1 + x2) / 2, (y1 + y2) / 2) == pytest.approx((16 * cell_x + 8, 16 * cell_y + 8))


def test_the_rows_are_those_of_its_own_maps(rpn):
    features = torch.randn(2, 4, HEIGHT, WIDTH)

    with torch.inference_mode():
        rows = rpn(features)
        scores, deltas = rpn.maps(features)

    assert rows.logits.shape == (2, HEIGHT * WIDTH * SHAPES, 2)
    assert rows.deltas.shape == (2, HEIGHT * WIDTH * SHAPES, 4)
    y, x, shape = 2, 1, 7
    row = (y * WIDTH + x) * SHAPES + shape
    assert torch.equal(rows.logits[1, row], scores[1, 2 * shape : 2 * shape + 2, y, x])
    assert torch.equal(rows.deltas[1, row], deltas[1, 4 * shape : 4 * shape + 4, y, x])


def test_features_of_one_cell_reach_the_anchors_of_its_neighbourhood_only(rpn):
    still, moved = torch.zeros(1, 4, HEIGHT, WIDTH), torch.zeros(1, 4, HEIGHT, WIDTH)
    moved[0, :, 0, 4] = 100.0  # the corner at the top right

    with torch.inference_mode():
        changed = (rpn(still).logits != rpn(moved).logits).any(dim=2)[0]

    grid = anchor_grid(AnchorSettings(), (HEIGHT, WIDTH))
    cells = {grid.place(int(row))[:2] for row in torch.nonzero(changed)}
    assert cells == {(3, 0), (4, 0), (3, 1), (4, 1)}  # (x, y): what a 3x3 window around (4, 0) covers


def test_it_is_no_linear_map(rpn):
    """Mistake 6: without the ReLU, f(-x) - f(0) = -(f(x) - f(0))."""
    features = torch.randn(1, 4, HEIGHT, WIDTH)

    with torch.inference_mode():
        base, ahead, behind = (rpn(factor * features).deltas for factor in (0.0, 1.0, -1.0))

    assert float((ahead + behind - 2 * base).abs().max()) > 0.1 * float((ahead - base).abs().max())


def test_new_layers_start_small(rpn):
    large = RegionProposalNetwork(128, SHAPES)

    for layer in (large.conv, large.score, large.delta):
        assert float(layer.weight.detach().std()) == pytest.approx(0.01, rel=0.1)
        assert not layer.bias.any()


def test_the_numbers_of_the_classic_network():
    rpn = RegionProposalNetwork(8, SHAPES)
    with torch.inference_mode():
        rows = rpn(torch.zeros(1, 8, 50, 50))

    assert rows.logits.shape == (1, 22_500, 2)
    assert rows.deltas.shape == (1, 22_500, 4)
    assert np.array_equal(rows.logits.numpy(), np.zeros((1, 22_500, 2), np.float32))
