"""Colours of classes: apart to every eye, and never dependent on anything but the place in the list."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.class_colors import FIRST, class_colors
from app.roles import CASING, rgb

NAMES = st.lists(st.text(max_size=6), max_size=40)

# Machado, Oliveira and Fernandes 2009, severity 1.0, linear sRGB
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}


def linear(colors):
    values = np.array([rgb(color) for color in colors]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def oklab(light):
    cones = np.array(
        [
            [0.41222147, 0.53633254, 0.05144599],
            [0.21190350, 0.68069955, 0.10739696],
            [0.08830246, 0.28171884, 0.62997870],
        ]
    )
    lab = np.array(
        [
            [0.21045426, 0.79361779, -0.00407205],
            [1.97799850, -2.42859221, 0.45059371],
            [0.02590404, 0.78277177, -0.80867577],
        ]
    )
    return np.cbrt(light @ cones.T) @ lab.T


@pytest.mark.parametrize("kind", BLINDNESS)
def test_the_first_twelve_are_apart_to_every_eye(kind):
    seen = oklab(np.clip(linear(FIRST) @ np.array(BLINDNESS[kind]).T, 0, 1))
    near = min(float(np.linalg.norm(one - other)) for one, other in itertools.combinations(seen, 2))
    assert near > 0.07
    assert len(FIRST) == 12


@pytest.mark.parametrize("ground", ["#000000", CASING])
def test_all_are_seen_on_black_and_on_the_casing(ground):
    luminance = linear([*class_colors([str(n) for n in range(500)]), ground]) @ [0.2126, 0.7152, 0.0722]
    assert np.min((luminance[:-1] + 0.05) / (luminance[-1] + 0.05)) >= 3


def test_any_number_of_classes():
    colors = class_colors([f"class {n}" for n in range(3000)])
    assert all(re.fullmatch(r"#[0-9A-F]{6}", color) for color in colors)
    assert colors[:12] == FIRST
    assert len(set(colors[:100])) == 100
    # neighbours in the list do not look alike
    seen = oklab(linear(colors))
    assert np.linalg.norm(seen[1:] - seen[:-1], axis=1).min() > 0.1


@given(NAMES, NAMES, NAMES)
def test_only_the_place_counts(names, others, more):
    alone = class_colors(names)
    assert class_colors([*names, *more])[: len(names)] == alone
    assert class_colors((others * 40)[: len(names)]) == alone[: len(others * 40)]


def test_a_chosen_colour_is_that_of_one_class_and_changes_no_other():
    assert class_colors(["RBC", "WBC", "Platelets"], {"WBC": "#a1b2c3", "gone": "#000000"}) == (
        FIRST[0],
        "#A1B2C3",
        FIRST[2],
    )
    assert class_colors(["RBC"], {"RBC": "red"}) == FIRST[:1]
    assert class_colors([]) == ()
