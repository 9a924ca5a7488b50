"""Which objects of two files are one and the same, and whether the files say the same."""

import numpy as np

from detector.datasets.alike import matches, same_objects
from detector.ground_truth import GroundTruth

A, B, C = (0, 10, 20, 30), (30, 10, 50, 30), (4, 10, 24, 30)  # IoU of A and C: 16 / 24 = 0.67


def truth(*boxes, labels=None):
    return GroundTruth(np.array(boxes, np.float32).reshape(-1, 4), labels or ["cat"] * len(boxes))


def test_each_object_is_one_of_its_class_that_lies_where_it_lay():
    assert matches(truth(A, B), truth(B, A)) == (1, 0)
    assert matches(truth(A, B), truth(C)) == (0, -1)
    assert matches(truth(A), truth(A, labels=["dog"])) == (-1,)
    assert matches(truth(A, C), truth(C)) == (-1, 0)  # the better one has it
    assert matches(truth(A, C), truth(C, A)) == (1, 0)
    assert matches(truth(A, A), truth(A, A)) == (0, 1)
    assert matches(truth(), truth(A)) == ()
    assert matches(truth(A), truth()) == (-1,)


def test_the_same_to_the_digits_of_the_formats_and_in_whatever_order():
    assert same_objects(truth(A, B), truth(B, A))
    assert same_objects(truth(A), truth(np.array(A) + 0.05))
    assert not same_objects(truth(A), truth(np.array(A) + 0.2))
    assert not same_objects(truth(A), truth(A, A))
    assert not same_objects(truth(A), truth(A, labels=["dog"]))
    assert same_objects(truth(), truth())
