"""Slips of the finger are told from other names."""

from __future__ import annotations

import pytest

from app.near_names import near_name

NAMES = ("RBC", "WBC", "Platelets", "traffic light", "car 1", "Straße")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Platlets", "Platelets"),  # 8 of 9 letters: 2 * 8 / 17 = 0.94
        ("plateletts", "Platelets"),
        ("rbc", "RBC"),
        ("RBCs", "RBC"),  # 2 * 3 / 7 = 0.86
        ("RCB", "RBC"),
        ("trafficlight", "traffic light"),
        ("trafic ligth", "traffic light"),
        ("strasse", "Straße"),
    ],
)
def test_a_slip_is_near(typed, meant):
    assert near_name(typed, NAMES) == meant


@pytest.mark.parametrize("typed", ["RBC", "XBC", "car 2", "car", "tumour", "light", "", "  ", "Platelets"])
def test_others_are_not(typed):
    # XBC: 2 * 2 / 6 = 0.67; light: 2 * 5 / 17 = 0.59
    assert near_name(typed, NAMES) is None


def test_without_names_nothing_is_near():
    assert near_name("RBC", ()) is None
    assert near_name("RBC", ("", " ")) is None


def test_the_nearest_of_several():
    assert near_name("plate", ("plates", "platter", "slate")) == "plates"
