import math

import pytest
import torch

from detector.losses import HEAD_BETA, RPN_BETA, head_loss, rpn_loss

LN2 = math.log(2)


def test_rpn_losses_by_hand():
    logits = torch.tensor([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, math.log(3)]])
    label = torch.tensor([1, 0, 0, 1])
    deltas = torch.zeros(4, 4)
    targets = torch.zeros(4, 4)
    targets[0] = torch.tensor([1.0, 0.0, 0.05, 0.0])
    targets[1] = 100.0  # negative: must not count

    loss = rpn_loss(logits, deltas, label, targets)

    # labels: ln 2 three times; the last one has p = 3 / 4, -ln(3/4)
    rows = [LN2 / 4, LN2 / 4, LN2 / 4, math.log(4 / 3) / 4]
    assert loss.label_rows.tolist() == pytest.approx(rows)
    assert float(loss.label) == pytest.approx((3 * LN2 + math.log(4 / 3)) / 4)
    # beta 1/9: |1| - 1/18 on the line; 0.5 * 0.05^2 * 9 = 0.01125 on the parabola; over the 4 rows of the mini-batch
    assert RPN_BETA == 1 / 9
    assert loss.box_rows.tolist() == pytest.approx([(17 / 18 + 0.01125) / 4, 0, 0, 0])
    assert float(loss.box) == pytest.approx((17 / 18 + 0.01125) / 4)


def test_head_losses_by_hand():
    label = torch.tensor([2, 0])
    logits = torch.zeros(2, 3)
    deltas = torch.zeros(2, 3, 4)
    deltas[0, 1] = 50.0  # another class's deltas: must not count
    deltas[0, 2] = torch.tensor([0.5, 0.0, 0.0, 2.0])
    deltas[1, 0] = 50.0  # background: must not count
    targets = torch.zeros(2, 4)

    loss = head_loss(logits, deltas, label, targets)

    assert loss.label_rows.tolist() == pytest.approx([math.log(3) / 2] * 2)
    # beta 1: 0.5 * 0.5^2 = 0.125 and 2 - 0.5 = 1.5; over 2 rows
    assert HEAD_BETA == 1.0
    assert loss.box_rows.tolist() == pytest.approx([1.625 / 2, 0.0])


def test_the_box_loss_is_added_not_the_label_loss_twice():
    """Mistake 3."""
    targets = torch.tensor([[3.0, 0.0, 0.0, 0.0]])
    loss = rpn_loss(torch.zeros(1, 2), torch.zeros(1, 4), torch.tensor([1]), targets)

    # ln 2 + (3 - 1/18)
    assert float(loss.total) == pytest.approx(LN2 + 3 - 1 / 18)


def test_box_losses_teach_positive_rows_only():
    """Mistake 3: the gradient of a negative row's deltas is 0."""
    deltas = torch.zeros(3, 4, requires_grad=True)
    targets = torch.ones(3, 4)

    rpn_loss(torch.zeros(3, 2), deltas, torch.tensor([0, 1, 0]), targets).box.backward()

    assert deltas.grad is not None
    assert deltas.grad[0].tolist() == [0] * 4
    assert deltas.grad[2].tolist() == [0] * 4
    assert deltas.grad[1].tolist() == pytest.approx([-1 / 3] * 4)  # the slope -1, over 3 rows


def test_each_stage_is_normalised_by_its_own_count():
    """Mistake 3: four times as many rows of the same kind, the same loss."""
    one = head_loss(torch.zeros(2, 3), torch.zeros(2, 3, 4), torch.tensor([1, 0]), torch.ones(2, 4))
    four = head_loss(torch.zeros(8, 3), torch.zeros(8, 3, 4), torch.tensor([1, 0] * 4), torch.ones(8, 4))

    assert float(four.label) == pytest.approx(float(one.label))
    assert float(four.box) == pytest.approx(float(one.box))


@pytest.mark.parametrize("rows", [0, 5])
def test_no_positive_row_gives_a_finite_loss_with_a_gradient(rows):
    """Mistake 9: no ground truth at all."""
    logits = torch.zeros(rows, 2, requires_grad=True)
    deltas = torch.zeros(rows, 4, requires_grad=True)

    loss = rpn_loss(logits, deltas, torch.zeros(rows, dtype=torch.int64), torch.zeros(rows, 4))
    loss.total.backward()

    assert float(loss.box.detach()) == 0.0
    assert float(loss.label.detach()) == pytest.approx(LN2 if rows else 0.0)
    assert deltas.grad is not None
    assert not deltas.grad.any()
